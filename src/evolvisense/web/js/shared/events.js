// Server-sent events out of a stream of bytes (https://html.spec.whatwg.org, 9.2.6).

/**
 * @typedef {object} ServerEvent
 * @property {string} id
 * @property {string} type
 * @property {string} data
 */

/**
 * The events of a stream, as they come; comments are left out.
 * @param {ReadableStream<Uint8Array>} stream
 * @returns {AsyncGenerator<ServerEvent>}
 */
export async function* eventsOf(stream) {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      rest += decoder.decode(value, { stream: true });
      const blocks = rest.split(/\r?\n\r?\n/);
      rest = blocks.pop() ?? "";
      for (const block of blocks) {
        const event = eventOf(block);
        if (event.data) yield event;
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined); // a broken stream cannot be cancelled any more
  }
}

/**
 * @param {string} block lines up to an empty one
 * @returns {ServerEvent}
 */
function eventOf(block) {
  const event = { id: "", type: "message", data: "" };
  for (const line of block.split(/\r?\n/)) {
    const [, name, value] = /^(\w+): ?(.*)$/.exec(line) ?? [];
    if (name === "id") event.id = value;
    if (name === "event") event.type = value;
    if (name === "data") event.data += event.data ? `\n${value}` : value;
  }
  return event;
}
