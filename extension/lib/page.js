/** Two helpers for the extension's own pages. */

/**
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} id
 * @param {new () => T} [type]
 * @returns {T}
 */
export function element(id, type) {
  const found = document.getElementById(id);
  if (!(found instanceof (type ?? HTMLElement))) throw new TypeError(`no #${id}`);
  return /** @type {T} */ (found);
}

/**
 * Points an anchor somewhere, or hides it. Only ways that lead to the web or within the extension.
 * @param {HTMLAnchorElement} anchor
 * @param {import("./say.js").Link | null | undefined} link
 */
export function setLink(anchor, link) {
  anchor.hidden = !link || !/^(https?:\/\/|\/)/.test(link.href);
  anchor.textContent = link?.text ?? "";
  anchor.href = anchor.hidden ? "" : (link?.href ?? "");
}
