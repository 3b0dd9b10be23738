"""One trial of a spiking neuron that learns by spike timing."""

from typing import NamedTuple

import numpy as np

from synlib._kernels import compiled
from synlib._kernels.layer import CONSOLIDATION, FACTOR, MAINTENANCE, WRITES

SIZE = FACTOR + 1  # in the state, which begins as the clock of a store


class Neuron(NamedTuple):
    """Constants, in ms, mV, nS and nF."""

    step: float
    capacitance: float
    leak: float
    rest: float
    threshold: float
    visual: float
    background: float
    adaptation: float
    adaptation_decay: float  # per step, like all decays here
    synaptic_decay: float
    pre_decay: float
    post_decay: float
    potentiation: float
    depression: float
    largest: float


@compiled
def trial(neuron, cache, inputs, auditory, visual, background, persistent, transient, state,
          ledger, voltage):  # fmt: skip
    """Present one pattern, changing weights and ledger in place; the number of spikes.

    ``auditory`` (n_steps, n_active), ``visual`` and ``background`` (n_steps,) hold the spikes that
    arrive in each step, ``inputs`` (n_active,) the synapses they arrive at. The transient weights
    are in units of ``state[FACTOR]``, and ``state[SIZE]`` is the sum of their sizes. Each
    synapse has a `Cache` of its own (scope SYNAPSE), which decays first. ``ledger`` (4,) is that of
    a layer. ``voltage`` (n_steps,) is filled in, or (0,).

    The order of events in a step is that of the published program: spikes arrive, the potential
    moves by the currents at its old value, the neuron fires, traces decay and grow, and synapses
    change, strengthened and weakened at once.
    """
    n_steps, n_active = auditory.shape
    activation = np.zeros(n_active)
    pre = np.zeros(n_active)
    visual_activation = background_activation = post = adaptation = 0.0
    potential = neuron.rest
    n_spikes = 0
    for t in range(n_steps):
        state[FACTOR] *= cache.decay
        visual_activation += visual[t]
        background_activation += background[t]
        drive = neuron.visual * visual_activation
        for a in range(n_active):
            activation[a] += auditory[t, a]
            weight = persistent[inputs[a]] + state[FACTOR] * transient[inputs[a]]
            drive += weight * activation[a]
        above_rest = potential - neuron.rest
        current = (
            neuron.background * background_activation - neuron.leak - adaptation
        ) * above_rest - drive * potential
        potential += neuron.step * 1e-3 * current / neuron.capacitance
        if voltage.size > 0:
            voltage[t] = potential
        fired = potential >= neuron.threshold
        adaptation *= neuron.adaptation_decay
        post *= neuron.post_decay
        if fired:
            potential = neuron.rest
            adaptation += neuron.adaptation
            post += 1
            n_spikes += 1
        for a in range(n_active):
            arrived = auditory[t, a] > 0
            pre[a] = pre[a] * neuron.pre_decay + arrived
            if fired or arrived:
                change = fired * neuron.potentiation * pre[a] - arrived * neuron.depression * post
                _change(neuron, cache, inputs[a], change, persistent, transient, state, ledger)
            activation[a] *= neuron.synaptic_decay
        visual_activation *= neuron.synaptic_decay
        background_activation *= neuron.synaptic_decay
        ledger[MAINTENANCE] += cache.maintenance_cost * state[FACTOR] * state[SIZE]
    if state[FACTOR] < 1e-60:
        for i in range(transient.size):
            transient[i] *= state[FACTOR]
        state[SIZE] *= state[FACTOR]
        state[FACTOR] = 1.0
    return n_spikes


@compiled
def _change(neuron, cache, i, change, persistent, transient, state, ledger):
    """Change a weight within its bounds, in the store; write it down if that is full."""
    factor = state[FACTOR]
    weight = persistent[i] + factor * transient[i]
    change = min(max(weight + change, 0.0), neuron.largest) - weight
    old = abs(transient[i])
    transient[i] += change / factor
    held = factor * transient[i]
    if abs(held) > cache.threshold:
        ledger[CONSOLIDATION] += abs(held)
        ledger[WRITES] += 1
        persistent[i] += held
        transient[i] = 0.0
    state[SIZE] += abs(transient[i]) - old
