// <andon-editor>: a file on a branch. Problems are marked as one writes; what is not saved is kept in this browser, and nowhere else.

import { wordsAt } from "./asking.js";
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
    this.begun = this.dataset.unsaved ? null : this.area.defaultValue;
    this.form.addEventListener("submit", () => this.#send(), { signal });
    this.area.addEventListener("input", () => this.#typed(this.area.value), { signal });
    this.form.elements.branch?.addEventListener("change", () => this.#later(0), { signal });
    this.#offerDraft(signal);
    const [{ editorIn }, words] = await Promise.all([import("./sqleditor.js"), this.dataset.sql ? wordsAt(this.dataset.base) : null]);
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

  // -- what is not saved

  get #key() {
    return `draft ${location.host} ${this.dataset.file}`;
  }

  /** What is kept, and the branch that it was sent to, if it was; a browser that keeps nothing has none. */
  get #draft() {
    try {
      return JSON.parse(localStorage.getItem(this.#key) ?? "null");
    } catch {
      return null;
    }
  }

  #keep(draft) {
    try {
      if (draft) localStorage.setItem(this.#key, JSON.stringify(draft));
      else localStorage.removeItem(this.#key);
    } catch {
      // a browser that keeps nothing, or is full: the text stands in the page
    }
  }

  #send() {
    const text = this.area.value;
    if (text !== this.begun) this.#keep({ text, branch: this.form.elements.branch.value });
  }

  #typed(text) {
    this.#keep(text === this.begun ? null : { text });
    this.#later(WAIT);
  }

  async #offerDraft(signal) {
    const draft = this.#draft;
    if (!draft || this.area.readOnly) return;
    if (draft.text === this.area.value || (draft.branch && (await this.#isSaved(draft)))) {
      if (!this.dataset.unsaved) this.#keep(null);
      return;
    }
    const bar = this.querySelector(".draft");
    bar.hidden = false;
    bar.addEventListener(
      "click",
      (event) => {
        if (!event.target.matches("button")) return;
        bar.hidden = true;
        if ("drop" in event.target.dataset) this.#keep(null);
        else if (this.#editor) this.#editor.text = draft.text;
        else this.area.value = draft.text;
      },
      { signal },
    );
  }

  /** Whether the branch that a text was sent to has it. */
  async #isSaved({ text, branch }) {
    const response = await fetch(`${API}/files/${this.dataset.file}?at=${encodeURIComponent(branch)}`);
    return response.ok && (await response.json()).text === text;
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
