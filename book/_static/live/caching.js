// Chapter 2: what a synaptic cache saves, and what it costs to hold changes.

explorable("caching", {
  label: "Play with a synaptic cache",
  over: true,
  note: "Holding costs: of a transient change of 1, for one presentation. Decay time: presentations until a change that is not written down has faded to a third. Scope: what is written down when a change reaches the threshold: its synapse, all of the neuron, or all once their sizes add up to it.",

  build(it) {
    it.bars = it.plot({ ratio: 0.24, highest: 170, lowest: 130, margin: { left: 14 } });
    it.trace = it.plot({ ratio: 0.42, highest: 300 });
    it.sweep = it.plot({ ratio: 0.45, highest: 300 });
    it.sweep.element.hidden = true;
    it.find = it.button("Find the cheapest threshold", () => findCheapest(it));
  },

  async answer(it, settings) {
    const asked = neuronOf(settings);
    const found = await it.engine.ask("caching", asked);
    it.found = found;
    showBars(it, settings, found, asked);
    showTrace(it, settings, found);
    // a sweep for other settings would be a lie
    const key = sweepKey(settings);
    if (it.swept?.key !== key) it.swept = null;
    showSweep(it, settings);
    it.say(inWords(it, settings, found, asked));
  },

  python({ load, threshold, scope, decay_time, maintenance_cost }) {
    const { n_inputs, max_epochs } = window.synlibSettings.caching;
    const time = decay_time === Infinity ? "" : `, decay_time=${decay_time}`;
    return `from synlib import Perceptron, SynapticCache, random_patterns

X, d = random_patterns(${Math.round(load * n_inputs)}, ${n_inputs}, random_state=0)
cache = SynapticCache(${threshold}, "${scope}"${time}, maintenance_cost=${maintenance_cost})
neuron = Perceptron(cache, max_epochs=${max_epochs}).fit(X, d)
neuron.energy_`;
  },
});

function neuronOf({ load, threshold, scope, decay_time, maintenance_cost }) {
  const { n_inputs, max_epochs } = window.synlibSettings.caching;
  const n_patterns = Math.round(load * n_inputs);
  return { n_patterns, n_inputs, max_epochs, seed: 0, memory: { threshold, scope, decay_time, maintenance_cost } };
}

// Energy without decay, for synapses that consolidate alone: consolidation and maintenance.
function cachingTheory(n_patterns, n_inputs, threshold, cost) {
  const gap = (2 - n_patterns / n_inputs) ** 2;
  const updates = (2 * n_patterns) / gap;
  const presentations = n_patterns ** 1.5 / gap;
  const written = Math.min((n_inputs * updates) / threshold + (n_inputs * threshold) / 3, n_inputs * updates);
  return written + (cost * n_inputs * presentations * threshold) / 3;
}

function showBars(it, settings, { energy, plain }, { n_patterns, n_inputs }) {
  const { colours } = it;
  const marks = [];
  let left = 0;
  for (const [name, colour, hatch] of [
    ["consolidation", "consolidation"],
    ["outstanding", "consolidation", true],
    ["maintenance", "maintenance"],
  ]) {
    const to = left + energy[name];
    marks.push({ kind: "bar", from: left, to, bottom: 0.2, top: 0.8, colour: colours[colour], hatch, name });
    left = to;
  }
  marks.push({ kind: "up", at: energy.minimal, colour: colours.minimal, dash: "dashed", name: "minimal" });
  marks.push({ kind: "up", at: plain.energy.total, colour: colours["no caching"], dash: "dashed", name: "no caching" });
  if (settings.scope === "synapse" && settings.decay_time === Infinity) {
    const at = cachingTheory(n_patterns, n_inputs, settings.threshold, settings.maintenance_cost);
    marks.push({ kind: "points", points: [[at, 0.5]], symbol: "diamond", colour: colours.theory, name: "theory" });
  }
  it.bars.show({
    x: { label: "energy (a.u.)", from: 0, to: 1.08 * Math.max(left, plain.energy.total) },
    y: { from: 0, to: 1, hidden: true },
    marks,
    words: `The energy spent, ${number(energy.total)}, between the minimum, ${number(energy.minimal)}, and the energy without a cache, ${number(plain.energy.total)}.`,
  });
}

function showTrace(it, { threshold }, { trace, epochs }) {
  const { colours } = it;
  const transient = [];
  const persistent = [];
  const written = [];
  for (let t = 0; t < trace.length / 2; t++) {
    const [l, s] = [trace[2 * t], trace[2 * t + 1]];
    const before = t ? [trace[2 * t - 2], trace[2 * t - 1]] : [0, 0];
    if (t && l === before[0] && s === before[1]) continue; // between changes the lines are level
    if (t) transient.push([t, before[1]]);
    transient.push([t + 1, s]);
    persistent.push([t + 1, l]);
    if (l !== before[0]) written.push([t + 1, l]);
  }
  const end = trace.length / 2;
  transient.push([end, trace[trace.length - 1]]);
  persistent.push([end, trace[trace.length - 2]]);
  const [shown, stored] = [thinned(transient), thinned(persistent)];
  const x = { label: "presentations", from: 0, to: Math.max(1, end) };
  const values = [...transient, ...persistent].map(([, value]) => value);
  const marks = [
    { kind: "area", points: shown, colour: colours.maintenance },
    { kind: "line", points: shown, width: 1.2, colour: colours.maintenance, name: "transient" },
    { kind: "line", points: stored, steps: true, colour: colours.consolidation, name: "persistent" },
    { kind: "points", points: written, symbol: "triangle", colour: colours.consolidation, name: "consolidated" },
  ];
  const y = { label: "weight of one synapse", ...around(values) };
  for (const at of [threshold, -threshold]) {
    if (at > y.from && at < y.to) marks.push({ kind: "across", at, colour: "#000000", width: 1, dash: "dotted", name: "threshold" });
  }
  it.trace.show({ x, y, marks, words: `The way of one synapse: written down ${counted(written.length, "time")} in ${counted(epochs, "epoch")}.` });
}

function sweepKey({ threshold, ...others }) {
  return JSON.stringify(others, (_, value) => (value === Infinity ? "none" : value));
}

async function findCheapest(it) {
  const settings = it.settings();
  const { min, max } = window.synlibSettings.controls.caching.threshold;
  const thresholds = [];
  for (let place = min; place <= max + 1e-9; place += 0.1) thresholds.push(Number((10 ** place).toPrecision(4)));
  if (!thresholds.includes(settings.threshold)) thresholds.push(settings.threshold); // which may be the best
  thresholds.sort((a, b) => a - b);
  const swept = { key: sweepKey(settings), points: [] };
  it.swept = swept;
  it.find.disabled = true;
  try {
    await it.engine.ask("thresholds", { ...neuronOf(settings), thresholds }, (point) => {
      swept.points.push(point);
      if (it.swept === swept) showSweep(it, it.settings());
    });
  } catch (error) {
    return it.fail(error);
  } finally {
    it.find.disabled = false;
  }
  if (it.swept !== swept) return; // other settings, meanwhile
  swept.whole = true;
  const learned = swept.points.filter((point) => point.converged);
  if (!learned.length) return it.say("With these settings nothing is learned, whatever the threshold.");
  const best = learned.reduce((a, b) => (b.energy.total < a.energy.total ? b : a));
  it.controls.threshold.value = best.threshold;
  it.changed();
}

function showSweep(it, settings) {
  const points = it.swept?.points ?? [];
  it.sweep.element.hidden = points.length < 2;
  if (points.length < 2) return;
  const { colours, found } = it;
  const learned = points.filter((point) => point.converged);
  const line = (name, colour, value) => ({
    kind: "line",
    points: learned.map((point) => [point.threshold, value(point.energy)]),
    colour: colours[colour],
    name,
  });
  const marks = [
    line("consolidation", "consolidation", (energy) => energy.consolidation + energy.outstanding),
    line("maintenance", "maintenance", (energy) => energy.maintenance),
    line("total", "total", (energy) => energy.total),
  ];
  const { n_patterns, n_inputs } = neuronOf(settings);
  if (settings.scope === "synapse" && settings.decay_time === Infinity) {
    const theory = points.map(({ threshold }) => [
      threshold,
      cachingTheory(n_patterns, n_inputs, threshold, settings.maintenance_cost),
    ]);
    marks.push({ kind: "line", points: theory, colour: colours.theory, dash: "dashed", width: 1.3, name: "theory" });
  }
  marks.push({ kind: "across", at: found.plain.energy.total, colour: colours["no caching"], width: 1.3, name: "no caching" });
  marks.push({ kind: "up", at: settings.threshold, colour: "#000000", width: 1, dash: "dotted", name: "threshold now" });
  const { min, max } = window.synlibSettings.controls.caching.threshold;
  const values = learned.flatMap(({ energy }) => [energy.total, energy.consolidation + energy.outstanding]);
  it.sweep.show({
    x: { label: "threshold", log: true, from: 10 ** min, to: 10 ** max },
    y: { label: "energy (a.u.)", ...around([...values, found.plain.energy.total], { log: true }) },
    marks,
    words: "Energy against the threshold: consolidation falls, maintenance rises, and their sum is least in between.",
  });
}

function inWords(it, settings, { energy, plain, epochs, converged }, { max_epochs }) {
  if (!converged) return `Not learned in ${counted(max_epochs, "epoch")}: too much is forgotten before it is written down. So far ${number(energy.total)} was spent.`;
  const held = energy.maintenance / energy.total;
  const saved = plain.energy.total / energy.total;
  return `Learned in ${counted(epochs, "epoch")} for ${number(energy.total)} a.u., ${compared(saved, "without a cache")} and ${number(energy.total / energy.minimal)} times the minimum. ${Math.round(100 * held)} % of it is maintenance.${whereItPays(it, settings, plain)}`;
}

// What the sweep says, once it is there as a whole.
function whereItPays(it, { threshold }, plain) {
  if (!it.swept?.whole) return "";
  const learned = it.swept.points.filter((point) => point.converged);
  const best = learned.reduce((a, b) => (b.energy.total < a.energy.total ? b : a));
  const cheapest = threshold === best.threshold ? " No threshold that was tried is cheaper" : ` The cheapest threshold tried is ${number(best.threshold)}`;
  // where every change is written down at once, cache and no cache spend the same, but for rounding
  const pays = learned.filter(({ energy }) => energy.total < 0.995 * plain.energy.total);
  if (!pays.length) return `${cheapest}, and none costs less than no cache.`;
  const [from, to] = [pays[0], pays[pays.length - 1]];
  const up = to === learned[learned.length - 1] ? "on" : `to ${number(to.threshold)}`;
  const gaps = learned.indexOf(to) - learned.indexOf(from) >= pays.length ? ", but not at all of these" : "";
  return `${cheapest}; a cache pays from ${number(from.threshold)} ${up}${gaps}.`;
}
