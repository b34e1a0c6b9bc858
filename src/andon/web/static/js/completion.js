// What may follow in a query: joins by known references, columns of what is read, tables, functions, and words of the language.
import * as CM from "../vendor/codemirror.js";

/** What a position in the text can see: tables by the names they are called by, and the names of CTEs. */
function scopeAt(state, place, tables) {
  const seen = new Map();
  const ctes = new Set();
  let isTable = false;
  let last = null;
  CM.syntaxTree(state).iterate({
    enter(node) {
      const { name } = node;
      const isOver = name === "Statement" && node.to < place && state.sliceDoc(node.to - 1, node.to) === ";";
      if (isOver || (name === "Statement" && node.from > place)) return false;
      if (name === "Keyword") {
        const word = state.sliceDoc(node.from, node.to).toLowerCase();
        isTable = word === "from" || word === "join";
        if (word === "as" && node.node.nextSibling?.name === "Parens" && !last) {
          const before = node.node.prevSibling;
          if (before?.name === "Identifier") ctes.add(state.sliceDoc(before.from, before.to).toLowerCase());
        }
        if (word !== "as") last = null;
      } else if (name === "CompositeIdentifier" || name === "Identifier" || name === "QuotedIdentifier") {
        const text = state.sliceDoc(node.from, node.to).toLowerCase();
        if (isTable) {
          last = text;
          seen.set(text.slice(text.lastIndexOf(".") + 1), text);
        } else if (last) {
          seen.delete(last.slice(last.lastIndexOf(".") + 1)); // it is called by its alias alone
          seen.set(text, last);
          last = null;
        }
        isTable = false;
        return false;
      } else if (name === "Punctuation") isTable = Boolean(last) && state.sliceDoc(node.from, node.to) === ",";
      return undefined;
    },
  });
  for (const [called, table] of seen) if (!tables.has(table)) seen.delete(called);
  return { seen, ctes };
}

const typed = (column) => column.type.toLowerCase();

/** @param {any} words of the server: tables, references, engine */
export function proposals(words) {
  const tables = new Map(words.tables.map((table) => [table.name, table]));
  const asTables = words.tables.map((table) => ({
    label: table.name,
    type: "class",
    detail: `${table.columns.length} columns`,
    info: table.description ?? undefined,
    boost: 10,
  }));
  const asWords = [
    ...words.engine.functions.map((each) => ({
      label: each.name,
      type: "function",
      detail: `(${each.parameters.join(", ")})`.slice(0, 40),
      info: each.description ?? undefined,
      boost: -20,
      apply: `${each.name}(`,
    })),
    ...words.engine.keywords.map((word) => ({ label: word, type: "keyword", boost: -40 })),
    ...words.engine.types.map((word) => ({ label: word, type: "type", boost: -50 })),
  ];

  const columnsOf = (table, boost, detail = "") =>
    tables.get(table).columns.map((column) => ({
      label: column.name,
      type: "property",
      detail: typed(column) + detail,
      info: column.description ?? undefined,
      boost,
    }));

  function afterDot(state, owner, scope) {
    const table = scope.seen.get(owner) ?? (tables.has(owner) ? owner : null);
    if (table) return columnsOf(table, 20);
    return words.tables
      .filter((each) => each.name.startsWith(`${owner}.`))
      .map((each) => ({ label: each.name.slice(owner.length + 1), type: "class", detail: `${each.columns.length} columns` }));
  }

  /** `join x on …`, as checks say or names do. */
  function joins(scope) {
    const found = [];
    for (const [called, table] of scope.seen) {
      for (const each of words.references) {
        if (each.dataset !== table && each.other !== table) continue;
        const isOut = each.dataset === table;
        const other = isOut ? each.other : each.dataset;
        if ([...scope.seen.values()].includes(other)) continue;
        const name = other.slice(other.indexOf(".") + 1);
        const mine = isOut ? each.columns : each.targets;
        const theirs = isOut ? each.targets : each.columns;
        const on = mine.map((column, index) => `${called}.${column} = ${name}.${theirs[index]}`).join(" and ");
        found.push({ label: `${other} on ${on}`, type: "class", detail: each.declared ? "declared" : "by name", boost: each.declared ? 60 : 50 });
      }
    }
    return found;
  }

  return (context) => {
    const { state, pos } = context;
    const word = context.matchBefore(/[\w]*/);
    const node = CM.syntaxTree(state).resolveInner(pos, -1);
    if (/String|Comment/.test(node.name)) return null;
    const scope = scopeAt(state, pos, tables);
    const validFor = /^\w*$/;
    const before = context.matchBefore(/[\w"]+(\.[\w"]+)*\.\w*/);
    if (before) {
      const owner = before.text.slice(0, before.text.lastIndexOf(".")).replaceAll('"', "").toLowerCase();
      return { from: word.from, options: afterDot(state, owner, scope), validFor };
    }
    const isJoin = /\bjoin\s+\w*$/i.test(state.sliceDoc(Math.max(0, pos - 80), pos));
    if (word.from === word.to && !context.explicit && !isJoin) return null;
    const isFrom = /\b(from|join)\s+\w*$/i.test(state.sliceDoc(Math.max(0, pos - 80), pos));
    const options = isJoin ? joins(scope) : [];
    for (const cte of scope.ctes) options.push({ label: cte, type: "class", detail: "cte", boost: isFrom ? 40 : 5 });
    const seen = new Set(scope.seen.values());
    if (!isFrom) {
      for (const table of seen) options.push(...columnsOf(table, 30, ` · ${table}`));
      for (const called of scope.seen.keys()) options.push({ label: called, type: "class", detail: scope.seen.get(called), boost: 15 });
      if (!seen.size) for (const table of tables.keys()) options.push(...columnsOf(table, 15, ` · ${table}`));
    }
    return { from: word.from, options: [...options, ...asTables, ...(isFrom ? [] : asWords)], validFor };
  };
}
