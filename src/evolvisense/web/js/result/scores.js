// The indicators: score, interval, evidence, and why one is not there.

import { $, CANNOT_TELL, el, fillTable } from "../shared/dom.js";
import { WITHHELD, featureName, percent, round, whyMissing } from "../shared/words.js";
import { explained } from "./explain.js";

/**
 * @typedef {import("./types.js").Score} Score
 * @typedef {import("./types.js").Contribution} Contribution
 * @typedef {import("./types.js").Indicators} Indicators
 */

/** @type {Record<string, [string, string]>} */
export const MEANING = {
  activation: ["Activation", "how stirred voice and face are"],
  tension: ["Tension", "fear in the voice, pauses, blinking"],
  slowing: ["Slowing", "low expressivity, slow speech, pauses"],
  assertiveness: ["Assertiveness", "perceived vocal confidence"],
};
/** @type {Record<string, string>} */
const SPOKEN = { any: "speech of all languages we have", en: "English speech", pl: "Polish speech", am: "Amharic speech" };
const HEAD = ["Feature", "Measured", "Reference", "z", "Weight", "Reliability", "Part of the sum"];
const NONE = "\u2013";
const SHOWN_REASONS = 3;
const FEWEST_BLOCKS = 3;

/**
 * One row of scores; where none can be told one sentence that says what is missing, and the names to
 * ask about.
 * @param {import("./types.js").Summary} summary
 */
export function fillIndicators({ indicators, limits, summary: answer }) {
  const isTold = indicators.scores.some(({ score }) => score !== null);
  $("scores").classList.toggle("untold", !isTold);
  $("reference").textContent = isTold ? describeReference(indicators)
    : answer?.indicators ?? (indicators.scores.some(({ no_score_reason: why }) => why === WITHHELD)
      ? "Indicators are withheld on request." : "Indicators cannot be computed from this recording.");
  $("scores").replaceChildren(...indicators.scores.map((score) => (isTold
    ? cardOf(score, indicators, limits)
    : el("li", { "data-indicator": score.name }, titleOf(score, indicators, limits)))));
}

/**
 * What the scores are relative to, in a sentence.
 * @param {Indicators} indicators
 */
export function describeReference({ language, blocks, baseline }) {
  const against = baseline?.is_used
    ? `this person\u2019s own ${baseline.recordings} recordings on ${baseline.days} days`
    : `a reference set of calm ${SPOKEN[language] ?? language}`;
  const bars = blocks >= FEWEST_BLOCKS ? " The bar is the 90 % interval." : "";
  return `Ranks from 0 to 100 relative to ${against}; 50 is its middle.${bars}`;
}

/**
 * @param {Score} score
 * @param {Indicators} indicators
 * @param {string} limits
 */
function cardOf(score, indicators, limits) {
  const [, meaning] = MEANING[score.name];
  return el("li", { class: "score", "data-indicator": score.name },
    el("div", { class: "score-head" },
      el("div", {}, titleOf(score, indicators, limits),
        el("small", { class: "muted" }, meaning)),
      valueOf(score)),
    scaleOf(score),
    el("p", { class: "muted small" }, noteOf(score)));
}

/**
 * @param {Score} score
 * @param {Indicators} indicators
 * @param {string} limits
 */
function titleOf(score, indicators, limits) {
  return explained(MEANING[score.name][0], (words) => explanationOf(score, indicators, limits, words));
}

/** @param {Score} score */
function valueOf({ score, no_score_reason: reason }) {
  return score === null
    ? el("span", { class: "score-value unknown" }, reason === WITHHELD ? WITHHELD : CANNOT_TELL)
    : el("span", { class: "score-value figures" }, String(Math.round(score)));
}

/** @param {Score} score */
function scaleOf({ score, interval_low: low, interval_high: high }) {
  const scale = el("div", { class: score === null ? "scale empty" : "scale", "aria-hidden": "true" },
    el("i", { class: "scale-middle" }));
  if (score === null) return scale;
  if (low !== null && high !== null) {
    const bar = el("i", { class: "scale-interval" });
    bar.style.left = `${low}%`;
    bar.style.width = `${high - low}%`;
    scale.append(bar);
  }
  const point = el("i", { class: "scale-point" });
  point.style.left = `${score}%`;
  scale.append(point);
  return scale;
}

/** @param {Score} score */
export function noteOf({ score, no_score_reason: reason, coverage, interval_low: low, interval_high: high, contributions }) {
  if (reason === WITHHELD) return "Withheld on request: it stands on emotion.";
  const covered = `${percent(coverage)} of the evidence is there`;
  if (score !== null) {
    const sure = low === null || high === null ? "Too short for an interval"
      : `90 %: ${Math.round(low)} to ${Math.round(high)}`;
    return `${sure}; ${covered}.`;
  }
  const reasons = [...new Set(contributions.filter((c) => c.missing_reason && c.weight)
    .map((c) => whyMissing(String(c.missing_reason))))];
  return `${covered}, half is needed: ${reasons.slice(0, SHOWN_REASONS).join("; ")}.`;
}

/**
 * @param {Score} score
 * @param {Indicators} indicators
 * @param {string} limits
 * @param {import("./explain.js").Explanations} words
 */
function explanationOf(score, indicators, limits, words) {
  const { passages } = words;
  const { describes, does_not: doesNot } = words.indicators[score.name];
  return [
    el("dl", { class: "pairs" },
      el("dt", {}, "Describes"), el("dd", {}, describes),
      el("dt", {}, "Does not describe"), el("dd", {}, doesNot),
      el("dt", {}, "Here"), el("dd", {}, score.score === null ? `Cannot tell. ${noteOf(score)}`
        : `${Math.round(score.score)}. ${noteOf(score)} ${describeReference(indicators)}`)),
    el("p", { class: "notice" }, limits),
    ...(score.contributions.length ? [partsOf(score)] : []),
    el("h3", {}, "What the number is"), el("p", {}, passages.rank),
    el("h3", {}, "How it is made"), el("pre", { tabIndex: 0, role: "region", "aria-label": "Formula" }, passages.formula),
    el("p", {}, passages.symbols), el("p", {}, passages.contribution),
    el("h3", {}, "Coverage"), el("p", {}, passages.coverage),
    el("h3", {}, "Interval"), el("p", {}, passages.interval),
    el("h3", {}, "Reference"), el("p", {}, passages.reference),
  ];
}

/** @param {Score} score */
function partsOf({ contributions }) {
  const table = el("table");
  fillTable(table, HEAD, contributions.filter((c) => c.weight).map(rowOf));
  return el("div", {}, el("h3", {}, "What it is made of in this recording"),
    el("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": "Features" }, table));
}

/** @param {Contribution} part */
function rowOf(part) {
  const name = featureName(part.feature);
  const value = part.value === null ? NONE : String(round(part.value, 2));
  const weight = signed(part.weight, 3);
  if (part.z === null || part.reference_mean === null || part.reference_sd === null) {
    return [name, value, NONE, NONE, weight, NONE,
      part.missing_reason ? `not counted: ${whyMissing(part.missing_reason)}` : NONE];
  }
  const reference = `${round(part.reference_mean, 2)} \u00b1 ${round(part.reference_sd, 2)}`;
  return [name, value, reference, signed(part.z, 2), weight,
    part.reliability === null ? NONE : String(round(part.reliability, 2)),
    part.contribution === null ? NONE : signed(part.contribution, 2)];
}

/**
 * @param {number} value
 * @param {number} decimals
 */
function signed(value, decimals) {
  return `${value < 0 ? "\u2212" : "+"}${Math.abs(value).toFixed(decimals)}`;
}
