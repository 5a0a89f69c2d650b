/**
 * Takes the page that a tab shows, if it is one of the person's own, and has it delivered.
 *
 * @typedef {import("../lib/ask.js").Outcome} Outcome
 * @typedef {import("../lib/judge.js").Refusal} Refusal
 */
import { snapshot } from "../content/snapshot.js";
import { placeOf } from "../lib/addresses.js";
import { accountOf, PAGE_LIMIT, refusal } from "../lib/judge.js";
import { toHex, utf8 } from "../lib/seal.js";
import { settings } from "../lib/settings.js";
import { badgeTab } from "./badge.js";
import { deliver } from "./courier.js";
import { ourTab } from "./tab.js";
import { inTurn } from "./turn.js";

export const DOUBAN_ORIGINS = ["*://*.douban.com/*"];
const ECHO = 60_000;
const PATIENCE = 10_000;

const turn = inTurn();

/**
 * The person asked for it.
 * @param {number} tabId
 * @returns {Promise<Outcome>}
 */
export async function captureNow(tabId) {
  const page = await look(tabId);
  return typeof page === "string" ? { kind: "refused", reason: page } : send(tabId, page, "button");
}

/**
 * A tab has loaded: captured if the person wants that, silently. Pages that are not theirs stay alone, and so does the
 * tab that a walk reads.
 * @param {number} tabId
 * @param {string | undefined} url
 */
export async function captureQuietly(tabId, url) {
  const type = placeOf(url)?.type;
  if ((type !== "list" && type !== "subject") || !(await settings()).autosync) return;
  if ((await ourTab())?.id === tabId) return;
  const page = await look(tabId);
  if (typeof page !== "string" && (await turn(() => isNews(tabId, page)))) void send(tabId, page, "auto");
}

/**
 * @typedef {object} Page
 * @property {string} url
 * @property {number} age
 * @property {number | null} status
 * @property {Uint8Array} bytes
 * @property {string | null} account  Who is logged in.
 * @property {string} next            Where its link to the next page leads.
 */

/**
 * @param {number} tabId
 * @returns {Promise<Page | Refusal>}
 */
export async function look(tabId) {
  if (!(await chrome.permissions.contains({ origins: DOUBAN_ORIGINS }))) return "permission";
  const tabs = await chrome.tabs.query({});
  if (!placeOf(tabs.find(({ id }) => id === tabId)?.url)) return "elsewhere";
  const facts = await Promise.race([
    chrome.scripting
      .executeScript({ target: { tabId }, func: snapshot, args: [PAGE_LIMIT], injectImmediately: true })
      .then(([{ result }]) => result ?? null, () => null),
    // A page that shows a dialog runs nothing until it is closed.
    new Promise((resolve) => setTimeout(resolve, PATIENCE, null)),
  ]);
  if (!facts) return "unreadable";
  const reason = refusal(facts);
  if (reason) return reason;
  const bytes = utf8(facts.html ?? "");
  if (bytes.length > PAGE_LIMIT) return "too_large";
  const { url, age, status, next } = facts;
  return { url, age, status, bytes, account: accountOf(facts), next };
}

/**
 * @param {number} tabId
 * @param {Page} page
 * @param {import("./queue.js").Waiting["trigger"]} trigger
 * @param {string} [id]  Of a page that may have been sent before.
 */
export async function send(tabId, { url, age, status, bytes }, trigger, id = crypto.randomUUID()) {
  const item = { id, url, age, status, trigger, bytes: bytes.length, since: Date.now() };
  const outcome = await deliver(item, bytes);
  // The tab may be gone by now.
  if (outcome.kind === "done") await badgeTab(tabId, outcome.answer).catch(() => undefined);
  return outcome;
}

/**
 * Browsers say "complete" more than once for one page. The same page in the same tab, a moment later,
 * is an echo.
 * @param {number} tabId
 * @param {Page} page
 */
async function isNews(tabId, { url, bytes }) {
  const now = Date.now();
  const digest = toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
  /** @type {{ seen?: Record<string, number> }} */
  const { seen = {} } = await chrome.storage.session.get("seen");
  const recent = Object.fromEntries(Object.entries(seen).filter(([, at]) => now - at < ECHO));
  const key = `${tabId} ${digest} ${url}`;
  const isEcho = key in recent;
  await chrome.storage.session.set({ seen: { ...recent, [key]: recent[key] ?? now } });
  return !isEcho;
}
