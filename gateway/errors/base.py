"""What every error is: a code that callers rely on, a status, a title, and what to do, in both languages."""

from typing import ClassVar

from msgspec import Struct


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
    """The root. ``facts`` fill the braces of the hint; they must be fit for anyone's eyes."""

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong"
    hint: ClassVar[Words] = Words("出错了，请稍后再试。", "Something went wrong. Please try again later.")

    def __init__(self, **facts: str) -> None:
        super().__init__(self.title)
        self.facts = facts

    @property
    def words(self) -> Words:
        """The hint with its facts filled in."""
        return Words(self.hint.zh.format(**self.facts), self.hint.en.format(**self.facts))

    @property
    def issue(self) -> Issue:
        words = self.words
        return Issue(self.code, words.zh, words.en)

    def __str__(self) -> str:
        return f"{self.code}: {self.words.en}"
