// The buttons of the baseline: take it, see it run, forget it.

import { part } from "../camera/parts.js";
import { BASELINE_S, BaselineTaking } from "./baseline.js";

/** @typedef {import("./baseline.js").Spread} Spread */

const INTRO = `Speak and look as usual for ${BASELINE_S} s; then each number shows its change.`;

export class BaselineControl {
  /** @type {{taking: BaselineTaking, beganS: number | null} | null} */
  #now = null;
  #root;
  #onBaseline;

  /**
   * @param {HTMLElement} root
   * @param {(baseline: Map<string, Spread>) => void} onBaseline empty: there is none any more
   */
  constructor(root, onBaseline) {
    this.#root = root;
    this.#onBaseline = onBaseline;
    this.#button("baseline").addEventListener("click", () => this.#begin());
    this.#button("baseline-forget").addEventListener("click", () => this.forget());
    this.forget();
  }

  /**
   * @param {number} timeS of the picture
   * @param {Map<string, import("./measures.js").Reading>} readings
   */
  add(timeS, readings) {
    if (!this.#now) return;
    this.#now.beganS ??= timeS;
    this.#now.taking.add(readings);
    const passedS = timeS - this.#now.beganS;
    part(this.#root, "baseline-progress", HTMLProgressElement).value = passedS / BASELINE_S;
    if (passedS >= BASELINE_S) this.#end(this.#now.taking.result());
  }

  forget() {
    this.#now = null;
    this.#onBaseline(new Map());
    this.#show(INTRO, { isTaken: false });
  }

  #begin() {
    this.#now = { taking: new BaselineTaking(), beganS: null };
    this.#onBaseline(new Map());
    this.#show("Taking the baseline \u2026", { isTaken: false });
  }

  /** @param {Map<string, Spread>} baseline */
  #end(baseline) {
    this.#now = null;
    this.#onBaseline(baseline);
    if (!baseline.size) {
      this.#show("No baseline: too few answers with a face or a voice came. Try again.", { isTaken: false });
      return;
    }
    this.#show("Each number now shows its change against the baseline, and how many times the spread "
      + "(standard deviation) of those seconds that is. Bands in the histories are mean \u00b1 spread.",
    { isTaken: true });
  }

  /**
   * @param {string} text
   * @param {{isTaken: boolean}} state
   */
  #show(text, { isTaken }) {
    part(this.#root, "baseline-said", HTMLElement).textContent = text;
    const progress = part(this.#root, "baseline-progress", HTMLProgressElement);
    progress.hidden = this.#now === null;
    progress.value = 0;
    this.#button("baseline").textContent = isTaken ? "Take it again" : "Take a baseline";
    this.#button("baseline").disabled = this.#now !== null;
    this.#button("baseline-forget").hidden = !isTaken;
    this.#root.dataset.baseline = this.#now ? "taking" : isTaken ? "taken" : "none";
  }

  /** @param {string} name */
  #button(name) {
    return part(this.#root, name, HTMLButtonElement);
  }
}
