// Draws the rows of the overview. One bin of the strips is one CSS pixel wide.

import { clockText } from "../shared/words.js";
import { NOT_ANALYSED, NO_FACE, OTHER_PERSON, SILENT, SOMEBODY, THIS_PERSON, UNREADABLE } from "./strips.js";
import { EMOTIONS } from "./types.js";

/**
 * @typedef {import("./strips.js").Strips} Strips
 * @typedef {Record<string, string>} Colours by the name of the custom property, resolved
 *
 * @typedef {object} Paper
 * @property {CanvasRenderingContext2D} context scaled to CSS pixels
 * @property {number} width
 * @property {number} height
 * @property {Colours} colours
 */

/** Custom properties of base.css that are drawn with. */
const USED = ["text", "muted", "line", "edge", "accent", "sunken", "page", "card", ...EMOTIONS];
const FONT = "system-ui, sans-serif";
const LABEL_PX = 12;
const LABEL_PADDING_PX = 10;
/** A mean smile over this is counted as a smile (types/behaviour.py). */
const SMILE = 0.4;
const HATCH_PX = 6;
const OUTLINE_PX = 1.5;
const LEAST_MARK_PX = 3;
/** Time between ticks, seconds; the first that leaves enough room is used. */
const TICKS_S = [0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];
const TICK_ROOM_PX = 64;

/**
 * The colours of the page as they are now: custom properties may hold `light-dark()`, which only the
 * style of an element resolves.
 * @param {HTMLElement} root
 * @returns {Colours}
 */
export function coloursOf(root) {
  const probe = document.createElement("span");
  probe.hidden = true;
  root.append(probe);
  const found = Object.fromEntries(USED.map((name) => {
    probe.style.color = `var(--${name})`;
    return [name, getComputedStyle(probe).color];
  }));
  probe.remove();
  return found;
}

/**
 * A canvas of the size that it is shown in, cleared.
 * @param {HTMLCanvasElement} canvas
 * @param {Colours} colours
 * @returns {Paper|null} null where the browser gives no context
 */
export function paperOf(canvas, colours) {
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  const density = window.devicePixelRatio;
  canvas.width = Math.round(width * density);
  canvas.height = Math.round(height * density);
  const context = canvas.getContext("2d");
  if (!context) return null;
  context.setTransform(density, 0, 0, density, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height, colours };
}

/**
 * One coloured strip; each stretch that is wide enough has its name in it.
 * @param {Paper} paper
 * @param {Strips} strips
 */
export function paintExpression(paper, { expression }) {
  const { context, width, height, colours } = paper;
  const hatch = hatchOf(paper);
  context.font = `600 ${LABEL_PX}px ${FONT}`;
  context.textBaseline = "middle";
  context.textAlign = "center";
  for (const { from, to, value } of runsOf(expression)) {
    const [x, w] = [scaled(from, expression.length, width), scaled(to - from, expression.length, width)];
    context.fillStyle = colours.sunken;
    context.fillRect(x, 0, w, height);
    const isNamed = value < EMOTIONS.length;
    if (value === NOT_ANALYSED) continue;
    if (value !== NO_FACE) {
      context.fillStyle = isNamed ? colours[EMOTIONS[value]] : hatch;
      context.fillRect(x, 0, w, height);
    }
    const name = isNamed ? EMOTIONS[value] : value === NO_FACE ? "no face" : "not readable";
    if (w < context.measureText(name).width + LABEL_PADDING_PX) continue;
    if (value === UNREADABLE) {
      context.fillStyle = colours.card;
      const half = context.measureText(name).width / 2 + 4;
      context.fillRect(x + w / 2 - half, height / 2 - 8, 2 * half, 16);
    }
    context.fillStyle = isNamed ? colours.page : colours.muted;
    context.fillText(name, x + w / 2, height / 2 + 0.5);
  }
}

/**
 * The loudness of all sound, mirrored. Who speaks is told by more than the colour: this person is
 * filled, another one striped, somebody not seen hollow, and sound without speech dotted.
 * @param {Paper} paper
 * @param {Strips} strips
 */
export function paintSpeech({ context, width, height, colours }, { envelope, speech }) {
  const middle = height / 2;
  context.fillStyle = colours.line;
  context.fillRect(0, middle - 0.5, width, 1);
  if (!envelope) return;
  const step = width / envelope.length;
  envelope.forEach((value, bin) => {
    if (!(value > 0)) return;
    const half = Math.max(value * (middle - 1), 0.5);
    const who = speech[bin];
    context.fillStyle = who === THIS_PERSON ? colours.accent : who === SILENT ? colours.line : colours.edge;
    context.globalAlpha = who === OTHER_PERSON && bin % 4 < 2 ? 0.35 : 1;
    const [x, w] = [bin * step, step + 0.2];
    if (who === SOMEBODY && half > OUTLINE_PX) {
      context.fillRect(x, middle - half, w, OUTLINE_PX);
      context.fillRect(x, middle + half - OUTLINE_PX, w, OUTLINE_PX);
    } else if (who !== SILENT || bin % 3 === 0) {
      context.fillRect(x, middle - half, w, 2 * half);
    }
  });
  context.globalAlpha = 1;
}

/**
 * How broad the smile is; darker where it counts as one.
 * @param {Paper} paper
 * @param {Strips} strips
 */
export function paintSmile({ context, width, height, colours }, { smile }) {
  if (!smile) return;
  const step = width / smile.length;
  smile.forEach((value, bin) => {
    if (!(value > 0)) return;
    context.fillStyle = colours.happy;
    context.globalAlpha = value >= SMILE ? 1 : 0.35;
    context.fillRect(bin * step, height - value * height, step + 0.2, value * height);
  });
  context.globalAlpha = 1;
  context.strokeStyle = colours.muted;
  context.setLineDash([2, 3]);
  line(context, [0, height * (1 - SMILE)], [width, height * (1 - SMILE)]);
  context.setLineDash([]);
}

/**
 * A mark for each blink, as wide as it is long.
 * @param {Paper} paper
 * @param {Strips} strips
 */
export function paintBlinks({ context, width, height, colours }, { blinks, fromS, toS }) {
  context.fillStyle = colours.line;
  context.fillRect(0, height / 2 - 0.5, width, 1);
  context.fillStyle = colours.text;
  for (const { startS, endS } of blinks ?? []) {
    const x = ((startS - fromS) / (toS - fromS)) * width;
    const w = ((endS - startS) / (toS - fromS)) * width;
    if (x + w < 0 || x > width) continue;
    context.fillRect(x, 1, Math.max(w, 2), height - 2);
  }
}

/**
 * @param {Paper} paper
 * @param {Strips} strips
 */
export function paintPitch(paper, { f0Hz, f0Range }) {
  if (!f0Hz || !f0Range) return;
  const [low, high] = [f0Range[0] / 1.06, f0Range[1] * 1.06];
  const span = Math.log(high / low) || 1;
  curve(paper, f0Hz, (hz) => Math.log(hz / low) / span);
}

/**
 * @param {Paper} paper
 * @param {Strips} strips
 */
export function paintLoudness(paper, { levelDbfs, levelRange }) {
  if (!levelDbfs || !levelRange) return;
  const [low, high] = [levelRange[0] - 2, levelRange[1] + 2];
  curve(paper, levelDbfs, (value) => (value - low) / (high - low));
}

/**
 * @param {Paper} paper
 * @param {Strips} strips
 */
export function paintTime({ context, width, height, colours }, { fromS, toS }) {
  const everyS = TICKS_S.find((step) => (step / (toS - fromS)) * width >= TICK_ROOM_PX) ?? 7200;
  context.fillStyle = colours.muted;
  context.strokeStyle = colours.edge;
  context.font = `${LABEL_PX - 1}px ${FONT}`;
  context.textBaseline = "bottom";
  for (let tick = Math.ceil(fromS / everyS) * everyS; tick <= toS + 1e-6; tick += everyS) {
    const x = ((tick - fromS) / (toS - fromS)) * width;
    line(context, [x, 0], [x, 4]);
    const text = everyS < 1 ? clockText(tick) : clockText(tick).replace(/\.\d$/, "");
    const half = context.measureText(text).width / 2;
    context.textAlign = "center";
    context.fillText(text, Math.min(Math.max(x, half), width - half), height);
  }
}

/**
 * A line over what is known.
 * @param {Paper} paper
 * @param {Float32Array} values
 * @param {(value: number) => number} shareOf 0 at the lower end, 1 at the upper
 */
function curve({ context, width, height, colours }, values, shareOf) {
  const step = width / values.length;
  const y = (/** @type {number} */ value) => 1.5 + (1 - Math.min(Math.max(shareOf(value), 0), 1)) * (height - 3);
  context.strokeStyle = colours.accent;
  context.lineWidth = 1.75;
  context.lineJoin = "round";
  context.beginPath();
  values.forEach((value, bin) => {
    if (Number.isNaN(value)) return;
    const x = (bin + 0.5) * step;
    if (bin > 0 && !Number.isNaN(values[bin - 1])) context.lineTo(x, y(value));
    else context.moveTo(x - step / 2, y(value));
    context.lineTo(x + step / 2, y(value));
  });
  context.stroke();
  context.lineWidth = 1;
}

/** @param {Paper} paper */
function hatchOf({ context, colours }) {
  const tile = document.createElement("canvas");
  tile.width = HATCH_PX;
  tile.height = HATCH_PX;
  const ink = /** @type {CanvasRenderingContext2D} */ (tile.getContext("2d"));
  ink.strokeStyle = colours.edge;
  ink.lineWidth = 1.2;
  for (const shift of [-HATCH_PX, 0, HATCH_PX]) line(ink, [shift, HATCH_PX], [shift + HATCH_PX, 0]);
  return /** @type {CanvasPattern} */ (context.createPattern(tile, "repeat"));
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {[number, number]} from
 * @param {[number, number]} to
 */
function line(context, from, to) {
  context.beginPath();
  context.moveTo(...from);
  context.lineTo(...to);
  context.stroke();
}

/**
 * A bar for each range and a narrow one for each moment that was marked.
 * @param {Paper} paper
 * @param {import("../shared/marks.js").Mark[]} marks
 * @param {[number, number]} range seconds that are shown
 */
export function paintMarks({ context, width, height, colours }, marks, [from, to]) {
  const scale = width / (to - from);
  for (const { startS, endS } of marks) {
    const [x, w] = [(startS - from) * scale, Math.max((endS - startS) * scale, LEAST_MARK_PX)];
    context.fillStyle = colours.accent;
    context.globalAlpha = 0.3;
    context.fillRect(x, 0, w, height);
    context.globalAlpha = 1;
    context.fillRect(x, 0, 2, height);
    context.fillRect(x + w - 2, 0, 2, height);
  }
}

/**
 * Stretches of equal values.
 * @param {Uint8Array} values
 */
function runsOf(values) {
  /** @type {{from: number, to: number, value: number}[]} */
  const runs = [];
  values.forEach((value, bin) => {
    const last = runs.at(-1);
    if (last?.value === value) last.to = bin + 1;
    else runs.push({ from: bin, to: bin + 1, value });
  });
  return runs;
}

/**
 * @param {number} bin
 * @param {number} bins
 * @param {number} width
 */
function scaled(bin, bins, width) {
  return (bin / bins) * width;
}
