// The overview of a result: thin rows over one time axis, drawn on canvas, with what they say at the
// cursor.

import { el } from "../shared/dom.js";
import { onTheme } from "../shared/theme.js";
import { percent, signedText, whyAbsent, whyNoVoice } from "../shared/words.js";
import { listenTo } from "./gestures.js";
import * as paint from "./overview_paint.js";
import { OTHER_PERSON, SOMEBODY, THIS_PERSON } from "./strips.js";
import { EMOTIONS } from "./types.js";

/**
 * @typedef {import("./types.js").Summary} Summary
 * @typedef {import("./types.js").PersonSummary} PersonSummary
 * @typedef {import("./types.js").Moment} Moment
 * @typedef {import("./strips.js").Strips} Strips
 *
 * @typedef {import("../shared/marks.js").Mark} Mark
 *
 * @typedef {object} Row
 * @property {string} name of the strip
 * @property {string} title
 * @property {(paper: import("./overview_paint.js").Paper, strips: Strips) => void} draw
 * @property {(about: Summary, person: PersonSummary|null) => string|null} absent why it is empty
 */

const WITHHELD = "withheld on request";
const NOT_SHOWN = "";
/** So little speech of somebody else beside that of the only person is not explained. */
const LITTLE = 0.1;
/** So near to a mark the cursor is at it, seconds. */
const NEAR_S = 0.05;

/** @type {Row[]} */
const ROWS = [
  {
    name: "expression", title: "Expression", draw: paint.paintExpression,
    absent: ({ media }, person) => {
      if (person) return person.hasExpression ? null : WITHHELD;
      return media.video ? "no face was found" : NOT_SHOWN;
    },
  },
  {
    name: "speech", title: "Speech", draw: paint.paintSpeech,
    absent: ({ voice, voice_absent_reason: why }) => (voice ? null : `no voice: ${whyNoVoice(String(why))}`),
  },
  {
    name: "smile", title: "Smile", draw: paint.paintSmile,
    absent: (about, person) => ofFace(about, person, person?.measures.smile_mean ?? null, person?.smile_absent_reason),
  },
  {
    name: "blinks", title: "Blinks", draw: paint.paintBlinks,
    absent: (about, person) => ofFace(about, person, person?.blinks ?? null, person?.blinks_absent_reason),
  },
  { name: "pitch", title: "Pitch", draw: paint.paintPitch, absent: ofSpeech },
  { name: "loudness", title: "Loudness", draw: paint.paintLoudness, absent: ofSpeech },
  { name: "marks", title: "Marks", draw: () => undefined, absent: () => NOT_SHOWN },
  { name: "time", title: "", draw: paint.paintTime, absent: () => null },
];

/** The rows in `root`, for one person at a time. */
export class Overview {
  /** @type {PersonSummary|null} */
  #person = null;

  /** @type {Strips|null} */
  #strips = null;

  /** @type {import("./overview_paint.js").Colours} */
  #colours = {};

  #isClosed = false;

  /** @type {Mark[]} */
  #marks = [];

  /** @type {{startS: number, endS: number}|null} */
  #band = null;

  #asked = 0;

  /**
   * @param {HTMLElement} root
   * @param {Summary} summary
   * @param {import("./reader.js").ReportReader} reader
   * @param {import("./axis.js").TimeAxis} axis
   */
  constructor(root, summary, reader, axis) {
    this.root = root;
    this.summary = summary;
    this.reader = reader;
    this.axis = axis;
    this.rows = ROWS.map((row) => ({
      ...row,
      canvas: el("canvas", { class: "strip-canvas", "aria-hidden": "true" }),
      scale: el("small", { class: "figures" }),
      why: el("span", { class: "strip-why muted", hidden: true }),
      value: el("span", { class: "strip-value figures" }),
      element: /** @type {HTMLElement|null} */ (null),
    }));
    this.legend = el("p", { class: "strip-legend" });
    this.speakers = el("p", { class: "strip-legend", hidden: true });
    this.cursor = el("div", { class: "cursor overview-cursor" });
    this.bandElement = el("div", { class: "band", hidden: true });
    root.replaceChildren(...this.rows.map((row) => {
      row.element = el("div", { class: `strip strip-${row.name}`, "data-strip": row.name },
        el("span", { class: "strip-name" }, row.title, row.scale), row.canvas, row.why, row.value,
        row.name === "expression" ? this.legend : row.name === "speech" ? this.speakers : null);
      return row.element;
    }), this.bandElement, this.cursor);
    listenTo(root, axis, () => this.#area());
    this.resizing = new ResizeObserver(() => void this.#refresh());
    this.resizing.observe(root);
    this.onMoved = () => this.#placeCursor();
    this.onZoomed = () => void this.#refresh();
    axis.moved.add(this.onMoved);
    axis.zoomed.add(this.onZoomed);
    this.stopTheme = onTheme(() => this.#paint());
  }

  /** @param {PersonSummary|null} person */
  choose(person) {
    this.#person = person;
    for (const { element, canvas, why, absent, name } of this.rows) {
      if (name === "marks") continue;
      const reason = absent(this.summary, person);
      if (element) element.hidden = reason === NOT_SHOWN;
      canvas.hidden = reason !== null;
      why.hidden = reason === null;
      why.textContent = reason ?? "";
    }
    this.#fillLegend();
    void this.#refresh();
  }

  /** @param {Mark[]} marks that have a row of their own */
  showMarks(marks) {
    this.#marks = marks;
    const row = this.rows.find(({ name }) => name === "marks");
    if (row?.element) row.element.hidden = !marks.length;
    this.#paint();
  }

  /** @param {{startS: number, endS: number}|null} spot a stretch to set apart in all rows */
  band(spot) {
    this.#band = spot;
    this.#placeCursor();
  }

  /**
   * What the rows say at the cursor.
   * @param {Moment} moment
   */
  show(moment) {
    const here = moment.people.find(({ id }) => id === this.#person?.id) ?? null;
    const { voice } = moment;
    const said = {
      expression: expressionAt(here),
      speech: voice?.isRead ? speakerAt(moment, this.#person) : "",
      smile: typeof here?.smile === "number" ? percent(here.smile) : "",
      blinks: typeof here?.eyeOpenness === "number" && here.eyeOpenness < 0.5 ? "eyes closed" : "",
      pitch: typeof voice?.f0Hz === "number" ? `${Math.round(voice.f0Hz)} Hz` : "",
      marks: this.#marks.filter(({ startS, endS }) => moment.timeS >= startS - NEAR_S && moment.timeS <= endS + NEAR_S)
        .map(({ note }) => note || "marked").join("; "),
      loudness: typeof voice?.levelDbfs === "number" ? `${signedText(voice.levelDbfs)} dBFS` : "",
    };
    for (const { name, value } of this.rows) {
      value.textContent = said[/** @type {keyof typeof said} */ (name)] ?? "";
    }
  }

  close() {
    this.#isClosed = true;
    this.resizing.disconnect();
    this.stopTheme();
    this.axis.moved.delete(this.onMoved);
    this.axis.zoomed.delete(this.onZoomed);
  }

  async #refresh() {
    const bins = this.#canvas()?.clientWidth ?? 0;
    if (!bins || this.#isClosed) return;
    const turn = ++this.#asked;
    const [fromS, toS] = this.axis.range;
    const strips = await this.reader.strips({ personId: this.#person?.id ?? null, fromS, toS, bins });
    if (!strips || this.#isClosed || turn !== this.#asked) return;
    this.#strips = strips;
    this.#paint();
    this.root.dataset.drawn = `${fromS.toFixed(2)} ${toS.toFixed(2)} ${this.#person?.id ?? ""}`;
  }

  #paint() {
    if (!this.#strips) return;
    this.#colours = paint.coloursOf(this.root);
    for (const { canvas, draw, element, name } of this.rows) {
      if (canvas.hidden || element?.hidden) continue;
      const paper = paint.paperOf(canvas, this.#colours);
      if (!paper) continue;
      if (name === "marks") paint.paintMarks(paper, this.#marks, this.axis.range);
      else draw(paper, this.#strips);
    }
    this.#fillScales(this.#strips);
    this.#fillSpeakers(this.#strips);
    this.#placeCursor();
  }

  #fillLegend() {
    const answer = this.summary.summary?.people.find(({ person_id: id }) => id === this.#person?.id);
    const shares = answer?.expressions.shares;
    this.legend.hidden = !this.#person?.hasExpression;
    if (!answer || !this.#person) return;
    const named = shares ? EMOTIONS.filter((name) => shares[name] >= 0.005)
      .sort((a, b) => shares[b] - shares[a])
      .map((name) => el("span", { class: "key", "data-emotion": name }, `${name} ${percent(shares[name])}`)) : [];
    const unread = 1 - answer.readable_share;
    this.legend.replaceChildren(...named, ...(unread >= 0.005
      ? [el("span", { class: "key key-hatched" }, `not readable ${percent(unread)} of the time`)] : []));
  }

  /** @param {Strips} strips */
  #fillScales({ f0Range, levelRange }) {
    const texts = {
      pitch: f0Range && `${Math.round(f0Range[0])}\u2013${Math.round(f0Range[1])} Hz`,
      loudness: levelRange && `${signedText(levelRange[0])} to ${signedText(levelRange[1])} dB`,
    };
    for (const { name, scale } of this.rows) scale.textContent = texts[/** @type {keyof typeof texts} */ (name)] ?? "";
  }

  /** @param {Strips} strips */
  #fillSpeakers({ speech }) {
    const count = (/** @type {number} */ code) => speech.filter((one) => one === code).length;
    const occurs = (/** @type {number} */ code) => count(code) > 0;
    const several = this.summary.people.length > 1;
    const isPlain = !several && count(SOMEBODY) <= LITTLE * count(THIS_PERSON);
    this.speakers.hidden = !this.summary.voice || !this.#person || isPlain || !(occurs(OTHER_PERSON) || occurs(SOMEBODY));
    this.speakers.replaceChildren(
      ...(occurs(THIS_PERSON) ? [el("span", { class: "key key-this" }, several ? `person ${this.#person?.id} speaks` : "this person speaks")] : []),
      ...(occurs(OTHER_PERSON) ? [el("span", { class: "key key-other" }, "another person speaks")] : []),
      ...(occurs(SOMEBODY) ? [el("span", { class: "key key-somebody" }, "speech, speaker not seen")] : []));
  }

  #canvas() {
    return this.rows.find(({ name }) => name === "time")?.canvas ?? null;
  }

  /** Where time is drawn, in pixels of the root. */
  #area() {
    const canvas = /** @type {HTMLCanvasElement} */ (this.#canvas());
    const outer = this.root.getBoundingClientRect();
    const box = canvas.getBoundingClientRect();
    return { left: box.left - outer.left, right: box.right - outer.left, top: 0, bottom: outer.height };
  }

  #placeCursor() {
    const [from, to] = this.axis.range;
    const share = (this.axis.timeS - from) / (to - from);
    this.cursor.hidden = !(share >= 0 && share <= 1);
    const { left, right, bottom } = this.#area();
    this.cursor.style.height = `${bottom}px`;
    this.cursor.style.transform = `translate(${left + share * (right - left)}px, 0)`;
    this.#placeBand({ left, right, bottom }, from, to);
  }

  /**
   * @param {{left: number, right: number, bottom: number}} area
   * @param {number} from
   * @param {number} to
   */
  #placeBand({ left, right, bottom }, from, to) {
    const band = this.bandElement;
    band.hidden = !this.#band || this.#band.endS < from || this.#band.startS > to;
    if (!this.#band || band.hidden) return;
    const [x, end] = [this.#band.startS, this.#band.endS].map((timeS) => (
      left + ((Math.min(Math.max(timeS, from), to) - from) / (to - from)) * (right - left)));
    band.style.cssText = `left:${x}px;width:${Math.max(end - x, 2)}px;height:${bottom}px`;
  }
}

/**
 * Rows of the voice are there where speech was heard.
 * @param {Summary} summary
 */
function ofSpeech({ voice }) {
  return voice?.measures.speech_s ? null : NOT_SHOWN;
}

/**
 * Why a row of the face is empty; null where it is not, empty where it is not shown at all.
 * @param {Summary} summary
 * @param {PersonSummary|null} person
 * @param {unknown} value
 * @param {string|null|undefined} code
 */
function ofFace({ options }, person, value, code) {
  if (!person) return NOT_SHOWN;
  return value === null ? `cannot tell: ${whyAbsent(code ?? "sampled_too_slowly", options.frame_skip)}` : null;
}

/** @param {import("./types.js").PersonMoment|null} here */
function expressionAt(here) {
  if (!here) return "";
  if (!here.isSeen) return "not seen";
  if (!here.probabilities) return "";
  if (here.uncertain) return "not readable";
  const [best, share] = Object.entries(here.probabilities).sort((a, b) => b[1] - a[1])[0];
  return `${best} ${percent(share)}`;
}

/**
 * @param {Moment} moment
 * @param {PersonSummary|null} person
 */
function speakerAt({ people, voice }, person) {
  const speakers = people.filter(({ speaking }) => speaking === "yes");
  if (speakers.some(({ id }) => id === person?.id)) return "speaks";
  if (speakers.length) return `person ${speakers[0].id} speaks`;
  return voice?.isSpeech ? "speech" : "silent";
}

