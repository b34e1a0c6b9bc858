// The palette: one field over datasets, columns, queries, branches, pages and what can be done here.

/**
 * @typedef {{kind: string, label: string, note: string, state?: string, go: () => void}} Choice
 */

const ICONS = {
  dataset: "table-2",
  column: "columns-3",
  query: "square-terminal",
  branch: "git-branch",
  analysis: "chart-line",
  page: "chevron-right",
  action: "zap",
};
/** Milliseconds of silence before the server is asked. */
const PAUSE = 60;

/** The commit that the page looks at, in whatever it leads to. */
const at = new URL(location.href).searchParams.get("at");

/** @param {string} path @param {Record<string, string>} query */
function address(path, query = {}) {
  const url = new URL(path, location.origin);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  if (at && !url.searchParams.has("at")) url.searchParams.set("at", at);
  return url.href;
}

/** @param {string} path @param {Record<string, string>} [query] */
function goes(path, query) {
  return () => location.assign(address(path, query));
}

/** Pages and actions, as the frame has them. @returns {Choice[]} */
function own() {
  const links = [...document.querySelectorAll(".side a[data-key]")];
  const pages = links.map((link) => ({
    kind: "page",
    label: (link.textContent ?? "").trim(),
    note: `g ${link.getAttribute("data-key")?.split(" ")[1]}`,
    go: () => /** @type {HTMLElement} */ (link).click(),
  }));
  const acts = [...document.querySelectorAll("[data-palette]")];
  const actions = acts.map((act) => ({
    kind: "action",
    label: act.getAttribute("data-palette") ?? "",
    note: "here",
    go: () => /** @type {HTMLElement} */ (act).click(),
  }));
  return [...actions, ...pages];
}

/** What is typed can be asked for, whatever is found: somebody may make it. @param {string} words @returns {Choice[]} */
function wanted(words) {
  const isOffered = document.querySelector('[data-palette][href^="/requests"]') !== null;
  const go = () => location.assign(`${address("/requests", { what: words })}#ask`);
  return words && isOffered ? [{ kind: "action", label: `Request “${words}”`, note: "of the others", go }] : [];
}

/** @param {{kind: string, name: string, meaning: string | null, status: string | null}} hit @returns {Choice} */
function choiceOf({ kind, name, meaning, status }) {
  const note = meaning ?? "";
  switch (kind) {
    case "column": {
      const end = name.indexOf(".", name.indexOf(".") + 1);
      const place = goes(`/d/${name.slice(0, end)}`, { column: name.slice(end + 1) });
      return { kind, label: name, note, go: place };
    }
    case "query":
      return { kind, label: name, note, go: goes("/sql", { saved: name }) };
    case "branch":
      return { kind, label: name, note, go: goes(`/changes/${name}`) };
    case "analysis":
      return { kind, label: name, note: note || "analysis", go: goes(`/analyses/${name}`) };
    default:
      return { kind: "dataset", label: name, note, state: status ?? undefined, go: goes(`/d/${name}`) };
  }
}

/** @param {string} words @param {AbortSignal} signal */
async function asked(words, signal) {
  const query = new URLSearchParams({ words, limit: "12" });
  if (at) query.set("at", at);
  const answer = await fetch(`/api/v1/palette?${query}`, { signal });
  return answer.ok ? (await answer.json()).map(choiceOf) : [];
}

class Palette {
  /** @type {Choice[]} */
  choices = [];
  chosen = 0;
  /** Whether what was typed last is still looked for, and whether Enter was pressed meanwhile: it means what will be found. */
  isLooking = false;
  isTaken = false;
  /** @type {AbortController | null} */
  asking = null;
  timer = 0;

  constructor() {
    const dialog = document.createElement("dialog");
    dialog.className = "palette";
    dialog.setAttribute("aria-label", "Search and go");
    dialog.innerHTML = `<div class="box"><svg class="i" width="16" height="16" aria-hidden="true"><use/></svg>
      <input role="combobox" aria-expanded="true" aria-controls="palette-list" aria-autocomplete="list"
        aria-label="Datasets, columns, queries, branches, analyses, pages" placeholder="Datasets, columns, queries, analyses, pages"
        autocomplete="off" spellcheck="false"><kbd>Esc</kbd></div>
      <ul id="palette-list" role="listbox" aria-label="What was found"></ul>
      <p class="none" role="status" hidden>Nothing is called so.</p>`;
    document.body.append(dialog);
    this.dialog = dialog;
    this.input = /** @type {HTMLInputElement} */ (dialog.querySelector("input"));
    this.list = /** @type {HTMLUListElement} */ (dialog.querySelector("ul"));
    this.none = /** @type {HTMLElement} */ (dialog.querySelector(".none"));
    dialog.querySelector("use")?.setAttribute("href", this.icon("search"));
    this.input.addEventListener("input", () => this.typed());
    dialog.addEventListener("keydown", (event) => this.pressed(event));
    dialog.addEventListener("click", (event) => this.clicked(event));
  }

  /** @param {string} name */
  icon(name) {
    const known = document.querySelector(".find use")?.getAttribute("href") ?? "";
    return known.replace(/#.*/, `#${name}`);
  }

  open() {
    if (this.dialog.open) return;
    this.input.value = "";
    this.dialog.showModal();
    this.typed();
  }

  typed() {
    const words = this.input.value.trim();
    const fitting = own().filter((each) => each.label.toLowerCase().includes(words.toLowerCase()));
    clearTimeout(this.timer);
    this.asking?.abort();
    const asking = new AbortController();
    this.asking = asking;
    this.isTaken = false;
    if (!words) this.show(fitting);
    this.isLooking = words !== "";
    this.timer = setTimeout(() => this.ask(words, fitting, asking.signal), words ? PAUSE : 0);
  }

  /** @param {string} words @param {Choice[]} fitting @param {AbortSignal} signal */
  async ask(words, fitting, signal) {
    try {
      const found = await asked(words, signal);
      if (signal.aborted) return;
      // what begins as it was typed is meant before what only has a word of it
      const meant = fitting.filter((each) => !words || each.label.toLowerCase().startsWith(words.toLowerCase()));
      this.show([...meant, ...found, ...fitting.filter((each) => !meant.includes(each)), ...wanted(words)]);
    } catch (error) {
      if (signal.aborted) return;
      this.show(fitting); // the server is away: pages and actions are still there
      this.none.textContent = "The server does not answer.";
    }
  }

  /** @param {Choice[]} choices */
  show(choices) {
    this.choices = choices;
    this.isLooking = false;
    this.none.textContent = "Nothing is called so.";
    this.list.replaceChildren(...choices.map((choice, index) => this.option(choice, index)));
    this.none.hidden = choices.length > 0;
    this.list.hidden = choices.length === 0;
    this.choose(0);
    if (this.isTaken) this.take(0);
  }

  /** @param {Choice} choice @param {number} index */
  option(choice, index) {
    const item = document.createElement("li");
    item.id = `palette-${index}`;
    item.setAttribute("role", "option");
    item.dataset.index = String(index);
    item.innerHTML = `<svg class="i" width="14" height="14" aria-hidden="true"><use/></svg><span></span><span class="sub"></span>`;
    const drawing = item.querySelector("svg");
    if (choice.state && drawing) {
      drawing.outerHTML = `<svg class="g" width="10" height="10" aria-hidden="true"><use/></svg>`;
      item.dataset.s = choice.state;
    }
    item.querySelector("use")?.setAttribute("href", choice.state ? `#g-${choice.state}` : this.icon(ICONS[choice.kind]));
    const [label, note] = item.querySelectorAll("span");
    label.textContent = choice.label;
    label.className = choice.kind === "page" || choice.kind === "action" ? "" : "mono";
    note.textContent = choice.note;
    return item;
  }

  /** @param {number} index */
  choose(index) {
    const count = this.choices.length;
    this.chosen = count ? (index + count) % count : 0;
    for (const item of this.list.children) {
      item.setAttribute("aria-selected", String(Number(/** @type {HTMLElement} */ (item).dataset.index) === this.chosen));
    }
    const item = this.list.children[this.chosen];
    item?.scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", item?.id ?? "");
  }

  /** @param {KeyboardEvent} event */
  pressed(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      this.choose(this.chosen + step);
    } else if (event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      if (this.isLooking) this.isTaken = true;
      else this.take(this.chosen);
    }
  }

  /** @param {MouseEvent} event */
  clicked(event) {
    const target = /** @type {Element} */ (event.target);
    const item = target.closest("[role=option]");
    if (item instanceof HTMLElement) this.take(Number(item.dataset.index));
    else if (target === this.dialog) this.dialog.close();
  }

  /** @param {number} index */
  take(index) {
    const choice = this.choices[index];
    if (!choice) return;
    this.dialog.close();
    choice.go();
  }
}

/** @type {Palette | undefined} */
let palette;

/** Show the palette. */
export function open() {
  palette ??= new Palette();
  palette.open();
}
