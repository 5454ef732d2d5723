// @ts-check
// Draws the figures of a report with plotly: on the screen when they come near, in its colours;
// on paper all of them, in those of the light theme.
"use strict";

(() => {
  /** Width of A4 and Letter between the margins of the style sheet, which draws at this zoom. */
  const PAPER_PX = 680 / 0.75;
  const NEAR = "600px";
  const CONFIG = {
    displaylogo: false,
    // Where nothing hovers, plotly's buttons would stay on top of the figure.
    displayModeBar: matchMedia("(hover: hover)").matches ? "hover" : false,
    modeBarButtons: [["toImage", "zoom2d", "pan2d", "resetScale2d"]],
    responsive: true,
  };

  /** @type {any} */
  const plotly = Reflect.get(window, "Plotly");
  /** @type {{figures: Record<string, {data: object[], layout: object}>, dark: Record<string, string>}} */
  const content = JSON.parse(document.getElementById("content")?.textContent ?? "null");
  const darkScreen = matchMedia("(prefers-color-scheme: dark)");
  const paper = matchMedia("print");
  const colours = new RegExp(
    Object.keys(content.dark)
      .map((colour) => colour.replace(/[()]/g, "\\$&"))
      .join("|"),
    "g",
  );
  /** @type {Set<HTMLElement>} */
  const drawn = new Set();
  const places = Object.keys(content.figures)
    .map((id) => document.getElementById(id))
    .filter((place) => place !== null);

  /**
   * @param {HTMLElement} place
   * @param {boolean} isPaper
   */
  function draw(place, isPaper) {
    let text = JSON.stringify(content.figures[place.id]);
    if (darkScreen.matches && !isPaper) {
      text = text.replace(colours, (colour) => content.dark[colour] ?? colour);
    }
    const { data, layout } = JSON.parse(text);
    layout.width = isPaper ? PAPER_PX : undefined;
    layout.height = Number.parseFloat(getComputedStyle(place).height);
    layout.autosize = !isPaper;
    layout.modebar = { bgcolor: "rgba(0, 0, 0, 0)" };
    plotly.react(place, data, layout, CONFIG);
    drawn.add(place);
  }

  function toPaper() {
    for (const place of places) {
      draw(place, true);
    }
  }

  function toScreen() {
    for (const place of drawn) {
      draw(place, false);
    }
  }

  const near = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        if (isIntersecting && target instanceof HTMLElement) {
          near.unobserve(target);
          // Chromium tells no change to paper of which a script has already read.
          if (paper.matches) {
            toPaper();
          } else {
            draw(target, false);
          }
        }
      }
    },
    { rootMargin: NEAR },
  );
  for (const place of places) {
    near.observe(place);
  }
  darkScreen.addEventListener("change", () => (paper.matches ? undefined : toScreen()));
  // Both: browsers differ in which of them comes before the pages are laid out.
  window.addEventListener("beforeprint", toPaper);
  window.addEventListener("afterprint", toScreen);
  paper.addEventListener("change", () => (paper.matches ? toPaper() : toScreen()));
})();
