// Chooses dark or light before anything is painted, so it is no module and blocks.
(() => {
  let kept = null;
  try {
    kept = localStorage.getItem("theme");
  } catch {
    kept = null; // a browser that keeps nothing follows the system
  }
  const isDark = matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = kept || (isDark ? "dark" : "light");
})();
