// One report on the page: what moves with the time, and what is chosen.

import { $, el, fillTable } from "../shared/dom.js";
import { cannotTell, percent, whyNoVoice } from "../shared/words.js";
import { fillActions } from "./actions_choice.js";
import { fillAnswer, fillMoments, fillPeople, showNotice } from "./answer.js";
import { listenForFile } from "./attach.js";
import { TimeAxis } from "./axis.js";
import { prepareBaseline } from "./baseline.js";
import { commandsOf } from "./commands.js";
import { fillExports } from "./exports.js";
import { nameOf, whenOf } from "./history.js";
import { fillKeys, listenToKeys } from "./keys.js";
import { fillLegacy } from "./legacy.js";
import { asReported, Marks } from "../shared/marks.js";
import { prepareBars, showMoment } from "./moment_card.js";
import { clearOverlay, drawOverlay, placeFaces } from "./overlay.js";
import { Overview } from "./overview.js";
import { INTO_FRAME_S, Player } from "./player.js";
import { Plots } from "./plots.js";
import { listenForRemoval } from "./remove.js";
import { fillIndicators } from "./scores.js";
import { Spots } from "./spots.js";
import { prepareTabs } from "./tabs.js";
import { faceTiles, fillTiles, recordingTiles, voiceTiles } from "./tiles.js";
import { prepareTools } from "./tools.js";
import { fillWarnings } from "./warnings.js";

/**
 * @typedef {import("./types.js").Summary} Summary
 * @typedef {import("./types.js").Moment} Moment
 *
 * @typedef {object} ShownOptions
 * @property {import("./attach.js").Analysis} analysis
 * @property {Summary} summary
 * @property {import("./reader.js").ReportReader} reader
 * @property {string} fileName without ending
 * @property {AbortSignal} signal aborts when the view is left
 * @property {import("./spots.js").Spot|null} [spot] what to show first
 * @property {boolean} [isExample] whether the server knows no such analysis
 */

/** @type {Record<string, string>} */
const WHY_NO_VIDEO = {
  none: "The video is not in this browser any more. Choose the file again to see it here, or go on without it.",
  unplayable: "This browser cannot play the file. The result holds all the same.",
  sound: "This browser plays only the sound of this file. The result holds all the same.",
  picture: "",
};

/** Fills the view's markup; `close()` stops what runs. */
export class Shown {
  /** @type {Moment|null} */
  #moment = null;

  /** @param {ShownOptions} options */
  constructor({ analysis, summary, reader, fileName, signal, spot = null, isExample = false }) {
    this.analysis = analysis;
    this.isExample = isExample;
    this.summary = summary;
    this.reader = reader;
    this.signal = signal;
    this.person = summary.people.find(({ is_main: isMain }) => isMain) ?? null;
    this.axis = new TimeAxis(summary.endS, (timeS) => {
      this.spots.leaveLoop(timeS);
      this.player.seek(timeS);
    });
    this.player = new Player($("video"), {
      onTime: (timeS) => this.#moveTo(timeS),
      onKind: (kind) => this.#showKind(kind),
    });
    this.overview = new Overview($("overview"), summary, reader, this.axis);
    this.plots = new Plots($("plots"), analysis.id, this.axis, {
      limits: summary.limits, fileName, caption: `${nameOf(analysis)}, analysed ${whenOf(analysis)}`,
    });
    this.marks = new Marks(analysis.id, signal);
    this.spots = new Spots(this, signal);
    this.spot = spot;
    reader.onMoment = (moment) => this.#show(moment);
    this.resizing = new ResizeObserver(() => this.#draw());
    this.resizing.observe($("picture-overlay"));
    this.#fill(fileName);
    this.#listen();
    this.#choose(this.person?.id ?? null);
  }

  /** @param {Blob|null} blob the video, where this browser has it */
  load(blob) {
    this.player.load(blob);
    this.#moveTo(0);
    if (this.spot) this.spots.go(this.spot);
  }

  /** @param {-1|1} way to the analysed picture before or after */
  step(way) {
    const timeS = way < 0 ? this.#moment?.previousS : this.#moment?.nextS;
    if (typeof timeS !== "number") return;
    this.player.pause();
    this.player.seek(timeS + INTO_FRAME_S);
  }

  /** @param {number} byS */
  skip(byS) {
    this.axis.seek(this.player.timeS + byS);
  }

  close() {
    this.player.close();
    this.overview.close();
    this.plots.close();
    clearOverlay($("picture-overlay"), $("faces"));
    this.resizing.disconnect();
  }

  /** @param {string} fileName */
  #fill(fileName) {
    const { summary } = this;
    fillWarnings($("result-warnings"), summary);
    fillIndicators(summary);
    showNotice(summary.limits);
    fillMoments(summary, (startS, endS) => this.spots.go({ startS, endS }));
    $("person").replaceChildren(...summary.people.map(({ id, is_main: isMain, share_of_frames: share }) => (
      el("option", { value: String(id), selected: isMain }, `${id}${isMain ? " (main)" : ""}, seen in ${percent(share)}`))));
    $("person-choice").hidden = summary.people.length < 2;
    $("face-card").hidden = !summary.people.length;
    $("voice-tiles").hidden = !summary.voice;
    $("voice-absent").hidden = Boolean(summary.voice);
    $("voice-absent").textContent = cannotTell(whyNoVoice(String(summary.voice_absent_reason)));
    if (summary.voice) fillTiles($("voice-tiles"), voiceTiles(summary.voice, Boolean(summary.withheld)));
    fillTable($("models"), ["Name", "Version", "Licence"], summary.models.map((m) => [m.id, m.version, m.licence]));
    $("producer").textContent = `Written by ${summary.producer.name} ${summary.producer.version}.`;
    void fillLegacy(summary.v1, summary.limits);
    fillExports($("export-list"), $("export-status"), this.analysis, fileName, () => asReported(this.marks.list, summary.originS));
    $("export-status").textContent = "";
    $("scrub").max = summary.endS.toFixed(2);
    $("layer-landmarks").disabled = !summary.people.some(({ hasLandmarks }) => hasLandmarks);
    $("layer-landmarks").checked = false;
    $("layer-note").textContent = $("layer-landmarks").disabled && summary.people.length
      ? "Landmarks were not kept: choose them before the analysis." : "";
    prepareBars();
    if (!this.isExample) void prepareBaseline(this.analysis.id, this.analysis.created_at, this.signal);
  }

  #listen() {
    const { signal } = this;
    prepareTabs($("result-tabs"), signal);
    prepareTools(this.axis, this.plots, signal);
    listenForRemoval(this.analysis.id, signal);
    listenForFile(this.analysis, (blob) => this.player.load(blob), signal);
    $("person").addEventListener("change", () => this.#choose(Number($("person").value)), { signal });
    $("scrub").addEventListener("input", () => this.axis.seek(Number($("scrub").value)), { signal });
    for (const id of ["layer-boxes", "layer-landmarks"]) {
      $(id).addEventListener("change", () => this.#draw(), { signal });
    }
    const commands = commandsOf(this);
    fillKeys($("keys-table"), commands);
    listenToKeys(commands, signal);
    $("keys-open").addEventListener("click", () => $("keys").showModal(), { signal });
  }

  /** @param {number|null} id */
  #choose(id) {
    const { summary } = this;
    this.person = summary.people.find((person) => person.id === id) ?? null;
    fillAnswer(summary, this.person);
    fillPeople(summary, id, (chosen) => this.#choose(chosen));
    if (id !== null) $("person").value = String(id);
    this.overview.choose(this.person);
    this.plots.personId = id;
    this.plots.actions = null;
    fillActions(this.person?.actions ?? [], (names) => {
      this.plots.actions = names;
      this.plots.redrawOne("actions");
    });
    if (this.person) fillTiles($("face-tiles"), faceTiles(summary, this.person));
    fillTiles($("recording-tiles"), recordingTiles(summary, this.person));
    this.plots.redraw();
    if (this.#moment) this.#show(this.#moment);
  }

  /** @param {number} timeS */
  #moveTo(timeS) {
    this.axis.moveTo(timeS);
    $("scrub").value = String(timeS);
    $("scrub").setAttribute("aria-valuetext", `${timeS.toFixed(1)} seconds`);
    this.reader.ask(timeS);
  }

  /** @param {Moment} moment */
  #show(moment) {
    this.#moment = moment;
    showMoment(moment, this.person);
    this.overview.show(moment);
    this.#draw();
  }

  #draw() {
    const { video } = this.summary.media;
    if (this.player.kind !== "picture" || video === null) {
      clearOverlay($("picture-overlay"), $("faces"));
      return;
    }
    const people = this.#moment?.people ?? [];
    drawOverlay($("picture-overlay"), people, video, {
      personId: this.person?.id ?? null,
      boxes: $("layer-boxes").checked,
      landmarks: $("layer-landmarks").checked,
    });
    // With one person there is nothing to choose, and a click on the video plays it.
    placeFaces($("faces"), this.summary.people.length > 1 ? people : [], video, (id) => this.#choose(id));
  }

  /** @param {"picture"|"sound"|"none"|"unplayable"} kind */
  #showKind(kind) {
    const plays = kind === "picture" || kind === "sound";
    $("screen").hidden = !plays;
    $("screen").classList.toggle("sound-only", kind === "sound");
    $("layers").hidden = kind !== "picture";
    $("scrub-choice").hidden = plays;
    $("attach").hidden = kind === "picture";
    $("attach-why").textContent = WHY_NO_VIDEO[kind];
    $("attach").querySelector("label").hidden = kind === "sound";
    this.#draw();
  }
}
