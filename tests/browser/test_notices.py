"""Notices on the dashboard: off, by a custom bot, by the app; one to try it, and why none went out."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from gateway.sandbox.feishu.feishu import Fault
from tests.browser.conftest import WAIT, open_dashboard
from tests.support import APP_ID, APP_SECRET, Started, World

expect.set_options(timeout=WAIT)
SECRET = "s3cret-of-the-bot"  # of a simulated bot


@pytest.fixture
def page(chrome: Browser, started: Started) -> Page:
    return unfolded(open_dashboard(chrome, started))


def unfolded(page: Page) -> Page:
    """The gateway answers how it stands each time the section is opened."""
    with page.expect_response("**/api/v1/notices"):
        page.click(".notices summary")
    return page


@pytest.fixture
def webhook(world: World) -> str:
    """Of a bot that checks signatures."""
    return f"https://open.feishu.cn{world.background.call(lambda: world.feishu.add_bot(SECRET))}"


def choose(page: Page, by: str, **fields: str) -> None:
    page.check(f"[name=by][value={by}]")
    for name, value in fields.items():
        page.fill(f"#notices [name={name}]", value)


def save(page: Page) -> None:
    page.click("#notices .actions button >> nth=0")


def send(page: Page) -> None:
    page.click("#notices .actions button >> nth=1")


def said(page: Page, words: str) -> None:
    expect(page.locator("#notices [role=status]")).to_have_text(words)


def kept(started: Started) -> Any:
    return started.owner.call("GET", "/api/v1/notices").json()


def let_the_app_write(world: World) -> str:
    """What the person does in the developer's console. Returns their own e-mail address."""
    scopes = ("bitable:app", "im:message")
    world.background.call(lambda: world.feishu.add_app(APP_ID, APP_SECRET, scopes=scopes))
    (email,) = world.feishu.mailbox.known["email"]
    return email


def test_by_a_bot(page: Page, started: Started, world: World, webhook: str) -> None:
    assert page.is_checked("[name=by][value=off]")
    choose(page, "bot", webhook=webhook, sign=SECRET)
    send(page)
    said(page, "已发出，到飞书里看看")
    (notice,) = world.feishu.mailbox.received
    assert notice.said == "D2F · 通知可以用了。"
    assert webhook.endswith(notice.to)
    expect(page.locator("#notices-now")).to_have_text("群机器人")
    expect(page.locator("#notices [name=webhook]")).to_have_value("")
    expect(page.locator("#notices [name=sign]")).to_have_value("")

    page.reload()
    expect(page.locator("#notices-now")).to_have_text("群机器人")
    unfolded(page)
    for field in ("webhook", "sign"):
        expect(page.locator(f"#notices [name={field}]")).to_have_attribute(
            "placeholder", "已加密保存；留空则不变"
        )
    assert notice.to not in page.content()
    assert SECRET not in page.content()
    page.select_option("[name=said_in]", "en")
    send(page)
    said(page, "已发出，到飞书里看看")
    assert world.feishu.mailbox.received[1].said == "D2F · Notices work."

    choose(page, "off")
    save(page)
    said(page, "已保存")
    expect(page.locator("#notices-now")).to_have_text("关")
    assert kept(started)["setting"]["way"] == "off"


@pytest.mark.parametrize("entered", ["https://open.feishu.cn/app/cli_a1b2", "机器人"])
def test_what_is_no_webhook(page: Page, started: Started, world: World, entered: str) -> None:
    choose(page, "bot", webhook=entered)
    send(page)
    expect(page.locator("#notices .problem")).to_contain_text("这不是自定义机器人的 Webhook 地址")
    field = page.locator("#notices [name=webhook]")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_value(entered)
    assert kept(started)["setting"]["way"] == "off"
    assert world.feishu.mailbox.received == []


def test_what_the_bot_refuses(page: Page, world: World, webhook: str) -> None:
    """A webhook of nobody; then a bot whose secret was not entered, which is asked for."""
    choose(page, "bot", webhook=f"{webhook[:-4]}0000")
    send(page)
    expect(page.locator("#notices .problem")).to_contain_text("机器人")
    expect(page.locator("#notices [name=webhook]")).to_be_focused()
    choose(page, "bot", webhook=webhook)
    send(page)
    expect(page.locator("#notices .problem")).to_contain_text("签名校验")
    expect(page.locator("#notices [name=sign]")).to_be_focused()
    choose(page, "bot", sign=SECRET)
    send(page)
    said(page, "已发出，到飞书里看看")
    expect(page.locator("#notices .problem")).to_be_hidden()
    assert len(world.feishu.mailbox.received) == 1


def test_a_new_webhook_has_a_secret_of_its_own(page: Page, webhook: str) -> None:
    choose(page, "bot", webhook=webhook, sign=SECRET)
    save(page)
    said(page, "已保存")
    sign = page.locator("#notices [name=sign]")
    expect(sign).to_have_attribute("placeholder", "已加密保存；留空则不变")
    choose(page, "bot", webhook="https://")
    expect(sign).to_have_attribute("placeholder", "没有开启签名校验就留空")


def test_by_the_app(page: Page, world: World) -> None:
    email = let_the_app_write(world)
    choose(page, "app", receiver="nobody@example.com")
    send(page)
    expect(page.locator("#notices .problem")).to_contain_text("找不到这个收信人")
    expect(page.locator("#notices [name=receiver]")).to_be_focused()
    choose(page, "app", receiver=email)
    send(page)
    said(page, "已发出，到飞书里看看")
    assert [(notice.by, notice.to) for notice in world.feishu.mailbox.received] == [("app", email)]


def test_the_app_is_gone(page: Page, started: Started, world: World) -> None:
    choose(page, "app", receiver=let_the_app_write(world))
    save(page)
    said(page, "已保存")
    token = world.background.call(lambda: world.feishu.personal_token(world.app_token))
    assert started.connect(way="base", base_token=token).status == 200
    page.reload()
    expect(page.locator("#notices-failed")).to_contain_text("发不出去")
    unfolded(page)
    expect(page.locator("#notices .lacking")).to_contain_text("要用自建应用连接")
    expect(page.locator("#notices .problem")).to_be_hidden()  # it would say the same once more
    expect(page.locator("#notices .actions")).to_be_hidden()
    choose(page, "off")
    save(page)
    said(page, "已保存")
    expect(page.locator("#notices-failed")).to_be_hidden()


def test_why_the_last_one_did_not_go_out(page: Page, started: Started, world: World, webhook: str) -> None:
    """Nobody was looking when it happened."""
    choose(page, "bot", webhook=webhook, sign=SECRET)
    save(page)
    said(page, "已保存")
    world.background.call(lambda: world.feishu.faults.append(Fault("bot.hook", "html_502")))
    started.owner.call("POST", "/api/v1/notices/test")
    page.reload()
    expect(page.locator("#notices-failed")).to_contain_text("发不出去")
    unfolded(page)
    expect(page.locator("#notices .problem")).to_contain_text("上一条没有发出去：飞书")
    send(page)
    said(page, "已发出，到飞书里看看")
    expect(page.locator("#notices-failed")).to_be_hidden()
    expect(page.locator("#notices .problem")).to_be_hidden()


def test_in_english(chrome: Browser, started: Started, world: World, webhook: str) -> None:
    page = unfolded(open_dashboard(chrome, started, "en-US"))
    choose(page, "bot", webhook=webhook, sign=SECRET)
    send(page)
    said(page, "Sent: have a look in Feishu")
    expect(page.locator("#notices-now")).to_have_text("Custom bot")
    assert world.feishu.mailbox.received[0].said == "D2F · Notices work."


def test_first_things_first(chrome: Browser, world: World) -> None:
    """Without a Bitable there is nothing to tell of."""
    page = open_dashboard(chrome, world.start())
    expect(page.locator("#feishu")).to_be_visible()
    expect(page.locator("#notices")).to_have_count(0)


def test_no_secret_gets_into_an_address(page: Page, started: Started, webhook: str) -> None:
    """The browser sends no form by itself while the page's script is not there."""
    choose(page, "bot", webhook=webhook)
    save(page)
    said(page, "已保存")
    page.route("**/static/*.js", lambda route: route.abort())
    page.reload()
    page.click(".notices summary")
    page.fill("#notices [name=webhook]", webhook)
    page.press("#notices [name=webhook]", "Enter")
    expect(page.locator("#notices .actions button >> nth=0")).to_be_disabled()
    assert page.url == started.gateway.settings.dashboard


@pytest.mark.parametrize("width", [320, 375, 1000])
def test_nothing_is_wider_than_the_page(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 700})
    for by in ("off", "bot", "app"):
        page.check(f"[name=by][value={by}]")
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    bare = page.evaluate("""() => [...document.querySelectorAll("#notices input, #notices select")]
        .filter((field) => !field.labels.length || !field.labels[0].textContent.trim()).map((field) => field.name)""")
    assert bare == []
