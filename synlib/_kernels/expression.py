"""Which of the proposed changes of a layer are expressed.

Back-propagation proposes the outer product ``value x change``. A rule lets all of it through, or
chooses synapses by the size of the change, the input or the weight, or by a fixed mask.
"""

import numpy as np

from synlib._kernels import inner
from synlib._kernels.layer import (
    ALL,
    BY_INPUT,
    BY_UPDATE,
    BY_WEIGHT,
    CONSOLIDATION,
    FACTOR,
    LAST_LIMIT,
    NEURON_SUM,
    NONE,
    WRITES,
)
from synlib._kernels.selection import first_at_least, kth_largest, kth_largest_product
from synlib._kernels.storage import (
    cache_row,
    count_row,
    count_silent,
    measure,
    store_all,
    store_row,
    store_spread,
    store_ties,
)


@inner
def learn(layer, rule, cache, step, count, index, value, background, change):
    """Express the proposed changes ``value x change`` and store them; True if the cache is full.

    ``change`` (m,) holds learning rate times error. A True asks for `consolidate`, which the
    caller does, since the scope may reach beyond this layer.
    """
    layer.peak[:] = 0
    if rule.kind == ALL:
        store_all(layer, cache.enabled, count, index, value, background, change)
    elif rule.kind == BY_INPUT:
        n_inputs = layer.persistent.shape[0]
        chosen, values = _select_by_input(rule, n_inputs, count, index, value, background)
        zero = change.dtype.type(0)
        store_all(layer, cache.enabled, rule.count, chosen, values, zero, change)
    elif rule.kind != NONE:
        _store_selected(layer, rule, cache.enabled, count, index, value, background, change)
    if not cache.enabled:
        return False
    if background != 0 and rule.kind != NONE:
        layer.absolute[:] = 0
        measure(layer, layer.absolute)
    if step % cache.check_every != 0:
        return False
    if cache.check_every > 1 and background == 0:
        measure(layer, np.zeros_like(layer.absolute))
    factor = layer.clock[FACTOR]
    if cache.scope == NEURON_SUM:
        return layer.absolute.max() * factor > cache.threshold
    return layer.peak.max() * factor > cache.threshold


@inner
def _store_selected(layer, rule, cached, count, index, value, background, change):
    """Store the part of the outer product that the rule lets through, row by row."""
    n, m = layer.persistent.shape
    magnitude = np.abs(change)
    sign = change.dtype.type(rule.sign)
    limit = change.dtype.type(-1)
    cutoff = 0
    if rule.kind == BY_UPDATE:
        limit, cutoff = _select_by_update(rule, n, count, index, value, background, magnitude)
    elif rule.kind == BY_WEIGHT:
        _select_by_weight(layer, rule)

    counting = not cached and layer.writes.shape[0] > 0
    # What all silent inputs change alike goes into the shift, and is taken off again below for
    # the inputs that were active.
    spread = np.zeros(m, change.dtype)
    if background != 0:
        level = sign * abs(background)
        for j in range(m):
            if level * magnitude[j] > limit:
                spread[j] = background * change[j]
        store_spread(layer, cached, n - count, spread)
        if counting:
            count_silent(layer, count, index, spread)

    # up to the cutoff, changes equal to the limit are expressed too
    below = np.nextafter(limit, change.dtype.type(-np.inf))
    limits = np.full(m, limit)
    split = 0
    spread_any = spread.any()
    strongest = sign * (magnitude.max() if rule.sign > 0 else magnitude.min())
    proposal = np.empty(m, change.dtype)
    zero = change.dtype.type(0)
    matrix, column_sum = layer.persistent, layer.column_sum
    energy, writes = np.zeros_like(proposal), np.zeros_like(proposal)
    for a in range(count):
        i = index[a]
        x = value[a]
        if rule.kind == BY_UPDATE:
            if abs(x) * strongest < limit and not spread_any:
                continue  # nothing is expressed in this row, and nothing to be taken off again
            if split != min(max(cutoff - i * m, 0), m):
                split = min(max(cutoff - i * m, 0), m)
                limits[:split] = below
                limits[split:] = limit
            level = sign * abs(x)
            for j in range(m):
                update = x * change[j]  # computed for all, so that there is no branch
                proposal[j] = update if level * magnitude[j] > limits[j] else zero
        else:
            chosen = layer.mask[i]
            for j in range(m):
                update = x * change[j]
                proposal[j] = update if chosen[j] else zero
        if cached:
            cache_row(layer, background, i, proposal, spread)
        else:
            store_row(matrix[i], column_sum, proposal, spread, energy, writes)
            if counting:
                count_row(layer.writes[i], proposal, 1)
    for j in range(m):
        layer.ledger[CONSOLIDATION] += energy[j]
        layer.ledger[WRITES] += writes[j]

    if background != 0 and cutoff > 0:
        store_ties(layer, rule, cached, count, index, background, change, limit, cutoff)


@inner
def _select_by_update(rule, n, count, index, value, background, magnitude):
    """Limit and cutoff such that exactly ``rule.count`` changes are expressed.

    Expressed are those with sign * |change| above the limit, and those equal to it whose position
    in the flattened matrix is before the cutoff.
    """
    m = magnitude.size
    inputs = np.full(n, abs(background), magnitude.dtype)
    for a in range(count):
        inputs[index[a]] = abs(value[a])
    rows, multiplicity, n_rows = _sizes_of_inputs(n, count, value, background)
    columns = np.sort(magnitude)
    k = rule.count if rule.sign > 0 else n * m - rule.count + 1
    value_k, greater = kth_largest_product(rows, multiplicity, n_rows, columns, k)
    limit = value_k if rule.sign > 0 else -value_k
    if value_k == 0:  # the ties propose no change at all
        return limit, 0

    # which rows hold values equal to the limit, and how many are to be taken from them
    tied_rows = np.empty(n_rows, magnitude.dtype)
    tied_times = np.empty(n_rows, np.int64)
    n_tied = 0
    ties = 0
    first = m
    for r in range(n_rows):
        first = first_at_least(columns, rows[r], value_k, first)
        times = 0
        while first + times < m and rows[r] * columns[first + times] == value_k:
            times += 1
        if times > 0:
            tied_rows[n_tied] = rows[r]
            tied_times[n_tied] = times
            n_tied += 1
            ties += times * multiplicity[r]
    needed = k - greater
    if rule.sign < 0:
        needed = rule.count - (n * m - greater - ties)
    if needed == ties:
        return limit, n * m
    for i in range(n):
        for r in range(n_tied):
            if inputs[i] == tied_rows[r]:
                if tied_times[r] < needed:
                    needed -= tied_times[r]
                else:
                    for j in range(m):
                        if inputs[i] * magnitude[j] == value_k:
                            needed -= 1
                            if needed == 0:
                                return limit, i * m + j + 1
    return limit, n * m


@inner
def _sizes_of_inputs(n, count, value, background):
    """Distinct sizes of the inputs in ascending order, how often each occurs, and their number."""
    silent = value.dtype.type(abs(background))
    sizes = np.full(count + (n > count), silent)
    sizes[:count] = np.abs(value[:count])
    sizes.sort()
    multiplicity = np.zeros(sizes.size, np.int64)
    last = -1
    for size in sizes:
        if last < 0 or sizes[last] != size:
            last += 1
            sizes[last] = size
        multiplicity[last] += 1
        if size == silent and n > count + 1:  # one of them stands for all the silent ones
            multiplicity[last] += n - count - 1
            count = n
    return sizes, multiplicity, last + 1


@inner
def _select_by_weight(layer, rule):
    """Choose the ``rule.count`` largest or smallest weights, ties by position, in the mask."""
    n, m = layer.persistent.shape
    sign = layer.sizes.dtype.type(rule.sign)
    factor = layer.sizes.dtype.type(layer.clock[FACTOR])
    for i in range(n):
        row = layer.sizes[i]
        if layer.transient.shape[0] > 0:
            for j in range(m):
                row[j] = sign * abs(layer.persistent[i, j] + factor * layer.transient[i, j])
        else:
            for j in range(m):
                row[j] = sign * abs(layer.persistent[i, j])
    sizes, chosen = layer.sizes.ravel(), layer.mask.ravel()
    limit, _ = kth_largest(sizes, rule.count, sizes.dtype.type(layer.clock[LAST_LIMIT]))
    layer.clock[LAST_LIMIT] = limit
    surplus = -rule.count
    for s in range(sizes.size):
        chosen[s] = sizes[s] >= limit
        surplus += chosen[s]
    s = sizes.size
    while surplus > 0:  # of the ties, the last are not chosen
        s -= 1
        if sizes[s] == limit:
            chosen[s] = False
            surplus -= 1


@inner
def _select_by_input(rule, n, count, index, value, background):
    """The inputs of largest (smallest) magnitude, ties by index, as a list of active inputs."""
    k, sign = rule.count, value.dtype.type(rule.sign)
    sizes = np.full(n, sign * abs(background), value.dtype)
    values = np.full(n, background, value.dtype)
    for a in range(count):
        sizes[index[a]] = sign * abs(value[a])
        values[index[a]] = value[a]
    limit, greater = kth_largest(sizes, k, value.dtype.type(0))
    ties = k - greater
    chosen = np.empty(k, index.dtype)
    found = 0
    for i in range(n):
        if sizes[i] > limit or (sizes[i] == limit and ties > 0):
            ties -= sizes[i] == limit
            chosen[found] = i
            found += 1
    return chosen, values[chosen]
