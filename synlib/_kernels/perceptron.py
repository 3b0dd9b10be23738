"""The perceptron, in two forms that make the same updates.

*Margins.* A pattern asks only for the sign of w.x, and an update adds a multiple of one pattern
to w. With the Gram matrix of the patterns a presentation is one look-up and an update one row
added to the margins. Decay multiplies all transient margins by a common factor, and when a whole
neuron is consolidated its transient margins simply move over to the persistent ones.

*Primal.* The weights themselves: needed when single synapses are consolidated while others decay,
since then no common factor is left, and when products of patterns would lose what small inputs say.

Each call goes on from a state for some epochs, so that Ctrl-C is heard between calls.
"""

from typing import NamedTuple

import numpy as np

from synlib._kernels import accounting, compiled, inner
from synlib._kernels.layer import NEURON_SUM, SYNAPSE, copy

# columns of the record of an epoch; all but the first are totals so far
ERRORS, CONSOLIDATION, MAINTENANCE, TRANSITION, CORRECTION, WRITES, OUTSTANDING = range(7)
N_COLUMNS = 7

# Sums that decide are made in so many strands, added up at the end: a stated order that is
# vectorised, where each addition of a single sum would have to wait for the last.
STRANDS = 32
# patterns whose values stay in the processor while all others are multiplied with them
BLOCK = 64

# the entries of a state's scalars
FACTOR, ABSOLUTE, PEAK, FLAGGED_LIMIT, STEP = range(5)


class State(NamedTuple):
    """What has been learned so far, and what it cost; changed in place."""

    times: np.ndarray  # (P,) int, how often each pattern caused an update
    margin: np.ndarray  # (P,), summed input of each pattern by the persistent weights
    transient_margin: np.ndarray  # (P,), by the transient ones, in units of the decay factor
    persistent: np.ndarray  # (n,)
    transient: np.ndarray  # (n,), in units of the decay factor
    previous: np.ndarray  # (n,), transient at the end of the last presentation
    energy: np.ndarray  # for each exponent
    spent: np.ndarray  # (N_COLUMNS,)
    scalars: np.ndarray  # decay factor; sum and largest of |transient|; limit above which synapses
    # are consolidated next (inf: none); presentations so far


def new_state(n_patterns, n_synapses, n_exponents):
    """The state before learning."""
    return State(
        np.zeros(n_patterns, np.int64),
        *np.zeros((2, n_patterns)),
        *np.zeros((3, n_synapses)),
        np.zeros(n_exponents),
        np.zeros(N_COLUMNS),
        np.array([1.0, 0.0, 0.0, np.inf, 0.0]),
    )


@compiled
def gram_matrix(X):
    """Products of all patterns with each other, (P, P), each summed in the order of the synapses.

    Four patterns and four synapses at a time, so that the sums are fetched more rarely.
    """
    n_patterns, n_synapses = X.shape
    padded = np.zeros((-(-n_patterns // 4) * 4, -(-n_synapses // 4) * 4))
    for p in range(n_patterns):
        copy(X[p], padded[p, :n_synapses])
    size, n_inputs = padded.shape
    gram = np.empty((size, size))
    for first in range(0, size, BLOCK):
        block = np.ascontiguousarray(padded[first : first + BLOCK].T)
        width = block.shape[1]
        for p in range(first, size, 4):
            sums = np.zeros((4, width))
            sum_0, sum_1, sum_2, sum_3 = sums[0], sums[1], sums[2], sums[3]
            x_0, x_1, x_2, x_3 = padded[p], padded[p + 1], padded[p + 2], padded[p + 3]
            for i in range(0, n_inputs, 4):
                a_0, b_0, c_0, d_0 = x_0[i], x_0[i + 1], x_0[i + 2], x_0[i + 3]
                a_1, b_1, c_1, d_1 = x_1[i], x_1[i + 1], x_1[i + 2], x_1[i + 3]
                a_2, b_2, c_2, d_2 = x_2[i], x_2[i + 1], x_2[i + 2], x_2[i + 3]
                a_3, b_3, c_3, d_3 = x_3[i], x_3[i + 1], x_3[i + 2], x_3[i + 3]
                row_a, row_b, row_c, row_d = block[i], block[i + 1], block[i + 2], block[i + 3]
                for q in range(width):
                    a, b, c, d = row_a[q], row_b[q], row_c[q], row_d[q]
                    sum_0[q] += a_0 * a + b_0 * b + c_0 * c + d_0 * d
                    sum_1[q] += a_1 * a + b_1 * b + c_1 * c + d_1 * d
                    sum_2[q] += a_2 * a + b_2 * b + c_2 * c + d_2 * d
                    sum_3[q] += a_3 * a + b_3 * b + c_3 * c + d_3 * d
            for k in range(4):
                for q in range(width):
                    gram[p + k, first + q] = gram[first + q, p + k] = sums[k, q]
    return gram[:n_patterns, :n_patterns].copy()


@compiled
def outputs(X, weights):
    """Summed input for each pattern."""
    out = np.empty(len(X))
    strands = np.empty(STRANDS)
    for p in range(len(X)):
        x = X[p]
        strands[:] = 0
        whole = weights.size // STRANDS * STRANDS
        for first in range(0, whole, STRANDS):
            for k in range(STRANDS):
                strands[k] += weights[first + k] * x[first + k]
        for i in range(whole, weights.size):
            strands[i - whole] += weights[i] * x[i]
        out[p] = _total(strands)
    return out


@compiled
def persistent_margins(
    gram, sign, rate, least, update_energy, traced_step, state, n_epochs
):  # fmt: skip
    """Learn without a cache.

    Parameters
    ----------
    gram : array (P, P)
    sign : array (P,)
        Targets, -1 or 1.
    rate, least : float
        Learning rate; a pattern causes an update if its margin is no larger than ``least``.
    update_energy : array (P, 2 + E)
        Energy of one update with each pattern, its writes, and its energy for each exponent.
    traced_step : array (P, n_traced)
        What an update with each pattern adds to the synapses that are traced.
    state : State
        Of its weights, only those that are traced (the first ones) are kept.
    n_epochs : int

    Returns
    -------
    record : array (n_done, N_COLUMNS)
    trace : array (n_done * P, n_traced, 2)
    """
    n_patterns, n_traced = traced_step.shape
    margin, times = state.margin, state.times
    record = np.zeros((n_epochs, N_COLUMNS))
    spent = state.spent
    trace = np.zeros((n_epochs * n_patterns if n_traced > 0 else 0, n_traced, 2))
    for epoch in range(n_epochs):
        spent[ERRORS] = 0
        for p in range(n_patterns):
            if sign[p] * margin[p] <= least:
                spent[ERRORS] += 1
                times[p] += 1
                spent[CONSOLIDATION] += update_energy[p, 0]
                spent[WRITES] += update_energy[p, 1]
                for e in range(state.energy.size):
                    state.energy[e] += update_energy[p, 2 + e]
                change = rate * sign[p]
                row = gram[p]
                for q in range(n_patterns):
                    margin[q] += change * row[q]
                for k in range(n_traced):
                    state.persistent[k] += traced_step[p, k]
            for k in range(n_traced):
                trace[epoch * n_patterns + p, k, 0] = state.persistent[k]
        copy(spent, record[epoch])
        if spent[ERRORS] == 0:
            return record[: epoch + 1], trace[: (epoch + 1) * n_patterns]
    return record, trace


@compiled
def cached_margins(
    X, gram, sign, rate, least, cache, exponents, potentiation_only, traced, state, n_epochs
):
    """Learn with a cache, where whole neurons consolidate or nothing decays.

    Consolidation must not be deferred, and transitions must be free. Returns the record of each
    epoch, and the persistent and transient weights of the ``traced`` synapses after every
    presentation, (n_presentations, n_traced, 2).
    """
    n_patterns = len(X)
    persistent, transient = state.persistent, state.transient
    margin, transient_margin = state.margin, state.transient_margin
    record = np.zeros((n_epochs, N_COLUMNS))
    spent, energy = state.spent, state.energy
    trace = np.zeros((n_epochs * n_patterns if traced.size > 0 else 0, traced.size, 2))
    strands, peaks = np.empty(STRANDS), np.empty(STRANDS)
    factor = state.scalars[FACTOR]
    absolute, peak = state.scalars[ABSOLUTE], state.scalars[PEAK]
    step = int(state.scalars[STEP])
    done = 0
    while done < n_epochs and (done == 0 or spent[ERRORS] > 0):
        spent[ERRORS] = 0
        for p in range(n_patterns):
            step += 1
            if cache.decay_first:
                factor *= cache.decay
            out = margin[p] + factor * transient_margin[p]
            spent[MAINTENANCE] += cache.maintenance_cost * factor * absolute
            if not cache.decay_first:
                factor *= cache.decay
            if factor < 1e-60:
                transient *= factor
                transient_margin *= factor
                absolute *= factor
                peak *= factor
                factor = 1.0
            if sign[p] * out <= least:
                spent[ERRORS] += 1
                change = rate * sign[p] / factor
                absolute, peak = _add(transient, change, X[p], strands, peaks)
                row = gram[p]
                for q in range(n_patterns):
                    transient_margin[q] += change * row[q]
            if step % cache.check_every == 0 and _is_full(absolute, peak, factor, cache):
                limit = cache.threshold if cache.scope == SYNAPSE else -1.0
                absolute, peak = _consolidate(
                    persistent, transient, factor, limit, cache, exponents, potentiation_only,
                    energy, spent,
                )  # fmt: skip
                if cache.scope != SYNAPSE:  # else nothing decays, and the sum is all we need
                    for q in range(n_patterns):
                        margin[q] += factor * transient_margin[q]
                        transient_margin[q] = 0
                    factor = 1.0
            for k in range(traced.size):
                trace[done * n_patterns + p, k, 0] = persistent[traced[k]]
                trace[done * n_patterns + p, k, 1] = factor * transient[traced[k]]
        spent[OUTSTANDING] = factor * _outstanding(transient, potentiation_only)
        copy(spent, record[done])
        done += 1
    state.scalars[FACTOR] = factor
    state.scalars[ABSOLUTE] = absolute
    state.scalars[PEAK] = peak
    state.scalars[STEP] = step
    return record[:done], trace[: done * n_patterns]


@compiled
def primal(X, sign, rate, least, cache, exponents, potentiation_only, traced, state, n_epochs):
    """Learn with any cache on the weights themselves; returns what `cached_margins` does."""
    n_patterns = len(X)
    persistent, transient, previous = state.persistent, state.transient, state.previous
    record = np.zeros((n_epochs, N_COLUMNS))
    spent, energy = state.spent, state.energy
    trace = np.zeros((n_epochs * n_patterns if traced.size > 0 else 0, traced.size, 2))
    strands, peaks = np.empty(STRANDS), np.empty(STRANDS)
    decay_before = cache.decay if cache.decay_first else 1.0
    decay_after = 1.0 if cache.decay_first else cache.decay
    flagged_limit = state.scalars[FLAGGED_LIMIT]
    step = int(state.scalars[STEP])
    done = 0
    while done < n_epochs and (done == 0 or spent[ERRORS] > 0):
        spent[ERRORS] = 0
        for p in range(n_patterns):
            if flagged_limit < np.inf:
                _consolidate(
                    persistent, transient, 1.0, flagged_limit, cache, exponents,
                    potentiation_only, energy, spent,
                )  # fmt: skip
                flagged_limit = np.inf
            x = X[p]
            transient *= decay_before
            out = _output(persistent, transient, x, strands)
            if cache.maintenance_cost > 0:
                spent[MAINTENANCE] += cache.maintenance_cost * _sum_of_sizes(transient)
            transient *= decay_after
            change = 0.0
            if sign[p] * out <= least:
                spent[ERRORS] += 1
                change = rate * sign[p]
            absolute, peak = _add(transient, change, x, strands, peaks)
            step += 1
            if step % cache.check_every == 0 and _is_full(absolute, peak, 1.0, cache):
                limit = cache.threshold if cache.scope == SYNAPSE else -1.0
                if cache.deferred:
                    # nothing but decay comes between now and the start of the next step, and that
                    # has not happened yet: the same synapses will be above the threshold
                    flagged_limit = limit
                else:
                    absolute, peak = _consolidate(
                        persistent, transient, 1.0, limit, cache, exponents, potentiation_only,
                        energy, spent,
                    )  # fmt: skip
            if cache.transition_cost > 0:
                spent[TRANSITION] += cache.transition_cost * _moved(transient, previous)
                copy(transient, previous)
            for k in range(traced.size):
                trace[done * n_patterns + p, k, 0] = persistent[traced[k]]
                trace[done * n_patterns + p, k, 1] = transient[traced[k]]
        spent[OUTSTANDING] = _outstanding(transient, potentiation_only)
        copy(spent, record[done])
        done += 1
    state.scalars[FLAGGED_LIMIT] = flagged_limit
    state.scalars[STEP] = step
    return record[:done], trace[: done * n_patterns]


@accounting
def _outstanding(transient, potentiation_only):
    """What consolidating all transient weights now would cost."""
    total = 0.0
    for i in range(transient.size):
        if transient[i] > 0 or not potentiation_only:
            total += abs(transient[i])
    return total


@inner
def _add(transient, change, x, strands, peaks):
    """Add a multiple of a pattern; sum and largest of the sizes there are then."""
    strands[:] = 0
    peaks[:] = 0
    whole = transient.size // STRANDS * STRANDS
    for first in range(0, whole, STRANDS):
        for k in range(STRANDS):
            new = transient[first + k] + change * x[first + k]
            transient[first + k] = new
            size = abs(new)
            strands[k] += size
            peaks[k] = size if size > peaks[k] else peaks[k]
    for i in range(whole, transient.size):
        k = i - whole
        new = transient[i] + change * x[i]
        transient[i] = new
        size = abs(new)
        strands[k] += size
        peaks[k] = size if size > peaks[k] else peaks[k]
    return _total(strands), peaks.max()


@inner
def _output(persistent, transient, x, strands):
    """Summed input of the neuron."""
    strands[:] = 0
    whole = transient.size // STRANDS * STRANDS
    for first in range(0, whole, STRANDS):
        for k in range(STRANDS):
            i = first + k
            strands[k] += (persistent[i] + transient[i]) * x[i]
    for i in range(whole, transient.size):
        strands[i - whole] += (persistent[i] + transient[i]) * x[i]
    return _total(strands)


@inner
def _total(strands):
    """Sum of the strands, halves upon halves; they are overwritten."""
    half = STRANDS // 2
    while half > 0:
        for k in range(half):
            strands[k] += strands[k + half]
        half //= 2
    return strands[0]


@accounting
def _sum_of_sizes(transient):
    total = 0.0
    for i in range(transient.size):
        total += abs(transient[i])
    return total


@accounting
def _moved(transient, previous):
    total = 0.0
    for i in range(transient.size):
        total += abs(transient[i] - previous[i])
    return total


@inner
def _is_full(absolute, peak, factor, cache):
    if cache.scope == NEURON_SUM:
        return absolute * factor > cache.threshold
    return peak * factor > cache.threshold


@accounting
def _consolidate(
    persistent, transient, factor, limit, cache, exponents, potentiation_only, energy, spent
):
    """Consolidate the synapses whose transient weight is above the limit (all, if negative).

    Returns the sum and the largest of the transient weights that are left.
    """
    absolute, peak = 0.0, 0.0
    for i in range(transient.size):
        size = factor * abs(transient[i])
        if size > limit:
            persistent[i] += factor * transient[i]
            spent[CORRECTION] += cache.maintenance_cost * size
            if transient[i] > 0 or not potentiation_only:
                spent[CONSOLIDATION] += size
                spent[WRITES] += size > 0
                for e in range(exponents.size):
                    energy[e] += power(size, exponents[e])
            transient[i] = 0
        else:
            absolute += abs(transient[i])
            peak = max(peak, abs(transient[i]))
    return absolute, peak


@compiled
def power(size, exponent):
    """size ** exponent with 0 ** 0 = 0: no change, no cost."""
    if exponent == 1:
        return size
    if size == 0:
        return 0.0
    if exponent == 0:
        return 1.0
    return size**exponent
