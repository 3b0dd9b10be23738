"""The spiking neuron, slowly: every synapse at every step, no shared decay factor."""

import numpy as np


def trial(constants, cache, inputs, auditory, visual, background, persistent, transient):
    """As `synlib._kernels.spiking.trial`; new weights, what was spent, spikes and voltages."""
    c = constants
    n = persistent.size
    persistent, transient = persistent.copy(), transient.copy()
    activation, pre = np.zeros(n), np.zeros(n)
    post = gk = sv = sb = 0.0
    v = c.rest
    consolidation = maintenance = 0.0
    writes = spikes = 0
    voltages = []

    def add(change):
        nonlocal consolidation, writes, persistent, transient
        weight = persistent + transient
        transient = transient + np.clip(weight + change, 0, c.largest) - weight
        full = np.abs(transient) > cache.threshold
        consolidation += np.abs(transient[full]).sum()
        writes += full.sum()
        persistent = persistent + np.where(full, transient, 0)
        transient = np.where(full, 0, transient)

    for arriving, seen, noise in zip(auditory, visual, background, strict=True):
        transient = transient * cache.decay
        spikes_in = np.zeros(n)
        spikes_in[inputs] = arriving
        activation = activation + spikes_in
        sv, sb = sv + seen, sb + noise
        g = (persistent + transient) @ activation
        current = -c.leak * (v - c.rest) + (g + c.visual * sv) * (0 - v) - gk * (v - c.rest)
        current += c.background * sb * (v - c.rest)
        v += c.step * 1e-3 * current / c.capacitance
        voltages.append(v)
        fired = v >= c.threshold
        gk, post = gk * c.adaptation_decay, post * c.post_decay
        pre = pre * c.pre_decay + (spikes_in > 0)  # a pool counts once, however many fibres
        if fired:
            v, gk, post, spikes = c.rest, gk + c.adaptation, post + 1, spikes + 1
        add(fired * c.potentiation * pre - (spikes_in > 0) * c.depression * post)
        activation, sv, sb = (s * c.synaptic_decay for s in (activation, sv, sb))
        maintenance += cache.maintenance_cost * np.abs(transient).sum()
    return (
        persistent,
        transient,
        (consolidation, maintenance, 0.0, writes),
        spikes,
        np.array(voltages),
    )
