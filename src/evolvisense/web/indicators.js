// The indicators: score, interval, what made each, and why one is not there.

import { CANNOT_TELL, fillTable } from "./dom.js";
import { WITHHELD, featureName, percent, round, whyMissing } from "./words.js";

const MEANING = {
  activation: ["Activation", "how stirred voice and face are"],
  tension: ["Tension", "fear in the voice, pauses, blinking"],
  slowing: ["Slowing", "low expressivity, slow speech, pauses"],
  assertiveness: ["Assertiveness", "perceived vocal confidence"],
};
const HEAD = ["Feature", "Measured", "Reference", "z", "Weight", "Reliability", "Part of the sum"];
const SHOWN_REASONS = 3;

/** Fill the list of indicators. */
export function fillIndicators(list, { scores }) {
  list.replaceChildren(...scores.map(indicatorItem));
}

/** What the scores are relative to, in a sentence. */
export function describeReference({ language, blocks, baseline }) {
  const spoken = { any: "speech of all languages we have", en: "English speech", pl: "Polish speech", am: "Amharic speech" };
  const against = baseline?.is_used
    ? `this person\u2019s own ${baseline.recordings} recordings on ${baseline.days} days`
    : `a reference set of calm ${spoken[language] ?? language}`;
  const bars = blocks > 2 ? " The bar is the 90 % interval." : "";
  return `Ranks from 0 to 100 relative to ${against}; 50 is its middle.${bars}`;
}

function indicatorItem(score) {
  const [title, meaning] = MEANING[score.name];
  const item = element("li", "indicator");
  const head = element("div", "indicator-head");
  const name = element("strong", "", title);
  name.append(element("small", "muted", meaning));
  head.append(name, valueOf(score));
  item.append(head, scaleOf(score), element("p", "muted small", noteOf(score)));
  if (score.contributions.length) item.append(partsOf(score));
  return item;
}

function valueOf({ score, no_score_reason: reason }) {
  return score === null
    ? element("span", "indicator-value unknown", reason === WITHHELD ? WITHHELD : CANNOT_TELL)
    : element("span", "indicator-value figures", String(Math.round(score)));
}

function scaleOf({ score, interval_low: low, interval_high: high }) {
  const scale = element("div", score === null ? "scale empty" : "scale");
  scale.setAttribute("aria-hidden", "true");
  scale.append(element("i", "scale-middle"));
  if (score === null) return scale;
  if (low !== null) {
    const bar = element("i", "scale-interval");
    bar.style.left = `${low}%`;
    bar.style.width = `${high - low}%`;
    scale.append(bar);
  }
  const point = element("i", "scale-point");
  point.style.left = `${score}%`;
  scale.append(point);
  return scale;
}

function noteOf({ score, no_score_reason: reason, coverage, interval_low: low, interval_high: high, contributions }) {
  if (reason === WITHHELD) return "Withheld on request: it stands on emotion.";
  const covered = `${percent(coverage)} of the evidence is there`;
  if (score !== null) {
    const sure = low === null ? "too short for an interval" : `90 %: ${Math.round(low)} to ${Math.round(high)}`;
    return `${sure}; ${covered}.`;
  }
  const reasons = [...new Set(contributions.filter((c) => c.missing_reason && c.weight)
    .map((c) => whyMissing(c.missing_reason)))];
  return `${covered}, half is needed: ${reasons.slice(0, SHOWN_REASONS).join("; ")}.`;
}

function partsOf({ contributions }) {
  const details = element("details");
  const table = element("table");
  fillTable(table, HEAD, contributions.filter((c) => c.weight).map(row));
  const scroll = element("div", "scroll");
  scroll.append(table);
  details.append(element("summary", "", "What it is made of"), scroll);
  return details;
}

function row(part) {
  const name = featureName(part.feature);
  const value = part.value === null ? "\u2013" : round(part.value, 2);
  const weight = signed(part.weight, 3);
  if (part.z === null) {
    return [name, value, "\u2013", "\u2013", weight, "\u2013",
      part.missing_reason ? `not counted: ${whyMissing(part.missing_reason)}` : "\u2013"];
  }
  const reference = `${round(part.reference_mean, 2)} \u00b1 ${round(part.reference_sd, 2)}`;
  return [name, value, reference, signed(part.z, 2), weight, round(part.reliability, 2),
    signed(part.contribution, 2)];
}

function signed(value, decimals) {
  const text = Math.abs(value).toFixed(decimals);
  return `${value < 0 ? "\u2212" : "+"}${text}`;
}

function element(tag, className = "", text = "") {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}
