// The facial actions of one person: a heat map of those that move most, or of those picked.

import { colour, stack } from "./rows.js";
import { alongFrames, thinned, unreadEnd } from "./series.js";
import { actionName } from "./words.js";

const MOST_MOVING = 12;
const ROW_PX = 30;
const STRIP = 0.46;

const GROUPS = [
  ["Brows", /^brow/],
  ["Eyes", /^eye/],
  ["Cheeks and nose", /^(cheek|nose)/],
  ["Jaw", /^jaw/],
  ["Mouth", /^mouth/],
];

/** Names of the actions; `_neutral` is a remainder of MediaPipe's, not an action. */
export function actionsOf(person) {
  return Object.keys(person?.timeline.actions ?? {}).filter((name) => !name.startsWith("_"));
}

/** The actions whose values differ most over time. */
export function mostMoving(person) {
  const spread = new Map(actionsOf(person).map((name) => [name, deviation(person.timeline.actions[name])]));
  return [...spread.keys()].sort((a, b) => spread.get(b) - spread.get(a)).slice(0, MOST_MOVING);
}

/** The heat map of the named actions; null where none is named. */
export function heatMapOf(person, names, frames, endS) {
  if (!names.length) return null;
  const unread = unreadEnd(frames, endS);
  const row = {
    title: "",
    height: names.length * ROW_PX,
    y: { range: [0, names.length], visible: false },
    traces: names.map((name, i) => strip(person, name, frames, names.length - 1 - i)),
    bands: unread ? [{ ...unread, colour: colour("unread") }] : [],
  };
  const chart = stack([row], endS, { hovermode: "closest" });
  chart.layout.annotations = names.map((name, i) => label(name, names.length - 1 - i));
  return chart;
}

export function describeActions(person, names) {
  return `Strength of ${names.length} facial actions of person ${person.id} over time: ${names.map(actionName).join("; ")}.`;
}

/** Check boxes for all actions; `changed(names)` is told what is picked. */
export function fillChoice(element, person, changed) {
  const known = actionsOf(person);
  element.replaceChildren(...GROUPS.map(([name, belongs]) => {
    const group = document.createElement("div");
    const title = document.createElement("h4");
    title.textContent = name;
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", name);
    group.append(title, ...known.filter((action) => belongs.test(action)).map(choiceOf));
    return group;
  }));
  element.onchange = () => changed(boxesOf(element).filter((box) => box.checked).map((box) => box.value));
}

export function markPicked(element, names) {
  for (const box of boxesOf(element)) box.checked = names.includes(box.value);
}

function boxesOf(element) {
  return [...element.querySelectorAll("input")];
}

function choiceOf(name) {
  const label = document.createElement("label");
  const box = document.createElement("input");
  box.type = "checkbox";
  box.value = name;
  label.append(box, actionName(name));
  return label;
}

function strip(person, name, frames, floor) {
  const { x, y } = thinned(frames.x, alongFrames(person.timeline.actions[name], frames.row));
  return {
    type: "heatmap", x, y: [floor, floor + STRIP], z: [y], zmin: 0, zmax: 1, showscale: false,
    colorscale: [[0, colour("heat-none")], [0.3, colour("heat-some")], [1, colour("heat-full")]],
    hoverongaps: false,
    hovertemplate: `${actionName(name)}: %{z:.0%}<br>%{x:.2f} s<extra></extra>`,
  };
}

function label(name, floor) {
  return {
    text: actionName(name), x: 0, xref: "paper", xanchor: "left", xshift: -2,
    y: floor + STRIP, yref: "y", yanchor: "bottom", showarrow: false, yshift: -3,
    font: { size: 11, color: colour("text") },
  };
}

function deviation(values) {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length);
}
