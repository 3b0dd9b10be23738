"""The entries of the ledger mean the same in all networks, at every moment of learning."""

import numpy as np
import pytest

from synlib import MLP, Perceptron, SynapticCache, random_patterns, spiking
from synlib.energy import LEDGER
from synlib.experiments import mlp_run, perceptron_run, spiking_run
from tests.oracles import perceptron as oracle
from tests.test_mlp import samples

PARTS = ("consolidation", "maintenance", "transition", "outstanding")


def mlp(threshold):
    X, y = samples(0, 0.0)
    cache = SynapticCache(threshold, "synapse", maintenance_cost=1e-3)
    return MLP(hidden=9, memory=cache, max_epochs=2, random_state=0).fit(X, y).energy_


def perceptron(threshold):
    X, d = random_patterns(40, 40, random_state=0)
    return Perceptron(SynapticCache(threshold, "synapse", maintenance_cost=1e-3)).fit(X, d).energy_


def spikes(threshold):
    cache = SynapticCache(threshold, "synapse", maintenance_cost=1e-3)
    return spiking.learn(2, memory=cache, max_rounds=5, random_state=0).energy


@pytest.mark.parametrize("learn", [mlp, perceptron, spikes])
def test_consolidation_is_what_was_spent_on_writes(learn):
    never, always, sometimes = (
        learn(1e9),
        learn(0.0),
        learn({mlp: 1e-3, spikes: 0.1}.get(learn, 3)),
    )
    assert never["consolidation"] == never["writes"] == 0
    assert never["outstanding"] == pytest.approx(never["minimal"], rel=1e-9)
    assert always["outstanding"] == pytest.approx(0, abs=1e-15)
    assert always["consolidation"] >= always["minimal"] * (1 - 1e-12) > 0
    assert min(sometimes[part] for part in ("consolidation", "maintenance", "outstanding")) > 0
    for energy in (never, always, sometimes):
        assert set(LEDGER) <= set(energy)
        total = sum(energy[part] for part in PARTS)
        assert energy["total"] == pytest.approx(total, rel=1e-12)


@pytest.mark.parametrize("learn", [mlp, perceptron, spikes])
def test_no_threshold_and_threshold_zero_are_no_cache(learn):
    assert learn(None) == learn(0) == learn(0.0)
    plain = {
        mlp: lambda: MLP(hidden=9, max_epochs=2, random_state=0).fit(*samples(0, 0.0)).energy_,
        perceptron: lambda: Perceptron().fit(*random_patterns(40, 40, random_state=0)).energy_,
        spikes: lambda: spiking.learn(2, max_rounds=5, random_state=0).energy,
    }[learn]
    assert learn(None) == plain()


def test_no_threshold_and_threshold_zero_are_the_same_in_experiments():
    small = dict(n_inputs=20, random_state=0)
    digits = dict(dataset="digits", hidden=5, max_epochs=1, random_state=0)
    for run, settings in (
        (perceptron_run, small | dict(consolidate="next", maintenance_cost=0.1)),
        (perceptron_run, small),
        (mlp_run, digits | dict(check_every=100, maintenance_cost=0.1)),
        (mlp_run, digits),
        (spiking_run, dict(n_patterns=2, max_rounds=3, random_state=0)),
    ):
        (none, zero, nan) = (run(threshold=value, **settings) for value in (None, 0, np.nan))
        assert repr(none) == repr(nan)
        as_given = ("threshold", "memory")
        assert all(repr(none[name]) == repr(zero[name]) for name in none if name not in as_given)
        assert (none["outstanding"] > 0) == ("check_every" in settings)


@pytest.mark.parametrize("potentiation_only", [False, True])
def test_of_a_perceptron_ends_as_its_history_does(potentiation_only):
    X, d = random_patterns(40, 40, random_state=0)
    memory = SynapticCache(3, decay_time=300, maintenance_cost=1e-3)
    options = dict(exponents=(0, 1, 2), potentiation_only=potentiation_only)
    neuron = Perceptron(memory, **options).fit(X, d)
    last = neuron.history_.iloc[-1]
    for part in (*PARTS, "total", "writes"):
        assert neuron.energy_[part] == last[part]
    for part in ("consolidation", "outstanding"):
        by_exponent = getattr(neuron, f"{part}_by_exponent_")
        assert by_exponent[1] == pytest.approx(neuron.energy_[part], rel=1e-12)
    # Li and van Rossum consolidate everything at the end, and pay for it
    learned = oracle.learn(X, d, memory, **options)
    published = learned["consolidation"] + learned["outstanding"] + learned["maintenance"]
    assert neuron.energy_["total"] == pytest.approx(published, rel=1e-9)


def test_of_a_network_ends_as_its_history_does():
    X, y = samples(0, 0.0)
    net = MLP(hidden=9, memory=SynapticCache(1e-3), random_state=0, max_epochs=2).fit(X, y)
    for name, value in net.energy_.items():
        assert net.history_[name].iloc[-1] == value
    held = sum(np.abs(s).sum() for s in net.transient_weights_)
    assert net.energy_["outstanding"] == pytest.approx(held, rel=1e-9)
