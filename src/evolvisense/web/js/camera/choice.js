// The choice of camera and microphone, and the stream that they give.

import { CameraProblem, closeStream, deviceOf, listDevices, openCamera } from "./devices.js";
import { part } from "./parts.js";

const NO_SOUND = "none";
const KEPT = "evolvisense.devices";

/** @typedef {{videoId: string, audioId: string}} Chosen `audioId` is "none" without a microphone */

/**
 * Two lists, `data-part` camera and microphone, and the stream of what is chosen in them.
 */
export class DeviceChoice {
  /** @type {MediaStream | null} */
  stream = null;
  #opening = 0;

  /**
   * @param {HTMLElement} root
   * @param {object} hears
   * @param {(stream: MediaStream) => void} hears.onStream a stream is open, the first or another
   * @param {(problem: CameraProblem) => void} hears.onProblem none is open any more
   * @param {number} [height] of the picture that is wanted, pixels
   */
  constructor(root, { onStream, onProblem }, height) {
    this.#onStream = onStream;
    this.#onProblem = onProblem;
    this.#height = height;
    this.#camera = part(root, "camera", HTMLSelectElement);
    this.#microphone = part(root, "microphone", HTMLSelectElement);
    for (const list of [this.#camera, this.#microphone]) {
      list.addEventListener("change", () => {
        this.#keep();
        void this.open();
      });
    }
    navigator.mediaDevices?.addEventListener?.("devicechange", this.#refresh);
  }

  #onStream;
  #onProblem;
  #height;
  #camera;
  #microphone;

  /** Open what is chosen, or what was chosen the last time; hears `onStream` or `onProblem`. */
  async open() {
    const turn = ++this.#opening;
    closeStream(this.stream);
    this.stream = null;
    try {
      const stream = await this.#opened();
      if (turn !== this.#opening) {
        closeStream(stream);
        return;
      }
      this.#take(stream);
      await this.#refresh();
      this.#onStream(stream);
    } catch (error) {
      if (turn !== this.#opening) return;
      if (!(error instanceof CameraProblem)) throw error;
      await this.#refresh();
      this.#onProblem(error);
    }
  }

  /** Switch the devices off. */
  close() {
    this.#opening += 1;
    closeStream(this.stream);
    this.stream = null;
  }

  /** Forget everything; the lists stay. */
  dispose() {
    this.close();
    navigator.mediaDevices?.removeEventListener?.("devicechange", this.#refresh);
  }

  async #opened() {
    const { videoId, audioId } = this.#chosen();
    const withSound = audioId !== NO_SOUND;
    const wanted = { withSound, height: this.#height };
    try {
      return await openCamera({ ...wanted, videoId, audioId: withSound ? audioId : "" });
    } catch (error) {
      const isGone = error instanceof CameraProblem && error.code === "not_found_again";
      if (!isGone) throw error;
      localStorage.removeItem(KEPT);
      return openCamera(wanted);
    }
  }

  /** @param {MediaStream} stream */
  #take(stream) {
    this.stream = stream;
    for (const track of stream.getTracks()) {
      track.addEventListener("ended", () => {
        if (this.stream !== stream) return;
        this.close();
        this.#onProblem(new CameraProblem("interrupted"));
      });
    }
  }

  /** @returns {Chosen} */
  #chosen() {
    if (this.#camera.value || this.#microphone.value) {
      return { videoId: this.#camera.value, audioId: this.#microphone.value };
    }
    const kept = JSON.parse(localStorage.getItem(KEPT) ?? "{}");
    return { videoId: String(kept.videoId ?? ""), audioId: String(kept.audioId ?? "") };
  }

  #keep() {
    localStorage.setItem(KEPT, JSON.stringify(this.#chosen()));
  }

  #refresh = async () => {
    const { cameras, microphones } = await listDevices();
    const { audioId } = this.#chosen();
    const hasSound = (this.stream?.getAudioTracks().length ?? 0) > 0;
    fill(this.#camera, cameras, this.stream ? deviceOf(this.stream, "video") : this.#camera.value);
    fill(
      this.#microphone,
      [...microphones, { id: NO_SOUND, label: "no microphone" }],
      hasSound && this.stream ? deviceOf(this.stream, "audio") : this.stream ? NO_SOUND : audioId,
    );
  };
}

/**
 * @param {HTMLSelectElement} list
 * @param {import("./devices.js").Device[]} devices
 * @param {string} chosen
 */
function fill(list, devices, chosen) {
  list.replaceChildren(...devices.map(({ id, label }) => new Option(label, id)));
  list.value = devices.some(({ id }) => id === chosen) ? chosen : (devices[0]?.id ?? "");
}
