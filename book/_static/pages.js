// What pages do by themselves: one switch for all code, tables and formulas on narrow screens.

const REMEMBERED = "book: show all code";

// Folded code, opened and closed together; the choice holds for all pages.
function switchForCode() {
  const folded = document.querySelectorAll("details.hide");
  const title = document.querySelector("article h1");
  if (!folded.length || !title) return;
  const label = document.createElement("label");
  label.className = "show-all-code d-print-none";
  const box = document.createElement("input");
  box.type = "checkbox";
  label.append(box, " Show all code");
  const minutes = document.querySelector("article h1 + .reading-time");
  if (minutes) minutes.append(" · ", label);
  else title.after(label);

  const show = () => folded.forEach((details) => (details.open = box.checked));
  box.addEventListener("change", () => {
    remember(box.checked);
    show();
  });
  box.checked = remembered();
  if (box.checked) show();
}

// A browser may refuse to remember: then the switch works for this page only.
function remember(value) {
  try {
    localStorage.setItem(REMEMBERED, value);
  } catch {}
}

function remembered() {
  try {
    return localStorage.getItem(REMEMBERED) === "true";
  } catch {
    return false;
  }
}

// On a narrow screen each row of a wide table is a card, in which cells say what they are.
function nameCells() {
  for (const table of document.querySelectorAll("article table")) {
    const names = [...table.rows[0].cells].map((cell) => cell.textContent.trim());
    if (names.length < 4) continue;
    table.classList.add("cards");
    table.rows[0].classList.add("names");
    for (const row of [...table.rows].slice(1)) {
      const before = names.length - row.cells.length; // these belong to rows above
      [...row.cells].forEach((cell, i) => (cell.dataset.name = names[before + i]));
      row.classList.toggle("first", before === 0);
    }
  }
}

// What is too wide scrolls, and can then be reached by keyboard; what is not is no stop on the way.
function reachWide() {
  const wide = {
    ".formula": "formula, scrolls sideways",
    ".scorecard, .pst-scrollable-table-container": "table, scrolls sideways",
  };
  for (const [selector, name] of Object.entries(wide)) {
    for (const element of document.querySelectorAll(selector)) {
      const scrolls = element.scrollWidth > element.clientWidth + 1;
      element.classList.toggle("fits", !scrolls);
      if (scrolls) {
        element.tabIndex = 0;
        if (!element.role) element.role = "group";
        if (!element.ariaLabel) element.ariaLabel = name;
      } else {
        element.removeAttribute("tabindex");
        if (element.ariaLabel === name) element.role = element.ariaLabel = null;
      }
    }
  }
}

// The side bar is longer than most screens: it shows the entry of this page.
function showPlace() {
  const bar = document.querySelector(".bd-sidebar-primary");
  const here = bar?.querySelector(".bd-docs-nav a.current");
  if (!here) return;
  const place = here.getBoundingClientRect();
  const seen = bar.getBoundingClientRect();
  if (place.top < seen.top || place.bottom > Math.min(seen.bottom, innerHeight)) {
    bar.scrollTop += place.top - seen.top - bar.clientHeight / 2;
  }
}

switchForCode();
nameCells();
reachWide();
document.fonts?.ready.then(reachWide);
addEventListener("load", showPlace);
addEventListener("resize", reachWide);
