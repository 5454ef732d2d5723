// A report without its columns: small enough to be sent to the page.

import { endOf, medianStep, originOf, watchedS } from "./series.js";

/** @typedef {import("./types.js").Summary} Summary */

/**
 * What the page shows in single numbers.
 * @param {any} report
 * @returns {Summary}
 */
export function summaryOf(report) {
  const { number, time_s: times, faces } = report.frames;
  return {
    ...report,
    frames: {
      analysed: number.length,
      withFace: faces.filter((/** @type {number} */ n) => n > 0).length,
      stepS: medianStep(times),
    },
    people: report.people.map(personOf),
    voice: report.voice && voiceOf(report.voice),
    v1: report.v1 && legacyOf(report.v1),
    originS: originOf(report),
    endS: endOf(report),
  };
}

/** @param {any} person */
function personOf({ timeline, ...rest }) {
  return {
    ...rest,
    // `_neutral` is a remainder of MediaPipe's, not an action.
    actions: Object.keys(timeline.actions ?? {}).filter((name) => !name.startsWith("_")),
    hasExpression: Boolean(timeline.probabilities),
    hasLandmarks: Boolean(timeline.landmarks),
    uncertain: reasonsOf(timeline.uncertain),
    watchedS: watchedS(timeline.time_s),
  };
}

/** @param {string[]} codes */
function reasonsOf(codes) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const code of codes) if (code) counts.set(code, (counts.get(code) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])
    .map(([code, count]) => ({ code, share: count / codes.length }));
}

/** @param {any} voice */
function voiceOf({ measures, quality, emotion }) {
  return { measures, quality, emotion: emotion && strongest(emotion) };
}

/**
 * The expression with the highest mean over windows of speech, and that mean.
 * @param {{probabilities: Record<string, number[]>, speech_share: number[]}} emotion
 */
function strongest({ probabilities, speech_share: share }) {
  const total = share.reduce((sum, v) => sum + v, 0);
  if (!total) return null;
  const means = Object.entries(probabilities).map(([name, values]) => ({
    name, share: values.reduce((sum, v, i) => sum + v * share[i], 0) / total,
  }));
  return means.sort((a, b) => b.share - a.share)[0];
}

/** @param {any} v1 */
function legacyOf({ emotions, frame_data: frames, ...rest }) {
  const counts = Object.entries(emotions).map(([name, list]) => (
    [name, /** @type {number[]} */ (list).length]));
  return { ...rest, emotions: Object.fromEntries(counts), frames: frames.length };
}
