"""sec.douban.com: proof of work. The smallest number that gives a hash with four leading zeros opens the door."""

from hashlib import sha512
from urllib.parse import parse_qsl

from gateway.sandbox.douban.pages import render
from gateway.sandbox.http import Request, Response, html, redirect

CHALLENGE = "c3" * 32
DIFFICULTY = 4
"""Hexadecimal zeros; Douban's own number."""


def door(request: Request) -> tuple[Response, bool]:
    """The page with the form, or the way back for who solved it; and whether it was solved."""
    form = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
    if request.method == "POST" and solved(form.get("cha", ""), form.get("sol", "")):
        return redirect(form.get("red", "https://www.douban.com/"), ("dbsawcv1=simulated; path=/",)), True
    back = request.param("r", "https://www.douban.com/")
    return html(render("challenge.html", back=back, challenge=CHALLENGE, difficulty=DIFFICULTY)), False


def solved(challenge: str, solution: str) -> bool:
    digest = sha512((challenge + solution).encode()).hexdigest()
    return challenge == CHALLENGE and digest.startswith("0" * DIFFICULTY)
