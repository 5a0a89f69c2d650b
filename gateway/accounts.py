"""The accounts of Douban that this gateway knows: whose marks it keeps, and whom it has met."""

from collections.abc import Iterator
from typing import Literal

from gateway.errors import NoSuchThing
from gateway.model import Account, now
from gateway.store import Store

State = Literal["kept", "met", "declined"]
"""``met``: a page showed that somebody else is logged in; whether their marks are kept is the person's to say."""


class Accounts:
    """In the store's file. The first account that a page shows is kept; each further one is asked about."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def first(self) -> Account | None:
        """The account of the first capture."""
        return next(iter(self.kept), None)

    @property
    def kept(self) -> list[Account]:
        """Those whose marks are kept, the first one first."""
        return list(self._of("kept"))

    @property
    def met(self) -> list[Account]:
        """Those that the person was not asked about yet, or has not answered."""
        return list(self._of("met"))

    def see(self, account: Account, state: State = "kept") -> None:
        """A page showed that this account is logged in; ``state`` is what it is to us from then on, if it is new."""
        name, slug = (value if isinstance(value, str) else None for value in (account.name, account.slug))
        self._store.do(
            """INSERT INTO account (id, name, slug, seen_at, state) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET name = coalesce(excluded.name, name),
                slug = coalesce(excluded.slug, slug), seen_at = excluded.seen_at""",
            [account.id, name, slug, now().isoformat(), state],
        )

    def answer(self, account: str, state: State) -> None:
        """The person said what this account is to be. Raises NoSuchThing if it was not met, or is kept already."""
        sql = "UPDATE account SET state = ? WHERE id = ? AND state <> 'kept'"
        if not self._store.do(sql, [state, account]):
            raise NoSuchThing

    def _of(self, state: State) -> Iterator[Account]:
        names = ("id", "name", "slug")
        for row in self._store.rows(
            "SELECT id, name, slug FROM account WHERE state = ? ORDER BY rowid", [state]
        ):
            yield Account(
                **{name: value for name, value in zip(names, row, strict=True) if value is not None}
            )
