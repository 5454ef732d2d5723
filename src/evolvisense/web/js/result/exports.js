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
 */
export function fillExports(list, status, analysis, fileName) {
  const save = async (/** @type {string} */ path, /** @type {string} */ name) => {
    status.textContent = `Preparing ${name}\u2026`;
    try {
      const blob = await api.blob(path);
      // The server does not know the name of the recording: ELAN gets it here.
      const media = itemOfAnalysis(analysis.id)?.name;
      saveBlob(name.endsWith(".eaf") && media ? await withMedia(blob, media) : blob, name);
      status.textContent = `Saved ${name}.`;
    } catch (error) {
      status.textContent = `${name} could not be saved: ${asProblem(error).detail}`;
    }
  };
  const overlay = analysis.links.overlay;
  const missing = document.querySelector("meta[name=missing-formats]")?.getAttribute("content")?.split(" ") ?? [];
  list.replaceChildren(
    ...FORMATS.filter(({ name }) => !missing.includes(name)).map(({ name, ending, title, note }) => item(title, note, () => (
      save(`/v1/analyses/${analysis.id}/report?format=${name}&download=1`, `${fileName}.${ending}`)), name)),
    overlay
      ? item("Video with overlay", overlayNote(analysis), () => save(overlay, `${fileName}-overlay.mp4`), "overlay")
      : el("li", { class: "muted small" }, "Video with overlay: not made; choose it before the analysis."),
    el("li", { class: "muted small" }, "PNG of a plot: the button at its upper right."),
  );
}

/**
 * An annotation document with the recording that it belongs to, which ELAN looks for beside it.
 * @param {Blob} blob
 * @param {string} name of the recording
 */
async function withMedia(blob, name) {
  const text = await blob.text();
  const eaf = new DOMParser().parseFromString(text, "application/xml");
  const header = eaf.querySelector("HEADER");
  if (!header || header.querySelector("MEDIA_DESCRIPTOR")) return blob;
  const descriptor = eaf.createElementNS(null, "MEDIA_DESCRIPTOR");
  descriptor.setAttribute("MEDIA_URL", name);
  descriptor.setAttribute("RELATIVE_MEDIA_URL", `./${name}`);
  descriptor.setAttribute("MIME_TYPE", MIME_TYPES[name.toLowerCase().split(".").at(-1) ?? ""] ?? "video/*");
  header.prepend(descriptor);
  return new Blob([new XMLSerializer().serializeToString(eaf)], { type: blob.type });
}

/** @type {Record<string, string>} */
const MIME_TYPES = {
  mp4: "video/mp4", m4v: "video/mp4", mov: "video/quicktime", webm: "video/webm", mkv: "video/x-matroska",
  avi: "video/x-msvideo", flv: "video/x-flv", wav: "audio/x-wav", mp3: "audio/mpeg", m4a: "audio/mp4",
  ogg: "audio/ogg", opus: "audio/ogg", flac: "audio/flac",
};

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
