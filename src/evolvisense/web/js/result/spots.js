// Going through the moments and marks of a recording: next, previous, loop, and their addresses.

import { $, el } from "../shared/dom.js";
import { momentText } from "../shared/words.js";
import { spanText } from "./answer.js";
import { LONGEST_NOTE, MOST_MARKS } from "../shared/marks.js";
import { INTO_FRAME_S } from "./player.js";

/**
 * A moment or a mark to go to.
 * @typedef {object} Spot
 * @property {number} startS from the origin
 * @property {number} endS
 */

const SPEEDS = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2];
/** On both sides of a moment without length, when it is looped, seconds. */
const AROUND_S = 1;
/** A spot that began this short a time ago is not the previous one yet, seconds. */
const JUST_S = 0.5;
const STEP_S = 0.01;
/** The player tells the begin of a frame, which is so much before the moment that was asked for, seconds. */
const FRAME_S = 0.12;
const NUMBER = /^\d+(?:\.\d+)?$/;

/**
 * The stretch that an address names: `83-91`, or `83` for a moment.
 * @param {string|null|undefined} text
 * @returns {Spot|null} null where it names none
 */
export function spotOf(text) {
  const [start, end = start, ...more] = (text ?? "").split("-");
  if (more.length || !NUMBER.test(start) || !NUMBER.test(end) || Number(end) < Number(start)) return null;
  return { startS: Number(start), endS: Number(end) };
}

/**
 * What `spotOf` reads.
 * @param {Spot} spot
 */
export function spotText({ startS, endS }) {
  const [start, end] = [startS, endS].map((timeS) => String(Number(timeS.toFixed(2))));
  return start === end ? start : `${start}-${end}`;
}

/** Moments and marks of what is shown, the one that was chosen last, and the player's loop. */
export class Spots {
  /** @type {Spot|null} */
  chosen = null;

  /** @type {string|null} id of the mark that was made last */
  newest = null;

  /**
   * @param {import("./shown.js").Shown} shown
   * @param {AbortSignal} signal
   */
  constructor(shown, signal) {
    const { axis, marks, player, summary } = shown;
    this.axis = axis;
    this.marks = marks;
    this.player = player;
    this.overview = shown.overview;
    this.moments = (summary.moments ?? []).map(({ start_s: start, end_s: end }) => (
      { startS: Math.max(start - summary.originS, 0), endS: Math.max(end - summary.originS, 0) }));
    this.address = shown.isExample ? "#/example" : `#/analysis/${shown.analysis.id}`;
    marks.onChange = () => this.#fill();
    axis.onRange = (from, to) => this.#added(marks.add(from, to));
    const pressed = (/** @type {string} */ id, /** @type {() => void} */ run) => (
      $(id).addEventListener("click", run, { signal }));
    pressed("mark-here", () => this.mark());
    pressed("spot-link", () => void this.copyLink());
    $("spot-status").textContent = "";
    this.#fill();
    this.#sayState();
  }

  /**
   * Show a stretch and remember it as the chosen one.
   * @param {Spot} spot
   */
  go(spot) {
    this.chosen = spot;
    if (this.player.loop) this.player.loop = this.#loopOf(spot);
    this.axis.seek(spot.startS + INTO_FRAME_S);
    this.overview.band(spot);
    history.replaceState(null, "", this.#linkOf(spot));
    this.#sayState();
  }

  /** @param {-1|1} way to the moment or mark before or after */
  step(way) {
    const now = this.#now();
    const all = [...this.moments, ...this.marks.list].sort((a, b) => a.startS - b.startS);
    const found = way > 0 ? all.find(({ startS }) => startS > now + STEP_S)
      : all.findLast(({ startS }) => startS < now - (this.player.isPlaying ? JUST_S : STEP_S));
    if (found) this.go(found);
    else this.#say(all.length ? `No ${way > 0 ? "later" : "earlier"} moment.` : "There are no moments: M marks one.");
  }

  /** Mark the moment at the cursor. */
  mark() {
    this.#added(this.marks.add(this.player.timeS));
  }

  /** The mark that was made last ends at the cursor, or begins there. */
  endMark() {
    const last = this.marks.list.find(({ id }) => id === this.newest);
    if (!last) {
      this.mark();
      return;
    }
    const [startS, endS] = [last.startS, this.player.timeS].sort((a, b) => a - b);
    this.marks.change(last.id, { startS, endS });
    this.overview.band({ startS, endS });
  }

  /** Type a note to the mark that was made last, or to the first. */
  note() {
    const id = this.newest ?? this.marks.list[0]?.id;
    if (id) /** @type {HTMLElement|null} */ (document.querySelector(`[data-mark="${id}"] input`))?.focus();
    else this.#say("There is no mark yet: M makes one.");
  }

  /** Play the chosen stretch, or the one around the cursor, again and again; or stop that. */
  toggleLoop() {
    if (this.player.loop) {
      this.player.loop = null;
      this.#sayState();
      return;
    }
    const spot = this.#here();
    if (!spot) {
      this.#say("No moment or mark here to loop: N goes to the next one.");
      return;
    }
    this.go(spot);
    this.player.loop = this.#loopOf(spot);
    this.player.play();
    this.#sayState();
  }

  /** @param {-1|1} way slower or faster */
  changeSpeed(way) {
    const i = SPEEDS.indexOf(this.player.speed) + way;
    this.player.speed = SPEEDS[Math.min(Math.max(i, 0), SPEEDS.length - 1)];
    this.#sayState();
  }

  /** A seek to outside ends the loop. @param {number} timeS */
  leaveLoop(timeS) {
    const { loop } = this.player;
    if (!loop || (timeS >= loop[0] && timeS <= loop[1])) return;
    this.player.loop = null;
    this.#sayState();
  }

  /** The address of the chosen stretch or of the moment at the cursor, in the clipboard. */
  async copyLink() {
    const spot = this.#here() ?? { startS: this.player.timeS, endS: this.player.timeS };
    history.replaceState(null, "", this.#linkOf(spot));
    try {
      await navigator.clipboard.writeText(location.href);
      this.#say("Link copied.");
    } catch {
      // No clipboard over http from another machine, or it was refused.
      this.#say("The address of this page is the link.");
    }
  }

  /** Where the player is; at the chosen stretch's begin where its frame is shown. */
  #now() {
    const { timeS } = this.player;
    return this.chosen && Math.abs(timeS - this.chosen.startS) <= FRAME_S ? this.chosen.startS : timeS;
  }

  /** @returns {Spot|null} */
  #here() {
    const now = this.#now();
    const holds = (/** @type {Spot} */ { startS, endS }) => now >= startS - STEP_S && now <= Math.max(endS, startS + STEP_S) + STEP_S;
    if (this.chosen && holds(this.chosen)) return this.chosen;
    const around = [...this.marks.list, ...this.moments].filter(holds);
    return around.sort((a, b) => (a.endS - a.startS) - (b.endS - b.startS))[0] ?? null;
  }

  /** @param {Spot} spot @returns {[number, number]} */
  #loopOf({ startS, endS }) {
    if (endS - startS > 2 * STEP_S) return [startS, endS];
    return [Math.max(startS - AROUND_S, 0), Math.min(endS + AROUND_S, this.axis.endS)];
  }

  /** @param {Spot} spot */
  #linkOf(spot) {
    return `${this.address}?t=${spotText(spot)}`;
  }

  /** @param {import("../shared/marks.js").Mark|null} mark */
  #added(mark) {
    if (!mark) {
      this.#say(`No more than ${MOST_MARKS} marks.`);
      return;
    }
    this.newest = mark.id;
    this.#fill();
    this.overview.band(mark);
    this.#say(`Marked ${spanText(mark.startS, mark.endS)}. E types a note to it.`);
  }

  #fill() {
    const { list } = this.marks;
    $("marks-list").hidden = !list.length;
    const focused = /** @type {HTMLElement|null} */ (document.activeElement?.closest("[data-mark]"))?.dataset.mark;
    if (!focused || !list.some(({ id }) => id === focused)
      || list.length !== $("marks-list").children.length) $("marks-list").replaceChildren(...list.map((mark) => this.#row(mark)));
    this.overview.showMarks(list);
  }

  /** @param {import("../shared/marks.js").Mark} mark */
  #row(mark) {
    const { id, note } = mark;
    const times = mark.startS === mark.endS ? momentText(mark.startS) : `${momentText(mark.startS)}\u2013${momentText(mark.endS)}`;
    return el("li", { class: "mark", "data-mark": id },
      el("button", { type: "button", class: "moment", onclick: () => this.go(mark) },
        el("span", { class: "moment-time figures" }, times)),
      el("input", {
        type: "text", value: note, maxLength: LONGEST_NOTE, placeholder: "Note", "aria-label": `Note at ${times}`,
        oninput: (/** @type {Event} */ event) => this.marks.change(id, { note: /** @type {HTMLInputElement} */ (event.target).value }),
        onkeydown: (/** @type {KeyboardEvent} */ event) => {
          if (event.key === "Enter" || event.key === "Escape") /** @type {HTMLElement} */ (event.target).blur();
        },
      }),
      el("button", { type: "button", class: "icon quiet", "aria-label": `Remove the mark at ${times}`, title: "Remove",
        onclick: () => this.marks.remove(id) }, "\u00d7"));
  }

  #sayState() {
    const { loop, speed } = this.player;
    const parts = [loop ? `repeats ${spanText(...loop)}` : "", speed === 1 ? "" : `speed ${speed}\u00d7`].filter(Boolean);
    this.#say(parts.join(", ").replace(/^./, (letter) => letter.toUpperCase()));
  }

  /** @param {string} text */
  #say(text) {
    $("spot-status").textContent = text;
  }
}
