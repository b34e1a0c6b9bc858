// <andon-lineage src base label [folded] [keep]>: a graph from left to right. dagre lays out, HTML draws: nodes are links.
//
// src: gives nodes and edges, as `/api/v1/map`. base: the address of a dataset without its name. folded: schemas are closed at first
// and opened by click. keep: the name under which open schemas and the view are remembered while one looks.
import { graphlib, layout } from "../vendor/dagre.js";

const HEIGHT = 44;
const NARROWEST = 112;
const WIDEST = 240;
/** Pixels of a letter of a name, and what a node needs beside it. */
const LETTER = 7.3;
const AROUND = 44;
const MARGIN = 24;
const SMALLEST = 0.15;
const LARGEST = 2;
/** Nodes above which a quicker, coarser way of laying out is taken. */
const MANY = 120;
const WORDS = { ok: "healthy", warn: "warning", fail: "failing", stale: "stale", blocked: "blocked" };
const KINDS = { file: "file", database: "database", api: "API", insight: "insight" };

/**
 * @typedef {{id: string, name: string, group: string, kind: string, type: string|null, status: string|null, columns: string[]}} MapNode
 * @typedef {{from: string, to: string, path: string|null}} MapEdge
 * @typedef {{id: string, name: string, sub: string, status: string|null, href: string|null, title: string, columns: string[],
 *   count: number, x: number, y: number, width: number, height: number, rank: number}} Shown
 */

/** @param {string} tag @param {string} className @param {string} [text] */
function element(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

/** @param {string} tag @param {Record<string, string|number>} attributes */
function drawn(tag, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  return made;
}

/** @param {string} id */
const groupOf = (id) => `group:${id}`;

/** The worst of some states. @param {(string|null)[]} states */
function worst(states) {
  return ["fail", "blocked", "stale", "warn", "ok"].find((state) => states.includes(state)) ?? null;
}

/**
 * All that is reached along edges.
 * @param {Map<string, string[]>} following
 * @param {string} start
 */
function reached(following, start) {
  const found = new Set([start]);
  const waiting = [start];
  while (waiting.length) {
    for (const next of following.get(waiting.pop() ?? "") ?? []) {
      if (!found.has(next)) {
        found.add(next);
        waiting.push(next);
      }
    }
  }
  return found;
}

/**
 * A curve that leaves and meets its nodes straight.
 * @param {{x: number, y: number}[]} points
 */
function curve(points) {
  let path = `M${points[0].x},${points[0].y}`;
  for (let i = 1; i < points.length; i += 1) {
    const a = points[i - 1];
    const b = points[i];
    const bend = (b.x - a.x) / 2;
    path += Math.abs(a.y - b.y) < 0.5 ? `L${b.x},${b.y}` : `C${a.x + bend},${a.y} ${b.x - bend},${b.y} ${b.x},${b.y}`;
  }
  return path;
}

class Lineage extends HTMLElement {
  static observedAttributes = ["src"];

  constructor() {
    super();
    /** @type {MapNode[]} */ this.nodes = [];
    /** @type {MapEdge[]} */ this.edges = [];
    /** @type {Map<string, Shown>} */ this.shown = new Map();
    /** @type {Set<string>} */ this.open = new Set();
    this.view = { x: 0, y: 0, zoom: 1 };
    this.isMoved = false;
    this.fetching = new AbortController();
    /** @type {Map<number, PointerEvent>} */ this.fingers = new Map();
  }

  connectedCallback() {
    this.setAttribute("role", "group");
    this.setAttribute("aria-label", this.getAttribute("label") ?? "Lineage");
    this.replaceChildren();
    this.world = element("div", "ln-world");
    this.append(this.world, this.tools());
    this.sizes = new ResizeObserver(() => this.isMoved || this.start());
    this.sizes.observe(this);
    this.listen();
    this.load();
  }

  disconnectedCallback() {
    this.fetching.abort();
    this.sizes?.disconnect();
    this.replaceChildren();
  }

  attributeChangedCallback(_name, before, after) {
    if (before !== null && before !== after && this.isConnected) this.load();
  }

  async load() {
    this.fetching.abort();
    this.fetching = new AbortController();
    this.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(this.getAttribute("src") ?? "", { signal: this.fetching.signal });
      const told = await answer.json();
      if (!answer.ok) throw new Error(told.detail);
      Object.assign(this, { nodes: told.nodes, edges: told.edges, center: told.start, hasColumn: told.column !== null });
      this.key = `lineage:${this.getAttribute("keep") ?? ""}:${told.commit}`;
      const kept = this.remembered();
      this.open = new Set(kept?.open ?? []);
      this.draw();
      if (kept) this.look(kept.view);
      else this.start();
      this.dataset.ready = "true";
    } catch (error) {
      if (error instanceof Error && error.name === "AbortError") return;
      this.world?.replaceChildren(element("p", "ln-problem", `The lineage could not be read: ${error.message}. Load the page again.`));
    }
    this.removeAttribute("aria-busy");
  }

  /** What was looked at before, where that is kept. */
  remembered() {
    if (!this.hasAttribute("keep")) return null;
    try {
      return JSON.parse(sessionStorage.getItem(this.key) ?? "null");
    } catch {
      return null;
    }
  }

  remember() {
    if (!this.hasAttribute("keep")) return;
    try {
      sessionStorage.setItem(this.key, JSON.stringify({ open: [...this.open], view: this.view }));
    } catch {
      // kept nowhere: the next look begins anew
    }
  }

  // -- what is shown

  /** Nodes and edges as they are to be seen: closed schemas as one node each. */
  visible() {
    const isFolded = this.hasAttribute("folded");
    /** @type {Map<string, string>} */
    const place = new Map();
    /** @type {Map<string, Partial<Shown>>} */
    const nodes = new Map();
    const groups = Map.groupBy(this.nodes, (node) => node.group);
    for (const [group, members] of groups) {
      if (isFolded && members.length > 1 && !this.open.has(group)) {
        const id = groupOf(group);
        members.forEach((member) => place.set(member.id, id));
        nodes.set(id, this.asGroup(group, members));
      } else {
        members.forEach((member) => {
          place.set(member.id, member.id);
          nodes.set(member.id, this.asNode(member));
        });
      }
    }
    /** @type {Map<string, {from: string, to: string, path: string|null}>} */
    const edges = new Map();
    for (const edge of this.edges) {
      const from = place.get(edge.from) ?? "";
      const to = place.get(edge.to) ?? "";
      const id = `${from}\n${to}`;
      if (from !== to && (!edges.has(id) || edge.path)) edges.set(id, { from, to, path: edge.path });
    }
    return { nodes, edges: [...edges.values()] };
  }

  /** @param {MapNode} node */
  asNode(node) {
    const isDataset = node.kind === "dataset";
    const sub = isDataset ? `${node.group} · ${node.type}` : node.type ? `${KINDS[node.kind]} · ${node.type}` : KINDS[node.kind];
    return {
      id: node.id,
      name: node.name,
      sub,
      status: node.status,
      href: isDataset ? `${this.getAttribute("base")?.replace("/d/", `/d/${node.id}`)}` : null,
      title: isDataset ? node.id : node.name,
      columns: node.columns,
      count: 0,
    };
  }

  /** @param {string} group @param {MapNode[]} members */
  asGroup(group, members) {
    const what = members.every((node) => node.kind === "dataset") ? "datasets" : "things";
    const status = worst(members.map((node) => node.status));
    return { id: groupOf(group), name: group, sub: `${members.length} ${what}`, status, href: null, title: group, columns: [], count: members.length };
  }

  draw() {
    const { nodes, edges } = this.visible();
    const before = this.shown;
    this.shown = this.placed(nodes, edges);
    this.up = new Map();
    this.down = new Map();
    for (const { from, to } of edges) {
      this.down.set(from, [...(this.down.get(from) ?? []), to]);
      this.up.set(to, [...(this.up.get(to) ?? []), from]);
    }
    this.paint(edges, before);
  }

  /** Where everything stands. */
  placed(nodes, edges) {
    const graph = new graphlib.Graph();
    const ranker = nodes.size > MANY ? "longest-path" : "network-simplex";
    graph.setGraph({ rankdir: "LR", nodesep: 12, ranksep: 56, edgesep: 12, ranker });
    graph.setDefaultEdgeLabel(() => ({}));
    for (const node of nodes.values()) {
      const letters = Math.max(node.name.length, node.sub.length * 0.8);
      node.width = Math.min(WIDEST, Math.max(NARROWEST, Math.ceil((letters * LETTER + AROUND) / 4) * 4));
      node.height = HEIGHT + (node.columns.length ? 16 : 0);
      graph.setNode(node.id, { width: node.width, height: node.height });
    }
    edges.forEach(({ from, to }) => graph.setEdge(from, to));
    layout(graph);
    const placed = new Map();
    for (const node of nodes.values()) {
      const { x, y } = graph.node(node.id);
      placed.set(node.id, { ...node, x, y, rank: x });
    }
    for (const edge of edges) {
      const from = placed.get(edge.from);
      const to = placed.get(edge.to);
      const start = { x: from.x + from.width / 2, y: from.y };
      const end = { x: to.x - to.width / 2, y: to.y };
      const between = graph.edge(edge.from, edge.to).points.slice(1, -1);
      // only bends that lie between the two nodes: others would make the line kink beside them
      edge.points = [start, ...between.filter((point) => point.x > start.x + 20 && point.x < end.x - 20), end];
    }
    const { width, height } = graph.graph();
    this.extent = { width: Math.max(width || 0, 1), height: Math.max(height || 0, 1) };
    return placed;
  }

  paint(edges, before) {
    const { width, height } = this.extent;
    const lines = drawn("svg", { width, height, "aria-hidden": "true" });
    for (const { from, to, path, points } of edges) {
      const line = drawn("path", { class: "ln-edge", d: curve(points) });
      Object.assign(line.dataset, { from, to });
      if (path) line.dataset.path = path;
      lines.append(line);
    }
    const made = [...this.shown.values()].sort((a, b) => a.rank - b.rank || a.y - b.y).map((node) => this.card(node));
    this.world.replaceChildren(lines, ...made);
    this.toggleAttribute("has-column", Boolean(this.hasColumn));
    const first = this.cardOf(this.center ?? "") ?? made[0];
    made.forEach((card) => { card.tabIndex = card === first ? 0 : -1; });
    if (before.size) this.glide(before);
  }

  /** @param {Shown} node */
  card(node) {
    const isGroup = node.count > 0;
    const card = element(node.href ? "a" : isGroup ? "button" : "span", `ln-node${isGroup ? " group" : ""}`);
    if (node.href) card.href = node.href;
    else if (isGroup) card.type = "button";
    else card.setAttribute("role", "img");
    card.dataset.id = node.id;
    card.draggable = false;
    card.title = node.title;
    const state = node.status ? `, ${WORDS[node.status]}` : "";
    const way = node.columns.length ? `, by ${node.columns.join(", ")}` : "";
    card.setAttribute("aria-label", `${node.title}, ${node.sub}${state}${way}${isGroup ? ", closed" : ""}`);
    if (node.id === this.center) card.classList.add("center");
    Object.assign(card.style, {
      left: `${node.x - node.width / 2}px`,
      top: `${node.y - node.height / 2}px`,
      width: `${node.width}px`,
      height: `${node.height}px`,
    });
    const state_ = node.status ?? "idle";
    const glyph = drawn("svg", { class: "g", width: 10, height: 10, "aria-hidden": "true" });
    glyph.append(drawn("use", { href: `#g-${state_}` }));
    glyph.dataset.s = state_;
    card.dataset.s = state_;
    card.append(glyph, element("b", "", node.name), element("small", "", node.sub));
    if (node.columns.length) card.append(element("em", "", node.columns.join(", ")));
    return card;
  }

  /** Let nodes come from where they, or the schema that they were in, stood before. */
  glide(before) {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches || this.shown.size > 2 * MANY) return;
    for (const card of this.world.querySelectorAll(".ln-node")) {
      const id = card.dataset.id ?? "";
      const now = this.shown.get(id);
      const group = this.nodes.find((node) => node.id === id)?.group ?? "";
      const was = before.get(id) ?? before.get(groupOf(group));
      if (!was || !now) continue;
      const move = `translate(${was.x - now.x}px, ${was.y - now.y}px)`;
      card.animate([{ transform: move, opacity: before.has(id) ? 1 : 0 }, { transform: "none", opacity: 1 }], { duration: 180, easing: "ease-out" });
    }
    this.world.querySelector("svg")?.animate([{ opacity: 0 }, { opacity: 1 }], { duration: 180 });
  }

  // -- the view

  look(view) {
    this.view = view;
    this.world.style.transform = `translate(${view.x}px, ${view.y}px) scale(${view.zoom})`;
    this.style.backgroundPosition = `${view.x}px ${view.y}px`;
  }

  /** The first look: everything at its own size, or the middle of it where that has no room. */
  start() {
    if (!this.extent || !this.clientWidth) return;
    const { width, height } = this.extent;
    const fitting = Math.min((this.clientWidth - 2 * MARGIN) / width, (this.clientHeight - 2 * MARGIN) / height);
    if (fitting >= 0.9) {
      this.center_(Math.min(1, fitting));
      return;
    }
    const focus = this.shown.get(this.center ?? "") ?? { x: width / 2, y: height / 2 };
    const along = (room, whole, at) => (whole + 2 * MARGIN <= room ? (room - whole) / 2 : Math.min(MARGIN, Math.max(room - whole - MARGIN, room / 2 - at)));
    this.look({ x: along(this.clientWidth, width, focus.x), y: along(this.clientHeight, height, focus.y), zoom: 1 });
  }

  center_(zoom) {
    const { width, height } = this.extent;
    this.look({ x: (this.clientWidth - width * zoom) / 2, y: (this.clientHeight - height * zoom) / 2, zoom });
  }

  fit() {
    const { width, height } = this.extent;
    const fitting = Math.min((this.clientWidth - 2 * MARGIN) / width, (this.clientHeight - 2 * MARGIN) / height);
    this.center_(Math.max(SMALLEST, Math.min(1, fitting)));
    this.moved();
  }

  zoom(by, x = this.clientWidth / 2, y = this.clientHeight / 2) {
    const zoom = Math.min(LARGEST, Math.max(SMALLEST, this.view.zoom * by));
    const share = zoom / this.view.zoom;
    this.look({ x: x - (x - this.view.x) * share, y: y - (y - this.view.y) * share, zoom });
    this.moved();
  }

  moved() {
    this.isMoved = true;
    this.remember();
  }

  /** Bring a node into sight. @param {string} id */
  reveal(id, isCentered = false) {
    const node = this.shown.get(id);
    if (!node) return;
    const { x, y, zoom } = this.view;
    const left = node.x * zoom + x;
    const top = node.y * zoom + y;
    const side = (node.width / 2) * zoom + MARGIN;
    const far = (node.height / 2) * zoom + MARGIN;
    const within = left > side && left < this.clientWidth - side && top > far && top < this.clientHeight - far;
    if (within && !isCentered) return;
    this.look({ x: this.clientWidth / 2 - node.x * zoom, y: this.clientHeight / 2 - node.y * zoom, zoom });
    this.moved();
  }

  // -- what people do

  tools() {
    const bar = element("div", "ln-tools");
    const all = [["Zoom out", "−", () => this.zoom(0.8)], ["Zoom in", "+", () => this.zoom(1.25)], ["Show all", "⤢", () => this.fit()]];
    for (const [label, sign, act] of all) {
      const button = element("button", "", sign);
      button.type = "button";
      button.setAttribute("aria-label", label);
      button.addEventListener("click", act);
      bar.append(button);
    }
    return bar;
  }

  listen() {
    if (this.isListening) return;
    this.isListening = true;
    this.addEventListener("wheel", (event) => this.onWheel(event), { passive: false });
    this.addEventListener("pointerdown", (event) => this.onDown(event));
    this.addEventListener("pointermove", (event) => this.onMove(event));
    for (const end of ["pointerup", "pointercancel"]) this.addEventListener(end, (event) => this.onUp(event));
    this.addEventListener("pointerover", (event) => this.light(event.target.closest?.(".ln-node")?.dataset.id));
    this.addEventListener("pointerleave", () => this.light());
    this.addEventListener("focusin", (event) => this.onFocus(event));
    this.addEventListener("focusout", () => this.light());
    this.addEventListener("keydown", (event) => this.onKey(event));
    this.addEventListener("click", (event) => this.onClick(event));
    // the browser would bring what has focus into sight by scrolling what must not scroll
    this.addEventListener("scroll", () => this.scrollTo(0, 0));
  }

  onWheel(event) {
    const { x, y } = this.getBoundingClientRect();
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      this.zoom(Math.exp(-event.deltaY / 300), event.clientX - x, event.clientY - y);
    }
  }

  onDown(event) {
    if (event.button !== 0 || event.target.closest(".ln-tools")) return;
    this.fingers.set(event.pointerId, event);
    this.dragged = 0;
  }

  onMove(event) {
    const before = this.fingers.get(event.pointerId);
    if (!before) return;
    const [dx, dy] = [event.clientX - before.clientX, event.clientY - before.clientY];
    if (this.fingers.size === 2) this.pinch(event);
    else {
      this.dragged += Math.abs(dx) + Math.abs(dy);
      if (this.dragged > 4 && !this.hasPointerCapture(event.pointerId)) this.setPointerCapture(event.pointerId);
      this.classList.toggle("dragged", this.dragged > 4);
      this.look({ x: this.view.x + dx, y: this.view.y + dy, zoom: this.view.zoom });
      this.isMoved = true;
    }
    this.fingers.set(event.pointerId, event);
  }

  /** Two fingers: what lies between them grows as they part. */
  pinch(event) {
    const [one, other] = [...this.fingers.values()];
    const still = one.pointerId === event.pointerId ? other : one;
    const before = this.fingers.get(event.pointerId);
    const apart = (finger) => Math.hypot(finger.clientX - still.clientX, finger.clientY - still.clientY) || 1;
    const { x, y } = this.getBoundingClientRect();
    this.zoom(apart(event) / apart(before), (event.clientX + still.clientX) / 2 - x, (event.clientY + still.clientY) / 2 - y);
  }

  onUp(event) {
    if (!this.fingers.delete(event.pointerId)) return;
    this.classList.remove("dragged");
    this.remember();
  }

  onClick(event) {
    if (this.dragged > 4) {
      event.preventDefault(); // a node was only held on to
      this.dragged = 0;
      return;
    }
    const card = event.target.closest(".ln-node.group");
    if (card) this.unfold(card.dataset.id.slice(groupOf("").length));
  }

  /** Open a schema; what was clicked stays where it is. @param {string} group */
  unfold(group) {
    const was = this.shown.get(groupOf(group));
    this.open.add(group);
    this.settle(was, () => this.middle(group));
    const first = this.nodes.find((node) => node.group === group);
    this.focusOn(first?.id ?? "");
  }

  /** Close a schema again. @param {string} group */
  fold(group) {
    const was = this.middle(group);
    this.open.delete(group);
    this.settle(was, () => this.shown.get(groupOf(group)));
    this.focusOn(groupOf(group));
  }

  settle(was, now) {
    this.draw();
    const is = now();
    if (was && is) {
      const { x, y, zoom } = this.view;
      this.look({ x: x + (was.x - is.x) * zoom, y: y + (was.y - is.y) * zoom, zoom });
    }
    this.moved();
    this.dispatchEvent(new CustomEvent("folded", { bubbles: true }));
  }

  /** Where the members of a schema stand on the whole. @param {string} group */
  middle(group) {
    const places = this.nodes.filter((node) => node.group === group).map((node) => this.shown.get(node.id)).filter(Boolean);
    if (!places.length) return null;
    const sum = (pick) => places.reduce((total, place) => total + pick(place), 0) / places.length;
    return { x: sum((place) => place.x), y: sum((place) => place.y) };
  }

  /** Open and show one node. @param {string} id */
  find(id) {
    const node = this.nodes.find((each) => each.id === id);
    if (!node) return;
    if (!this.shown.has(id)) {
      this.open.add(node.group);
      this.draw();
    }
    this.focusOn(id);
    this.reveal(id, true);
  }

  cardOf(id) {
    return this.world.querySelector(`.ln-node[data-id="${CSS.escape(id)}"]`);
  }

  focusOn(id) {
    const card = this.cardOf(id);
    if (!card) return;
    this.world.querySelectorAll(".ln-node[tabindex='0']").forEach((each) => { each.tabIndex = -1; });
    card.tabIndex = 0;
    card.focus({ preventScroll: true });
  }

  onFocus(event) {
    const id = event.target.closest(".ln-node")?.dataset.id;
    this.light(id);
    if (id && event.target.matches(":focus-visible")) this.reveal(id);
  }

  /** Light up what leads to a node and from it. @param {string} [id] */
  light(id) {
    this.classList.toggle("hot", Boolean(id));
    const way = id ? new Set([...reached(this.up, id), ...reached(this.down, id)]) : new Set();
    for (const card of this.world.querySelectorAll(".ln-node")) card.classList.toggle("on", way.has(card.dataset.id));
    for (const line of this.world.querySelectorAll(".ln-edge")) {
      line.classList.toggle("on", way.has(line.dataset.from) && way.has(line.dataset.to));
    }
  }

  onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const acts = { "+": () => this.zoom(1.25), "=": () => this.zoom(1.25), "-": () => this.zoom(0.8), 0: () => this.fit() };
    const act = acts[event.key];
    const id = event.target.closest(".ln-node")?.dataset.id;
    if (act) act();
    else if (id && event.key === "Escape" && this.hasAttribute("folded")) this.foldAround(id);
    else if (id && event.key.startsWith("Arrow")) this.focusOn(this.beside(id, event.key.slice(5)) ?? id);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  foldAround(id) {
    const group = this.nodes.find((node) => node.id === id)?.group ?? "";
    if (this.open.has(group)) this.fold(group);
  }

  /** What an arrow leads to: along the edges, or to what stands above or below. */
  beside(id, way) {
    const from = this.shown.get(id);
    const all = [...this.shown.values()];
    const near = all.filter((node) => node.id !== id && Math.abs(node.x - from.x) < (node.width + from.width) / 2);
    const choices = {
      Left: (this.up.get(id) ?? []).map((each) => this.shown.get(each)),
      Right: (this.down.get(id) ?? []).map((each) => this.shown.get(each)),
      Up: near.filter((node) => node.y < from.y),
      Down: near.filter((node) => node.y > from.y),
    }[way];
    const far = (node) => Math.abs(node.y - from.y) + Math.abs(node.x - from.x) / 8;
    return choices?.sort((a, b) => far(a) - far(b))[0]?.id;
  }
}

customElements.define("andon-lineage", Lineage);
