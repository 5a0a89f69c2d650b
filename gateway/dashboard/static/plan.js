// What a push would write: asked for when it is opened.
import { call, submit, words } from "./api.js";

const part = document.getElementById("plan");
const status = part.querySelector("[role=status]");
const list = part.querySelector(".writes");
const form = document.getElementById("accept");
const FIRST = 20; // rows of a table that are shown

const fill = (text, facts) => text.replace(/\{(\w+)\}/g, (_, name) => facts[name].toLocaleString());

const count = (name, n) => fill((n === 1 && words[`plan_${name}_one`]) || words[`plan_${name}`], { n });

function copy(id) {
  return document.getElementById(id).content.firstElementChild.cloneNode(true);
}

/** One row: what it is of, and each cell that would change. */
function row(write) {
  const item = copy("plan-write");
  item.querySelector(".title").textContent = write.title;
  item.querySelector(".kind").textContent = words[`plan_${write.what}`];
  const cells = item.querySelector("dl");
  for (const [column, [before, after]] of write.what !== "create" ? Object.entries(write.cells) : []) {
    const name = document.createElement("dt");
    const change = document.createElement("dd");
    name.textContent = column;
    change.textContent = `${before || "—"} → ${after || "—"}`;
    cells.append(name, change);
  }
  return item;
}

function table(plan) {
  const item = copy("plan-table");
  item.querySelector("h4").textContent = plan.name;
  const facts = [["creates", plan.creates], ["updates", plan.updates], ["fills", plan.fills], ["removals", plan.removals], ["edited", plan.edited]];
  if (!plan.accepted) facts.unshift(["rows", plan.rows], ["adopts", plan.adopts]);
  const told = facts.filter(([, n]) => n).map(([name, n]) => count(name, n));
  item.querySelector(".facts").textContent = told.join(" · ") || words.plan_nothing;
  item.querySelector("ul").replaceChildren(...plan.writes.slice(0, FIRST).map(row));
  const more = plan.creates + plan.updates + plan.edited - Math.min(plan.writes.length, FIRST);
  for (const text of [plan.problem && plan.problem[document.documentElement.lang.startsWith("en") ? "en" : "zh"], more > 0 && !plan.problem && count("more", more)]) {
    if (text) item.append(Object.assign(document.createElement("p"), { className: "note", textContent: text }));
  }
  return item;
}

async function look() {
  status.textContent = words.plan_looking;
  status.hidden = false;
  try {
    const { tables } = await call("GET", "/api/v1/plan");
    list.replaceChildren(...tables.map(table));
    status.hidden = true;
    form.hidden = tables.every((each) => each.accepted);
    form.elements.likely.closest("label").hidden = !tables.some((each) => each.likely.length);
  } catch (error) {
    status.textContent = error.message;
  }
}

part.addEventListener("toggle", () => { if (part.open) look(); });
form.addEventListener("submit", (event) => {
  event.preventDefault();
  submit(form, form.querySelector("button"), async () => {
    await call("POST", "/api/v1/plan/accept", { likely: form.elements.likely.checked });
    location.reload();
  });
});
if (part.open) look();
