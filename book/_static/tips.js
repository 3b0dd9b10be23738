// What a link within the book leads to, and what a symbol means, in a small box beside it.
//
// It opens for mouse and keyboard, stays while the mouse is over it, and closes with escape.

(() => {
  const root = new URL(document.documentElement.dataset.content_root || "./", location.href).href;
  const tip = document.createElement("div");
  tip.id = "tip";
  tip.setAttribute("role", "tooltip");
  tip.popover = "manual";
  let waiting, shownFor;

  function load() {
    if (window.bookTips) return Promise.resolve();
    return new Promise((done) => {
      const script = document.createElement("script");
      script.src = `${root}_static/tips_data.js`;
      script.onload = done;
      document.head.append(script);
    });
  }

  // the tip of a link or a formula, if it has any
  function content(element) {
    if (element.matches("a")) {
      if (!element.href.startsWith(root) || !element.hash) return null;
      const address = decodeURIComponent(element.href.slice(root.length));
      return window.bookTips.links[address];
    }
    return window.bookTips.symbols[element.textContent.replace(/\s+/g, " ").trim()];
  }

  async function show(element) {
    await load();
    const html = content(element);
    if (!html || !element.isConnected) return;
    hide();
    element.removeAttribute("title"); // else the browser shows a tip of its own as well
    tip.innerHTML = html;
    for (const picture of tip.querySelectorAll("img[data-src]")) {
      picture.src = root + picture.dataset.src;
    }
    tip.showPopover();
    shownFor = element;
    if (element.matches("a")) element.setAttribute("aria-describedby", tip.id);
    place();
  }

  // beside what it explains, also when the page scrolls (as it does when the keyboard moves on)
  function place() {
    if (!shownFor) return;
    const at = shownFor.getBoundingClientRect();
    if (at.bottom < 0 || at.top > innerHeight) return hide();
    const box = tip.getBoundingClientRect();
    const left = Math.min(Math.max(8, at.left), innerWidth - box.width - 8);
    const below = at.bottom + 6 + box.height < innerHeight || at.top < box.height + 6;
    tip.style.left = `${left}px`;
    tip.style.top = `${below ? at.bottom + 6 : at.top - box.height - 6}px`;
  }

  function hide() {
    clearTimeout(waiting);
    shownFor?.removeAttribute("aria-describedby");
    shownFor = undefined;
    if (tip.matches(":popover-open")) tip.hidePopover();
  }

  function soon(action, milliseconds) {
    clearTimeout(waiting);
    waiting = setTimeout(action, milliseconds);
  }

  if (!HTMLElement.prototype.hasOwnProperty("popover")) return; // an old browser: links are enough
  document.body.append(tip);
  const explained = "article a.internal, article math:not([display])";
  for (const element of document.querySelectorAll(explained)) {
    if (element.matches(".headerlink") || element.querySelector("img")) continue;
    element.addEventListener("pointerenter", (event) => {
      if (event.pointerType === "mouse") soon(() => show(element), 250);
    });
    element.addEventListener("pointerleave", () => soon(hide, 200));
    element.addEventListener("focus", () => show(element));
    element.addEventListener("blur", hide);
  }
  tip.addEventListener("pointerenter", () => clearTimeout(waiting));
  tip.addEventListener("pointerleave", () => soon(hide, 200));
  addEventListener("keydown", (event) => event.key === "Escape" && hide());
  addEventListener("scroll", place, { passive: true });
})();
