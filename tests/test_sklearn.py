"""Both networks keep all of scikit-learn's conventions."""

import warnings

from sklearn.utils.estimator_checks import parametrize_with_checks

from synlib import MLP, Perceptron


@parametrize_with_checks([Perceptron(), MLP()])
def test_keeps_the_conventions_of_scikit_learn(estimator, check):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the checks provoke some on purpose
        check(estimator)
