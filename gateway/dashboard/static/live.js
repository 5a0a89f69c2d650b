// Shows what changes while the person looks.
const lost = document.getElementById("lost");

/** Replaces the parts of the page that tell of the present; a form that is being filled in stays as it is. */
export async function refresh() {
  const reply = await fetch(location.search ? `/${location.search}` : "/", { headers: { accept: "text/html" } }).catch(() => null);
  if (reply?.status === 401) return location.reload(); // the session has ended: the page says how to go on
  if (!reply?.ok) return;
  const page = new DOMParser().parseFromString(await reply.text(), "text/html");
  const parts = ["state", "calls-sum", "calls-now", "devices", "entered", "account", "notices-now", "notices-failed", "walks-now", "walks-live",
    "scheduled", "asked", "live", "accounts"];
  for (const id of parts) {
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

// Many events may come at once; one look a second is enough.
let waiting = false;
const events = new EventSource("/api/v1/events");
events.addEventListener("error", () => {
  lost.hidden = false;
  if (events.readyState === EventSource.CLOSED) refresh();
});
events.addEventListener("open", () => {
  lost.hidden = true;
  refresh(); // what happened between the page and the first event it hears
});
events.addEventListener("message", () => {
  if (waiting) return;
  waiting = true;
  setTimeout(() => { waiting = false; refresh(); }, 1000);
});
