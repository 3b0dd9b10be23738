// Chapter 8: a network learns digits, and reads what one draws.

explorable("learning", {
  label: "Let a network learn digits",
  note: "Fraction: of the synapses that a rule chooses, for each image (in the output layer a tenth at least). Hidden: how many hidden units the network has. Every network that learns is added to the picture; Clear forgets them.",

  build(it) {
    it.runs = [];
    it.learn = it.button("Learn", () => learnDigits(it), { className: "live-button live-first" });
    it.stop = it.button("Stop", () => it.asked?.stop(), { disabled: true });
    it.clear = it.button("Clear", () => {
      it.runs = [];
      showRuns(it);
      it.say("No network is shown. Press Learn.");
    });
    it.chart = it.plot({ ratio: 0.55, lowest: 240 });
    buildPictures(it);
    buildPad(it);
    showRuns(it);
    it.say("Press Learn: 6,000 handwritten digits (1.5 MB) are loaded, and a network learns them here, in your browser.");
  },

  answer(it) {
    const { rule } = it.settings();
    const all = rule === "all synapses";
    it.controls.fraction.input.disabled = all;
  },

  python({ rule, fraction, memory, hidden, rate }) {
    const share = `(${fraction}, ${Math.max(fraction, 0.1)})`;
    const rules = {
      "all synapses": ["AllSynapses", "AllSynapses()"],
      "largest updates": ["LargestUpdates", `LargestUpdates(${share})`],
      "random synapses": ["RandomSynapses", `RandomSynapses(${share})`],
    };
    const [name, call] = rules[rule];
    const { memories, evaluate_every, max_epochs } = window.synlibSettings.learning;
    const cache = memories[memory];
    const stored = cache
      ? `SynapticCache(${cache.threshold}, "${cache.scope}", decay_time=${cache.decay_time}, maintenance_cost=${cache.maintenance_cost})`
      : "None";
    return `from synlib import MLP, ${name}, SynapticCache, load_mnist, published_inputs

mnist = load_mnist()
mean = 0.98 * mnist.X_train.mean()
X, X_test = (
    published_inputs(part, "vanrossum2024", mean=mean, noise=False)
    for part in (mnist.X_train, mnist.X_test)
)
net = MLP.as_published(
    "vanrossum2024",
    hidden=${hidden},
    learning_rate=${rate},
    plasticity=${call},
    memory=${stored},
    max_epochs=${max_epochs},
    dtype="float32",
    random_state=0,
)
net.fit(X, mnist.y_train, (X_test, mnist.y_test), evaluate_every=${evaluate_every})
net.history_`;
  },
});

function nameOf({ rule, fraction, memory, hidden, rate }) {
  const share = rule === "all synapses" ? "" : ` ${number(fraction)}`;
  const own = rate === window.synlibSettings.controls.learning.rate.value ? "" : `, rate ${number(rate)}`;
  return `${rule}${share}, ${memory}, ${hidden} hidden${own}`;
}

async function learnDigits(it) {
  const settings = it.settings();
  const { memories, evaluate_every, max_epochs } = window.synlibSettings.learning;
  const run = { name: nameOf(settings), ...settings, rows: [], seconds: 0 };
  it.learn.disabled = it.clear.disabled = true;
  it.stop.disabled = false;
  try {
    const first = !window.synlibImages;
    if (first) it.say("Loading the digits…");
    await load("images");
    it.runs = it.runs.filter(({ name }) => name !== run.name);
    it.runs.push(run);
    const { rule, fraction, hidden, rate } = settings;
    const asked = { rule, fraction, hidden, rate, memory: memories[settings.memory], evaluate_every, max_epochs, seed: 0 };
    it.bundled ??= window.synlibImages;
    it.asked = it.engine.ask("learn", { ...asked, bundle: it.given ? null : it.bundled }, ({ pictures, seconds, ...row }) => {
      run.rows.push(row);
      run.seconds += seconds;
      it.latest = run;
      showRuns(it);
      showPictures(it, pictures);
      it.say(`${run.name}: ${percent(row.accuracy)} of the test digits right after ${count(row.step)} images, for ${number(row.total)} a.u. and ${number(row.writes)} writes.`);
      if (it.drawn) read(it);
      it.pad.hidden = false;
    });
    it.given = true;
    const result = await it.asked;
    const row = run.rows[run.rows.length - 1];
    if (!row) return it.say("Nothing was learned.");
    const speed = number(row.step / run.seconds);
    it.say(
      result?.diverged
        ? `${run.name}: learning diverged after ${count(row.step)} images. Choose a lower rate.`
        : `${run.name}: ${percent(row.accuracy)} right after ${count(row.step)} images, for ${number(row.total)} a.u., ${number(row.total / row.minimal)} times the minimum, and ${number(row.writes)} writes; ${speed} images a second.${inComparison(it.runs)} Draw a digit below.`,
    );
  } catch (error) {
    it.fail(error);
  } finally {
    it.learn.disabled = it.clear.disabled = false;
    it.stop.disabled = true;
  }
}

// How the networks compare, where all of them have got: the cheapest first.
function inComparison(runs) {
  const learned = runs.filter(({ rows }) => rows.length);
  if (learned.length < 2) return "";
  const best = ({ rows }) => Math.max(...rows.map((row) => row.accuracy));
  const goal = Math.floor(100 * Math.min(...learned.map(best))) / 100;
  const costs = learned.map((run) => {
    const { total } = run.rows.find(({ accuracy }) => accuracy >= goal);
    return { number: runs.indexOf(run) + 1, total };
  });
  const [first, ...others] = costs.sort((a, b) => a.total - b.total);
  const more = others.map((run) => `network ${run.number} ${number(run.total)}, ${number(run.total / first.total)} times as much`);
  return ` To get ${Math.round(100 * goal)} % right, network ${first.number} spent ${number(first.total)} a.u.; ${more.join("; ")}.`;
}

function count(images) {
  return images.toLocaleString("en");
}

function percent(share) {
  return `${(100 * share).toFixed(1)} %`;
}

const SYMBOLS = ["circle", "square", "triangle", "diamond"];

function showRuns(it) {
  const { colours } = it;
  const marks = it.runs.flatMap(({ name, rule, memory, rows }, i) => {
    const points = rows.map((row) => [row.total, 100 * row.accuracy]);
    const colour = colours[rule] ?? "#000000";
    const dash = memory === "persistent" ? undefined : "dashed";
    const symbol = SYMBOLS[i % SYMBOLS.length];
    const [x, y] = points[0] ?? []; // in the end curves meet
    return [
      { kind: "line", points, colour, dash, symbol, name: `${i + 1}: ${name}` },
      { kind: "points", points, colour, symbol, size: 3 },
      ...(points.length ? [{ kind: "text", x, y, dy: "-0.6em", text: i + 1 }] : []),
    ];
  });
  const energies = it.runs.flatMap(({ rows }) => rows.map((row) => row.total));
  const right = it.runs.flatMap(({ rows }) => rows.map((row) => 100 * row.accuracy));
  it.chart.show({
    x: { label: "energy spent (a.u.)", ...around(energies.length ? energies : [100, 1e5], { log: true }) },
    y: { label: "test accuracy (%)", from: Math.min(...right, 60) - 2, to: 100 },
    marks,
    words: `Test accuracy against the energy spent; networks: ${it.runs.map(({ name }, i) => `${i + 1}: ${name}`).join("; ") || "none yet"}.${inComparison(it.runs)}`,
  });
}

// Weights onto the first hidden units, as pictures.
function buildPictures(it) {
  it.pictures = make("figure", { className: "live-pictures", hidden: true });
  it.canvases = Array.from({ length: 12 }, (_, k) => {
    const canvas = make("canvas", { width: 28, height: 28 });
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `weights onto hidden unit ${k + 1}`);
    return canvas;
  });
  const caption = make("figcaption", {}, "Weights from the picture onto the first hidden units: orange-red where light excites the unit, blue where it inhibits it.");
  it.pictures.append(make("div", {}, ...it.canvases), caption);
  it.body.append(it.pictures);
}

function showPictures(it, pictures) {
  it.pictures.hidden = false;
  it.canvases.forEach((canvas, k) => {
    canvas.hidden = k >= pictures.length;
    if (canvas.hidden) return;
    const weights = pictures[k];
    const largest = Math.max(1e-9, ...weights.map(Math.abs));
    const context = canvas.getContext("2d", { willReadFrequently: true });
    const image = context.createImageData(28, 28);
    weights.forEach((weight, i) => {
      const share = Math.abs(weight) / largest;
      const [r, g, b] = weight > 0 ? [213, 94, 0] : [0, 114, 178];
      image.data.set([r, g, b].map((c) => 255 + share * (c - 255)).concat(255), 4 * i);
    });
    context.putImageData(image, 0, 0);
  });
}

// A field to draw a digit in, with a pen or a mouse; by keyboard, test images.
function buildPad(it) {
  const canvas = make("canvas", { width: 280, height: 280, tabIndex: 0, className: "live-canvas" });
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", "Field to draw a digit in; arrow keys move the pen, space puts it down or lifts it.");
  const context = canvas.getContext("2d");
  const pen = make("span", { className: "live-pen", hidden: true }); // where it draws, over the field
  const hint = make("span", { className: "live-hint" }, "Draw a digit here");
  const movePen = ([x, y], down) => {
    pen.hidden = false;
    pen.style.left = `${x / 2.8}%`;
    pen.style.top = `${y / 2.8}%`;
    pen.classList.toggle("down", down);
  };
  const empty = () => {
    context.fillStyle = "black";
    context.fillRect(0, 0, 280, 280);
    it.drawn = false;
    hint.hidden = false;
  };
  empty();
  Object.assign(context, { lineWidth: 20, lineCap: "round", lineJoin: "round", strokeStyle: "white" });
  const draw = (from, to) => {
    context.strokeStyle = "white";
    context.beginPath();
    context.moveTo(...from);
    context.lineTo(...to);
    context.stroke();
    it.drawn = true;
    hint.hidden = true;
  };
  let last = null;
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) * 280) / box.width, ((event.clientY - box.top) * 280) / box.height];
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    last = place(event);
    draw(last, last);
    movePen(last, true);
    event.preventDefault();
  });
  canvas.addEventListener("pointermove", (event) => {
    const next = place(event);
    movePen(next, Boolean(last));
    if (!last) return;
    draw(last, next);
    last = next;
  });
  canvas.addEventListener("pointerleave", () => (pen.hidden = true));
  for (const end of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(end, () => {
      last = null;
      pen.classList.remove("down");
      if (it.drawn) read(it);
    });
  }
  let at = [140, 140];
  let down = false;
  canvas.addEventListener("focus", () => canvas.matches(":focus-visible") && movePen(at, down));
  canvas.addEventListener("blur", () => (pen.hidden = true));
  canvas.addEventListener("keydown", (event) => {
    const moves = { ArrowLeft: [-14, 0], ArrowRight: [14, 0], ArrowUp: [0, -14], ArrowDown: [0, 14] };
    if (event.key === " ") {
      down = !down;
      if (down) draw(at, at);
      else read(it);
    } else if (event.key in moves) {
      const next = at.map((v, i) => Math.min(270, Math.max(10, v + moves[event.key][i])));
      if (down) draw(at, next);
      at = next;
      if (down) read(it);
    } else return;
    movePen(at, down);
    event.preventDefault();
  });
  const erase = make("button", { type: "button", className: "live-button" }, "Erase");
  erase.addEventListener("click", () => {
    empty();
    it.answer.replaceChildren();
  });
  const example = make("button", { type: "button", className: "live-button" }, "Show a test digit");
  let shown = 0;
  example.addEventListener("click", async () => {
    try {
      shown = (shown + 37) % 1000;
      const { pixels, digit } = await it.engine.ask("testImage", { number: shown });
      empty();
      hint.hidden = true;
      const image = context.createImageData(28, 28);
      pixels.forEach((byte, i) => image.data.set([byte, byte, byte, 255], 4 * i));
      const small = make("canvas", { width: 28, height: 28 });
      small.getContext("2d").putImageData(image, 0, 0);
      context.imageSmoothingEnabled = false;
      context.drawImage(small, 0, 0, 280, 280);
      await read(it, pixels, `The digit is a ${digit}. `);
    } catch (error) {
      it.fail(error);
    }
  });
  it.context = context;
  it.answer = make("div", { className: "live-answer" });
  it.answer.setAttribute("role", "status");
  const buttons = make("div", { className: "live-buttons" }, erase, example);
  it.pad = make("div", { className: "live-pad", hidden: true }, make("div", {}, make("div", { className: "live-field" }, canvas, hint, pen), buttons), it.answer);
  it.body.append(it.pad);
}

// What the network that learned last says of the drawing.
async function read(it, pixels = asDigit(it.context), before = "") {
  if (!pixels) return;
  const run = it.latest;
  const outputs = Array.from(await it.engine.ask("read", { pixels }));
  const best = outputs.indexOf(Math.max(...outputs));
  const row = run.rows[run.rows.length - 1];
  const bars = outputs.map((output, digit) => {
    const bar = make("span", { className: "live-bar" });
    bar.style.width = `${Math.max(0, Math.min(1, output)) * 100}%`;
    const line = make("li", {}, make("span", {}, String(digit)), make("span", { className: "live-room" }, bar));
    if (digit === best) line.className = "best";
    return line;
  });
  const words = `${before}The network reads a ${best}. To teach it that far took ${count(row.step)} images, ${number(row.total)} a.u. of energy and ${number(row.writes)} writes.`;
  const list = make("ul", { className: "live-outputs" }, ...bars);
  list.setAttribute("aria-hidden", "true"); // the words say it
  it.answer.replaceChildren(make("p", {}, words), list);
}

// A drawing as MNIST has them: the digit fits into 20 by 20, its centre of mass in the middle; or
// null, if nothing is drawn.
function asDigit(context) {
  const { data } = context.getImageData(0, 0, 280, 280);
  let [left, right, top, bottom] = [280, -1, 280, -1];
  for (let y = 0; y < 280; y++) {
    for (let x = 0; x < 280; x++) {
      if (data[4 * (280 * y + x)] < 64) continue;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
    }
  }
  if (right < 0) return null;
  const size = Math.max(right - left, bottom - top) + 1;
  const scale = Math.min(20 / size, 0.2);
  const [width, height] = [right - left + 1, bottom - top + 1];
  const small = make("canvas", { width: 28, height: 28 }).getContext("2d", { willReadFrequently: true });
  const paint = (x, y) => {
    small.fillStyle = "black";
    small.fillRect(0, 0, 28, 28);
    small.imageSmoothingQuality = "high";
    small.drawImage(context.canvas, left, top, width, height, x, y, width * scale, height * scale);
    const pixels = small.getImageData(0, 0, 28, 28).data;
    return Uint8Array.from({ length: 784 }, (_, i) => pixels[4 * i]);
  };
  const [x, y] = [14 - (width * scale) / 2, 14 - (height * scale) / 2];
  const centred = paint(x, y);
  let [mass, atX, atY] = [0, 0, 0];
  centred.forEach((value, i) => {
    mass += value;
    atX += value * (i % 28);
    atY += value * Math.floor(i / 28);
  });
  return paint(x + Math.round(13.5 - atX / mass), y + Math.round(13.5 - atY / mass));
}
