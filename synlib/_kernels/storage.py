"""Where expressed changes are stored, and what that costs.

Without a cache they go into the persistent weights and are paid for at once. With a cache they go
into the first store, which is maintained, decays, and is consolidated into the next.
"""

import numpy as np

from synlib._kernels import accounting, apart, inner
from synlib._kernels.layer import (
    CONSOLIDATION,
    FACTOR,
    FACTOR_WHEN_FLAGGED,
    MAINTENANCE,
    NEURON,
    NEURON_SUM,
    SYNAPSE,
    TRANSITION,
    WRITES,
    Cache,
    add_row,
    matrix_of,
    store_of,
    sum_of_first,
    units_of,
)

# a share of a threshold that is more than rounding in single precision
CLOSE = 1e-5


@inner
def cache_of(caches, s):
    """Settings of store s."""
    return Cache(
        caches.threshold[s],
        caches.scope[s],
        caches.decay[s],
        caches.decay_first[s],
        caches.maintenance_cost[s],
        caches.transition_cost[s],
        caches.check_every[s],
        caches.deferred[s],
        caches.keep_remainder[s],
        caches.hidden[s],
    )


@inner
def store_all(store, ledger, cached, count, index, value, background, change):
    """Store the whole outer product."""
    if cached:
        change = change * change.dtype.type(1 / store.clock[FACTOR])
    account_for_all(store, ledger, cached, count, index, value, background, change)
    if cached and background == 0:
        _add_and_measure(store, count, index, value, change)
    elif few_change(change):
        store_few(store.matrix, count, index, value, background, change)
    else:
        for a in range(count):
            add_row(change, value[a] - background, store.matrix[index[a]])


@inner
def account_for_all(store, ledger, cached, count, index, value, background, change):
    """All that a whole outer product changes but the matrix.

    Without a cache its energy is known in closed form.
    """
    n, m = store.matrix.shape
    inactive = n - count if background != 0 else 0
    inputs = change.dtype.type(inactive) * background + sum_of_first(count, value)
    if not cached:
        _pay_for_all(ledger, count, value, inactive, background, change)
        if store.writes.shape[0] > 0:
            _count_all(store.writes, count, index, value, background, change)
    for j in range(m):
        store.column_sum[j] += inputs * change[j]
        store.shift[j] += background * change[j]


@inner
def few_change(change):
    """Whether so few units change that they are better taken one by one."""
    changing = 0
    for j in range(change.size):
        changing += change[j] != 0
    return 4 * changing < change.size


@inner
def store_few(matrix, count, index, value, background, change):
    """Change the matrix by an outer product of which most units get nothing."""
    units = np.nonzero(change)[0]
    for a in range(count):
        row = matrix[index[a]]
        for j in units:
            row[j] += (value[a] - background) * change[j]


@accounting
def _pay_for_all(ledger, count, value, inactive, background, change):
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
    ledger[CONSOLIDATION] += total_inputs * total_change
    ledger[WRITES] += float(active) * changed


@inner
def _count_all(writes, count, index, value, background, change):
    """Count the writes of a whole outer product, synapse by synapse."""
    if background != 0:
        count_silent(writes, count, index, change)
    for a in range(count):
        if value[a] != 0:
            count_row(writes[index[a]], change, 1)


@inner
def count_silent(writes, count, index, change):
    """Count a write of each synapse of the silent inputs whose ``change`` is not zero."""
    for i in range(writes.shape[0]):
        count_row(writes[i], change, 1)
    for a in range(count):
        count_row(writes[index[a]], change, -1)


@inner
def count_row(writes, change, times):
    """Add ``times`` to the writes of a row where its ``change`` is not zero."""
    for j in range(change.size):
        if change[j] != 0:
            writes[j] += times


@inner
def _add_and_measure(store, count, index, value, change):
    """Add an outer product to the transient weights, and keep account of their sizes.

    Four rows at a time, so that the accounts of the units are fetched a quarter as often.
    """
    matrix, absolute, peak = store.matrix, store.absolute, store.peak
    a = 0
    while a + 4 <= count:
        row_0, row_1 = matrix[index[a]], matrix[index[a + 1]]
        row_2, row_3 = matrix[index[a + 2]], matrix[index[a + 3]]
        x_0, x_1, x_2, x_3 = value[a], value[a + 1], value[a + 2], value[a + 3]
        _add_to_four_rows(row_0, row_1, row_2, row_3, x_0, x_1, x_2, x_3, change, absolute, peak)
        a += 4
    while a < count:
        _add_row_and_measure(store, index[a], value[a] * change)
        a += 1


@apart
def _add_to_four_rows(row_0, row_1, row_2, row_3, x_0, x_1, x_2, x_3, change, absolute, peak):
    for j in range(change.size):
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


@inner
def _add_row_and_measure(store, i, change):
    row, absolute, peak = store.matrix[i], store.absolute, store.peak
    for j in range(change.size):
        old = abs(row[j])
        row[j] += change[j]
        size = abs(row[j])
        absolute[j] += size - old
        peak[j] = size if size > peak[j] else peak[j]


@inner
def store_row(store, i, proposal, spread):
    """Store changes in a row of persistent weights, less what the shift has done already."""
    row, column_sum = store.matrix[i], store.column_sum
    for j in range(row.size):
        row[j] += proposal[j] - spread[j]
        column_sum[j] += proposal[j]


@inner
def cache_row(store, background, i, proposal, spread):
    """Store changes in a row of transient weights, less what the shift has done already."""
    inverse = proposal.dtype.type(1 / store.clock[FACTOR])
    if background == 0:
        _add_row_and_measure(store, i, inverse * proposal)
        return
    row = store.matrix[i]
    for j in range(row.size):
        row[j] += inverse * (proposal[j] - spread[j])
    for j in range(row.size):
        store.column_sum[j] += inverse * proposal[j]


@inner
def store_spread(store, ledger, cached, inactive, spread):
    """Store what all silent inputs change alike."""
    times = spread.dtype.type(inactive)
    inverse = spread.dtype.type(1 / store.clock[FACTOR])
    for j in range(spread.size):
        store.shift[j] += inverse * spread[j]
        store.column_sum[j] += times * inverse * spread[j]
    if cached:
        return
    energy = 0.0
    written = 0
    for j in range(spread.size):
        energy += abs(spread[j])
        written += spread[j] != 0
    ledger[CONSOLIDATION] += inactive * energy
    ledger[WRITES] += float(inactive) * written


@inner
def store_ties(store, ledger, cached, count, index, background, change, limit, cutoff):
    """The silent inputs among those tied with the k-th largest change, up to the cutoff."""
    n, m = store.matrix.shape
    level = abs(background)
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
    inverse = change.dtype.type(1 / store.clock[FACTOR])
    for i in range(min(n, cutoff // m + 1)):
        if active[i]:
            continue
        for tie in range(n_tied):
            j = tied[tie]
            if i * m + j >= cutoff:
                break
            update = background * change[j]
            store.matrix[i, j] += inverse * update
            store.column_sum[j] += inverse * update
            if not cached:
                ledger[CONSOLIDATION] += abs(update)
                ledger[WRITES] += update != 0
                if store.writes.shape[0] > 0:
                    store.writes[i, j] += update != 0


@inner
def measure(store, absolute):
    """Sizes of all weights of a store: their largest into ``peak``, their sum into ``absolute``."""
    matrix, shift, peak = store.matrix, store.shift, store.peak
    n, m = matrix.shape
    peak[:] = 0
    absolute[:] = 0
    i = 0
    while i + 4 <= n:
        row_0, row_1, row_2, row_3 = matrix[i], matrix[i + 1], matrix[i + 2], matrix[i + 3]
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
        row = matrix[i]
        for j in range(m):
            size = abs(row[j] + shift[j])
            absolute[j] += size
            peak[j] = size if size > peak[j] else peak[j]
        i += 1


@inner
def is_full(store, cache):
    """Whether anything is to be consolidated."""
    level = store.absolute if cache.scope == NEURON_SUM else store.peak
    factor = store.clock[FACTOR]
    above = 0
    for j in range(level.size):
        above += level[j] * factor > cache.threshold
    return above > 0


@inner
def consolidate(layers, s, k, cache, factor_at_test, count, index):
    """Move what has crossed the threshold from store s of layer k to the next.

    ``index[:count]`` are the inputs whose synapses can have crossed. ``factor_at_test`` is the
    decay factor at the time of the test, which is not the present one when consolidation was put
    off to the next step. Writes into the persistent store are paid for.
    """
    store, target = store_of(layers, s, k), store_of(layers, s + 1, k)
    n, m = store.matrix.shape
    for_good = s + 2 == layers.weights.shape[0]
    counting = target.writes.shape[0] > 0
    everything = cache.scope not in (SYNAPSE, NEURON, NEURON_SUM)
    units = np.empty(m, np.int64)
    n_units = 0
    for j in range(m):
        level = store.absolute[j] if cache.scope == NEURON_SUM else store.peak[j]
        if everything or level * factor_at_test > cache.threshold:
            units[n_units] = j
            n_units += 1
    factor = store.clock[FACTOR] / target.clock[FACTOR]
    energy = 0.0
    written = 0
    plain = for_good and not counting and not cache.keep_remainder
    if cache.scope == SYNAPSE and plain and 2 * n_units > m:
        # one by one takes longer than all of a row together where so many may be full
        limits = np.full(m, np.inf)
        limits[units[:n_units]] = cache.threshold
        close = (limits * ((1 - CLOSE) / factor_at_test)).astype(store.matrix.dtype)
        moved = np.empty_like(close)
        for a in range(count):
            row = store.matrix[index[a]]
            if _any_above(row, store.shift, close):
                _take_full(row, store.shift, factor_at_test, limits, moved, store.absolute)
                _put(moved, factor, target.matrix[index[a]], target.column_sum, store.column_sum)
                sizes, number = _sizes(moved)
                energy += sizes
                written += number
    elif cache.scope == SYNAPSE:
        for a in range(count):
            i = index[a]
            for u in range(n_units):
                j = units[u]
                part = store.matrix[i, j] + store.shift[j]
                size = abs(part)
                if size * factor_at_test > cache.threshold:
                    left = _remainder(store, part, cache)
                    part -= left
                    if for_good:
                        target.matrix[i, j] += factor * part
                    else:
                        _receive(target, i, j, factor * part)
                    target.column_sum[j] += factor * part
                    store.matrix[i, j] = -(store.shift[j] - left)
                    store.column_sum[j] -= part
                    store.absolute[j] -= size - abs(left)
                    energy += abs(part)
                    written += part != 0
                    if counting:
                        target.writes[i, j] += part != 0
    else:
        for i in range(n):
            for u in range(n_units):
                j = units[u]
                part = store.matrix[i, j] + store.shift[j]
                left = _remainder(store, part, cache)
                part -= left
                if for_good:
                    target.matrix[i, j] += factor * part
                else:
                    _receive(target, i, j, factor * part)
                store.matrix[i, j] = left
                energy += abs(part)
                written += part != 0
                if counting:
                    target.writes[i, j] += part != 0
        for u in range(n_units):
            j = units[u]
            left = size = store.matrix.dtype.type(0)
            if cache.keep_remainder:
                for i in range(n):
                    left += store.matrix[i, j]
                    size += abs(store.matrix[i, j])
            target.column_sum[j] += factor * (store.column_sum[j] - left)
            store.shift[j] = 0
            store.column_sum[j] = left
            store.absolute[j] = size
    if for_good:
        layers.ledger[k, CONSOLIDATION] += factor * energy
        layers.ledger[k, WRITES] += written


@apart
def _any_above(row, shift, limits):
    """Whether a synapse of a row is beyond its limit."""
    above = 0
    for j in range(row.size):
        above += abs(row[j] + shift[j]) > limits[j]
    return above > 0


@apart
def _take_full(row, shift, factor, limits, moved, absolute):
    """Empty the synapses of a row that have crossed their limits; what was in them is ``moved``."""
    zero = row.dtype.type(0)
    for j in range(row.size):
        part = row[j] + shift[j]
        size = abs(part)
        full = size * factor > limits[j]
        moved[j] = part if full else zero
        row[j] = -shift[j] if full else row[j]
        absolute[j] -= size if full else zero


@apart
def _put(moved, factor, row, column_sum, sum_before):
    """Add to a row what was moved from another store, in which it had another factor."""
    for j in range(moved.size):
        row[j] += factor * moved[j]
        column_sum[j] += factor * moved[j]
        sum_before[j] -= moved[j]


@accounting
def _sizes(moved):
    """Sum of the sizes of what is moved, and how many of it there are."""
    total = 0.0
    number = 0
    for j in range(moved.size):
        total += abs(moved[j])
        number += moved[j] != 0
    return total, number


@inner
def _remainder(store, part, cache):
    """What stays of a transient weight, ``part`` in units of the decay factor."""
    number = store.matrix.dtype.type
    if not cache.keep_remainder:
        return number(0)
    factor = store.clock[FACTOR]
    whole = np.floor(abs(part) * factor / cache.threshold) * cache.threshold / factor
    return part - number(whole if part > 0 else -whole)


@inner
def _receive(target, i, j, change):
    """Add to a synapse of a transient store, and keep account of its size."""
    old = abs(target.matrix[i, j])
    target.matrix[i, j] += change
    size = abs(target.matrix[i, j])
    target.absolute[j] += size - old
    target.peak[j] = max(target.peak[j], size)


@inner
def consolidate_flagged(layers, caches, all_inputs):
    """At the start of a step, do what was put off to it.

    The last store comes first, so that each is emptied of what was in it when it was flagged. Only
    what comes into a store from now on can make it cross its threshold in this step.
    """
    for s in range(layers.weights.shape[0] - 2, -1, -1):
        if caches.deferred[s]:
            cache = cache_of(caches, s)
            for k in range(layers.shape.shape[0]):
                factor = layers.clock[k, s, FACTOR_WHEN_FLAGGED]
                if factor > 0:
                    consolidate(layers, s, k, cache, factor, layers.shape[k, 0], all_inputs)
                    layers.clock[k, s, FACTOR_WHEN_FLAGGED] = 0
        layers.peak[s] = 0


@accounting
def hold(layers, caches):
    """One step of maintenance."""
    for s in range(layers.weights.shape[0]):
        cost = caches.maintenance_cost[s]
        if cost == 0:
            continue
        for k in range(layers.shape.shape[0]):
            total = 0.0
            for size in units_of(layers.absolute, layers, s, k):
                total += size
            layers.ledger[k, MAINTENANCE] += cost * layers.clock[k, s, FACTOR] * total


@inner
def decay(layers, caches, first):
    """One step of decay, in the common factors, of the stores with this order of events.

    Long before a factor underflows, it is multiplied in.
    """
    floor = 1e-60 if layers.weights.itemsize == 8 else 1e-10
    for s in range(layers.weights.shape[0] - 1):
        if caches.decay_first[s] != first or caches.decay[s] == 1:
            continue
        for k in range(layers.shape.shape[0]):
            clock = layers.clock[k, s]
            clock[FACTOR] *= caches.decay[s]
            if clock[FACTOR] < floor and clock[FACTOR_WHEN_FLAGGED] == 0:
                _multiply_in(store_of(layers, s, k), clock[FACTOR])
                clock[FACTOR] = 1.0


@inner
def _multiply_in(store, factor):
    for i in range(store.matrix.shape[0]):
        row = store.matrix[i]
        for j in range(row.size):
            row[j] *= factor
    for j in range(store.absolute.size):
        store.absolute[j] *= factor
        store.shift[j] *= factor
        store.column_sum[j] *= factor


@accounting
def pay_transition(layers, caches, k):
    """Charge the change of every transient weight since the end of the last step."""
    n, m = layers.shape[k]
    first = layers.first_weight[k]
    for s in range(layers.weights.shape[0] - 1):
        if caches.transition_cost[s] == 0:
            continue
        matrix, shift = matrix_of(layers, s, k), units_of(layers.shift, layers, s, k)
        factor = layers.clock[k, s, FACTOR]
        total = 0.0
        for i in range(n):
            row = matrix[i]
            previous = layers.previous[s][first + i * m : first + (i + 1) * m]
            for j in range(m):
                now = factor * (row[j] + shift[j])
                total += abs(now - previous[j])
                previous[j] = now
        layers.ledger[k, TRANSITION] += caches.transition_cost[s] * total
