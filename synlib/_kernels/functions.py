"""Exponential and hyperbolic tangent, the same to the last bit on every machine.

The C library's round otherwise from version to version, and with and without fused operations;
learning is chaotic. These are sums and products as written, at most one unit in the last place
off, without branches, so that a loop over units is vectorised.

Every exponential is taken as ``2**k * exp(r)`` with a whole k and ``|r| <= log(2) / 2``. Two tricks
with the bits of a number: adding 1.5 * 2**52 (1.5 * 2**23 in single precision) rounds to a whole
number and leaves it in the last bits, and the exponent's bits alone are a power of two.
"""

from functools import partial
from typing import Any

import numpy as np
from numba import types
from numba.extending import overload

from synlib._kernels import compiled, inner

OPTIONS: Any = {"error_model": "numpy", "forceinline": True}
inlined = partial(inner, forceinline=True)  # a loop that calls a function is not vectorised

LOG2_E = 1.4426950408889634
ROUNDER = 1.5 * 2.0**52
ROUNDER_BITS = np.float64(ROUNDER).view(np.int64)
# log(2) in two parts, of which the first has so few digits that its product with k is exact
LN2_HIGH = 0.6931471803691238
LN2_LOW = 1.9082149292705877e-10
# beyond these, e ** x is infinite or rounds to zero
HIGHEST, LOWEST = 709.782712893384, -746.0

SINGLE = np.float32
ONE = SINGLE(1)
LOG2_E_SINGLE = SINGLE(LOG2_E)
ROUNDER_SINGLE = SINGLE(1.5 * 2**23)
ROUNDER_BITS_SINGLE = ROUNDER_SINGLE.view(np.int32)
LN2_HIGH_SINGLE, LN2_LOW_SINGLE = SINGLE(0.693115234375), SINGLE(3.1946184945309415e-05)
HIGHEST_SINGLE, LOWEST_SINGLE = SINGLE(88.72283), SINGLE(-104.0)
INFINITE_SINGLE = SINGLE(np.inf)
SIGN = np.int64(-(2**63))
# 1 / n! for n = 2, 3, ...
A2, A3, A4, A5, A6, A7, A8 = (
    SINGLE(a) for a in (1 / 2, 1 / 6, 1 / 24, 1 / 120, 1 / 720, 1 / 5040, 1 / 40320)
)


def exp(x):
    """e ** x of a number of either precision."""
    return _exp_single(x) if isinstance(x, np.float32) else _exp_double(x)


def tanh(x):
    """Hyperbolic tangent of a number of either precision."""
    return SINGLE(_tanh_double(np.float64(x))) if isinstance(x, np.float32) else _tanh_double(x)


@compiled
def exponential(x):
    """e ** x of a float, for Python."""
    return _exp_double(x)


@overload(exp, jit_options=OPTIONS)
def _compiled_exp(x):
    if x == types.float32:
        return lambda x: _exp_single(x)
    return lambda x: _exp_double(x)


@overload(tanh, jit_options=OPTIONS)
def _compiled_tanh(x):
    if x == types.float32:
        return lambda x: SINGLE(_tanh_double(np.float64(x)))
    return lambda x: _tanh_double(x)


@inlined
def _exp_double(x):
    bounded = HIGHEST if x > HIGHEST else x  # a NaN stays one
    bounded = LOWEST if bounded < LOWEST else bounded
    n, high, low = _reduced(bounded)
    y = (1.0 + (high + low)) * _power_of_two(n >> 1) * _power_of_two(n - (n >> 1))
    return np.inf if x > HIGHEST else y


@inlined
def _reduced(x):
    """``n, high, low`` with ``e ** x = 2 ** n * (1 + high + low)``, the last the smaller."""
    rounded = x * LOG2_E + ROUNDER
    k = rounded - ROUNDER
    n = np.float64(rounded).view(np.int64) - ROUNDER_BITS
    high = x - k * LN2_HIGH
    rest = k * LN2_LOW
    r = high - rest
    # 1 / n! for n = 2, 3, ...
    p = 1 / 479001600 + r * (1 / 6227020800)
    p = 1 / 39916800 + r * p
    p = 1 / 3628800 + r * p
    p = 1 / 362880 + r * p
    p = 1 / 40320 + r * p
    p = 1 / 5040 + r * p
    p = 1 / 720 + r * p
    p = 1 / 120 + r * p
    p = 1 / 24 + r * p
    p = 1 / 6 + r * p
    p = 1 / 2 + r * p
    return n, high, r * r * p - rest


@inlined
def _power_of_two(n):
    return np.int64((n + 1023) << 52).view(np.float64)


@inlined
def _exp_single(x):
    bounded = HIGHEST_SINGLE if x > HIGHEST_SINGLE else x
    bounded = LOWEST_SINGLE if bounded < LOWEST_SINGLE else bounded
    rounded = bounded * LOG2_E_SINGLE + ROUNDER_SINGLE
    k = rounded - ROUNDER_SINGLE
    n = np.int32(np.float32(rounded).view(np.int32) - ROUNDER_BITS_SINGLE)
    high = bounded - k * LN2_HIGH_SINGLE
    rest = k * LN2_LOW_SINGLE
    r = high - rest
    p = A2 + r * (A3 + r * (A4 + r * (A5 + r * (A6 + r * (A7 + r * A8)))))
    y = ONE + (high + (r * r * p - rest))
    half = np.int32(n >> 1)
    y = y * _power_of_two_single(half) * _power_of_two_single(np.int32(n - half))
    return INFINITE_SINGLE if x > HIGHEST_SINGLE else y


@inlined
def _power_of_two_single(n):
    return np.int32((n + 127) << 23).view(np.float32)


@inlined
def _tanh_double(x):
    size = abs(x)
    # below 0.6 an odd polynomial, fitted to (1 - tanh(x) / x) / x**2
    g = size * size
    p = 3.2085577092503384e-05 + g * -6.933498687802604e-06
    p = -9.332347641822405e-05 + g * p
    p = 0.0002379516247743658 + g * p
    p = -0.0005897679886433656 + g * p
    p = 0.0014557958653524296 + g * p
    p = -0.0035921242476468587 + g * p
    p = 0.008863235292631928 + g * p
    p = -0.021869488527360884 + g * p
    p = 0.05396825396808515 + g * p
    p = -0.13333333333333205 + g * p
    p = 0.3333333333333333 + g * p
    near = size - size * (g * p)
    # above, 1 - 2 / (1 + e ** 2x), with what the denominator lost in rounding
    bounded = 20.0 if size > 20.0 else size
    n, high, low = _reduced(2 * bounded)
    power = _power_of_two(n)
    above = high + low
    head = 1.0 + above
    tail = ((1.0 - head) + above) + ((high - above) + low)
    large = power * head
    denominator = large + 1.0
    lost = (large - denominator) + 1.0 + power * tail
    q = 2.0 / denominator
    far = 1.0 - q
    far += (1.0 - far) - q + 0.5 * q * q * lost
    y = near if size < 0.6 else far
    sign = np.float64(x).view(np.int64) & SIGN
    return np.int64(np.float64(y).view(np.int64) | sign).view(np.float64)
