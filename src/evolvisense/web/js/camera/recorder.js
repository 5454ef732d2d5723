// Recording on the start page: choose devices, look, count down, record, look again, use or discard.

import { DeviceChoice } from "./choice.js";
import { CameraProblem } from "./devices.js";
import { showLevel } from "./level.js";
import { fillFrom, part, showState } from "./parts.js";
import { Recording, findLength, leftS, planRecording, supportedType } from "./recording.js";
import { lengthText, whyStopped } from "./words.js";
import { clockText, sizeText } from "../shared/words.js";

const COUNTDOWN_S = 3;

/**
 * @typedef {object} RecorderOptions
 * @property {{max_upload_bytes: number, max_duration_s: number}} limits
 * @property {(blob: Blob, name: string) => void} onRecorded the person wants it analysed
 */

/**
 * Put the recorder into `root`; nothing is opened before the person asks for it.
 * @param {HTMLElement} root
 * @param {RecorderOptions} options
 * @returns {() => void} takes it away and switches the devices off
 */
export function mountRecorder(root, options) {
  fillFrom(root, "recorder-template");
  const recorder = new Recorder(part(root, "recorder", HTMLDivElement), options);
  return () => {
    recorder.dispose();
    root.replaceChildren();
  };
}

class Recorder {
  /** @type {Recording | null} */
  #recording = null;
  /** @type {import("./recording.js").Recorded | null} */
  #recorded = null;
  #replayUrl = "";
  #timer = 0;
  #stopLevel = () => {};
  #root;
  #plan;
  #onRecorded;
  #choice;
  #picture;
  #replay;

  /**
   * @param {HTMLElement} root
   * @param {RecorderOptions} options
   */
  constructor(root, { limits, onRecorded }) {
    this.#root = root;
    this.#plan = planRecording(limits);
    this.#onRecorded = onRecorded;
    this.#picture = part(root, "picture", HTMLVideoElement);
    this.#replay = part(root, "replay", HTMLVideoElement);
    this.#choice = new DeviceChoice(root, {
      onStream: (stream) => this.#preview(stream),
      onProblem: (problem) => this.#fail(problem),
    }, this.#plan.heightPx);
    this.#on("open", () => this.#ask());
    this.#on("again", () => this.#ask());
    this.#on("retake", () => this.#ask());
    this.#on("give-up", () => this.#rest());
    this.#on("close", () => this.#rest());
    this.#on("start", () => this.#countDown());
    this.#on("cancel", () => this.#cancel());
    this.#on("stop", () => this.#recording?.stop());
    this.#on("discard", () => this.#rest("Discarded. Nothing of it is left."));
    this.#on("use", () => this.#use());
    window.addEventListener("beforeunload", this.#warn);
    showState(root, "idle");
  }

  dispose() {
    window.removeEventListener("beforeunload", this.#warn);
    this.#letGo();
    this.#choice.dispose();
  }

  #ask() {
    this.#letGo();
    if (supportedType() === null) {
      this.#fail(new CameraProblem("not_supported"));
      return;
    }
    showState(this.#root, "asking");
    void this.#choice.open();
  }

  /** @param {MediaStream} stream */
  #preview(stream) {
    this.#stopLevel();
    this.#picture.srcObject = stream;
    this.#stopLevel = showLevel(stream, part(this.#root, "level", HTMLElement), (isSilent) => {
      this.#text("silent", isSilent ? "nothing is heard: is it muted?" : "");
    });
    if (!stream.getAudioTracks().length) this.#text("silent", "off: the voice will not be read");
    this.#text("room", `About ${lengthText(this.#plan.typicalS)} or more fit into what this server takes. `
      + "Half a minute of speech or more is best. Good light from the front, the whole face in the "
      + "picture.");
    showState(this.#root, "preview");
    this.#focus("start");
  }

  #countDown() {
    showState(this.#root, "countdown");
    this.#focus("cancel");
    let left = COUNTDOWN_S;
    const tick = () => {
      if (left === 0) {
        this.#record();
        return;
      }
      this.#text("countdown", String(left));
      this.#text("said", String(left));
      left -= 1;
      this.#timer = window.setTimeout(tick, 1000);
    };
    tick();
  }

  #cancel() {
    clearTimeout(this.#timer);
    this.#text("said", "");
    showState(this.#root, "preview");
    this.#focus("start");
  }

  #record() {
    const type = supportedType();
    const stream = this.#choice.stream;
    if (type === null || stream === null) return;
    const recording = new Recording(stream, this.#plan, type);
    this.#recording = recording;
    void recording.finished.then((recorded) => this.#review(recording, recorded));
    recording.start();
    this.#text("said", "Recording");
    showState(this.#root, "recording");
    this.#focus("stop");
    const tick = () => {
      const { elapsedS, bytes } = recording;
      const used = Math.max(elapsedS / this.#plan.longestS, bytes / this.#plan.maxBytes);
      this.#text("elapsed", clockText(elapsedS));
      this.#text("left", `about ${lengthText(leftS(this.#plan, { elapsedS, bytes }))} left \u00b7 `
        + sizeText(bytes));
      part(this.#root, "filled", HTMLProgressElement).value = Math.min(1, used);
    };
    tick();
    this.#timer = window.setInterval(tick, 100);
  }

  /**
   * @param {Recording} recording
   * @param {import("./recording.js").Recorded} recorded
   */
  #review(recording, recorded) {
    if (this.#recording !== recording) return;
    this.#letGo();
    if (!recorded.blob.size) {
      this.#fail(new CameraProblem("interrupted"));
      return;
    }
    this.#recorded = recorded;
    this.#replayUrl = URL.createObjectURL(recorded.blob);
    findLength(this.#replay);
    this.#replay.src = this.#replayUrl;
    const { durationS, blob, stoppedBy } = recorded;
    this.#text("said", "");
    this.#text("about", `${whyStopped(stoppedBy)}${lengthText(durationS)}, ${sizeText(blob.size)}. `
      + "It is in this browser alone; the camera is off. Using it hands it to the analysis.");
    showState(this.#root, "review");
    this.#focus("use");
  }

  #use() {
    const recorded = this.#recorded;
    if (recorded === null) return;
    this.#rest("Handed over.");
    this.#onRecorded(recorded.blob, recorded.name);
  }

  /** @param {CameraProblem} problem */
  #fail(problem) {
    const recording = this.#recording;
    if (recording !== null) {
      recording.stop("device");
      return;
    }
    this.#letGo();
    this.#text("problem-title", problem.title);
    this.#text("problem-text", problem.advice);
    this.#text("problem-told", problem.told);
    showState(this.#root, "problem");
    this.#focus("again");
  }

  /** @param {string} [notice] */
  #rest(notice = "") {
    this.#letGo();
    this.#text("notice", notice);
    showState(this.#root, "idle");
    this.#focus("open");
  }

  /** Back to nothing: devices off, no recording, no timer. */
  #letGo() {
    clearTimeout(this.#timer);
    this.#stopLevel();
    this.#stopLevel = () => {};
    const recording = this.#recording;
    this.#recording = null;
    recording?.stop();
    this.#choice.close();
    this.#picture.srcObject = null;
    this.#recorded = null;
    this.#replay.removeAttribute("src");
    this.#replay.load();
    if (this.#replayUrl) URL.revokeObjectURL(this.#replayUrl);
    this.#replayUrl = "";
  }

  #warn = (/** @type {BeforeUnloadEvent} */ event) => {
    if (this.#recording !== null || this.#recorded !== null) event.preventDefault();
  };

  /**
   * @param {string} name
   * @param {() => void} act
   */
  #on(name, act) {
    part(this.#root, name, HTMLButtonElement).addEventListener("click", act);
  }

  /**
   * @param {string} name
   * @param {string} text
   */
  #text(name, text) {
    part(this.#root, name, HTMLElement).textContent = text;
  }

  /** @param {string} name */
  #focus(name) {
    part(this.#root, name, HTMLButtonElement).focus({ preventScroll: true });
  }
}
