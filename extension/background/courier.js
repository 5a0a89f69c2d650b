/**
 * Carries what waits to the gateway: the log-in if it changed, then the pages, oldest first. Runs at
 * every event, and every 30 seconds while there is something left to do.
 *
 * @typedef {import("../lib/ask.js").Outcome} Outcome
 * @typedef {import("../lib/ask.js").State} State
 * @typedef {import("./queue.js").Waiting} Waiting
 */
import { isTooOften } from "../lib/ask.js";
import { remember, settings } from "../lib/settings.js";
import { join, utf8 } from "../lib/seal.js";
import { keepRinging, silence } from "./alarms.js";
import { refreshBadge } from "./badge.js";
import { shelf } from "./db.js";
import { call, callJson, Failure } from "./gateway.js";
import { tidy, waiting } from "./queue.js";
import { sendSession } from "./session.js";
import { inTurn } from "./turn.js";

const ALARM = "d2f-courier";
const PERIOD = 0.5;
/** A problem with one of these, or above 499, may pass: the page is kept and tried again. */
const PASSING = new Set([401, 403, 408, 409, 429]);

const turn = inTurn();
/** @type {Map<string, (outcome: Outcome) => void>}  Who wants to know what became of a page. */
const askers = new Map();

/**
 * Lays a page down, sends it, and tells what became of it.
 * @param {Waiting} item
 * @param {Uint8Array} page
 * @returns {Promise<Outcome>}
 */
export async function deliver(item, page) {
  /** @type {Promise<Outcome>} */
  const outcome = new Promise((resolve) => askers.set(item.id, resolve));
  await shelf.put(item, page);
  await keepRinging(ALARM, PERIOD); // should the browser stop us before it is sent
  void run();
  return outcome;
}

/** Does all that can be done now. What went wrong is remembered and shown. */
export function run() {
  return turn(async () => {
    const trouble = await round().catch(troubleOf);
    const kind = trouble?.kind === "gone" ? "rejected" : "waiting";
    if (trouble?.kind === "gone") for (const { id } of await shelf.list()) await shelf.remove(id); // laid down meanwhile
    if (trouble) for (const id of askers.keys()) tell(id, { kind, trouble });
    await remember({ trouble });
    await setAlarm(trouble);
    await refreshBadge();
  });
}

/**
 * Asks the gateway how it is; what it says of Feishu is remembered. Rejects with a Failure.
 * @param {string | null} capture  Also tell of this one.
 * @param {ReturnType<import("../lib/path.js").report> | null} [walk]  How the one under way fares.
 * @returns {Promise<State>}
 */
export async function askState(capture, walk = null) {
  /** @type {State} */
  const state = await callJson("/api/v1/state", { capture, walk });
  await remember({ asks: state.asks });
  await notePush(state.push);
  await refreshBadge();
  return state;
}

/** One round. Answers the last problem that the gateway had with a message, or null. */
async function round() {
  await countDropped(await tidy(shelf, Date.now()));
  let trouble = await sendSession().then(() => null, skipProblem);
  if (trouble && isTooOften(trouble)) return trouble;
  for (const item of await waiting(shelf)) {
    const outcome = await send(item);
    if (outcome.kind === "waiting") trouble = outcome.trouble;
    else await shelf.remove(item.id);
    if (outcome.kind === "rejected" && !askers.has(item.id)) await countDropped(1);
    tell(item.id, outcome);
    if (outcome.kind === "waiting" && isTooOften(outcome.trouble)) return trouble; // the rest waits for the alarm, too
  }
  if ((await settings()).pushing) await lookAgain();
  return trouble;
}

/**
 * One page. Rejects with a Failure if the gateway cannot be reached, for then no other will fare better.
 * @param {Waiting} item
 * @returns {Promise<Outcome>}
 */
async function send({ id, url, age, status, since, trigger }) {
  const page = (await shelf.page(id)) ?? new Uint8Array();
  // An age, not a time: the gateway counts back from its own clock.
  const seconds = (age + Math.max(0, Date.now() - since)) / 1000;
  const meta = utf8(`${JSON.stringify({ url, age: seconds, status, trigger })}\n`);
  try {
    const answer = await call("/api/v1/captures", join(meta, page), id);
    await remember({ asks: answer.asks });
    await notePush(answer.push);
    return { kind: "done", answer };
  } catch (error) {
    const trouble = skipProblem(error);
    const status = trouble.problem?.status ?? 500;
    return { kind: status >= 500 || PASSING.has(status) ? "waiting" : "rejected", trouble };
  }
}

/** Feishu was being written to: how did it end? If nobody can say now, the next page will tell. */
async function lookAgain() {
  await remember({ pushing: false });
  await askState(null);
}

/**
 * A problem of one message does not hold up the next; anything else does.
 * @param {unknown} error
 */
function skipProblem(error) {
  if (error instanceof Failure && error.kind === "problem") return error.trouble;
  throw error;
}

/** @param {unknown} error */
function troubleOf(error) {
  if (!(error instanceof Failure)) console.error(error);
  return (error instanceof Failure ? error : new Failure("internal", null)).trouble;
}

/** @param {string} id @param {Outcome} outcome */
function tell(id, outcome) {
  askers.get(id)?.(outcome);
  askers.delete(id);
}

/** @param {import("../lib/ask.js").Push} push */
async function notePush({ state, problem }) {
  const said = problem && { code: problem.code, status: 0, hint: problem };
  /** @type {import("../lib/ask.js").Trouble | null} */
  const feishu = state === "error" ? { kind: "push", port: null, problem: said } : null;
  await remember({ pushing: state === "busy", feishu });
}

/** @param {number} more */
async function countDropped(more) {
  if (more > 0) await remember({ dropped: (await settings()).dropped + more });
}

/** @param {import("../lib/ask.js").Trouble | null} trouble */
async function setAlarm(trouble) {
  const isDue = (await settings()).pushing || (trouble !== null && trouble.kind !== "unpaired" && trouble.kind !== "gone");
  await (isDue ? keepRinging(ALARM, PERIOD) : silence(ALARM));
}
