// How many pictures a second are sent: as many as the server answers in time.

/** An answer after more than this is late, one within the other in time, ms. */
const LATE_MS = 700;
const IN_TIME_MS = 350;
const LOWER = 0.7;
const HIGHER = 1.25;
/** Fewer are never sent, a second. */
const FEWEST = 1;
/** Time between two changes, ms: what was sent at the rate before has been answered. */
const SETTLED_MS = 1500;
/** Under this share of the most, the view says so. */
const SLOW_SHARE = 0.75;

/** A late answer or a picture that the server dropped lowers the rate, answers in time raise it again. */
export class Pace {
  #most;
  #perSecond;
  #changedMs = -Infinity;

  /** @param {number} most a second */
  constructor(most) {
    this.#most = most;
    this.#perSecond = most;
  }

  /** Pictures a second to send now. */
  get perSecond() {
    return this.#perSecond;
  }

  /** Whether it is well below what the camera gives, so that the person should know. */
  get isSlow() {
    return this.#perSecond < SLOW_SHARE * this.#most;
  }

  /**
   * @param {number} delayMs from the picture to its answer
   * @param {number} nowMs
   */
  answered(delayMs, nowMs) {
    if (delayMs > LATE_MS) this.#change(LOWER, nowMs);
    else if (delayMs < IN_TIME_MS) this.#change(HIGHER, nowMs);
  }

  /**
   * The server took a newer picture instead.
   * @param {number} nowMs
   */
  dropped(nowMs) {
    this.#change(LOWER, nowMs);
  }

  /**
   * @param {number} factor
   * @param {number} nowMs
   */
  #change(factor, nowMs) {
    if (nowMs - this.#changedMs < SETTLED_MS) return;
    const next = Math.min(Math.max(this.#perSecond * factor, FEWEST), this.#most);
    if (next === this.#perSecond) return;
    this.#perSecond = next;
    this.#changedMs = nowMs;
  }
}
