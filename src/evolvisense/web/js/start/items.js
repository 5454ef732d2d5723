// The list of recordings that this browser has handed in: kept in localStorage, shared by its tabs.

/**
 * `waiting`: not sent yet; `uploading`; `refused`: the server took it not; the rest are the
 * server's own states.
 * @typedef {"waiting" | "uploading" | "refused" | import("../shared/types.js").JobState} ItemState
 */

/**
 * @typedef {object} Item
 * @property {string} id of this browser, also the key of its recording until it is accepted
 * @property {string} name of the file; never sent
 * @property {number} sizeBytes
 * @property {import("../shared/types.js").Options} options
 * @property {boolean} persist whether the video is to outlive the tab
 * @property {number} attempt counted from 1; a new one is a new request to the server
 * @property {ItemState} state
 * @property {string | null} analysis id on the server once it is accepted
 * @property {string} stage of the server
 * @property {number} percent 0-100 of the upload or of the analysis
 * @property {number | null} ahead analyses that come before it
 * @property {boolean} survives whether a reload finds its recording before it is accepted
 * @property {boolean} isCanceling whether it is to be canceled as soon as it is accepted
 * @property {string} note why it waits, or empty
 * @property {{code: string, detail: string, requestId: string} | null} problem
 * @property {number} addedMs since 1970
 * @property {string | null} expiresAt when the server deletes the report
 */

const PLACE = "evolvisense.queue";
const CHANGED = "evolvisense:queue";

/** @returns {Item[]} newest first */
export function items() {
  return read(localStorage.getItem(PLACE));
}

/** @param {string} id @returns {Item | undefined} */
export function itemOf(id) {
  return items().find((item) => item.id === id);
}

/** @param {Item[]} added newest first */
export function add(added) {
  write([...added, ...items()]);
}

/**
 * Change one item. An item that is no longer there stays away.
 * @param {string} id
 * @param {Partial<Item>} change
 */
export function update(id, change) {
  write(items().map((item) => (item.id === id ? { ...item, ...change } : item)));
}

/** @param {string} id */
export function remove(id) {
  write(items().filter((item) => item.id !== id));
}

/**
 * Call back on every change, whichever tab made it.
 * @param {() => void} changed
 * @returns {() => void} stops that
 */
export function onItems(changed) {
  const elsewhere = (/** @type {StorageEvent} */ event) => {
    if (event.key === PLACE || event.key === null) changed();
  };
  window.addEventListener("storage", elsewhere);
  window.addEventListener(CHANGED, changed);
  return () => {
    window.removeEventListener("storage", elsewhere);
    window.removeEventListener(CHANGED, changed);
  };
}

/** @param {Item} item whether something is still to happen to it */
export function isActive({ state }) {
  return state === "waiting" || state === "uploading" || state === "queued" || state === "running";
}

/** @param {Item[]} list */
function write(list) {
  localStorage.setItem(PLACE, JSON.stringify(list));
  window.dispatchEvent(new Event(CHANGED));
}

/** @param {string | null} text @returns {Item[]} */
function read(text) {
  if (text === null) return [];
  const found = JSON.parse(text);
  return Array.isArray(found) ? found : [];
}
