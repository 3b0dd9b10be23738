"""Whether a perceptron may be learned on margins, which are made of products of patterns."""

import numpy as np

from synlib._kernels import perceptron as kernels

# the Gram matrix of more patterns than this would take over 200 MB
MOST_PATTERNS_FOR_MARGINS = 5000
# products of patterns keep half of the digits of inputs and patterns of this relative size
SMALLEST_SHARE = 1e-3


def products_keep_all(patterns):
    """Whether no input and no pattern is so small that products of patterns would lose it."""
    size = np.abs(patterns)
    sizes = np.append(size.max(axis=0), size[:, :-1].max(axis=1))
    return bool(sizes[sizes > 0].min() >= SMALLEST_SHARE * size.max())


def some_are_too_alike(patterns, sign):
    """Whether two patterns of different kinds differ by less than their products can tell."""
    gram = kernels.gram_matrix(patterns)
    size = gram.diagonal()
    distance = size[:, None] + size - 2 * gram
    unlike = sign[:, None] != sign
    return bool((distance < SMALLEST_SHARE**2 * size.max())[unlike].any())


_kept: dict = {}


def products(patterns):
    """The Gram matrix. It takes longer than learning: the last one is kept for the next cache."""
    of, gram = _kept.get("last", (None, None))
    if of is None or not np.array_equal(of, patterns):
        gram = kernels.gram_matrix(patterns)
        _kept["last"] = patterns, gram
    return gram
