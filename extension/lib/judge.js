/**
 * May this page be sent? Only one of the person's own marks may. Pure: it judges the facts that
 * `content/snapshot.js` brought from the tab; what the marks are is the gateway's business.
 *
 * @typedef {import("../content/snapshot.js").Facts} Facts
 * @typedef {"elsewhere" | "permission" | "unreadable" | "blocked" | "login_page" | "gone" | "no_marks"
 *   | "loading" | "empty" | "logged_out" | "foreign" | "unmarked" | "too_large"} Refusal  Why a page stays where it is.
 */
import { placeOf } from "./addresses.js";

/** The largest page that is sent, in bytes of UTF-8. A page of thirty marks has about 300,000. */
export const PAGE_LIMIT = 8 * 1024 * 1024;

const BLOCKED_TITLES = new Set(["禁止访问", "豆瓣 - 登录跳转页"]);
const BLOCKED_WORDS = /有异常请求|请输入验证码|访问过于频繁|像机器人程序|error code: 004/;
const BLOCKED_STATUS = new Set([403, 418, 429]);
const GONE_TITLES = new Set(["页面不存在", "条目不存在"]);
const GONE_WORDS = /你想访问的条目豆瓣不收录|当前条目正在等待审核/;

/**
 * @param {Facts} facts
 * @returns {Refusal | null}  null: it may be sent.
 */
export function refusal(facts) {
  const place = placeOf(facts.url);
  if (!place) return "elsewhere";
  const words = `${facts.heading}\n${facts.text}`;
  if (isBlocked(facts, words)) return "blocked";
  if (new URL(facts.url).hostname === "accounts.douban.com" || facts.title === "登录豆瓣") return "login_page";
  if (GONE_TITLES.has(facts.title) || GONE_WORDS.test(words)) return "gone";
  if (place.type === "other") return "no_marks";
  if (!facts.isHtml) return "unreadable";
  if (facts.isLoading) return "loading";
  if (facts.isEmpty) return "empty";
  const account = accountOf(facts);
  if (!account) return "logged_out";
  if (place.type === "list" && !isOwn(place.owner, account, facts)) return "foreign";
  if (place.type === "subject" && facts.isUnmarked) return "unmarked";
  return facts.html === null ? "too_large" : null;
}

/** @param {Facts} facts @param {string} words */
function isBlocked(facts, words) {
  const isOurs = placeOf(facts.url)?.type !== "other";
  return (
    (isOurs && BLOCKED_STATUS.has(facts.status ?? 0)) ||
    new URL(facts.url).hostname === "sec.douban.com" ||
    facts.hasChallenge ||
    BLOCKED_TITLES.has(facts.title) ||
    BLOCKED_WORDS.test(words)
  );
}

/**
 * The numeric id of who is logged in, from the navigation alone: everything below it may be of others.
 * @param {Facts} facts
 * @returns {string | null}
 */
export function accountOf({ hasAccountMenu, navScript, navLink }) {
  if (!hasAccountMenu) return null;
  const id =
    /_GLOBAL_NAV\s*=\s*\{[^}]*?\bUSER_ID\s*:\s*["'](\d+)["']/.exec(navScript)?.[1] ??
    /"uid"\s*:\s*"(\d+)"/.exec(navLink)?.[1];
  return id && id !== "0" ? id : null;
}

/**
 * A list under a number is ours if the number is. Under a name, the owner's picture tells the number; a
 * person without one shows in the rows, which only their owner may change. Words prove nothing: anybody
 * may call themselves 我.
 * @param {string} owner
 * @param {string} account
 * @param {Facts} facts
 */
function isOwn(owner, account, { avatar, canEdit }) {
  const id = /^\d+$/.test(owner) ? owner : /\/icon\/u[pl]?(\d+)-/.exec(avatar)?.[1];
  return id ? id === account : canEdit;
}
