// Codes of the report in words for people.

const UNCERTAIN = {
  flat: "no expression stands out",
  small: "the face is small",
  blurred: "the face is blurred",
  dark: "the face is dark",
  turned: "the head is turned away",
  covered: "the face is covered",
};

const ABSENT = {
  engine_reads_no_actions: "the expression engine does not read it",
  sampled_too_slowly: "too few pictures a second",
  face_too_small: "the face is too small",
  no_voice: "no voice was read",
};

const NO_VOICE = {
  no_audio_stream: "the file has no sound",
  audio_not_decodable: "its sound cannot be decoded",
  not_wanted: "not asked for",
};

/** What was left out of the report on request. */
export const WITHHELD = "withheld";

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

const MISSING = {
  no_voice: "no voice was read",
  no_face: "no face was found",
  too_little_voiced_speech: "under 10 s of voiced speech",
  too_little_speech: "under 20 s of speech",
  too_noisy: "the voice is less than 15 dB over the background",
  clipped: "the sound is clipped",
  several_speakers: "several voices are heard",
  too_few_face_frames: "under 150 pictures with the face",
  face_seen_too_rarely: "the face is in under 60 % of the pictures",
  face_too_small: "under 40 pixels between the eyes",
  face_turned_away: "the head is turned by more than 30\u00b0",
  too_few_frames_per_second: "too few pictures a second",
  seen_too_short_for_blinks: "the face is seen for under 30 s",
  engine_reads_no_actions: "the expression engine does not read it",
  never_silent: "the person is never silent",
  no_pause: "there is no pause",
  no_baseline: "needs a personal baseline",
  no_reference: "no reference in this language",
};

/** A feature of an indicator, with its unit. */
export function featureName(code) {
  return FEATURES[code] ?? code;
}

/** Why a feature does not count. */
export function whyMissing(code) {
  return MISSING[code] ?? code;
}

/** Why the expression of a frame should not be read. */
export function whyUncertain(code) {
  return UNCERTAIN[code] ?? code;
}

/** Why something was not found, and what to choose so that it is. */
export function whyAbsent(code, frameSkip) {
  return code === "sampled_too_slowly" && frameSkip > 1
    ? "pictures too far apart: look at every picture" : ABSENT[code] ?? code;
}

/** Why there is no voice. */
export function whyNoVoice(code) {
  return NO_VOICE[code] ?? code;
}

/** `mouthSmileLeft` as "mouth smile, left". */
export function actionName(action) {
  const words = action.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return words.replace(/ (left|right)$/, ", $1");
}

export function percent(share) {
  return `${Math.round(share * 100)} %`;
}

export function round(value, decimals) {
  return Number(value.toFixed(decimals));
}
