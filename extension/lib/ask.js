/**
 * What a page of the extension may ask its service worker, and what it is answered.
 *
 * @typedef {{ zh: string, en: string }} Words
 * @typedef {Words & { code: string }} Issue
 *
 * @typedef {object} Trouble  Why something did not reach the gateway, or Feishu.
 * @property {"unpaired" | "doubted" | "permission" | "offline" | "timeout" | "foreign" | "stranger" | "gone" | "problem"
 *   | "push" | "internal"} kind
 *   foreign: another program answers. stranger: it says that it does not know us, as any program may.
 *   doubted: paired while that was so; nothing is sent before the person says that it is their gateway.
 *   gone: our gateway itself says that it knows us no more; nothing is held here since.
 *   problem: our gateway says so itself. push: Feishu does not take what the gateway has. internal: an error of ours.
 * @property {number | null} port
 * @property {{ code: string, status: number, hint: Words } | null} problem
 *
 * @typedef {object} Push  How the way to Feishu is.
 * @property {"unset" | "idle" | "busy" | "error"} state
 * @property {number} pending
 * @property {number} failed
 * @property {string | null} table  Its address.
 * @property {Issue | null} problem
 *
 * @typedef {object} Answer  What the gateway made of a page.
 * @property {string} capture
 * @property {"ok" | "login" | "blocked" | "gone" | "foreign" | "unknown"} verdict
 * @property {Issue | null} reason
 * @property {number} marks
 * @property {number} new
 * @property {number} changed
 * @property {number} same
 * @property {number} problems  Rows that could not be read.
 * @property {Push} push
 * @property {boolean} asks
 * @property {boolean} enough  To a page of a walk: the rest of its list is known.
 *
 * @typedef {{ kind: "refused", reason: import("./judge.js").Refusal }
 *   | { kind: "waiting", trouble: Trouble }
 *   | { kind: "rejected", trouble: Trouble }
 *   | { kind: "done", answer: Answer }} Outcome  What became of a capture. rejected: not tried again.
 *
 * @typedef {object} State  How the gateway is.
 * @property {string} gateway    Its version.
 * @property {string} dashboard  Its address.
 * @property {{ id: string, name: string } | null} account
 * @property {number} marks
 * @property {Push} push
 * @property {{ pending: number, failed: number } | null} capture
 * @property {boolean} asks            Some schedule has browsers asked to read the lists.
 * @property {WalkAsked | null} walk   What this one is to read.
 *
 * @typedef {object} WalkAsked
 * @property {string} id
 * @property {"sync" | "full"} kind
 * @property {string} account          Whose lists.
 *
 * @typedef {{ port: number, name: string, since: string, gateway: string, doubted: boolean }} Pairing
 * @typedef {object} Overview
 * @property {Pairing | null} pairing
 * @property {number} waiting
 * @property {number} dropped
 * @property {boolean} autosync
 * @property {boolean} doubt           The last that answered on the port was none that knows us.
 * @property {number | null} walk      Pages that were read by now, while the lists are being read.
 * @typedef {{ ok: true, state: State } | { ok: false, trouble: Trouble }} StateReply
 * @typedef {{ ok: true, pairing: Pairing }
 *   | { ok: false, code: "shape" | "check" }
 *   | { ok: false, trouble: Trouble }} PairReply
 *
 * @typedef {"douban" | "loopback" | "answers" | "ours" | "paired" | "login" | "feishu"} CheckName
 * @typedef {{ name: CheckName, ok: boolean | null, hint: Words | null }} Check  null: cannot be known yet.
 *
 * @typedef {object} Questions
 * @property {{ ask: { tab: number }, reply: Outcome }} capture
 * @property {{ ask: {}, reply: Overview }} overview
 * @property {{ ask: { capture: string | null }, reply: StateReply }} state
 * @property {{ ask: { code: string }, reply: PairReply }} pair
 * @property {{ ask: {}, reply: null }} openPairing
 * @property {{ ask: {}, reply: null }} trust
 * @property {{ ask: {}, reply: null }} unpair
 * @property {{ ask: {}, reply: null }} forget
 * @property {{ ask: {}, reply: Check[] }} check
 * @property {{ ask: {}, reply: null }} stopWalk
 */

/**
 * Rejects if the service worker failed at it.
 * @template {keyof Questions} What
 * @param {What} what
 * @param {Questions[What]["ask"]} about
 * @returns {Promise<Questions[What]["reply"]>}
 */
export async function ask(what, about) {
  const { reply, error } = await chrome.runtime.sendMessage({ what, ...about });
  if (error !== undefined) throw new Error(error);
  return reply;
}

/**
 * The gateway asks to wait: that passes by itself, and nothing is lost.
 * @param {Trouble} trouble
 */
export function isTooOften({ problem }) {
  return problem?.status === 429;
}
