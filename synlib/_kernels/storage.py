"""Where expressed changes are stored, and what that costs.

Without a cache they go into the persistent weights and are paid for at once. With a cache they go
into the transient weights, which are maintained, decay, and are consolidated.
"""

import numpy as np

from synlib._kernels import accounting, inner
from synlib._kernels.layer import (
    CONSOLIDATION,
    FACTOR,
    FACTOR_WHEN_FLAGGED,
    MAINTENANCE,
    NEURON_SUM,
    SYNAPSE,
    TRANSITION,
    WRITES,
    sum_of_first,
)


@inner
def store_all(layer, cached, count, index, value, background, change):
    """Store the whole outer product; without a cache its energy is known in closed form."""
    n, m = layer.persistent.shape
    inactive = n - count if background != 0 else 0
    inputs = change.dtype.type(inactive) * background + sum_of_first(count, value)
    if cached:
        matrix, shift, column_sum = layer.transient, layer.transient_shift, layer.transient_sum
        change = change * change.dtype.type(1 / layer.clock[FACTOR])
    else:
        matrix, shift, column_sum = layer.persistent, layer.shift, layer.column_sum
        _pay_for_all(layer, count, value, inactive, background, change)
        if layer.writes.shape[0] > 0:
            _count_all(layer, count, index, value, background, change)
    for j in range(m):
        column_sum[j] += inputs * change[j]
        shift[j] += background * change[j]
    if cached and background == 0:
        _add_to_transient(layer, count, index, value, change)
        return
    units = np.nonzero(change)[0]
    if 4 * units.size < m:
        for a in range(count):
            row = matrix[index[a]]
            for j in units:
                row[j] += (value[a] - background) * change[j]
    else:
        for a in range(count):
            row = matrix[index[a]]
            x = value[a] - background
            for j in range(m):
                row[j] += x * change[j]


@accounting
def _pay_for_all(layer, count, value, inactive, background, change):
    """Energy and writes of a whole outer product: products of two sums."""
    total_inputs = inactive * float(abs(background))
    active = inactive
    for a in range(count):
        total_inputs += abs(value[a])
        active += value[a] != 0
    total_change = 0.0
    changed = 0
    for j in range(change.size):
        total_change += abs(change[j])
        changed += change[j] != 0
    layer.ledger[CONSOLIDATION] += total_inputs * total_change
    layer.ledger[WRITES] += float(active) * changed


@inner
def _count_all(layer, count, index, value, background, change):
    """Count the writes of a whole outer product, synapse by synapse."""
    if background != 0:
        count_silent(layer, count, index, change)
    for a in range(count):
        if value[a] != 0:
            count_row(layer.writes[index[a]], change, 1)


@inner
def count_silent(layer, count, index, change):
    """Count a write of each synapse of the silent inputs whose ``change`` is not zero."""
    for i in range(layer.writes.shape[0]):
        count_row(layer.writes[i], change, 1)
    for a in range(count):
        count_row(layer.writes[index[a]], change, -1)


@inner
def count_row(writes, change, times):
    """Add ``times`` to the writes of a row where its ``change`` is not zero."""
    for j in range(change.size):
        if change[j] != 0:
            writes[j] += times


@inner
def _add_to_transient(layer, count, index, value, change):
    """Add an outer product to the transient weights, and keep account of their sizes.

    Four rows at a time, so that the accounts of the units are fetched a quarter as often.
    """
    absolute, peak = layer.absolute, layer.peak
    m = change.size
    a = 0
    while a + 4 <= count:
        row_0, row_1 = layer.transient[index[a]], layer.transient[index[a + 1]]
        row_2, row_3 = layer.transient[index[a + 2]], layer.transient[index[a + 3]]
        x_0, x_1, x_2, x_3 = value[a], value[a + 1], value[a + 2], value[a + 3]
        for j in range(m):
            old = abs(row_0[j]) + abs(row_1[j]) + abs(row_2[j]) + abs(row_3[j])
            row_0[j] += x_0 * change[j]
            row_1[j] += x_1 * change[j]
            row_2[j] += x_2 * change[j]
            row_3[j] += x_3 * change[j]
            size_0, size_1 = abs(row_0[j]), abs(row_1[j])
            size_2, size_3 = abs(row_2[j]), abs(row_3[j])
            absolute[j] += size_0 + size_1 + size_2 + size_3 - old
            size_0 = size_0 if size_0 > size_1 else size_1
            size_2 = size_2 if size_2 > size_3 else size_3
            size_0 = size_0 if size_0 > size_2 else size_2
            peak[j] = size_0 if size_0 > peak[j] else peak[j]
        a += 4
    while a < count:
        _add_row_to_transient(layer, index[a], value[a] * change)
        a += 1


@inner
def _add_row_to_transient(layer, i, change):
    row = layer.transient[i]
    for j in range(change.size):
        old = abs(row[j])
        row[j] += change[j]
        size = abs(row[j])
        layer.absolute[j] += size - old
        layer.peak[j] = size if size > layer.peak[j] else layer.peak[j]


@inner
def store_row(row, column_sum, proposal, spread, energy, writes):
    """Store changes in a row of persistent weights, less what the shift has done already.

    What they cost is added to the accounts of the units: sums over a row would not be vectorised.
    """
    one, zero = proposal.dtype.type(1), proposal.dtype.type(0)
    for j in range(row.size):
        update = proposal[j]
        row[j] += update - spread[j]
        column_sum[j] += update
        energy[j] += abs(update)
        writes[j] += one if update != 0 else zero


@inner
def cache_row(layer, background, i, proposal, spread):
    """Store changes in a row of transient weights, less what the shift has done already."""
    inverse = proposal.dtype.type(1 / layer.clock[FACTOR])
    if background == 0:
        _add_row_to_transient(layer, i, inverse * proposal)
        return
    row = layer.transient[i]
    for j in range(row.size):
        row[j] += inverse * (proposal[j] - spread[j])
    for j in range(row.size):
        layer.transient_sum[j] += inverse * proposal[j]


@inner
def store_spread(layer, cached, inactive, spread):
    """Store what all silent inputs change alike."""
    times = spread.dtype.type(inactive)
    if cached:
        inverse = spread.dtype.type(1 / layer.clock[FACTOR])
        for j in range(spread.size):
            layer.transient_shift[j] += inverse * spread[j]
            layer.transient_sum[j] += times * inverse * spread[j]
        return
    energy = 0.0
    written = 0
    for j in range(spread.size):
        layer.shift[j] += spread[j]
        layer.column_sum[j] += times * spread[j]
        energy += abs(spread[j])
        written += spread[j] != 0
    layer.ledger[CONSOLIDATION] += inactive * energy
    layer.ledger[WRITES] += float(inactive) * written


@inner
def store_ties(layer, rule, cached, count, index, background, change, limit, cutoff):
    """The silent inputs among those tied with the k-th largest change, up to the cutoff."""
    n, m = layer.persistent.shape
    level = change.dtype.type(rule.sign) * abs(background)
    tied = np.empty(m, np.int64)
    n_tied = 0
    for j in range(m):
        if level * abs(change[j]) == limit:
            tied[n_tied] = j
            n_tied += 1
    if n_tied == 0:
        return
    active = np.zeros(n, np.bool_)
    for a in range(count):
        active[index[a]] = True
    inverse = change.dtype.type(1 / layer.clock[FACTOR])
    for i in range(min(n, cutoff // m + 1)):
        if active[i]:
            continue
        for tie in range(n_tied):
            j = tied[tie]
            if i * m + j >= cutoff:
                break
            update = background * change[j]
            if cached:
                layer.transient[i, j] += inverse * update
                layer.transient_sum[j] += inverse * update
            else:
                layer.persistent[i, j] += update
                layer.column_sum[j] += update
                layer.ledger[CONSOLIDATION] += abs(update)
                layer.ledger[WRITES] += update != 0
                if layer.writes.shape[0] > 0:
                    layer.writes[i, j] += update != 0


@inner
def measure(layer, absolute):
    """Sizes of all transient weights: their largest into ``peak``, their sum into ``absolute``."""
    n, m = layer.transient.shape
    shift, peak = layer.transient_shift, layer.peak
    peak[:] = 0
    i = 0
    while i + 4 <= n:
        row_0, row_1 = layer.transient[i], layer.transient[i + 1]
        row_2, row_3 = layer.transient[i + 2], layer.transient[i + 3]
        for j in range(m):
            size_0, size_1 = abs(row_0[j] + shift[j]), abs(row_1[j] + shift[j])
            size_2, size_3 = abs(row_2[j] + shift[j]), abs(row_3[j] + shift[j])
            absolute[j] += size_0 + size_1 + size_2 + size_3
            size_0 = size_0 if size_0 > size_1 else size_1
            size_2 = size_2 if size_2 > size_3 else size_3
            size_0 = size_0 if size_0 > size_2 else size_2
            peak[j] = size_0 if size_0 > peak[j] else peak[j]
        i += 4
    while i < n:
        row = layer.transient[i]
        for j in range(m):
            size = abs(row[j] + shift[j])
            absolute[j] += size
            peak[j] = size if size > peak[j] else peak[j]
        i += 1


@inner
def consolidate(layer, cache, factor_at_test, everything, count, index):
    """Write what has crossed the threshold into the persistent weights and pay for it.

    ``everything`` writes the whole layer. ``index[:count]`` are the inputs whose synapses can
    have crossed. ``factor_at_test`` is the decay factor at the time of the test, which is not
    the present one when consolidation was put off to the next step.
    """
    n, m = layer.persistent.shape
    units = np.empty(m, np.int64)
    n_units = 0
    for j in range(m):
        level = layer.absolute[j] if cache.scope == NEURON_SUM else layer.peak[j]
        if everything or level * factor_at_test > cache.threshold:
            units[n_units] = j
            n_units += 1
    factor = layer.clock[FACTOR]
    counting = layer.writes.shape[0] > 0
    energy = 0.0
    written = 0
    if cache.scope == SYNAPSE and not everything:
        for a in range(count):
            i = index[a]
            for u in range(n_units):
                j = units[u]
                part = layer.transient[i, j] + layer.transient_shift[j]
                size = abs(part)
                if size * factor_at_test > cache.threshold:
                    layer.persistent[i, j] += factor * part
                    layer.column_sum[j] += factor * part
                    layer.transient[i, j] = -layer.transient_shift[j]
                    layer.transient_sum[j] -= part
                    layer.absolute[j] -= size
                    energy += size
                    written += 1
                    if counting:
                        layer.writes[i, j] += 1
    else:
        for i in range(n):
            for u in range(n_units):
                j = units[u]
                part = layer.transient[i, j] + layer.transient_shift[j]
                layer.persistent[i, j] += factor * part
                layer.transient[i, j] = 0
                energy += abs(part)
                written += part != 0
                if counting:
                    layer.writes[i, j] += part != 0
        for u in range(n_units):
            j = units[u]
            layer.column_sum[j] += factor * layer.transient_sum[j]
            layer.transient_shift[j] = 0
            layer.transient_sum[j] = 0
            layer.absolute[j] = 0
    layer.ledger[CONSOLIDATION] += factor * energy
    layer.ledger[WRITES] += written


@accounting
def hold(layer, cache):
    """One step of maintenance."""
    total = 0.0
    for size in layer.absolute:
        total += size
    layer.ledger[MAINTENANCE] += cache.maintenance_cost * layer.clock[FACTOR] * total


@inner
def decay(layer, cache):
    """One step of decay, in the common factor; long before that underflows, it is multiplied in."""
    layer.clock[FACTOR] *= cache.decay
    floor = 1e-60 if layer.transient.itemsize == 8 else 1e-10
    factor = layer.clock[FACTOR]
    if factor < floor and layer.clock[FACTOR_WHEN_FLAGGED] == 0:
        for i in range(layer.transient.shape[0]):
            row = layer.transient[i]
            for j in range(row.size):
                row[j] *= factor
        for j in range(layer.absolute.size):
            layer.absolute[j] *= factor
            layer.transient_shift[j] *= factor
            layer.transient_sum[j] *= factor
        layer.clock[FACTOR] = 1.0


@accounting
def pay_transition(layer, cache):
    """Charge the change of every transient weight since the end of the last step."""
    factor = layer.clock[FACTOR]
    total = 0.0
    for i in range(layer.previous.shape[0]):
        row = layer.transient[i]
        previous = layer.previous[i]
        for j in range(row.size):
            now = factor * (row[j] + layer.transient_shift[j])
            total += abs(now - previous[j])
            previous[j] = now
    layer.ledger[TRANSITION] += cache.transition_cost * total
