/**
 * The one place that speaks to the network, and it speaks to 127.0.0.1 only. Whatever goes out is
 * sealed; whatever comes back is believed only if it opens as the answer to that very message.
 *
 * @typedef {import("../lib/seal.js").Keys} Keys
 * @typedef {import("../lib/ask.js").Trouble} Trouble
 */
import { openAnswer, sealRequest, utf8 } from "../lib/seal.js";
import { remember, settings } from "../lib/settings.js";
import { loadPairing, nextCounter } from "./db.js";
import { forget } from "./forget.js";
import { inTurn } from "./turn.js";

/** Where a gateway listens unless it was told otherwise. */
export const USUAL_PORT = 8377;
export const GATEWAY_ORIGINS = ["http://127.0.0.1/*"];

const SEALED = "application/octet-stream";
const PATIENCE = 10_000;

/** Why a message was not answered as hoped. */
export class Failure extends Error {
  /** @param {Trouble["kind"]} kind @param {Trouble["port"]} port @param {Trouble["problem"]} problem */
  constructor(kind, port, problem = null) {
    super(kind);
    this.kind = kind;
    this.port = port;
    this.problem = problem;
  }

  /** @returns {Trouble}  As plain data, for messages and storage. */
  get trouble() {
    return { kind: this.kind, port: this.port, problem: this.problem };
  }
}

// One message at a time: the gateway refuses a counter that overtook another on its way.
const turn = inTurn();
let timedOut = { at: 0, port: 0 };

/**
 * A message of this paired browser. Rejects with a Failure.
 * @param {string} path
 * @param {Uint8Array} plaintext
 * @param {string} [id]  Of a message that is tried again.
 */
export function call(path, plaintext, id = crypto.randomUUID()) {
  const asked = Date.now();
  return turn(async () => {
    // What waited behind a message that was not answered need not wait as long once more.
    if (asked <= timedOut.at) throw new Failure("timeout", timedOut.port);
    const pairing = await loadPairing();
    if (!pairing) throw new Failure((await settings()).trouble?.kind === "gone" ? "gone" : "unpaired", null);
    if (pairing.doubted) throw new Failure("doubted", pairing.port);
    const message = { id, counter: await nextCounter() };
    try {
      const answer = await exchange(pairing.port, path, pairing, message, plaintext);
      await doubt(false);
      return answer;
    } catch (error) {
      if (error instanceof Failure && error.kind === "problem") await doubt(false);
      if (error instanceof Failure && ["foreign", "stranger"].includes(error.kind)) await doubt(true);
      return letGo(error, pairing);
    }
  });
}

/**
 * Whether another program may be where our gateway was. That its page offers to pair proves nothing then.
 * @param {boolean} doubt
 */
async function doubt(doubt) {
  if ((await settings()).doubt !== doubt) await remember({ doubt });
}

/**
 * Our gateway itself, sealed, says that it knows us no more: we were revoked, or all is wiped there. Whatever another
 * program says in its place is no reason to forget anything.
 * @param {unknown} error
 * @param {import("./db.js").Pairing} pairing
 */
async function letGo(error, { port }) {
  if (!(error instanceof Failure) || error.problem?.status !== 401) throw error;
  const gone = new Failure("gone", port);
  await forget();
  await remember({ trouble: gone.trouble });
  throw gone;
}

/** @param {string} path @param {object} message */
export function callJson(path, message) {
  return call(path, utf8(JSON.stringify(message)));
}

/**
 * Sends one sealed message and opens its answer. Rejects with a Failure.
 * @param {number} port
 * @param {string} path
 * @param {Keys} keys
 * @param {{ id: string, counter: number }} message
 * @param {Uint8Array} plaintext
 * @returns {Promise<any>}
 */
export async function exchange(port, path, keys, message, plaintext) {
  const head = { kid: keys.kid, ...message };
  const { response, body } = await post(port, path, await sealRequest(keys.c2s, path, head, plaintext));
  // Unsealed, 429 is for those whom it does not know; a browser that it knows is told sealed.
  const refused = [401, 403, 429].includes(response.status);
  const answer = await openAnswer(keys.s2c, path, response.status, head, body).catch(() => {
    throw new Failure(refused ? "stranger" : "foreign", port);
  });
  const data = JSON.parse(new TextDecoder().decode(answer));
  if (response.status >= 400) throw new Failure("problem", port, data);
  return data;
}

/**
 * Whether anything answers on a port at all. Rejects with a Failure if nothing does.
 * @param {number} port
 */
export async function knock(port) {
  await post(port, "/health", new Uint8Array());
}

/** @param {number} port @param {string} path @param {Uint8Array} frame */
async function post(port, path, frame) {
  try {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method: "POST",
      headers: { "content-type": SEALED },
      body: frame,
      credentials: "omit",
      cache: "no-store",
      redirect: "manual",
      signal: AbortSignal.timeout(PATIENCE),
    });
    const isSealed = response.headers.get("content-type")?.startsWith(SEALED);
    return { response, body: new Uint8Array(isSealed ? await response.arrayBuffer() : []) };
  } catch (error) {
    if (error instanceof DOMException && error.name === "TimeoutError") {
      timedOut = { at: Date.now(), port };
      throw new Failure("timeout", port);
    }
    // A missing permission looks like a dead port; only asking tells them apart.
    const allowed = await chrome.permissions.contains({ origins: GATEWAY_ORIGINS });
    throw new Failure(allowed ? "offline" : "permission", port);
  }
}
