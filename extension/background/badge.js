/**
 * The button's badge and title: a grey number of pages that wait, a red "!" that needs the person, and,
 * on the tab that was captured, a green "+N" or "✓". The title says the same in words.
 *
 * @typedef {import("../lib/ask.js").Trouble} Trouble
 */
import { isTooOften } from "../lib/ask.js";
import { settings } from "../lib/settings.js";
import { count, t } from "../lib/words.js";
import { sayTrouble } from "../lib/say.js";
import { shelf } from "./db.js";

const GREY = "#5f6b66";
const RED = "#c5352c";
const GREEN = "#1d7a46";

/** Shows how things stand, on all tabs. */
export async function refreshBadge() {
  const { trouble, feishu } = await settings();
  const waits = (await shelf.list()).length;
  const urgent = trouble && needsPerson(trouble) ? trouble : feishu;
  if (urgent) {
    await show({}, "!", RED, sayTrouble(urgent).title);
  } else if (waits > 0) {
    await show({}, String(waits), GREY, count(waits, "badge_waits_one", "badge_waits_many"));
  } else {
    await show({}, "", GREY, t("ext_name"));
  }
}

/**
 * Shows on its tab what a capture brought; the browser takes it away when the tab moves on.
 * @param {number} tabId
 * @param {import("../lib/ask.js").Answer} answer
 */
export async function badgeTab(tabId, { new: fresh, changed }) {
  const news = fresh + changed;
  const words = news ? count(news, "badge_news_one", "badge_news_many") : t("badge_nothing_new");
  await show({ tabId }, news ? `+${news}` : "✓", GREEN, words);
}

/**
 * A gateway that is merely off, or asks to wait, comes back by itself; one that let us go will not; the rest waits for the person.
 * @param {Trouble} trouble
 */
function needsPerson(trouble) {
  return !["offline", "timeout", "gone"].includes(trouble.kind) && !isTooOften(trouble);
}

/** @param {{ tabId?: number }} where @param {string} text @param {string} color @param {string} title */
async function show(where, text, color, title) {
  await Promise.all([
    chrome.action.setBadgeText({ ...where, text }),
    chrome.action.setBadgeBackgroundColor({ ...where, color }),
    chrome.action.setBadgeTextColor({ ...where, color: "#ffffff" }),
    chrome.action.setTitle({ ...where, title }),
  ]);
}
