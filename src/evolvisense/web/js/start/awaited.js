// The recording that another view has handed in and whose result is to be opened.

/** @type {string | null} */
let awaited = null;

/** @param {string} id of the item; the start view opens its result when it is there */
export function awaitResult(id) {
  awaited = id;
}

/** @returns {string | null} told once */
export function takeAwaited() {
  const id = awaited;
  awaited = null;
  return id;
}
