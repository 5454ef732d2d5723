// One upload. XMLHttpRequest, because fetch does not tell how much has been sent.

import { askForKey, key, keyHeaders } from "../shared/keys.js";
import { noConnection, problemOf } from "../shared/problem.js";

/**
 * Send a recording.
 * @param {Blob} blob
 * @param {import("../shared/types.js").Options} options
 * @param {string} idempotencyKey the same for the same request, however often it is sent
 * @param {(share: number) => void} progress 0-1 of the bytes
 * @param {AbortSignal} signal
 * @returns {Promise<import("../shared/types.js").Analysis>} Throws Problem, and AbortError where aborted.
 */
export async function upload(blob, options, idempotencyKey, progress, signal) {
  for (;;) {
    const shown = key();
    const request = await sent(blob, options, idempotencyKey, progress, signal);
    if (request.status === 200 || request.status === 202) return request.response;
    if (request.status === 401 && await askForKey(shown)) continue;
    throw problemOf(request.status, request.response, request.getResponseHeader("Retry-After"));
  }
}

/**
 * @param {Blob} blob
 * @param {import("../shared/types.js").Options} options
 * @param {string} idempotencyKey
 * @param {(share: number) => void} progress
 * @param {AbortSignal} signal
 * @returns {Promise<XMLHttpRequest>} one that was answered
 */
function sent(blob, options, idempotencyKey, progress, signal) {
  const form = new FormData();
  form.append("options", JSON.stringify(options));
  form.append("file", blob, "recording"); // the name of the file stays here
  const request = new XMLHttpRequest();
  request.open("POST", "/v1/analyses");
  request.responseType = "json";
  request.setRequestHeader("Idempotency-Key", idempotencyKey);
  for (const [name, value] of Object.entries(keyHeaders())) request.setRequestHeader(name, value);
  return new Promise((resolve, reject) => {
    const abort = () => request.abort();
    signal.addEventListener("abort", abort);
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) progress(event.loaded / event.total);
    });
    request.addEventListener("load", () => resolve(request));
    request.addEventListener("error", () => reject(noConnection()));
    request.addEventListener("abort", () => reject(new DOMException("the upload was stopped", "AbortError")));
    request.addEventListener("loadend", () => signal.removeEventListener("abort", abort));
    request.send(form);
    if (signal.aborted) request.abort();
  });
}
