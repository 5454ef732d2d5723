// What limits a report, for people.

import { el } from "../shared/dom.js";
import { sentence } from "../shared/problem.js";
import { whyNoVoice } from "../shared/words.js";

/**
 * @param {HTMLElement} list
 * @param {import("./types.js").Summary} summary
 */
export function fillWarnings(list, { warnings, people, voice_absent_reason: noVoice }) {
  /** @type {Record<string, string>} */
  const texts = {
    several_people: `${people.length} people were found: choose one beside the video`,
    no_voice: `No voice could be read: ${whyNoVoice(String(noVoice))}`,
  };
  list.hidden = !warnings.length;
  list.replaceChildren(...warnings.map(({ code, message }) => el("li", {}, sentence(texts[code] ?? message))));
}
