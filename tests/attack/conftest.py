"""What attack tests share: the count of cases, and of those that got through, which is told at the end."""

from collections.abc import Iterator

import pytest

from tests.browser.conftest import authority, browser, chrome, one_chrome, site
from tests.conftest import ATTACKS
from tests.support import Started, World, background

__all__ = ["authority", "browser", "chrome", "one_chrome", "site"]  # fixtures of the browser tests


class Attacks:
    """Those that one test tries. Each is a case that held, or one that got through and fails the test."""

    def __init__(self) -> None:
        self.cases = 0
        self.through: list[str] = []

    def held(self, held: bool, *what: object) -> None:  # noqa: FBT001  # the case's own outcome
        """Counts one case; ``what`` tells of it if it got through."""
        self.cases += 1
        if not held:
            self.through.append(" ".join(str(each) for each in what))


@pytest.fixture
def attacks(request: pytest.FixtureRequest) -> Iterator[Attacks]:
    """Fails the test in the end if one got through, or none was tried."""
    tried = Attacks()
    yield tried
    request.node.user_properties.append((ATTACKS, (tried.cases, len(tried.through))))
    assert not tried.through, f"{len(tried.through)} of {tried.cases} got through: {tried.through[:20]}"
    assert tried.cases, "nothing was tried"


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    """One gateway for all attacks of a module: it has to stand them all."""
    with background() as beside:
        yield World(beside, tmp_path_factory.mktemp("data")).start()
