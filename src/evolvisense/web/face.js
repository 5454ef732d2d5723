// Eyes, smile, mouth and head of one person over time.

import { colour, coloured, line, stack } from "./rows.js";
import { alongFrames, originOf, stretches, thinned, unreadEnd } from "./series.js";
import { percent } from "./words.js";

const ROW_PX = 76;
const HEAD_PX = 110;
const LEAST_MOUTH = 0.3;
const LEAST_HEAD_DEG = 15;

/** Rows of the face; null where the engine reads expressions only. */
export function faceOf(report, person, frames, endS) {
  if (!person?.timeline.eye_openness) return null;
  const unread = unreadEnd(frames, endS);
  const bands = unread ? [{ ...unread, colour: colour("unread") }] : [];
  const along = (name) => alongFrames(person.timeline[name], frames.row);
  const row = (title, name, look) => ({
    title, height: ROW_PX, bands,
    traces: [trace(frames.x, along(name), { color: colour("accent"), ...look })],
  });
  const eyes = row(eyesTitle(person), "eye_openness", { name: "eyes open", hovertemplate: "%{y:.0%}" });
  const smile = row("<b>Smile</b>", "smile", { name: "smile", hovertemplate: "%{y:.0%}" });
  const mouth = row(mouthTitle(person), "mouth_opening", { name: "mouth opening", hovertemplate: "%{y:.2f}" });
  const share = { tickformat: ".0%", dtick: 0.5 };
  return stack([
    withBlinks({ ...eyes, y: { ...share, range: [-0.02, 1.2] } }, person, originOf(report)),
    { ...smile, y: { ...share, range: [-0.02, 1.02] } },
    {
      ...mouth,
      y: { range: [0, Math.max(LEAST_MOUTH, ...extent(person.timeline.mouth_opening)) * 1.05], nticks: 4 },
      bands: [...bands, ...speakingBands(frames, along("speaking"))],
    },
    headRow(person, frames, along, bands),
  ], endS, { hoversubplots: "axis" });
}

export function describeFace(person) {
  return `Openness of the eyes with blinks, smile, opening of the mouth and head pose of person ${person.id} over time.`;
}

function eyesTitle({ blinks }) {
  if (!blinks) return "<b>Eyes open</b>, blinks cannot be told";
  return `<b>Eyes open</b>, ${blinks.length ? "\u25be blink" : "no blink seen"}`;
}

function mouthTitle(person) {
  return `<b>Mouth opening</b>, ${person.speaking_unknown_reason ? "speaking cannot be told" : "shaded: speaks"}`;
}

function withBlinks(row, { blinks }, origin) {
  if (!blinks) return row;
  const marks = {
    x: blinks.map(({ start_s, end_s }) => (start_s + end_s) / 2 - origin),
    y: blinks.map(() => 1.1),
    text: blinks.map(({ start_s, end_s, depth }) => (
      `blink of ${(end_s - start_s).toFixed(2)} s, lids closed by ${percent(depth)}`)),
    name: "blink",
    mode: "markers",
    marker: { symbol: "triangle-down", size: 10, color: colour("text") },
    hovertemplate: "%{text}<extra></extra>",
  };
  const closed = blinks.map(({ start_s, end_s }) => (
    { from: start_s - origin, to: end_s - origin, colour: colour("blink") }));
  return { ...row, traces: [...row.traces, marks], bands: [...row.bands, ...closed] };
}

function speakingBands(frames, speaking) {
  const yes = speaking.map((answer) => (answer === "yes" ? answer : null));
  return stretches(frames.x, yes, frames.stepS).map((run) => ({ ...run, colour: colour("speech") }));
}

function headRow(person, frames, along, bands) {
  const turns = [["pitch_deg", "up", "pitch"], ["yaw_deg", "right", "yaw"], ["roll_deg", "clockwise", "roll"]];
  const [lowest, highest] = extent(turns.flatMap(([name]) => extent(person.timeline[name])));
  const names = turns.map(([, word, shade]) => coloured(`<b>+${word}</b>`, shade));
  return {
    title: `<b>Head</b>, degrees: ${names.join(" ")}`,
    height: HEAD_PX,
    y: { range: [Math.min(-LEAST_HEAD_DEG, lowest * 1.1), Math.max(LEAST_HEAD_DEG, highest * 1.1)], nticks: 5, zeroline: true, zerolinecolor: colour("muted") },
    traces: turns.map(([name, word, shade]) => trace(frames.x, along(name), {
      name: word, color: colour(shade), hovertemplate: "%{y:+.0f}\u00b0",
    })),
    bands,
  };
}

function trace(x, column, { color, ...look }) {
  return line(thinned(x, column), { mode: "lines", line: { color, width: 1.8 }, ...look });
}

function extent(values) {
  return values.reduce(([low, high], v) => [Math.min(low, v), Math.max(high, v)], [Infinity, -Infinity]);
}
