// Files to keep of an analysis.

import { api } from "../shared/api.js";
import { el } from "../shared/dom.js";
import { asProblem } from "../shared/problem.js";
import { itemOfAnalysis } from "./history.js";
import { saveBlob } from "./saving.js";

/**
 * @typedef {import("../shared/types.js").Analysis} Analysis
 *
 * @typedef {object} Format
 * @property {string} name of the query
 * @property {string} ending
 * @property {string} title
 * @property {string} note
 */

/** Characters of a file name that the server takes. */
const LONGEST_NAME = 255;

/** @type {Format[]} */
const FORMATS = [
  { name: "json", ending: "json", title: "JSON", note: "everything, for programs" },
  { name: "csv", ending: "csv", title: "CSV", note: "one row for each face and picture" },
  { name: "parquet", ending: "parquet", title: "Parquet", note: "the same with types" },
  { name: "html", ending: "html", title: "HTML", note: "a page to read, print and pass on" },
  { name: "eaf", ending: "eaf", title: "ELAN", note: "tiers beside the video (.eaf)" },
  { name: "textgrid", ending: "TextGrid", title: "Praat TextGrid", note: "the same tiers for Praat" },
];

/**
 * @param {HTMLElement} list
 * @param {HTMLElement} status says what is going on, and what went wrong
 * @param {Analysis} analysis
 * @param {string} fileName without ending
 * @param {() => {start_s: number, end_s: number, note: string}[]} marksNow that go into the files
 */
export function fillExports(list, status, analysis, fileName, marksNow) {
  const save = async (/** @type {string} */ path, /** @type {string} */ name, /** @type {unknown} */ body = undefined) => {
    status.textContent = `Preparing ${name}\u2026`;
    try {
      saveBlob(await api.blob(path, { body }), name);
      status.textContent = `Saved ${name}.`;
    } catch (error) {
      status.textContent = `${name} could not be saved: ${asProblem(error).detail}`;
    }
  };
  const overlay = analysis.links.overlay;
  const missing = document.querySelector("meta[name=missing-formats]")?.getAttribute("content")?.split(" ") ?? [];
  list.replaceChildren(
    ...FORMATS.filter(({ name }) => !missing.includes(name)).map(({ name, ending, title, note }) => item(title, note, () => {
      const address = `/v1/analyses/${analysis.id}/report`;
      const marks = marksNow();
      // The server knows neither marks nor the name of the recording, which ELAN looks for.
      const media = name === "eaf" ? itemOfAnalysis(analysis.id)?.name.slice(0, LONGEST_NAME) : "";
      return marks.length || media ? save(address, `${fileName}.${ending}`, { format: name, marks, media_name: media ?? "" })
        : save(`${address}?format=${name}&download=1`, `${fileName}.${ending}`);
    }, name)),
    overlay
      ? item("Video with overlay", overlayNote(analysis), () => save(overlay, `${fileName}-overlay.mp4`), "overlay")
      : el("li", { class: "muted small" }, "Video with overlay: not made; choose it before the analysis."),
    el("li", { class: "muted small" }, "PNG of a plot: the button at its upper right."),
  );
}

/** @param {Analysis} analysis */
function overlayNote({ options }) {
  return options.overlay?.blur_faces ? "faces blurred (MP4)" : "boxes, ids and expression (MP4)";
}

/**
 * @param {string} title
 * @param {string} note
 * @param {() => void} pressed
 * @param {string} name
 */
function item(title, note, pressed, name) {
  return el("li", {}, el("button", { type: "button", class: "menu-item", "data-format": name, onclick: pressed },
    el("strong", {}, title), el("small", { class: "muted" }, note)));
}
