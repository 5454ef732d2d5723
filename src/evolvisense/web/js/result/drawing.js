// A figure that is drawn as it comes: no axis of time, no cursor.

import { el } from "../shared/dom.js";
import { cannotTell } from "../shared/words.js";
import { whenIdle } from "./idle.js";
import { loadPlotly } from "./plotly.js";
import { quietened, SETTINGS } from "./quiet.js";

/** @typedef {import("./plot.js").FigureJson} FigureJson */

/**
 * Draw into an empty element, or say why there is nothing to draw.
 * @param {HTMLElement} root
 * @param {FigureJson} figure
 */
export async function drawOnce(root, figure) {
  const plotly = await loadPlotly();
  const drawing = el("div", { class: "drawing", role: "img", "aria-label": figure.description });
  root.replaceChildren(el("h3", {}, figure.title), figure.absent_reason === null ? drawing
    : el("p", { class: "muted" }, cannotTell(figure.absent_reason)));
  if (figure.absent_reason !== null) return;
  await whenIdle(() => plotly.react(drawing, figure.data, quietened(figure, drawing.clientWidth), SETTINGS));
}
