// The block of the old service, in a tab of its own.

import { $, el, fillTable } from "../shared/dom.js";
import { explanations } from "./explain.js";

/**
 * @param {import("./types.js").Legacy|null} v1
 * @param {string} limits to stand beside its scores
 */
export async function fillLegacy(v1, limits) {
  if (!v1) {
    $("legacy").replaceChildren(el("p", { class: "muted" }, "Withheld on request: it stands on emotion."));
    return;
  }
  const { fields, passages } = await explanations();
  /** @type {(part: string, prefix: string, values: Record<string, number>) => string[][]} */
  const rows = (part, prefix, values) => Object.entries(values).map(([name, value]) => (
    [`${prefix}.${name}`, value.toFixed(2), fields[`${part}.${name}`]]));
  const counts = Object.entries(v1.emotions).map(([name, count]) => `${name} ${count}`).join(", ");
  const table = el("table");
  fillTable(table, ["Key of the old answer", "Value", "What it is"], [
    ...rows("LegacyMentalHealth", "mental_health", v1.mental_health),
    ...(v1.voice_analysis ? rows("LegacyVoiceAnalysis", "voice_analysis", v1.voice_analysis)
      : [["voice_analysis", "null", fields["LegacyBlock.voice_analysis"]]]),
    ["peak_stress", v1.peak_stress.toFixed(2), fields["LegacyBlock.peak_stress"]],
    ["video_duration", v1.video_duration.toFixed(2), fields["LegacyBlock.video_duration"]],
    ["emotions, pictures of each", counts, fields["LegacyBlock.emotions"]],
  ]);
  $("legacy").replaceChildren(
    el("p", { class: "small" }, passages.legacy),
    el("p", { class: "notice small" }, limits),
    el("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": "Formula v1" }, table));
}
