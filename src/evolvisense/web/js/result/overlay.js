// Boxes, names and landmarks over the picture.

import { el } from "../shared/dom.js";
import { percent } from "../shared/words.js";

/** @typedef {import("./types.js").PersonMoment} PersonMoment */

const CHOSEN = "#4fd1c1";
const OTHERS = "#ffffff";
const SHADOW = "rgba(0, 0, 0, 0.75)";
const LETTERS = "13px system-ui, sans-serif";
const LABEL_PX = 20;
const PADDING_PX = 5;
const POINT_PX = 1.3;
/** The least side of what a finger meets. */
const TOUCH_PX = 24;

/**
 * Draw one moment. The picture is fitted into the canvas as a <video> fits it.
 * @param {HTMLCanvasElement} canvas
 * @param {PersonMoment[]} people
 * @param {{width_px: number, height_px: number}} source
 * @param {{personId: number|null, boxes: boolean, landmarks: boolean}} wanted
 */
export function drawOverlay(canvas, people, source, { personId, boxes, landmarks }) {
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  const density = window.devicePixelRatio;
  if (canvas.width !== Math.round(width * density)) canvas.width = Math.round(width * density);
  if (canvas.height !== Math.round(height * density)) canvas.height = Math.round(height * density);
  const context = canvas.getContext("2d");
  if (!context) return;
  context.setTransform(density, 0, 0, density, 0, 0);
  context.clearRect(0, 0, width, height);
  const scale = Math.min(width / source.width_px, height / source.height_px);
  const at = {
    scale, x: (width - source.width_px * scale) / 2, y: (height - source.height_px * scale) / 2,
  };
  const byChoice = [...people].sort((a, b) => Number(a.id === personId) - Number(b.id === personId));
  for (const person of byChoice) {
    if (!person.box) continue;
    const isChosen = person.id === personId;
    if (landmarks && person.landmarks) drawPoints(context, person.landmarks, at, isChosen);
    if (boxes) drawBox(context, person, at, isChosen);
  }
}

/**
 * Nothing of one recording may stay over the next one.
 * @param {HTMLCanvasElement} canvas
 * @param {HTMLElement} faces
 */
export function clearOverlay(canvas, faces) {
  canvas.getContext("2d")?.clearRect(0, 0, canvas.width, canvas.height);
  faces.replaceChildren();
}

/**
 * Buttons over the faces that choose a person. A click on one does not reach the video, which would
 * play. They are reused from frame to frame, so that a press that began on one ends on it.
 * @param {HTMLElement} root as large as the canvas
 * @param {PersonMoment[]} people
 * @param {{width_px: number, height_px: number}} source
 * @param {(id: number) => void} choose
 */
export function placeFaces(root, people, source, choose) {
  const [width, height] = [root.parentElement?.clientWidth ?? 0, root.parentElement?.clientHeight ?? 0];
  const scale = Math.min(width / source.width_px, height / source.height_px);
  const [x, y] = [(width - source.width_px * scale) / 2, (height - source.height_px * scale) / 2];
  for (const old of /** @type {HTMLElement[]} */ ([...root.children])) {
    if (!people.some(({ id, box }) => box && String(id) === old.dataset.person)) old.remove();
  }
  for (const { id, box } of people) {
    if (!box) continue;
    const button = /** @type {HTMLElement|null} */ (root.querySelector(`[data-person="${id}"]`)) ?? faceButton(root, id, choose);
    const [left, top, right, bottom] = box;
    const [w, h] = [(right - left) * scale, (bottom - top) * scale].map((side) => Math.max(side, TOUCH_PX));
    button.style.cssText = `left:${x + ((left + right) / 2) * scale - w / 2}px;`
      + `top:${y + ((top + bottom) / 2) * scale - h / 2}px;width:${w}px;height:${h}px`;
  }
}

/**
 * @param {HTMLElement} root
 * @param {number} id
 * @param {(id: number) => void} choose
 */
function faceButton(root, id, choose) {
  // The chips beside it are for the keyboard.
  const button = el("button", {
    type: "button", tabIndex: -1, "data-person": String(id), title: `Choose person ${id}`,
    "aria-label": `Choose person ${id} in the video`, onclick: () => choose(id),
  });
  root.append(button);
  return button;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {PersonMoment} person
 * @param {{scale: number, x: number, y: number}} at
 * @param {boolean} isChosen
 */
function drawBox(context, person, { scale, x, y }, isChosen) {
  const [left, top, right, bottom] = /** @type {number[]} */ (person.box);
  const rectangle = /** @type {[number, number, number, number]} */ (
    [x + left * scale, y + top * scale, (right - left) * scale, (bottom - top) * scale]);
  context.setLineDash(isChosen ? [] : [6, 4]);
  context.lineWidth = isChosen ? 4.5 : 3.5;
  context.strokeStyle = SHADOW;
  context.strokeRect(...rectangle);
  context.lineWidth = isChosen ? 2.5 : 1.5;
  context.strokeStyle = isChosen ? CHOSEN : OTHERS;
  context.strokeRect(...rectangle);
  context.setLineDash([]);
  label(context, labelOf(person, isChosen), rectangle, isChosen);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {string} text
 * @param {[number, number, number, number]} box
 * @param {boolean} isChosen
 */
function label(context, text, [left, top, , height], isChosen) {
  context.font = isChosen ? `600 ${LETTERS}` : LETTERS;
  const width = context.measureText(text).width + 2 * PADDING_PX;
  const free = context.canvas.clientWidth - width;
  const x = Math.max(0, Math.min(left, free));
  const y = top >= LABEL_PX ? top - LABEL_PX : Math.min(top + height, context.canvas.clientHeight - LABEL_PX);
  context.fillStyle = SHADOW;
  context.fillRect(x, y, width, LABEL_PX);
  context.fillStyle = isChosen ? CHOSEN : OTHERS;
  context.textBaseline = "middle";
  context.fillText(text, x + PADDING_PX, y + LABEL_PX / 2);
}

/**
 * @param {PersonMoment} person
 * @param {boolean} isChosen
 */
function labelOf({ id, probabilities, uncertain }, isChosen) {
  const name = `person ${id}`;
  if (!isChosen || !probabilities || uncertain) return name;
  const [best, share] = Object.entries(probabilities).sort((a, b) => b[1] - a[1])[0];
  return `${name}: ${best} ${percent(share)}`;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Float32Array} points
 * @param {{scale: number, x: number, y: number}} at
 * @param {boolean} isChosen
 */
function drawPoints(context, points, { scale, x, y }, isChosen) {
  for (const [radius, colour] of /** @type {[number, string][]} */ (
    [[POINT_PX + 0.8, SHADOW], [POINT_PX, isChosen ? CHOSEN : OTHERS]])) {
    context.beginPath();
    for (let i = 0; i < points.length; i += 2) {
      const [px, py] = [x + points[i] * scale, y + points[i + 1] * scale];
      context.moveTo(px + radius, py);
      context.arc(px, py, radius, 0, 2 * Math.PI);
    }
    context.fillStyle = colour;
    context.fill();
  }
}
