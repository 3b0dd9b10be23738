"""A spiking neuron that learns by spike timing, and what that costs.

A leaky integrate-and-fire neuron with adaptation gets auditory and visual input, after D'Souza et
al. (2010) as Li and van Rossum (2020) ran it for their Fig 2S1. The published program lacks the
module with its stopping rule; that rule is ours.
"""

from dataclasses import dataclass, replace

import numpy as np

from synlib import energy
from synlib._interrupt import whole
from synlib._kernels import layer
from synlib._kernels import spiking as kernels
from synlib._kernels.functions import exponential
from synlib._random import generator
from synlib._validation import check_count
from synlib.memory import Persistent, SynapticCache, single_cache

STEP = 0.1  # ms
TRIAL = 150.0  # ms
FIBRES = 15  # of each auditory input, and of the visual one
RATE = 100.0  # Hz of a fibre
BACKGROUND_RATE = 1000.0  # Hz
AUDITORY_ON = 0.0, 50.0  # ms
VISUAL_ON = 70.0, 120.0  # ms
TARGETS = 0.5, 1.0  # relative rate of the visual input
GAIN = 1.25  # nS
POTENTIATION = 0.001
DEPRESSION = 1.05 * POTENTIATION * 50 / 70
LARGEST = 2.5  # nS
SETTLED_ROUNDS = 10
SETTLED_WITHIN = 0.03  # of the largest conductance
ROUNDING = 1e-12  # of the largest conductance; a weight that has returned to zero may keep so much


def neuron():
    """Constants of the neuron, with decays per time step.

    Returns
    -------
    Neuron
        In ms, mV, nS and nF.

    Examples
    --------
    >>> neuron().threshold
    -50.0
    """
    return kernels.Neuron(
        step=STEP,
        capacitance=0.5,
        leak=20.0,
        rest=-70.0,
        threshold=-50.0,
        visual=3.0,
        background=1.0,
        adaptation=80.0,
        adaptation_decay=_decay(110.0),
        synaptic_decay=_decay(10.0),
        pre_decay=_decay(70.0),
        post_decay=_decay(50.0),
        potentiation=GAIN * POTENTIATION,
        depression=GAIN * DEPRESSION,
        largest=LARGEST,
    )


@dataclass
class Learned:
    """What is left after learning, or after as much of it as there was time for.

    Parameters
    ----------
    rounds : int
        Presentations of every pattern.
    settled : bool
        Whether the weights came to rest.
    success : bool
        Whether the responses to the two targets are told apart.
    weights : array (n_rounds + 1, n_inputs)
        Auditory conductances in nS, before learning and after each round.
    energy : dict
        The ledger at the end, see `synlib.energy`; energies in nS.
    spent : array (n_rounds + 1,)
        Energy so far before learning and after each round, in nS, outstanding changes included.
    responses : array (n_patterns,)
        Summed conductance of the active inputs of each pattern, in nS.
    """

    rounds: int
    settled: bool
    success: bool
    weights: np.ndarray
    energy: dict
    spent: np.ndarray
    responses: np.ndarray


def learn(n_patterns, *, memory=None, n_inputs=100, max_rounds=1000, random_state=None):
    """Learn to respond to pairs of auditory inputs as to the visual input they go with.

    Parameters
    ----------
    n_patterns : int
        Each is a pair of active auditory inputs and one of two strengths of the visual input.
    memory : Persistent or SynapticCache, optional
        Where changes are stored; by default `Persistent`. The cache is that of each synapse, scope
        ``"synapse"``, with a threshold in nS, a decay time in ms and a maintenance cost per ms and
        nS. It decays at the start of each time step.
    n_inputs : int
        Auditory inputs; >= 2.
    max_rounds : int
    random_state : int, Generator, RandomState or None
        Source of patterns and spikes.

    Returns
    -------
    Learned

    Raises
    ------
    ValueError
        If an argument is out of its range.
    KeyboardInterrupt
        On Ctrl-C; as its attribute ``learned``, it has what was learned in the rounds until then.

    References
    ----------
    Li and van Rossum (2020), eLife 9:e50804, Fig 2S1.

    Examples
    --------
    >>> plain = learn(2, max_rounds=30, random_state=0)
    >>> cached = learn(2, memory=SynapticCache(0.1, "synapse"), max_rounds=30, random_state=0)
    >>> cached.energy["total"] < plain.energy["total"]
    True
    """
    check_count("n_inputs", n_inputs, 2)
    check_count("n_patterns", n_patterns)
    check_count("max_rounds", max_rounds)
    cache = _validated_cache(Persistent() if memory is None else memory)
    random = generator(random_state)
    pairs, strengths = draw_patterns(n_patterns, n_inputs, random)
    constants = neuron()
    persistent, transient, state, ledger = begin(np.zeros(n_inputs))
    history, spent = [persistent.copy()], [0.0]

    def learned():
        return _learned(history, spent, persistent, ledger, pairs, strengths)

    try:
        while len(history) <= max_rounds and not _settled(history):
            with whole():
                for pair, strength in zip(pairs, strengths, strict=True):
                    arriving = draw_spikes(strength, random)
                    kernels.trial(
                        constants, cache, pair, *arriving, persistent, transient, state, ledger,
                        np.empty(0),
                    )  # fmt: skip
                history.append(persistent + state[kernels.FACTOR] * transient)
                held = np.abs(history[-1] - persistent).sum()
                spent.append(ledger[layer.CONSOLIDATION] + ledger[layer.MAINTENANCE] + held)
    except KeyboardInterrupt as interrupt:
        interrupt.learned = learned()  # type: ignore[attr-defined]
        raise
    return learned()


def record_trial(weights, pair, strength, random_state=None):
    """The membrane potential in one trial, without learning.

    Parameters
    ----------
    weights : array (n_inputs,)
        Auditory conductances in nS.
    pair : array (2,)
        The active inputs.
    strength : float
        Relative rate of the visual input.
    random_state : int, Generator, RandomState or None

    Returns
    -------
    array (n_steps,)
        In mV.

    Examples
    --------
    >>> record_trial(np.zeros(100), np.array([0, 1]), 1.0, random_state=0).shape
    (1500,)
    """
    still = neuron()._replace(potentiation=0.0, depression=0.0)
    spikes = draw_spikes(strength, generator(random_state))
    voltage = np.empty(round(TRIAL / STEP))
    cache = _validated_cache(Persistent())
    kernels.trial(still, cache, pair, *spikes, *begin(weights), voltage)
    return voltage


def begin(weights):
    """What `synlib._kernels.spiking.trial` changes: persistent and transient weights, their state
    and the ledger, before any learning."""
    return weights.astype(float), np.zeros(weights.size), np.array([1.0, 0.0]), np.zeros(4)


def draw_patterns(n_patterns, n_inputs, random):
    """Pairs of inputs, array (n_patterns, 2), and a target for each, (n_patterns,).

    As published, each pair is drawn by itself, so that a pair may come twice.
    """
    first, second = np.triu_indices(n_inputs, 1)
    chosen = random.choice(first.size, n_patterns)
    return np.column_stack([first[chosen], second[chosen]]), random.choice(TARGETS, n_patterns)


def draw_spikes(strength, random):
    """Spikes that arrive in each step of a trial.

    Returns
    -------
    auditory : int array (n_steps, 2)
    visual, background : int array (n_steps,)
    """
    n_steps = round(TRIAL / STEP)
    auditory = np.zeros((n_steps, 2), np.int64)
    visual = np.zeros(n_steps, np.int64)
    for spikes, (on, off), rate in (
        (auditory, AUDITORY_ON, RATE),
        (visual, VISUAL_ON, strength * RATE),
    ):
        part = spikes[round(on / STEP) + 1 : round(off / STEP)]  # strictly inside
        part[:] = _draw_binomial(FIBRES, rate * STEP * 1e-3, part.shape, random)
    background = _draw_binomial(1, BACKGROUND_RATE * STEP * 1e-3, n_steps, random)
    return auditory, visual, background


def _learned(history, spent, persistent, ledger, pairs, strengths):
    weights = history[-1]
    held = np.abs(weights - persistent)
    settled = _settled(history)
    responses = weights[pairs].sum(axis=1)
    return Learned(
        rounds=len(history) - 1,
        settled=settled,
        success=settled and _told_apart(responses, strengths),
        weights=np.array(history),
        energy=energy.entries(
            consolidation=ledger[layer.CONSOLIDATION],
            maintenance=ledger[layer.MAINTENANCE],
            transition=ledger[layer.TRANSITION],
            outstanding=held.sum(),
            minimal=weights.sum(),  # they began at zero
            writes=ledger[layer.WRITES],
            minimal_writes=np.count_nonzero(weights > ROUNDING * LARGEST),
        ),
        spent=np.array(spent),
        responses=responses,
    )


def _validated_cache(memory):
    """Settings of the cache, per time step."""
    single_cache(memory, "spiking neuron", "before", "exponential")
    if isinstance(memory, SynapticCache):  # its times are in ms
        memory = replace(
            memory,
            decay_time=memory.decay_time / STEP,
            maintenance_cost=memory.maintenance_cost * STEP,
        )
    cache, _ = single_cache(memory, "spiking neuron", "before", "exponential")
    for name, known in (
        ("scope", cache.scope == layer.SYNAPSE),
        ("decay_order", cache.decay_first or cache.decay == 1),
        ("transition_cost", cache.transition_cost == 0),
        ("check_every", cache.check_every == 1),
        ("consolidate", not cache.deferred),
    ):
        if not known:
            usual = {"scope": "'synapse'", "decay_order": "'before'", "transition_cost": "0",
                     "check_every": "1", "consolidate": "'now'"}[name]  # fmt: skip
            raise ValueError(f"memory of a spiking neuron must have {name}={usual}, got {memory!r}")
    return cache


def _draw_binomial(n, p, shape, random):
    """Successes in n trials, by sums and products as written; NumPy asks the C library for logs."""
    probability = 1.0
    for _ in range(n):
        probability *= 1 - p
    at_most = [probability]
    for k in range(1, n):
        probability *= (n - k + 1) * p / (k * (1 - p))
        at_most.append(at_most[-1] + probability)
    return np.searchsorted(at_most, random.random(shape), side="right")


def _decay(time):
    return exponential(-STEP / time)


def _settled(history):
    if len(history) <= SETTLED_ROUNDS:
        return False
    last = np.array(history[-SETTLED_ROUNDS:])
    return bool((np.abs(last - last.mean(axis=0)) <= SETTLED_WITHIN * LARGEST).all())


def _told_apart(responses, strengths):
    """Within 2 standard deviations of their own mean, 5 of the other's away from the other's."""
    for target in TARGETS:
        own, other = responses[strengths == target], responses[strengths != target]
        if own.size and (np.abs(own - own.mean()) > 2 * own.std() + 1e-12).any():
            return False
        if own.size and other.size and (np.abs(own - other.mean()) < 5 * other.std()).any():
            return False
    return True
