"""One layer of synapses: what it passes on, which changes are expressed, where they are stored.

Weights are input-major, (n_inputs, n_units), so that one active input touches one contiguous row.
The inputs of a step come as a list of the active ones, ``index[:count]`` and ``value[:count]``;
all the others have the value ``background``.

    weight_ij = persistent_ij + shift_j + decay_factor * (transient_ij + transient_shift_j)

The shifts hold what the background adds to all synapses of a unit alike, and ``decay_factor``
what decay takes from all transient changes alike: neither ever touches the matrix.
"""

from typing import NamedTuple

import numpy as np

from synlib._kernels import compiled
from synlib._kernels.selection import kth_largest, kth_largest_product

# which synapses express the change proposed for them
ALL, NONE, BY_UPDATE, BY_INPUT, BY_WEIGHT, MASK = range(6)
# what is consolidated when a transient change crosses the threshold
SYNAPSE, NEURON, NEURON_SUM, LAYER, NETWORK = range(5)
# the entries of a layer's ledger and clock
CONSOLIDATION, MAINTENANCE, TRANSITION, WRITES = range(4)
FACTOR, FACTOR_WHEN_FLAGGED = range(2)


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
    mask: np.ndarray  # (n, m) bool for the rule MASK, else (0, 0)
    ledger: np.ndarray  # consolidation, maintenance, transition, writes
    clock: np.ndarray  # decay factor now, and when consolidation was flagged (0: not flagged)


class Rule(NamedTuple):
    """Which synapses are expressed: ``count`` of them, the largest (sign 1) or smallest (-1).

    0 < count < size of the layer (for BY_INPUT: number of inputs); else it is NONE or ALL.
    """

    kind: int
    count: int
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


@compiled
def propagate(layer, count, index, value, background, out):
    """Summed input of each unit."""
    factor = out.dtype.type(layer.clock[FACTOR])
    cached = layer.transient.shape[0] > 0
    out[:] = 0
    if cached:
        _add_weighted_rows(layer.transient, count, index, value, background, out)
        for j in range(out.size):
            out[j] *= factor
    _add_weighted_rows(layer.persistent, count, index, value, background, out)
    if background == 0:
        return
    total = background * 0
    for a in range(count):
        total += value[a] - background
    for j in range(out.size):
        out[j] += total * layer.shift[j] + background * layer.column_sum[j]
    if cached:
        total *= factor
        background *= factor
        for j in range(out.size):
            out[j] += total * layer.transient_shift[j] + background * layer.transient_sum[j]


@compiled
def _add_weighted_rows(matrix, count, index, value, background, out):
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


@compiled
def propagate_back(layer, error, out):
    """Error of each unit seen by each input."""
    factor = error.dtype.type(layer.clock[FACTOR])
    cached = layer.transient.shape[0] > 0
    for i in range(out.size):
        row = layer.persistent[i]
        total = error[0] * 0
        for j in range(error.size):
            total += row[j] * error[j]
        if cached:
            row = layer.transient[i]
            part = error[0] * 0
            for j in range(error.size):
                part += row[j] * error[j]
            total += factor * part
        out[i] = total


@compiled
def learn(layer, rule, cache, step, count, index, value, background, change):
    """Express the proposed changes ``value x change`` and store them; True if the cache is full.

    ``change`` (m,) holds learning rate times error. A True asks for `consolidate`, which the
    caller does, since the scope may reach beyond this layer.
    """
    layer.peak[:] = 0
    if rule.kind == ALL:
        _store_all(layer, cache.enabled, count, index, value, background, change)
    elif rule.kind == BY_INPUT:
        n_inputs = layer.persistent.shape[0]
        chosen, values = _largest_inputs(rule.count, n_inputs, count, index, value, background)
        _store_all(layer, cache.enabled, rule.count, chosen, values, background * 0, change)
    elif rule.kind != NONE:
        _store_selected(layer, rule, cache.enabled, count, index, value, background, change)
    if not cache.enabled:
        return False
    if background != 0 and rule.kind != NONE:
        layer.absolute[:] = 0
        _measure(layer, layer.absolute)
    if step % cache.check_every != 0:
        return False
    if cache.check_every > 1 and background == 0:
        _measure(layer, np.zeros_like(layer.absolute))
    factor = layer.clock[FACTOR]
    if cache.scope == NEURON_SUM:
        return layer.absolute.max() * factor > cache.threshold
    return layer.peak.max() * factor > cache.threshold


@compiled
def _store_all(layer, cached, count, index, value, background, change):
    """Store the whole outer product; without a cache its energy is known in closed form."""
    n, m = layer.persistent.shape
    inactive = n - count if background != 0 else 0
    inputs = inactive * background
    for a in range(count):
        inputs += value[a]
    if cached:
        matrix, shift, column_sum = layer.transient, layer.transient_shift, layer.transient_sum
        change = change * change.dtype.type(1 / layer.clock[FACTOR])
    else:
        matrix, shift, column_sum = layer.persistent, layer.shift, layer.column_sum
        _pay_for_all(layer, count, value, inactive, background, change)
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


@compiled
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


@compiled
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


@compiled
def _add_row_to_transient(layer, i, change):
    row = layer.transient[i]
    for j in range(change.size):
        old = abs(row[j])
        row[j] += change[j]
        size = abs(row[j])
        layer.absolute[j] += size - old
        layer.peak[j] = size if size > layer.peak[j] else layer.peak[j]


@compiled
def _measure(layer, absolute):
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
        _store_spread(layer, cached, n - count, spread)

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
        _store_row(layer, cached, background, i, proposal, spread)

    if background != 0 and cutoff > 0:
        _store_background_ties(layer, rule, cached, count, index, background, change, limit, cutoff)


@compiled
def _express(proposal, x, change, level, magnitude, limit):
    """Propose the changes whose level is above the limit, and zero for the others."""
    for j in range(proposal.size):
        proposed = x * change[j]
        proposal[j] = proposed if level * magnitude[j] > limit else x * 0


@compiled
def _store_spread(layer, cached, inactive, spread):
    """Store what all silent inputs change alike."""
    if cached:
        inverse = spread.dtype.type(1 / layer.clock[FACTOR])
        for j in range(spread.size):
            layer.transient_shift[j] += inverse * spread[j]
            layer.transient_sum[j] += inactive * inverse * spread[j]
        return
    energy = 0.0
    written = 0
    for j in range(spread.size):
        layer.shift[j] += spread[j]
        layer.column_sum[j] += inactive * spread[j]
        energy += abs(spread[j])
        written += spread[j] != 0
    layer.ledger[CONSOLIDATION] += inactive * energy
    layer.ledger[WRITES] += float(inactive) * written


@compiled
def _store_row(layer, cached, background, i, proposal, spread):
    """Store the changes of the synapses from one input, less what the shift has done already."""
    m = proposal.size
    if cached:
        inverse = proposal.dtype.type(1 / layer.clock[FACTOR])
        if background == 0:
            _add_row_to_transient(layer, i, inverse * proposal)
        else:
            row = layer.transient[i]
            for j in range(m):
                row[j] += inverse * (proposal[j] - spread[j])
                layer.transient_sum[j] += inverse * proposal[j]
        return
    row = layer.persistent[i]
    energy = 0.0
    written = 0
    for j in range(m):
        energy += abs(proposal[j])
        written += proposal[j] != 0
        row[j] += proposal[j] - spread[j]
        layer.column_sum[j] += proposal[j]
    layer.ledger[CONSOLIDATION] += energy
    layer.ledger[WRITES] += written


@compiled
def _store_background_ties(layer, rule, cached, count, index, background, change, limit, cutoff):
    """The silent inputs among those tied with the k-th largest change, up to the cutoff."""
    n, m = layer.persistent.shape
    level = rule.sign * abs(background)
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
    sizes = np.abs(effective_weights(layer))
    for i in range(sizes.shape[0]):
        for j in range(sizes.shape[1]):
            sizes[i, j] *= rule.sign
    limit, greater = kth_largest(sizes.ravel(), rule.count)
    ties = rule.count - greater
    mask = np.zeros(sizes.shape, np.bool_)
    for i in range(sizes.shape[0]):
        for j in range(sizes.shape[1]):
            if sizes[i, j] > limit:
                mask[i, j] = True
            elif sizes[i, j] == limit and ties > 0:
                mask[i, j] = True
                ties -= 1
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
def sum_columns(layer):
    """Make the sums of the columns anew, so that rounding errors do not add up for ever."""
    n, m = layer.persistent.shape
    for j in range(m):
        layer.column_sum[j] = n * layer.shift[j]
        layer.transient_sum[j] = n * layer.transient_shift[j]
    for i in range(n):
        for j in range(m):
            layer.column_sum[j] += layer.persistent[i, j]
    for i in range(layer.transient.shape[0]):
        for j in range(m):
            layer.transient_sum[j] += layer.transient[i, j]


@compiled
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


@compiled
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
    else:
        for i in range(n):
            for u in range(n_units):
                j = units[u]
                part = layer.transient[i, j] + layer.transient_shift[j]
                layer.persistent[i, j] += factor * part
                layer.transient[i, j] = 0
                energy += abs(part)
                written += part != 0
        for u in range(n_units):
            j = units[u]
            layer.column_sum[j] += factor * layer.transient_sum[j]
            layer.transient_shift[j] = 0
            layer.transient_sum[j] = 0
            layer.absolute[j] = 0
    layer.ledger[CONSOLIDATION] += factor * energy
    layer.ledger[WRITES] += written


@compiled
def hold(layer, cache):
    """One step of maintenance."""
    total = 0.0
    for size in layer.absolute:
        total += size
    layer.ledger[MAINTENANCE] += cache.maintenance_cost * layer.clock[FACTOR] * total


@compiled
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


@compiled
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
