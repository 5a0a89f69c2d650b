"""What every error is: a code that callers rely on, a status, a title, and what to do, in both languages."""

from typing import ClassVar

from msgspec import Struct

_OURS = 500


class Words(Struct, frozen=True):
    """One sentence for the person, in both languages."""

    zh: str
    en: str


class Issue(Struct, frozen=True):
    """An error as it is stored and shown: its code and its words."""

    code: str
    zh: str
    en: str


class D2FError(Exception):
    """The root. ``facts`` fill the braces of the hint: for the terminal, and for whoever is at fault (a status below 500)."""

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong"
    hint: ClassVar[Words] = Words("出错了，请稍后再试。", "Something went wrong. Please try again later.")

    bare: ClassVar[Words] = Words(
        "出错了，原因在网关的日志里。", "Something went wrong; the gateway's log says why."
    )
    """In place of a hint that has facts, where those may tell of this machine: paths, or what the system said."""

    def __init__(self, **facts: str) -> None:
        super().__init__(self.title)
        self.facts = facts

    @property
    def words(self) -> Words:
        """The hint with its facts filled in."""
        return Words(self.hint.zh.format(**self.facts), self.hint.en.format(**self.facts))

    @property
    def outward(self) -> Words:
        """What is told over HTTP: of what is not the asker's fault always the same."""
        return self.words if self.status < _OURS or self.words == self.hint else self.bare

    @property
    def issue(self) -> Issue:
        words = self.words
        return Issue(self.code, words.zh, words.en)

    def __str__(self) -> str:
        return f"{self.code}: {self.words.en}"
