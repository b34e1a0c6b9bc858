// Elements that scripts make: what is in them is text, never markup.

/** An element with a text, a class and attributes. */
export function element(tag, text = "", name = "", attributes = {}) {
  const found = document.createElement(tag);
  if (text) found.textContent = text;
  if (name) found.className = name;
  for (const [key, value] of Object.entries(attributes)) found.setAttribute(key, value);
  return found;
}

/** A sentence of Andon's: what stands between backticks is a name. */
export function spoken(tag, text, name = "") {
  const found = element(tag, "", name);
  found.append(...text.split("`").map((part, index) => (index % 2 ? element("code", part) : part)));
  return found;
}

/** An element of a drawing. @param {string} tag @param {Record<string, string|number>} attributes */
export function drawn(tag, attributes) {
  const found = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(attributes)) found.setAttribute(key, String(value));
  return found;
}

/** The shape of a state, beside the word that says it. @param {string} state */
export function glyph(state) {
  const found = drawn("svg", { class: "g", width: 10, height: 10, "aria-hidden": "true", "data-s": state });
  found.append(drawn("use", { href: `#g-${state}` }));
  return found;
}
