/**
 * The way through the lists that the schedule asked for: where it is, and which page comes next. Pure.
 *
 * @typedef {object} Walk  As it is stored between two pages: the service worker may end there.
 * @property {string} id
 * @property {"sync" | "full"} kind
 * @property {string} account       Whose lists.
 * @property {string} url           The page to read next.
 * @property {string} capture       The id of its message: the same page sent again gets the same answer.
 * @property {number} openedAt      When the tab was sent there, in milliseconds of the epoch; 0 if it was not.
 * @property {number} pages
 * @property {number} new
 * @property {number} changed
 * @property {{ state: "ended" | "stopped", reason: string | null } | null} end  It is over; the gateway may not know yet.
 */
import { frontOf, listOf, LISTS } from "./addresses.js";

/**
 * @param {import("./ask.js").WalkAsked} asked
 * @returns {Walk}
 */
export function begin({ id, kind, account }) {
  const nothing = { pages: 0, new: 0, changed: 0, end: null };
  return { id, kind, account, ...at(frontOf(LISTS[0], account)), ...nothing };
}

/**
 * After a page was taken in. Where it leads is the page's own next link, if that goes on in the same list, and if the
 * gateway does not know the rest of it.
 * @param {Walk} walk
 * @param {{ new: number, changed: number, enough: boolean }} told
 * @param {string} next  The address of that link; empty if there is none.
 * @returns {Walk}
 */
export function advance(walk, told, next) {
  const { list, start } = /** @type {import("./addresses.js").ListPage} */ (listOf(walk.url));
  const sum = {
    ...walk,
    pages: walk.pages + 1,
    new: walk.new + told.new,
    changed: walk.changed + told.changed,
  };
  const ahead = listOf(next);
  const goesOn = ahead?.list === list && ahead.start > start;
  if (goesOn && !told.enough) return { ...sum, ...at(next) };
  const following = LISTS[LISTS.indexOf(list) + 1];
  return following ? { ...sum, ...at(frontOf(following, walk.account)) } : { ...sum, end: { state: "ended", reason: null } };
}

/**
 * @param {Walk} walk
 * @param {string} reason
 * @returns {Walk}
 */
export function stop(walk, reason) {
  return { ...walk, end: { state: "stopped", reason } };
}

/**
 * Whether a tab shows the page that it was sent to; Douban may write its address in another way.
 * @param {Walk} walk
 * @param {string} url
 */
export function isThere(walk, url) {
  const wanted = listOf(walk.url);
  const shown = listOf(url);
  return wanted?.list === shown?.list && wanted?.start === shown?.start;
}

/**
 * What the gateway is told of it.
 * @param {Walk} walk
 */
export function report({ id, pages, new: fresh, changed, end }) {
  return { id, state: end?.state ?? "reading", reason: end?.reason ?? null, pages, new: fresh, changed };
}

/** @param {string} url */
function at(url) {
  return { url, capture: crypto.randomUUID(), openedAt: 0 };
}
