// <andon-live src="…/events" for="id">: tells an element at once what happens in a call, so that it asks anew before its time comes.

/** Milliseconds between two tellings: a run of many small tasks tells of hundreds in a second. */
const EVERY = 300;
const EVENTS = ["planned", "task-started", "task-ended", "notice", "answer", "error"];

class Live extends HTMLElement {
  connectedCallback() {
    this.source = new EventSource(this.getAttribute("src"));
    for (const name of EVENTS) {
      this.source.addEventListener(name, (event) => this.hear(event));
    }
  }

  disconnectedCallback() {
    this.source.close();
    clearTimeout(this.waiting);
  }

  /** @param {Event} event */
  hear(event) {
    const isOver = event.type === "answer" || (event.type === "error" && event instanceof MessageEvent);
    if (isOver) {
      this.source.close();
    }
    this.waiting ??= setTimeout(() => this.tell(), isOver ? 0 : EVERY);
  }

  tell() {
    this.waiting = undefined;
    document.getElementById(this.getAttribute("for"))?.dispatchEvent(new CustomEvent("told"));
  }
}

customElements.define("andon-live", Live);
