"""The simulated Feishu against the collected facts: its rates, scopes, codes, kinds of columns, recorded replies."""

import json
import re
from typing import Any

import pytest

from gateway.sandbox.feishu.codes import CODES
from gateway.sandbox.feishu.kinds import KINDS
from gateway.sandbox.feishu.login_codes import WRONG, LoginRefused
from gateway.sandbox.feishu.rates import Rate
from gateway.sandbox.feishu.routes import ROUTES, Route
from tests.sandbox.feishu_client import Client
from tests.support import SHARED

FACTS = SHARED / "feishu"
pytestmark = pytest.mark.skipif(not FACTS.exists(), reason="the collected facts are not here")

_SPECIAL = "特殊频控"
"""Of its own: the page says 5 a second in its text."""
_PER = {"秒": 1, "分钟": 60}


def facts(name: str) -> Any:
    return json.loads((FACTS / name).read_text("utf-8"))


def documented(route: Route) -> Any:
    """What is known of the call."""
    path = re.sub(r"\(\?P<(\w+)>\[\^/]\+\)", r":\1", route.path.pattern.removesuffix("$"))
    found = [
        each
        for each in facts("endpoints.json")["endpoints"]
        if (each["method"], each["path"]) == (route.method, path)
    ]
    return found[0] if found else None


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_a_call_has_its_rate_and_its_scopes(route: Route) -> None:
    known = documented(route)
    if known is None:
        assert route.name == "message.create"  # its page was read by itself
        return
    assert set(route.scopes) == set(known["scopes_any_of"])
    if known["rate_limit"] == _SPECIAL:
        assert Rate(5) in route.rates
        return
    said = re.findall(r"(\d+) 次/(秒|分钟)", known["rate_limit"])
    assert set(route.rates) == {Rate(int(calls), _PER[per]) for calls, per in said}


ELSEWHERE = {
    1011, 2200, 9499, 10003, 10012, 10013, 10014, 10015, 91402, 91403, 1254609,
    11232, 11233, 19001, 19002, 19021, 19022, 19024, 230001, 230006, 230020, 230025,
}  # fmt: skip
"""Codes that the tables have no status for: met live, or from pages that print none."""
BY_ANALOGY = {
    1254023, 1254026, 1254046, 1254068, 1254069, 1254070, 1254105, 1254106, 1254112, 1254606,
}  # fmt: skip
"""Codes that only older pages print, with 200; taken for 400 on newer ones, like their neighbours."""


def statuses(code: int) -> set[int]:
    known: Any = facts("errors.json")["errors"].get(str(code), {})
    printed: dict[str, int] = known.get("http_in_docs") or {}
    return {int(status) for status in printed if status.isdecimal()}


def test_codes_come_with_the_statuses_of_their_pages() -> None:
    strange = {code for code in CODES if code < 99_990_000 and CODES[code].strict not in statuses(code)}
    assert strange == ELSEWHERE | BY_ANALOGY
    assert all(200 in statuses(code) for code in BY_ANALOGY)


def test_the_old_status_is_200_where_a_page_says_so() -> None:
    for code, known in CODES.items():
        if known.legacy == 200 and 200 not in statuses(code):
            assert code in ELSEWHERE or code > 99_990_000, code


@pytest.mark.parametrize("code", sorted(WRONG))
def test_a_code_of_the_login_is_said_as_on_its_page(code: int) -> None:
    known = facts("errors.json")["errors"][str(code)]
    refused = LoginRefused(code)
    assert refused.body["error_description"] in known["msgs"]
    assert str(refused.status) in known["http_in_docs"]


def kinds() -> list[Any]:
    return facts("field_types.json")["types"] if FACTS.exists() else []


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind["ui_type"])
def test_a_kind_of_column_is_what_is_known_of_it(kind: Any) -> None:
    if kind["ui_type"] in {"Stage", "Button"}:
        assert kind["ui_type"] not in KINDS
        return
    ours = KINDS[kind["ui_type"]]
    assert (ours.type, ours.primary, ours.writable) == (
        kind["type"],
        kind["can_be_primary"],
        kind["writable"],
    )


PROPERTIES: dict[str, Any] = {
    "Progress": {"formatter": "0%"},
    "Currency": {"formatter": "0.00", "currency_code": "CNY"},
    "Rating": {"formatter": "0", "min": 1, "max": 5},
}
PLAIN = {"Text", "Barcode", "Email", "Number", "Progress", "Currency", "Rating", "SingleSelect", "MultiSelect",
         "DateTime", "Checkbox", "User", "Phone", "Url", "Location", "GroupChat"}  # fmt: skip


@pytest.mark.parametrize(
    "kind", [kind for kind in kinds() if kind["ui_type"] in PLAIN], ids=lambda kind: kind["ui_type"]
)
async def test_a_cell_is_written_and_read_in_the_known_shapes(client: Client, kind: Any) -> None:
    name = kind["ui_type"]
    spec = {"field_name": "新", "type": kind["type"], "ui_type": name}
    if name in PROPERTIES:
        spec["property"] = PROPERTIES[name]
    await client.data("POST", "{table}/fields", spec)
    value = kind["write_value"]
    await client.create(新=value)
    read = (await client.rows())[0]["fields"]["新"]
    assert shape(read) == shape(kind["search_read_value"])
    legacy = (await client.data("GET", "{table}/records"))["items"][0]["fields"]["新"]
    known = kind["legacy_list_read_value"]
    if known not in ("same list", "same object"):
        assert shape(legacy) == shape(known)
    else:
        assert legacy == read


def shape(value: Any) -> Any:
    """A value without what is in it: names of keys, and kinds of values."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    if isinstance(value, list):
        return [shape(value[0])] if value else []  # pyright: ignore[reportUnknownArgumentType]
    return (
        "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__
    )


async def test_recorded_columns_can_be_made_and_are_listed_the_same(client: Client) -> None:
    recorded = facts("recorded/douban2feishu/fields-response.json")["data"]["items"]
    specs: list[Any] = []
    for item in recorded:
        spec = {key: item[key] for key in ("field_name", "type", "ui_type")}
        if item["property"] is not None:
            options = [
                {"name": each["name"], "color": each["color"]} for each in item["property"].get("options", [])
            ]
            spec["property"] = {"options": options} if options else item["property"]
        if "description" in item:
            spec["description"] = {"text": item["description"]}
        specs.append(spec)
    made = await client.data("POST", "tables", {"table": {"name": "真", "fields": specs}})
    listed = (await client.data("GET", f"tables/{made['table_id']}/fields", page_size=100))["items"]
    for ours, theirs in zip(listed, recorded, strict=True):
        assert list(ours) == list(theirs)
        assert shape(ours) == shape(theirs)
        assert nameless(ours) == nameless(theirs)


def nameless(column: dict[str, Any]) -> str:
    """The column without its own id and those of its options."""
    return re.sub(r'"(id|field_id)": "\w+"', "", json.dumps(column, sort_keys=True))
