// Chapter 1: two weights walk to where all patterns are right, and the bill grows.

explorable("walk", {
  label: "Watch two weights learn",
  over: true,
  note: "A pattern is a point, two inputs, that belongs to +1 or to −1. Sets of patterns differ in their points; each can just be learned.",

  build(it) {
    it.map = it.plot({ ratio: 0.9, highest: 420 });
    it.bill = it.plot({ ratio: 0.22, highest: 150, lowest: 130, margin: { left: 14 } });
    it.step = it.button("Next mistake", () => advance(it, 1));
    it.run = it.button("Run", () => (it.timer ? pause(it) : run(it)));
    it.button("Back to the start", () => (pause(it), showWalk(it, 0)));
    it.button("New patterns", () => {
      const { max } = window.synlibSettings.controls.walk.patterns;
      const next = it.controls.patterns.value + 1;
      it.controls.patterns.value = next > max ? 1 : next;
      it.changed();
    });
  },

  async answer(it, { patterns }) {
    pause(it);
    const { max_epochs, seeds } = window.synlibSettings.walk;
    const found = await it.engine.ask("walk", { seed: seeds[patterns - 1], max_epochs });
    it.walk = stepsOf(found);
    it.found = found;
    it.about = `Set ${patterns} of ${seeds.length}, ${counted(found.target.length, "pattern")}`;
    // at first the whole way, as in the picture; then from the start
    showWalk(it, it.begun ? 0 : it.walk.length - 1);
    it.begun = true;
  },

  python({ patterns }) {
    return `from synlib.book import plotting
from synlib.experiments import two_weights

plotting.walk(*two_weights(${window.synlibSettings.walk.seeds[patterns - 1]}))`;
  },
});

// The weights after each mistake, the distances, walked and straight, and what was wrong.
function stepsOf({ path, patterns, target }) {
  const steps = [{ at: [0, 0, 0], walked: 0, straight: 0 }];
  for (let t = 0; t < path.length; t += 3) {
    const at = [path[t], path[t + 1], path[t + 2]];
    const last = steps[steps.length - 1];
    const moved = at.reduce((sum, w, i) => sum + Math.abs(w - last.at[i]), 0);
    if (moved === 0) continue;
    const straight = at.reduce((sum, w) => sum + Math.abs(w), 0);
    const shown = t / 3;
    const pattern = shown % target.length;
    const inputs = [...patterns.subarray(3 * pattern, 3 * pattern + 2)];
    const answer = inputs.reduce((sum, x, i) => sum + x * last.at[i], last.at[2]);
    const wrong = { pattern, inputs, target: target[pattern], answer: Math.sign(answer) };
    steps.push({ at, walked: last.walked + moved, straight, wrong, epoch: Math.floor(shown / target.length) });
  }
  return steps;
}

function advance(it, by) {
  showWalk(it, Math.min(it.now + by, it.walk.length - 1));
  if (it.now === it.walk.length - 1) pause(it);
}

function run(it) {
  if (it.now === it.walk.length - 1) showWalk(it, 0);
  if (still.matches) return showWalk(it, it.walk.length - 1);
  it.run.textContent = "Pause";
  const by = Math.max(1, Math.round(it.walk.length / 240));
  it.timer = setInterval(() => advance(it, by), 40);
}

function pause(it) {
  clearInterval(it.timer);
  it.timer = null;
  it.run.textContent = "Run";
}

function showWalk(it, now) {
  it.now = now;
  const { colours, walk, found } = it;
  const end = walk[walk.length - 1];
  const here = walk[now];
  const learned = now === walk.length - 1 && found.converged;
  const xs = walk.map(({ at }) => at[0]);
  const ys = walk.map(({ at }) => at[1]);
  const x = { label: "weight 1", from: Math.min(...xs) - 0.6, to: Math.max(...xs) + 1.2 };
  const y = { label: "weight 2", from: Math.min(...ys) - 0.6, to: Math.max(...ys) + 1.2 };
  const marks = [
    { kind: "polygon", points: solutions(found, x, y), colour: colours.minimal, name: "all patterns right" },
    {
      kind: "line", width: 1.4, points: walk.slice(0, now + 1).map(({ at }) => at.slice(0, 2)),
      colour: colours["no caching"], name: "what learning walks",
    },
    { kind: "line", dash: "dashed", points: [[0, 0], here.at.slice(0, 2)], colour: colours.minimal, name: "what it needs" },
    { kind: "points", points: [[0, 0]], colour: "#000000" },
    { kind: "points", points: [here.at.slice(0, 2)], symbol: learned ? "star" : "circle", colour: "#000000" },
  ];
  if (now > 0) {
    const step = [walk[now - 1], here].map(({ at }) => at.slice(0, 2));
    marks.splice(3, 0, { kind: "line", width: 3.5, points: step, colour: colours.maintenance, name: "last mistake" });
  }
  const ratio = here.straight ? here.walked / here.straight : 0;
  const soFar = `After ${counted(now, "mistake")} the weights have walked ${number(here.walked)}; straight it would be ${number(here.straight)}`;
  it.map.show({ x, y, marks, words: `The way of two weights to where all patterns are right. ${soFar}.` });
  const bars = [
    ["walked", here.walked, colours["no caching"], 0.55],
    ["straight", here.straight, colours.minimal, 0.1],
  ];
  it.bill.show({
    x: { label: "distance of both weights and the bias (a.u.)", from: 0, to: end.walked },
    y: { from: 0, to: 1, hidden: true },
    marks: bars.map(([name, to, colour, bottom]) => ({ kind: "bar", from: 0, to, bottom, top: bottom + 0.35, colour, name })),
    words: soFar,
  });
  const times = ratio ? `: ${number(ratio)} times as far` : "";
  const state = learned
    ? " All patterns are right."
    : now === walk.length - 1
      ? ` Not learned in ${counted(found.epochs, "epoch")}.`
      : "";
  const wrong = here.wrong ? ` ${lastMistake(here)}` : "";
  if (!it.timer || learned) it.say(`${it.about}.${wrong} ${soFar}${times}.${state}`);
}

// Which pattern was wrong last, and what follows from that.
function lastMistake({ wrong: { pattern, inputs, target, answer }, epoch }) {
  const sign = (side) => (side > 0 ? "+1" : side < 0 ? "−1" : "0, neither");
  const [move, from] = target > 0 ? ["added to", "+1"] : ["taken from", "−1"];
  return `Last wrong, in epoch ${epoch + 1}: pattern ${pattern + 1}, (${inputs.map(number).join(", ")}), belongs to ${from}, but the neuron said ${sign(answer)}; so the pattern was ${move} the weights.`;
}

// The corner in which all patterns are right with the bias of the end, cut to what is shown: half
// planes, one after another.
function solutions({ patterns, target, weights }, x, y) {
  let corners = [[x.from, y.from], [x.to, y.from], [x.to, y.to], [x.from, y.to]];
  for (let p = 0; p < target.length; p++) {
    const side = ([a, b]) => target[p] * (a * patterns[3 * p] + b * patterns[3 * p + 1] + weights[2]);
    const cut = [];
    corners.forEach((corner, i) => {
      const next = corners[(i + 1) % corners.length];
      const [s, t] = [side(corner), side(next)];
      if (s > 0) cut.push(corner);
      if (s > 0 !== t > 0) cut.push([0, 1].map((k) => corner[k] + (s / (s - t)) * (next[k] - corner[k])));
    });
    corners = cut;
  }
  return corners;
}
