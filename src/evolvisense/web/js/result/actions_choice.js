// Which facial actions are drawn: check boxes in groups.

import { $, el } from "../shared/dom.js";
import { actionName } from "../shared/words.js";

/** @type {[string, RegExp][]} */
const GROUPS = [
  ["Brows", /^brow/],
  ["Eyes", /^eye/],
  ["Cheeks and nose", /^(cheek|nose)/],
  ["Jaw", /^jaw/],
  ["Mouth", /^(mouth|tongue)/],
];

/**
 * Check boxes for the actions of a person; `changed` is told what is picked, null for those that
 * move most.
 * @param {string[]} known
 * @param {(names: string[]|null) => void} changed
 */
export function fillActions(known, changed) {
  $("actions-choice").hidden = !known.length;
  const root = $("actions-groups");
  root.replaceChildren(...GROUPS.map(([title, belongs]) => el("fieldset", {},
    el("legend", {}, title),
    ...known.filter((name) => belongs.test(name)).map((name) => el("label", {},
      el("input", { type: "checkbox", value: name }), actionName(name))))));
  root.onchange = () => {
    const picked = [...root.querySelectorAll("input:checked")].map(({ value }) => value);
    changed(picked.length ? picked : null);
  };
  $("actions-most").onclick = () => {
    for (const box of root.querySelectorAll("input")) box.checked = false;
    changed(null);
  };
}
