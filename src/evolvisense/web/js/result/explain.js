// What a number means: one dialog, filled from the words of docs/indicators.md and of the report's
// schema (explanations.json, written by docs/explanations.py).

import { api } from "../shared/api.js";
import { $, el } from "../shared/dom.js";

/**
 * @typedef {object} Explanations
 * @property {Record<string, string>} passages
 * @property {Record<string, {describes: string, does_not: string}>} indicators
 * @property {Record<string, {unit: string, computed: string, source: string}>} features
 * @property {Record<string, string>} fields `Part.field` to its description
 */

/** @type {Promise<Explanations>|null} */
let loading = null;

/** @returns {Promise<Explanations>} */
export function explanations() {
  loading ??= api.get("/static/explanations.json").catch((error) => {
    loading = null;
    throw error;
  });
  return loading;
}

/**
 * A button that opens the explanation; its text is what is explained.
 * @param {string} term
 * @param {(words: Explanations) => Node[]} contentOf
 */
export function explained(term, contentOf) {
  return el("button", {
    type: "button", class: "explained", "aria-haspopup": "dialog", "aria-label": `${term}: what is this?`,
    onclick: () => openExplanation(term, contentOf),
  }, term, el("span", { class: "explained-mark", "aria-hidden": "true" }, "?"));
}

/**
 * Show a dialog; focus comes back when it closes.
 * @param {string} title
 * @param {(words: Explanations) => Node[]} contentOf
 */
export async function openExplanation(title, contentOf) {
  const words = await explanations();
  $("explain-title").textContent = title;
  $("explain-body").replaceChildren(...contentOf(words));
  $("explain").showModal();
  $("explain-body").scrollTop = 0;
}

/**
 * Paragraphs about fields of the report.
 * @param {...string} fields
 * @returns {(words: Explanations) => Node[]}
 */
export function ofFields(...fields) {
  // The words of the schema mark names of fields with backticks, for programs.
  return (words) => fields.map((field) => el("p", {}, words.fields[field].replaceAll("`", "")));
}

/**
 * Paragraphs about a feature of the voice or the face that indicators are made of.
 * @param {string} feature
 * @param {...string} fields of the report that say more
 * @returns {(words: Explanations) => Node[]}
 */
export function ofFeature(feature, ...fields) {
  return (words) => {
    const { unit, computed, source } = words.features[feature];
    return [
      ...ofFields(...fields)(words),
      el("dl", { class: "pairs" },
        el("dt", {}, "How it is computed"), el("dd", {}, computed),
        el("dt", {}, "Unit"), el("dd", {}, unit),
        ...(source ? [el("dt", {}, "Source"), el("dd", {}, source)] : [])),
    ];
  };
}
