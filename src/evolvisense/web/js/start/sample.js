// The sample that comes with the software.

import { api } from "../shared/api.js";

const SAMPLE = "/static/sample/sample.webm";

/** @returns {Promise<import("./chosen.js").Chosen>} Throws Problem. */
export async function sample() {
  return { blob: await api.blob(SAMPLE), name: "Sample" };
}
