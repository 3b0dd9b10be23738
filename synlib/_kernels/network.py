"""The training loop of the two-layer network, one sample after another."""

from typing import NamedTuple

import numpy as np

from synlib._kernels import accounting, compiled, inner
from synlib._kernels.expression import learn
from synlib._kernels.functions import exp, tanh
from synlib._kernels.layer import (
    FACTOR,
    FACTOR_WHEN_FLAGGED,
    NETWORK,
    NEURON,
    NEURON_SUM,
    SYNAPSE,
    propagate,
    propagate_back,
)
from synlib._kernels.storage import consolidate, decay, hold, pay_transition

LOGISTIC, RELU, LEAKY_RELU, TANH, SOFTMAX, LINEAR = range(6)
MSE, CROSS_ENTROPY = range(2)
EXACT, LI2020, NYIRO2022 = range(3)
LEAK = 0.1  # slope of the leaky ReLU for negative inputs


class Samples(NamedTuple):
    """Inputs of the steps in compressed rows: what differs from the background, and that."""

    start: np.ndarray  # (n_samples + 1,)
    index: np.ndarray  # type: ignore[assignment]  # (n_active,)
    value: np.ndarray  # (n_active,)
    background: float
    label: np.ndarray  # (n_samples,) index of the output unit that should be on
    static_output: np.ndarray  # (n_samples, n_outputs) from units that never learn, or (0, 0)


class Network(NamedTuple):
    """What the units compute and how the error is turned into changes."""

    activation: int
    output: int
    loss: int
    gradient: int
    clamped: bool  # hidden unit 0 is always 1: the bias of the output layer
    rate_1: float
    rate_2: float
    target_off: float
    target_on: float


class Masks(NamedTuple):
    """Which units may learn: one row per mask, and the mask of each step; (0, 0) for all."""

    units: np.ndarray  # (n_masks, n_units)
    of_step: np.ndarray  # (n_steps,)


@compiled
def train(samples, first_step, network, layers, rules, masks, cache):
    """Train on the samples, one after another, changing the layers in place.

    Returns the number of steps done: fewer than asked for when the network diverged, in which
    case the step that went wrong has left no trace in weights or ledgers.
    """
    layer_1, layer_2 = layers
    rule_1, rule_2 = rules
    n_inputs, n_hidden = layer_1.persistent.shape
    n_outputs = layer_2.persistent.shape[1]
    weight = layer_1.persistent.dtype.type
    zero, rate_1, rate_2 = weight(0), weight(network.rate_1), weight(network.rate_2)
    hidden = np.empty(n_hidden, layer_1.persistent.dtype)
    hidden_error = np.empty_like(hidden)
    hidden_index = np.empty(n_hidden, samples.index.dtype)
    hidden_value = np.empty_like(hidden)
    output = np.empty(n_outputs, layer_1.persistent.dtype)
    error = np.empty_like(output)
    passed_back = np.empty_like(output)
    all_inputs = np.arange(n_inputs)
    all_hidden = np.arange(n_hidden)
    for t in range(samples.label.size):
        if cache.enabled:
            if cache.deferred:
                _consolidate_flagged(layer_1, layer_2, cache, all_inputs, all_hidden)
            if cache.decay_first:
                decay(layer_1, cache)
                decay(layer_2, cache)

        start = samples.start[t]
        count = samples.start[t + 1] - start
        index = samples.index[start : start + count]
        value = samples.value[start : start + count]
        propagate(layer_1, count, index, value, samples.background, hidden)
        activate(hidden, network.activation)
        if network.clamped:
            hidden[0] = 1
        n_active = _list_active(hidden, hidden_index, hidden_value)
        propagate(layer_2, n_active, hidden_index, hidden_value, zero, output)
        if samples.static_output.shape[0] > 0:
            output += samples.static_output[t]
        activate(output, network.output)

        for k in range(n_outputs):
            target = network.target_on if k == samples.label[t] else network.target_off
            error[k] = target - output[k]
        if network.gradient == LI2020:
            passed_back[:] = error
        _output_delta(error, output, network)
        if masks[1].units.shape[0] > 0:
            error *= masks[1].units[masks[1].of_step[t]]
        if network.gradient != LI2020:
            passed_back[:] = error
        elif masks[1].units.shape[0] > 0:
            passed_back *= masks[1].units[masks[1].of_step[t]]
        propagate_back(layer_2, passed_back, hidden_error)
        _times_slope(hidden_error, hidden, network.activation)
        if network.clamped:
            hidden_error[0] = 0
        if masks[0].units.shape[0] > 0:
            hidden_error *= masks[0].units[masks[0].of_step[t]]
        hidden_error *= rate_1
        error *= rate_2
        # a NaN is not less than infinity either; np.isfinite would be optimised away
        total = _size(value) * _size(hidden_error) + _size(hidden) * _size(error)
        if not total < np.inf:
            return t

        step = first_step + t + 1
        full_1 = learn(
            layer_1, rule_1, cache, step, count, index, value, samples.background, hidden_error
        )
        full_2 = learn(
            layer_2, rule_2, cache, step, n_active, hidden_index, hidden_value, zero, error
        )
        if cache.enabled:
            if cache.scope == NETWORK and (full_1 or full_2):
                full_1 = full_2 = True
            if cache.deferred:
                _flag(layer_1, full_1)
                _flag(layer_2, full_2)
            else:
                touched_only = cache.check_every == 1
                if full_1:
                    if touched_only and samples.background == 0:
                        _consolidate(layer_1, cache, count, index)
                    else:
                        _consolidate(layer_1, cache, n_inputs, all_inputs)
                if full_2:
                    if touched_only:
                        _consolidate(layer_2, cache, n_active, hidden_index)
                    else:
                        _consolidate(layer_2, cache, n_hidden, all_hidden)
            hold(layer_1, cache)
            hold(layer_2, cache)
            if not cache.decay_first:
                decay(layer_1, cache)
                decay(layer_2, cache)
            if cache.transition_cost > 0:
                pay_transition(layer_1, cache)
                pay_transition(layer_2, cache)
    return samples.label.size


@compiled
def static_outputs(start, index, value, background, activation, layer_1, layer_2):
    """Summed input of the output units, (n_samples, n_outputs), from units that never learn.

    Not by matrix products, whose rounding differs from one processor to the next, since these
    sums have a part in learning.
    """
    n_hidden, n_outputs = layer_2.persistent.shape
    out = np.empty((start.size - 1, n_outputs), value.dtype)
    hidden = np.empty(n_hidden, value.dtype)
    hidden_index = np.empty(n_hidden, index.dtype)
    hidden_value = np.empty_like(hidden)
    for t in range(start.size - 1):
        active = slice(start[t], start[t + 1])
        count = start[t + 1] - start[t]
        propagate(layer_1, count, index[active], value[active], background, hidden)
        activate(hidden, activation)
        n_active = _list_active(hidden, hidden_index, hidden_value)
        zero = value.dtype.type(0)
        propagate(layer_2, n_active, hidden_index, hidden_value, zero, out[t])
    return out


@inner
def _list_active(hidden, index, value):
    """List the hidden units that are not silent; how many there are."""
    count = 0
    for i in range(hidden.size):
        if hidden[i] != 0:
            index[count] = i
            value[count] = hidden[i]
            count += 1
    return count


@inner
def _consolidate(layer, cache, count, index):
    whole = cache.scope != SYNAPSE and cache.scope != NEURON and cache.scope != NEURON_SUM
    consolidate(layer, cache, layer.clock[FACTOR], whole, count, index)


@inner
def _flag(layer, full):
    layer.clock[FACTOR_WHEN_FLAGGED] = layer.clock[FACTOR] if full else 0.0


@inner
def _consolidate_flagged(layer_1, layer_2, cache, all_inputs, all_hidden):
    whole = cache.scope != SYNAPSE and cache.scope != NEURON and cache.scope != NEURON_SUM
    if layer_1.clock[FACTOR_WHEN_FLAGGED] > 0:
        factor = layer_1.clock[FACTOR_WHEN_FLAGGED]
        consolidate(layer_1, cache, factor, whole, all_inputs.size, all_inputs)
        layer_1.clock[FACTOR_WHEN_FLAGGED] = 0
    if layer_2.clock[FACTOR_WHEN_FLAGGED] > 0:
        factor = layer_2.clock[FACTOR_WHEN_FLAGGED]
        consolidate(layer_2, cache, factor, whole, all_hidden.size, all_hidden)
        layer_2.clock[FACTOR_WHEN_FLAGGED] = 0


@accounting
def _size(vector):
    total = 0.0
    for v in vector:
        total += abs(v)
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
