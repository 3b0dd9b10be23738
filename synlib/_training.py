"""One call of ``MLP.fit``: the way from an estimator to the compiled loop and back."""

import numpy as np

from synlib import _layers, _rules, energy
from synlib._forward import ACTIVATIONS, OUTPUTS, static_input, summed_output
from synlib._kernels import layer as kinds
from synlib._kernels import network as kernels
from synlib._kernels.inputs import compress
from synlib._validation import per_layer
from synlib.memory import Persistent, stack
from synlib.plasticity import Expressed

LOSSES = {"mse": kernels.MSE, "cross_entropy": kernels.CROSS_ENTROPY}
GRADIENTS = {"exact": kernels.EXACT, "li2020": kernels.LI2020, "nyiro2022": kernels.NYIRO2022}

# a compiled call lasts about this many multiplications, so that Ctrl-C is heard within a second
WORK_PER_CALL = 3e8
# and its inputs, compressed, stay in the processor
STEPS_PER_CALL = 500
# static units are computed by blocks of this many, whose weights stay in the processor
STATIC_BLOCK = 256
# and what they pass on is kept for all samples if it takes no more bytes than this
STATIC_MEMORY = 5e8
# after so many steps the sums of the columns are made anew, whoever looks at the network and when
STEPS_BETWEEN_SUMS = 2000
# so many masks that are fresh at each step are drawn at once, whoever looks
MASKS_PER_DRAW = 500
# the rules that treat all silent inputs alike, so that a background is one term for each unit
SEPARABLE = kinds.ALL, kinds.NONE, kinds.BY_UPDATE, kinds.BY_INPUT

PERSISTENT = stack(Persistent().settings("after", "exponential"))


class Run:
    """State of one call of `MLP.fit`: arrays for the compiled loop, and the way back from them."""

    def __init__(
        self, net, memory, plasticity, weights, X, labels, for_order, for_rule, count_writes=False
    ):
        self.net = net
        self.X = X
        self.labels = labels
        self.step = 0
        self.diverged = False
        self.for_order = for_order
        self.epoch_order = np.empty(0, np.int64)

        plastic = *net.plastic_units_, weights[-1].shape[1]
        shapes = [
            (w.shape[0] if k == 0 else plastic[k - 1], plastic[k]) for k, w in enumerate(weights)
        ]
        self.weights = weights
        self.initial = [w[:n, :m] for w, (n, m) in zip(weights, shapes, strict=True)]
        expressed = [
            _rules.expressed(plasticity, k, plasticity.competing_shape(shape, w.shape), for_rule)
            if _rules.learns(plasticity, k, len(weights))
            else Expressed(kinds.NONE)
            for k, (shape, w) in enumerate(zip(shapes, weights, strict=True))
        ]  # fmt: skip
        self.masks = _UnitMasks(
            [_rules.unit_masks(plasticity, k, m) for k, (_, m) in enumerate(shapes)],
            weights[-1].shape[1],
            for_rule.spawn(len(weights)),
        )
        separable = expressed[0].kind in SEPARABLE
        self.background = net.background_ if separable else X.dtype.type(0)
        self.network = _network(net, len(weights))
        self.static = _StaticUnits(weights, plastic[0], X, self.background, self.network, net)
        self.static_test = None
        self.n_plastic = plastic[0]
        computed = [weights[0][:, : plastic[0]], *weights[1:]]
        computed[1] = computed[1][: plastic[0]]
        self.caches = stack(memory.settings("after", "exponential"))
        cost = self.caches.maintenance_cost[-1]
        self.static_upkeep = [
            cost * (np.abs(w).sum(dtype=float) - np.abs(part).sum(dtype=float)) if cost else 0.0
            for w, part in zip(weights, self.initial, strict=True)
        ]
        self.layers = _layers.build(computed, shapes, self.caches, expressed, count_writes)
        self.rules = _kernel_rules(expressed, shapes)
        self.competition = _competition(
            [_rules.competing_units(plasticity, k, m) for k, (_, m) in enumerate(shapes)]
        )
        work = sum(w.size for w in computed)
        self.steps_per_call = min(STEPS_PER_CALL, max(1, int(WORK_PER_CALL / work)))
        self.writes = None
        if count_writes:
            self.writes = tuple(_layers.writes(self.layers, k) for k in range(len(weights)))

    def advance(self, stop):
        """Learn from the next samples, to step ``stop`` at most; how many it were."""
        n_samples = len(self.X)
        position = self.step % n_samples
        if position == 0:
            self.epoch_order = self._draw_order(n_samples)
        until_sums = STEPS_BETWEEN_SUMS - self.step % STEPS_BETWEEN_SUMS
        if until_sums == STEPS_BETWEEN_SUMS and self.background != 0:
            kinds.sum_columns(self.layers, 0)
        count = min(stop - self.step, self.steps_per_call, n_samples - position, until_sums)
        order = self.epoch_order[position : position + count]
        samples = kernels.Samples(
            *compress(self.X, order, self.background, self.net.bias),
            self.background,
            self.labels[order],
            self.static.inputs(order),
        )
        masks = self.masks.at(self.step, samples.label)
        done = kernels.train(
            samples,
            self.step,
            self.network,
            self.layers,
            self.rules,
            self.competition,
            masks,
            self.caches,
        )
        self.step += done
        self.diverged = done < count
        return done

    @np.errstate(over="ignore", invalid="ignore")  # divergence is reported by the estimator
    def evaluate(self, X_test, y_test, classes):
        """A row of the history."""
        plastic = [_layers.effective(self.layers, k) for k in range(len(self.initial))]
        background = self.net.background_
        if self.static.blocks and self.static_test is None:
            self.static_test = static_input(
                self.net, X_test, self.weights, self.n_plastic, background
            )
        weights = self._whole(plastic)
        weights = (plastic[0], weights[1][: self.n_plastic], *weights[2:])
        summed = summed_output(self.net, X_test, weights, background, self.static_test)
        accuracy = float((classes[summed.argmax(axis=1)] == y_test).mean())
        parts = [
            _layers.ledger(self.layers, k, initial, w, self.step * self.static_upkeep[k])
            for k, (initial, w) in enumerate(zip(self.initial, plastic, strict=True))
        ]
        row = {"step": self.step, "epoch": self.step / len(self.X), "accuracy": accuracy}
        row |= {name: sum(part[name] for part in parts) for name in energy.LEDGER}
        for number, part in enumerate(parts, start=1):
            row |= {f"{name}_{number}": part[name] for name in energy.LEDGER}
        return row

    def finish(self):
        """Effective and transient weights of the whole network."""
        number = range(len(self.initial))
        plastic = [_layers.effective(self.layers, k) for k in number]
        return self._whole(plastic), tuple(_layers.transient(self.layers, k) for k in number)

    def _whole(self, plastic):
        """All weights, given the plastic ones."""
        whole = []
        for w, part in zip(self.weights, plastic, strict=True):
            if part.shape == w.shape:
                whole.append(part)
            else:
                whole.append(w.copy())
                whole[-1][: part.shape[0], : part.shape[1]] = part
        return tuple(whole)

    def _draw_order(self, n_samples):
        if self.net.sampling == "shuffled":
            return self.for_order.permutation(n_samples)
        if self.net.sampling == "replacement":
            return self.for_order.integers(n_samples, size=n_samples)
        return np.arange(n_samples)


class _StaticUnits:
    """What the units of the first hidden layer that never learn pass on to the next layer.

    It is the same whenever a sample comes: it is computed at its first look and kept, or computed
    each time if that takes too much memory.
    """

    def __init__(self, weights, plastic, X, background, network, net):
        self.X, self.background, self.network, self.bias = X, background, network, net.bias
        hidden = weights[0].shape[1]
        n_units = weights[1].shape[1]
        self.blocks = []
        for first in range(plastic, hidden, STATIC_BLOCK):
            block = slice(first, min(first + STATIC_BLOCK, hidden))
            pair = weights[0][:, block], weights[1][block]
            self.blocks.append(
                _layers.build(pair, [w.shape for w in pair], PERSISTENT, [Expressed()] * 2)
            )
        self.nothing = np.empty((0, 0), X.dtype)
        self.kept = self.nothing
        self.known = np.zeros(0, bool)
        if self.blocks and len(X) * n_units * X.itemsize <= STATIC_MEMORY:
            self.kept = np.zeros((len(X), n_units), X.dtype)
            self.known = np.zeros(len(X), bool)

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
        inputs = compress(self.X, order, self.background, self.bias)
        total = self.X.dtype.type(0)
        for block in self.blocks:
            total = total + kernels.static_inputs(*inputs, self.background, self.network, block)
        return total


class _UnitMasks:
    """Masks of the units of all layers, as the compiled loop wants them."""

    def __init__(self, masks, n_labels, randoms):
        self.layers = [
            None if m is None else _LayerMasks(m, n_labels, random)
            for m, random in zip(masks, randoms, strict=True)
        ]

    def at(self, step, labels):
        """The masks of the steps from ``step`` on, at which samples with ``labels`` come."""
        n_layers = len(self.layers)
        if not any(self.layers):
            return kernels.Masks(np.empty(0, bool), np.empty((n_layers, 0), np.int64))
        start = np.full((n_layers, labels.size), -1)
        units = []
        used = 0
        for k, layer in enumerate(self.layers):
            if layer is not None:
                masks, number = layer.at(step, labels)
                start[k] = used + number * masks.shape[1]
                units.append(masks.ravel())
                used += masks.size
        return kernels.Masks(np.concatenate(units), start)


class _LayerMasks:
    """Masks of the units of a layer."""

    def __init__(self, masks, n_labels, random):
        self.draw, self.redraw, self.random = masks.draw, masks.redraw, random
        number = {"never": 1, "label": n_labels, "step": MASKS_PER_DRAW}
        self.masks = self.draw(random, number.get(self.redraw, self.redraw))
        self.first = 0  # step of the first mask of those fresh at each step

    def at(self, step, labels):
        """Masks (n, n_units), and which of them is that of each step."""
        steps = np.arange(step, step + labels.size)
        if self.redraw == "label":
            return self.masks, labels
        if self.redraw != "step":
            return self.masks, steps % len(self.masks)
        self.masks = self.masks[step - self.first :]
        self.first = step
        while len(self.masks) < labels.size:
            fresh = self.draw(self.random, MASKS_PER_DRAW)
            self.masks = np.concatenate([self.masks, fresh])
        return self.masks[: labels.size], steps - step


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
    for choice, (n, m) in zip(expressed, shapes, strict=True):
        kind = choice.kind
        sizes = {
            kinds.BY_UPDATE: n * m,
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
