// Values of an answer: what family a type is of, how a value is shown, copied and compared.

const NUMBER = /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL)\b/;
const NESTED = /\]$|^(STRUCT|MAP|UNION|JSON|VARIANT)\b/;

/**
 * @param {string} type of the engine
 * @returns {"number" | "time" | "bool" | "nested" | "text"}
 */
export function familyOf(type) {
  if (NESTED.test(type)) return "nested";
  if (NUMBER.test(type)) return "number";
  if (/^(DATE|TIMESTAMP)/.test(type)) return "time";
  return type === "BOOLEAN" ? "bool" : "text";
}

/** A value whole, as it is copied; nothing for NULL. */
export function textOf(value) {
  if (value === null) return "";
  if (Object.is(value, -0)) return "-0";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** A value as a cell has room for it: numbers without the noise of their last digits, texts in one line. */
export function shownAs(value) {
  if (value === null) return "NULL";
  if (typeof value === "number" && !Number.isInteger(value)) return String(Number(value.toPrecision(12)));
  const text = textOf(value);
  const short = text.length > 400 ? text.slice(0, 400) : text;
  return short.replace(/\s*[\r\n]+\s*/g, " ↵ ");
}

/** Values of a column in a form whose order is theirs: long numbers stay exact. */
export function comparable(values, family) {
  if (family !== "number") return values.map((value) => (value === null ? null : textOf(value)));
  const texts = values.filter((value) => typeof value === "string");
  if (!texts.length) return values;
  if (texts.every((text) => /^-?\d+(\.\d+)?$/.test(text))) {
    return values.map((value) => (value === null ? null : BigInt(String(value).replace(".", ""))));
  }
  return values.map((value) => (value === null ? null : numberOf(value)));
}

/** Which of two comes first, as the engine says: what is no number comes after all that are. */
export function compare(a, b) {
  if (a === b) return 0;
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a < b ? -1 : 1;
}

/** A value as a number, as near as a double comes. */
export function numberOf(value) {
  if (typeof value !== "string") return value;
  return Number(value.replace("inf", "Infinity"));
}

/** `1,234,567`. */
export function grouped(number) {
  return String(number).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

/** What separates cells in each form of a copy. */
const FORMS = {
  tsv: { cell: (text) => text.replace(/[\t\r\n]+/g, " "), row: (cells) => cells.join("\t") },
  csv: {
    cell: (text, isNull) => (!isNull && (text === "" || /[",\r\n]/.test(text)) ? `"${text.replaceAll('"', '""')}"` : text),
    row: (cells) => cells.join(","),
  },
  markdown: {
    cell: (text) => text.replaceAll("|", "\\|").replace(/[\r\n]+/g, "<br>"),
    row: (cells) => `| ${cells.join(" | ")} |`,
  },
};

/**
 * Rows as a text to be pasted elsewhere.
 * @param {"tsv" | "csv" | "markdown"} form
 * @param {string[] | null} names of the columns, where they stand above
 * @param {any[][]} rows
 */
export function copied(form, names, rows) {
  const { cell, row } = FORMS[form];
  const lines = rows.map((values) => row(values.map((value) => cell(textOf(value), value === null))));
  if (names) {
    if (form === "markdown") lines.unshift(row(names.map(() => "---")));
    lines.unshift(row(names.map((name) => cell(name, false))));
  }
  return lines.join("\n");
}

/** `1.2 MB`. */
export function sized(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** Put a text where it can be pasted: also where a page that came without encryption may not write the clipboard. */
export function put(text) {
  if (navigator.clipboard) {
    navigator.clipboard.writeText(text);
    return;
  }
  document.addEventListener("copy", (event) => (event.clipboardData.setData("text/plain", text), event.preventDefault()), {
    capture: true,
    once: true,
  });
  document.execCommand("copy");
}
