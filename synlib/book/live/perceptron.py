"""Entries for a perceptron that memorises random patterns."""

import numpy as np

from synlib._kernels import perceptron as kernels
from synlib._kernels.layer import Cache
from synlib.book.live import draws
from synlib.book.live.kinds import Float, Floats, Int, Ints

NO_EXPONENTS = 0


def perceptron_patterns(seed: Int, n_inputs: Int, patterns: Floats, target: Floats):
    """Fill in the patterns of `random_patterns`, each with an input more that is 1, and targets.

    ``patterns`` (n_patterns * (n_inputs + 1),), ``target`` (n_patterns,) of -1 and 1.
    """
    random = draws.begin(seed, -1)
    rows = patterns.reshape(target.size, n_inputs + 1)
    total = 0.0
    for row in rows:
        for i in range(n_inputs):
            row[i] = 2.0 * draws.below(random, 2) - 1.0
            total += row[i]
    mean = total / (target.size * n_inputs)
    for row in rows:
        for i in range(n_inputs):
            row[i] -= mean
        row[n_inputs] = 1.0
    for p in range(target.size):
        target[p] = 2.0 * draws.below(random, 2) - 1.0
    return 0


def perceptron_two_inputs(seed: Int, patterns: Floats, target: Floats):
    """Fill in the patterns of `experiments.two_weights`, which can just be told apart.

    ``patterns`` (n_drawn * 3,), ``target`` (n_drawn,); how many of those drawn count.
    """
    random = draws.begin(seed, -1)
    X = draws.standard_normal(random, 2 * target.size)
    count = 0
    for p in range(target.size):
        x, y = X[2 * p], X[2 * p + 1]
        side = 0.76 * x + 0.65 * y
        if abs(side) > 0.04 * np.sqrt(x * x + y * y):
            patterns[3 * count], patterns[3 * count + 1], patterns[3 * count + 2] = x, y, 1.0
            target[count] = np.sign(side)
            count += 1
    return count


def perceptron_begin(n_synapses: Int, times: Ints, state: Floats):
    """Nothing learned yet: ``times`` (n_patterns,) and ``state`` as `perceptron_learn` has them."""
    times[:] = 0
    state[:] = 0.0
    scalars = _state(times, state, n_synapses).scalars
    scalars[kernels.FACTOR] = 1.0
    scalars[kernels.FLAGGED_LIMIT] = np.inf
    return 0


def perceptron_products(patterns: Floats, gram: Floats):
    """Fill in the products of all patterns with each other, (n_patterns * n_patterns,)."""
    n_patterns = round(np.sqrt(gram.size))
    gram[:] = kernels.gram_matrix(patterns.reshape(n_patterns, -1)).ravel()
    return 0


def perceptron_learn(
    patterns: Floats, target: Floats, gram: Floats, rate: Float, times: Ints, state: Floats,
    record: Floats, traced: Ints, trace: Floats,
):  # fmt: skip
    """Learn without a cache, for as many epochs as the ``record`` has rows; how many were needed.

    ``record`` (n_epochs * N_COLUMNS,) is filled in, and ``trace`` (n_epochs * n_patterns *
    traced.size * 2,) with the persistent and transient weights of some synapses.
    """
    rows = patterns.reshape(target.size, -1)
    now = _state(times, state, rows.shape[1])
    update_energy = np.empty((target.size, 2))
    for p in range(target.size):
        update_energy[p, 0] = rate * np.abs(rows[p]).sum()
        update_energy[p, 1] = np.count_nonzero(rows[p])
    step = np.empty((target.size, traced.size))
    for p in range(target.size):
        for k in range(traced.size):
            step[p, k] = rate * target[p] * rows[p, traced[k]]
    done, way = kernels.persistent_margins(
        gram.reshape(target.size, -1), target, rate, 0.0, update_energy, step, now,
        record.size // kernels.N_COLUMNS,
    )  # fmt: skip
    record[: done.size] = done.ravel()
    trace[: way.size] = way.ravel()
    return len(done)


def perceptron_learn_with_cache(
    patterns: Floats, target: Floats, gram: Floats, rate: Float, threshold: Float, scope: Int,
    decay: Float, maintenance_cost: Float, times: Ints, state: Floats, record: Floats,
    traced: Ints, trace: Floats,
):  # fmt: skip
    """The same with a cache; on the weights themselves where ``gram`` is empty."""
    rows = patterns.reshape(target.size, -1)
    now = _state(times, state, rows.shape[1])
    cache = Cache(threshold, scope, decay, True, maintenance_cost, 0.0, 1, False, False, False)
    exponents = np.empty(NO_EXPONENTS)
    n_epochs = record.size // kernels.N_COLUMNS
    if gram.size > 0:
        done, way = kernels.cached_margins(
            rows, gram.reshape(target.size, -1), target, rate, 0.0, cache, exponents, False,
            traced, now, n_epochs,
        )  # fmt: skip
    else:
        done, way = kernels.primal(
            rows, target, rate, 0.0, cache, exponents, False, traced, now, n_epochs
        )
    record[: done.size] = done.ravel()
    trace[: way.size] = way.ravel()
    return len(done)


def perceptron_weights(
    patterns: Floats, target: Floats, rate: Float, cached: Int, times: Ints, state: Floats,
    weights: Floats,
):  # fmt: skip
    """Fill in the weights, the bias last; how many patterns they get wrong."""
    rows = patterns.reshape(target.size, -1)
    now = _state(times, state, weights.size)
    if cached:
        weights[:] = now.persistent + now.scalars[kernels.FACTOR] * now.transient
    else:
        weights[:] = 0.0
        for p in range(target.size):
            for i in range(weights.size):
                weights[i] += times[p] * (rate * target[p] * rows[p, i])
    outputs = kernels.outputs(np.ascontiguousarray(rows[:, :-1]), weights[:-1].copy())
    wrong = 0
    for p in range(target.size):
        wrong += (outputs[p] + weights[-1] > 0) != (target[p] > 0)
    return wrong


def perceptron_minimal(weights: Floats, minimal: Floats):
    """Fill in the energy of setting the weights directly, as the ledger counts it; (1,)."""
    smallest = 1e-12 * np.abs(weights).max()
    minimal[0] = 0.0
    for w in weights:
        minimal[0] += abs(w) if abs(w) > smallest else 0.0
    return 0


def perceptron_state_size(n_patterns: Int, n_synapses: Int):
    """How long the array ``state`` of the other entries has to be."""
    return 2 * n_patterns + 3 * n_synapses + NO_EXPONENTS + kernels.N_COLUMNS + kernels.STEP + 1


@kernels.inner
def _state(times, state, n_synapses):
    """What has been learned, in parts of one array."""
    n_patterns = times.size
    margins, rest = state[: 2 * n_patterns], state[2 * n_patterns :]
    synapses, rest = rest[: 3 * n_synapses], rest[3 * n_synapses :]
    return kernels.State(
        times,
        margins[:n_patterns],
        margins[n_patterns:],
        synapses[:n_synapses],
        synapses[n_synapses : 2 * n_synapses],
        synapses[2 * n_synapses :],
        rest[:NO_EXPONENTS],
        rest[NO_EXPONENTS : NO_EXPONENTS + kernels.N_COLUMNS],
        rest[NO_EXPONENTS + kernels.N_COLUMNS :],
    )


ENTRIES = (
    perceptron_patterns, perceptron_two_inputs, perceptron_begin, perceptron_products,
    perceptron_learn, perceptron_learn_with_cache, perceptron_weights, perceptron_minimal,
    perceptron_state_size,
)  # fmt: skip
