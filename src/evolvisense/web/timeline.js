// Expression, pitch and level over time.

import { colour, coloured, line, stack } from "./rows.js";
import { EMOTIONS, alongFrames, originOf, sampled, stretches, thinned, unreadEnd } from "./series.js";
import { percent, whyUncertain } from "./words.js";

const SAME_LEVEL_DBFS = -90;

/** What the timeline shows of one person and the voice. */
export function timelineOf(report, person, frames, endS) {
  const rows = [expressionRow(report, person, frames, endS), ...voiceRows(report)];
  return stack(rows, endS);
}

export function describeTimeline(report, person) {
  if (person && !person.timeline.probabilities) return "Facial expression is withheld; pitch and level of the voice.";
  const face = person
    ? `Probabilities of seven facial expressions of person ${person.id} over time, uncertain moments hatched`
    : "No face was found";
  return `${face}${report.voice ? "; pitch and level of the voice below, speech shaded" : ""}.`;
}

function expressionRow(report, person, frames, endS) {
  const unread = unreadEnd(frames, endS);
  const isWithheld = person && !person.timeline.probabilities;
  const why = isWithheld ? "withheld on request" : "no face was found";
  const nothing = report.people.length && !isWithheld ? null : { at: endS / 2, text: why };
  return {
    title: "<b>Facial expression</b>, probability",
    height: isWithheld ? 40 : report.voice ? 230 : 240,
    y: { range: [-0.02, 1.02], tickformat: ".0%", dtick: 0.25 },
    traces: person && !isWithheld ? expressionTraces(person, frames) : [],
    bands: unread ? [{ ...unread, colour: colour("unread") }] : [],
    note: unread ? { at: (unread.from + unread.to) / 2, text: "faces not read here" } : nothing,
  };
}

/** Pale through all frames, strong where they are certain. */
function expressionTraces(person, frames) {
  const reasons = alongFrames(person.timeline.uncertain, frames.row);
  const certainRow = frames.row.map((row, i) => (reasons[i] === "" ? row : null));
  const lines = EMOTIONS.flatMap((emotion) => {
    const column = person.timeline.probabilities[emotion];
    const look = {
      line: { color: colour(emotion), width: emotion === "neutral" ? 1.5 : 2 }, hoverinfo: "skip",
    };
    return [
      line(thinned(frames.x, alongFrames(column, frames.row)), { ...look, mode: "lines", opacity: 0.3 }),
      line(thinned(frames.x, alongFrames(column, certainRow)), look),
    ];
  });
  return [hatching(stretches(frames.x, reasons, frames.stepS)), ...lines, words(person, frames)];
}

function hatching(runs) {
  return {
    x: runs.flatMap(({ from, to }) => [from, from, to, to, from, null]),
    y: runs.flatMap(() => [0, 1, 1, 0, 0, null]),
    mode: "none",
    fill: "toself",
    fillcolor: colour("unread"),
    fillpattern: {
      shape: "/", fgcolor: colour("muted"), bgcolor: colour("unread"), size: 8, solidity: 0.16,
    },
    hoverinfo: "skip",
  };
}

/** Unseen points that say what pointing at a frame tells: its values, or why there are none. */
function words(person, frames) {
  const { uncertain, probabilities } = person.timeline;
  const squares = new Map(EMOTIONS.map((emotion) => [emotion, coloured("\u25a0", emotion)]));
  const { x, y: rows } = sampled(frames.x, frames.row);
  const text = rows.map((row) => {
    if (row === null) return "this face is not seen";
    if (uncertain[row]) return `not to be read: ${whyUncertain(uncertain[row])}`;
    return EMOTIONS.map((emotion) => [emotion, probabilities[emotion][row]])
      .sort((a, b) => b[1] - a[1])
      .map(([emotion, value]) => `${squares.get(emotion)} ${emotion} ${percent(value)}`)
      .join("<br>");
  });
  return {
    x, text, y: x.map(() => 0.5), mode: "markers", marker: { opacity: 0, color: colour("card") },
    hovertemplate: "%{text}<extra></extra>",
  };
}

function voiceRows(report) {
  const { voice } = report;
  if (!voice) return [];
  const origin = originOf(report);
  const x = voice.timeline.time_s.map((time) => time - origin);
  const pitch = thinned(x, voice.timeline.f0_hz);
  const level = thinned(x, voice.timeline.level_dbfs.map((v) => Math.max(v, SAME_LEVEL_DBFS)));
  const bands = voice.segments.map(({ start_s, end_s }) => (
    { from: start_s - origin, to: end_s - origin, colour: colour("speech") }));
  return [
    {
      title: "<b>Voice: pitch</b> (F0), Hz",
      height: 72,
      y: { rangemode: "tozero", nticks: 4 },
      traces: [line(pitch, {
        name: "pitch", mode: "lines+markers", marker: { size: 3 },
        line: { color: colour("accent"), width: 2 }, hovertemplate: "%{y:.0f} Hz",
      })],
      bands,
    },
    {
      title: "<b>Voice: level</b>, dBFS",
      height: 76,
      y: { nticks: 4 },
      traces: [line(level, {
        name: "level", mode: "lines", line: { color: colour("muted"), width: 1.5 },
        hovertemplate: "%{y:.0f} dBFS",
      })],
      bands,
    },
  ];
}
