// The start view: choose, drop or record; options; what is in work; results of this browser.

import { mountRecorder } from "../camera/recorder.js";
import { api } from "../shared/api.js";
import { $ } from "../shared/dom.js";
import { asProblem } from "../shared/problem.js";
import { problemCard } from "../shared/problem_card.js";
import { durationText, sizeText } from "../shared/words.js";
import { takeAwaited } from "./awaited.js";
import { ChosenFiles, takeDrops } from "./chosen.js";
import { clearConfirmation, declared, missingDeclaration, prepareDeclaration } from "./declaration.js";
import { items, onItems } from "./items.js";
import { showLists } from "./lists.js";
import { chosenOptions, keepsVideos, offerBaselines, prepareOptions, summarize, wrongOption } from "./options.js";
import { sayWhatHappens } from "./promises.js";
import { enqueue, startQueue } from "./queue.js";
import { addressOf } from "./rows.js";
import { sample } from "./sample.js";

/** @typedef {import("../shared/problem.js").Problem} Problem */

/** @type {import("../shared/types.js").Limits | null} */
let limits = null;

/**
 * @param {HTMLElement} _root
 * @returns {Promise<() => void>} ends the view
 */
export async function show(_root) {
  const visit = new Visit();
  await visit.begin();
  return () => visit.end();
}

/** The view from when it is opened until it is left. */
class Visit {
  constructor() {
    this.chosen = new ChosenFiles(() => limits, (problems) => this.#chosenChanged(problems));
    /** @type {string | null} the only item of this visit: its result is opened when it is there */
    this.awaited = takeAwaited();
    this.handedIn = this.awaited ? 1 : 0;
    /** @type {Array<() => void>} */
    this.ends = [];
  }

  async begin() {
    startQueue();
    this.chosen.clear();
    showProblems([]);
    $("start-hint").hidden = true;
    this.ends.push(
      showLists((problem) => showProblems([problem])),
      onItems(() => this.#openAwaited()),
      takeDrops($("drop"), (files, problems) => {
        this.chosen.add(files);
        if (problems.length) showProblems(problems);
      }),
    );
    $("file").onchange = () => {
      this.chosen.add([...$("file").files].map((file) => ({ blob: file, name: file.name })));
      $("file").value = "";
    };
    $("options").onchange = summarize;
    $("start").onsubmit = (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      this.#analyse();
    };
    $("sample").onclick = () => this.#trySample();
    await this.#learnLimits();
    if (this.awaited) this.#showAwaited();
  }

  end() {
    for (const end of this.ends) end();
  }

  async #learnLimits() {
    try {
      limits = await api.limits();
    } catch (error) {
      const problem = asProblem(error);
      const again = problem.code === "unauthenticated" ? "Enter the key" : "Try again";
      showProblems([problem], [[again, () => this.#learnLimits()]]);
      return;
    }
    showProblems([]);
    $("drop-limits").textContent = `, up to ${sizeText(limits.max_upload_bytes)} and ${durationText(limits.max_duration_s)} each`;
    prepareOptions(limits);
    prepareDeclaration(limits);
    sayWhatHappens(limits);
    $("start").hidden = false;
    $("what").hidden = false;
    this.ends.push(mountRecorder($("recorder"), {
      limits, onRecorded: (blob, name) => this.#take({ blob, name }),
    }));
    if (limits.baselines) offerBaselines().then(summarize, (error) => showProblems([asProblem(error)]));
  }

  /** A recording that is made for this: analysed at once where nothing is missing. @param {import("./chosen.js").Chosen} made */
  #take(made) {
    this.chosen.add([made]);
    if (!missingDeclaration() && this.chosen.files.length === 1) this.#analyse();
    else $("analyse").focus();
  }

  async #trySample() {
    $("sample").disabled = true;
    try {
      this.#take(await sample());
    } catch (error) {
      showProblems([asProblem(error)]);
    } finally {
      $("sample").disabled = false;
    }
  }

  async #analyse() {
    if (!limits || !this.chosen.files.length) return;
    const missing = wrongOption() ?? missingDeclaration();
    $("start-hint").hidden = !missing;
    if (missing) {
      $("start-hint").textContent = missing.why;
      const folded = missing.field.closest("details");
      if (folded) folded.open = true;
      missing.field.focus();
      return;
    }
    const { files } = this.chosen;
    const options = { ...chosenOptions(), ...declared(limits) };
    this.chosen.clear();
    clearConfirmation();
    showProblems([]);
    const ids = await enqueue(files.map(({ blob }) => blob), options, {
      persist: keepsVideos(), names: files.map(({ name }) => name),
    });
    this.handedIn += ids.length;
    this.awaited = this.handedIn === 1 ? ids[0] : null;
    this.#showAwaited();
  }

  #showAwaited() {
    $("queue").scrollIntoView({ block: "nearest" });
    this.#openAwaited();
  }

  #openAwaited() {
    const item = items().find(({ id }) => id === this.awaited);
    if (!item || item.state !== "succeeded" || this.chosen.files.length) return;
    this.awaited = null;
    location.hash = addressOf(item);
  }

  /** @param {Problem[]} problems */
  #chosenChanged(problems) {
    const count = this.chosen.files.length;
    $("analyse").disabled = !count;
    $("analyse").textContent = count > 1 ? `Analyse ${count} recordings` : "Analyse";
    $("start-hint").hidden = true;
    showProblems(problems);
  }
}

/**
 * @param {Problem[]} problems
 * @param {Array<[string, () => void]>} [actions]
 */
function showProblems(problems, actions = []) {
  $("start-problem").replaceChildren(...problems.map((problem) => {
    const card = problemCard(problem, { actions });
    card.setAttribute("role", "alert");
    return card;
  }));
}
