// Shows what changes while the person looks.
const lost = document.getElementById("lost");

/** That it is a page of ours that asks: no other is told the token. */
export const proof = { "x-csrftoken": document.querySelector("main")?.dataset.csrf ?? "" };

/** The address of a part of the gateway, for the account that this page is about. */
export function ours(path) {
  const { account } = document.documentElement.dataset;
  return account ? `${path}?account=${account}` : path;
}

let ended = false;

/** There is nothing left to show. */
export function stop() {
  ended = true;
}

/** Replaces the parts of the page that tell of the present; a form that is being filled in stays as it is. */
export async function refresh() {
  if (ended) return;
  const reply = await fetch(ours("/"), { headers: { accept: "text/html", ...proof } }).catch(() => null);
  // The session has ended: the page says how to go on. Or the page's token has: a newer page has another.
  if (reply?.status === 401 || reply?.status === 403) return location.reload();
  if (!reply?.ok) return;
  const page = new DOMParser().parseFromString(await reply.text(), "text/html");
  const parts = ["state", "calls-sum", "calls-now", "devices", "entered", "account", "notices-now", "notices-failed", "walks-now", "walks-live",
    "scheduled", "asked", "live", "accounts", "safety-now", "douban-logins", "acts"];
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
function look() {
  if (waiting) return;
  waiting = true;
  setTimeout(() => { waiting = false; refresh(); }, 1000);
}

const TOO_OLD = 4401;

/** Listens, and begins anew when the line breaks. (Of event streams a browser allows six in all, tabs counted.) */
function listen(pause = 1000) {
  if (ended) return;
  const socket = new WebSocket(ours("/api/v1/events/socket"));
  socket.addEventListener("open", () => {
    pause = 1000;
    lost.hidden = true;
    refresh(); // what happened between the page and the first event it hears
  });
  socket.addEventListener("message", look);
  socket.addEventListener("close", async ({ code }) => {
    const renews = code === TOO_OLD; // every 15 minutes, which nobody need notice
    lost.hidden = renews;
    await refresh(); // it renews the session; if that has ended, it says so
    setTimeout(listen, renews ? 0 : pause, Math.min(pause * 2, 10_000));
  });
}
listen();

/** Waits are counted down between two looks. */
setInterval(() => {
  for (const part of document.querySelectorAll("[data-seconds]")) {
    const seconds = Math.max(0, part.dataset.seconds - 1);
    part.dataset.seconds = seconds;
    part.textContent = part.dataset.told.replace("{n}", seconds);
  }
}, 1000);
