import assert from "node:assert/strict";
import { test } from "node:test";
import { frontOf, LISTS } from "../../extension/lib/addresses.js";
import { advance, begin, isThere, report, stop } from "../../extension/lib/path.js";

const ME = "1000001";
const NEWS = { new: 3, changed: 0, enough: false };
const EDIT = { new: 0, changed: 1, enough: false };
const NOTHING = { new: 0, changed: 0, enough: false };
const KNOWN = { ...NOTHING, enough: true };

const asked = (kind = "sync") => begin({ id: "w", kind, account: ME });
const page = (start, list = LISTS[0]) => {
  const front = new URL(frontOf(list, ME));
  front.searchParams.set("start", String(start));
  return front.href;
};

/** The lists and starts that a walk asks for; `lists` says what each page of a list tells, front first. */
function path(walk, lists = {}) {
  const seen = [];
  while (!walk.end) {
    const { list, start } = place(walk);
    seen.push(`${list} ${start}`);
    const pages = lists[list] ?? [NOTHING];
    const at = start / 15;
    walk = advance(walk, pages[at], at + 1 < pages.length ? page(start + 15, list) : "");
  }
  return { seen, walk };
}

function place({ url }) {
  const list = LISTS.find((each) => isThere({ url: frontOf(each, ME) }, url.replace(/start=\d+/, "start=0")));
  return { list, start: Number(new URL(url).searchParams.get("start") ?? 0) };
}

test("every list is opened once, at its newest marks", () => {
  const { seen, walk } = path(asked());
  assert.deepEqual(seen, LISTS.map((list) => `${list} 0`));
  assert.deepEqual([walk.end, walk.pages], [{ state: "ended", reason: null }, 14]);
});

test("a list is left where the gateway knows the rest, and read to its end otherwise", () => {
  const { seen, walk } = path(asked(), { "book/collect": [NEWS, EDIT, NOTHING, KNOWN, NEWS], "game/wish": [NOTHING, NEWS] });
  assert.deepEqual(seen.filter((each) => /^(book.collect|game.wish) /.test(each)), [
    "book/collect 0", "book/collect 15", "book/collect 30", "book/collect 45", "game/wish 0", "game/wish 15",
  ]);
  assert.deepEqual([walk.new, walk.changed], [6, 1]);
});

test("what is told of it", () => {
  const inTheMiddle = advance(asked(), NEWS, page(15));
  assert.deepEqual(report(stop(inTheMiddle, "blocked")), {
    id: "w", state: "stopped", reason: "blocked", pages: 1, new: 3, changed: 0,
  });
});

const ASIDE = {
  "no link": "",
  "another list": frontOf("movie/wish", ME),
  "the same page": page(0),
  "no list at all": "https://movie.douban.com/",
  "another site": "https://example.com/people/1000001/collect?start=15",
  "a script": "javascript:alert(1)",
};

for (const [name, next] of Object.entries(ASIDE)) {
  test(`a next link that does not go on ends the list: ${name}`, () => {
    assert.equal(advance(asked("full"), NEWS, next).url, frontOf("movie/do", ME));
  });
}

test("a link back does not make a circle", () => {
  const second = advance(asked("full"), NEWS, page(15));
  assert.equal(advance(second, NEWS, page(0)).url, frontOf("movie/do", ME));
});

test("each page has a message of its own, and is to be opened", () => {
  const first = { ...asked("full"), openedAt: 7 };
  const second = advance(first, NEWS, page(15));
  assert.notEqual(second.capture, first.capture);
  assert.equal(second.openedAt, 0);
});

test("the tab is where it was sent, however Douban writes it", () => {
  const second = { url: page(15) };
  assert.ok(isThere(second, "https://movie.douban.com/people/xiaolin/collect?start=15&sort=time&rating=all"));
  assert.ok(!isThere(second, "https://movie.douban.com/people/1000001/collect"));
  assert.ok(!isThere(second, "https://movie.douban.com/people/1000001/wish?start=15"));
  assert.ok(!isThere(second, "https://example.com/"));
});
