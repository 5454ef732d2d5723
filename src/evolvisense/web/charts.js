// The charts of a result: which are there, and what the notes beside them say.

import { actionsOf, describeActions, fillChoice, heatMapOf, markPicked, mostMoving } from "./actions.js";
import { Chart, TimeAxis } from "./chart.js";
import { fillFaceFacts } from "./facts.js";
import { describeFace, faceOf } from "./face.js";
import { EMOTIONS, endOf } from "./series.js";
import { describeTimeline, timelineOf } from "./timeline.js";
import { round, whyNoVoice } from "./words.js";

const $ = (id) => document.getElementById(id);

/** All charts of a result over one axis; `seek(time_s)` is called on a click into any of them. */
export class Charts {
  constructor(seek) {
    this.axis = new TimeAxis(seek);
    this.timeline = new Chart($("timeline"), this.axis);
    this.face = new Chart($("face"), this.axis);
    this.actions = new Chart($("actions"), this.axis);
    this.shown = null;
    this.picked = null;
    $("actions-most").addEventListener("click", () => this.#pick(null));
  }

  get endS() {
    return this.axis.endS;
  }

  /** A new report: all of its time, and the actions that move most. */
  begin(report) {
    this.axis.begin(endOf(report));
    this.picked = null;
  }

  /** Draw one person of the report. */
  draw(report, person, frames) {
    this.shown = { report, person, frames };
    fillLegend($("timeline-legend"), person?.timeline.probabilities ? EMOTIONS : []);
    this.timeline.draw(timelineOf(report, person, frames, this.endS), describeTimeline(report, person));
    $("timeline-note").textContent = timelineNote(report, person, frames);
    this.#drawFace();
    fillChoice($("actions-choice"), person, (names) => this.#pick(names));
    this.#drawActions();
  }

  redraw() {
    const { report, person, frames } = this.shown;
    this.draw(report, person, frames);
  }

  moveTo(timeS) {
    this.axis.moveTo(timeS);
  }

  clear() {
    this.axis.clear();
  }

  #drawFace() {
    const { report, person, frames } = this.shown;
    const chart = faceOf(report, person, frames, this.endS);
    $("face-card").hidden = !person;
    $("face-wrap").hidden = !chart;
    if (person) fillFaceFacts($("face-facts"), report, person);
    if (chart) this.face.draw(chart, describeFace(person));
  }

  #drawActions() {
    const { person, frames } = this.shown;
    const known = actionsOf(person);
    $("actions-card").hidden = !known.length;
    if (!known.length) return;
    const names = this.picked ?? mostMoving(person);
    $("actions-count").textContent = `${names.length} of ${known.length} shown`;
    $("actions-most").disabled = this.picked === null;
    markPicked($("actions-choice"), names);
    const chart = heatMapOf(person, names, frames, this.endS);
    $("actions-wrap").hidden = !chart;
    if (chart) this.actions.draw(chart, describeActions(person, names));
  }

  #pick(names) {
    this.picked = names;
    this.#drawActions();
  }
}

function fillLegend(list, emotions) {
  list.replaceChildren(...emotions.map((emotion) => {
    const item = document.createElement("li");
    item.style.setProperty("--colour", `var(--${emotion})`);
    item.textContent = emotion;
    return item;
  }));
}

function timelineNote(report, person, { x, stepS }) {
  const isUncertain = person?.timeline.probabilities && person.timeline.uncertain.some((code) => code);
  return [
    person ? `Faces: one value every ${round(stepS, 2)} s; gaps are moments without this face.` : "",
    isUncertain ? "Hatched: the expression should not be read." : "",
    report.voice ? "Shaded: speech." : `No voice: ${whyNoVoice(report.voice_absent_reason)}.`,
  ].join(" ");
}
