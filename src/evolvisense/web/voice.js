// The voice in single numbers.

import { CANNOT_TELL, define } from "./dom.js";
import { percent, round } from "./words.js";

const TOO_LITTLE = "too little speech";

/** Tiles of the voice; a value that is not there is said with its reason, never as 0. */
export function fillVoiceFacts(list, { voice, withheld }) {
  if (!voice) return;
  const { measures, quality, emotion } = voice;
  const tile = (name, value, text, note, why = TOO_LITTLE) => (
    value === null ? [name, CANNOT_TELL, why] : [name, text(value), note]);
  define(list, [
    ["Speech", `${round(measures.speech_s, 1)} s`, `${round(measures.voiced_s, 1)} s of it voiced`],
    tile("Median pitch (F0)", measures.f0_median_hz, (v) => `${Math.round(v)} Hz`,
      measures.f0_sd_st === null ? null : `varies by ${round(measures.f0_sd_st, 1)} semitones`),
    tile("Syllables", measures.syllable_rate_hz, (v) => `${round(v, 1)} /s`, "pauses left out"),
    tile("Pauses", measures.pause_share, percent, pausesNote(measures)),
    tile("Loudness varies by", measures.level_sd_db, (v) => `${round(v, 1)} dB`, "free of the microphone\u2019s gain"),
    ...(withheld ? []
      : [tile("Heard in the voice", emotion && strongest(emotion), ([name]) => name, emotionNote(emotion))]),
    tile("Over the background", quality.snr_db, (v) => `${Math.round(v)} dB`,
      quality.clipped_share > 0 ? `${round(100 * quality.clipped_share, 2)} % clipped` : "not clipped",
      "no background to compare with"),
  ]);
}

function pausesNote({ pauses, long_pause_share: long }) {
  if (!pauses) return "none of 0.2 s or more";
  const longer = long ? `, ${percent(long)} longer than 1 s` : "";
  return `${pauses} of 0.2 s or more${longer}`;
}

/** The expression with the highest mean over windows of speech, and that mean. */
function strongest({ probabilities, speech_share: share }) {
  const total = share.reduce((sum, v) => sum + v, 0);
  const mean = (values) => values.reduce((sum, v, i) => sum + v * share[i], 0) / total;
  return Object.entries(probabilities).map(([name, values]) => [name, mean(values)])
    .sort((a, b) => b[1] - a[1])[0];
}

function emotionNote(emotion) {
  return emotion ? `${percent(strongest(emotion)[1])}, learnt from acted speech` : null;
}
