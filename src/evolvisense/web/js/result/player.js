// The video, or without one a clock that can be set: what time it is, and where to go.

/** A time so late that every recording ends before it: the browser then finds the end. */
const BEYOND_S = 1e9;
/** Into a frame, so that rounding does not show the one before, seconds. */
export const INTO_FRAME_S = 0.001;

/**
 * @typedef {object} PlayerEvents
 * @property {(timeS: number) => void} onTime
 * @property {(kind: "picture"|"sound"|"none"|"unplayable") => void} onKind
 */

/** One recording in a <video>; times are seconds from the origin. */
export class Player {
  /** @type {"picture"|"sound"|"none"|"unplayable"} */
  kind = "none";

  #timeS = 0;

  #address = "";

  #isOpen = true;

  /** What is played again and again, seconds from the origin. @type {[number, number]|null} */
  loop = null;

  /**
   * @param {HTMLVideoElement} video
   * @param {PlayerEvents} events
   */
  constructor(video, events) {
    this.video = video;
    this.events = events;
    this.listeners = new AbortController();
    const { signal } = this.listeners;
    video.addEventListener("error", () => this.#address && this.#become("unplayable"), { signal });
    video.addEventListener("loadedmetadata", () => this.#loaded(), { signal });
    video.addEventListener("ended", () => this.loop && this.#repeat(this.loop[0]), { signal });
    video.addEventListener("seeking", () => this.#tell(video.currentTime), { signal });
    // Frames tell their own time; sound and browsers without that callback do not.
    const tellsFrames = "requestVideoFrameCallback" in video;
    video.addEventListener("timeupdate", () => {
      const isLate = this.loop !== null && video.currentTime >= this.loop[1]; // a busy browser draws no frames
      if (this.kind !== "picture" || !tellsFrames || isLate) this.#played(video.currentTime);
    }, { signal });
    if (tellsFrames) this.#followFrames();
  }

  get timeS() {
    return this.#timeS;
  }

  get isPlaying() {
    return this.#plays && !this.video.paused;
  }

  /** Times as fast as it was recorded; it stays for the next recording. */
  get speed() {
    return this.video.playbackRate;
  }

  set speed(times) {
    this.video.defaultPlaybackRate = times;
    this.video.playbackRate = times;
  }

  /** @param {Blob|null} blob */
  load(blob) {
    this.#drop();
    if (blob) {
      this.#address = URL.createObjectURL(blob);
      this.video.src = this.#address;
    } else {
      this.#become("none");
    }
  }

  /** @param {number} timeS */
  seek(timeS) {
    if (this.#plays) this.video.currentTime = timeS;
    this.#tell(timeS);
  }

  togglePlaying() {
    if (!this.#plays) return;
    if (this.video.paused) this.play();
    else this.video.pause();
  }

  play() {
    if (this.#plays) void this.video.play().catch(() => this.video.pause());
  }

  pause() {
    if (this.#plays) this.video.pause();
  }

  close() {
    this.#isOpen = false;
    this.listeners.abort();
    this.#drop();
  }

  get #plays() {
    return this.kind === "picture" || this.kind === "sound";
  }

  #loaded() {
    const { video } = this;
    this.#become(video.videoWidth ? "picture" : "sound");
    const wanted = this.#timeS;
    if (Number.isFinite(video.duration)) {
      if (wanted) this.seek(wanted);
      return;
    }
    // A WebM of a browser's recorder does not say how long it is until its end was looked for.
    video.addEventListener("durationchange", () => this.seek(wanted), { once: true });
    video.currentTime = BEYOND_S;
  }

  #followFrames() {
    this.video.requestVideoFrameCallback((_, { mediaTime }) => {
      if (!this.#isOpen) return;
      if (this.#plays && !this.video.seeking) this.#played(mediaTime);
      this.#followFrames();
    });
  }

  /** @param {number} timeS that playing has come to */
  #played(timeS) {
    if (this.loop && !this.video.paused && timeS >= this.loop[1]) this.#repeat(this.loop[0]);
    else this.#tell(timeS);
  }

  /** @param {number} fromS */
  #repeat(fromS) {
    this.seek(fromS);
    if (this.video.ended || this.video.paused) this.play();
  }

  /** @param {number} timeS */
  #tell(timeS) {
    if (timeS >= BEYOND_S) return;
    this.#timeS = timeS;
    this.events.onTime(timeS);
  }

  /** @param {"picture"|"sound"|"none"|"unplayable"} kind */
  #become(kind) {
    this.kind = kind;
    this.events.onKind(kind);
  }

  #drop() {
    if (!this.#address) return;
    const address = this.#address;
    this.#address = "";
    this.video.removeAttribute("src");
    this.video.load();
    URL.revokeObjectURL(address);
  }
}
