import assert from "node:assert/strict";
import { test } from "node:test";
import { frontOf, listOf, LISTS, placeOf } from "../../extension/lib/addresses.js";

const OF_LISTS = {
  "https://movie.douban.com/people/1000001/collect": "1000001",
  "https://movie.douban.com/people/1000001/wish?start=15&sort=time&mode=grid": "1000001",
  "http://book.douban.com/people/xiaolin/do/": "xiaolin",
  "https://music.douban.com/people/xiao.lin_1/collect#top": "xiao.lin_1",
  "https://www.douban.com/people/1000001/games?action=collect&start=15": "1000001",
  "https://www.douban.com/location/people/xiaolin/drama/wish?sort=time": "xiaolin",
};

const SUBJECTS = [
  "https://movie.douban.com/subject/1292052/",
  "https://book.douban.com/subject/1084336",
  "https://music.douban.com/subject/1401362/?from=x",
  "https://www.douban.com/game/10734307/",
  "https://www.douban.com/location/drama/20270776/",
];

const OTHERS = [
  "https://www.douban.com/",
  "https://douban.com/people/1000001/",
  "https://movie.douban.com/people/1000001/",
  "https://movie.douban.com/people/1000001/reviews",
  "https://www.douban.com/people/1000001/games",
  "https://www.douban.com/people/1000001/games?action=like",
  "https://www.douban.com/people/1000001/collect",
  "https://www.douban.com/location/people/1000001/drama/do",
  "https://movie.douban.com/subject/1292052/comments",
  "https://movie.douban.com/subject/abc/",
  "https://movie.douban.com/game/1/",
  "https://m.douban.com/people/1000001/collect",
  "https://sec.douban.com/c?r=https://movie.douban.com/people/1000001/collect",
];

const ELSEWHERE = [
  undefined,
  "",
  "about:blank",
  "not an address",
  "chrome://extensions/",
  "file:///movie.douban.com/people/1000001/collect",
  "https://example.com/people/1000001/collect",
  "https://movie.douban.com.example.com/people/1000001/collect",
  "https://notdouban.com/",
  "https://example.com/?u=https://movie.douban.com/subject/1/",
];

for (const [url, owner] of Object.entries(OF_LISTS)) {
  test(`list: ${url}`, () => assert.deepEqual(placeOf(url), { type: "list", owner }));
}
for (const url of SUBJECTS) test(`subject: ${url}`, () => assert.deepEqual(placeOf(url), { type: "subject" }));
for (const url of OTHERS) test(`neither: ${url}`, () => assert.deepEqual(placeOf(url), { type: "other" }));
for (const url of ELSEWHERE) test(`not Douban: ${url}`, () => assert.equal(placeOf(url), null));

test("fourteen lists: there is no 在看 of stage dramas", () => {
  assert.equal(LISTS.length, 14);
  assert.equal(new Set(LISTS).size, 14);
  assert.ok(!LISTS.includes("drama/do"));
});

for (const list of LISTS) {
  test(`where the list begins: ${list}`, () => {
    assert.deepEqual(listOf(frontOf(list, "1000001")), { list, owner: "1000001", start: 0 });
  });
}

test("how far into a list a page is", () => {
  const games = "https://www.douban.com/people/xiaolin/games?action=collect";
  assert.deepEqual(listOf(`${games}&start=30`), { list: "game/collect", owner: "xiaolin", start: 30 });
  for (const start of ["", "&start=", "&start=-15", "&start=x"]) assert.equal(listOf(games + start)?.start, 0);
  for (const other of [...SUBJECTS, ...OTHERS, ...ELSEWHERE]) assert.equal(listOf(other), null);
});
