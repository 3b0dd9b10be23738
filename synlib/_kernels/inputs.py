"""Inputs as the training loop wants them: only what differs from a common background."""

import numpy as np

from synlib._kernels import compiled


@compiled
def compress(X, order, background, with_bias):
    """Rows of X as lists of the inputs that differ from the background.

    Parameters
    ----------
    X : array (n_samples, n_inputs)
    order : int array (n_rows,)
        The rows wanted.
    background : scalar
    with_bias : bool
        Whether each list ends with an always-on input, number n_inputs.

    Returns
    -------
    start : int array (n_rows + 1,)
    index : int array (n_active,)
    value : array (n_active,)
        Row r of them has the values ``value[start[r]:start[r + 1]]`` at the inputs ``index[...]``.
    """
    n_inputs = X.shape[1]
    start = np.zeros(order.size + 1, np.int64)
    for r in range(order.size):
        row = X[order[r]]
        count = int(with_bias)
        for i in range(n_inputs):
            count += row[i] != background
        start[r + 1] = start[r] + count
    # all are written down, but only those that count move on to the next place: no branches
    index = np.empty(start[-1] + 1, np.int64)
    value = np.empty(start[-1] + 1, X.dtype)
    for r in range(order.size):
        row = X[order[r]]
        a = start[r]
        for i in range(n_inputs):
            index[a] = i
            value[a] = row[i]
            a += row[i] != background
        if with_bias:
            index[a] = n_inputs
            value[a] = 1
    return start, index[:-1], value[:-1]


@compiled
def rows(start, index, value, order):
    """The rows wanted of such lists, as `compress` would make them."""
    new_start = np.zeros(order.size + 1, np.int64)
    for r in range(order.size):
        new_start[r + 1] = new_start[r] + start[order[r] + 1] - start[order[r]]
    new_index = np.empty(new_start[-1], np.int64)
    new_value = np.empty(new_start[-1], value.dtype)
    a = 0
    for row in order:
        for b in range(start[row], start[row + 1]):
            new_index[a] = index[b]
            new_value[a] = value[b]
            a += 1
    return new_start, new_index, new_value
