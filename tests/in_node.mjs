// Run the machine of the pages in Node: `node in_node.mjs FOLDER JOB ANSWER`, the last two of JSON. A
// job is the body of an asynchronous function of `machine` and `values`, and these values.
import { readFileSync, writeFileSync } from "node:fs";
import vm from "node:vm";

const [folder, job, answer] = process.argv.slice(2);
const { code, values } = JSON.parse(readFileSync(job, "utf8"), (key, value) =>
  value?.base64 === undefined ? value : new Uint8Array(Buffer.from(value.base64, "base64")),
);
const scripts = ["machine", "neuron", "network", "spiking"];
const text = scripts.map((name) => readFileSync(`${folder}/${name}.js`, "utf8")).join("\n");
const [Machine, run] = vm.runInThisContext(`${text}; [Machine, async (machine, values) => {${code}}]`);
const machine = await Machine.start(readFileSync(`${folder}/synlib.wasm`));
writeFileSync(answer, JSON.stringify(await run(machine, values)));
