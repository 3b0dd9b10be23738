"""The training loop of a network of any depth, one sample after another."""

from typing import NamedTuple

import numpy as np

from synlib._kernels import accounting, compiled, inner, once
from synlib._kernels.borrowed import alive, borrowed
from synlib._kernels.expression import learn, rising_rows
from synlib._kernels.functions import exp, tanh
from synlib._kernels.layer import (
    ALL,
    BY_UPDATE,
    BY_UPDATE_OF_NETWORK,
    FACTOR,
    FACTOR_WHEN_FLAGGED,
    NETWORK,
    NONE,
    SYNAPSE,
    Rule,
    add_background,
    add_products,
    add_weighted_rows,
    copy,
    matrix_of,
    propagate,
    propagate_back,
    static_of,
    store_of,
)
from synlib._kernels.postponed import (
    add_rows_caught_up,
    catch_up,
    nothing_postponed,
    postpone,
)
from synlib._kernels.selection import rising_order, shares_of_largest
from synlib._kernels.storage import (
    account_for_all,
    cache_of,
    consolidate,
    consolidate_flagged,
    decay,
    few_change,
    hold,
    is_full,
    measure,
    pay_transition,
    store_few,
)

LOGISTIC, RELU, LEAKY_RELU, TANH, SOFTMAX, LINEAR, ELU = range(7)
MSE, CROSS_ENTROPY = range(2)
EXACT, LI2020, NYIRO2022 = range(3)
# when no step is made: never; when the answer is right; when the error is below the margin
NEVER, IF_RIGHT, IF_CLOSE = range(3)
# which units of a layer receive an error: all, or those with the largest error or activity
ALL_UNITS, BY_ERROR, BY_ACTIVITY = range(3)
LEAK = 0.1  # slope of the leaky ReLU for negative inputs


class Samples(NamedTuple):
    """Inputs of the steps in compressed rows: what differs from the background, and that."""

    first: np.ndarray  # (n_samples,), where the list of each begins
    last: np.ndarray  # (n_samples,), and ends
    index: np.ndarray  # type: ignore[assignment]  # (n_active,)
    value: np.ndarray  # (n_active,)
    background: float
    label: np.ndarray  # (n_samples,) index of the output unit that should be on
    static_input: np.ndarray  # (n_samples, n_units) of the second layer, or (0, 0): what it gets
    # from those units of the first that never learn


class Network(NamedTuple):
    """What the units compute and how the error is turned into changes."""

    activation: int
    output: int
    loss: int
    gradient: int
    clamped: bool  # unit 0 of each hidden layer is always 1: the bias of the next layer
    rate: np.ndarray  # (n_layers,)
    target_off: float
    target_on: float
    lazy: int
    error_margin: float


class Competition(NamedTuple):
    """Which units of each layer receive an error: all, or ``count`` chosen anew at each step."""

    kind: np.ndarray  # (n_layers,)
    count: np.ndarray  # type: ignore[assignment]  # (n_layers,)
    sign: np.ndarray  # (n_layers,), 1 for the largest, -1 for the smallest


class Masks(NamedTuple):
    """Which units may learn at each step."""

    units: np.ndarray  # (n,) bool, one mask after another
    start: np.ndarray  # (n_layers, n_steps), where each layer's mask begins, -1 for all units;
    # (n_layers, 0) if all units learn at all steps


class Activity(NamedTuple):
    """What the units do in a step; all layers of units but the inputs, one after another."""

    value: np.ndarray  # (n_units,)
    error: np.ndarray  # (n_units,), minus the derivative of the loss by the summed input
    active_index: np.ndarray  # (n_units,), which of its layer's units are not silent
    active_value: np.ndarray  # (n_units,)
    n_active: np.ndarray  # (n_layers,), how many of them
    n_plastic: np.ndarray  # (n_layers,), how many of these have plastic synapses onto others


@compiled
def train(samples, first_step, network, layers, rules, competition, masks, caches):
    """Train on the samples, one after another, changing the layers in place.

    Returns the number of steps done: fewer than asked for when the network diverged, in which
    case the step that went wrong has left no trace in weights or ledgers.
    """
    activity = _silent(layers, samples)
    all_inputs = np.arange(layers.shape[:, 0].max())
    upkeep = caches.maintenance_cost[caches.maintenance_cost.size - 1] > 0
    cached = layers.weights.shape[0] > 1
    n, m = layers.shape[0]
    if rules.kind[0] != ALL or cached or upkeep:
        n = m = 0  # the weights of the first layer are needed at each step
    postponed = nothing_postponed(n, m, samples.value)
    done = _train(
        first_step,
        borrowed(samples),
        borrowed(network),
        borrowed(layers),
        borrowed(rules),
        borrowed(competition),
        borrowed(masks),
        borrowed(caches),
        borrowed(activity),
        borrowed((all_inputs,))[0],
        borrowed(postponed),
        cached,
        upkeep,
    )
    catch_up(postponed, matrix_of(layers, 0, 0))
    return alive(
        done, activity, all_inputs, samples, network, layers, rules, competition, masks, caches
    )


@once
def _train(
    first_step,
    samples,
    network,
    layers,
    rules,
    competition,
    masks,
    caches,
    activity,
    all_inputs,
    postponed,
    cached,
    upkeep,
):
    postponing = postponed.place.size > 0
    first = matrix_of(layers, 0, 0)
    n_layers = layers.shape.shape[0]
    lowest = 0  # the layers before this one never learn: the error need not come so far
    while lowest < n_layers - 1 and rules.kind[lowest] == NONE:
        lowest += 1
    decays_first = caches.decay_first.any()
    charges = cached or upkeep
    together = (rules.kind == BY_UPDATE_OF_NETWORK).any()
    now = Rule(rules.kind.copy(), rules.count.copy(), rules.sign)  # at this step
    for t in range(samples.label.size):
        step = first_step + t + 1
        if cached:
            consolidate_flagged(layers, caches, all_inputs)
        if decays_first:
            decay(layers, caches, True)
        index = samples.index[samples.first[t] : samples.last[t]]
        value = samples.value[samples.first[t] : samples.last[t]]
        out = _units(activity.value, layers, 0)
        if postponing:
            out[:] = 0
            add_rows_caught_up(postponed, first, index.size, index, value, samples.background, out)
            add_background(layers, 0, index.size, value, samples.background, out)
        else:
            propagate(layers, 0, index.size, index, value, samples.background, out)
        _forward(samples, t, network, layers, activity)
        output = _units(activity.value, layers, n_layers - 1)
        rests = network.lazy != NEVER and _may_rest(output, samples.label[t], network)
        if not rests:
            size = _backward(samples, t, lowest, network, layers, competition, masks, activity)
            size += _size(value) * _size(_units(activity.error, layers, 0))
            # a NaN is not less than infinity either; np.isfinite would be optimised away
            if not size < np.inf:
                return t
            if together:
                _share_out(samples, t, layers, rules, activity, now)
        for k in range(n_layers if rests else lowest, n_layers):
            index, value, background, change = _proposal(samples, t, layers, activity, k)
            rule = Rule(now.kind[k], now.count[k], now.sign[k])
            if k == 0 and postponing:
                _learn_later(layers, samples, t, index, value, change, postponed, first)
            else:
                learn(layers, k, rule, cached, index.size, index, value, background, change)
        if cached:
            _consolidate_full(samples, t, step, layers, rules, caches, activity, all_inputs)
        if upkeep:
            for k in range(n_layers):
                last = store_of(layers, layers.weights.shape[0] - 1, k)
                measure(last, last.absolute)
        if charges:
            hold(layers, caches)
        if cached:
            decay(layers, caches, False)
        if layers.previous.shape[1] > 0:
            for k in range(n_layers):
                pay_transition(layers, caches, k)
    return samples.label.size


@inner
def _proposal(samples, t, layers, activity, k):
    """What is proposed for layer k: active plastic inputs, what the others have, and changes."""
    change = _units(activity.error, layers, k)[: layers.shape[k, 1]]
    if k > 0:
        index, value = _active(activity, layers, k - 1, activity.n_plastic[k - 1])
        return index, value, change.dtype.type(0), change
    active = slice(samples.first[t], samples.last[t])
    return samples.index[active], samples.value[active], samples.background, change


@inner
def _share_out(samples, t, layers, rules, activity, now):
    """Rules of this step, into ``now``, for layers that choose together: so many as each has.

    The k-th largest change of all is also about the last that each layer expresses, and tells
    where to look for it, now and at the next step.
    """
    together = np.flatnonzero(rules.kind == BY_UPDATE_OF_NETWORK)
    shapes = layers.shape[together]
    rows = np.empty(shapes[:, 0].sum(), activity.value.dtype)
    multiplicity = np.empty(rows.size, np.int64)
    columns = np.empty(shapes[:, 1].sum(), activity.value.dtype)
    first_row = np.zeros(together.size + 1, np.int64)
    first_column = np.zeros(together.size + 1, np.int64)
    tops = np.empty(together.size)
    for place in range(together.size):
        n, m = shapes[place]
        _, value, background, change = _proposal(samples, t, layers, activity, together[place])
        own, _, times = rising_rows(n, value.size, value, background)
        sizes = np.abs(change)
        begin, end = first_row[place], first_row[place] + own.size
        copy(own, rows[begin:end])
        copy(times, multiplicity[begin:end])
        first_row[place + 1] = end
        begin, end = first_column[place], first_column[place] + m
        copy(sizes[rising_order(sizes)], columns[begin:end])
        first_column[place + 1] = end
        tops[place] = own[own.size - 1] * columns[end - 1]
    guess = columns.dtype.type(layers.limit[together[0]] * tops[0])
    limit, shares = shares_of_largest(
        rows, multiplicity, columns, first_row, first_column, rules.count[together[0]], guess
    )
    for place in range(together.size):
        k = together[place]
        now.count[k] = shares[place]
        now.kind[k] = BY_UPDATE
        if shares[place] == 0:
            now.kind[k] = NONE
        elif shares[place] == shapes[place, 0] * shapes[place, 1]:
            now.kind[k] = ALL
        if tops[place] > 0:
            layers.limit[k] = limit / tops[place]


@once
def _learn_later(layers, samples, t, index, value, change, postponed, matrix):
    """Learn all that is proposed for the first layer, its matrix when it is next needed."""
    store, background = store_of(layers, 0, 0), samples.background
    account_for_all(store, layers.ledger[0], False, index.size, index, value, background, change)
    if few_change(change):
        store_few(matrix, index.size, index, value, background, change)
    else:
        postpone(postponed, matrix, t, samples, background, change)


@inner
def _silent(layers, samples):
    """Arrays for the activity of the units."""
    n_units = layers.first_unit[layers.first_unit.size - 1]
    n_layers = layers.shape.shape[0]
    return Activity(
        np.zeros(n_units, samples.value.dtype),
        np.zeros(n_units, samples.value.dtype),
        np.zeros(n_units, samples.index.dtype),
        np.zeros(n_units, samples.value.dtype),
        np.zeros(n_layers, np.int64),
        np.zeros(n_layers, np.int64),
    )


@inner
def _units(array, layers, k):
    """What ``array`` (n_units,) holds for all units of layer k."""
    return array[layers.first_unit[k] : layers.first_unit[k + 1]]


@inner
def _active(activity, layers, k, count):
    """The first active units of layer k, and their activities."""
    first = layers.first_unit[k]
    active = slice(first, first + count)
    return activity.active_index[active], activity.active_value[active]


@once
def _forward(samples, t, network, layers, activity):
    """Activities of all layers for sample t, given the summed inputs of the first."""
    n_layers = layers.shape.shape[0]
    out = _units(activity.value, layers, 0)
    zero = out.dtype.type(0)
    for k in range(1, n_layers):
        activate(out, network.activation)
        if network.clamped:
            out[0] = 1
        _list_active(activity, layers, k - 1)
        index, value = _active(activity, layers, k - 1, activity.n_active[k - 1])
        out = _units(activity.value, layers, k)
        m = layers.shape[k, 1]
        propagate(layers, k, activity.n_plastic[k - 1], index, value, zero, out[:m])
        out[m:] = 0
        if layers.first_static[k + 1] > layers.first_static[k]:
            add_weighted_rows(static_of(layers, k), index.size, index, value, zero, out)
        if k == 1 and samples.static_input.shape[0] > 0:
            out += samples.static_input[t]
    activate(out, network.output)


@once
def _list_active(activity, layers, k):
    """List the units of layer k that are not silent."""
    values = _units(activity.value, layers, k)
    index, value = _active(activity, layers, k, values.size)
    plastic = layers.shape[k + 1, 0]
    count = 0
    activity.n_plastic[k] = 0
    for i in range(values.size):
        if i == plastic:
            activity.n_plastic[k] = count
        if values[i] != 0:
            index[count] = i
            value[count] = values[i]
            count += 1
    activity.n_active[k] = count
    if values.size <= plastic:
        activity.n_plastic[k] = count


@once
def _may_rest(output, label, network):
    """Whether the network need not learn from the sample."""
    right = True
    close = True
    for j in range(output.size):
        target = network.target_on if j == label else network.target_off
        close = close and abs(target - output[j]) < network.error_margin
        right = right and (j == label or output[j] < output[label])
    return close if network.lazy == IF_CLOSE else right


@once
def _backward(samples, t, lowest, network, layers, competition, masks, activity):
    """Changes the errors ask for, rate times error, down to the layer ``lowest``.

    Returns the sum of what is proposed in all layers but the first: not finite if one is not.
    """
    last = layers.shape.shape[0] - 1
    output, error = _units(activity.value, layers, last), _units(activity.error, layers, last)
    for j in range(output.size):
        target = network.target_on if j == samples.label[t] else network.target_off
        error[j] = target - output[j]
    passed_back = error
    if network.gradient == LI2020:
        passed_back = error.copy()
    _output_delta(error, output, network)
    proposed = 0.0
    for k in range(last, lowest - 1, -1):
        plastic = error[: layers.shape[k, 1]]
        if masks.start.shape[1] > 0 and masks.start[k, t] >= 0:
            mask = masks.units[masks.start[k, t] : masks.start[k, t] + plastic.size]
            plastic *= mask
            if k == last and network.gradient == LI2020:
                passed_back *= mask
        if competition.kind[k] != ALL_UNITS:
            by_error = competition.kind[k] == BY_ERROR
            sizes = np.abs(error if by_error else _units(activity.value, layers, k))
            first = 1 if network.clamped and k < last else 0  # a clamped unit does not take part
            number, sign = competition.count[k], competition.sign[k]
            chosen = _winners(sizes[: plastic.size], first, number, sign)
            plastic *= chosen
            if k == last and network.gradient == LI2020:
                passed_back *= chosen
        if k > 0:
            y = _units(activity.value, layers, k - 1)
            error_below = _units(activity.error, layers, k - 1)
        if k > lowest:
            n = layers.shape[k, 0]
            propagate_back(layers, k, passed_back[: plastic.size], error_below[:n])
            error_below[n:] = 0
            if layers.first_static[k + 1] > layers.first_static[k]:
                one = error.dtype.type(1)
                add_products(static_of(layers, k), passed_back, one, error_below)
            _times_slope(error_below, y, network.activation)
            if network.clamped:
                error_below[0] = 0
        plastic *= error.dtype.type(network.rate[k])
        if k > 0:
            proposed += _size(y) * _size(plastic)
            error = error_below
            passed_back = error
    return proposed


@inner
def _winners(sizes, first, count, sign):
    """Mask of the units of the largest (smallest) sizes, ties by index, none before ``first``."""
    competing = sizes[first:]
    chosen = np.zeros(sizes.size, np.bool_)
    if competing.size == 0:  # the only unit that learns is clamped: there is nothing to be read
        return chosen
    order = rising_order(competing)
    if sign < 0:
        for r in range(min(count, order.size)):
            chosen[first + order[r]] = True
        return chosen
    limit = competing[order[max(order.size - count, 0)]]
    ties = count
    for size in competing:
        ties -= size > limit
    for i in range(competing.size):
        if competing[i] > limit or (competing[i] == limit and ties > 0):
            ties -= competing[i] == limit
            chosen[first + i] = True
    return chosen


@once
def _consolidate_full(samples, t, step, layers, rules, caches, activity, all_inputs):
    """Move what has crossed a threshold to the next store, or flag it, store after store."""
    n_layers = layers.shape.shape[0]
    full = np.zeros(n_layers, np.bool_)
    for s in range(layers.weights.shape[0] - 1):
        cache = cache_of(caches, s)
        for k in range(n_layers):
            background = samples.background != 0 and k == 0 and s == 0
            store = store_of(layers, s, k)
            if background and rules.kind[k] != NONE:
                measure(store, store.absolute)
            full[k] = False
            if step % cache.check_every == 0:
                if cache.check_every > 1 and not background:
                    measure(store, np.zeros_like(store.absolute))
                full[k] = is_full(store, cache)
        if cache.scope == NETWORK and full.any():
            full[:] = True
        for k in range(n_layers):
            if cache.deferred:
                clock = layers.clock[k, s]
                clock[FACTOR_WHEN_FLAGGED] = clock[FACTOR] if full[k] else 0.0
            elif full[k]:
                index = all_inputs[: layers.shape[k, 0]]
                if cache.scope == SYNAPSE and s == 0 and cache.check_every == 1:
                    # only those just changed can have crossed
                    if k > 0:
                        index, _ = _active(activity, layers, k - 1, activity.n_plastic[k - 1])
                    elif samples.background == 0:
                        index = samples.index[samples.first[t] : samples.last[t]]
                factor = layers.clock[k, s, FACTOR]
                consolidate(layers, s, k, cache, factor, index.size, index)


@compiled
def static_inputs(first, last, index, value, background, network, layers):
    """Summed input of the units of the second layer from units of the first that never learn.

    Not by matrix products, whose rounding differs from one processor to the next, since these
    sums have a part in learning. ``layers`` holds the weights onto and from these units.

    Returns
    -------
    array (n_samples, n_units)
    """
    n_hidden, n_outputs = layers.shape[1]
    out = np.empty((first.size, n_outputs), value.dtype)
    hidden = np.empty(n_hidden, value.dtype)
    hidden_index = np.empty(n_hidden, index.dtype)
    hidden_value = np.empty_like(hidden)
    zero = value.dtype.type(0)
    for t in range(first.size):
        active = slice(first[t], last[t])
        count = last[t] - first[t]
        propagate(layers, 0, count, index[active], value[active], background, hidden)
        activate(hidden, network.activation)
        n_active = 0
        for i in range(n_hidden):
            if hidden[i] != 0:
                hidden_index[n_active] = i
                hidden_value[n_active] = hidden[i]
                n_active += 1
        propagate(layers, 1, n_active, hidden_index, hidden_value, zero, out[t])
    return out


@accounting
def _size(vector):
    total = 0.0
    for i in range(vector.size):
        total += abs(vector[i])
    return total


@inner
def activate(x, kind):
    """Apply an activation in place."""
    one, leak = x.dtype.type(1), x.dtype.type(LEAK)
    if kind == LOGISTIC:
        for j in range(x.size):
            x[j] = one / (one + exp(-x[j]))
    elif kind == RELU:
        for j in range(x.size):
            x[j] = 0 if x[j] < 0 else x[j]  # a NaN must stay one, to be noticed
    elif kind == LEAKY_RELU:
        for j in range(x.size):
            x[j] = x[j] if x[j] > 0 else leak * x[j]
    elif kind == ELU:
        for j in range(x.size):
            x[j] = x[j] if x[j] > 0 else exp(x[j]) - one
    elif kind == TANH:
        for j in range(x.size):
            x[j] = tanh(x[j])
    elif kind == SOFTMAX:
        top = x.max()
        total = x.dtype.type(0)
        for j in range(x.size):
            x[j] = exp(x[j] - top)
        for j in range(x.size):
            total += x[j]
        for j in range(x.size):
            x[j] /= total


@inner
def _times_slope(error, y, kind):
    """Multiply an error by the slope of the activation, told from the activity ``y``."""
    one, leak = y.dtype.type(1), y.dtype.type(LEAK)
    for j in range(y.size):
        if kind == LOGISTIC:
            error[j] *= y[j] * (one - y[j])
        elif kind == RELU:
            error[j] *= y[j] > 0
        elif kind == LEAKY_RELU:
            error[j] *= one if y[j] > 0 else leak
        elif kind == ELU:
            error[j] *= one if y[j] > 0 else y[j] + one
        elif kind == TANH:
            error[j] *= one - y[j] * y[j]


@inner
def _output_delta(error, y, network):
    """Turn target - output, in place, into minus the derivative of the loss before activation."""
    if network.gradient == NYIRO2022:
        one, share = y.dtype.type(1), y.dtype.type(2 / y.size)
        for k in range(y.size):
            error[k] *= share * y[k] * (one - y[k])
    elif network.loss == MSE and network.output == SOFTMAX:
        mean = error.dtype.type(0)
        for k in range(y.size):
            mean += error[k] * y[k]
        for k in range(y.size):
            error[k] = y[k] * (error[k] - mean)
    elif network.loss == MSE:
        _times_slope(error, y, network.output)
