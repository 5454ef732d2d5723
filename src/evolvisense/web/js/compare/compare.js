// The compare view: two analyses of one person side by side.

import { api } from "../shared/api.js";
import { $, CANNOT_TELL, el, fillTable } from "../shared/dom.js";
import { key } from "../shared/keys.js";
import { asProblem, sentence } from "../shared/problem.js";
import * as recordings from "../shared/recordings.js";
import { onTheme, theme } from "../shared/theme.js";
import { round } from "../shared/words.js";
import { drawOnce } from "../result/drawing.js";
import { nameOf, whenOf } from "../result/history.js";
import { items } from "../start/items.js";

/**
 * @typedef {import("../shared/types.js").Analysis} Analysis
 * @typedef {Pick<Analysis, "id" | "created_at">} Known
 *
 * @typedef {object} Row
 * @property {string} name
 * @property {string} [label] the name in words
 * @property {string} unit
 * @property {number|null} first
 * @property {number|null} second
 * @property {[number, number]|null} first_interval
 * @property {[number, number]|null} second_interval
 * @property {string} note
 *
 * @typedef {object} Comparison
 * @property {import("../result/plot.js").FigureJson[]} figures
 * @property {Row[]} rows
 * @property {{code: string, message: string}[]} warnings
 * @property {string} limits
 */

const PAGE_SIZE = 100;

/**
 * Show two analyses; without a second one, or with the same, asks for another.
 * @param {HTMLElement} root
 * @param {Record<string, string>} params
 * @returns {Promise<() => void>} ends the view. Throws Problem.
 */
export async function show(root, { first, second = "" }) {
  const isChosen = second !== "" && second !== first;
  const leaving = new AbortController();
  const { signal } = leaving;
  $("compare-body").hidden = true;
  $("compare-status").textContent = "Fetching the analyses\u2026";
  const known = await history([first, second], signal);
  fillChoices(known, first, second);
  const go = (/** @type {string} */ one, /** @type {string} */ other) => {
    location.hash = `#/compare/${$(one).value}${$(other).value ? `/${$(other).value}` : ""}`;
  };
  $("compare-form").addEventListener("change", () => go("compare-first", "compare-second"), { signal });
  $("compare-swap").addEventListener("click", () => go("compare-second", "compare-first"), { signal });
  $("compare-swap").disabled = !isChosen;
  /** @type {string[]} */
  const addresses = [];
  const fill = () => fillBoth(known, first, second, addresses, signal).then(() => {
    root.dataset.ready = `${first} ${second}`;
  }).catch((error) => {
    if (!signal.aborted) $("compare-status").textContent = asProblem(error).detail;
  });
  if (!isChosen) {
    $("compare-status").textContent = known.length > 1 ? "Choose a second recording."
      : "There is no other result yet: analyse a second recording first.";
  } else {
    await fill();
  }
  const stopTheme = onTheme(() => isChosen && fill());
  return () => {
    leaving.abort();
    stopTheme();
    for (const address of addresses) URL.revokeObjectURL(address);
    delete root.dataset.ready;
  };
}

/**
 * With a key those that the server lists. Without one the server lists nothing: those of this
 * browser, and those of the address, which somebody may have opened in another one.
 * @param {string[]} named ids in the address
 * @param {AbortSignal} signal
 * @returns {Promise<Known[]>} those that succeeded, newest first
 */
async function history(named, signal) {
  if (key()) {
    const { analyses } = await api.get(`/v1/analyses?page_size=${PAGE_SIZE}&state=succeeded`, { signal });
    return analyses.filter((/** @type {Analysis} */ { state }) => state === "succeeded");
  }
  /** @type {Known[]} */
  const own = items().flatMap(({ analysis, state, addedMs }) => (
    analysis && state === "succeeded" ? [{ id: analysis, created_at: new Date(addedMs).toISOString() }] : []));
  const others = named.filter((id) => id && !own.some((known) => known.id === id));
  const found = await Promise.allSettled(others.map((id) => api.get(`/v1/analyses/${id}`, { signal })));
  // One that is gone is told by the comparison itself.
  return own.concat(found.flatMap((one) => (one.status === "fulfilled" ? [one.value] : [])));
}

/**
 * @param {Known[]} known
 * @param {string} first
 * @param {string} second
 */
function fillChoices(known, first, second) {
  for (const [id, chosen] of [["compare-first", first], ["compare-second", second]]) {
    const none = el("option", { value: "", disabled: true, selected: true }, "Choose\u2026");
    $(id).replaceChildren(none, ...known.map((analysis) => el("option", {
      value: analysis.id, selected: analysis.id === chosen,
    }, `${nameOf(analysis)}, ${whenOf(analysis)}`)));
  }
}

/**
 * @param {Known[]} known
 * @param {string} first
 * @param {string} second
 * @param {string[]} addresses of videos, to be let go of
 * @param {AbortSignal} signal
 */
async function fillBoth(known, first, second, addresses, signal) {
  $("compare-status").textContent = "Comparing\u2026";
  const query = new URLSearchParams({ first, second, theme: theme() });
  /** @type {Comparison} */
  const found = await api.get(`/v1/comparison?${query}`, { signal });
  for (const [side, id] of [["a", first], ["b", second]]) {
    fillSide(side, known.find((analysis) => analysis.id === id), id);
    await showVideo(side, id, addresses);
  }
  $("compare-warnings").hidden = !found.warnings.length;
  $("compare-warnings").replaceChildren(...found.warnings.map(({ message }) => el("li", {}, sentence(message))));
  $("compare-limits").textContent = found.limits;
  fillTable($("compare-table"), ["Measure", "First", "Second", "Note"], found.rows.map((row) => [
    row.unit ? `${row.label ?? row.name}, ${row.unit}` : row.label ?? row.name,
    shown(row.first, row.first_interval), shown(row.second, row.second_interval), row.note]));
  $("compare-body").hidden = false;
  $("compare-status").textContent = "";
  const places = found.figures.map(() => el("section", { class: "card" }));
  $("compare-figures").replaceChildren(...places);
  for (const [i, figure] of found.figures.entries()) {
    if (!signal.aborted) await drawOnce(places[i], figure);
  }
}

/**
 * @param {string} side
 * @param {Known|undefined} analysis
 * @param {string} id
 */
function fillSide(side, analysis, id) {
  const which = side === "a" ? "First" : "Second";
  $(`compare-${side}-title`).textContent = analysis ? `${which}: ${nameOf(analysis)}` : which;
  $(`compare-${side}-when`).textContent = analysis ? `Analysed ${whenOf(analysis)}` : "";
  $(`compare-${side}-link`).href = `#/analysis/${id}`;
}

/**
 * @param {string} side
 * @param {string} id
 * @param {string[]} addresses
 */
async function showVideo(side, id, addresses) {
  const recording = await recordings.get(id);
  const video = $(`compare-${side}-video`);
  video.hidden = !recording;
  video.removeAttribute("src");
  if (!recording) return;
  video.onloadedmetadata = () => video.classList.toggle("sound-only", !video.videoWidth);
  video.onerror = () => { video.hidden = true; };
  const address = URL.createObjectURL(recording.blob);
  addresses.push(address);
  video.src = address;
}

/**
 * @param {number|null} value
 * @param {[number, number]|null} interval
 */
function shown(value, interval) {
  if (value === null) return CANNOT_TELL;
  return interval ? `${round(value, 2)} (${round(interval[0], 1)} to ${round(interval[1], 1)})` : String(round(value, 2));
}
