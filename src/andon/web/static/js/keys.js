// Keys of a page: single ones, `Mod+k`, and two in a row, `g b`.

/** @type {Map<string, () => void>} */
const known = new Map();
let before = "";
let beforeAt = 0;

/**
 * Do something on a key. Keys that are typed into a field are none.
 * @param {Record<string, () => void>} keys
 */
export function onKeys(keys) {
  for (const [key, act] of Object.entries(keys)) known.set(key, act);
}

/** @param {EventTarget | null} target */
function isTyping(target) {
  return target instanceof Element && target.closest("input, textarea, select, [contenteditable], .cm-editor") !== null;
}

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.altKey || event.defaultPrevented) return;
  const isMod = event.ctrlKey || event.metaKey;
  if (!isMod && isTyping(event.target)) {
    if (event.key === "Escape" && event.target instanceof HTMLInputElement) event.target.blur();
    return;
  }
  if (!isMod && document.querySelector("dialog[open]")) return;
  const key = isMod ? `Mod+${event.key.toLowerCase()}` : event.key;
  const pair = before && event.timeStamp - beforeAt < 1200 ? `${before} ${key}` : "";
  before = key;
  beforeAt = event.timeStamp;
  const at = (/** @type {string} */ name) => document.querySelector(`[data-key="${CSS.escape(name)}"]`);
  const place = (pair && at(pair)) || at(key);
  const act = known.get(pair) ?? known.get(key);
  if (place instanceof HTMLElement) {
    event.preventDefault();
    place.click();
  } else if (act) {
    event.preventDefault();
    act();
  }
});
