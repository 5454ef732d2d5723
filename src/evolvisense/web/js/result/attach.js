// The video of an analysis: from this browser, or chosen once more and checked.

import { $ } from "../shared/dom.js";
import * as recordings from "../shared/recordings.js";

/** Larger files are checked by their size alone: a hash needs all of it in memory. */
const MOST_HASHED_BYTES = 512 * 1024 * 1024;

/** @typedef {import("../shared/types.js").Analysis & {media_sha256: string}} Analysis */

/**
 * Why a file is not the one that was analysed; empty where nothing speaks against it.
 * @param {Blob} file
 * @param {Analysis} analysis
 */
export async function whyAnother(file, { media_bytes: size, media_sha256: hash }) {
  if (file.size !== size) return `it has ${file.size.toLocaleString("en")} bytes, the analysed one ${size.toLocaleString("en")}`;
  // Pages over plain http on another machine have no crypto.subtle.
  if (!crypto.subtle || file.size > MOST_HASHED_BYTES || !hash) return "";
  const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  const found = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return found === hash ? "" : "it has the same size, but not the same content";
}

/**
 * Offer to choose the file again.
 * @param {Analysis} analysis
 * @param {(blob: Blob) => void} found called with the right one
 * @param {AbortSignal} signal
 */
export function listenForFile(analysis, found, signal) {
  const field = $("attach-file");
  field.value = "";
  $("attach-problem").textContent = "";
  field.addEventListener("change", async () => {
    const [file] = field.files;
    if (!file) return;
    $("attach-problem").textContent = "Comparing the file\u2026";
    const why = await whyAnother(file, analysis);
    if (signal.aborted) return;
    $("attach-problem").textContent = why && `This is not the file that was analysed: ${why}.`;
    if (why) return;
    await recordings.keep(analysis.id, file, file.name);
    found(file);
  }, { signal });
}
