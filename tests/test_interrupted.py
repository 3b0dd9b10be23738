"""After Ctrl-C, an error or a second fit there is one whole state: never a mixture, never none."""

import os
import signal

import numpy as np
import pytest

from synlib import MLP, Perceptron, SynapticCache, random_patterns, spiking
from tests.test_mlp import N_SAMPLES, samples

CACHE = SynapticCache(0.02, decay_time=100, maintenance_cost=1e-3)


def stop_at(step, error):
    def monitor(row):
        if row["step"] >= step:
            raise error

    return monitor


def test_the_cause_goes_on_even_where_warnings_are_errors():
    X, y = samples(0, 0.0)
    with pytest.raises(KeyboardInterrupt):
        MLP(hidden=9).fit(X, y, monitor=stop_at(1, KeyboardInterrupt()))


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ZeroDivisionError()])
@pytest.mark.parametrize("memory", [None, CACHE])
def test_a_network_keeps_what_it_has_learned(memory, error):
    X, y = samples(0, 0.01)
    settings = dict(hidden=9, memory=memory, random_state=0)
    net = MLP(max_epochs=50, **settings)
    with (
        pytest.warns(RuntimeWarning, match="learning was cut short after 120 steps"),
        pytest.raises(type(error)),
    ):
        net.fit(X, y, monitor=stop_at(3 * N_SAMPLES, error), count_writes=True)
    short = MLP(max_epochs=3, **settings).fit(X, y, count_writes=True)
    assert net.interrupted_
    assert not short.interrupted_
    assert net.n_steps_ == 120
    assert net.energy_ == short.energy_
    assert net.history_.equals(short.history_)
    for name in ("weights_", "transient_weights_", "writes_"):
        for a, b in zip(getattr(net, name), getattr(short, name), strict=True):
            np.testing.assert_array_equal(a, b)
    assert net.score(X, y) == short.score(X, y)
    assert not net.fit(X, y).interrupted_


def press_at(n, function):
    """Call ``function`` as before, but press Ctrl-C within the n-th call."""
    calls = []

    def pressed(*arguments):
        calls.append(arguments)
        result = function(*arguments)
        if len(calls) == n:
            os.kill(os.getpid(), signal.SIGINT)
        return result

    return pressed


def test_ctrl_c_right_after_a_compiled_loop_loses_no_step(monkeypatch):
    from synlib import _training

    X, y = samples(0, 0.0)
    net = MLP(hidden=9, max_epochs=50, random_state=0)
    with monkeypatch.context() as patch:
        patch.setattr(_training.kernels, "train", press_at(3, _training.kernels.train))
        with (
            pytest.warns(RuntimeWarning, match="after 120 steps"),
            pytest.raises(KeyboardInterrupt),
        ):
            net.fit(X, y)
    short = MLP(hidden=9, max_epochs=3, random_state=0).fit(X, y)
    assert net.energy_ == short.energy_
    np.testing.assert_array_equal(net.weights_[0], short.weights_[0])
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_second_fit_leaves_nothing_of_the_first():
    X, y = samples(0, 0.0)
    net = MLP(hidden=9, max_epochs=2, random_state=0).fit(X, y, count_writes=True, until=0.01)
    net.set_params(hidden=4).fit(X[:, :7], y % 2)
    assert not hasattr(net, "writes_")
    assert [w.shape for w in net.weights_] == [(7, 4), (4, 2)]
    assert net.predict(X[:, :7]).shape == y.shape
    X, d = random_patterns(20, 20, random_state=0)
    neuron = Perceptron().fit(X, d, trace=[0])
    assert not hasattr(neuron.fit(X, d), "trace_")


@pytest.mark.parametrize(
    ("change", "arguments"),
    [
        (dict(hidden=0), {}),
        (dict(), dict(until=7)),
        (dict(), dict(test=(np.ones((2, 2)), [0, 1]))),
        (dict(), dict(initial_weights=(np.ones((2, 2)),) * 2)),
    ],
)
def test_a_refused_fit_leaves_the_first_whole(change, arguments):
    X, y = samples(0, 0.0)
    net = MLP(hidden=9, max_epochs=2, random_state=0).fit(X, y, count_writes=True)
    before = dict(vars(net))
    with pytest.raises(ValueError, match="must"):
        net.set_params(**change).fit(X[:, :7], y % 2, **arguments)
    net.set_params(hidden=9)
    assert vars(net) == before
    assert set(net.predict(X)) <= {0, 1, 2}


def test_a_refused_fit_of_a_perceptron_leaves_the_first_whole():
    X, d = random_patterns(20, 20, random_state=0)
    neuron = Perceptron().fit(X, d)
    before = dict(vars(neuron))
    with pytest.raises(ValueError, match="trace"):
        neuron.fit(X[:, :5], d > 0, trace=[77])
    assert vars(neuron) == before


@pytest.mark.parametrize(
    ("memory", "kernel"),
    [
        (None, "persistent_margins"),
        (SynapticCache(3.0, decay_time=500), "cached_margins"),
        (SynapticCache(3.0, "synapse", decay_time=500, consolidate="next"), "primal"),
    ],
)
def test_a_perceptron_keeps_what_it_has_learned(memory, kernel, monkeypatch):
    from synlib import perceptron

    X, d = random_patterns(60, 40, random_state=0)
    neuron = Perceptron(memory, max_epochs=50)
    with monkeypatch.context() as patch:
        patch.setattr(perceptron, "WORK_PER_CALL", 1.0)  # one epoch
        loop = press_at(3, getattr(perceptron.kernels, kernel))
        patch.setattr(perceptron.kernels, kernel, loop)
        with (
            pytest.warns(RuntimeWarning, match="learning was cut short after 3 epochs"),
            pytest.raises(KeyboardInterrupt),
        ):
            neuron.fit(X, d, trace=[1, 40])
    short = Perceptron(memory, max_epochs=3).fit(X, d, trace=[1, 40])
    assert neuron.interrupted_
    assert not neuron.converged_
    assert not short.interrupted_
    assert neuron.energy_ == short.energy_
    assert neuron.history_.equals(short.history_)
    np.testing.assert_array_equal(neuron.coef_, short.coef_)
    np.testing.assert_array_equal(neuron.trace_, short.trace_)


def test_a_spiking_neuron_hands_over_what_it_has_learned(monkeypatch):
    memory = SynapticCache(0.1, "synapse", maintenance_cost=1e-3)
    run = dict(memory=memory, random_state=0)
    with monkeypatch.context() as patch:
        patch.setattr(spiking.kernels, "trial", press_at(5, spiking.kernels.trial))
        with pytest.raises(KeyboardInterrupt) as caught:
            spiking.learn(2, **run)
    learned, short = caught.value.learned, spiking.learn(2, max_rounds=3, **run)
    assert learned.rounds == short.rounds == 3
    assert not learned.settled
    assert learned.energy == short.energy
    np.testing.assert_array_equal(learned.weights, short.weights)
