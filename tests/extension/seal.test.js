import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import * as seal from "../../extension/lib/seal.js";

const known = JSON.parse(readFileSync(new URL("../vectors/seal.json", import.meta.url), "utf8"));
const psk = seal.fromHex(known.pairing.psk);
const randoms = [seal.fromHex(known.device.client_random), seal.fromHex(known.device.server_random)];
const kid = seal.fromHex(known.device.kid);
const keys = await seal.deviceKeys(psk, kid, ...randoms);
const head = { kid, id: known.request.id, counter: known.request.counter };
const frame = seal.fromHex(known.answer.frame);
const open = (changes = {}) => {
  const { key = keys.s2c, path = known.answer.path, status = 200, of = head, bytes = frame } = changes;
  return seal.openAnswer(key, path, status, of, bytes);
};

test("a pairing code gives its port and secret, however it was pasted", async () => {
  for (const spelling of [known.pairing.code, ...known.spellings]) {
    const { port, psk: secret } = await seal.readCode(spelling);
    assert.equal(port, known.pairing.port);
    assert.equal(seal.toHex(secret), known.pairing.psk);
  }
});

for (const { code, why } of known.refused) {
  test(`not a pairing code: ${code || "nothing"}`, async () => {
    await assert.rejects(seal.readCode(code), { constructor: seal.CodeError, kind: why });
  });
}

test("HKDF gives the known key id and keys", async () => {
  const salt = seal.utf8("d2f/v1");
  for (const [name, length] of [["kid", 16], ["c2s", 32], ["s2c", 32]]) {
    assert.equal(seal.toHex(await seal.derive(psk, salt, `pair ${name}`, length)), known.pairing[name]);
  }
  for (const name of ["c2s", "s2c"]) {
    const key = await seal.derive(psk, seal.join(...randoms), `device ${name}`, 32);
    assert.equal(seal.toHex(key), known.device[name]);
  }
  assert.equal(seal.toHex((await seal.pairKeys(psk)).kid), known.pairing.kid);
});

test("keys do one thing and cannot be taken out", async () => {
  for (const pair of [keys, await seal.pairKeys(psk)]) {
    assert.deepEqual([pair.c2s.usages, pair.s2c.usages], [["encrypt"], ["decrypt"]]);
    for (const key of [pair.c2s, pair.s2c]) await assert.rejects(crypto.subtle.exportKey("raw", key));
  }
});

test("a request is sealed to the known bytes", async () => {
  const { path, plaintext, iv, frame: expected } = known.request;
  const sealed = await seal.sealRequest(keys.c2s, path, head, seal.utf8(plaintext), seal.fromHex(iv));
  assert.equal(seal.toHex(sealed), expected);
});

test("the same request is never sealed to the same bytes twice", async () => {
  const frames = [1, 2].map(() => seal.sealRequest(keys.c2s, "/x", head, seal.utf8("same")));
  const [one, two] = (await Promise.all(frames)).map(seal.toHex);
  assert.notEqual(one, two);
});

test("the known answer opens", async () => {
  assert.equal(new TextDecoder().decode(await open()), known.answer.plaintext);
});

test("what is not the answer to this very message does not open", async () => {
  const flipped = (at) => frame.map((byte, index) => (index === at ? byte ^ 1 : byte));
  const wrong = {
    "another path": { path: "/api/v1/state" },
    "another status": { status: 403 },
    "another message": { of: { ...head, id: "3f0c9a52-7b1e-4d68-9c05-e1a4b87d2f11" } },
    "another counter": { of: { ...head, counter: head.counter + 1 } },
    "another device": { of: { ...head, kid: kid.map((byte) => byte ^ 1) } },
    "another key": { key: (await seal.pairKeys(psk)).s2c },
    "our own request": { bytes: seal.fromHex(known.request.frame) },
    "a changed version": { bytes: flipped(0) },
    "a changed iv": { bytes: flipped(45) },
    "a changed text": { bytes: flipped(60) },
    "a changed tag": { bytes: flipped(frame.length - 1) },
    "a cut frame": { bytes: frame.slice(0, 60) },
    "nothing": { bytes: new Uint8Array() },
  };
  for (const [name, change] of Object.entries(wrong)) await assert.rejects(open(change), undefined, name);
});

test("base64 and hex go there and back", () => {
  const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  assert.deepEqual(seal.fromBase64(seal.toBase64(all)), all);
  assert.deepEqual(seal.fromHex(seal.toHex(all)), all);
});
