"""From a page in the person's Firefox to rows in their Bitable."""

import pytest

from gateway.model import Medium, Status
from gateway.sandbox.http import Request, Response, Server
from tests.browser.test_asked import ask, told
from tests.browser.test_main_path import done
from tests.browser.test_pairing import code_of
from tests.firefox.conftest import Browser
from tests.support import Started, World

pytestmark = pytest.mark.xdist_group("firefox")  # one Firefox, not one for each worker


@pytest.fixture
def ready(fox: Browser, started: Started) -> Browser:
    """Logged in to Douban, paired."""
    fox.log_in()
    assert fox.ask("pair", code=code_of(started))["ok"]
    return fox


def shown(world: World, medium: Medium) -> set[str]:
    """The ids on the first page of the list."""
    return {entry.key.id for entry in world.person.of(medium, Status.DONE)[:15]}


def rows(world: World) -> set[str]:
    return {row["Subject ID"] for row in world.rows().values()}


def said(fox: Browser, popup: str, tone: str) -> str:
    """What the popup says, once it says it in that tone."""
    return fox.firefox.until(popup, f"document.querySelector('#result').dataset.tone === '{tone}'")


def test_one_click_makes_rows_and_the_log_in_is_kept_sealed(
    ready: Browser, world: World, started: Started
) -> None:
    ready.open(done(world, Medium.MOVIE))
    popup = ready.click_button()
    ids = shown(world, Medium.MOVIE)
    assert f"{len(ids)} marks: {len(ids)} new" in said(ready, popup, "good")
    ready.firefox.until(popup, "document.querySelector('#push').textContent.includes('Pushed to Feishu')")
    assert rows(world) == ids
    (row,) = world.background.call(lambda: list(started.gateway.store.rows("SELECT status FROM capture", [])))
    assert row == (200,)
    cookie = world.person.cookies["dbcl2"].strip('"').encode()
    kept = world.background.call(lambda: started.gateway.vault.get(f"douban session {world.person.id}"))
    assert kept is not None
    assert cookie in kept
    assert not any(cookie in path.read_bytes() for path in world.folder.rglob("*") if path.is_file())


def test_the_popup_of_the_toolbar_captures_by_itself(ready: Browser, world: World, started: Started) -> None:
    ready.open(done(world, Medium.MUSIC))
    ready.firefox("browsingContext.activate", context=ready.page)
    ready.firefox.run(ready.eye, "() => chrome.action.openPopup()", clicked=True)
    ids = shown(world, Medium.MUSIC)
    started.wait_for_marks(len(ids))
    started.settled()
    assert rows(world) == ids


def test_the_toggle_makes_rows_without_a_click(ready: Browser, world: World, started: Started) -> None:
    popup = ready.extension_page("popup/popup.html")
    ready.firefox.until(popup, "!document.querySelector('#autosync').disabled")
    ready.firefox.click(popup, "#autosync")
    ready.open(done(world, Medium.MUSIC))
    ids = shown(world, Medium.MUSIC)
    started.wait_for_marks(len(ids))
    assert ready.stop_background() == "stopped"
    ready.open(done(world, Medium.BOOK))
    ids |= shown(world, Medium.BOOK)
    started.wait_for_marks(len(ids))
    started.settled()
    assert rows(world) == ids
    assert {capture["trigger"] for capture in started.captures()} == {"auto"}


def test_it_works_after_the_event_page_was_stopped(ready: Browser, world: World) -> None:
    ready.open(done(world, Medium.MUSIC))
    assert ready.stop_background() == "stopped"
    popup = ready.click_button()
    assert "new" in said(ready, popup, "good")
    ready.firefox.until(popup, "document.querySelector('#push').textContent.includes('Pushed to Feishu')")
    assert rows(world) == shown(world, Medium.MUSIC)


def test_what_waits_is_sent_when_the_alarm_wakes_it(ready: Browser, world: World, started: Started) -> None:
    started.stop()
    ready.open(done(world, Medium.MUSIC))
    assert "waiting to be sent" in said(ready, ready.click_button(), "warn")
    assert ready.stop_background() == "stopped"
    again = world.start(port=started.port)
    ready.firefox.run(ready.eye, "() => chrome.alarms.create('d2f-courier', { when: Date.now() })")
    again.wait_for_marks(len(shown(world, Medium.MUSIC)))


def test_lists_are_read_in_a_tab_in_the_background(ready: Browser, world: World, started: Started) -> None:
    page = f"https://book.douban.com/people/{world.person.id}/collect"
    ready.open(page)
    ask(started, "full")
    ring = "() => chrome.alarms.create('d2f-walk', { when: Date.now() })"
    ready.firefox.run(ready.eye, ring)
    tab = ready.firefox.opened("https://movie.douban.com/")
    ready.firefox.run(ready.eye, ring)
    started.wait_for_marks(len(shown(world, Medium.MOVIE)))
    active = "() => chrome.tabs.query({ active: true }).then((tabs) => tabs.map(({ url }) => url))"
    assert ready.firefox.run(ready.eye, active) == [page], "what the person looks at stays in front"
    assert tab in ready.firefox.tabs()
    assert told(started)["state"] == "reading"
    assert {capture["trigger"] for capture in started.captures()} == {"asked"}


def test_what_one_has_forbidden_is_asked_for_again(ready: Browser, world: World) -> None:
    ready.open(done(world, Medium.MUSIC))
    ready.forbid("*://*.douban.com/*", "http://127.0.0.1/*")
    popup = ready.click_button()
    assert "D2F may not read Douban yet" in said(ready, popup, "bad")
    ready.firefox.until(popup, "document.body.innerText.includes('D2F may not reach the gateway')")
    options = ready.extension_page("options/options.html")
    shows = "document.querySelector('#allow').checkVisibility()"
    ready.firefox.until(options, f"{shows} && document.querySelector('#paired').checkVisibility()")
    ready.firefox.press(options, "#allow")
    ready.firefox.until(options, f"!{shows}")
    assert f"{len(shown(world, Medium.MUSIC))} marks" in said(ready, ready.click_button(), "good")


def test_another_program_on_the_port_is_not_believed(ready: Browser, world: World, started: Started) -> None:
    started.stop()
    got: list[Request] = []

    async def pretend(request: Request) -> Response:
        got.append(request)
        return Response(200, b'{"verdict":"ok","marks":99}', (), "application/octet-stream")

    world.background.enter(Server(pretend, port=started.port))
    ready.open(done(world, Medium.MUSIC))
    assert "Another program" in said(ready, ready.click_button(), "warn")
    assert got
    assert not any(b"douban" in request.body for request in got)


def test_the_person_has_it_forget_everything(ready: Browser, world: World, started: Started) -> None:
    started.stop()
    ready.open(done(world, Medium.MUSIC))
    assert "waiting to be sent" in said(ready, ready.click_button(), "warn")
    assert ready.held()["pages"] == 1
    options = ready.extension_page("options/options.html")
    ready.firefox.click(options, "#forget", "document.querySelector('#forget-result').textContent !== ''")
    held = ready.held()
    if held["local"] == {"trouble": None}:  # a round that was under way says that nothing is the matter
        held["local"] = {}
    assert held == {"keep": 0, "waiting": 0, "pages": 0, "local": {}, "session": {}, "alarms": []}
