// The session recorded meanwhile, in the memory of this tab, until it is kept or forgotten.
//
//   bytes   0 ----- half ----- full = what the server takes
//   first   |---------|---------|            dropped when it is full
//   next              |---------|---------|  begun when the one before is half full
//
// So a session never ends because its recording is full, and at its end there is always one file with
// the last part of it: tests/page/test_live_parts.py, `test_of_a_long_session_the_last_part_is_kept`.

import { part } from "../camera/parts.js";
import { Recording, findLength, supportedType } from "../camera/recording.js";
import { lengthText, whyStopped } from "../camera/words.js";
import { clockText, sizeText } from "../shared/words.js";
import { awaitResult } from "../start/awaited.js";
import { enqueue } from "../start/queue.js";

export class Session {
  /** @type {Recording | null} */
  #recording = null;
  /** Begun when `#recording` is half full, and follows it. @type {Recording | null} */
  #next = null;
  #beganMs = 0;
  #isCut = false;
  /** @type {import("../camera/recording.js").Recorded | null} */
  #recorded = null;
  #url = "";
  #timer = 0;
  #root;
  #plan;

  /**
   * @param {HTMLElement} root
   * @param {import("../camera/recording.js").Plan} plan
   */
  constructor(root, plan) {
    this.#root = root;
    this.#plan = plan;
  }

  /** Whether something would be lost with the tab. */
  get isHeld() {
    return this.#recording !== null || this.#recorded !== null;
  }

  /** @param {MediaStream} stream */
  start(stream) {
    const type = supportedType();
    if (type === null) return;
    this.#beganMs = performance.now();
    this.#isCut = false;
    this.#recording = this.#begun(stream, type);
    part(this.#root, "recording", HTMLElement).hidden = false;
    this.#timer = window.setInterval(() => this.#tick(stream, type), 100);
  }

  /**
   * @param {MediaStream} stream
   * @param {string} type
   */
  #begun(stream, type) {
    const recording = new Recording(stream, this.#plan, type);
    recording.start();
    // Full: the one that was begun meanwhile has the last part of the session.
    void recording.finished.then(() => {
      if (this.#recording !== recording || this.#next === null || !stream.active) return;
      this.#recording = this.#next;
      this.#next = null;
      this.#isCut = true;
    });
    return recording;
  }

  /**
   * @param {MediaStream} stream
   * @param {string} type
   */
  #tick(stream, type) {
    const { bytes = 0, elapsedS = 0 } = this.#recording ?? {};
    const isHalf = bytes > this.#plan.maxBytes / 2 || elapsedS > this.#plan.longestS / 2;
    if (this.#recording && !this.#next && isHalf && stream.active) this.#next = this.#begun(stream, type);
    const whole = clockText((performance.now() - this.#beganMs) / 1000);
    part(this.#root, "elapsed", HTMLElement).textContent = this.#isCut
      ? `${whole}; the last ${lengthText(elapsedS)} are kept` : whole;
  }

  /** End it and show it; false where there is nothing. @returns {Promise<boolean>} */
  async finish() {
    clearInterval(this.#timer);
    const recording = this.#recording;
    this.#dropNext();
    if (recording === null) return false;
    recording.stop();
    const recorded = await recording.finished;
    if (this.#recording !== recording || !recorded.blob.size) return false;
    this.#recording = null;
    this.#recorded = recorded;
    this.#url = URL.createObjectURL(recorded.blob);
    const replay = part(this.#root, "replay", HTMLVideoElement);
    findLength(replay);
    replay.src = this.#url;
    const { durationS, blob, stoppedBy } = recorded;
    part(this.#root, "about", HTMLElement).textContent = `${whyStopped(stoppedBy)}`
      + `${this.#isCut ? "The last part of the session: " : ""}`
      + `${lengthText(durationS)}, ${sizeText(blob.size)}, in this browser alone. The camera is off, `
      + "and the server has kept nothing.";
    return true;
  }

  /**
   * Hand the recording in.
   * @param {import("../shared/types.js").Options} options
   */
  async keep(options) {
    const recorded = this.#recorded;
    if (recorded === null) return;
    const names = [recorded.name.replace("recording", "live")];
    const [id] = await enqueue([recorded.blob], options, { names });
    awaitResult(id);
    this.forget();
  }

  /** Let go of everything. */
  forget() {
    clearInterval(this.#timer);
    this.#dropNext();
    this.#recording?.stop();
    this.#recording = null;
    this.#recorded = null;
    const replay = part(this.#root, "replay", HTMLVideoElement);
    replay.removeAttribute("src");
    replay.load();
    if (this.#url) URL.revokeObjectURL(this.#url);
    this.#url = "";
    part(this.#root, "recording", HTMLElement).hidden = true;
  }

  #dropNext() {
    const next = this.#next;
    this.#next = null; // before it stops, so that it follows nothing
    next?.stop();
  }
}
