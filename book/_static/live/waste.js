// Chapter 1: how much of its energy a whole neuron wastes, against the load.

explorable("waste", {
  label: "How much a neuron wastes",
  note: "Load: patterns per input. Random patterns can be learned up to 2, the capacity.",

  build(it) {
    it.points = [];
    it.chart = it.plot({ ratio: 0.55, lowest: 240 });
    it.learn = it.button("Learn new patterns", () => learnMore(it));
    it.stop = it.button("Stop", () => it.asked?.stop(), { disabled: true });
    it.button("Clear", () => ((it.points = []), showPoints(it, "No neuron has learned yet.")));
    showPoints(it);
  },

  answer(it) {
    const { waste_load: load, n_inputs } = it.settings();
    const theory = number(inefficiencyTheory(load, n_inputs));
    showPoints(
      it,
      `${counted(Math.round(load * n_inputs), "pattern")} on ${n_inputs} inputs: theory says ${theory} times the minimum. Let a neuron learn; each time it gets new patterns.`,
    );
  },

  // of the neuron that learned last with these settings
  python({ waste_load, n_inputs }, { points = [] }) {
    const seed = Math.max(0, learnedAt(points, waste_load, n_inputs) - 1);
    return `from synlib import Perceptron, random_patterns

X, d = random_patterns(${Math.round(waste_load * n_inputs)}, ${n_inputs}, random_state=${seed})
neuron = Perceptron().fit(X, d)
neuron.energy_["total"] / neuron.energy_["minimal"]`;
  },
});

// Energy as a multiple of the minimum, were weights to walk at random.
function inefficiencyTheory(load, n_inputs) {
  return Math.sqrt(Math.PI * load * n_inputs) / (2 - load);
}

// How many neurons have learned at a load.
function learnedAt(points, load, n_inputs) {
  return points.filter((p) => p.load === load && p.n_inputs === n_inputs).length;
}

async function learnMore(it) {
  const { waste_load: load, n_inputs } = it.settings();
  const n_patterns = Math.max(1, Math.round(load * n_inputs));
  const seed = learnedAt(it.points, load, n_inputs);
  const { max_epochs } = window.synlibSettings.waste;
  it.learn.disabled = true;
  it.stop.disabled = false;
  try {
    it.asked = it.engine.ask("neuron", { n_patterns, n_inputs, seed, max_epochs }, ({ epochs, errors }) =>
      errors && it.say(`Epoch ${epochs}: ${errors} of ${counted(n_patterns, "pattern")} still wrong.`),
    );
    const { epochs, converged, energy } = await it.asked;
    const inefficiency = energy.total / energy.minimal;
    it.points.push({ load, n_inputs, converged, inefficiency });
    it.showPython();
    const theory = number(inefficiencyTheory(load, n_inputs));
    showPoints(
      it,
      converged
        ? `${counted(n_patterns, "pattern")} on ${n_inputs} inputs, learned in ${counted(epochs, "epoch")}: the weights walked ${number(energy.total)}, where ${number(energy.minimal)} would do. That is ${number(inefficiency)} times the minimum; theory says ${theory}.`
        : `${counted(n_patterns, "pattern")} on ${n_inputs} inputs were not learned in ${counted(epochs, "epoch")}, ${number(inefficiency)} times the minimum later; no point is drawn.`,
    );
  } catch (error) {
    it.fail(error);
  } finally {
    it.learn.disabled = false;
    it.stop.disabled = true;
  }
}

const CAPACITY = 2;
const BY_SIZE = ["diamond", "triangle", "circle", "square", "cross"];

function showPoints(it, words) {
  const { colours } = it;
  const { waste_load, n_inputs } = it.settings();
  const { options } = it.controls.n_inputs.described;
  const loads = Array.from({ length: 100 }, (_, i) => 0.05 + (1.85 * i) / 99);
  const learned = it.points.filter((point) => point.converged);
  const curve = (n) => loads.map((load) => [load, inefficiencyTheory(load, n)]);
  const sizes = options.map(([, n], i) => {
    const points = learned.filter((point) => point.n_inputs === n).map((p) => [p.load, p.inefficiency]);
    return { n, points, symbol: BY_SIZE[i], colour: n === n_inputs ? colours["no caching"] : colours.minimal };
  });
  const seen = sizes.filter(({ points }) => points.length);
  const others = seen.filter(({ n }) => n !== n_inputs);
  const marks = [
    ...others.map(({ n, colour }) => ({
      kind: "line", points: curve(n), colour, dash: "dashed", width: 1, name: "theory, other sizes",
    })),
    { kind: "line", points: curve(n_inputs), colour: colours.theory, dash: "dashed", width: 1.4, name: `theory, ${n_inputs} inputs` },
    { kind: "up", at: waste_load, colour: "#000000", dash: "dotted", width: 1.2, name: "load now" },
    { kind: "up", at: CAPACITY, colour: colours.minimal, width: 2, name: "capacity" },
    ...seen.map(({ n, ...mark }) => ({ ...mark, kind: "points", name: `your neurons, ${n} inputs` })),
  ];
  const values = [...curve(n_inputs), ...seen.flatMap(({ n, points }) => [...curve(n), ...points])].map(([, v]) => v);
  it.chart.show({
    x: { label: "load (patterns per input)", from: 0, to: CAPACITY + 0.1 },
    y: { label: "energy / minimum", ...around(values, { log: true }) },
    marks,
    words: `Energy as a multiple of the minimum against the load: ${counted(learned.length, "neuron")} and the curve of theory, which rises steeply toward the capacity, a load of ${CAPACITY}.`,
  });
  if (words) it.say(words);
}
