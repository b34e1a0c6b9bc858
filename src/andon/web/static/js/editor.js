// <andon-editor>: a file on a branch. Problems are marked as one writes; what is not saved is kept in this browser, and nowhere else.

import { API, draw, say, sent, stepsOf } from "./looked.js";

const WAIT = 350;

class Editor extends HTMLElement {
  #stops = new AbortController();
  #asked = null;
  #timer = 0;
  #editor = null;

  async connectedCallback() {
    const { signal } = this.#stops;
    this.form = this.querySelector("form");
    this.area = this.querySelector("textarea");
    // what could not be saved stands in the page, and is still a draft
    this.begun = "unsaved" in this.dataset ? null : this.area.defaultValue;
    this.area.addEventListener("input", () => this.#typed(this.area.value), { signal });
    this.form.elements.branch?.addEventListener("change", () => this.#later(0), { signal });
    this.#offerDraft(signal);
    const [{ editorIn }, words] = await Promise.all([import("./sqleditor.js"), this.#words()]);
    if (!this.isConnected) return;
    this.#editor = editorIn({
      parent: this.area.parentElement,
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
    if (this.begun === null) {
      this.#typed(this.area.value);
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
    say(this, "running", "looking");
    const body = { file: this.dataset.file, text: this.area.value, branch: branch.value, seen: seen.value };
    try {
      const { ok, found } = await sent("/edits/look", body, asked.signal);
      const problems = [{ message: found.detail, hint: found.hint }];
      this.#draw(ok ? found : { problems, breaks: [], columns: [], plan: null });
    } catch (error) {
      if (error.name !== "AbortError") say(this, "stale", "the server does not answer");
    }
  }

  #draw(found) {
    const wrong = [...found.problems, ...found.breaks];
    draw(this, found, wrong, (problem) => this.#editor?.show(problem));
    this.#editor?.mark(found.problems, 0, false);
    if (found.problems.length) say(this, "fail", `${found.problems.length} to mend`);
    else if (found.breaks.length) say(this, "fail", "breaks others");
    else if (found.newer) say(this, "warn", "somebody saved since");
    else say(this, "ok", stepsOf(found.plan).length || found.plan?.change ? "fits" : "nothing changed");
  }
}

customElements.define("andon-editor", Editor);
