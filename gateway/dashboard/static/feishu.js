// The way into Feishu: three ways in one form, and where the marks go.
import { call, submit, words } from "./api.js";
import { chooseColumns } from "./columns.js";

const form = document.getElementById("feishu");
const field = form.elements;
const connect = document.getElementById("connect");
const again = document.getElementById("log-in");

const namesTable = () => /[?&]table=tbl/.test(field.address.value);
const usesTheirs = () => namesTable() && field.place.value === "this";
const mustLogIn = () => field.way.value === "user" && form.dataset.loggedIn === undefined;

/** Shows what belongs to the choices so far; what is hidden is not sent. */
function adapt() {
  for (const part of form.querySelectorAll("[data-way]")) {
    show(part, part.dataset.way.split(" ").includes(field.way.value));
  }
  show(document.getElementById("place"), namesTable());
  show(document.getElementById("layouts"), !usesTheirs());
  field.address.required = field.way.value !== "user";
  again.hidden = field.way.value !== "user" || mustLogIn();
  connect.textContent = mustLogIn() ? words.log_in_feishu : usesTheirs() ? words.choose_columns : words.connect;
}

function show(part, yes) {
  part.hidden = !yes;
  if ("disabled" in part) part.disabled = !yes;
}

/** What was entered, as the API takes it. */
function entered() {
  const { place, ...input } = Object.fromEntries(new FormData(form));
  if (place !== "new") return input;
  const address = new URL(input.address); // the Bitable, without the table that it showed
  address.search = "";
  return { ...input, address: address.href };
}

async function logIn() {
  const { address } = await call("POST", "/api/v1/feishu/login", entered());
  location.assign(address);
}

async function send() {
  if (mustLogIn()) return logIn();
  if (usesTheirs()) return chooseColumns(form, entered());
  await call("PUT", "/api/v1/feishu", entered());
  location.reload();
}

form.addEventListener("input", adapt);
form.addEventListener("change", (event) => {
  if (event.target.name === "way") form.querySelector(".problem").hidden = true;
});
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const error = await submit(form, connect, send);
  if (error?.code === "login_ended") {
    delete form.dataset.loggedIn;
    adapt();
  }
});
again.addEventListener("click", () => { if (form.reportValidity()) submit(form, again, logIn); });

adapt();
connect.disabled = false; // without this script the browser would send the form itself, secrets in the address
if (form.dataset.unfinished !== undefined) submit(form, connect, () => chooseColumns(form, entered()));
