// The columns of a report as rows of an overview: one value for each bin of time. Runs in the worker.

import { medianStep, originOf } from "./series.js";
import { EMOTIONS } from "./types.js";

/**
 * @typedef {object} StripsQuery
 * @property {number|null} personId
 * @property {number} fromS from the origin
 * @property {number} toS
 * @property {number} bins
 *
 * @typedef {object} Strips Rows of `bins` values; times are seconds from the origin.
 * @property {number} fromS
 * @property {number} toS
 * @property {Uint8Array} expression Index into EMOTIONS, or UNREADABLE, NO_FACE, NOT_ANALYSED.
 * @property {Uint8Array} speech SILENT, THIS_PERSON, OTHER_PERSON or SOMEBODY.
 * @property {Float32Array|null} envelope Loudness of all sound, 0-1; NaN where there is none.
 * @property {Float32Array|null} smile 0-1, NaN where not known.
 * @property {{startS: number, endS: number}[]|null} blinks All of the recording.
 * @property {Float32Array|null} f0Hz In speech; NaN elsewhere and where unvoiced.
 * @property {Float32Array|null} levelDbfs In speech; NaN elsewhere.
 * @property {[number, number]|null} f0Range 2nd and 98th percentile over the recording, Hz.
 * @property {[number, number]|null} levelRange The same of the level in speech, dBFS.
 */

export const UNREADABLE = EMOTIONS.length;
export const NO_FACE = UNREADABLE + 1;
export const NOT_ANALYSED = NO_FACE + 1;
const STATES = NOT_ANALYSED + 1;

export const SILENT = 0;
/** The chosen person moves the mouth with the voice. */
export const THIS_PERSON = 1;
/** Another person does. */
export const OTHER_PERSON = 2;
/** There is speech; nobody in the frame moves the mouth with it, or this cannot be told. */
export const SOMEBODY = 3;

/** A frame is drawn for at most this many usual gaps between frames: video of a varying rate has double
 * ones. */
const MAX_GAP = 2.5;
/** Levels so far under the loudest are drawn as silence, dB. */
const SHOWN_DB = 45;
const OUTER = 0.02;

/** A report, made ready to be drawn as an overview. */
export class OverviewColumns {
  /** @param {any} report */
  constructor(report) {
    this.report = report;
    this.originS = originOf(report);
    this.gapS = medianStep(report.frames.time_s);
    this.voice = report.voice && voiceOf(report.voice);
  }

  /**
   * @param {StripsQuery} query
   * @returns {Strips}
   */
  of({ personId, fromS, toS, bins }) {
    const grid = new Grid(fromS + this.originS, toS + this.originS, bins);
    const person = this.report.people.find((/** @type {any} */ one) => one.id === personId) ?? null;
    const timeline = person?.timeline ?? null;
    const weights = timeline && weightsOf(timeline.time_s, this.gapS);
    const { voice } = this;
    return {
      fromS, toS,
      expression: this.#expression(grid, timeline, weights),
      speech: this.#speech(grid, personId),
      envelope: voice && grid.mean(voice.times, voice.stepS, voice.envelope),
      smile: timeline?.smile && person.measures.smile_mean !== null
        ? grid.mean(timeline.time_s, weights, timeline.smile) : null,
      blinks: person?.blinks ? person.blinks.map((/** @type {any} */ { start_s: start, end_s: end }) => (
        { startS: start - this.originS, endS: end - this.originS })) : null,
      f0Hz: voice && grid.mean(voice.times, voice.stepS, voice.f0Hz),
      levelDbfs: voice && grid.mean(voice.times, voice.stepS, voice.spoken),
      f0Range: voice?.f0Range ?? null,
      levelRange: voice?.levelRange ?? null,
    };
  }

  /**
   * @param {Grid} grid
   * @param {any} timeline
   * @param {Float64Array|null} weights
   */
  #expression(grid, timeline, weights) {
    const { time_s: times } = this.report.frames;
    const all = grid.votes(STATES);
    // A frame counts less than what was found in it, so that one without the face shows as such only
    // where the face is not found.
    all.add(times, weightsOf(times, this.gapS), () => NO_FACE, 1e-3);
    if (timeline && weights) {
      const columns = timeline.probabilities && EMOTIONS.map((name) => timeline.probabilities[name]);
      if (columns) {
        all.add(timeline.time_s, weights, (row) => (
          timeline.uncertain[row] ? UNREADABLE : strongestOf(columns, row)));
      } else {
        all.add(timeline.time_s, weights, () => UNREADABLE);
      }
    }
    return all.winners(NOT_ANALYSED);
  }

  /**
   * @param {Grid} grid
   * @param {number|null} personId
   */
  #speech(grid, personId) {
    const votes = grid.votes(SOMEBODY + 1);
    for (const { start_s: start, end_s: end } of this.report.voice?.segments ?? []) {
      votes.add([start], [end - start], () => SOMEBODY, 1e-3);
    }
    for (const { id, timeline } of this.report.people) {
      const mine = id === personId;
      votes.add(timeline.time_s, weightsOf(timeline.time_s, this.gapS), (row) => (
        timeline.speaking[row] === "yes" ? (mine ? THIS_PERSON : OTHER_PERSON) : -1), mine ? 1 : 0.5);
    }
    return votes.winners(SILENT);
  }
}

/** Equal bins over a stretch of the file's clock. */
class Grid {
  /**
   * @param {number} fromS
   * @param {number} toS
   * @param {number} bins
   */
  constructor(fromS, toS, bins) {
    this.fromS = fromS;
    this.binS = (toS - fromS) / bins;
    this.bins = bins;
  }

  /**
   * Call for every bin that a sample overlaps, with the seconds of the overlap.
   * @param {number} startS
   * @param {number} lengthS
   * @param {(bin: number, overlapS: number) => void} each
   */
  cover(startS, lengthS, each) {
    const from = (startS - this.fromS) / this.binS;
    const to = (startS + lengthS - this.fromS) / this.binS;
    const last = Math.min(Math.ceil(to), this.bins);
    for (let bin = Math.max(Math.floor(from), 0); bin < last; bin++) {
      const overlap = Math.min(to, bin + 1) - Math.max(from, bin);
      if (overlap > 0) each(bin, overlap * this.binS);
    }
  }

  /**
   * Means of what is known in each bin; NaN where nothing is.
   * @param {ArrayLike<number>} times
   * @param {ArrayLike<number>|number} weights seconds that each value stands for
   * @param {ArrayLike<number|null>} values
   */
  mean(times, weights, values) {
    const sums = new Float32Array(this.bins);
    const total = new Float32Array(this.bins);
    for (let i = 0; i < times.length; i++) {
      const value = values[i];
      if (value === null || Number.isNaN(value)) continue;
      this.cover(times[i], typeof weights === "number" ? weights : weights[i], (bin, overlapS) => {
        sums[bin] += value * overlapS;
        total[bin] += overlapS;
      });
    }
    return sums.map((sum, bin) => (total[bin] ? sum / total[bin] : NaN));
  }

  /** @param {number} states */
  votes(states) {
    return new Votes(this, states);
  }
}

/** Seconds of each state in each bin. */
class Votes {
  /**
   * @param {Grid} grid
   * @param {number} states
   */
  constructor(grid, states) {
    this.grid = grid;
    this.states = states;
    this.seconds = new Float32Array(grid.bins * states);
  }

  /**
   * @param {ArrayLike<number>} times
   * @param {ArrayLike<number>} weights
   * @param {(row: number) => number} stateOf below 0: none
   * @param {number} [factor] of the seconds
   */
  add(times, weights, stateOf, factor = 1) {
    for (let row = 0; row < times.length; row++) {
      const state = stateOf(row);
      if (state < 0) continue;
      this.grid.cover(times[row], weights[row], (bin, overlapS) => {
        this.seconds[bin * this.states + state] += overlapS * factor;
      });
    }
  }

  /** @param {number} none where there is no vote */
  winners(none) {
    const found = new Uint8Array(this.grid.bins).fill(none);
    for (let bin = 0; bin < this.grid.bins; bin++) {
      let most = 0;
      for (let state = 0; state < this.states; state++) {
        const seconds = this.seconds[bin * this.states + state];
        if (seconds > most) [most, found[bin]] = [seconds, state];
      }
    }
    return found;
  }
}

/**
 * Seconds that each frame stands for: up to the next one, MAX_GAP usual gaps at most.
 * @param {number[]} times
 * @param {number} gapS
 */
function weightsOf(times, gapS) {
  return Float64Array.from(times, (time, i) => (
    i + 1 < times.length ? Math.min(Math.max(times[i + 1] - time, 0), MAX_GAP * gapS) : gapS));
}

/**
 * @param {number[][]} columns
 * @param {number} row
 */
function strongestOf(columns, row) {
  let best = 0;
  for (let i = 1; i < columns.length; i++) if (columns[i][row] > columns[best][row]) best = i;
  return best;
}

/** @param {any} voice */
function voiceOf({ segments, timeline }) {
  const { time_s: times, step_s: stepS, f0_hz: f0Hz, level_dbfs: level } = timeline;
  const loudest = percentiles(level, OUTER)?.[1] ?? 0;
  const isSpeech = within(times, segments);
  const spoken = level.map((/** @type {number|null} */ value, /** @type {number} */ i) => (isSpeech[i] ? value : null));
  const spokenHz = f0Hz.map((/** @type {number|null} */ value, /** @type {number} */ i) => (isSpeech[i] ? value : null));
  return {
    times, stepS, f0Hz: spokenHz, spoken,
    envelope: level.map((/** @type {number|null} */ value) => (
      value === null ? null : Math.min(Math.max((value - loudest) / SHOWN_DB + 1, 0), 1))),
    f0Range: percentiles(spokenHz, OUTER),
    levelRange: percentiles(spoken, OUTER),
  };
}

/**
 * Whether each ascending time is inside one of the segments, which are in order.
 * @param {number[]} times
 * @param {{start_s: number, end_s: number}[]} segments
 */
function within(times, segments) {
  let at = 0;
  return times.map((time) => {
    while (at < segments.length && segments[at].end_s <= time) at++;
    return at < segments.length && segments[at].start_s <= time;
  });
}

/**
 * The two ends of what is left when a share is cut off at both; null without any value.
 * @param {Array<number|null>} values
 * @param {number} share
 * @returns {[number, number]|null}
 */
function percentiles(values, share) {
  const known = Float64Array.from(values.filter((value) => value !== null)).sort();
  if (!known.length) return null;
  const at = (/** @type {number} */ part) => known[Math.round(part * (known.length - 1))];
  return [at(share), at(1 - share)];
}
