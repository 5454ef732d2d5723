// A report on the page: the recording, the moment, the timeline, the facts.

import { EMOTIONS, faceSeries, nearest, originOf } from "./series.js";
import { Timeline } from "./timeline.js";

const $ = (id) => document.getElementById(id);

const NO_VOICE = {
  no_audio_stream: "the file has no sound",
  audio_not_decodable: "its sound cannot be decoded",
  not_wanted: "not asked for",
};

const CANNOT_PLAY = "This browser cannot play the file. The result holds all the same: click into the "
  + "timeline to choose a moment.";
const ONLY_SOUND = "This browser plays only the sound of this file. The result holds all the same.";

const video = $("video");
const timeline = new Timeline($("timeline"), $("cursor"), seek);

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
  if (shown) timeline.draw(shown.report, shown.person);
});

/** Show an answer of /analyze-video/ beside the file it is about. */
export function showResult(answer, file) {
  const { report } = answer;
  shown = { answer, report, person: null, frames: null, timeS: 0 };
  url = URL.createObjectURL(file);
  $("screen").hidden = false;
  $("screen").classList.remove("sound-only");
  $("scrub-choice").hidden = true;
  $("no-video").hidden = true;
  video.src = url;
  $("limits").textContent = report.limits;
  fillWarnings(report);
  fillPeople(report.people);
  fillModels(report.models);
  fillLegacy(answer);
  $("result").hidden = false;
  const main = report.people.find((person) => person.is_main);
  choosePerson(main?.id);
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
  timeline.clear();
}

function choosePerson(id) {
  const { report } = shown;
  shown.person = report.people.find((person) => person.id === id) ?? null;
  shown.frames = faceSeries(report, shown.person);
  timeline.draw(report, shown.person);
  $("scrub").max = timeline.endS.toFixed(1);
  fillFacts(report, shown.person);
  const analysed = shown.frames.x.length;
  $("timeline-note").textContent = [
    analysed ? `Faces: one value every ${round(shown.frames.stepS, 2)} s; gaps are moments without this face.` : "",
    report.voice ? "Shaded: speech." : `No voice: ${NO_VOICE[report.voice_absent_reason]}.`,
  ].join(" ");
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
  timeline.moveTo(timeS);
  $("scrub").value = timeS;
  $("scrub").setAttribute("aria-valuetext", `${timeS.toFixed(1)} seconds`);
  $("now-time").textContent = `${timeS.toFixed(1)} s`;
  const row = faceRowAt(timeS);
  fillBars(row);
  placeBox(row);
  fillMoment(timeS);
}

/** Row of the person at a time: a number, null where the face is not there, undefined unread. */
function faceRowAt(timeS) {
  const { x, row, stepS } = shown.frames;
  const i = nearest(x, timeS);
  return i < 0 || Math.abs(x[i] - timeS) > stepS ? undefined : row[i];
}

function fillBars(row) {
  const note = { undefined: "Faces were not read here.", null: "This face is not seen here." };
  $("now-note").textContent = row === undefined || row === null
    ? (shown.report.people.length ? note[String(row)] : "No face was found.") : "Probability of each facial expression";
  $("now-bars").classList.toggle("empty", row === undefined || row === null);
  if (!$("now-bars").children.length) {
    $("now-bars").append(...EMOTIONS.map((emotion) => {
      const line = document.createElement("div");
      line.style.setProperty("--colour", `var(--${emotion})`);
      line.innerHTML = "<dt></dt><dd class='bar'><span></span></dd><dd class='value'></dd>";
      line.firstChild.textContent = emotion;
      return line;
    }));
  }
  [...$("now-bars").children].forEach((line, i) => {
    const value = typeof row === "number" ? shown.person.timeline.probabilities[EMOTIONS[i]][row] : null;
    line.querySelector("span").style.width = `${(value ?? 0) * 100}%`;
    line.querySelector(".value").textContent = value === null ? "\u2013" : `${Math.round(value * 100)} %`;
  });
}

function fillMoment(timeS) {
  const { voice } = shown.report;
  $("now-voice").hidden = !voice;
  if (!voice) return;
  const { time_s, step_s, f0_hz, level_dbfs } = voice.timeline;
  const at = timeS + originOf(shown.report);
  const i = nearest(time_s, at - step_s / 2);
  const isHere = i >= 0 && Math.abs(time_s[i] - at) <= 2 * step_s;
  const speaks = voice.segments.some(({ start_s, end_s }) => start_s <= at && at < end_s);
  define($("now-voice"), [
    ["Speech", isHere ? (speaks ? "yes" : "no") : "\u2013"],
    ["Pitch", isHere && f0_hz[i] !== null ? `${Math.round(f0_hz[i])} Hz` : "\u2013"],
    ["Level", isHere ? `${Math.round(level_dbfs[i])} dBFS` : "\u2013"],
  ]);
}

function placeBox(row) {
  const box = $("face-box");
  const { video: source } = shown.report.media;
  box.hidden = typeof row !== "number" || !video.clientWidth || !video.videoWidth;
  if (box.hidden) return;
  const { left_px, top_px, right_px, bottom_px } = shown.person.timeline;
  const scale = Math.min(video.clientWidth / source.width_px, video.clientHeight / source.height_px);
  const x = video.offsetLeft + (video.clientWidth - source.width_px * scale) / 2;
  const y = video.offsetTop + (video.clientHeight - source.height_px * scale) / 2;
  box.style.left = `${x + left_px[row] * scale}px`;
  box.style.top = `${y + top_px[row] * scale}px`;
  box.style.width = `${(right_px[row] - left_px[row]) * scale}px`;
  box.style.height = `${(bottom_px[row] - top_px[row]) * scale}px`;
}

function fillPeople(people) {
  $("person-choice").hidden = people.length < 2;
  $("person").replaceChildren(...people.map((person) => {
    const share = Math.round(person.share_of_frames * 100);
    const main = person.is_main ? " (main)" : "";
    const option = new Option(`${person.id}, in ${share} % of the pictures${main}`, person.id);
    option.selected = person.is_main;
    return option;
  }));
}

function fillWarnings({ warnings, people, voice_absent_reason: noVoice }) {
  const texts = {
    several_people: `${people.length} people were found: choose one above`,
    no_voice: `No voice could be read: ${NO_VOICE[noVoice]}`,
  };
  $("warnings").hidden = !warnings.length;
  $("warnings").replaceChildren(...warnings.map(({ code, message: given }) => {
    const item = document.createElement("li");
    const message = texts[code] ?? given;
    item.textContent = `${message.charAt(0).toUpperCase()}${message.slice(1)}.`;
    return item;
  }));
}

function fillFacts(report, person) {
  const analysed = report.frames.number.length;
  const withFace = report.frames.faces.filter((n) => n > 0).length;
  const measures = report.voice?.measures;
  const no = NO_VOICE[report.voice_absent_reason];
  define($("facts"), [
    ["Length", `${round(report.media.duration_s, 1)} s`],
    ["Pictures analysed", analysed],
    ["With a face", withFace, analysed ? `${Math.round((withFace / analysed) * 100)} % of the pictures` : null],
    ["People found", report.people.length],
    ...(report.people.length > 1
      ? [[`Person ${person.id} seen in`, person.frames, `${Math.round(person.share_of_frames * 100)} % of the pictures`]] : []),
    ["Speech", measures ? `${round(measures.speech_s, 1)} s` : "cannot tell", no],
    ["Median pitch (F0)", measures?.f0_median_hz ? `${Math.round(measures.f0_median_hz)} Hz` : "cannot tell",
      no ?? (measures?.f0_median_hz ? null : "too little voiced speech")],
  ]);
}

function fillModels(models) {
  fillTable($("models"), ["Name", "Version", "Licence"], models.map((m) => [m.id, m.version, m.licence]));
}

function fillLegacy({ mental_health: scores, voice_analysis: voice, peak_stress: peak, emotions }) {
  fillTable($("legacy"), ["Key", "Value"], [
    ...Object.entries(scores).map(([name, value]) => [`mental_health.${name}`, value.toFixed(2)]),
    ...(voice ? Object.entries(voice).map(([name, value]) => [`voice_analysis.${name}`, value.toFixed(2)])
      : [["voice_analysis", "null"]]),
    ["peak_stress", peak.toFixed(2)],
    ["emotions (frames)", Object.entries(emotions).map(([name, list]) => `${name} ${list.length}`).join(", ")],
  ]);
}

function fillTable(table, head, rows) {
  const cells = (tag, values) => values.map((value) => {
    const cell = document.createElement(tag);
    cell.textContent = value;
    return cell;
  });
  const line = (tag, values) => {
    const row = document.createElement("tr");
    row.append(...cells(tag, values));
    return row;
  };
  table.replaceChildren(line("th", head), ...rows.map((values) => line("td", values)));
}

function define(list, entries) {
  list.replaceChildren(...entries.map(([term, value, note]) => {
    const item = document.createElement("div");
    const name = document.createElement("dt");
    const meaning = document.createElement("dd");
    name.textContent = term;
    meaning.textContent = value;
    if (note) {
      const small = document.createElement("small");
      small.textContent = note;
      meaning.append(small);
    }
    item.append(name, meaning);
    return item;
  }));
}

function download() {
  const blob = new Blob([JSON.stringify(shown.answer.report, null, 1)], { type: "application/json" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = "evolvisense-report.json";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

function round(value, decimals) {
  return Number(value.toFixed(decimals));
}
