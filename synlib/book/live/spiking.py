"""Entries for the spiking neuron."""

import numpy as np

from synlib import spiking
from synlib._kernels import spiking as kernels
from synlib._kernels.functions import exponential
from synlib._kernels.layer import CONSOLIDATION, FACTOR, MAINTENANCE, SYNAPSE, WRITES, Cache
from synlib.book.live import draws
from synlib.book.live.kinds import Float, Floats, Int, Ints

NEURON = spiking.neuron()
STILL = NEURON._replace(potentiation=0.0, depression=0.0)
N_STEPS = round(spiking.TRIAL / spiking.STEP)
STEP, FIBRES, RATE = spiking.STEP, spiking.FIBRES, spiking.RATE
BACKGROUND_RATE = spiking.BACKGROUND_RATE
# the first step in which an input is on, and the first in which it is off again
AUDITORY_ON, VISUAL_ON = (
    (round(on / spiking.STEP) + 1, round(off / spiking.STEP))
    for on, off in (spiking.AUDITORY_ON, spiking.VISUAL_ON)
)
TARGETS = spiking.TARGETS


def spiking_patterns(seed: Int, n_inputs: Int, random: Ints, pairs: Ints, strengths: Floats):
    """Draw ``pairs`` (n_patterns * 2,) of inputs, and the strength of the sight each goes with.

    ``random`` (draws.STATE_SIZE,) goes on to the spikes of the trials.
    """
    random[:] = draws.begin(seed, -1)
    for p in range(strengths.size):
        left = draws.below(random, n_inputs * (n_inputs - 1) // 2)
        first = 0
        while left >= n_inputs - 1 - first:  # so many pairs begin with this input
            left -= n_inputs - 1 - first
            first += 1
        pairs[2 * p], pairs[2 * p + 1] = first, first + 1 + left
    for p in range(strengths.size):
        strengths[p] = TARGETS[draws.below(random, 2)]
    return 0


def spiking_round(
    pairs: Ints, strengths: Floats, threshold: Float, decay_time: Float,
    maintenance_cost: Float, random: Ints, persistent: Floats, transient: Floats, state: Floats,
    ledger: Floats,
):  # fmt: skip
    """Present every pattern once, and learn; the number of spikes.

    ``persistent`` and ``transient`` (n_inputs,), ``state`` (2,), begun as 1 and 0, and ``ledger``
    (3,) has what was spent on consolidation and maintenance, and the writes; the others are those
    of `synlib._kernels.spiking.trial`.
    """
    decay = exponential(-1 / (decay_time / STEP))
    cache = Cache(
        threshold, SYNAPSE, decay, True, maintenance_cost * STEP, 0.0, 1, False, False, False
    )
    spent = np.zeros(4)
    spent[CONSOLIDATION], spent[MAINTENANCE], spent[WRITES] = ledger[0], ledger[1], ledger[2]
    n_spikes = 0
    for p in range(strengths.size):
        auditory, visual, background = _spikes(strengths[p], random)
        n_spikes += kernels.trial(
            NEURON, cache, pairs[2 * p : 2 * p + 2], auditory, visual, background, persistent,
            transient, state, spent, np.empty(0),
        )  # fmt: skip
    ledger[0], ledger[1], ledger[2] = spent[CONSOLIDATION], spent[MAINTENANCE], spent[WRITES]
    return n_spikes


def spiking_record(seed: Int, weights: Floats, pair: Ints, strength: Float, voltage: Floats):
    """Fill in the membrane potential of a trial without learning; the number of spikes."""
    auditory, visual, background = _spikes(strength, draws.begin(seed, -1))
    state = np.zeros(2)
    state[FACTOR] = 1.0
    cache = Cache(0.0, SYNAPSE, 1.0, True, 0.0, 0.0, 1, False, False, False)
    return kernels.trial(
        STILL, cache, pair, auditory, visual, background, weights.copy(), np.zeros(weights.size),
        state, np.zeros(4), voltage,
    )  # fmt: skip


@kernels.compiled
def _spikes(strength, random):
    """As `synlib.spiking.draw_spikes`."""
    auditory = np.zeros((N_STEPS, 2), np.int64)
    visual, background = np.zeros(N_STEPS, np.int64), np.zeros(N_STEPS, np.int64)
    sound = _at_most(FIBRES, RATE * STEP * 1e-3)
    for t in range(AUDITORY_ON[0], AUDITORY_ON[1]):
        for a in range(2):
            auditory[t, a] = _binomial(sound, random)
    sight = _at_most(FIBRES, strength * RATE * STEP * 1e-3)
    for t in range(VISUAL_ON[0], VISUAL_ON[1]):
        visual[t] = _binomial(sight, random)
    noise = _at_most(1, BACKGROUND_RATE * STEP * 1e-3)
    for t in range(N_STEPS):
        background[t] = _binomial(noise, random)
    return auditory, visual, background


@kernels.compiled
def _at_most(n, p):
    """Probabilities of at most 0, 1, ..., n - 1 successes in n trials."""
    probability = 1.0
    for _ in range(n):
        probability *= 1 - p
    at_most = np.empty(n)
    at_most[0] = probability
    for k in range(1, n):
        probability *= (n - k + 1) * p / (k * (1 - p))
        at_most[k] = at_most[k - 1] + probability
    return at_most


@kernels.compiled
def _binomial(at_most, random):
    drawn = draws.uniform(random)
    count = 0
    while count < at_most.size and at_most[count] <= drawn:
        count += 1
    return count


ENTRIES = (spiking_patterns, spiking_round, spiking_record)
