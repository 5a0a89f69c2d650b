import assert from "node:assert/strict";
import { test } from "node:test";
import { accountOf, refusal } from "../../extension/lib/judge.js";

const LIST = "https://movie.douban.com/people/1000001/collect";
const NAMED = "https://movie.douban.com/people/xiaolin/collect";

/** The facts of an own list of films, but for what is said. */
function facts(but = {}) {
  return {
    url: LIST,
    status: 200,
    isHtml: true,
    isEmpty: false,
    title: "我看过的影视",
    heading: "我看过的影视(12)",
    text: "",
    hasChallenge: false,
    hasAccountMenu: true,
    navScript: '_GLOBAL_NAV = {\n    USER_ID: "1000001",\n    DOUBAN_URL: "https://www.douban.com"',
    navLink: '{"from":"top-nav-click-main","uid":"1000001"}',
    avatar: "",
    canEdit: false,
    isUnmarked: false,
    isLoading: false,
    html: "<html></html>",
    ...but,
  };
}

/** A list under a name, where nothing yet says whose it is. */
const named = (but) => facts({ url: NAMED, heading: "看过的影视", ...but });
const picture = (id, size = "p") => `https://img3.doubanio.com/icon/u${size}${id}-12.jpg`;

const SENT = {
  "an own list under one's number": facts(),
  "an own list under one's name, by the picture": named({ avatar: picture("1000001") }),
  "the same with a large picture": named({ avatar: picture("1000001", "l") }),
  "the same with an old picture": named({ avatar: picture("1000001", "") }),
  "no picture: rows that can be changed": named({ avatar: "/icon/user_normal.jpg", canEdit: true }),
  "a page of a subject": facts({ url: "https://movie.douban.com/subject/1292052/", heading: "肖申克的救赎" }),
  "an account that only the links name": facts({ navScript: "" }),
};

const KEPT = {
  "another site": ["elsewhere", { url: "https://example.com/" }],
  "proof of work": ["blocked", { url: "https://sec.douban.com/c" }],
  "proof of work under the page's own address": ["blocked", { hasChallenge: true }],
  "禁止访问": ["blocked", { title: "禁止访问" }],
  "an IP refused": ["blocked", { title: "豆瓣 - 登录跳转页" }],
  "a captcha": ["blocked", { heading: "", text: "请输入验证码" }],
  "too often": ["blocked", { text: "访问过于频繁，请稍后再试" }],
  "a robot, by the heading": ["blocked", { heading: "小林，你访问豆瓣的方式有点像机器人程序。" }],
  "forbidden by its status alone": ["blocked", { status: 403, hasAccountMenu: false }],
  "too many by its status alone": ["blocked", { status: 429, isEmpty: true, hasAccountMenu: false }],
  "a teapot": ["blocked", { status: 418 }],
  "the home page, forbidden": ["no_marks", { url: "https://www.douban.com/", status: 403 }],
  "an IP banned": ["blocked", { hasAccountMenu: false, text: "error code: 004" }],
  "the log-in host": ["login_page", { url: "https://accounts.douban.com/passport/login" }],
  "the log-in page in place of a list": ["login_page", { title: "登录豆瓣", hasAccountMenu: false }],
  "页面不存在": ["gone", { title: "页面不存在" }],
  "条目不存在": ["gone", { title: "条目不存在" }],
  "a subject that is not carried": ["gone", { text: "呃... 你想访问的条目豆瓣不收录。" }],
  "the home page": ["no_marks", { url: "https://www.douban.com/" }],
  "not HTML": ["unreadable", { isHtml: false }],
  "nothing at all": ["empty", { isEmpty: true, hasAccountMenu: false }],
  "nobody logged in": ["logged_out", { hasAccountMenu: false, navLink: '{"uid":"0"}' }],
  "an account menu without an account": ["logged_out", { navScript: "", navLink: '{"uid":"0"}' }],
  "a stranger's number": ["foreign", { url: LIST.replace("1000001", "2000002") }],
  "a stranger's number under 我看过的": ["foreign", { url: LIST.replace("1000001", "2000002"), canEdit: true }],
  "a stranger's picture": ["foreign", { url: NAMED, avatar: picture("2000002"), canEdit: true }],
  "a longer number": ["foreign", { url: NAMED, avatar: picture("10000012") }],
  "a stranger who calls himself 我": ["foreign", { url: NAMED, heading: "我看过的影视(3)" }],
  "a page of which a part is missing": ["loading", { isLoading: true }],
  "a subject without a mark": ["unmarked", { url: "https://movie.douban.com/subject/1292052/", isUnmarked: true }],
  "a list that nothing names": ["foreign", { url: NAMED, heading: "看过的影视" }],
  "too large": ["too_large", { html: null }],
  "too large and a stranger's": ["foreign", { url: LIST.replace("1000001", "2000002"), html: null }],
};

for (const [name, page] of Object.entries(SENT)) test(`sent: ${name}`, () => assert.equal(refusal(page), null));
for (const [name, [reason, but]] of Object.entries(KEPT)) {
  test(`kept: ${name}`, () => assert.equal(refusal(facts(but)), reason));
}

test("the account comes from the navigation", () => {
  assert.equal(accountOf(facts()), "1000001");
  assert.equal(accountOf(facts({ navScript: "_GLOBAL_NAV = {USER_ID:'7'}", navLink: "" })), "7");
  assert.equal(accountOf(facts({ navScript: '_GLOBAL_NAV = { A: "b" }; x = { USER_ID: "8" }', navLink: "" })), null);
});
