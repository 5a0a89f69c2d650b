// What a push would write: asked for when it is opened.
import { call, say, submit, words } from "./api.js";

const plan = document.getElementById("plan");
const status = plan.querySelector("[role=status]");
const list = plan.querySelector(".writes");
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
const proposed = ({ title, mark, by, cells }) => row(title || "—", words[`plan_by_${by}`].replace("{mark}", () => mark), cells);
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
  const rows = item.querySelector(".rows.now");
  if (plan.problem) rows.append(note(say(plan.problem)));
  else show(rows, plan.writes, plan.creates + plan.updates + plan.edited, written);
  show(rows, plan.going, plan.removals, goes);
  part(item, ".likely", count("proposals", plan.proposals), plan.likely, plan.proposals, proposed);
  const skips = SKIPS.reduce((sum, name) => sum + plan[name], 0);
  part(item, ".left", fill(words.plan_skips, { what: facts(plan, SKIPS) }), plan.skips, skips, skipped);
  return item;
}

/** A list with a heading, if there is anything in it. */
function part(item, name, heading, rows, total, how) {
  const place = item.querySelector(name);
  if (!rows.length) return place.remove();
  place.querySelector("summary").textContent = heading;
  show(place.querySelector(".rows"), rows, total, how);
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
    form.elements.likely.closest("label").hidden = !tables.some((each) => each.proposals);
  } catch (error) {
    status.textContent = error.message;
  }
}

plan.addEventListener("toggle", () => { if (plan.open) look(); });
form.addEventListener("submit", (event) => {
  event.preventDefault();
  submit(form, form.querySelector("button"), async () => {
    await call("POST", "/api/v1/plan/accept", { likely: form.elements.likely.checked });
    location.reload();
  });
});
if (plan.open) look();
