// Search in the sections of the book, while one types. Works from a folder, too: the sections and
// the program that ranks them (MiniSearch) are scripts, fetched when somebody first wants to search.

(() => {
  const root = new URL(document.documentElement.dataset.content_root || "./", location.href).href;
  const SHOWN = 12; // sections
  const AROUND = 90; // characters on each side of the first word found
  let index, counter = 0;

  function script(name) {
    return new Promise((done, failed) => {
      const element = document.createElement("script");
      element.src = `${root}_static/${name}`;
      element.onload = done;
      element.onerror = failed;
      document.head.append(element);
    });
  }

  async function ready() {
    if (index) return index;
    await Promise.all([script("vendor/minisearch.js"), script("search_data.js")]);
    index = new MiniSearch({
      idField: "at",
      fields: ["heading", "title", "text"],
      storeFields: ["heading", "title", "text"],
      searchOptions: {
        boost: { heading: 4, title: 2 },
        prefix: true,
        fuzzy: (word) => (word.length > 4 ? 0.2 : false),
        combineWith: "AND",
      },
    });
    index.addAll(bookSections);
    return index;
  }

  function marked(text, words) {
    const line = document.createDocumentFragment();
    if (!words.length) {
      line.append(text);
      return line;
    }
    const escaped = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    escaped.sort((a, b) => b.length - a.length);
    const pattern = new RegExp(`(${escaped.join("|")})`, "gi");
    text.split(pattern).forEach((piece, i) => {
      if (i % 2) {
        const mark = document.createElement("mark");
        mark.textContent = piece;
        line.append(mark);
      } else line.append(piece);
    });
    return line;
  }

  function snippet(text, words) {
    const small = text.toLowerCase();
    const places = words.map((word) => small.indexOf(word)).filter((place) => place >= 0);
    const first = places.length ? Math.min(...places) : 0;
    let start = Math.max(0, first - AROUND);
    let end = Math.min(text.length, first + AROUND);
    if (start > 0) start = text.indexOf(" ", start) + 1; // whole words
    if (end < text.length) end = text.lastIndexOf(" ", end);
    return (start ? "… " : "") + text.slice(start, end) + (end < text.length ? " …" : "");
  }

  function entry(result) {
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.href = root + result.id;
    const heading = document.createElement("span");
    heading.className = "heading";
    heading.append(marked(result.heading, result.terms));
    link.append(heading);
    if (result.title !== result.heading) {
      const title = document.createElement("span");
      title.className = "title";
      title.textContent = result.title;
      link.append(title);
    }
    const text = document.createElement("span");
    text.className = "snippet";
    text.append(marked(snippet(result.text, result.terms), result.terms));
    link.append(text);
    item.append(link);
    return item;
  }

  async function answer(form, status, list) {
    const query = form.querySelector("input").value.trim();
    const asked = ++counter;
    if (!query) {
      status.textContent = "";
      list.replaceChildren();
      return;
    }
    let found;
    try {
      found = (await ready()).search(query);
    } catch {
      status.textContent = "The search could not be loaded.";
      return;
    }
    if (asked !== counter) return; // somebody typed on
    const shown = found.slice(0, SHOWN);
    const n = found.length;
    status.textContent = n ? `${n} section${n > 1 ? "s" : ""}` : `Nothing found for “${query}”.`;
    if (n > SHOWN) status.textContent += `, the best ${SHOWN} are shown`;
    list.replaceChildren(...shown.map(entry));
  }

  for (const form of document.querySelectorAll("form.bd-search")) {
    const box = document.createElement("div");
    box.className = "search-answer";
    const status = document.createElement("p");
    status.setAttribute("role", "status");
    const list = document.createElement("ol");
    box.append(status, list);
    form.after(box);
    const input = form.querySelector("input");
    input.addEventListener("focus", () => ready().catch(() => {}), { once: true });
    input.addEventListener("input", () => answer(form, status, list));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      list.querySelector("a")?.click();
    });
    box.addEventListener("click", (event) => {
      if (event.target.closest("a")) form.closest("dialog")?.close();
    });
    // arrows move between the field and the sections found
    form.parentElement.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!step) return;
      const stops = [input, ...list.querySelectorAll("a")];
      const next = stops[stops.indexOf(document.activeElement) + step];
      if (next) {
        event.preventDefault();
        next.focus();
      }
    });
    const asked = new URLSearchParams(location.search).get("q");
    if (asked && location.pathname.endsWith("/search.html")) {
      input.value = asked;
      answer(form, status, list);
    }
  }
})();
