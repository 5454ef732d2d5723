// Marks of one's own on a recording: moments and ranges with a note, kept in this browser only.

/**
 * @typedef {object} Mark
 * @property {string} id
 * @property {number} startS from the origin, as the player shows it
 * @property {number} endS `startS` for a moment
 * @property {string} note
 */

const PLACE = "evolvisense.marks.";
/** As many as the server takes into an export (api/results.py). */
export const MOST_MARKS = 500;
export const LONGEST_NOTE = 300;

/** The marks on one analysis, by time. */
export class Marks {
  /** @type {Mark[]} */
  list;

  /** Called after every change. */
  onChange = () => {};

  /**
   * @param {string} id of the analysis
   * @param {AbortSignal} signal ends listening to other tabs
   */
  constructor(id, signal) {
    this.place = PLACE + id;
    this.list = this.#read();
    window.addEventListener("storage", ({ key }) => {
      if (key !== this.place && key !== null) return;
      this.list = this.#read();
      this.onChange();
    }, { signal });
  }

  /**
   * @param {number} startS
   * @param {number} [endS]
   * @returns {Mark|null} null where there are as many as an export takes
   */
  add(startS, endS = startS) {
    if (this.list.length >= MOST_MARKS) return null;
    const mark = { id: `${Date.now()}-${this.list.length}`, startS: rounded(startS), endS: rounded(endS), note: "" };
    this.#write([...this.list, mark]);
    return mark;
  }

  /**
   * @param {string} id
   * @param {Partial<Mark>} change
   */
  change(id, change) {
    this.#write(this.list.map((mark) => (mark.id === id ? { ...mark, ...change } : mark)));
  }

  /** @param {string} id */
  remove(id) {
    this.#write(this.list.filter((mark) => mark.id !== id));
  }

  /** @param {Mark[]} list */
  #write(list) {
    this.list = [...list].sort((a, b) => a.startS - b.startS || a.endS - b.endS);
    if (this.list.length) localStorage.setItem(this.place, JSON.stringify(this.list));
    else localStorage.removeItem(this.place);
    this.onChange();
  }

  /** @returns {Mark[]} */
  #read() {
    const found = JSON.parse(localStorage.getItem(this.place) ?? "[]");
    return Array.isArray(found) ? found : [];
  }
}

/**
 * Marks go with their analysis.
 * @param {string} id of the analysis
 */
export function forgetMarks(id) {
  localStorage.removeItem(PLACE + id);
}

/**
 * Marks as the report's own, on the file's clock.
 * @param {Mark[]} list
 * @param {number} originS
 */
export function asReported(list, originS) {
  return list.map(({ startS, endS, note }) => ({ start_s: rounded(startS + originS), end_s: rounded(endS + originS), note }));
}

/** @param {number} timeS */
function rounded(timeS) {
  return Math.round(timeS * 1000) / 1000;
}
