// The options of an analysis on the page, remembered in this browser.

import { api } from "../shared/api.js";
import { $, el } from "../shared/dom.js";

/** @typedef {import("../shared/types.js").Options} Options */

const PLACE = "evolvisense.options";
const FIELDS = ["language", "frame-skip", "max-frames", "overlay", "voice", "observations-only", "persist"];

/** Fill the fields with what was chosen last and what this server admits. @param {import("../shared/types.js").Limits} limits */
export function prepareOptions(limits) {
  const chosen = JSON.parse(localStorage.getItem(PLACE) ?? "{}");
  for (const name of FIELDS) {
    if (!(name in chosen)) continue;
    if (typeof chosen[name] === "boolean") $(name).checked = chosen[name];
    else $(name).value = chosen[name];
  }
  if (limits.profile === "strict") {
    $("overlay").querySelector('[value="marked"]').disabled = true;
    if ($("overlay").value === "marked") $("overlay").value = "blurred";
  }
  if (limits.observations_only) {
    $("observations-only").checked = true;
    $("observations-only").disabled = true;
    $("observations-note").textContent = "This server gives no emotion labels and no scores to anybody.";
  }
  summarize();
}

/** Offer the personal baselines that this server keeps, where there are any. Throws Problem. */
export async function offerBaselines() {
  const { baselines } = await api.get("/v1/baselines");
  const before = $("baseline").value;
  $("baseline-field").hidden = !baselines.length;
  $("baseline").replaceChildren(
    el("option", { value: "" }, "none"),
    ...baselines.map((/** @type {{name: string}} */ { name }) => el("option", { value: name }, name)),
  );
  $("baseline").value = baselines.some((/** @type {{name: string}} */ { name }) => name === before) ? before : "";
}

/** Remember what is chosen and say it in a line. */
export function summarize() {
  const chosen = Object.fromEntries(FIELDS.map((name) => [name, $(name).type === "checkbox" ? $(name).checked : $(name).value]));
  localStorage.setItem(PLACE, JSON.stringify(chosen));
  const text = (/** @type {string} */ name) => $(name).selectedOptions[0]?.textContent ?? "";
  $("options-summary").textContent = [
    `${text("frame-skip")}`,
    $("language").value === "any" ? "any language" : text("language"),
    $("overlay").value === "none" ? "" : `video ${text("overlay")}`,
    $("voice").checked ? "" : "without the voice",
    $("observations-only").checked ? "observations only" : "",
    $("baseline").value ? `baseline ${$("baseline").value}` : "",
  ].filter(Boolean).join(" \u00b7 ");
}

/** The field whose value does not fit, with why; null where all do. @returns {{field: HTMLElement, why: string} | null} */
export function wrongOption() {
  const field = $("max-frames");
  return field.checkValidity()
    ? null : { field, why: "The number of pictures is a whole number, 1 or more; empty reads to the end." };
}

/** @returns {Options} as the server takes them */
export function chosenOptions() {
  const overlay = $("overlay").value;
  return {
    language: $("language").value,
    frame_skip: Number($("frame-skip").value),
    max_frames: $("max-frames").value === "" ? null : Number($("max-frames").value),
    voice: $("voice").checked,
    observations_only: $("observations-only").checked,
    landmarks: true,
    ...(overlay === "none" ? {} : { overlay: { blur_faces: overlay === "blurred" } }),
    ...($("baseline").value ? { baseline: { name: $("baseline").value, task: null } } : {}),
  };
}

/** Whether the videos are to outlive the tab. @returns {boolean} */
export function keepsVideos() {
  return $("persist").checked;
}
