// What a look at a text came to, drawn beside it: what is wrong, what follows for whom, which columns.

import { element, glyph, spoken } from "./elements.js";

export const API = "/api/v1";
const WORDS = { none: "same", additive: "additive", columns: "columns", rows: "rows", contract: "contract" };
const STATES = { none: "idle", additive: "ok", columns: "warn", rows: "warn", contract: "fail" };

/** An element with a class and what is in it: all text, never markup. */
function made(tag, kind, ...children) {
  const found = element(tag, "", kind);
  found.append(...children.filter((each) => each !== null));
  return found;
}

/** Say in one pill how it stands. */
export function say(home, state, words) {
  const pill = home.querySelector("[data-state]");
  pill.dataset.s = state;
  pill.replaceChildren(glyph(state), made("span", "", words));
}

function problem(each, file, goTo) {
  const place = [each.file && each.file !== file ? each.file : null, each.line, each.column].filter(Boolean).join(":");
  const hint = each.hint ? spoken("small", each.hint, "muted") : null;
  const line = made("button", "line problem", glyph("fail"), made("span", "mono muted", place), spoken("span", each.message), hint);
  line.type = "button";
  line.addEventListener("click", () => goTo(each));
  return line;
}

function step(each) {
  const kind = each.verdict;
  const pill = kind ? made("span", "pill", glyph(STATES[kind]), WORDS[kind]) : null;
  if (pill) pill.dataset.s = STATES[kind];
  const breaks = each.breaks.length ? made("span", "bad", `breaks ${each.breaks.join(", ")}`) : null;
  const why = kind && each.columns.length ? each.columns.join(", ") : each.reason;
  return made("li", "line", made("b", "mono", each.dataset), pill, spoken("span", why ?? "", "muted"), breaks);
}

function column(each) {
  const from = each.made_of.length ? `of ${each.made_of.join(", ")}` : "";
  const type = made("span", "mono muted", each.type.toLowerCase());
  return made("li", "line column", made("b", "mono", each.name), type, made("span", "from muted", from));
}

/** The steps of a plan that do something. */
export function stepsOf(plan) {
  return (plan?.steps ?? []).filter((each) => each.action !== "keep" && each.reason !== "unchanged");
}

/**
 * @param {Element} home
 * @param {any} found the document of a look
 * @param {any[]} wrong problems
 * @param {(problem: any) => void} goTo
 */
export function draw(home, found, wrong, goTo) {
  const parts = wrong.map((each) => problem(each, found.file, goTo));
  const steps = stepsOf(found.plan);
  if (found.newer) {
    const words = "Somebody saved another text of this file since you opened it. Save: both are put together, and you decide.";
    parts.unshift(made("p", "line", glyph("warn"), words));
  }
  if (steps.length) parts.push(made("h3", "", "What follows"), made("ul", "", ...steps.map(step)));
  const reached = [...new Set(steps.flatMap((each) => each.reach?.insights ?? []))];
  if (reached.length) parts.push(made("h3", "", "Insights that it reaches"), made("p", "line mono", reached.join(", ")));
  if (found.columns.length) {
    parts.push(made("h3", "", `${found.columns.length} ${found.columns.length === 1 ? "column" : "columns"}`), made("ul", "", ...found.columns.map(column)));
  }
  home.querySelector("[data-found]").replaceChildren(...parts);
}

/** What the server says to a document that is sent: its answer, and whether it is one. */
export async function sent(path, body, signal) {
  const headers = { "Content-Type": "application/json" };
  const response = await fetch(API + path, { method: "POST", headers, body: JSON.stringify(body), signal });
  return { ok: response.ok, found: await response.json() };
}
