/** Answers the popup and the options page (see `lib/ask.js`); nobody else. */
import { CodeError } from "../lib/seal.js";
import { settings } from "../lib/settings.js";
import { refreshBadge } from "./badge.js";
import { captureNow } from "./capture.js";
import { checkAll } from "./check.js";
import { askState, run } from "./courier.js";
import { shelf } from "./db.js";
import { forget } from "./forget.js";
import { Failure } from "./gateway.js";
import { askForCode } from "./handover.js";
import { currentPairing, pair, trust, unpair } from "./pairing.js";
import { stopWalk, underWay, wake } from "./walk.js";

/** @typedef {import("../lib/ask.js").Questions} Questions */
/** @type {{ [What in keyof Questions]: (ask: Questions[What]["ask"]) => Promise<Questions[What]["reply"]> }} */
const ANSWERS = {
  capture: ({ tab }) => captureNow(tab),
  overview,
  state: ({ capture }) => askState(capture).then((state) => ({ ok: true, state }), failed),
  pair: ({ code }) => pair(code).then(paired, failed),
  openPairing: () => askForCode().then(() => null),
  trust: async () => {
    await trust();
    await run();
    void wake();
    return null;
  },
  unpair: async () => {
    await unpair();
    await stopWalk();
    await refreshBadge();
    return null;
  },
  forget: async () => {
    await stopWalk();
    await forget();
    await refreshBadge();
    return null;
  },
  check: checkAll,
  stopWalk: () => stopWalk().then(() => null),
};

/**
 * @param {{ what: keyof Questions }} message
 * @param {chrome.runtime.MessageSender} sender
 * @param {(answer: unknown) => void} respond
 */
export function answer(message, sender, respond) {
  if (!sender.url?.startsWith(chrome.runtime.getURL(""))) return false;
  const about = /** @type {any} */ (message);
  ANSWERS[message.what](about).then(
    (reply) => respond({ reply }),
    (error) => respond({ error: String(error) }),
  );
  return true;
}

/** @returns {Promise<import("../lib/ask.js").Overview>} */
async function overview() {
  const { autosync, dropped, doubt } = await settings();
  const waiting = (await shelf.list()).length;
  if (waiting > 0) void run();
  const walk = await underWay();
  const pages = walk && !walk.end ? walk.pages : null;
  return { pairing: await currentPairing(), waiting, dropped, autosync, doubt, walk: pages };
}

/** @param {import("../lib/ask.js").Pairing} pairing */
function paired(pairing) {
  void run();
  void wake();
  return { ok: /** @type {const} */ (true), pairing };
}

/** @param {unknown} error @returns {any} */
function failed(error) {
  if (error instanceof CodeError) return { ok: false, code: error.kind };
  if (error instanceof Failure) return { ok: false, trouble: error.trouble };
  throw error;
}
