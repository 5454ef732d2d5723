// One line of the queue, and one of the results.

import { el } from "../shared/dom.js";
import { Problem } from "../shared/problem.js";
import { problemCard } from "../shared/problem_card.js";
import { sizeText } from "../shared/words.js";

/** @typedef {import("./items.js").Item} Item */

/** @type {Record<string, string>} */
const STAGES = {
  opening: "Opening the recording",
  analysing: "Reading face and voice",
  scoring: "Working out the indicators",
  overlay: "Drawing the video to download",
  done: "Finishing",
};

/**
 * What to press on a line.
 * @typedef {object} Presses
 * @property {(id: string) => void} cancel
 * @property {(id: string) => void} retry
 * @property {(id: string) => void} discard
 * @property {(id: string, isChecked: boolean) => void} check
 */

/**
 * A recording in work, or one that ended without a result.
 * @param {Item} item
 * @param {Presses} presses
 */
export function workRow(item, presses) {
  const button = (/** @type {string} */ text, /** @type {(id: string) => void} */ press) => el("button", {
    type: "button", "aria-label": `${text}: ${item.name}`, onclick: () => press(item.id),
  }, text);
  const hasEnded = item.state === "failed" || item.state === "refused" || item.state === "canceled";
  const row = el("li", { class: "item", "data-id": item.id, "data-state": item.state },
    el("div", { class: "item-about" },
      el("span", { class: "file-name" }, item.name),
      el("span", { class: "muted small figures" }, sizeText(item.sizeBytes))),
    el("p", { class: "item-state", "data-part": "state" }, stateText(item)),
    el("div", { class: "item-actions" }, ...(hasEnded
      ? [button("Try again", presses.retry), button("Remove", presses.discard)]
      : [button("Cancel", presses.cancel)])),
    hasEnded ? null : progressOf(item),
    item.problem && item.state !== "canceled" ? problemCard(new Problem(item.problem)) : null);
  return row;
}

/**
 * Bring a line of the same state up to date.
 * @param {HTMLElement} row
 * @param {Item} item
 */
export function refreshRow(row, item) {
  const text = row.querySelector('[data-part="state"]');
  if (text && text.textContent !== stateText(item)) text.textContent = stateText(item);
  row.querySelector("progress")?.replaceWith(progressOf(item));
}

/**
 * A recording with a report.
 * @param {Item} item
 * @param {Presses} presses
 * @param {boolean} isChecked
 */
export function resultRow(item, presses, isChecked) {
  const isOver = item.expiresAt !== null && Date.parse(item.expiresAt) < Date.now();
  const day = new Date(item.addedMs).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
  const actions = el("div", { class: "item-actions" });
  const ask = () => {
    const drop = el("button", { type: "button", class: "danger", onclick: () => presses.discard(item.id) }, "Delete for good");
    actions.replaceChildren(drop, el("button", { type: "button", onclick: rest }, "Keep"));
    drop.focus();
  };
  const rest = () => {
    const remove = el("button", {
      type: "button", class: "quiet", "aria-label": `Delete ${item.name}: its report on the server and its video here`,
      onclick: isOver ? () => presses.discard(item.id) : ask,
    }, isOver ? "Remove" : "Delete");
    const hadFocus = actions.contains(document.activeElement);
    actions.replaceChildren(remove);
    if (!isOver) actions.prepend(el("a", { class: "button", href: addressOf(item), "aria-label": `Open ${item.name}` }, "Open"));
    if (hadFocus) remove.focus();
  };
  rest();
  return el("li", { class: "item result-item", "data-id": item.id, "data-state": item.state },
    el("input", {
      type: "checkbox", checked: isChecked, disabled: isOver, "aria-label": `Compare ${item.name}`,
      onchange: (/** @type {Event & {target: HTMLInputElement}} */ event) => presses.check(item.id, event.target.checked),
    }),
    el("div", { class: "item-about" },
      isOver ? el("span", { class: "file-name" }, item.name) : el("a", { class: "file-name", href: addressOf(item) }, item.name),
      el("span", { class: "muted small" }, isOver ? `${day} \u00b7 the report was deleted by now` : day)),
    actions);
}

/** @param {Item} item */
export function addressOf({ analysis }) {
  return `#/analysis/${analysis}`;
}

/** @param {Item} item */
export function stateText(item) {
  const { state, stage, percent, ahead, note, survives } = item;
  const unsafe = survives ? "" : " \u00b7 keep this tab open until it is sent";
  if (item.isCanceling) return "Canceling";
  if (note) return note;
  if (state === "waiting") return `Waiting to be sent${unsafe}`;
  if (state === "uploading") return percent < 100 ? `Sending, ${Math.floor(percent)} %${unsafe}` : "Sent; the server is taking it in";
  if (state === "queued") return ahead ? `Waiting on the server, ${ahead} before it` : "Next on the server";
  if (state === "running") return `${STAGES[stage] ?? "Starting"}, ${Math.floor(percent)} %`;
  if (state === "canceled") return "Canceled; nothing of it is left on the server";
  return state === "succeeded" ? "Done" : "";
}

/** @param {Item} item */
function progressOf(item) {
  const isMeasured = item.state === "running" || (item.state === "uploading" && item.percent < 100);
  const bar = el("progress", { max: 100, "aria-label": `Progress of ${item.name}` });
  if (isMeasured) bar.value = item.percent;
  else if (item.state === "uploading") bar.removeAttribute("value");
  else bar.value = 0;
  return bar;
}
