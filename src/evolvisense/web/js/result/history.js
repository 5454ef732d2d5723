// Analyses by the names that this browser knows of them.

import { items } from "../start/items.js";

/**
 * The item of this browser that an analysis came from.
 * @param {string} id of the analysis
 */
export function itemOfAnalysis(id) {
  return items().find(({ analysis }) => analysis === id);
}

/**
 * The name of the file where this browser handed it in, else the time of the analysis.
 * @param {Pick<import("../shared/types.js").Analysis, "id" | "created_at">} analysis
 */
export function nameOf(analysis) {
  return itemOfAnalysis(analysis.id)?.name ?? `Analysis of ${whenOf(analysis)}`;
}

/**
 * Day and minute of an analysis.
 * @param {Pick<import("../shared/types.js").Analysis, "created_at">} analysis
 */
export function whenOf({ created_at: created }) {
  return new Date(created).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
}

/**
 * A name for files that are saved, without ending and without what file systems refuse.
 * @param {import("../shared/types.js").Analysis} analysis
 */
export function fileNameOf(analysis) {
  const name = itemOfAnalysis(analysis.id)?.name ?? "evolvisense";
  return name.replace(/\.[^.]+$/, "").replace(/[^\p{L}\p{N}._-]+/gu, "_").slice(0, 60) || "evolvisense";
}
