"""What is known of covers: which pictures each Bitable has, which rows show them, which were refused.

As in the ledger there is no queue: what is to be done is a question to this file, asked again and again.
"""

from datetime import timedelta

import msgspec
from msgspec import Struct

from gateway.errors import Issue
from gateway.library import MarkKey
from gateway.model import Medium, SubjectKey, now
from gateway.store import Store
from gateway.tables import Table

TRIES = 5
"""After so many a picture is given up, until the subject has another one."""
_ANOTHER_DAY = timedelta(hours=20)


class Cover(Struct, frozen=True, kw_only=True):
    """A cover that a row does not show yet."""

    table: Table
    key: MarkKey
    record_id: str
    address: str
    """Of the picture at Douban."""
    photo: str
    """Its id."""
    marked_on: str
    shown: str | None
    """The file_token of the earlier cover that D2F put there."""


class CoverCounts(Struct, frozen=True):
    """How many rows have their cover, wait for it, and wait because it was refused, or for ever."""

    done: int = 0
    waiting: int = 0
    failed: int = 0


_JOINED = """FROM (SELECT account, medium, id, record_id, address, photo FROM record JOIN photo USING (medium, id)
    WHERE table_key = :table AND record_id IS NOT NULL AND deleted = 0 AND (table_key, account, medium, id) NOT IN stray
    ) AS there
    LEFT JOIN cover ON cover.table_key = :table AND cover.record_id = there.record_id
    LEFT JOIN picture ON picture.app_token = :app AND picture.photo = there.photo"""
_DONE = "cover.photo IS there.photo"
_FAILED = "ifnull(picture.tries, 0) > 0 AND picture.file_token IS NULL"
_AGAIN = "picture.tries < :tries AND picture.tried_at < :another_day"


class Album:
    """Pictures and covers in the store's file."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def pending(self, table: Table, limit: int) -> list[Cover]:
        """Covers that can be put into a row now, those of the newest marks first."""
        sql = f"""SELECT mark.account, mark.medium, mark.id, there.record_id, there.address, there.photo,
            ifnull(mark.marked_on, ''), cover.file_token {_JOINED}
            JOIN mark ON mark.account = there.account AND mark.medium = there.medium AND mark.id = there.id
            WHERE NOT {_DONE} AND (NOT ({_FAILED}) OR ({_AGAIN}))
            ORDER BY mark.marked_on DESC, mark.id LIMIT :limit"""
        asked = {
            **_asked(table),
            "limit": limit,
            "tries": TRIES,
            "another_day": (now() - _ANOTHER_DAY).isoformat(),
        }
        return [
            Cover(
                table=table,
                key=MarkKey(account, SubjectKey(Medium(medium), subject_id)),
                record_id=record_id,
                address=address,
                photo=photo,
                marked_on=marked_on,
                shown=shown,
            )
            for account, medium, subject_id, record_id, address, photo, marked_on, shown in self._store.rows(
                sql, asked
            )
        ]

    def counts(self, table: Table) -> CoverCounts:
        """The state of a table's covers."""
        sql = f"""SELECT count(*) FILTER (WHERE {_DONE}), count(*) FILTER (WHERE NOT {_DONE} AND NOT ({_FAILED})),
            count(*) FILTER (WHERE NOT {_DONE} AND {_FAILED}) {_JOINED}"""
        row = self._store.one(sql, _asked(table))
        return CoverCounts(*row) if row else CoverCounts()

    def token(self, app_token: str, photo: str) -> str | None:
        """The file_token of a picture that the Bitable has already."""
        sql = "SELECT file_token FROM picture WHERE app_token = ? AND photo = ?"
        row = self._store.one(sql, [app_token, photo])
        return row[0] if row else None

    def uploaded(self, app_token: str, photo: str, file_token: str) -> None:
        """The Bitable has the picture."""
        self._store.do(
            """INSERT INTO picture (app_token, photo, file_token) VALUES (?, ?, ?)
            ON CONFLICT DO UPDATE SET file_token = excluded.file_token""",
            [app_token, photo, file_token],
        )

    def refused(self, app_token: str, photo: str, issue: Issue) -> None:
        """Douban did not give the picture, or Feishu did not take it: another day, if there is one."""
        self._store.do(
            """INSERT INTO picture (app_token, photo, tries, tried_at, failure) VALUES (?, ?, 1, ?, ?)
            ON CONFLICT DO UPDATE SET file_token = NULL, tries = tries + 1, tried_at = excluded.tried_at,
                failure = excluded.failure""",
            [app_token, photo, now().isoformat(), msgspec.json.encode(issue).decode()],
        )

    def settled(self, cover: Cover, file_token: str | None) -> None:
        """The row shows the picture; or, without a token, what the person put there, and it stays."""
        self._store.do(
            "INSERT OR REPLACE INTO cover (table_key, record_id, photo, file_token) VALUES (?, ?, ?, ?)",
            [cover.table.key, cover.record_id, cover.photo, file_token],
        )


def _asked(table: Table) -> dict[str, object]:
    return {
        "table": table.key,
        "app": table.app_token,
    }
