// What a push would write: asked for when it is opened.
import { call, say, submit, words } from "./api.js";

const part = document.getElementById("plan");
const status = part.querySelector("[role=status]");
const list = part.querySelector(".writes");
const form = document.getElementById("accept");
const FIRST = 20; // rows of a list that are shown
const SKIPS = ["failed", "theirs", "ignored", "deleted"];

const fill = (text, facts) => text.replace(/\{(\w+)\}/g, (_, name) => facts[name].toLocaleString());

const count = (name, n) => fill((n === 1 && words[`plan_${name}_one`]) || words[`plan_${name}`], { n });

function copy(id) {
  return document.getElementById(id).content.firstElementChild.cloneNode(true);
}

/** One row: what it is of, what becomes of it, and each cell that would change. */
function row(title, what, cells = {}) {
  const item = copy("plan-row");
  item.querySelector(".title").textContent = title;
  item.querySelector("small").textContent = what;
  const list = item.querySelector("dl");
  for (const [column, [before, after]] of Object.entries(cells)) {
    const name = document.createElement("dt");
    const change = document.createElement("dd");
    name.textContent = column;
    change.textContent = `${before || "—"} → ${after || "—"}`;
    list.append(name, change);
  }
  return item;
}

function written({ title, what, cells }) {
  if (what === "create") return row(title, words.plan_create);
  return row(title, words[Object.keys(cells).length ? `plan_${what}` : "plan_unchanged"], cells);
}

const goes = ({ title, why }) => row(title, fill(words.plan_goes, { why: say(why) }));
const skipped = ({ title, why }) => row(title, say(why));

/** The first of some rows, and how many more there are. */
function show(place, rows, total, how) {
  const list = Object.assign(document.createElement("ul"), { className: "plain-list" });
  list.append(...rows.slice(0, FIRST).map(how));
  if (list.childElementCount) place.append(list);
  const more = total - list.childElementCount;
  if (more > 0) place.append(note(count("more", more)));
}

const note = (text) => Object.assign(document.createElement("p"), { className: "note", textContent: text });

/** How many there are of each, as far as there are any. */
const facts = (plan, names) => names.filter((name) => plan[name]).map((name) => count(name, plan[name])).join(" · ");

function table(plan) {
  const item = copy("plan-table");
  item.querySelector("h4").textContent = plan.name;
  const before = plan.accepted ? [] : ["rows", "adopts"];
  const told = facts(plan, [...before, "creates", "updates", "fills", "removals", "edited"]);
  item.querySelector(".facts").textContent = told || words.plan_nothing;
  const [rows, left] = item.querySelectorAll(".rows");
  if (plan.problem) rows.append(note(say(plan.problem)));
  else show(rows, plan.writes, plan.creates + plan.updates + plan.edited, written);
  show(rows, plan.going, plan.removals, goes);
  const skips = item.querySelector(".skips");
  if (!plan.skips.length) skips.remove();
  skips.querySelector("summary").textContent = fill(words.plan_skips, { what: facts(plan, SKIPS) });
  show(left, plan.skips, SKIPS.reduce((sum, name) => sum + plan[name], 0), skipped);
  return item;
}

async function look() {
  status.textContent = words.plan_looking;
  status.hidden = false;
  try {
    const { tables, left_out } = await call("GET", "/api/v1/plan");
    const kinds = left_out.map(({ names, number }) => `${say(names)} ${number.toLocaleString()}`).join(" · ");
    list.replaceChildren(...tables.map(table));
    if (kinds) list.append(note(fill(words.plan_left_out, { what: kinds })));
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
