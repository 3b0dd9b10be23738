"""One way to turn whatever a user passes as ``random_state`` into a Generator, and normal numbers.

`numpy.random.Generator` draws uniform numbers alike everywhere, but for normal ones it asks the C
library for logarithms, and these differ in the last digit from one to the next.
"""

import numpy as np

SQRT_HALF = 0.7071067811865476
LN2 = 0.6931471805599453
BLOCK = 2**15  # points, so that what is done with them stays in the processor
TERMS = 11  # of the series of the logarithm: what is left is below rounding


def generator(random_state):
    """A `numpy.random.Generator` from None, a seed, a Generator or a legacy RandomState."""
    if isinstance(random_state, np.random.RandomState):
        return np.random.default_rng(random_state.randint(2**31, size=4))
    return np.random.default_rng(random_state)


def standard_normal(random, shape):
    """Normal numbers with mean 0 and variance 1, the same to the last bit on every machine.

    By Marsaglia's polar method: a point drawn from the unit disc has a direction that is uniform
    and, independently, a squared distance s that is uniform too, so that ``sqrt(-2 log(s))`` is
    the length of a pair of normal numbers. Points outside the disc are drawn again.

    Parameters
    ----------
    random : Generator
    shape : tuple of int

    Returns
    -------
    array
    """
    values = np.empty(int(np.prod(shape)))
    found = 0
    while found < values.size:
        missing = (values.size - found + 1) // 2
        points = random.random((2, missing))
        n_inside = 0
        for first in range(0, missing, BLOCK):
            pairs = _pairs(*(2 * points[:, first : first + BLOCK] - 1))
            # in place of points that are no longer needed
            points[:, n_inside : n_inside + pairs.shape[1]] = pairs
            n_inside += pairs.shape[1]
        for half in points[:, :n_inside]:
            part = half[: values.size - found]
            values[found : found + part.size] = part
            found += part.size
    return values.reshape(shape)


def _pairs(x, y):
    """Two normal numbers from each of the points in the unit disc, array (2, n_inside)."""
    s = x * x + y * y
    inside = (s > 0) & (s < 1)
    s = s[inside]
    length = np.sqrt(-2 * log(s) / s)
    return np.stack([length * x[inside], length * y[inside]])


def log(x):
    """Natural logarithm of positive numbers, by sums and products as written.

    With ``x = m * 2**n`` and m around 1, ``log(m) = 2 artanh((m - 1) / (m + 1))``.
    """
    m, n = np.frexp(x)
    low = m < SQRT_HALF
    m = np.where(low, 2 * m, m)
    n = n - low
    s = (m - 1) / (m + 1)
    square = s * s
    series = np.zeros_like(s)
    for term in range(TERMS, 0, -1):
        series = (series + 2 / (2 * term + 1)) * square
    return n * LN2 + (2 + series) * s
