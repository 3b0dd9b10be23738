"""The spiking neuron, slowly: every synapse at every step, no shared decay factor."""

import numpy as np


def trial(constants, cache, inputs, auditory, visual, background, persistent, transient):
    """As `synlib._kernels.spiking.trial`; new weights, what was spent, spikes and voltages."""
    c = constants
    n = persistent.size
    persistent, transient = persistent.copy(), transient.copy()
    trace, pre = np.zeros(n), np.zeros(n)
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
        sv = sv * c.synaptic_decay + seen
        sb = sb * c.synaptic_decay + noise
        gk *= c.adaptation_decay
        post *= c.post_decay
        trace = trace * c.synaptic_decay + spikes_in
        pre = pre * c.pre_decay + spikes_in
        add(-c.depression * post * spikes_in)
        g = (persistent + transient) @ trace
        current = -c.leak * (v - c.rest) + (g + c.visual * sv) * (0 - v) - gk * (v - c.rest)
        current += c.background * sb * (v - c.rest)
        v += c.step * 1e-3 * current / c.capacitance
        voltages.append(v)
        if v >= c.threshold:
            v = c.rest
            gk += c.adaptation
            post += 1
            spikes += 1
            add(c.potentiation * pre)
        maintenance += cache.maintenance_cost * np.abs(transient).sum()
    return persistent, transient, (consolidation, maintenance, writes), spikes, np.array(voltages)
