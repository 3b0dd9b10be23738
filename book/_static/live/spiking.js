// A spiking neuron in the page's worker, as `spiking.learn`.

const N_SOUNDS = 100;
const LARGEST = 2.5; // nS
const SETTLED_ROUNDS = 10;
const SETTLED_WITHIN = 0.03;
const N_STEPS = 1500;

class SpikingNeuron {
  // settings: n_patterns, threshold, decay_time, maintenance_cost, seed
  constructor(machine, { n_patterns, threshold = 0, decay_time = Infinity, maintenance_cost = 0, seed = 0 }) {
    Object.assign(this, { machine, threshold, decay_time, maintenance_cost });
    this.random = new BigInt64Array(6);
    this.pairs = new BigInt64Array(2 * n_patterns);
    this.strengths = new Float64Array(n_patterns);
    const { random, pairs, strengths } = this;
    machine.call("spiking_patterns", { seed, n_inputs: N_SOUNDS, random, pairs, strengths });
    this.persistent = new Float64Array(N_SOUNDS);
    this.transient = new Float64Array(N_SOUNDS);
    this.state = new Float64Array([1, 0]);
    this.ledger = new Float64Array(3);
    this.history = [this.weights()];
    this.spent = [0];
  }

  weights() {
    return this.persistent.map((weight, i) => weight + this.state[0] * this.transient[i]);
  }

  // Present every pattern once.
  learn() {
    const { threshold, decay_time, maintenance_cost, random, pairs, strengths } = this;
    const { persistent, transient, state, ledger } = this;
    this.machine.call("spiking_round", {
      pairs, strengths, threshold, decay_time, maintenance_cost, random, persistent, transient,
      state, ledger,
    });
    this.history.push(this.weights());
    this.spent.push(this.account().total);
  }

  account() {
    const [consolidation, maintenance, writes] = this.ledger;
    const weights = this.history[this.history.length - 1];
    const outstanding = weights.reduce((sum, w, i) => sum + Math.abs(w - this.persistent[i]), 0);
    const minimal = weights.reduce((sum, w) => sum + w, 0);
    const total = consolidation + maintenance + outstanding;
    return { consolidation, maintenance, outstanding, total, minimal, writes };
  }

  // Whether the weights have come to rest.
  get settled() {
    if (this.history.length <= SETTLED_ROUNDS) return false;
    const last = this.history.slice(-SETTLED_ROUNDS);
    return last[0].every((_, i) => {
      const mean = last.reduce((sum, weights) => sum + weights[i], 0) / SETTLED_ROUNDS;
      return last.every((weights) => Math.abs(weights[i] - mean) <= SETTLED_WITHIN * LARGEST);
    });
  }

  // The membrane potential in a trial with the first pattern, as the weights were after a round.
  record(round, seed) {
    const voltage = new Float64Array(N_STEPS);
    const weights = this.history[round];
    const pair = this.pairs.slice(0, 2);
    const strength = this.strengths[0];
    const spikes = this.machine.call("spiking_record", { seed, weights, pair, strength, voltage });
    return { voltage, spikes };
  }
}
