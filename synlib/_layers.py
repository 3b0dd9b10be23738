"""The synapses of a network as the compiled loops want them, and the way back."""

import numpy as np

from synlib import energy
from synlib._kernels import layer as kernels

LINE = 64  # bytes of a line of the cache


def build(weights, plastic, caches, expressed, count_writes=False):
    """Arrays for the compiled loops.

    Parameters
    ----------
    weights : tuple of array (n_inputs, n_units)
        Of each layer; those of the first layer onto units that never learn left out, as well as
        those of the second from these.
    plastic : tuple of pair of int
        Inputs and units of each layer, counted from the first, that have plastic synapses.
    caches : Cache of arrays (n_stores,)
    expressed : sequence of Expressed
        Which changes each layer expresses.
    count_writes : bool

    Returns
    -------
    Layers
    """
    dtype = weights[0].dtype
    n_stores = caches.threshold.size
    n_layers = len(weights)
    n_units = [w.shape[1] for w in weights]
    first_weight = _starts([n * m for n, m in plastic])
    first_unit = _starts(n_units)
    has_static = [w.shape != block for w, block in zip(weights, plastic, strict=True)]
    first_static = _starts(
        [w.size if some else 0 for w, some in zip(weights, has_static, strict=True)]
    )
    kinds = {choice.kind for choice in expressed}
    by_weight = not kinds.isdisjoint((kernels.BY_WEIGHT, kernels.BY_WEIGHT_OF_UNIT))
    n_weights, n_all_units = first_weight[-1], first_unit[-1]
    layers = kernels.Layers(
        shape=np.array(plastic, np.int64),
        first_weight=first_weight,
        first_unit=first_unit,
        weights=aligned(n_stores, n_weights, dtype),
        shift=np.zeros((n_stores, n_all_units), dtype),
        column_sum=np.zeros((n_stores, n_all_units), dtype),
        absolute=np.zeros((n_stores, n_all_units)),
        peak=np.zeros((n_stores, n_all_units)),
        previous=np.zeros((n_stores, n_weights if caches.transition_cost.any() else 0), dtype),
        clock=np.tile([1.0, 0.0], (n_layers, n_stores, 1)),
        ledger=np.zeros((n_layers, 4)),
        limit=np.zeros(n_layers),
        mask=np.zeros(n_weights if kernels.MASK in kinds else 0, bool),
        seen=np.empty(n_weights if by_weight and n_stores > 1 else 0, dtype),
        writes=np.zeros(n_weights if count_writes else 0, np.int64),
        first_static=first_static,
        static=np.empty(first_static[-1], dtype),
        hidden=caches.hidden,
    )
    for k, w in enumerate(weights):
        n, m = plastic[k]
        matrix(layers, k)[:] = w[:n, :m]
        kernels.sum_columns(layers, k)
        if expressed[k].mask is not None:
            layers.mask[first_weight[k] : first_weight[k + 1]] = expressed[k].mask.ravel()
        if has_static[k]:
            static = layers.static[first_static[k] : first_static[k + 1]].reshape(w.shape)
            static[:] = w
            static[:n, :m] = 0
    return layers


def matrix(layers, k, store=-1):
    """Weights of layer k in a store, without what is the same for all of a unit; a view."""
    return layers.weights[store][layers.first_weight[k] : layers.first_weight[k + 1]].reshape(
        layers.shape[k]
    )


def effective(layers, k):
    """Plastic weights of layer k; not a copy where the persistent ones are all there is."""
    plain = len(layers.weights) == 1 and not layers.shift.any()
    return matrix(layers, k) if plain else kernels.effective_weights(layers, k)


def transient(layers, k):
    """The part of the plastic weights of layer k that is not yet consolidated."""
    if len(layers.weights) == 1:
        return np.broadcast_to(layers.weights.dtype.type(0), layers.shape[k])
    return kernels.transient_weights(layers, k, True)


def ledger(layers, k, initial, weights, upkeep):
    """What layer k has spent, given its initial and its present plastic weights.

    ``upkeep`` is what the weights that never learn have cost.
    """
    distance, differing = kernels.distance(initial, weights)
    return energy.entries(
        consolidation=layers.ledger[k, kernels.CONSOLIDATION],
        maintenance=layers.ledger[k, kernels.MAINTENANCE] + upkeep,
        transition=layers.ledger[k, kernels.TRANSITION],
        outstanding=_outstanding(layers, k),
        minimal=distance,
        writes=layers.ledger[k, kernels.WRITES],
        minimal_writes=differing,
    )


def writes(layers, k):
    """Writes of each synapse of layer k, (n_inputs, n_units); a view."""
    first, last = layers.first_weight[k : k + 2]
    return layers.writes[first:last].reshape(layers.shape[k])


def aligned(n, m, dtype):
    """Zeros (n, >= m), each row from the beginning of a line of the processor's cache."""
    size = np.dtype(dtype).itemsize
    bytes_per_row = -(-m * size // LINE) * LINE
    buffer = np.zeros(n * bytes_per_row + LINE, np.uint8)
    begin = -buffer.ctypes.data % LINE
    return buffer[begin : begin + n * bytes_per_row].view(dtype).reshape(n, -1)


def _outstanding(layers, k):
    n_stores = len(layers.weights)
    if n_stores == 1:
        return 0.0
    if n_stores > 2:  # what several stages hold of one synapse may cancel
        return float(np.abs(kernels.transient_weights(layers, k, True)).sum(dtype=float))
    units = slice(layers.first_unit[k], layers.first_unit[k] + layers.shape[k, 1])
    return float(layers.clock[k, 0, kernels.FACTOR] * layers.absolute[0, units].sum())


def _starts(sizes):
    """Where each of some parts begins in an array that holds one after another."""
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
