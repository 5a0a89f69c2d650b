"""The page on which a person agrees that an app may act for them."""

from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from gateway.sandbox.feishu.oauth import Asked
from gateway.sandbox.feishu.world import World
from gateway.sandbox.http import Request, Response, html, redirect

AUTHORIZE_PATH = "/open-apis/authen/v1/authorize"

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, undefined=StrictUndefined
)
_CSP = ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'")


def authorize(world: World, request: Request, *, known: bool) -> Response:
    """GET shows the page; POST with ``decision=approve`` or ``deny`` leads back to the app.

    The real page asks people who are not logged in who they are; here it is always the one person.
    """
    asked = world.logins.asked(request.param) if known else "没有这个应用，或者它已停用 (20048)"
    if isinstance(asked, str):
        page = _TEMPLATES.get_template("login.html").render(mistake=asked, asked=None, person="")
        return html(page, 400, (_CSP,))
    if request.method == "POST":
        decision = parse_qs(request.body.decode(errors="replace")).get("decision", [""])[0]
        return redirect(_back(world, asked, agreed=decision == "approve"))
    short = world.person[-4:]
    page = _TEMPLATES.get_template("login.html").render(mistake="", asked=asked, person=f"用户{short}")
    return html(page, 200, (_CSP,))


def _back(world: World, asked: Asked, *, agreed: bool) -> str:
    said = {"code": world.logins.agree(asked, world.person)} if agreed else {"error": "access_denied"}
    if asked.state:
        said["state"] = asked.state
    joint = "&" if urlsplit(asked.redirect).query else "?"
    return f"{asked.redirect}{joint}{urlencode(said)}"
