"""Looking never changes what is learned, to the last bit."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synlib import MLP, LargestUpdates, Perceptron, RandomNeurons, SynapticCache, load_digits
from tests.test_mlp import memories, rules, samples
from tests.test_perceptron import caches

N_STEPS = 120


def learned(net, X, y, **looks):
    """Everything that was learned and what it cost, as bytes and numbers."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a diverging run is as good as any
        net.fit(X, y, **looks)
    arrays = net.weights_ + net.transient_weights_
    return [a.tobytes() for a in arrays], net.energy_, net.n_steps_


@settings(max_examples=60, deadline=None)
@given(
    plasticity=rules,
    memory=memories,
    dtype=st.sampled_from(["float64", "float32"]),
    background=st.sampled_from([0.0, -0.13, 0.01]),
    sampling=st.sampled_from(["sequential", "shuffled", "replacement"]),
    every=st.sampled_from([1, 7, 40, 50, 10_000]),
    growth=st.sampled_from([0.0, 0.3]),
    tested=st.booleans(),
    count_writes=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_of_a_network(
    plasticity, memory, dtype, background, sampling, every, growth, tested, count_writes, seed
):
    X, y = samples(seed, background)
    net = MLP(
        hidden=9,
        learning_rate=0.3,
        init_scale=0.5,
        plasticity=plasticity,
        memory=memory,
        sampling=sampling,
        max_epochs=N_STEPS // len(X),
        dtype=dtype,
        random_state=seed,
    )
    looks = dict(
        evaluate_every=every,
        evaluate_growth=growth,
        test=(X[:5] + 1, y[:5]) if tested else None,
        until=1.0 if tested else None,
        monitor=lambda row: row.clear(),
        count_writes=count_writes,
    )
    seen = learned(net, X, y, **looks)
    if net.reached_:
        return
    assert seen == learned(net, X, y)


@pytest.mark.parametrize("memory", [None, SynapticCache(0.002, decay_time=300)])
def test_over_many_steps_with_a_background_in_single_precision(memory):
    digits = load_digits()
    X = digits.X_train.astype("float32") - np.float32(0.13)
    net = MLP(
        hidden=30,
        plasticity=LargestUpdates(0.1),
        memory=memory,
        init_scale=0.3,
        max_epochs=3,
        dtype="float32",
        random_state=0,
    )
    rarely = learned(net, X, digits.y_train, evaluate_every=len(X))
    assert rarely == learned(net, X, digits.y_train, evaluate_every=50)
    assert rarely == learned(net, X, digits.y_train, count_writes=True)


class Sociable(RandomNeurons):
    """Draws masks in a way that depends on how many are asked for."""

    def unit_masks(self, layer, n_units):
        masks = super().unit_masks(layer, n_units)

        def draw(random, n):
            order = random.permutation(n * n_units)
            return (order % 2 == 0).reshape(n, n_units)

        return type(masks)(draw, masks.redraw)


def test_with_a_rule_that_draws_all_its_masks_together():
    X, y = samples(3, 0)
    net = MLP(hidden=9, plasticity=Sociable(0.5, redraw="step"), max_epochs=30, random_state=0)
    assert learned(net, X, y, evaluate_every=7) == learned(net, X, y, evaluate_every=1000)


@settings(max_examples=40, deadline=None)
@given(
    memory=st.one_of(st.none(), caches),
    integers=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_of_a_perceptron(memory, integers, seed):
    random = np.random.default_rng(seed)
    X = random.choice([-1.0, 1.0], (30, 20)) if integers else random.normal(size=(30, 20))
    X -= X.mean()
    d = random.choice([-1, 1], 30)
    d[:2] = -1, 1
    plain = Perceptron(memory, max_epochs=40).fit(X, d)
    traced = Perceptron(memory, max_epochs=40).fit(X, d, trace=[0, 20])
    assert traced.method_ == plain.method_
    np.testing.assert_array_equal(traced.coef_, plain.coef_)
    assert traced.energy_ == plain.energy_
    assert traced.history_.equals(plain.history_)
    last = traced.trace_[-1].sum(axis=1)
    np.testing.assert_allclose(last, [plain.coef_[0, 0], plain.intercept_[0]], atol=1e-9)
