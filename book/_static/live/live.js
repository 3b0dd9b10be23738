// What all explorables share: a worker that computes, controls, the address, words, Python.
// An explorable is `explorable(name, { label, over, build, answer, python, note })`, for the element
// `<div class="live" data-live="name">`; with `over` it begins as the picture before it, and takes its
// place on the screen. A note explains the words of its controls.

const FOLDER = document.currentScript.src.replace(/[^/]*$/, "");
const loading = {};

// A script beside this one, once; what a page opened from a folder may not fetch, it may still run.
function load(name) {
  loading[name] ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = `${FOLDER}${name}.js`;
    script.onload = resolve;
    script.onerror = () => reject(new Error(`${name}.js is missing`));
    document.head.append(script);
  });
  return loading[name];
}

// A worker with the compiled kernels.
class Engine {
  constructor() {
    this.open = new Map(); // questions that are not answered yet
    this.last = 0;
    this.worker = load("engine").then(() => this.start());
  }

  start() {
    const { script, module } = window.synlibEngine;
    const address = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
    const worker = new Worker(address);
    worker.onmessage = ({ data: { id, part, result, error } }) => {
      const question = this.open.get(id);
      if (part !== undefined) return question?.tell?.(part);
      this.open.delete(id);
      if (error !== undefined) question.reject(new Error(error));
      else question.resolve(result);
    };
    worker.onerror = (event) => {
      for (const { reject } of this.open.values()) reject(new Error(event.message));
      this.open.clear();
    };
    worker.postMessage({ module });
    return worker;
  }

  // The answer to a question; `tell` hears its parts. The promise has a method `stop`.
  ask(task, settings, tell) {
    const id = ++this.last;
    const answer = this.worker.then(
      (worker) =>
        new Promise((resolve, reject) => {
          this.open.set(id, { resolve, reject, tell });
          worker.postMessage({ id, task, settings });
        }),
    );
    answer.stop = () => this.worker.then((worker) => worker.postMessage({ stop: id }));
    return answer;
  }
}

// An element, with properties, attributes and what it contains.
function make(tag, given = {}, ...content) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (name in element && name !== "list") element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...content);
  return element;
}

// Three significant digits, thousands apart.
function number(value) {
  if (value === 0) return "0";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  if (size >= 1e7 || size < 1e-3) {
    const power = Math.floor(Math.log10(size));
    const digits = [...String(power)].map((d) => (d === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[d])).join("");
    const front = Number((value / 10 ** power).toPrecision(2));
    return front === 1 ? `10${digits}` : `${front}×10${digits}`;
  }
  const text = Number(value.toPrecision(3)).toLocaleString("en", { maximumSignificantDigits: 3 });
  return text.replace("-", "−");
}

// "1 mistake", "2,000 mistakes".
function counted(count, one, many = `${one}s`) {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

// "2.5 times less than others", or more, or as much.
function compared(times, others) {
  if (times > 0.995 && times < 1.005) return others ? `as much as ${others}` : "as much";
  const words = times > 1 ? `${number(times)} times less` : `${number(1 / times)} times more`;
  return others ? `${words} than ${others}` : words;
}

// A slider or a choice, as the table of controls describes it.
class Control {
  constructor(name, described, changed) {
    this.name = name;
    this.described = described;
    const id = `live-${name}`;
    if (described.options) {
      this.input = make("select", { id });
      for (const [text] of described.options) this.input.append(make("option", {}, text));
      this.input.addEventListener("change", changed);
    } else {
      const { min, max, step } = described;
      this.input = make("input", { id, type: "range", min, max, step });
      this.shown = make("output", { htmlFor: id });
      this.input.addEventListener("input", () => {
        this.show();
        changed();
      });
    }
    const label = make("label", { htmlFor: id }, described.label);
    this.element = make("div", { className: "live-control" }, label, this.input);
    if (this.shown) this.element.append(this.shown);
    this.value = described.value;
  }

  get value() {
    const { options, log } = this.described;
    if (options) return options[this.input.selectedIndex][1];
    // a value that was given need not be a step of the slider
    if (this.input.value === this.given?.place) return this.given.value;
    return log ? Number((10 ** Number(this.input.value)).toPrecision(4)) : Number(this.input.value);
  }

  set value(value) {
    const { options, log } = this.described;
    if (options) this.input.selectedIndex = options.findIndex(([, known]) => known === value);
    else {
      this.input.value = log ? Math.log10(value) : value;
      this.given = { value, place: this.input.value };
    }
    this.show();
  }

  show() {
    if (!this.shown) return;
    const { unit } = this.described;
    const text = unit ? `${number(this.value)} ${unit}` : number(this.value);
    this.shown.textContent = text;
    this.input.setAttribute("aria-valuetext", text);
  }

  // As it is written in an address, and back; false if that is no value of this control.
  get text() {
    const { options } = this.described;
    if (options) return options[this.input.selectedIndex][0];
    return String(this.value);
  }

  read(text) {
    const { options, log, min, max } = this.described;
    if (options) {
      const found = options.find(([name]) => name === text);
      if (found) [, this.value] = found;
      return Boolean(found);
    }
    const value = Number(text);
    const place = log ? Math.log10(value) : value;
    const allowed = text !== "" && place >= min - 1e-9 && place <= max + 1e-9;
    if (allowed) this.value = value;
    return allowed;
  }
}

// The settings in the address, `#load=1.2&threshold=6`; other addresses are none of ours.
function addressed() {
  return location.hash.includes("=") ? new URLSearchParams(location.hash.slice(1)) : new URLSearchParams();
}

// What can be set: the same wherever it is, and what follows from the runs on the page.
function controlsOf({ dataset: { live, controls = "{}" } }) {
  return { ...window.synlibSettings.controls[live], ...JSON.parse(controls) };
}

class Explorable {
  constructor(host, name, parts) {
    this.host = host;
    this.parts = parts;
    this.colours = window.synlibSettings.colours;
    this.controls = {};
    this.panel = make("div", { className: "live-controls" });
    this.buttons = make("div", { className: "live-buttons" });
    this.body = make("div", { className: "live-body" });
    this.status = make("p", { className: "live-words" });
    this.status.setAttribute("role", "status");
    for (const [key, described] of Object.entries(controlsOf(host))) {
      this.controls[key] = new Control(key, described, () => this.changed());
      this.panel.append(this.controls[key].element);
    }
    this.host.setAttribute("role", "group");
    this.host.setAttribute("aria-label", parts.label);
    // words come first: below the pictures nobody would see them change
    this.host.append(this.panel, this.buttons, this.status, this.body);
    if (parts.python) this.addPython();
    this.readAddress();
    parts.build?.(this);
    if (parts.note) this.body.after(make("p", { className: "live-note" }, parts.note));
    addEventListener("hashchange", () => this.readAddress() && this.changed());
  }

  get engine() {
    return (this.ownEngine ??= new Engine());
  }

  settings() {
    const entries = Object.entries(this.controls).map(([name, control]) => [name, control.value]);
    return Object.fromEntries(entries);
  }

  button(text, action, given = {}) {
    const button = make("button", { type: "button", className: "live-button", ...given }, text);
    button.addEventListener("click", action);
    this.buttons.append(button);
    return button;
  }

  // A plot that is drawn anew when its width changes: `plot.show({...})`.
  plot(given = {}) {
    const plot = new Plot(given);
    this.body.append(plot.element);
    return plot;
  }

  // What is below stays where it is when there are fewer words than before.
  say(text) {
    this.status.textContent = text;
    const { offsetWidth: width, offsetHeight: height } = this.status;
    if (width !== this.width) this.tallest = 0;
    this.width = width;
    this.tallest = Math.max(this.tallest, height);
    this.status.style.minHeight = `${this.tallest}px`;
  }

  fail(error) {
    console.warn(error);
    this.say(`This page could not compute that: ${error.message}.`);
  }

  changed() {
    this.writeAddress();
    this.showPython?.();
    this.refresh();
  }

  // Answer the settings as they are; if they change on the way, once more.
  async refresh() {
    if (!this.parts.answer) return;
    this.again = true;
    if (this.busy) return;
    this.busy = true;
    try {
      while (this.again) {
        this.again = false;
        await this.parts.answer(this, this.settings());
      }
    } catch (error) {
      this.fail(error);
    } finally {
      this.busy = false;
    }
  }

  readAddress() {
    const given = addressed();
    let read = false;
    for (const [name, control] of Object.entries(this.controls)) {
      if (given.has(name)) read = control.read(given.get(name)) || read;
    }
    if (read) this.showPython?.();
    return read;
  }

  writeAddress() {
    const given = addressed();
    for (const [name, control] of Object.entries(this.controls)) given.set(name, control.text);
    try {
      history.replaceState(history.state, "", `#${given}`);
    } catch {
      // some browsers don't let pages from a folder do that
    }
  }

  addPython() {
    const code = make("code");
    const copy = make("button", { type: "button", className: "live-button" }, "Copy");
    copy.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(code.textContent);
      } catch {
        getSelection().selectAllChildren(code);
        document.execCommand("copy");
      }
      copy.textContent = "Copied";
      setTimeout(() => (copy.textContent = "Copy"), 1500);
    });
    const pre = make("pre", { tabIndex: 0 }, code);
    const summary = make("summary", {}, "The same in Python");
    this.host.append(make("details", { className: "live-python" }, summary, pre, copy));
    this.showPython = () => (code.textContent = this.parts.python(this.settings(), this));
    this.showPython();
  }
}

const known = {};

// Make an explorable known; it begins when a reader comes near it.
function explorable(name, parts) {
  known[name] = parts;
}

function begin(host) {
  const name = host.dataset.live;
  try {
    const made = new Explorable(host, name, known[name]);
    host.explorable = made;
    if (known[name].over) takePlaceOfPicture(host);
    made.refresh();
  } catch (error) {
    host.textContent = `This page could not start what can be played with: ${error.message}.`;
    console.error(error);
  }
}

// The picture before it is what paper shows, and who has no scripts.
function takePlaceOfPicture(host) {
  const figure = document.getElementById(host.dataset.over);
  if (!figure) return;
  figure.classList.add("is-live");
  figure.prepend(host);
}

function begins() {
  const hosts = [...document.querySelectorAll(".live[data-live]")].filter((h) => known[h.dataset.live]);
  const asked = [...addressed().keys()];
  for (const host of hosts) {
    const controls = controlsOf(host);
    const figure = document.getElementById(host.dataset.over) ?? host;
    if (asked.some((name) => name in controls)) {
      begin(host);
      host.scrollIntoView();
      continue;
    }
    const watch = new IntersectionObserver(
      (seen) => {
        if (!seen.some((entry) => entry.isIntersecting)) return;
        watch.disconnect();
        begin(host);
      },
      { rootMargin: "600px" },
    );
    watch.observe(figure);
  }
}

const still = matchMedia("(prefers-reduced-motion: reduce)");

addEventListener("DOMContentLoaded", begins);
