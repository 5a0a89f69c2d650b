import assert from "node:assert/strict";
import { test } from "node:test";
import { bytes, code, FILES, MANIFEST, PAGES, SCRIPTS, text } from "./tree.js";

/** What may be used without being asked for. */
const FREE = ["action", "i18n", "permissions", "runtime", "tabs", "windows"];

const used = new Set(SCRIPTS.flatMap((path) => [...code(path).matchAll(/\bchrome\.(\w+)/g)].map(([, api]) => api)));

test("every permission is used, and every API that needs one is declared", () => {
  const needed = [...used].filter((api) => !FREE.includes(api)).sort();
  assert.deepEqual(needed, [...MANIFEST.permissions].sort());
});

test("three hosts: Douban under both schemes, this machine and the dashboard without a port", () => {
  assert.deepEqual(MANIFEST.host_permissions, ["*://*.douban.com/*", "http://127.0.0.1/*", "http://d2f.localhost/*"]);
  const spelled = SCRIPTS.flatMap((path) => [...code(path).matchAll(/"([^"]+:\/\/[^"]+\/\*)"/g)].map(([, host]) => host));
  assert.deepEqual([...new Set(spelled)].sort(), [...MANIFEST.host_permissions].sort());
});

test("nothing else is open", () => {
  const allowed = [
    "action", "background", "browser_specific_settings", "content_security_policy", "default_locale", "description",
    "host_permissions", "icons", "incognito", "manifest_version", "minimum_chrome_version", "name", "options_ui",
    "permissions", "short_name", "version",
  ];
  assert.deepEqual(Object.keys(MANIFEST).sort(), allowed);
  assert.equal(MANIFEST.incognito, "not_allowed");
});

test("the policy lets the extension speak to this machine only", () => {
  assert.deepEqual(MANIFEST.content_security_policy, {
    extension_pages:
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src http://127.0.0.1:*",
  });
});

test("one background for both kinds of browser", () => {
  const { service_worker: worker, scripts, type } = MANIFEST.background;
  assert.deepEqual([scripts, type], [[worker], "module"]);
});

test("Firefox is told what is handed on", () => {
  const { gecko } = MANIFEST.browser_specific_settings;
  const told = gecko.data_collection_permissions.required;
  assert.deepEqual(told, ["authenticationInfo", "browsingActivity", "websiteContent"]);
});

test("every file that is named exists", () => {
  const named = [
    MANIFEST.action.default_popup,
    MANIFEST.options_ui.page,
    MANIFEST.background.service_worker,
    ...Object.values(MANIFEST.icons),
    ...Object.values(MANIFEST.action.default_icon),
    `_locales/${MANIFEST.default_locale}/messages.json`,
  ];
  for (const page of PAGES) {
    for (const [, href] of text(page).matchAll(/(?:src|href)="([^"]+)"/g)) {
      named.push(href.startsWith("/") ? href.slice(1) : `${page.split("/")[0]}/${href}`);
    }
  }
  assert.deepEqual(named.filter((path) => !FILES.includes(path)), []);
});

test("every icon has the size that it claims", () => {
  for (const [size, path] of Object.entries(MANIFEST.icons)) {
    const png = bytes(path);
    assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], [Number(size), Number(size)], path);
  }
});
