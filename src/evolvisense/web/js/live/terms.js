// What is asked before a live stream starts: whether to record it, and what the server wants to know.

import { part } from "../camera/parts.js";
import { lengthText } from "../camera/words.js";
import { $ } from "../shared/dom.js";
import {
  clearConfirmation, declared, missingDeclaration, prepareDeclaration,
} from "../start/declaration.js";

/** @typedef {import("../shared/types.js").Limits} Limits */

export class Terms {
  #root;
  #limits;
  #home;

  /**
   * The fieldset of consent and purpose is that of the start view: it is lent, see `giveBack`.
   * @param {HTMLElement} root
   * @param {Limits} limits
   * @param {{typicalS: number, canRecord: boolean}} recording
   */
  constructor(root, limits, { typicalS, canRecord }) {
    this.#root = root;
    this.#limits = limits;
    const declaration = $("declaration");
    this.#home = { parent: declaration.parentElement, next: declaration.nextSibling };
    prepareDeclaration(limits);
    part(root, "declaration", HTMLElement).append(declaration);
    const record = this.#record;
    record.checked = canRecord;
    record.disabled = !canRecord;
    part(root, "record-note", HTMLElement).textContent = canRecord
      ? `In memory alone; of a long session the last ${lengthText(typicalS / 2)} or more. When you stop, you decide: keep it as a `
        + "report, or forget it. Without this nothing is left at the end."
      : "This browser cannot record; nothing is left at the end.";
  }

  get isRecorded() {
    return this.#record.checked;
  }

  /** `consent` and `purpose` where the server wants them. Null: something is missing, and told. */
  answers() {
    const missing = missingDeclaration();
    const problem = part(this.#root, "terms-problem", HTMLElement);
    problem.hidden = missing === null;
    problem.textContent = missing?.why ?? "";
    if (missing) {
      missing.field.focus();
      return null;
    }
    return declared(this.#limits);
  }

  giveBack() {
    clearConfirmation();
    this.#home.parent?.insertBefore($("declaration"), this.#home.next);
  }

  get #record() {
    return part(this.#root, "record", HTMLInputElement);
  }
}
