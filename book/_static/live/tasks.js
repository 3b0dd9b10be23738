// What a page may ask of its worker, by name: `tasks[name](machine, settings, job)`. A job tells parts
// of the answer on the way, and knows whether the page has lost interest.

const kept = {}; // from one question to the next: images, networks and neurons

const tasks = {
  // The way of two weights.
  walk(machine, { seed, max_epochs }) {
    const neuron = Neuron.ofTwoInputs(machine, seed, max_epochs);
    const trace = neuron.learn(max_epochs, [0, 1, 2]);
    const { patterns, target } = neuron;
    const seen = { patterns: machine.view(patterns).slice(), target: machine.view(target).slice() };
    const account = neuron.account();
    neuron.end();
    return { ...account, ...seen, path: trace.filter((_, i) => i % 2 === 0) };
  },

  // A neuron without a cache.
  async neuron(machine, settings, job) {
    const neuron = new Neuron(machine, settings);
    // so many epochs at a time take a fraction of a second
    const slice = Math.max(1, Math.round(5e7 / neuron.n_patterns ** 2));
    while (neuron.epochs < neuron.max_epochs && !neuron.converged) {
      neuron.learn(Math.min(slice, neuron.max_epochs - neuron.epochs));
      job.tell({ epochs: neuron.epochs, errors: neuron.record.errors });
      if (await job.stopped()) break;
    }
    const account = neuron.account();
    neuron.end();
    return account;
  },

  // A neuron with a cache, beside one without; the trace of its first synapse.
  caching(machine, settings) {
    const neuron = remembered(machine, settings);
    const plain = withoutCache(machine, settings);
    neuron.memory = settings.memory;
    neuron.begin();
    const trace = neuron.learn(settings.max_epochs, [0]);
    return { ...neuron.account(), plain, trace };
  },

  // The same for many thresholds.
  async thresholds(machine, { thresholds, ...settings }, job) {
    const neuron = remembered(machine, settings);
    for (const threshold of thresholds) {
      const found = account(neuron, { ...settings.memory, threshold }, settings.max_epochs);
      job.tell({ threshold, ...found });
      if (await job.stopped()) return;
    }
  },

  // A network learns the bundled images, a point of its curve after another.
  async learn(machine, { evaluate_every, max_epochs, bundle, ...settings }, job) {
    if (bundle) kept.images = new Images(machine, await unpacked(bundle));
    const images = kept.images;
    kept.network?.end();
    const network = (kept.network = new Network(machine, images, settings));
    let diverged = false;
    while (network.step < max_epochs * images.n_train && !diverged) {
      const start = performance.now();
      diverged = !network.learn(evaluate_every - (network.step % evaluate_every));
      const seconds = (performance.now() - start) / 1e3;
      job.tell({ ...network.account(), seconds, pictures: network.pictures() });
      if (await job.stopped()) break;
    }
    return { diverged };
  },

  // What the network that has learned last says of a picture, one number a pixel from 0 to 255.
  read(machine, { pixels }) {
    return kept.network.say(pixels);
  },

  // One of the images that no network has learned from.
  testImage(machine, { number }) {
    return kept.images.shown(number);
  },

  // A spiking neuron without and with a cache; the first is kept, since no cache changes it.
  async spiking(machine, { max_rounds, seed, n_patterns, ...memory }, job) {
    const learned = async (settings) => {
      const neuron = new SpikingNeuron(machine, { seed, n_patterns, ...settings });
      while (neuron.history.length <= max_rounds && !neuron.settled) {
        neuron.learn();
        if (neuron.history.length % 50 === 0 && (await job.stopped())) return null;
      }
      return neuron;
    };
    const key = JSON.stringify([max_rounds, seed, n_patterns]);
    if (kept.spikingKey !== key) {
      kept.spiking = await learned({});
      kept.spikingKey = kept.spiking && key;
    }
    const neurons = [kept.spiking, kept.spiking && (await learned(memory))];
    if (neurons.includes(null)) return null;
    kept.neurons = neurons;
    return neurons.map((neuron) => ({
      rounds: neuron.history.length - 1,
      settled: neuron.settled,
      history: neuron.history,
      spent: neuron.spent,
      energy: neuron.account(),
      pair: [...neuron.pairs.slice(0, 2)].map(Number),
      strength: neuron.strengths[0],
    }));
  },

  // The membrane potential of both in a trial after some rounds.
  trial(machine, { round, seed }) {
    return kept.neurons.map((neuron) =>
      neuron.record(Math.min(round, neuron.history.length - 1), seed),
    );
  },
};

// The neuron with these patterns, whose products take longer than learning.
function remembered(machine, settings) {
  const { n_patterns, n_inputs, seed, memory, max_epochs } = settings;
  const key = JSON.stringify([n_patterns, n_inputs, seed, memory.scope, memory.decay_time < Infinity]);
  if (kept.key !== key) {
    kept.neuron?.end();
    kept.neuron = new Neuron(machine, settings);
    kept.key = key;
  }
  kept.neuron.max_epochs = max_epochs;
  return kept.neuron;
}

// What the same neuron spends without a cache: another one, since not every cache needs products.
function withoutCache(machine, { n_patterns, n_inputs, seed }) {
  const key = JSON.stringify([n_patterns, n_inputs, seed]);
  if (kept.plainKey !== key) {
    const neuron = new Neuron(machine, { n_patterns, n_inputs, seed });
    kept.plain = account(neuron, null, 10000);
    kept.plainKey = key;
    neuron.end();
  }
  return kept.plain;
}

function account(neuron, memory, max_epochs) {
  neuron.memory = memory;
  neuron.begin();
  neuron.learn(max_epochs);
  const { epochs, converged, updates, energy } = neuron.account();
  return { epochs, converged, updates, energy };
}

async function unpacked({ bytes, labels, ...rest }) {
  return { bytes: await inflated(bytes), labels: await inflated(labels), ...rest };
}

// Bytes that were compressed and written in base64.
async function inflated(text) {
  const packed = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// In a worker: answer one question after another; what says "stop" overtakes.
function serve() {
  let machine;
  const stopped = new Set();
  const pause = () => new Promise((resolve) => setTimeout(resolve));
  onmessage = async ({ data: { id, module, stop, task, settings } }) => {
    if (stop) return stopped.add(stop);
    if (module) machine = inflated(module).then(Machine.start);
    if (!task) return;
    const job = {
      tell: (part) => postMessage({ id, part }),
      stopped: () => pause().then(() => stopped.has(id)),
    };
    try {
      const result = stopped.has(id) ? null : await tasks[task](await machine, settings, job);
      postMessage({ id, result: result ?? null });
    } catch (error) {
      postMessage({ id, error: error.message });
    }
  };
}

if (typeof WorkerGlobalScope !== "undefined") serve();
