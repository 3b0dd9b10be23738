"""Inputs as the training loop wants them: only what differs from a common background."""

import numpy as np

from synlib._kernels import compiled


@compiled
def compress(X, background, with_bias):
    """Rows of X as lists of the inputs that differ from the background.

    Parameters
    ----------
    X : array (n_samples, n_inputs)
    background : scalar
    with_bias : bool
        Whether each list ends with an always-on input, number n_inputs.

    Returns
    -------
    start : int array (n_samples + 1,)
    index : int array (n_active,)
    value : array (n_active,)
        Sample n has the values ``value[start[n]:start[n + 1]]`` at the inputs ``index[...]``.
    """
    n_samples, n_inputs = X.shape
    start = np.zeros(n_samples + 1, np.int64)
    for n in range(n_samples):
        count = int(with_bias)
        for i in range(n_inputs):
            count += X[n, i] != background
        start[n + 1] = start[n] + count
    index = np.empty(start[-1], np.int64)
    value = np.empty(start[-1], X.dtype)
    for n in range(n_samples):
        a = start[n]
        for i in range(n_inputs):
            if X[n, i] != background:
                index[a] = i
                value[a] = X[n, i]
                a += 1
        if with_bias:
            index[a] = n_inputs
            value[a] = 1
    return start, index, value
