// `WS /v1/live`: one stream after the other until the person ends it or trying again is no use.

import { askForKey, key } from "../shared/keys.js";
import { endingOf } from "./words.js";

const HEADER_BYTES = 9;
const PICTURE = 1;
const SOUND = 2;
/** More bytes than this on their way: the network is slower than the camera. */
const MOST_WAITING_BYTES = 256 * 1024;
/** Pictures wait before sound does: a hole in it begins a new voice. */
const MOST_WAITING_SOUND_BYTES = 1024 * 1024;
const BUSY_AGAIN_S = 10;
const LONGEST_PAUSE_S = 8;
const MOST_TRIES = 6;

/** @typedef {import("../shared/problem.js").Problem} Problem */

/**
 * @typedef {object} Hears
 * @property {(message: import("./types.js").Configured) => void} onOpen
 * @property {(message: import("./types.js").ServerMessage) => void} onMessage all others
 * @property {(problem: Problem, againS: number) => void} onPause it is tried again after so long
 * @property {(problem: Problem) => void} onEnd it is not
 */

export class LiveConnection {
  /** @type {WebSocket | null} */
  #socket = null;
  /** @type {import("./types.js").Failure | null} */
  #failure = null;
  #isOpen = false;
  #isClosed = false;
  #tries = 0;
  #timer = 0;
  #configure;
  #hears;

  /**
   * @param {Record<string, unknown>} configure the first message, without the key
   * @param {Hears} hears
   */
  constructor(configure, hears) {
    this.#configure = configure;
    this.#hears = hears;
  }

  open() {
    clearTimeout(this.#timer);
    const { protocol, host } = location;
    const socket = new WebSocket(`${protocol === "https:" ? "wss:" : "ws:"}//${host}/v1/live`);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    this.#failure = null;
    const shown = key();
    socket.addEventListener("open", () => {
      socket.send(JSON.stringify({ type: "configure", ...this.#configure, api_key: shown || null }));
    });
    socket.addEventListener("message", ({ data }) => this.#hear(JSON.parse(String(data))));
    socket.addEventListener("close", ({ code }) => void this.#closed(socket, code, shown));
  }

  /** End it; nothing is heard after. */
  close() {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#socket?.close(1000);
  }

  /** Whether a picture sent now goes out at once. */
  get isReady() {
    const socket = this.#socket;
    return this.#isOpen && socket?.readyState === WebSocket.OPEN
      && socket.bufferedAmount < MOST_WAITING_BYTES;
  }

  /**
   * @param {ArrayBuffer} file
   * @param {number} timeS
   */
  sendPicture(file, timeS) {
    this.#send(PICTURE, file, timeS);
  }

  /**
   * @param {ArrayBuffer} pcm16
   * @param {number} timeS of the first sample
   */
  sendSound(pcm16, timeS) {
    const socket = this.#socket;
    const hasRoom = socket !== null && socket.bufferedAmount < MOST_WAITING_SOUND_BYTES;
    if (this.#isOpen && socket?.readyState === WebSocket.OPEN && hasRoom) this.#send(SOUND, pcm16, timeS);
  }

  /**
   * @param {number} kind
   * @param {ArrayBuffer} content
   * @param {number} timeS
   */
  #send(kind, content, timeS) {
    const message = new Uint8Array(HEADER_BYTES + content.byteLength);
    const view = new DataView(message.buffer);
    view.setUint8(0, kind);
    view.setFloat64(1, timeS);
    message.set(new Uint8Array(content), HEADER_BYTES);
    this.#socket?.send(message);
  }

  /** @param {import("./types.js").ServerMessage} message */
  #hear(message) {
    if (this.#isClosed) return;
    if (message.type === "configured") {
      this.#isOpen = true;
      this.#hears.onOpen(message);
      return;
    }
    if (message.type === "error" && message.fatal) this.#failure = message;
    if (message.type === "frame") this.#tries = 0;
    this.#hears.onMessage(message);
  }

  /**
   * @param {WebSocket} socket
   * @param {number} closeCode
   * @param {string} shown the key that was shown
   */
  async #closed(socket, closeCode, shown) {
    if (this.#isClosed || socket !== this.#socket) return;
    this.#isOpen = false;
    const code = this.#failure?.code ?? "connection_failed";
    if (code === "unauthenticated" && await askForKey(shown)) {
      if (!this.#isClosed) this.open();
      return;
    }
    const ending = endingOf(code, this.#failure?.detail);
    const againS = pauseS(code, closeCode, this.#tries);
    if (this.#isClosed) return;
    if (againS === null) {
      this.#hears.onEnd(ending);
      return;
    }
    this.#tries += 1;
    this.#hears.onPause(ending, againS);
    this.#timer = window.setTimeout(() => this.open(), againS * 1000);
  }
}

/**
 * Seconds until another try; null where it is no use.
 * @param {string} code of the error, `connection_failed` without one
 * @param {number} closeCode
 * @param {number} tries without an answer so far
 */
export function pauseS(code, closeCode, tries) {
  if (closeCode === 1013) return BUSY_AGAIN_S;
  if (code === "idle") return 0;
  if (closeCode === 1011) return tries < 1 ? 1 : null;
  if (code !== "connection_failed") return null;
  return tries < MOST_TRIES ? Math.min(LONGEST_PAUSE_S, 2 ** tries) : null;
}
