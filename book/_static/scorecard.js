// The board of all claims: boxes choose which papers and verdicts its picture and its table show.
"use strict";

for (const board of document.querySelectorAll(".board")) {
  const form = board.querySelector(".filter");
  const rows = board.querySelectorAll("[data-paper]");
  const claims = board.querySelectorAll("li[data-paper]");

  function show() {
    const chosen = new FormData(form);
    for (const row of rows) {
      row.hidden = !["paper", "verdict"].every((kind) =>
        chosen.getAll(kind).includes(row.dataset[kind]),
      );
    }
    const shown = [...claims].filter((claim) => !claim.hidden).length;
    form.querySelector("output").value = `${shown} of ${claims.length} claims`;
  }

  form.addEventListener("change", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  show();
}
