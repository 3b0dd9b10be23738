"""The k largest of many numbers, without sorting or even forming them all.

All |x_i||d_j| of a layer are compared through the two sorted vectors only: the products that reach
a value t are bounded by a staircase, which is walked along once to count them, and t is driven to
the k-th largest by a bracket that alternates interpolation (fast) with bisection (safe). It
begins around a guess, since from step to step the k-th largest changes little. Of several layers,
each has its staircase, and all have the same t.

Numbers are ordered by our own sort of arrays: that of Numba works on lists.
"""

import numpy as np

from synlib._kernels import compiled, inner
from synlib._kernels.borrowed import alive, borrowed
from synlib._kernels.layer import copy

# A bracket holding this few candidates is finished by listing and sorting them.
FEW = 64
# Of a flat array, this share of it is few enough, too; its entries are looked at in blocks.
FEW_OF_ALL = 1 / 64
BLOCK = 64
# A guess is first taken to be right to this share of itself, then to four times as much.
CLOSE_PRODUCT = 1 / 64
CLOSE = 1 / 8192
TRIES = 4


@compiled
def rising_order(values):
    """Places of non-negative numbers from the smallest to the largest; ties keep their order.

    Such numbers are ordered like the integers that have the same bits: by their last byte, then
    their last but one, and so on (radix sort).

    Parameters
    ----------
    values : array (n,)
        Contiguous, >= 0.

    Returns
    -------
    int array (n,)
    """
    n = values.size
    width = values.itemsize
    digits = values.view(np.uint8)
    order = np.arange(n)
    if n == 0:
        return order
    counts = np.zeros((width, 256), np.int64)
    for i in range(n):
        for d in range(width):
            counts[d, digits[i * width + d]] += 1
    other = np.empty_like(order)
    for d in range(width):
        place = counts[d]
        if place[digits[d]] == n:
            continue  # all have this byte in common
        total = 0
        for v in range(256):
            number = place[v]
            place[v] = total
            total += number
        for i in order:
            v = digits[i * width + d]
            other[place[v]] = i
            place[v] += 1
        order, other = other, order
    return order


@compiled
def kth_largest_product(rows, multiplicity, columns, first_row, first_column, k, guess):
    """The k-th largest of ``rows[r] * columns[j]`` and how many are strictly greater.

    Parameters
    ----------
    rows : array (>= n_rows,)
        Non-negative values, ascending within each layer, each standing ``multiplicity[r]`` times.
    multiplicity : int array (>= n_rows,)
    columns : array (>= n_columns,)
        Non-negative values, ascending within each layer.
    first_row, first_column : int array (n_layers + 1,)
        Where the rows and the columns of each layer begin; there are products within a layer only.
    k : int
        From 1 to the number of products.
    guess : float
        About where it should be; 0 if unknown.

    Returns
    -------
    value : float
        The k-th largest product.
    greater : int
        Number of products strictly greater than ``value``.
    """
    n_layers = first_row.size - 1
    starts = np.zeros((3, rows.size), np.int64)
    # slices of arrays that are not counted cost nothing
    rows, multiplicity, columns, at_low, at_high, at_middle = borrowed(
        (rows, multiplicity, columns, starts[0], starts[1], starts[2])
    )
    total = candidates = 0
    top = columns.dtype.type(0)
    for layer in range(n_layers):
        m = first_column[layer + 1] - first_column[layer]
        for r in range(first_row[layer], first_row[layer + 1]):
            total += multiplicity[r] * m
            candidates += m
            at_high[r] = m
        top = max(top, rows[first_row[layer + 1] - 1] * columns[first_column[layer + 1] - 1])
    if top == 0.0:
        return alive(top, starts), 0

    # count(low) >= k > count(high), where count(t) is the number of products >= t. In row r these
    # are the columns of its layer from at_low[r] on for low, and from at_high[r] on for high.
    low, count_low = top * 0, total
    high, count_high = top * 2, 0
    tries = 0
    while candidates > FEW:
        interpolate = tries % 2 == 0
        guessing = tries < 2 and guess > 0
        if guessing:
            middle = guess * (1 - CLOSE_PRODUCT if interpolate else 1 + CLOSE_PRODUCT)
        elif interpolate:
            middle = low + (high - low) * ((count_low - k + 0.5) / (count_low - count_high))
        elif low > 0 and high > 4 * low:
            middle = np.sqrt(low * high)
        else:
            middle = 0.5 * (low + high)
        middle = columns.dtype.type(middle)
        inside = low < middle and middle < high
        if not inside and not interpolate and not guessing:
            break  # no number between low and high: all that is left are ties
        tries += 1
        if not inside:
            continue
        count = 0
        below = 0
        for layer in range(n_layers):
            own = slice(first_row[layer], first_row[layer + 1])
            more, more_below = _walk(
                rows[own],
                multiplicity[own],
                columns[first_column[layer] : first_column[layer + 1]],
                middle,
                at_low[own],
                at_high[own],
                at_middle[own],
            )
            count += more
            below += more_below
        if count >= k:
            low, count_low = middle, count
            copy(at_middle, at_low)
            candidates -= below
        else:
            high, count_high = middle, count
            copy(at_middle, at_high)
            candidates = below

    values = np.empty(candidates, columns.dtype)
    times = np.empty(candidates, np.int64)
    found = 0
    for layer in range(n_layers):
        own_columns = columns[first_column[layer] : first_column[layer + 1]]
        for r in range(first_row[layer], first_row[layer + 1]):
            for j in range(at_low[r], at_high[r]):
                values[found] = rows[r] * own_columns[j]
                times[found] = multiplicity[r]
                found += 1
    found = alive(found, starts)
    order = rising_order(values)
    greater = count_high
    position = found - 1
    while position >= 0:
        value = values[order[position]]
        ties = 0
        while position >= 0 and values[order[position]] == value:
            ties += times[order[position]]
            position -= 1
        if greater + ties >= k:
            return value, greater
        greater += ties
    return low, greater


@inner
def _walk(rows, multiplicity, columns, t, at_low, at_high, at_t):
    """Number of products >= t of a layer, and of candidates that are less; see above.

    ``at_t`` gets where the columns of these products begin in each row.
    """
    count = 0
    below = 0
    start = columns.size
    for r in range(rows.size):
        start = first_at_least(columns, rows[r], t, min(start, at_high[r]))
        at_t[r] = start
        below += start - at_low[r]
        count += multiplicity[r] * (columns.size - start)
    return count, below


@compiled
def shares_of_largest(rows, multiplicity, columns, first_row, first_column, k, guess):
    """How many of the k largest products each layer has; ties go to the earlier layer.

    The arguments are those of `kth_largest_product`.

    Returns
    -------
    value : float
        The k-th largest product.
    shares : int array (n_layers,)
        They add up to k.
    """
    value, greater = kth_largest_product(
        rows, multiplicity, columns, first_row, first_column, k, guess
    )
    shares = np.zeros(first_row.size - 1, np.int64)
    needed = k - greater
    for layer in range(shares.size):
        own = columns[first_column[layer] : first_column[layer + 1]]
        at_least = own.size
        ties = 0
        for r in range(first_row[layer], first_row[layer + 1]):
            at_least = first_at_least(own, rows[r], value, at_least)
            above = first_above(own, rows[r], value, at_least)
            shares[layer] += multiplicity[r] * (own.size - above)
            ties += multiplicity[r] * (above - at_least)
        shares[layer] += min(ties, needed)
        needed -= min(ties, needed)
    return value, shares


@inner
def first_at_least(columns, row, t, start):
    """First j with ``row * columns[j] >= t``, which holds from ``start`` on (columns ascending)."""
    while start > 0 and row * columns[start - 1] >= t:
        start -= 1
    return start


@inner
def first_above(columns, row, t, start):
    """First j with ``row * columns[j] > t``, which does not hold before ``start``."""
    while start < columns.size and row * columns[start] <= t:
        start += 1
    return start


@compiled
def kth_largest_size(values, k, guess):
    """The k-th largest of the absolute values of a flat array.

    ``guess`` is about where it should be (0: unknown). A NaN has no place among the others: where
    there are some, what is returned is not what is wanted, but nothing else is read.

    Returns
    -------
    size : float
    greater, at_least : int
        How many are strictly greater, and how many at least as large.
    """
    number = values.dtype.type
    top = number(0)
    if guess == 0:
        for i in range(values.size):
            top = max(top, abs(values[i]))
        if top == 0:
            return top, 0, values.size
    low, count_low, high, count_high = number(0), values.size, number(np.inf), 0
    few = FEW + values.size * FEW_OF_ALL
    apart = number(CLOSE)
    tries = 0
    while count_low - count_high > few:
        if guess > 0 and tries < TRIES:
            below, above = guess * (number(1) - apart), guess * (number(1) + apart)
            apart *= number(4)
        elif high == np.inf:
            below = above = number(2) * (guess if guess > top else top)
            guess = below
            if not below < np.inf:
                break  # the k-th largest is infinite, or there are NaNs
        elif tries % 2 == 0:
            share = (count_low - k + 0.5) / (count_low - count_high)
            below = above = number(low + (high - low) * share)
        else:
            below = above = number(0.5) * (low + high)
            if not (low < below and below < high):
                break  # no number between: all that is left are ties
        tries += 1
        count_below, count_above = _count_at_least(values, below, above)
        if count_below >= k and below > low:
            low, count_low = below, count_below
        if count_above >= k and above > low:
            low, count_low = above, count_above
        if count_above < k and above < high:
            high, count_high = above, count_above
        if count_below < k and below < high:
            high, count_high = below, count_below

    between = np.empty(count_low - count_high + 1, values.dtype)  # one to overwrite
    found = 0
    for first in range(0, values.size, BLOCK):
        block = values[first : first + BLOCK]
        inside = False
        for i in range(block.size):  # by number, or this is not vectorised
            inside |= (abs(block[i]) >= low) & (abs(block[i]) < high)
        if inside:
            for i in range(block.size):
                between[found] = abs(block[i])
                found += (abs(block[i]) >= low) & (abs(block[i]) < high)
    # what is above all numbers is neither counted nor listed yet, if anything is
    infinite = count_low - count_high - found
    if infinite >= k - count_high:
        return number(np.inf), count_high, count_high + infinite
    count_high += infinite
    between = between[:found]
    size = between[rising_order(between)[found - (k - count_high)]]
    greater = at_least = count_high
    for i in range(found):
        greater += between[i] > size
        at_least += between[i] >= size
    return size, greater, at_least


@inner
def _count_at_least(values, a, b):
    """Numbers of entries of a flat array whose sizes are at least a, and at least b."""
    count_a = count_b = 0
    for i in range(values.size):
        size = abs(values[i])
        count_a += size >= a
        count_b += size >= b
    return count_a, count_b
