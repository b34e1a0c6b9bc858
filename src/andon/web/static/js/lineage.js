// <andon-lineage src base label [folded]>: a graph from left to right. dagre lays out, HTML draws: nodes are links.
//
// src: gives nodes and edges, as `/api/v1/map`. base: the address of datasets, without a name. folded: each schema is one node until
// somebody opens it; what is open and where one looks is kept for the commit as long as the tab lives.
import { graphlib, layout } from "../vendor/dagre.js";
import { drawn, element, glyph } from "./elements.js";
import { placeInLayers } from "./layers.js";

const HEIGHT = 44;
/** Width of a letter, and of what stands beside a name. */
const LETTER = 7.3;
const AROUND = 40;
const MARGIN = 24;
/** Nodes above which the coarser layout is taken. */
const MANY = 80;
/** Nodes up to which all schemas are open at first. */
const FEW = 30;
const WORDS = { ok: "healthy", warn: "warning", fail: "failing", stale: "stale", blocked: "blocked" };

/**
 * @typedef {{id: string, name: string, group: string, kind: string, type: string|null, status: string|null, columns: string[]}} MapNode
 * @typedef {{id: string, name: string, sub: string, status: string|null, href: string, columns: string[], members: number,
 *   x: number, y: number, width: number, height: number}} Card
 */

/** The node that stands for a closed schema. @param {string} group */
const closed = (group) => `group:${group}`;

/** All that is reached along edges. @param {Map<string, string[]>} following @param {string} start */
function reached(following, start) {
  const found = new Set([start]);
  for (const node of found) following.get(node)?.forEach((next) => found.add(next));
  return found;
}

/** A line that leaves and meets its nodes straight. @param {{x: number, y: number}[]} points */
function curve([start, ...points]) {
  let path = `M${start.x},${start.y}`;
  let from = start;
  for (const to of points) {
    const bend = (to.x - from.x) / 2;
    path += `C${from.x + bend},${from.y} ${to.x - bend},${to.y} ${to.x},${to.y}`;
    from = to;
  }
  return path;
}

class Lineage extends HTMLElement {
  static observedAttributes = ["src"];

  /** @type {MapNode[]} */ nodes = [];
  /** @type {{from: string, to: string, path: string|null}[]} */ edges = [];
  /** @type {Map<string, Card>} */ cards = new Map();
  /** Open schemas. @type {Set<string>} */ open = new Set();
  /** @type {Map<number, PointerEvent>} */ fingers = new Map();
  view = { x: 0, y: 0, zoom: 1 };
  dragged = 0;

  connectedCallback() {
    this.setAttribute("role", "group");
    this.setAttribute("aria-label", this.getAttribute("label") ?? "Lineage");
    this.world = element("div", "", "ln-world");
    this.replaceChildren(this.world, this.zoomTools());
    if (this.isFolded) this.append(this.searchTools());
    this.sizes = new ResizeObserver(() => this.hasMoved || this.start());
    this.sizes.observe(this);
    if (!this.isListening) this.listen();
    this.load();
  }

  disconnectedCallback() {
    this.fetching?.abort();
    this.sizes?.disconnect();
    this.replaceChildren();
  }

  attributeChangedCallback(_name, before) {
    if (before !== null && this.isConnected) this.load();
  }

  get isFolded() {
    return this.hasAttribute("folded");
  }

  async load() {
    this.fetching?.abort();
    this.fetching = new AbortController();
    try {
      const answer = await fetch(this.getAttribute("src") ?? "", { signal: this.fetching.signal });
      const told = await answer.json();
      if (!answer.ok) throw new Error(told.detail);
      this.nodes = told.nodes;
      this.edges = told.edges;
      this.center = told.start;
      this.toggleAttribute("has-column", told.column !== null);
      this.key = `map:${told.commit}`;
      const kept = this.remembered();
      this.groups = new Set(this.nodes.map((node) => node.group));
      this.open = new Set(kept?.open ?? (this.nodes.length <= FEW ? this.groups : []));
      this.draw();
      if (kept) this.look(kept.view, true);
      else this.start();
      this.dataset.ready = "true";
    } catch (error) {
      if (this.fetching.signal.aborted) return;
      this.world.replaceChildren(element("p", `The lineage can't be shown: ${error.message}. Load the page again.`, "ln-problem"));
    }
  }

  remembered() {
    try {
      return this.isFolded ? JSON.parse(sessionStorage.getItem(this.key) ?? "null") : null;
    } catch {
      return null;
    }
  }

  remember() {
    try {
      if (this.isFolded) sessionStorage.setItem(this.key, JSON.stringify({ open: [...this.open], view: this.view }));
    } catch {
      // kept nowhere: the next look begins anew
    }
  }

  // -- what is drawn

  draw() {
    const before = this.cards;
    /** @type {Map<string, string>} */
    const place = new Map();
    this.cards = new Map();
    for (const [group, members] of Map.groupBy(this.nodes, (node) => node.group)) {
      const isClosed = this.isFolded && members.length > 1 && !this.open.has(group);
      for (const node of members) place.set(node.id, isClosed ? closed(group) : node.id);
      for (const card of isClosed ? [this.groupCard(group, members)] : members.map((node) => this.nodeCard(node))) this.cards.set(card.id, card);
    }
    const lines = new Map();
    for (const edge of this.edges) {
      const [from, to] = [place.get(edge.from), place.get(edge.to)];
      const id = `${from}\n${to}`;
      if (from !== to) lines.set(id, { from, to, path: edge.path ?? lines.get(id)?.path });
    }
    this.down = new Map();
    this.up = new Map();
    for (const { from, to } of lines.values()) {
      this.down.set(from, [...(this.down.get(from) ?? []), to]);
      this.up.set(to, [...(this.up.get(to) ?? []), from]);
    }
    this.place([...lines.values()]);
    this.paint([...lines.values()]);
    if (before.size) this.glide(before);
  }

  /** @param {MapNode} node */
  nodeCard(node) {
    const isDataset = node.kind === "dataset";
    const sub = [isDataset ? node.group : node.kind, node.type].filter(Boolean).join(" · ");
    const href = isDataset ? (this.getAttribute("base") ?? "").replace("/d/", `/d/${node.id}`) : "";
    return { ...node, sub, href, members: 0 };
  }

  /** @param {string} group @param {MapNode[]} members */
  groupCard(group, members) {
    const status = ["fail", "blocked", "stale", "warn", "ok"].find((state) => members.some((node) => node.status === state)) ?? null;
    const sub = `${members.length} ${status ? "datasets" : "nodes"}`;
    return { id: closed(group), name: group, sub, status, href: "", columns: [], members: members.length };
  }

  /** Give each card its place, and each line its way. */
  place(lines) {
    for (const card of this.cards.values()) {
      const letters = Math.max(card.name.length, card.sub.length * 0.8);
      card.width = Math.min(240, Math.max(112, Math.ceil((letters * LETTER + AROUND) / 4) * 4));
      card.height = HEIGHT + (card.columns.length ? 16 : 0);
    }
    const isLarge = this.cards.size > MANY;
    const bends = isLarge ? () => [] : this.placeFinely(lines);
    if (isLarge) this.extent = placeInLayers([...this.cards.values()], this.up, this.down);
    for (const line of lines) {
      const [a, b] = [this.cards.get(line.from), this.cards.get(line.to)];
      const start = { x: a.x + a.width / 2, y: a.y };
      const end = { x: b.x - b.width / 2, y: b.y };
      // beside a node a bend would be a kink
      line.points = [start, ...bends(line).filter(({ x }) => x > start.x + 20 && x < end.x - 20), end];
    }
  }

  /** By dagre; returns what tells the bends of a line, which lead around what stands between its ends. */
  placeFinely(lines) {
    const graph = new graphlib.Graph().setGraph({ rankdir: "LR", nodesep: 12, ranksep: 48, edgesep: 12 });
    graph.setDefaultEdgeLabel(() => ({}));
    for (const { id, width, height } of this.cards.values()) graph.setNode(id, { width, height });
    for (const { from, to } of lines) graph.setEdge(from, to);
    layout(graph);
    for (const card of this.cards.values()) Object.assign(card, { x: graph.node(card.id).x, y: graph.node(card.id).y });
    this.extent = { width: graph.graph().width || 1, height: graph.graph().height || 1 };
    return ({ from, to }) => {
      const between = graph.edge(from, to).points.slice(1, -1);
      return between.length > 1 ? between : [];
    };
  }

  paint(lines) {
    this.lit = undefined;
    const svg = drawn("svg", { ...this.extent, "aria-hidden": "true" });
    for (const { from, to, path, points } of lines) {
      const line = drawn("path", { class: "ln-edge", d: curve(points), "data-from": from, "data-to": to });
      if (path) line.dataset.path = path;
      svg.append(line);
    }
    const cards = [...this.cards.values()].sort((a, b) => a.x - b.x || a.y - b.y).map((card) => this.cardElement(card));
    this.world.replaceChildren(svg, ...cards);
    (this.elementOf(this.center ?? "") ?? cards[0])?.setAttribute("tabindex", "0");
  }

  /** @param {Card} card */
  cardElement(card) {
    const made = element(card.href ? "a" : card.members ? "button" : "span", "", `ln-node${card.members ? " closed" : ""}`);
    if (card.href) made.href = card.href;
    else if (card.members) made.type = "button";
    made.tabIndex = -1;
    made.draggable = false;
    made.title = card.id.startsWith("group:") ? card.name : card.id;
    made.dataset.id = card.id;
    made.dataset.s = card.status ?? "idle";
    made.classList.toggle("center", card.id === this.center);
    const columns = card.columns.join(", ");
    const { x, y, width, height } = card;
    Object.assign(made.style, { left: `${x - width / 2}px`, top: `${y - height / 2}px`, width: `${width}px`, height: `${height}px` });
    made.append(glyph(made.dataset.s), element("b", card.name), element("small", card.sub));
    if (columns) made.append(element("em", columns));
    if (card.status) made.append(element("span", WORDS[card.status], "vh"));
    if (made.tagName === "SPAN") {
      made.setAttribute("role", "img");
      made.setAttribute("aria-label", [card.name, card.sub, columns].join(" "));
    }
    return made;
  }

  /** Let cards come from where they, or their schema, stood before. @param {Map<string, Card>} before */
  glide(before) {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches || this.cards.size > 2 * MANY) return;
    const groups = new Map(this.nodes.map((node) => [node.id, closed(node.group)]));
    for (const made of this.world.querySelectorAll(".ln-node")) {
      const now = this.cards.get(made.dataset.id);
      const was = before.get(now.id) ?? before.get(groups.get(now.id));
      if (was) made.animate([{ transform: `translate(${was.x - now.x}px, ${was.y - now.y}px)` }, { transform: "none" }], { duration: 180, easing: "ease-out" });
    }
    this.world.firstChild.animate([{ opacity: 0 }, { opacity: 1 }], { duration: 180 });
  }

  // -- where one looks

  look(view, isChosen = false) {
    this.view = view;
    this.world.style.transform = `translate(${view.x}px, ${view.y}px) scale(${view.zoom})`;
    this.style.backgroundPosition = `${view.x}px ${view.y}px`;
    this.classList.toggle("far", view.zoom < 0.4); // nobody could read a name: states alone are drawn
    this.hasMoved ||= isChosen;
    if (isChosen) this.remember();
  }

  get room() {
    return { width: this.clientWidth - 2 * MARGIN, height: this.clientHeight - 2 * MARGIN };
  }

  /** The zoom at which everything fits. */
  get fitting() {
    return Math.min(1, this.room.width / this.extent.width, this.room.height / this.extent.height);
  }

  /** The first look: everything where it fits, else what it is about, or its beginning, so large that names can be read. */
  start() {
    if (!this.extent || !this.clientWidth) return;
    if (this.fitting >= 0.9) {
      this.fit(false);
      return;
    }
    const middle = this.cards.get(this.center ?? "") ?? { x: 0, y: this.extent.height / 2 };
    const along = (room, whole, at) => (whole <= room ? MARGIN + (room - whole) / 2 : Math.min(MARGIN, Math.max(MARGIN + room - whole, MARGIN + room / 2 - at)));
    const { width, height } = this.room;
    this.look({ x: along(width, this.extent.width, middle.x), y: along(height, this.extent.height, middle.y), zoom: 1 });
  }

  fit(isChosen = true) {
    const zoom = Math.max(0.1, this.fitting);
    this.look({ x: (this.clientWidth - this.extent.width * zoom) / 2, y: (this.clientHeight - this.extent.height * zoom) / 2, zoom }, isChosen);
  }

  /** Zoom about a point. */
  zoomBy(by, x = this.clientWidth / 2, y = this.clientHeight / 2) {
    const zoom = Math.min(2, Math.max(0.1, this.view.zoom * by));
    const share = zoom / this.view.zoom;
    this.look({ x: x - (x - this.view.x) * share, y: y - (y - this.view.y) * share, zoom }, true);
  }

  /** Bring a card into sight. @param {string} id */
  reveal(id, isCentered = false) {
    const card = this.cards.get(id);
    const { x, y, zoom } = this.view;
    const [left, top] = [card.x * zoom + x, card.y * zoom + y];
    const [side, far] = [(card.width / 2) * zoom, (card.height / 2) * zoom];
    const isSeen = left > side && left < this.clientWidth - side && top > far && top < this.clientHeight - far;
    if (isCentered || !isSeen) this.look({ x: this.clientWidth / 2 - card.x * zoom, y: this.clientHeight / 2 - card.y * zoom, zoom }, true);
  }

  // -- schemas

  /** Open or close a schema; it stays where it is seen. @param {string} group */
  turn(group, isOpen) {
    const center = () => {
      const found = this.nodes.filter((node) => node.group === group).map((node) => this.cards.get(node.id) ?? this.cards.get(closed(group)));
      return { x: found.reduce((sum, card) => sum + card.x, 0) / found.length, y: found.reduce((sum, card) => sum + card.y, 0) / found.length };
    };
    const was = center();
    if (isOpen) this.open.add(group);
    else this.open.delete(group);
    this.draw();
    const is = center();
    const { x, y, zoom } = this.view;
    this.look({ x: x + (was.x - is.x) * zoom, y: y + (was.y - is.y) * zoom, zoom }, true);
    this.focusOn(isOpen ? this.nodes.find((node) => node.group === group).id : closed(group));
    this.mark();
  }

  /** @param {Iterable<string>} open */
  turnAll(open) {
    this.open = new Set(open);
    this.draw();
    this.fit();
    this.mark();
  }

  /** Show the nodes that have these words, and go to one of them. */
  mark(isGoing = false) {
    const words = this.words?.value.trim().toLowerCase() ?? "";
    const found = words ? this.nodes.filter((node) => `${node.id} ${node.name}`.toLowerCase().includes(words)) : [];
    this.told?.replaceChildren(words ? `${found.length} found` : "");
    for (const made of this.world.querySelectorAll(".ln-node")) {
      made.classList.toggle("found", found.some((node) => [node.id, closed(node.group)].includes(made.dataset.id)));
    }
    if (!isGoing || !found.length) return;
    this.at = this.sought === words ? (this.at + 1) % found.length : 0;
    this.sought = words;
    const { id, group } = found[this.at];
    if (!this.cards.has(id)) this.turn(group, true);
    this.reveal(id, true);
    this.light(id);
    this.words.focus();
  }

  // -- what people do

  zoomTools() {
    const bar = element("div", "", "ln-tools");
    const zooming = [["Smaller", "−", () => this.zoomBy(0.8)], ["Larger", "+", () => this.zoomBy(1.25)], ["All of it", "⤢", () => this.fit()]];
    const folding = [["Close all schemas", "⊟", () => this.turnAll([])], ["Open all schemas", "⊞", () => this.turnAll(this.groups)]];
    for (const [label, sign, act] of this.isFolded ? [...folding, ...zooming] : zooming) {
      const button = element("button", sign, "", { type: "button", "aria-label": label, "data-tip": label });
      button.addEventListener("click", act);
      bar.append(button);
    }
    return bar;
  }

  searchTools() {
    const form = element("form", "", "ln-search");
    const label = "Find on the map; Enter goes from one to the next";
    this.words = element("input", "", "input", { type: "search", placeholder: "Find on the map", "aria-label": label });
    this.told = element("output");
    form.append(this.words, this.told);
    form.addEventListener("input", () => this.mark());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.mark(true);
    });
    return form;
  }

  listen() {
    this.isListening = true;
    const idOf = (event) => event.target.closest?.(".ln-node")?.dataset.id;
    this.addEventListener("wheel", (event) => this.onWheel(event), { passive: false });
    this.addEventListener("pointerdown", (event) => this.onDown(event));
    this.addEventListener("pointermove", (event) => this.onMove(event));
    for (const end of ["pointerup", "pointercancel"]) this.addEventListener(end, (event) => this.onUp(event));
    this.addEventListener("pointerover", (event) => this.light(idOf(event)));
    this.addEventListener("pointerleave", () => this.light());
    this.addEventListener("focusin", (event) => this.onFocus(event, idOf(event)));
    this.addEventListener("focusout", () => this.light());
    this.addEventListener("keydown", (event) => this.onKey(event, idOf(event)));
    this.addEventListener("click", (event) => this.onClick(event, idOf(event)));
    // what has focus is brought into sight by the view, not by scrolling
    this.addEventListener("scroll", () => this.scrollTo(0, 0));
  }

  onWheel(event) {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const { x, y } = this.getBoundingClientRect();
    this.zoomBy(Math.exp(-event.deltaY / 300), event.clientX - x, event.clientY - y);
  }

  onDown(event) {
    if (event.button !== 0 || event.target.closest(".ln-tools, .ln-search")) return;
    this.fingers.set(event.pointerId, event);
    this.dragged = 0;
  }

  onMove(event) {
    const before = this.fingers.get(event.pointerId);
    if (!before) return;
    const still = [...this.fingers.values()].find((finger) => finger.pointerId !== event.pointerId);
    if (still) {
      const apart = (finger) => Math.hypot(finger.clientX - still.clientX, finger.clientY - still.clientY) || 1;
      const { x, y } = this.getBoundingClientRect();
      this.zoomBy(apart(event) / apart(before), (event.clientX + still.clientX) / 2 - x, (event.clientY + still.clientY) / 2 - y);
    } else {
      const [x, y] = [event.clientX - before.clientX, event.clientY - before.clientY];
      this.dragged += Math.abs(x) + Math.abs(y);
      this.look({ x: this.view.x + x, y: this.view.y + y, zoom: this.view.zoom });
      if (this.dragged > 4 && !this.hasPointerCapture(event.pointerId)) this.setPointerCapture(event.pointerId);
    }
    this.fingers.set(event.pointerId, event);
  }

  onUp(event) {
    if (this.fingers.delete(event.pointerId)) this.look(this.view, this.dragged > 4 || this.hasMoved);
  }

  onClick(event, id) {
    if (this.dragged > 4) event.preventDefault(); // a card was only held on to
    else if (id?.startsWith("group:")) this.turn(id.slice(6), true);
    this.dragged = 0;
  }

  onFocus(event, id) {
    this.light(id);
    if (id && event.target.matches(":focus-visible")) this.reveal(id);
  }

  onKey(event, id) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target === this.words) return;
    const group = this.nodes.find((node) => node.id === id)?.group;
    if (event.key === "+" || event.key === "=") this.zoomBy(1.25);
    else if (event.key === "-") this.zoomBy(0.8);
    else if (event.key === "0") this.fit();
    else if (event.key === "Escape" && this.open.has(group)) this.turn(group, false);
    else if (id && event.key.startsWith("Arrow")) this.focusOn(this.beside(id, event.key));
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Where an arrow leads: along the edges, or to what stands above or below. */
  beside(id, key) {
    const from = this.cards.get(id);
    const near = [...this.cards.values()].filter((card) => Math.abs(card.x - from.x) < (card.width + from.width) / 2);
    const found = {
      ArrowLeft: () => (this.up.get(id) ?? []).map((each) => this.cards.get(each)),
      ArrowRight: () => (this.down.get(id) ?? []).map((each) => this.cards.get(each)),
      ArrowUp: () => near.filter((card) => card.y < from.y),
      ArrowDown: () => near.filter((card) => card.y > from.y),
    }[key]();
    const far = (card) => Math.abs(card.y - from.y) + Math.abs(card.x - from.x) / 8;
    return found.sort((a, b) => far(a) - far(b))[0]?.id ?? id;
  }

  /** @param {string} id */
  elementOf(id) {
    return this.world.querySelector(`[data-id="${CSS.escape(id)}"]`);
  }

  /** @param {string} id */
  focusOn(id) {
    for (const made of this.world.querySelectorAll("[tabindex='0']")) made.tabIndex = -1;
    const made = this.elementOf(id);
    made.tabIndex = 0;
    made.focus({ preventScroll: true });
  }

  /** Light up what leads to a node and from it. @param {string} [id] */
  light(id) {
    if (id === this.lit) return;
    this.lit = id;
    this.classList.toggle("hot", Boolean(id));
    const way = id ? reached(this.up, id).union(reached(this.down, id)) : new Set();
    for (const made of this.world.querySelectorAll(".ln-node")) made.classList.toggle("on", way.has(made.dataset.id));
    for (const line of this.world.querySelectorAll(".ln-edge")) line.classList.toggle("on", way.has(line.dataset.from) && way.has(line.dataset.to));
  }
}

customElements.define("andon-lineage", Lineage);
