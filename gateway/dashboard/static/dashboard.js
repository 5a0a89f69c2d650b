// The dashboard's own script: sends what the person enters, and shows what changes while they look.
import { call, submit, words } from "./api.js";
import "./feishu.js";

const notice = document.getElementById("notice");
const lost = document.getElementById("lost");

/** Replaces the parts of the page that tell of the present; a form that is being filled in stays as it is. */
async function refresh() {
  const reply = await fetch("/", { headers: { accept: "text/html" } }).catch(() => null);
  if (reply?.status === 401) return location.reload(); // the session has ended: the page says how to go on
  if (!reply?.ok) return;
  const page = new DOMParser().parseFromString(await reply.text(), "text/html");
  for (const id of ["state", "calls-sum", "calls-now", "devices", "account", "live"]) {
    replace(document.getElementById(id), page.getElementById(id));
  }
}

/** Puts a newer part of the page in place of an older one, and the focus where it was. */
function replace(old, fresh) {
  if (!old || !fresh || old.isEqualNode(fresh)) return;
  const at = focusable(old).indexOf(document.activeElement);
  old.replaceWith(fresh);
  focusable(fresh)[at]?.focus();
}

function focusable(part) {
  return Array.from(part.querySelectorAll("a, button, summary"));
}

/** Runs what a button stands for; a failure is said at the top of the page. */
async function act(button, work) {
  button.disabled = true;
  notice.hidden = true;
  try {
    await work();
  } catch (error) {
    notice.textContent = error.message;
    notice.hidden = false;
  } finally {
    button.disabled = false;
  }
}

async function pair() {
  const { code } = await call("POST", "/api/v1/pairing");
  const place = document.getElementById("code");
  place.querySelector("code").textContent = code;
  place.querySelector("button").dataset.copy = code;
  place.hidden = false;
  place.querySelector("button").focus();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const { post, delete: gone, copy, sure } = button.dataset;
  if (button.id === "pair") act(button, pair);
  else if (copy) {
    const label = button.textContent;
    act(button, async () => {
      await navigator.clipboard.writeText(copy);
      button.textContent = words.copied;
      setTimeout(() => { button.textContent = label; }, 1500);
    });
  } else if (post === "/logout") act(button, async () => { await call("POST", post); location.reload(); });
  else if (post) act(button, async () => { await call("POST", post); await refresh(); });
  else if (gone && confirm(sure)) act(button, async () => { await call("DELETE", gone); await refresh(); });
});

document.getElementById("limits")?.addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target;
  const done = form.querySelector("[role=status]");
  done.textContent = "";
  submit(form, form.querySelector("button"), async () => {
    const { month, covers } = Object.fromEntries(new FormData(form));
    await call("PUT", "/api/v1/limits", { month: Number(month), covers: Number(covers) });
    done.textContent = words.saved;
    await refresh();
  });
});

// Many events may come at once; one look a second is enough.
let waiting = false;
const events = new EventSource("/api/v1/events");
events.addEventListener("error", () => {
  lost.hidden = false;
  if (events.readyState === EventSource.CLOSED) refresh();
});
events.addEventListener("open", () => {
  if (!lost.hidden) refresh();
  lost.hidden = true;
});
events.addEventListener("message", () => {
  if (waiting) return;
  waiting = true;
  setTimeout(() => { waiting = false; refresh(); }, 1000);
});
