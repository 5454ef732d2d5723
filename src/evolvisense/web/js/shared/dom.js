// Elements, lists and tables.

export const CANNOT_TELL = "cannot tell";

/**
 * The element with that id. Throws an Error where the page has none.
 * @param {string} id
 * @returns {any} an HTMLElement; the caller knows which kind
 */
export function $(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no element ${id}`);
  return found;
}

/**
 * A new element. `class`, `for`, `role`, `data-*` and `aria-*` become attributes, `on*` listeners,
 * the rest properties; null and undefined are left out. Texts stay texts.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, any>} [props]
 * @param {...(Node | string | number | null | undefined)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function el(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2).toLowerCase(), value);
    else if (/^(class|for|role|data-.*|aria-.*)$/.test(name)) element.setAttribute(name, String(value));
    else Object.assign(element, { [name]: value });
  }
  for (const child of children) {
    if (child !== null && child !== undefined) element.append(child instanceof Node ? child : String(child));
  }
  return element;
}

/**
 * Fill a <dl> with [term, value, note] entries.
 * @param {HTMLElement} list
 * @param {Array<[string, string, (string | null)?]>} entries
 */
export function define(list, entries) {
  list.replaceChildren(...entries.map(([term, value, note]) => el("div", {},
    el("dt", {}, term),
    el("dd", { class: value === CANNOT_TELL ? "unknown" : null }, value, note ? el("small", {}, note) : null))));
}

/**
 * @param {HTMLElement} table
 * @param {string[]} head
 * @param {Array<Array<string | number>>} rows
 */
export function fillTable(table, head, rows) {
  table.replaceChildren(
    el("thead", {}, el("tr", {}, ...head.map((name) => el("th", { scope: "col" }, name)))),
    el("tbody", {}, ...rows.map((values) => el("tr", {}, ...values.map((value) => el("td", {}, value))))),
  );
}
