/**
 * Sealed messages: what goes between this browser and its gateway, and how both know each other.
 *
 * A frame is version (1 byte) ‖ key id (16) ‖ message id (16) ‖ counter (8, big-endian) ‖ iv (12) ‖
 * AES-256-GCM ciphertext with its tag. The first 41 bytes are the head: they travel in the open and
 * are bound, with the path (and the status of an answer), as associated data. An answer repeats the
 * head of its request, so nobody can hand us the answer to another message.
 *
 * Pure: WebCrypto only, in browsers and in node. `tests/vectors/seal.json` pins every byte.
 */

const VERSION = 1;
const HEAD = 41;
const IV = 12;
const TAG = 16;
const SALT = utf8("d2f/v1");
const BASE32 = "abcdefghijklmnopqrstuvwxyz234567";
const CODE = /^(d2f1-(\d{1,5})-([a-z2-7]{32}))-([a-z2-7]{4})$/;

/** @typedef {{ kid: Uint8Array, c2s: CryptoKey, s2c: CryptoKey }} Keys  One direction each. */
/** @typedef {{ kid: Uint8Array, id: string, counter: number }} Head  `id` is a UUID. */

/** A pairing code that cannot be one: `kind` says whether its shape or its check letters are wrong. */
export class CodeError extends Error {
  /** @param {"shape" | "check"} kind */
  constructor(kind) {
    super(`not a pairing code: ${kind}`);
    this.kind = kind;
  }
}

/**
 * Reads a pairing code, as a person pastes it: capitals and white space do not matter.
 * @param {string} text
 * @returns {Promise<{ port: number, psk: Uint8Array }>}
 */
export async function readCode(text) {
  const match = CODE.exec(text.replace(/\s+/g, "").toLowerCase());
  const port = Number(match?.[2]);
  if (!match || port < 1 || port > 65535) throw new CodeError("shape");
  if ((await checkLetters(match[1])) !== match[4]) throw new CodeError("check");
  return { port, psk: fromBase32(match[3]) };
}

/** @param {string} stem  The code without its last dash and check letters. */
async function checkLetters(stem) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", utf8(stem)));
  const bits = (digest[0] << 16) | (digest[1] << 8) | digest[2];
  return [19, 14, 9, 4].map((shift) => BASE32[(bits >> shift) & 31]).join("");
}

/** @param {string} letters */
function fromBase32(letters) {
  const bytes = new Uint8Array((letters.length * 5) >> 3);
  let bits = 0;
  let held = 0;
  let at = 0;
  for (const letter of letters) {
    bits = ((bits << 5) | BASE32.indexOf(letter)) & 0xfff;
    held += 5;
    if (held >= 8) {
      held -= 8;
      bytes[at++] = bits >> held;
    }
  }
  return bytes;
}

/**
 * HKDF-SHA256.
 * @param {Uint8Array} secret
 * @param {Uint8Array} salt
 * @param {string} info
 * @param {number} length  In bytes.
 */
export async function derive(secret, salt, info, length) {
  const key = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveBits"]);
  const how = { name: "HKDF", hash: "SHA-256", salt, info: utf8(info) };
  return new Uint8Array(await crypto.subtle.deriveBits(how, key, length * 8));
}

/**
 * The keys of the one message that pairs.
 * @param {Uint8Array} psk
 * @returns {Promise<Keys>}
 */
export async function pairKeys(psk) {
  return { kid: await derive(psk, SALT, "pair kid", 16), ...(await twoKeys(psk, SALT, "pair")) };
}

/**
 * The keys of this browser from now on. They cannot be exported, not even by us.
 * @param {Uint8Array} psk
 * @param {Uint8Array} kid
 * @param {Uint8Array} ours    32 random bytes of this browser.
 * @param {Uint8Array} theirs  32 random bytes of the gateway.
 * @returns {Promise<Keys>}
 */
export async function deviceKeys(psk, kid, ours, theirs) {
  return { kid, ...(await twoKeys(psk, join(ours, theirs), "device")) };
}

/** @param {Uint8Array} secret @param {Uint8Array} salt @param {string} who */
async function twoKeys(secret, salt, who) {
  const raw = [await derive(secret, salt, `${who} c2s`, 32), await derive(secret, salt, `${who} s2c`, 32)];
  return {
    c2s: await crypto.subtle.importKey("raw", raw[0], "AES-GCM", false, ["encrypt"]),
    s2c: await crypto.subtle.importKey("raw", raw[1], "AES-GCM", false, ["decrypt"]),
  };
}

/**
 * Seals one request.
 * @param {CryptoKey} key
 * @param {string} path
 * @param {Head} head
 * @param {Uint8Array} plaintext
 * @param {Uint8Array} [iv]  Only ever given by the known-answer tests.
 */
export async function sealRequest(key, path, head, plaintext, iv = random(IV)) {
  const start = packHead(head);
  const additionalData = join(utf8(`POST ${path}\n`), start);
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData }, key, plaintext);
  return join(start, iv, new Uint8Array(sealed));
}

/**
 * Opens the answer to a request. Rejects, without saying why, whatever is not the gateway's answer to it.
 * @param {CryptoKey} key
 * @param {string} path
 * @param {number} status
 * @param {Head} head  That of the request.
 * @param {Uint8Array} frame
 */
export async function openAnswer(key, path, status, head, frame) {
  const start = packHead(head);
  if (frame.length < HEAD + IV + TAG || start.some((byte, at) => frame[at] !== byte)) {
    throw new Error("not the answer to this message");
  }
  const iv = frame.subarray(HEAD, HEAD + IV);
  const additionalData = join(utf8(`${status} ${path}\n`), start);
  const how = { name: "AES-GCM", iv, additionalData };
  return new Uint8Array(await crypto.subtle.decrypt(how, key, frame.subarray(HEAD + IV)));
}

/** @param {Head} head */
function packHead({ kid, id, counter }) {
  const start = new Uint8Array(HEAD);
  start[0] = VERSION;
  start.set(kid, 1);
  start.set(fromHex(id.replaceAll("-", "")), 17);
  new DataView(start.buffer).setBigUint64(33, BigInt(counter));
  return start;
}

/** @param {...Uint8Array} parts */
export function join(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** @param {number} length */
export function random(length) {
  return crypto.getRandomValues(new Uint8Array(length));
}

/** @param {string} text */
export function utf8(text) {
  return new TextEncoder().encode(text);
}

/** @param {string} hex */
export function fromHex(hex) {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

/** @param {Uint8Array} bytes */
export function toHex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @param {Uint8Array} bytes */
export function toBase64(bytes) {
  return btoa(String.fromCharCode(...bytes));
}

/** @param {string} text */
export function fromBase64(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}
