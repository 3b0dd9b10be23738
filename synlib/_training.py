"""The way from an estimator to the compiled loop and back."""

import numpy as np

from synlib import _layers
from synlib._forward import ACTIVATIONS, OUTPUTS
from synlib._inputs import Inputs
from synlib._kernels import layer as kinds
from synlib._kernels import network as kernels
from synlib._run import Run
from synlib._validation import per_layer
from synlib.memory import Persistent, stack
from synlib.plasticity import Expressed

LOSSES = {"mse": kernels.MSE, "cross_entropy": kernels.CROSS_ENTROPY}
GRADIENTS = {"exact": kernels.EXACT, "li2020": kernels.LI2020, "nyiro2022": kernels.NYIRO2022}

# a compiled call lasts about this many multiplications, so that Ctrl-C is heard within a second
WORK_PER_CALL = 3e8
# and its inputs, where they are compressed for each call, stay in the processor
STEPS_PER_CALL = 500
# static units are computed by blocks of this many, whose weights stay in the processor
STATIC_BLOCK = 256
# what these pass on is kept for all samples if it takes no more bytes than this
STATIC_MEMORY = 5e8
# after so many steps the sums of the columns are made anew, whoever looks at the network and when
STEPS_BETWEEN_SUMS = 2000
# the rules that treat all silent inputs alike, so that a background is one term for each unit
SEPARABLE = kinds.ALL, kinds.NONE, kinds.BY_UPDATE, kinds.BY_INPUT, kinds.BY_UPDATE_OF_NETWORK

PERSISTENT = stack(Persistent().settings("after", "exponential"))


class CompiledRun(Run):
    """Learning by the compiled loop."""

    def __init__(self, net, start):
        super().__init__(net, start)
        self.rules = _kernel_rules(self.expressed, self.shapes)
        self.competition = _competition(self.competing)
        self.caches = stack(start.memory.settings("after", "exponential"))
        self.tests_all = False  # at the next step, also what that step does not change
        cost = self.caches.maintenance_cost[-1]
        self.static_upkeep = [
            cost * (np.abs(w).sum(dtype=float) - np.abs(part).sum(dtype=float)) if cost else 0.0
            for w, part in zip(self.weights, self.initial, strict=True)
        ]
        n_plastic = self.shapes[0][1]
        first, second, *others = self.weights
        computed = [first[:, :n_plastic], second[:n_plastic], *others]
        self.layers = _layers.build(
            computed, self.shapes, self.caches, self.expressed, start.count_writes
        )
        work = sum(w.size for w in computed)
        self.steps_per_call = min(STEPS_PER_CALL, max(1, int(WORK_PER_CALL / work)))

    def learn_from(self, net, plasticity, X, labels):
        super().learn_from(net, plasticity, X, labels)
        self.network = _network(net, len(self.weights))
        separable = self.expressed[0].kind in SEPARABLE
        self.common = self.background if separable else X.dtype.type(0)
        self.inputs = Inputs(X, self.common, net.bias)
        n_plastic = self.shapes[0][1]
        self.static = _StaticUnits(self.weights, n_plastic, self.inputs, self.network)

    def compressed(self, X):
        if X is self.X and self.common == self.background:
            return self.inputs  # they are compressed already
        return super().compressed(X)

    def change_thresholds(self, memory):
        """Go on with a memory that differs in its thresholds."""
        self.caches = stack(memory.settings("after", "exponential"))
        self.tests_all = True

    def rest(self):
        super().rest()
        self.inputs = self.static = None

    def advance(self, stop):
        """Learn from the next samples, to step ``stop`` at most; how many it were."""
        until_sums = STEPS_BETWEEN_SUMS - self.step % STEPS_BETWEEN_SUMS
        if until_sums == STEPS_BETWEEN_SUMS and self.common != 0:
            kinds.sum_columns(self.layers, 0)
        caches, at_most = self.caches, self.steps_per_call
        if self.tests_all:  # as a cache does that is not tested at every step
            at_most, every = 1, caches.check_every
            caches = caches._replace(check_every=np.where(every == 1, self.step + 1, every))
        order = self.upcoming(min(stop - self.step, at_most, until_sums))
        samples = kernels.Samples(
            *self.inputs.rows(order),
            self.common,
            self.labels[order],
            self.static.inputs(order),
        )
        masks = _kernel_masks(self.unit_masks, self.step, samples.label)
        done = kernels.train(
            samples,
            self.step,
            self.network,
            self.layers,
            self.rules,
            self.competition,
            masks,
            caches,
        )
        self.step += done
        self.tests_all = False
        self.diverged = done < order.size
        return done

    def effective(self, k):
        return _layers.effective(self.layers, k)

    def transient(self, k):
        return _layers.transient(self.layers, k)

    def ledger(self, k, initial, weights):
        static = self.step * self.static_upkeep[k]
        return _layers.ledger(self.layers, k, initial, weights, static)

    def writes(self, k):
        """Writes of each synapse, or None if nobody asked for them."""
        return _layers.writes(self.layers, k) if self.layers.writes.size else None


class _StaticUnits:
    """What the units of the first hidden layer that never learn pass on to the next layer.

    It is the same whenever a sample comes: it is computed at its first look and kept, or computed
    each time if that takes too much memory.
    """

    def __init__(self, weights, plastic, inputs, network):
        self.samples, self.network = inputs, network
        n_samples, dtype = len(inputs), inputs.background.dtype
        hidden = weights[0].shape[1]
        n_units = weights[1].shape[1]
        self.blocks = []
        for first in range(plastic, hidden, STATIC_BLOCK):
            block = slice(first, min(first + STATIC_BLOCK, hidden))
            pair = weights[0][:, block], weights[1][block]
            self.blocks.append(
                _layers.build(pair, [w.shape for w in pair], PERSISTENT, [Expressed()] * 2)
            )
        self.nothing = np.empty((0, 0), dtype)
        self.kept = self.nothing
        self.known = np.zeros(0, bool)
        if self.blocks and n_samples * n_units * dtype.itemsize <= STATIC_MEMORY:
            self.kept = np.zeros((n_samples, n_units), dtype)
            self.known = np.zeros(n_samples, bool)

    def inputs(self, order):
        """Summed inputs of the units of the second layer, (n_samples, n_units), or (0, 0)."""
        if not self.blocks:
            return self.nothing
        if not self.known.size:
            return self._computed(order)
        new = np.unique(order[~self.known[order]])
        if new.size:
            self.kept[new] = self._computed(new)
            self.known[new] = True
        return self.kept[order]

    def _computed(self, order):
        rows, background = self.samples.rows(order), self.samples.background
        total = background.dtype.type(0)
        for block in self.blocks:
            total = total + kernels.static_inputs(*rows, background, self.network, block)
        return total


def _kernel_masks(layers, step, labels):
    """The masks of the steps from ``step`` on, at which samples with ``labels`` come."""
    if all(layer.masks is None for layer in layers):
        return kernels.Masks(np.empty(0, bool), np.empty((len(layers), 0), np.int64))
    start = np.full((len(layers), labels.size), -1)
    units = []
    used = 0
    for k, layer in enumerate(layers):
        if layer.masks is not None:
            masks, number = layer.at(step, labels)
            start[k] = used + number * masks.shape[1]
            units.append(masks.ravel())
            used += masks.size
    return kernels.Masks(np.concatenate(units), start)


def _network(net, n_layers):
    return kernels.Network(
        ACTIVATIONS[net.activation],
        OUTPUTS[net.output],
        LOSSES[net.loss],
        GRADIENTS[net.gradient],
        bool(net.bias),
        np.array(per_layer("learning_rate", net.learning_rate, n_layers), float),
        float(net.targets[0]),
        float(net.targets[1]),
        {None: kernels.NEVER, "right": kernels.IF_RIGHT}.get(net.error_margin, kernels.IF_CLOSE),
        0.0 if net.error_margin in (None, "right") else float(net.error_margin),
    )


def _competition(units):
    return kernels.Competition(
        *np.array([(u.kind, u.count, u.sign) for u in units], np.int64).T.copy()
    )


def _kernel_rules(expressed, shapes):
    """The rules for the compiled loop; it need not know of choosing all or none."""
    chosen = []
    together = [
        n * m
        for choice, (n, m) in zip(expressed, shapes, strict=True)
        if choice.kind == kinds.BY_UPDATE_OF_NETWORK
    ]
    for choice, (n, m) in zip(expressed, shapes, strict=True):
        kind = choice.kind
        sizes = {
            kinds.BY_UPDATE: n * m,
            kinds.BY_UPDATE_OF_NETWORK: sum(together),
            kinds.BY_WEIGHT: n * m,
            kinds.BY_INPUT: n,
            kinds.BY_WEIGHT_OF_UNIT: n,
        }
        if kind in sizes and choice.count >= sizes[kind]:
            kind = kinds.ALL
        elif kind in sizes and choice.count == 0:
            kind = kinds.NONE
        chosen.append((kind, choice.count, choice.sign))
    return kinds.Rule(*np.array(chosen, np.int64).T.copy())
