"""The views that a table of ours begins with: made once, the person's from then on."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from gateway.feishu.bitable import Bitable
from gateway.model import now


async def make(
    bitable: Bitable, table_id: str, binding: Mapping[str, str | None], zone: ZoneInfo, language: str
) -> None:
    """A wall of covers, a board by status, this year's marks, those of five stars. Raises FeishuError.

    A gallery shows the first attachment of a table, a board is grouped by its first single select: the
    columns stand in the right order for both.
    """
    year = now().astimezone(zone).year
    eve = datetime(year - 1, 12, 31, tzinfo=zone)
    zh = language != "en"
    wanted: tuple[tuple[str, str, dict[str, Any] | None], ...] = (
        ("gallery", "封面墙" if zh else "Covers", None),
        ("kanban", "按状态" if zh else "By status", None),
        ("grid", f"{year} 年" if zh else f"In {year}", _is(binding.get("marked_on"), "isGreater", _day(eve))),
        ("grid", "五星" if zh else "Five stars", _is(binding.get("rating"), "is", ["5"])),
    )
    for kind, name, shown in wanted:
        view = await bitable.create_view(table_id, name, kind)
        if shown is not None:
            await bitable.update_view(table_id, view.view_id, {"filter_info": shown})


def _day(day: datetime) -> list[str]:
    return ["ExactDate", str(int(day.timestamp() * 1000))]


def _is(field_id: str | None, operator: str, value: list[str]) -> dict[str, Any] | None:
    """The filter of a view: its value is a list, written as a text."""
    if field_id is None:
        return None
    condition = {"field_id": field_id, "operator": operator, "value": json.dumps(value)}
    return {"conjunction": "and", "conditions": [condition]}
