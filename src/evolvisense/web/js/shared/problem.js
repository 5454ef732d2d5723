// What went wrong, in one shape, and in words that say what to do.

/** An answer of the server that is an error, or no answer. `code` is stable (docs/errors.md). */
export class Problem extends Error {
  /**
   * @param {{code: string, detail: string, status?: number, title?: string, requestId?: string,
   *   retryAfterS?: number | null}} facts
   */
  constructor({ code, detail, status = 0, title = "", requestId = "", retryAfterS = null }) {
    super(detail);
    this.name = "Problem";
    this.code = code;
    this.detail = sentence(detail);
    this.status = status;
    this.title = TITLES[code] ?? (title || "Something went wrong");
    this.requestId = requestId;
    this.retryAfterS = retryAfterS;
  }

  /** Whether the same request may well succeed a little later. */
  get isPassing() {
    return PASSING.has(this.code);
  }

  /** What the person can do, where the detail does not say it already; else empty. */
  get advice() {
    return ADVICE[this.code] ?? "";
  }
}

/** @type {Record<string, string>} */
const TITLES = {
  empty_file: "This file is empty",
  not_a_video: "This is not a video that can be read",
  incomplete_file: "This recording is incomplete",
  encrypted_file: "This video is encrypted",
  still_image: "This is a photo",
  no_video_stream: "There is no picture in this file",
  no_frames: "No picture of this video can be decoded",
  file_too_large: "This video is too large",
  frame_too_large: "The pictures of this video are too large",
  video_too_long: "This video is too long",
  too_many_streams: "This file holds too many streams",
  invalid_option: "One of the options does not fit",
  consent_required: "The consent is not complete",
  purpose_refused: "This purpose is not admitted",
  upload_timeout: "The upload took too long",
  unauthenticated: "This server wants a key",
  forbidden: "This server is not open to you",
  rate_limited: "Too many requests",
  queue_full: "The server is busy",
  busy: "The server is busy",
  starting: "The server is starting",
  stopping: "The server is being stopped",
  analysis_not_found: "This analysis is no longer there",
  no_report: "There is no report yet",
  no_overlay: "There is no overlay video",
  memory_limit: "This video needs too much memory",
  cpu_limit: "This video takes too long to analyse",
  time_limit: "This video takes too long to analyse",
  worker_crashed: "This video could not be analysed",
  worker_lost: "The analysis was interrupted",
  canceled: "Canceled",
  storage_full: "The disk of the server is full",
  internal_error: "The server made a mistake",
  connection_failed: "No connection",
  recording_gone: "The recording is no longer in this browser",
  folder_dropped: "That is a folder",
  chosen_already: "The same file",
};

/** @type {Record<string, string>} */
const ADVICE = {
  not_a_video:
    "Choose a WebM, MP4, MOV, MKV, AVI or FLV file, or sound as WAV, MP3, M4A, OGG or FLAC; if it plays elsewhere, convert it to MP4.",
  no_video_stream: "Choose a file with a picture or a sound that plays elsewhere.",
  no_frames: "The file may be damaged: open it in a player, or export it again.",
  file_too_large: "Cut the recording, or export it with a smaller picture.",
  frame_too_large: "Export the video with a smaller picture, for example 1920 x 1080.",
  video_too_long: "Cut the recording into shorter parts and choose them together.",
  memory_limit: "Try a smaller picture or a shorter part.",
  cpu_limit: "Try a shorter part, or look at every 5th picture.",
  time_limit: "Try a shorter part, or look at every 5th picture.",
  worker_crashed: "The file may be damaged: export it again and try once more.",
  worker_lost: "Try again; the recording is not at fault.",
  analysis_not_found: "Reports are deleted after a time. Analyse the recording again.",
  connection_failed: "See whether the server is running and the network is there, then try again.",
  internal_error: "Try again; if it happens once more, tell the operator the request id.",
  recording_gone: "Choose the file again.",
};

const PASSING = new Set([
  "queue_full", "rate_limited", "busy", "starting", "stopping", "idempotency_key_in_use",
  "database_error", "upload_timeout", "connection_failed",
]);

/**
 * A text as a sentence: begun with a capital, ended with a stop.
 * @param {string} text
 */
export function sentence(text) {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}

/**
 * An answer's error. `body` is problem+json under /v1, anything elsewhere.
 * @param {number} status
 * @param {any} body
 * @param {string | null} retryAfter header, seconds
 */
export function problemOf(status, body, retryAfter = null) {
  const seconds = Number(retryAfter);
  return new Problem({
    status,
    code: body?.code ?? "unexpected_answer",
    detail: body?.detail ?? body?.error ?? `the server answered ${status}`,
    title: body?.title ?? "",
    requestId: body?.request_id ?? "",
    retryAfterS: retryAfter !== null && Number.isFinite(seconds) ? seconds : null,
  });
}

/** Nobody answered. */
export function noConnection() {
  return new Problem({ code: "connection_failed", detail: "the server could not be reached" });
}

/**
 * Any thrown value as a Problem, so that every view can show it. An AbortError is thrown again.
 * @param {unknown} error
 * @returns {Problem}
 */
export function asProblem(error) {
  if (error instanceof Problem) return error;
  if (error instanceof DOMException && error.name === "AbortError") throw error;
  return new Problem({ code: "page_error", detail: error instanceof Error ? error.message : String(error) });
}
