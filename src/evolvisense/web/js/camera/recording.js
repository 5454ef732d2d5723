// MediaRecorder within the limits of the server; what is recorded stays in memory.

const TYPES = [
  "video/webm;codecs=vp8,opus", "video/webm;codecs=vp9,opus", "video/webm",
  "video/mp4;codecs=avc1.42E01F,mp4a.40.2", "video/mp4",
];
const PIECE_MS = 500;
const AUDIO_BITS_PER_S = 64_000;
const LEAST_VIDEO_BITS_PER_S = 800_000;
const MOST_VIDEO_BITS_PER_S = 2_500_000;
const WANTED_S = 300;
/** Of the largest upload; the rest is for the container and for pieces on their way. */
const FILLED = 0.95;
/** After so long the rate of a recording is known, seconds. */
const KNOWN_S = 5;
const SHARP_BITS_PER_S = 1_500_000;

/**
 * @typedef {object} Plan
 * @property {number} videoBitsPerSecond
 * @property {number} audioBitsPerSecond
 * @property {number} longestS what the server analyses; a recording ends there
 * @property {number} typicalS what fits at these rates; still pictures take less, so more fits
 * @property {number} maxBytes where a recording is stopped
 * @property {number} heightPx of a picture that such a rate keeps sharp
 */

/**
 * @typedef {{blob: Blob, name: string, durationS: number, stoppedBy: StoppedBy}} Recorded
 * @typedef {"person" | "size" | "duration" | "device"} StoppedBy
 */

/**
 * Rates at which five minutes fit where they can; never so low that a face is blurred.
 * @param {{max_upload_bytes: number, max_duration_s: number}} limits
 * @returns {Plan}
 */
export function planRecording({ max_upload_bytes, max_duration_s }) {
  const maxBytes = max_upload_bytes * FILLED;
  const fitting = (maxBytes * 8) / Math.min(WANTED_S, max_duration_s) - AUDIO_BITS_PER_S;
  const video = Math.min(MOST_VIDEO_BITS_PER_S, Math.max(LEAST_VIDEO_BITS_PER_S, fitting));
  return {
    videoBitsPerSecond: Math.round(video),
    audioBitsPerSecond: AUDIO_BITS_PER_S,
    longestS: max_duration_s,
    typicalS: Math.min(max_duration_s, (maxBytes * 8) / (video + AUDIO_BITS_PER_S)),
    maxBytes,
    heightPx: video < SHARP_BITS_PER_S ? 480 : 720,
  };
}

/**
 * How much longer a recording can go on, in seconds: by the bytes that it has really taken, and by
 * the planned rates before that can be said.
 * @param {Plan} plan
 * @param {{elapsedS: number, bytes: number}} so so far
 */
export function leftS({ longestS, typicalS, maxBytes }, { elapsedS, bytes }) {
  const byBytes = elapsedS >= KNOWN_S && bytes > 0 ? ((maxBytes - bytes) * elapsedS) / bytes : typicalS - elapsedS;
  return Math.max(0, Math.min(longestS - elapsedS, byBytes));
}

/** The best type that this browser records, or null. */
export function supportedType() {
  if (typeof MediaRecorder === "undefined") return null;
  return TYPES.find((type) => MediaRecorder.isTypeSupported(type)) ?? null;
}

/** One recording, from `start` to what `finished` gives. */
export class Recording {
  /** @type {Blob[]} */
  #pieces = [];
  #bytes = 0;
  #beganMs = 0;
  #endedMs = 0;
  /** @type {StoppedBy} */
  #stoppedBy = "device";
  #recorder;
  #plan;
  #timer = 0;

  /** When it is over, whoever ended it. @type {Promise<Recorded>} */
  finished;

  /**
   * @param {MediaStream} stream
   * @param {Plan} plan
   * @param {string} type of `supportedType`
   */
  constructor(stream, plan, type) {
    this.#plan = plan;
    this.#recorder = new MediaRecorder(stream, {
      mimeType: type,
      videoBitsPerSecond: plan.videoBitsPerSecond,
      audioBitsPerSecond: plan.audioBitsPerSecond,
    });
    this.#recorder.addEventListener("dataavailable", ({ data }) => this.#add(data));
    this.finished = new Promise((resolve) => {
      this.#recorder.addEventListener("stop", () => resolve(this.#recorded()), { once: true });
    });
  }

  get elapsedS() {
    if (!this.#beganMs) return 0;
    return ((this.#endedMs || performance.now()) - this.#beganMs) / 1000;
  }

  get bytes() {
    return this.#bytes;
  }

  start() {
    this.#recorder.start(PIECE_MS);
    this.#beganMs = performance.now();
    this.#timer = window.setTimeout(() => this.stop("duration"), this.#plan.longestS * 1000);
  }

  /** @param {StoppedBy} [by] */
  stop(by = "person") {
    if (this.#recorder.state === "inactive") return;
    this.#stoppedBy = by;
    this.#recorder.stop();
  }

  /** @param {Blob} piece */
  #add(piece) {
    this.#pieces.push(piece);
    this.#bytes += piece.size;
    if (this.#bytes >= this.#plan.maxBytes - 2 * piece.size) this.stop("size");
  }

  /** @returns {Recorded} */
  #recorded() {
    clearTimeout(this.#timer);
    this.#endedMs = performance.now();
    const type = this.#recorder.mimeType.split(";")[0] || "video/webm";
    const blob = new Blob(this.#pieces, { type });
    this.#pieces = [];
    const name = nameOf(new Date(), type);
    return { blob, name, durationS: this.elapsedS, stoppedBy: this.#stoppedBy };
  }
}

/**
 * Let a recording be wound: what MediaRecorder writes has no length, so the player looks for it.
 * @param {HTMLVideoElement} video
 */
export function findLength(video) {
  video.addEventListener("loadedmetadata", () => {
    if (Number.isFinite(video.duration)) return;
    video.addEventListener("durationchange", () => { video.currentTime = 0; }, { once: true });
    video.currentTime = Number.MAX_SAFE_INTEGER;
  }, { once: true });
}

/**
 * @param {Date} now
 * @param {string} type
 */
function nameOf(now, type) {
  const two = (/** @type {number} */ value) => String(value).padStart(2, "0");
  const day = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
  const time = `${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
  return `recording-${day}-${time}.${type === "video/mp4" ? "mp4" : "webm"}`;
}
