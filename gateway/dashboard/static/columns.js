// A table of the person's own: which of its columns takes what.
import { call, say, submit, words } from "./api.js";

const form = document.getElementById("columns");
const list = form.querySelector(".mapping");
const heading = form.querySelector("h4");
let entered;
let before;

/** Asks in place of the form `from`, with what was entered there. Throws an Error with words for the person. */
export async function chooseColumns(from, input) {
  entered = input;
  before = from;
  await ask();
  from.hidden = true;
  form.hidden = false;
  heading.focus();
}

async function ask() {
  const shelf = form.elements.shelf.value;
  const { table, columns } = await call("POST", "/api/v1/feishu/columns", { ...entered, shelf });
  heading.textContent = words.columns_of.replace("{table}", table);
  list.replaceChildren(...columns.map(row));
  keepApart();
}

/** A field of ours with the columns that could take it. */
function row(column) {
  const item = form.querySelector("template").content.firstElementChild.cloneNode(true);
  const select = item.querySelector("select");
  const help = item.querySelector(".help");
  item.querySelector(".field").textContent = say(column.name);
  item.querySelector(".type").textContent = say(column.type);
  item.querySelector("label").htmlFor = select.id = `column-${column.key}`;
  select.name = column.key;
  select.prepend(...column.fitting.map((each) => new Option(each.name, each.field_id)));
  if (column.needed) select.querySelector('[value=""]').remove();
  select.value = chosen(column) ?? (column.needed ? "new" : "");
  help.textContent = column.wrong ? say(column.wrong) : column.needed ? words.column_needed : "";
  help.id = `${select.id}-help`;
  help.hidden = !help.textContent;
  if (!help.hidden) select.setAttribute("aria-describedby", help.id);
  item.classList.toggle("wrong", Boolean(column.wrong));
  return item;
}

/** What was chosen the last time, for the table that we write already; else what is proposed. */
function chosen(column) {
  const binding = JSON.parse(form.dataset.binding);
  const known = form.dataset.table && entered.address.includes(`table=${form.dataset.table}`) && column.key in binding;
  const there = column.fitting.some((each) => each.field_id === binding[column.key]);
  return known && (there || binding[column.key] === null) ? binding[column.key] : column.chosen;
}

/** No column takes two fields. */
function keepApart() {
  const selects = [...list.querySelectorAll("select")];
  const taken = new Set(selects.map((select) => select.value));
  for (const select of selects) {
    for (const option of select.options) {
      option.disabled = option.value.startsWith("fld") && taken.has(option.value) && select.value !== option.value;
    }
  }
}

list.addEventListener("change", keepApart);
form.elements.shelf.addEventListener("change", (event) => {
  submit(form, form.querySelector("button:not([type])"), ask);
  event.target.focus();
});
document.getElementById("fill").addEventListener("click", () => {
  for (const select of list.querySelectorAll("select")) select.value ||= "new";
});
document.getElementById("back").addEventListener("click", () => {
  form.hidden = true;
  before.hidden = false;
  before.querySelector("input:checked").focus();
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  submit(form, form.querySelector("button:not([type])"), async () => {
    const { shelf, ...fields } = Object.fromEntries(new FormData(form));
    const columns = Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, value || null]));
    await call("PUT", "/api/v1/feishu", { ...entered, shelf, columns });
    location.reload();
  });
});
