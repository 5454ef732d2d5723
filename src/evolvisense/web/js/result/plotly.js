// Plotly's bundle of cartesian plots (web/vendor/); it is fetched when a plot is wanted.

/**
 * @typedef {object} Plotly The part of plotly that the page uses.
 * @property {(element: HTMLElement, data: object[], layout: object, config: object) => Promise<unknown>}
 *   react
 * @property {(element: HTMLElement, changes: object) => Promise<unknown>} relayout
 * @property {(element: HTMLElement) => void} purge
 * @property {(figure: object, options: object) => Promise<string>} toImage
 * @property {{resize: (element: HTMLElement) => Promise<void>}} Plots
 */

/** @type {Promise<Plotly>|null} */
let loading = null;

/**
 * @returns {Promise<Plotly>} Rejects with an Error where it cannot be fetched.
 */
export function loadPlotly() {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = document.querySelector("meta[name=plotly]")?.getAttribute("content") ?? "/static/plotly.min.js";
    // To run it has taken half a second: the page gets a turn before the first figure is drawn.
    script.addEventListener("load", () => setTimeout(() => resolve(/** @type {any} */ (window).Plotly)));
    script.addEventListener("error", () => {
      loading = null;
      reject(new Error("the drawing library could not be loaded"));
    });
    document.head.append(script);
  });
  return loading;
}
