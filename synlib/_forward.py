"""From inputs to outputs for many samples at once, as needed to evaluate a network.

Not by matrix products of the library, whose rounding differs from one processor to the next: a
sample on the border would be right here and wrong there.
"""

import numpy as np

from synlib._inputs import Inputs
from synlib._kernels import evaluation
from synlib._kernels import network as kernels
from synlib._kernels.inputs import compress
from synlib._layers import LINE, aligned

ACTIVATIONS = {
    "logistic": kernels.LOGISTIC,
    "relu": kernels.RELU,
    "leaky_relu": kernels.LEAKY_RELU,
    "elu": kernels.ELU,
    "tanh": kernels.TANH,
}
OUTPUTS = {
    "logistic": kernels.LOGISTIC,
    "softmax": kernels.SOFTMAX,
    "linear": kernels.LINEAR,
}

# samples are taken in batches, and units in blocks whose weights stay in the processor
BATCH = 500
BLOCK_SIZE = 2**20  # bytes
# below this share a common value of the inputs is not worth the second term it costs
WORTHWHILE_SHARE = 0.25


def network_output(net, X, weights, plastic, background):
    """Summed input of the output units of a whole network, of whose first hidden layer the first
    units are ``plastic``.

    In the order in which `MLP.fit` adds up what it evaluates: the units that never learn last.
    """
    learned = weights[0][:, :plastic], weights[1][:plastic], *weights[2:]
    inputs = Inputs(X, background, net.bias, keep=False)
    static = static_input(net, inputs, weights, plastic)
    return summed_output(net, inputs, learned, static)


def summed_output(net, inputs, weights, static=None):
    """Summed input of the output units, (n_samples, n_outputs).

    ``inputs`` are `Inputs`, ``weights`` those of each layer, ``static`` (n_samples, n_units) what
    is added to the summed inputs of the second.
    """
    return _propagated(net, inputs, weights, net.bias, static)


def static_input(net, inputs, weights, plastic):
    """What the second layer gets from the units of the first that are not plastic, or None."""
    if plastic == weights[0].shape[1]:
        return None
    static = weights[0][:, plastic:], weights[1][plastic:]
    return _propagated(net, inputs, static, False, None)


def _propagated(net, inputs, weights, clamp, static):
    blocks = [_blocks(w) for w in weights]
    dtype = inputs.background.dtype
    silent = dtype.type(0)
    out = np.empty((len(inputs), weights[-1].shape[1]), dtype)
    for first in range(0, len(inputs), BATCH):
        part = slice(first, first + BATCH)
        order = np.arange(len(inputs))[part]
        values = _summed_inputs(
            inputs.rows(order), inputs.background, blocks[0], weights[0].shape[1]
        )
        for k, layer in enumerate(blocks[1:], start=1):
            evaluation.activate_rows(values, ACTIVATIONS[net.activation])
            if clamp:
                values[:, 0] = 1
            rows = compress(values, np.arange(len(values)), silent, False)
            values = _summed_inputs(rows, silent, layer, weights[k].shape[1])
            if k == 1 and static is not None:
                values += static[part]
        out[part] = values
    return out


def activate(x, kind):
    """Activities (n_samples, n_units) from summed inputs; kind is a number of the kernels."""
    x = x.copy()
    evaluation.activate_rows(x, kind)
    return x


def most_common_value(X):
    """The most common input value if it is common enough to be treated as a background, else 0."""
    sample = X[:: max(1, len(X) // 200)]
    values, counts = np.unique(sample, return_counts=True)
    common = counts.argmax()
    return values[common] if counts[common] >= WORTHWHILE_SHARE * sample.size else X.dtype.type(0)


def _blocks(weights):
    """Parts of the columns, the last filled up with zeros, all in whole lines of the processor."""
    width = max(2, BLOCK_SIZE // (LINE * len(weights))) * (LINE // weights.itemsize)
    blocks = []
    for first in range(0, weights.shape[1], width):
        part = weights[:, first : first + width]
        blocks.append(aligned(*part.shape, weights.dtype))
        blocks[-1][:, : part.shape[1]] = part
    return blocks


def _summed_inputs(rows, background, blocks, n_units):
    # rows of samples that follow one another: the kernel takes dense ones as one array
    n_samples = len(rows[0])
    out = np.empty((n_samples, n_units), background.dtype)
    unit = 0
    for block in blocks:
        evaluation.summed_inputs(*rows, background, block, unit, out)
        unit += block.shape[1]
    return out
