"""The compiled spiking neuron against its oracle, and what learning does."""

import numpy as np
import pytest

from synlib import Memory, Persistent, SynapticCache, spiking
from synlib._kernels import spiking as kernels
from tests.oracles import spiking as oracle


def cache(threshold, **settings):
    return SynapticCache(threshold, "synapse", **settings)


@pytest.mark.parametrize("threshold", [0.0, 0.01, 0.05])
@pytest.mark.parametrize("decay_time", [np.inf, 300.0, 10.0])  # the last one would underflow
@pytest.mark.parametrize("cost", [0.0, 0.01])
def test_kernel_equals_oracle(threshold, decay_time, cost):
    random = np.random.default_rng(0)
    constants = spiking.neuron()
    memory = cache(threshold, decay_time=decay_time, maintenance_cost=cost / spiking.STEP)
    settings = spiking._validated_cache(memory)
    start = random.uniform(0, spiking.LARGEST, 100)
    persistent, transient, state, ledger = spiking.begin(start)
    expected = start.copy(), np.zeros(100)
    spent = np.zeros(4)
    for _ in range(5):
        pair = random.choice(4, 2, replace=False)
        spikes = spiking.draw_spikes(random.choice(spiking.TARGETS), random)
        voltage = np.empty(1500)
        n_spikes = kernels.trial(
            constants, settings, pair, *spikes, persistent, transient, state, ledger, voltage
        )
        *expected, cost_of_trial, n_expected, potentials = oracle.trial(
            constants, settings, pair, *spikes, *expected
        )
        spent += cost_of_trial
        assert n_spikes == n_expected > 0
        np.testing.assert_allclose(voltage, potentials, rtol=1e-9)
        np.testing.assert_allclose(persistent, expected[0], rtol=1e-9)
        np.testing.assert_allclose(state[0] * transient, expected[1], rtol=1e-9, atol=1e-12)
    assert spent[0] > 0
    np.testing.assert_allclose(ledger, spent, rtol=1e-9)


def test_weights_stay_within_their_bounds():
    learned = spiking.learn(4, random_state=1)
    assert learned.weights.min() >= 0
    assert learned.weights.max() == spiking.LARGEST


def test_patterns_may_come_twice_and_inputs_are_on_strictly_inside_their_windows():
    pairs, _ = spiking.draw_patterns(50, 3, np.random.default_rng(0))
    assert (pairs[:, 0] < pairs[:, 1]).all()
    assert len(np.unique(pairs, axis=0)) == 3
    random = np.random.default_rng(0)
    drawn = [spiking.draw_spikes(1.0, random) for _ in range(100)]
    for part, (on, off) in enumerate((spiking.AUDITORY_ON, spiking.VISUAL_ON)):
        times = np.flatnonzero(sum(spikes[part].reshape(1500, -1).sum(axis=1) for spikes in drawn))
        assert times[0] == round(on / spiking.STEP) + 1
        assert times[-1] == round(off / spiking.STEP) - 1


def test_energy_so_far_ends_at_the_total():
    learned = spiking.learn(
        2, memory=cache(0.1, maintenance_cost=1e-4), max_rounds=20, random_state=0
    )
    assert learned.spent.size == len(learned.weights) == 21
    assert (np.diff(learned.spent) > 0).all()
    assert learned.spent[-1] == pytest.approx(learned.energy["total"])


def test_a_cache_without_decay_learns_the_same_for_less():
    plain = spiking.learn(4, random_state=3)
    cached = spiking.learn(4, memory=cache(0.2), random_state=3)
    np.testing.assert_allclose(cached.weights, plain.weights, atol=1e-9)
    assert plain.settled
    assert plain.success
    assert cached.energy["minimal"] <= cached.energy["total"] < 0.4 * plain.energy["total"]


def test_upkeep_is_charged_and_changes_nothing_else():
    free = spiking.learn(2, memory=cache(0.1), max_rounds=20, random_state=0)
    paid = spiking.learn(2, memory=cache(0.1, maintenance_cost=1e-3), max_rounds=20, random_state=0)
    np.testing.assert_array_equal(free.weights, paid.weights)
    assert free.energy["maintenance"] == 0 < paid.energy["maintenance"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(n_patterns=0), "n_patterns"),
        (dict(n_patterns=2, n_inputs=1), "n_inputs"),
        (dict(n_patterns=1, memory=0.1), "memory must be Persistent or SynapticCache, got 0.1"),
        (dict(n_patterns=1, memory=Memory()), "memory of a spiking neuron cannot be one's own"),
        (dict(n_patterns=1, memory=Persistent(0.1)), "memory of a spiking neuron must be a single"),
        (dict(n_patterns=1, memory=SynapticCache(0.1)), "must have scope='synapse'"),
        (dict(n_patterns=1, memory=cache(0.1, transition_cost=1)), "must have transition_cost=0"),
        (dict(n_patterns=1, memory=cache(0.1, check_every=2)), "must have check_every=1"),
        (dict(n_patterns=1, memory=cache(0.1, consolidate="next")), "must have consolidate='now'"),
        (
            dict(n_patterns=1, memory=cache(0.1, decay_time=9, decay_order="after")),
            "must have decay_order='before'",
        ),
        (dict(n_patterns=1, max_rounds=0), "max_rounds"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        spiking.learn(**arguments)
