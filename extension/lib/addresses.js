/**
 * Which page of Douban an address names. Pure.
 *
 * @typedef {{ type: "list", owner: string } | { type: "subject" } | { type: "other" }} Place
 *   `owner` is the id or the name in the address of a list.
 * @typedef {{ list: string, owner: string, start: number }} ListPage  `list` as in `LISTS`.
 */

/** All lists of a person: the medium, and the word of the address. There is no 在看 of stage dramas. */
export const LISTS = ["movie", "book", "music", "game", "drama"].flatMap((medium) =>
  ["collect", "do", "wish"].map((word) => `${medium}/${word}`).filter((list) => list !== "drama/do"),
);

const SHELVES = new Set(["book.douban.com", "movie.douban.com", "music.douban.com"]);

/**
 * @param {string | undefined} address
 * @returns {Place | null}  null: not a page of Douban.
 */
export function placeOf(address) {
  const url = parse(address);
  if (!url || !/(^|\.)douban\.com$/.test(url.hostname)) return null;
  const owner = listOf(address)?.owner;
  if (owner) return { type: "list", owner };
  return { type: isSubject(url) ? "subject" : "other" };
}

/**
 * @param {string | undefined} address
 * @returns {ListPage | null}  null: no list.
 */
export function listOf(address) {
  const url = parse(address);
  const [medium, owner, word] = (url && partsOf(url)) ?? [];
  const list = `${medium}/${word}`;
  if (!url || !owner || !LISTS.includes(list)) return null;
  return { list, owner, start: Number(/^\d+$/.exec(url.searchParams.get("start") ?? "")?.[0] ?? 0) };
}

/**
 * Where the newest marks of a list are.
 * @param {string} list
 * @param {string} account  The id.
 */
export function frontOf(list, account) {
  const [medium, word] = list.split("/");
  if (medium === "game") return `https://www.douban.com/people/${account}/games?action=${word}`;
  const newest = "sort=time&mode=grid";
  if (medium === "drama") return `https://www.douban.com/location/people/${account}/drama/${word}?${newest}`;
  return `https://${medium}.douban.com/people/${account}/${word}?${newest}`;
}

/** @param {string | undefined} address */
function parse(address) {
  const url = address && URL.canParse(address) ? new URL(address) : null;
  return url && /^https?:$/.test(url.protocol) ? url : null;
}

/** @param {URL} url  The medium, the owner and the word of what may be a list. */
function partsOf({ hostname, pathname, searchParams }) {
  if (SHELVES.has(hostname)) {
    const [, owner, word] = /^\/people\/([^/]+)\/(\w+)\/?$/.exec(pathname) ?? [];
    return [hostname.split(".")[0], owner, word];
  }
  if (hostname !== "www.douban.com") return null;
  const games = /^\/people\/([^/]+)\/games\/?$/.exec(pathname)?.[1];
  if (games) return ["game", games, searchParams.get("action") ?? ""];
  const [, owner, word] = /^\/location\/people\/([^/]+)\/drama\/(\w+)\/?$/.exec(pathname) ?? [];
  return ["drama", owner, word];
}

/** @param {URL} url */
function isSubject({ hostname, pathname }) {
  if (SHELVES.has(hostname)) return /^\/subject\/\d+\/?$/.test(pathname);
  return hostname === "www.douban.com" && /^\/(?:game|location\/drama)\/\d+\/?$/.test(pathname);
}
