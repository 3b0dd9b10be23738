"""The layers of synapses of a network: their arrays, and what they pass on.

How many layers and stores there are is data: all layers share one array of each kind, in which
`matrix_of` and `units_of` find the part of a layer, so that one compiled loop serves any network.
A layer is a sequence of *stores*. Changes go to the first, are consolidated from each to the next,
and are for good in the last, the persistent one.

Weights are input-major, (n_inputs, n_units), so that one active input touches one contiguous row.
The inputs of a step come as a list of the active ones, ``index[:count]`` and ``value[:count]``,
in ascending order; all the others have the value ``background``.

    weight_ij = sum over stores that are not hidden of factor * (matrix_ij + shift_j)

The shift holds what the background adds to all synapses of a unit alike, and the factor what decay
takes from all changes of a store alike: neither ever touches the matrix. Only the first store has
a shift, and the factor of the last is 1.
"""

from typing import NamedTuple

import numpy as np

from synlib._kernels import apart, compiled, in_any_order, inner

# which synapses express the change proposed for them
ALL, NONE, BY_UPDATE, BY_INPUT, BY_WEIGHT, BY_WEIGHT_OF_UNIT, MASK, BY_UPDATE_OF_NETWORK = range(8)
# what is consolidated when a transient change crosses the threshold
SYNAPSE, NEURON, NEURON_SUM, LAYER, NETWORK = range(5)
# the entries of a layer's ledger
CONSOLIDATION, MAINTENANCE, TRANSITION, WRITES = range(4)
# the entries of a store's clock: decay factor now, and when consolidation was flagged (0: not)
FACTOR, FACTOR_WHEN_FLAGGED = range(2)
# a sum of at least this many products is made in as many strands
LANES = 64


class Layers(NamedTuple):
    """Arrays of all layers, changed in place; the first axis of most is that of the stores."""

    shape: np.ndarray  # (n_layers, 2), inputs and units that are plastic
    first_weight: np.ndarray  # (n_layers + 1,), where the weights of each layer begin
    first_unit: np.ndarray  # (n_layers + 1,), where the units of each layer begin
    weights: np.ndarray  # (n_stores, n_weights), in units of the decay factor
    shift: np.ndarray  # (n_stores, n_units), in the same units
    column_sum: np.ndarray  # (n_stores, n_units), of matrix and shift; for a background only
    absolute: np.ndarray  # (n_stores, n_units), sum of |matrix + shift| in a transient store
    peak: np.ndarray  # (n_stores, n_units), largest |matrix + shift| of those just changed
    previous: np.ndarray  # (n_stores, n_weights), at the end of the last step; or (n_stores, 0)
    clock: np.ndarray  # (n_layers, n_stores, 2)
    ledger: np.ndarray  # (n_layers, 4)
    limit: np.ndarray  # (n_layers,), size of the k-th largest weight at the last step; 0: none yet
    mask: np.ndarray  # (n_weights,) bool for the rule MASK, else (0,)
    seen: np.ndarray  # (n_weights,), effective weights for the rules by weight, else (0,)
    writes: np.ndarray  # (n_weights,) int, writes of each synapse, or (0,) if nobody asked
    first_static: np.ndarray  # (n_layers + 1,), where weights that never change begin
    static: np.ndarray  # (n_static,), all of a layer's, zero where synapses are plastic
    hidden: np.ndarray  # (n_stores,) bool, what the network does not see of its weights


class Store(NamedTuple):
    """The part of one layer in one store."""

    matrix: np.ndarray  # (n, m)
    shift: np.ndarray  # (m,)
    column_sum: np.ndarray
    absolute: np.ndarray
    peak: np.ndarray
    clock: np.ndarray  # (2,)
    writes: np.ndarray  # (n, m), or (0, m) if they are not counted, or not here


class Rule(NamedTuple):
    """Which synapses are expressed: ``count`` of them, the largest (sign 1) or smallest (-1).

    0 < count < size of the layer (for BY_INPUT and BY_WEIGHT_OF_UNIT, which choose so many for each
    unit: number of inputs; for BY_UPDATE_OF_NETWORK, where the count is that of all layers of this
    kind together: their size); else it is NONE or ALL.
    Each is an array (n_layers,), or the number of one layer.
    """

    kind: np.ndarray
    count: np.ndarray  # type: ignore[assignment]
    sign: np.ndarray


class Cache(NamedTuple):
    """Settings of a store that is transient; of the last, only the maintenance cost counts.

    Each is an array (n_stores,), or the number of one store.
    """

    threshold: float
    scope: int
    decay: float
    decay_first: bool
    maintenance_cost: float
    transition_cost: float
    check_every: int
    deferred: bool
    keep_remainder: bool  # only whole multiples of the threshold are consolidated
    hidden: bool  # see `Layers.hidden`


@inner
def matrix_of(layers, s, k):
    """Weights of layer k in store s, (n, m)."""
    n, m = layers.shape[k]
    first = layers.first_weight[k]
    return layers.weights[s][first : first + n * m].reshape(n, m)


@inner
def units_of(array, layers, s, k):
    """What ``array`` (n_stores, n_units) holds for the plastic units of layer k in store s."""
    first = layers.first_unit[k]
    return array[s][first : first + layers.shape[k, 1]]


@inner
def static_of(layers, k):
    """Weights of layer k that never change, (all its inputs, all its units)."""
    m = layers.first_unit[k + 1] - layers.first_unit[k]
    part = layers.static[layers.first_static[k] : layers.first_static[k + 1]]
    return part.reshape(part.size // m, m)


@inner
def store_of(layers, s, k):
    """Layer k in store s."""
    writes = layers.writes[:0]
    if layers.writes.size > 0 and s + 1 == layers.weights.shape[0]:
        writes = layers.writes[layers.first_weight[k] : layers.first_weight[k + 1]]
    return Store(
        matrix_of(layers, s, k),
        units_of(layers.shift, layers, s, k),
        units_of(layers.column_sum, layers, s, k),
        units_of(layers.absolute, layers, s, k),
        units_of(layers.peak, layers, s, k),
        layers.clock[k, s],
        writes.reshape(-1, layers.shape[k, 1]),
    )


@inner
def propagate(layers, k, count, index, value, background, out):
    """Summed input of each plastic unit of layer k."""
    number = out.dtype.type
    n_stores = layers.weights.shape[0]
    out[:] = 0
    for s in range(n_stores):
        if not layers.hidden[s]:
            add_weighted_rows(matrix_of(layers, s, k), count, index, value, background, out)
        if s + 1 < n_stores:
            ratio = number(layers.clock[k, s, FACTOR] / layers.clock[k, s + 1, FACTOR])
            for j in range(out.size):
                out[j] *= ratio
    add_background(layers, k, count, value, background, out)


@inner
def add_background(layers, k, count, value, background, out):
    """Add what the units of layer k get from the background, and from what all synapses share."""
    if background == 0:
        return
    number = out.dtype.type
    n_stores = layers.weights.shape[0]
    total = sum_of_first(count, value) - number(count) * background
    for s in range(n_stores - 1, -1, -1):
        if layers.hidden[s]:
            continue
        factor = number(layers.clock[k, s, FACTOR])
        of_shift, of_sum = factor * total, factor * background
        shift = units_of(layers.shift, layers, s, k)
        column_sum = units_of(layers.column_sum, layers, s, k)
        for j in range(out.size):
            out[j] += of_shift * shift[j] + of_sum * column_sum[j]


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
        _add_four_rows(row_0, row_1, row_2, row_3, x_0, x_1, x_2, x_3, out)
        a += 4
    while a < count:
        add_row(matrix[index[a]], value[a] - background, out)
        a += 1


@apart
def _add_four_rows(row_0, row_1, row_2, row_3, x_0, x_1, x_2, x_3, out):
    for j in range(out.size):
        out[j] += x_0 * row_0[j] + x_1 * row_1[j] + x_2 * row_2[j] + x_3 * row_3[j]


@apart
def add_row(row, x, out):
    """Add ``x`` times a row."""
    for j in range(out.size):
        out[j] += x * row[j]


@apart
def copy(source, target):
    """Fill an array with the first entries of another one, which is at least as long.

    An array assigned to a slice does the same, but takes longer to compile than most kernels: it
    brings all that it takes to say that the lengths differ.
    """
    for i in range(target.size):
        target[i] = source[i]


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
def propagate_back(layers, k, error, out):
    """Error of each plastic unit of layer k as seen by its plastic inputs."""
    out[:] = 0
    for s in range(layers.weights.shape[0] - 1, -1, -1):
        if layers.hidden[s]:
            continue
        factor = error.dtype.type(layers.clock[k, s, FACTOR])
        add_products(matrix_of(layers, s, k), error, factor, out)


@inner
def add_products(matrix, error, factor, out):
    """Add ``factor`` times the product of the matrix (n, m) with the error (m,).

    Long sums are made in strands, which are added up at the end: a stated order all the same.
    """
    if error.size >= LANES:
        _add_long_products(matrix, error, factor, out)
        return
    for i in range(out.size):
        row = matrix[i]
        total = error.dtype.type(0)
        for j in range(error.size):
            total += row[j] * error[j]
        out[i] += factor * total


@inner
def _add_long_products(matrix, error, factor, out):
    m = error.size
    whole = m - m % LANES
    lanes = np.zeros(LANES, error.dtype)
    for i in range(out.size):
        row = matrix[i]
        lanes[:] = 0
        for first in range(0, whole, LANES):
            part, errors = row[first : first + LANES], error[first : first + LANES]
            for lane in range(LANES):
                lanes[lane] += part[lane] * errors[lane]
        half = LANES // 2
        while half > 0:
            for lane in range(half):
                lanes[lane] += lanes[lane + half]
            half //= 2
        total = lanes[0]
        for j in range(whole, m):
            total += row[j] * error[j]
        out[i] += factor * total


@compiled
def effective_weights(layers, k):
    """(n, m) weights of layer k as the network sees them."""
    last = layers.weights.shape[0] - 1
    weights = matrix_of(layers, last, k) + units_of(layers.shift, layers, last, k)
    if not layers.hidden[:last].all():
        weights += transient_weights(layers, k, False)
    return weights


@compiled
def transient_weights(layers, k, with_hidden):
    """(n, m) transient part of the weights of layer k, of all stores but the last."""
    matrix = matrix_of(layers, 0, k)
    factor = matrix.dtype.type(layers.clock[k, 0, FACTOR])
    total = factor * (matrix + units_of(layers.shift, layers, 0, k))
    if layers.hidden[0] and not with_hidden:
        total[:] = 0
    for s in range(1, layers.weights.shape[0] - 1):
        if layers.hidden[s] and not with_hidden:
            continue
        total += matrix.dtype.type(layers.clock[k, s, FACTOR]) * matrix_of(layers, s, k)
    return total


@compiled
def column_sums(weights):
    """(m,) sums over the rows, one after another."""
    total = np.zeros(weights.shape[1], weights.dtype)
    for i in range(weights.shape[0]):
        for j in range(total.size):
            total[j] += weights[i, j]
    return total


@compiled
def sum_columns(layers, k):
    """Make the sums of the columns anew, so that rounding errors do not add up for ever."""
    for s in range(layers.weights.shape[0]):
        matrix = matrix_of(layers, s, k)
        shift = units_of(layers.shift, layers, s, k)
        column_sum = units_of(layers.column_sum, layers, s, k)
        n, m = matrix.shape
        times = matrix.dtype.type(n)
        for j in range(m):
            column_sum[j] = times * shift[j]
        for i in range(n):
            row = matrix[i]
            for j in range(m):
                column_sum[j] += row[j]


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
