"""The calls on whole documents. Each returns the ``data`` of its reply."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import UNSET, Struct, UnsetType

from gateway.sandbox.feishu.call import Call
from gateway.sandbox.feishu.errors import Json, Refusal

LONGEST_NAME = 255


class _NewApp(Struct):
    name: str = "未命名多维表格"
    folder_token: str = ""
    time_zone: str = "Asia/Shanghai"


class _Copied(Struct):
    name: str = ""
    folder_token: str = ""
    without_content: bool = False
    time_zone: str = ""


class _Changed(Struct):
    name: str | UnsetType = UNSET
    is_advanced: bool | UnsetType = UNSET


def create_app(call: Call) -> dict[str, Json]:
    """POST apps: the caller becomes the owner, and nobody else sees it. Folders are not simulated."""
    asked = call.body(_NewApp)
    base = call.world.begin_base(
        _named(asked.name), _zone(asked.time_zone), {call.caller.id: "full_access"}, call.caller.open_id
    )
    base.unseen = call.world.lag_new
    app: dict[str, Json] = {
        "app_token": base.token,
        "default_table_id": next(iter(base.tables)),
        "folder_token": asked.folder_token,
        "name": base.name,
        "url": f"{call.origin}/base/{base.token}",
    }
    return {"app": app}


def copy_app(call: Call) -> dict[str, Json]:
    """POST copy. While it is being copied, calls on it are refused with 1254036."""
    asked = call.body(_Copied)
    name = _named(asked.name or call.base.name)
    time_zone = _zone(asked.time_zone or call.base.time_zone)
    twin = call.world.base(call.world.copy_base(call.base.token, content=not asked.without_content))
    twin.name, twin.time_zone = name, time_zone
    twin.roles = {call.caller.id: "full_access"}
    twin.copying = call.world.copy_calls
    app: dict[str, Json] = {
        "app_token": twin.token,
        "folder_token": asked.folder_token,
        "name": twin.name,
        "time_zone": asked.time_zone,
        "url": f"{call.origin}/base/{twin.token}",
    }
    return {"app": app}


def get_app(call: Call) -> dict[str, Json]:
    """GET app."""
    base = call.base
    app: dict[str, Json] = {
        "app_token": base.token,
        "name": base.name,
        "revision": base.revision,
        "is_advanced": base.advanced,
        "time_zone": base.time_zone,
        "formula_type": 1,
        "advance_version": "v1",
    }
    return {"app": app}


def update_app(call: Call) -> dict[str, Json]:
    """PUT app."""
    asked, base = call.body(_Changed), call.base
    if asked.name is not UNSET:
        base.name = _named(asked.name)
    if asked.is_advanced is not UNSET:
        base.advanced = asked.is_advanced
    app: dict[str, Json] = {"app_token": base.token, "name": base.name, "is_advanced": base.advanced}
    return {"app": app}


def _named(name: str) -> str:
    if len(name) > LONGEST_NAME:
        raise Refusal(1254031)
    return name


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise Refusal(1254001) from None
    return name
