// Work that waits for the page to have nothing else to do, one piece at a time.

/** Nothing waits longer, milliseconds. */
const LONGEST_WAIT_MS = 300;

/** @type {Promise<void>} */
let last = Promise.resolve();

/**
 * Do it after everything that waits already, when the page is idle.
 * @template T
 * @param {() => T | Promise<T>} work
 * @returns {Promise<T>}
 */
export function whenIdle(work) {
  const done = last.then(idle).then(work);
  last = done.then(() => {}, () => {}); // who asked is told by `done`
  return done;
}

/** @returns {Promise<void>} */
function idle() {
  return new Promise((resolve) => {
    if ("requestIdleCallback" in window) requestIdleCallback(() => resolve(), { timeout: LONGEST_WAIT_MS });
    else setTimeout(resolve, 0);
  });
}
