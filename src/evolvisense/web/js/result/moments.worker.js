// Fetches and parses the report away from the page's own thread, and answers for moments and
// overviews of it.

import { Moments } from "./moments.js";
import { OverviewColumns } from "./strips.js";
import { summaryOf } from "./summary.js";

// A worker's own scope has the methods that the page sees of it.
const page = /** @type {Worker} */ (/** @type {unknown} */ (self));

/** @type {Moments|null} */
let moments = null;
/** @type {OverviewColumns|null} */
let columns = null;

page.onmessage = async (/** @type {MessageEvent} */ { data }) => {
  if ("open" in data) {
    page.postMessage(await opened(data.open, data.headers));
  } else if ("strips" in data) {
    page.postMessage({ strips: columns?.of(data.strips) ?? null });
  } else if (moments) {
    page.postMessage({ moment: moments.at(data.at) });
  }
};

/**
 * @param {string} address
 * @param {Record<string, string>} headers
 */
async function opened(address, headers) {
  try {
    const response = await fetch(address, { headers });
    const body = await response.json();
    if (!response.ok) return { problem: { ...body, status: response.status } };
    moments = new Moments(body);
    columns = new OverviewColumns(body);
    return { summary: summaryOf(body) };
  } catch (error) {
    return { problem: { code: "not_readable", detail: String(error), status: 0 } };
  }
}
