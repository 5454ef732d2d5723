// Three sentences for each value of the answer: what it is, what is usual, when not to trust it. The
// mathematics stands below them under "Method".

import { el } from "../shared/dom.js";
import { ofFeature, ofFields } from "./explain.js";

/**
 * @typedef {import("./types.js").AnswerValue} AnswerValue
 * @typedef {(words: import("./explain.js").Explanations) => Node[]} Content
 *
 * @typedef {object} Meaning
 * @property {string} what
 * @property {string} [usual] where the value itself brings no range
 * @property {string} doubt when not to trust it
 * @property {Content} method
 */

const RATE = "Blinks are counted where the lids close by at least half for 50 to 500 ms.";

/** @type {Record<string, Meaning>} */
const MEANINGS = {
  expression: {
    what: "How often each of seven facial expressions was the most probable one, over the time in which the expression could be read.",
    usual: "Most people look neutral most of the time; a speaking mouth is often read as surprise or disgust.",
    doubt: "Do not trust it where the face is small, dark, blurred, turned or covered, or where little of the time could be read. It shows what the face looks like, not what the person feels.",
    method: ofFields("BehaviourMeasures.certain_share", "FaceTimeline.uncertain", "FaceTimeline.probabilities"),
  },
  smile_share: {
    what: "The share of the time in which both mouth corners are raised so far that people would call it a smile.",
    usual: "It depends on the occasion; there is no range that fits all recordings.",
    doubt: "A covered mouth hides it, and vowels with a wide mouth can look like it.",
    method: ofFields("FaceTimeline.smile", "BehaviourMeasures.smile_mean"),
  },
  blinks: {
    what: RATE,
    usual: "In conversation 10 to 32 a minute; fewer while reading.",
    doubt: "Glasses, lids that are half closed, and few frames a second hide blinks.",
    method: ofFeature("blinks_log_per_min", "BehaviourMeasures.blinks_per_min"),
  },
  blinks_per_min: {
    what: `Blinks per minute of the time in which the face is seen. ${RATE}`,
    doubt: "Under a minute the count is small and the interval wide. Glasses and few frames a second hide blinks.",
    method: ofFeature("blinks_log_per_min", "BehaviourMeasures.blinks_per_min"),
  },
  head_speed_deg_s: {
    what: "The median speed at which the head turns, up and down and to the sides.",
    usual: "It depends on whether the person speaks and listens; there is no range that fits all recordings.",
    doubt: "A camera that moves looks like a head that moves.",
    method: ofFeature("head_speed_log_deg_s", "BehaviourMeasures.head_speed_deg_s"),
  },
  speaking_share: {
    what: "The share of the time in which the mouth of this person moves together with the voice.",
    usual: "In a monologue most of the time, in a conversation of two about half.",
    doubt: "Chewing, a covered mouth and a second voice outside the picture mislead it.",
    method: ofFields("FaceTimeline.speaking", "BehaviourMeasures.speaking_share"),
  },
  speech_s: {
    what: "Seconds in which speech is heard, of whoever speaks.",
    usual: "Most values of the voice need 10 to 20 s of speech.",
    doubt: "Loud music and other people nearby are sometimes taken for speech.",
    method: ofFields("VoiceMeasures.speech_s", "VoiceMeasures.voiced_s"),
  },
  f0_median_hz: {
    what: "The median pitch of the voice: how often the vocal folds open in a second.",
    usual: "About 120 Hz for men and 210 Hz for women; children are higher.",
    doubt: "Two voices at once, music, or less than 10 s of voiced speech make it uncertain.",
    method: ofFeature("f0_sd_st", "VoiceMeasures.f0_median_hz", "VoiceMeasures.f0_sd_st"),
  },
  f0_range_st: {
    what: "How far the pitch moves between its low and its high, in semitones; twelve are an octave.",
    usual: "About 8 to 16 in lively speech, less in monotonous speech.",
    doubt: "Less than 10 s of voiced speech, noise, or several speakers make it uncertain.",
    method: ofFeature("f0_range_st", "VoiceMeasures.f0_sd_st"),
  },
  level_sd_db: {
    what: "How much the loudness of the voice varies, whatever the volume of the microphone.",
    usual: "See the range beside the value.",
    doubt: "Automatic gain of the microphone and noise suppression make it smaller.",
    method: ofFeature("level_sd_db", "VoiceMeasures.level_sd_db"),
  },
  syllable_rate_hz: {
    what: "Syllables in a second of speech; pauses are left out.",
    usual: "Four to nine across languages, 3.8 to 5.5 in English.",
    doubt: "Less than 20 s of speech, noise or reverberation make it uncertain.",
    method: ofFeature("syllable_rate_hz", "VoiceMeasures.syllable_rate_hz"),
  },
  pause_share: {
    what: "The share of silence between the first and the last word; silences of 0.2 s and more count.",
    usual: "It depends on the task; reading has fewer pauses than answering.",
    doubt: "In a conversation the turns of the others count as pauses.",
    method: ofFeature("pause_share", "VoiceMeasures.pause_share", "VoiceMeasures.pauses"),
  },
  voice_expression: {
    what: "The expression that the sound of the voice resembles most, whatever the words.",
    usual: "Calm speech is often read as neutral or sad.",
    doubt: "The network learnt from acted speech: do not rely on it for everyday speech or for languages that it never heard.",
    method: ofFeature("voice_anger_or_fear", "Voice.emotion"),
  },
};

/**
 * What stands in the dialog about a value.
 * @param {AnswerValue} value
 * @returns {Content}
 */
export function meaningOf(value) {
  return (words) => {
    const meaning = MEANINGS[value.name];
    const usual = value.usual
      ? `${rangeText(value)}, ${value.usual.source}.${meaning?.usual ? ` ${meaning.usual}` : ""}` : meaning?.usual;
    return [
      el("p", { class: "here" }, value.sentence),
      el("dl", { class: "pairs" },
        ...pair("What it is", meaning?.what ?? value.title),
        ...pair("Usual", usual),
        ...pair("Do not trust it", meaning?.doubt),
        ...pair("Here", value.note)),
      ...(meaning ? [el("details", { class: "method" }, el("summary", {}, "Method"), ...meaning.method(words))] : []),
    ];
  };
}

/**
 * The usual range in the value's own unit: `10 to 32 a minute`.
 * @param {AnswerValue} value
 */
export function rangeText({ usual, unit }) {
  if (!usual) return "";
  const end = (/** @type {number} */ number) => (unit === "share" ? String(Math.round(100 * number))
    : number >= 10 ? String(Math.floor(number)) : String(Math.round(10 * number) / 10));
  return `${end(usual.low)} to ${end(usual.high)}${UNITS[unit] ?? ` ${unit}`}`;
}

/** @type {Record<string, string>} */
const UNITS = { share: " %", "": "", "1/min": " a minute", "deg/s": " \u00b0/s", "syllables/s": " a second" };

/**
 * @param {string} term
 * @param {string|null|undefined} text
 */
function pair(term, text) {
  return text ? [el("dt", {}, term), el("dd", {}, text)] : [];
}
