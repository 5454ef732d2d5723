// The report behind a worker: its summary once, then its moments one after another.

/**
 * @typedef {import("./types.js").Summary} Summary
 * @typedef {import("./types.js").Moment} Moment
 * @typedef {import("./strips.js").Strips} Strips
 */

/** A report in a worker; `close()` ends it. */
export class ReportReader {
  #worker = new Worker(new URL("./moments.worker.js", import.meta.url), { type: "module" });

  #isBusy = false;

  /** @type {number|null} */
  #wanted = null;

  /** @type {((strips: Strips|null) => void)[]} */
  #stripsWanted = [];

  /** @type {(moment: Moment) => void} */
  onMoment = () => {};

  /**
   * Fetch and parse the report; resolves to its summary.
   * @param {string} address
   * @param {Record<string, string>} headers
   * @returns {Promise<Summary>} Rejects with the problem that the server named.
   */
  open(address, headers) {
    return new Promise((resolve, reject) => {
      this.#worker.onerror = (event) => reject({ code: "not_readable", detail: event.message });
      this.#worker.onmessage = ({ data }) => {
        if (data.moment) this.#answer(data.moment);
        else if ("strips" in data) this.#stripsWanted.shift()?.(data.strips);
        else if (data.summary) resolve(data.summary);
        else reject(data.problem);
      };
      this.#worker.postMessage({ open: address, headers });
    });
  }

  /**
   * Ask for a moment; of several that are asked for while one is looked up, only the last counts.
   * @param {number} timeS
   */
  ask(timeS) {
    if (this.#isBusy) {
      this.#wanted = timeS;
      return;
    }
    this.#isBusy = true;
    this.#worker.postMessage({ at: timeS });
  }

  /**
   * Rows of the overview. Answers come in the order of the questions.
   * @param {import("./strips.js").StripsQuery} query
   * @returns {Promise<Strips|null>} null before the report is open
   */
  strips(query) {
    this.#worker.postMessage({ strips: query });
    return new Promise((resolve) => this.#stripsWanted.push(resolve));
  }

  close() {
    this.#worker.terminate();
  }

  /** @param {Moment} moment */
  #answer(moment) {
    this.#isBusy = false;
    const next = this.#wanted;
    this.#wanted = null;
    if (next !== null) this.ask(next);
    this.onMoment(moment);
  }
}
