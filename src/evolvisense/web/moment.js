// One moment: the bars, the face's box on the picture, what the face and the voice do.

import { define } from "./dom.js";
import { EMOTIONS, nearest, originOf } from "./series.js";
import { percent, whyUncertain } from "./words.js";

const $ = (id) => document.getElementById(id);
const NONE = "\u2013";
const SPEAKS = { yes: "yes", no: "no", unknown: NONE };

/** Fill the card and place the box for a time; `shown` holds report, person and frames. */
export function showMoment(shown, timeS, video) {
  const row = faceRowAt(shown.frames, timeS);
  $("now-time").textContent = `${timeS.toFixed(1)} s`;
  fillBars(shown, row);
  fillFace(shown.person, row);
  fillVoice(shown.report, timeS);
  placeBox(shown, row, video);
}

/** Row of the person at a time: a number, null where the face is not there, undefined unread. */
function faceRowAt({ x, row, stepS }, timeS) {
  const i = nearest(x, timeS);
  return i < 0 || Math.abs(x[i] - timeS) > stepS ? undefined : row[i];
}

function fillBars({ report, person }, row) {
  const isWithheld = person !== null && !person.timeline.probabilities;
  const isHere = typeof row === "number" && !isWithheld;
  const reason = isHere ? person.timeline.uncertain[row] : "";
  $("now-bars").hidden = isWithheld;
  $("now-note").textContent = isWithheld ? "" : isHere ? noteOf(reason) : absenceOf(report, row);
  $("now-bars").classList.toggle("empty", !isHere || reason !== "");
  if (!$("now-bars").children.length) $("now-bars").append(...EMOTIONS.map(emptyBar));
  [...$("now-bars").children].forEach((line, i) => {
    const value = isHere ? person.timeline.probabilities[EMOTIONS[i]][row] : null;
    line.querySelector("span").style.width = `${(value ?? 0) * 100}%`;
    line.querySelector(".value").textContent = value === null ? NONE : percent(value);
  });
}

function noteOf(reason) {
  return reason ? `Expression not to be read here: ${whyUncertain(reason)}.` : "Probability of each facial expression";
}

function absenceOf(report, row) {
  if (!report.people.length) return "No face was found.";
  return row === null ? "This face is not seen here." : "Faces were not read here.";
}

function emptyBar(emotion) {
  const line = document.createElement("div");
  line.style.setProperty("--colour", `var(--${emotion})`);
  line.innerHTML = "<dt></dt><dd class='bar'><span></span></dd><dd class='value'></dd>";
  line.firstChild.textContent = emotion;
  return line;
}

function fillFace(person, row) {
  const timeline = person?.timeline;
  $("now-face").hidden = !timeline?.eye_openness;
  if ($("now-face").hidden) return;
  const at = (column, text) => (typeof row === "number" ? text(column[row]) : NONE);
  define($("now-face"), [
    ["Eyes open", at(timeline.eye_openness, percent)],
    ["Smile", at(timeline.smile, percent)],
    ["Speaks", at(timeline.speaking, (answer) => SPEAKS[answer])],
  ]);
}

function fillVoice(report, timeS) {
  const { voice } = report;
  $("now-voice").hidden = !voice;
  if (!voice) return;
  const { time_s, step_s, f0_hz, level_dbfs } = voice.timeline;
  const at = timeS + originOf(report);
  const i = nearest(time_s, at - step_s / 2);
  const isHere = i >= 0 && Math.abs(time_s[i] - at) <= 2 * step_s;
  const isSpeech = voice.segments.some(({ start_s, end_s }) => start_s <= at && at < end_s);
  define($("now-voice"), [
    ["Speech", isHere ? (isSpeech ? "yes" : "no") : NONE],
    ["Pitch", isHere && f0_hz[i] !== null ? `${Math.round(f0_hz[i])} Hz` : NONE],
    ["Level", isHere ? `${Math.round(level_dbfs[i])} dBFS` : NONE],
  ]);
}

function placeBox({ report, person }, row, video) {
  const box = $("face-box");
  const { video: source } = report.media;
  box.hidden = typeof row !== "number" || !video.clientWidth || !video.videoWidth;
  if (box.hidden) return;
  const { left_px, top_px, right_px, bottom_px } = person.timeline;
  const scale = Math.min(video.clientWidth / source.width_px, video.clientHeight / source.height_px);
  const x = video.offsetLeft + (video.clientWidth - source.width_px * scale) / 2;
  const y = video.offsetTop + (video.clientHeight - source.height_px * scale) / 2;
  box.style.left = `${x + left_px[row] * scale}px`;
  box.style.top = `${y + top_px[row] * scale}px`;
  box.style.width = `${(right_px[row] - left_px[row]) * scale}px`;
  box.style.height = `${(bottom_px[row] - top_px[row]) * scale}px`;
}
