// The passphrase of the dashboard: set, changed, removed.
import { call, submit, words } from "./api.js";
import { refresh } from "./live.js";

const form = document.getElementById("passphrase");
const field = form.elements;
const current = document.getElementById("passphrase-current");
const [save, remove] = form.querySelectorAll(".actions button");
const done = form.querySelector("[role=status]");

/** Shows what belongs to whether there is one. */
function adapt(isSet) {
  current.hidden = current.disabled = remove.hidden = !isSet;
  save.textContent = isSet ? save.dataset.change : save.dataset.set;
}

async function send(passphrase) {
  const { is_set: isSet } = await call("POST", "/api/v1/passphrase", { passphrase, current: field.current.value });
  form.reset();
  adapt(isSet);
  await refresh();
}

async function act(button, work) {
  done.textContent = "";
  const error = await submit(form, button, work, button.textContent);
  if (error) return;
  adapt(!current.disabled);
  done.textContent = words.saved;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  act(save, async () => {
    if (field.again.value !== field.passphrase.value) throw Object.assign(new Error(words.passphrase_differs), { code: "passphrase_differs" });
    await send(field.passphrase.value);
  });
});
remove.addEventListener("click", () => {
  if (field.current.reportValidity()) act(remove, () => send(""));
});

save.disabled = false; // without this script the browser would send the form itself, secrets in the address
