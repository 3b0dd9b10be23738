"""The network as one would write it on a blackboard: dense matrices, no tricks.

At every step each layer's whole outer product is formed, all of its entries are sorted where a rule
chooses by size, every transient weight is multiplied by its decay, and the ledger sums over whole
matrices. It runs all that the compiled engine runs, with the same results, and it is the only one
that runs rules and memories of one's own, for which it asks `PlasticityRule.choose` and
`Memory.store` at every step. Tests compare the compiled engine with it.
"""

import numpy as np

from synlib import _rules, energy
from synlib._kernels.layer import (
    BY_INPUT,
    BY_UPDATE,
    BY_UPDATE_OF_NETWORK,
    BY_WEIGHT,
    BY_WEIGHT_OF_UNIT,
    MASK,
    NONE,
)
from synlib._kernels.network import ALL_UNITS, BY_ERROR
from synlib._reference_stores import Caches, Layer, OwnMemory, size_of
from synlib._run import Run
from synlib._validation import per_layer


class ReferenceRun(Run):
    """Learning step by step, each as it is written in the papers."""

    def __init__(self, net, start):
        super().__init__(net, start)
        self.for_choice = start.for_rule.spawn(len(self.weights))
        own = start.memory.settings("after", "exponential") is None
        storage = OwnMemory if own else Caches
        self.storage = storage(start.memory, start.for_rule.spawn(len(self.weights)))
        self.layers = [
            Layer(
                stores=[*(np.zeros_like(w) for _ in range(self.storage.n_stores - 1)), w.copy()],
                flagged=[np.zeros(w.shape, bool) for _ in range(self.storage.n_stores - 1)],
                ledger=dict(consolidation=0.0, maintenance=0.0, transition=0.0, writes=0),
                writes=np.zeros(w.shape, np.int64) if start.count_writes else None,
                hidden=self.storage.hidden,
            )
            for w in self.initial
        ]
        for layer, w, initial in zip(self.layers, self.weights, self.initial, strict=True):
            layer.static_size = size_of(w) - size_of(initial)

    def learn_from(self, net, plasticity, X, labels):
        super().learn_from(net, plasticity, X, labels)
        self.plasticity = plasticity
        self.whole = [w.copy() for w in self.weights]  # plastic and static weights

    def change_thresholds(self, memory):
        """Go on with a memory that differs in its thresholds."""
        self.storage = Caches(memory, [])

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
            together = self._chosen_together(proposals)
            changes = [
                proposal * (self._choose(k, proposal, values[k], together) & (not rests))
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
            proposal = np.outer(values[k][:n], float(rates[k]) * delta[:m])
            if net.l2:
                shrinks = learning[:m].copy()
                if net.bias and k < len(self.layers) - 1:
                    shrinks[0] = False  # a clamped unit learns nothing
                proposal -= float(net.l2) * self.layers[k].weights * shrinks
            proposals.insert(0, proposal)
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

    def _chosen_together(self, proposals):
        """Masks of the layers whose synapses compete with those of other layers, by layer."""
        together = [k for k, e in enumerate(self.expressed) if e and e.kind == BY_UPDATE_OF_NETWORK]
        if not together:
            return {}
        sizes = np.concatenate([np.abs(proposals[k]).ravel() for k in together])
        chosen = extreme(sizes, self.expressed[together[0]].count, 1)
        ends = np.cumsum([proposals[k].size for k in together])
        parts = np.split(chosen, ends[:-1])
        return {
            k: part.reshape(proposals[k].shape) for k, part in zip(together, parts, strict=True)
        }

    def _choose(self, k, proposal, inputs, together):
        """Mask of the synapses of layer k that express their proposed change."""
        if k in together:
            return together[k]
        inputs, weights = inputs[: len(proposal)], self.layers[k].weights
        if self.expressed[k] is not None and self.expressed[k].kind == NONE:
            return False
        if self.plasticity.chooses:
            return _rules.choose(self.plasticity, k, proposal, inputs, weights, self.for_choice[k])
        expressed = self.expressed[k]
        if expressed.kind == BY_INPUT and self.net.l2:  # inputs alone do not tell any more
            onto = (extreme(np.abs(p), expressed.count, expressed.sign) for p in proposal.T)
            return np.column_stack(list(onto))
        return as_expressed(expressed, proposal, inputs, weights)

    def effective(self, k):
        return self.layers[k].weights

    def transient(self, k):
        return self.layers[k].transient

    def writes(self, k):
        """Writes of each synapse, or None if nobody asked for them."""
        return self.layers[k].writes

    def ledger(self, k, initial, weights):
        change = weights - initial
        return energy.entries(
            **self.layers[k].ledger,
            outstanding=size_of(self.layers[k].transient),
            minimal=size_of(change),
            minimal_writes=np.count_nonzero(change),
        )


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
