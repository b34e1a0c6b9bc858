// <andon-grid>: an answer as a table of any length. Only what is seen is drawn; all of it is walked by keys.
import { element } from "./elements.js";
import { comparable, compare, copied, familyOf, grouped, put, shownAs } from "./values.js";

const ROW = 28;
const HEAD = 32;
const AHEAD = 6;
const CHARACTER = 7.2;
const MOST = 1e9;
let made = 0;

class Grid extends HTMLElement {
  columns = [];
  types = [];
  families = [];
  rows = [];
  /** The cell that one is at, and the one where the selection began; row -1 is the head. */
  at = [0, 0];
  from = [0, 0];
  #order = null;
  #sorted = null;
  #widths = [];
  #lefts = [0];
  #numbers = 40;
  #drawn = new Map();
  #span = "";
  #resized = new ResizeObserver(() => this.#draw());

  connectedCallback() {
    if (!this.head) this.#build();
    this.#resized.observe(this);
  }

  disconnectedCallback() {
    this.#resized.disconnect();
  }

  #build() {
    this.name = `grid${(made += 1)}`;
    this.tabIndex = 0;
    this.setAttribute("role", "grid");
    this.setAttribute("aria-multiselectable", "true");
    this.head = element("div", "", "head", { role: "row", "aria-rowindex": 1 });
    this.body = element("div", "", "body", { role: "rowgroup" });
    this.append(this.head, this.body);
    this.addEventListener("scroll", () => this.#draw(), { passive: true });
    this.addEventListener("keydown", (event) => this.#key(event));
    this.addEventListener("focus", () => this.#draw());
    this.addEventListener("blur", () => this.#draw());
    this.addEventListener("copy", (event) => this.#copy(event));
    this.head.addEventListener("pointerdown", (event) => this.#pressHead(event));
    this.body.addEventListener("pointerdown", (event) => this.#pressBody(event));
    this.body.addEventListener("dblclick", () => this.#open());
  }

  /** Begin with what an answer has; rows follow by `add`. */
  begin(columns, types) {
    this.columns = columns;
    this.types = types;
    this.families = types.map(familyOf);
    this.rows = [];
    this.#order = null;
    this.#sorted = null;
    this.at = [0, 0];
    this.from = [0, 0];
    this.setAttribute("aria-colcount", String(columns.length));
    this.scrollTop = 0;
    this.scrollLeft = 0;
    this.#widths = [];
    this.#place();
  }

  /** More rows, each an array. */
  add(rows) {
    const isFirst = !this.rows.length;
    for (const row of rows) this.rows.push(row);
    if (isFirst || String(this.rows.length).length !== this.#digits) this.#place();
    else this.#size();
  }

  /** All rows are here. */
  end() {
    if (this.#sorted) this.#sort(this.#sorted.column, this.#sorted.isDown);
    this.#place();
  }

  row(index) {
    return this.rows[this.#order ? this.#order[index] : index];
  }

  /** All values of a column, in the order of the answer. */
  values(column) {
    return this.rows.map((row) => row[column]);
  }

  get selection() {
    const [row, column] = this.at;
    const [otherRow, otherColumn] = this.from;
    return {
      top: Math.max(0, Math.min(row, otherRow)),
      bottom: Math.max(row, otherRow),
      left: Math.min(column, otherColumn),
      right: Math.max(column, otherColumn),
      isMany: row !== otherRow || column !== otherColumn,
    };
  }

  /** Put the selection, or all rows, where it can be pasted. */
  copyAs(form, isAll) {
    if (isAll) {
      this.from = [0, 0];
      this.at = [this.rows.length - 1, this.columns.length - 1];
      this.#draw();
    }
    put(this.#copied(form));
  }

  sortBy(column) {
    const now = this.#sorted;
    if (now?.column !== column) this.#sort(column, false);
    else if (!now.isDown) this.#sort(column, true);
    else this.#sort(null, false);
    this.#place();
    this.#tell("andon-said", this.#sorted ? `sorted by ${this.columns[column]}${this.#sorted.isDown ? ", descending" : ""}` : "as asked");
  }

  // -- places

  #place() {
    this.#digits = String(this.rows.length).length;
    this.#numbers = Math.round(20 + CHARACTER * Math.max(2, this.#digits));
    if (this.rows.length && !this.#widths.length) this.#measure();
    const widths = this.#widths.length ? this.#widths : this.columns.map(() => 120);
    this.#lefts = [this.#numbers];
    for (const width of widths) this.#lefts.push(this.#lefts.at(-1) + width);
    this.#drawn.forEach((element) => element.remove());
    this.#drawn.clear();
    this.#head(widths);
    this.#size();
  }

  #digits = 0;

  #measure() {
    const sample = this.rows.slice(0, 200);
    this.#widths = this.columns.map((name, column) => {
      let most = name.length + this.types[column].length * 0.8 + 4;
      for (const row of sample) most = Math.max(most, Math.min(60, shownAs(row[column]).length));
      return Math.round(Math.min(360, Math.max(72, most * CHARACTER + 24)));
    });
  }

  #size() {
    this.setAttribute("aria-rowcount", String(this.rows.length + 1));
    const width = `${this.#lefts.at(-1)}px`;
    this.head.style.width = width;
    this.body.style.width = width;
    this.body.style.height = `${this.rows.length * ROW}px`;
    this.#draw();
  }

  #head(widths) {
    const cells = this.columns.map((name, column) => {
      const sorted = this.#sorted?.column === column ? this.#sorted : null;
      const cell = element("div", "", this.families[column] === "number" ? "num" : "", {
        role: "columnheader",
        id: `${this.name}h${column}`,
        "aria-colindex": column + 1,
        "aria-sort": sorted ? (sorted.isDown ? "descending" : "ascending") : "none",
        "data-column": column,
      });
      cell.style.left = `${this.#lefts[column]}px`;
      cell.style.width = `${widths[column]}px`;
      cell.append(element("b", name), element("small", this.types[column].toLowerCase()), element("i"));
      return cell;
    });
    const corner = element("div", "", "corner", { role: "presentation" });
    corner.style.width = `${this.#numbers}px`;
    this.head.replaceChildren(...cells, corner);
  }

  // -- drawing

  #draw() {
    const count = this.rows.length;
    const first = Math.max(0, Math.floor(this.scrollTop / ROW) - AHEAD);
    const last = Math.min(count, Math.ceil((this.scrollTop + this.clientHeight - HEAD) / ROW) + AHEAD);
    const [left, right] = this.#seen();
    const span = `${left}:${right}`;
    if (span !== this.#span) {
      this.#drawn.forEach((element) => element.remove());
      this.#drawn.clear();
      this.#span = span;
    }
    const free = [];
    for (const [row, element] of this.#drawn) {
      if (row < first || row >= last) {
        free.push(element);
        this.#drawn.delete(row);
      }
    }
    const chosen = this.selection;
    for (let row = first; row < last; row += 1) {
      let element = this.#drawn.get(row);
      const isNew = !element;
      if (!element) {
        element = free.pop() ?? this.#line(left, right);
        this.#drawn.set(row, element);
        element.style.transform = `translateY(${row * ROW}px)`;
        element.setAttribute("aria-rowindex", String(row + 2));
        element.firstChild.textContent = String(row + 1);
      }
      this.#fill(element, row, left, right, chosen, isNew);
    }
    for (const element of free) element.remove();
    this.#mark();
  }

  #seen() {
    const end = this.scrollLeft + this.clientWidth;
    let left = 0;
    while (left < this.columns.length - 1 && this.#lefts[left + 1] < this.scrollLeft) left += 1;
    let right = left;
    while (right < this.columns.length && this.#lefts[right] < end) right += 1;
    return [left, right];
  }

  #line(left, right) {
    const line = element("div", "", "line", { role: "row" });
    const number = element("div", "", "number", { role: "rowheader" });
    number.style.width = `${this.#numbers}px`;
    line.append(number);
    for (let column = left; column < right; column += 1) {
      const cell = element("div", "", "", { role: "gridcell", "aria-colindex": column + 1 });
      cell.style.left = `${this.#lefts[column]}px`;
      cell.style.width = `${this.#lefts[column + 1] - this.#lefts[column]}px`;
      line.append(cell);
    }
    this.body.append(line);
    return line;
  }

  #fill(element, row, left, right, chosen, isNew) {
    const values = this.row(row);
    const isChosenRow = chosen.isMany && row >= chosen.top && row <= chosen.bottom;
    for (let column = left; column < right; column += 1) {
      const cell = element.children[column - left + 1];
      const value = values[column];
      if (isNew) {
        cell.textContent = shownAs(value);
        cell.id = `${this.name}c${row}-${column}`;
      }
      let name = this.families[column] === "number" ? "num" : "";
      if (value === null) name += " null";
      if (isChosenRow && column >= chosen.left && column <= chosen.right) name += " chosen";
      if (row === this.at[0] && column === this.at[1]) name += " here";
      if (cell.className !== name) {
        cell.className = name;
        cell.ariaSelected = name.includes("chosen") ? "true" : null;
      }
    }
  }

  /** Tell where one is. */
  #mark() {
    const [row, column] = this.at;
    for (const cell of this.head.children) cell.classList.toggle("here", row < 0 && cell.dataset.column === String(column));
    const id = row < 0 ? `${this.name}h${column}` : `${this.name}c${row}-${column}`;
    if (document.getElementById(id)) this.setAttribute("aria-activedescendant", id);
    else this.removeAttribute("aria-activedescendant");
  }

  // -- moving

  /** Go to a cell, and let it be seen. */
  go(row, column, isChoosing = false) {
    this.at = [
      Math.max(isChoosing ? 0 : -1, Math.min(this.rows.length - 1, row)),
      Math.max(0, Math.min(this.columns.length - 1, column)),
    ];
    if (!isChoosing) this.from = this.at;
    const [to, side] = this.at;
    if (to >= 0) {
      const room = this.clientHeight - HEAD - ROW;
      if (to * ROW < this.scrollTop) this.scrollTop = to * ROW;
      else if (to * ROW > this.scrollTop + room) this.scrollTop = to * ROW - room;
    }
    const start = this.#lefts[side] - this.#numbers;
    const end = this.#lefts[side + 1] - this.clientWidth;
    if (start < this.scrollLeft) this.scrollLeft = start;
    else if (end > this.scrollLeft) this.scrollLeft = Math.min(start, end);
    this.#draw();
    this.dispatchEvent(new CustomEvent("andon-moved", { bubbles: true }));
  }

  #key(event) {
    if (!this.columns.length) return;
    const [row, column] = this.at;
    const isMod = event.ctrlKey || event.metaKey;
    const page = Math.max(1, Math.floor((this.clientHeight - HEAD) / ROW) - 1);
    const ways = {
      ArrowUp: isMod ? [0, column] : [row - 1, column],
      ArrowDown: isMod ? [MOST, column] : [row + 1, column],
      ArrowLeft: isMod ? [row, 0] : [row, column - 1],
      ArrowRight: isMod ? [row, MOST] : [row, column + 1],
      PageUp: [Math.max(0, row - page), column],
      PageDown: [row + page, column],
      Home: isMod ? [0, 0] : [row, 0],
      End: isMod ? [MOST, MOST] : [row, MOST],
    };
    if (event.altKey && event.shiftKey && /^Arrow(Left|Right)$/.test(event.key)) {
      this.#resize(column, this.#widths[column] + (event.key === "ArrowRight" ? 16 : -16));
    } else if (event.altKey) {
      if (event.code === "KeyS") this.sortBy(column);
      else if (event.code === "KeyI") this.#tell("andon-column", { column });
      else return;
    } else if (ways[event.key]) this.go(...ways[event.key], event.shiftKey);
    else if (isMod && event.key === "a") {
      this.from = [0, 0];
      this.go(this.rows.length - 1, this.columns.length - 1, true);
    } else if (isMod && event.shiftKey && event.code === "KeyC") this.copyAs("markdown");
    else if (event.key === "Enter" || event.key === " ") {
      if (row < 0) this.sortBy(column);
      else this.#open();
    } else return;
    event.preventDefault();
  }

  #open() {
    const [row, column] = this.at;
    if (row >= 0 && row < this.rows.length) this.#tell("andon-cell", { row, column, value: this.row(row)[column] });
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));
  }

  // -- the mouse

  #pressHead(event) {
    const cell = event.target.closest("[data-column]");
    if (!cell || event.button) return;
    const column = Number(cell.dataset.column);
    if (event.target.tagName === "I") {
      const width = this.#widths[column];
      const start = event.clientX;
      this.#drag(event, (moved) => this.#resize(column, width + moved.clientX - start));
      return;
    }
    this.go(-1, column);
    this.focus({ preventScroll: true });
    if (event.target.tagName === "SMALL") this.#tell("andon-column", { column });
    else this.sortBy(column);
  }

  #pressBody(event) {
    const cell = this.#under(event);
    if (!cell || event.button) return;
    this.focus({ preventScroll: true });
    this.go(...cell, event.shiftKey);
    this.#drag(event, (moved) => {
      const other = this.#under(moved);
      if (other) this.go(...other, true);
    });
  }

  #drag(event, move) {
    event.preventDefault();
    const stops = new AbortController();
    const { signal } = stops;
    addEventListener("pointermove", move, { signal });
    for (const name of ["pointerup", "pointercancel"]) addEventListener(name, () => stops.abort(), { signal });
  }

  #under(event) {
    const place = this.body.getBoundingClientRect();
    const row = Math.floor((event.clientY - place.y) / ROW);
    const x = event.clientX - place.x;
    const column = this.columns.findIndex((_, index) => x >= this.#lefts[index] && x < this.#lefts[index + 1]);
    return row >= 0 && row < this.rows.length && column >= 0 ? [row, column] : null;
  }

  #resize(column, width) {
    this.#widths[column] = Math.max(48, Math.round(width));
    this.#place();
  }

  // -- order and copies

  #sort(column, isDown) {
    this.#order = null;
    this.#sorted = column === null ? null : { column, isDown };
    if (column === null) return;
    const keys = comparable(this.values(column), this.families[column]);
    const sign = isDown ? -1 : 1;
    this.#order = Uint32Array.from(keys.keys()).sort((one, other) => {
      const [a, b] = [keys[one], keys[other]];
      if (a === b) return one - other;
      if (a === null) return 1;
      if (b === null) return -1;
      return sign * compare(a, b) || one - other;
    });
  }

  #copied(form) {
    const { top, bottom, left, right, isMany } = this.selection;
    const rows = [];
    for (let row = top; row <= bottom; row += 1) rows.push(this.row(row).slice(left, right + 1));
    this.#tell("andon-said", isMany ? `copied ${grouped(rows.length)} × ${right - left + 1}` : "copied");
    return copied(form, isMany || form === "markdown" ? this.columns.slice(left, right + 1) : null, rows);
  }

  #copy(event) {
    if (!this.rows.length) return;
    event.clipboardData.setData("text/plain", this.#copied("tsv"));
    event.preventDefault();
  }
}

customElements.define("andon-grid", Grid);
