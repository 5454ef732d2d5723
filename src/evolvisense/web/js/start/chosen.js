// The recordings that are chosen and not yet sent: chosen as files, dropped, or just recorded.

import { $, el } from "../shared/dom.js";
import { Problem } from "../shared/problem.js";
import { sizeText } from "../shared/words.js";
import { isActive, items } from "./items.js";

/**
 * @typedef {object} Chosen
 * @property {Blob} blob
 * @property {string} name
 */

/** Takes files in; says what it refuses and what is chosen. */
export class ChosenFiles {
  /**
   * @param {() => import("../shared/types.js").Limits | null} limits
   * @param {(problems: Problem[]) => void} changed called after every change, with what was refused
   */
  constructor(limits, changed) {
    /** @type {Chosen[]} */
    this.files = [];
    this.limits = limits;
    this.changed = changed;
  }

  /** @param {Chosen[]} added */
  add(added) {
    /** @type {Problem[]} */
    const problems = [];
    for (const file of added) {
      const problem = refusal(file, this.limits()) ?? twice(file, this.files);
      if (problem) problems.push(problem);
      else this.files = [...this.files, file];
    }
    this.#show(problems);
  }

  clear() {
    this.files = [];
    this.#show([]);
  }

  /** @param {Problem[]} problems */
  #show(problems) {
    $("chosen").hidden = !this.files.length;
    $("chosen-list").replaceChildren(...this.files.map((file) => el("li", { class: "chosen-file" },
      el("span", { class: "file-name" }, file.name),
      el("span", { class: "muted small figures" }, sizeText(file.blob.size)),
      el("button", {
        type: "button", class: "quiet", "aria-label": `Take ${file.name} out`,
        onclick: () => this.#remove(file),
      }, "Take out"))));
    this.changed(problems);
  }

  /** @param {Chosen} file */
  #remove(file) {
    this.files = this.files.filter((other) => other !== file);
    this.#show([]);
    $("file").focus();
  }
}

/**
 * Why a file need not be sent at all; null where only the server can tell.
 * @param {Chosen} file
 * @param {import("../shared/types.js").Limits | null} limits
 */
function refusal({ blob, name }, limits) {
  if (blob.size === 0) return new Problem({ code: "empty_file", detail: `\u201c${name}\u201d holds 0 bytes` });
  if (limits && blob.size > limits.max_upload_bytes) {
    const most = sizeText(limits.max_upload_bytes);
    return new Problem({ code: "file_too_large", detail: `\u201c${name}\u201d has ${sizeText(blob.size)}; this server takes up to ${most} (setting EVOLVISENSE_MAX_UPLOAD_BYTES)` });
  }
  return null;
}

/**
 * The same file once more, chosen already or in work; another analysis of a finished one is welcome.
 * @param {Chosen} file
 * @param {Chosen[]} files
 */
function twice({ blob, name }, files) {
  const dateOf = (/** @type {Blob} */ one) => (one instanceof File ? one.lastModified : 0);
  const isChosen = files.some((other) => other.name === name && other.blob.size === blob.size
    && dateOf(other.blob) === dateOf(blob));
  if (isChosen) return new Problem({ code: "chosen_already", detail: `\u201c${name}\u201d is chosen already` });
  const isInWork = items().some((item) => isActive(item) && item.name === name && item.sizeBytes === blob.size);
  return isInWork ? new Problem({ code: "chosen_already", detail: `\u201c${name}\u201d is in work already` }) : null;
}

/**
 * Let files be dropped on an element; the whole page shows that they may.
 * @param {HTMLElement} field
 * @param {(files: Chosen[], problems: Problem[]) => void} dropped
 * @returns {() => void} stops that
 */
export function takeDrops(field, dropped) {
  const controller = new AbortController();
  const { signal } = controller;
  let depth = 0; // enter and leave come for every child
  const mark = (/** @type {number} */ change) => {
    depth = Math.max(0, depth + change);
    field.classList.toggle("over", depth > 0);
  };
  window.addEventListener("dragenter", (event) => { if (hasFiles(event)) mark(1); }, { signal });
  window.addEventListener("dragleave", (event) => { if (hasFiles(event)) mark(-1); }, { signal });
  window.addEventListener("drop", (event) => {
    mark(-depth);
    if (!event.dataTransfer || !hasFiles(event)) return;
    const isFolder = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()?.isDirectory === true);
    const files = [...event.dataTransfer.files];
    dropped(
      files.filter((_, i) => !isFolder[i]).map((file) => ({ blob: file, name: file.name })),
      files.filter((_, i) => isFolder[i]).map(({ name }) => new Problem({
        code: "folder_dropped", detail: `open \u201c${name}\u201d and drop the videos that are in it` })),
    );
  }, { signal });
  return () => controller.abort();
}

/** @param {DragEvent} event */
function hasFiles(event) {
  return event.dataTransfer?.types.includes("Files") ?? false;
}
