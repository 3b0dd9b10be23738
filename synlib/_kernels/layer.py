"""One layer of synapses: its arrays, and what it passes on.

Weights are input-major, (n_inputs, n_units), so that one active input touches one contiguous row.
The inputs of a step come as a list of the active ones, ``index[:count]`` and ``value[:count]``;
all the others have the value ``background``.

    weight_ij = persistent_ij + shift_j + decay_factor * (transient_ij + transient_shift_j)

The shifts hold what the background adds to all synapses of a unit alike, and ``decay_factor``
what decay takes from all transient changes alike: neither ever touches the matrix.
"""

from typing import NamedTuple

import numpy as np

from synlib._kernels import compiled, in_any_order, inner

# which synapses express the change proposed for them
ALL, NONE, BY_UPDATE, BY_INPUT, BY_WEIGHT, MASK = range(6)
# what is consolidated when a transient change crosses the threshold
SYNAPSE, NEURON, NEURON_SUM, LAYER, NETWORK = range(5)
# the entries of a layer's ledger and clock
CONSOLIDATION, MAINTENANCE, TRANSITION, WRITES = range(4)
FACTOR, FACTOR_WHEN_FLAGGED, LAST_LIMIT = range(3)


class Layer(NamedTuple):
    """Arrays of one layer, changed in place; (n, m) = (inputs, units)."""

    persistent: np.ndarray  # (n, m)
    shift: np.ndarray  # (m,)
    column_sum: np.ndarray  # (m,), sum of persistent and shift; kept for a background only
    transient: np.ndarray  # (n, m), in units of the decay factor; (0, 0) without a cache
    transient_shift: np.ndarray  # (m,), in the same units
    transient_sum: np.ndarray  # (m,), sum of transient and its shift; for a background only
    absolute: np.ndarray  # (m,), sum of |transient + shift| of each unit
    peak: np.ndarray  # (m,), largest |transient + shift| of each unit, of those just changed
    previous: np.ndarray  # (n, m), transient at the end of the last step; (0, 0) unless paid for
    mask: np.ndarray  # (n, m) bool for the rules MASK and BY_WEIGHT, else (0, 0)
    sizes: np.ndarray  # (n, m), what BY_WEIGHT compares, else (0, 0)
    writes: np.ndarray  # (n, m) int, writes of each synapse, or (0, 0) if nobody asked
    ledger: np.ndarray  # consolidation, maintenance, transition, writes
    clock: np.ndarray  # decay factor now, and when consolidation was flagged (0: not flagged);
    # the size that the smallest (largest) weight chosen had at the last step (0: none yet)


class Rule(NamedTuple):
    """Which synapses are expressed: ``count`` of them, the largest (sign 1) or smallest (-1).

    0 < count < size of the layer (for BY_INPUT: number of inputs); else it is NONE or ALL.
    """

    kind: int
    count: int  # type: ignore[assignment]
    sign: int


class Cache(NamedTuple):
    """Settings of a synaptic cache; ``enabled`` is False for persistent weights."""

    enabled: bool
    threshold: float
    scope: int
    decay: float
    decay_first: bool
    maintenance_cost: float
    transition_cost: float
    check_every: int
    deferred: bool


@inner
def propagate(layer, count, index, value, background, out):
    """Summed input of each unit."""
    number = out.dtype.type
    factor = number(layer.clock[FACTOR])
    cached = layer.transient.shape[0] > 0
    out[:] = 0
    if cached:
        add_weighted_rows(layer.transient, count, index, value, background, out)
        for j in range(out.size):
            out[j] *= factor
    add_weighted_rows(layer.persistent, count, index, value, background, out)
    if background == 0:
        return
    total = sum_of_first(count, value) - number(count) * background
    for j in range(out.size):
        out[j] += total * layer.shift[j] + background * layer.column_sum[j]
    if cached:
        total *= factor
        background *= factor
        for j in range(out.size):
            out[j] += total * layer.transient_shift[j] + background * layer.transient_sum[j]


@inner
def add_weighted_rows(matrix, count, index, value, background, out):
    """Add the active rows, weighted with what their inputs have above the background.

    Four rows at a time, so that the sums are fetched a quarter as often.
    """
    a = 0
    while a + 4 <= count:
        row_0, row_1 = matrix[index[a]], matrix[index[a + 1]]
        row_2, row_3 = matrix[index[a + 2]], matrix[index[a + 3]]
        x_0, x_1 = value[a] - background, value[a + 1] - background
        x_2, x_3 = value[a + 2] - background, value[a + 3] - background
        for j in range(out.size):
            out[j] += x_0 * row_0[j] + x_1 * row_1[j] + x_2 * row_2[j] + x_3 * row_3[j]
        a += 4
    while a < count:
        row = matrix[index[a]]
        x = value[a] - background
        for j in range(out.size):
            out[j] += x * row[j]
        a += 1


@inner
def sum_of_first(count, value):
    """Sum of ``value[:count]`` in four strands, since each addition must wait for the last."""
    sum_0 = sum_1 = sum_2 = sum_3 = value.dtype.type(0)
    a = 0
    while a + 4 <= count:
        sum_0 += value[a]
        sum_1 += value[a + 1]
        sum_2 += value[a + 2]
        sum_3 += value[a + 3]
        a += 4
    while a < count:
        sum_0 += value[a]
        a += 1
    return (sum_0 + sum_1) + (sum_2 + sum_3)


@inner
def propagate_back(layer, error, out):
    """Error of each unit seen by each input."""
    factor = error.dtype.type(layer.clock[FACTOR])
    cached = layer.transient.shape[0] > 0
    for i in range(out.size):
        row = layer.persistent[i]
        total = error.dtype.type(0)
        for j in range(error.size):
            total += row[j] * error[j]
        if cached:
            row = layer.transient[i]
            part = error.dtype.type(0)
            for j in range(error.size):
                part += row[j] * error[j]
            total += factor * part
        out[i] = total


@compiled
def effective_weights(layer):
    """(n, m) weights as the network sees them."""
    weights = layer.persistent + layer.shift
    if layer.transient.shape[0] > 0:
        weights += transient_weights(layer)
    return weights


@compiled
def transient_weights(layer):
    """(n, m) transient part of the weights."""
    factor = layer.transient.dtype.type(layer.clock[FACTOR])
    return factor * (layer.transient + layer.transient_shift)


@compiled
def column_sums(weights):
    """(m,) sums over the rows, one after another."""
    total = np.zeros(weights.shape[1], weights.dtype)
    for i in range(weights.shape[0]):
        for j in range(total.size):
            total[j] += weights[i, j]
    return total


@compiled
def sum_columns(layer):
    """Make the sums of the columns anew, so that rounding errors do not add up for ever."""
    n, m = layer.persistent.shape
    times = layer.persistent.dtype.type(n)
    for j in range(m):
        layer.column_sum[j] = times * layer.shift[j]
        layer.transient_sum[j] = times * layer.transient_shift[j]
    for i in range(n):
        for j in range(m):
            layer.column_sum[j] += layer.persistent[i, j]
    for i in range(layer.transient.shape[0]):
        for j in range(m):
            layer.transient_sum[j] += layer.transient[i, j]


@in_any_order
def distance(initial, weights):
    """Sum of ``|weights - initial|`` and number of entries that differ, without a third matrix."""
    total = 0.0
    differing = 0
    n, m = initial.shape
    for i in range(n):
        for j in range(m):
            size = abs(weights[i, j] - initial[i, j])
            total += size
            differing += size > 0
    return total, differing
