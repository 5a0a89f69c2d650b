/** What wakes the service worker again. The browser keeps alarms, at least until it is closed. */

/**
 * From now on every so many minutes, which is 0.5 at least. It replaces one of that name.
 * @param {string} name
 * @param {number} minutes
 */
export function ring(name, minutes) {
  return chrome.alarms.create(name, { delayInMinutes: minutes, periodInMinutes: minutes });
}

/** @param {string} name @param {number} minutes */
export async function keepRinging(name, minutes) {
  if (!(await chrome.alarms.get(name))) await ring(name, minutes);
}

/** @param {string} name */
export function silence(name) {
  return chrome.alarms.clear(name);
}

export function silenceAll() {
  return chrome.alarms.clearAll();
}
