// The key that a server with keys wants: asked for once, kept until the tab is closed.

import { $ } from "./dom.js";

const PLACE = "evolvisense.key";

/** @type {Promise<boolean> | null} */
let asking = null;

/** @returns {string} the key, or empty */
export function key() {
  return sessionStorage.getItem(PLACE) ?? "";
}

export function forgetKey() {
  sessionStorage.removeItem(PLACE);
  announce();
}

/** @returns {Record<string, string>} headers that show the key */
export function keyHeaders() {
  return key() ? { Authorization: `Bearer ${key()}` } : {};
}

/**
 * Ask for a key; all who ask meanwhile share one dialog.
 * @param {string} refused the key that was just refused, or empty
 * @returns {Promise<boolean>} whether there is another key now
 */
export function askForKey(refused) {
  if (key() !== refused) return Promise.resolve(true);
  asking ??= show(refused !== "").finally(() => { asking = null; });
  return asking;
}

/** @param {boolean} wasRefused */
function show(wasRefused) {
  const dialog = /** @type {HTMLDialogElement} */ ($("key-dialog"));
  const field = /** @type {HTMLInputElement} */ ($("key-field"));
  $("key-refused").hidden = !wasRefused;
  field.form?.reset(); // the mark of an empty field too
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      const given = dialog.returnValue === "use" ? field.value.trim() : "";
      field.value = "";
      if (given) {
        sessionStorage.setItem(PLACE, given);
        announce();
      }
      resolve(given !== "");
    }, { once: true });
  });
}

function announce() {
  window.dispatchEvent(new Event("evolvisense:key"));
}
