// The last half minute of one or more measures, as lines on a canvas.

export const HISTORY_S = 30;
/** A line is not drawn over a longer hole. */
const LONGEST_HOLE_S = 2;

/** @typedef {{timeS: number, value: number | null}} Point */
/** @typedef {{colour: string, dash?: number[]}} Pen */

/** Points of one line; memory is that of HISTORY_S. */
export class Trace {
  /** @type {Point[]} */
  points = [];

  /**
   * What is no newer than the last point is left out: a picture's answer may tell older sound.
   * @param {number} timeS
   * @param {number | null} value
   */
  add(timeS, value) {
    if (timeS <= (this.points.at(-1)?.timeS ?? -Infinity)) return;
    this.points.push({ timeS, value });
    const first = this.points.findIndex((point) => timeS - point.timeS <= HISTORY_S);
    if (first > 0) this.points.splice(0, first);
  }
}

/** A canvas as large as its element on the screen. */
export class History {
  #context;
  #canvas;
  #range;

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {[number, number]} range of the values, bottom and top
   */
  constructor(canvas, range) {
    const context = canvas.getContext("2d");
    if (!context) throw new Error("this browser draws no canvas");
    this.#context = context;
    this.#canvas = canvas;
    this.#range = range;
  }

  /**
   * @param {number} nowS the right end
   * @param {Array<[Trace, Pen]>} lines
   * @param {{grid: string, band: string}} colours
   * @param {{mean: number, sd: number}} [baseline]
   */
  draw(nowS, lines, colours, baseline) {
    const { width, height } = this.#fit();
    const context = this.#context;
    const x = (/** @type {number} */ timeS) => width * (1 - (nowS - timeS) / HISTORY_S);
    const [low, high] = this.#range;
    const y = (/** @type {number} */ value) => {
      const share = Math.max(0, Math.min(1, (value - low) / (high - low)));
      return 1 + (height - 2) * (1 - share);
    };
    context.clearRect(0, 0, width, height);
    if (baseline) this.#band(y, baseline, width, colours);
    if (low < 0 && high > 0) this.#level(y(0), width, colours.grid);
    for (const [trace, pen] of lines) this.#line(trace, pen, x, y);
  }

  /** Pixels of the screen to draw on; the size follows the element's. */
  #fit() {
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    const density = window.devicePixelRatio || 1;
    const [wide, tall] = [Math.round(width * density), Math.round(height * density)];
    if (this.#canvas.width !== wide || this.#canvas.height !== tall) {
      this.#canvas.width = wide;
      this.#canvas.height = tall;
    }
    this.#context.setTransform(density, 0, 0, density, 0, 0);
    return { width, height };
  }

  /**
   * @param {(value: number) => number} y
   * @param {{mean: number, sd: number}} baseline
   * @param {number} width
   * @param {{grid: string, band: string}} colours
   */
  #band(y, { mean, sd }, width, colours) {
    const top = y(mean + sd);
    this.#context.fillStyle = colours.band;
    this.#context.fillRect(0, top, width, Math.max(1, y(mean - sd) - top));
    this.#level(y(mean), width, colours.grid);
  }

  /**
   * @param {number} y
   * @param {number} width
   * @param {string} colour
   */
  #level(y, width, colour) {
    this.#context.strokeStyle = colour;
    this.#context.lineWidth = 1;
    this.#context.setLineDash([3, 3]);
    this.#context.beginPath();
    this.#context.moveTo(0, y);
    this.#context.lineTo(width, y);
    this.#context.stroke();
  }

  /**
   * @param {Trace} trace
   * @param {Pen} pen
   * @param {(timeS: number) => number} x
   * @param {(value: number) => number} y
   */
  #line({ points }, { colour, dash = [] }, x, y) {
    this.#context.strokeStyle = colour;
    this.#context.lineWidth = 1.75;
    this.#context.setLineDash(dash);
    this.#context.beginPath();
    let lastS = -Infinity;
    for (const { timeS, value } of points) {
      if (value === null) {
        lastS = -Infinity;
        continue;
      }
      if (timeS - lastS > LONGEST_HOLE_S) this.#context.moveTo(x(timeS), y(value));
      else this.#context.lineTo(x(timeS), y(value));
      lastS = timeS;
    }
    this.#context.stroke();
  }
}

/**
 * Colours of the page's custom properties as a canvas takes them.
 * @template {string} Name
 * @param {HTMLElement} root
 * @param {readonly Name[]} names without the dashes
 * @returns {Record<Name, string>}
 */
export function coloursOf(root, names) {
  const probe = document.createElement("span");
  root.append(probe);
  const found = names.map((name) => {
    probe.style.color = `var(--${name})`;
    return [name, getComputedStyle(probe).color];
  });
  probe.remove();
  return Object.fromEntries(found);
}
