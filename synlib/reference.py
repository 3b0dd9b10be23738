"""The network as one would write it on a blackboard: dense matrices, no tricks.

At every step each layer's whole outer product is formed, all of its entries are sorted where a rule
chooses by size, every transient weight is multiplied by its decay, and the ledger sums over whole
matrices. It runs all that the compiled engine runs, with the same results, and it is the only one
that runs rules and memories of one's own, for which it asks `PlasticityRule.choose` and
`Memory.store` at every step. Tests compare the compiled engine with it.
"""

import math
from dataclasses import dataclass

import numpy as np

from synlib import _rules, energy
from synlib._kernels.layer import BY_INPUT, BY_UPDATE, BY_WEIGHT, BY_WEIGHT_OF_UNIT, MASK, NONE
from synlib._kernels.network import ALL_UNITS, BY_ERROR
from synlib._run import Run
from synlib._validation import per_layer
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


class ReferenceRun(Run):
    """Learning step by step, each as it is written in the papers."""

    def __init__(
        self,
        net,
        memory,
        plasticity,
        weights,
        expressed,
        for_order,
        for_rule,
        count_writes=False,
    ):
        super().__init__(net, plasticity, weights, expressed, for_order, for_rule)
        self.for_choice = for_rule.spawn(len(weights))
        own = memory.settings("after", "exponential") is None
        storage = _OwnMemory if own else _Caches
        self.storage = storage(memory, for_rule.spawn(len(weights)))
        self.layers = [
            Layer(
                stores=[*(np.zeros_like(w) for _ in range(self.storage.n_stores - 1)), w.copy()],
                flagged=[np.zeros(w.shape, bool) for _ in range(self.storage.n_stores - 1)],
                ledger=dict(consolidation=0.0, maintenance=0.0, transition=0.0, writes=0),
                writes=np.zeros(w.shape, np.int64) if count_writes else None,
                hidden=self.storage.hidden,
            )
            for w in self.initial
        ]
        for layer, w, initial in zip(self.layers, weights, self.initial, strict=True):
            layer.static_size = size_of(w) - size_of(initial)

    def learn_from(self, net, plasticity, X, labels):
        super().learn_from(net, plasticity, X, labels)
        self.plasticity = plasticity
        self.whole = [w.copy() for w in self.weights]  # plastic and static weights

    def rest(self):
        super().rest()
        self.plasticity = self.whole = None

    def advance(self, stop):
        """Learn from the next sample; how many it were, 0 if the network diverged."""
        (number,) = self.upcoming(1)
        x, label = self.X[number], self.labels[number]
        with np.errstate(all="ignore"):  # divergence is told from what comes out
            self.storage.begin(self.layers)
            for k, (n, m) in enumerate(self.shapes):
                self.whole[k][:n, :m] = self.layers[k].weights
            values = self._activities(x)
            proposals = self._proposals(values, label)
            self.diverged = not all(np.isfinite(proposal).all() for proposal in proposals)
            if self.diverged:
                return 0
            rests = _rests(self.net, _targets(self.net, values[-1], label), values[-1], label)
            changes = [
                proposal * (self._choose(k, proposal, values[k]) & (not rests))
                for k, proposal in enumerate(proposals)
            ]
            self.diverged = not self.storage.store(self.layers, changes, self.step + 1)
        self.step += not self.diverged
        return int(not self.diverged)

    def _activities(self, x):
        """Of the inputs and of all layers of units."""
        net = self.net
        values = [np.append(x, x.dtype.type(1)) if net.bias else x]
        for weights in self.whole[:-1]:
            values.append(activate(values[-1] @ weights, net.activation))
            if net.bias:
                values[-1][0] = 1
        values.append(activate(values[-1] @ self.whole[-1], net.output))
        return values

    def _proposals(self, values, label):
        """What back-propagation proposes to add to the plastic weights of each layer."""
        net = self.net
        target = _targets(net, values[-1], label)
        delta = output_delta(net, target, values[-1])
        back = target - values[-1] if net.gradient == "li2020" else delta
        rates = per_layer("learning_rate", net.learning_rate, len(self.layers))
        proposals = []
        for k in reversed(range(len(self.layers))):
            learning = self._learning_units(k, delta, values[k + 1], label)
            delta, back = delta * learning, back * learning
            n, m = self.shapes[k]
            proposals.insert(0, np.outer(values[k][:n], float(rates[k]) * delta[:m]))
            if k > 0:
                delta = back = (self.whole[k] @ back) * slope(values[k], net.activation)
                if net.bias:
                    delta[0] = 0
        return proposals

    def _learning_units(self, k, delta, activity, label):
        """Mask of the units of layer k that get an error."""
        m = self.shapes[k][1]
        mask = np.ones(delta.size, bool)
        if self.unit_masks[k].masks is not None:
            masks, number = self.unit_masks[k].at(self.step, np.array([label]))
            mask[:m] = masks[number[0]]
        competing = self.competing[k]
        if competing.kind != ALL_UNITS:
            clamped = self.net.bias and k < len(self.layers) - 1
            candidates = slice(int(clamped), m)
            sizes = np.abs(delta * mask if competing.kind == BY_ERROR else activity)[candidates]
            mask[candidates] &= extreme(sizes, competing.count, competing.sign)
        return mask

    def _choose(self, k, proposal, inputs):
        """Mask of the synapses of layer k that express their proposed change."""
        inputs, weights = inputs[: len(proposal)], self.layers[k].weights
        if self.expressed[k] is not None and self.expressed[k].kind == NONE:
            return False
        if self.plasticity.chooses:
            return _rules.choose(self.plasticity, k, proposal, inputs, weights, self.for_choice[k])
        return as_expressed(self.expressed[k], proposal, inputs, weights)

    def effective(self, k):
        return self.layers[k].weights

    def transient(self, k):
        return self.layers[k].transient

    def writes(self, k):
        """Writes of each synapse, or None if nobody asked for them."""
        return self.layers[k].writes

    def ledger(self, k, initial, weights):
        change = np.abs(weights - initial)
        scale = np.abs(initial) + change.max(axis=0, initial=0)
        return energy.entries(
            **self.layers[k].ledger,
            outstanding=size_of(self.layers[k].transient),
            minimal=size_of(change),
            minimal_writes=np.count_nonzero(change > self.rounding(k) * scale),
        )


class _Caches:
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


class _OwnMemory:
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


def as_expressed(expressed, proposal, inputs, weights):
    """Mask of the synapses that an `Expressed` describes."""
    kind, count, sign = expressed.kind, expressed.count, expressed.sign
    if kind == MASK:
        return expressed.mask
    if kind == BY_INPUT:  # the same as by update within each unit
        return np.repeat(extreme(np.abs(inputs), count, sign)[:, None], proposal.shape[1], axis=1)
    if kind == BY_UPDATE:
        return extreme(np.abs(proposal), count, sign)
    if kind == BY_WEIGHT:
        return extreme(np.abs(weights), count, sign)
    if kind == BY_WEIGHT_OF_UNIT:
        return np.column_stack([extreme(np.abs(onto), count, sign) for onto in weights.T])
    return np.full(proposal.shape, kind != NONE)


def extreme(sizes, count, sign):
    """Mask of the ``count`` largest (sign 1) or smallest entries, ties going to the first."""
    order = np.argsort(-sign * sizes.ravel(), kind="stable")
    mask = np.zeros(sizes.size, bool)
    mask[order[:count]] = True
    return mask.reshape(sizes.shape)


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


def activate(x, kind):
    """Activities from summed inputs."""
    if kind == "logistic":
        return 1 / (1 + np.exp(-x))
    if kind == "relu":
        return np.maximum(x, 0)
    if kind == "leaky_relu":
        return np.where(x > 0, x, 0.1 * x)
    if kind == "elu":
        return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))
    if kind == "tanh":
        return np.tanh(x)
    if kind == "softmax":
        return np.exp(x - x.max()) / np.exp(x - x.max()).sum()
    return x.copy()


def slope(y, kind):
    """Slope of an activation where its value is y."""
    return {
        "logistic": lambda: y * (1 - y),
        "relu": lambda: (y > 0).astype(y.dtype),
        "leaky_relu": lambda: np.where(y > 0, 1, 0.1).astype(y.dtype),
        "elu": lambda: np.where(y > 0, 1, y + 1),
        "tanh": lambda: 1 - y**2,
        "linear": lambda: np.ones_like(y),
    }[kind]()


def output_delta(net, target, y):
    """Minus the derivative of the loss by the summed inputs of the output units."""
    error = target - y
    if net.gradient == "nyiro2022":
        return 2 * error / y.size * y * (1 - y)
    if net.loss == "cross_entropy":
        return error
    if net.output == "softmax":
        jacobian = np.diag(y) - np.outer(y, y)
        return jacobian @ error
    return error * slope(y, net.output)


def _targets(net, y, label):
    target = np.full_like(y, float(net.targets[0]))
    target[label] = net.targets[1]
    return target


def _rests(net, target, y, label):
    """Whether the network leaves everything as it is, since it is right enough."""
    if net.error_margin is None:
        return False
    if net.error_margin == "right":
        return bool((np.delete(y, label) < y[label]).all())
    return bool(np.abs(target - y).max() < net.error_margin)
