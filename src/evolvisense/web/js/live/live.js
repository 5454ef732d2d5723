// The live view: camera on, numbers moving, a baseline, and what becomes of the session.

import { DeviceChoice } from "../camera/choice.js";
import { showLevel } from "../camera/level.js";
import { fillFrom, part, showState } from "../camera/parts.js";
import { planRecording, supportedType } from "../camera/recording.js";
import { lengthText } from "../camera/words.js";
import { api } from "../shared/api.js";
import { BaselineControl } from "./baseline_control.js";
import { drawBoxes } from "./boxes.js";
import { LivePanel } from "./panel.js";
import { Session } from "./session.js";
import { LiveStream } from "./stream.js";
import { Terms } from "./terms.js";
import { NO_FACE, endingOf } from "./words.js";

/** @typedef {import("../shared/types.js").Limits} Limits */

/**
 * @param {HTMLElement} root
 * @returns {Promise<() => void>} ends it and switches the camera off. Throws Problem.
 */
export async function show(root) {
  const limits = await api.limits();
  fillFrom(root, "live-template");
  const view = new LiveView(root, limits);
  return () => {
    view.dispose();
    root.replaceChildren();
  };
}

class LiveView {
  /** @type {LiveStream | null} */
  #stream = null;
  /** `consent` and `purpose` @type {import("../shared/types.js").Options} */
  #answers = {};
  #stopLevel = () => {};
  #root;
  #choice;
  #picture;
  #terms;
  #session;
  #panel;
  #baseline;

  /**
   * @param {HTMLElement} root
   * @param {Limits} limits
   */
  constructor(root, limits) {
    this.#root = root;
    const plan = planRecording(limits);
    this.#picture = part(root, "picture", HTMLVideoElement);
    this.#terms = new Terms(root, limits, {
      typicalS: plan.typicalS, canRecord: supportedType() !== null,
    });
    this.#session = new Session(root, plan);
    this.#panel = new LivePanel(root);
    this.#baseline = new BaselineControl(root, (baseline) => this.#panel.compareWith(baseline));
    this.#choice = new DeviceChoice(root, {
      onStream: (stream) => this.#preview(stream),
      onProblem: (problem) => void this.#lost(problem),
    }, plan.heightPx);
    this.#on("open", () => this.#ask());
    this.#on("again", () => this.#ask());
    this.#on("close", () => this.#rest(""));
    this.#on("leave", () => void this.#stop());
    this.#on("stop", () => void this.#stop());
    this.#on("forget", () => this.#rest("Forgotten. Nothing of that session is left, here or on the server."));
    this.#on("keep", () => void this.#keep());
    part(root, "terms", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#start();
    });
    window.addEventListener("beforeunload", this.#warn);
    this.#text("limits", limits.notice);
    showState(root, "idle");
    if (limits.observations_only) this.#tell(endingOf("observations_only"), "refused");
  }

  dispose() {
    window.removeEventListener("beforeunload", this.#warn);
    this.#letGo();
    this.#session.forget();
    this.#choice.dispose();
    this.#terms.giveBack();
    this.#panel.dispose();
  }

  #ask() {
    this.#letGo();
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
    if (!stream.getAudioTracks().length) this.#text("silent", "off: the voice is not read");
    showState(this.#root, "preview");
    part(this.#root, "start", HTMLButtonElement).focus({ preventScroll: true });
  }

  async #start() {
    const media = this.#choice.stream;
    const answers = this.#terms.answers();
    if (media === null || answers === null) return;
    this.#answers = answers;
    this.#state("connecting", "Connecting");
    const stream = new LiveStream(this.#picture, {
      onOpen: ({ limits }) => {
        this.#text("limits", limits);
        this.#state("running", "Live");
      },
      onFrame: (frame) => this.#frame(frame),
      onVoice: (message) => void this.#panel.showVoice(message),
      onShown: (delays) => this.#delay(delays),
      onPace: (pace) => this.#pace(pace),
      onTrouble: (detail) => this.#text("state", `Live; ${detail}`),
      onPause: (problem, againS) => {
        this.#tell(problem, "waiting", againS
          ? `It is tried again in ${lengthText(againS)}.` : "It is tried again now.");
        this.#text("state", "Waiting");
      },
      onEnd: (problem) => void this.#ended(problem),
    });
    this.#stream = stream;
    if (this.#terms.isRecorded) this.#session.start(media);
    await stream.start(media, answers);
  }

  /** @param {import("./types.js").Frame} frame */
  #frame(frame) {
    const readings = this.#panel.showFrame(frame);
    this.#baseline.add(frame.time_s, readings);
    const { accent, edge, page } = this.#panel.colours;
    const colours = { main: accent, other: edge, paper: page };
    drawBoxes(part(this.#root, "boxes", HTMLCanvasElement), frame, colours);
    const { length } = frame.faces;
    const main = frame.faces.find((face) => face.is_main);
    this.#text("seen", length === 0 ? NO_FACE
      : length === 1 || !main ? "" : `${length} faces; the numbers are those of person ${main.track_id}`);
    this.#root.dataset.faces = String(length);
  }

  /** Says that the server cannot keep up, and that it can again. @param {import("./pace.js").Pace} pace */
  #pace({ isSlow, perSecond }) {
    this.#root.dataset.pace = isSlow ? "slow" : "full";
    this.#text("pace", isSlow ? `The server is busy: ${Math.round(perSecond)} pictures a second are sent until it keeps up.` : "");
  }

  /** @param {import("./delay.js").Delays} delays */
  #delay(delays) {
    const half = delays.quantile(0.5);
    const most = delays.quantile(0.95);
    if (half === null || most === null) return;
    Object.assign(this.#root.dataset, {
      delayP50Ms: half.toFixed(0), delayP95Ms: most.toFixed(0), delayCount: String(delays.count),
    });
    this.#text("delay", `${half.toFixed(0)} ms from picture to numbers; 95 % within `
      + `${most.toFixed(0)} ms`);
  }

  async #stop() {
    if (await this.#finished()) {
      showState(this.#root, "stopped");
      part(this.#root, "keep", HTMLButtonElement).focus({ preventScroll: true });
      return;
    }
    this.#rest("Stopped. Nothing of that session is left, here or on the server.");
  }

  /** Everything off. @returns {Promise<boolean>} whether there is a recording to decide about */
  async #finished() {
    const finishing = this.#session.finish(); // before the camera goes off, which would end it too
    this.#letGo();
    return finishing;
  }

  async #keep() {
    await this.#session.keep(this.#answers);
    location.hash = "#/";
  }

  /** The server has ended it. @param {import("../shared/problem.js").Problem} problem */
  async #ended(problem) {
    this.#tell(problem, await this.#finished() ? "cut" : "ended");
  }

  /** The camera is gone, or never came. @param {import("../camera/devices.js").CameraProblem} problem */
  async #lost({ title, advice, told }) {
    const state = await this.#finished() ? "cut" : "problem";
    this.#text("problem-title", title);
    this.#text("problem-text", advice);
    this.#text("problem-told", told);
    showState(this.#root, state);
  }

  /**
   * @param {import("../shared/problem.js").Problem} problem
   * @param {string} state
   * @param {string} [then] what happens next
   */
  #tell(problem, state, then = "") {
    this.#text("problem-title", problem.title);
    this.#text("problem-text", [problem.detail, problem.advice, then].filter(Boolean).join(" "));
    this.#text("problem-told", `Code ${problem.code}`);
    showState(this.#root, state);
  }

  /** @param {string} notice */
  #rest(notice) {
    this.#letGo();
    this.#session.forget();
    this.#text("notice", notice);
    showState(this.#root, "idle");
    part(this.#root, "open", HTMLButtonElement).focus({ preventScroll: true });
  }

  /** Camera and stream off; what is recorded stays. */
  #letGo() {
    this.#stream?.stop();
    this.#stream = null;
    this.#stopLevel();
    this.#stopLevel = () => {};
    this.#choice.close();
    this.#picture.srcObject = null;
    this.#baseline.forget();
    drawBoxes(part(this.#root, "boxes", HTMLCanvasElement), null, { main: "", other: "", paper: "" });
  }

  /**
   * @param {string} state
   * @param {string} text
   */
  #state(state, text) {
    showState(this.#root, state);
    this.#text("state", text);
  }

  #warn = (/** @type {BeforeUnloadEvent} */ event) => {
    if (this.#session.isHeld) event.preventDefault();
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
}
