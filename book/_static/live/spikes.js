// Chapter 12: a neuron that spikes, with and without a cache.

explorable("spikes", {
  label: "Watch a spiking neuron learn",

  build(it) {
    it.voltage = it.plot({ ratio: 0.4, highest: 260 });
    it.conductance = it.plot({ ratio: 0.4, highest: 260 });
    it.energy = it.plot({ ratio: 0.4, highest: 260 });
  },

  async answer(it, { cache_threshold: threshold, n_patterns, rounds }) {
    const asked = { threshold, n_patterns, seed: 1, max_rounds: window.synlibSettings.spikes.max_rounds };
    const key = JSON.stringify(asked);
    if (it.key !== key) {
      it.found = await it.engine.ask("spiking", asked);
      it.key = key;
    }
    const trials = await it.engine.ask("trial", { round: rounds, seed: 0 });
    showSpikes(it, rounds, trials);
  },

  python({ cache_threshold, n_patterns }) {
    return `from synlib import SynapticCache, spiking

plain = spiking.learn(${n_patterns}, random_state=1)
cache = SynapticCache(${cache_threshold}, "synapse")
cached = spiking.learn(${n_patterns}, memory=cache, random_state=1)
plain.energy["total"], cached.energy["total"], cached.energy["minimal"]`;
  },
});

function showSpikes(it, rounds, trials) {
  const { colours, found } = it;
  const [plain, cached] = found;
  const { step, sound, sight, rest, threshold } = window.synlibSettings.spikes;
  const kinds = [["no caching", "no caching"], ["cache", "consolidation"]];
  const [shown] = trials;
  const points = Array.from(shown.voltage, (v, t) => [(t + 1) * step, Math.min(v, threshold)]);
  const spikes = points.filter(([, v]) => v >= threshold);
  const marks = [
    { kind: "span", from: sound[0], to: sound[1], colour: colours["per synapse"], name: "sound" },
    { kind: "span", from: sight[0], to: sight[1], colour: colours.maintenance, name: "sight" },
    { kind: "line", points, colour: "#000000", width: 1.2 },
    ...spikes.map(([t]) => ({ kind: "line", points: [[t, threshold], [t, threshold + 6]], colour: "#000000", width: 1.2 })),
  ];
  const bySound = spikes.filter(([t]) => t <= sight[0]).length;
  it.voltage.show({
    x: { label: "time in a trial (ms)", from: 0, to: points.length * step },
    y: { label: "membrane potential (mV)", from: rest - 6, to: threshold + 8 },
    marks,
    words: `Membrane potential in a trial after ${Math.min(rounds, plain.rounds)} rounds: ${spikes.length} spikes, ${bySound} of them before the sight.`,
  });
  const longest = Math.max(plain.rounds, cached.rounds);
  const x = { label: "rounds", from: 0, to: longest };
  const now = { kind: "up", at: Math.min(rounds, longest), colour: "#000000", dash: "dotted", width: 1, name: "trial above" };
  const weights = found.map(({ history, pair }) =>
    pair.map((input) => history.map((row, round) => [round, row[input]])),
  );
  it.conductance.show({
    x,
    y: { label: "conductance (nS)", ...around(weights.flat(2).map(([, w]) => w), { from: 0 }) },
    marks: [
      ...weights.flatMap((pair, k) => pair.map((line) => ({
        kind: "line", points: line, width: 1.4, colour: colours[kinds[k][1]], name: kinds[k][0],
        dash: k ? "dashed" : undefined,
      }))),
      now,
    ],
    words: "Conductances of the two active inputs over the rounds: they rise, and settle at the same level with a cache as without.",
  });
  const spent = found.map((neuron) => neuron.spent.map((energy, round) => [round, energy]));
  it.energy.show({
    x,
    y: { label: "energy so far (nS)", ...around(spent.flat().map(([, e]) => e), { from: 0 }) },
    marks: [
      ...spent.map((line, k) => ({ kind: "line", points: line, colour: colours[kinds[k][1]], name: kinds[k][0], dash: k ? "dashed" : undefined })),
      { kind: "across", at: cached.energy.minimal, colour: colours.minimal, dash: "dotted", name: "minimal" },
    ],
    words: "Energy over the rounds, with and without a cache.",
  });
  const times = plain.energy.total / cached.energy.total;
  it.say(
    `After ${Math.min(rounds, plain.rounds)} rounds the neuron (here without a cache) fires ${bySound} times to the sound alone. Learning costs ${number(plain.energy.total)} nS in ${plain.rounds} rounds without a cache, and ${number(cached.energy.total)} nS in ${cached.rounds} with one: ${number(times)} times less, ${number(cached.energy.total / cached.energy.minimal)} times the minimum.`,
  );
}
