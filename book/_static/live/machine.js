// The compiled kernels of synlib in a page: loading, memory, calls. One class, which also is the text
// of a worker's script: it must not refer to anything outside of itself.

class Machine {
  // From the module's bytes.
  static async start(bytes) {
    const module = await WebAssembly.compile(bytes);
    const instance = await WebAssembly.instantiate(module, {});
    const [section] = WebAssembly.Module.customSections(module, "synlib");
    return new Machine(instance.exports, JSON.parse(new TextDecoder().decode(section)));
  }

  constructor(exports, description) {
    this.exports = exports;
    // entries and their arguments, sources, and the numbers that stand for scopes and rules
    Object.assign(this, description);
    this.exports._initialize();
    // where an entry writes what it returns, and what went wrong
    this.answer = exports.malloc(8);
    this.failure = exports.malloc(64);
  }

  // An array in the machine's memory, which entries read and change until it is let go.
  hold(array) {
    const held = this.room(array.constructor, array.length);
    this.view(held).set(array);
    return held;
  }

  // The same, filled with zeros.
  room(kind, length) {
    const pointer = this.exports.malloc(Math.max(1, length * kind.BYTES_PER_ELEMENT));
    if (!pointer) throw new Error("The page has no memory left for this; choose a smaller network.");
    const held = { pointer, length, kind };
    this.view(held).fill(kind === BigInt64Array ? 0n : 0);
    return held;
  }

  // What is held; to be used at once, since memory that grows leaves old views behind.
  view({ pointer, length, kind }) {
    return new kind(this.exports.memory.buffer, pointer, length);
  }

  letGo(...held) {
    for (const { pointer } of held) this.exports.free(pointer);
  }

  // Call an entry with arguments by name: numbers, and arrays that are held. Typed arrays are held for
  // the call, and have what the entry wrote into them afterwards.
  call(name, given) {
    const kinds = this.entries[name];
    if (!kinds) throw new Error(`The machine has no entry ${name}`);
    for (const argument of Object.keys(given)) {
      if (!(argument in kinds)) throw new Error(`${name} has no argument ${argument}`);
    }
    const lent = [];
    const flat = [];
    for (const [argument, kind] of Object.entries(kinds)) {
      const value = given[argument];
      if (value === undefined) throw new Error(`${name} needs the argument ${argument}`);
      if (kind === "float64") flat.push(Number(value));
      else if (kind === "int64") flat.push(BigInt(value));
      else {
        let held = value;
        if (ArrayBuffer.isView(value)) {
          held = this.hold(value);
          lent.push([held, value]);
        }
        const wanted = Machine.ARRAYS[kind.slice(6, kind.indexOf(","))];
        if (held.kind !== wanted) throw new Error(`${name} wants ${argument} as ${wanted.name}`);
        flat.push(held.pointer, BigInt(held.length));
      }
    }
    const status = this.exports[name](this.answer, this.failure, ...flat);
    for (const [held, value] of lent) {
      value.set(this.view(held));
      this.letGo(held);
    }
    if (status !== 0) throw new Error(`${name} failed with status ${status}`);
    return Number(new BigInt64Array(this.exports.memory.buffer, this.answer, 1)[0]);
  }
}

Machine.ARRAYS = {
  float64: Float64Array,
  float32: Float32Array,
  int64: BigInt64Array,
  bool: Uint8Array,
};
