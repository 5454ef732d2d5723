// The time from a picture's being taken to its numbers' being shown.

const KEPT = 300;

export class Delays {
  /** @type {number[]} */
  #lastMs = [];
  count = 0;

  /** @param {number} ms */
  add(ms) {
    this.count += 1;
    this.#lastMs.push(ms);
    if (this.#lastMs.length > KEPT) this.#lastMs.shift();
  }

  /**
   * The delay that `share` of the last 300 pictures stayed under, in ms; null before the first.
   * @param {number} share 0-1
   */
  quantile(share) {
    const sorted = [...this.#lastMs].sort((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? null;
  }
}
