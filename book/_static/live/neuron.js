// A perceptron in the page's worker, as `Perceptron(...).fit(*random_patterns(...), trace=...)`.

const EPOCH = ["errors", "consolidation", "maintenance", "transition", "correction", "writes", "outstanding"];

const TWO_INPUTS_DRAWN = 60;

// Where single synapses are consolidated while others decay, the weights themselves are needed.
function isPrimal(memory) {
  return Boolean(memory && memory.scope === "synapse" && memory.decay_time < Infinity);
}

class Neuron {
  // settings: n_patterns, n_inputs, max_epochs, seed; memory is null, or has threshold, scope,
  // decay_time, maintenance_cost; patterns and targets, if they are not to be random
  constructor(machine, settings) {
    const { n_patterns, n_inputs, seed = 0, max_epochs = 10000, memory = null } = settings;
    Object.assign(this, { machine, n_patterns, n_inputs, max_epochs, memory });
    const synapses = n_inputs + 1;
    this.patterns = machine.room(Float64Array, n_patterns * synapses);
    this.target = machine.room(Float64Array, n_patterns);
    const { patterns, target } = this;
    if (settings.patterns) {
      machine.view(patterns).set(settings.patterns);
      machine.view(target).set(settings.target);
    } else {
      machine.call("perceptron_patterns", { seed, n_inputs, patterns, target });
    }
    this.primal = isPrimal(memory);
    this.gram = machine.room(Float64Array, this.primal ? 0 : n_patterns ** 2);
    if (!this.primal) machine.call("perceptron_products", { patterns, gram: this.gram });
    this.times = machine.room(BigInt64Array, n_patterns);
    const size = machine.call("perceptron_state_size", { n_patterns, n_synapses: synapses });
    this.state = machine.room(Float64Array, size);
    this.begin();
  }

  // With two inputs and patterns that can just be told apart, as `experiments.two_weights`.
  static ofTwoInputs(machine, seed, max_epochs) {
    const patterns = new Float64Array(TWO_INPUTS_DRAWN * 3);
    const target = new Float64Array(TWO_INPUTS_DRAWN);
    const n_patterns = machine.call("perceptron_two_inputs", { seed, patterns, target });
    return new Neuron(machine, {
      n_patterns,
      n_inputs: 2,
      max_epochs,
      patterns: patterns.subarray(0, n_patterns * 3),
      target: target.subarray(0, n_patterns),
    });
  }

  begin() {
    const { times, state } = this;
    this.machine.call("perceptron_begin", { n_synapses: this.n_inputs + 1, times, state });
    this.epochs = 0;
    this.converged = false;
    this.record = null;
  }

  // Some more epochs; returns the trace of some synapses, persistent and transient weights.
  learn(n_epochs, traced = []) {
    const record = new Float64Array(n_epochs * EPOCH.length);
    const trace = new Float64Array(n_epochs * this.n_patterns * traced.length * 2);
    const { patterns, target, gram, times, state, memory } = this;
    if (this.primal !== isPrimal(memory)) throw new Error("a neuron was made for another memory");
    const given = { patterns, target, gram, rate: 1, times, state, record, trace };
    given.traced = BigInt64Array.from(traced, BigInt);
    let done;
    if (memory) {
      const decay = 1 - 1 / memory.decay_time;
      const { threshold, maintenance_cost } = memory;
      const scope = this.machine.scopes[memory.scope];
      Object.assign(given, { threshold, scope, decay, maintenance_cost });
      done = this.machine.call("perceptron_learn_with_cache", given);
    } else {
      done = this.machine.call("perceptron_learn", given);
    }
    this.epochs += done;
    const row = record.subarray((done - 1) * EPOCH.length, done * EPOCH.length);
    this.record = Object.fromEntries(EPOCH.map((name, i) => [name, row[i]]));
    this.converged = this.record.errors === 0;
    return trace.subarray(0, done * this.n_patterns * traced.length * 2);
  }

  // What has been learned, and what it has cost.
  account() {
    const { patterns, target, times, state } = this;
    const weights = new Float64Array(this.n_inputs + 1);
    const cached = this.memory ? 1 : 0;
    const given = { patterns, target, rate: 1, cached, times, state, weights };
    const wrong = this.machine.call("perceptron_weights", given);
    const minimal = new Float64Array(1);
    this.machine.call("perceptron_minimal", { weights, minimal });
    const { consolidation, maintenance, transition, outstanding, writes } = this.record;
    const total = consolidation + maintenance + transition + outstanding;
    const updates = this.machine.view(times).reduce((sum, n) => sum + Number(n), 0);
    return {
      epochs: this.epochs,
      converged: this.converged,
      wrong,
      weights,
      updates,
      energy: { consolidation, maintenance, transition, outstanding, total, minimal: minimal[0], writes },
    };
  }

  end() {
    const { patterns, target, gram, times, state } = this;
    this.machine.letGo(patterns, target, gram, times, state);
  }
}
