// What is behind a cell or a column: a value whole, or what the rows that are here have in it.
import { element } from "./elements.js";
import { comparable, compare, grouped, numberOf, shownAs, textOf } from "./values.js";

/** Characters of a value that are drawn: of many millions a browser makes no lines. */
const MOST = 200_000;

/** @param {"cell" | "column"} kind */
export function peekAt(place, kind, grid, detail) {
  const { column } = detail;
  const header = element("header");
  header.append(
    element("b", grid.columns[column]),
    element("span", grid.types[column].toLowerCase(), "muted mono"),
    element("button", "Close", "btn small", { type: "button", "data-do": "unpeek" }),
  );
  place.replaceChildren(header, ...(kind === "cell" ? whole(detail.value) : statistics(grid, column)));
  place.hidden = false;
}

function whole(value) {
  if (value === null) return [element("p", "NULL: there is no value", "muted")];
  if (value === "") return [element("p", "An empty text", "muted")];
  const { length } = textOf(value);
  const text = length > MOST ? textOf(value) : pretty(value);
  const count = `${grouped(length)} characters`;
  const words = text.length > MOST ? `The first ${grouped(MOST)} of ${count}. A copy of the cell has all of them.` : count;
  return [element("pre", text.slice(0, MOST)), element("p", words, "muted")];
}

function pretty(value) {
  if (typeof value === "object") return JSON.stringify(value, null, 2);
  if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return textOf(value);
  try {
    return JSON.stringify(JSON.parse(value), null, 2);
  } catch {
    return value; // it only begins like JSON
  }
}

function statistics(grid, column) {
  const family = grid.families[column];
  const values = grid.values(column);
  const there = values.filter((value) => value !== null);
  const keys = comparable(there, family);
  const counts = new Map();
  for (const value of there) {
    const text = textOf(value === 0 ? 0 : value); // the engine holds both zeros for one
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  const facts = [
    ["Rows here", grouped(values.length)],
    ["NULL", share(values.length - there.length, values.length)],
    ["Distinct", grouped(counts.size)],
  ];
  if (there.length && family !== "nested") {
    let [least, most] = [0, 0];
    keys.forEach((key, index) => {
      if (compare(key, keys[least]) < 0) least = index;
      if (compare(key, keys[most]) > 0) most = index;
    });
    facts.push(["Least", shownAs(there[least])], ["Most", shownAs(there[most])]);
  }
  const numbers = family === "number" ? there.map(numberOf).filter((number) => !Number.isNaN(number)) : [];
  if (numbers.length) {
    const sum = numbers.reduce((all, number) => all + number, 0);
    numbers.sort((a, b) => a - b);
    facts.push(["Mean", shownAs(sum / numbers.length)], ["Median", shownAs(numbers[numbers.length >> 1])]);
  }
  const list = element("dl");
  for (const [word, text] of facts) list.append(element("dt", word), element("dd", text));
  const often = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 8);
  if (counts.size === there.length) return [list];
  const bars = often.map(([text, count]) => {
    const row = element("div", "", "often");
    const bar = element("progress", "", "", { max: often[0][1], value: count, "aria-label": text });
    row.append(element("span", text || "empty text", text ? "mono" : "muted"), element("span", grouped(count), "tn"), bar);
    return row;
  });
  return [list, element("h3", "Most often"), ...bars];
}

function share(count, all) {
  return all && count ? `${grouped(count)} (${((count / all) * 100).toPrecision(3)}%)` : "0";
}
