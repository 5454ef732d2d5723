// The legend of a plot as buttons: reached by the keyboard, and remembered when the plot is drawn again.

import { el } from "../shared/dom.js";

/** @typedef {import("./plot.js").FigureJson} FigureJson */

const HINT = "Click to hide or show; double-click, or Shift and Enter, to show only this one";
/** A sample of the line, pixels. */
const SAMPLE_PX = 22;

/**
 * What a plot shows of its lines. Names that are hidden stay hidden whatever figure comes next.
 */
export class Legend {
  /** @type {Set<string>} */
  #hidden = new Set();

  /** @type {string[]} */
  #names = [];

  /** @param {() => void} changed */
  constructor(changed) {
    this.changed = changed;
    this.element = el("div", { class: "plot-legend", role: "group", "aria-label": "Lines", hidden: true });
  }

  /** @param {FigureJson} figure */
  fill({ data, layout }) {
    const first = new Map(data.filter(({ name, showlegend: shown }) => layout.showlegend && name && shown !== false)
      .map((trace) => [nameOf(trace), trace]));
    const hadFocus = /** @type {HTMLElement|null} */ (this.element.querySelector(":focus"))?.dataset.line;
    this.#names = [...first.keys()];
    this.element.hidden = !this.#names.length;
    this.element.replaceChildren(...[...first].map(([name, trace]) => el("button", {
      type: "button", class: "line-key", "aria-pressed": String(!this.#hidden.has(name)), title: HINT,
      "data-line": name,
      onclick: () => this.#toggle(name),
      ondblclick: () => this.#isolate(name),
      onkeydown: (/** @type {KeyboardEvent} */ event) => {
        if (event.key !== "Enter" || !event.shiftKey) return;
        event.preventDefault();
        this.#isolate(name);
      },
    }, sampleOf(trace), name)));
    if (hadFocus) this.#button(hadFocus)?.focus();
  }

  /**
   * The traces, those that are hidden marked so.
   * @param {any[]} data
   * @returns {any[]}
   */
  applied(data) {
    return data.map((trace) => (this.#hidden.has(nameOf(trace)) ? { ...trace, visible: false } : trace));
  }

  /** @param {string} name */
  #toggle(name) {
    if (!this.#hidden.delete(name)) this.#hidden.add(name);
    this.#tell();
  }

  /**
   * Show only one; all of them where it is the only one already.
   * @param {string} name
   */
  #isolate(name) {
    const others = this.#names.filter((other) => other !== name);
    const isOnlyOne = !this.#hidden.has(name) && others.every((other) => this.#hidden.has(other));
    this.#hidden = new Set(isOnlyOne ? [] : others);
    this.#tell();
  }

  #tell() {
    for (const name of this.#names) this.#button(name)?.setAttribute("aria-pressed", String(!this.#hidden.has(name)));
    this.changed();
  }

  /**
   * @param {string} name
   * @returns {HTMLElement|null}
   */
  #button(name) {
    return this.element.querySelector(`[data-line="${CSS.escape(name)}"]`);
  }
}

/** @param {any} trace */
function nameOf({ legendgroup: group, name }) {
  return group || name || "";
}

/**
 * A piece of the line, or a field of the area.
 * @param {any} trace
 */
function sampleOf({ line, fill, fillcolor: area, marker }) {
  const canvas = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  canvas.setAttribute("width", String(SAMPLE_PX));
  canvas.setAttribute("height", "10");
  canvas.setAttribute("aria-hidden", "true");
  const shape = document.createElementNS("http://www.w3.org/2000/svg", "line");
  const dash = /^\d/.test(line?.dash ?? "") ? line.dash.replaceAll("px", "").replaceAll(",", " ") : "";
  for (const [name, value] of Object.entries({
    x1: 0, x2: SAMPLE_PX, y1: 5, y2: 5, "stroke-dasharray": fill ? "" : dash,
    stroke: (fill ? area : null) ?? line?.color ?? marker?.color ?? "currentColor",
    "stroke-width": fill ? 10 : Math.max(line?.width ?? 2, 2),
  })) shape.setAttribute(name, String(value));
  canvas.append(shape);
  return canvas;
}
