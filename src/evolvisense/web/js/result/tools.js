// The bar over the plots: zoom, how they are drawn, which are there.

import { $ } from "../shared/dom.js";
import { clockText } from "../shared/words.js";

const CLOSER = 0.5;

/**
 * @param {import("./axis.js").TimeAxis} axis
 * @param {import("./plots.js").Plots} plots
 * @param {AbortSignal} signal
 */
export function prepareTools(axis, plots, signal) {
  const pressed = (/** @type {string} */ id, /** @type {() => void} */ run) => (
    $(id).addEventListener("click", run, { signal }));
  pressed("zoom-in", () => axis.zoomBy(CLOSER));
  pressed("zoom-out", () => axis.zoomBy(1 / CLOSER));
  pressed("zoom-all", () => axis.showAll());
  const dragDoes = (/** @type {"zooms"|"marks"} */ does) => {
    axis.drag = axis.drag === does ? "moves" : does;
    mark("drag-zooms", axis.drag === "zooms");
    mark("drag-marks", axis.drag === "marks");
  };
  pressed("drag-zooms", () => dragDoes("zooms"));
  pressed("drag-marks", () => dragDoes("marks"));
  const drawAs = (/** @type {"lines"|"areas"} */ shape) => {
    plots.emotionsAs = shape;
    mark("as-lines", shape === "lines");
    mark("as-areas", shape === "areas");
    plots.redrawOne("expression");
  };
  pressed("as-lines", () => drawAs("lines"));
  pressed("as-areas", () => drawAs("areas"));
  mark("drag-zooms", false);
  mark("drag-marks", false);
  mark("as-lines", true);
  mark("as-areas", false);
  $("plots-choice").replaceChildren(...plots.choices());
  axis.zoomed.add(() => describe(axis));
  describe(axis);
  closeOutside("plots-menu", signal);
  closeOutside("export-menu", signal);
}

/** @param {import("./axis.js").TimeAxis} axis */
function describe(axis) {
  const [from, to] = axis.range;
  $("zoom-range").textContent = `${clockText(from)} \u2013 ${clockText(to)}`;
  $("zoom-out").disabled = axis.isWhole;
  $("zoom-all").disabled = axis.isWhole;
}

/**
 * @param {string} id
 * @param {boolean} isOn
 */
function mark(id, isOn) {
  $(id).setAttribute("aria-pressed", String(isOn));
}

/**
 * A menu closes on Escape and on a click elsewhere.
 * @param {string} id
 * @param {AbortSignal} signal
 */
function closeOutside(id, signal) {
  const menu = $(id);
  menu.open = false;
  window.addEventListener("click", (event) => {
    if (!menu.contains(event.target)) menu.open = false;
  }, { signal });
  menu.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  }, { signal });
}
