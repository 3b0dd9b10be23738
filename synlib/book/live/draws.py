"""What NumPy's default generator draws, in compiled form: a page draws what Python draws.

`numpy.random.default_rng` is the generator PCG64 (XSL-RR 128/64), begun from a `SeedSequence`. Its
state is kept in an int64 array (6,) that is read as uint64: the 128 bits of the state and of the
increment, upper half first; whether half a draw is left, and that half.
"""

import numpy as np

from synlib._kernels import compiled
from synlib._random import LN2, SQRT_HALF, TERMS

STATE_SIZE = 6
HIGH, LOW, INCREMENT_HIGH, INCREMENT_LOW, HAS_HALF, HALF = range(STATE_SIZE)

U = np.uint64
ZERO, ONE, ELEVEN, SIXTEEN, HALF_BITS = U(0), U(1), U(11), U(16), U(32)
WORD, LOW_WORD, ALL_BITS = U(64), U(0xFFFFFFFF), U(63)
ROTATION_BITS = U(58)  # of the upper half: the six highest bits of the state
MULTIPLIER_HIGH, MULTIPLIER_LOW = U(0x2360ED051FC65DA4), U(0x4385DF649FCCF645)

# of a number of 64 bits: where its exponent begins, and of what; the rest; the exponent of 1/2
EXPONENT, BIAS, MANTISSA, ONE_HALF = 52, 1022, 2**52 - 1, 1022 << 52

POOL = 4
INIT_A, MULT_A = U(0x43B0D7E5), U(0x931E8875)
INIT_B, MULT_B = U(0x8B51F9DD), U(0x58F38DED)
MIX_LEFT, MIX_RIGHT = U(0xCA01F9DD), U(0x4973F715)


@compiled
def begin(seed, child):
    """The generator of a seed below 2**32, or of its child number ``child`` unless that is < 0."""
    entropy = np.zeros(POOL + 1, np.uint64)
    entropy[0] = U(seed) & LOW_WORD
    n_words = POOL
    if child >= 0:
        entropy[POOL] = U(child)
        n_words += 1
    pool = np.zeros(POOL, np.uint64)
    constant = np.full(1, INIT_A)
    for i in range(POOL):
        pool[i] = _hashed(entropy[i], constant)
    for source in range(POOL):
        for target in range(POOL):
            if source != target:
                pool[target] = _mixed(pool[target], _hashed(pool[source], constant))
    for source in range(POOL, n_words):
        for target in range(POOL):
            pool[target] = _mixed(pool[target], _hashed(entropy[source], constant))
    words = np.zeros(2 * POOL, np.uint64)
    factor = INIT_B
    for i in range(words.size):
        value = pool[i % POOL] ^ factor
        factor = (factor * MULT_B) & LOW_WORD
        value = (value * factor) & LOW_WORD
        words[i] = value ^ (value >> SIXTEEN)
    seeds = words[::2] | (words[1::2] << HALF_BITS)
    random = np.zeros(STATE_SIZE, np.int64)
    state = random.view(np.uint64)
    state[INCREMENT_HIGH] = (seeds[2] << ONE) | (seeds[3] >> ALL_BITS)
    state[INCREMENT_LOW] = (seeds[3] << ONE) | ONE
    _step(state)
    state[LOW] += seeds[1]
    state[HIGH] += seeds[0] + (ONE if state[LOW] < seeds[1] else ZERO)
    _step(state)
    return random


@compiled
def uniform(random):
    """As ``Generator.random()``: a float in [0, 1)."""
    return float(_word(random.view(np.uint64)) >> ELEVEN) * 2.0**-53


@compiled
def below(random, n):
    """As ``Generator.integers(n)`` in arrays, and in shuffles: one of 0 ... n - 1, n <= 2**32.

    By Lemire's method: the upper half of a product, drawn again where that is not quite even.
    """
    if n == 1:
        return 0
    state = random.view(np.uint64)
    limit = U(n)
    product = _half_word(state) * limit
    if product & LOW_WORD < limit:
        least = (LOW_WORD + ONE - limit) % limit
        while product & LOW_WORD < least:
            product = _half_word(state) * limit
    return np.int64(product >> HALF_BITS)


@compiled
def permutation(random, n):
    """As ``Generator.permutation(n)``."""
    values = np.arange(n)
    for i in range(n - 1, 0, -1):
        j = _at_most(random, i)
        values[i], values[j] = values[j], values[i]
    return values


@compiled
def standard_normal(random, size):
    """As `synlib._random.standard_normal`."""
    values = np.empty(size)
    found = 0
    while found < size:
        missing = (size - found + 1) // 2
        x, y = np.empty(missing), np.empty(missing)
        for point in (x, y):
            for i in range(missing):
                point[i] = 2 * uniform(random) - 1
        square = x * x + y * y
        inside = (square > 0) & (square < 1)
        x, y, square = x[inside], y[inside], square[inside]
        pairs = np.empty(2 * square.size)
        for i in range(square.size):
            length = np.sqrt(-2 * _log(square[i]) / square[i])
            pairs[i] = length * x[i]
            pairs[square.size + i] = length * y[i]
        pairs = pairs[: size - found]
        values[found : found + pairs.size] = pairs
        found += pairs.size
    return values


@compiled
def _at_most(random, n):
    """One of 0 ... n, drawn from as few bits as hold n, and again where it is more."""
    mask = n
    for shift in (1, 2, 4, 8, 16):
        mask |= mask >> shift
    while True:
        value = np.int64(_half_word(random.view(np.uint64))) & mask
        if value <= n:
            return value


@compiled
def _hashed(value, constant):
    value ^= constant[0]
    constant[0] = (constant[0] * MULT_A) & LOW_WORD
    value = (value * constant[0]) & LOW_WORD
    return value ^ (value >> SIXTEEN)


@compiled
def _mixed(x, y):
    value = (MIX_LEFT * x - MIX_RIGHT * y) & LOW_WORD
    return value ^ (value >> SIXTEEN)


@compiled
def _step(state):
    """state = state * multiplier + increment, in 128 bits."""
    low, high = state[LOW], state[HIGH]
    new = low * MULTIPLIER_LOW
    above = _upper_half(low, MULTIPLIER_LOW) + low * MULTIPLIER_HIGH + high * MULTIPLIER_LOW
    state[LOW] = new + state[INCREMENT_LOW]
    carry = ONE if state[LOW] < new else ZERO
    state[HIGH] = above + state[INCREMENT_HIGH] + carry


@compiled
def _upper_half(a, b):
    """Upper 64 bits of a product of 128."""
    a_0, a_1, b_0, b_1 = a & LOW_WORD, a >> HALF_BITS, b & LOW_WORD, b >> HALF_BITS
    middle = a_1 * b_0 + (a_0 * b_0 >> HALF_BITS)
    other = a_0 * b_1 + (middle & LOW_WORD)
    return a_1 * b_1 + (middle >> HALF_BITS) + (other >> HALF_BITS)


@compiled
def _word(state):
    _step(state)
    value = state[HIGH] ^ state[LOW]
    rotation = state[HIGH] >> ROTATION_BITS
    return (value >> rotation) | (value << ((WORD - rotation) & ALL_BITS))


@compiled
def _half_word(state):
    if state[HAS_HALF] != ZERO:
        state[HAS_HALF] = ZERO
        return state[HALF]
    value = _word(state)
    state[HAS_HALF] = ONE
    state[HALF] = value >> HALF_BITS
    return value & LOW_WORD


@compiled
def _log(x):
    """As `synlib._random.log`."""
    bits = np.float64(x).view(np.int64)
    n = (bits >> EXPONENT) - BIAS
    m = np.int64((bits & MANTISSA) | ONE_HALF).view(np.float64)
    if m < SQRT_HALF:
        m = 2 * m
        n -= 1
    s = (m - 1) / (m + 1)
    square = s * s
    series = 0.0
    for term in range(TERMS, 0, -1):
        series = (series + 2 / (2 * term + 1)) * square
    return n * LN2 + (2 + series) * s
