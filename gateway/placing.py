"""Where the row of a mark is, counts for more than what its subject is taken for, as long as no page told."""

from collections.abc import Collection, Sequence

from gateway.ledger import Ledger, as_json
from gateway.library import MarkKey
from gateway.model import Medium, SubjectKey
from gateway.shelves import kind_of


class Placing:
    """Of subjects of films and series, by the ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._store = ledger.store

    def unsure(self, keys: Collection[MarkKey]) -> set[MarkKey]:
        """Those of these marks of whose subject no page told what it is: of films, whether they are series."""
        sql = """SELECT medium, id FROM subject WHERE kind IS NULL
            AND (medium, id) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?))"""
        asked = as_json([(key.subject.medium, key.subject.id) for key in keys])
        found = {SubjectKey(Medium(medium), each) for medium, each in self._store.rows(sql, [asked])}
        return {key for key in keys if key.subject in found}

    def place(self, key: MarkKey, classes: Sequence[str]) -> None:
        """The row of this mark is in a table of these ``classes``: its subject counts as one of them.

        Until Douban tells what it is, or that it is something else.
        """
        mark = [key.account, key.subject.medium, key.subject.id]
        (told,) = self._store.one("SELECT class FROM subject WHERE (medium, id) = (?, ?)", mark[1:]) or ("",)
        if told in classes:
            placed = None
        else:
            placed = next((each for each in classes if told and kind_of(each) == kind_of(told)), classes[0])
        with self._store.atomic():
            self._store.do(
                "UPDATE mark SET placed = ? WHERE (account, medium, id) = (?, ?, ?)", [placed, *mark]
            )
            self._store.do(
                "UPDATE due SET class = ? WHERE (account, medium, id) = (?, ?, ?)", [placed or told, *mark]
            )

    def stay(self, keys: Collection[MarkKey], classes: Sequence[str]) -> None:
        """Rows of these marks are in a table of these ``classes``: of which we are not sure, they are where they belong."""
        for key in self.unsure(keys):
            self.place(key, classes)
