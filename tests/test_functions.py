"""Exponential and hyperbolic tangent against arithmetic with forty digits."""

from decimal import Decimal, localcontext

import numpy as np
import pytest

from synlib._kernels import compiled
from synlib._kernels import functions as kernels
from synlib._random import log, standard_normal


@compiled
def exp(x, out):
    for j in range(x.size):
        out[j] = kernels.exp(x[j])


@compiled
def tanh(x, out):
    for j in range(x.size):
        out[j] = kernels.tanh(x[j])


def exact(function, x):
    x = Decimal(float(x))
    if function is exp:
        return x.exp()
    if abs(x) < Decimal("1e-15"):
        return x - x**3 / 3
    power = (2 * x).exp()
    return (power - 1) / (power + 1)


def arguments(function, dtype):
    random = np.random.default_rng(0)
    largest = 20.0 if function is tanh else (709.7 if dtype is np.float64 else 88.7)
    smallest = -20.0 if function is tanh else (-745.0 if dtype is np.float64 else -103.9)
    return np.concatenate(
        [
            random.uniform(smallest, largest, 1000),
            random.uniform(-2, 2, 1000),
            random.choice([-1, 1], 500) * 10.0 ** random.uniform(-37, 0, 500),
            np.linspace(smallest, 0.94 * smallest, 200),
            [smallest, largest, 0.6, np.nextafter(0.6, 0), -0.6],
        ]
    ).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("function", [exp, tanh])
def test_at_most_one_unit_in_the_last_place_off(function, dtype):
    x = arguments(function, dtype)
    y = np.empty_like(x)
    function(x, y)
    with localcontext(prec=40):
        off = [
            abs(Decimal(float(b)) - exact(function, a)) / Decimal(float(np.spacing(abs(b))))
            for a, b in zip(x, y, strict=True)
        ]
    assert max(off) < 0.9


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_at_the_ends(dtype):
    x = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1e5, -1e5], dtype)
    y = np.empty_like(x)
    exp(x, y)
    np.testing.assert_array_equal(y, [np.nan, np.inf, 0, 1, 1, np.inf, 0])
    tanh(x, y)
    np.testing.assert_array_equal(y, [np.nan, 1, -1, 0, 0, 1, -1])
    assert np.signbit(y[3:5]).tolist() == [False, True]
    edge = dtype(709.782712893384 if dtype is np.float64 else 88.72283)
    x = np.array([edge, np.nextafter(edge, dtype(np.inf))])
    y = np.empty_like(x)
    exp(x, y)
    assert np.isinf(y).tolist() == [False, True]


def test_normal_numbers():
    z = standard_normal(np.random.default_rng(0), (400, 501)).ravel()
    assert np.allclose([z.mean(), z.var(), (z**3).mean(), (z**4).mean()], [0, 1, 0, 3], atol=0.05)
    assert np.isclose((np.abs(z) > 3).mean(), 0.0027, rtol=0.1)
    assert abs(np.corrcoef(z[:-1], z[1:])[0, 1]) < 0.01


def test_logarithm():
    x = np.concatenate(
        [np.random.default_rng(0).random(1000), [1.0, 1 - 2.0**-53, 5e-324, 2.0**-60]]
    )
    np.testing.assert_allclose(log(x), np.log(x), rtol=1e-15, atol=0)
