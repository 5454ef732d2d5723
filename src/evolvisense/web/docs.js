// openapi.json as a page to read.

const main = document.getElementById("routes");

const answer = await fetch("/openapi.json");
const api = await answer.json();
main.replaceChildren(...routes());

function routes() {
  return Object.entries(api.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => routeCard(path, method, operation)));
}

function routeCard(path, method, operation) {
  const card = make("section", "card route");
  const title = make("h2");
  title.append(make("span", "method", method.toUpperCase()), make("code", "", path));
  card.append(title, make("p", "", operation.summary ?? ""));
  let hasErrorShape = false;
  if (operation.description) card.append(make("p", "muted", operation.description));
  if (operation.parameters?.length) {
    card.append(make("h3", "", "Parameters"), table(
      ["Name", "In", "Type", "Default", "Meaning"],
      operation.parameters.map((p) => [p.name, p.in, typeOf(p.schema), String(p.schema.default ?? ""), p.description ?? ""]),
    ));
  }
  for (const [kind, { schema }] of Object.entries(operation.requestBody?.content ?? {})) {
    card.append(make("h3", "", `Body: ${kind}`), table(
      ["Field", "Type", "Default", "Meaning"],
      Object.entries(schema.properties).map(([name, field]) => [
        name + (schema.required?.includes(name) ? " (required)" : ""),
        typeOf(field), String(field.default ?? ""), field.description ?? "",
      ]),
    ));
  }
  card.append(make("h3", "", "Answers"), ...Object.entries(operation.responses).map(([status, response]) => {
    const line = make("div", "shape");
    line.append(make("code", "", status), make("span", "", ` ${response.description}`));
    const schema = (response.content?.["application/json"]
      ?? response.content?.["application/problem+json"])?.schema;
    const isError = Number(status) >= 400;
    if (schema?.$ref && !(isError && hasErrorShape)) line.append(shape(schema));
    hasErrorShape ||= isError;
    return line;
  }));
  return card;
}

/** A schema that opens on demand: some hold themselves many levels deep. */
function shape(schema) {
  const found = resolve(schema);
  const box = make("details", "shape");
  box.append(make("summary", "", found.title ?? "object"));
  box.addEventListener("toggle", () => {
    if (box.children.length > 1) return;
    const list = make("ul");
    for (const [name, field] of Object.entries(found.properties ?? {})) {
      const item = make("li");
      item.append(make("code", "", name), ` ${typeOf(field)} `, make("span", "muted", field.description ?? ""));
      const inner = [field, field.items, ...(field.anyOf ?? [])].find((part) => part?.$ref);
      if (inner) item.append(shape(inner));
      list.append(item);
    }
    box.append(list);
  });
  return box;
}

function resolve(schema) {
  return schema.$ref ? api.components.schemas[schema.$ref.split("/").at(-1)] : schema;
}

function typeOf(schema) {
  if (schema.$ref) return schema.$ref.split("/").at(-1);
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(" or ");
  if (schema.const) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" or ");
  if (schema.type === "array") return `list of ${typeOf(schema.items ?? {})}`;
  if (schema.format === "binary") return "file";
  return [schema.type ?? "any"].flat().join(" or ");
}

function table(head, rows) {
  const scroll = make("div", "scroll");
  const whole = make("table");
  const line = (tag, values) => {
    const row = make("tr");
    row.append(...values.map((value) => make(tag, "", value)));
    return row;
  };
  whole.append(line("th", head), ...rows.map((values) => line("td", values)));
  scroll.append(whole);
  return scroll;
}

function make(tag, className = "", text = "") {
  const element = document.createElement(tag);
  if (className) element.className = className;
  // Descriptions mark code by backticks.
  element.append(...text.split("`").map((part, i) => {
    if (i % 2 === 0) return part;
    const code = document.createElement("code");
    code.textContent = part;
    return code;
  }));
  return element;
}
