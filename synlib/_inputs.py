"""Samples as the kernels want them: compressed, once, and kept."""

import numpy as np

from synlib._kernels.inputs import begins, compress, fill

# inputs are compressed once, and kept, if that takes no more bytes than this
INPUT_MEMORY = 5e8


class Inputs:
    """Samples in compressed rows: all of them, made once, or those that are asked for."""

    def __init__(self, X, background, bias, keep=True):
        self.X, self.background, self.bias = X, X.dtype.type(background), bias
        self.kept = None
        if not keep:
            return
        everyone = np.arange(len(X))
        first = begins(X, everyone, self.background, bias)
        if first[-1] * (first.itemsize + X.itemsize) <= INPUT_MEMORY:
            self.kept = (first, *fill(X, everyone, self.background, bias, first))

    def __len__(self):
        return len(self.X)

    def rows(self, order):
        """The samples in this order, as `synlib._kernels.inputs.compress` gives them."""
        if self.kept is None:
            return compress(self.X, order, self.background, self.bias)
        first, index, value = self.kept
        return first[order], first[order + 1], index, value
