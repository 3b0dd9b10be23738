"""Rules and memories of one's own: one method, and all that the library's own can do."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

import synlib
from synlib import MLP, LargestUpdates, Memory, Perceptron, PlasticityRule, Subnetwork, mlp
from synlib.sweep import sweep
from tests.test_mlp import N_SAMPLES, samples


@dataclass(frozen=True)
class Proportional(PlasticityRule):
    """A synapse changes with a probability proportional to the proposal."""

    scale: float = 1.0

    def choose(self, layer, proposal, inputs, weights, random):
        size = np.abs(proposal)
        return random.random(size.shape) < self.scale * size / (size.max() or 1)


@dataclass(frozen=True)
class Lucky(Memory):
    """What is above a threshold is consolidated, with luck; the rest costs and fades."""

    threshold: float = 0.01
    luck: float = 0.5

    def store(self, layer, change, stores, step, random):
        transient, persistent = stores
        transient = transient + change
        above = np.abs(transient) > self.threshold
        moved = np.where(above & (random.random(above.shape) < self.luck), transient, 0)
        transient = transient - moved
        return (0.99 * transient, persistent + moved), 1e-3 * np.abs(transient).sum()


class Cache(Memory):
    """`SynapticCache` with decay and maintenance, in NumPy."""

    def store(self, layer, change, stores, step, random):
        transient, persistent = stores
        transient = transient + change
        due = (np.abs(transient) > 0.01).any(axis=0)
        persistent = persistent + np.where(due, transient, 0)
        transient = np.where(due, 0, transient)
        return (transient * np.exp(-1 / 50), persistent), 1e-3 * np.abs(transient).sum()


class Cascade(Memory):
    """Two caches per synapse, one after another."""

    n_stores = 3

    def store(self, layer, change, stores, step, random):
        fast, slow, persistent = stores
        fast = fast + change
        due = np.abs(fast) > 0.005
        slow, fast = slow + np.where(due, fast, 0), np.where(due, 0, fast)
        due = np.abs(slow) > 0.02
        persistent, slow = persistent + np.where(due, slow, 0), np.where(due, 0, slow)
        energy = 1e-3 * np.abs(fast).sum() + 1e-4 * np.abs(slow).sum()
        return (fast * np.exp(-1 / 50), slow * np.exp(-1 / 500), persistent), energy


def network(plasticity=None, memory=None, engine="reference", **settings):
    settings = dict(hidden=9, max_epochs=3, random_state=0, init_scale=0.3) | settings
    return MLP(plasticity=plasticity, memory=memory, engine=engine, **settings)


def test_a_rule_of_ones_own_does_all_that_a_rule_does():
    X, y = samples(0, -0.13)
    rows = []
    net = network(Proportional(), hidden=(9, 5), sampling="shuffled")
    net.fit(X, y, evaluate_every=20, monitor=rows.append, count_writes=True)
    assert list(net.history_["step"]) == [20, 40, 60, 80, 100, 120] == [r["step"] for r in rows]
    every = network(hidden=(9, 5), sampling="shuffled").fit(X, y)
    assert list(every.history_) == list(net.history_)
    assert 0 < net.energy_["writes"] < every.energy_["writes"] / 2
    for k, writes in enumerate(net.writes_, start=1):
        assert writes.sum() == net.energy_[f"writes_{k}"] > 0
    assert net.fit(X, y, until=0.01).reached_
    assert net.n_steps_ == N_SAMPLES
    pd.testing.assert_frame_equal(net.history_, clone(net).fit(X, y, until=0.01).history_)


class Largest(PlasticityRule):
    """`LargestUpdates` by sorting."""

    def choose(self, layer, proposal, inputs, weights, random):
        order = np.argsort(-np.abs(proposal), axis=None, kind="stable")
        return np.isin(np.arange(proposal.size), order[: round(0.3 * proposal.size)]).reshape(
            proposal.shape
        )


@pytest.mark.parametrize("within", [lambda rule: rule, lambda rule: Subnetwork(4, rule)])
@pytest.mark.parametrize(
    ("own", "known"),
    [
        ((Largest(), None), (LargestUpdates(0.3), None)),
        ((None, Cache()), (None, synlib.SynapticCache(0.01, "neuron", 50, 1e-3))),
        (
            (Largest(), Cascade()),
            (
                LargestUpdates(0.3),
                synlib.SynapticCache(
                    0.005, "synapse", 50, 1e-3,
                    then=synlib.SynapticCache(0.02, "synapse", 500, 1e-4),
                ),
            ),
        ),
    ],
)  # fmt: skip
def test_what_is_known_can_be_written_as_ones_own(own, known, within):
    X, y = samples(0, 0.01)
    nets = [
        network(within(rule or synlib.AllSynapses()), memory, engine).fit(X, y)
        for (rule, memory), engine in ((own, "reference"), (known, "compiled"))
    ]
    for one, other in zip(*(net.weights_ for net in nets), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)
    for name, value in nets[1].energy_.items():
        assert nets[0].energy_[name] == pytest.approx(value, rel=1e-9), name


def test_random_rules_and_memories_are_the_networks():
    X, y = samples(0, 0.0)
    nets = [network(Proportional(), Lucky(), random_state=seed).fit(X, y) for seed in (1, 1, 2)]
    assert nets[0].energy_ == nets[1].energy_ != nets[2].energy_
    assert nets[0].energy_["maintenance"] > 0


def test_auto_says_once_that_it_takes_the_slow_one(monkeypatch, recwarn):
    monkeypatch.setattr(mlp, "_said", set())
    X, y = samples(0, 0.0)
    net = network(Proportional(), engine="auto")
    with pytest.warns(RuntimeWarning, match="the reference engine, .* choose of Proportional"):
        net.fit(X, y)
    recwarn.clear()
    assert clone(net).fit(X, y).energy_ == net.energy_ == network(Proportional()).fit(X, y).energy_
    network(LargestUpdates(0.1), engine="auto").fit(X, y)
    assert not recwarn
    with pytest.warns(RuntimeWarning, match="the method store of Lucky"):
        network(memory=Lucky(), engine="auto").fit(X, y)
    message = "engine must be 'auto' or 'reference', got 'compiled', .* choose of Proportional"
    with pytest.raises(ValueError, match=message):
        network(Proportional(), engine="compiled").fit(X, y)


def test_a_class_that_chooses_is_never_taken_for_its_base():
    class Half(LargestUpdates):
        def choose(self, layer, proposal, inputs, weights, random):
            return np.abs(proposal) > np.median(np.abs(proposal))

    class Slow(synlib.SynapticCache):
        def store(self, layer, change, stores, step, random):
            return (stores[0], stores[1] + change / 2), 0.0

    X, y = samples(0, 0.0)
    for rule, memory in ((Half(0.1), None), (None, Slow(0.1))):
        with pytest.raises(ValueError, match="engine must be 'auto' or 'reference'"):
            network(rule, memory, "compiled").fit(X, y)
    assert network(memory=Slow(0.1)).fit(X, y).energy_["outstanding"] == 0
    with pytest.raises(ValueError, match="memory of a Perceptron cannot be one's own"):
        Perceptron(Slow(0.1)).fit(X, y > 0)


SHAPE = r"must return a bool array of shape \(12, 9\), got "


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (lambda p: None, SHAPE + "None"),
        (lambda p: True, SHAPE + "True"),
        (lambda p: p, SHAPE + r"an array of float64 and shape \(12, 9\)"),
        (lambda p: p.T > 0, SHAPE + r"an array of bool and shape \(9, 12\)"),
        (lambda p: p[0] > 0, SHAPE + r"an array of bool and shape \(9,\)"),
        (lambda p: np.multiply(p, 2, out=p) > 0, "read-only"),
    ],
)
def test_what_a_rule_returns_is_checked(returned, message):
    class Own(PlasticityRule):
        def choose(self, layer, proposal, inputs, weights, random):
            return returned(proposal) if layer == 0 else proposal > 0

    X, y = samples(0, 0.0)
    with (
        pytest.warns(RuntimeWarning, match="cut short after 0 steps"),
        pytest.raises(ValueError, match=message),
    ):
        network(Own()).fit(X, y)


STORES = r"Own.store\(layer=0, ...\) must return "


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (lambda s: None, STORES + "a pair: the stores, and the energy of this step, got None"),
        (lambda s: s, STORES + r"2 stores, float arrays of shape \(12, 9\), got"),
        (lambda s: (s[:1], 0.0), STORES + "2 stores"),
        (lambda s: ((s[0], s[1].T), 0.0), STORES + r"2 stores.*shape \(9, 12\)"),
        (lambda s: ((s[0], s[1] > 0), 0.0), STORES + "2 stores.*an array of bool"),
        (lambda s: (s, -1.0), STORES + "as energy of this step a finite number >= 0, got -1.0"),
        (lambda s: (s, np.nan), STORES + "as energy of this step a finite number >= 0, got nan"),
        (lambda s: (s, None), STORES + "as energy of this step a finite number >= 0, got None"),
    ],
)
def test_what_a_memory_returns_is_checked(returned, message):
    class Own(Memory):
        def store(self, layer, change, stores, step, random):
            return returned(stores)

    X, y = samples(0, 0.0)
    with (
        pytest.warns(RuntimeWarning, match="cut short after 0 steps"),
        pytest.raises(ValueError, match=message),
    ):
        network(memory=Own()).fit(X, y)


@pytest.mark.parametrize("where", ["choose", "store"])
def test_an_error_in_ones_own_code_leaves_the_last_step_whole(where):
    calls = []

    class Own(PlasticityRule, Memory):
        def choose(self, layer, proposal, inputs, weights, random):
            return proposal > 0

        def store(self, layer, change, stores, step, random):
            return (stores[0], stores[1] + change), 0.0

    class Failing(Own):
        def fail(self):
            calls.append(1)
            if len(calls) == 2 * N_SAMPLES + 2:  # in the second layer
                raise ZeroDivisionError

        def choose(self, *args):
            if where == "choose":
                self.fail()
            return super().choose(*args)

        def store(self, *args):
            if where == "store":
                self.fail()
            return super().store(*args)

    X, y = samples(0, 0.0)
    net = network(Failing(), Failing())
    with (
        pytest.warns(RuntimeWarning, match="cut short after 40 steps"),
        pytest.raises(ZeroDivisionError),
    ):
        net.fit(X, y)
    short = network(Own(), Own(), max_epochs=1).fit(X, y)
    assert net.energy_ == short.energy_
    np.testing.assert_array_equal(net.weights_[0], short.weights_[0])


def test_a_memory_that_grows_beyond_all_numbers_has_diverged():
    class Growing(Memory):
        def store(self, layer, change, stores, step, random):
            return (stores[0], 1e100 * (stores[1] + change)), 0.0

    X, y = samples(0, 0.0)
    net = network(memory=Growing(), activation="tanh")
    with pytest.warns(RuntimeWarning, match="diverged after 3 steps"):
        net.fit(X, y)
    assert np.isfinite(net.energy_["total"])


def energy_of(rule, random_state):
    X, y = samples(0, 0.0)
    net = network(rule, random_state=random_state).fit(X, y)
    return {"energy": net.energy_["consolidation"]}


def test_searches_and_sweeps_take_rules_of_ones_own():
    X, y = samples(0, 0.0)
    search = GridSearchCV(
        network(Proportional(), max_epochs=1), {"plasticity__scale": [0.5, 5.0]}, cv=2
    )
    assert search.fit(X, y).best_params_["plasticity__scale"] in (0.5, 5.0)
    runs = sweep(energy_of, rule=[Proportional(0.5), Proportional(5.0)], n_jobs=1)
    assert runs["energy"][0] < runs["energy"][1]
    pd.testing.assert_frame_equal(
        runs, sweep(energy_of, rule=[Proportional(0.5), Proportional(5.0)], n_jobs=1)
    )


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("hidden", [6, (6, 5)])
def test_l2_takes_a_share_of_each_weight_that_learns(bias, hidden):
    X, y = samples(0, 0.0)
    given = dict(hidden=hidden, bias=bias, engine="reference", max_epochs=1, random_state=0)
    plain = MLP(**given, init_scale=0.3).fit(X[:1], y[:1])
    net = MLP(**given, init_scale=0.3, l2=0.01).fit(X[:1], y[:1])
    for k, (w, without, start) in enumerate(
        zip(net.weights_, plain.weights_, net.initial_weights_, strict=True)
    ):
        shrunk = without - 0.01 * start
        if bias and k < len(net.weights_) - 1:
            shrunk[:, 0] = start[:, 0]  # the unit is clamped
        np.testing.assert_allclose(w, shrunk, rtol=1e-12)
    assert net.energy_["minimal"] > plain.energy_["minimal"]


def test_l2_passes_the_rule():
    X, y = samples(0, 0.0)
    given = dict(hidden=6, init_scale=0.3, l2=0.01, engine="reference", max_epochs=1)
    for within in ("layer", "neuron"):
        rule = LargestUpdates(0.5, within=within)
        net = MLP(**given, plasticity=rule, random_state=0).fit(X[:1], y[:1])
        for w, start in zip(net.weights_, net.initial_weights_, strict=True):
            onto = w.shape[1] if within == "neuron" else 1
            changed = np.count_nonzero((w != start).reshape(-1, onto), axis=0)
            assert changed.tolist() == [round(0.5 * w.size / onto)] * onto
    lazy = MLP(**given, error_margin=2.0, random_state=0).fit(X, y)
    assert lazy.energy_["total"] == 0


def test_l2_runs_where_it_is_known():
    X, y = samples(0, 0.0)
    with pytest.raises(ValueError, match=r"'compiled', which cannot run l2=0\.1"):
        MLP(l2=0.1, engine="compiled").fit(X, y)
    with pytest.raises(ValueError, match="l2 must be a finite number >= 0"):
        MLP(l2=-1).fit(X, y)
    net = MLP(hidden=4, max_epochs=1).partial_fit(X, y, classes=np.unique(y))
    with pytest.raises(ValueError, match="l2 cannot change while a network learns"):
        net.set_params(l2=0.1).partial_fit(X, y)
