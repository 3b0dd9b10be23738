"""Rules and memories are parameters to scikit-learn: set, cloned and searched by name."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from synlib import (
    MLP,
    AllSynapses,
    LargestUpdates,
    Perceptron,
    Persistent,
    Subnetwork,
    SynapticCache,
)
from tests.test_mlp import samples

CACHE = SynapticCache(1.5, "synapse", decay_time=50)


def test_parameters_of_parameters_are_set_in_a_copy():
    net = MLP(memory=CACHE, plasticity=Subnetwork(5, then=LargestUpdates(0.1)))
    assert net.get_params()["memory__threshold"] == 1.5
    assert net.get_params()["plasticity__then__fraction"] == 0.1
    other = clone(net)
    other.set_params(memory__threshold=2, plasticity__then__fraction=0.3, hidden=7)
    assert other.memory == SynapticCache(2, "synapse", decay_time=50)
    assert other.plasticity == Subnetwork(5, then=LargestUpdates(0.3))
    assert other.hidden == 7
    assert CACHE.threshold == 1.5
    assert net.memory == CACHE
    assert other.set_params(memory=Persistent()).memory == Persistent()
    assert Perceptron(CACHE).set_params(memory__scope="neuron").memory.scope == "neuron"


def test_a_parameter_and_its_own_can_be_set_together():
    net = MLP().set_params(memory__threshold=3, memory=SynapticCache(1))
    assert net.memory == SynapticCache(3)


def test_a_pipeline_reaches_them():
    pipeline = make_pipeline(StandardScaler(), MLP(memory=CACHE))
    pipeline.set_params(mlp__memory__threshold=4)
    assert pipeline[-1].memory.threshold == 4
    assert pickle.loads(pickle.dumps(pipeline))[-1].memory == pipeline[-1].memory
    assert "MLP" in pipeline[-1]._repr_html_()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(memory__treshold=2), "Invalid parameter 'treshold' for SynapticCache. Valid .*scope"),
        (dict(memory__threshold__x=2), "Invalid parameter 'threshold__x' for SynapticCache"),
        (dict(memory__threshold=-2), "threshold must be a number >= 0, got -2"),
        (dict(memori__threshold=2), "Invalid parameter 'memori' for estimator MLP"),
        (dict(plasticity__fraction=0.1), "plasticity__fraction cannot be set: plasticity is None"),
        (dict(hidden=7, memory__scope="cell"), "scope must be one of"),
        (dict(hidden=7, hiden=8), "Invalid parameter 'hiden' for estimator MLP"),
    ],
)
def test_wrong_names_and_values_are_named_and_change_nothing(change, message):
    net = MLP(memory=CACHE)
    with pytest.raises(ValueError, match=message):
        net.set_params(**change)
    assert net.memory is CACHE
    assert net.hidden == 100


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_they_are_searched(n_jobs):
    X, y = samples(0, 0.0)
    net = MLP(
        hidden=9,
        memory=SynapticCache(1.0),
        plasticity=LargestUpdates(0.1),
        max_epochs=2,
        random_state=0,
    )
    grid = {"memory__threshold": [0.0, 0.5], "plasticity__fraction": [0.05, 1.0]}
    search = GridSearchCV(net, grid, cv=2, n_jobs=n_jobs, error_score="raise").fit(X, y % 2)
    tried = search.cv_results_["params"]
    assert [p["memory__threshold"] for p in tried] == [0.0, 0.0, 0.5, 0.5]
    by_hand = clone(net).set_params(**tried[-1])
    first, second = search.cv_results_["split0_test_score"][-1], search.best_estimator_
    train, test = next(iter(search_splits(y % 2)))
    assert by_hand.fit(X[train], (y % 2)[train]).score(X[test], (y % 2)[test]) == first
    assert second.memory.threshold == search.best_params_["memory__threshold"]


def search_splits(y):
    from sklearn.model_selection import StratifiedKFold

    return StratifiedKFold(2).split(np.zeros_like(y), y)


def test_a_rule_of_ones_own_is_cloned_as_it_is():
    class Own(AllSynapses):
        pass

    rule = Own()
    assert type(clone(MLP(plasticity=rule)).plasticity) is Own
