// The numbers of a live stream: bars of the expression, tiles of face and voice, their histories.

import { CANNOT_TELL, el } from "../shared/dom.js";
import { onTheme } from "../shared/theme.js";
import { percent } from "../shared/words.js";
import { part } from "../camera/parts.js";
import { changeOf } from "./baseline.js";
import { History, Trace, coloursOf } from "./history.js";
import {
  EMOTIONS, FACE_MEASURES, VOICE_MEASURES, mainFace, readFace, readVoice, shown,
} from "./measures.js";
import { whyNoExpression, whyNoVoice } from "./words.js";

/** @typedef {import("./measures.js").Measure} Measure */
/** @typedef {import("./measures.js").Reading} Reading */
/** @typedef {import("./baseline.js").Spread} Spread */

const COLOURS = /** @type {const} */ ([
  "accent", "line", "edge", "page", "angry", "disgust", "fear", "happy", "sad", "surprise", "neutral",
]);
/** Lines can be told apart without colour too. @type {Record<string, number[]>} */
const DASHES = {
  happy: [], surprise: [8, 3], neutral: [2, 3], sad: [6, 2, 2, 2], fear: [4, 4], angry: [10, 4],
  disgust: [1, 2],
};

/** @typedef {{value: HTMLElement, note: HTMLElement, tile: HTMLElement, history: History, trace: Trace}} Tile */
/** @typedef {{row: HTMLElement, fill: HTMLElement, mark: HTMLElement, value: HTMLElement, trace: Trace}} Bar */

export class LivePanel {
  /** @type {Map<string, Spread>} */
  #baseline = new Map();
  /** @type {Map<string, Tile>} */
  #tiles = new Map();
  /** @type {Map<string, Bar>} */
  #bars = new Map();
  #root;
  #expression;
  #colours;
  #stopTheme;

  /** @param {HTMLElement} root */
  constructor(root) {
    this.#root = root;
    part(root, "bars", HTMLElement).replaceChildren(...EMOTIONS.map((name) => this.#bar(name)));
    this.#expression = new History(part(root, "expression-history", HTMLCanvasElement), [0, 1]);
    part(root, "face-tiles", HTMLElement).replaceChildren(...FACE_MEASURES.map((m) => this.#tile(m)));
    part(root, "voice-tiles", HTMLElement).replaceChildren(...VOICE_MEASURES.map((m) => this.#tile(m)));
    this.#colours = coloursOf(root, COLOURS);
    this.#stopTheme = onTheme(() => { this.#colours = coloursOf(root, COLOURS); });
  }

  dispose() {
    this.#stopTheme();
  }

  get colours() {
    return this.#colours;
  }

  /** @param {Map<string, Spread>} baseline empty: none */
  compareWith(baseline) {
    this.#baseline = baseline;
    for (const [name, { mark }] of this.#bars) {
      const mean = baseline.get(name)?.mean;
      mark.hidden = mean === undefined;
      mark.style.left = `${100 * (mean ?? 0)}%`;
    }
  }

  /**
   * @param {import("./types.js").Frame} frame
   * @returns {Map<string, Reading>} what was read of it
   */
  showFrame(frame) {
    const face = mainFace(frame.faces);
    const readings = readFace(face);
    const reason = whyNoExpression(face);
    const note = part(this.#root, "expression-note", HTMLElement);
    note.textContent = reason === null ? "" : `${CANNOT_TELL}: ${reason}`;
    for (const [name, bar] of this.#bars) {
      const value = readings.get(name)?.value ?? null;
      bar.row.classList.toggle("unknown", value === null);
      bar.fill.style.transform = `scaleX(${value ?? 0})`;
      bar.value.textContent = value === null ? "\u2013" : percent(value);
      bar.trace.add(frame.time_s, value);
    }
    this.#expression.draw(
      frame.time_s,
      [...this.#bars].map(([name, { trace }]) => [trace, this.#pen(name)]),
      this.#paper,
    );
    this.#fill(FACE_MEASURES, readings, frame.time_s);
    return new Map([...readings, ...this.showVoice(frame)]);
  }

  /**
   * @param {import("./types.js").Voiced & {time_s: number}} message
   * @returns {Map<string, Reading>}
   */
  showVoice(message) {
    const readings = readVoice(message);
    this.#fill(VOICE_MEASURES, readings, message.time_s);
    const { voice, voice_absent_reason } = message;
    const speaking = voice?.speaking ?? null;
    const line = part(this.#root, "speaking", HTMLElement);
    line.textContent = speaking === null
      ? `${CANNOT_TELL}: ${whyNoVoice(voice?.absent.speaking ?? voice_absent_reason)}`
      : speaking ? "speaking" : "silent";
    line.dataset.speaking = String(speaking);
    return readings;
  }

  /** @param {string} name */
  #pen(name) {
    const colour = this.#colours[/** @type {typeof EMOTIONS[number]} */ (name)];
    return { colour, dash: DASHES[name] };
  }

  get #paper() {
    return { grid: this.#colours.edge, band: this.#colours.line };
  }

  /**
   * @param {Measure[]} measures
   * @param {Map<string, Reading>} readings
   * @param {number} timeS
   */
  #fill(measures, readings, timeS) {
    for (const measure of measures) {
      const tile = this.#tiles.get(measure.id);
      const reading = readings.get(measure.id);
      if (!tile || !reading) continue;
      const spread = this.#baseline.get(measure.id);
      tile.tile.classList.toggle("unknown", reading.value === null);
      tile.value.textContent = reading.value === null ? CANNOT_TELL : shown(measure, reading.value);
      tile.note.textContent = reading.value === null
        ? reading.reason : this.#noteOf(measure, reading.value, spread);
      tile.trace.add(timeS, reading.value);
      const pen = { colour: this.#colours.accent };
      tile.history.draw(timeS, [[tile.trace, pen]], this.#paper, spread);
    }
  }

  /**
   * @param {Measure} measure
   * @param {number} value
   * @param {Spread | undefined} spread
   */
  #noteOf(measure, value, spread) {
    if (!this.#baseline.size) return measure.about;
    if (!spread) return "too seldom known for a baseline";
    const { difference, spreads } = changeOf(value, spread);
    if (shown(measure, Math.abs(difference)) === shown(measure, 0)) return "as in the baseline";
    const signed = `${difference >= 0 ? "+" : "\u2212"}${shown(measure, Math.abs(difference))}`;
    return spreads === null ? signed : `${signed}, ${Math.abs(spreads).toFixed(1)} spreads`;
  }

  /** @param {typeof EMOTIONS[number]} name */
  #bar(name) {
    const fill = el("span", { class: "fill" });
    const mark = el("span", { class: "mark", hidden: true });
    const value = el("span", { class: "value figures" }, "\u2013");
    const row = el("li", { class: "live-bar unknown" },
      el("span", { class: "name" }, name), el("span", { class: "track" }, fill, mark), value);
    row.style.setProperty("--colour", `var(--${name})`);
    this.#bars.set(name, { row, fill, mark, value, trace: new Trace() });
    return row;
  }

  /** @param {Measure} measure */
  #tile(measure) {
    const { label, range, about } = measure;
    const value = el("strong", { class: "figures" }, "\u2013");
    const note = el("small", {}, about);
    const canvas = el("canvas", { "role": "img", "aria-label": `${label} in the last 30 s` });
    const tile = el("div", { class: "tile" },
      el("span", { class: "name" }, label), value, canvas, note);
    this.#tiles.set(measure.id, {
      value, note, tile, history: new History(canvas, range), trace: new Trace(),
    });
    return tile;
  }
}
