"""Which of the proposed changes of a layer are expressed.

Back-propagation proposes the outer product ``value x change``. A rule lets all of it through, or
chooses synapses by the size of the change, the input or the weight, or by a fixed mask.
"""

import numpy as np

from synlib._kernels import compiled
from synlib._kernels.layer import (
    ALL,
    BY_INPUT,
    BY_UPDATE,
    BY_WEIGHT,
    FACTOR,
    NEURON_SUM,
    NONE,
    effective_weights,
)
from synlib._kernels.selection import kth_largest, kth_largest_product
from synlib._kernels.storage import measure, store_all, store_row, store_spread, store_ties


@compiled
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
        chosen, values = _largest_inputs(rule.count, n_inputs, count, index, value, background)
        store_all(layer, cache.enabled, rule.count, chosen, values, background * 0, change)
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


@compiled
def _store_selected(layer, rule, cached, count, index, value, background, change):
    """Store the part of the outer product that the rule lets through, row by row."""
    n, m = layer.persistent.shape
    magnitude = np.abs(change)
    limit = magnitude[0] * 0 - 1
    cutoff = 0
    mask = layer.mask
    if rule.kind == BY_UPDATE:
        limit, cutoff = _select_by_update(rule, n, count, index, value, background, magnitude)
    elif rule.kind == BY_WEIGHT:
        mask = _select_by_weight(layer, rule)

    # What all silent inputs change alike goes into the shift, and is taken off again below for
    # the inputs that were active.
    spread = np.zeros(m, change.dtype)
    if background != 0:
        level = rule.sign * abs(background)
        for j in range(m):
            if level * magnitude[j] > limit:
                spread[j] = background * change[j]
        store_spread(layer, cached, n - count, spread)

    proposal = np.empty(m, change.dtype)
    below = np.nextafter(limit, -np.inf)
    for a in range(count):
        i = index[a]
        x = value[a]
        level = rule.sign * abs(x)
        split = min(max(cutoff - i * m, 0), m)
        if rule.kind == BY_UPDATE and (split == 0 or split == m):
            _express(proposal, x, change, level, magnitude, limit if split == 0 else below)
        elif rule.kind == BY_UPDATE:
            head, tail = slice(0, split), slice(split, m)
            _express(proposal[head], x, change[head], level, magnitude[head], below)
            _express(proposal[tail], x, change[tail], level, magnitude[tail], limit)
        else:
            for j in range(m):
                proposal[j] = x * change[j] if mask[i, j] else 0
        store_row(layer, cached, background, i, proposal, spread)

    if background != 0 and cutoff > 0:
        store_ties(layer, rule, cached, count, index, background, change, limit, cutoff)


@compiled
def _express(proposal, x, change, level, magnitude, limit):
    """Propose the changes whose level is above the limit, and zero for the others."""
    for j in range(proposal.size):
        proposed = x * change[j]
        proposal[j] = proposed if level * magnitude[j] > limit else x * 0


@compiled
def _select_by_update(rule, n, count, index, value, background, magnitude):
    """Limit and cutoff such that exactly ``rule.count`` changes are expressed.

    Expressed are those with sign * |change| above the limit, and those equal to it whose position
    in the flattened matrix is before the cutoff.
    """
    m = magnitude.size
    inputs = np.full(n, abs(background), magnitude.dtype)
    for a in range(count):
        inputs[index[a]] = abs(value[a])
    active = np.abs(value[:count])
    active.sort()
    rows = np.empty(count + 1, magnitude.dtype)
    multiplicity = np.ones(count + 1, np.int64)
    n_rows = 0
    for x in active:
        if n_rows > 0 and rows[n_rows - 1] == x:
            multiplicity[n_rows - 1] += 1
        else:
            rows[n_rows] = x
            n_rows += 1
    if n > count:
        rows[n_rows] = abs(background)
        multiplicity[n_rows] = n - count
        n_rows += 1

    k = rule.count if rule.sign > 0 else n * m - rule.count + 1
    columns = np.sort(magnitude)
    if n_rows <= m:
        value_k, greater = kth_largest_product(rows, multiplicity, n_rows, columns, k)
    else:  # search the longer of the two by bisection
        columns = np.repeat(rows[:n_rows], multiplicity[:n_rows])
        columns.sort()
        value_k, greater = kth_largest_product(magnitude, np.ones(m, np.int64), m, columns, k)
    limit = rule.sign * value_k
    if value_k == 0:  # the ties propose no change at all
        return limit, 0

    # which rows hold values equal to the limit, and how many are to be taken from them
    tied_rows = np.empty(n_rows, magnitude.dtype)
    tied_times = np.empty(n_rows, np.int64)
    n_tied = 0
    ties = 0
    for r in range(n_rows):
        times = 0
        if n_rows <= m:
            first, last = 0, m
            while first < last:
                middle = (first + last) // 2
                if rows[r] * columns[middle] >= value_k:
                    last = middle
                else:
                    first = middle + 1
            while first + times < m and rows[r] * columns[first + times] == value_k:
                times += 1
        else:
            for j in range(m):
                times += rows[r] * magnitude[j] == value_k
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


@compiled
def _select_by_weight(layer, rule):
    """Mask (n, m) of the ``rule.count`` largest or smallest weights, ties by position."""
    sizes = effective_weights(layer)
    for i in range(sizes.shape[0]):
        row = sizes[i]
        for j in range(row.size):
            row[j] = rule.sign * abs(row[j])
    limit, greater = kth_largest(sizes.ravel(), rule.count)
    ties = rule.count - greater
    mask = np.zeros(sizes.shape, np.bool_)
    for i in range(sizes.shape[0]):
        row = sizes[i]
        for j in range(row.size):
            mask[i, j] = row[j] > limit
        j = 0
        while ties > 0 and j < row.size:
            if row[j] == limit:
                mask[i, j] = True
                ties -= 1
            j += 1
    return mask


@compiled
def _largest_inputs(k, n, count, index, value, background):
    """The k inputs of largest magnitude, ties by index, as a list of active inputs."""
    sizes = np.full(n, abs(background), value.dtype)
    values = np.full(n, background, value.dtype)
    for a in range(count):
        sizes[index[a]] = abs(value[a])
        values[index[a]] = value[a]
    limit, greater = kth_largest(sizes, k)
    ties = k - greater
    chosen = np.empty(k, index.dtype)
    found = 0
    for i in range(n):
        if sizes[i] > limit or (sizes[i] == limit and ties > 0):
            ties -= sizes[i] == limit
            chosen[found] = i
            found += 1
    return chosen, values[chosen]
