// openapi.json as a page to read.

import { $, el } from "./shared/dom.js";

/**
 * The parts of JSON Schema that our API uses.
 * @typedef {object} Schema
 * @property {string} [$ref]
 * @property {string} [title]
 * @property {string} [description]
 * @property {string | string[]} [type]
 * @property {string} [format]
 * @property {unknown} [const]
 * @property {unknown} [default]
 * @property {unknown[]} [enum]
 * @property {Schema[]} [anyOf]
 * @property {Schema} [items]
 * @property {string[]} [required]
 * @property {Record<string, Schema>} [properties]
 */

/**
 * @typedef {object} Operation
 * @property {string} [summary]
 * @property {string} [description]
 * @property {Array<{name: string, in: string, schema: Schema, description?: string}>} [parameters]
 * @property {{content?: Record<string, {schema: Schema}>}} [requestBody]
 * @property {Record<string, {description: string, content?: Record<string, {schema?: Schema}>}>} responses
 */

/** @type {{paths: Record<string, Record<string, Operation>>, components: {schemas: Record<string, Schema>}}} */
const api = await (await fetch("/openapi.json")).json();
$("routes").replaceChildren(...Object.entries(api.paths).flatMap(([path, operations]) => (
  Object.entries(operations).map(([method, operation]) => routeCard(path, method, operation)))));

/**
 * @param {string} path
 * @param {string} method
 * @param {Operation} operation
 */
function routeCard(path, method, operation) {
  return el("section", { class: "card route" },
    el("h2", {}, el("span", { class: "method" }, method.toUpperCase()), el("code", {}, path)),
    el("p", {}, ...words(operation.summary)),
    operation.description ? el("p", { class: "muted" }, ...words(operation.description)) : null,
    ...parametersOf(operation),
    ...bodiesOf(operation),
    el("h3", {}, "Answers"),
    ...answersOf(operation));
}

/** @param {Operation} operation */
function parametersOf({ parameters = [] }) {
  if (!parameters.length) return [];
  const rows = parameters.map((p) => [p.name, p.in, typeOf(p.schema), String(p.schema.default ?? ""), p.description ?? ""]);
  return [el("h3", {}, "Parameters"), table(["Name", "In", "Type", "Default", "Meaning"], rows)];
}

/** @param {Operation} operation */
function bodiesOf({ requestBody }) {
  return Object.entries(requestBody?.content ?? {}).flatMap(([kind, { schema }]) => {
    const found = resolve(schema);
    const rows = Object.entries(found.properties ?? {}).map(([name, field]) => [
      name + (found.required?.includes(name) ? " (required)" : ""),
      typeOf(field), String(field.default ?? ""), field.description ?? "",
    ]);
    return [el("h3", {}, `Body: ${kind}`), table(["Field", "Type", "Default", "Meaning"], rows)];
  });
}

/** Errors have one shape: the first alone shows it. @param {Operation} operation */
function answersOf({ responses }) {
  let hasErrorShape = false;
  return Object.entries(responses).map(([status, response]) => {
    const schema = (response.content?.["application/json"] ?? response.content?.["application/problem+json"])?.schema;
    const isError = Number(status) >= 400;
    const isShown = schema?.$ref && !(isError && hasErrorShape);
    hasErrorShape ||= isError;
    return el("div", { class: "shape" }, el("code", {}, status), " ", el("span", {}, ...words(response.description)),
      isShown ? shape(schema) : null);
  });
}

/** A schema that opens on demand: some hold themselves many levels deep. @param {Schema} schema */
function shape(schema) {
  const found = resolve(schema);
  const box = el("details", { class: "shape" }, el("summary", {}, found.title ?? "object"));
  box.addEventListener("toggle", () => {
    if (box.children.length > 1) return;
    box.append(el("ul", {}, ...Object.entries(found.properties ?? {}).map(([name, field]) => {
      const inner = [field, field.items, ...(field.anyOf ?? [])].find((part) => part?.$ref);
      return el("li", {}, el("code", {}, name), ` ${typeOf(field)} `,
        el("span", { class: "muted" }, ...words(field.description)), inner ? shape(inner) : null);
    })));
  });
  return box;
}

/** @param {Schema} schema */
function resolve(schema) {
  return schema.$ref ? api.components.schemas[nameOf(schema.$ref)] : schema;
}

/** @param {string} reference */
function nameOf(reference) {
  return reference.split("/").at(-1) ?? reference;
}

/** @param {Schema} schema @returns {string} */
function typeOf(schema) {
  if (schema.$ref) return nameOf(schema.$ref);
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(" or ");
  if (schema.const) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" or ");
  if (schema.type === "array") return `list of ${typeOf(schema.items ?? {})}`;
  if (schema.format === "binary") return "file";
  return [schema.type ?? "any"].flat().join(" or ");
}

/**
 * @param {string[]} head
 * @param {string[][]} rows
 */
function table(head, rows) {
  return el("div", { class: "scroll", tabIndex: 0, role: "group", "aria-label": "Table" }, el("table", {},
    el("thead", {}, el("tr", {}, ...head.map((name) => el("th", {}, name)))),
    el("tbody", {}, ...rows.map((row) => el("tr", {}, ...row.map((value) => el("td", {}, ...words(value))))))));
}

/** A description as nodes: it marks code by backticks. */
function words(text = "") {
  return text.split("`").map((piece, i) => (i % 2 ? el("code", {}, piece) : document.createTextNode(piece)));
}
