/**
 * Goes into the dashboard's page in the tab that was opened for pairing: tells it that the extension listens, and brings its
 * code back once the person has clicked there. Takes nothing with it.
 * @param {string} origin  Where it may be: it is nowhere else, whatever the tab shows by now.
 */
export function listen(origin) {
  const here = /** @type {typeof globalThis & { d2fListens?: boolean }} */ (globalThis);
  if (location.origin !== origin || window !== window.top) return;
  if (!here.d2fListens) {
    here.d2fListens = true;
    addEventListener("message", async ({ source, data }) => {
      if (source !== window || data?.d2f !== "code" || !navigator.userActivation.isActive) return;
      const paired = await chrome.runtime.sendMessage({ what: "handover", code: String(data.code) });
      postMessage({ d2f: paired === true ? "paired" : "unpaired" }, origin);
    });
  }
  postMessage({ d2f: "asks" }, origin);
}
