// The session recorded meanwhile, in the memory of this tab, until it is kept or forgotten.

import { part } from "../camera/parts.js";
import { Recording, findLength, supportedType } from "../camera/recording.js";
import { lengthText, whyStopped } from "../camera/words.js";
import { clockText, sizeText } from "../shared/words.js";
import { awaitResult } from "../start/awaited.js";
import { enqueue } from "../start/queue.js";

export class Session {
  /** @type {Recording | null} */
  #recording = null;
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
    const recording = new Recording(stream, this.#plan, type);
    this.#recording = recording;
    recording.start();
    const mark = part(this.#root, "recording", HTMLElement);
    mark.hidden = false;
    let isOver = false;
    void recording.finished.then(() => { isOver = true; });
    this.#timer = window.setInterval(() => {
      mark.classList.toggle("over", isOver);
      part(this.#root, "elapsed", HTMLElement).textContent = isOver
        ? `${lengthText(recording.elapsedS)} recorded; no more fits` : clockText(recording.elapsedS);
    }, 100);
  }

  /** End it and show it; false where there is nothing. @returns {Promise<boolean>} */
  async finish() {
    clearInterval(this.#timer);
    const recording = this.#recording;
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
}
