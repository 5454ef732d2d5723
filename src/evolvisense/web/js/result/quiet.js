// Plotly's settings: gestures and the bar of buttons are ours.

/** For every drawing. */
export const SETTINGS = {
  displayModeBar: false, responsive: false, doubleClick: false, scrollZoom: false, showTips: false,
};

/**
 * A figure's layout with a fixed size and without plotly's own gestures.
 * @param {import("./plot.js").FigureJson} figure
 * @param {number} width
 */
export function quietened({ layout, height_px: height }, width) {
  const quiet = { ...layout, dragmode: false, width, height, autosize: false };
  for (const name of Object.keys(layout)) {
    if (/^[xy]axis\d*$/.test(name)) quiet[name] = { ...layout[name], fixedrange: true };
  }
  return quiet;
}
