// Charts that share one time axis: one cursor, one zoom. Drawn by plotly (a global).

import { MARGIN } from "./rows.js";

const CLICK_PX = 6;

/** The time that all charts show; `seek(time_s)` is called on a click into any of them. */
export class TimeAxis {
  constructor(seek) {
    this.seek = seek;
    this.charts = [];
    this.timeS = 0;
    this.endS = 0;
    this.range = null;
  }

  /** A new recording: all of it is shown. */
  begin(endS) {
    this.endS = endS;
    this.range = [0, endS];
  }

  moveTo(timeS) {
    this.timeS = timeS;
    for (const chart of this.charts) chart.placeCursor();
  }

  zoom(range) {
    if (range[0] === this.range[0] && range[1] === this.range[1]) return;
    this.range = [...range];
    for (const chart of this.charts) chart.follow();
  }

  clear() {
    this.timeS = 0;
    for (const chart of this.charts) chart.clear();
  }
}

/** One chart; what it shows comes from `stack`. */
export class Chart {
  constructor(element, axis) {
    this.element = element;
    this.axis = axis;
    this.isDrawn = false;
    this.cursor = document.createElement("div");
    this.cursor.className = "cursor";
    this.cursor.hidden = true;
    element.after(this.cursor);
    axis.charts.push(this);
    this.#listen();
    new ResizeObserver(() => this.placeCursor()).observe(element);
  }

  draw({ traces, layout, height }, description) {
    layout.xaxis.range = [...this.axis.range];
    this.element.style.height = `${height}px`;
    this.element.setAttribute("aria-label", description);
    const drawn = Plotly.react(this.element, traces, layout, {
      displayModeBar: false,
      responsive: true,
      doubleClick: false,
      showTips: false,
    });
    if (this.isDrawn) Plotly.Plots.resize(this.element);
    else drawn.then(() => this.#listenToPlotly());
    this.isDrawn = true;
    this.placeCursor();
  }

  clear() {
    Plotly.purge(this.element);
    this.isDrawn = false;
    this.cursor.hidden = true;
  }

  /** Show what the axis shows. */
  follow() {
    if (!this.isDrawn) return;
    const [from, to] = this.axis.range;
    const shown = this.element.layout.xaxis.range;
    if (shown[0] !== from || shown[1] !== to) Plotly.relayout(this.element, { "xaxis.range": [from, to] });
    this.placeCursor();
  }

  placeCursor() {
    if (!this.isDrawn) return;
    const [from, to] = this.axis.range;
    const share = (this.axis.timeS - from) / (to - from);
    this.cursor.hidden = !(share >= 0 && share <= 1);
    if (this.cursor.hidden) return;
    const width = this.element.clientWidth - MARGIN.l - MARGIN.r;
    this.cursor.style.height = `${this.element.clientHeight - MARGIN.t - MARGIN.b}px`;
    this.cursor.style.transform = `translate(${MARGIN.l + share * width}px, ${MARGIN.t}px)`;
  }

  #listenToPlotly() {
    this.element.on("plotly_relayout", () => this.axis.zoom(this.element.layout.xaxis.range));
    this.element.on("plotly_doubleclick", () => this.axis.zoom([0, this.axis.endS]));
  }

  #listen() {
    let down = null;
    // Capturing: plotly keeps these events to itself.
    this.element.addEventListener("pointerdown", (event) => { down = event; }, true);
    window.addEventListener("pointerup", (event) => {
      const began = down;
      down = null;
      if (!began || Math.hypot(event.clientX - began.clientX, event.clientY - began.clientY) > CLICK_PX) return;
      const box = this.element.getBoundingClientRect();
      const share = (event.clientX - box.left - MARGIN.l) / (box.width - MARGIN.l - MARGIN.r);
      if (share < 0 || share > 1) return;
      const [from, to] = this.axis.range;
      this.axis.seek(Math.max(0, from + share * (to - from)));
    }, true);
  }
}
