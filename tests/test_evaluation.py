"""Outputs for many samples at once, in the sums of the training loop."""

import numpy as np
import pytest

from synlib import MLP


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("background", [0.0, -0.3])
@pytest.mark.parametrize("n_silent", [0, 1, 9], ids=lambda n: f"{n} silent")
def test_outputs_do_not_depend_on_the_company(dtype, background, n_silent):
    """Samples without silent inputs are taken four at a time: to the bit what each gives alone."""
    random = np.random.default_rng(0)
    X = random.normal(size=(11, 14)).astype(dtype)
    X[random.permuted(np.tile(np.arange(14) < n_silent, (11, 1)), axis=1)] = background
    y = np.arange(11) % 3
    net = MLP(hidden=9, max_epochs=3, init_scale=0.5, dtype=dtype, random_state=0).fit(X, y)
    together = net.activities(X)
    np.testing.assert_array_equal(together, np.concatenate([net.activities(x[None]) for x in X]))
    hidden = 1 / (1 + np.exp(-(X.astype(float) @ net.weights_[0])))
    expected = 1 / (1 + np.exp(-(hidden @ net.weights_[1])))
    np.testing.assert_allclose(together, expected, rtol=1e-5 if dtype == "float32" else 1e-12)
    assert net.score(X, y) == net.history_["accuracy"].iloc[-1]
