// The server's /v1 for this page: requests, errors of one shape, the key, and events.

import { eventsOf } from "./events.js";
import { askForKey, key, keyHeaders } from "./keys.js";
import { noConnection, Problem, problemOf } from "./problem.js";

export { Problem } from "./problem.js";

const RETRY_MS = 2000;

/** @type {Promise<import("./types.js").Limits> | null} */
let limits = null;

export const api = {
  /**
   * @param {string} path
   * @param {{signal?: AbortSignal}} [options]
   * @returns {Promise<any>} the parsed answer. Throws Problem, and AbortError where aborted.
   */
  async get(path, { signal } = {}) {
    return (await ask(path, { signal })).json();
  },

  /**
   * @param {"POST" | "DELETE" | "PUT"} method
   * @param {string} path
   * @param {unknown} [body] sent as JSON
   * @returns {Promise<any>} the parsed answer; null where it has no body. Throws Problem.
   */
  async send(method, path, body) {
    /** @type {Record<string, string>} */
    const headers = body === undefined ? {} : { "Content-Type": "application/json" };
    const answer = await ask(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
    const text = await answer.text();
    return text ? JSON.parse(text) : null;
  },

  /**
   * @param {string} path
   * @param {{signal?: AbortSignal, body?: unknown}} [options] body: sent as JSON by POST
   * @returns {Promise<Blob>} Throws Problem.
   */
  async blob(path, { signal, body } = {}) {
    const sent = body === undefined ? {}
      : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
    return (await ask(path, { signal, ...sent })).blob();
  },

  /**
   * Follow an analysis until it has ended, was deleted, or `signal` aborts; lost connections are
   * taken up again where they broke off.
   * @param {string} path of the events
   * @param {(analysis: import("./types.js").Analysis) => void} onEvent
   * @param {AbortSignal} signal
   * @returns {Promise<void>} Throws Problem for what trying again does not mend.
   */
  async follow(path, onEvent, signal) {
    let last = "";
    while (!signal.aborted) {
      try {
        const answer = await ask(path, { signal, headers: last ? { "Last-Event-ID": last } : {} });
        if (answer.status === 204 || !answer.body) return;
        for await (const event of eventsOf(answer.body)) {
          last = event.id || last;
          if (event.type === "deleted") throw deleted();
          const analysis = JSON.parse(event.data);
          onEvent(analysis);
          if (hasEnded(analysis.state)) return;
        }
      } catch (error) {
        if (signal.aborted) return;
        // A stream that breaks is a TypeError of the browser, not a Problem.
        if (error instanceof Problem && !error.isPassing) throw error;
        if (!(error instanceof Problem) && !(error instanceof TypeError)) throw error;
      }
      await pause(RETRY_MS, signal);
    }
  },

  /** What this server takes, asked once. @returns {Promise<import("./types.js").Limits>} */
  limits() {
    limits ??= this.get("/v1/limits").catch((error) => {
      limits = null;
      throw error;
    });
    return limits;
  },
};

/** @param {string} state */
export function hasEnded(state) {
  return state === "succeeded" || state === "failed" || state === "canceled";
}

/**
 * Resolves after that time, or when the signal aborts.
 * @param {number} ms
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
export function pause(ms, signal) {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
  });
}

/**
 * @param {string} path
 * @param {RequestInit} init
 * @returns {Promise<Response>} one that is not an error
 */
async function ask(path, init) {
  for (;;) {
    const shown = key();
    const answer = await reach(path, { ...init, headers: { ...keyHeaders(), ...init.headers } });
    if (answer.ok) return answer;
    if (answer.status === 401 && await askForKey(shown)) continue;
    const body = await answer.json().catch(() => null); // an error of a proxy is not JSON
    throw problemOf(answer.status, body, answer.headers.get("Retry-After"));
  }
}

/** @param {string} path @param {RequestInit} init */
async function reach(path, init) {
  try {
    return await fetch(path, init);
  } catch (error) {
    if (error instanceof TypeError) throw noConnection();
    throw error;
  }
}

function deleted() {
  return new Problem({ code: "analysis_not_found", detail: "it was deleted", status: 404 });
}
