// Ages go on while somebody looks: what a page said of a moment is said again by the server's clock.

const UNITS = [
  [86400, "d"],
  [3600, "h"],
  [60, "min"],
];
/** Seconds after which the server told the day, which stays. */
const LONG = 60 * 86400;
const EVERY = 15_000;

/** `3 min`, or `now`. @param {number} seconds */
function age(seconds) {
  for (const [unit, name] of UNITS) if (seconds >= unit) return `${Math.floor(seconds / unit)} ${name}`;
  return "now";
}

/** @param {number} seconds @param {string} form as a sentence has it, `ago`, or a card, `since` */
export function told(seconds, form) {
  const found = age(seconds);
  if (form === "since") return found;
  return found === "now" ? "just now" : `${found} ago`;
}

const ahead = Date.parse(document.body.dataset.now ?? "") - Date.now();

function goOn() {
  for (const time of document.querySelectorAll("time[data-age]")) {
    const seconds = (Date.now() + ahead - Date.parse(time.getAttribute("datetime") ?? "")) / 1000;
    if (!(seconds < LONG)) continue;
    const text = told(seconds, time.getAttribute("data-age") ?? "ago");
    if (time.textContent !== text) time.textContent = text;
  }
}

if (!Number.isNaN(ahead)) setInterval(goOn, EVERY);
