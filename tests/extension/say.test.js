import assert from "node:assert/strict";
import { test } from "node:test";
import { sayGateway, sayOutcome, sayPush, sayTrouble } from "../../extension/lib/say.js";
import { speak } from "./tree.js";

const PUSH = { state: "idle", pending: 0, failed: 0, table: "https://example.feishu.cn/base/x", problem: null };
const ISSUE = { code: "no_access", zh: "没有权限。", en: "No access." };
const ANSWER = { capture: "1", verdict: "ok", reason: null, marks: 12, new: 3, changed: 1, same: 8, problems: 0, push: PUSH };
const DASHBOARD = "http://d2f.localhost:8377/";
const PROBLEM = { code: "x", status: 500, hint: { zh: "出错了。", en: "Wrong." } };

const done = (but) => sayOutcome({ kind: "done", answer: { ...ANSWER, ...but } });
const push = (but, capture = { pending: 0, failed: 0 }, isNews = true) =>
  sayPush({ ...PUSH, ...but }, capture, isNews, DASHBOARD);

test("what a capture brought, in both languages", () => {
  speak("en");
  assert.equal(done().title, "12 marks: 3 new, 1 changed");
  assert.equal(done({ marks: 1, new: 0, changed: 1 }).title, "1 mark: 1 changed");
  assert.equal(done({ new: 0, changed: 0 }).title, "12 marks, nothing changed");
  assert.equal(done({ marks: 0, new: 0, changed: 0 }).title, "No mark of yours on this page");
  assert.deepEqual([done({ problems: 2 }).tone, done({ problems: 2 }).detail], ["warn", "2 rows could not be read; the page is kept."]);
  speak("zh_CN");
  assert.equal(done().title, "12 个标记：新增 3，变更 1");
  assert.equal(done({ new: 0, changed: 0 }).title, "12 个标记，没有变化");
});

test("a page that the gateway could not read says why", () => {
  speak("en");
  assert.equal(done({ verdict: "unknown", reason: ISSUE }).detail, "No access.");
  assert.equal(done({ verdict: "unknown" }).detail, "The page is kept and can be read again later.");
  speak("zh_CN");
  assert.equal(done({ verdict: "unknown", reason: ISSUE }).detail, "没有权限。");
});

test("the way to Feishu", () => {
  speak("en");
  assert.deepEqual(push().link, { text: "Open the Feishu table", href: PUSH.table });
  assert.equal(push().title, "Pushed to Feishu");
  assert.equal(push({}, undefined, false).title, "Feishu is up to date");
  assert.equal(push({ table: null }).link, null);
  assert.equal(push({ state: "busy" }, { pending: 4, failed: 0 }).tone, "busy");
  assert.equal(push({}, { pending: 0, failed: 1 }).title, "1 mark could not be pushed to Feishu");
  assert.equal(push({ state: "error", problem: ISSUE }).detail, "No access.");
  assert.equal(push({ state: "unset" }).link.href, DASHBOARD);
});

test("a problem with other marks does not spoil a capture that went through", () => {
  speak("en");
  assert.equal(push({ problem: ISSUE, failed: 1 }).title, "Pushed to Feishu");
});

test("how the gateway is", () => {
  speak("en");
  const state = (but) => ({ ok: true, state: { dashboard: DASHBOARD, push: { ...PUSH, ...but } } });
  assert.equal(sayGateway(state()).title, "Gateway ready");
  assert.equal(sayGateway(state({ state: "unset" })).title, "Feishu not set up");
  assert.equal(sayGateway(state({ state: "error" })).tone, "bad");
  const foreign = { kind: "foreign", port: 8377, problem: null };
  assert.equal(sayGateway({ ok: false, trouble: foreign }).title, "Another program answers on port 8377");
});

const REASONS = [
  "elsewhere", "permission", "unreadable", "blocked", "login_page", "gone", "no_marks", "empty", "logged_out", "foreign",
  "too_large",
];
const KINDS = ["unpaired", "doubted", "permission", "offline", "timeout", "foreign", "stranger", "gone", "problem", "push", "internal"];

for (const locale of ["zh_CN", "en"]) {
  test(`every reason and every trouble has its words: ${locale}`, () => {
    speak(locale);
    const troubles = KINDS.map((kind) => ({ kind, port: 8377, problem: kind === "problem" ? PROBLEM : null }));
    const sayings = [
      ...REASONS.map((reason) => sayOutcome({ kind: "refused", reason })),
      ...troubles.map(sayTrouble),
      ...troubles.map((trouble) => sayOutcome({ kind: "waiting", trouble })),
      ...troubles.map((trouble) => sayOutcome({ kind: "rejected", trouble })),
    ];
    for (const { title, detail, link } of sayings) {
      assert.ok(title && detail, JSON.stringify({ title, detail }));
      if (link) assert.ok(link.text && link.href, title);
    }
    const titles = REASONS.map((reason) => sayOutcome({ kind: "refused", reason }).title);
    assert.equal(new Set(titles).size, REASONS.length);
  });
}

test("a gateway that asks to wait is no alarm", () => {
  speak("en");
  const problem = { code: "too_many_tries", status: 429, hint: { zh: "请稍候。", en: "Please wait." } };
  const trouble = { kind: "problem", port: 8377, problem };
  assert.deepEqual([sayTrouble(trouble).tone, sayTrouble(trouble).detail], ["warn", "Please wait."]);
  assert.equal(sayTrouble({ ...trouble, problem: PROBLEM }).tone, "bad");
  assert.equal(sayOutcome({ kind: "waiting", trouble }).tone, "warn");
});
