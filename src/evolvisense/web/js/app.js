// Which view is shown: #/ start, #/analysis/ID, #/example, #/compare/ID or #/compare/ID/ID, #/live.
// After a "?" stand parameters of the view: #/analysis/ID?t=83-91.

import { $ } from "./shared/dom.js";
import { forgetKey, key } from "./shared/keys.js";
import { problemCard } from "./shared/problem_card.js";
import { asProblem } from "./shared/problem.js";
import { apply, onTheme, switchTheme, theme } from "./shared/theme.js";

/** @typedef {() => void} CleanUp */
/**
 * A view: its module shows it in its section and says how to end it.
 * @typedef {object} View
 * @property {string} name of the section `view-NAME`
 * @property {string} title
 * @property {RegExp} path
 * @property {() => Promise<{show: (root: HTMLElement, params: Record<string, string>) => CleanUp | Promise<CleanUp>}>} load
 */

const ID = "[A-Za-z0-9_-]+";

/** @type {View[]} */
const VIEWS = [
  { name: "start", title: "Recordings", path: /^\/?$/, load: () => import("./start/start.js") },
  { name: "result", title: "Result", path: new RegExp(`^/analysis/(?<id>${ID})$`), load: () => import("./result/result.js") },
  { name: "result", title: "Example", path: /^\/example$/, load: () => import("./result/result.js") },
  { name: "compare", title: "Compare", path: new RegExp(`^/compare/(?<first>${ID})(?:/(?<second>${ID}))?$`), load: () => import("./compare/compare.js") },
  { name: "live", title: "Live", path: /^\/live$/, load: () => import("./live/live.js") },
];

/** @type {CleanUp} */
let leave = () => undefined;
let shown = 0;

apply();
labelTheme();
onTheme(labelTheme);
$("theme").addEventListener("click", switchTheme);
$("key-forget").addEventListener("click", () => {
  forgetKey();
  location.reload();
});
window.addEventListener("evolvisense:key", labelKey);
labelKey();
// A file that misses the field must not replace the page.
for (const name of ["dragover", "drop"]) window.addEventListener(name, (event) => event.preventDefault());
window.addEventListener("hashchange", () => route(true));
route(false);

/** @param {boolean} moveFocus whether the person came here from another view */
async function route(moveFocus) {
  const [path, query] = location.hash.replace(/^#/, "").split("?", 2);
  if (path && !path.startsWith("/")) return; // an anchor inside the view, not an address
  const turn = ++shown;
  leave();
  leave = () => undefined;
  for (const section of document.querySelectorAll("main > .view")) /** @type {HTMLElement} */ (section).hidden = true;
  const found = VIEWS.find((view) => view.path.test(path)) ?? VIEWS[0];
  const root = $(`view-${found.name}`);
  for (const link of document.querySelectorAll("nav [data-view]")) {
    if (/** @type {HTMLElement} */ (link).dataset.view === found.name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${found.title} \u00b7 EvolviSense`;
  root.hidden = false;
  if (moveFocus) {
    $("main").focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }
  try {
    const module = await found.load();
    if (turn !== shown) return;
    const end = await module.show(root, { ...found.path.exec(path)?.groups, ...Object.fromEntries(new URLSearchParams(query)) });
    if (turn === shown) leave = end;
    else end();
  } catch (error) {
    if (turn !== shown) return;
    root.hidden = true;
    $("view-problem").replaceChildren(problemCard(asProblem(error), {
      actions: [["Try again", () => route(true)]],
    }));
    $("view-problem").hidden = false;
  }
}

function labelTheme() {
  $("theme").setAttribute("aria-pressed", String(theme() === "dark"));
}

function labelKey() {
  $("key-forget").hidden = !key();
}
