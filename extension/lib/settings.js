/**
 * What the extension remembers between two starts of the browser. Nothing here is secret: the keys of
 * the pairing lie in IndexedDB, the cookies nowhere.
 *
 * @typedef {object} Settings
 * @property {boolean} autosync      Capture one's own pages while browsing.
 * @property {number} dropped        Pages given up since the person was last told.
 * @property {string} session        Fingerprint of the log-in that the gateway has.
 * @property {boolean} pushing       Feishu was still being written to when last heard of.
 * @property {boolean} doubt         What answered last on the port was none that knows us: perhaps another program.
 * @property {boolean} asks          Some schedule has browsers asked to read the lists.
 * @property {import("./ask.js").Trouble | null} trouble  Between here and the gateway, the last time.
 * @property {import("./ask.js").Trouble | null} feishu   Between the gateway and Feishu, as far as known.
 */

/** @type {Settings} */
const DEFAULTS = {
  autosync: false, dropped: 0, session: "", pushing: false, doubt: false, asks: false, trouble: null, feishu: null,
};

/** @returns {Promise<Settings>} */
export async function settings() {
  return /** @type {Settings} */ (await chrome.storage.local.get(DEFAULTS));
}

/** @param {Partial<Settings>} change */
export async function remember(change) {
  await chrome.storage.local.set(change);
}
