// <andon-upload>: sends a file that is dropped or chosen, shows what publishing it does where that has to be agreed to, and leads to its rows.

class Upload extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    this.drop = this.querySelector(".drop");
    this.said = this.querySelector(".said");
    this.form.hidden = false;
    this.stop = new AbortController();
    const { signal } = this.stop;
    this.form.addEventListener("submit", (event) => this.submit(event), { signal });
    this.form.elements.file.addEventListener("change", () => this.choose(), { signal });
    for (const type of ["dragover", "dragleave", "drop"]) {
      this.drop.addEventListener(type, (event) => this.drag(event), { signal });
    }
  }

  disconnectedCallback() {
    this.stop.abort();
  }

  /** @param {DragEvent} event */
  drag(event) {
    event.preventDefault();
    this.drop.classList.toggle("over", event.type === "dragover");
    if (event.type === "drop" && event.dataTransfer.files.length > 0) {
      this.form.elements.file.files = event.dataTransfer.files;
      this.choose();
    }
  }

  choose() {
    const file = this.form.elements.file.files[0];
    if (!file) return;
    const size = file.size.toLocaleString("en");
    this.querySelector(".chosen").textContent = `${file.name}, ${size} bytes`;
    this.agreed = undefined;
    this.tell("");
  }

  /** @param {SubmitEvent} event */
  async submit(event) {
    event.preventDefault();
    const { file, dataset, reading, replaces } = this.form.elements;
    const button = this.form.querySelector("button");
    const asked = new URLSearchParams({ dataset: dataset.value, name: file.files[0].name });
    if (reading.value) asked.set("reading", reading.value);
    if (replaces.checked) asked.set("replaces", "true");
    if (this.agreed) asked.set("agreed", this.agreed);
    button.disabled = true;
    this.tell("It is sent, read and checked; readers see it when all of that is done.");
    try {
      const answer = await fetch(`/api/v1/uploads?${asked}`, {
        method: "POST",
        body: file.files[0],
        signal: this.stop.signal,
      });
      this.answer(answer.ok, await answer.json(), dataset.value);
    } catch (error) {
      if (error.name !== "AbortError") this.tell("The server can't be reached; nothing was published.", "fail");
    } finally {
      button.disabled = false;
    }
  }

  /**
   * @param {boolean} isGood
   * @param {any} found the document of the run, or the problem
   * @param {string} dataset
   */
  answer(isGood, found, dataset) {
    if (isGood) {
      location.assign(found.published ? `/d/${dataset}` : `/runs/${found.run}`);
    } else if (found.digest && found.plan) {
      this.agreed = found.digest;
      const steps = found.plan.steps.filter((step) => step.action !== "reuse" && step.action !== "keep");
      this.tell("This makes a new source. Send it once more to do just this:", "warn", steps.map((step) => `${step.action} ${step.dataset}`));
    } else {
      this.tell([found.detail, found.hint].filter(Boolean).join(". Next: "), "fail");
    }
  }

  /**
   * @param {string} text
   * @param {string} [state]
   * @param {string[]} [lines]
   */
  tell(text, state = "", lines = []) {
    this.said.dataset.s = state;
    this.said.textContent = text;
    if (lines.length === 0) return;
    const list = document.createElement("ul");
    list.append(...lines.slice(0, 12).map((line) => Object.assign(document.createElement("li"), { textContent: line })));
    this.said.append(list);
  }
}

customElements.define("andon-upload", Upload);
