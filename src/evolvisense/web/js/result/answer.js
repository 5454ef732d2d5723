// The first lines of a result: what was seen and heard, how sure that is, and the telling moments.

import { $, el } from "../shared/dom.js";
import { percent } from "../shared/words.js";
import { explained } from "./explain.js";
import { meaningOf, rangeText } from "./meanings.js";

/**
 * @typedef {import("./types.js").Summary} Summary
 * @typedef {import("./types.js").Answer} Answer
 * @typedef {import("./types.js").AnswerPerson} AnswerPerson
 * @typedef {import("./types.js").AnswerValue} AnswerValue
 * @typedef {import("./types.js").PersonSummary} PersonSummary
 */

const MOST_TILES = 8;
/** Values in the order of their tiles; later ones stand in where an earlier one is not known. */
const TILES = [
  "expression", "smile_share", "blinks_per_min", "blinks", "speech_s", "f0_median_hz", "syllable_rate_hz",
  "pause_share", "voice_expression", "speaking_share", "head_speed_deg_s", "f0_range_st", "level_sd_db",
];
/** Limits of SCIENCE.md section 4; darkness: ours. */
const LEAST_EYES_PX = 40;
const LEAST_SNR_DB = 15;
const DARK = 0.2;
const FIRST_NUMBER = /\d[\d.,]*(?:\s?(?:%|Hz|dB|s\b|\u00b0\/s))?/;
/** How a sentence about nothing begins: "No speech in 4.0 s of sound." */
const NONE_OF_IT = /^No \w+/;
const READ_PLACE = "evolvisense.notice.read";

/**
 * @param {Summary} summary
 * @param {PersonSummary|null} person the chosen one
 */
export function fillAnswer({ summary: answer, people, voice }, person) {
  for (const id of ["headline", "sureness", "answer-tiles", "answer-missing"]) $(id).hidden = !answer;
  fillVoiceOwner(people, Boolean(voice));
  if (!answer) return;
  const seen = answer.people.find(({ person_id: id }) => id === person?.id) ?? null;
  $("headline").textContent = headlineOf(answer, seen);
  $("sureness").textContent = surenessOf(answer, seen);
  $("sureness").hidden = !$("sureness").textContent;
  fillValues([...(seen?.values ?? []), ...answer.voice]);
}

/**
 * The notice: in full at the first reading in this browser, folded to one line afterwards.
 * @param {string} limits
 */
export function showNotice(limits) {
  $("limits").textContent = limits;
  $("notice").open = localStorage.getItem(READ_PLACE) !== limits;
  localStorage.setItem(READ_PLACE, limits);
}

/**
 * Buttons that go to the moments, the most telling first.
 * @param {Summary} summary
 * @param {(startS: number, endS: number) => void} go seconds from the origin
 */
export function fillMoments({ moments = [], originS }, go) {
  $("moments-list").hidden = !moments.length;
  $("moments-list").replaceChildren(...moments.map(({ kind, start_s: start, end_s: end, sentence }) => (
    el("li", {}, el("button", {
      type: "button", class: "moment", "data-kind": kind, onclick: () => go(start - originS, end - originS),
    }, el("span", { class: "moment-time figures" }, spanText(start - originS, end - originS)), el("span", {}, sentence))))));
}

/**
 * One chip for each person; nothing where there is only one.
 * @param {Summary} summary
 * @param {number|null} chosen
 * @param {(id: number) => void} choose
 */
export function fillPeople({ people }, chosen, choose) {
  $("people").hidden = people.length < 2;
  $("people-list").replaceChildren(...people.map(({ id, is_main: isMain, share_of_frames: share }) => el("button", {
    type: "button", class: "chip", "aria-pressed": String(id === chosen), "data-person": String(id),
    onclick: () => choose(id),
  }, `Person ${id}${isMain ? " (main)" : ""}`, el("small", {}, `seen ${percent(share)}`))));
}

/**
 * Whose voice is measured, where that is a question.
 * @param {PersonSummary[]} people
 * @param {boolean} isHeard
 */
function fillVoiceOwner(people, isHeard) {
  $("voice-owner").hidden = people.length < 2 || !isHeard;
  if ($("voice-owner").hidden) return;
  const shares = people.map(({ id, measures }) => ({ id, share: measures.speaking_share }));
  const known = shares.filter(({ share }) => share !== null && share > 0.02);
  const whose = shares.some(({ share }) => share === null) || known.length !== 1
    ? "whose it is cannot be told" : `most likely that of person ${known[0].id}, the only one whose mouth moves with it`;
  $("voice-owner").textContent = `The voice is measured over the whole sound; ${whose}.`;
}

/**
 * The headline is about the main person; another one has a line of their own.
 * @param {Answer} answer
 * @param {AnswerPerson|null} seen
 */
function headlineOf(answer, seen) {
  if (!seen || seen.is_main) return answer.headline;
  const said = seen.values.filter(({ name, value }) => value !== null && (name === "expression" || name === "smile_share"));
  return `Person ${seen.person_id}: ${said.map(({ sentence }) => sentence).join(" ") || "the expression cannot be read."}`;
}

/**
 * How far the answer can be trusted: what could be read, and what the recording allows.
 * @param {Answer} answer
 * @param {AnswerPerson|null} seen
 */
function surenessOf(answer, seen) {
  const valueOf = (/** @type {string} */ name) => answer.recording.find((one) => one.name === name)?.value ?? null;
  const because = seen?.values.find(({ name }) => name === "expression")?.note?.match(/most often (.*)\.$/)?.[1];
  const [eyes, snr, light] = [valueOf("eye_distance_px"), valueOf("snr_db"), valueOf("brightness")];
  const parts = [
    seen && seen.readable_share < 1
      ? `expression readable ${percent(seen.readable_share)} of the time${because ? ` (when not, most often ${because})` : ""}` : "",
    seen && seen.readable_share === 1 ? "expression readable all the time" : "",
    eyes === null ? "" : `face ${eyes < LEAST_EYES_PX ? "too small" : "large enough"} (${Math.round(eyes)} px between the eyes)`,
    light !== null && light < DARK ? "face dark" : "",
    snr === null ? "" : `voice ${Math.round(snr)} dB above the background${snr < LEAST_SNR_DB ? ", too little" : ""}`,
  ].filter(Boolean);
  return parts.length ? `How sure: ${parts.join(" \u00b7 ")}` : "";
}

/** @param {AnswerValue[]} values */
function fillValues(values) {
  const byName = new Map(values.map((value) => [value.name, value]));
  if (byName.get("blinks_per_min")?.value !== null) byName.delete("blinks");
  const ordered = TILES.flatMap((name) => byName.get(name) ?? []);
  const known = ordered.filter(({ value }) => value !== null).slice(0, MOST_TILES);
  const missing = ordered.filter(({ value, name }) => value === null && !(name === "blinks_per_min" && byName.has("blinks")
    && byName.get("blinks")?.value !== null));
  $("answer-tiles").hidden = !known.length;
  $("answer-tiles").replaceChildren(...known.map((value) => tileOf(value, byName)));
  /** @type {Map<string, string[]>} */
  const why = new Map();
  for (const { missing: reason, title } of missing) {
    why.set(String(reason), [...(why.get(String(reason)) ?? []), title.toLowerCase()]);
  }
  $("answer-missing").hidden = !why.size;
  $("answer-missing").textContent = `Cannot tell: ${[...why].map(([reason, titles]) => (
    `${titles.join(", ")} (${reason})`)).join("; ")}.`;
}

/**
 * @param {AnswerValue} value
 * @param {Map<string, AnswerValue>} byName
 */
function tileOf(value, byName) {
  const rate = value.name === "blinks" ? byName.get("blinks_per_min") : null;
  const notes = [
    value.usual ? `Usual: ${rangeText(value)}.` : "",
    rate?.missing ? `A rate: ${rate.missing}.` : "",
  ].filter(Boolean).join(" ");
  return el("div", { class: "answer-tile", "data-value": value.name },
    el("dt", {}, explained(value.title, meaningOf(value))),
    el("dd", {}, ...withNumber(value), notes ? el("small", {}, notes) : null));
}

/**
 * The sentence with its number, and the expression where there is one, set apart. Where the value is
 * zero and the sentence says so in words, those words are set apart, not a number that follows.
 * @param {Pick<AnswerValue, "sentence"|"label"|"value">} value
 * @returns {(Node|string)[]}
 */
export function withNumber({ sentence, label, value }) {
  const found = (value === 0 ? NONE_OF_IT.exec(sentence) : null)
    ?? (label ? new RegExp(`${label}:? \\(?${FIRST_NUMBER.source}\\)?`).exec(sentence) : null)
    ?? FIRST_NUMBER.exec(sentence);
  if (!found) return [sentence];
  return [sentence.slice(0, found.index), el("strong", {}, found[0]), sentence.slice(found.index + found[0].length)];
}

/**
 * `0:04-0:09` as a player shows it.
 * @param {number} startS
 * @param {number} endS
 */
export function spanText(startS, endS) {
  const [first, last] = [startS, endS].map((timeS) => {
    const whole = Math.floor(Math.max(timeS, 0));
    return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
  });
  return first === last ? first : `${first}\u2013${last}`;
}
