// Wiping it all: the button wakes when the word is typed; afterwards the page says what remains. While files do, it can be pressed again.
import { call, submit, words } from "./api.js";
import { stop } from "./live.js";

const form = document.getElementById("wipe");
const word = form.elements.word;
const button = form.querySelector("button");

const isTyped = () => word.value.trim().toUpperCase() === word.dataset.word.toUpperCase();

word.addEventListener("input", () => { button.disabled = !isTyped(); });

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!isTyped()) return;
  submit(form, button, async () => {
    const { files, entries } = await call("POST", "/api/v1/wipe", { word: word.value });
    if (files.length) throw new Error(words.wipe_stays + [...files, ...entries].join(" · "));
    farewell(entries);
  }, words.wipe_doing);
});

function farewell(left) {
  stop();
  const section = document.createElement("section");
  const lines = [words.wiped_next, ...(left.length ? [words.wiped_left + left.join(" · ")] : []), words.wipe_remains];
  const title = document.createElement("h1");
  title.textContent = left.length ? words.wiped_else : words.wiped;
  title.tabIndex = -1;
  section.append(title, ...lines.map((line) => Object.assign(document.createElement("p"), { textContent: line })));
  document.querySelector("header nav")?.remove();
  document.getElementById("accounts")?.remove();
  document.querySelector("main").replaceChildren(section);
  title.focus();
}
