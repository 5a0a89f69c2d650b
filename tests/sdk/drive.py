"""Drives a simulated Feishu with Feishu's own SDK, in a process of its own: its import takes seconds and 170 MB.

Run as ``python -m tests.sdk.drive URL APP_ID APP_SECRET CODE REDIRECT NODE PERSON``. Prints one JSON object: what
each call said, which keys of the replies the SDK's models do not know, which of theirs never came, what the SDK read.
"""

import io
import json
import sys
from typing import Any
from uuid import uuid4

from tests.sdk.driver import Driver

FIELDS: list[dict[str, Any]] = [
    {"field_name": "书名", "type": 1},
    {"field_name": "豆瓣评分", "type": 2, "ui_type": "Number", "property": {"formatter": "0.0"}},
    {
        "field_name": "我的评分",
        "type": 2,
        "ui_type": "Rating",
        "property": {"formatter": "0", "min": 1, "max": 5, "rating": {"symbol": "star"}},
    },
    {"field_name": "状态", "type": 3, "property": {"options": [{"name": "读过", "color": 3}]}},
    {"field_name": "标签", "type": 4},
    {"field_name": "标记日期", "type": 5, "property": {"date_formatter": "yyyy/MM/dd"}},
    {"field_name": "私密", "type": 7},
    {"field_name": "豆瓣页", "type": 15},
    {"field_name": "封面", "type": 17},
    {"field_name": "编号", "type": 1005},
    {"field_name": "进度", "type": 2, "ui_type": "Progress", "property": {"formatter": "0%", "range_customize": True, "min": 0, "max": 1}},
    {"field_name": "定价", "type": 2, "ui_type": "Currency", "property": {"formatter": "0.00", "currency_code": "CNY"}},
    {"field_name": "条码", "type": 1, "ui_type": "Barcode"},
    {"field_name": "地点", "type": 22},
    {"field_name": "公式", "type": 20, "property": {"formula_expression": "1"}},
]  # fmt: skip
ROW: dict[str, Any] = {
    "书名": '三体 & "more" 😀',
    "豆瓣评分": 8.9,
    "我的评分": 5,
    "状态": "读过",
    "标签": ["科幻", "A"],
    "标记日期": 1674206443000,
    "私密": True,
    "豆瓣页": {"text": "豆瓣", "link": "https://book.douban.com/subject/1/"},
}


def drive(driver: Driver) -> dict[str, Any]:
    """Every call on a Bitable. Returns what the SDK read."""
    call = driver.call
    made = call(
        "bitable.v1.app.create", "CreateAppRequest", {"name": "书影音", "time_zone": "Asia/Tokyo"}
    ).app
    base = made.app_token
    call("bitable.v1.app.update", "UpdateAppRequest", {"name": "我的书影音"}, app_token=base)
    call("bitable.v1.app.copy", "CopyAppRequest", {"name": "副本", "time_zone": "Asia/Tokyo"}, app_token=base)
    app = call("bitable.v1.app.get", "GetAppRequest", app_token=base).app
    table = tables(driver, base)
    columns = fields(driver, base, table)
    views(driver, base, table, columns)
    cover = files(driver, base)
    read = records(driver, base, table, cover)
    listed = call("bitable.v1.app_table.list", "ListAppTableRequest", app_token=base, page_size=100)
    return {
        "base": base,
        "table": table,
        "app": {"name": app.name, "time_zone": app.time_zone, "is_advanced": app.is_advanced},
        "tables": {each.table_id: each.name for each in listed.items},
        **read,
    }


def login(driver: Driver, code: str, redirect: str) -> None:
    tokens = driver.client.access_token
    first = tokens.retrieve_by_authorization_code(code, redirect_uri=redirect)
    second = tokens.refresh(first.refresh_token)
    driver.calls["login"] = {"code": 0 if second.access_token != first.access_token else 1, "log_id": True}
    body = driver.credentials
    driver.call("auth.v3.tenant_access_token.internal", "InternalTenantAccessTokenRequest", body)
    driver.call("auth.v3.app_access_token.internal", "InternalAppAccessTokenRequest", body)


def tables(driver: Driver, base: str) -> str:
    call = driver.call
    there: dict[str, Any] = {"app_token": base}
    spec = {"table": {"name": "图书", "default_view_name": "全部", "fields": FIELDS}}
    made = call("bitable.v1.app_table.create", "CreateAppTableRequest", spec, **there)
    call(
        "bitable.v1.app_table.patch", "PatchAppTableRequest", {"name": "书"}, table_id=made.table_id, **there
    )
    batch = call(
        "bitable.v1.app_table.batch_create",
        "BatchCreateAppTableRequest",
        {"tables": [{"name": "甲"}, {"name": "乙"}]},
        **there,
    )
    call(
        "bitable.v1.app_table.batch_delete",
        "BatchDeleteAppTableRequest",
        {"table_ids": batch.table_ids[:1]},
        **there,
    )
    call("bitable.v1.app_table.delete", "DeleteAppTableRequest", table_id=batch.table_ids[1], **there)
    return str(made.table_id)


def fields(driver: Driver, base: str, table: str) -> dict[str, str]:
    call = driver.call
    there: dict[str, Any] = {"app_token": base, "table_id": table}
    link = {"field_name": "关联", "type": 21, "property": {"table_id": table, "back_field_name": "被关联"}}
    call("bitable.v1.app_table_field.create", "CreateAppTableFieldRequest", link, **there)
    spec = {"field_name": "备注", "type": 1, "description": {"text": "说明", "disable_sync": True}}
    made = call(
        "bitable.v1.app_table_field.create",
        "CreateAppTableFieldRequest",
        spec,
        client_token=str(uuid4()),
        **there,
    ).field
    call(
        "bitable.v1.app_table_field.update",
        "UpdateAppTableFieldRequest",
        spec | {"field_name": "短评"},
        field_id=made.field_id,
        **there,
    )
    listed = call("bitable.v1.app_table_field.list", "ListAppTableFieldRequest", page_size=100, **there)
    spare = call(
        "bitable.v1.app_table_field.create",
        "CreateAppTableFieldRequest",
        {"field_name": "多余", "type": 1},
        **there,
    ).field
    call("bitable.v1.app_table_field.delete", "DeleteAppTableFieldRequest", field_id=spare.field_id, **there)
    return {field.field_name: field.field_id for field in listed.items}


def views(driver: Driver, base: str, table: str, columns: dict[str, str]) -> None:
    call = driver.call
    there: dict[str, Any] = {"app_token": base, "table_id": table}
    made = call(
        "bitable.v1.app_table_view.create",
        "CreateAppTableViewRequest",
        {"view_name": "五星", "view_type": "gallery"},
        **there,
    ).view
    condition = {"field_id": columns["我的评分"], "operator": "is", "value": '["5"]'}
    shown = {
        "filter_info": {"conjunction": "and", "conditions": [condition]},
        "hidden_fields": [columns["条码"]],
    }
    call(
        "bitable.v1.app_table_view.patch",
        "PatchAppTableViewRequest",
        {"property": shown},
        view_id=made.view_id,
        **there,
    )
    call("bitable.v1.app_table_view.get", "GetAppTableViewRequest", view_id=made.view_id, **there)
    call("bitable.v1.app_table_view.list", "ListAppTableViewRequest", **there)
    call("bitable.v1.app_table_view.delete", "DeleteAppTableViewRequest", view_id=made.view_id, **there)


def files(driver: Driver, base: str) -> str:
    """Returns the token of a file that came in parts."""
    call, content = driver.call, b"\x89PNG of no real picture"
    said = {
        "file_name": "封面.png",
        "parent_type": "bitable_image",
        "parent_node": base,
        "size": len(content),
    }
    whole = call("drive.v1.media.upload_all", "UploadAllMediaRequest", said | {"file": io.BytesIO(content)})
    assert call("drive.v1.media.download", "DownloadMediaRequest", file_token=whole.file_token) == content
    call(
        "drive.v1.media.batch_get_tmp_download_url",
        "BatchGetTmpDownloadUrlMediaRequest",
        file_tokens=[whole.file_token],
    )
    begun = call("drive.v1.media.upload_prepare", "UploadPrepareMediaRequest", said)
    part = {"upload_id": begun.upload_id, "seq": 0, "size": len(content), "file": io.BytesIO(content)}
    call("drive.v1.media.upload_part", "UploadPartMediaRequest", part)
    end = {"upload_id": begun.upload_id, "block_num": begun.block_num}
    return str(call("drive.v1.media.upload_finish", "UploadFinishMediaRequest", end).file_token)


def records(driver: Driver, base: str, table: str, cover: str) -> dict[str, Any]:
    call = driver.call
    there: dict[str, Any] = {"app_token": base, "table_id": table}
    row = ROW | {"封面": [{"file_token": cover}]}
    record = "bitable.v1.app_table_record"
    first = call(
        f"{record}.create", "CreateAppTableRecordRequest", {"fields": row}, client_token=str(uuid4()), **there
    ).record
    batch = {"records": [{"fields": {"书名": str(number)}} for number in range(3)]}
    more = call(
        f"{record}.batch_create",
        "BatchCreateAppTableRecordRequest",
        batch,
        client_token=str(uuid4()),
        ignore_consistency_check=True,
        **there,
    ).records
    ids = [each.record_id for each in more]
    call(
        f"{record}.update",
        "UpdateAppTableRecordRequest",
        {"fields": {"书名": "改了"}},
        record_id=ids[0],
        **there,
    )
    changed = {"records": [{"record_id": ids[0], "fields": {"我的评分": 3, "关联": [first.record_id]}}]}
    call(f"{record}.batch_update", "BatchUpdateAppTableRecordRequest", changed, **there)
    call(f"{record}.delete", "DeleteAppTableRecordRequest", record_id=ids[1], **there)
    call(f"{record}.batch_delete", "BatchDeleteAppTableRecordRequest", {"records": [ids[2]]}, **there)
    wanted = {"record_ids": [ids[0], ids[2]], "with_shared_url": True, "automatic_fields": True}
    got = call(f"{record}.batch_get", "BatchGetAppTableRecordRequest", wanted, **there)
    call(
        f"{record}.get",
        "GetAppTableRecordRequest",
        record_id=first.record_id,
        with_shared_url=True,
        automatic_fields=True,
        **there,
    )
    call(f"{record}.list", "ListAppTableRecordRequest", sort='["书名 DESC"]', page_size=1, **there)
    asked = {"sort": [{"field_name": "书名", "desc": False}], "automatic_fields": True}
    found = call(f"{record}.search", "SearchAppTableRecordRequest", asked, page_size=1, **there)
    rest = call(
        f"{record}.search",
        "SearchAppTableRecordRequest",
        asked,
        page_size=1,
        page_token=found.page_token,
        **there,
    )
    listed = call("bitable.v1.app_table_field.list", "ListAppTableFieldRequest", page_size=100, **there)
    columns = [
        [each.field_id, each.field_name, each.type, each.ui_type, each.is_primary] for each in listed.items
    ]
    return {
        "absent": got.absent_record_ids == [ids[2]],
        "fields": columns,
        "records": {each.record_id: each.fields for each in (*found.items, *rest.items)},
    }


def around(driver: Driver, base: str, node: str, person: str) -> None:
    """What else a client may want: sharing, the wiki, messages."""
    call = driver.call
    shared: dict[str, Any] = {"token": base, "type": "bitable"}
    whom = {"member_type": "openid", "member_id": person, "perm": "full_access", "type": "user"}
    call("drive.v1.permission_member.create", "CreatePermissionMemberRequest", whom, **shared)
    call("drive.v1.permission_member.list", "ListPermissionMemberRequest", **shared)
    call("wiki.v2.space.get_node", "GetNodeSpaceRequest", token=node)
    said = {"receive_id": person, "msg_type": "text", "content": json.dumps({"text": "同步好了"})}
    call("im.v1.message.create", "CreateMessageRequest", said, receive_id_type="open_id")


def refusals(driver: Driver, url: str, secret: str, base: str, table: str) -> dict[str, int]:
    """Calls that have to fail, each in its own way. Returns their codes."""
    there: dict[str, Any] = {"app_token": base, "table_id": table}
    record = "bitable.v1.app_table_record"
    scopeless, stranger = Driver(url, "cli_scopeless", secret), Driver(url, "cli_stranger", secret)
    for each in (scopeless, stranger):
        each.unknown, each.known, each.sent = driver.unknown, driver.known, driver.sent
    search = (f"{record}.search", "SearchAppTableRecordRequest", {"automatic_fields": False})
    wrong = {"fields": {"标记日期": "2026-01-01"}}
    return {
        "cell": driver.refused(f"{record}.create", "CreateAppTableRecordRequest", wrong, **there),
        "parameter": driver.refused(*search, page_size=501, **there),
        "not there": driver.refused("bitable.v1.app.get", "GetAppRequest", app_token="nothing"),
        "scope": scopeless.refused(*search, **there),
        "credentials": stranger.refused(*search, **there),
    }


def main() -> None:
    url, app_id, app_secret, code, redirect, node, person = sys.argv[1:]
    driver = Driver(url, app_id, app_secret)
    login(driver, code, redirect)
    read = drive(driver)
    around(driver, read["base"], node, person)
    refused = refusals(driver, url, app_secret, read["base"], read["table"])
    unsent = {name: sorted(keys - driver.sent[name]) for name, keys in driver.known.items()}
    told = {
        "calls": driver.calls,
        "unknown": sorted(driver.unknown),
        "unsent": {name: keys for name, keys in unsent.items() if keys},
        "read": read,
        "refused": refused,
    }
    sys.stdout.write(json.dumps(told, ensure_ascii=False))


if __name__ == "__main__":
    main()
