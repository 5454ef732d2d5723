// Single numbers of the face, the voice and the recording; each explains itself.

import { CANNOT_TELL, el } from "../shared/dom.js";
import { percent, round, whyAbsent, whyUncertain } from "../shared/words.js";
import { explained, ofFeature, ofFields } from "./explain.js";

/**
 * @typedef {import("./types.js").Summary} Summary
 * @typedef {import("./types.js").PersonSummary} PersonSummary
 * @typedef {(words: import("./explain.js").Explanations) => Node[]} Content
 *
 * @typedef {object} Tile
 * @property {string} name
 * @property {string|null} value null: cannot tell
 * @property {string|null} note beside the value, or why there is none
 * @property {Content} about
 */

const TOO_LITTLE = "too little speech";

/**
 * @param {HTMLElement} list
 * @param {Tile[]} tiles
 */
export function fillTiles(list, tiles) {
  list.replaceChildren(...tiles.map(({ name, value, note, about }) => el("div", {},
    el("dt", {}, explained(name, about)),
    el("dd", { class: value === null ? "unknown" : null }, value ?? CANNOT_TELL,
      note ? el("small", {}, note) : null))));
}

/**
 * @param {Summary} summary
 * @param {PersonSummary} person
 * @returns {Tile[]}
 */
export function faceTiles({ options }, person) {
  const { measures, blinks } = person;
  const why = (/** @type {string} */ code) => whyAbsent(code, options.frame_skip);
  const motion = person.blinks_absent_reason ?? "sampled_too_slowly";
  const seen = Math.round(person.watchedS) || "less than 1";
  return [
    {
      name: "Expression certain", value: percent(measures.certain_share), note: uncertainNote(person),
      about: ofFields("BehaviourMeasures.certain_share", "FaceTimeline.uncertain"),
    },
    {
      ...tile("Blinks", blinks && blinks.length, String, why(motion),
        measures.blinks_per_min === null ? `in ${seen} s` : `${round(measures.blinks_per_min, 1)} a minute`),
      about: ofFeature("blinks_log_per_min", "BehaviourMeasures.blinks_per_min", "Person.blinks_absent_reason"),
    },
    {
      ...tile("Smile, mean", measures.smile_mean, percent, why(person.smile_absent_reason ?? motion), "100 % is the broadest"),
      about: ofFields("BehaviourMeasures.smile_mean", "FaceTimeline.smile"),
    },
    {
      ...tile("Speaking", measures.speaking_share, percent, why(person.speaking_unknown_reason ?? motion),
        "of the pictures with this face"),
      about: ofFields("BehaviourMeasures.speaking_share", "FaceTimeline.speaking", "Person.speaking_unknown_reason"),
    },
    {
      ...tile("Head movement", measures.head_speed_deg_s, (v) => `${Math.round(v)} \u00b0/s`, why(person.head_absent_reason ?? motion), "median"),
      about: ofFeature("head_speed_log_deg_s", "BehaviourMeasures.head_speed_deg_s"),
    },
  ];
}

/**
 * @param {import("./types.js").VoiceSummary} voice
 * @param {boolean} isWithheld
 * @returns {Tile[]}
 */
export function voiceTiles({ measures, quality, emotion }, isWithheld) {
  const m = measures;
  const heard = {
    ...tile("Heard in the voice", emotion && emotion.name, String, TOO_LITTLE,
      emotion && `${percent(emotion.share)}, learnt from acted speech`),
    about: ofFeature("voice_anger_or_fear", "Voice.emotion"),
  };
  return [
    {
      ...tile("Speech", m.speech_s, seconds, TOO_LITTLE, `${seconds(m.voiced_s ?? 0)} of it voiced`),
      about: ofFields("VoiceMeasures.speech_s", "VoiceMeasures.voiced_s", "Voice.segments"),
    },
    {
      ...tile("Median pitch (F0)", m.f0_median_hz, (v) => `${Math.round(v)} Hz`, TOO_LITTLE,
        m.f0_sd_st === null ? null : `varies by ${round(m.f0_sd_st, 1)} semitones`),
      about: ofFeature("f0_sd_st", "VoiceMeasures.f0_median_hz", "VoiceMeasures.f0_sd_st"),
    },
    {
      ...tile("Syllables", m.syllable_rate_hz, (v) => `${round(v, 1)} /s`, TOO_LITTLE, "pauses left out"),
      about: ofFeature("syllable_rate_hz", "VoiceMeasures.syllable_rate_hz"),
    },
    {
      ...tile("Pauses", m.pause_share, percent, TOO_LITTLE, pausesNote(m)),
      about: ofFeature("pause_share", "VoiceMeasures.pause_share", "VoiceMeasures.pauses"),
    },
    {
      ...tile("Loudness varies by", m.level_sd_db, (v) => `${round(v, 1)} dB`, TOO_LITTLE,
        "free of the microphone\u2019s gain"),
      about: ofFeature("level_sd_db", "VoiceMeasures.level_sd_db"),
    },
    ...(isWithheld ? [] : [heard]),
    {
      ...tile("Over the background", quality.snr_db, (v) => `${Math.round(v)} dB`, "no background to compare with",
        quality.clipped_share > 0 ? `${round(100 * quality.clipped_share, 2)} % clipped` : "not clipped"),
      about: ofFields("SoundQuality.snr_db", "SoundQuality.clipped_share"),
    },
  ];
}

/**
 * @param {Summary} summary
 * @param {PersonSummary|null} person
 * @returns {Tile[]}
 */
export function recordingTiles({ media, frames, people, options }, person) {
  const ofPictures = (/** @type {number} */ share) => `${percent(share)} of the pictures`;
  /** @type {Tile[]} */
  const tiles = [
    { name: "Length", value: clock(media.duration_s), note: null, about: ofFields("MediaFacts.duration_s") },
    {
      name: "Pictures analysed", value: frames.analysed.toLocaleString("en"),
      note: options.frame_skip > 1 ? `every ${options.frame_skip}th` : "every picture",
      about: ofFields("OptionsUsed.frame_skip", "OptionsUsed.max_frames"),
    },
    {
      name: "With a face", value: frames.withFace.toLocaleString("en"),
      note: frames.analysed ? ofPictures(frames.withFace / frames.analysed) : null,
      about: ofFields("Frames.faces", "FaceTimeline.score"),
    },
    { name: "People found", value: String(people.length), note: null, about: ofFields("Person.is_main", "Person.tracks", "Track.start_s") },
  ];
  if (person && people.length > 1) {
    tiles.push({
      name: `Person ${person.id} seen in`, value: String(person.frames), note: ofPictures(person.share_of_frames),
      about: ofFields("Person.frames", "Person.share_of_frames"),
    });
  }
  return tiles;
}

/**
 * Seconds as people say them.
 * @param {number} timeS
 */
export function clock(timeS) {
  if (timeS < 60) return seconds(timeS);
  return `${Math.floor(timeS / 60)} min ${Math.round(timeS % 60)} s`;
}

/**
 * @template T
 * @param {string} name
 * @param {T|null} value
 * @param {(value: T) => string} text
 * @param {string} why there is no value
 * @param {string|null} note
 */
function tile(name, value, text, why, note) {
  return value === null ? { name, value: null, note: why } : { name, value: text(value), note };
}

/** @param {number} value */
function seconds(value) {
  return `${round(value, 1)} s`;
}

/** @param {PersonSummary} person */
function uncertainNote({ uncertain }) {
  if (!uncertain.length) return "of the pictures";
  const [{ code, share }] = uncertain;
  return `of the pictures; in ${percent(share)} ${whyUncertain(code)}`;
}

/** @param {Record<string, number|null>} measures */
function pausesNote({ pauses, long_pause_share: long }) {
  if (!pauses) return "none of 0.2 s or more";
  return `${pauses} of 0.2 s or more${long ? `, ${percent(long)} longer than 1 s` : ""}`;
}
