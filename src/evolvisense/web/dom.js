// Lists and tables.

export const CANNOT_TELL = "cannot tell";

/** Fill a <dl> with [term, value, note] entries. */
export function define(list, entries) {
  list.replaceChildren(...entries.map(([term, value, note]) => {
    const item = document.createElement("div");
    const name = document.createElement("dt");
    const meaning = document.createElement("dd");
    name.textContent = term;
    meaning.textContent = value;
    if (value === CANNOT_TELL) meaning.className = "unknown";
    if (note) {
      const small = document.createElement("small");
      small.textContent = note;
      meaning.append(small);
    }
    item.append(name, meaning);
    return item;
  }));
}

export function fillTable(table, head, rows) {
  const line = (tag, values) => {
    const row = document.createElement("tr");
    row.append(...values.map((value) => {
      const cell = document.createElement(tag);
      cell.textContent = value;
      return cell;
    }));
    return row;
  };
  table.replaceChildren(line("th", head), ...rows.map((values) => line("td", values)));
}
