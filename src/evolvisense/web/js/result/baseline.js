// The person's own recordings: add this one, see what changed.

import { api } from "../shared/api.js";
import { $, el, fillTable } from "../shared/dom.js";
import { asProblem } from "../shared/problem.js";
import { featureName, round } from "../shared/words.js";
import { theme } from "../shared/theme.js";
import { drawOnce } from "./drawing.js";
import { explained } from "./explain.js";

/**
 * @typedef {{task: string|null, recorded: string[], days: number, is_ready: boolean,
 *   missing_recordings: number, missing_days: number}} Task
 * @typedef {{name: string, recordings: number, tasks: Task[]}} PersonalBaseline
 */

/**
 * Fill the card for one analysis.
 * @param {string} id
 * @param {string} createdAt day that is proposed for the recording
 * @param {AbortSignal} signal
 */
export async function prepareBaseline(id, createdAt, signal) {
  const attempt = async (/** @type {() => Promise<void>} */ work) => {
    try {
      await work();
    } catch (error) {
      if (!signal.aborted) say(asProblem(error).detail);
    }
  };
  const [form, choice] = [$("baseline-form"), $("baseline-name")];
  $("baseline-day").value = createdAt.slice(0, 10);
  say("");
  $("baseline-change").hidden = true;
  const refresh = async (/** @type {string} */ wanted) => {
    const { baselines } = await api.get("/v1/baselines", { signal });
    fillNames(baselines);
    if (wanted) choice.value = wanted;
    describe(baselines.find((/** @type {PersonalBaseline} */ one) => one.name === choice.value));
  };
  form.addEventListener("submit", (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const isName = choice.checkValidity();
    choice.setAttribute("aria-invalid", String(!isName));
    if (!isName) {
      say(choice.value ? `\u201c${choice.value}\u201d cannot be the name of a baseline: use 1 to 64 letters, digits, - or _.`
        : "Give the baseline a name: 1 to 64 letters, digits, - or _.");
      choice.focus();
      return;
    }
    void attempt(async () => {
      const name = choice.value;
      const task = $("baseline-task").value.trim();
      await api.send("POST", `/v1/baselines/${encodeURIComponent(name)}/recordings`,
        { analysis: id, task: task || null, recorded: $("baseline-day").value || null });
      await refresh(name);
      say(`Added to ${name}.`);
    });
  }, { signal });
  $("baseline-task").addEventListener("change", () => void attempt(() => refresh(choice.value)), { signal });
  choice.addEventListener("change", () => void attempt(() => refresh(choice.value)), { signal });
  $("baseline-show").addEventListener("click", () => void attempt(() => showChange(id, choice.value, signal)), { signal });
  $("baseline-delete").addEventListener("click", () => void attempt(async () => {
    const name = choice.value;
    await api.send("DELETE", `/v1/baselines/${encodeURIComponent(name)}`);
    $("baseline-change").hidden = true;
    await refresh("");
    say(`Baseline ${name} is deleted.`);
  }), { signal });
  $("baseline-about").replaceChildren(explained("How it is computed", ({ passages }) => (
    [el("p", {}, passages.baseline)])));
  await attempt(() => refresh(""));
}

/** @param {PersonalBaseline[]} baselines */
function fillNames(baselines) {
  $("baseline-names").replaceChildren(...baselines.map(({ name }) => el("option", { value: name })));
  if (!$("baseline-name").value && baselines.length) $("baseline-name").value = baselines[0].name;
}

/** @param {PersonalBaseline|undefined} baseline */
function describe(baseline) {
  const label = $("baseline-task").value.trim() || null;
  const compared = baseline?.tasks.find(({ task }) => task === label);
  $("baseline-show").disabled = !compared?.is_ready;
  $("baseline-delete").disabled = !baseline;
  if (!baseline) {
    $("baseline-state").textContent = "This name begins a new baseline.";
    return;
  }
  const parts = baseline.tasks.map((task) => {
    const label = task.task === null ? "" : `${task.task}: `;
    const missing = task.is_ready ? "enough to be compared with"
      : `still missing: ${counted(task.missing_recordings, "recording")}, ${counted(task.missing_days, "other day")}`;
    return `${label}${counted(task.recorded.length, "recording")} on ${counted(task.days, "day")}, ${missing}`;
  });
  const other = compared ? "" : label === null ? " None of them is without a label." : ` None of them has the label \u201c${label}\u201d.`;
  $("baseline-state").textContent = `${parts.join("; ")}.${other}`;
}

/**
 * @param {number} count
 * @param {string} thing
 */
function counted(count, thing) {
  return `${count} ${thing}${count === 1 ? "" : "s"}`;
}

/**
 * @param {string} id
 * @param {string} name
 * @param {AbortSignal} signal
 */
async function showChange(id, name, signal) {
  const query = new URLSearchParams({ baseline: name, theme: theme() });
  const task = $("baseline-task").value.trim();
  if (task) query.set("task", task);
  const { baseline, figure, limits } = await api.get(`/v1/analyses/${id}/change?${query}`, { signal });
  $("baseline-change").hidden = false;
  $("baseline-limits").textContent = limits;
  await drawOnce($("baseline-figure"), figure);
  $("baseline-numbers").hidden = !baseline.changes.length;
  fillTable($("baseline-table"), ["Feature", "Here", "Mean of own recordings", "Change", "Reliable"],
    baseline.changes.map((/** @type {import("../shared/types.js").Change} */ change) => [
      featureName(change.feature), round(change.value, 2), round(change.baseline_mean, 2),
      round(change.change, 2), change.is_reliable ? "yes" : "no, may be chance"]));
  say("");
}

/** @param {string} text */
function say(text) {
  $("baseline-status").textContent = text;
}
