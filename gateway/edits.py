"""Cells of ours that the person edited in Feishu: whose they are, and what is known of them."""

from collections.abc import Collection, Iterable, Sequence
from typing import Literal

import msgspec
from msgspec import Struct

from gateway.feishu.compare import OWN_TIME, REMEMBERED, Cell, Plain, digest
from gateway.library import MarkKey
from gateway.model import Medium, SubjectKey
from gateway.store import Store, owned

EditPolicy = Literal["ours", "theirs"]
"""A cell of ours that the person edited: it is written again, or it is theirs from then on."""

Digests = dict[str, tuple[int, ...]]
"""Field → what we wrote there last; several while it is not known which of them arrived."""

_TRIES = 3
"""A cell that says something else each time is written again so often."""
_MINUTE = 60_000
_cells = msgspec.msgpack.Decoder(Digests)


class Edit(Struct, frozen=True, kw_only=True):
    """A cell that did not show what we would write."""

    state: Literal["again", "left", "theirs"]
    """It was written again; it changed back and is left alone while the mark stays as it is; it is the person's."""
    shown: int
    """What it said."""
    revision: int
    """Of the mark, then."""
    times: int = 1
    """How often it was written again since it was last right."""

    def is_settled(self, revision: int) -> bool:
        """Whether it is not written, the mark being at this revision."""
        return self.state == "theirs" or (self.state == "left" and self.revision == revision)

    def is_vain(self, shown: int, revision: int) -> bool:
        """Whether to write it again led to nothing: it says the same as before, or something else each time."""
        same_mark = self.state == "again" and self.revision == revision
        return same_mark and (self.shown == shown or self.times >= _TRIES)


class _Policy(Struct, frozen=True):
    policy: EditPolicy = "ours"


class Edits:
    """What the person did to the tables of one account (``owner``; empty for the first one). ``table`` is everywhere the key of a table."""

    def __init__(self, store: Store, owner: str = "") -> None:
        self._store = store
        self._owner = owner
        self._policy, self._checks = owned("edits", owner), owned("checks", owner)
        self._begun = set[str]()

    # --- whose they are

    @property
    def policy(self) -> EditPolicy:
        return (self._store.setting(self._policy, _Policy) or _Policy()).policy

    @policy.setter
    def policy(self, policy: EditPolicy) -> None:
        """With ``ours``, cells that were theirs are written again when the tables are checked."""
        with self._store.atomic():
            self._store.set(self._policy, _Policy(policy))
            if policy == "ours":
                self._store.do(
                    """DELETE FROM edit WHERE state = 'theirs'
                    AND table_key IN (SELECT table_key FROM target WHERE owner = ?)""",
                    [self._owner],
                )
                self._store.do(
                    """UPDATE written SET cells = NULL WHERE cells IS NOT NULL
                    AND table_key IN (SELECT table_key FROM target WHERE owner = ?)
                    AND (table_key, account, medium, id) NOT IN (
                        SELECT table_key, account, medium, id FROM record WHERE adopted = 1)""",
                    [self._owner],
                )

    # --- tables that are to be checked

    @property
    def asked(self) -> frozenset[str]:
        return self._store.setting(self._checks, frozenset[str]) or frozenset()

    def ask(self, tables: Iterable[str]) -> None:
        """These tables are to be looked through; once more if that is under way."""
        asked = set(tables)
        self._begun -= asked
        self._store.set(self._checks, self.asked | asked)

    def checking(self, table: str) -> None:
        """It is looked through from now on."""
        self._begun.add(table)

    def is_begun(self, table: str) -> bool:
        """Whether it is being looked through since it was last asked for."""
        return table in self._begun

    def checked(self, table: str) -> None:
        """It was looked through since it was last asked for."""
        if table in self._begun:
            self._store.set(self._checks, self.asked - {table})

    # --- cells

    def known(self, table: str) -> dict[MarkKey, dict[str, Edit]]:
        """All cells of a table that are known to differ."""
        sql = "SELECT account, medium, id, field, state, shown, revision, times FROM edit WHERE table_key = ?"
        found: dict[MarkKey, dict[str, Edit]] = {}
        for account, medium, subject_id, field, state, shown, revision, times in self._store.rows(
            sql, [table]
        ):
            edit = Edit(state=state, shown=shown, revision=revision, times=times)
            found.setdefault(MarkKey(account, SubjectKey(Medium(medium), subject_id)), {})[field] = edit
        return found

    def note(self, table: str, edits: Iterable[tuple[MarkKey, str, Edit]]) -> None:
        self._store.do_many(
            "INSERT OR REPLACE INTO edit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                [table, *_mark(key), field, edit.state, edit.shown, edit.revision, edit.times]
                for key, field, edit in edits
            ],
        )

    def forget(self, table: str, cells: Iterable[tuple[MarkKey, str]]) -> None:
        """These cells are right again."""
        self._store.do_many(
            "DELETE FROM edit WHERE (table_key, account, medium, id, field) = (?, ?, ?, ?, ?)",
            [[table, *_mark(key), field] for key, field in cells],
        )

    def forget_fields(self, table: str, fields: Collection[str]) -> None:
        """Their columns are others now: what was in them is gone."""
        self._store.do_many(
            "DELETE FROM edit WHERE table_key = ? AND field = ?", [[table, field] for field in fields]
        )

    # --- what was written

    def written(self, table: str, keys: Sequence[MarkKey]) -> dict[MarkKey, Digests]:
        """What was last written into the rows of these marks, as far as that is kept."""
        asked = msgspec.json.encode([_mark(key) for key in keys]).decode()
        sql = """SELECT account, medium, id, quiet, cells FROM written WHERE table_key = ?
            AND (account, medium, id) IN (SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?))"""
        return {
            MarkKey(account, SubjectKey(Medium(medium), subject_id)): _decoded(quiet) | _decoded(cells)
            for account, medium, subject_id, quiet, cells in self._store.rows(sql, [table, asked])
        }

    def wrote(self, table: str, rows: Iterable[tuple[MarkKey, Digests]]) -> None:
        """What is or will be in these rows, by each field that is named."""
        given = [(key, digests) for key, digests in rows if digests]
        before = self.written(table, [key for key, _ in given]) if given else {}
        values: list[list[object]] = []
        for key, digests in given:
            whole = before.get(key, {}) | digests
            quiet = {field: each for field, each in whole.items() if field in REMEMBERED}
            rest = {field: each for field, each in whole.items() if field not in REMEMBERED}
            values.append([table, *_mark(key), _encoded(quiet), _encoded(rest)])
        self._store.do_many("INSERT OR REPLACE INTO written VALUES (?, ?, ?, ?, ?, ?)", values)

    def begin(self, table: str, rows: Sequence[tuple[MarkKey, Digests]]) -> None:
        """Rows are made: nothing holds of what is known of earlier ones."""
        marks = [[table, *_mark(key)] for key, _ in rows]
        with self._store.atomic():
            self._store.do_many(
                "DELETE FROM edit WHERE (table_key, account, medium, id) = (?, ?, ?, ?)", marks
            )
            self._store.do_many(
                "DELETE FROM written WHERE (table_key, account, medium, id) = (?, ?, ?, ?)", marks
            )
            self.wrote(table, rows)


def is_given_back(cell: Cell, ours: tuple[int, ...] | None) -> bool:
    """Whether a cell says what we would write, or what we wrote."""
    return cell.there == cell.wanted or (ours is not None and digest(cell.there) in ours)


def is_others(says: Plain, ours: Digests) -> bool:
    """Whether another gateway wrote a row since we did: by what its cell ``says`` of when.

    A person types whole minutes there.
    """
    typed = isinstance(says, float) and says % _MINUTE == 0
    return isinstance(says, float) and not typed and OWN_TIME in ours and digest(says) not in ours[OWN_TIME]


def _mark(key: MarkKey) -> tuple[str, str, str]:
    return key.account, key.subject.medium, key.subject.id


def _encoded(cells: Digests) -> bytes | None:
    return msgspec.msgpack.encode(cells) if cells else None


def _decoded(cells: bytes | None) -> Digests:
    return _cells.decode(cells) if cells else {}
