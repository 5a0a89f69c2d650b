// Notices: how they go out, one to try it, and why the last one did not go out.
import { call, say, submit, words } from "./api.js";

const form = document.getElementById("notices");
const field = form.elements;
const [save, send] = form.querySelectorAll(".actions button");
const actions = form.querySelector(".actions");
const problem = form.querySelector(".problem");
const done = form.querySelector("[role=status]");

let signed = form.dataset.signed !== undefined;

/** Shows what belongs to what was entered so far; what is hidden is not sent. */
function adapt() {
  for (const part of form.querySelectorAll("[data-by]")) {
    part.hidden = !part.dataset.by.split(" ").includes(field.by.value);
    if ("disabled" in part) part.disabled = part.hidden;
  }
  const { kept, none } = field.sign.dataset; // a new webhook has a secret of its own
  field.sign.placeholder = signed && !field.webhook.value ? kept : none;
}

/** Shows how it stands. */
function tell({ setting, problem: why }) {
  const chosen = form.querySelector(`[name=by][value=${setting.way}]`).closest("label");
  document.getElementById("notices-now").textContent = chosen.querySelector("b").textContent;
  document.getElementById("notices-failed").hidden = !why;
  actions.before(problem);
  problem.hidden = !why || why.code === "needs_own_app"; // which is said where the app is chosen
  problem.textContent = why ? words.notices_failed_why.replace("{why}", say(why)) : "";
}

/** Saves what was entered; a secret that is stored leaves the page. */
async function keep() {
  const { by, said_in, ...rest } = Object.fromEntries(new FormData(form));
  const shown = await call("PUT", "/api/v1/notices", { way: by, language: said_in, ...rest });
  signed = shown.has_sign;
  field.sign.value = field.webhook.value = "";
  field.webhook.required = !shown.has_webhook;
  if (shown.has_webhook) field.webhook.placeholder = field.webhook.dataset.kept;
  adapt();
  tell(shown);
}

async function act(button, work, busy, told) {
  done.textContent = "";
  const error = await submit(form, button, work, busy);
  if (!error) done.textContent = told;
}

async function sendOne() {
  await keep();
  tell(await call("POST", "/api/v1/notices/test"));
}

form.addEventListener("input", adapt);
form.addEventListener("change", (event) => {
  if (event.target.name !== "by") return;
  problem.hidden = true;
  done.textContent = "";
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  act(save, keep, save.textContent, words.saved);
});
send.addEventListener("click", () => {
  if (form.reportValidity()) act(send, sendOne, words.notices_sending, words.notices_sent);
});
form.closest("details").addEventListener("toggle", () => {
  call("GET", "/api/v1/notices").then(tell, () => {}); // without the gateway the page says so at its top
});

save.disabled = false; // without this script the browser would send the form itself, secrets in the address
