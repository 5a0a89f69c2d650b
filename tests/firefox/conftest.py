"""The person's Firefox, with the real extension, on a simulated Douban that it takes for a public https site."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.extension import extension_folder
from tests import firefox
from tests.browser.conftest import Site, authority, site, started
from tests.firefox.bidi import Firefox
from tests.support import Started

__all__ = ["authority", "site", "started"]  # fixtures of the browser tests

_ID = "{7a0d2f1e-5b1c-4c8e-9d2f-64756f62616e}"
_STOP = """(id) => {
    const { extension } = WebExtensionPolicy.getByID(id);
    return extension.terminateBackground({ disableResetIdleForTest: true }).then(() => extension.backgroundState);
}"""
_COMPLAINTS = """(host) => {
    const said = Services.console.getMessageArray().map(String).filter((each) => each.includes(`moz-extension://${host}/`));
    // Not what a page that is closed, or stopped, leaves behind: IndexedDB does all of a transaction or nothing.
    const unfinished = /after context unloaded|transaction that was not yet complete has been aborted due to page navigation/;
    return said.filter((each) => !unfinished.test(each));
}"""
"""What Firefox finds wrong with the extension: errors, and uses of what it lacks or is about to lose."""
_FORBID = """(id, origins) => {
    const { ExtensionPermissions } = ChromeUtils.importESModule("resource://gre/modules/ExtensionPermissions.sys.mjs");
    Services.prefs.setBoolPref("extensions.webextOptionalPermissionPrompts", false); // when asked, it is given
    return ExtensionPermissions.remove(id, { permissions: [], origins }, WebExtensionPolicy.getByID(id).extension);
}"""
_HELD = """() => new Promise((resolve) => {
    indexedDB.open("d2f").onsuccess = ({ target: { result: db } }) => {
        const held = {};
        const transaction = db.transaction([...db.objectStoreNames]);
        for (const name of db.objectStoreNames) {
            transaction.objectStore(name).count().onsuccess = ({ target }) => { held[name] = target.result; };
        }
        transaction.oncomplete = async () => {
            db.close();
            const { local, session } = chrome.storage;
            resolve({ ...held, local: await local.get(), session: await session.get(), alarms: await chrome.alarms.getAll() });
        };
    };
})"""


class Browser:
    """The person's browser: a Firefox as it is for one test, with the extension just installed."""

    def __init__(self, fox: Firefox, site: Site, started: Started, folder: Path) -> None:
        """Its extension looks for the gateway where this one is."""
        self.firefox, self.site = fox, site
        shutil.copytree(extension_folder(), folder)
        place = folder / "background" / "gateway.js"
        usual, script = "USUAL_PORT = 8377", place.read_text("utf-8")
        assert usual in script
        place.write_text(script.replace(usual, f"USUAL_PORT = {started.port}"), "utf-8")
        fox.inside(
            """(port) => {
                Services.prefs.setStringPref("network.socket.forcePort", `443=${port}`);
                Services.obs.notifyObservers(null, "net:cancel-all-connections");
                Services.prefs.setStringPref("network.lna.address_space.public.override", `127.0.0.1:${port}`);
            }""",
            site.port,
        )
        fox("webExtension.install", extensionData={"type": "path", "path": str(folder)})
        self._host = fox.inside("(id) => WebExtensionPolicy.getByID(id).mozExtensionHostname", _ID)
        self.page = fox.new_tab()
        self.eye = self.extension_page("options/options.html", behind=True)
        """Sees what the extension holds."""

    def leave(self) -> None:
        """Nothing of the test stays."""
        kept = self.firefox.new_tab()
        for tab in self.firefox.tabs():
            if tab != kept:
                self.firefox("browsingContext.close", context=tab)
        self.firefox("webExtension.uninstall", extension=_ID)
        self.firefox("storage.deleteCookies")
        self.firefox.forget()
        assert self.firefox.inside(_COMPLAINTS, self._host) == []

    def open(self, url: str) -> None:
        """In the tab that the person looks at."""
        self.firefox("browsingContext.activate", context=self.page)
        self.firefox.open(self.page, url)

    def extension_page(self, path: str, *, behind: bool = False) -> str:
        return self.firefox.new_tab(f"moz-extension://{self._host}/{path}", behind=behind)

    def log_in(self) -> None:
        """To Douban, the way its own cookies lie in a browser."""
        for name, value in self.site.world.person.cookies.items():
            secret = name == "dbcl2"
            cookie = {"name": name, "value": {"type": "string", "value": value}, "domain": ".douban.com"}
            self.firefox("storage.setCookie", cookie={**cookie, "httpOnly": secret, "secure": secret})

    def ask(self, what: str, **about: Any) -> Any:
        """Asks the event page as the extension's own pages do; returns its reply."""
        send = "(message) => chrome.runtime.sendMessage(message).then(({ reply }) => reply)"
        return self.firefox.run(self.eye, send, {"what": what, **about})

    def paste(self, code: str) -> str:
        """Pastes a code into the options page; returns what it says to that."""
        options = self.extension_page("options/options.html")
        self.firefox.run(options, "(code) => { document.querySelector('#code').value = code; }", code)
        answered = "['good', 'bad'].includes(document.querySelector('#pair-result').dataset.tone)"
        return self.firefox.click(options, "#pair", answered)

    def click_button(self) -> str:
        """Clicks the extension's button. The popup is opened as a tab of its own, which is returned."""
        self.firefox("browsingContext.activate", context=self.page)
        tab = self.firefox.run(self.eye, "() => chrome.tabs.query({ active: true }).then(([tab]) => tab.id)")
        return self.extension_page(f"popup/popup.html?tab={tab}")

    def held(self) -> Any:
        """What the extension keeps: how much in each store of its database, its settings, its alarms."""
        return self.firefox.run(self.eye, _HELD)

    def forbid(self, *origins: str) -> None:
        """What Firefox lets a person do in its list of add-ons: the extension may not go there any more."""
        self.firefox.inside(_FORBID, _ID, origins)

    def stop_background(self) -> str:
        """What Firefox does to an idle event page; returns the state that it is then in."""
        return self.firefox.inside(_STOP, _ID)


@pytest.fixture(scope="package")
def one_firefox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    path = firefox.find()
    if path is None:
        pytest.skip("no Firefox here: install `firefox-esr`, or name one in D2F_FIREFOX")
    with contextlib.closing(Firefox(path, tmp_path_factory.mktemp("firefox") / "profile")) as one:
        if not one.opens_itself:
            pytest.skip("this Firefox cannot be prepared for tests: a newer one is needed, such as 153")
        yield one


@pytest.fixture
def fox(one_firefox: Firefox, site: Site, started: Started, tmp_path: Path) -> Iterator[Browser]:
    fox = Browser(one_firefox, site, started, tmp_path / "extension")
    yield fox
    fox.leave()
