"""What the engine promises, each case timed in the same run as its dense oracle.

Tests never assert times: the table that `make bench` prints is there to be read.
"""

from dataclasses import dataclass, field
from functools import cache

import numpy as np
import pytest

from synlib import (
    MLP,
    LargestUpdates,
    Perceptron,
    Subnetwork,
    SynapticCache,
    load_mnist,
    published_inputs,
    random_patterns,
)
from synlib._random import generator
from synlib.memory import Persistent
from synlib.plasticity import AllSynapses
from tests.oracles import perceptron as perceptron_oracle


@dataclass(frozen=True)
class Case:
    """A network to train: how long a sample takes, after everything is set up."""

    name: str
    seconds: float  # a sample takes about this long
    ratio: float  # how many times faster than the oracle it should be, at least
    inputs: str  # pixel/255, or as in a publication
    oracle_steps: int
    parameters: dict = field(default_factory=dict)
    published: str | None = None

    def net(self):
        if self.published:
            return MLP.as_published(self.published, random_state=0, **self.parameters)
        return MLP(random_state=0, **self.parameters)


CACHE = SynapticCache(0.04, "neuron", decay_time=1000, maintenance_cost=1e-3)
C = dict(inputs="vanrossum2024", published="vanrossum2024")
CASES = [
    Case("784-100-10, no caching", 8e-6, 25, "plain", 1000),
    Case("cache per neuron, decay, maintenance", 20e-6, 25, "plain", 1000, dict(memory=CACHE)),
    Case("the same, inputs of li2020", 80e-6, 10, "li2020", 1000, {}, "li2020"),
    Case("all synapses, 1,000 hidden", 120e-6, 20, oracle_steps=60, **C),
    Case(
        "largest 10 %, 1,000 hidden",
        200e-6,
        30,
        oracle_steps=12,
        parameters=dict(plasticity=LargestUpdates(0.1)),
        **C,
    ),
    Case(
        "largest 10 %, 10,000 hidden",
        2.5e-3,
        30,
        oracle_steps=2,
        parameters=dict(plasticity=LargestUpdates(0.1), hidden=10_000),
        **C,
    ),
    Case(
        "subnetwork of 100 in 200",
        8e-6,
        1,
        oracle_steps=100,
        parameters=dict(plasticity=Subnetwork(100), hidden=200),
        **C,
    ),
    Case(
        "subnetwork of 100 in 10,000",
        8e-6,
        200,
        oracle_steps=6,
        parameters=dict(plasticity=Subnetwork(100), hidden=10_000),
        **C,
    ),
]


@cache
def images(kind):
    mnist = load_mnist()
    X, y = mnist.X_train[:2000], mnist.y_train[:2000]
    if kind == "plain":
        return X, y
    return published_inputs(X, kind, noise=False), y


@pytest.mark.parametrize("engine", ["ours", "oracle"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_network(case, engine, benchmark):
    X, y = images(case.inputs)
    net = case.net()
    for_weights = generator(0)
    shapes = (784 + net.bias, net.hidden), (net.hidden, 10)
    weights = tuple(for_weights.normal(0, 0.01, shape) for shape in shapes)
    benchmark.extra_info |= dict(case=case.name, engine=engine, ratio=case.ratio, unit="sample")
    if engine == "oracle":
        net.set_params(engine="reference")
    rule, memory = net.plasticity or AllSynapses(), net.memory or Persistent()
    net.classes_ = np.arange(10)
    run = net._begun(memory, rule, X, weights)
    run.learn_from(net, rule, X, y)
    if engine == "ours":  # of static units, computed once, at the first look
        run.static.inputs(np.arange(len(X)))
    steps = max(100, min(2000, int(0.5 / case.seconds)))
    if engine == "oracle":
        steps = case.oracle_steps

    def train():
        stop = run.step + steps
        while run.step < stop:
            run.advance(stop)

    benchmark.extra_info["units"] = steps
    rounds = dict(rounds=30, warmup_rounds=2) if engine == "ours" else dict(rounds=5)
    benchmark.pedantic(train, **rounds)


@pytest.mark.parametrize("engine", ["ours", "oracle"])
def test_perceptron_without_cache(engine, benchmark):
    X, d = random_patterns(1900, 1000, random_state=0)
    neuron = Perceptron(max_epochs=1000)
    benchmark.extra_info |= dict(
        case="perceptron N=1000, P=1900, no caching",
        engine=engine,
        ratio=20,
        unit="1,000 epochs",
        units=1,
    )
    if engine == "ours":
        benchmark.pedantic(neuron.fit, (X, d), rounds=3, warmup_rounds=1)
    else:
        options = dict(max_epochs=1000)
        benchmark.pedantic(perceptron_oracle.learn, (X, d, Persistent()), options, rounds=1)


@pytest.mark.parametrize("engine", ["ours", "oracle"])
def test_perceptron_with_cache(engine, benchmark):
    X, d = random_patterns(1000, 1000, random_state=0)
    memory = SynapticCache(5, "neuron", decay_time=1000, maintenance_cost=1e-3)
    neuron = Perceptron(memory)
    presentations = 1000 * neuron.fit(X, d).n_epochs_
    assert neuron.converged_
    benchmark.extra_info |= dict(
        case="perceptron N=P=1000, cache per neuron, decay",
        engine=engine,
        ratio=10,
        unit="presentation",
        units=presentations,
    )
    if engine == "ours":
        benchmark.pedantic(neuron.fit, (X, d), rounds=5, warmup_rounds=1)
    else:
        benchmark.pedantic(perceptron_oracle.learn, (X, d, memory), rounds=1)
