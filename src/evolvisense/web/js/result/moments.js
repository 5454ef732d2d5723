// What a report says about one moment. Runs in the worker, which keeps the columns.

import { medianStep, nearest, originOf } from "./series.js";

/**
 * @typedef {import("./types.js").Moment} Moment
 * @typedef {import("./types.js").PersonMoment} PersonMoment
 */

const VALUES_PER_POINT = 2;
/** A box is drawn between two sightings of one track that are no further apart, seconds. */
const LONGEST_BRIDGE_S = 0.75;
const LARGEST_UINT16 = 65535;
/** Landmarks are shares of the face box from -1 to 2. */
const LANDMARK_SPAN = 3;
const LANDMARK_FROM = -1;

/** A report, made ready to be asked about moments. */
export class Moments {
  /** @param {any} report */
  constructor(report) {
    this.report = report;
    this.originS = originOf(report);
    this.times = Float64Array.from(report.frames.time_s, (time) => time - this.originS);
    this.stepS = medianStep(report.frames.time_s);
    this.people = report.people.map((/** @type {any} */ person) => ({
      ...person,
      times: Float64Array.from(person.timeline.time_s, (time) => time - this.originS),
      points: landmarksOf(person.timeline),
    }));
  }

  /**
   * Everything at `timeS` from the origin.
   * @param {number} timeS
   * @returns {Moment}
   */
  at(timeS) {
    const i = nearest(this.times, timeS);
    const isRead = i >= 0 && Math.abs(this.times[i] - timeS) <= this.stepS;
    return {
      timeS,
      isRead,
      previousS: this.#neighbour(i, timeS, -1),
      nextS: this.#neighbour(i, timeS, 1),
      people: this.people.map((/** @type {any} */ person) => this.#person(person, timeS)),
      voice: this.#voice(timeS),
    };
  }

  /**
   * @param {number} i
   * @param {number} timeS
   * @param {-1|1} way
   */
  #neighbour(i, timeS, way) {
    if (i < 0) return null;
    const isHere = Math.abs(this.times[i] - timeS) < this.stepS / 2;
    const isBeyond = way < 0 ? this.times[i] < timeS : this.times[i] > timeS;
    return this.times[isHere || !isBeyond ? i + way : i] ?? null;
  }

  /**
   * @param {any} person
   * @param {number} timeS
   * @returns {PersonMoment}
   */
  #person({ id, timeline, times, points }, timeS) {
    const row = nearest(times, timeS);
    const isSeen = row >= 0 && Math.abs(times[row] - timeS) <= this.stepS;
    const at = (/** @type {ArrayLike<any>|null} */ column) => (isSeen && column ? column[row] : null);
    const box = isSeen ? boxBetween(timeline, times, row, timeS) : null;
    return {
      id,
      isSeen,
      box,
      landmarks: box && points ? pointsIn(box, points, row) : null,
      uncertain: at(timeline.uncertain) ?? "",
      probabilities: isSeen && timeline.probabilities ? rowOf(timeline.probabilities, row) : null,
      eyeOpenness: at(timeline.eye_openness),
      smile: at(timeline.smile),
      speaking: at(timeline.speaking) ?? "unknown",
    };
  }

  /** @param {number} timeS */
  #voice(timeS) {
    const { voice } = this.report;
    if (!voice) return null;
    const { time_s: times, step_s: stepS, f0_hz: f0, level_dbfs: level } = voice.timeline;
    const fileS = timeS + this.originS;
    const i = nearest(times, fileS - stepS / 2);
    const isRead = i >= 0 && Math.abs(times[i] - fileS) <= 2 * stepS;
    return {
      isRead,
      isSpeech: voice.segments.some((/** @type {{start_s: number, end_s: number}} */ segment) => (
        segment.start_s <= fileS && fileS < segment.end_s)),
      f0Hz: isRead ? f0[i] : null,
      levelDbfs: isRead ? level[i] : null,
    };
  }
}

/**
 * @param {Record<string, number[]>} columns
 * @param {number} row
 * @returns {any}
 */
function rowOf(columns, row) {
  return Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, values[row]]));
}

/**
 * The box at a time: between two sightings of one track it moves evenly.
 * @param {any} timeline
 * @param {Float64Array} times
 * @param {number} row
 * @param {number} timeS
 */
function boxBetween(timeline, times, row, timeS) {
  const edges = [timeline.left_px, timeline.top_px, timeline.right_px, timeline.bottom_px];
  const other = times[row] <= timeS ? row + 1 : row - 1;
  const apart = Math.abs(times[other] - times[row]);
  const isOneTrack = timeline.track_id[other] === timeline.track_id[row];
  if (!isOneTrack || !(apart > 0 && apart <= LONGEST_BRIDGE_S)) return edges.map((edge) => edge[row]);
  const share = Math.abs(timeS - times[row]) / apart;
  return edges.map((edge) => edge[row] + share * (edge[other] - edge[row]));
}

/** @param {any} timeline */
function landmarksOf({ landmarks, time_s: times }) {
  if (!landmarks) return null;
  const bytes = Uint8Array.from(atob(landmarks.values), (character) => character.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const shares = Float32Array.from({ length: bytes.length / 2 }, (_, i) => (
    (view.getUint16(2 * i, true) / LARGEST_UINT16) * LANDMARK_SPAN + LANDMARK_FROM));
  return { shares, perRow: times.length ? shares.length / times.length : 0 };
}

/**
 * Landmarks of one row in source pixels, inside the box that is drawn; null where unknown.
 * @param {number[]} box
 * @param {{shares: Float32Array, perRow: number}} points
 * @param {number} row
 */
function pointsIn([left, top, right, bottom], { shares, perRow }, row) {
  const size = [right - left, bottom - top];
  const from = [left, top];
  const mine = shares.slice(row * perRow, (row + 1) * perRow);
  if (mine.every((share) => share === LANDMARK_FROM + LANDMARK_SPAN)) return null;
  return mine
    .map((share, i) => from[i % VALUES_PER_POINT] + share * size[i % VALUES_PER_POINT]);
}
