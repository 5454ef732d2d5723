// What is shown of each answer: the value of every measure, or why there is none.

import { round } from "../shared/words.js";
import { NO_FACE, whyNoExpression, whyNoVoice } from "./words.js";

/** @typedef {import("./types.js").FaceNow} FaceNow */
/** @typedef {import("./types.js").Voiced} Voiced */
/** @typedef {{value: number} | {value: null, reason: string}} Reading */

/**
 * @typedef {object} Measure
 * @property {string} id
 * @property {string} label
 * @property {string} about one line for people
 * @property {string} unit
 * @property {number} scale the value times this is shown
 * @property {number} decimals
 * @property {[number, number]} range of the history, in the value's own unit
 */

/** @type {import("./types.js").Emotion[]} */
export const EMOTIONS = ["happy", "surprise", "neutral", "sad", "fear", "angry", "disgust"];

/** @type {Measure[]} */
export const FACE_MEASURES = [
  share("smile", "Smile", "How far both corners of the mouth are pulled up"),
  share("eye_openness", "Eyes open", "Drops to 0 in a blink"),
  share("mouth_opening", "Mouth open", "Gap of the lips against the distance between the eyes"),
  degrees("yaw_deg", "Head turn", "To the left or right of the camera"),
  degrees("pitch_deg", "Head nod", "Up or down"),
  degrees("roll_deg", "Head tilt", "Towards a shoulder"),
];

/** @type {Measure[]} */
export const VOICE_MEASURES = [
  {
    id: "f0_median_hz", label: "Pitch", about: "Median of the last 10 s", unit: "Hz",
    scale: 1, decimals: 0, range: [60, 400],
  },
  {
    id: "f0_sd_st", label: "Pitch variability", about: "Spread in the last 10 s", unit: "semitones",
    scale: 1, decimals: 1, range: [0, 8],
  },
  {
    id: "level_dbfs", label: "Level", about: "Of the last half second; depends on the microphone",
    unit: "dBFS", scale: 1, decimals: 0, range: [-70, 0],
  },
  share("speech_share", "Share of speech", "Of the last 10 s"),
];

/**
 * The face that the numbers are about.
 * @param {FaceNow[]} faces
 */
export function mainFace(faces) {
  return faces.find((face) => face.is_main);
}

/**
 * Readings of the face by id of the measure; emotions under their own names.
 * @param {FaceNow | undefined} face
 * @returns {Map<string, Reading>}
 */
export function readFace(face) {
  const readings = new Map();
  const noExpression = whyNoExpression(face);
  for (const emotion of EMOTIONS) {
    readings.set(emotion, face && noExpression === null
      ? { value: face.probabilities[emotion] } : { value: null, reason: noExpression });
  }
  const values = face && { ...face, ...face.pose };
  for (const { id } of FACE_MEASURES) {
    const value = /** @type {Record<string, any> | undefined} */ (values)?.[id];
    readings.set(id, value === undefined ? { value: null, reason: NO_FACE } : { value });
  }
  return readings;
}

/**
 * Readings of the voice by id of the measure.
 * @param {Voiced} message
 * @returns {Map<string, Reading>}
 */
export function readVoice({ voice, voice_absent_reason }) {
  const values = /** @type {Record<string, any> | null} */ (voice);
  return new Map(VOICE_MEASURES.map(({ id }) => [
    id,
    typeof values?.[id] === "number" ? { value: values[id] }
      : { value: null, reason: whyNoVoice(voice?.absent[id] ?? voice_absent_reason) },
  ]));
}

/**
 * A value with its unit.
 * @param {Measure} measure
 * @param {number} value
 */
export function shown({ unit, scale, decimals }, value) {
  const number = round(value * scale, decimals) + 0; // no "-0"
  return `${number.toFixed(decimals)} ${unit}`.replace(" \u00b0", "\u00b0");
}

/**
 * @param {string} id
 * @param {string} label
 * @param {string} about
 * @returns {Measure}
 */
function share(id, label, about) {
  return { id, label, about, unit: "%", scale: 100, decimals: 0, range: [0, 1] };
}

/**
 * @param {string} id
 * @param {string} label
 * @param {string} about
 * @returns {Measure}
 */
function degrees(id, label, about) {
  return { id, label, about, unit: "\u00b0", scale: 1, decimals: 0, range: [-45, 45] };
}
