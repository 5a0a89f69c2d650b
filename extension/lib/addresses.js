/**
 * Which page of Douban an address names. Pure.
 *
 * @typedef {{ type: "list", owner: string } | { type: "subject" } | { type: "other" }} Place
 *   `owner` is the id or the name in the address of a list.
 */

const SHELVES = new Set(["book.douban.com", "movie.douban.com", "music.douban.com"]);
const ACTIONS = new Set(["collect", "wish", "do"]);

/**
 * @param {string | undefined} address
 * @returns {Place | null}  null: not a page of Douban.
 */
export function placeOf(address) {
  const url = parse(address);
  if (!url || !/(^|\.)douban\.com$/.test(url.hostname)) return null;
  const owner = ownerOf(url);
  if (owner) return { type: "list", owner };
  return { type: isSubject(url) ? "subject" : "other" };
}

/** @param {string | undefined} address */
function parse(address) {
  const url = address && URL.canParse(address) ? new URL(address) : null;
  return url && /^https?:$/.test(url.protocol) ? url : null;
}

/** @param {URL} url  Whose list this is; undefined if it is none. */
function ownerOf({ hostname, pathname, searchParams }) {
  if (SHELVES.has(hostname)) {
    return /^\/people\/([^/]+)\/(?:collect|wish|do)\/?$/.exec(pathname)?.[1];
  }
  if (hostname !== "www.douban.com") return undefined;
  const games = /^\/people\/([^/]+)\/games\/?$/.exec(pathname)?.[1];
  if (games && ACTIONS.has(searchParams.get("action") ?? "")) return games;
  return /^\/location\/people\/([^/]+)\/drama\/(?:collect|wish)\/?$/.exec(pathname)?.[1];
}

/** @param {URL} url */
function isSubject({ hostname, pathname }) {
  if (SHELVES.has(hostname)) return /^\/subject\/\d+\/?$/.test(pathname);
  return hostname === "www.douban.com" && /^\/(?:game|location\/drama)\/\d+\/?$/.test(pathname);
}
