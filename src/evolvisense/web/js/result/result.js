// The result view: one analysis with its video, plots, numbers and files.

import { api, hasEnded } from "../shared/api.js";
import { $ } from "../shared/dom.js";
import { keyHeaders } from "../shared/keys.js";
import { asProblem, Problem, problemOf } from "../shared/problem.js";
import * as recordings from "../shared/recordings.js";
import { fileNameOf, itemOfAnalysis, nameOf, whenOf } from "./history.js";
import { ReportReader } from "./reader.js";
import { Shown } from "./shown.js";
import { spotOf } from "./spots.js";

/** @typedef {import("./attach.js").Analysis} Analysis */

/** The prepared example: its report and video come with the page, nothing is analysed. */
const EXAMPLE = { report: "/static/sample/report.json", video: "/static/sample/sample.webm" };
const ABOUT_EXAMPLE = "Made for this page: a portrait by NASA (public domain) whose head, eyelids and mouth are "
  + "moved by software, with a computer voice. The person did not speak or smile like this. Recordings of your own have detail plots and exports, too.";

/**
 * Show the analysis `params.id`; waits until it has ended. Without an id, the example. `params.t` is
 * what to show of it, such as `83-91`.
 * @param {HTMLElement} root
 * @param {Record<string, string>} params
 * @returns {Promise<() => void>} ends the view. Throws Problem.
 */
export async function show(root, { id, t }) {
  const leaving = new AbortController();
  const { signal } = leaving;
  $("result-body").hidden = true;
  $("result-wait").hidden = false;
  $("result-title").textContent = "Result";
  $("result-facts").textContent = "";
  root.dataset.kind = id ? "analysis" : "example";
  say("Fetching the result\u2026", null);
  const spot = spotOf(t);
  if (!id) return showExample(root, leaving, spot);
  /** @type {Analysis} */
  const analysis = await api.get(`/v1/analyses/${id}`, { signal });
  head(analysis);
  const reader = new ReportReader();
  /** @type {Shown|null} */
  let shown = null;
  const fill = async (/** @type {Analysis} */ ended) => {
    if (ended.error) throw new Problem({ ...ended.error });
    if (ended.state !== "succeeded") throw new Problem({ code: ended.state, detail: "there is no result" });
    say("Reading the report\u2026", null);
    const summary = await reader.open(`/v1/analyses/${id}/report?format=json`, keyHeaders())
      .catch((problem) => { throw problemOf(problem.status, problem); });
    const recording = await recordings.get(id);
    if (signal.aborted) return;
    $("result-body").hidden = false; // plots are as wide as they are shown
    $("result-wait").hidden = true;
    shown = new Shown({ analysis: ended, summary, reader, fileName: fileNameOf(ended), signal, spot });
    shown.load(recording?.blob ?? null);
    root.dataset.ready = id;
  };
  if (hasEnded(analysis.state)) await fill(analysis);
  else void waitFor(analysis, signal).then(fill).catch((error) => signal.aborted || say(asProblem(error).detail, 0));
  return () => {
    leaving.abort();
    reader.close();
    shown?.close();
    delete root.dataset.ready;
  };
}

/**
 * @param {HTMLElement} root
 * @param {AbortController} leaving
 * @param {import("./spots.js").Spot|null} spot
 * @returns {Promise<() => void>} ends the view. Throws Problem.
 */
async function showExample(root, leaving, spot) {
  const { signal } = leaving;
  $("result-title").textContent = "Example";
  $("result-facts").textContent = ABOUT_EXAMPLE;
  const reader = new ReportReader();
  const [summary, video] = await Promise.all([
    reader.open(EXAMPLE.report, {}).catch((problem) => { throw problemOf(problem.status, problem); }),
    api.blob(EXAMPLE.video),
  ]);
  $("result-body").hidden = false;
  $("result-wait").hidden = true;
  const analysis = /** @type {Analysis} */ ({
    id: "example", state: "succeeded", created_at: new Date().toISOString(), options: {}, links: {},
  });
  const shown = new Shown({ analysis, summary, reader, fileName: "example", signal, spot, isExample: true });
  shown.load(video);
  root.dataset.ready = "example";
  return () => {
    leaving.abort();
    reader.close();
    shown.close();
    delete root.dataset.ready;
  };
}

/**
 * @param {Analysis} analysis
 * @param {AbortSignal} signal
 * @returns {Promise<Analysis>} as it ended
 */
async function waitFor(analysis, signal) {
  let last = analysis;
  await api.follow(`/v1/analyses/${analysis.id}/events`, (now) => {
    last = /** @type {Analysis} */ (now);
    say(`${now.state === "queued" ? "Waiting for its turn" : "Being analysed"}: ${Math.round(now.percent)} %`, now.percent);
  }, signal);
  return last;
}

/** @param {Analysis} analysis */
function head(analysis) {
  $("result-title").textContent = nameOf(analysis);
  const until = analysis.expires_at
    ? `Report is kept until ${whenOf({ ...analysis, created_at: analysis.expires_at })}` : "";
  // A title without a file name says the time already.
  const when = itemOfAnalysis(analysis.id) ? `Analysed ${whenOf(analysis)}` : "";
  $("result-facts").textContent = [when, until].filter(Boolean).join(" \u00b7 ");
  $("compare-link").href = `#/compare/${analysis.id}`;
}

/**
 * @param {string} text
 * @param {number|null} percent null: not known
 */
function say(text, percent) {
  $("result-wait-text").textContent = text;
  if (percent === null) $("result-wait-progress").removeAttribute("value");
  else $("result-wait-progress").value = percent;
}
