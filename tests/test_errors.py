"""Errors keep their promises: a code, a status, words in both languages, a place in the drawn tree."""

import re
import string
from pathlib import Path

import pytest

import gateway
from gateway import errors
from gateway.errors import D2FError
from gateway.reasons import PAGE_REASONS

KINDS = [
    kind
    for name in errors.__all__
    if isinstance(kind := getattr(errors, name), type) and issubclass(kind, D2FError)
]
LEAVES = [kind for kind in KINDS if not kind.__subclasses__()]
CHINESE = re.compile(r"[一-鿿]")
SOURCES = [
    path.read_text("utf-8")
    for path in Path(gateway.__file__).parent.rglob("*.py")
    if path.parent.name != "errors"
]


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_is_in_the_tree(kind: type[D2FError]) -> None:
    assert errors.__doc__ is not None
    assert re.search(rf"\b{kind.__name__}\b", errors.__doc__)


@pytest.mark.parametrize("kind", LEAVES)
def test_every_error_speaks_both_languages_of_the_same_facts(kind: type[D2FError]) -> None:
    def facts(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    assert CHINESE.search(kind.hint.zh)
    assert not CHINESE.search(kind.hint.en.replace("「", "").replace("」", ""))
    assert facts(kind.hint.zh) == facts(kind.hint.en)
    assert CHINESE.search(kind.bare.zh)
    assert not CHINESE.search(kind.bare.en)
    assert not facts(kind.bare.zh) | facts(kind.bare.en)
    assert 400 <= kind.status < 600


def test_no_two_errors_share_a_code() -> None:
    codes = [kind.code for kind in LEAVES]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("kind", LEAVES)
def test_every_error_is_raised_somewhere(kind: type[D2FError]) -> None:
    assert any(re.search(rf"\b{kind.__name__}\b", source) for source in SOURCES), kind


def test_every_reason_of_a_page_has_words_and_a_reader() -> None:
    here = Path(gateway.__file__).parent
    reader = "".join(path.read_text("utf-8") for path in (*here.glob("douban/*.py"), here / "intake.py"))
    for code, words in PAGE_REASONS.items():
        assert f'"{code}"' in reader, code
        assert CHINESE.search(words.zh)
        assert not CHINESE.search(words.en)
