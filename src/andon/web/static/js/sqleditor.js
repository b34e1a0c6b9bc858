// The editor: CodeMirror with the words of a commit, a way to run each CTE, and problems at their places.
import * as CM from "../vendor/codemirror.js";
import { proposals } from "./completion.js";

const { tags } = CM;
const COLOURS = CM.HighlightStyle.define([
  { tag: tags.keyword, class: "t-key" },
  { tag: [tags.string, tags.special(tags.string)], class: "t-text" },
  { tag: [tags.number, tags.bool, tags.null], class: "t-number" },
  { tag: tags.comment, class: "t-note" },
  { tag: [tags.typeName, tags.standard(tags.name)], class: "t-type" },
]);

class RunMarker extends CM.GutterMarker {
  constructor(name) {
    super();
    this.name = name;
  }

  eq(other) {
    return other.name === this.name;
  }

  toDOM() {
    const mark = document.createElement("span");
    mark.className = "part";
    mark.textContent = "▷";
    mark.title = `Run ${this.name} alone`;
    return mark;
  }
}

const setParts = CM.StateEffect.define();
const parts = CM.StateField.define({
  create: () => CM.RangeSet.empty,
  update(set, transaction) {
    for (const effect of transaction.effects) if (effect.is(setParts)) return effect.value;
    return set.map(transaction.changes);
  },
});

/**
 * SQL with the words that may follow in it.
 * @param {any} words
 */
function inSql(words) {
  const { engine } = words;
  const dialect = CM.SQLDialect.define({
    keywords: engine.keywords.join(" "),
    types: engine.types.join(" "),
    builtin: "",
    doubleDollarQuotedStrings: true,
    operatorChars: "*+-%<>!=&|~^/",
    specialVar: "$",
  });
  return [
    dialect.language,
    dialect.language.data.of({ commentTokens: { line: "--", block: { open: "/*", close: "*/" } } }),
    CM.autocompletion({ override: [proposals(words)], icons: false, activateOnTypingDelay: 40 }),
  ];
}

/**
 * @param {{parent: Element, text: string, words: any, label: string, run: (part?: string) => void,
 *   partAt?: (place: number) => string | undefined, changed: (text: string) => void}} given words: of SQL; null for any other text
 */
export function editorIn(given) {
  const runs = [
    { key: "Mod-Enter", run: (view) => (CM.closeCompletion(view), given.run(), true) },
    {
      key: "Mod-Shift-Enter",
      run: (view) => (CM.closeCompletion(view), given.run(given.partAt?.(view.state.selection.main.head)), true),
    },
    { key: "Tab", run: CM.acceptCompletion },
  ];
  const state = CM.EditorState.create({
    doc: given.text,
    extensions: [
      CM.Prec.highest(CM.keymap.of(runs)),
      parts,
      CM.gutter({
        class: "cm-parts",
        markers: (view) => view.state.field(parts),
        domEventHandlers: {
          click: (view, line) => {
            view.state.field(parts).between(line.from, line.to, (_from, _to, marker) => given.run(marker.name));
            return true;
          },
        },
      }),
      CM.lineNumbers(),
      CM.history(),
      CM.drawSelection(),
      CM.highlightActiveLine(),
      CM.highlightActiveLineGutter(),
      CM.bracketMatching(),
      CM.closeBrackets(),
      CM.highlightSelectionMatches(),
      CM.indentOnInput(),
      given.words ? inSql(given.words) : [],
      CM.EditorState.readOnly.of(given.readOnly ?? false),
      CM.keymap.of([
        ...CM.closeBracketsKeymap,
        ...CM.defaultKeymap,
        ...CM.searchKeymap,
        ...CM.historyKeymap,
        ...CM.completionKeymap,
      ]),
      CM.syntaxHighlighting(COLOURS),
      CM.EditorView.contentAttributes.of({ "aria-label": given.label, spellcheck: "false", tabindex: "0" }),
      CM.EditorView.domEventHandlers({ beforeinput: typeOver }),
      CM.EditorView.updateListener.of((update) => {
        if (update.docChanged) given.changed(update.state.doc.toString());
      }),
    ],
  });
  const view = new CM.EditorView({ parent: given.parent, state });
  return {
    view,
    get text() {
      return view.state.doc.toString();
    },
    set text(text) {
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
    },
    /** What is selected, and where it begins; the whole text where nothing is. */
    get chosen() {
      const { from, to } = view.state.selection.main;
      return from === to ? { text: view.state.doc.toString(), from: 0 } : { text: view.state.sliceDoc(from, to), from };
    },
    insert(text) {
      view.dispatch(view.state.replaceSelection(text));
      view.focus();
    },
    /** Mark problems, each with `line`, `column` from 1 of the text that begins at `start`; `goes`: scroll to the first. */
    mark(problems, start, goes = true) {
      const found = problems.filter((each) => each.line).map((each) => diagnostic(view.state, each, start));
      view.dispatch(CM.setDiagnostics(view.state, found));
      if (goes && found.length) view.dispatch({ effects: CM.EditorView.scrollIntoView(found[0].from) });
    },
    /** Go to the place of a problem. */
    show(problem) {
      if (!problem.line) return;
      const { from } = diagnostic(view.state, problem, 0);
      view.dispatch({ selection: { anchor: from }, effects: CM.EditorView.scrollIntoView(from, { y: "center" }) });
      view.focus();
    },
    /** Offer to run parts. */
    offer(ctes) {
      const ranges = ctes.map(({ name, start }) => {
        const line = view.state.doc.lineAt(Math.min(start, view.state.doc.length));
        return new RunMarker(name).range(line.from);
      });
      view.dispatch({ effects: setParts.of(CM.RangeSet.of(ranges, true)) });
    },
  };
}

/** Type over what is selected. Left to itself the browser puts style attributes into the text, which the policy of pages forbids. */
function typeOver(event, view) {
  const { main } = view.state.selection;
  if (event.inputType !== "insertText" || main.empty || view.composing) return false;
  const insert = () => view.state.update(view.state.replaceSelection(event.data), { userEvent: "input.type" });
  const handlers = view.state.facet(CM.EditorView.inputHandler);
  if (!handlers.some((handle) => handle(view, main.from, main.to, event.data, insert))) view.dispatch(insert());
  event.preventDefault();
  return true;
}

/** A place of the server counts characters; one here counts halves of them. */
function diagnostic(state, problem, start) {
  const { doc } = state;
  const first = doc.lineAt(start);
  const line = doc.line(Math.min(first.number + problem.line - 1, doc.lines));
  const begin = problem.line === 1 ? start : line.from;
  const before = Array.from(doc.sliceString(begin, line.to)).slice(0, (problem.column ?? 1) - 1);
  const from = Math.min(begin + before.join("").length, doc.length);
  const word = /^[\w.]+|^./.exec(doc.sliceString(from, line.to));
  const to = Math.min(from + (word ? word[0].length : 1), doc.length);
  const message = problem.hint ? `${problem.message}\n${problem.hint}` : problem.message;
  return { from: Math.min(from, Math.max(0, to - 1)), to, severity: "error", message };
}
