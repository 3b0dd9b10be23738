"""The kinds of arguments an entry may have: numbers, and arrays of them."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from numpy import ndarray

    Int = int
    Float = float
    Ints = ndarray
    Floats = ndarray
    Singles = ndarray
    Flags = ndarray
else:
    from numba import types

    Int = types.int64
    Float = types.float64
    Ints = types.int64[::1]
    Floats = types.float64[::1]
    Singles = types.float32[::1]
    Flags = types.boolean[::1]
