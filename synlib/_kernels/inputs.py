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
    first, last : int array (n_rows,)
    index : int array (n_active,)
    value : array (n_active,)
        Row r of them has the values ``value[first[r]:last[r]]`` at the inputs ``index[...]``.
    """
    first = begins(X, order, background, with_bias)
    index, value = fill(X, order, background, with_bias, first)
    return first[:-1], first[1:], index, value


@compiled
def begins(X, order, background, with_bias):
    """Where the list of each row begins, and where the last one ends, (n_rows + 1,)."""
    first = np.zeros(order.size + 1, np.int64)
    for r in range(order.size):
        row = X[order[r]]
        count = int(with_bias)
        for i in range(row.size):
            count += row[i] != background
        first[r + 1] = first[r] + count
    return first


@compiled
def fill(X, order, background, with_bias, first):
    """Which inputs are in the lists that begin so, and their values."""
    # all are written down, but only those that count move on to the next place: no branches
    index = np.empty(first[-1] + 1, np.int64)
    value = np.empty(first[-1] + 1, X.dtype)
    for r in range(order.size):
        row = X[order[r]]
        a = first[r]
        for i in range(row.size):
            index[a] = i
            value[a] = row[i]
            a += row[i] != background
        if with_bias:
            index[a] = row.size
            value[a] = 1
    return index[:-1], value[:-1]
