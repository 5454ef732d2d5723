// Rows of small charts over one time axis, in plotly's terms.

export const MARGIN = { l: 52, r: 14, t: 26, b: 30 };

const TITLE_PX = 34;
const FEW_POINTS = 150;

/** A colour of style.css by its name, in the scheme that is on. */
export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** A line over time; points are marked where they are few. */
export function line({ x, y }, look) {
  return {
    x, y,
    mode: x.length <= FEW_POINTS ? "lines+markers" : "lines",
    connectgaps: false,
    marker: { size: 4 },
    ...look,
  };
}

/**
 * Traces and layout of rows from top to bottom, each
 * {title, height, y, traces, bands: [{from, to, colour}], note: {at, text}}:
 * height in pixels, y for plotly's axis, bands shaded behind, a note in the middle. `hover` is
 * plotly's layout of what pointing shows.
 */
export function stack(rows, endS, hover = {}) {
  const fine = matchMedia("(pointer: fine)").matches;
  const whole = rows.reduce((sum, { height }) => sum + height + TITLE_PX, -TITLE_PX);
  const axis = {
    gridcolor: colour("line"), linecolor: colour("line"), zeroline: false,
    fixedrange: true, automargin: false,
  };
  const layout = {
    margin: MARGIN,
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: "system-ui, sans-serif", size: 12, color: colour("muted") },
    showlegend: false,
    hovermode: "x unified",
    ...hover,
    hoverlabel: { bgcolor: colour("card"), bordercolor: colour("line"), font: { color: colour("text") } },
    dragmode: fine ? "zoom" : false,
    xaxis: {
      ...axis, range: [0, endS], fixedrange: !fine, anchor: axisId(rows.length - 1),
      ticksuffix: " s", hoverformat: ".2f",
    },
    annotations: [],
    shapes: [],
  };
  if (!fine) layout.hovermode = false;
  const traces = [];
  let top = 0;
  rows.forEach((row, i) => {
    const domain = [1 - (top + row.height) / whole, 1 - top / whole];
    top += row.height + TITLE_PX;
    layout[`yaxis${i ? i + 1 : ""}`] = { ...axis, ...row.y, domain };
    traces.push(...row.traces.map((trace) => ({ ...trace, yaxis: axisId(i) })));
    layout.shapes.push(...(row.bands ?? []).map((band) => shaded(band, domain)));
    layout.annotations.push(title(row.title, domain[1]), ...(row.note ? [note(row.note, domain)] : []));
  });
  return { traces, layout, height: whole + MARGIN.t + MARGIN.b };
}

/** A name in its own colour, for a title. */
export function coloured(text, name) {
  return `<span style="color:${colour(name)}">${text}</span>`;
}

function axisId(i) {
  return `y${i ? i + 1 : ""}`;
}

function title(text, y) {
  return {
    text, x: 0, y, xref: "paper", yref: "paper", xanchor: "left", yanchor: "bottom",
    showarrow: false, font: { size: 12 },
  };
}

function note({ at, text }, [low, high]) {
  return { text, x: at, xref: "x", y: (low + high) / 2, yref: "paper", showarrow: false };
}

function shaded({ from, to, colour: fillcolor }, [y0, y1]) {
  return {
    type: "rect", x0: from, x1: to, y0, y1, xref: "x", yref: "paper", fillcolor,
    line: { width: 0 }, layer: "below",
  };
}
