"""`partial_fit` goes on with all that was: n calls are ``fit`` for n epochs, to the last bit."""

import cProfile
import io
import pstats
import signal

import joblib
import numpy as np
import pytest
from sklearn.base import clone

import synlib
from synlib import MLP, SynapticCache
from tests.test_mlp import N_SAMPLES, samples
from tests.test_reference import Lucky, Proportional

CASCADE = SynapticCache(
    0.01, "neuron", decay_time=100, maintenance_cost=1e-3, consolidate="next", check_every=7,
    then=SynapticCache(0.05, "synapse", decay_time=1000, transition_cost=0.01),
)  # fmt: skip
SETTINGS = [
    dict(),
    dict(memory=CASCADE, sampling="shuffled", hidden=(5, 7)),
    dict(plasticity=synlib.RandomNeurons(0.3, "step"), sampling="replacement", bias=True),
    dict(plasticity=synlib.RandomSynapses(0.3), memory=CASCADE, dtype="float32"),
    dict(plasticity=synlib.Subnetwork(4, synlib.LargestUpdates(0.3)), sampling="shuffled"),
    dict(plasticity=synlib.LargestWeights(0.3), memory=SynapticCache(0.02, "network")),
    dict(plasticity=synlib.RandomNeurons(0.3, "step"), memory=CASCADE, engine="reference"),
    dict(plasticity=Proportional(), memory=Lucky(), sampling="shuffled", engine="reference"),
]


def network(settings, n=4):
    return MLP(**(dict(hidden=9, max_epochs=n, random_state=3) | settings))


def assert_equal(a, b):
    """Two networks have learned the same, and would go on alike."""
    assert a.history_.equals(b.history_)
    assert a.energy_ == b.energy_
    assert a.n_steps_ == b.n_steps_
    for name in ("weights_", "initial_weights_", "transient_weights_"):
        for one, other in zip(getattr(a, name), getattr(b, name), strict=True):
            np.testing.assert_array_equal(one, other, name)


def stored_and_loaded(net):
    file = io.BytesIO()
    joblib.dump(net, file)
    file.seek(0)
    return joblib.load(file)


@pytest.mark.parametrize("background", [0.0, -0.13])
@pytest.mark.parametrize("settings", SETTINGS)
def test_n_calls_are_n_epochs(settings, background):
    X, y = samples(0, background)
    whole = network(settings).fit(X, y)
    parts = network(settings)
    for _ in range(2):
        assert parts.partial_fit(X, y) is parts
    half = network(settings, 2).fit(X, y)
    assert_equal(half, parts)
    loaded = stored_and_loaded(parts)
    for net in (parts, half, loaded):
        net.set_params(max_epochs=4).partial_fit(X, y).partial_fit(X, y)
        assert_equal(net, whole)


def test_batches_of_any_size():
    X, y = samples(0, 0.01)
    whole = network({}, 1).fit(X, y, evaluate_every=N_SAMPLES)
    parts = network({})
    for batch in (slice(0, 1), slice(1, 17), slice(17, None)):
        parts.partial_fit(X[batch], y[batch], classes=[2, 0, 1], test=(X, y))
    assert parts.energy_ == whole.energy_
    assert list(parts.history_["step"]) == [1, 17, 40]
    assert list(parts.history_["epoch"]) == [1, 2, 3]
    assert parts.history_["accuracy"].iloc[-1] == whole.score(X, y)


def test_a_call_is_no_more_work_after_many():
    X, y = samples(0, 0.01)
    net, work = MLP(hidden=3, random_state=0), []
    for _ in range(200):
        call = cProfile.Profile()
        call.runcall(net.partial_fit, X[:5], y[:5], classes=[0, 1, 2])
        work.append(pstats.Stats(call).total_calls)
    assert work[-1] < 1.1 * work[5]
    assert len(net.history_) == 200


def test_long_runs_go_on_to_the_bit():
    """Beyond the steps after which sums are made anew, and masks drawn anew."""
    X, y = samples(0, -0.13)
    settings = dict(plasticity=synlib.RandomNeurons(0.3, "step"), memory=CASCADE)
    whole = network(settings, 60).fit(X, y)
    parts = network(settings)
    for call in range(60):
        parts = stored_and_loaded(parts) if call % 20 == 11 else parts
        parts.partial_fit(X, y)
    assert_equal(parts, whole)


def test_writes_go_on_being_counted():
    X, y = samples(0, 0.0)
    whole = network({}, 3).fit(X, y, count_writes=True)
    parts = network({}, 2).fit(X, y, count_writes=True)
    before = [w.copy() for w in parts.writes_], parts.writes_
    parts.partial_fit(X, y)
    for a, b, then, still in zip(whole.writes_, parts.writes_, *before, strict=True):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(then, still)  # what was handed out does not change


@pytest.mark.parametrize("settings", SETTINGS[:2])
def test_what_was_handed_out_or_copied_does_not_change(settings):
    import copy

    X, y = samples(0, 0.01)
    net = network(settings, 2).fit(X, y)
    handed_out, twin = net.weights_, copy.copy(net)
    values = [w.copy() for w in handed_out]
    net.partial_fit(X, y)
    for w, value in zip(handed_out, values, strict=True):
        np.testing.assert_array_equal(w, value)
    assert_equal(twin.partial_fit(X, y), net)
    assert not hasattr(clone(net), "weights_")


def test_the_learning_rate_may_change():
    X, y = samples(0, 0.0)
    nets = [network({}, 1).fit(X, y) for _ in range(2)]
    nets[0].set_params(learning_rate=1.0)
    for net in nets:
        net.partial_fit(X, y)
    spent = [net.energy_["consolidation"] for net in nets]
    assert spent[0] > 2 * spent[1]


CACHES = [
    dict(scope="synapse"),
    dict(scope="neuron", transition_cost=0.01),
    dict(scope="neuron-sum"),
    dict(scope="network", check_every=7),
    dict(scope="synapse", keep_remainder=True, decay_order="before"),
    dict(scope="neuron", then=SynapticCache(0.03, "synapse", decay_time=1000)),
]


@pytest.mark.parametrize("background", [0.0, -0.13])
@pytest.mark.parametrize("cache", CACHES)
def test_thresholds_may_change(cache, background):
    """Up and down, and also where what is above the new one does not change any more."""
    X, y = samples(0, background)
    others = X.copy()
    others[:, :6] = background
    nets = [
        network(dict(memory=SynapticCache(0.02, decay_time=100, maintenance_cost=1e-3, **cache),
                     activation="relu", init_scale=0.3, learning_rate=0.3, engine=engine))
        for engine in ("compiled", "reference")
    ]  # fmt: skip
    for threshold, images in ((0.02, X), (0.3, X), (0.004, others), (0.02, X)):
        for net in nets:
            spent = net.energy_["total"] if hasattr(net, "energy_") else 0.0
            net.set_params(memory__threshold=threshold).partial_fit(images, y)
            assert net.energy_["total"] > spent
        one, other = nets
        for name, value in other.energy_.items():
            assert one.energy_[name] == pytest.approx(value, rel=1e-9, abs=1e-12), name
        for a, b in zip(one.transient_weights_, other.transient_weights_, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)
    assert nets[0].energy_["consolidation"] > 0


def test_a_lower_threshold_tests_what_no_longer_changes():
    X, y = samples(0, 0.0)
    net = network(dict(memory=SynapticCache(1.0, "synapse"))).partial_fit(X, y)
    assert net.energy_["writes"] == 0
    silent = np.zeros_like(X[:1])
    net.set_params(memory__threshold=1e-9).partial_fit(silent, y[:1])
    assert not net.transient_weights_[0].any()


@pytest.mark.parametrize(
    "change",
    [dict(hidden=3), dict(dtype="float32"), dict(memory=CASCADE), dict(random_state=1),
     dict(plasticity=synlib.LargestUpdates(0.2)), dict(bias=True)],
)  # fmt: skip
def test_what_a_network_was_begun_with_may_not_change(change):
    X, y = samples(0, 0.0)
    net = network({}, 1).fit(X, y)
    before = net.energy_
    (name,) = change
    with pytest.raises(ValueError, match=f"{name} cannot change while a network learns: it began"):
        net.set_params(**change).partial_fit(X, y)
    assert net.energy_ is before
    net.set_params(**{name: getattr(network({}), name)}).partial_fit(X, y)


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (SynapticCache(0.1), SynapticCache(0.2, decay_time=9)),
        (SynapticCache(0.1), SynapticCache(0)),  # no cache any more
        (SynapticCache(0.1, consolidate="next"), SynapticCache(0.2, consolidate="next")),
        (SynapticCache(0.1), CASCADE),
        (SynapticCache(0.1), None),
        (Lucky(), SynapticCache(0.1)),
    ],
)
def test_nothing_but_thresholds_of_a_memory_may_change(before, now):
    X, y = samples(0, 0.0)
    net = network(dict(memory=before, engine="reference"), 1).fit(X, y)
    with pytest.raises(ValueError, match="memory cannot change while a network learns"):
        net.set_params(memory=now).partial_fit(X, y)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (lambda X, y: (X[:, :5], y), "5 features, but MLP is expecting 12"),
        (lambda X, y: (X, y + 1), r"y must have labels of the first call only, \[0, 1, 2\], got 3"),
        (lambda X, y: (X, y.astype(str)), "y must have labels of the first call only.*got '0'"),
        (lambda X, y: (X, y, [0, 1]), "classes must be those of the first call"),
        (lambda X, y: (X[:0], y[:0]), "0 sample"),
        (lambda X, y: (X, y, None, 7), "test must be a pair"),
    ],
)
def test_refused_data_leave_all_as_it_was(arguments, message):
    X, y = samples(0, 0.0)
    net, same = network({}).partial_fit(X, y), network({}).partial_fit(X, y)
    with pytest.raises(ValueError, match=message):
        net.partial_fit(*arguments(X, y))
    assert_equal(net.partial_fit(X, y), same.partial_fit(X, y))


def test_classes_of_the_first_call():
    X, y = samples(0, 0.0)
    with pytest.raises(ValueError, match=r"labels of the first call only, \[0, 1\], got 2"):
        network({}).partial_fit(X, y, classes=[0, 1])
    net = network({})
    net.partial_fit(X[y < 2], y[y < 2], classes=[2, 1, 0]).partial_fit(X, y)
    assert list(net.classes_) == [0, 1, 2]


def test_the_first_call_can_be_given_weights():
    X, y = samples(0, 0.0)
    given = network({}, 1).fit(X, y).weights_
    parts = network({}).partial_fit(X, y, initial_weights=given)
    assert_equal(parts, network({}, 1).fit(X, y, initial_weights=given))
    with pytest.raises(ValueError, match="initial_weights must be None but in the first call"):
        parts.partial_fit(X, y, initial_weights=given)
    with pytest.raises(ValueError, match="initial_weights must have the shapes"):
        network({}).partial_fit(X, y, initial_weights=given[::-1])


def test_an_interrupted_call_can_be_continued(monkeypatch):
    from synlib import _training
    from tests.test_interrupted import press_at

    X, y = samples(0, 0.0)
    net = network({}).partial_fit(X, y)
    with monkeypatch.context() as patch:
        patch.setattr(_training.kernels, "train", press_at(1, _training.kernels.train))
        with pytest.warns(RuntimeWarning, match="after 80 steps"), pytest.raises(KeyboardInterrupt):
            net.partial_fit(X, y)
    assert net.interrupted_
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert_equal(stored_and_loaded(net).partial_fit(X, y), network({}, 3).fit(X, y))


@pytest.mark.parametrize("engine", ["compiled", "reference"])
def test_a_network_that_diverged_stays_where_it_was(engine):
    random = np.random.default_rng(0)
    X, y = random.normal(size=(50, 10)), random.integers(3, size=50)
    settings = dict(activation="relu", output="linear", learning_rate=5, init_scale=1)
    whole, parts = (network(settings | dict(engine=engine), 5) for _ in range(2))
    with np.errstate(all="ignore"):
        with pytest.warns(RuntimeWarning, match="diverged after"):
            whole.fit(X, y)
        for _ in range(5):
            with pytest.warns(RuntimeWarning, match=f"diverged after {whole.n_steps_} steps"):
                parts.partial_fit(X, y)
    assert whole.diverged_
    assert parts.diverged_
    assert_equal(whole, parts)
