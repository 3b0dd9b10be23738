"""The perceptron, in two forms that make the same updates.

*Margins.* A pattern asks only for the sign of w.x, and an update adds a multiple of one pattern
to w. With the Gram matrix of the patterns a presentation is one look-up and an update one row
added to the margins. Decay multiplies all transient margins by a common factor, and when a whole
neuron is consolidated its transient margins simply move over to the persistent ones.

*Primal.* The weights themselves: needed when single synapses are consolidated while others decay,
since then no common factor is left, and when weights are to be traced.
"""

import numpy as np

from synlib._kernels import compiled, in_any_order
from synlib._kernels.layer import NEURON_SUM, SYNAPSE

# columns of the record of an epoch; all but the first are totals so far
ERRORS, CONSOLIDATION, MAINTENANCE, TRANSITION, CORRECTION, WRITES, OUTSTANDING = range(7)
N_COLUMNS = 7


@compiled
def persistent_margins(gram, sign, rate, update_energy, max_epochs):
    """Learn without a cache.

    Parameters
    ----------
    gram : array (P, P)
    sign : array (P,)
        Targets, -1 or 1.
    rate : float
    update_energy : array (P, E)
        Energy of one update with each pattern, for each exponent.
    max_epochs : int

    Returns
    -------
    times : int array (P,)
        How often each pattern caused an update.
    errors : int array (n_epochs,)
    energy : array (n_epochs, E)
        Totals so far at the end of each epoch.
    """
    n_patterns = sign.size
    margin = np.zeros(n_patterns)
    times = np.zeros(n_patterns, np.int64)
    errors = np.zeros(max_epochs, np.int64)
    energy = np.zeros((max_epochs, update_energy.shape[1]))
    spent = np.zeros(update_energy.shape[1])
    for epoch in range(max_epochs):
        for p in range(n_patterns):
            if sign[p] * margin[p] <= 0:
                errors[epoch] += 1
                times[p] += 1
                spent += update_energy[p]
                change = rate * sign[p]
                row = gram[p]
                for q in range(n_patterns):
                    margin[q] += change * row[q]
        energy[epoch] = spent
        if errors[epoch] == 0:
            return times, errors[: epoch + 1], energy[: epoch + 1]
    return times, errors, energy


@in_any_order
def cached_margins(X, gram, sign, rate, cache, exponents, potentiation_only, max_epochs):
    """Learn with a cache, where whole neurons consolidate or nothing decays.

    Consolidation must not be deferred, and transitions must be free. Returns persistent weights,
    transient weights, the record of each epoch, and the energy for each exponent (without what is
    still outstanding).
    """
    n_patterns, n_synapses = X.shape
    persistent = np.zeros(n_synapses)
    transient = np.zeros(n_synapses)  # in units of factor
    margin = np.zeros(n_patterns)
    transient_margin = np.zeros(n_patterns)  # in units of factor
    record = np.zeros((max_epochs, N_COLUMNS))
    spent = np.zeros(N_COLUMNS)
    energy = np.zeros(exponents.size)
    factor = 1.0
    absolute, peak = 0.0, 0.0
    step = 0
    for epoch in range(max_epochs):
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
            if sign[p] * out <= 0:
                spent[ERRORS] += 1
                change = rate * sign[p] / factor
                absolute, peak = 0.0, 0.0
                x = X[p]
                for i in range(n_synapses):
                    new = transient[i] + change * x[i]
                    transient[i] = new
                    size = abs(new)
                    absolute += size
                    peak = size if size > peak else peak
                row = gram[p]
                for q in range(n_patterns):
                    transient_margin[q] += change * row[q]
            if step % cache.check_every != 0 or not _is_full(absolute, peak, factor, cache):
                continue
            limit = cache.threshold if cache.scope == SYNAPSE else -1.0
            absolute, peak = _consolidate(
                persistent, transient, factor, limit, cache, exponents, potentiation_only,
                energy, spent,
            )  # fmt: skip
            if cache.scope != SYNAPSE:  # else nothing decays, and the sum of both is all we need
                for q in range(n_patterns):
                    margin[q] += factor * transient_margin[q]
                    transient_margin[q] = 0
                factor = 1.0
        spent[OUTSTANDING] = factor * absolute
        record[epoch] = spent
        if spent[ERRORS] == 0:
            return persistent, transient * factor, record[: epoch + 1], energy
    return persistent, transient * factor, record, energy


@in_any_order
def primal(X, sign, rate, cache, exponents, potentiation_only, max_epochs, traced):
    """Learn with any cache on the weights themselves.

    Returns what `cached_margins` does, and the persistent and transient weights of the ``traced``
    synapses after every presentation, (n_presentations, n_traced, 2).
    """
    n_patterns, n_synapses = X.shape
    persistent = np.zeros(n_synapses)
    transient = np.zeros(n_synapses)
    previous = np.zeros(n_synapses)
    record = np.zeros((max_epochs, N_COLUMNS))
    spent = np.zeros(N_COLUMNS)
    energy = np.zeros(exponents.size)
    trace = np.zeros((max_epochs * n_patterns if traced.size > 0 else 0, traced.size, 2))
    absolute, peak = 0.0, 0.0
    decay_before = cache.decay if cache.decay_first else 1.0
    decay_after = 1.0 if cache.decay_first else cache.decay
    flagged_limit = np.inf
    step = 0
    for epoch in range(max_epochs):
        spent[ERRORS] = 0
        for p in range(n_patterns):
            if flagged_limit < np.inf:
                _consolidate(
                    persistent, transient, 1.0, flagged_limit, cache, exponents,
                    potentiation_only, energy, spent,
                )  # fmt: skip
                flagged_limit = np.inf
            x = X[p]
            out = 0.0
            absolute = 0.0
            for i in range(n_synapses):
                s = transient[i] * decay_before
                out += (persistent[i] + s) * x[i]
                absolute += abs(s)
                transient[i] = s * decay_after
            spent[MAINTENANCE] += cache.maintenance_cost * absolute
            change = 0.0
            if sign[p] * out <= 0:
                spent[ERRORS] += 1
                change = rate * sign[p]
            absolute, peak = 0.0, 0.0
            for i in range(n_synapses):
                transient[i] += change * x[i]
                size = abs(transient[i])
                absolute += size
                peak = size if size > peak else peak
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
                moved = 0.0
                for i in range(n_synapses):
                    moved += abs(transient[i] - previous[i])
                    previous[i] = transient[i]
                spent[TRANSITION] += cache.transition_cost * moved
            for k in range(traced.size):
                trace[step - 1, k, 0] = persistent[traced[k]]
                trace[step - 1, k, 1] = transient[traced[k]]
        spent[OUTSTANDING] = absolute
        record[epoch] = spent
        if spent[ERRORS] == 0:
            return persistent, transient, record[: epoch + 1], energy, trace[:step]
    return persistent, transient, record, energy, trace[:step]


@in_any_order
def _is_full(absolute, peak, factor, cache):
    if cache.scope == NEURON_SUM:
        return absolute * factor > cache.threshold
    return peak * factor > cache.threshold


@in_any_order
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
