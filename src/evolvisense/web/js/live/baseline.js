// A personal baseline of some seconds: mean and spread of each measure, and change against it.

export const BASELINE_S = 10;
/** A measure has a baseline where it was known in so much of the answers. */
const LEAST_KNOWN = 0.6;
const LEAST_VALUES = 20;
/** Less is rounding, not movement. */
const LEAST_SD = 1e-6;

/** @typedef {import("./measures.js").Reading} Reading */
/** @typedef {{mean: number, sd: number, count: number}} Spread */

/** Collects what is read while the baseline is taken. */
export class BaselineTaking {
  /** @type {Map<string, {values: number[], asked: number}>} */
  #taken = new Map();

  /** @param {Map<string, Reading>} readings */
  add(readings) {
    for (const [id, { value }] of readings) {
      const taken = this.#taken.get(id) ?? { values: [], asked: 0 };
      taken.asked += 1;
      if (value !== null) taken.values.push(value);
      this.#taken.set(id, taken);
    }
  }

  /** The measures that were known often enough. @returns {Map<string, Spread>} */
  result() {
    /** @type {Map<string, Spread>} */
    const baseline = new Map();
    for (const [id, { values, asked }] of this.#taken) {
      if (values.length >= LEAST_VALUES && values.length >= LEAST_KNOWN * asked) {
        baseline.set(id, spreadOf(values));
      }
    }
    return baseline;
  }
}

/**
 * @param {number[]} values two or more
 * @returns {Spread}
 */
export function spreadOf(values) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, sd: Math.sqrt(squares / (values.length - 1)), count: values.length };
}

/**
 * How far a value is from the baseline: in the measure's unit, and in its spreads. `spreads` is
 * null where the baseline did not move at all.
 * @param {number} value
 * @param {Spread} baseline
 * @returns {{difference: number, spreads: number | null}}
 */
export function changeOf(value, { mean, sd }) {
  const difference = value - mean;
  return { difference, spreads: sd > LEAST_SD ? difference / sd : null };
}
