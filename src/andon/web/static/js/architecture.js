// Lines of the block that somebody points at, or stands on, are drawn before all others.
const drawing = document.querySelector("svg.architecture");

function show(target) {
  const block = target instanceof Element ? target.closest("[data-of]")?.getAttribute("data-of") : null;
  drawing.toggleAttribute("data-one", block != null);
  for (const way of drawing.querySelectorAll(".way")) {
    const isNear = block != null && [way.dataset.from, way.dataset.to].includes(block);
    way.classList.toggle("near", isNear);
  }
}

if (drawing) {
  for (const event of ["pointerover", "focusin"]) drawing.addEventListener(event, (e) => show(e.target));
  for (const event of ["pointerleave", "focusout"]) drawing.addEventListener(event, () => show(null));
}
