"""Where changes are stored: the caches of `synlib.memory`, for one parameter.

The stores are tensors like the parameter, caches first; the last is persistent. What happens in a
step happens in the order of `synlib.reference`.
"""

from functools import partial

import numpy as np
import torch

from synlib import _rules
from synlib._kernels.layer import LAYER, NETWORK, NEURON, NEURON_SUM
from synlib.memory import Persistent
from synlib.torch._cells import precision_of
from synlib.torch._choice import matrix


class Stores:
    """The stores behind one parameter, and what holding and changing them has cost.

    Parameters
    ----------
    parameter : Parameter
        What the model sees. Without caches it is the only store; with them, what it is at the
        start goes to the persistent one.
    stages : sequence of Cache
        Settings of the stores, as of `SynapticCache.settings`.
    """

    def __init__(self, parameter, stages):
        self.parameter = parameter
        *self.caches, last = stages
        self.upkeep = last.maintenance_cost
        weights = parameter.detach()
        zeros = partial(torch.zeros_like, weights, memory_format=torch.preserve_format)
        self.persistent = weights.clone(memory_format=torch.preserve_format)
        self.transient = [zeros(dtype=precision_of(weights)) for _ in self.caches]
        self.flagged = [zeros(dtype=torch.bool) if c.deferred else None for c in self.caches]
        self.earlier = [
            zeros(dtype=precision_of(weights)) if c.transition_cost else None for c in self.caches
        ]
        # maintenance, transition, number of changes that entered a cache
        self.spent = torch.zeros(3, dtype=torch.float64, device=weights.device)
        self.version = parameter._version

    @property
    def seen(self):
        """The weights that the model sees: the sum of the stores that are not hidden."""
        shown = [s for s, c in zip(self.transient, self.caches, strict=True) if not c.hidden]
        weights = sum(shown[1:], shown[0]) + self.persistent if shown else self.persistent
        return weights.to(self.parameter.dtype)

    def show(self):
        """Let the model see what is stored."""
        self.parameter.copy_(self.seen)
        self.version = self.parameter._version

    def take_over(self):
        """Take a change that others made in what the model sees for a write."""
        seen = self.seen
        if not equal(self.parameter, seen):
            self.persistent.add_(self.parameter - seen)
            self.show()
        self.version = self.parameter._version

    @property
    def in_transit(self):
        """What is in the caches."""
        return sum(self.transient[1:], self.transient[0])

    def enter(self, change):
        """Add a change to the first cache."""
        self.transient[0].add_(change)
        self.spent[2] += torch.count_nonzero(change)

    def begin(self):
        """What happens before the output of a step is computed."""
        for s in reversed(range(len(self.caches))):
            if self.caches[s].deferred:
                self.consolidate(s, self.flagged[s])
                self.flagged[s].zero_()
        for store, cache in zip(self.transient, self.caches, strict=True):
            if cache.decay_first:
                store.mul_(cache.decay)

    def due(self, s, step):
        """Mask of what is consolidated from cache ``s``, to be broadcast; None for nothing."""
        cache, store = self.caches[s], self.transient[s]
        if step % cache.check_every:
            return None
        if cache.scope == NEURON_SUM:
            due = matrix(store).abs().sum(1) > cache.threshold
        else:
            due = store.abs() > cache.threshold
            if cache.scope == NEURON:
                due = matrix(due).any(1)
            elif cache.scope in (LAYER, NETWORK):
                due = due.any()
        if cache.scope in (NEURON, NEURON_SUM) and store.ndim:
            due = due.view(-1, *[1] * (store.ndim - 1))
        return due

    def settle(self, s, due):
        """Consolidate from cache ``s`` what is due, now or at the start of the next step."""
        if self.caches[s].deferred:
            self.flagged[s].copy_(due)
        else:
            self.consolidate(s, due)

    def consolidate(self, s, due):
        """Move what is due from cache ``s`` to the next store."""
        cache, store = self.caches[s], self.transient[s]
        if store.device.type == "cpu" and not due.any():
            return
        moved = torch.where(due, store, 0)
        if cache.keep_remainder:
            moved = torch.trunc(moved / cache.threshold) * cache.threshold
            store.sub_(moved)
        else:
            store.masked_fill_(due, 0)
        (*self.transient, self.persistent)[s + 1].add_(moved)

    def hold(self, step):
        """What holding and changing the transient weights costs at the end of a step."""
        for store, earlier, cache in zip(self.transient, self.earlier, self.caches, strict=True):
            if cache.maintenance_cost:
                self.spent[0] += cache.maintenance_cost * size_of(store)
            if not cache.decay_first and cache.decay != 1:
                store.mul_(cache.decay)
            if cache.transition_cost:
                self.spent[1] += cache.transition_cost * size_of(store - earlier)
                earlier.copy_(store)
        if self.upkeep:
            stored = self.persistent if self.caches else self.parameter
            self.spent[0] += self.upkeep * size_of(stored)

    def state(self):
        """What it takes to go on from here, beside the persistent weights."""
        names = ("transient", "earlier", "flagged")
        stores = {
            name: [s if s is None else s.clone() for s in getattr(self, name)] for name in names
        }
        return {**stores, "spent": self.spent.clone()}

    def load(self, state, persistent):
        """Go on from a `state`."""
        for name in ("transient", "earlier", "flagged"):
            for store, kept in zip(getattr(self, name), state[name], strict=True):
                if store is not None:
                    store.copy_(kept)
        self.spent.copy_(state["spent"])
        self.persistent.copy_(persistent)
        self.version = None  # whether the model sees these weights is looked at in the next step


class OwnStores(Stores):
    """The stores of a memory of one's own, whose method ``store`` is asked at every step.

    Parameters
    ----------
    parameter : Parameter
    memory : Memory
    """

    def __init__(self, parameter, memory):
        (plain,) = Persistent().settings("after", "exponential")
        n_transient = _rules.n_stores(memory) - 1
        super().__init__(parameter, (plain,) * (max(1, n_transient) + 1))
        for name in ("transient", "flagged", "earlier"):
            setattr(self, name, getattr(self, name)[:n_transient])
        self.memory, self.change = memory, None
        self.layer = self.random = None  # said when all parameters are known

    @property
    def seen(self):
        return (self.in_transit + self.persistent).to(self.parameter.dtype)

    @property
    def in_transit(self):
        return sum(self.transient, torch.zeros_like(self.persistent))

    def enter(self, change):
        self.change = change
        self.spent[2] += torch.count_nonzero(change)

    def due(self, s, step):
        """The memory itself decides what is."""

    def hold(self, step):
        """Let the memory store the change of a step."""
        stores = [*self.transient, self.persistent]
        change = torch.zeros_like(stores[0]) if self.change is None else self.change
        self.change = None
        shown = [matrix(one).T.cpu().to(precision_of(one)).numpy() for one in (change, *stores)]
        kept, energy = _rules.store(self.memory, self.layer, shown[0], shown[1:], step, self.random)
        for store, one in zip(stores, kept, strict=True):
            store.copy_(torch.from_numpy(np.ascontiguousarray(one.T)).view(store.shape))
        self.spent[0] += energy

    def state(self):
        return {**super().state(), "random": self.random.bit_generator.state}

    def load(self, state, persistent):
        super().load(state, persistent)
        self.random.bit_generator.state = state["random"]


def equal(weights, others):
    """Whether all are equal; weights that have diverged are not numbers, and count as equal."""
    return torch.equal(weights, others) or bool(
        ((weights == others) | (weights.isnan() & others.isnan())).all()
    )


def size_of(weights):
    """Sum of absolute values."""
    return weights.abs().sum(dtype=torch.float64)
