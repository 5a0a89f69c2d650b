"""A few kills of the many that ``just torture`` makes: each mark has one right record, and nothing is lost."""

from gateway.shelves import Layout
from tests.torture import torture


def test_a_gateway_that_is_killed_again_and_again() -> None:
    tally = torture(kills=8, marks=60, seed=5, layouts=(Layout.ONE, Layout.FOUR))
    assert tally.wrong == []
    assert str(tally) == f"kills={tally.kills} marks={tally.marks} lost=0 doubled=0"
    assert tally.kills >= 8
    assert tally.marks >= 100
