// A plot as PNG, with what must stand beside it.

import { theme } from "../shared/theme.js";
import { loadPlotly } from "./plotly.js";
import { saveAddress } from "./saving.js";

const WIDTH_PX = 1200;
const SCALE = 2;
const TITLE_PX = 34;
const LINE_PX = 15;
const LETTERS_PER_LINE = 165;
const BACKGROUND = { light: "#ffffff", dark: "#19211f" };
/** Figures with scores: what they do not mean goes with them. */
const SCORED = new Set(["indicators", "comparison", "change"]);

/**
 * Save a plot as it is shown, 2400 pixels wide.
 * @param {import("./plot.js").Plot} plot
 * @param {{limits: string, fileName: string, caption: string}} about caption: which recording, and when
 */
export async function savePicture({ figure, drawing, options }, { limits, fileName, caption }) {
  if (!figure) return;
  const plotly = await loadPlotly();
  const lines = [escaped(caption), ...(SCORED.has(options.name) ? wrapped(limits) : [])];
  const { data, layout } = /** @type {any} */ (drawing);
  const top = TITLE_PX + lines.length * LINE_PX;
  const height = figure.height_px + top;
  const picture = {
    data,
    layout: {
      ...layout, width: WIDTH_PX, height,
      margin: { ...figure.layout.margin, t: figure.layout.margin.t + top },
      showlegend: figure.layout.showlegend, // on the page the legend stands above the drawing
      paper_bgcolor: BACKGROUND[theme()],
      title: {
        text: `${figure.title}<br><sup>${lines.join("<br>")}</sup>`,
        x: 0.01, y: 0.99, xanchor: "left", yanchor: "top", font: { size: 16 },
      },
    },
  };
  saveAddress(await plotly.toImage(picture, { format: "png", width: WIDTH_PX, height, scale: SCALE }),
    `${fileName}-${options.name}.png`);
}

/**
 * A text that plotly does not read as markup: names of files are anything.
 * @param {string} text
 */
function escaped(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

/** @param {string} text */
function wrapped(text) {
  /** @type {string[]} */
  const lines = [""];
  for (const word of text.split(/\s+/)) {
    const longer = `${lines[lines.length - 1]} ${word}`.trim();
    if (longer.length <= LETTERS_PER_LINE) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}
