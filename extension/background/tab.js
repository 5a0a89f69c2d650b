/**
 * The one tab in the background that lists are read in. No other tab is touched. Its number is kept as long as the
 * browser runs: one that is gone then was closed by the person; after a start there is none.
 */

/** @returns {Promise<chrome.tabs.Tab | null | undefined>}  null: it was closed. undefined: there is none yet. */
export async function ourTab() {
  const { walkTab } = await chrome.storage.session.get("walkTab");
  if (walkTab === undefined) return undefined;
  return chrome.tabs.get(walkTab).catch(() => null);
}

/** Rejects if the browser has no window to put a tab into. @param {string} url */
export async function openInOurs(url) {
  const tab = await ourTab();
  if (tab) return void (await chrome.tabs.update(tab.id ?? chrome.tabs.TAB_ID_NONE, { url }));
  const { id } = await chrome.tabs.create({ url, active: false });
  await chrome.storage.session.set({ walkTab: id });
}

/** Another one, for the person to look at. @param {string} url */
export async function openInFront(url) {
  return (await chrome.tabs.create({ url })).id ?? chrome.tabs.TAB_ID_NONE;
}

/** It is the person's from now on. */
export function leaveOurs() {
  return chrome.storage.session.remove("walkTab");
}

/** Nothing is closed that the person looks at. */
export async function closeOurs() {
  const tab = await ourTab();
  await leaveOurs();
  if (tab?.id !== undefined && !tab.active) await chrome.tabs.remove(tab.id).catch(() => undefined);
}
