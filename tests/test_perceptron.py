"""The compiled perceptron against its oracle, and its promises as an estimator."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synlib import Perceptron, Persistent, SynapticCache, random_patterns
from synlib.experiments import perceptron_run, perceptron_thresholds
from tests.oracles import perceptron as oracle

caches = st.builds(
    SynapticCache,
    threshold=st.sampled_from([0.0, 1.5, 3.3, 40.0]),
    scope=st.sampled_from(["synapse", "neuron", "neuron-sum", "layer", "network"]),
    decay_time=st.sampled_from([np.inf, 300.0, 20.0, 2.0]),  # the last one would underflow
    maintenance_cost=st.sampled_from([0.0, 0.01]),
    transition_cost=st.sampled_from([0.0, 0.02]),
    check_every=st.sampled_from([1, 7]),
    consolidate=st.sampled_from(["now", "next"]),
    decay_order=st.sampled_from([None, "before", "after"]),
    decay_form=st.sampled_from([None, "discrete", "exponential"]),
)
ENERGIES = ("consolidation", "maintenance", "transition", "outstanding", "writes", "minimal")


def assert_same_run(neuron, expected):
    assert list(neuron.history_["errors"]) == expected["errors"]
    for name in ENERGIES:
        assert neuron.energy_[name] == pytest.approx(expected[name], rel=1e-9, abs=1e-9), name
    for alpha, value in expected["by_exponent"].items():
        assert neuron.consolidation_by_exponent_[alpha] == pytest.approx(value, rel=1e-9)
    for alpha, value in expected["outstanding_by_exponent"].items():
        found = neuron.outstanding_by_exponent_[alpha]
        assert found == pytest.approx(value, rel=1e-9, abs=1e-9)
    corrected = expected["maintenance"] + expected["correction"]
    assert neuron.energy_["corrected_maintenance"] == pytest.approx(corrected, rel=1e-9)
    weights = np.append(neuron.coef_[0], neuron.intercept_)
    np.testing.assert_allclose(weights, expected["weights"], rtol=1e-9, atol=1e-9)
    for name in ("consolidation", "maintenance", "outstanding"):
        expected_column = [row[name] for row in expected["history"]]
        np.testing.assert_allclose(neuron.history_[name], expected_column, rtol=1e-9, atol=1e-9)


@settings(max_examples=150, deadline=None)
@given(
    memory=st.one_of(st.just(Persistent()), caches),
    seed=st.integers(0, 10_000),
    load=st.sampled_from([0.5, 1.2, 1.7]),
    method=st.sampled_from(["auto", "primal"]),
    potentiation_only=st.booleans(),
    margin=st.sampled_from([0.0, 3.0, 30.0]),
)
def test_equals_oracle(memory, seed, load, method, potentiation_only, margin):
    # real-valued patterns: no weighted sum is exactly zero, where rounding would decide
    random = np.random.default_rng(seed)
    X = random.normal(size=(round(load * 20), 20))
    d = random.choice([-1, 1], size=len(X))
    d[:2] = -1, 1
    options = dict(exponents=(0, 0.5, 1, 2), potentiation_only=potentiation_only)
    options |= dict(max_epochs=30, margin=margin)
    neuron = Perceptron(memory, method=method, **options).fit(X, d)
    assert_same_run(neuron, oracle.learn(X, d, memory, **options))


@pytest.mark.parametrize("scope", ["synapse", "neuron", "neuron-sum"])
def test_margins_equal_primal_update_for_update(scope):
    X, d = random_patterns(300, 200, random_state=1)
    decay_time = np.inf if scope == "synapse" else 500
    memory = SynapticCache(4, scope, decay_time=decay_time, maintenance_cost=0.01)
    by_margins = Perceptron(memory, max_epochs=200, method="margins").fit(X, d)
    by_weights = Perceptron(memory, max_epochs=200, method="primal").fit(X, d)
    assert list(by_margins.history_["errors"]) == list(by_weights.history_["errors"])
    for name, value in by_weights.energy_.items():
        assert by_margins.energy_[name] == pytest.approx(value, rel=1e-9), name


def test_learns_what_can_be_learned_and_says_when_it_cannot():
    X, d = random_patterns(150, 100, random_state=0)
    neuron = Perceptron().fit(X, d)
    assert neuron.converged_
    assert neuron.score(X, d) == 1
    assert neuron.history_["errors"].iloc[-1] == 0
    X, d = random_patterns(400, 100, random_state=0)
    neuron = Perceptron(max_epochs=50).fit(X, d)
    assert not neuron.converged_
    assert neuron.n_epochs_ == 50


def test_with_a_margin_all_are_right_by_it():
    X, d = random_patterns(60, 100, random_state=0)
    for memory in (None, SynapticCache(3)):
        neuron = Perceptron(memory, margin=250.0).fit(X, d)
        assert neuron.converged_
        assert (d * neuron.decision_function(X)).min() > 250
        assert neuron.n_updates_ > Perceptron(memory).fit(X, d).n_updates_


@pytest.mark.parametrize("scope", ["synapse", "neuron", "neuron-sum"])
def test_threshold_zero_is_no_cache(scope):
    X, d = random_patterns(60, 50, random_state=0)
    plain = Perceptron().fit(X, d)
    cached = Perceptron(SynapticCache(0, scope, decay_time=50, maintenance_cost=1)).fit(X, d)
    assert cached.energy_ == plain.energy_


def test_trace_shows_the_weights():
    X, d = random_patterns(30, 20, random_state=0)
    memory = SynapticCache(2, "synapse", decay_time=100)
    neuron = Perceptron(memory).fit(X, d, trace=[0, 20])
    assert neuron.trace_.shape == (30 * neuron.n_epochs_, 2, 2)
    last = neuron.trace_[-1].sum(axis=1)
    assert last == pytest.approx([neuron.coef_[0, 0], neuron.intercept_[0]])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(memory=3), "memory must be"),
        (dict(learning_rate=0), "learning_rate must be a finite number > 0"),
        (dict(margin=-1), "margin must be a finite number >= 0"),
        (dict(max_epochs=0), "max_epochs must be an integer of at least 1"),
        (dict(exponents=(-1,)), "exponents must be finite numbers >= 0"),
        (dict(method="fast"), "method must be one of"),
        (dict(potentiation_only="no"), "potentiation_only must be True or False, got 'no'"),
        (
            dict(method="margins", memory=SynapticCache(1, "synapse", decay_time=9)),
            "method='margins' is not exact",
        ),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    X, d = random_patterns(5, 5, random_state=0)
    with pytest.raises(ValueError, match=message):
        Perceptron(**arguments).fit(X, d)


def test_bad_data_is_named():
    X, d = random_patterns(5, 5, random_state=0)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        Perceptron().fit(X, d[:4])
    with pytest.raises(ValueError, match="NaN"):
        Perceptron().fit(np.full_like(X, np.nan), d)
    with pytest.raises(ValueError, match="two kinds of labels"):
        Perceptron().fit(X, np.ones(5))
    with pytest.raises(ValueError, match="two kinds of labels"):
        Perceptron().fit(X, np.arange(5))
    with pytest.raises(ValueError, match=r"y must have labels of one kind, .*, got int, str"):
        Perceptron().fit(X, np.array([1, "a", "a", 1, "a"], object))
    with pytest.raises(ValueError, match="trace must hold synapses from 0 to 5"):
        Perceptron().fit(X, np.sign(X[:, 0]), trace=[6])


def two_gaussians():
    X = np.random.default_rng(0).normal(size=(60, 5))
    return X, (X[:, 0] > 0).astype(int)


SCALES = [1e-150, 1e-100, 1e-20, 1e-8, 3e-8, 1e-5, 1e-3, 1.0, 1e3, 1e8, 1e100, 1e150]


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("memory", [None, SynapticCache(1e9), SynapticCache(0, "synapse")])
def test_small_and_huge_inputs_are_learned_like_any(scale, memory):
    X, y = two_gaussians()
    neuron = Perceptron(memory, max_epochs=3000).fit(X * scale, y)
    assert neuron.converged_
    assert neuron.score(X * scale, y) == 1
    plain = Perceptron(memory, max_epochs=3000, method="primal").fit(X * scale, y)
    assert list(neuron.history_["errors"]) == list(plain.history_["errors"])


@pytest.mark.parametrize("smallest", [1e-12, 1e-9, 1e-6, 1e-4, 1e-2])
def test_inputs_of_mixed_sizes_are_learned_update_for_update(smallest):
    X, y = two_gaussians()
    X = X * np.geomspace(smallest, 1, 5)
    neuron, plain = (
        Perceptron(max_epochs=500, method=method).fit(X, y) for method in ("auto", "primal")
    )
    assert list(neuron.history_["errors"]) == list(plain.history_["errors"])
    assert neuron.converged_ == plain.converged_
    if neuron.converged_:
        assert neuron.score(X, y) == 1


@pytest.mark.parametrize(
    ("scale", "rate", "message"),
    [
        (1e160, 1.0, r"X is too large: its largest \|x\| is 3\.1\d+e\+160"),
        (1e300, 1.0, "X is too large"),
        (1e100, 1e200, "X is too large"),
        (1e-160, 1.0, r"X is too small: its largest \|x\| is 3\.1\d+e-160"),
        (1e-300, 1.0, "X is too small"),
    ],
)
@pytest.mark.parametrize("method", ["auto", "primal"])
def test_inputs_whose_products_no_number_holds_are_named(scale, rate, message, method):
    X, y = two_gaussians()
    with pytest.raises(ValueError, match=message):
        Perceptron(learning_rate=rate, method=method).fit(X * scale, y)


def test_inputs_too_small_for_products_are_refused_by_margins_only():
    X, y = two_gaussians()
    with pytest.raises(ValueError, match="method='margins' is not exact for inputs of such"):
        Perceptron(method="margins").fit(X * 1e-8, y)
    assert Perceptron().fit(X * 1e-8, y).method_ == "primal"
    assert Perceptron().fit(X, y).method_ == "margins"


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_what_contradicts_itself_is_never_learned(scale):
    X, y = two_gaussians()
    neuron = Perceptron(max_epochs=50).fit(np.tile(X, (2, 1)) * scale, np.append(y, 1 - y))
    assert not neuron.converged_
    assert neuron.n_epochs_ == 50


def test_where_products_do_not_tell_two_patterns_apart_the_weights_do():
    X = np.array([[1.0, 1e-9, 1.0], [1.0, -1e-9, 1.0], [1.0, 1.0, 0.0], [1.0, -1.0, 0.0]])
    y = np.array([1, 0, 1, 0])
    neuron = Perceptron(max_epochs=1000).fit(X, y)
    assert neuron.method_ == "primal"
    assert neuron.converged_
    assert neuron.score(X, y) == 1


def test_single_values_for_sequences_are_named():
    X, y = two_gaussians()
    with pytest.raises(ValueError, match=r"exponents must be a sequence .*, got 1"):
        Perceptron(exponents=1).fit(X, y)
    with pytest.raises(ValueError, match="trace must be a sequence of synapses, got 3"):
        Perceptron().fit(X, y, trace=3)
    with pytest.raises(ValueError, match=r"trace must be an integer of at least 0, got 0\.5"):
        Perceptron().fit(X, y, trace=[0.5])


def test_one_set_of_patterns_for_many_thresholds():
    arguments = dict(n_inputs=60, maintenance_cost=0.01, decay_time=500.0, max_epochs=100)
    thresholds = (None, 1.5, 4.0)
    together = perceptron_thresholds(thresholds=thresholds, random_state=3, **arguments)
    for threshold, record in zip(thresholds, together, strict=True):
        alone = perceptron_run(threshold=threshold, random_state=3, **arguments)
        assert pytest.approx(alone, nan_ok=True) == record


def test_products_kept_from_other_patterns_are_not_used():
    X, d = random_patterns(40, 40, random_state=0)
    energy = Perceptron().fit(X, d).energy_
    others = X.copy()
    Perceptron().fit(others, d)
    others *= -0.5  # the array that is kept must not be the one that changes
    assert Perceptron().fit(others, d).energy_["total"] != energy["total"]
    assert Perceptron().fit(X, d).energy_ == energy
