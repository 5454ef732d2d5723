// A camera's pictures and sound on their way to the server, and the answers on theirs back.

import { LiveConnection } from "./connection.js";
import { Delays } from "./delay.js";
import { Pace } from "./pace.js";
import { takePictures } from "./pictures.js";
import { takeSound } from "./sound.js";

const PICTURES_PER_S = 10;
/** Pictures without an answer; a further one would only wait at the server. */
const MOST_UNANSWERED = 2;

/**
 * @typedef {object} StreamHears
 * @property {(message: import("./types.js").Configured) => void} onOpen
 * @property {(frame: import("./types.js").Frame) => void} onFrame the newest answer, once per repaint
 * @property {(message: import("./types.js").VoiceMessage) => void} onVoice
 * @property {(delays: Delays) => void} onShown an answer is on the screen
 * @property {(pace: Pace) => void} onPace after every answer
 * @property {(detail: string) => void} onTrouble one message could not be used
 * @property {(problem: import("../shared/problem.js").Problem, againS: number) => void} onPause
 * @property {(problem: import("../shared/problem.js").Problem) => void} onEnd
 */

export class LiveStream {
  #delays = new Delays();
  /** When pictures without an answer were taken, ms. @type {Map<number, number>} */
  #takenMs = new Map();
  /** @type {import("./types.js").Frame | null} */
  #newest = null;
  #sent = 0;
  #pace = new Pace(PICTURES_PER_S);
  #isOver = false;
  #soundTrouble = "";
  #stopPictures = () => {};
  /** @type {import("./sound.js").SoundTaker | null} */
  #sound = null;
  /** @type {LiveConnection | null} */
  #connection = null;
  #video;
  #hears;

  /**
   * @param {HTMLVideoElement} video plays the camera
   * @param {StreamHears} hears
   */
  constructor(video, hears) {
    this.#video = video;
    this.#hears = hears;
  }

  /**
   * @param {MediaStream} media
   * @param {Record<string, unknown>} terms `consent` and `purpose` where the server asks for them
   */
  async start(media, terms) {
    const sound = await this.#soundOf(media);
    if (this.#isOver) {
      sound?.close();
      return;
    }
    this.#sound = sound;
    const audio = sound && { rate_hz: sound.rateHz, encoding: "pcm16" };
    this.#connection = new LiveConnection({ audio, max_fps: PICTURES_PER_S + 2, ...terms }, {
      onOpen: (message) => this.#open(message),
      onMessage: (message) => this.#hear(message),
      onPause: (problem, againS) => this.#hears.onPause(problem, againS),
      onEnd: (problem) => {
        this.stop();
        this.#hears.onEnd(problem);
      },
    });
    this.#connection.open();
  }

  /** @param {MediaStream} media */
  async #soundOf(media) {
    try {
      return await takeSound(media, (pcm16, timeS) => this.#connection?.sendSound(pcm16, timeS));
    } catch (error) {
      // Some browsers take no sound at another rate than their own. The pictures go on.
      this.#soundTrouble = `the sound cannot be taken (${error}), so the voice is not read`;
      return null;
    }
  }

  /** End it; called again it does nothing. */
  stop() {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#stopPictures();
    this.#sound?.close();
    this.#connection?.close();
  }

  /** @param {import("./types.js").Configured} message */
  #open(message) {
    this.#stopPictures();
    this.#takenMs.clear();
    this.#pace = new Pace(Math.min(PICTURES_PER_S, message.max_fps));
    this.#sent = 0; // the server counts from 1 in each stream
    this.#stopPictures = takePictures(this.#video, {
      perSecond: () => this.#pace.perSecond,
      isWanted: () => Boolean(this.#connection?.isReady) && this.#takenMs.size < MOST_UNANSWERED,
      onPicture: (file, takenMs) => {
        if (!this.#connection?.isReady) return;
        this.#sent += 1;
        this.#takenMs.set(this.#sent, takenMs);
        this.#connection.sendPicture(file, takenMs / 1000);
      },
    });
    this.#hears.onOpen(message);
    if (this.#soundTrouble) this.#hears.onTrouble(this.#soundTrouble);
  }

  /** @param {import("./types.js").ServerMessage} message */
  #hear(message) {
    switch (message.type) {
      case "frame":
        this.#answered(message.seq);
        if (!this.#newest) requestAnimationFrame(() => this.#show());
        else this.#takenMs.delete(this.#newest.seq);
        this.#newest = message;
        break;
      case "voice":
        this.#hears.onVoice(message);
        break;
      case "dropped":
        if (message.reason === "busy") this.#pace.dropped(performance.now());
        this.#hears.onPace(this.#pace);
        this.#takenMs.delete(message.seq);
        break;
      case "error":
        if (message.seq !== null) this.#takenMs.delete(message.seq);
        if (!message.fatal) this.#hears.onTrouble(message.detail);
    }
  }

  /** @param {number} seq */
  #answered(seq) {
    const takenMs = this.#takenMs.get(seq);
    const nowMs = performance.now();
    if (takenMs !== undefined) this.#pace.answered(nowMs - takenMs, nowMs);
    this.#hears.onPace(this.#pace);
  }

  #show() {
    const frame = this.#newest;
    this.#newest = null;
    if (!frame || this.#isOver) return;
    const takenMs = this.#takenMs.get(frame.seq);
    this.#takenMs.delete(frame.seq);
    this.#hears.onFrame(frame);
    // A task after the frame callback runs when the picture of it was drawn.
    setTimeout(() => {
      if (this.#isOver || takenMs === undefined) return;
      this.#delays.add(performance.now() - takenMs);
      this.#hears.onShown(this.#delays);
    });
  }
}
