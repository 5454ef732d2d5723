// The plots of a result over one axis, and what is chosen for all of them.

import { api } from "../shared/api.js";
import { el } from "../shared/dom.js";
import { onTheme, theme } from "../shared/theme.js";
import { savePicture } from "./picture.js";
import { Plot } from "./plot.js";

/** @typedef {import("./axis.js").TimeAxis} TimeAxis */

const FIGURES = [
  { name: "expression", title: "Facial expression", hasTime: true },
  { name: "behaviour", title: "Face and head", hasTime: true },
  { name: "actions", title: "Facial actions", hasTime: true },
  { name: "voice", title: "Voice", hasTime: true },
  { name: "voice_emotion", title: "Heard in the voice", hasTime: true },
  { name: "indicators", title: "Indicators", hasTime: false },
];
const HIDDEN = "evolvisense.plots.hidden";
/** After the last change of the stretch shown, finer figures are fetched, milliseconds. */
const SETTLE_MS = 250;
/** More is not seen in a line, and takes longer to draw. */
const POINTS_PER_PX = 0.75;
const FEWEST_POINTS = 300;

/** The list of plots in `root`, one for each figure. */
export class Plots {
  /** @type {number|null} */
  personId = null;

  /** @type {"lines"|"areas"} */
  emotionsAs = "lines";

  /** @type {string[]|null} Facial actions that were picked; null: those that move most. */
  actions = null;

  #settling = 0;

  /**
   * @param {HTMLElement} root
   * @param {string} id of the analysis
   * @param {TimeAxis} axis
   * @param {{limits: string, fileName: string, caption: string}} about what a saved picture says
   */
  constructor(root, id, axis, about) {
    this.id = id;
    this.axis = axis;
    const hidden = hiddenNames();
    this.plots = FIGURES.map((figure) => new Plot({
      ...figure, axis,
      fetchFigure: (name, signal) => this.#fetch(name, signal),
      onPng: (plot) => savePicture(plot, about),
      // One after the other, when what is in sight has been drawn.
      onDrawn: () => void this.plots.some((plot) => plot.ahead()),
    }));
    for (const plot of this.plots) plot.element.hidden = hidden.includes(plot.options.name);
    root.replaceChildren(...this.plots.map(({ element }) => element));
    this.root = root;
    this.onMoved = () => this.plots.forEach((plot) => plot.placeCursor());
    this.onZoomed = () => this.#zoomed();
    axis.moved.add(this.onMoved);
    axis.zoomed.add(this.onZoomed);
    this.stopTheme = onTheme(() => this.redraw());
  }

  /** Fetch all figures again, those in sight first. */
  redraw() {
    for (const plot of this.plots) plot.stale();
  }

  /** @param {string} name */
  redrawOne(name) {
    this.plots.find((plot) => plot.options.name === name)?.stale();
  }

  /**
   * Check boxes that hide and show the plots.
   * @returns {HTMLElement[]}
   */
  choices() {
    return this.plots.map((plot) => el("label", {}, el("input", {
      type: "checkbox", checked: !plot.element.hidden, value: plot.options.name,
      onchange: (/** @type {Event} */ event) => {
        plot.element.hidden = !(/** @type {HTMLInputElement} */ (event.target)).checked;
        localStorage.setItem(HIDDEN, this.plots.filter((one) => one.element.hidden)
          .map((one) => one.options.name).join(","));
      },
    }), plot.options.title));
  }

  close() {
    clearTimeout(this.#settling);
    this.stopTheme();
    this.axis.moved.delete(this.onMoved);
    this.axis.zoomed.delete(this.onZoomed);
    for (const plot of this.plots) plot.close();
  }

  #zoomed() {
    for (const plot of this.plots) plot.follow();
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => {
      for (const plot of this.plots) if (plot.options.hasTime) plot.stale();
    }, SETTLE_MS);
  }

  /**
   * @param {string} name
   * @param {AbortSignal} signal
   */
  async #fetch(name, signal) {
    const query = new URLSearchParams({
      names: name, theme: theme(), emotions_as: this.emotionsAs,
      points: String(Math.max(FEWEST_POINTS, Math.round(this.root.clientWidth * POINTS_PER_PX))),
    });
    if (this.personId !== null) query.set("person", String(this.personId));
    if (this.actions) query.set("actions", this.actions.join(","));
    if (!this.axis.isWhole) {
      query.set("start_s", this.axis.range[0].toFixed(3));
      query.set("end_s", this.axis.range[1].toFixed(3));
    }
    const { figures } = await api.get(`/v1/analyses/${this.id}/figures?${query}`, { signal });
    return figures[0];
  }
}

function hiddenNames() {
  return (localStorage.getItem(HIDDEN) ?? "").split(",");
}
