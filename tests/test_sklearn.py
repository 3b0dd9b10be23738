"""Both networks keep all of scikit-learn's conventions."""

import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import make_blobs
from sklearn.utils.estimator_checks import parametrize_with_checks

from synlib import MLP, Perceptron
from synlib._kernels import perceptron
from synlib._kernels.inputs import begins, compress, fill

DEEP = MLP(hidden=(20, 10), activation="tanh", init_scale="fan_out")


@parametrize_with_checks([Perceptron(), MLP(), DEEP])
def test_keeps_the_conventions_of_scikit_learn(estimator, check):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the checks provoke some on purpose
        check(estimator)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("output", ["logistic", "softmax"])
def test_decisions_rank_as_probabilities_do(output, seed):
    X, y = make_blobs(100, centers=[(2, 2, 2, 2), (4, 4, 4, 4)], random_state=seed)
    net = MLP(hidden=(9, 5), output=output, activation="tanh", max_epochs=3, random_state=seed)
    net.set_params(init_scale="fan_out").fit(X, y)
    decision, share = net.decision_function(X), net.predict_proba(X)[:, 1]
    np.testing.assert_allclose(share, 1 / (1 + np.exp(-decision)), rtol=1e-9)
    np.testing.assert_array_equal(net.predict(X), net.classes_[(decision > 0).astype(int)])


@pytest.mark.parametrize("estimator", [Perceptron(), MLP(hidden=5, max_epochs=1, random_state=0)])
@pytest.mark.parametrize("arranged", [np.asfortranarray, lambda X: np.repeat(X, 2, axis=0)[::2]])
def test_however_samples_lie_in_memory_nothing_more_is_compiled(estimator, arranged):
    X, y = make_blobs(30, centers=2, n_features=4, random_state=0)
    used = begins, fill, compress, perceptron.gram_matrix, perceptron.outputs

    def decisions(X):
        return clone(estimator).fit(X, y).decision_function(X)

    expected = decisions(X)
    compiled = [kernel.signatures for kernel in used]
    assert any(compiled)
    np.testing.assert_array_equal(decisions(arranged(X)), expected)
    assert [kernel.signatures for kernel in used] == compiled
