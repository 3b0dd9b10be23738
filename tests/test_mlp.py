"""The compiled network against the reference engine, for every rule, memory and sampling."""

import itertools
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import synlib
from synlib import MLP, Persistent, SynapticCache
from synlib._kernels import network as kernels
from synlib._validation import each
from synlib.plasticity import CompetingUnits, UnitMasks
from synlib.reference import activate
from tests.oracles import network as oracle

SCOPES = ["synapse", "neuron", "neuron-sum", "layer", "network"]
N_STEPS = 160
N_SAMPLES = 40

fractions = st.sampled_from([0.03, 0.3, 1.0])
rules = st.one_of(
    st.just(None),
    st.builds(synlib.AllSynapses),
    st.builds(synlib.LargestUpdates, fractions, st.sampled_from(["layer", "neuron", "network"])),
    st.builds(synlib.SmallestUpdates, st.sampled_from([0.3, 0.9, 0.95])),
    st.builds(synlib.LargestWeights, fractions, st.sampled_from(["layer", "neuron"])),
    st.builds(synlib.SmallestWeights, fractions, st.sampled_from(["layer", "neuron"])),
    st.builds(synlib.RandomSynapses, fractions),
    st.builds(synlib.RandomNeurons, fractions, st.sampled_from(["never", "step", "label", 3])),
    st.builds(synlib.GatedNeurons, st.sampled_from([0.3, 1.0])),
    st.builds(synlib.LargestErrors, fractions),
    st.builds(synlib.SmallestErrors, fractions),
    st.builds(synlib.MostActive, fractions),
    st.builds(synlib.LeastActive, fractions),
    st.builds(synlib.ReadoutOnly),
)
rules = st.one_of(
    rules,
    st.builds(synlib.Subnetwork, st.sampled_from([1, 4, 99]), rules.filter(bool)),
    st.builds(
        synlib.Subnetwork,
        st.sampled_from([1, 4]),
        st.builds(synlib.LargestUpdates, fractions),
        st.just("layer"),
    ),
)
depths = st.sampled_from([9, (9,), (5, 7), (6, 4, 5), (4, 5, 3, 4)])


def a_cache(keep_remainder, **settings):
    """A cache that keeps remainders if its threshold is a step."""
    steps = settings["threshold"] > 0 and settings["scope"] != "neuron-sum"
    return SynapticCache(keep_remainder=keep_remainder and steps, **settings)


caches = st.builds(
    a_cache,
    keep_remainder=st.booleans(),
    hidden=st.booleans(),
    threshold=st.sampled_from([0.0, 0.004, 0.03, 1.0]),
    scope=st.sampled_from(SCOPES),
    decay_time=st.sampled_from([np.inf, 100.0, 1.3]),
    maintenance_cost=st.sampled_from([0.0, 0.01]),
    transition_cost=st.sampled_from([0.0, 0.02]),
    check_every=st.sampled_from([1, 7]),
    consolidate=st.sampled_from(["now", "next"]),
    decay_order=st.sampled_from([None, "before", "after"]),
    decay_form=st.sampled_from([None, "discrete", "exponential"]),
    then=st.one_of(
        st.just(None),
        st.just(Persistent(0.003)),
        st.builds(
            a_cache,
            keep_remainder=st.booleans(),
            hidden=st.booleans(),
            threshold=st.sampled_from([0.01, 0.1]),
            scope=st.sampled_from(SCOPES),
            decay_time=st.sampled_from([np.inf, 1000.0]),
            maintenance_cost=st.just(0.001),
            transition_cost=st.sampled_from([0.0, 0.02]),
            check_every=st.sampled_from([1, 5]),
            consolidate=st.sampled_from(["now", "next"]),
        ),
    ),
)
memories = st.one_of(st.just(None), st.just(Persistent()), st.just(Persistent(0.01)), caches)


def samples(seed, background):
    """Images in miniature: mostly background, some grey levels that tie, some that do not."""
    random = np.random.default_rng(seed)
    X = random.choice([0.25, 0.5, 1.0], size=(N_SAMPLES, 12))
    X[:, :3] = random.random((N_SAMPLES, 3))
    X[random.random(X.shape) < 0.6] = 0
    y = random.integers(3, size=N_SAMPLES)
    y[:3] = range(3)
    return X + background, y


def normal_weights(random, units, scale=0.5):
    """Weights between layers with so many ``units``."""
    return tuple(random.normal(0, scale, pair) for pair in itertools.pairwise(units))


def assert_same_run(net, X, y, weights, rtol=1e-9, by_definition=True):
    """Of the compiled engine and of the reference, which writes out what the rule chooses."""
    how = dict(initial_weights=weights, evaluate_every=N_SAMPLES // 2 + 1)
    net.set_params(engine="compiled").fit(X, y, **how)
    expected = oracle.reference(net, by_definition).fit(X, y, **how)
    assert net.n_steps_ == expected.n_steps_
    for name in ("weights_", "transient_weights_"):
        for found, value in zip(getattr(net, name), getattr(expected, name), strict=True):
            np.testing.assert_allclose(found, value, rtol=rtol, atol=1e-10, err_msg=name)
    assert list(net.history_) == list(expected.history_)
    for name, value in expected.energy_.items():
        apart = 1e-12
        if name.startswith("minimal_writes") and net.background_ != 0:
            # what a background adds to a weight and is taken off again may leave a last digit
            pairs = zip(net.weights_, net.initial_weights_, strict=True)
            apart = float(sum(((w != v) & np.isclose(w, v, rtol, 1e-12)).sum() for w, v in pairs))
        assert net.energy_[name] == pytest.approx(value, rel=rtol, abs=apart), name
    decays = False
    memory = net.memory
    while isinstance(memory, SynapticCache):
        decays = decays or memory.decay_time < np.inf
        memory = memory.then
    spent = net.energy_["consolidation"] + net.energy_["outstanding"]
    assert decays or spent >= net.energy_["minimal"] * (1 - 1e-9)


@settings(max_examples=300)
@given(
    plasticity=rules,
    memory=memories,
    sampling=st.sampled_from(["sequential", "shuffled", "replacement"]),
    background=st.sampled_from([0.0, -0.13, 0.01]),
    bias=st.booleans(),
    gradient=st.sampled_from(["exact", "li2020"]),
    ties=st.booleans(),
    seed=st.integers(0, 1000),
    hidden=depths,
    error_margin=st.sampled_from([None, None, "right", 0.6]),
    by_definition=st.booleans(),
)
def test_equals_oracle(
    plasticity,
    memory,
    sampling,
    background,
    bias,
    gradient,
    ties,
    seed,
    hidden,
    error_margin,
    by_definition,
):
    X, y = samples(seed, background)
    random = np.random.default_rng(seed)
    weights = normal_weights(random, (12 + bias, *each(hidden), 3))
    if ties:  # few values; none are round, or sums would be zero where rounding decides
        weights = tuple(random.choice(w.ravel()[:7], w.shape) for w in weights)
    net = MLP(
        hidden=hidden,
        learning_rate=0.3 if len(weights) > 2 else (0.3, 0.2),
        activation="leaky_relu" if bias else "logistic",
        bias=bias,
        gradient=gradient,
        error_margin=error_margin,
        plasticity=plasticity,
        memory=memory,
        sampling=sampling,
        max_epochs=-(-N_STEPS // N_SAMPLES),
        random_state=seed,
    )
    assert_same_run(net, X, y, weights, by_definition=by_definition)


@pytest.mark.parametrize("sign", [1, -1])
def test_nobody_wins_where_nobody_competes(sign):
    # in Python, where an index beyond the end is an error: machine code would read foreign memory
    winners = getattr(kernels._winners, "py_func", kernels._winners)
    np.testing.assert_array_equal(winners(np.ones(1), 1, 1, sign), [False])


COMPETITIONS = [synlib.LargestErrors, synlib.SmallestErrors, synlib.MostActive, synlib.LeastActive]


@pytest.mark.parametrize("competition", COMPETITIONS)
@pytest.mark.parametrize("hidden", [9, (5, 7)])
@pytest.mark.parametrize("gradient", ["exact", "li2020"])
def test_the_only_plastic_unit_is_clamped(competition, hidden, gradient):
    X, y = samples(0, 0.0)
    random = np.random.default_rng(0)
    weights = normal_weights(random, (13, *each(hidden), 3))
    net = MLP(
        hidden=hidden,
        learning_rate=0.3 if len(weights) > 2 else (0.3, 0.2),
        gradient=gradient,
        bias=True,
        plasticity=synlib.Subnetwork(1, competition(0.3)),
        max_epochs=2,
        random_state=0,
    )
    assert_same_run(net, X, y, weights)


@pytest.mark.parametrize("engine", ["compiled", "reference"])
def test_devices_are_programmed_by_whole_steps(engine):
    X, y = samples(0, 0.0)
    step = 0.01
    memory = SynapticCache(step, "synapse", keep_remainder=True, hidden=True)
    net = MLP(hidden=6, learning_rate=0.3, memory=memory, engine=engine, random_state=0).fit(X, y)
    for weights, initial, rest in zip(
        net.weights_, net.initial_weights_, net.transient_weights_, strict=True
    ):
        steps = (weights - initial) / step
        assert np.abs(steps).max() >= 2
        np.testing.assert_allclose(steps, steps.round(), atol=1e-9)
        assert 0 < np.abs(rest).max() <= step * (1 + 1e-9)


@pytest.mark.parametrize("engine", ["compiled", "reference"])
@pytest.mark.parametrize("background", [0.0, 0.01])
def test_hidden_changes_are_not_seen(engine, background):
    X, y = samples(0, background)
    blind = MLP(hidden=6, learning_rate=0.3, engine=engine, max_epochs=1, random_state=0)
    blind.set_params(memory=SynapticCache(np.inf, hidden=True)).fit(X, y)
    for weights, initial in zip(blind.weights_, blind.initial_weights_, strict=True):
        np.testing.assert_array_equal(weights, initial)
    assert max(np.abs(rest).max() for rest in blind.transient_weights_) > 0


@pytest.mark.parametrize(
    ("output", "loss"),
    [
        ("logistic", "mse"),
        ("logistic", "cross_entropy"),
        ("softmax", "mse"),
        ("softmax", "cross_entropy"),
        ("linear", "mse"),
    ],
)
@pytest.mark.parametrize("activation", ["logistic", "relu", "leaky_relu", "elu", "tanh"])
@pytest.mark.parametrize("hidden", [(5,), (5, 4, 3)], ids=["one hidden layer", "three"])
def test_exact_gradient_descends_the_loss(activation, output, loss, hidden):
    """One step changes the weights by minus the learning rate times the numerical gradient."""
    random = np.random.default_rng(3)
    X, y = random.normal(size=(3, 4)), np.arange(3)
    weights = normal_weights(random, (4, *hidden, 3), scale=1)
    net = MLP(hidden=hidden, activation=activation, output=output, loss=loss, max_epochs=1)

    def loss_of_first_sample(*weights):
        values = X[0]
        for w in weights[:-1]:
            values = activate(values @ w, activation)
        outputs = activate(values @ weights[-1], output)
        target = np.eye(3)[0]
        if loss == "mse":
            return 0.5 * ((target - outputs) ** 2).sum()
        if output == "softmax":
            return -np.log(outputs[0])
        return -(target * np.log(outputs) + (1 - target) * np.log(1 - outputs)).sum()

    rate = 1e-3
    net.set_params(learning_rate=rate, engine="reference")
    steps = net.fit(X, y, initial_weights=weights, evaluate_every=1, monitor=bool).weights_
    for k in range(len(weights)):
        for index in np.ndindex(weights[k].shape):
            moved = [[w.copy() for w in weights] for _ in range(2)]
            moved[0][k][index] += 1e-6
            moved[1][k][index] -= 1e-6
            slope = (loss_of_first_sample(*moved[0]) - loss_of_first_sample(*moved[1])) / 2e-6
            assert steps[k][index] - weights[k][index] == pytest.approx(
                -rate * slope, abs=1e-9, rel=1e-5
            )
    assert_same_run(net.set_params(max_epochs=80), X, y, weights)


@pytest.mark.parametrize("name", ["li2020", "nyiro2022", "vanrossum2024"])
def test_published_networks_equal_their_oracle(name):
    X, y = samples(0, 0)
    X = synlib.published_inputs(X, name, random_state=0)
    net = MLP.as_published(name, hidden=9, max_epochs=6, random_state=0)
    random = np.random.default_rng(1)
    weights = random.normal(0, 0.3, (12 + net.bias, 9)), random.normal(0, 0.3, (9, 3))
    assert_same_run(net, X, y, weights)


@pytest.mark.large
@pytest.mark.parametrize("memory", ["as published", Persistent(), SynapticCache(0.02, "synapse")])
def test_published_energies_on_real_images(memory):
    """Thousands of images from given weights, in stored order, as in comparisons of programs."""
    mnist = synlib.load_mnist()
    X = synlib.published_inputs(mnist.images_train[:3000], "li2020")
    net = MLP.as_published("li2020", hidden=15, max_epochs=1)
    if memory != "as published":
        net.set_params(memory=memory)
    random = np.random.default_rng(1)
    weights = random.normal(0, 0.01, (784, 15)), random.normal(0, 0.01, (15, 10))
    assert_same_run(net, X, mnist.y_train[:3000], weights)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_exactly_k_synapses_change(dtype):
    X, y = samples(1, 0.1)
    random = np.random.default_rng(1)
    weights = random.normal(0, 0.5, (12, 9)), random.normal(0, 0.5, (9, 3))
    for fraction in (0.1, 0.37, 0.8):
        rule = synlib.LargestUpdates(fraction)
        net = MLP(hidden=9, plasticity=rule, max_epochs=1, dtype=dtype)
        net.fit(X, y, initial_weights=weights)
        assert net.energy_["writes_1"] == N_SAMPLES * round(fraction * 108)
        assert net.energy_["writes_2"] == N_SAMPLES * round(fraction * 27)


@pytest.mark.parametrize("engine", ["compiled", "reference"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("hidden", [9, (5, 7), (6, 4, 5)])
@pytest.mark.parametrize("background", [0.0, 0.1])
def test_the_largest_updates_of_all_layers_change(engine, dtype, hidden, background):
    """In one step those synapses change that would change the most if all did."""
    X, y = samples(1, background)
    random = np.random.default_rng(1)
    weights = normal_weights(random, (12, *each(hidden), 3))
    given = dict(hidden=hidden, dtype=dtype, max_epochs=1, engine=engine)
    for fraction in (0.01, 0.1, 0.37):
        rule = synlib.LargestUpdates(fraction, within="network")
        for sample in range(3):
            one = X[[sample]], y[[sample]]
            changes = []
            for plasticity in (rule, None):
                net = MLP(plasticity=plasticity, **given)
                net.partial_fit(*one, classes=range(3), initial_weights=weights)
                before = (w.astype(dtype) for w in weights)
                pairs = zip(net.weights_, before, strict=True)
                changes.append(np.concatenate([np.abs(w - b).ravel() for w, b in pairs]))
            chosen, proposed = changes
            count = round(fraction * chosen.size)
            assert np.count_nonzero(chosen) == min(count, np.count_nonzero(proposed))
            np.testing.assert_allclose(
                np.sort(chosen)[::-1][:count], np.sort(proposed)[::-1][:count], atol=1e-6
            )
    net = MLP(plasticity=rule, **given).fit(X, y, initial_weights=weights)
    if background != 0:  # no input is silent: every proposal is a change
        assert net.energy_["writes"] == N_SAMPLES * round(fraction * chosen.size)


class SecondLayerRests(synlib.LargestUpdates):
    """`LargestUpdates` where one layer never learns and the others do in turn."""

    def learns(self, layer, n_layers):
        return layer != 1

    def unit_masks(self, layer, n_units):
        return UnitMasks(lambda random, n: random.random((n, n_units)) < 0.5, "step")

    def competing_units(self, layer, n_units):
        return CompetingUnits(kernels.BY_ERROR, 2)


@pytest.mark.parametrize("background", [0.0, -0.13])
@pytest.mark.parametrize("fraction", [0.01, 0.1, 0.5])
@pytest.mark.parametrize("memory", [None, SynapticCache(0.004, "neuron", decay_time=100.0)])
def test_layers_choose_together_whoever_gets_an_error(fraction, background, memory):
    X, y = samples(0, background)
    weights = normal_weights(np.random.default_rng(0), (12, 6, 4, 3))
    rule = SecondLayerRests(fraction, within="network")
    net = MLP(hidden=(6, 4), plasticity=rule, memory=memory, max_epochs=3, random_state=0)
    assert_same_run(net, X, y, weights)
    assert net.energy_["writes_2"] == 0
    assert 0 < net.energy_["writes"] <= net.n_steps_ * round(fraction * (12 * 6 + 4 * 3))


@pytest.mark.parametrize("scope", SCOPES)
def test_threshold_zero_is_no_cache(scope):
    X, y = samples(2, 0)
    cache = SynapticCache(0, scope, decay_time=50, maintenance_cost=1)
    plain, cached = (MLP(hidden=9, memory=m, random_state=0, max_epochs=3) for m in (None, cache))
    plain.fit(X, y)
    cached.fit(X, y)
    for name in ("total", "consolidation", "writes", "minimal"):
        assert cached.energy_[name] == pytest.approx(plain.energy_[name], rel=1e-9), name


def test_evaluations_may_become_rarer():
    X, y = samples(3, -0.1)
    net = MLP(hidden=9, max_epochs=4, random_state=0)
    net.fit(X, y, evaluate_every=5, evaluate_growth=0.25)
    steps = list(net.history_["step"])
    assert steps[:6] == [5, 10, 15, 20, 25, 30]
    assert steps[-5:] == [75, 90, 110, 135, 160]


@pytest.mark.large
@pytest.mark.parametrize("rule", [synlib.AllSynapses(), synlib.LargestUpdates(0.1)])
@pytest.mark.parametrize(
    "memory", [Persistent(), *(SynapticCache(0.01, s, decay_time=1000) for s in SCOPES)]
)
def test_float32_is_close_to_float64(rule, memory):
    mnist = synlib.load_mnist()
    X = synlib.published_inputs(mnist.images_train[:500], "vanrossum2024", noise=False)
    double, single = (
        MLP.as_published(
            "vanrossum2024", hidden=20, max_epochs=1, plasticity=rule, memory=memory,
            dtype=dtype, random_state=0,
        )
        for dtype in ("float64", "float32")
    )  # fmt: skip
    random = np.random.default_rng(0)
    weights = random.normal(0, 0.01, (785, 20)), random.normal(0, 0.01, (20, 10))
    for net in (double, single):
        net.fit(X, mnist.y_train[:500], initial_weights=weights)
    assert single.weights_[0].dtype == np.float32
    assert single.energy_["total"] == pytest.approx(double.energy_["total"], rel=0.01)


def test_divergence_stops_the_run_and_says_so():
    random = np.random.default_rng(0)
    X, y = random.normal(size=(50, 10)), random.integers(3, size=50)
    net = MLP(
        hidden=20, activation="relu", output="linear", learning_rate=5, init_scale=1, random_state=0
    )
    # without the compiler NumPy would have its say, too
    with (
        np.errstate(all="ignore"),
        pytest.warns(RuntimeWarning, match="learning diverged after") as caught,
    ):
        net.fit(X, y, evaluate_every=1)
    assert len(caught) == 1
    assert net.diverged_
    assert 0 < net.n_steps_ < 1000
    assert all(np.isfinite(value) for value in net.energy_.values())
    assert net.history_["total"].is_monotonic_increasing
    assert list(net.history_["step"]) == list(range(1, net.n_steps_ + 1))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(hidden=0), "hidden must be an integer of at least 1, got 0"),
        (dict(hidden=1, bias=True), "hidden must be an integer of at least 2"),
        (dict(learning_rate=-1), "learning_rate must be a finite number > 0, got -1"),
        (dict(learning_rate=(1, 2, 3)), "learning_rate must be one value or one for each"),
        (dict(activation="linear"), "activation must be one of"),
        (dict(output="relu"), "output must be one of"),
        (dict(loss="hinge"), "loss must be one of"),
        (dict(output="linear", loss="cross_entropy"), "loss must be 'mse' when output is"),
        (dict(gradient="wrong"), "gradient must be one of"),
        (dict(init_scale="fan_in"), "init_scale must be a finite number >= 0 or 'fan_out'"),
        (dict(targets=(0, np.nan)), "targets must be two finite numbers"),
        (dict(targets=(0, 1, 2)), "targets must be two finite numbers"),
        (dict(targets=0.5), "targets must be two finite numbers, got 0.5"),
        (dict(sampling="random"), "sampling must be one of"),
        (dict(dtype="int8"), "dtype must be one of"),
        (dict(max_epochs=0.5), "max_epochs must be an integer of at least 1"),
        (dict(memory="cache"), "memory must be Persistent, SynapticCache or a Memory, got 'cache'"),
        (dict(engine="fast"), "engine must be one of 'auto', 'compiled', 'reference', got"),
        (dict(plasticity=0.1), "plasticity must be a PlasticityRule"),
        (dict(bias="no"), "bias must be True or False, got 'no'"),
        (dict(activation=np.array(["relu", "tanh"])), "activation must be one of"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    X, y = samples(0, 0)
    with pytest.raises(ValueError, match=message):
        MLP(**arguments).fit(X, y)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(until=1.5), r"until must be in the range \(0, 1\], got 1.5"),
        (dict(monitor=3), "monitor must be a function of one argument, got 3"),
        (dict(count_writes="no"), "count_writes must be True or False, got 'no'"),
        (dict(evaluate_every=0), "evaluate_every must be an integer of at least 1"),
        (dict(evaluate_growth=-1), "evaluate_growth must be a finite number >= 0, got -1"),
        (dict(passages=(0.5, 1.5)), r"passages must be in the range \(0, 1\], got 1.5"),
        (dict(passages=0.0), r"passages must be in the range \(0, 1\], got 0.0"),
        (dict(passages="all"), r"passages must be in the range \(0, 1\], got 'all'"),
        (dict(test=(np.ones((3, 5)), np.ones(3))), "test must be .* 5 features, but MLP is expect"),
        (dict(test=(np.ones((3, 12)), np.ones(2))), "test must be .* inconsistent numbers of samp"),
        (dict(test=(np.ones((3, 12)), list("012"))), "test must be .* Mix of label input types"),
        (dict(test=(np.full((3, 12), np.nan), np.ones(3))), "test must be .* contains NaN"),
        (dict(test=np.ones((2, 12))), r"test must be a pair .* got an array of shape \(2, 12\)"),
        (dict(initial_weights=(np.ones((2, 2)),) * 2), "initial_weights must have the shapes"),
        (
            dict(initial_weights=(np.full((12, 100), np.nan), np.ones((100, 3)))),
            "initial_weights must be finite",
        ),
    ],
)
def test_bad_arguments_of_fit_are_named(arguments, message):
    X, y = samples(0, 0)
    with pytest.raises(ValueError, match=message):
        MLP().fit(X, y, **arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(hidden=()), r"hidden must name at least one layer, got \(\)"),
        (dict(hidden=(5, 0)), "hidden must be an integer of at least 1, got 0"),
        (dict(hidden=(5, 1), bias=True), "hidden must be an integer of at least 2, got 1"),
        (dict(hidden=(5, 5), learning_rate=(1, 1)), "one value or one for each of the 3 layers"),
        (dict(plasticity=synlib.LargestUpdates((0.1,) * 3)), "fraction must be one value or one"),
        (dict(plasticity=synlib.Subnetwork((1, 2))), "one for each of the 1 hidden layers"),
        (dict(plasticity=synlib.GatedNeurons((1, 1, 1))), "probability must be one value or one"),
        (dict(error_margin=0), "error_margin must be None, 'right' or a finite number > 0, got 0"),
        (dict(error_margin="wrong"), "error_margin must be None, 'right' or a finite number > 0"),
    ],
)
def test_what_does_not_fit_the_depth_is_named(arguments, message):
    X, y = samples(0, 0)
    with pytest.raises(ValueError, match=message):
        MLP(**arguments).fit(X, y)


def test_lazy_steps_cost_nothing_but_time():
    X, y = samples(0, 0.0)
    cache = SynapticCache(10, maintenance_cost=0.1, decay_time=50)
    net = MLP(hidden=9, memory=cache, error_margin=0.4, init_scale=0.3, random_state=0)
    net.fit(X, y)
    always = MLP(hidden=9, memory=cache, init_scale=0.3, random_state=0).fit(X, y)
    assert net.n_steps_ == always.n_steps_ == 20 * N_SAMPLES
    idle = MLP(hidden=9, error_margin=2.0, random_state=0).fit(X, y)
    assert idle.energy_["total"] == idle.energy_["writes"] == 0
    resting = MLP(hidden=9, memory=cache, error_margin="right", init_scale=0.3, random_state=0)
    assert 0 < resting.fit(X, y).energy_["maintenance"] < always.energy_["maintenance"]


def test_bad_data_is_named():
    X, y = samples(0, 0)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        MLP().fit(X, y[:-1])
    with pytest.raises(ValueError, match=r"y must have labels of one kind, .*, got int, str"):
        MLP().fit(X, np.array([1, "a"], object)[y % 2])
    with pytest.raises(ValueError, match=r"y must have labels of one kind, .*, got NoneType, str"):
        MLP().fit(X, np.array([None, "a"], object)[y % 2])
    with pytest.raises(ValueError, match="contains NaN"):
        MLP().fit(np.full_like(X, np.nan), y)


@pytest.mark.parametrize("background", [0.0, -0.2])
@pytest.mark.parametrize(
    ("rule", "memory"),
    [
        (synlib.LargestUpdates(0.3), None),
        (synlib.LargestUpdates(0.3, within="network"), None),
        (synlib.RandomSynapses(0.3), None),
        (synlib.AllSynapses(), None),
        (synlib.AllSynapses(), SynapticCache(0.0005, "synapse", decay_time=100.0)),
    ],
)
def test_writes_of_each_synapse_add_up_to_the_ledger(rule, memory, background):
    X, y = samples(0, background)
    net = MLP(hidden=9, plasticity=rule, memory=memory, max_epochs=3, random_state=0)
    net.fit(X, y, count_writes=True)
    for layer, writes in enumerate(net.writes_, start=1):
        assert writes.sum() == net.energy_[f"writes_{layer}"] > 0
        assert writes.max() <= net.n_steps_


def test_a_monitor_sees_each_row_and_can_stop():
    X, y = samples(0, 0.0)
    rows = []

    def watch(row):
        rows.append(row)
        return len(rows) == 2

    net = MLP(hidden=9, max_epochs=5, random_state=0).fit(X, y, monitor=watch)
    assert net.n_steps_ == 2 * N_SAMPLES
    assert [row["step"] for row in rows] == list(net.history_["step"])


def test_a_frame_for_testing_is_checked_like_one_for_predicting():
    X, y = samples(0, 0.0)
    frame = pd.DataFrame(X, columns=[f"pixel {i}" for i in range(12)])
    net = MLP(hidden=9, max_epochs=2, random_state=0)
    with pytest.raises(ValueError, match=r"test must be .* feature names should match"):
        net.fit(frame, y, test=(frame[frame.columns[::-1]], y))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net.fit(frame, y, test=(frame, pd.Series(y)))
    assert net.history_["accuracy"].iloc[-1] == net.score(frame, y)


@pytest.mark.parametrize("labels", ["binary", "three"])
@pytest.mark.parametrize("output", ["logistic", "softmax", "linear"])
def test_decisions_and_probabilities_agree_with_predictions(output, labels):
    X, y = samples(0, 0.0)
    y = np.array(["a", "b", "c"])[y % 2 if labels == "binary" else y]
    net = MLP(hidden=9, output=output, init_scale=1, learning_rate=0.05, random_state=0).fit(X, y)
    decision = net.decision_function(X)
    chosen = (decision > 0).astype(int) if labels == "binary" else decision.argmax(axis=1)
    np.testing.assert_array_equal(net.classes_[chosen], net.predict(X))
    assert net.score(X, y) == net.history_["accuracy"].iloc[-1]
    if output == "linear":
        assert not hasattr(net, "predict_proba")
        return
    activities = net.activities(X)
    expected = activities / activities.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(net.predict_proba(X), expected, rtol=1e-12)


def test_probabilities_of_silent_outputs_are_still_shares():
    X, y = samples(0, 0.0)
    net = MLP(hidden=9, max_epochs=1, random_state=0).fit(X, y)
    net.weights_ = net.weights_[0], net.weights_[1] - np.array([900, 1000, 1100])
    shares = net.predict_proba(X)
    assert np.isfinite(shares).all()
    np.testing.assert_allclose(shares.sum(axis=1), 1)


def test_parameters_set_after_learning_wait_for_the_next():
    X, y = samples(0, 0.0)
    net = MLP(hidden=9, init_scale=1, max_epochs=2, random_state=0).fit(X, y)
    before = net.activities(X), net.predict_proba(X), net.decision_function(X)
    net.set_params(activation="relu", output="linear", bias=True, dtype="float32", hidden=3)
    after = net.activities(X), net.predict_proba(X), net.decision_function(X)
    for a, b in zip(before, after, strict=True):
        np.testing.assert_array_equal(a, b)
    assert not hasattr(net.fit(X, y), "predict_proba")
