// The words over a bar go away on Escape, until it is pointed at or reached again. Nothing else needs this.
"use strict";

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const bar of document.querySelectorAll(".bar:hover, .bar:focus-within")) bar.classList.add("is-quiet");
});
for (const name of ["pointerout", "focusout"]) {
  document.addEventListener(name, (event) => {
    const bar = event.target.closest && event.target.closest(".bar.is-quiet");
    if (bar && !bar.contains(event.relatedTarget)) bar.classList.remove("is-quiet");
  });
}
