/**
 * A queue of one: what is given to it runs in order, each after the other has ended. Lost with the
 * service worker, and no harm done: everything that is run in turn can be run again.
 * @returns {<T>(work: () => Promise<T>) => Promise<T>}
 */
export function inTurn() {
  /** @type {Promise<unknown>} */
  let last = Promise.resolve();
  return (work) => {
    const mine = last.then(work, work);
    last = mine.catch(() => undefined);
    return mine;
  };
}
