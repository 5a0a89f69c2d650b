// Pairing a browser: its code goes to the extension that opened this page for it, or is shown to be pasted.
import { call, words } from "./api.js";
import { refresh } from "./live.js";

const asks = document.getElementById("handover");
const place = document.getElementById("code");
let told = () => {};

/** What the extension says, which no other page can: it speaks from within this one. */
window.addEventListener("message", ({ source, origin, data }) => {
  if (source !== window || origin !== location.origin) return;
  if (data?.d2f === "asks") {
    asks.hidden = false;
    asks.querySelector("button")?.focus();
  } else if (data?.d2f === "paired" || data?.d2f === "unpaired") told(data.d2f === "paired");
});

/** Makes a code and hands it over. If that fails, it can still be pasted. */
export async function handOver() {
  const { code } = await call("POST", "/api/v1/pairing");
  const paired = new Promise((resolve) => { told = resolve; });
  window.postMessage({ d2f: "code", code }, location.origin);
  if (await paired) {
    asks.replaceChildren(Object.assign(document.createElement("p"), { textContent: words.handover_done, role: "status" }));
    place.hidden = true;
  } else {
    asks.hidden = true;
    show(code);
  }
  await refresh();
}

export async function pair() {
  const { code } = await call("POST", "/api/v1/pairing");
  show(code);
}

function show(code) {
  place.querySelector("code").textContent = code;
  place.querySelector("button").dataset.copy = code;
  place.hidden = false;
  place.querySelector("button").focus();
}
