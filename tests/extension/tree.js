/** The extension as files, for the tests that read it. */
import { readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../extension/", import.meta.url));

/** Paths of all files, with slashes, relative to the extension. */
export const FILES = readdirSync(ROOT, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length).split(sep).join("/"))
  .sort();

export const SCRIPTS = FILES.filter((path) => path.endsWith(".js"));
export const PAGES = FILES.filter((path) => path.endsWith(".html"));

export function bytes(path) {
  return readFileSync(join(ROOT, path));
}

export function text(path) {
  return bytes(path).toString("utf8");
}

/** A script without its comments; all of ours begin with two stars or stand on lines of their own. */
export function code(path) {
  return text(path)
    .replace(/\/\*\*[\s\S]*?\*\//g, "")
    .replace(/^\s*\/\/.*$/gm, "");
}

export const MANIFEST = JSON.parse(text("manifest.json"));

export function messages(locale) {
  return JSON.parse(text(`_locales/${locale}/messages.json`));
}

/** Puts the browser's `chrome.i18n` in place, over the real messages of a locale. */
export function speak(locale) {
  const known = messages(locale);
  const getMessage = (key, values = []) =>
    (known[key]?.message ?? "").replace(/\$(\d)/g, (_, place) => values[place - 1] ?? "");
  globalThis.chrome = { i18n: { getMessage } };
}
