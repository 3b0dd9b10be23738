// Chapter 1: how much of its energy a whole neuron wastes, against the load.

explorable("waste", {
  label: "How much a neuron wastes",

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
      `${Math.round(load * n_inputs)} patterns on ${n_inputs} inputs: theory says ${theory} times the minimum. Let a neuron learn; each time it gets new patterns.`,
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
      errors && it.say(`Epoch ${epochs}: ${errors} of ${n_patterns} patterns are still wrong.`),
    );
    const { epochs, converged, energy } = await it.asked;
    const inefficiency = energy.total / energy.minimal;
    it.points.push({ load, n_inputs, converged, inefficiency });
    it.showPython();
    const theory = number(inefficiencyTheory(load, n_inputs));
    showPoints(
      it,
      converged
        ? `${n_patterns} patterns on ${n_inputs} inputs, learned in ${epochs} epochs: the weights walked ${number(energy.total)}, where ${number(energy.minimal)} would do. That is ${number(inefficiency)} times the minimum; theory says ${theory}.`
        : `${n_patterns} patterns on ${n_inputs} inputs were not learned in ${epochs} epochs, ${number(inefficiency)} times the minimum later; no point is drawn.`,
    );
  } catch (error) {
    it.fail(error);
  } finally {
    it.learn.disabled = false;
    it.stop.disabled = true;
  }
}

function showPoints(it, words) {
  const { colours } = it;
  const { waste_load, n_inputs } = it.settings();
  const loads = Array.from({ length: 100 }, (_, i) => 0.05 + (1.85 * i) / 99);
  const learned = it.points.filter((point) => point.converged);
  const own = learned.filter((point) => point.n_inputs === n_inputs);
  const others = learned.filter((point) => point.n_inputs !== n_inputs);
  const theory = loads.map((load) => [load, inefficiencyTheory(load, n_inputs)]);
  const marks = [
    { kind: "line", points: theory, colour: colours.theory, dash: "dashed", width: 1.4, name: `theory, ${n_inputs} inputs` },
    { kind: "up", at: waste_load, colour: colours.minimal, dash: "dotted", width: 1.2, name: "load now" },
    { kind: "points", points: others.map((p) => [p.load, p.inefficiency]), colour: colours.minimal, name: others.length ? "other sizes" : "" },
    { kind: "points", points: own.map((p) => [p.load, p.inefficiency]), colour: colours["no caching"], name: own.length ? `your neurons, ${n_inputs} inputs` : "" },
  ];
  it.chart.show({
    x: { label: "load (patterns per input)", from: 0, to: 2 },
    y: { label: "energy / minimum", ...around([...theory, ...marks[3].points, ...marks[2].points].map(([, v]) => v), { log: true }) },
    marks,
    words: `Energy as a multiple of the minimum against the load: ${learned.length} neurons and the curve of theory, which rises steeply toward a load of 2.`,
  });
  if (words) it.say(words);
}
