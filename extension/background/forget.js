/** Forgets all that this browser holds for D2F: the pairing and its keys, pages that wait, settings, where a walk is. */
import { silenceAll } from "./alarms.js";
import { forgetAll } from "./db.js";

export async function forget() {
  await forgetAll();
  await chrome.storage.local.clear();
  await chrome.storage.session.clear();
  await silenceAll();
}
