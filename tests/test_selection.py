"""The selection from sorted vectors against sorting all products."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from synlib._kernels.selection import (
    kth_largest_product,
    kth_largest_size,
    rising_order,
    shares_of_largest,
)

# few distinct values, so that products tie, or many orders of magnitude
sizes = st.one_of(st.sampled_from([0.0, 0.5, 1.0, 3.0]), st.floats(0, 1e6), st.floats(1e-12, 1e-6))


@given(
    shapes=st.lists(st.tuples(st.integers(1, 12), st.integers(1, 12)), min_size=1, max_size=4),
    data=st.data(),
    dtype=st.sampled_from([np.float64, np.float32]),
)
def test_largest_products_of_layers(shapes, data, dtype):
    """The k-th largest of all, and how many of the k largest are of each layer."""
    rows, columns = (
        [np.sort(data.draw(arrays(float, s[i], elements=sizes)).astype(dtype)) for s in shapes]
        for i in range(2)
    )
    times = [
        np.array(data.draw(st.lists(st.integers(1, 30), min_size=n, max_size=n))) for n, _ in shapes
    ]
    products = [
        np.repeat(np.outer(r, c), m, axis=0).ravel()
        for r, c, m in zip(rows, columns, times, strict=True)
    ]
    layer = np.repeat(np.arange(len(shapes)), [p.size for p in products])
    products = np.concatenate(products)
    k = data.draw(st.integers(1, products.size))
    falling = np.argsort(-products, kind="stable")
    expected = products[falling[k - 1]]
    guess = dtype(data.draw(st.sampled_from([0.0, 0.5, 0.99, 1.0, 3.0])) * expected)
    first_row, first_column = (np.cumsum([0, *(s[i] for s in shapes)]) for i in range(2))
    layers = (*map(np.concatenate, (rows, times, columns)), first_row, first_column)
    value, greater = kth_largest_product(*layers, k, guess)
    assert value == expected
    assert greater == (products > value).sum()
    value, shares = shares_of_largest(*layers, k, guess)
    assert value == expected
    assert shares.tolist() == np.bincount(layer[falling[:k]], minlength=len(shapes)).tolist()


@pytest.mark.parametrize("orders", [0.1, 3, 30], ids=lambda orders: f"{orders} orders")
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_kth_largest_product_of_many(dtype, orders):
    """Thousands of products, over some orders of magnitude."""
    random = np.random.default_rng(0)
    rows, columns = (np.sort(10 ** random.normal(0, orders / 4, n)) for n in (80, 120))
    rows, columns = rows.astype(dtype), columns.astype(dtype)
    falling = np.sort(np.outer(rows, columns), axis=None)[::-1]
    layer = (
        rows,
        np.ones(rows.size, np.int64),
        columns,
        np.array([0, 80]),
        np.array([0, 120]),
    )
    for k in (1, 2, falling.size // 10, falling.size // 2, falling.size - 1, falling.size):
        for share in (0, 0.1, 0.9999, 2):
            guess = dtype(share * falling[k - 1])
            value, greater = kth_largest_product(*layer, k, guess)
            assert value == falling[k - 1]
            assert greater == (falling > value).sum()


@given(values=arrays(float, st.integers(1, 50), elements=sizes), data=st.data())
def test_kth_largest_size(values, data):
    k = data.draw(st.integers(1, values.size))
    guess = data.draw(st.sampled_from([0.0, values[0], 1.0001 * values[0]]))
    values *= data.draw(st.sampled_from([1, -1]))
    size, greater, at_least = kth_largest_size(values, k, guess)
    assert size == np.sort(np.abs(values))[::-1][k - 1]
    assert greater == (np.abs(values) > size).sum()
    assert at_least == (np.abs(values) >= size).sum()


@pytest.mark.filterwarnings("ignore:overflow")  # with the compiler off
@pytest.mark.parametrize("size", [4, 300])
def test_kth_largest_size_among_infinities(size):
    kernels = [kth_largest_size]
    if size == 4:
        # in Python, where an index beyond the end is an error: machine code reads foreign memory
        kernels.append(getattr(kth_largest_size, "py_func", kth_largest_size))
    for kernel, n_infinite in itertools.product(kernels, (1, size // 2, size)):
        values = np.linspace(2, 1, size)
        values[:n_infinite] = np.inf
        values[::2] *= -1
        for k in {1, n_infinite, min(n_infinite + 1, size), size}:
            for guess in (0.0, 0.5, 1.5, 3.0, np.inf):
                value, greater, at_least = kernel(values, k, guess)
                assert value == np.sort(np.abs(values))[::-1][k - 1]
                assert greater == (np.abs(values) > value).sum()
                assert at_least == (np.abs(values) >= value).sum()
        values[np.isinf(values)] = np.nan
        for k, guess in itertools.product((1, size), (0.0, 1.5)):
            kernel(values, k, guess)


@pytest.mark.parametrize("kind", ["normal", "ties", "sorted", "mostly zero", "zero"])
@pytest.mark.parametrize("size", [1000, 5000, 78500])
def test_kth_largest_size_of_many(size, kind):
    random = np.random.default_rng(0)
    values = random.normal(size=size)
    if kind == "ties":
        values = values.round(1)
    elif kind == "sorted":
        values.sort()
    elif kind == "mostly zero":
        values[random.random(size) < 0.9] = 0
    elif kind == "zero":
        values[:] = 0
    sizes = np.abs(values)
    falling = np.sort(sizes)[::-1]
    for k in (1, 2, size // 100, size // 10, size // 2, size - 1, size):
        for guess in (0.0, 1.0005 * falling[k - 1], 2 * falling[k - 1], 0.001 * falling[k - 1]):
            value, greater, at_least = kth_largest_size(values, k, guess)
            assert value == falling[k - 1]
            assert greater == (sizes > value).sum()
            assert at_least == (sizes >= value).sum()


@given(
    values=arrays(float, st.integers(0, 300), elements=sizes),
    dtype=st.sampled_from([np.float64, np.float32]),
)
def test_rising_order(values, dtype):
    values = values.astype(dtype)
    np.testing.assert_array_equal(rising_order(values), np.argsort(values, kind="stable"))
