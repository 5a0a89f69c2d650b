/**
 * Forgets all that this browser holds for D2F: the pairing and its keys, pages that wait, settings, where a walk is. The
 * tab that it read in is closed.
 */
import { silenceAll } from "./alarms.js";
import { forgetAll } from "./db.js";
import { closeOurs } from "./tab.js";

export async function forget() {
  await closeOurs();
  await forgetAll();
  await chrome.storage.local.clear();
  await chrome.storage.session.clear();
  await silenceAll();
}
