"""Text of others on our own pages: whatever Douban, Feishu or a browser calls things, no script runs and no link is one."""

import html
import itertools
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import ConsoleMessage, Page

from gateway.demo import walk
from gateway.model import Medium
from gateway.owner_sessions import new_login_link
from gateway.sandbox.feishu import Fault
from gateway.sandbox.person import Person
from gateway.visitor import Extension
from tests.attack.conftest import Attacks
from tests.browser.conftest import Browser
from tests.browser.test_main_path import done, result
from tests.support import Started, World
from tests.test_push import faulty

BAD_CELL, WRONG_BODY = 1254060, 9499
"""What Feishu calls a row's fault, and one of ours."""
POISON = (
    "<script>window.pwned=1</script>",
    '"><img src=x onerror=window.pwned=1>',
    "' onmouseover='window.pwned=1",
    "javascript:window.pwned=1",
    "</title></script><svg onload=window.pwned=1>",
    "<a href=javascript:window.pwned=1>x</a>",
    "{{7*7}}${7*7}<%= 7*7 %>",
)
FOUND = """() => {
  const found = [];
  if (window.pwned) found.push("a script ran");
  for (const open of document.querySelectorAll("details")) open.open = true;
  for (const each of document.querySelectorAll("*"))
    for (const { name, value } of each.attributes)
      if (name.startsWith("on") || /^\\s*(javascript|data|vbscript):/i.test(value) && ["href", "src", "action", "formaction"].includes(name))
        found.push(`<${each.localName} ${name}=${value}>`);
  for (const script of document.scripts)
    if (!script.src && script.type !== "application/json") found.push(script.outerHTML.slice(0, 80));
  if (document.querySelector("main img[src=x], svg[onload]")) found.push("an element of theirs");
  return found;
}"""
"""Opens what is folded, and tells what should not be there."""


def poisoned(person: Person) -> None:
    """Every word of the person's, and of what they marked, is an attack."""
    poison = itertools.cycle(POISON)

    def spoilt(value: Any) -> Any:
        if isinstance(value, str):
            return next(poison)
        return (next(poison),) if value and type(value) is tuple else value  # whatever else the shape has

    keep = {
        "key",
        "kind",
        "account",
        "subject",
        "mark_id",
        "status",
    }
    for entry in person.marks:
        for name in ("subject", "mark"):
            whole: Any = getattr(entry, name)
            changes = {
                each: spoilt(getattr(whole, each)) for each in whole.__struct_fields__ if each not in keep
            }
            setattr(entry, name, msgspec.structs.replace(whole, **changes))
    person.name = POISON[1]


class Watched:
    """A page that remembers what it was refused, what it threw and what it asked."""

    def __init__(self, page: Page) -> None:
        self.page, self.wrong = page, list[str]()
        page.on("console", self._told)
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("dialog", lambda dialog: self.wrong.append(dialog.message))

    def _told(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text or "pwned" in message.text:
            self.wrong.append(message.text)

    def look(self, url: str) -> list[str]:
        self.wrong.clear()
        self.page.goto(url)
        return self.page.evaluate(FOUND) + self.wrong


@pytest.fixture
def started(world: World) -> Started:
    """All that is stored comes of others: marks, accounts, names of browsers, of tables and of columns, failures."""
    poisoned(world.person)
    world.douban.others.append(stranger := world.add_stranger())
    poisoned(stranger)
    name = POISON[1]
    world.app_token = world.background.call(
        lambda: world.feishu.add_base(name, collaborators={"cli_a1b2c3d4e5f60708": "edit"})
    )
    started = world.start()
    for poison in POISON:
        browser = Extension(started.owner.call("POST", "/api/v1/pairing").json()["code"], name=poison)
        browser.capture(f"https://movie.douban.com/{poison}", poison.encode())
    world.background.run(walk(world.person, world.visitor, started.pair()))
    faulty(
        started, Fault("record.batch_create", "refused", 12, code=BAD_CELL, message=f"of a row: {POISON[1]}")
    )
    assert started.connect().status == 200
    assert started.settled().failed
    world.background.call(world.feishu.faults.clear)
    return started


def without_access(world: World) -> None:
    world.share(None)


def refused(world: World) -> None:
    """In Feishu's words, which are anybody's who answers in its place."""
    fault = Fault("record.search", "refused", 99, code=WRONG_BODY, message=f"of all: {POISON[4]}")
    world.background.call(lambda: world.feishu.faults.append(fault))


def spoil_feishu(started: Started, end: Callable[[World], None]) -> None:
    """Tables and columns have other names, and nothing more can be written: that is told, too."""
    world = started.world

    def rename() -> None:
        for number, table in enumerate(world.feishu.tables(world.app_token)):
            for column, name in zip(("标题", "我的备注", "我的评分"), POISON, strict=False):
                if column in world.feishu.columns(world.app_token, table):
                    world.feishu.rename_field(world.app_token, table, column, name)
            world.feishu.rename_table(world.app_token, table, f"{POISON[1]}{number}")

    world.background.call(rename)
    end(world)
    for way in ("push", "check"):
        started.owner.call("POST", f"/api/v1/{way}")
        assert started.settled().problem


def pages(started: Started) -> list[str]:
    marks = started.owner.call("GET", "/api/v1/marks").json()["marks"]
    of_marks = [f"/marks/{each['subject']['medium']}/{each['subject']['id']}" for each in marks[:12]]
    queries = [
        f"/marks?query={'%22%3E%3Cimg src=x onerror=window.pwned=1%3E'}",
        "/?account=%22%3E%3Cscript%3E",
        "/login?key=%3Cscript%3E",
        "/nowhere/%3Cscript%3E",
        "/renew?to=javascript:window.pwned=1",
        "/feishu/callback?error=%3Cscript%3E&state=%3Cscript%3E",
    ]
    return ["/", "/marks", "/audit", *of_marks, *queries]


@pytest.mark.parametrize(("language", "end"), [("zh", without_access), ("en", refused)])
def test_no_word_of_others_runs(
    chrome: Chromium, started: Started, attacks: Attacks, language: str, end: Callable[[World], None]
) -> None:
    gateway = started.gateway
    dashboard = gateway.settings.dashboard.rstrip("/")
    watched = Watched(chrome.new_context(locale=language).new_page())
    watched.page.goto(started.world.background.call(lambda: new_login_link(gateway.store, gateway.settings)))
    watched.page.goto(f"{dashboard}/?lang={language}")
    failed = started.owner.call("GET", "/api/v1/overview").json()["failures"][0]
    key = failed["key"]["subject"]
    for path in ("/", f"/marks/{key['medium']}/{key['id']}"):
        attacks.held(not (found := watched.look(dashboard + path)), path, found)
        assert f"of a row: {POISON[1]}" in html.unescape(watched.page.content()), (
            "Feishu's words are not shown"
        )
    spoil_feishu(started, end)
    for path in pages(started):
        attacks.held(not (found := watched.look(dashboard + path)), path, found)
    watched.page.goto(dashboard)
    assert (f"of all: {POISON[4]}" in html.unescape(watched.page.content())) is (end is refused)
    watched.page.context.close()


def test_the_popup_runs_nothing(browser: Browser, world: World, attacks: Attacks) -> None:
    poisoned(world.person)
    started = world.start()
    assert started.connect().status == 200
    browser.log_in()
    browser.pair(started)
    browser.open(done(world, Medium.MOVIE))
    popup = browser.click_button()
    result(popup)
    attacks.held(not (found := popup.evaluate(FOUND)), "popup", found)
    options = browser.extension_page("options/options.html")
    options.wait_for_selector("#checks li")
    attacks.held(not (found := options.evaluate(FOUND)), "options", found)
