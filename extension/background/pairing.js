/**
 * Pairing: the code that the person pastes becomes two keys that only this browser and this gateway
 * have. The code itself is never sent and not kept.
 *
 * @typedef {import("../lib/ask.js").Pairing} Pairing
 */
import { deviceKeys, fromBase64, fromHex, pairKeys, random, readCode, toBase64, utf8 } from "../lib/seal.js";
import { remember, settings } from "../lib/settings.js";
import { forgetPairing, loadPairing, savePairing } from "./db.js";
import { exchange } from "./gateway.js";

/**
 * Rejects with a CodeError or a Failure; then an older pairing stays as it is.
 * @param {string} code
 * @returns {Promise<Pairing>}
 */
export async function pair(code) {
  const { port, psk } = await readCode(code);
  const ours = random(32);
  const name = await deviceName();
  const hello = { name, version: chrome.runtime.getManifest().version, random: toBase64(ours) };
  const message = { id: crypto.randomUUID(), counter: 0 };
  const welcome = await exchange(port, "/api/v1/pair", await pairKeys(psk), message, utf8(JSON.stringify(hello)));
  const keys = await deviceKeys(psk, fromHex(welcome.device), ours, fromBase64(welcome.random));
  const { doubt: doubted } = await settings();
  await savePairing({ ...keys, port, name, since: new Date().toISOString(), gateway: welcome.gateway, doubted });
  await remember({ session: "", trouble: null, feishu: null });
  return /** @type {Promise<Pairing>} */ (currentPairing());
}

/** The person says that what they paired with is their gateway. */
export async function trust() {
  const pairing = await loadPairing();
  if (pairing) await savePairing({ ...pairing, doubted: false });
  await remember({ doubt: false });
}

export async function unpair() {
  await forgetPairing();
  await remember({ session: "", trouble: null, feishu: null, pushing: false, asks: false });
}

/**
 * The pairing without its keys.
 * @returns {Promise<Pairing | null>}
 */
export async function currentPairing() {
  const pairing = await loadPairing();
  if (!pairing) return null;
  const { port, name, since, gateway, doubted = false } = pairing;
  return { port, name, since, gateway, doubted };
}

/** What the dashboard will call this browser: "Chrome · Linux". */
async function deviceName() {
  const { os } = await chrome.runtime.getPlatformInfo();
  const systems = { mac: "macOS", win: "Windows", linux: "Linux", cros: "ChromeOS", android: "Android" };
  return `${browserName()} · ${/** @type {Record<string, string>} */ (systems)[os] ?? os}`;
}

function browserName() {
  const agent = navigator.userAgent;
  if (agent.includes("Firefox/")) return "Firefox";
  if (agent.includes("Edg/")) return "Edge";
  return "Chrome";
}
