// <andon-sql>: tabs with queries, an editor, and the answer as a grid and a chart. What is asked is an address.
import { Refused, addressOf, ask, askedBy } from "./asking.js";
import "./grid.js";
import { Tabs } from "./tabs.js";
import { grouped } from "./values.js";

const API = "/api/v1";

class Sql extends HTMLElement {
  #tabs;
  #editor = null;
  #answers = new Map();
  #running = null;
  #p = {};
  #stops = new AbortController();

  async connectedCallback() {
    if (this.#tabs) return;
    const { signal } = this.#stops;
    this.grid = this.querySelector("andon-grid");
    this.chart = this.querySelector("andon-chart");
    this.area = this.querySelector("textarea");
    this.at = this.dataset.at || null;
    this.#tabs = new Tabs(this.dataset.project, () => this.#copyTab());
    this.addEventListener("click", (event) => this.#click(event), { signal });
    this.addEventListener("submit", (event) => this.#submit(event), { signal });
    this.addEventListener("andon-said", (event) => this.#say(event.detail.text), { signal });
    this.area.addEventListener("input", () => this.#typed(this.area.value), { signal });
    addEventListener("popstate", () => this.#back(), { signal });
    document.addEventListener("keydown", (event) => this.#key(event), { signal });
    this.querySelector(".find-table").addEventListener("input", (event) => this.#find(event.target.value), { signal });
    this.classList.add("live");
    await this.#begin();
  }

  disconnectedCallback() {
    this.#stops.abort();
    this.#running?.abort();
    this.#tabs?.close();
    this.#editor?.view.destroy();
  }

  // -- the beginning

  async #begin() {
    const asked = await askedBy(new URL(location.href));
    const text = asked.q ?? (this.dataset.saved ? this.dataset.text : null);
    if (text !== null) this.#open(text, this.dataset.saved || null);
    else if (!this.#tabs.current) this.#tabs.add(this.dataset.first);
    else this.#tabs.go(this.#tabs.current);
    this.#p = JSON.parse(this.dataset.values);
    const tab = this.#tabs.get(this.#tabs.current);
    this.area.value = tab.text;
    this.#drawTabs();
    const first = text ?? tab.asked ?? (tab.text === this.dataset.first ? tab.text : null);
    if (first) this.#run({ ...asked, q: first }, 0, true);
    await this.#edit();
  }

  async #edit() {
    const [{ editorIn }, ...found] = await Promise.all([
      import("./sqleditor.js"),
      fetch(`${API}/completion${this.at ? `?at=${encodeURIComponent(this.at)}` : ""}`),
      fetch(`${API}/completion/words`),
    ]);
    const [words, engine] = await Promise.all(found.map((each) => each.json()));
    if (!this.isConnected) return;
    this.words = words;
    this.#editor = editorIn({
      parent: this.querySelector(".editor"),
      nonce: this.nonce,
      text: this.area.value,
      label: "SQL",
      words: { ...words, engine },
      run: (part) => this.#runChosen(part),
      changed: (text) => this.#typed(text),
    });
    this.area.hidden = true;
    if (document.activeElement === this.area || document.activeElement === document.body) this.#editor.view.focus();
  }

  get text() {
    return this.#editor ? this.#editor.text : this.area.value;
  }

  set text(text) {
    this.area.value = text;
    if (this.#editor && this.#editor.text !== text) this.#editor.text = text;
  }

  #typed(text) {
    this.#tabs.keep(this.#tabs.current, { text });
  }

  // -- asking

  /** Ask what is selected, else all; or one part of it. */
  #runChosen(part) {
    const chosen = this.#editor && !part ? this.#editor.chosen : { text: this.text, from: 0 };
    const lead = chosen.text.length - chosen.text.trimStart().length;
    const q = chosen.text.trim();
    if (q) this.#run({ q, at: this.at, part, p: this.#given() }, chosen.from + lead, false);
  }

  async #run(asked, start, isFirst) {
    this.#running?.abort();
    const running = new AbortController();
    this.#running = running;
    const tab = this.#tabs.current;
    this.#tabs.keep(tab, { asked: asked.q });
    const answer = { asked, rows: [], head: null, ending: null, seconds: 0 };
    const began = performance.now();
    this.#show("busy");
    this.#editor?.mark([], 0);
    const address = await addressOf(asked, new URL(location.href).searchParams.get("chart"));
    const state = { tab, asked };
    if (isFirst || location.pathname + location.search + location.hash === address) history.replaceState(state, "", address);
    else history.pushState(state, "", address);
    try {
      answer.ending = await ask(asked, {
        limit: Number(this.dataset.rows),
        signal: running.signal,
        head: (head) => {
          answer.head = head;
          this.grid.begin(head.columns, head.types);
          this.#show("grid");
        },
        rows: (rows) => {
          this.grid.add(rows);
          answer.rows = this.grid.rows;
        },
      });
      this.grid.end();
      answer.seconds = (performance.now() - began) / 1000;
      this.#answers.set(tab, answer);
      this.#facts(answer);
    } catch (error) {
      if (this.#running !== running) return;
      this.#fail(error, running.signal.aborted, start);
    } finally {
      if (this.#running === running) this.#running = null;
      this.toggleAttribute("busy", Boolean(this.#running));
    }
    this.dataset.asked = String(Number(this.dataset.asked ?? 0) + 1);
  }

  #stop() {
    this.#running?.abort();
  }

  #fail(error, isStopped, start) {
    if (isStopped) {
      this.#show("stopped");
      return;
    }
    const problem = error instanceof Refused ? error.problem : { detail: error.message, problems: [] };
    this.#show("wrong");
    const place = this.querySelector(".wrong");
    const said = problem.problems?.length ? problem.problems : [{ message: problem.detail, hint: problem.hint }];
    const list = document.createElement("ul");
    for (const each of said) {
      const item = document.createElement("li");
      item.append(element("b", each.message));
      if (each.line) item.append(element("span", `line ${each.line}, column ${each.column}`, "muted tn"));
      if (each.hint) item.append(element("p", each.hint));
      list.append(item);
    }
    place.replaceChildren(list);
    this.#editor?.mark(said, start);
  }

  /** Let one part of the answer's place be seen. */
  #show(what) {
    this.toggleAttribute("busy", what === "busy");
    this.dataset.shows = what;
    if (what !== "grid") this.querySelector(".facts-line").replaceChildren();
  }

  #facts({ head, ending }) {
    const rows = `${grouped(ending.rows)}${ending.truncated ? " first" : ""} ${ending.rows === 1 ? "row" : "rows"}`;
    const facts = [rows, `${head.seconds < 1 ? `${Math.round(head.seconds * 1000)} ms` : `${head.seconds.toFixed(1)} s`}`];
    facts.push(sized(ending.bytes), `at ${head.commit.slice(0, 8)}`);
    this.querySelector(".facts-line").replaceChildren(...facts.map((each) => element("span", each)));
    this.#say(facts.join(", "));
  }

  #given() {
    return this.#p;
  }

  // -- addresses and tabs

  async #back() {
    const asked = await askedBy(new URL(location.href));
    if (asked.q === null) return;
    this.#p = asked.p;
    const tab = history.state?.tab;
    if (tab && this.#tabs.ids.includes(tab) && tab !== this.#tabs.current) this.#goTo(tab);
    if (!this.text.includes(asked.q)) this.#open(asked.q, null);
    this.#drawTabs();
    this.#run(asked, Math.max(0, this.text.indexOf(asked.q)), true);
  }

  /** Have a text before one: in the tab that has it, in one that holds nothing of its own, else in a new one. */
  #open(text, name) {
    const has = this.#tabs.all.find((tab) => tab.text.trim() === text.trim());
    const now = this.#tabs.current ? this.#tabs.get(this.#tabs.current) : null;
    if (has) this.#tabs.go(has.id);
    else if (now && (!now.text.trim() || now.text.trim() === now.asked || now.text === this.dataset.first)) {
      this.#tabs.keep(now.id, { text, name });
      this.#tabs.go(now.id);
    } else this.#tabs.add(text, name);
    this.text = this.#tabs.get(this.#tabs.current).text;
  }

  #goTo(id) {
    this.#running?.abort();
    this.#tabs.go(id);
    this.text = this.#tabs.get(id).text;
    const answer = this.#answers.get(id);
    this.#drawTabs();
    if (!answer) {
      this.#show("nothing");
      return;
    }
    this.#show("grid");
    this.grid.begin(answer.head.columns, answer.head.types);
    this.grid.add(answer.rows);
    this.grid.end();
    this.#facts(answer);
  }

  #copyTab() {
    this.#tabs.add(this.text);
    this.#drawTabs();
    this.#say("the tab is open in another window: you go on in a copy");
  }

  #closeTab(id) {
    const { ids } = this.#tabs;
    const next = ids[ids.indexOf(id) + 1] ?? ids[ids.indexOf(id) - 1];
    this.#tabs.drop(id);
    this.#answers.delete(id);
    if (id === this.#tabs.current) {
      if (next) this.#goTo(next);
      else this.#goTo(this.#tabs.add(""));
    }
    this.#drawTabs();
  }

  #drawTabs() {
    const { current, all } = this.#tabs;
    const drawn = all.map((tab) => {
      const item = document.createElement("div");
      item.className = "sheet";
      item.setAttribute("role", "presentation");
      const button = element("button", tab.name ?? titleOf(tab.text));
      button.type = "button";
      button.setAttribute("role", "tab");
      button.setAttribute("aria-selected", String(tab.id === current));
      button.dataset.tab = tab.id;
      const close = element("button", "×", "shut");
      close.type = "button";
      close.dataset.shut = tab.id;
      close.tabIndex = -1;
      close.setAttribute("aria-label", `Close ${button.textContent}`);
      item.append(button, close);
      return item;
    });
    this.querySelector(".sheets").replaceChildren(...drawn);
  }

  // -- what is pressed

  #click(event) {
    const pressed = event.target.closest("[data-do],[data-tab],[data-shut],[data-insert]");
    if (!pressed) return;
    const { do: what, tab, shut, insert } = pressed.dataset;
    if (tab) this.#goTo(tab);
    if (shut) this.#closeTab(shut);
    if (insert) this.#editor?.insert(insert);
    if (what === "stop") this.#stop();
    if (what === "new") {
      this.#goTo(this.#tabs.add(""));
      this.#editor?.view.focus();
    }
    if (what === "copy") this.grid.copyAs(pressed.dataset.form, !this.grid.selection.isMany);
  }

  #submit(event) {
    if (!event.target.matches("form.ask")) return;
    event.preventDefault();
    this.#runChosen(null);
  }

  #key(event) {
    if (event.key === "Escape" && this.#running && !event.defaultPrevented) {
      event.preventDefault();
      this.#stop();
    } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.defaultPrevented) {
      event.preventDefault();
      this.#runChosen(null);
    }
  }

  #find(words) {
    const wanted = words.toLowerCase();
    for (const item of this.querySelectorAll(".tree [data-name]")) item.hidden = !item.dataset.name.includes(wanted);
  }

  #say(text) {
    this.querySelector(".said").textContent = text;
  }
}

function element(tag, text, name = "") {
  const found = document.createElement(tag);
  found.textContent = text;
  if (name) found.className = name;
  return found;
}

function titleOf(text) {
  const line = text.split("\n").find((each) => each.trim()) ?? "";
  return line.trim().replace(/^--\s*/, "").slice(0, 28) || "Empty";
}

function sized(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

customElements.define("andon-sql", Sql);
