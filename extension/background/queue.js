/**
 * The pages that wait for the gateway. A page is put here before anything is sent, and taken away only
 * when the gateway has answered for it. Knows no browser: it stands on a `Shelf`.
 *
 * @typedef {object} Waiting
 * @property {string} id           Also the id of its message, however often it is tried.
 * @property {string} url
 * @property {"button" | "auto" | "asked"} trigger
 * @property {number} bytes
 * @property {number} age          Of the page when it was captured, in milliseconds.
 * @property {number | null} status  The HTTP status that it came with, where the browser tells.
 * @property {number} since        When it was captured, in milliseconds of the epoch.
 *
 * @typedef {object} Shelf
 * @property {() => Promise<Waiting[]>} list
 * @property {(id: string) => Promise<Uint8Array | undefined>} page
 * @property {(item: Waiting, page: Uint8Array) => Promise<void>} put  Both or neither.
 * @property {(id: string) => Promise<void>} remove
 */

/** How much may wait. What is beyond is dropped, oldest first, and the person is told. */
export const CAPS = { items: 200, bytes: 50 * 1024 * 1024, age: 14 * 24 * 60 * 60 * 1000 };

/**
 * What waits, oldest first.
 * @param {Shelf} shelf
 */
export async function waiting(shelf) {
  const items = await shelf.list();
  return items.sort((a, b) => a.since - b.since);
}

/**
 * Drops what is beyond the caps.
 * @param {Shelf} shelf
 * @param {number} now
 * @returns {Promise<number>}  How many pages were dropped.
 */
export async function tidy(shelf, now) {
  const items = await waiting(shelf);
  let bytes = 0;
  let kept = 0;
  const dropped = items.reverse().filter((item) => {
    bytes += item.bytes;
    kept += 1;
    return kept > CAPS.items || bytes > CAPS.bytes || now - item.since > CAPS.age;
  });
  for (const item of dropped) await shelf.remove(item.id);
  return dropped.length;
}
