// What limits a report, for people.

import { el } from "../shared/dom.js";
import { sentence } from "../shared/problem.js";
import { whyNoVoice } from "../shared/words.js";

/**
 * @param {HTMLElement} list
 * @param {import("./types.js").Summary} summary
 */
export function fillWarnings(list, { summary: answer, warnings, voice_absent_reason: noVoice }) {
  // Several people are shown as chips to choose from, and the headline says what was not found.
  const said = answer ? ["several_people", "no_face", "no_voice"] : ["several_people"];
  const shown = warnings.filter(({ code }) => !said.includes(code));
  /** @type {Record<string, string>} */
  const texts = { no_voice: `No voice could be read: ${whyNoVoice(String(noVoice))}` };
  list.hidden = !shown.length;
  list.replaceChildren(...shown.map(({ code, message }) => el("li", {}, sentence(texts[code] ?? message))));
}
