import assert from "node:assert/strict";
import { test } from "node:test";
import { inTurn } from "../../extension/background/turn.js";

test("each waits for the one before, also when that one fails", async () => {
  const turn = inTurn();
  const seen = [];
  const { promise: gate, resolve: openGate } = deferred();
  const first = turn(async () => {
    seen.push("first begins");
    await gate;
    seen.push("first ends");
    throw new Error("on purpose");
  });
  const second = turn(async () => seen.push("second"));
  await Promise.resolve();
  openGate();
  await assert.rejects(first, /on purpose/);
  await second;
  assert.deepEqual(seen, ["first begins", "first ends", "second"]);
});

test("what the work answers is answered", async () => {
  assert.equal(await inTurn()(async () => 7), 7);
});

function deferred() {
  let resolve;
  const promise = new Promise((done) => (resolve = done));
  return { promise, resolve };
}
