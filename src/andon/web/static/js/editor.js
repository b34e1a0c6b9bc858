// <andon-editor>: a file on a branch. Problems are marked as one writes; what is not saved is kept in this browser, and nowhere else.

const API = "/api/v1";
const WAIT = 350;
const WORDS = { none: "same", additive: "additive", columns: "columns", rows: "rows", contract: "contract" };
const STATES = { none: "idle", additive: "ok", columns: "warn", rows: "warn", contract: "fail" };

/** An element with a class and what is in it: all text, never markup. */
function made(tag, kind, ...children) {
  const element = document.createElement(tag);
  if (kind) element.className = kind;
  element.append(...children.filter((each) => each !== null));
  return element;
}

function glyph(state) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("class", "g");
  svg.setAttribute("width", "10");
  svg.setAttribute("height", "10");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `#g-${state}`);
  svg.dataset.s = state;
  svg.append(use);
  return svg;
}

class Editor extends HTMLElement {
  #stops = new AbortController();
  #asked = null;
  #timer = 0;
  #editor = null;
  #sent = false;

  async connectedCallback() {
    const { signal } = this.#stops;
    this.form = this.querySelector("form");
    this.area = this.querySelector("textarea");
    this.begun = this.area.defaultValue;
    this.form.addEventListener("submit", () => (this.#sent = true), { signal });
    this.area.addEventListener("input", () => this.#typed(this.area.value), { signal });
    this.form.elements.branch?.addEventListener("change", () => this.#later(0), { signal });
    this.#offerDraft(signal);
    const [{ editorIn }, words] = await Promise.all([import("./sqleditor.js"), this.#words()]);
    if (!this.isConnected) return;
    this.#editor = editorIn({
      parent: this.area.parentElement,
      nonce: this.nonce,
      text: this.area.value,
      label: this.area.getAttribute("aria-label"),
      words,
      readOnly: this.area.readOnly,
      run: () => this.form.requestSubmit(),
      changed: (text) => {
        this.area.value = text;
        this.#typed(text);
      },
    });
    const had = document.activeElement === this.area;
    this.area.hidden = true;
    if (had) this.#editor.view.focus();
    if (this.querySelector("[data-save]")) this.#later(0);
  }

  disconnectedCallback() {
    this.#stops.abort();
    this.#asked?.abort();
    clearTimeout(this.#timer);
    this.#editor?.view.destroy();
  }

  async #words() {
    if (!this.dataset.sql) return null;
    const at = encodeURIComponent(this.dataset.base);
    const found = await Promise.all([fetch(`${API}/completion?at=${at}`), fetch(`${API}/completion/words`)]);
    if (found.some((each) => !each.ok)) return null;
    const [words, engine] = await Promise.all(found.map((each) => each.json()));
    return { ...words, engine };
  }

  // -- what is not saved

  get #key() {
    return `draft ${location.host} ${this.dataset.file}`;
  }

  #typed(text) {
    this.#sent = false;
    try {
      if (text === this.begun) localStorage.removeItem(this.#key);
      else localStorage.setItem(this.#key, text);
    } catch {
      // a browser that keeps nothing, or is full: the text stands in the page
    }
    this.#later(WAIT);
  }

  #offerDraft(signal) {
    let kept = null;
    try {
      kept = localStorage.getItem(this.#key);
    } catch {
      return;
    }
    const bar = this.querySelector(".draft");
    if (kept === null || kept === this.area.value || this.area.readOnly) {
      if (kept !== null) localStorage.removeItem(this.#key);
      return;
    }
    bar.hidden = false;
    bar.querySelector("[data-take]").addEventListener(
      "click",
      () => {
        bar.hidden = true;
        if (this.#editor) this.#editor.text = kept;
        else this.area.value = kept;
        this.#editor?.view.focus();
      },
      { signal },
    );
    bar.querySelector("[data-drop]").addEventListener(
      "click",
      () => {
        bar.hidden = true;
        localStorage.removeItem(this.#key);
      },
      { signal },
    );
  }

  // -- what it would come to

  #later(wait) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), wait);
  }

  async #look() {
    this.#asked?.abort();
    const asked = (this.#asked = new AbortController());
    const { branch, seen } = this.form.elements;
    this.#say("running", "looking");
    try {
      const response = await fetch(`${API}/edits/look`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ file: this.dataset.file, text: this.area.value, branch: branch.value, seen: seen.value }),
        signal: asked.signal,
      });
      const found = await response.json();
      if (!response.ok) this.#draw({ problems: [{ message: found.detail, hint: found.hint }], breaks: [], columns: [], plan: null });
      else this.#draw(found);
    } catch (error) {
      if (error.name !== "AbortError") this.#say("stale", "the server does not answer");
    }
  }

  #say(state, words) {
    const pill = this.querySelector("[data-state]");
    pill.dataset.s = state;
    pill.replaceChildren(glyph(state), made("span", "", words));
  }

  #draw(found) {
    const wrong = [...found.problems, ...found.breaks];
    const steps = (found.plan?.steps ?? []).filter((step) => step.action !== "keep" && step.reason !== "unchanged");
    this.#editor?.mark(found.problems, 0, false);
    if (found.problems.length) this.#say("fail", `${found.problems.length} to mend`);
    else if (found.breaks.length) this.#say("fail", "breaks others");
    else if (found.newer) this.#say("warn", "somebody saved since");
    else this.#say("ok", steps.length || found.plan?.change ? "fits" : "nothing changed");
    const parts = wrong.map((each) => this.#problem(each, found.file));
    if (found.newer) parts.unshift(made("p", "line", glyph("warn"), "Somebody saved another text of this file since you opened it. Save: both are put together, and you decide."));
    if (steps.length) parts.push(made("h3", "", "What follows"), made("ul", "", ...steps.map((step) => this.#step(step))));
    const reached = new Set(steps.flatMap((step) => step.reach?.insights ?? []));
    if (reached.size) parts.push(made("h3", "", "Insights that it reaches"), made("p", "line mono", [...reached].join(", ")));
    if (found.columns.length) {
      const rows = found.columns.map((each) => made("li", "line column", made("b", "mono", each.name), made("span", "mono muted", each.type.toLowerCase()), made("span", "from muted", each.made_of.length ? `of ${each.made_of.join(", ")}` : "")));
      parts.push(made("h3", "", `${found.columns.length} columns`), made("ul", "", ...rows));
    }
    this.querySelector("[data-found]").replaceChildren(...parts);
  }

  #problem(each, file) {
    const place = [each.file && each.file !== file ? each.file : null, each.line, each.column].filter(Boolean).join(":");
    const line = made("button", "line problem", glyph("fail"), made("span", "mono muted", place), made("span", "", each.message), each.hint ? made("small", "muted", each.hint) : null);
    line.type = "button";
    line.addEventListener("click", () => this.#editor?.show(each));
    return line;
  }

  #step(step) {
    const kind = step.verdict;
    const pill = kind ? made("span", "pill", glyph(STATES[kind]), WORDS[kind]) : null;
    if (pill) pill.dataset.s = STATES[kind];
    const breaks = step.breaks.length ? made("span", "bad", `breaks ${step.breaks.join(", ")}`) : null;
    return made("li", "line", made("b", "mono", step.dataset), pill, made("span", "muted", kind && step.columns.length ? step.columns.join(", ") : step.reason), breaks);
  }
}

customElements.define("andon-editor", Editor);
