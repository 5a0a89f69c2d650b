import assert from "node:assert/strict";
import { test } from "node:test";
import { code, PAGES, SCRIPTS, text } from "./tree.js";

/** Which folder may import from which. */
const MAY_IMPORT = {
  content: [],
  lib: ["lib"],
  background: ["background", "lib", "content"],
  popup: ["lib"],
  options: ["lib"],
};

/** What only one file may do, and which. */
const ALONE = {
  "background/gateway.js": /\bfetch\(/,
  "background/db.js": /\bindexedDB\b/,
  "background/session.js": /\bchrome\.cookies\.get/,
  "background/alarms.js": /\bchrome\.alarms\.(create|clear)/,
  "background/tab.js": /\bchrome\.tabs\.(create|update|remove)/,
  "background/main.js": /\bchrome\.[\w.]+\.addListener\(/,
};

/** The two that put something into a page, and from which file that comes. */
const INJECTS = { "background/capture.js": "content/snapshot.js", "background/handover.js": "content/handover.js" };

const NEVER =
  /\beval\(|new Function|\binnerHTML|\bouterHTML\s*=|insertAdjacentHTML|document\.write|XMLHttpRequest|WebSocket|EventSource|sendBeacon|importScripts|\bimport\(|localStorage/;

const HOSTS = [
  "http://127.0.0.1:${port}${path}",
  "http://d2f.localhost:${port}",
  "https://www.douban.com/mine/",
  "https://accounts.douban.com/passport/login",
  "https://${medium}.douban.com/people/${account}/${word}?${newest}",
  "https://www.douban.com/people/${account}/games?action=${word}",
  "https://www.douban.com/location/people/${account}/drama/${word}?${newest}",
];

const folder = (path) => path.split("/")[0];

test("there is something to check", () => {
  for (const path of [...Object.keys(ALONE), "content/snapshot.js", "popup/popup.js", "options/options.js"]) {
    assert.ok(SCRIPTS.includes(path), path);
  }
  assert.deepEqual([...new Set(SCRIPTS.map(folder))].sort(), Object.keys(MAY_IMPORT).sort());
});

const importsOf = (source) =>
  [...source.matchAll(/^(?:import|export)\s(?:[^"'=(;]*\sfrom\s)?"([^"]+)"/gm)].map(([, from]) => from);

test("imports are seen, also those of many lines", () => {
  const source = 'import "./a.js";\nimport {\n  b,\n} from "./b.js";\nexport { c } from "./c.js";\nexport const d = "./d.js";';
  assert.deepEqual(importsOf(source), ["./a.js", "./b.js", "./c.js"]);
});

for (const path of SCRIPTS) {
  const source = code(path);

  test(`${path}: imports go the right way, and to files`, () => {
    for (const from of importsOf(source)) {
      assert.match(from, /^\.\.?\/.*\.js$/);
      const target = new URL(from, `file:///${path}`).pathname.slice(1);
      assert.ok(SCRIPTS.includes(target), `${target} does not exist`);
      assert.ok(MAY_IMPORT[folder(path)].includes(folder(target)), `must not import ${target}`);
    }
  });

  test(`${path}: does what it may, and is short`, () => {
    assert.doesNotMatch(source, NEVER);
    for (const [owner, deed] of Object.entries(ALONE)) {
      assert.equal(deed.test(source), path === owner, `${deed} belongs to ${owner}`);
    }
    assert.equal(/\bchrome\.scripting\b/.test(source), path in INJECTS, "puts something into a page");
    if (path in INJECTS) {
      const from = importsOf(source).filter((each) => each.includes("content/"));
      assert.deepEqual(from, [`../${INJECTS[path]}`]);
    }
    const addresses = [...source.matchAll(/["'`](https?:\/\/[^"'`*]+)["'`]/g)].map(([, address]) => address);
    assert.deepEqual(addresses.filter((address) => !HOSTS.includes(address)), []);
    assert.ok(text(path).split("\n").length <= 200, "longer than 200 lines");
  });
}

test("the functions that go into pages take nothing with them", () => {
  assert.doesNotMatch(code("content/snapshot.js"), /^import\b|\bchrome\b/m);
  assert.doesNotMatch(code("content/handover.js"), /^import\b|\bchrome\.(?!runtime\.sendMessage\b)/m);
});

test("listeners are registered at once: nothing is waited for", () => {
  const source = code("background/main.js");
  assert.doesNotMatch(source, /^\s*await\b|^if\b/m);
  for (const [line] of source.matchAll(/^.*addListener.*$/gm)) assert.match(line, /^chrome\./);
});

for (const path of PAGES) {
  test(`${path}: no script, style or handler of its own`, () => {
    assert.doesNotMatch(text(path), /<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|https?:\/\//);
  });
}
