// A problem on the page: what is wrong, what to do, and how to name it to an operator.

import { el } from "./dom.js";

/**
 * @param {import("./problem.js").Problem} problem
 * @param {{actions?: Array<[string, () => void]>}} [options] buttons: [text, pressed]
 * @returns {HTMLElement}
 */
export function problemCard(problem, { actions = [] } = {}) {
  const name = `Code ${problem.code}${problem.requestId ? ` \u00b7 request ${problem.requestId}` : ""}`;
  return el("div", { class: "card problem" },
    el("strong", {}, problem.title),
    el("p", {}, problem.detail, problem.advice ? ` ${problem.advice}` : null),
    el("p", { class: "muted small" }, name),
    actions.length ? el("div", { class: "actions" }, ...actions.map(([text, pressed]) => (
      el("button", { type: "button", onclick: pressed }, text)))) : null);
}
