// What will happen to a recording, said before it is sent.

import { $, el } from "../shared/dom.js";
import { durationText } from "../shared/words.js";

/** In short beside the button, and in full. @param {import("../shared/types.js").Limits} limits */
export function sayWhatHappens({ report_retention_s: kept, media_retention_s: media, profile }) {
  const deleted = media > 0 ? `deleted ${durationText(media)} after the analysis` : "deleted when the analysis ends";
  $("analyse-note").textContent = `Nothing is sent before. Then it goes to ${location.host} and is ${deleted}.`;
  const line = (/** @type {string} */ title, /** @type {string} */ text) => el("li", {},
    el("strong", {}, title), el("span", {}, text));
  $("what-list").replaceChildren(
    line("It is sent to this server", `${location.host}. Its file name stays here, and nothing is sent on to anybody else.`),
    line("It is analysed there", "Face and voice are measured. Nobody is identified."),
    line(`It is ${deleted}`,
      "The video that you see beside a result is played from this browser, which holds it until you close the tab."),
    line(`The report is kept for ${durationText(kept)}`, "You can delete it at any time, in the list of results."),
    ...(profile === "strict" ? [line("It leaves an entry in the audit log",
      "Time, key, purpose and a hash of the file; no picture, no sound, no score.")] : []),
  );
}
