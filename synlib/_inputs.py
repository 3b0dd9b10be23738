"""Inputs as the compiled loops want them: only what differs from a common background."""

import numpy as np

# below this share a common value is not worth the second term it costs
WORTHWHILE_SHARE = 0.25


def most_common_value(X):
    """The most common input value if it is common enough to be treated as a background, else 0."""
    sample = X[:: max(1, len(X) // 200)]
    values, counts = np.unique(sample, return_counts=True)
    common = counts.argmax()
    return values[common] if counts[common] >= WORTHWHILE_SHARE * sample.size else X.dtype.type(0)


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
    active = background != X
    if with_bias:
        active = np.column_stack([active, np.ones(n_samples, bool)])
    start = np.concatenate([[0], active.sum(axis=1).cumsum()])
    index = np.nonzero(active)[1].astype(np.int64)
    value = np.empty(index.size, X.dtype)
    is_input = index < n_inputs
    value[is_input] = X[active[:, :n_inputs]]
    value[~is_input] = 1
    return start, index, value
