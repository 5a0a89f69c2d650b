"""Which columns of a table that a person has could take which of our fields: proposed by name and type."""

from collections.abc import Sequence

from msgspec import Struct

from gateway.errors import Words
from gateway.feishu.bitable import Field
from gateway.feishu.columns import fits, type_name
from gateway.feishu.fields import ATTACHMENT, KEY, Column, columns_of

_ALSO_CALLED = {
    "title": "标题 名称 名字 书名 电影名 片名 剧名 专辑名 游戏名 title name",
    "rating": "评分 个人评分 打分 星级 rating stars",
    "comment": "短评 评论 评价 备注 笔记 我的短评 comment note notes",
    "tags": "标签 tags",
    "status": "状态 阅读状态 观看状态 status",
    "marked_on": "日期 时间 标记时间 打分日期 完成日期 date",
    "score": "豆瓣分 豆瓣得分 豆瓣 score",
    "page": "链接 豆瓣链接 条目链接 网址 地址 link url",
    "cover": "封面 海报 图片 cover poster",
    "intro": "简介 内容简介 剧情简介 介绍 about summary",
    "creators": "作者 导演 主创 creator author director",
    "authors": "作者 author",
    "directors": "导演 director",
    "cast": "主演 演员 actors",
    "genres": "类型 分类 题材 genre",
    "year": "年份 年代 year",
    "subject_id": "豆瓣id 条目id 豆瓣编号 id subjectid douban id",
    "isbn": "isbn",
    "publisher": "出版社 出版者 publisher",
    "kind": "分类 类别 kind type",
}
"""What people call such columns in tables of their own."""


class Candidate(Struct, frozen=True):
    """A column of the table."""

    field_id: str
    name: str
    type: Words


class Proposal(Struct, frozen=True, kw_only=True):
    """One of our fields, and the columns that could take it."""

    key: str
    name: Words
    type: Words
    chosen: str | None
    """The field id that is proposed."""
    fitting: tuple[Candidate, ...]
    """All columns of the right type."""
    wrong: Words | None = None
    """If a column has the name but not the type: what it is, and what to do."""
    needed: bool = False
    """Rows cannot be told apart without it: if no column is chosen, it is made."""


def propose(there: Sequence[Field], shelf: str) -> list[Proposal]:
    """For each of our fields the column of that name and type, no column for two of them."""
    taken: set[str] = set()
    found: list[Proposal] = []
    for column in columns_of(shelf):
        fitting = [field for field in there if fits(column, field)]
        named = [field for field in there if _is_called(field, column)]
        chosen = next((field for field in named if field in fitting and field.field_id not in taken), None)
        if chosen is not None:
            taken.add(chosen.field_id)
        found.append(
            Proposal(
                key=column.key,
                name=column.names,
                type=type_name(column.type, column.ui_type),
                chosen=chosen.field_id if chosen is not None else None,
                fitting=tuple(
                    Candidate(field.field_id, field.field_name, type_name(field.type)) for field in fitting
                ),
                wrong=_wrong(named[0], column) if named and chosen is None else None,
                needed=column.key == KEY,
            )
        )
    return found


def is_ours(there: Sequence[Field], shelf: str) -> bool:
    """Whether the table was made by D2F: it has the key column, and most of the others by name and type."""
    known = {(field.field_name, field.type) for field in there}
    ours = [
        any((name, column.type) in known for name in (column.names.zh, column.names.en))
        for column in columns_of(shelf)
    ]
    keys = {(name, field.type) for field in there for name in (field.field_name,)}
    return ("Subject ID", 1) in keys and sum(ours) * 2 > len(ours)


def _is_called(field: Field, column: Column) -> bool:
    name = field.field_name.strip().lower()
    if name in {column.names.zh.lower(), column.names.en.lower()}:
        return True
    return name in _ALSO_CALLED.get(column.key, "").split()


def _wrong(field: Field, column: Column) -> Words:
    """What the column is, and the conversion that would work."""
    has = type_name(field.type, field.ui_type)
    wants = type_name(column.type, column.ui_type)
    if ATTACHMENT in {field.type, column.type}:
        return Words(
            f"“{field.field_name}”是{has.zh}列，需要{wants.zh}列。附件不能与别的类型互相转换，请在飞书里新建一列{wants.zh}，再回来选它。",
            f"“{field.field_name}” is a {has.en} column, a {wants.en} column is needed. Attachments cannot be converted: "
            f"make a new {wants.en} column in Feishu and choose it here.",
        )
    return Words(
        f"“{field.field_name}”是{has.zh}列，需要{wants.zh}列。可在飞书里点列名 → 修改字段 → 字段类型改为“{wants.zh}”，再回来选它。",
        f"“{field.field_name}” is a {has.en} column, a {wants.en} column is needed. In Feishu: click the column's name → "
        f"Edit field → set its type to {wants.en}, then choose it here.",
    )
