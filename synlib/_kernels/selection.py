"""The k largest (or smallest) entries of an outer product, without forming it.

All |x_i||d_j| of a layer are compared through the two sorted vectors only: the products that reach
a value t are bounded by a staircase, which is walked along once to count them, and t is driven to
the k-th largest by a bracket that alternates interpolation (fast) with bisection (safe).
"""

import numpy as np

from synlib._kernels import compiled, inner

# A bracket holding this few candidates is finished by listing and sorting them.
FEW = 64
# One entry in this many tells about where the k-th largest is; entries are looked at in blocks.
STRIDE = 64
BLOCK = 64


@compiled
def kth_largest_product(rows, multiplicity, n_rows, columns, k):
    """The k-th largest of ``rows[r] * columns[j]`` and how many are at least that large.

    Parameters
    ----------
    rows : array (>= n_rows,)
        Non-negative values in ascending order, each standing ``multiplicity[r]`` times.
    multiplicity : int array (>= n_rows,)
    n_rows : int
    columns : array (m,)
        Non-negative values in ascending order.
    k : int
        1 <= k <= sum(multiplicity) * m.

    Returns
    -------
    value : float
        The k-th largest product.
    greater : int
        Number of products strictly greater than ``value``.
    """
    m = columns.size
    total = 0
    for r in range(n_rows):
        total += multiplicity[r] * m
    top = rows[n_rows - 1] * columns[m - 1]
    if top == 0.0:
        return top, 0

    # count(low) >= k > count(high), where count(t) is the number of products >= t. In row r these
    # are the columns from starts[0, r] on for low, and from starts[1, r] on for high.
    low, count_low = top * 0, total
    high, count_high = top * 2, 0
    starts = np.zeros((3, n_rows), np.int64)
    starts[1] = m
    candidates = n_rows * m
    interpolate = True
    while candidates > FEW:
        if interpolate:
            middle = low + (high - low) * ((count_low - k + 0.5) / (count_low - count_high))
        elif low > 0 and high > 4 * low:
            middle = np.sqrt(low * high)
        else:
            middle = 0.5 * (low + high)
        middle = columns.dtype.type(middle)
        inside = low < middle and middle < high
        if not inside and not interpolate:
            break  # no number between low and high: all that is left are ties
        interpolate = not interpolate
        if not inside:
            continue
        count = 0
        below = 0
        start = m
        for r in range(n_rows):
            start = first_at_least(columns, rows[r], middle, min(start, starts[1, r]))
            starts[2, r] = start
            below += start - starts[0, r]
            count += multiplicity[r] * (m - start)
        if count >= k:
            low, count_low = middle, count
            starts[0] = starts[2]
            candidates -= below
        else:
            high, count_high = middle, count
            starts[1] = starts[2]
            candidates = below

    values = np.empty(candidates, columns.dtype)
    times = np.empty(candidates, np.int64)
    found = 0
    for r in range(n_rows):
        for j in range(starts[0, r], starts[1, r]):
            values[found] = rows[r] * columns[j]
            times[found] = multiplicity[r]
            found += 1
    order = np.argsort(-values)
    greater = count_high
    position = 0
    while position < found:
        value = values[order[position]]
        ties = 0
        while position < found and values[order[position]] == value:
            ties += times[order[position]]
            position += 1
        if greater + ties >= k:
            return value, greater
        greater += ties
    return low, greater


@inner
def first_at_least(columns, row, t, start):
    """First j with ``row * columns[j] >= t``, which holds from ``start`` on (columns ascending)."""
    while start > 0 and row * columns[start - 1] >= t:
        start -= 1
    return start


@compiled
def kth_largest(values, k):
    """The k-th largest of a flat array and how many entries are strictly greater.

    A sample tells between which values it must be, and a few counts narrow that down; only the
    entries that are left are ordered.
    """
    size = values.size
    if size < 16 * STRIDE:
        return _kth_by_partition(values, k)
    sample = np.sort(values[::STRIDE])
    place = sample.size * (1 - k / size)
    margin = 3 * np.sqrt(sample.size) / 2 + 1
    low = sample[max(0, int(place - margin))]
    high = sample[min(sample.size - 1, int(place + margin))]
    count_low, count_high = count_at_least(values, low), count_at_least(values, high)
    if not count_low >= k > count_high:
        return _kth_by_partition(values, k)
    for side in (1, -1, 1, -1):  # a little below where it seems to be, then a little above
        wanted = k + side * 2 * np.sqrt(count_low - count_high)
        middle = low + (high - low) * ((count_low - wanted) / (count_low - count_high))
        middle = values.dtype.type(middle)
        if not (low < middle and middle < high):
            break
        count = count_at_least(values, middle)
        if count >= k:
            low, count_low = middle, count
        else:
            high, count_high = middle, count
    between = np.empty(count_low - count_high, values.dtype)
    found = 0
    for first in range(0, size, BLOCK):
        block = values[first : first + BLOCK]
        inside = 0
        for i in range(block.size):
            inside += (block[i] >= low) & (block[i] < high)
        if inside > 0:
            for v in block:
                if v >= low and v < high:
                    between[found] = v
                    found += 1
    value, greater = _kth_by_partition(between, k - count_high)
    return value, count_high + greater


@inner
def count_at_least(values, t):
    """Number of entries of a flat array that are at least t."""
    count = 0
    for i in range(values.size):
        count += values[i] >= t
    return count


@inner
def _kth_by_partition(values, k):
    value = np.partition(values, values.size - k)[values.size - k]
    greater = 0
    for v in values:
        greater += v > value
    return value, greater
