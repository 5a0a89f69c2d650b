/**
 * What must outlive the service worker and cannot be JSON: the pairing with its keys, the counter of
 * messages, and the pages that wait. IndexedDB, one small wrapper.
 *
 * @typedef {import("../lib/seal.js").Keys} Keys
 * @typedef {Keys & { port: number, name: string, since: string, gateway: string, doubted?: boolean }} Pairing
 *   `since` is ISO 8601, `gateway` its version.
 */

/** @type {Promise<IDBDatabase> | undefined} */
let opened;

function open() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open("d2f", 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("keep");
      request.result.createObjectStore("waiting", { keyPath: "id" });
      request.result.createObjectStore("pages");
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  opened.catch(() => (opened = undefined));
  return opened;
}

/**
 * Runs `work` in one transaction and answers what its request (if it returns one) brought.
 * @template T
 * @param {string[]} stores
 * @param {IDBTransactionMode} mode
 * @param {(transaction: IDBTransaction) => IDBRequest<T> | void} work
 * @returns {Promise<T>}
 */
async function transact(stores, mode, work) {
  const database = await open();
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(stores, mode, { durability: "strict" });
    const request = work(transaction);
    transaction.oncomplete = () => resolve(/** @type {T} */ (request?.result));
    transaction.onabort = () => reject(transaction.error);
  });
}

/** @returns {Promise<Pairing | undefined>} */
export function loadPairing() {
  return transact(["keep"], "readonly", (tx) => tx.objectStore("keep").get("pairing"));
}

/** @param {Pairing} pairing */
export function savePairing(pairing) {
  return transact(["keep"], "readwrite", (tx) => tx.objectStore("keep").put(pairing, "pairing"));
}

export function forgetPairing() {
  return transact(["keep"], "readwrite", (tx) => tx.objectStore("keep").delete("pairing"));
}

/** Everything that lies here. */
export function forgetAll() {
  return transact(["keep", "waiting", "pages"], "readwrite", (tx) => {
    for (const store of ["keep", "waiting", "pages"]) tx.objectStore(store).clear();
  });
}

/** A number that no message had before, larger than all of them, whatever the clock does. */
export function nextCounter() {
  let next = 0;
  return transact(["keep"], "readwrite", (tx) => {
    const keep = tx.objectStore("keep");
    const last = keep.get("counter");
    last.onsuccess = () => keep.put((next = Math.max(Date.now(), (last.result ?? 0) + 1)), "counter");
  }).then(() => next);
}

/** @type {import("./queue.js").Shelf}  The queue's place. Pages lie apart, so that counting reads none. */
export const shelf = {
  list: () => transact(["waiting"], "readonly", (tx) => tx.objectStore("waiting").getAll()),
  page: (id) => transact(["pages"], "readonly", (tx) => tx.objectStore("pages").get(id)),
  put: (item, page) =>
    transact(["waiting", "pages"], "readwrite", (tx) => {
      tx.objectStore("waiting").put(item);
      tx.objectStore("pages").put(page, item.id);
    }),
  remove: (id) =>
    transact(["waiting", "pages"], "readwrite", (tx) => {
      tx.objectStore("waiting").delete(id);
      tx.objectStore("pages").delete(id);
    }),
};
