"""The views of a table: what is shown of it, and how."""

from typing import Any

from msgspec import Struct, field

from gateway.sandbox.feishu.errors import Refusal
from gateway.sandbox.feishu.ids import Ids

MAX_VIEWS = 200
VIEW_TYPES = frozenset({"grid", "kanban", "gallery", "gantt", "form"})


class ViewCondition(Struct):
    """One condition. It names its column by id, and its value is JSON in a string; options are named by id."""

    field_id: str
    operator: str
    value: str = ""
    condition_id: str = ""
    field_type: int = 0


class ViewFilter(Struct):
    """The conditions of a view."""

    conditions: list[ViewCondition] = field(default_factory=list)
    conjunction: str = "and"


class View(Struct):
    """A view. Sort and grouping cannot be set by a program, and are not kept."""

    id: str
    name: str
    type: str
    filter: ViewFilter | None = None
    hidden: list[str] | None = None
    """Ids of columns."""
    hierarchy: dict[str, Any] | None = None
    changed: bool = False
    """A program set a property once: from then on replies tell it."""


class Views(Struct):
    """The views in their order."""

    all: list[View] = field(default_factory=list)

    def get(self, view_id: str) -> View:
        """Raises Refusal 1254042."""
        found = next((view for view in self.all if view.id == view_id), None)
        if found is None:
            raise Refusal(1254042)
        return found

    def add(self, name: str, type_: str, ids: Ids) -> View:
        """Adds a view. Raises Refusal: 1254019, 1254020, 1254021, 1254022, 1254101."""
        if type_ not in VIEW_TYPES:
            raise Refusal(1254019)
        if len(self.all) >= MAX_VIEWS:
            raise Refusal(1254101)
        view = View(ids.view(), self.free_name(name), type_)
        self.all.append(view)
        return view

    def drop(self, view: View) -> None:
        """Removes a view. Raises Refusal 1254023."""
        if len(self.all) == 1:
            raise Refusal(1254023)
        self.all.remove(view)

    def free_name(self, name: str) -> str:
        """The name without the blanks around it. Raises Refusal 1254020, 1254021, 1254022."""
        if not name.strip():
            raise Refusal(1254021)
        if "[" in name or "]" in name:
            raise Refusal(1254022)
        if any(view.name == name.strip() for view in self.all):
            raise Refusal(1254020)
        return name.strip()
