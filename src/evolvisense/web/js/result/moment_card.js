// What the chosen person and the voice do at one moment.

import { $, define, el } from "../shared/dom.js";
import { momentText, percent, signedText, whyUncertain } from "../shared/words.js";
import { EMOTIONS } from "./types.js";

/**
 * @typedef {import("./types.js").Moment} Moment
 * @typedef {import("./types.js").PersonMoment} PersonMoment
 * @typedef {import("./types.js").PersonSummary} PersonSummary
 */

const NONE = "\u2013";
/** @type {Record<string, string>} */
const SPEAKS = { yes: "yes", no: "no", unknown: NONE };

/**
 * @param {Moment} moment
 * @param {PersonSummary|null} person the chosen one; null where no face was found
 */
export function showMoment(moment, person) {
  const here = moment.people.find(({ id }) => id === person?.id) ?? null;
  $("now-time").textContent = momentText(moment.timeS);
  fillBars(moment, person, here);
  fillFace(person, here);
  fillVoice(moment);
}

/** Lines for the seven expressions, to be filled moment by moment. */
export function prepareBars() {
  $("now-bars").replaceChildren(...EMOTIONS.map((emotion) => el("div", { "data-emotion": emotion },
    el("dt", {}, emotion),
    el("dd", { class: "bar" }, el("span")),
    el("dd", { class: "value" }))));
}

/**
 * @param {Moment} moment
 * @param {PersonSummary|null} person
 * @param {PersonMoment|null} here
 */
function fillBars(moment, person, here) {
  const isWithheld = person !== null && !person.hasExpression;
  const values = here?.probabilities ?? null;
  $("now-bars").hidden = isWithheld || !person;
  $("now-note").textContent = isWithheld ? "Expression is withheld on request." : noteOf(moment, person, here);
  $("now-bars").classList.toggle("empty", !values || here?.uncertain !== "");
  EMOTIONS.forEach((emotion, i) => {
    const line = $("now-bars").children[i];
    const value = values ? values[emotion] : null;
    line.querySelector("span").style.transform = `scaleX(${value ?? 0})`;
    line.querySelector(".value").textContent = value === null ? NONE : percent(value);
  });
}

/**
 * @param {Moment} moment
 * @param {PersonSummary|null} person
 * @param {PersonMoment|null} here
 */
function noteOf(moment, person, here) {
  if (!person) return "No face was found.";
  if (!moment.isRead) return "Faces were not read here.";
  if (!here?.isSeen) return "This face is not seen here.";
  if (here.uncertain) return `Cannot tell the expression here: ${whyUncertain(here.uncertain)}.`;
  return "Probability of each facial expression";
}

/**
 * @param {PersonSummary|null} person
 * @param {PersonMoment|null} here
 */
function fillFace(person, here) {
  $("now-face").hidden = !person?.actions.length;
  if ($("now-face").hidden) return;
  const share = (/** @type {number|null|undefined} */ value) => (typeof value === "number" ? percent(value) : NONE);
  define($("now-face"), [
    ["Eyes open", share(here?.eyeOpenness)],
    ["Smile", share(here?.smile)],
    ["Speaks", SPEAKS[here?.speaking ?? "unknown"]],
  ]);
}

/** @param {Moment} moment */
function fillVoice({ voice }) {
  $("now-voice").hidden = !voice;
  if (!voice) return;
  define($("now-voice"), [
    ["Speech", voice.isRead ? (voice.isSpeech ? "yes" : "no") : NONE],
    ["Pitch", voice.f0Hz === null ? NONE : `${Math.round(voice.f0Hz)} Hz`],
    ["Level", voice.levelDbfs === null ? NONE : `${signedText(voice.levelDbfs)} dBFS`],
  ]);
}
