// The queue of this browser: sends one recording after the other, follows what the server does with
// them, and goes on after a reload.

import { api, hasEnded, pause } from "../shared/api.js";
import { forgetMarks } from "../shared/marks.js";
import { asProblem, Problem } from "../shared/problem.js";
import * as recordings from "../shared/recordings.js";
import { add, isActive, itemOf, items, onItems, remove, update } from "./items.js";
import { upload } from "./upload.js";

const FOLLOWED = 2; // a browser opens six connections to a server over HTTP/1.1, shared by its tabs
const SOON_S = 2;
const LOOK_AGAIN_MS = 60_000;
const OWN = "own-";
const UPLOADING = "evolvisense.uploading";

/** What stops the work on an item in this tab. @type {Map<string, AbortController>} */
const working = new Map();
let isStarted = false;

/**
 * Hand in recordings; they are sent one after the other.
 * @param {Array<File | Blob>} files
 * @param {import("../shared/types.js").Options} options
 * @param {{persist?: boolean, names?: string[]}} [details] names: for blobs that have none
 * @returns {Promise<string[]>} ids of the items
 */
export async function enqueue(files, options, { persist = false, names = [] } = {}) {
  const added = await Promise.all(files.map(async (file, i) => {
    const id = newId();
    const name = names[i] ?? (file instanceof File ? file.name : "Recording");
    const survives = await recordings.keep(id, file, name, { persist: true });
    return /** @type {import("./items.js").Item} */ ({
      id, name, sizeBytes: file.size, options, persist, survives, attempt: 1, state: "waiting",
      analysis: null, stage: "", percent: 0, ahead: null, note: "", problem: null,
      isCanceling: false, addedMs: Date.now() + i, expiresAt: null,
    });
  }));
  add([...added].reverse());
  startQueue();
  return added.map(({ id }) => id);
}

/** Take up what is to be done; called again it does nothing more. */
export function startQueue() {
  if (!isStarted) {
    isStarted = true;
    onItems(work);
    clear();
  }
  work();
}

/** Stop an item, here and on the server. @param {string} id */
export async function cancel(id) {
  const item = itemOf(id);
  if (!item) return;
  if (item.analysis) {
    take(id, await api.send("POST", `/v1/analyses/${item.analysis}/cancel`));
  } else if (item.state === "uploading" && item.percent >= 100) {
    update(id, { isCanceling: true }); // the server may have accepted it by now: see `send`
  } else {
    update(id, { state: "canceled", note: "" });
    const held = await recordings.get(id);
    if (held) await recordings.keep(id, held.blob, held.name);
  }
}

/** Hand an item in once more. @param {string} id */
export async function retry(id) {
  const item = itemOf(id);
  if (!item) return;
  const held = await recordings.get(item.id) ?? (item.analysis ? await recordings.get(item.analysis) : null);
  if (!held) {
    update(id, { state: "refused", problem: plain(gone()) });
    return;
  }
  await recordings.keep(id, held.blob, held.name, { persist: true });
  update(id, {
    state: "waiting", attempt: item.attempt + 1, analysis: null, percent: 0, problem: null, note: "",
  });
}

/** Delete an item: its recording here, its media and report on the server. @param {string} id */
export async function discard(id) {
  const item = itemOf(id);
  if (!item) return;
  if (item.analysis) {
    try {
      await api.send("DELETE", `/v1/analyses/${item.analysis}`);
    } catch (error) {
      if (asProblem(error).code !== "analysis_not_found") throw error;
    }
    await recordings.forget(item.analysis);
    forgetMarks(item.analysis);
  }
  await recordings.forget(id);
  remove(id);
}

/** Begin with what nobody works on in this tab; stop what was canceled, here or in another one. */
function work() {
  const active = items().filter(isActive).reverse();
  for (const [id, controller] of working) {
    if (!itemOf(id) || (itemOf(id)?.state === "canceled" && !itemOf(id)?.analysis)) controller.abort();
  }
  const next = active.find(({ analysis }) => !analysis);
  if (next && !working.has(next.id)) begin(next.id, (signal) => send(next.id, signal));
  for (const { id } of active.filter(({ analysis }) => analysis).slice(0, FOLLOWED)) {
    if (!working.has(id)) begin(id, (signal) => follow(id, signal));
  }
}

/**
 * @param {string} id
 * @param {(signal: AbortSignal) => Promise<void>} job
 */
async function begin(id, job) {
  const controller = new AbortController();
  working.set(id, controller);
  try {
    await job(controller.signal);
  } catch (error) {
    if (!controller.signal.aborted) fail(id, asProblem(error));
  } finally {
    working.delete(id);
  }
  work();
}

/**
 * @param {string} id
 * @param {AbortSignal} signal
 */
function send(id, signal) {
  return oneUpload(signal, async () => {
    const item = itemOf(id);
    if (!item || item.analysis || !isActive(item)) return; // another tab did it
    const held = await recordings.get(id);
    if (!held) throw gone();
    const progress = (/** @type {number} */ share) => {
      if (!signal.aborted) update(id, { state: "uploading", percent: share * 100, note: "" });
    };
    progress(0);
    const analysis = await insist(id, signal, () => (
      upload(held.blob, item.options, `${id}.${item.attempt}`, progress, signal)));
    await recordings.keep(analysis.id, held.blob, held.name, { persist: item.persist });
    take(id, analysis); // before it is let go of: after a reload one of the two names is known
    await recordings.forget(id);
    if (itemOf(id)?.isCanceling) await cancel(id);
  });
}

/**
 * One upload at a time, over all tabs of this browser where it has locks (they need https).
 * @param {AbortSignal} signal
 * @param {() => Promise<void>} job
 * @returns {Promise<void>}
 */
async function oneUpload(signal, job) {
  if (navigator.locks) await navigator.locks.request(UPLOADING, { signal }, job);
  else await job();
}

/**
 * Try until it is done or fails for good; what passes is waited for.
 * @template T
 * @param {string} id
 * @param {AbortSignal} signal
 * @param {() => Promise<T>} attempt
 * @returns {Promise<T>}
 */
async function insist(id, signal, attempt) {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      const problem = asProblem(error);
      if (!problem.isPassing) throw problem;
      const waitS = problem.retryAfterS ?? SOON_S;
      update(id, { state: "waiting", percent: 0, note: `${problem.title}: trying again in ${waitS} s` });
      await pause(waitS * 1000, signal);
      signal.throwIfAborted();
    }
  }
}

/**
 * @param {string} id
 * @param {AbortSignal} signal
 */
async function follow(id, signal) {
  const analysis = itemOf(id)?.analysis;
  if (!analysis) return;
  try {
    await api.follow(`/v1/analyses/${analysis}/events`, (seen) => take(id, seen), signal);
    await refreshPlaces(signal);
  } catch (error) {
    const problem = asProblem(error);
    if (problem.code === "analysis_not_found") throw problem;
    // The server works on, whether this page may look or not.
    update(id, { note: problem.title });
    await Promise.race([pause(LOOK_AGAIN_MS, signal), keyGiven(signal)]);
  }
}

/** @param {AbortSignal} signal @returns {Promise<void>} */
function keyGiven(signal) {
  return new Promise((resolve) => {
    window.addEventListener("evolvisense:key", () => resolve(), { once: true, signal });
  });
}

/** Places in the queue of those that are not followed. @param {AbortSignal} signal */
async function refreshPlaces(signal) {
  for (const { id, analysis } of items().filter(isActive)) {
    if (analysis && !working.has(id)) take(id, await api.get(`/v1/analyses/${analysis}`, { signal }));
  }
}

/**
 * What the server says of an item.
 * @param {string} id
 * @param {import("../shared/types.js").Analysis} analysis
 */
function take(id, analysis) {
  const item = itemOf(id);
  if (!item || (item.analysis === analysis.id && !isActive(item) && !hasEnded(analysis.state))) return;
  const options = { ...item.options };
  if (analysis.state === "succeeded") delete options.consent; // kept for another try alone
  update(id, {
    options, analysis: analysis.id, state: analysis.state, stage: analysis.stage, percent: analysis.percent,
    ahead: analysis.queue_position, expiresAt: analysis.expires_at, note: "",
    problem: analysis.error ? { ...analysis.error, requestId: "" } : null,
  });
}

/**
 * @param {string} id
 * @param {Problem} problem
 */
function fail(id, problem) {
  update(id, { state: itemOf(id)?.analysis ? "failed" : "refused", note: "", problem: plain(problem) });
}

/** @param {Problem} problem */
function plain({ code, detail, requestId }) {
  return { code, detail, requestId };
}

function gone() {
  return new Problem({ code: "recording_gone", detail: "it was held by a tab that is closed now" });
}

/** An id that no analysis has; `crypto.randomUUID` needs https. */
function newId() {
  return OWN + [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Let go of recordings that nothing needs, as when a tab was closed while it took or sent them. */
async function clear() {
  for (const name of await recordings.names()) {
    const item = itemOf(name);
    if (name.startsWith(OWN) && (!item || item.analysis)) await recordings.forget(name);
  }
}
