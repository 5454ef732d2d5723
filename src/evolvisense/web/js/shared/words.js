// Codes of the report and of the server in words for people.

/** @type {Record<string, string>} */
const UNCERTAIN = {
  flat: "no expression stands out",
  small: "the face is small",
  blurred: "the face is blurred",
  dark: "the face is dark",
  turned: "the head is turned away",
  covered: "the face is covered",
};

/** @type {Record<string, string>} */
const ABSENT = {
  engine_reads_no_actions: "the expression engine does not read it",
  sampled_too_slowly: "too few pictures a second",
  face_too_small: "the face is too small",
  still_image: "the picture does not move: a photograph or a frozen camera",
  eyes_covered: "the eyes are covered",
  mouth_covered: "the mouth is covered",
  no_voice: "no voice was read",
};

/** @type {Record<string, string>} */
const NO_VOICE = {
  no_audio_stream: "the file has no sound",
  audio_not_decodable: "its sound cannot be decoded",
  not_wanted: "not asked for",
};

/** What was left out of the report on request. */
export const WITHHELD = "withheld";

/** @type {Record<string, string>} */
const FEATURES = {
  f0_level_st: "Pitch, semitones",
  f0_sd_st: "Pitch variability, semitones",
  f0_range_st: "Pitch range, semitones",
  syllable_rate_hz: "Syllables per second",
  pause_share: "Share of pauses",
  pause_mean_log_s: "Length of pauses, log s",
  level_sd_db: "Loudness variability, dB",
  level_range_db: "Loudness range, dB",
  voice_anger_or_fear: "Anger or fear in the voice",
  voice_fear: "Fear in the voice",
  smile_share_silent: "Smiles in silence",
  blinks_log_per_min: "Blinks per minute, log",
  head_speed_log_deg_s: "Head movement, log \u00b0/s",
};

/** @type {Record<string, string>} */
const MISSING = {
  no_voice: "no voice was read",
  no_face: "no face was found",
  too_little_voiced_speech: "under 10 s of voiced speech",
  too_little_speech: "under 20 s of speech",
  unvoiced: "the speech has no voice pitch, as in whispering",
  too_noisy: "the voice is less than 15 dB over the background",
  clipped: "the sound is clipped",
  several_speakers: "several voices are heard",
  too_few_face_frames: "under 150 pictures with the face",
  face_seen_too_rarely: "the face is in under 60 % of the pictures",
  face_too_small: "under 40 pixels between the eyes",
  face_turned_away: "the head is turned by more than 30\u00b0",
  too_few_frames_per_second: "too few pictures a second",
  still_image: "the picture of the face does not move: a photograph or a frozen camera",
  eyes_covered: "the eyes are covered, for instance by dark glasses",
  mouth_covered: "the mouth is covered, for instance by a mask or a hand",
  seen_too_short_for_blinks: "the face is seen for under 30 s",
  engine_reads_no_actions: "the expression engine does not read it",
  never_silent: "the person is never silent",
  no_pause: "there is no pause",
  no_baseline: "needs a personal baseline",
  no_reference: "no reference in this language",
};

/**
 * A feature of an indicator, with its unit.
 * @param {string} code
 */
export function featureName(code) {
  return FEATURES[code] ?? code;
}

/**
 * Why a feature does not count.
 * @param {string} code
 */
export function whyMissing(code) {
  return MISSING[code] ?? code;
}

/**
 * Why the expression of a frame should not be read.
 * @param {string} code
 */
export function whyUncertain(code) {
  return UNCERTAIN[code] ?? code;
}

/**
 * Why something was not found, and what to choose so that it is.
 * @param {string} code
 * @param {number} frameSkip
 */
export function whyAbsent(code, frameSkip) {
  return code === "sampled_too_slowly" && frameSkip > 1
    ? "pictures too far apart: look at every picture" : ABSENT[code] ?? code;
}

/**
 * Why there is no voice.
 * @param {string} code
 */
export function whyNoVoice(code) {
  return NO_VOICE[code] ?? code;
}

/**
 * `mouthSmileLeft` as "mouth smile, left".
 * @param {string} action
 */
export function actionName(action) {
  const words = action.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return words.replace(/ (left|right)$/, ", $1");
}

/** @param {number} share 0-1 */
export function percent(share) {
  return `${Math.round(share * 100)} %`;
}

/**
 * @param {number} value
 * @param {number} decimals
 */
export function round(value, decimals) {
  return Number(value.toFixed(decimals));
}

/**
 * A size for people: `340 kB`, `4.2 MB`.
 * @param {number} bytes
 */
export function sizeText(bytes) {
  const mb = bytes / 1024 ** 2;
  if (mb < 0.1) return `${Math.ceil(bytes / 1024)} kB`;
  return `${mb < 100 ? round(mb, 1) : Math.round(mb)} MB`;
}

/**
 * A length of time for people: `40 s`, `3 min`, `2 hours`, `7 days`.
 * @param {number} seconds
 */
export function durationText(seconds) {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.round(seconds / 3600)} hours`;
  return `${Math.round(seconds / 86400)} days`;
}

/**
 * A place in the recording: `0:07.3`, `12:40.0`.
 * @param {number} seconds
 */
export function clockText(seconds) {
  const tenths = Math.round(seconds * 10);
  const rest = (tenths % 600) / 10;
  return `${Math.floor(tenths / 600)}:${rest < 10 ? "0" : ""}${rest.toFixed(1)}`;
}

/**
 * A moment of the recording to the hundredth: `0:07.30`.
 * @param {number} seconds
 */
export function momentText(seconds) {
  const hundredths = Math.round(seconds * 100);
  return `${Math.floor(hundredths / 6000)}:${((hundredths % 6000) / 100).toFixed(2).padStart(5, "0")}`;
}

/**
 * A number with a true minus sign.
 * @param {number} value
 * @param {number} [decimals]
 */
export function signedText(value, decimals = 0) {
  const text = Math.abs(value).toFixed(decimals);
  return value < 0 && Number(text) !== 0 ? `\u2212${text}` : text;
}

/**
 * A sentence that says why something is not known; the reason may begin with the same words.
 * @param {string} reason
 */
export function cannotTell(reason) {
  const plain = reason.replace(/^cannot tell[:,]?\s*/i, "").replace(/\.$/, "");
  return `Cannot tell: ${plain}.`;
}
