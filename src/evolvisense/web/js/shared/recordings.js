// Recordings that this browser holds: in the memory of the tab, and in its database where asked.

import { transact } from "./database.js";

/**
 * @typedef {object} Recording
 * @property {Blob} blob
 * @property {string} name
 */

/** @type {Map<string, Recording>} */
const memory = new Map();

/**
 * Hold a recording. It is in the memory of this tab at once, and nowhere else unless asked.
 * @param {string} id
 * @param {Blob} blob
 * @param {string} name
 * @param {{persist?: boolean}} [options] persist: also where a reload finds it
 * @returns {Promise<boolean>} whether a reload finds it
 */
export async function keep(id, blob, name, { persist = false } = {}) {
  memory.set(id, { blob, name });
  try {
    if (!persist) {
      await transact("readwrite", (table) => table.delete(id));
      return false;
    }
    await transact("readwrite", (table) => table.put({ blob, name }, id));
    return true;
  } catch (error) {
    if (error instanceof DOMException) return false; // no room, or a private window
    throw error;
  }
}

/**
 * @param {string} id
 * @returns {Promise<Recording | null>}
 */
export async function get(id) {
  const held = memory.get(id);
  if (held) return held;
  try {
    return (await transact("readonly", (table) => table.get(id))) ?? null;
  } catch (error) {
    if (error instanceof DOMException) return null;
    throw error;
  }
}

/**
 * Let go of a recording, wherever it is held.
 * @param {string} id
 */
export async function forget(id) {
  memory.delete(id);
  try {
    await transact("readwrite", (table) => table.delete(id));
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
  }
}

/** @returns {Promise<string[]>} ids of all recordings that are held */
export async function names() {
  try {
    const stored = await transact("readonly", (table) => table.getAllKeys());
    return [...new Set([...memory.keys(), ...stored.map(String)])];
  } catch (error) {
    if (error instanceof DOMException) return [...memory.keys()];
    throw error;
  }
}
