// A network with one hidden layer in the page's worker, as `MLP.as_published("vanrossum2024", ...)`.

const N_PIXELS = 784;
const N_DIGITS = 10;
const INIT_SCALE = 0.01;

// The bundled images in the machine's memory, in single precision.
class Images {
  // bytes: one a pixel, the training images first; values: what each byte stands for
  constructor(machine, { bytes, labels, values, n_train }) {
    this.machine = machine;
    this.values = Float32Array.from(values);
    this.background = this.values[0];
    this.n_train = n_train;
    this.n_test = labels.length - n_train;
    const pixels = Float32Array.from(bytes, (byte) => this.values[byte]);
    this.train = machine.hold(pixels.subarray(0, n_train * N_PIXELS));
    this.test = machine.hold(pixels.subarray(n_train * N_PIXELS));
    this.labels = machine.hold(BigInt64Array.from(labels.subarray(0, n_train), BigInt));
    this.test_labels = labels.slice(n_train);
    this.test_bytes = bytes.slice(n_train * N_PIXELS);
  }

  // A test image as it is seen, and its digit.
  shown(number) {
    const pixels = this.test_bytes.slice(number * N_PIXELS, (number + 1) * N_PIXELS);
    return { pixels, digit: this.test_labels[number] };
  }
}

class Network {
  // settings: hidden, rate, rule, fraction; memory is null or has threshold, scope, decay_time,
  // maintenance_cost; seed
  constructor(machine, images, { hidden, rate, rule, fraction = 1, memory = null, seed = 0 }) {
    Object.assign(this, { machine, images, hidden, rate, memory, seed });
    this.shape = { n_inputs: N_PIXELS + 1, n_hidden: hidden, n_outputs: N_DIGITS };
    this.n_stores = memory ? 2 : 1;
    const sizes = new BigInt64Array(3);
    const { n_stores } = this;
    const n_weights = machine.call("network_sizes", { ...this.shape, n_stores, sizes });
    this.initial = machine.room(Float32Array, n_weights);
    this.weights = machine.room(Float32Array, n_weights);
    const [singles, doubles, integers] = [Float32Array, Float64Array, BigInt64Array].map((kind, i) =>
      machine.room(kind, Number(sizes[i])),
    );
    this.parts = { n_stores, singles, doubles, integers };
    const { initial } = this;
    machine.call("network_begin", { seed, init_scale: INIT_SCALE, ...this.shape, initial, ...this.parts });
    this.outputs = machine.room(Float32Array, images.n_test * N_DIGITS);
    this.random = machine.room(BigInt64Array, 6);
    this.order = machine.room(BigInt64Array, images.n_train);
    this.step = 0;
    this.choose(rule, fraction);
  }

  // Which synapses learn; a tenth of those onto the output units at least.
  choose(rule, fraction) {
    const sizes = [(N_PIXELS + 1) * this.hidden, this.hidden * N_DIGITS];
    const { ALL, BY_UPDATE, MASK } = this.machine.rules;
    const kind = { "all synapses": ALL, "largest updates": BY_UPDATE, "random synapses": MASK }[rule];
    if (kind === undefined) throw new Error(`There is no rule "${rule}"`);
    const counts = sizes.map((size, k) => rounded((k ? Math.max(fraction, 0.1) : fraction) * size));
    this.counts = BigInt64Array.from(counts, BigInt);
    // as the library does: choosing all is no choice, unless by a mask
    const kinds = sizes.map((size, k) => (kind === BY_UPDATE && counts[k] >= size ? ALL : kind));
    this.rules = BigInt64Array.from(kinds, BigInt);
    this.mask = this.machine.room(Uint8Array, kind === MASK ? sizes[0] + sizes[1] : 0);
    if (kind === MASK) {
      const { seed, counts, mask } = this;
      this.machine.call("network_mask", { seed, ...this.shape, counts, mask });
    }
  }

  // Learn from the next images, not beyond the end of an epoch; false if that went wrong.
  learn(count) {
    const { machine, images, rate, rules, counts, mask, parts } = this;
    const place = this.step % images.n_train;
    const epoch = (this.step - place) / images.n_train;
    const { seed, random } = this;
    if (place === 0) machine.call("network_order", { seed, epoch, random, order: this.order });
    const order = machine.view(this.order).slice(place, place + count);
    const { threshold, scope, decay_time, maintenance_cost } = this.memory ?? NO_CACHE;
    const done = machine.call("network_learn", {
      images: images.train, labels: images.labels, order, background: images.background,
      first_step: this.step, rate, rules, counts, mask, threshold, scope: machine.scopes[scope],
      decay_time, maintenance_cost, ...parts,
    });
    this.step += done;
    return done === order.length;
  }

  // A row of the history: accuracy on the test images, and the ledger so far.
  account() {
    const { machine, images, initial, weights, parts } = this;
    this.read(images.test, images.n_test);
    const outputs = machine.view(this.outputs);
    let right = 0;
    for (let i = 0; i < images.n_test; i++) {
      const said = outputs.subarray(i * N_DIGITS, (i + 1) * N_DIGITS);
      right += said.indexOf(Math.max(...said)) === images.test_labels[i];
    }
    const names = machine.ledger;
    const ledger = new Float64Array(2 * names.length);
    machine.call("network_ledger", { initial, weights, ...parts, ledger });
    const row = { step: this.step, accuracy: right / images.n_test };
    names.forEach((name, i) => {
      [row[`${name}_1`], row[`${name}_2`]] = [ledger[i], ledger[names.length + i]];
      row[name] = ledger[i] + ledger[names.length + i];
    });
    return row;
  }

  // What the output units say of images that are held.
  read(images, n_images) {
    const { machine, weights, outputs, parts } = this;
    const out = { ...outputs, length: n_images * N_DIGITS };
    const { background } = this.images;
    machine.call("network_outputs", { images, n_images, background, ...parts, weights, outputs: out });
    return machine.view(out).slice();
  }

  // What the output units say of a picture, one number a pixel from 0 to 255.
  say(pixels) {
    const picture = Float32Array.from(pixels, (byte) => this.images.values[byte]);
    const held = this.machine.hold(picture);
    const outputs = this.read(held, 1);
    this.machine.letGo(held);
    return outputs;
  }

  // Weights onto the first few units that can learn, as pictures; unit 0 is the bias.
  pictures(count = 12) {
    const weights = this.machine.view(this.weights);
    return Array.from({ length: Math.min(count, this.hidden - 1) }, (_, k) =>
      Float32Array.from({ length: N_PIXELS }, (_, i) => weights[i * this.hidden + k + 1]),
    );
  }

  end() {
    const { initial, weights, outputs, random, order, mask, parts } = this;
    const { singles, doubles, integers } = parts;
    this.machine.letGo(initial, weights, outputs, random, order, mask, singles, doubles, integers);
  }
}

const NO_CACHE = { threshold: 0, scope: "synapse", decay_time: Infinity, maintenance_cost: 0 };

// To the nearest integer, halves to the even one, as Python rounds.
function rounded(x) {
  const low = Math.floor(x);
  if (x - low !== 0.5) return Math.round(x);
  return low % 2 ? low + 1 : low;
}
