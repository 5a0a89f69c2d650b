"""Firefox's own WebDriver BiDi, spoken as it is: commands in JSON over a WebSocket."""

import os
import subprocess
import threading
from pathlib import Path
from typing import Any

from msgspec import json
from websockets.sync.client import connect

WAIT = 20
"""Seconds after which what never comes fails the test."""
_PREFERENCES = {
    "browser.cache.disk.enable": False,
    "dom.ipc.keepProcessesAlive.extension": 1,
    "dom.ipc.processPrelaunch.enabled": False,
    "intl.locale.requested": "en-US",
    "network.dns.forceResolve": "127.0.0.1",
    "network.proxy.no_proxies_on": ".douban.com",
    "network.proxy.ssl": "127.0.0.1",
    "network.proxy.ssl_port": 1,
    "network.proxy.type": 1,
}
"""Of Douban there is this machine alone; whatever else Firefox would like to call is not answered."""
_UNTIL = """(condition, patience, clicked) => new Promise((resolve, reject) => {
    const holds = new Function(`return ${condition}`);
    const look = () => holds() && resolve(document.body.innerText);
    new MutationObserver(look).observe(document, { attributes: true, characterData: true, childList: true, subtree: true });
    setTimeout(() => reject(new Error(document.body.innerText)), patience * 1000);
    if (clicked) document.querySelector(clicked).click();
    look();
})"""

_MIDDLE = """(selector) => {
    const element = document.querySelector(selector);
    element.scrollIntoView({ block: "center" });
    const { x, y, width, height } = element.getBoundingClientRect();
    return [Math.round(x + width / 2), Math.round(y + height / 2)];
}"""


class Firefox:
    """One that runs, with a profile of its own. Its tabs are named by their ids."""

    def __init__(self, path: str, profile: Path) -> None:
        profile.mkdir()
        lines = [f"user_pref({_text(name)}, {_text(value)});" for name, value in _PREFERENCES.items()]
        (profile / "user.js").write_text("\n".join(lines), "utf-8")
        command = [
            path,
            "--headless",
            "--no-remote",
            "--profile",
            str(profile),
            "--remote-debugging-port",
            "0",
        ]
        command.append("--remote-allow-system-access")
        small = {**os.environ, "MOZ_HEADLESS_WIDTH": "600", "MOZ_HEADLESS_HEIGHT": "400"}
        self._process = subprocess.Popen(command, env=small, stderr=subprocess.PIPE, text=True)
        assert self._process.stderr
        self._said = self._process.stderr
        address = next(line for line in self._said if "listening on" in line).split()[-1]
        self._drain = threading.Thread(target=self._said.read, daemon=True)
        self._drain.start()
        self._socket = connect(f"{address}/session", max_size=None)
        self._calls, self._events = 0, list[Any]()
        wanted = {"acceptInsecureCerts": True, "unhandledPromptBehavior": {"default": "accept"}}
        self("session.new", capabilities={"alwaysMatch": wanted})
        self("session.subscribe", events=["browsingContext.load"])
        self._window = self("browsingContext.getTree", **{"moz:scope": "chrome"})["contexts"][0]["context"]

    def __call__(self, method: str, **parameters: Any) -> Any:
        """A command of the protocol; returns its result."""
        self._calls += 1
        self._socket.send(_text({"id": self._calls, "method": method, "params": parameters}))
        while (said := json.decode(self._socket.recv(WAIT + 10))).get("id") != self._calls:
            self._events.append(said)
        assert said["type"] == "success", said
        return said["result"]

    def close(self) -> None:
        self("browser.close")
        self._socket.close()
        self._process.wait()
        self._drain.join()
        self._said.close()

    def run(self, tab: str, script: str, *values: Any, clicked: bool = False) -> Any:
        """Calls a function in a tab; what it is given and what it returns is plain data."""
        done = self(
            "script.callFunction",
            functionDeclaration=f"async (given) => JSON.stringify(await ({script})(...JSON.parse(given)))",
            arguments=[{"type": "string", "value": _text(values)}],
            target={"context": tab},
            awaitPromise=True,
            userActivation=clicked,
        )
        assert done["type"] == "success", done["exceptionDetails"]["text"]
        value = done["result"].get("value")
        return None if value is None else json.decode(value)

    def inside(self, script: str, *values: Any) -> Any:
        """The same in the window around the tabs, where a script may do what Firefox may."""
        return self.run(self._window, script, *values)

    @property
    def opens_itself(self) -> bool:
        """Whether scripts run ``inside``. Seen: 153 does; 140 knows the window, and gives it a page's rights."""
        return self.inside("() => typeof Services !== 'undefined'")

    def new_tab(self, url: str = "about:blank", *, behind: bool = False) -> str:
        tab: str = self("browsingContext.create", type="tab", background=behind)["context"]
        return self.open(tab, url)

    def open(self, tab: str, url: str) -> str:
        self("browsingContext.navigate", context=tab, url=url, wait="complete")
        return tab

    def opened(self, url: str) -> str:
        """Waits until a tab has loaded what begins with ``url``; returns it."""
        while True:
            for event in self._events:
                if event["params"]["url"].startswith(url):
                    self._events.remove(event)
                    return event["params"]["context"]
            self._events.append(json.decode(self._socket.recv(WAIT)))

    def until(self, tab: str, condition: str) -> str:
        """Waits until it holds in the tab; returns what its page then says."""
        return self.run(tab, _UNTIL, condition, WAIT, None)

    def click(self, tab: str, selector: str, condition: str = "true") -> str:
        """The person clicks on what they see, and waits as in ``until``; it counts as their click for so long.

        Made by script, as a page may still grow. What asks for a permission wants the mouse: see ``press``.
        """
        self.until(tab, f"document.querySelector('{selector}')?.checkVisibility()")
        return self.run(tab, _UNTIL, condition, WAIT, selector, clicked=True)

    def press(self, tab: str, selector: str) -> None:
        """The same with the mouse, in a page that has come to rest."""
        self("browsingContext.activate", context=tab)
        x, y = self.run(tab, _MIDDLE, selector)
        steps = [{"type": "pointerMove", "x": x, "y": y}, {"type": "pointerDown", "button": 0}]
        mouse = {"type": "pointer", "id": "mouse", "actions": [*steps, {"type": "pointerUp", "button": 0}]}
        self("input.performActions", context=tab, actions=[mouse])

    def tabs(self) -> list[str]:
        return [each["context"] for each in self("browsingContext.getTree")["contexts"]]

    def forget(self) -> None:
        """Nothing that tabs have loaded is waited for any more."""
        self._events.clear()


def _text(value: Any) -> str:
    return json.encode(value).decode()
