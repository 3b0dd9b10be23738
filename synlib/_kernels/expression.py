"""Which of the proposed changes of a layer are expressed.

Back-propagation proposes the outer product ``value x change``. A rule lets all of it through, or
chooses synapses by the size of the change, the input or the weight, or by a fixed mask.
"""

import numpy as np

from synlib._kernels import accounting, apart, inner, once
from synlib._kernels.layer import (
    ALL,
    BY_INPUT,
    BY_UPDATE,
    BY_WEIGHT,
    BY_WEIGHT_OF_UNIT,
    CONSOLIDATION,
    FACTOR,
    MASK,
    NONE,
    WRITES,
    add_row,
    store_of,
)
from synlib._kernels.selection import (
    first_above,
    first_at_least,
    kth_largest_product,
    kth_largest_size,
    rising_order,
)
from synlib._kernels.storage import (
    cache_row,
    count_row,
    count_silent,
    store_all,
    store_row,
    store_spread,
    store_ties,
)


@once
def learn(layers, k, rule, cached, count, index, value, background, change):
    """Express the proposed changes ``value x change`` of layer k and put them into its first store.

    ``change`` (m,) holds learning rate times error.
    """
    store, ledger = store_of(layers, 0, k), layers.ledger[k]
    if rule.kind == ALL:
        store_all(store, ledger, cached, count, index, value, background, change)
    elif rule.kind == BY_INPUT:
        n_inputs = store.matrix.shape[0]
        chosen, values = _select_by_input(rule, n_inputs, count, index, value, background)
        zero = change.dtype.type(0)
        store_all(store, ledger, cached, rule.count, chosen, values, zero, change)
    elif rule.kind == BY_UPDATE:
        _store_by_update(layers, k, rule, cached, count, index, value, background, change)
    elif rule.kind != NONE:
        _store_by_mask(layers, k, rule, cached, count, index, value, change)


@inner
def _store_by_update(layers, k, rule, cached, count, index, value, background, change):
    """Store the largest (or smallest) changes of the outer product, row by row."""
    store, ledger = store_of(layers, 0, k), layers.ledger[k]
    n, m = store.matrix.shape
    counting = not cached and store.writes.shape[0] > 0
    magnitude = np.abs(change)
    order = rising_order(magnitude)
    columns = magnitude[order]
    rows, who, multiplicity = rising_rows(n, count, value, background)
    limit, cutoff, first = _staircase(
        layers.limit[k : k + 1], rule, n, index, rows, who, multiplicity, columns, magnitude
    )

    # What all silent inputs change alike goes into the shift, and is taken off again below for
    # the inputs that were active.
    sign = change.dtype.type(rule.sign)
    spread = np.zeros(m, change.dtype)
    spread_any = False
    if background != 0:
        level = sign * abs(background)
        for j in range(m):
            if level * magnitude[j] > sign * limit:
                spread[j] = background * change[j]
        spread_any = spread.any()
        if spread_any:
            store_spread(store, ledger, cached, n - count, spread)
            if counting:
                count_silent(store.writes, count, index, spread)

    # expressed are in each row the columns with sign * magnitude >= least
    least = np.full(count, change.dtype.type(np.inf))
    for r in range(rows.size):
        if who[r] >= 0 and rule.sign > 0 and first[r] < m:
            least[who[r]] = columns[first[r]]
        elif who[r] >= 0 and rule.sign < 0 and first[r] > 0:
            least[who[r]] = -columns[first[r] - 1]
    signed = sign * magnitude
    closed_form = rule.sign > 0 and not cached
    proposal = np.empty(m, change.dtype)
    zero = change.dtype.type(0)
    split = cutoff // m if cutoff < n * m else n  # in this row some of the ties are expressed
    plain = closed_form and not counting
    done = 0
    for a in range(count):
        if a < done:
            continue
        i, x = index[a], value[a]
        if i != split and least[a] == np.inf and not spread_any:
            continue  # nothing is expressed in this row, and nothing to be taken off again
        if plain and _four_are_plain(a, count, index, split, least, spread_any):
            _store_above_in_four(store, a, index, value, change, magnitude, least, spread)
            done = a + 4
            continue
        if closed_form and i != split:
            _store_above(store, i, x, change, magnitude, least[a], spread_any, spread)
            if counting:
                for j in range(m):
                    store.writes[i, j] += magnitude[j] >= least[a]
            continue
        for j in range(m):
            update = x * change[j]  # computed for all, so that there is no branch
            proposal[j] = update if signed[j] >= least[a] else zero
        if i == split:
            for j in range(cutoff - i * m):
                if abs(x) * magnitude[j] == limit:
                    proposal[j] = x * change[j]
        if cached:
            cache_row(store, background, i, proposal, spread)
        else:
            store_row(store, i, proposal, spread)
            pay_for_row(ledger, proposal)
            if counting:
                count_row(store.writes[i], proposal, 1)
    if closed_form:
        _pay_for_largest(ledger, n, split, index, rows, who, columns, first)
    if background != 0 and cutoff > 0:
        store_ties(store, ledger, cached, count, index, background, change, limit, cutoff)


@inner
def rising_rows(n, count, value, background):
    """Sizes of the inputs in ascending order, which active one each is of, and how often it stands.

    All silent inputs have a common entry, -1, if there are any.
    """
    sizes = np.abs(value[:count])
    order = rising_order(sizes)
    silent = value.dtype.type(abs(background))
    with_silent = n > count
    rows = np.empty(count + with_silent, value.dtype)
    who = np.empty(count + with_silent, np.int64)
    r = 0
    for a in order:
        if with_silent and silent <= sizes[a]:
            rows[r], who[r] = silent, -1
            r += 1
            with_silent = False
        rows[r], who[r] = sizes[a], a
        r += 1
    if with_silent:
        rows[r], who[r] = silent, -1
    multiplicity = np.ones(rows.size, np.int64)
    for r in range(rows.size):
        if who[r] < 0:
            multiplicity[r] = n - count
    return rows, who, multiplicity


@inner
def _staircase(last, rule, n, index, rows, who, multiplicity, columns, magnitude):
    """Where in each row the columns begin (end, for the smallest) that are expressed.

    Exactly ``rule.count`` changes are: those beyond the limit, and those equal to it whose position
    in the flattened matrix is before the cutoff. ``last`` (1,) holds the limit of the last step as
    a share of the largest product, and gets that of this one.

    Returns
    -------
    limit : float
    cutoff : int
    first : int array (n_rows,)
        The first column, in ascending order, that is expressed; for the smallest, the first that is
        not. Where the cutoff is within a row, without the ties.
    """
    m = columns.size
    k = rule.count if rule.sign > 0 else n * m - rule.count + 1
    top = rows[rows.size - 1] * columns[m - 1]
    guess = columns.dtype.type(last[0]) * top
    limit, greater = kth_largest_product(
        rows, multiplicity, columns, np.array([0, rows.size]), np.array([0, m]), k, guess
    )
    if top > 0:
        last[0] = limit / top

    at_least, above = np.empty(rows.size, np.int64), np.empty(rows.size, np.int64)
    start = m
    ties = 0
    for r in range(rows.size):
        start = first_at_least(columns, rows[r], limit, start)
        at_least[r] = start
        above[r] = first_above(columns, rows[r], limit, start)
        ties += (above[r] - start) * multiplicity[r]
    if limit == 0:  # the ties propose no change at all
        return limit, 0, above if rule.sign > 0 else np.zeros_like(above)
    needed = k - greater if rule.sign > 0 else rule.count - (n * m - greater - ties)
    cutoff = n * m
    if needed < ties:
        cutoff = _cutoff(needed, n, index, rows, who, above - at_least, magnitude, limit)
    first = np.empty(rows.size, np.int64)
    for r in range(rows.size):
        with_ties = who[r] >= 0 and (index[who[r]] + 1) * m <= cutoff
        first[r] = at_least[r] if with_ties == (rule.sign > 0) else above[r]
    return limit, cutoff, first


@inner
def _cutoff(needed, n, index, rows, who, times, magnitude, limit):
    """Position in the flattened matrix before which there are so many ties of the limit.

    ``times`` (n_rows,) are the ties in each row.
    """
    row_of = np.zeros(n, np.int64)
    for r in range(rows.size):
        if who[r] < 0:
            row_of[:] = r
    for r in range(rows.size):
        if who[r] >= 0:
            row_of[index[who[r]]] = r
    for i in range(n):
        r = row_of[i]
        if times[r] < needed:
            needed -= times[r]
            continue
        for j in range(magnitude.size):
            needed -= rows[r] * magnitude[j] == limit
            if needed == 0:
                return i * magnitude.size + j + 1
    return n * magnitude.size


@inner
def _store_above(store, i, x, change, magnitude, least, with_spread, spread):
    """Store the changes of a row whose magnitude is at least so large, persistently."""
    row, column_sum = store.matrix[i], store.column_sum
    zero = change.dtype.type(0)
    if with_spread:
        for j in range(change.size):
            update = x * change[j] if magnitude[j] >= least else zero
            row[j] += update - spread[j]
            column_sum[j] += update
    else:
        for j in range(change.size):
            update = x * change[j] if magnitude[j] >= least else zero
            row[j] += update
            column_sum[j] += update


@inner
def _four_are_plain(a, count, index, split, least, spread_any):
    """Whether something is to be stored in each of the next four rows, in none up to a tie."""
    if a + 4 > count:
        return False
    for b in range(a, a + 4):
        if index[b] == split or (least[b] == np.inf and not spread_any):
            return False
    return True


@inner
def _store_above_in_four(store, a, index, value, change, magnitude, least, spread):
    """`_store_above` for four rows: what they have in common is fetched a quarter as often."""
    matrix = store.matrix
    _add_above_to_four(
        matrix[index[a]],
        matrix[index[a + 1]],
        matrix[index[a + 2]],
        matrix[index[a + 3]],
        value[a],
        value[a + 1],
        value[a + 2],
        value[a + 3],
        least[a],
        least[a + 1],
        least[a + 2],
        least[a + 3],
        change,
        magnitude,
        spread,
        store.column_sum,
    )


@apart
def _add_above_to_four(
    row_0,
    row_1,
    row_2,
    row_3,
    x_0,
    x_1,
    x_2,
    x_3,
    least_0,
    least_1,
    least_2,
    least_3,
    change,
    magnitude,
    spread,
    column_sum,
):
    zero = change.dtype.type(0)
    for j in range(change.size):
        size = magnitude[j]
        u_0, u_1, u_2, u_3 = x_0 * change[j], x_1 * change[j], x_2 * change[j], x_3 * change[j]
        u_0 = u_0 if size >= least_0 else zero
        u_1 = u_1 if size >= least_1 else zero
        u_2 = u_2 if size >= least_2 else zero
        u_3 = u_3 if size >= least_3 else zero
        row_0[j] += u_0 - spread[j]
        row_1[j] += u_1 - spread[j]
        row_2[j] += u_2 - spread[j]
        row_3[j] += u_3 - spread[j]
        column_sum[j] = (((column_sum[j] + u_0) + u_1) + u_2) + u_3


@accounting
def _pay_for_largest(ledger, n, split, index, rows, who, columns, first):
    """Energy and writes of the active rows of a staircase, of which each row has a closed form."""
    m = columns.size
    sums = np.zeros(m + 1)
    for j in range(m - 1, -1, -1):
        sums[j] = sums[j + 1] + columns[j]
    energy = 0.0
    written = 0
    for r in range(rows.size):
        if who[r] >= 0 and index[who[r]] != split:
            energy += rows[r] * sums[first[r]]
            written += m - first[r]
    ledger[CONSOLIDATION] += energy
    ledger[WRITES] += written


@accounting
def pay_for_row(ledger, proposal):
    """Energy and writes of the changes of a row."""
    energy = 0.0
    written = 0
    for j in range(proposal.size):
        energy += abs(proposal[j])
        written += proposal[j] != 0
    ledger[CONSOLIDATION] += energy
    ledger[WRITES] += written


@once
def _store_by_mask(layers, k, rule, cached, count, index, value, change):
    """Store the part of the outer product that a mask, or the size of the weights, lets through."""
    store, ledger = store_of(layers, 0, k), layers.ledger[k]
    m = store.matrix.shape[1]
    counting = not cached and store.writes.shape[0] > 0
    begin = layers.first_weight[k]
    zero, never = change.dtype.type(0), change.dtype.type(np.nan)
    sign = change.dtype.type(rule.sign)
    weights = layers.weights[0][begin : layers.first_weight[k + 1]]
    if rule.kind != MASK and cached:
        weights = _effective_weights(layers, k)
    limits, cutoffs = np.empty(m, change.dtype), np.empty(m, np.int64)
    if rule.kind == BY_WEIGHT:
        limit, cutoff = _select_by_weight(layers.limit[k : k + 1], rule, weights)
        limits[:] = limit
        for j in range(m):  # the first row in which a tie is not expressed any more
            cutoffs[j] = max(cutoff - j + m - 1, 0) // m
    elif rule.kind == BY_WEIGHT_OF_UNIT:
        none_yet = np.zeros(1)
        for j in range(m):
            limits[j], cutoffs[j] = _select_by_weight(none_yet, rule, weights[j::m].copy())
    proposal, spread = np.empty(m, change.dtype), np.zeros(m, change.dtype)
    ties = np.empty(m, change.dtype)  # a weight of just this size is chosen, too
    same_until = 0  # the row from which on some of that is otherwise
    for a in range(count):
        i, x = index[a], value[a]
        if rule.kind == MASK:
            _propose_by_mask(layers.mask[begin + i * m : begin + (i + 1) * m], x, change, proposal)
        else:
            if i >= same_until:
                same_until = store.matrix.shape[0]
                for j in range(m):
                    ties[j] = limits[j] if i < cutoffs[j] else never
                    if i < cutoffs[j] < same_until:
                        same_until = cutoffs[j]
            row = weights[i * m : (i + 1) * m]
            _propose_by_weight(row, sign, limits, ties, x, change, proposal)
        if cached:
            cache_row(store, zero, i, proposal, spread)
        else:
            # not `store_row`: the rules of this function know of no background
            add_row(proposal, change.dtype.type(1), store.matrix[i])
            pay_for_row(ledger, proposal)
            if counting:
                count_row(store.writes[i], proposal, 1)


@apart
def _propose_by_mask(chosen, x, change, proposal):
    zero = change.dtype.type(0)
    for j in range(change.size):
        update = x * change[j]  # computed for all, so that there is no branch
        proposal[j] = update if chosen[j] else zero


@apart
def _propose_by_weight(row, sign, limits, ties, x, change, proposal):
    zero = change.dtype.type(0)
    for j in range(change.size):
        update, size = x * change[j], sign * abs(row[j])
        chosen = (size > limits[j]) | (size == ties[j])
        proposal[j] = update if chosen else zero


@inner
def _effective_weights(layers, k):
    """Weights of layer k as the network sees them, flat, in a buffer."""
    first, last = layers.first_weight[k], layers.first_weight[k + 1]
    seen = layers.seen[first:last]
    seen[:] = 0
    for s in range(layers.weights.shape[0] - 1, -1, -1):
        if layers.hidden[s]:
            continue
        weights = layers.weights[s][first:last]
        factor = seen.dtype.type(layers.clock[k, s, FACTOR])
        for w in range(seen.size):
            seen[w] += factor * weights[w]
    return seen


@inner
def _select_by_weight(last, rule, weights):
    """Limit and cutoff such that exactly ``rule.count`` weights are chosen.

    Chosen are those with sign * |weight| above the limit, and those equal to it whose position is
    before the cutoff. ``last`` (1,) holds the size of the k-th largest at the last step.
    """
    k = rule.count if rule.sign > 0 else weights.size - rule.count + 1
    size, greater, at_least = kth_largest_size(weights, k, weights.dtype.type(last[0]))
    last[0] = size
    needed = k - greater if rule.sign > 0 else rule.count - (weights.size - at_least)
    cutoff = weights.size
    if needed < at_least - greater:
        cutoff = 0
        while needed > 0 and cutoff < weights.size:  # ties with a NaN are not found
            needed -= abs(weights[cutoff]) == size
            cutoff += 1
    return weights.dtype.type(rule.sign) * size, cutoff


@inner
def _select_by_input(rule, n, count, index, value, background):
    """The inputs of largest (smallest) magnitude, ties by index, as a list of active inputs."""
    rows, who, _ = rising_rows(n, count, value, background)
    n_silent = n - count
    left = rule.count
    ties = 0
    r = rows.size - 1 if rule.sign > 0 else 0
    limit = rows[r]
    while left > 0:
        if ties == 0 or rows[r] != limit:
            limit = rows[r]
            ties = left  # so many of this size are chosen at most
        left -= n_silent if who[r] < 0 else 1
        r -= rule.sign
    chosen = np.empty(rule.count, index.dtype)
    values = np.empty(rule.count, value.dtype)
    found = 0
    a = 0
    for i in range(n):
        x = background
        if a < count and index[a] == i:
            x = value[a]
            a += 1
        size = abs(x)
        beyond = size > limit if rule.sign > 0 else size < limit
        if beyond or (size == limit and ties > 0):
            ties -= size == limit
            chosen[found] = i
            values[found] = x
            found += 1
    return chosen, values
