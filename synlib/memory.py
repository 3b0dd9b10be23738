"""Where a change is stored: at once for good, or first in a cheap store that fades."""

import math
from dataclasses import dataclass

import numpy as np

from synlib._kernels import layer as kernels
from synlib._kernels.functions import exponential
from synlib._parameters import Parameters
from synlib._validation import check_choice, check_count, check_flag, check_number

SCOPES = {
    "synapse": kernels.SYNAPSE,
    "neuron": kernels.NEURON,
    "neuron-sum": kernels.NEURON_SUM,
    "layer": kernels.LAYER,
    "network": kernels.NETWORK,
}


class Memory(Parameters):
    """Base of all memories.

    A memory of one's own needs one method, `store`. The reference engine asks it at every step, for
    each layer, and the ledger counts what it sees change.

    Attributes
    ----------
    n_stores : int
        How many stores a layer has, the last of which is persistent. The weight that the network
        sees is their sum. At the start all but the last are zero.
    """

    n_stores = 2

    def __init_subclass__(cls, **options):
        """A class that defines `store` alone is not known to the compiled engine."""
        super().__init_subclass__(**options)
        if "store" in vars(cls) and "settings" not in vars(cls):
            cls.settings = Memory.settings  # type: ignore[method-assign]

    def store(self, layer, change, stores, step, random):
        """Store the change of a step, and do all else that happens to the stores in a step.

        Parameters
        ----------
        layer : int
            0, 1, ...; the first has the inputs of the network.
        change : array (n_inputs, n_units)
            What the plastic weights of the layer are to change by.
        stores : tuple of n_stores arrays (n_inputs, n_units)
            As they were, the last of them persistent; copies, which may be written to.
        step : int
            1, 2, ...
        random : Generator
            The layer's own; the network's ``random_state`` decides what it draws.

        Returns
        -------
        stores : tuple of n_stores arrays (n_inputs, n_units)
            As they are now. How far the last one has changed is consolidation, and each of its
            synapses that changed is a write.
        energy : float
            What else this step costs, in a.u., such as holding transient weights; >= 0. It is
            entered as maintenance.
        """
        raise NotImplementedError(f"{type(self).__name__} has no method store")

    def settings(self, decay_order, decay_form):
        """Settings of each store for the compiled engine, or None if it cannot run the memory.

        The arguments are the network's own defaults.
        """
        return None


@dataclass(frozen=True)
class Persistent(Memory):
    """Every change is written into the persistent weight at once: learning without a cache.

    Parameters
    ----------
    maintenance_cost : float
        Energy per step and unit of persistent weight, in a.u.; >= 0. It is counted as maintenance,
        also for weights that never learn.

    Examples
    --------
    >>> Persistent()
    Persistent(maintenance_cost=0.0)
    """

    maintenance_cost: float = 0.0

    def __post_init__(self):
        check_number(
            "maintenance_cost",
            self.maintenance_cost,
            "a finite number >= 0",
            lambda v: 0 <= v < math.inf,
        )

    def settings(self, decay_order, decay_form):
        cost = float(self.maintenance_cost)
        return (kernels.Cache(0.0, kernels.SYNAPSE, 1.0, False, cost, 0.0, 1, False, False, False),)


@dataclass(frozen=True)
class SynapticCache(Memory):
    """Changes are kept in a transient weight and consolidated when it crosses a threshold.

    The weight is the sum of a persistent and a transient part, ``w = l + s``. Changes go to s,
    which costs maintenance while it lasts and decays; crossing the threshold moves it to l, at
    the price of a write.

    Parameters
    ----------
    threshold : float or None
        Size of the transient weight (of its sum, for ``"neuron-sum"``) above which it is
        consolidated; >= 0. With 0, or None, every change is consolidated at the next test: at once,
        as if there were no cache, unless ``check_every`` or ``consolidate`` put it off.
    scope : {"neuron", "synapse", "neuron-sum", "layer", "network"}
        What is consolidated when. ``"synapse"``: a synapse that crosses the threshold, alone
        (local-local). ``"neuron"``: all synapses of a unit when one of them crosses it
        (local-global). ``"neuron-sum"``: all synapses of a unit when the sum of their absolute
        transient weights crosses it (global-global). ``"layer"``, ``"network"``: all synapses
        of the layer or network when one of them crosses it.
    decay_time : float
        Time constant of the decay of s, in steps (presentations; in ms for the spiking neuron);
        > 1, ``inf`` for no decay.
    maintenance_cost : float
        Energy per step (per ms for the spiking neuron) and unit of transient weight, c, in a.u.;
        >= 0.
    transition_cost : float
        Energy per unit change of s from the end of one step to the end of the next, b, in a.u.;
        >= 0. Decay and the return to zero count; a change that is consolidated at once does not.
    check_every : int
        The threshold is tested at every n-th step only.
    consolidate : {"now", "next"}
        Whether crossing consolidates in the same step or flags for the start of the next.
    decay_order : {"before", "after"}, optional
        Whether s decays before or after the network's output is computed. By default as Li and van
        Rossum ran it: before in the perceptron, after (at the end of the step) in the multilayer
        network.
    decay_form : {"discrete", "exponential"}, optional
        Factor per step 1 - 1/decay_time or exp(-1/decay_time). By default as Li and van Rossum ran
        it: discrete in the perceptron, exponential in the multilayer network.
    then : SynapticCache or Persistent, optional
        The store into which this one is consolidated; by default `Persistent`. Caches that end in
        one another are a cascade: only writing into the last, persistent store costs a write, and
        each stage has its own maintenance. Multilayer networks only.

    keep_remainder : bool
        Whether only whole multiples of the threshold are consolidated, and the rest of s stays: the
        threshold is then the step by which a device is programmed. It must be positive, and the
        scope not ``"neuron-sum"``. Multilayer networks only.
    hidden : bool
        Whether the network is blind to s: what it computes, its errors and the weights it shows are
        those of the other stores. Multilayer networks only.

    Raises
    ------
    ValueError
        If an argument is out of its range.

    References
    ----------
    Li and van Rossum (2020), eLife 9:e50804, Fig 4A (scopes) and Methods. Changes that are gathered
    out of sight and programmed by whole steps: Nandakumar et al. (2020), Front Neurosci 14:406.

    Examples
    --------
    >>> SynapticCache(threshold=0.04, decay_time=1000, maintenance_cost=1e-3).scope
    'neuron'
    >>> SynapticCache(threshold=-1)
    Traceback (most recent call last):
        ...
    ValueError: threshold must be a number >= 0, got -1
    """

    threshold: float | None
    scope: str = "neuron"
    decay_time: float = math.inf
    maintenance_cost: float = 0.0
    transition_cost: float = 0.0
    check_every: int = 1
    consolidate: str = "now"
    decay_order: str | None = None
    decay_form: str | None = None
    then: "SynapticCache | Persistent | None" = None
    keep_remainder: bool = False
    hidden: bool = False

    def __post_init__(self):
        if self.threshold is not None:
            check_number("threshold", self.threshold, "a number >= 0", lambda v: v >= 0)
        if not isinstance(self.then, SynapticCache | Persistent | None):
            raise ValueError(f"then must be a SynapticCache or Persistent, got {self.then!r}")
        for name in ("maintenance_cost", "transition_cost"):
            check_number(
                name, getattr(self, name), "a finite number >= 0", lambda v: 0 <= v < math.inf
            )
        check_number("decay_time", self.decay_time, "a number of steps > 1", lambda v: v > 1)
        check_choice("scope", self.scope, tuple(SCOPES))
        check_count("check_every", self.check_every)
        check_choice("consolidate", self.consolidate, ("now", "next"))
        check_choice("decay_order", self.decay_order, (None, "before", "after"))
        check_choice("decay_form", self.decay_form, (None, "discrete", "exponential"))
        check_flag("keep_remainder", self.keep_remainder)
        check_flag("hidden", self.hidden)
        if self.keep_remainder and (not self.threshold or self.scope == "neuron-sum"):
            raise ValueError(
                "keep_remainder must be False with threshold 0 or None, or scope 'neuron-sum', "
                "which name no step by which a synapse changes"
            )

    @property
    def at_once(self):
        """Whether every change is consolidated at once, as if there were no cache."""
        return not self.threshold and self.check_every == 1 and self.consolidate == "now"

    def settings(self, decay_order, decay_form):
        rest = (self.then or Persistent()).settings(decay_order, decay_form)
        if self.at_once:
            return rest
        discrete = (self.decay_form or decay_form) == "discrete"
        decay = 1 - 1 / self.decay_time if discrete else exponential(-1 / float(self.decay_time))
        stage = kernels.Cache(
            threshold=float(self.threshold or 0),  # tested now and then, it holds what is between
            scope=SCOPES[self.scope],
            decay=decay,
            decay_first=(self.decay_order or decay_order) == "before",
            maintenance_cost=float(self.maintenance_cost),
            transition_cost=float(self.transition_cost),
            check_every=int(self.check_every),
            deferred=self.consolidate == "next",
            keep_remainder=bool(self.keep_remainder),
            hidden=bool(self.hidden),
        )
        return stage, *rest


def may_follow(memory, before):
    """Whether a network that learned with one memory can go on with another.

    It can where they differ in thresholds alone. Without a threshold there may be no cache; and
    what is put off to the next step was decided by the threshold of the last one.
    """
    stages = [m.settings("after", "exponential") for m in (memory, before)]
    if None in stages or len(stages[0]) != len(stages[1]):
        return False
    return all(
        now._replace(threshold=0.0) == then._replace(threshold=0.0)
        and not (now.deferred and now != then)
        for now, then in zip(*stages, strict=True)
    )


def single_cache(memory, network, decay_order, decay_form):
    """Settings of the one cache, at most, that a network knows, and whether there is one.

    Raises
    ------
    ValueError
        If it is another memory; names the network.
    """
    if not isinstance(memory, Memory):
        raise ValueError(f"memory must be Persistent or SynapticCache, got {memory!r}")
    stages = memory.settings(decay_order, decay_form)
    if stages is None:
        raise ValueError(
            f"memory of a {network} cannot be one's own, whose method store only MLP asks, "
            f"got {memory!r}"
        )
    *caches, end = stages
    if len(caches) > 1 or end.maintenance_cost > 0:
        raise ValueError(
            f"memory of a {network} must be a single SynapticCache, or Persistent without "
            f"maintenance_cost, got {memory!r}"
        )
    if stages[0].keep_remainder or stages[0].hidden:
        raise ValueError(
            f"memory of a {network} must be without keep_remainder and hidden, which only MLP "
            f"knows, got {memory!r}"
        )
    return stages[0], bool(caches)


@dataclass(frozen=True)
class ColumnTransfer(Memory):
    """A transient store that is written down a column at a time, each in its turn.

    A column holds the synapses from one input onto all units of a layer, which a crossbar array
    reads at once. Whatever it holds is moved into the persistent store.

    Parameters
    ----------
    every : int
        Steps between two transfers; each layer transfers at the same steps.
    columns : int
        How many columns are transferred then, or all that a layer has.
    decay_time : float
        Time constant of the decay of the transient store, in steps; > 1, ``inf`` for none.

    Raises
    ------
    ValueError
        If an argument is out of its range.

    Notes
    -----
    It has the method `store`, so that it runs in the reference engine of `MLP` and in
    `synlib.torch.Plastic`. In the algorithm that it is like, gradients go to one array of devices
    whose columns are added to another array in turn; they are not taken away from the first, but
    fade there since its devices are asymmetric.

    References
    ----------
    Gokmen and Haensch (2020), Front Neurosci 14:103.

    Examples
    --------
    >>> import numpy as np
    >>> stores = np.zeros((3, 2)), np.zeros((3, 2))
    >>> (transient, persistent), _ = ColumnTransfer().store(0, np.ones((3, 2)), stores, 2, None)
    >>> transient[:, 0], persistent[:, 0]  # the second input has its turn at the second step
    (array([1., 0., 1.]), array([0., 1., 0.]))
    """

    every: int = 1
    columns: int = 1
    decay_time: float = math.inf

    def __post_init__(self):
        check_count("every", self.every)
        check_count("columns", self.columns)
        check_number("decay_time", self.decay_time, "a number of steps > 1", lambda v: v > 1)

    def store(self, layer, change, stores, step, random):
        transient, persistent = stores
        transient += change
        if step % self.every == 0:
            first = (step // self.every - 1) * self.columns
            n_inputs = len(transient)
            turn = np.arange(first, first + min(self.columns, n_inputs)) % n_inputs
            persistent[turn] += transient[turn]
            transient[turn] = 0
        return (transient * math.exp(-1 / self.decay_time), persistent), 0.0


def stack(stages):
    """The settings of the stores of a memory, as one `Cache` of arrays (n_stores,)."""
    return kernels.Cache(*(np.array(values) for values in zip(*stages, strict=True)))
