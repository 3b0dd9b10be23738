"""From inputs to outputs for many samples at once, as needed to evaluate a network.

Not by matrix products of the library, whose rounding differs from one processor to the next: a
sample on the border would be right here and wrong there.
"""

import numpy as np

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
BATCH = 250
BLOCK_SIZE = 2**20  # bytes
# below this share a common value of the inputs is not worth the second term it costs
WORTHWHILE_SHARE = 0.25


def network_output(net, inputs, weights, plastic):
    """Summed input of the output units of a whole network, of whose first hidden layer the first
    units are ``plastic``, for all of the `Inputs`.

    In the order in which `MLP.fit` adds up what it evaluates: the units that never learn last.
    """
    learned = weights[0][:, :plastic], weights[1][:plastic], *weights[2:]
    static = static_input(net, inputs, weights, plastic)
    return _whole(net, inputs, learned, net.bias, static)


def summed_outputs(net, inputs, weights, static, order):
    """Summed input of the output units, batch after batch of the samples in this order.

    In a batch they are ascending. ``order`` has each once, ``inputs`` are `Inputs`, ``weights``
    those of each layer, ``static`` (n_samples, n_units) what is added to the summed inputs of the
    second, or None.

    Yields
    ------
    which : int array (n,)
        The samples of the batch.
    summed : array (n, n_outputs)
    """
    return _propagated(net, inputs, weights, net.bias, static, order)


def static_input(net, inputs, weights, plastic):
    """What the second layer gets from the units of the first that are not plastic, or None."""
    if plastic == weights[0].shape[1]:
        return None
    static = weights[0][:, plastic:], weights[1][plastic:]
    return _whole(net, inputs, static, False, None)


def _whole(net, inputs, weights, clamp, static):
    out = np.empty((len(inputs), weights[-1].shape[1]), inputs.background.dtype)
    everyone = np.arange(len(inputs))
    for which, summed in _propagated(net, inputs, weights, clamp, static, everyone):
        out[which] = summed
    return out


def _propagated(net, inputs, weights, clamp, static, order):
    blocks = [_blocks(w) for w in weights]
    silent = inputs.background.dtype.type(0)
    for first in range(0, len(order), BATCH):
        which = np.sort(order[first : first + BATCH])
        values = _summed_inputs(
            inputs.rows(which), inputs.background, blocks[0], weights[0].shape[1]
        )
        for k, layer in enumerate(blocks[1:], start=1):
            evaluation.activate_rows(values, ACTIVATIONS[net.activation])
            if clamp:
                values[:, 0] = 1
            rows = compress(values, np.arange(len(values)), silent, False)
            values = _summed_inputs(rows, silent, layer, weights[k].shape[1])
            if k == 1 and static is not None:
                values += static[which]
        yield which, values


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
    # the kernel takes dense rows as one array if from the first to the last there are so many: rows
    # of samples in ascending order, or others could lie between
    n_samples = len(rows[0])
    out = np.empty((n_samples, n_units), background.dtype)
    unit = 0
    for block in blocks:
        evaluation.summed_inputs(*rows, background, block, unit, out)
        unit += block.shape[1]
    return out
