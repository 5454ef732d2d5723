// Expression, pitch and level over one time axis, with a cursor. Drawn by plotly (a global).

import { EMOTIONS, alongFrames, faceSeries, originOf, thinned } from "./series.js";

const MARGIN = { l: 52, r: 14, t: 26, b: 40 };
const FEW_POINTS = 150;
const CLICK_PX = 6;
const SAME_LEVEL_DBFS = -90;

/** Draws into `element`; `seek(time_s)` is called on a click. */
export class Timeline {
  constructor(element, cursor, seek) {
    this.element = element;
    this.cursor = cursor;
    this.timeS = 0;
    this.endS = 0;
    this.#listen(seek);
    new ResizeObserver(() => this.moveTo(this.timeS)).observe(element);
  }

  draw(report, person) {
    const colours = getComputedStyle(document.documentElement);
    const colour = (name) => colours.getPropertyValue(`--${name}`).trim();
    const origin = originOf(report);
    const frames = faceSeries(report, person);
    const voice = report.voice;
    this.endS = endOf(report, origin);
    this.element.classList.toggle("no-voice", !voice);
    const traces = [...faceTraces(frames, person, colour), ...voiceTraces(voice, origin, colour)];
    const layout = layoutOf(report, frames, this.endS, origin, colour);
    const drawn = Plotly.react(this.element, traces, layout, {
      displayModeBar: false,
      responsive: true,
      doubleClick: "reset",
      showTips: false,
    });
    this.element.setAttribute("aria-label", describe(person, voice));
    if (!this.listens) {
      this.listens = true;
      drawn.then(() => this.element.on("plotly_relayout", () => this.moveTo(this.timeS)));
    }
    this.moveTo(this.timeS);
  }

  clear() {
    Plotly.purge(this.element);
    this.listens = false;
    this.timeS = 0;
    this.cursor.hidden = true;
  }

  moveTo(timeS) {
    this.timeS = timeS;
    const [from, to] = this.#range();
    const width = this.element.clientWidth - MARGIN.l - MARGIN.r;
    const share = (timeS - from) / (to - from);
    this.cursor.hidden = !(share >= 0 && share <= 1);
    if (this.cursor.hidden) return;
    this.cursor.style.height = `${this.element.clientHeight - MARGIN.t - MARGIN.b}px`;
    this.cursor.style.transform = `translate(${MARGIN.l + share * width}px, ${MARGIN.t}px)`;
  }

  #range() {
    return this.element.layout?.xaxis?.range ?? [0, this.endS];
  }

  #listen(seek) {
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
      const [from, to] = this.#range();
      seek(Math.max(0, from + share * (to - from)));
    }, true);
  }
}

function endOf(report, origin) {
  const sound = report.voice?.timeline;
  const soundEnd = sound?.time_s.length ? sound.time_s.at(-1) + sound.step_s - origin : 0;
  return Math.max(report.media.start_s + report.media.duration_s - origin, soundEnd, 0.1);
}

function faceTraces(frames, person, colour) {
  if (!person) return [];
  return EMOTIONS.map((emotion) => {
    const column = alongFrames(person.timeline.probabilities[emotion], frames.row);
    const { x, y } = thinned(frames.x, column);
    return {
      x, y,
      name: emotion,
      mode: x.length <= FEW_POINTS ? "lines+markers" : "lines",
      connectgaps: false,
      line: { color: colour(emotion), width: emotion === "neutral" ? 1.5 : 2 },
      marker: { size: 4 },
      hovertemplate: "%{y:.0%}",
    };
  });
}

function voiceTraces(voice, origin, colour) {
  if (!voice) return [];
  const x = voice.timeline.time_s.map((time) => time - origin);
  const pitch = thinned(x, voice.timeline.f0_hz);
  const level = thinned(x, voice.timeline.level_dbfs.map((v) => Math.max(v, SAME_LEVEL_DBFS)));
  const common = { connectgaps: false, showlegend: false };
  return [
    { ...common, x: pitch.x, y: pitch.y, yaxis: "y2", name: "pitch", mode: "lines+markers",
      line: { color: colour("accent"), width: 2 }, marker: { size: 3 },
      hovertemplate: "%{y:.0f} Hz" },
    { ...common, x: level.x, y: level.y, yaxis: "y3", name: "level", mode: "lines",
      line: { color: colour("muted"), width: 1.5 }, hovertemplate: "%{y:.0f} dBFS" },
  ];
}

function layoutOf(report, frames, endS, origin, colour) {
  const fine = matchMedia("(pointer: fine)").matches;
  const voice = report.voice;
  const axis = {
    gridcolor: colour("line"), linecolor: colour("line"), zeroline: false,
    fixedrange: true, automargin: false,
  };
  const title = (text, y) => ({
    text: `<b>${text}</b>`, x: 0, y, xref: "paper", yref: "paper", xanchor: "left",
    yanchor: "bottom", showarrow: false, font: { size: 12, color: colour("text") },
  });
  const layout = {
    margin: MARGIN,
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: "system-ui, sans-serif", size: 12, color: colour("muted") },
    showlegend: false,
    hovermode: fine ? "x unified" : false,
    hoverlabel: { bgcolor: colour("card"), bordercolor: colour("line"), font: { color: colour("text") } },
    dragmode: fine ? "zoom" : false,
    xaxis: {
      ...axis, range: [0, endS], fixedrange: !fine, anchor: voice ? "y3" : "y",
      ticksuffix: " s", hoverformat: ".2f",
    },
    yaxis: { ...axis, domain: voice ? [0.5, 1] : [0, 1], range: [-0.02, 1.02], tickformat: ".0%", dtick: 0.25 },
    annotations: [title("Facial expression, probability", 1)],
    shapes: [],
  };
  const readTo = frames.x.length ? frames.x.at(-1) + frames.stepS : 0;
  if (readTo < endS - 2 * frames.stepS) {
    const [low, high] = layout.yaxis.domain;
    layout.shapes.push(band(readTo, endS, low, high, colour("unread")));
    layout.annotations.push({
      text: "faces not read here", x: (readTo + endS) / 2, xref: "x", y: (low + high) / 2,
      yref: "paper", showarrow: false,
    });
  } else if (!report.people.length) {
    layout.annotations.push({
      text: "no face was found", x: 0.5, xref: "paper", y: voice ? 0.75 : 0.5, yref: "paper",
      showarrow: false,
    });
  }
  if (voice) {
    layout.yaxis2 = { ...axis, domain: [0.26, 0.42], rangemode: "tozero", nticks: 4 };
    layout.yaxis3 = { ...axis, domain: [0, 0.18], nticks: 4 };
    layout.annotations.push(title("Voice: pitch (F0), Hz", 0.42), title("Voice: level, dBFS", 0.18));
    for (const { start_s, end_s } of voice.segments) {
      for (const [low, high] of [layout.yaxis2.domain, layout.yaxis3.domain]) {
        layout.shapes.push(band(start_s - origin, end_s - origin, low, high, colour("speech")));
      }
    }
  }
  return layout;
}

function band(x0, x1, y0, y1, fillcolor) {
  return {
    type: "rect", x0, x1, y0, y1, xref: "x", yref: "paper", fillcolor, line: { width: 0 },
    layer: "below",
  };
}

function describe(person, voice) {
  const face = person
    ? `Probabilities of seven facial expressions of person ${person.id} over time`
    : "No face was found";
  return `${face}${voice ? "; pitch and level of the voice below, speech shaded" : ""}.`;
}
