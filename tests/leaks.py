"""Walks, and connects by each of the three ways, with errors on the way, in a process of its own that logs all there is.

Prints each secret that was used, a line each, and ``end``; logs go to standard error, replies and the library's files stay in the folder.
"""

import base64
import logging
import sys
from pathlib import Path
from typing import Any

import msgspec
import stamina

from gateway import log
from gateway.keys.keeper import Keeper
from gateway.sandbox.feishu import Fault
from gateway.sandbox.http import Drop
from gateway.visitor import Reply
from tests.support import APP_ID, APP_SECRET, World, background
from tests.test_push import faulty, fill
from tests.test_ways_in import begin, edit_one, follow, say
from tests.walks import Gate, lend, resume, walk

WRONG_SECRET, WRONG_TOKEN = "Wr0ng-app-secret-Wr0ng", "pt-Wr0ngT0kenThatIsN0ne"
NOISE = ("drop_after", "html_502", "truncated", "nonsense", "strange")


class Run:
    """All that was said, and what must not be."""

    def __init__(self, world: World, replies: Path) -> None:
        self.world, self.gate = world, Gate(world)
        self.started = world.start()
        self._replies = replies.open("wb")
        self.secrets = {APP_SECRET, WRONG_SECRET, WRONG_TOKEN}

    def said(self, reply: Reply) -> int:
        self._replies.write(msgspec.json.encode(reply.headers) + reply.body + b"\n")
        self._replies.flush()
        return reply.status

    def look(self) -> None:
        """All that the dashboard shows."""
        self.started.settled()
        for page in ("/", "/api/v1/overview", "/api/v1/notices/", "/api/v1/walks", "/api/v1/nothing"):
            self.said(self.started.owner.call("GET", page))

    def trouble(self) -> None:
        """A change goes out while everything fails in turn."""
        for kind in NOISE:
            faulty(self.started, Fault("*", kind))
            edit_one(self.started)
            self.look()
            self.world.background.call(self.world.feishu.faults.clear)
            self.said(self.started.owner.call("POST", "/api/v1/push"))
        self.look()

    def connect(self, **entered: Any) -> int:
        status = self.said(self.started.connect(**entered))
        self.said(self.started.ask(**entered))
        self.look()
        return status

    def walks(self) -> None:
        """With the log-in of the person's browser: dropped, refused, and to the end."""
        person, douban = self.world.person, self.world.douban
        self.secrets |= {person.dbcl2, person.dbcl2.strip('"')}
        lend(self.started)
        self.gate.act = lambda asked: Drop() if asked == ("book", "done", 0) else None
        assert walk(self.started, "full").state == "waiting"
        self.look()
        self.gate.act = lambda _: None
        douban.blocked = "403"
        assert resume(self.started).state == "stopped"
        douban.blocked = None
        assert resume(self.started).state == "ended"
        assert all(person.dbcl2 in each.headers["cookie"] for each in self.gate.requests)
        self.look()

    def by_base_token(self) -> None:
        token = self.world.background.call(lambda: self.world.feishu.personal_token(self.world.app_token))
        self.secrets.add(token)
        assert self.connect(way="base", base_token=WRONG_TOKEN) >= 400
        assert self.connect(way="base", base_token=token) == 200
        self.trouble()
        self.world.background.call(lambda: self.world.feishu.end_personal_token(self.world.app_token))
        edit_one(self.started)
        self.look()

    def by_app(self) -> None:
        assert self.connect(app_secret=WRONG_SECRET) >= 400
        assert self.connect(app_secret=APP_SECRET) == 200
        self.trouble()
        told = self.world.background.call(lambda: self.world.feishu.apps.token(APP_ID, APP_SECRET))
        self.secrets.add(str(told["tenant_access_token"]))

    def by_login(self) -> None:
        leads = say(begin(self.started), "approve")
        self.secrets.add(leads.partition("code=")[2].partition("&")[0])
        assert self.said(follow(self.started, leads)) == 200
        self.note_tokens()
        self.trouble()
        self.world.ahead = 3 * 3600.0
        self.trouble()
        self.note_tokens()
        self.world.background.call(self.world.feishu.revoke_logins)
        edit_one(self.started)
        self.look()

    def note_tokens(self) -> None:
        kept = self.world.background.call(
            lambda: self.started.gateway.vault.get(f"feishu user_tokens {APP_ID}")
        )
        tokens = msgspec.json.decode(kept or b"{}", type=dict[str, str])
        self.secrets |= {tokens["access"], tokens["refresh"]}


def main(folder: Path) -> None:
    log.configure("debug")
    logging.basicConfig(level=logging.DEBUG)
    stamina.set_testing(True, attempts=8, cap=True)
    with background() as beside:
        world = World(beside, folder / "data")
        run = Run(world, folder / "replies")
        fill(run.started)
        run.walks()
        run.by_base_token()
        run.by_app()
        run.by_login()
        gateway = run.started.gateway
        keeper = Keeper(gateway.store, gateway.settings.key_file)
        key = beside.call(lambda: keeper.open().key)
        run.secrets |= {key.hex(), base64.b64encode(key).decode()}
        for secret in run.secrets:
            sys.stdout.write(f"{secret}\n")
        sys.stdout.write("end\n")
        sys.stdout.flush()
        sys.stdin.readline()  # the library is looked at while it is open


if __name__ == "__main__":
    main(Path(sys.argv[1]))
