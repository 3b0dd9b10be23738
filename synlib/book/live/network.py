"""Entries for a network with one hidden layer, as van Rossum and Pache ran it, in float32.

A network lives in three arrays that the page keeps, one of each kind, in which `_layers` finds the
parts of the kernels' `Layers`; `network_sizes` says how long they are.
"""

import numpy as np

from synlib._kernels import evaluation
from synlib._kernels import layer as kinds
from synlib._kernels import network as kernels
from synlib._kernels.functions import exponential
from synlib._kernels.inputs import compress
from synlib.book.live import draws
from synlib.book.live.kinds import Flags, Float, Floats, Int, Ints, Singles
from synlib.energy import LEDGER

N_LAYERS = 2
STEPS_BETWEEN_SUMS = 2000  # as in synlib._training
FOR_WEIGHTS, FOR_ORDER, FOR_RULE = range(3)  # what the generators of a network are for
# the entries of a ledger, as the library has them
CONSOLIDATION, MAINTENANCE, TRANSITION, OUTSTANDING, TOTAL, MINIMAL, WRITES, MINIMAL_WRITES = range(
    len(LEDGER)
)


def network_sizes(n_inputs: Int, n_hidden: Int, n_outputs: Int, n_stores: Int, sizes: Ints):
    """Fill in how many float32, float64 and int64 numbers a network takes, (3,)."""
    n_weights = n_inputs * n_hidden + n_hidden * n_outputs
    n_units = n_hidden + n_outputs
    sizes[0] = n_stores * (n_weights + 2 * n_units)
    sizes[1] = 2 * n_stores * n_units + N_LAYERS * (2 * n_stores + 4 + 1)
    sizes[2] = N_LAYERS * 2 + 3 * (N_LAYERS + 1)
    return n_weights


def network_begin(
    seed: Int, init_scale: Float, n_inputs: Int, n_hidden: Int, n_outputs: Int, n_stores: Int,
    initial: Singles, singles: Singles, doubles: Floats, integers: Ints,
):  # fmt: skip
    """Draw the ``initial`` weights (n_weights,), and build the network."""
    random = draws.begin(seed, FOR_WEIGHTS)
    first = n_inputs * n_hidden
    for weights in (initial[:first], initial[first:]):
        values = draws.standard_normal(random, weights.size)
        for i in range(weights.size):
            weights[i] = init_scale * values[i]
    singles[:] = 0
    doubles[:] = 0
    shape = integers[: N_LAYERS * 2].reshape(N_LAYERS, 2)
    first_weight, first_unit, first_static = _starts(integers)
    shape[0, 0], shape[0, 1], shape[1, 0], shape[1, 1] = n_inputs, n_hidden, n_hidden, n_outputs
    first_weight[0], first_weight[1], first_weight[2] = 0, first, initial.size
    first_unit[0], first_unit[1], first_unit[2] = 0, n_hidden, n_hidden + n_outputs
    first_static[:] = 0
    layers = _layers(n_stores, singles, doubles, integers, np.empty(0, np.bool_))
    layers.clock[:, :, kinds.FACTOR] = 1.0
    layers.weights[n_stores - 1] = initial
    for k in range(N_LAYERS):
        kinds.sum_columns(layers, k)
    return 0


def network_order(seed: Int, epoch: Int, random: Ints, order: Ints):
    """Fill in which image comes when in an ``epoch``, 0, 1, ...; all of them, in turn.

    ``random`` (draws.STATE_SIZE,) holds the generator from one epoch to the next.
    """
    if epoch == 0:
        random[:] = draws.begin(seed, FOR_ORDER)
    for t in range(order.size):
        order[t] = draws.below(random, order.size)
    return 0


def network_mask(seed: Int, n_inputs: Int, n_hidden: Int, n_outputs: Int, counts: Ints,
                 mask: Flags):  # fmt: skip
    """Draw which synapses a random rule lets learn: ``counts`` (2,) of them in the layers."""
    random = draws.begin(seed, FOR_RULE)
    begin = 0
    for k, size in enumerate((n_inputs * n_hidden, n_hidden * n_outputs)):
        part = mask[begin : begin + size]
        part[:] = False
        for i in draws.permutation(random, size)[: counts[k]]:
            part[i] = True
        begin += size
    return 0


def network_learn(
    images: Singles, labels: Ints, order: Ints, background: Float, first_step: Int, rate: Float,
    rules: Ints, counts: Ints, mask: Flags, threshold: Float, scope: Int,
    decay_time: Float, maintenance_cost: Float, n_stores: Int, singles: Singles, doubles: Floats,
    integers: Ints,
):  # fmt: skip
    """Learn from the images in the given ``order``; how many it were, fewer if it diverged.

    ``rules`` and ``counts`` (2,) are those of the layers, see `synlib._kernels.layer.Rule`; the
    cache is there if the network has two stores.
    """
    layers = _layers(n_stores, singles, doubles, integers, mask)
    X = images.reshape(labels.size, -1)
    common = X.dtype.type(background)
    if rules[0] == kinds.MASK:
        common = X.dtype.type(0)
    network = kernels.Network(
        kernels.LEAKY_RELU, kernels.LINEAR, kernels.MSE, kernels.EXACT, True,
        np.full(N_LAYERS, rate), 0.0, 1.0, kernels.NEVER, 0.0,
    )  # fmt: skip
    everyone = kernels.Competition(
        np.zeros(N_LAYERS, np.int64), np.zeros(N_LAYERS, np.int64), np.ones(N_LAYERS, np.int64)
    )
    masks = kernels.Masks(np.empty(0, np.bool_), np.empty((N_LAYERS, 0), np.int64))
    rule = kinds.Rule(rules, counts, np.ones(N_LAYERS, np.int64))
    decay = exponential(-1.0 / decay_time)
    caches = _caches(n_stores, threshold, scope, decay, maintenance_cost)
    done = 0
    while done < order.size:
        step = first_step + done
        until_sums = STEPS_BETWEEN_SUMS - step % STEPS_BETWEEN_SUMS
        if until_sums == STEPS_BETWEEN_SUMS and common != 0:
            kinds.sum_columns(layers, 0)
        part = order[done : done + until_sums]
        first, last, index, value = compress(X, part, common, True)
        nothing = np.empty((0, 0), X.dtype)
        samples = kernels.Samples(first, last, index, value, common, labels[part], nothing)
        learned = kernels.train(samples, step, network, layers, rule, everyone, masks, caches)
        done += learned
        if learned < part.size:
            return done
    return done


def network_outputs(
    images: Singles, n_images: Int, background: Float, n_stores: Int, singles: Singles,
    doubles: Floats, integers: Ints, weights: Singles, outputs: Singles,
):  # fmt: skip
    """Fill in the effective ``weights`` (n_weights,), and what the output units say of images."""
    layers = _layers(n_stores, singles, doubles, integers, np.empty(0, np.bool_))
    X = images.reshape(n_images, -1)
    background = X.dtype.type(background)
    hidden = np.empty((n_images, layers.shape[0, 1]), X.dtype)
    for k in range(N_LAYERS):
        part = weights[layers.first_weight[k] : layers.first_weight[k + 1]]
        part[:] = kinds.effective_weights(layers, k).ravel()
    first = weights[: layers.first_weight[1]].reshape(-1, hidden.shape[1])
    second = weights[layers.first_weight[1] :].reshape(hidden.shape[1], -1)
    everyone = np.arange(n_images)
    starts, ends, index, value = compress(X, everyone, background, True)
    evaluation.summed_inputs(starts, ends, index, value, background, first, 0, hidden)
    evaluation.activate_rows(hidden, kernels.LEAKY_RELU)
    hidden[:, 0] = 1
    silent = X.dtype.type(0)
    starts, ends, index, value = compress(hidden, everyone, silent, False)
    out = outputs.reshape(n_images, -1)
    evaluation.summed_inputs(starts, ends, index, value, silent, second, 0, out)
    return 0


def network_ledger(
    initial: Singles, weights: Singles, n_stores: Int, singles: Singles, doubles: Floats,
    integers: Ints, ledger: Floats,
):  # fmt: skip
    """Fill in what has been spent, (n_layers * len(LEDGER),), given the effective ``weights``."""
    layers = _layers(n_stores, singles, doubles, integers, np.empty(0, np.bool_))
    for k in range(N_LAYERS):
        n, m = layers.shape[k]
        part = slice(layers.first_weight[k], layers.first_weight[k + 1])
        row = ledger[k * len(LEDGER) : (k + 1) * len(LEDGER)]
        spent, units = layers.ledger[k], layers.first_unit[k]
        row[CONSOLIDATION] = spent[kinds.CONSOLIDATION]
        row[MAINTENANCE] = spent[kinds.MAINTENANCE]
        row[TRANSITION] = spent[kinds.TRANSITION]
        row[OUTSTANDING] = 0.0
        if n_stores > 1:
            held = layers.absolute[0, units : units + m].sum()
            row[OUTSTANDING] = layers.clock[k, 0, kinds.FACTOR] * held
        row[TOTAL] = row[CONSOLIDATION] + row[MAINTENANCE] + row[TRANSITION] + row[OUTSTANDING]
        row[MINIMAL], row[MINIMAL_WRITES] = kinds.distance(
            initial[part].reshape(n, m), weights[part].reshape(n, m)
        )
        row[WRITES] = spent[kinds.WRITES]
    return 0


@kinds.inner
def _starts(integers):
    """Where weights, units and static weights of the layers begin."""
    first = N_LAYERS * 2
    length = N_LAYERS + 1
    return (
        integers[first : first + length],
        integers[first + length : first + 2 * length],
        integers[first + 2 * length : first + 3 * length],
    )


@kinds.inner
def _layers(n_stores, singles, doubles, integers, mask):
    """The network that these arrays hold."""
    shape = integers[: N_LAYERS * 2].reshape(N_LAYERS, 2)
    first_weight, first_unit, first_static = _starts(integers)
    n_weights, n_units = first_weight[N_LAYERS], first_unit[N_LAYERS]
    whole, rest = n_stores * n_weights, singles[n_stores * n_weights :]
    of_units = n_stores * n_units
    sums = doubles[2 * of_units :]
    n_clocks = N_LAYERS * n_stores * 2
    ledger = sums[n_clocks : n_clocks + 4 * N_LAYERS]
    return kinds.Layers(
        shape=shape,
        first_weight=first_weight,
        first_unit=first_unit,
        weights=singles[:whole].reshape(n_stores, n_weights),
        shift=rest[:of_units].reshape(n_stores, n_units),
        column_sum=rest[of_units : 2 * of_units].reshape(n_stores, n_units),
        absolute=doubles[:of_units].reshape(n_stores, n_units),
        peak=doubles[of_units : 2 * of_units].reshape(n_stores, n_units),
        previous=singles[:0].reshape(n_stores, 0),
        clock=sums[:n_clocks].reshape(N_LAYERS, n_stores, 2),
        ledger=ledger.reshape(N_LAYERS, 4),
        limit=sums[n_clocks + ledger.size : n_clocks + ledger.size + N_LAYERS],
        mask=mask,
        seen=singles[:0],
        writes=integers[:0],
        first_static=first_static,
        static=singles[:0],
        hidden=np.zeros(n_stores, np.bool_),
    )


@kinds.inner
def _caches(n_stores, threshold, scope, decay, maintenance_cost):
    """Settings of the stores: a cache if there are two, and the persistent one."""
    caches = kinds.Cache(
        threshold=np.zeros(n_stores),
        scope=np.full(n_stores, kinds.SYNAPSE),
        decay=np.ones(n_stores),
        decay_first=np.zeros(n_stores, np.bool_),
        maintenance_cost=np.zeros(n_stores),
        transition_cost=np.zeros(n_stores),
        check_every=np.ones(n_stores, np.int64),
        deferred=np.zeros(n_stores, np.bool_),
        keep_remainder=np.zeros(n_stores, np.bool_),
        hidden=np.zeros(n_stores, np.bool_),
    )
    if n_stores > 1:
        caches.threshold[0] = threshold
        caches.scope[0] = scope
        caches.decay[0] = decay
        caches.maintenance_cost[0] = maintenance_cost
    return caches


ENTRIES = (
    network_sizes, network_begin, network_order, network_mask, network_learn, network_outputs,
    network_ledger,
)  # fmt: skip
