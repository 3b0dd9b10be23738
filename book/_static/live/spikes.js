// Chapter 12: a neuron that spikes, with and without a cache.

explorable("spikes", {
  label: "Watch a spiking neuron learn",
  note: "A pattern is a sound, followed by a sight; in a round, each is met in a trial. Threshold: how far a conductance changes in the cache before it is written down. The last slider chooses the round after which the trial is shown.",

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
  const shown = trials.map(({ voltage }) => Array.from(voltage, (v, t) => [(t + 1) * step, Math.min(v, threshold)]));
  const spikes = shown.map((points) => points.filter(([, v]) => v >= threshold));
  const styles = kinds.map(([name, colour], k) => ({ kind: "line", colour: colours[colour], name, dash: k ? "dashed" : undefined }));
  const ticks = spikes.flatMap((some, k) => some.map(([t]) => ({
    kind: "line", colour: styles[k].colour, width: 1.6, points: [[t, threshold + 7 * k], [t, threshold + 7 * k + 6]],
  })));
  const bySound = spikes.map((some) => some.filter(([t]) => t <= sight[0]).length);
  it.voltage.show({
    x: { label: "time in a trial (ms)", from: 0, to: shown[0].length * step },
    y: { label: "membrane potential (mV)", from: rest - 6, to: threshold + 15 },
    marks: [
      { kind: "span", from: sound[0], to: sound[1], colour: colours["per synapse"], name: "sound" },
      { kind: "span", from: sight[0], to: sight[1], colour: colours.maintenance, name: "sight" },
      ...styles.map((style, k) => ({ ...style, points: shown[k], width: 1.4 })),
      ...ticks,
    ],
    words: `Membrane potential in a trial after ${counted(rounds, "round")}: ${counted(spikes[0].length, "spike")} without a cache, ${bySound[0]} of them before the sight, and ${spikes[1].length} with a cache, ${bySound[1]} of them before the sight.`,
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
    marks: [...weights.flatMap((pair, k) => pair.map((points) => ({ ...styles[k], points, width: 1.4 }))), now],
    words: "Conductances of the two active inputs over the rounds: they rise, and settle at the same level with a cache as without.",
  });
  const spent = found.map((neuron) => neuron.spent.map((energy, round) => [round, energy]));
  it.energy.show({
    x,
    y: { label: "energy so far (nS)", ...around(spent.flat().map(([, e]) => e), { from: 0 }) },
    marks: [
      ...spent.map((points, k) => ({ ...styles[k], points })),
      { kind: "across", at: cached.energy.minimal, colour: colours.minimal, dash: "dotted", name: "minimal" },
      now,
    ],
    words: "Energy over the rounds, with and without a cache.",
  });
  it.say(`${ofTrial(it, rounds, bySound)} ${ofLearning(found)}`);
}

// What the neurons do in the trial that is shown, and what the round before it cost.
function ofTrial({ controls, found }, rounds, bySound) {
  const [plain, cached] = bySound.map((n) => counted(n, "time"));
  const fires = plain === cached ? `${plain}, with a cache or without` : `${plain}, with a cache ${cached}`;
  const after = `After ${counted(rounds, "round")} the neuron fires to the sound alone ${fires}.`;
  if (rounds === 0) return after;
  const n_patterns = controls.n_patterns.value;
  const costs = found.map(({ spent }) => {
    const last = Math.min(rounds, spent.length - 1);
    return number((spent[last] - spent[last - 1]) / n_patterns);
  });
  const ended = found.some((neuron) => neuron.rounds < rounds) ? ", or of a neuron's last," : "";
  return `${after} A trial of that round${ended} cost ${costs[0]} nS without a cache, and ${costs[1]} nS with one.`;
}

function ofLearning([plain, cached]) {
  const times = plain.energy.total / cached.energy.total;
  const least = number(cached.energy.total / cached.energy.minimal);
  return `All learning costs ${number(plain.energy.total)} nS in ${counted(plain.rounds, "round")} without a cache, and ${number(cached.energy.total)} nS in ${counted(cached.rounds, "round")} with one: ${compared(times, "without")}, and ${least} times the minimum.`;
}
