/**
 * The words of the interface, in the browser's language: `_locales/<language>/messages.json`.
 */

/**
 * @param {string} key
 * @param {...(string | number)} values  For $1, $2, …
 */
export function t(key, ...values) {
  return chrome.i18n.getMessage(key, values.map(String));
}

/**
 * A number with its noun; English tells one from many.
 * @param {number} number
 * @param {string} one
 * @param {string} many
 */
export function count(number, one, many) {
  return t(number === 1 ? one : many, number);
}

/**
 * The sentence in the language of the interface.
 * @param {import("./ask.js").Words} words
 */
export function pick(words) {
  return t("lang") === "zh" ? words.zh : words.en;
}

/** Fills in every element that names its text: `data-t="key"`. */
export function translatePage() {
  document.documentElement.lang = t("lang") === "zh" ? "zh-CN" : "en";
  document.title = t("ext_name");
  for (const element of document.querySelectorAll("[data-t]")) {
    element.textContent = t(element.getAttribute("data-t") ?? "");
  }
}
