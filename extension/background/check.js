/**
 * The chain from Douban to Feishu, link by link, so that the person sees which one is open.
 *
 * @typedef {import("../lib/ask.js").Check} Check
 */
import { DOUBAN_ORIGINS } from "./capture.js";
import { askState } from "./courier.js";
import { loadPairing } from "./db.js";
import { Failure, GATEWAY_ORIGINS, knock, USUAL_PORT } from "./gateway.js";
import { hasLogin } from "./session.js";

/** @returns {Promise<Check[]>} */
export async function checkAll() {
  const pairing = await loadPairing();
  const answers = await knock(pairing?.port ?? USUAL_PORT).then(() => true, () => false);
  const { ours, push, hint } = pairing && answers ? await greet() : { ours: null, push: null, hint: null };
  return [
    { name: "douban", ok: await chrome.permissions.contains({ origins: DOUBAN_ORIGINS }), hint: null },
    { name: "loopback", ok: await chrome.permissions.contains({ origins: GATEWAY_ORIGINS }), hint: null },
    { name: "answers", ok: answers, hint: null },
    { name: "paired", ok: pairing !== undefined, hint: null },
    { name: "ours", ok: ours, hint: ours === false ? hint : null },
    { name: "login", ok: await hasLogin(), hint: null },
    { name: "feishu", ok: push && push.state !== "unset" && push.state !== "error", hint: push?.problem ?? null },
  ];
}

/** Whether what answers is our gateway; and if so, how its way to Feishu is. */
async function greet() {
  try {
    const { push } = await askState(null);
    return { ours: true, push, hint: null };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { ours: error.kind === "problem", push: null, hint: error.problem?.hint ?? null };
  }
}
