// The keyboard: what each key does, and the list of it.

import { el } from "../shared/dom.js";

/**
 * @typedef {object} Command
 * @property {string[]} keys as KeyboardEvent.key names them
 * @property {string} shown
 * @property {string} does
 * @property {() => void} run
 */

const BUTTONS = new Set(["BUTTON", "SUMMARY", "A"]);
const TYPING = new Set(["INPUT", "SELECT", "TEXTAREA"]);

/**
 * Run commands on keys, unless somebody types or a dialog is open.
 * @param {Command[]} commands
 * @param {AbortSignal} signal ends it
 */
export function listenToKeys(commands, signal) {
  window.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTaken(event)) return;
    const name = event.shiftKey && event.key.startsWith("Arrow") ? `Shift+${event.key}` : event.key;
    const command = commands.find(({ keys }) => keys.includes(name));
    if (!command) return;
    event.preventDefault();
    event.stopPropagation();
    command.run();
  }, { signal, capture: true });
}

/**
 * @param {HTMLElement} table
 * @param {Command[]} commands
 */
export function fillKeys(table, commands) {
  table.replaceChildren(el("tbody", {}, ...commands.map(({ shown, does }) => el("tr", {},
    el("th", { scope: "row" }, ...shown.split(" ").map((key) => (key === "or" ? " or " : el("kbd", {}, key)))),
    el("td", {}, does)))));
}

/** @param {KeyboardEvent} event */
function isTaken(event) {
  if (document.querySelector("dialog[open]")) return true;
  const target = /** @type {HTMLElement} */ (event.target);
  if (target.getAttribute?.("role") === "tab") return event.key !== "?";
  if (TYPING.has(target.tagName)) return !isPlainBox(target) || event.key === " ";
  return BUTTONS.has(target.tagName) && (event.key === " " || event.key === "Enter");
}

/** @param {HTMLElement} target */
function isPlainBox(target) {
  return target instanceof HTMLInputElement && target.type === "checkbox";
}
