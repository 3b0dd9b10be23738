"""Networks of several hidden layers that can be compared with those of one, for chapter 14."""

import itertools

import numpy as np

SLOPE = 0.1  # of the leaky ReLU, below zero
FIRST, LAST = 0.01, 0.01  # standard deviations of the first weights at both ends, as published


def evenly(units, n_layers):
    """So many units in so many layers; what is left over goes to the first of them.

    Examples
    --------
    >>> evenly(100, 3)
    (34, 33, 33)
    """
    if not 1 <= n_layers <= units:
        raise ValueError(f"n_layers must be from 1 to the number of units, {units}, got {n_layers}")
    share, rest = divmod(units, n_layers)
    return tuple(share + (layer < rest) for layer in range(n_layers))


def n_weights(sizes, n_inputs, n_outputs=10):
    """The number of synapses in each layer of synapses, as a tuple.

    Parameters
    ----------
    sizes : tuple of int
        Units of each hidden layer.
    n_inputs : int
        The always-on input included.
    n_outputs : int

    Examples
    --------
    >>> n_weights((50, 50), 785)
    (39250, 2500, 500)
    """
    ends = (n_inputs, *sizes, n_outputs)
    return tuple(a * b for a, b in itertools.pairwise(ends))


def as_many_weights(units, n_layers, n_inputs):
    """Equal layers that have as many synapses as one layer of so many units, or nearly.

    Examples
    --------
    >>> as_many_weights(100, 2, 785), sum(n_weights((90, 90), 785)), sum(n_weights((100,), 785))
    ((90, 90), 79650, 79500)
    """
    wanted = sum(n_weights((units,), n_inputs))
    candidates = [(width,) * n_layers for width in range(1, units + 1)]
    return min(candidates, key=lambda sizes: abs(sum(n_weights(sizes, n_inputs)) - wanted))


def settings(sizes):
    """Arguments of a network with hidden layers of these sizes.

    With one it is that of the chapters before. Between hidden layers the first weights are such
    that activities are as large in one layer as in the next (He et al. 2015, for a leaky ReLU); at
    both ends they are as small as in one.

    Examples
    --------
    >>> settings((100,))
    {'hidden': 100}
    >>> settings((50, 50))
    {'hidden': (50, 50), 'init_scale': (0.01, 0.199, 0.01)}
    """
    if len(sizes) == 1:
        return {"hidden": sizes[0]}
    between = [round(float(np.sqrt(2 / ((1 + SLOPE**2) * size))), 3) for size in sizes[:-1]]
    return {"hidden": tuple(sizes), "init_scale": (FIRST, *between, LAST)}


def plastic(units, n_layers):
    """Units of a plastic path, of the only hidden layer or of each, as `Subnetwork` takes them.

    Examples
    --------
    >>> plastic(100, 1), plastic(100, 3)
    (100, (34, 33, 33))
    """
    return units if n_layers == 1 else evenly(units, n_layers)
