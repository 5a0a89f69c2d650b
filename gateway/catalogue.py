"""The marks of an account to look through: a search, the state of each mark's record, its whole history."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Literal

import msgspec
from msgspec import UNSET, Struct

from gateway.errors import BadInput, Issue, NoSuchThing
from gateway.library import Library, MarkChange, MarkKey
from gateway.model import Kind, Mark, Medium, Status, Subject, SubjectKey, Trigger
from gateway.shelves import CLASS
from gateway.store import Store

PAGE = 30
_MOST_TERMS = 8

_mark = msgspec.json.Decoder(Mark)
_subject = msgspec.json.Decoder(Subject)

RecordState = Literal["shown", "waiting", "failed", "deleted", "removed", "left_out"]
"""``deleted``: by the person, in Feishu. ``removed``: the mark is no longer on Douban. ``left_out``: no table shows
its kind."""


class MarkShown(Struct, frozen=True, kw_only=True):
    """A mark, and how far it has come."""

    subject: SubjectKey
    kind: Kind
    title: str | None
    original_title: str | None
    status: Status
    rating: int | None
    marked_on: date | None
    comment: str | None
    tags: tuple[str, ...]
    private: bool
    record: RecordState
    failure: Issue | None
    """Why Feishu did not take it."""
    table: str | None
    """Address of the table that shows it."""


class MarksShown(Struct, frozen=True):
    """Some marks, the newest first."""

    marks: list[MarkShown]
    next: str | None
    """The ``after`` of the ones that follow, if there are any."""


class Past(Struct, frozen=True, kw_only=True):
    """One thing that became of a mark, and the page that told of it."""

    at: datetime
    """When that page was captured."""
    what: str
    """``new``, ``changed``, ``removed`` or ``returned``."""
    fields: dict[str, tuple[Any, Any]]
    """Field of the mark → (old, new)."""
    page: str | None
    """Its address. None if no page told of it: that a mark is gone is known from there being none; that it was again
    as before, after a page that came late, from later pages that showed nothing new then."""
    trigger: Trigger | None


class Catalogue:
    """``tables``, where it is asked for: the addresses of the tables that show the library, by their keys."""

    def __init__(self, store: Store, library: Library) -> None:
        self._store = store
        self._library = library

    def search(self, account: str, query: str, after: str, tables: Mapping[str, str]) -> MarksShown:
        """Marks whose title, tags or comment have every word of ``query``. Raises BadInput for an ``after`` not ours."""
        terms = query.split()[:_MOST_TERMS]
        wanted = "".join(
            f" AND (instr(title, lower(:term{number})) OR instr(words, lower(:term{number})))"
            for number in range(len(terms))
        )
        begin = " AND (marked_on, medium, id) < (:on, :medium, :id)" if after else ""
        sql = f"""SELECT marked_on, medium, id FROM catalogue WHERE account = :account{begin}{wanted}
            ORDER BY marked_on DESC, medium DESC, id DESC LIMIT :limit"""
        values: dict[str, object] = {"account": account, "limit": PAGE + 1}
        values |= {f"term{number}": term for number, term in enumerate(terms)}
        values |= _place(after) if after else {}
        found = list(self._store.rows(sql, values))
        keys = [SubjectKey(Medium(medium), subject_id) for _, medium, subject_id in found[:PAGE]]
        following = ":".join(found[PAGE - 1]) if len(found) > PAGE else None
        return MarksShown(self._shown(account, keys, tables), following)

    def mark(self, account: str, key: SubjectKey, tables: Mapping[str, str]) -> MarkShown:
        """Raises NoSuchThing."""
        shown = self._shown(account, [key], tables)
        if not shown:
            raise NoSuchThing
        return shown[0]

    def history(self, account: str, key: SubjectKey) -> list[Past]:
        """All that became of a mark, the newest first."""
        changes = self._library.history(MarkKey(account, key))
        return [self._past(change) for change in reversed(changes)]

    def _past(self, change: MarkChange) -> Past:
        kept = self._store.kept(change.capture) if change.capture else None
        return Past(
            at=change.at,
            what=change.what,
            fields=change.fields,
            page=kept.url if kept else None,
            trigger=kept.trigger if kept else None,
        )

    def _shown(self, account: str, keys: list[SubjectKey], tables: Mapping[str, str]) -> list[MarkShown]:
        """Those that there are, in the order of the keys."""
        wanted = "IN (SELECT value ->> 0, value ->> 1 FROM json_each(:keys))"
        values: dict[str, object] = {
            "account": account,
            "keys": msgspec.json.encode([(key.medium, key.id) for key in keys]).decode(),
        }
        mine = "SELECT class FROM target WHERE table_key IN (SELECT value FROM json_each(:tables))"
        values["tables"] = msgspec.json.encode([*tables]).decode()
        sql = f"""SELECT mark.body, subject.body, mark.removed_at IS NOT NULL,
                EXISTS (SELECT 1 FROM due WHERE (due.account, due.medium, due.id) = (mark.account, mark.medium, mark.id)),
                EXISTS ({mine}) AND {CLASS} NOT IN ({mine})
            FROM mark JOIN subject USING (medium, id) WHERE mark.account = :account AND (mark.medium, mark.id) {wanted}"""
        records = self._records(wanted, values)
        found: dict[SubjectKey, MarkShown] = {}
        for body, about, removed, due, left_out in self._store.rows(sql, values):
            mark = _mark.decode(body)
            record = records.get(mark.subject, _Record())
            state = _state(record, removed=removed, due=due, left_out=left_out)
            found[mark.subject] = _told(
                mark, _subject.decode(about), state, record, tables.get(record.table or "")
            )
        return [found[key] for key in keys if key in found]

    def _records(self, wanted: str, values: dict[str, object]) -> dict[SubjectKey, "_Record"]:
        """Of the tables that show the library now. A mark that moves is in two of them for a moment."""
        sql = f"""SELECT medium, id, table_key, record_id IS NOT NULL, failure, deleted FROM record
            WHERE table_key IN (SELECT table_key FROM target) AND account = :account AND (medium, id) {wanted}
            ORDER BY deleted, record_id IS NOT NULL"""
        return {
            SubjectKey(Medium(medium), subject_id): _Record(
                table,
                bool(there),
                msgspec.json.decode(failure, type=Issue) if failure else None,
                bool(deleted),
            )
            for medium, subject_id, table, there, failure, deleted in self._store.rows(sql, values)
        }


class _Record(Struct, frozen=True):
    table: str | None = None
    there: bool = False
    failure: Issue | None = None
    deleted: bool = False


def _state(record: _Record, *, removed: bool, due: bool, left_out: bool) -> RecordState:
    if removed:
        return "removed"
    if record.deleted:
        return "deleted"
    if record.failure is not None and not due:
        return "failed"
    if due and not left_out:
        return "waiting"
    return "shown" if record.there else "left_out"


def _told(mark: Mark, subject: Subject, state: RecordState, record: _Record, table: str | None) -> MarkShown:
    kind = Kind(subject.key.medium) if subject.kind is UNSET else subject.kind
    return MarkShown(
        subject=mark.subject,
        kind=kind,
        title=_or(subject.title, None),
        original_title=_or(subject.original_title, None),
        status=mark.status,
        rating=_or(mark.rating, None),
        marked_on=_or(mark.marked_on, None),
        comment=_or(mark.comment, None),
        tags=_or(mark.tags, ()),
        private=_or(mark.private, False),
        record=state,
        failure=record.failure if state == "failed" else None,
        table=table if record.there and not record.deleted else None,
    )


def _or(value: Any, default: Any) -> Any:
    return default if value is UNSET else value


def _place(after: str) -> dict[str, object]:
    """Raises BadInput."""
    match after.split(":"):
        case [on, medium, subject_id]:
            return {"on": on, "medium": medium, "id": subject_id}
        case _:
            raise BadInput(field="after")
