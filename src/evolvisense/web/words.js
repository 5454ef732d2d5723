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
