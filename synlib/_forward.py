"""From inputs to outputs for many samples at once, as needed to evaluate a network."""

import numpy as np

from synlib._kernels import network as kernels

ACTIVATIONS = {
    "logistic": kernels.LOGISTIC,
    "relu": kernels.RELU,
    "leaky_relu": kernels.LEAKY_RELU,
    "tanh": kernels.TANH,
}
OUTPUTS = {
    "logistic": kernels.LOGISTIC,
    "softmax": kernels.SOFTMAX,
    "linear": kernels.LINEAR,
}

# Samples are taken in batches of about this many hidden activities, which stay in the processor,
# but of not so few that fetching the weights takes longer.
BATCH = 2e5
SMALLEST_BATCH = 200


def summed_output(net, X, W1, W2, clamp):
    """Summed input of the output units, (n_samples, n_outputs), in batches."""
    out = np.empty((len(X), W2.shape[1]), W2.dtype)
    batch = max(SMALLEST_BATCH, int(BATCH / W1.shape[1]))
    for first in range(0, len(X), batch):
        part = slice(first, first + batch)
        hidden = X[part] @ W1[: X.shape[1]]
        if net.bias:
            hidden += W1[-1]
        hidden = activate(hidden, ACTIVATIONS[net.activation])
        if clamp:
            hidden[:, 0] = 1
        out[part] = hidden @ W2
    return out


def activate(x, kind):
    """Activities (n_samples, n_units) from summed inputs; kind is a number of the kernels."""
    if kind == kernels.LOGISTIC:
        with np.errstate(over="ignore"):
            return 1 / (1 + np.exp(-x))
    if kind == kernels.RELU:
        return np.maximum(x, 0)
    if kind == kernels.LEAKY_RELU:
        return np.maximum(x, kernels.LEAK * x)
    if kind == kernels.TANH:
        return np.tanh(x)
    if kind == kernels.SOFTMAX:
        e = np.exp(x - x.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)
    return x
