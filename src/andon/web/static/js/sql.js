// <andon-sql>: tabs with queries, an editor, and the answer as rows and as a chart. What is asked is an address.
import { Refused, addressOf, ask, askedBy, fileOf, outlineOf, wordsAt } from "./asking.js";
import { element, glyph, spoken } from "./elements.js";
import "./grid.js";
import { Tabs } from "./tabs.js";
import { grouped, put, sized } from "./values.js";

/** Milliseconds: until somebody who types pauses, and until waiting is shown. */
const PAUSE = 350;
const PATIENCE = 200;
/** Milliseconds that the editor lets the first answer go before it. */
const EDITOR_WAITS = 400;
/** Seconds. */
const SLOW = 5;

class Sql extends HTMLElement {
  #tabs;
  #editor = null;
  #answers = new Map();
  #running = null;
  #given = Object.create(null); // names of parameters are anything
  #parts = [];
  #names = [];
  #pause = 0;
  #marked = [[], 0];
  #stops = new AbortController();

  async connectedCallback() {
    if (this.#tabs) return;
    this.grid = this.querySelector("andon-grid");
    this.chart = this.querySelector("andon-chart");
    this.area = this.querySelector("textarea");
    this.at = this.dataset.at || null;
    this.#tabs = new Tabs(this.dataset.project, () => this.#copyTab());
    this.classList.add("live");
    this.#listen();
    await this.#begin();
  }

  disconnectedCallback() {
    this.#stops.abort();
    this.#running?.abort();
    this.#tabs?.close();
    this.#editor?.view.destroy();
  }

  #listen() {
    const on = (target, name, act, isCapturing = false) =>
      target.addEventListener(name, act, { signal: this.#stops.signal, capture: isCapturing });
    on(this, "click", (event) => this.#click(event));
    on(this, "submit", (event) => this.#submit(event));
    on(this, "input", (event) => this.#input(event));
    on(this, "toggle", (event) => this.#unfold(event.target), true);
    on(this, "andon-said", (event) => this.#say(event.detail));
    on(this, "andon-charted", () => this.#remember());
    on(this, "andon-cell", (event) => this.#peek("cell", event.detail));
    on(this, "andon-column", (event) => this.#peek("column", event.detail));
    on(window, "popstate", () => this.#back());
    on(document, "keydown", (event) => this.#key(event));
    const split = this.querySelector(".split");
    on(split, "pointerdown", (event) => split.setPointerCapture(event.pointerId));
    on(split, "pointermove", (event) => split.hasPointerCapture(event.pointerId) && this.#height(event.clientY));
    on(split, "keydown", (event) => {
      const by = { ArrowUp: -20, ArrowDown: 20 }[event.key];
      if (by) this.#height(split.getBoundingClientRect().y + by);
    });
  }

  // -- the beginning

  async #begin() {
    const asked = await askedBy(new URL(location.href));
    const { saved, text, first, values } = this.dataset;
    Object.assign(this.#given, JSON.parse(values));
    const wanted = asked.q ?? (saved ? text : null);
    const { state } = history;
    const isOwn = state?.asked.q === asked.q && this.#tabs.ids.includes(state?.tab);
    if (isOwn) this.#tabs.go(state.tab);
    else if (wanted !== null) this.#open(wanted, saved || null);
    else if (this.#tabs.current) this.#tabs.go(this.#tabs.current);
    else this.#tabs.add(first);
    const tab = this.#tabs.get(this.#tabs.current);
    this.text = tab.text;
    this.#drawTabs();
    if (wanted === null) this.#given = { ...tab.p };
    const again = tab.seconds > SLOW ? null : tab.asked; // what took long is asked again by a person alone
    const q = wanted ?? again ?? (tab.text === first ? first : null);
    const answered = q && this.#run({ ...asked, q, p: this.#given }, 0, true);
    if (!q) this.#show("nothing");
    // rows that somebody waits for come before an editor that nobody writes in yet
    else await Promise.race([answered, new Promise((over) => setTimeout(over, EDITOR_WAITS))]);
    await this.#edit();
  }

  async #edit() {
    const [{ editorIn }, words] = await Promise.all([import("./sqleditor.js"), wordsAt(this.at)]);
    if (!this.isConnected) return;
    this.words = new Map(words?.tables.map((table) => [table.name, table]));
    const hadFocus = [this.area, document.body].includes(document.activeElement);
    this.#editor = editorIn({
      parent: this.querySelector(".editor"),
      text: this.area.value,
      label: "SQL",
      words,
      run: (part) => this.#runChosen(part),
      partAt: (place) => this.#parts.find((part) => part.start <= place && place <= part.end)?.name,
      changed: (text) => this.#typed(text),
    });
    this.area.hidden = true;
    if (hadFocus) this.#editor.view.focus();
    for (const table of this.querySelectorAll(".table[open]")) this.#unfold(table);
    this.#editor.mark(...this.#marked);
    this.#outline();
  }

  get text() {
    return this.#editor ? this.#editor.text : this.area.value;
  }

  set text(text) {
    this.area.value = text;
    if (this.#editor && this.#editor.text !== text) this.#editor.text = text;
    this.#outline();
  }

  #typed(text) {
    this.#tabs.keep(this.#tabs.current, { text });
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => this.#outline(), PAUSE);
  }

  /** What the text is made of, as the server reads it: parts that can be asked alone, and parameters. */
  async #outline() {
    const { text } = this;
    const found = /\$|\?|\bwith\b/i.test(text) ? await outlineOf(text) : { ctes: [], parameters: [] };
    if (!found || text !== this.text) return;
    this.#parts = found.ctes;
    this.#editor?.offer(found.ctes);
    const menu = this.querySelector(".parts");
    menu.hidden = !found.ctes.length;
    menu.lastElementChild.replaceChildren(
      ...found.ctes.map(({ name }) => element("button", name, "mono", { type: "button", "data-part": name })),
    );
    this.#fields(found.parameters);
  }

  #fields(names) {
    this.#names = names;
    const place = this.querySelector(".params");
    const known = new Map(Array.from(place.querySelectorAll("input"), (input) => [input.name.slice(2), input.parentNode]));
    const fields = names.map((name) => {
      if (known.has(name)) {
        known.get(name).lastChild.value = this.#given[name] ?? "";
        return known.get(name);
      }
      const label = element("label", "", "param");
      const input = element("input", "", "input mono", { name: `p.${name}`, autocomplete: "off", placeholder: "value" });
      input.value = this.#given[name] ?? "";
      label.append(element("span", `$${name}`, "mono"), input);
      return label;
    });
    if (fields.length !== place.children.length || fields.some((field, index) => field !== place.children[index])) {
      place.replaceChildren(...fields);
    }
  }

  // -- asking

  /** Ask what is selected, else all; or one part of it. */
  #runChosen(part = null) {
    const chosen = this.#editor && !part ? this.#editor.chosen : { text: this.text, from: 0 };
    const start = chosen.from + chosen.text.length - chosen.text.trimStart().length;
    const q = chosen.text.trim();
    const p = Object.fromEntries(Object.entries(this.#given).filter(([name, value]) => value !== "" && this.#names.includes(name)));
    const missing = this.#names.find((name) => !(name in p) && q.includes(`$${name}`));
    if (missing) this.querySelector(`[name="p.${missing}"]`).focus();
    else if (q) this.#run({ q, at: this.at, part, p }, start, false);
  }

  async #run(asked, start, isKnown) {
    this.#running?.abort();
    const running = new AbortController();
    this.#running = running;
    const tab = this.#tabs.current;
    this.#tabs.keep(tab, { asked: asked.q, p: asked.p, text: this.text });
    this.#drawTabs();
    this.#mark([], 0);
    const waiting = setTimeout(() => this.#show("busy"), PATIENCE);
    await this.#visit(asked, tab, isKnown);
    const answer = { asked, rows: [] };
    try {
      answer.ending = await ask(asked, {
        limit: Number(this.dataset.rows),
        signal: running.signal,
        head: (head) => {
          clearTimeout(waiting);
          answer.head = head;
          this.grid.begin(head.columns, head.types);
          this.#show("grid");
        },
        rows: (rows) => this.grid.add(rows),
      });
      this.grid.end();
      answer.rows = this.grid.rows;
      const now = this.#tabs.current; // it may go on in a copy since
      this.#answers.set(now, answer);
      this.#tabs.keep(now, { seconds: answer.head.seconds });
      this.#answered(answer);
    } catch (error) {
      if (this.#running === running) this.#fail(error, start);
    } finally {
      clearTimeout(waiting);
      if (this.#running === running) this.#running = null;
      this.toggleAttribute("busy", Boolean(this.#running));
      this.dataset.asked = String(Number(this.dataset.asked ?? 0) + 1);
    }
  }

  #fail(error, start) {
    if (error.name === "AbortError") {
      this.#show("stopped");
      return;
    }
    // a TypeError of fetch is words of the browser, and says nothing to anybody
    const away = { detail: "the server does not answer", hint: "your text is kept; run it again when the server is back" };
    const problem = error instanceof Refused ? error.problem : error instanceof TypeError ? away : { detail: error.message };
    const said = problem.problems?.length ? problem.problems : [{ message: problem.detail, hint: problem.hint }];
    const list = element("ul");
    for (const { message, hint, line, column } of said) {
      const item = element("li");
      item.append(spoken("b", message));
      if (line) item.append(element("span", `line ${line}, column ${column}`, "muted tn"));
      if (hint) item.append(spoken("p", hint));
      list.append(item);
    }
    this.querySelector(".wrong").replaceChildren(list);
    this.#show("wrong");
    this.#mark(said, start);
  }

  #mark(problems, start) {
    this.#marked = [problems, start];
    this.#editor?.mark(problems, start);
  }

  /** Let one part of the answer's place be seen. */
  #show(what) {
    this.toggleAttribute("busy", Boolean(this.#running));
    this.dataset.shows = what;
    this.querySelector(".peek").hidden = true;
    this.querySelector(".facts-line").replaceChildren();
    this.querySelector(".trust").replaceChildren();
  }

  async #answered({ asked, head, ending, rows }) {
    const count = `${ending.truncated ? "first " : ""}${grouped(ending.rows)} ${ending.rows === 1 ? "row" : "rows"}`;
    const took = head.seconds < 1 ? `${Math.round(head.seconds * 1000)} ms` : `${head.seconds.toFixed(1)} s`;
    const facts = [count, took, sized(ending.bytes), `at ${head.commit.slice(0, 8)}`];
    this.querySelector(".facts-line").replaceChildren(...facts.map((fact) => element("span", fact)));
    this.#say(facts.join(", "));
    this.querySelector(".trust").replaceChildren(...ending.notes.map((note) => noted(note, this.at)));
    const pin = this.querySelector(".pin");
    pin.lastElementChild.textContent = this.at ? `Follow ${this.dataset.branch}` : "Pin this commit";
    pin.href = await addressOf({ ...asked, at: this.at ? null : head.commit.slice(0, 12) });
    for (const [link, place] of [[".save", "/save"], [".keep", "/save-insight"]])
      this.querySelector(link).href = await addressOf({ q: asked.q, at: this.at, part: null, p: {} }, null, place);
    for (const link of this.querySelectorAll("[data-file]")) link.href = fileOf({ ...asked, at: head.commit }, link.dataset.file);
    const chart = new URL(location.href).searchParams.get("chart");
    if (chart) this.#view("chart");
    else if (!this.chart.hidden) this.chart.show(head.columns, head.types, rows, null);
  }

  // -- addresses and tabs

  async #visit(asked, tab, isKnown) {
    const address = await addressOf(asked, isKnown ? new URL(location.href).searchParams.get("chart") : null);
    const state = { tab, asked };
    if (isKnown || location.pathname + location.search + location.hash === address) history.replaceState(state, "", address);
    else history.pushState(state, "", address);
  }

  async #back() {
    const asked = await askedBy(new URL(location.href));
    if (asked.q === null) return;
    const tab = history.state?.tab;
    if (this.#tabs.ids.includes(tab)) this.#tabs.go(tab);
    if (!this.#tabs.get(this.#tabs.current).text.includes(asked.q)) this.#open(asked.q, null);
    this.text = this.#tabs.get(this.#tabs.current).text;
    Object.assign(this.#given, asked.p);
    for (const [name, value] of Object.entries(asked.p)) {
      const field = this.querySelector(`[name="p.${CSS.escape(name)}"]`);
      if (field) field.value = value;
    }
    this.#drawTabs();
    this.#run(asked, Math.max(0, this.text.indexOf(asked.q)), true);
  }

  /** Have a text before one: in the tab that has it, in one that has nothing of its own, else in a new one. */
  #open(text, name) {
    const has = this.#tabs.all.find((tab) => tab.text.trim() === text.trim());
    const now = this.#tabs.current ? this.#tabs.get(this.#tabs.current) : null;
    const own = now?.text.trim();
    if (has) this.#tabs.go(has.id);
    else if (now && (!own || own === now.asked || now.text === this.dataset.first)) {
      this.#tabs.keep(now.id, { text, name });
      this.#tabs.go(now.id);
    } else this.#tabs.add(text, name);
  }

  #goTo(id) {
    this.#running?.abort();
    this.#running = null;
    this.#tabs.go(id);
    const { text, p } = this.#tabs.get(id);
    this.#given = { ...p };
    this.text = text;
    this.#drawTabs();
    const answer = this.#answers.get(id);
    this.#show(answer ? "grid" : "nothing");
    if (!answer) {
      history.replaceState(null, "", this.at ? `/sql?at=${encodeURIComponent(this.at)}` : "/sql");
      return;
    }
    this.grid.begin(answer.head.columns, answer.head.types);
    this.grid.add(answer.rows);
    this.grid.end();
    this.#visit(answer.asked, id, true);
    this.#answered(answer);
  }

  #copyTab() {
    const before = this.#tabs.current;
    const id = this.#tabs.add(this.text);
    const answer = this.#answers.get(before);
    if (answer) this.#answers.set(id, answer);
    if (history.state?.tab === before) history.replaceState({ ...history.state, tab: id }, "");
    this.#drawTabs();
    this.#say("the tab is open in another window: you go on in a copy");
  }

  #closeTab(id) {
    const { ids } = this.#tabs;
    const next = ids[ids.indexOf(id) + 1] ?? ids[ids.indexOf(id) - 1];
    this.#tabs.drop(id);
    this.#answers.delete(id);
    if (id === this.#tabs.current) this.#goTo(next ?? this.#tabs.add(""));
    this.#drawTabs();
  }

  #drawTabs() {
    const { current, all } = this.#tabs;
    const drawn = all.map(({ id, name, text }) => {
      const title = name ?? (text.trim().slice(0, 200).replace(/\s+/g, " ").slice(0, 32) || "New question");
      const isCurrent = id === current;
      const tab = element("button", title, "", { type: "button", role: "tab", "aria-selected": isCurrent, tabindex: isCurrent ? 0 : -1, "data-tab": id });
      tab.append(element("span", "×", "shut", { "aria-hidden": true, "data-shut": id }));
      return tab;
    });
    this.querySelector(".sheets").replaceChildren(...drawn);
  }

  // -- what is pressed

  #click(event) {
    const pressed = event.target.closest("[data-do],[data-tab],[data-shut],[data-insert],[data-part],[data-view]");
    if (!pressed) return;
    const { tab, shut, insert, part, view, form } = pressed.dataset;
    const acts = {
      stop: () => this.#running?.abort(),
      new: () => this.#goTo(this.#tabs.add("")) ?? this.#editor?.view.focus(),
      copy: () => this.grid.copyAs(form, !this.grid.selection.isMany),
      link: () => put(location.href),
      unpeek: () => this.#unpeek(),
    };
    acts[pressed.dataset.do]?.();
    if (tab) this.#goTo(tab);
    if (shut) this.#closeTab(shut);
    if (part) this.#runChosen(part);
    if (view) this.#view(view);
    if (insert) {
      event.preventDefault();
      this.#editor?.insert(insert);
    }
    pressed.closest("details.menu")?.removeAttribute("open");
  }

  #submit(event) {
    if (!event.target.matches("form.ask")) return;
    event.preventDefault();
    this.#runChosen();
  }

  #input({ target }) {
    if (target === this.area) this.#typed(target.value);
    else if (target.name?.startsWith("p.")) this.#given[target.name.slice(2)] = target.value;
    else if (target.type === "search") this.#find(target.value.toLowerCase());
  }

  #key(event) {
    if (event.defaultPrevented) return;
    const isRun = event.key === "Enter" && (event.ctrlKey || event.metaKey);
    const steps = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (isRun) this.#runChosen();
    else if (event.key === "Escape" && this.#running) this.#running.abort();
    else if (event.key === "Escape" && !this.querySelector(".peek").hidden) this.#unpeek();
    else if (steps && event.target.matches?.("[role=tab]")) this.#step(event.target, steps);
    else if (event.key === "Delete" && event.target.dataset?.tab) this.#closeTab(event.target.dataset.tab);
    else return;
    event.preventDefault();
  }

  /** From one tab of a list to another, by arrows. */
  #step(tab, by) {
    const all = [...tab.closest("[role=tablist]").querySelectorAll("[role=tab]")];
    const index = (all.indexOf(tab) + by + all.length) % all.length;
    const { tab: id } = all[index].dataset;
    all[index].click();
    (id ? this.querySelector(`[data-tab="${id}"]`) : all[index]).focus();
  }

  #view(name) {
    for (const tab of this.querySelectorAll("[data-view]")) tab.setAttribute("aria-selected", String(tab.dataset.view === name));
    this.chart.hidden = name !== "chart";
    this.grid.hidden = name === "chart";
    const answer = this.#answers.get(this.#tabs.current);
    if (name !== "chart" || !answer) return this.#remember();
    const wanted = new URL(location.href).searchParams.get("chart");
    import("./chart.js").then(async () => {
      await this.chart.show(answer.head.columns, answer.head.types, answer.rows, wanted);
      this.#remember();
    });
  }

  /** Keep in the address how the chart is drawn. */
  #remember() {
    const address = new URL(location.href);
    const drawn = this.chart.hidden ? null : this.chart.remembered;
    if (drawn) address.searchParams.set("chart", drawn);
    else address.searchParams.delete("chart");
    history.replaceState(history.state, "", address);
  }

  async #peek(kind, detail) {
    const { peekAt } = await import("./peek.js");
    peekAt(this.querySelector(".peek"), kind, this.grid, detail);
    this.grid.go(...this.grid.at); // what it is about is still seen beside it
  }

  #unpeek() {
    this.querySelector(".peek").hidden = true;
    this.grid.focus();
  }

  #height(y) {
    const top = this.querySelector(".editor").getBoundingClientRect().y;
    const height = Math.round(Math.max(60, Math.min(this.clientHeight - 200, y - top)));
    this.style.setProperty("--editor", `${height}px`);
    this.querySelector(".split").setAttribute("aria-valuenow", String(height));
  }

  /** The columns of a dataset, where it is unfolded. */
  #unfold(table) {
    const list = table.querySelector?.("[data-columns]");
    const known = this.words?.get(list?.dataset.columns);
    if (!known || !table.open || list.children.length) return;
    for (const { name, type, description } of known.columns) {
      const button = element("button", "", "", { type: "button", "data-insert": name, title: description ?? "" });
      button.append(element("span", name, "mono"), element("em", type.toLowerCase()));
      list.append(element("li"));
      list.lastChild.append(button);
    }
  }

  #find(wanted) {
    for (const item of this.querySelectorAll(".tree [data-name]")) {
      const columns = this.words?.get(item.dataset.name)?.columns ?? [];
      const isColumn = wanted !== "" && columns.some(({ name }) => name.toLowerCase().includes(wanted));
      item.hidden = !isColumn && !item.dataset.name.includes(wanted);
      item.firstElementChild.open = isColumn;
    }
    for (const schema of this.querySelectorAll(".schema")) schema.hidden = !schema.querySelector("[data-name]:not([hidden])");
  }

  #say(text) {
    this.querySelector(".said").textContent = text;
  }
}

/** What is to be known of an answer of the commit `at`. */
function noted({ dataset, lamp, what, below }, at) {
  const item = element("div", "", "", { "data-s": lamp });
  const link = element("a", dataset, "mono quiet", { href: `/d/${dataset}${at ? `?at=${encodeURIComponent(at)}` : ""}` });
  const text = below.length ? `of which ${below.join(", ")} is made: ${what}` : what;
  item.append(glyph(lamp), link, spoken("span", text));
  return item;
}

customElements.define("andon-sql", Sql);
