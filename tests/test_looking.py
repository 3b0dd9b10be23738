"""Looking never changes what is learned, to the last bit."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synlib import (
    MLP,
    LargestUpdates,
    Perceptron,
    RandomNeurons,
    SynapticCache,
    _looking,
    load_digits,
)
from synlib._forward import summed_outputs
from synlib._inputs import Inputs
from tests.test_mlp import memories, rules, samples
from tests.test_perceptron import caches

N_STEPS = 120
NETWORK = dict(hidden=9, learning_rate=0.3, init_scale=0.5)


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
        **NETWORK,
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


@settings(max_examples=60, deadline=None)
@given(
    plasticity=rules,
    memory=memories,
    dtype=st.sampled_from(["float64", "float32"]),
    background=st.sampled_from([0.0, -0.13]),
    engine=st.sampled_from(["auto", "reference"]),
    growth=st.sampled_from([0.0, 0.3]),
    until=st.sampled_from([None, 0.7]),
    passages=st.lists(st.sampled_from([0.2, 0.35, 0.5, 0.6, 1.0])),
    seed=st.integers(0, 1000),
)
def test_looks_that_are_broken_off_are_those_that_reach_nothing(
    plasticity, memory, dtype, background, engine, growth, until, passages, seed
):
    X, y = samples(seed, background)
    noise = np.random.default_rng(seed).normal(size=(40 * len(X), X.shape[1]))
    net = MLP(
        **NETWORK,
        plasticity=plasticity,
        memory=memory,
        max_epochs=3,
        dtype=dtype,
        engine=engine,
        random_state=seed,
    )
    test = np.tile(X, (40, 1)) + noise, np.tile(y, 40)
    looks = dict(evaluate_every=2, evaluate_growth=growth, test=test, until=until)
    seen = learned(net, X, y, **looks)
    history, reached = net.history_, net.reached_
    heard = []
    assert seen == learned(net, X, y, passages=passages, monitor=heard.append, **looks)
    assert net.reached_ == reached
    wanted = [*passages, until or np.inf]
    firsts = {int((history["accuracy"] >= a).argmax()) for a in wanted
              if (history["accuracy"] >= a).any()}  # fmt: skip
    assert heard == history.iloc[sorted(firsts)].to_dict("records")
    expected = history.iloc[sorted(firsts | {len(history) - 1})].reset_index(drop=True)
    pd.testing.assert_frame_equal(net.history_, expected)


def test_looks_are_broken_off_early(monkeypatch):
    digits = load_digits()
    seen = []

    def batches(*arguments):
        for which, summed in summed_outputs(*arguments):
            seen.append(len(which))
            yield which, summed

    monkeypatch.setattr(_looking, "summed_outputs", batches)
    net = MLP(hidden=20, learning_rate=0.5, init_scale=0.1, max_epochs=6, random_state=0)
    X, y = np.tile(digits.X_test, (20, 1)), np.tile(digits.y_test, 20)
    looks = dict(test=(X, y), evaluate_every=50)
    net.fit(digits.X_train, digits.y_train, **looks)
    number, in_full = len(net.history_), sum(seen)
    assert in_full == number * len(y)
    accuracies = net.history_["accuracy"]
    seen.clear()
    net.fit(digits.X_train, digits.y_train, **looks, passages=(0.8, accuracies.max()))
    assert len(seen) >= number
    assert sum(seen) < 0.3 * in_full


def test_passages_come_in_any_form_and_with_any_number_of_classes():
    X, y = samples(0, 0)
    net = MLP(hidden=9, max_epochs=2, random_state=0)
    for passages in (0.3, [0.3], np.array([0.3]), (0.3,)):
        rows = net.fit(X, y, evaluate_every=1, passages=passages).history_
        assert rows["accuracy"].iloc[0] >= 0.3
        assert len(rows) <= 2
    assert net.fit(X, np.zeros(len(X)), evaluate_every=1, passages=1.0).history_["step"][0] == 1


def test_outputs_do_not_depend_on_the_order_of_samples_without_silent_inputs():
    """Their rows are taken as one array: not if others lie between the first and the last."""
    X = np.random.default_rng(0).normal(size=(60, 14))
    net = MLP(**NETWORK, max_epochs=3, random_state=0).fit(X, np.arange(60) % 3)
    looked_at = Inputs(X, net.background_, net.bias)
    in_order = net._summed(X)
    for inside in ([20, 31, 22, 7, 24], [20, 23, 22, 21, 24]):
        ((which, summed),) = summed_outputs(net, looked_at, net.weights_, None, np.array(inside))
        assert sorted(which) == sorted(inside)
        np.testing.assert_array_equal(summed, in_order[which])


def test_a_diverged_network_is_looked_at_without_a_word():
    X, y = samples(0, 0)
    net = MLP(**NETWORK, max_epochs=1, random_state=0).fit(X, y)
    looked_at = Inputs(X, net.background_, net.bias)
    held_out = _looking.HeldOut(net, looked_at, y, net.classes_, net.weights_, 9)
    infinite = net.weights_[0], np.full_like(net.weights_[1], np.inf)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert held_out.accuracy(infinite, 1.0) is None


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
