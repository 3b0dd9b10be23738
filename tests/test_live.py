"""The machine of the pages gives what Python gives, to the last bit; in Node, if there is one."""

import base64
import gzip
import json
import math
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from synlib import MLP, Perceptron, SynapticCache, load_mnist, random_patterns, spiking
from synlib.book import explore
from synlib.book.live import draws, pages, settings
from synlib.published import published_inputs
from tools import make_live

DRIVER = Path(__file__).with_name("in_node.mjs")
CACHES = [
    None,
    dict(threshold=6, scope="synapse", decay_time=math.inf, maintenance_cost=0.01),
    dict(threshold=4, scope="synapse", decay_time=1000, maintenance_cost=1e-3),
    dict(threshold=6, scope="neuron", decay_time=500, maintenance_cost=0.01),
    dict(threshold=300, scope="neuron-sum", decay_time=2000, maintenance_cost=1e-5),
]
NEURON = """
    const neuron = new Neuron(machine, values.settings);
    const trace = neuron.learn(300, [0, values.settings.n_inputs]);
    const { weights, ...account } = neuron.account();
    return { ...account, trace: [...trace], weights: [...weights] };"""
NETWORK = """
    const images = new Images(machine, values.images);
    const network = new Network(machine, images, values.settings);
    const rows = [];
    while (network.step < images.n_train) {
        network.learn(250);
        rows.push(network.account());
    }
    return { rows, weights: [...machine.view(network.weights)] };"""
SPIKES = """
    const neuron = new SpikingNeuron(machine, values.settings);
    while (neuron.history.length <= 1000 && !neuron.settled) neuron.learn();
    const { voltage } = neuron.record(neuron.history.length - 1, 3);
    const weights = neuron.history.map((row) => [...row]);
    return { weights, energy: neuron.account(), spent: neuron.spent, voltage: [...voltage] };"""


def in_node(tmp_path, code, **values):
    """What the machine answers, in Node."""
    if shutil.which("node") is None:
        pytest.skip("no Node here; `make test-browser` asks Chromium")
    job, answer = tmp_path / "job.json", tmp_path / "answer.json"
    text = json.dumps({"code": code, "values": values}).replace("Infinity", "1e999")
    job.write_text(text)
    subprocess.run(["node", DRIVER, pages.SCRIPTS, job, answer], check=True)
    return json.loads(answer.read_text())


def agree(ours, theirs):
    """Sums of the ledger, whose terms may be added in any order."""
    assert ours == pytest.approx(theirs, rel=1e-12, abs=1e-12)


@pytest.fixture(scope="module")
def images():
    """The images of the pages, as the driver takes them."""
    found = pages.images()
    return found | {name: {"base64": repacked(found[name])} for name in ("bytes", "labels")}


@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1])
def test_draws_are_those_of_numpy(seed):
    for child, theirs in enumerate(np.random.default_rng(seed).spawn(3)):
        ours = draws.begin(seed, child)
        assert [draws.uniform(ours) for _ in range(9)] == theirs.random(9).tolist()
        # an odd number of them leaves half a draw behind, for whatever comes next
        for n in (6000, 2, 1, 3 * 2**30):
            drawn = theirs.integers(n, size=5).tolist()
            assert [draws.below(ours, n) for _ in range(5)] == drawn
        assert draws.permutation(ours, 1003).tolist() == theirs.permutation(1003).tolist()
        assert draws.uniform(ours) == theirs.random()
    assert draws.uniform(draws.begin(seed, -1)) == np.random.default_rng(seed).random()


@pytest.mark.parametrize("memory", CACHES, ids=str)
def test_perceptron(tmp_path, memory):
    chosen = {"n_patterns": 160, "n_inputs": 150, "memory": memory, "seed": 5}
    ours = in_node(tmp_path, NEURON, settings=chosen)
    X, d = random_patterns(160, 150, random_state=5)
    cache = SynapticCache(**memory) if memory else None
    theirs = Perceptron(cache, max_epochs=300).fit(X, d, trace=[0, 150])
    assert ours["epochs"] == theirs.n_epochs_
    assert ours["converged"] == theirs.converged_
    assert ours["weights"] == [*theirs.coef_[0], theirs.intercept_[0]]
    assert ours["trace"] == theirs.trace_.ravel().tolist()
    agree(ours["energy"], {name: theirs.energy_[name] for name in ours["energy"]})


@pytest.mark.parametrize("memory", settings.MEMORIES)
@pytest.mark.parametrize("rule", explore.RULES)
def test_network_over_a_whole_epoch(tmp_path, images, rule, memory):
    chosen = {"hidden": 60, "rate": 0.01, "rule": rule, "fraction": 0.05, "seed": 2}
    cache = settings.MEMORIES[memory]
    ours = in_node(tmp_path, NETWORK, images=images, settings=chosen | {"memory": cache})

    mnist = load_mnist()
    mean = 0.98 * mnist.X_train.mean()
    X, X_test = (
        published_inputs(part, "vanrossum2024", mean=mean, noise=False)
        for part in (mnist.X_train, mnist.X_test)
    )
    net = MLP.as_published(
        "vanrossum2024",
        hidden=60,
        plasticity=explore.RULES[rule](0.05),
        memory=SynapticCache(**cache) if cache else None,
        max_epochs=1,
        dtype="float32",
        random_state=2,
    )
    net.fit(X, mnist.y_train, (X_test, mnist.y_test), evaluate_every=250)
    weights = np.concatenate([w.ravel() for w in net.weights_])
    assert np.array_equal(np.array(ours["weights"], np.float32), weights)
    rows = pd.DataFrame(ours["rows"])
    assert rows["accuracy"].tolist() == net.history_["accuracy"].tolist()
    for name in rows:
        agree(rows[name].tolist(), net.history_[name].tolist())


def test_rules_are_those_of_a_notebook():
    assert tuple(explore.RULES) == settings.RULES


@pytest.mark.parametrize("threshold", [0.0, 0.2])
def test_spiking_neuron(tmp_path, threshold):
    memory = dict(threshold=threshold, decay_time=5000.0, maintenance_cost=1e-5)
    ours = in_node(tmp_path, SPIKES, settings={"n_patterns": 6, "seed": 1} | memory)
    theirs = spiking.learn(6, memory=SynapticCache(scope="synapse", **memory), random_state=1)
    assert np.array_equal(ours["weights"], theirs.weights)
    agree(ours["energy"], {name: theirs.energy[name] for name in ours["energy"]})
    agree(ours["spent"], theirs.spent.tolist())
    pairs, strengths = spiking.draw_patterns(6, 100, np.random.default_rng(1))
    voltage = spiking.record_trial(theirs.weights[-1], pairs[0], strengths[0], 3)
    assert ours["voltage"] == voltage.tolist()


def test_module_is_that_of_the_sources():
    """A stale module computes other numbers than the book: ``make live`` makes it anew."""
    module = pages.MODULE.read_bytes()
    # of a section whose name is "synlib", what is described is JSON up to the end of the file
    described = json.loads(module[module.rindex(b"\x06synlib") + 7 :])
    assert described["sources"] == make_live.version_of_sources()


def test_what_pages_load_is_small():
    scripts = [path.read_bytes() for path in pages.SCRIPTS.glob("*.js")]
    content = b"".join([*scripts, pages.MODULE.read_bytes()])
    assert len(gzip.compress(content)) < 150_000


def test_machine_refuses_what_it_does_not_know(tmp_path):
    code = """
        const errors = [];
        const tries = [["no_such", {}], ["perceptron_minimal", {}],
            ["perceptron_minimal", { weights: new Float32Array(2), minimal: new Float64Array(1) }],
            ["perceptron_state_size", { n_patterns: 1, n_synapses: 1, other: 1 }]];
        for (const [name, given] of tries) {
            try { machine.call(name, given); } catch (error) { errors.push(error.message); }
        }
        return errors;"""
    no_such, missing, wrong, unknown = in_node(tmp_path, code)
    assert re.search("no entry no_such", no_such)
    assert re.search("perceptron_minimal needs the argument weights", missing)
    assert re.search("perceptron_minimal wants weights as Float64Array", wrong)
    assert re.search("perceptron_state_size has no argument other", unknown)


def repacked(content):
    return base64.b64encode(gzip.decompress(base64.b64decode(content))).decode()
