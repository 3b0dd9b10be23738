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
# A guess is first taken to be right to this share of itself, then to four times as much.
CLOSE = 1 / 8192
TRIES = 4


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
def kth_largest(values, k, guess):
    """The k-th largest of a flat array and how many entries are strictly greater.

    ``guess`` is about where it should be (0: unknown), a few counts find values around it, and
    only the entries between these are ordered.
    """
    low, count_low, high, count_high = _bracket(values, k, guess)
    between = np.empty(count_low - count_high + 1, values.dtype)  # one to overwrite
    found = 0
    for first in range(0, values.size, BLOCK):
        block = values[first : first + BLOCK]
        inside = 0
        for i in range(block.size):
            inside += (block[i] >= low) & (block[i] < high)
        if inside > 0:
            for v in block:
                between[found] = v
                found += (v >= low) & (v < high)
    place = found - (k - count_high)
    value = np.partition(between[:found], place)[place]
    greater = count_high
    for v in between[:found]:
        greater += v > value
    return value, greater


@inner
def count_at_least(values, t):
    """Number of entries of a flat array that are at least t."""
    count = 0
    for i in range(values.size):
        count += values[i] >= t
    return count


@inner
def _bracket(values, k, guess):
    """Two values with the k-th largest between them, and their counts.

    They are told from a guess, and if that does not help, from a sample.
    """
    number = values.dtype.type
    size = values.size
    apart = abs(guess) * number(CLOSE)
    for _ in range(TRIES if guess != 0 else 0):
        low, high = guess - apart, guess + apart
        count_low, count_high = count_at_least(values, low), count_at_least(values, high)
        if count_low >= k > count_high:
            return low, count_low, high, count_high
        apart *= number(4)
    low, count_low, high, count_high = number(-np.inf), size, number(np.inf), 0
    if size < 16 * STRIDE:
        return low, count_low, high, count_high
    sample = np.sort(values[::STRIDE])
    place = sample.size * (1 - k / size)
    margin = 3 * np.sqrt(sample.size) / 2 + 1
    guesses = sample[max(0, int(place - margin))], sample[min(sample.size - 1, int(place + margin))]
    for guess in guesses:
        low, count_low, high, count_high = _narrowed(
            values, k, guess, low, count_low, high, count_high
        )
    for side in (1, -1, 1, -1):  # a little below where it seems to be, then a little above
        if low == -np.inf or high == np.inf:
            break
        wanted = k + side * 2 * np.sqrt(count_low - count_high)
        guess = low + (high - low) * ((count_low - wanted) / (count_low - count_high))
        low, count_low, high, count_high = _narrowed(
            values, k, number(guess), low, count_low, high, count_high
        )
    return low, count_low, high, count_high


@inner
def _narrowed(values, k, guess, low, count_low, high, count_high):
    """The same bracket, with one of its ends moved to the guess if that is inside."""
    if low < guess and guess < high:
        count = count_at_least(values, guess)
        if count >= k:
            return guess, count, high, count_high
        return low, count_low, guess, count
    return low, count_low, high, count_high
