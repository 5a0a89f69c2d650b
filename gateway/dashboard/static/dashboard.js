// The dashboard's own script: what its buttons do.
import { CHANGED, call, latest, submit, words } from "./api.js";
import "./feishu.js";
import { refresh } from "./live.js";
import { handOver, pair } from "./pair.js";
import "./safety.js";
import "./wipe.js";

const notice = document.getElementById("notice");

/** Runs what a button stands for; a failure is said at the top of the page. */
async function act(button, work) {
  button.disabled = true;
  notice.hidden = true;
  try {
    await work();
  } catch (error) {
    notice.textContent = error.message;
    notice.hidden = false;
    refresh(); // the state of everything may be another one now
  } finally {
    button.disabled = false;
  }
}

async function renamed({ rename, name: before, ask }) {
  const name = prompt(ask, before)?.trim();
  if (!name || name === before) return;
  await call("POST", rename, { name });
  await refresh();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const { post, version, delete: gone, copy, sure, whole, leads, rename } = button.dataset;
  if (button.id === "pair") act(button, pair);
  else if (button.id === "hand") act(button, handOver);
  else if (copy) {
    const label = button.textContent;
    act(button, async () => {
      await navigator.clipboard.writeText(copy);
      button.textContent = words.copied;
      setTimeout(() => { button.textContent = label; }, 1500);
    });
  } else if (rename) act(button, () => renamed(button.dataset));
  else if (post?.startsWith("/logout")) act(button, async () => { await call("POST", post); location.reload(); });
  else if (leads) act(button, async () => { await call("POST", post); location.assign(leads); });
  else if (post) act(button, async () => { await call("POST", post, undefined, version); await refresh(); });
  else if (gone && (!sure || confirm(sure))) {
    act(button, async () => { await call("DELETE", gone); await (whole === undefined ? refresh() : location.reload()); });
  }
});

/** Saves a choice as soon as it is made. */
async function choose(select, path) {
  try {
    await call("PUT", path, { [select.name]: select.value });
  } catch (error) {
    if (error.code !== CHANGED) throw error;
    const mine = select.selectedOptions[0].textContent;
    select.value = (await latest()).querySelector(`[data-put="${path}"] [selected]`).value;
    throw new Error(`${words.choice_changed.replace("{mine}", mine)} ${words.changed_to}${select.selectedOptions[0].textContent}`);
  }
}

document.addEventListener("change", (event) => {
  const { put } = event.target.dataset;
  if (put) act(event.target, () => choose(event.target, put));
});

const limits = document.getElementById("limits");
const save = limits?.querySelector("button");
limits?.addEventListener("submit", (event) => {
  event.preventDefault();
  const done = limits.querySelector("[role=status]");
  done.textContent = "";
  submit(limits, save, async () => {
    const { month, covers } = Object.fromEntries(new FormData(limits));
    await call("PUT", "/api/v1/limits", { month: Number(month), covers: Number(covers) });
    done.textContent = words.saved;
    await refresh();
  }, save.textContent);
});
if (save) save.disabled = false;
