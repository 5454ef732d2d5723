// A report on the page: the recording, the moment, the charts, the facts.

import { Charts } from "./charts.js";
import { fillFacts, fillLegacy, fillModels, fillPeople, fillWarnings } from "./facts.js";
import { describeReference, fillIndicators } from "./indicators.js";
import { showMoment } from "./moment.js";
import { faceSeries } from "./series.js";
import { hideSmall, showSmall } from "./small.js";
import { fillVoiceFacts } from "./voice.js";

const $ = (id) => document.getElementById(id);

const CANNOT_PLAY = "This browser cannot play the file. The result holds all the same: click into the "
  + "timeline to choose a moment.";
const ONLY_SOUND = "This browser plays only the sound of this file. The result holds all the same.";

const video = $("video");
const charts = new Charts((timeS) => {
  seek(timeS);
  showSmall();
});

let shown = null;
let url = null;

video.addEventListener("error", () => {
  if (!shown) return;
  $("screen").hidden = true;
  $("scrub-choice").hidden = false;
  $("no-video").textContent = CANNOT_PLAY;
  $("no-video").hidden = false;
});
video.addEventListener("loadedmetadata", () => {
  const isSoundOnly = video.videoWidth === 0;
  $("screen").classList.toggle("sound-only", isSoundOnly);
  $("no-video").textContent = ONLY_SOUND;
  $("no-video").hidden = !isSoundOnly;
});
for (const name of ["timeupdate", "seeking", "loadedmetadata"]) {
  video.addEventListener(name, () => moveTo(video.currentTime));
}
video.addEventListener("play", follow);
new ResizeObserver(() => shown && moveTo(shown.timeS)).observe(video);
$("person").addEventListener("change", () => choosePerson(Number($("person").value)));
$("scrub").addEventListener("input", () => seek(Number($("scrub").value)));
$("download").addEventListener("click", download);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  if (shown) charts.redraw();
});

/** Show an answer of /analyze-video/ beside the file it is about. */
export function showResult(answer, file) {
  const { report } = answer;
  shown = { report, person: null, frames: null, timeS: 0 };
  url = URL.createObjectURL(file);
  $("screen").hidden = false;
  $("screen").classList.remove("sound-only");
  $("scrub-choice").hidden = true;
  $("no-video").hidden = true;
  video.src = url;
  $("limits").textContent = report.limits;
  fillWarnings($("warnings"), report);
  fillPeople($("person"), report.people);
  $("person-choice").hidden = report.people.length < 2;
  fillIndicators($("indicators"), report.indicators);
  $("reference").textContent = describeReference(report.indicators);
  fillVoiceFacts($("voice-facts"), report);
  $("voice-card").hidden = !report.voice;
  fillModels($("models"), report.models);
  fillLegacy($("legacy"), answer);
  $("result").hidden = false;
  charts.begin(report);
  $("scrub").max = charts.endS.toFixed(1);
  choosePerson(report.people.find((person) => person.is_main)?.id);
  $("result-title").focus({ preventScroll: true });
  $("result").scrollIntoView({ block: "start" });
}

export function clearResult() {
  $("result").hidden = true;
  if (!shown) return;
  shown = null;
  video.removeAttribute("src");
  video.load();
  URL.revokeObjectURL(url);
  hideSmall();
  charts.clear();
}

function choosePerson(id) {
  const { report } = shown;
  shown.person = report.people.find((person) => person.id === id) ?? null;
  shown.frames = faceSeries(report, shown.person);
  charts.draw(report, shown.person, shown.frames);
  fillFacts($("facts"), report, shown.person);
  moveTo(shown.timeS);
}

function seek(timeS) {
  if (!shown) return;
  if (!$("screen").hidden) video.currentTime = timeS;
  moveTo(timeS);
}

function follow() {
  if (!shown || video.paused || video.ended) return;
  moveTo(video.currentTime);
  requestAnimationFrame(follow);
}

function moveTo(timeS) {
  if (!shown) return;
  shown.timeS = timeS;
  charts.moveTo(timeS);
  $("scrub").value = timeS;
  $("scrub").setAttribute("aria-valuetext", `${timeS.toFixed(1)} seconds`);
  showMoment(shown, timeS, video);
}

function download() {
  const blob = new Blob([JSON.stringify(shown.report, null, 1)], { type: "application/json" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = "evolvisense-report.json";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
