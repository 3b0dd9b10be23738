"""What a layer passes on for many samples, with the sums in the order of the training loop."""

import numpy as np

from synlib._kernels import compiled, inner
from synlib._kernels.layer import add_weighted_rows, column_sums, copy
from synlib._kernels.network import activate


@compiled
def summed_inputs(first, last, index, value, background, weights, unit, out):
    """Summed input of a block of units, for samples in compressed rows.

    Parameters
    ----------
    first, last, index, value
        From `synlib._kernels.inputs.compress`.
    background : scalar
    weights : array (n_inputs, n_columns)
    unit : int
    out : array (n_samples, n_units)
        The sums are written into the columns from ``unit`` on, as far as there are any.
    """
    n_columns = weights.shape[1]
    n_units = min(n_columns, out.shape[1] - unit)
    summed = np.empty(n_columns, weights.dtype)
    common = np.zeros(n_columns, weights.dtype)  # what a sample without active inputs would give
    if background != 0:
        common += background * column_sums(weights)
    n_samples = first.size
    dense = 0  # samples without a silent input are taken four at a time
    all_there = n_samples * weights.shape[0]
    if n_samples > 0 and (last - first).sum() == all_there == last[-1] - first[0]:
        dense = n_samples // 4 * 4
        X = value[first[0] : last[-1]].reshape(n_samples, -1)
        _sum_dense(X, weights, background, common, unit, out)
    for t in range(dense, n_samples):
        copy(common, summed)
        active = slice(first[t], last[t])
        count = last[t] - first[t]
        add_weighted_rows(weights, count, index[active], value[active], background, summed)
        copy(summed, out[t, unit : unit + n_units])


@inner
def _sum_dense(X, weights, background, common, unit, out):
    """The same sums for all samples but the last few, four at a time.

    Each weight is then fetched once for four samples.
    """
    n_inputs, n_columns = weights.shape
    n_units = min(n_columns, out.shape[1] - unit)
    sums = np.empty((4, n_columns), weights.dtype)
    s_0, s_1, s_2, s_3 = sums[0], sums[1], sums[2], sums[3]
    for t in range(0, len(X) // 4 * 4, 4):
        for k in range(4):
            copy(common, sums[k])
        x = X[t : t + 4] - background
        i = 0
        while i + 4 <= n_inputs:
            row_0, row_1, row_2, row_3 = weights[i], weights[i + 1], weights[i + 2], weights[i + 3]
            a_0, b_0, c_0, d_0 = x[0, i], x[0, i + 1], x[0, i + 2], x[0, i + 3]
            a_1, b_1, c_1, d_1 = x[1, i], x[1, i + 1], x[1, i + 2], x[1, i + 3]
            a_2, b_2, c_2, d_2 = x[2, i], x[2, i + 1], x[2, i + 2], x[2, i + 3]
            a_3, b_3, c_3, d_3 = x[3, i], x[3, i + 1], x[3, i + 2], x[3, i + 3]
            for j in range(n_columns):
                a, b, c, d = row_0[j], row_1[j], row_2[j], row_3[j]
                s_0[j] += a_0 * a + b_0 * b + c_0 * c + d_0 * d
                s_1[j] += a_1 * a + b_1 * b + c_1 * c + d_1 * d
                s_2[j] += a_2 * a + b_2 * b + c_2 * c + d_2 * d
                s_3[j] += a_3 * a + b_3 * b + c_3 * c + d_3 * d
            i += 4
        while i < n_inputs:
            for k in range(4):
                for j in range(n_columns):
                    sums[k, j] += x[k, i] * weights[i, j]
            i += 1
        for k in range(4):
            copy(sums[k], out[t + k, unit : unit + n_units])


@compiled
def activate_rows(x, kind):
    """Apply an activation to each row, in place."""
    for t in range(len(x)):
        activate(x[t], kind)
