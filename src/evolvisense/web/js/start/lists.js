// The lists of the start view: what is in work, what ended without a result, and the results of this
// browser.

import { $ } from "../shared/dom.js";
import { asProblem } from "../shared/problem.js";
import { isActive, items, onItems } from "./items.js";
import { cancel, discard, retry } from "./queue.js";
import { refreshRow, resultRow, workRow } from "./rows.js";

/** @typedef {import("./items.js").Item} Item */

/** @type {Map<string, {shape: string, row: HTMLElement}>} */
const rows = new Map();
/** @type {string[]} ids of results ticked for a comparison */
let ticked = [];

/**
 * Show the lists and keep them up to date.
 * @param {(problem: import("../shared/problem.js").Problem) => void} failed told where an action did not work
 * @returns {() => void} stops that
 */
export function showLists(failed) {
  const tell = (/** @type {(id: string) => Promise<void>} */ act) => (/** @type {string} */ id) => {
    act(id).catch((error) => failed(asProblem(error)));
  };
  const presses = { cancel: tell(cancel), retry: tell(retry), discard: tell(discard), check };
  const draw = () => fill(presses);
  rows.clear();
  ticked = [];
  const stop = onItems(draw);
  $("compare").onclick = compare;
  draw();
  return stop;
}

/** @param {import("./rows.js").Presses} presses */
function fill(presses) {
  const all = items();
  const results = all.filter(({ state }) => state === "succeeded");
  const work = all.filter(isActive).reverse();
  const ended = all.filter((item) => item.state !== "succeeded" && !isActive(item)).reverse();
  ticked = ticked.filter((id) => results.some((item) => item.id === id));
  fillList($("queue-list"), work, (item) => workRow(item, presses));
  fillList($("ended-list"), ended, (item) => workRow(item, presses));
  fillList($("results-list"), results, (item) => resultRow(item, presses, ticked.includes(item.id)));
  $("queue").hidden = !work.length;
  $("results").hidden = !results.length;
  $("ended").hidden = !ended.length;
  $("queue-count").textContent = work.length > 1 ? `${work.length} recordings` : "";
  for (const id of rows.keys()) if (!all.some((item) => item.id === id)) rows.delete(id);
  labelCompare(results.length);
}

/**
 * @param {HTMLElement} list
 * @param {Item[]} shown
 * @param {(item: Item) => HTMLElement} make
 */
function fillList(list, shown, make) {
  const wanted = shown.map((item) => {
    const shape = `${item.state} ${item.problem?.code ?? ""} ${item.expiresAt}`;
    const known = rows.get(item.id);
    if (known?.shape === shape) {
      refreshRow(known.row, item);
      return known.row;
    }
    const row = make(item);
    if (known) announce(item);
    if (known?.row.contains(document.activeElement)) queueMicrotask(() => row.querySelector("button")?.focus());
    rows.set(item.id, { shape, row });
    return row;
  });
  const isSame = wanted.length === list.children.length && wanted.every((row, i) => list.children[i] === row);
  if (!isSame) list.replaceChildren(...wanted);
}

/** @param {Item} item */
function announce({ name, state }) {
  const words = { succeeded: "the result is there", failed: "the analysis failed", refused: "was not taken", canceled: "canceled", running: "is being analysed" };
  const text = words[/** @type {keyof typeof words} */ (state)];
  if (text) $("queue-said").textContent = `${name}: ${text}.`;
}

/**
 * @param {string} id
 * @param {boolean} isChecked
 */
function check(id, isChecked) {
  ticked = isChecked ? [...ticked, id] : ticked.filter((other) => other !== id);
  labelCompare(items().filter(({ state }) => state === "succeeded").length);
}

/** @param {number} results */
function labelCompare(results) {
  $("compare").hidden = results < 2;
  $("compare-note").hidden = results < 2;
  $("compare").disabled = ticked.length !== 2;
}

function compare() {
  const chosen = items().filter(({ id }) => ticked.includes(id)).sort((a, b) => a.addedMs - b.addedMs);
  location.hash = `#/compare/${chosen.map(({ analysis }) => analysis).join("/")}`;
}
