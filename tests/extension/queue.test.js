import assert from "node:assert/strict";
import { test } from "node:test";
import { CAPS, tidy, waiting } from "../../extension/background/queue.js";

const NOW = Date.UTC(2026, 0, 31);

/** A shelf in memory, with the pages that `sizes` tells, one a minute, the last one just now. */
function shelfOf(...sizes) {
  const items = new Map();
  sizes.forEach((bytes, at) => {
    const id = `page ${at}`;
    items.set(id, { id, bytes, since: NOW - (sizes.length - 1 - at) * 60_000 });
  });
  return {
    items,
    list: async () => [...items.values()].reverse(),
    page: async () => new Uint8Array(),
    put: async (item) => void items.set(item.id, item),
    remove: async (id) => void items.delete(id),
  };
}

const ids = async (shelf) => (await waiting(shelf)).map(({ id }) => id);

test("what waits comes out oldest first", async () => {
  assert.deepEqual(await ids(shelfOf(1, 1, 1)), ["page 0", "page 1", "page 2"]);
});

test("what is within the caps stays", async () => {
  const shelf = shelfOf(...Array(CAPS.items).fill(CAPS.bytes / CAPS.items));
  assert.equal(await tidy(shelf, NOW), 0);
  assert.equal(shelf.items.size, CAPS.items);
});

test("one too many: the oldest goes, and is counted", async () => {
  const shelf = shelfOf(...Array(CAPS.items + 3).fill(1));
  assert.equal(await tidy(shelf, NOW), 3);
  assert.deepEqual((await ids(shelf)).slice(0, 2), ["page 3", "page 4"]);
});

test("too many bytes: the oldest go until the rest fits", async () => {
  const shelf = shelfOf(1, CAPS.bytes / 2, CAPS.bytes / 2, 1);
  assert.equal(await tidy(shelf, NOW), 2);
  assert.deepEqual(await ids(shelf), ["page 2", "page 3"]);
});

test("too old", async () => {
  const shelf = shelfOf(1, 1, 1);
  assert.equal(await tidy(shelf, NOW + CAPS.age - 60_000), 1);
  assert.deepEqual(await ids(shelf), ["page 1", "page 2"]);
});

test("an empty shelf", async () => {
  assert.equal(await tidy(shelfOf(), NOW), 0);
});
