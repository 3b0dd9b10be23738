"""Where the reference engine stores changes, written out: the library's memories and one's own."""

import math
from dataclasses import dataclass

import numpy as np

from synlib import _rules
from synlib.memory import Persistent


@dataclass
class Layer:
    """The plastic synapses of a layer: what is stored where, and what was spent.

    The weight is the sum of the stores; consolidation moves it from one to the next, and the last
    is persistent.
    """

    stores: list  # of array (n_inputs, n_units)
    flagged: list  # of bool array (n_inputs, n_units): what is consolidated at the next step
    ledger: dict
    writes: np.ndarray | None
    hidden: list  # of bool: which stores the network does not see
    static_size: float = 0.0  # sum of the absolute weights that never learn

    @property
    def weights(self):
        seen = [s for s, hidden in zip(self.stores, self.hidden, strict=True) if not hidden]
        return sum(seen[1:], seen[0])

    @property
    def transient(self):
        return sum(self.stores[:-1], np.zeros_like(self.stores[-1]))

    def pay_for_writing(self, change):
        """Enter a change of the persistent weights."""
        self.ledger["consolidation"] += size_of(change)
        self.ledger["writes"] += int(np.count_nonzero(change))
        if self.writes is not None:
            self.writes += change != 0

    def consolidate(self, s, due, step=None):
        """Move what is due from store s to the next, or, with a step, whole multiples of it."""
        moved = np.where(due, self.stores[s], 0)
        if step is not None:
            moved = np.sign(moved) * np.floor(np.abs(moved) / step) * step
        self.stores[s + 1] += moved
        self.stores[s] -= moved
        if s + 2 == len(self.stores):
            self.pay_for_writing(moved)


class Caches:
    """Storage by the library's memories: caches one after another, the last store persistent."""

    def __init__(self, memory, randoms):
        self.caches = []
        while not isinstance(memory, Persistent):
            self.caches.append(memory)
            memory = memory.then or Persistent()
        self.upkeep = float(memory.maintenance_cost)
        self.earlier = None  # the stores at the start of the step
        self.n_stores = len(self.caches) + 1
        self.hidden = [*(cache.hidden for cache in self.caches), False]

    def begin(self, layers):
        """What is done before the network's output is computed."""
        if self.caches:
            self.earlier = [[store.copy() for store in layer.stores] for layer in layers]
        for layer in layers:
            for s in reversed(range(len(self.caches))):
                layer.consolidate(s, layer.flagged[s], self._step(s))
                layer.flagged[s][:] = False
            for cache, store in zip(self.caches, layer.stores, strict=False):
                if cache.decay_order == "before":
                    store *= decay(cache)

    def store(self, layers, changes, step):
        """Store the changes of a step; whether all is finite."""
        for layer, change in zip(layers, changes, strict=True):
            layer.stores[0] += change
            if not self.caches:
                layer.pay_for_writing(change)
        for s, cache in enumerate(self.caches):
            due = [is_due(cache, layer.stores[s], step) for layer in layers]
            if cache.scope == "network" and any(d.any() for d in due):
                due = [np.ones_like(d) for d in due]
            for layer, d in zip(layers, due, strict=True):
                if cache.consolidate == "next":
                    layer.flagged[s] = d
                else:
                    layer.consolidate(s, d, self._step(s))
        for k, layer in enumerate(layers):
            for s, cache in enumerate(self.caches):
                store = layer.stores[s]
                layer.ledger["maintenance"] += cache.maintenance_cost * size_of(store)
                if cache.decay_order != "before":
                    store *= decay(cache)
                layer.ledger["transition"] += cache.transition_cost * size_of(
                    store - self.earlier[k][s]
                )
            layer.ledger["maintenance"] += self.upkeep * (
                size_of(layer.stores[-1]) + layer.static_size
            )
        self.earlier = None
        return True

    def _step(self, s):
        """By multiples of what store s is consolidated, if not all of it is."""
        return self.caches[s].threshold if self.caches[s].keep_remainder else None


class OwnMemory:
    """Storage by a memory of one's own; the ledger counts what it sees change."""

    def __init__(self, memory, randoms):
        self.memory, self.randoms = memory, randoms
        self.n_stores = _rules.n_stores(memory)
        self.hidden = [False] * self.n_stores

    def begin(self, layers):
        """Nothing is done before the network's output is computed."""

    def store(self, layers, changes, step):
        """Store the changes of a step, those of all layers or none; whether all is finite."""
        stored = [
            _rules.store(self.memory, k, change, layer.stores, step, self.randoms[k])
            for k, (layer, change) in enumerate(zip(layers, changes, strict=True))
        ]
        if not all(np.isfinite(store).all() for stores, _ in stored for store in stores):
            return False
        for layer, (stores, paid) in zip(layers, stored, strict=True):
            layer.pay_for_writing(stores[-1] - layer.stores[-1])
            layer.ledger["maintenance"] += paid
            layer.stores = stores
        return True


def is_due(cache, transient, step):
    """Mask of the transient weights that are consolidated."""
    due = np.zeros(transient.shape, bool)
    if step % cache.check_every:
        return due
    threshold = cache.threshold or 0
    above = np.abs(transient) > threshold
    if cache.scope == "synapse":
        return above
    if cache.scope == "neuron":
        due[:, above.any(axis=0)] = True
    elif cache.scope == "neuron-sum":
        due[:, np.abs(transient).sum(axis=0) > threshold] = True
    elif above.any():
        due[:] = True
    return due


def decay(cache):
    """What is left of a transient weight after a step."""
    if cache.decay_form == "discrete":
        return float(1 - 1 / cache.decay_time)
    return math.exp(-1 / cache.decay_time)


def size_of(weights):
    """Sum of absolute values."""
    return float(np.abs(weights).sum(dtype=float))
