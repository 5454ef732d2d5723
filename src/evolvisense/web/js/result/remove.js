// Deleting everything of an analysis, on the server and in this browser.

import { api } from "../shared/api.js";
import { $ } from "../shared/dom.js";
import { asProblem } from "../shared/problem.js";
import * as recordings from "../shared/recordings.js";
import { discard } from "../start/queue.js";
import { itemOfAnalysis } from "./history.js";
import { forgetMarks } from "../shared/marks.js";

/**
 * Ask, delete, and go back to the start.
 * @param {string} id of the analysis
 * @param {AbortSignal} signal
 */
export function listenForRemoval(id, signal) {
  const dialog = $("remove");
  $("remove-open").addEventListener("click", () => {
    $("remove-problem").textContent = "";
    dialog.showModal();
  }, { signal });
  $("remove-confirm").addEventListener("click", async () => {
    try {
      await remove(id);
      dialog.close();
      location.hash = "#/";
    } catch (error) {
      $("remove-problem").textContent = asProblem(error).detail;
    }
  }, { signal });
}

/** @param {string} id */
async function remove(id) {
  const item = itemOfAnalysis(id);
  if (item) {
    await discard(item.id);
    return;
  }
  await api.send("DELETE", `/v1/analyses/${id}`);
  await recordings.forget(id);
  forgetMarks(id);
}
