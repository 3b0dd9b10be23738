"""What the engine promises, each case timed in the same run as its dense oracle.

Tests never assert times: the table that `make bench` prints is there to be read.
"""

import numpy as np
import pytest

from benchmarks.cases import CASES, images
from synlib import Perceptron, SynapticCache, random_patterns
from synlib._random import generator
from synlib.memory import Persistent
from synlib.plasticity import AllSynapses
from tests.oracles import perceptron as perceptron_oracle


@pytest.mark.parametrize("engine", ["ours", "oracle"])
@pytest.mark.parametrize("case", [case for case in CASES if case.ratio], ids=lambda case: case.name)
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
