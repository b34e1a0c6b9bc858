// <andon-chart>: the rows of an answer as lines, bars, areas or dots. What draws is loaded when a chart is first looked at.
import { element } from "./elements.js";
import { familyOf, numberOf, textOf } from "./values.js";

const KINDS = { line: "Lines", bar: "Bars", area: "Areas", dot: "Dots" };
const MOST_BARS = 60;
const MOST_COLOURS = 8;

class Chart extends HTMLElement {
  #columns = [];
  #families = [];
  #rows = [];
  #how = null;
  #Plot = null;
  #redraw = () => this.#draw();
  #resized = new ResizeObserver(() => this.#draw());

  connectedCallback() {
    this.#resized.observe(this);
    addEventListener("themechange", this.#redraw);
  }

  disconnectedCallback() {
    this.#resized.disconnect();
    removeEventListener("themechange", this.#redraw);
  }

  /**
   * Draw an answer.
   * @param {string[]} columns
   * @param {string[]} types
   * @param {any[][]} rows
   * @param {string | null} wanted `kind,x,y,colour` by names, as an address remembers it
   */
  async show(columns, types, rows, wanted) {
    this.#columns = columns;
    this.#families = types.map(familyOf);
    this.#rows = rows;
    this.#how = this.#read(wanted) ?? this.#guess();
    this.#controls();
    this.#Plot ??= await import("../vendor/plot.js");
    this.#draw();
  }

  /** `kind,x,y,colour` by names. */
  get remembered() {
    if (!this.#how) return null;
    const { kind, x, y, colour } = this.#how;
    const names = [x, y, colour].map((column) => (column < 0 ? "" : encodeURIComponent(this.#columns[column])));
    return [kind, ...names].join(",");
  }

  #read(text) {
    const [kind, ...names] = (text ?? "").split(",");
    if (!Object.hasOwn(KINDS, kind) || names.length !== 3) return null;
    const [x, y, colour] = names.map((name) => this.#columns.indexOf(named(name)));
    return x >= 0 && y >= 0 ? { kind, x, y, colour } : null;
  }

  /** What suits the types of the columns. */
  #guess() {
    const of = (family) => this.#columns.map((_, column) => column).filter((column) => this.#families[column] === family);
    const [times, numbers, texts] = [of("time"), of("number"), [...of("text"), ...of("bool")]];
    const said = numbers.filter((column) => !/(^|_)id$/i.test(this.#columns[column]));
    const few = texts.filter((column) => new Set(this.#rows.map((row) => row[column])).size <= MOST_COLOURS);
    if (times.length) return { kind: "line", x: times[0], y: said[0] ?? numbers[0] ?? 0, colour: few[0] ?? -1 };
    if (texts.length) {
      return { kind: "bar", x: texts[0], y: said[0] ?? numbers[0] ?? 0, colour: few.find((column) => column !== texts[0]) ?? -1 };
    }
    return { kind: "dot", x: numbers[0] ?? 0, y: said.find((column) => column !== numbers[0]) ?? numbers[0] ?? 0, colour: -1 };
  }

  #controls() {
    const named = this.#columns.map((name, column) => [column, name]);
    const fields = [
      ["kind", "Kind", Object.entries(KINDS)],
      ["x", "Along", named],
      ["y", "Height", named],
      ["colour", "Colour", [[-1, "one"], ...named]],
    ];
    const how = element("div", "", "how");
    for (const [name, word, choices] of fields) {
      const label = element("label", word);
      const select = element("select", "", "select");
      for (const [value, text] of choices) select.add(new Option(text, value));
      select.value = String(this.#how[name]);
      select.addEventListener("change", () => {
        this.#how[name] = name === "kind" ? select.value : Number(select.value);
        this.#draw();
        this.dispatchEvent(new CustomEvent("andon-charted", { bubbles: true }));
      });
      label.append(select);
      how.append(label);
    }
    this.legend = element("div", "", "legend");
    this.figure = element("div", "", "figure");
    this.replaceChildren(how, this.legend, this.figure);
  }

  #draw() {
    const Plot = this.#Plot;
    if (!Plot || !this.figure || !this.clientWidth || !this.#rows.length) return;
    const { kind, x, y, colour } = this.#how;
    const isTime = this.#families[x] === "time";
    const isNumber = this.#families[x] === "number";
    const place = (row) => (row[x] === null ? null : isTime ? moment(row[x]) : isNumber ? numberOf(row[x]) : textOf(row[x]));
    let points = this.#rows.map((row) => ({
      x: place(row),
      y: row[y] === null ? null : numberOf(row[y]),
      c: colour < 0 ? null : row[colour] === null ? "NULL" : textOf(row[colour]),
    }));
    const notes = [];
    if (kind === "bar" && !isTime) {
      const kept = new Set([...new Set(points.map((point) => point.x))].slice(0, MOST_BARS));
      if (points.some((point) => !kept.has(point.x))) notes.push(`the first ${MOST_BARS} bars`);
      points = points.filter((point) => kept.has(point.x));
    }
    if (kind === "line" || kind === "area") points.sort((a, b) => compared(a.x, b.x) || compared(a.c, b.c));
    const css = getComputedStyle(this);
    const token = (name) => css.getPropertyValue(`--${name}`).trim();
    const names = colour < 0 ? [] : [...new Set(points.map((point) => point.c))];
    if (names.length > MOST_COLOURS) notes.push(`colours repeat: ${names.length} of them`);
    const range = names.map((_, index) => token(`c${(index % MOST_COLOURS) + 1}`));
    this.#explain(names, range, notes);
    const figure = Plot.plot({
      className: "plot",
      width: this.figure.clientWidth,
      height: Math.max(200, this.figure.clientHeight),
      marginLeft: 64,
      marginTop: 24,
      marginBottom: 44,
      x: { label: this.#columns[x], labelArrow: "none", type: isTime ? "utc" : isNumber && kind !== "bar" ? "linear" : kind === "bar" && !isTime ? "band" : undefined, tickSize: 4 },
      y: { label: this.#columns[y], labelArrow: "none", grid: true, nice: true, tickFormat: "~s", tickSize: 0 },
      color: { domain: names, range },
      ariaLabel: `${KINDS[kind]}: ${this.#columns[y]} by ${this.#columns[x]}`,
      marks: marks(Plot, kind, points, colour < 0 ? token("c1") : "c", isTime, {
        fill: token("bg"),
        stroke: token("line2"),
      }),
    });
    this.figure.replaceChildren(figure);
  }

  #explain(names, range, notes) {
    const items = names.slice(0, 24).map((name, index) => {
      const item = element("span");
      const swatch = element("i");
      swatch.style.background = range[index];
      item.append(swatch, name);
      return item;
    });
    this.legend.replaceChildren(...items, ...notes.map((note) => element("span", note, "muted")));
    this.legend.hidden = !this.legend.children.length;
  }
}

/** The name of a column, as an address has it; one that was cut on its way names nothing. */
function named(word) {
  try {
    return decodeURIComponent(word);
  } catch {
    return null;
  }
}

function marks(Plot, kind, points, colour, isTime, tip) {
  const places = { x: "x", y: "y" };
  const hint = {
    ...places,
    fill: tip.fill,
    stroke: tip.stroke,
    format: { x: isTime ? (value) => value.toISOString().slice(0, 16).replace("T", " ").replace(" 00:00", "") : true },
  };
  const base = Plot.ruleY([0], { stroke: "currentColor", strokeOpacity: 0.4 });
  const channels = colour === "c" ? { colour: "c" } : {};
  const pointed = Plot.tip(points, Plot.pointerX({ ...hint, channels }));
  if (kind === "line") return [base, Plot.lineY(points, { ...places, stroke: colour, strokeWidth: 1.75 }), pointed];
  if (kind === "area") return [base, Plot.areaY(points, { ...places, fill: colour, fillOpacity: 0.75 }), pointed];
  if (kind === "dot") return [Plot.dot(points, { ...places, stroke: colour, r: 2.5 }), pointed];
  if (isTime) return [base, Plot.rectY(points, { ...places, interval: step(points), fill: colour, insetLeft: 1 }), pointed];
  return [base, Plot.barY(points, { ...places, fill: colour, sort: null }), pointed];
}

const compared = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

/** How wide a bar of a moment is: as far as the nearest two are apart. */
function step(points) {
  const days = [...new Set(points.map((point) => Number(point.x)))].sort((a, b) => a - b);
  const gaps = days.slice(1).map((day, index) => (day - days[index]) / 864e5);
  const least = Math.min(...gaps);
  if (least >= 360) return "year";
  if (least >= 28) return "month";
  if (least >= 7) return "week";
  return least >= 1 ? "day" : "hour";
}

/** A moment of the engine; without a zone it is UTC. */
function moment(text) {
  const whole = String(text).replace(" ", "T");
  if (!whole.includes("T")) return new Date(whole);
  return new Date(/[+-]\d\d$/.test(whole) ? `${whole}:00` : /[+-]\d\d:\d\d$/.test(whole) ? whole : `${whole}Z`);
}

customElements.define("andon-chart", Chart);
