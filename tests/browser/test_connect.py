"""Connecting a Bitable on the dashboard: the three ways in, layouts, a table of the person's own, limits."""

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from gateway.shelves import SHELVES, Layout
from tests.browser.conftest import WAIT, open_dashboard
from tests.support import APP_ID, APP_SECRET, Started, World
from tests.test_existing_table import NAMES, OWN, Theirs
from tests.test_push import fill

expect.set_options(timeout=WAIT)


@pytest.fixture
def started(world: World) -> Started:
    return world.start()


@pytest.fixture
def page(chrome: Browser, started: Started) -> Page:
    return open_dashboard(chrome, started)


def token(world: World) -> str:
    return world.background.call(lambda: world.feishu.personal_token(world.app_token))


def overview(started: Started) -> Any:
    return started.owner.call("GET", "/api/v1/overview").json()


def enter(page: Page, way: str, **fields: str) -> None:
    """Fills the form in and sends it."""
    page.check(f"[name=way][value={way}]")
    for name, value in fields.items():
        page.fill(f"#feishu [name={name}]", value)
    page.click("#connect")


def register(started: Started) -> None:
    """What the person does in the developer's console, as the page tells them to."""
    feishu, back = started.world.feishu, started.gateway.settings.feishu_return
    scopes = ("bitable:app", "drive:drive", "wiki:wiki", "wiki:wiki:readonly", "offline_access")
    feishu.add_app(APP_ID, APP_SECRET, scopes=scopes, redirects=(back,))


def connected(page: Page, name: str) -> None:
    expect(page.locator("#bitable")).to_have_class("done")
    expect(page.locator("#bitable summary")).to_contain_text(name)


def test_by_personal_base_token(page: Page, world: World) -> None:
    """The easiest way is the one that is chosen already."""
    assert page.is_checked("[name=way][value=base]")
    enter(page, "base", base_token=token(world), address=world.address)
    connected(page, "豆瓣标记")
    assert token(world) not in page.content()


def test_by_an_app(page: Page, started: Started, world: World) -> None:
    enter(page, "app", app_id=APP_ID, app_secret=APP_SECRET, address=world.address)
    connected(page, "豆瓣标记")
    kept = overview(started)["feishu"]
    assert (kept["way"], kept["app_id"]) == ("app", APP_ID)


def test_by_log_in(page: Page, started: Started, world: World) -> None:
    """A new Bitable in the person's own space; what they must enter in the console is what is asked for."""
    page.check("[name=way][value=user]")
    told = page.locator("#feishu dl code").all_inner_texts()
    register(started)
    with page.expect_request(re.compile("/authorize")) as asked:
        enter(page, "user", app_id=APP_ID, app_secret=APP_SECRET)
    query = parse_qs(urlsplit(asked.value.url).query)
    assert told == [*query["scope"][0].split(), query["redirect_uri"][0]]
    page.click("#approve")
    expect(page.locator("h1")).to_have_text("已登录飞书")
    page.click("a.button")
    connected(page, "豆瓣标记")
    page.click("#bitable summary")
    made = page.input_value("[name=address]")
    assert made.rsplit("/", 1)[1] in world.feishu.bases
    assert world.app_token not in made
    expect(page.locator("#connect")).to_have_text("检查并连接")  # logged in: no need to do it again
    expect(page.locator("#log-in")).to_be_visible()


def test_a_log_in_that_they_refuse(page: Page, started: Started) -> None:
    register(started)
    enter(page, "user", app_id=APP_ID, app_secret=APP_SECRET)
    page.click("#deny")
    expect(page.locator("h1")).to_have_text("没有登录飞书")
    page.click("a.button")
    expect(page.locator("#connect")).to_have_text("登录飞书")
    assert page.input_value("[name=app_id]") == APP_ID


def test_a_log_in_that_has_ended(page: Page, started: Started, world: World) -> None:
    register(started)
    enter(page, "user", app_id=APP_ID, app_secret=APP_SECRET)
    page.click("#approve")
    page.click("a.button")
    world.background.call(world.feishu.revoke_logins)
    page.click("#bitable summary")
    page.click("#connect")
    expect(page.locator("#feishu .problem")).to_contain_text("飞书登录已失效")
    expect(page.locator("#connect")).to_have_text("登录飞书")
    page.click("#connect")
    page.click("#approve")
    page.click("a.button")
    connected(page, "豆瓣标记")


def test_a_secret_that_is_wrong_at_the_log_in(page: Page, started: Started) -> None:
    register(started)
    enter(page, "user", app_id=APP_ID, app_secret="wrong")
    page.click("#approve")
    expect(page.locator("main")).to_contain_text("App Secret 不对")
    page.click("a.button")
    enter(page, "user", app_secret=APP_SECRET)
    page.click("#approve")
    expect(page.locator("h1")).to_have_text("已登录飞书")


def test_a_callback_that_nobody_asked_for(page: Page, started: Started) -> None:
    page.goto(f"{started.origin}/feishu/callback?state=x&code=y")
    expect(page.locator("h1")).to_have_text("没有登录飞书")
    page.click("a.button")
    expect(page.locator("#feishu")).to_be_visible()  # the log-in to the dashboard outlives the way around


@pytest.mark.parametrize(
    ("way", "fields", "words", "field"),
    [
        ("base", {"base_token": "pt-wrong"}, "授权码不对", "base_token"),
        ("app", {"app_id": APP_ID, "app_secret": "wrong"}, "App Secret 不对", "app_secret"),
        ("app", {"app_id": APP_ID, "app_secret": APP_SECRET, "address": "https://example.org/"}, "不像", "address"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_where_it_is(
    page: Page, world: World, way: str, fields: dict[str, str], words: str, field: str
) -> None:
    enter(page, way, **({"address": world.address} | fields))
    problem = page.locator("#feishu .problem")
    expect(problem).to_contain_text(words)
    expect(page.locator(f"#feishu [name={field}]")).to_be_focused()
    expect(page.locator(f"#feishu [name={field}]")).to_have_attribute("aria-invalid", "true")
    page.check("[name=way][value=base]" if way != "base" else "[name=way][value=app]")
    expect(problem).to_be_hidden()


def test_a_redirect_that_the_app_does_not_know(page: Page) -> None:
    """Feishu says it on a page of its own; going back finds what was entered."""
    enter(page, "user", app_id=APP_ID, app_secret=APP_SECRET)
    expect(page.locator("h1")).to_have_text("无法授权")
    page.go_back()
    assert page.input_value("[name=app_id]") == APP_ID


def test_a_table_for_each_kind(page: Page, started: Started, world: World) -> None:
    fill(started)
    page.check("[name=layout][value=kinds]")
    enter(page, "base", base_token=token(world), address=f"{world.address}?table=tblAnotherTable1&view=vew1")
    connected(page, "6 张表")
    started.settled()
    page.reload()
    links = page.locator(".tables a")
    assert links.all_inner_texts() == [shelf.titles.zh for shelf in SHELVES[Layout.KINDS]]
    assert world.feishu.tables(world.app_token).keys() >= set(links.all_inner_texts())
    books = sum(entry.key.medium == "book" for entry in world.person.marks)
    expect(page.locator(".tables li").first).to_contain_text(f"{books} 行")


def test_columns_of_a_table_of_their_own(page: Page, started: Started, world: World) -> None:
    theirs = Theirs(started)
    fill(started)
    page.fill("[name=address]", theirs.address)
    page.check("[name=place][value=this]")
    expect(page.locator("#layouts")).to_be_hidden()
    enter(page, "base", base_token=token(world))
    expect(page.locator("#columns h4")).to_have_text(f"“{OWN}”里，哪一列放什么")
    expect(page.locator("#columns h4")).to_be_focused()

    def shown(key: str) -> str:
        return page.locator(f"#column-{key} option:checked").inner_text()

    assert {key: shown(key) for key in ("title", "rating", "comment", "status", "genres", "subject_id")} == {
        "title": "名称", "rating": "评分", "comment": "短评", "status": "状态", "genres": "不写", "subject_id": "新建一列",
    }  # fmt: skip
    expect(page.locator("#column-marked_on-help")).to_contain_text("“日期”是文本列")
    assert page.locator("#column-subject_id option[value='']").count() == 0
    taken = page.locator("#column-title option", has_text="短评")
    assert taken.is_disabled()  # by the comment
    page.select_option("#column-comment", label="心情")
    assert not taken.is_disabled()

    page.select_option("#column-year", "new")
    page.click("#columns .actions button >> nth=0")
    connected(page, OWN)
    page.click("#accept button")  # it had a row
    expect(page.locator("h1")).to_contain_text("个标记已在飞书")
    assert started.settled().state == "idle"
    assert list(world.feishu.columns(world.app_token, OWN)) == [*NAMES, "年份", "Subject ID"]
    rows = world.rows(OWN)
    assert rows.pop(theirs.record) == theirs.row
    assert len(rows) == len(world.person.marks)

    page.click("#bitable summary")  # the next time it is as they left it
    page.click("#connect")
    expect(page.locator("#columns")).to_be_visible()
    assert {key: shown(key) for key in ("comment", "year", "subject_id", "genres")} == {
        "comment": "心情", "year": "年份", "subject_id": "Subject ID", "genres": "不写",
    }  # fmt: skip


def test_a_table_of_their_own_for_books(page: Page, started: Started, world: World) -> None:
    theirs = Theirs(started)
    page.fill("[name=address]", theirs.address)
    page.check("[name=place][value=this]")
    enter(page, "base", base_token=token(world))
    page.select_option("[name=shelf]", "book")
    expect(page.locator("#column-authors")).to_be_visible()
    page.click("#fill")
    assert page.locator("#columns .mapping option:checked", has_text="不写").count() == 0
    page.click("#back")
    expect(page.locator("#columns")).to_be_hidden()
    page.click("#connect")
    assert page.locator("[name=shelf]").input_value() == "book"
    page.click("#columns .actions button >> nth=0")
    connected(page, OWN)
    assert overview(started)["feishu"]["shelf"] == "book"


def test_columns_after_a_log_in(page: Page, started: Started) -> None:
    """Back from Feishu the question that is open is asked."""
    theirs = Theirs(started)
    register(started)
    page.fill("[name=address]", theirs.address)
    page.check("[name=place][value=this]")
    enter(page, "user", app_id=APP_ID, app_secret=APP_SECRET)
    page.click("#approve")
    page.click("a.button")
    expect(page.locator("#columns h4")).to_contain_text(OWN)
    page.click("#columns .actions button >> nth=0")
    connected(page, OWN)


def test_columns_that_are_refused(page: Page, started: Started, world: World) -> None:
    """The person changed a column while they chose."""
    theirs = Theirs(started)
    page.fill("[name=address]", theirs.address)
    page.check("[name=place][value=this]")
    enter(page, "base", base_token=token(world))
    expect(page.locator("#columns")).to_be_visible()
    world.background.call(lambda: world.feishu.retype_field(world.app_token, OWN, "短评", 2))
    page.click("#columns .actions button >> nth=0")
    expect(page.locator("#columns .problem")).to_contain_text("短评")


def test_limits_and_what_the_calls_were_for(page: Page, started: Started, world: World) -> None:
    enter(page, "base", base_token=token(world), address=world.address)
    connected(page, "豆瓣标记")
    started.settled()
    budget = started.gateway.budget
    world.background.call(lambda: [budget.count("covers") for _ in range(95)])
    page.click(".calls summary")
    page.fill("[name=month]", "100")
    page.fill("[name=covers]", "40")
    page.click("#limits button")
    expect(page.locator("#limits [role=status]")).to_have_text("已保存")
    assert overview(started)["limits"] == {"month": 100, "covers": 40}
    expect(page.locator("#calls-now")).to_contain_text("封面 95")
    expect(page.locator("#calls-sum")).to_contain_text("/ 100")
    expect(page.locator("#state .note")).to_contain_text("封面先停下")
    page.fill("[name=month]", "12")
    page.click("#limits button")
    assert not page.locator("[name=month]").evaluate("field => field.validity.valid")
    assert overview(started)["limits"]["month"] == 100


def test_the_focus_stays_where_it_is(page: Page, started: Started, world: World) -> None:
    """The numbers change under it."""
    enter(page, "base", base_token=token(world), address=world.address)
    connected(page, "豆瓣标记")
    page.click(".calls summary")
    before = page.locator("#calls-sum").inner_text()
    url = f"https://music.douban.com/people/{world.person.id}/collect"
    started.pair().capture(url, world.visitor.open(url).body)
    expect(page.locator("#calls-sum")).not_to_have_text(before)
    expect(page.locator(".calls summary")).to_be_focused()
    expect(page.locator("#limits")).to_be_visible()


def test_every_control_has_a_label(page: Page, started: Started, world: World) -> None:
    theirs = Theirs(started)
    page.fill("[name=address]", theirs.address)
    page.check("[name=place][value=this]")
    enter(page, "base", base_token=token(world))
    expect(page.locator("#columns")).to_be_visible()
    bare = page.evaluate("""() => [...document.querySelectorAll("input, select")]
        .filter((field) => !field.labels.length || !field.labels[0].textContent.trim()).map((field) => field.name)""")
    assert bare == []


def test_by_keyboard_alone(page: Page, world: World) -> None:
    page.focus("[name=way][value=base]")
    page.keyboard.press("ArrowRight")
    expect(page.locator("[name=app_id]")).to_be_visible()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Tab")
    page.keyboard.type(token(world))
    page.keyboard.press("Tab")
    page.keyboard.type(world.address)
    page.keyboard.press("Enter")
    connected(page, "豆瓣标记")


def test_no_secret_gets_into_an_address(chrome: Browser, started: Started, world: World) -> None:
    """The browser sends no form by itself while the page's script is not there."""
    page = open_dashboard(chrome, started)
    page.route("**/static/*.js", lambda route: route.abort())
    page.reload()
    page.fill("[name=base_token]", token(world))
    page.fill("[name=address]", world.address)
    page.press("[name=address]", "Enter")
    expect(page.locator("#connect")).to_be_disabled()
    assert page.url == started.gateway.settings.dashboard


@pytest.mark.parametrize("width", [320, 375, 1000])
def test_nothing_is_wider_than_the_page(page: Page, started: Started, world: World, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 700})
    wide = "document.documentElement.scrollWidth > innerWidth"
    for way in ("base", "app", "user"):
        page.check(f"[name=way][value={way}]")
        assert not page.evaluate(wide)
    theirs = Theirs(started)
    page.fill("[name=address]", theirs.address)
    page.check("[name=place][value=this]")
    enter(page, "base", base_token=token(world))
    expect(page.locator("#columns")).to_be_visible()
    assert not page.evaluate(wide)


def test_what_does_not_work_is_not_used(page: Page, started: Started, world: World) -> None:
    """The page says which connection is in use, also when it is opened again, and leads back to it."""
    enter(page, "app", app_id=APP_ID, app_secret=APP_SECRET, address=world.address)
    connected(page, "豆瓣标记")
    page.click("#bitable summary")
    enter(page, "base", base_token="pt-wrong")
    expect(page.locator("#feishu .problem")).to_contain_text("授权码不对")
    expect(page.locator("#entered")).to_contain_text("标记仍写进“豆瓣标记”")
    page.reload()
    expect(page.locator("#feishu .problem")).to_contain_text("授权码不对")
    expect(page.locator("#state")).not_to_contain_text("授权码")
    page.click("#entered button")
    expect(page.locator("#entered")).to_be_hidden()
    assert page.locator("[name=way][value=app]").is_checked()
    assert overview(started)["feishu"]["way"] == "app"


def test_a_table_with_rows_is_looked_at_first(page: Page, started: Started, world: World) -> None:
    """What would be written is on the page; nothing is before the person agrees."""
    fill(started)
    theirs = Theirs(started)
    page.fill("[name=address]", theirs.address)
    page.check("[name=place][value=this]")
    enter(page, "base", base_token=token(world))
    page.click("#columns .actions button >> nth=0")
    plan = page.locator("#plan")
    expect(plan.locator("h4")).to_have_text(OWN)
    expect(plan).to_contain_text(f"新建 {len(world.person.marks)} 行")
    expect(plan.locator(".facts")).to_contain_text("原有 1 行")
    assert len(world.rows(OWN)) == 1
    page.click("#accept button")
    expect(page.locator("h1")).to_contain_text("个标记已在飞书")
    started.settled()
    assert len(world.rows(OWN)) == len(world.person.marks) + 1
    page.click("#plan summary")
    expect(plan).to_contain_text("没有要写的")
