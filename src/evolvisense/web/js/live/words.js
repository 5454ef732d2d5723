// Codes of a live stream in words for people.

import { Problem } from "../shared/problem.js";
import { whyUncertain } from "../shared/words.js";

/** @type {Record<string, string>} */
const VOICE = {
  too_little_sound: "too little was heard so far",
  too_little_voiced_speech: "too little speech in the last 10 s",
  not_configured: "no microphone",
  no_recent_sound: "no sound arrives",
  not_analysed_yet: "the server is behind with the sound",
};

/** @type {Record<string, [title: string, detail: string]>} */
const ENDINGS = {
  observations_only: ["No live view on this server",
    "It gives observations only, without emotion labels. A recording can be analysed."],
  busy: ["All live streams of this server are taken", "A place is free when somebody ends theirs."],
  connection_failed: ["The connection is lost", "Is the server running, and the network there?"],
  analysis_unavailable: ["The live analysis cannot be started",
    "Try again; if it happens once more, tell the operator."],
  too_many_problems: ["The server could not use the pictures",
    "Reload the page; if it happens once more, tell the operator."],
};

export const NO_FACE = "no face in the picture";

/**
 * Why a measure of the voice is not known.
 * @param {string | null | undefined} code
 */
export function whyNoVoice(code) {
  return VOICE[code ?? ""] ?? code ?? "not known";
}

/**
 * Why the expression of a face should not be read; null where it may.
 * @param {import("./types.js").FaceNow | undefined} face
 */
export function whyNoExpression(face) {
  if (!face) return NO_FACE;
  return face.uncertain ? whyUncertain(face.uncertain) : null;
}

/**
 * Why a stream ended.
 * @param {string} code
 * @param {string} [told] by the server
 */
export function endingOf(code, told = "") {
  const [title, detail] = ENDINGS[code] ?? ["", told];
  const problem = new Problem({ code, detail: detail || "the server ended the stream" });
  if (title) problem.title = title;
  return problem;
}
