// One plot: its card, its figure from the server, the cursor over it.

import { el } from "../shared/dom.js";
import { cannotTell } from "../shared/words.js";
import { listenTo } from "./gestures.js";
import { whenIdle } from "./idle.js";
import { Legend } from "./legend.js";
import { loadPlotly } from "./plotly.js";
import { quietened, SETTINGS } from "./quiet.js";

/**
 * @typedef {object} FigureJson
 * @property {string} name
 * @property {string} title
 * @property {string} description
 * @property {any[]} data
 * @property {any} layout
 * @property {number} height_px
 * @property {string|null} absent_reason
 *
 * @typedef {object} PlotOptions
 * @property {string} name of the figure
 * @property {string} title until the figure brings its own
 * @property {boolean} hasTime whether its x axis is the recording's time
 * @property {import("./axis.js").TimeAxis} axis
 * @property {(name: string, signal: AbortSignal) => Promise<FigureJson>} fetchFigure
 * @property {(plot: Plot) => void} onPng
 * @property {() => void} [onDrawn]
 */

/** Plotly is large: nothing of it is fetched for plots further away than this. */
const NEAR = "40px";
/** Over the rows of a plot whose legend is not plotly's, pixels. */
const TOP_PX = 6;

/**
 * A card with one figure; it is drawn when it comes near the window or `ahead()` of that, and again
 * after `stale()`.
 */
export class Plot {
  /** @type {FigureJson|null} */
  figure = null;

  #isNear = false;

  #isStale = true;

  /** Whether it is drawn the first time before it comes near. */
  #isAhead = false;

  #isFollowing = false;

  #isClosed = false;

  #drawnWidth = 0;

  #abort = new AbortController();

  /** @param {PlotOptions} options */
  constructor(options) {
    this.options = options;
    this.heading = el("h3", {}, options.title);
    this.note = el("p", { class: "muted small plot-note", hidden: true });
    this.png = el("button", { type: "button", class: "quiet", "aria-label": `Save ${options.title} as PNG`,
      onclick: () => options.onPng(this) }, "PNG");
    this.drawing = el("div", { class: "drawing", role: "img", "aria-label": options.title });
    this.cursor = el("div", { class: "cursor", hidden: true });
    this.area = el("div", { class: options.hasTime ? "plot-area timed" : "plot-area" }, this.drawing, this.cursor);
    this.legend = new Legend(() => this.#redraw());
    this.element = el("section", { class: "card plot loading", "data-figure": options.name },
      el("div", { class: "plot-head" }, this.heading, this.png), this.note, this.legend.element, this.area);
    if (options.hasTime) listenTo(this.area, options.axis, () => this.#bounds());
    this.sight = new IntersectionObserver(([entry]) => {
      this.#isNear = entry.isIntersecting;
      this.#update();
    }, { rootMargin: NEAR });
    this.sight.observe(this.element);
    this.resizing = new ResizeObserver(() => this.#resize());
    this.resizing.observe(this.area);
  }

  /** What it shows has changed: fetch the figure again when it is near. */
  stale() {
    this.#isStale = true;
    this.#update();
  }

  /**
   * Draw it before it comes near, so that scrolling does not wait for it.
   * @returns {boolean} whether there is anything to do
   */
  ahead() {
    if (this.figure || !this.#isStale || this.element.hidden) return false;
    this.#isAhead = true;
    this.#update();
    return true;
  }

  /** Follow the axis with what is here, if it is in sight; `stale()` brings the finer figure. */
  follow() {
    this.placeCursor();
    if (!this.figure?.data.length || !this.options.hasTime || !this.#isNear || this.#isFollowing) return;
    this.#isFollowing = true;
    void loadPlotly().then((plotly) => whenIdle(() => {
      this.#isFollowing = false;
      return this.#isClosed ? null : plotly.relayout(this.drawing, { "xaxis.range": [...this.options.axis.range] });
    }));
  }

  placeCursor() {
    const { axis, hasTime } = this.options;
    if (!hasTime || !this.figure?.data.length) return;
    const [from, to] = axis.range;
    const share = (axis.timeS - from) / (to - from);
    this.cursor.hidden = !(share >= 0 && share <= 1);
    if (this.cursor.hidden) return;
    const { left, right, top, bottom } = this.#bounds();
    this.cursor.style.height = `${bottom - top}px`;
    this.cursor.style.transform = `translate(${left + share * (right - left)}px, ${top}px)`;
  }

  close() {
    this.#isClosed = true;
    this.#abort.abort();
    this.sight.disconnect();
    this.resizing.disconnect();
    if (this.figure) void loadPlotly().then((plotly) => plotly.purge(this.drawing));
  }

  #update() {
    if (!this.#isStale || !(this.#isNear || this.#isAhead) || this.element.hidden) return;
    this.#isStale = false;
    this.#isAhead = false;
    this.#abort.abort();
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    this.options.fetchFigure(this.options.name, signal)
      .then((figure) => whenIdle(() => (signal.aborted ? undefined : this.#draw(figure))))
      .then(() => {
        if (!signal.aborted) this.options.onDrawn?.();
      })
      .catch((error) => {
        if (!signal.aborted) this.#say(error.message);
      });
  }

  /** @param {FigureJson} drawn */
  async #draw(drawn) {
    const figure = withoutLegendRoom(drawn);
    this.figure = figure;
    this.heading.textContent = figure.title;
    this.drawing.setAttribute("aria-label", figure.description);
    this.png.setAttribute("aria-label", `Save ${figure.title} as PNG`);
    this.png.hidden = figure.absent_reason !== null;
    this.area.hidden = figure.absent_reason !== null;
    if (figure.absent_reason !== null) {
      this.legend.element.hidden = true;
      this.#say(cannotTell(figure.absent_reason));
      return;
    }
    const plotly = await loadPlotly();
    this.note.hidden = true;
    this.drawing.style.height = `${figure.height_px}px`;
    this.#drawnWidth = this.#width();
    this.legend.fill(figure);
    await this.#react(plotly, figure);
    this.element.classList.remove("loading");
    if (this.options.hasTime && !sameRange(figure.layout.xaxis?.range, this.options.axis.range)) this.follow();
    this.placeCursor();
  }

  /**
   * @param {import("./plotly.js").Plotly} plotly
   * @param {FigureJson} figure
   */
  #react(plotly, figure) {
    const layout = { ...quietened(figure, this.#drawnWidth), showlegend: false };
    return plotly.react(this.drawing, this.legend.applied(figure.data), layout, SETTINGS);
  }

  /** The same figure once more, after its legend was pressed. */
  #redraw() {
    void loadPlotly().then((plotly) => whenIdle(async () => {
      if (this.#isClosed || !this.figure?.data.length) return;
      await this.#react(plotly, this.figure);
      this.follow();
    }));
  }

  /** @param {string} text */
  #say(text) {
    this.element.classList.remove("loading");
    this.note.textContent = text;
    this.note.hidden = false;
  }

  #width() {
    return this.area.clientWidth;
  }

  #resize() {
    const width = this.#width();
    // The figure that was drawn just now has made its area higher, not wider.
    if (!this.figure?.data.length || !width || width === this.#drawnWidth) return;
    this.#drawnWidth = width;
    const { figure } = this;
    void loadPlotly().then((plotly) => plotly.relayout(this.drawing, { width }))
      .then(() => figure === this.figure && this.placeCursor());
  }

  /** Where time is drawn, in pixels of the area: under the legend, which has clicks of its own. */
  #bounds() {
    const { layout, height_px: height } = this.figure ?? { layout: {}, height_px: 0 };
    const { l, r, t, b } = layout.margin ?? { l: 0, r: 0, t: 0, b: 0 };
    return {
      left: l, right: this.#width() - r,
      top: t + (1 - highestOf(layout)) * (height - t - b), bottom: height - b,
    };
  }
}

/**
 * A figure whose legend stands above it as buttons needs less room over its rows.
 * @param {FigureJson} figure
 * @returns {FigureJson}
 */
function withoutLegendRoom(figure) {
  if (!figure.layout.showlegend) return figure;
  const { t } = figure.layout.margin;
  const layout = { ...figure.layout, margin: { ...figure.layout.margin, t: TOP_PX } };
  return { ...figure, layout, height_px: figure.height_px - (t - TOP_PX) };
}

/**
 * The upper end of the highest row, as a share of the plot's height.
 * @param {any} layout
 */
function highestOf(layout) {
  const ends = Object.keys(layout).filter((name) => /^yaxis\d*$/.test(name))
    .map((name) => layout[name].domain?.[1] ?? 1);
  return ends.length ? Math.max(...ends) : 1;
}

/**
 * @param {number[]|undefined} a
 * @param {number[]} b
 */
function sameRange(a, b) {
  return a !== undefined && Math.abs(a[0] - b[0]) < 1e-6 && Math.abs(a[1] - b[1]) < 1e-6;
}
