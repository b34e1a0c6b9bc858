// <andon-save>: what a query would be as a dataset, while one describes it; and which plan is agreed to, by the checks that are ticked.
import { askedBy } from "./asking.js";
import { draw, say, sent, stepsOf } from "./looked.js";

const WAIT = 300;

class Save extends HTMLElement {
  #stops = new AbortController();
  #asked = null;
  #timer = 0;

  connectedCallback() {
    const { signal } = this.#stops;
    this.form = this.querySelector("form");
    this.isFirst = this.dataset.step === "1";
    this.form.addEventListener("input", (event) => this.#changed(event), { signal });
    this.form.addEventListener("keydown", (event) => this.#key(event), { signal });
    if (this.isFirst) this.#begin();
  }

  /** A query that is too long for an address stands packed behind it. */
  async #begin() {
    const { q } = await askedBy(new URL(location.href));
    const { sql } = this.form.elements;
    if (q && !sql.value.trim()) sql.value = q;
    this.#later(0);
  }

  disconnectedCallback() {
    this.#stops.abort();
    this.#asked?.abort();
    clearTimeout(this.#timer);
  }

  #key(event) {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    this.form.requestSubmit();
  }

  #changed(event) {
    const isTick = event.target.name === "checks";
    if (isTick) this.#publish(true);
    if (this.isFirst || isTick) this.#later(isTick ? 0 : WAIT);
  }

  #later(wait) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), wait);
  }

  /** What the fields say, as the document of a look. */
  get #wanted() {
    const fields = new FormData(this.form);
    const text = (name) => fields.get(name)?.toString() || null;
    const named = ["name", "sql", "description", "owner", "materialize", "refresh", "branch"];
    const found = Object.fromEntries(named.map((name) => [name, text(name)]));
    return { ...found, checks: fields.getAll("checks"), replace: text("replace") !== null };
  }

  async #look() {
    const wanted = this.#wanted;
    this.#asked?.abort();
    const asked = (this.#asked = new AbortController());
    if (!wanted.name || !wanted.sql) return;
    if (this.isFirst) say(this, "running", "looking");
    try {
      const { ok, found } = await sent("/datasets/look", wanted, asked.signal);
      if (this.isFirst) this.#draw(ok, found);
      else if (ok) this.#agree(found);
    } catch (error) {
      if (error.name !== "AbortError" && this.isFirst) say(this, "stale", "the server does not answer");
    }
  }

  #draw(ok, found) {
    const isName = !ok && (found.code === "usage.exists" || found.code === "usage.bad_argument");
    const words = ok ? `${found.file}${found.is_new ? "" : ": changes what is there"}` : isName ? found.detail : "";
    this.#name(ok ? "ok" : isName ? "fail" : null, words);
    const problems = found.problems?.length ? found.problems : [{ message: found.detail, hint: found.hint }];
    const looked = ok ? found : { columns: [], plan: null };
    draw(this, looked, ok ? [] : problems, (problem) => this.#goTo(problem));
    if (ok) say(this, "ok", stepsOf(found.plan).length || found.plan.change ? "fits" : "nothing changed");
    else say(this, "fail", isName ? "another name" : "to mend");
  }

  #name(state, words) {
    const help = this.querySelector("[data-name]");
    this.help ??= help.textContent;
    if (state) help.dataset.s = state;
    else delete help.dataset.s;
    help.textContent = words || this.help;
    this.form.elements.name.setAttribute("aria-invalid", String(state === "fail"));
  }

  #goTo(problem) {
    const { sql } = this.form.elements;
    if (!problem.line) return;
    const before = sql.value.split("\n").slice(0, problem.line - 1).join("\n").length + (problem.line > 1 ? 1 : 0);
    sql.focus();
    sql.setSelectionRange(before + (problem.column ?? 1) - 1, before + (problem.column ?? 1));
  }

  /** The plan with the checks that are ticked now is the one that is agreed to. */
  #agree(found) {
    this.form.elements.agreed.value = found.agreed;
    this.querySelector("[data-digest]").textContent = found.agreed.slice(0, 8);
    this.#publish(false);
  }

  #publish(isBusy) {
    this.querySelector("[data-publish]").disabled = isBusy;
  }
}

customElements.define("andon-save", Save);
