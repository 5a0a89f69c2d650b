"""What rows show and what they should, for the tests of covers."""

from gateway.model import photo_id
from gateway.sandbox.douban.pictures import cover
from gateway.sandbox.douban.sections import SECTIONS
from gateway.sandbox.person import Entry, Removed
from tests.support import World

TABLE = "豆瓣标记"
COLUMN = "封面图"


def page(entry: Entry) -> str:
    return SECTIONS[entry.key.medium].subject(entry.key.id)


def covered(world: World) -> list[Entry]:
    """The marks whose subject has a cover, the newest first."""
    there = [
        entry
        for entry in world.person.marks
        if entry.subject.cover and entry.removed not in {Removed.UNKNOWN, Removed.TITLE_ONLY}
    ]
    there.sort(key=lambda entry: entry.key.id)
    return sorted(there, key=lambda entry: str(entry.mark.marked_on or ""), reverse=True)


def photo(entry: Entry) -> str:
    assert isinstance(entry.subject.cover, str)
    return photo_id(entry.subject.cover)


def expected(world: World) -> dict[str, list[bytes]]:
    """By the subject's page: the pictures in its row's cover cell."""
    return {page(entry): [cover(photo(entry))] for entry in covered(world)}


def shown(world: World, table: str = TABLE) -> dict[str, list[bytes]]:
    """The same, as the table has it."""
    rows = world.rows(table)
    files = world.feishu.bases[world.app_token].files
    return {
        row["豆瓣页面"]["link"]: [files[token].content for token in row[COLUMN]]
        for row in rows.values()
        if row.get(COLUMN)
    }


def row_of(world: World, entry: Entry) -> str:
    """The record that shows a mark."""
    return next(id_ for id_, row in world.rows().items() if row["豆瓣页面"]["link"] == page(entry))
