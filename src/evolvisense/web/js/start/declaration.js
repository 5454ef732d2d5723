// Consent and purpose, which a server under the strict profile wants.

import { $, el } from "../shared/dom.js";
import { sentence } from "../shared/problem.js";

const NAMES = /** @type {Record<string, string>} */ ({
  "self-reflection": "To look at a recording of myself",
  research: "Research",
  "software-testing": "Testing software",
  "clinical-supervised": "Clinical work, supervised",
});

/** Show what this server wants. @param {import("../shared/types.js").Limits} limits */
export function prepareDeclaration({ profile, purposes, consent }) {
  $("declaration").hidden = profile !== "strict";
  if (profile !== "strict") return;
  $("purpose").replaceChildren(
    el("option", { value: "" }, "Choose"),
    ...Object.keys(purposes).map((kind) => el("option", { value: kind }, NAMES[kind] ?? kind)),
  );
  const describe = () => {
    const kind = $("purpose").value;
    $("purpose-note").textContent = kind ? sentence(purposes[kind].split(";")[0]) : "";
    $("ethics-field").hidden = kind !== "research";
  };
  $("purpose").onchange = describe;
  describe();
  const [head, ...points] = consent.text.trim().split("\n");
  $("consent-text").replaceChildren(
    el("p", {}, head),
    el("ol", {}, ...points.map((point) => el("li", {}, point.replace(/^\d+\. /, "")))),
  );
}

/** What is missing, or null. @returns {{field: HTMLElement, why: string} | null} */
export function missingDeclaration() {
  if ($("declaration").hidden) return null;
  if (!$("purpose").value) return { field: $("purpose"), why: "Say what the analysis is for." };
  if ($("purpose").value === "research" && !$("ethics").value.trim()) {
    return { field: $("ethics"), why: "Research needs the reference of the ethics committee\u2019s decision." };
  }
  if (!$("confirmed-by").value.trim()) return { field: $("confirmed-by"), why: "Say who confirms the consent." };
  if (!$("confirmed").checked) return { field: $("confirmed"), why: "Read the text of the consent and confirm it." };
  return null;
}

/**
 * The part of the options, empty where the server wants none.
 * @param {import("../shared/types.js").Limits} limits
 * @returns {Pick<import("../shared/types.js").Options, "consent" | "purpose">}
 */
export function declared({ profile, consent }) {
  if (profile !== "strict") return {};
  const kind = $("purpose").value;
  return {
    consent: {
      confirmed_by: $("confirmed-by").value.trim(),
      confirmed_at: new Date().toISOString(),
      text_version: consent.version,
    },
    purpose: { kind, ethics_id: kind === "research" ? $("ethics").value.trim() : null },
  };
}

/** The next recordings need to be confirmed anew. */
export function clearConfirmation() {
  $("confirmed").checked = false;
}
