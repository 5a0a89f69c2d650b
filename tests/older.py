"""A library as the first version of D2F kept it, and what is in a library of whatever version."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from gateway.schema import migrations
from gateway.store import Store


def older(folder: Path, older: Path) -> Path:
    """The same library, with the tables of then."""
    shutil.copytree(folder, older)
    (older / "d2f.db").unlink()
    with closing(sqlite3.connect(older / "d2f.db", isolation_level=None)) as connection:
        db = Database(connection)
        migrations.apply(db, stop_before=migrations.pending(db)[1].name)
        connection.execute("ATTACH ? AS newer", [str(folder / "d2f.db")])
        kept = {
            name
            for (name,) in connection.execute("SELECT name FROM newer.sqlite_master WHERE type = 'table'")
        }
        for table in (set(db.table_names()) & kept) - {"_sqlite_migrations"}:
            columns = ", ".join(row[1] for row in connection.execute(f"PRAGMA table_info({table})"))
            connection.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM newer.{table}")
    return older


def content(folder: Path) -> list[tuple[Any, ...]]:
    """All that was ever captured, as the present version of D2F finds it."""
    with Store(folder / "d2f.db") as store:
        return [
            row
            for sql in (
                "SELECT account, medium, id, body, revision FROM mark",
                "SELECT medium, id, body, detailed FROM subject",
                "SELECT number, account, medium, id, what, fields FROM change",
                "SELECT id, url, content, verdict, result FROM capture",
                "SELECT account, medium, id FROM due",
            )
            for row in store.rows(sql)
        ]


def number(folder: Path, what: str) -> int:
    """How many there are; none in a library that was killed before it had such a table."""
    with closing(sqlite3.connect(folder / "d2f.db")) as db:
        try:
            return db.execute(f"SELECT count(*) FROM {what}").fetchone()[0]
        except sqlite3.OperationalError:
            return 0
