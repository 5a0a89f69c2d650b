import assert from "node:assert/strict";
import { test } from "node:test";
import { code, messages, PAGES, SCRIPTS, text } from "./tree.js";

const zh = messages("zh_CN");
const en = messages("en");
const keys = Object.keys(zh);

/** Keys have a family and a name; any quoted word of a known family is one. */
const families = new Set(keys.filter((key) => key.includes("_")).map((key) => key.split("_")[0]));
const quoted = SCRIPTS.flatMap((path) => [...code(path).matchAll(/"([a-z]+(?:_[a-z_]+)?)"/g)].map(([, word]) => word));
const used = new Set([
  ...quoted.filter((word) => word === "lang" || (word.includes("_") && families.has(word.split("_")[0]))),
  ...PAGES.flatMap((path) => [...text(path).matchAll(/data-t="([^"]+)"/g)].map(([, key]) => key)),
  ...[...text("manifest.json").matchAll(/__MSG_(\w+)__/g)].map(([, key]) => key),
]);

test("both languages have the same words to say, in the same order", () => {
  assert.deepEqual(Object.keys(en), keys);
});

test("every word that is used exists", () => {
  assert.deepEqual([...used].filter((key) => !keys.includes(key)), []);
});

test("every word that exists is used", () => {
  assert.deepEqual(keys.filter((key) => !used.has(key)), []);
});

test("both languages have the same gaps", () => {
  const gaps = ({ message }) => [...new Set(message.match(/\$\d/g))].sort();
  for (const key of keys) assert.deepEqual(gaps(en[key]), gaps(zh[key]), key);
});

test("Chinese is Chinese, English is English", () => {
  const bare = new Set(["lang", "answer_news"]);
  for (const key of keys.filter((name) => !bare.has(name))) {
    assert.match(zh[key].message, /[\u3000-\u9fff\uff00-\uffef]/, key);
    assert.doesNotMatch(en[key].message, /[\u3000-\u9fff\uff00-\uffef]/, key);
  }
});
