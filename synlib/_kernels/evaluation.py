"""What a layer passes on for many samples, with the sums in the order of the training loop."""

import numpy as np

from synlib._kernels import compiled
from synlib._kernels.layer import add_weighted_rows, column_sums
from synlib._kernels.network import activate


@compiled
def summed_inputs(start, index, value, background, weights, first, out):
    """Summed input of a block of units, for samples in compressed rows.

    Parameters
    ----------
    start, index, value
        From `synlib._kernels.inputs.compress`.
    background : scalar
    weights : array (n_inputs, n_units)
    first : int
    out : array (n_samples, >= first + n_units)
        The sums are written into the columns from ``first`` on.
    """
    n_units = weights.shape[1]
    summed = np.empty(n_units, weights.dtype)
    common = np.zeros(n_units, weights.dtype)  # what a sample without active inputs would give
    if background != 0:
        common += background * column_sums(weights)
    for t in range(start.size - 1):
        summed[:] = common
        active = slice(start[t], start[t + 1])
        count = start[t + 1] - start[t]
        add_weighted_rows(weights, count, index[active], value[active], background, summed)
        out[t, first : first + n_units] = summed


@compiled
def activate_rows(x, kind):
    """Apply an activation to each row, in place."""
    for t in range(len(x)):
        activate(x[t], kind)
