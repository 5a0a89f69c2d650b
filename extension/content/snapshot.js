/**
 * Reads a page once: a few facts about it, and its HTML. The browser carries this one function into the
 * tab as text, so it may use nothing from outside itself, and it stays in no page after it has answered.
 *
 * @typedef {object} Facts
 * @property {string} url          Without its fragment.
 * @property {number} age          Milliseconds since Douban answered with it: a tab may be days old.
 * @property {number | null} status  The HTTP status that it came with, where the browser tells.
 * @property {boolean} isHtml
 * @property {boolean} isLoading   Part of it has not come.
 * @property {boolean} isEmpty     The page has no content at all.
 * @property {string} title
 * @property {string} heading      The first heading.
 * @property {string} text         What a short page, or one without an account menu, says; else "".
 * @property {boolean} hasChallenge    Douban's proof-of-work form.
 * @property {boolean} hasAccountMenu  Somebody is logged in.
 * @property {string} navScript    Names the account.
 * @property {string} navLink      Names it too.
 * @property {string} avatar       Address of the picture of the list's owner.
 * @property {boolean} canEdit     Rows offer to be changed and deleted, which they do to their owner alone.
 * @property {boolean} isUnmarked  A subject that the person may mark, and has not.
 * @property {string} next         Where the link to the next page of a list leads; "" if there is none.
 * @property {string | null} html  null if it has more than `limit` characters.
 *
 * @param {number} limit
 * @returns {Promise<Facts>}
 */
export async function snapshot(limit) {
  if (document.readyState === "loading") {
    const parsed = new Promise((resolve) => document.addEventListener("DOMContentLoaded", resolve, { once: true }));
    await Promise.race([parsed, new Promise((resolve) => setTimeout(resolve, 8_000))]);
  }
  /** @param {string} selector */
  const find = (selector) => document.querySelector(selector);
  /** @param {string} selector */
  const textOf = (selector) => find(selector)?.textContent?.trim().slice(0, 200) ?? "";
  const body = document.body?.innerText?.trim() ?? "";
  const hasAccountMenu = find('.nav-user-account, #db-global-nav a[href*="/accounts/logout"]') !== null;
  const script = Array.from(document.scripts, (each) => each.text).find((text) => text.includes("_GLOBAL_NAV"));
  const rows = ".item, .subject-item, .common-item";
  const isEdit = /** @param {HTMLAnchorElement} a */ (a) =>
    // pbtn-<id> edits a mark of one's own; pbtn-<id>-wish and the like make one, on anybody's list.
    /^pbtn-\d+$/.test(a.name) || (/^\s*(?:修改|删除)\s*$/.test(a.textContent ?? "") && a.closest(rows) !== null);
  const wishes = '[name^="pbtn-"][name$="-wish"], [data-action="wish"]';
  const marked = "#interest_sect_level .mr10, .collection-section .collection-result";
  const html = document.documentElement?.outerHTML ?? "";
  const [loading] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));
  return {
    url: location.href.split("#")[0],
    age: Math.max(0, Date.now() - performance.timeOrigin - (loading?.responseStart ?? 0)),
    status: loading?.responseStatus || null,
    isHtml: /html/.test(document.contentType),
    isLoading: document.readyState === "loading",
    isEmpty: !document.body?.firstElementChild && body === "",
    title: document.title.trim(),
    heading: textOf("h1") || textOf(".article h2, h2"),
    text: hasAccountMenu && body.length > 400 ? "" : body.slice(0, 3000),
    hasChallenge: find("form#sec input[name=cha]") !== null,
    hasAccountMenu,
    navScript: script?.slice(script.indexOf("_GLOBAL_NAV")).slice(0, 300) ?? "",
    navLink: find('#db-global-nav [data-moreurl-dict*="uid"]')?.getAttribute("data-moreurl-dict") ?? "",
    avatar: find("#db-usr-profile .pic img")?.getAttribute("src") ?? "",
    canEdit: find(".d_link, .js-remove-collect") !== null || Array.from(document.links).some(isEdit),
    isUnmarked: find(wishes) !== null && find(marked) === null,
    next: /** @type {HTMLAnchorElement | null} */ (find(".paginator .next a, link[rel=next]"))?.href ?? "",
    html: html.length > limit ? null : html,
  };
}
