// What every page does: theme, keys, dialogs, tooltips, toasts; elements are loaded where a page has them.
import "./ages.js";
import { onKeys } from "./keys.js";
import { open as openPalette } from "./palette.js";

/** Elements and the modules that define them. */
const ELEMENTS = {
  "andon-grid": "./grid.js",
  "andon-chart": "./chart.js",
  "andon-lineage": "./lineage.js",
  "andon-sql": "./sql.js",
  "andon-editor": "./editor.js",
  "andon-save": "./save.js",
  "andon-live": "./live.js",
  "andon-upload": "./upload.js",
};

/** @param {ParentNode} root */
function wake(root) {
  for (const [tag, module] of Object.entries(ELEMENTS)) {
    if (root.querySelector(tag)) {
      import(module);
      delete ELEMENTS[tag];
    }
  }
}

function switchTheme() {
  const { dataset } = document.documentElement;
  dataset.theme = dataset.theme === "dark" ? "light" : "dark";
  try {
    localStorage.setItem("theme", dataset.theme);
  } catch {
    // kept nowhere: it holds for this page
  }
  dispatchEvent(new Event("themechange"));
}

/** @param {string} id */
function openDialog(id) {
  const dialog = document.getElementById(id);
  if (dialog instanceof HTMLDialogElement && !dialog.open) {
    dialog.showModal();
  }
}

/** @param {HTMLElement} button */
async function copyLine(button) {
  await navigator.clipboard.writeText(button.dataset.copy ?? "");
  button.dataset.s = "ok";
  setTimeout(() => delete button.dataset.s, 1500);
}

document.addEventListener("click", (event) => {
  const target = /** @type {Element} */ (event.target);
  const clicked = target.closest("[data-action],[data-dialog],[data-close],[data-copy]");
  if (clicked instanceof HTMLElement) {
    const { action, dialog } = clicked.dataset;
    if (action === "theme") switchTheme();
    if (action === "palette") openPalette();
    if (dialog) openDialog(dialog);
    if ("copy" in clicked.dataset) copyLine(clicked);
    if ("close" in clicked.dataset) clicked.closest("dialog")?.close();
  }
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(target)) menu.removeAttribute("open");
  }
});

/** Where a menu is a form, one writes at once. */
document.addEventListener(
  "toggle",
  (event) => {
    const menu = /** @type {Element} */ (event.target);
    if (menu.matches("details[data-focus][open]")) menu.querySelector("input:not([type=hidden])")?.focus();
  },
  true,
);

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    menu.removeAttribute("open");
    menu.querySelector("summary")?.focus();
  }
});

onKeys({
  "Mod+k": openPalette,
  "/": openPalette,
  "?": () => openDialog("keys"),
  t: switchTheme,
});

/** One tooltip for all that has `data-tip`. */
const tip = document.getElementById("tip");
document.addEventListener("pointerover", (event) => {
  const over = /** @type {Element} */ (event.target).closest?.("[data-tip]");
  if (!tip) return;
  tip.hidden = !over;
  if (!over) return;
  tip.textContent = over.getAttribute("data-tip");
  const place = over.getBoundingClientRect();
  const left = place.x + place.width / 2 - tip.offsetWidth / 2;
  tip.style.left = `${Math.max(4, Math.min(innerWidth - tip.offsetWidth - 4, left))}px`;
  tip.style.top = `${Math.max(4, place.y - tip.offsetHeight - 6)}px`;
});

/** What was told once is not told again when the page is loaded anew. */
const here = new URL(location.href);
if (here.searchParams.has("done")) {
  here.searchParams.delete("done");
  history.replaceState(history.state, "", here);
  setTimeout(() => document.querySelector(".toasts .toast")?.remove(), 10_000);
}

/** Parts that look again by themselves (`data-every`, in seconds) do so while somebody sees them. */
const looked = new WeakMap();
setInterval(() => {
  if (document.visibilityState !== "visible") return;
  for (const part of document.querySelectorAll("[data-every]")) {
    const every = 1000 * Number(part.getAttribute("data-every"));
    if (performance.now() - (looked.get(part) ?? 0) < every) continue;
    looked.set(part, performance.now());
    part.dispatchEvent(new Event("tick"));
  }
}, 500);

/** What is seen may be old while the server does not answer: that is said until it does. @param {boolean} isGone */
function tellGone(isGone) {
  const told = document.querySelector(".toast.gone");
  if (!isGone) told?.remove();
  if (!isGone || told) return;
  const toast = document.createElement("div");
  toast.className = "toast gone";
  toast.textContent = "The server does not answer: what you see may be old.";
  document.querySelector(".toasts")?.append(toast);
}
document.addEventListener("htmx:error", (event) => {
  const asked = /** @type {CustomEvent} */ (event).detail.ctx;
  if (asked && !asked.response) tellGone(true);
});
document.addEventListener("htmx:after:request", () => tellGone(false));

wake(document);
document.addEventListener("htmx:after:swap", () => wake(document));
