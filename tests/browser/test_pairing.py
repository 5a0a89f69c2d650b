"""Pairing in one click, in the browser that it is done in; and who tries to be paired with unasked."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright, expect

from gateway.extension import extension_folder
from gateway.owner_sessions import new_login_link
from gateway.sandbox.http import Request, Response, Server, html
from tests.browser.conftest import WAIT, Browser, Site, launch
from tests.support import Started, World

expect.set_options(timeout=WAIT)

HAND = """code => document.addEventListener("click", () => {
    addEventListener("message", ({ data }) => { if (data.d2f !== "code") document.title = data.d2f; });
    postMessage({ d2f: "code", code }, location.origin);
})"""
"""What a page does to hand over a code when it is clicked; its title is then what it was answered."""


@pytest.fixture
def browser(playwright: Playwright, site: Site, started: Started, tmp_path: Path) -> Iterator[Browser]:
    """Its extension looks for the gateway where this one is; the person is logged in to the dashboard."""
    folder = tmp_path / "extension"
    shutil.copytree(extension_folder(), folder)
    place = folder / "background" / "gateway.js"
    usual, script = "USUAL_PORT = 8377", place.read_text("utf-8")
    assert usual in script
    place.write_text(script.replace(usual, f"USUAL_PORT = {started.port}"), "utf-8")
    with contextlib.closing(launch(playwright, site, tmp_path / "profile", folder)) as context:
        browser = Browser(context, site)
        browser.page.goto(log_in_link(started))
        yield browser


def log_in_link(started: Started) -> str:
    gateway = started.gateway
    return started.world.background.call(lambda: new_login_link(gateway.store, gateway.settings))


def begin(browser: Browser) -> Page:
    """The person chooses pairing in the popup; returns the tab that opens."""
    popup = browser.click_button()
    with browser.context.expect_page() as opened:
        popup.click("#pair")
    popup.close()
    return opened.value


def devices(started: Started) -> list[str]:
    shown = started.owner.call("GET", "/api/v1/overview").json()["devices"]
    return [device["name"] for device in shown if device["revoked_at"] is None]


def code_of(started: Started) -> str:
    return started.owner.call("POST", "/api/v1/pairing").json()["code"]


def paired(browser: Browser) -> bool:
    with contextlib.closing(browser.extension_page("options/options.html")) as options:
        options.wait_for_selector("#checks li")
        return options.locator("#paired").is_visible()


def test_one_click_in_the_popup_and_one_on_the_dashboard(browser: Browser, started: Started) -> None:
    page = begin(browser)
    page.click("#hand")
    expect(page.locator("#handover")).to_contain_text("Paired")
    expect(page.locator("#code")).to_be_hidden()
    expect(page.locator("#devices")).to_contain_text("Chrome")
    assert len(devices(started)) == 1
    assert paired(browser)


def test_it_can_be_begun_in_the_settings_and_again(browser: Browser, started: Started) -> None:
    for times in (1, 2):
        options = browser.extension_page("options/options.html")
        with browser.context.expect_page() as opened:
            options.click("#pair-open")
        opened.value.click("#hand")
        expect(opened.value.locator("#handover")).to_contain_text("Paired")
        assert len(devices(started)) == times
        opened.value.close()


def test_who_has_to_log_in_first_goes_on_from_there(browser: Browser, started: Started) -> None:
    browser.context.clear_cookies()
    page = begin(browser)
    expect(page.locator("body")).to_contain_text("d2f open")
    page.goto(log_in_link(started))
    page.click("#hand")
    expect(page.locator("#handover")).to_contain_text("Paired")


def test_a_dashboard_that_nobody_asked_for_it_is_not_listened_to(browser: Browser, started: Started) -> None:
    """Opened by hand; clicked, and with a code that is good."""
    page = browser.page
    page.reload()
    expect(page.locator("#handover")).to_be_hidden()
    page.evaluate(HAND, code_of(started))
    page.click("body")
    assert (paired(browser), devices(started)) == (False, [])


def test_another_tab_of_the_dashboard_is_not_listened_to(browser: Browser, started: Started) -> None:
    asked = begin(browser)
    asked.wait_for_selector("#hand")
    other = browser.context.new_page()
    other.goto(started.gateway.settings.dashboard)
    other.evaluate(HAND, code_of(started))
    other.click("body")
    expect(other.locator("#handover")).to_be_hidden()
    assert (paired(browser), devices(started)) == (False, [])


@pytest.mark.parametrize("name", ["d2f.localhost", "127.0.0.1", "www.douban.com"])
def test_another_place_in_the_very_tab_is_not_listened_to(
    browser: Browser, started: Started, world: World, name: str
) -> None:
    """The tab that was opened for pairing goes elsewhere: to another port of the same name, say."""
    got: list[Request] = []

    async def serve(request: Request) -> Response:
        got.append(request)
        return html("<!doctype html><title>mine</title><h1>Click me</h1>")

    port = world.background.enter(Server(serve)).port
    page = begin(browser)
    page.wait_for_selector("#hand")
    page.goto("https://www.douban.com/" if name == "www.douban.com" else f"http://{name}:{port}/")
    page.evaluate(HAND, code_of(started))
    page.click("body")
    assert (paired(browser), devices(started)) == (False, [])


def test_a_frame_is_not_listened_to(browser: Browser, started: Started, world: World) -> None:
    """And the dashboard is in nobody's frame."""

    async def serve(_request: Request) -> Response:
        return html(
            f'<!doctype html><h1>Mine</h1><iframe src="{started.gateway.settings.dashboard}"></iframe>'
        )

    port = world.background.enter(Server(serve)).port
    page = begin(browser)
    page.wait_for_selector("#hand")
    page.goto(f"http://d2f.localhost:{port}/")
    assert page.frames[1].url == "chrome-error://chromewebdata/"
    assert (paired(browser), devices(started)) == (False, [])


def test_no_page_hands_over_without_a_click(browser: Browser, started: Started) -> None:
    script = """addEventListener("message", ({ data }) => {
        if (data.d2f !== "asks") return;
        postMessage({ d2f: "code", code: "CODE" }, location.origin);
        console.log("handed over");
    });"""  # Playwright's own evaluate counts as a click
    browser.context.add_init_script(script.replace("CODE", code_of(started)))
    with browser.context.expect_console_message(lambda message: message.text == "handed over"):
        begin(browser)
    assert (paired(browser), devices(started)) == (False, [])


def test_a_second_code_is_not_taken(browser: Browser, started: Started) -> None:
    page = begin(browser)
    page.click("#hand")
    expect(page.locator("#handover")).to_contain_text("Paired")
    page.evaluate(HAND, code_of(started))
    page.click("body")
    expect(page).to_have_title("unpaired")
    assert len(devices(started)) == 1


def test_after_the_time_the_code_is_shown_to_be_pasted(browser: Browser, started: Started) -> None:
    page = begin(browser)
    page.wait_for_selector("#hand")
    browser.wake().evaluate(
        """async () => {
            const { handover } = await chrome.storage.session.get("handover");
            await chrome.storage.session.set({ handover: { ...handover, until: Date.now() - 1 } });
        }"""
    )
    page.bring_to_front()
    page.click("#hand")
    expect(page.locator("#code")).to_be_visible()
    expect(page.locator("#code code")).to_contain_text(f"d2f1-{started.port}-")
    assert (paired(browser), devices(started)) == (False, [])


def test_a_code_for_another_port_is_not_taken(browser: Browser, world: World, started: Started) -> None:
    """Nobody is paired with a gateway other than the one that was looked at."""
    got: list[Request] = []

    async def pretend(request: Request) -> Response:
        got.append(request)
        return Response(200, b"", (), "application/octet-stream")

    elsewhere = world.background.enter(Server(pretend)).port
    code = world.background.call(lambda: started.gateway.devices.start_pairing(elsewhere, "a test"))
    page = begin(browser)
    page.wait_for_selector("#hand")
    page.evaluate(HAND, code)
    page.click("body")
    expect(page).to_have_title("unpaired")
    assert got == []
    assert (paired(browser), devices(started)) == (False, [])


def cookies(browser: Browser) -> set[str]:
    return {each.get("name", "") for each in browser.context.cookies()}


def test_a_wipe_reaches_what_the_browser_holds(browser: Browser, started: Started, world: World) -> None:
    begin(browser).click("#hand")
    browser.log_in()
    page = browser.context.new_page()
    page.goto(f"{started.gateway.settings.dashboard}?lang=en")
    assert {"d2f", "d2f-csrf", "d2f-language", "d2f-refresh"} <= cookies(browser)
    page.locator(".safety > summary").click()
    page.locator(".wipe > summary").click()
    expect(page.locator("#wipe button")).to_be_disabled()
    page.fill("#wipe [name=word]", "wipe")
    (world.folder / "d2f.db-held").mkdir()  # no file that could be deleted
    page.click("#wipe button")
    expect(page.locator("#wipe .problem")).to_contain_text("d2f.db-held")
    expect(page.locator("#wipe button")).to_be_enabled()
    assert "d2f" in cookies(browser)
    (world.folder / "d2f.db-held").rmdir()
    page.click("#wipe button")
    expect(page.locator("h1")).to_have_text("All is wiped")
    assert not [name for name in cookies(browser) if name.startswith("d2f")]
    browser.open(f"https://movie.douban.com/people/{world.person.address}/collect")
    popup = browser.click_button()
    expect(popup.locator("#result")).to_contain_text("deleted")
    assert held(browser) == {"keep": 0, "waiting": 0, "pages": 0}
    kept = browser.wake().evaluate("chrome.storage.local.get()")
    assert kept.keys() <= {"trouble"}
    world.background.run(started.gateway.wiped())  # nobody is left to tell: d2f would end
    started.stop()
    assert not world.folder.exists()


def test_the_person_has_it_forget_everything(browser: Browser, started: Started, world: World) -> None:
    begin(browser).click("#hand")
    browser.log_in()
    started.stop()
    browser.open(f"https://movie.douban.com/people/{world.person.address}/collect")
    expect(browser.click_button().locator("#result")).to_contain_text("waiting")
    assert held(browser)["pages"] == 1
    options = browser.extension_page("options/options.html")
    options.on("dialog", lambda dialog: dialog.accept())
    options.click("#forget")
    expect(options.locator("#forget-result")).to_contain_text("Forgotten")
    assert held(browser) == {"keep": 0, "waiting": 0, "pages": 0}


def held(browser: Browser) -> dict[str, int]:
    """How much lies in the extension's database."""
    return browser.wake().evaluate(
        """() => new Promise((resolve) => {
            indexedDB.open("d2f").onsuccess = ({ target: { result: db } }) => {
                const found = {};
                const tx = db.transaction([...db.objectStoreNames]);
                for (const name of db.objectStoreNames) {
                    tx.objectStore(name).count().onsuccess = ({ target }) => { found[name] = target.result; };
                }
                tx.oncomplete = () => { db.close(); resolve(found); };
            };
        })"""
    )
