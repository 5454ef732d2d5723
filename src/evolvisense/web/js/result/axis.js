// The one time axis of a result: where the cursor is, and which stretch all plots show.

/** Nothing shorter is shown, seconds. */
const SHORTEST_S = 0.5;

/** Seconds from the origin. `moved` and `zoomed` are told of changes. */
export class TimeAxis {
  timeS = 0;

  /** @type {[number, number]} */
  range;

  /** What a drag without a modifier key does. @type {"moves"|"zooms"|"marks"} */
  drag = "moves";

  /** A range was drawn to mark it. @type {(fromS: number, toS: number) => void} */
  onRange = () => {};

  /** @type {Set<() => void>} */
  moved = new Set();

  /** @type {Set<() => void>} */
  zoomed = new Set();

  /**
   * @param {number} endS
   * @param {(timeS: number) => void} seek called when a plot asks for a moment
   */
  constructor(endS, seek) {
    this.endS = endS;
    this.range = [0, endS];
    this.seek = (/** @type {number} */ timeS) => seek(Math.min(Math.max(timeS, 0), endS));
  }

  get isWhole() {
    return this.range[0] <= 0 && this.range[1] >= this.endS;
  }

  /** @param {number} timeS */
  moveTo(timeS) {
    this.timeS = timeS;
    for (const tell of this.moved) tell();
  }

  /**
   * Show a stretch, moved and widened so that it is allowed.
   * @param {number} from
   * @param {number} to
   */
  zoomTo(from, to) {
    const width = Math.min(Math.max(to - from, SHORTEST_S), this.endS);
    const start = Math.min(Math.max((from + to - width) / 2, 0), this.endS - width);
    if (start === this.range[0] && start + width === this.range[1]) return;
    this.range = [start, start + width];
    for (const tell of this.zoomed) tell();
  }

  /**
   * Show a part (under 1) or more (over 1) of what is shown, around the cursor where it is seen.
   * @param {number} factor
   */
  zoomBy(factor) {
    const [from, to] = this.range;
    const isSeen = from <= this.timeS && this.timeS <= to;
    const fixed = isSeen ? this.timeS : (from + to) / 2;
    this.zoomTo(fixed - (fixed - from) * factor, fixed + (to - fixed) * factor);
  }

  /** @param {number} share of the width shown; negative: to the left */
  panBy(share) {
    const [from, to] = this.range;
    const by = Math.min(Math.max((to - from) * share, -from), this.endS - to);
    this.zoomTo(from + by, to + by);
  }

  showAll() {
    this.zoomTo(0, this.endS);
  }
}
