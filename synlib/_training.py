"""One call of ``MLP.fit``: the way from an estimator to the compiled loop and back."""

import numpy as np

from synlib import _rules, energy
from synlib._forward import ACTIVATIONS, OUTPUTS, summed_output
from synlib._kernels import layer as layers
from synlib._kernels import network as kernels
from synlib._kernels.inputs import compress
from synlib._validation import per_layer
from synlib.memory import Persistent
from synlib.plasticity import Expressed

LOSSES = {"mse": kernels.MSE, "cross_entropy": kernels.CROSS_ENTROPY}
GRADIENTS = {"exact": kernels.EXACT, "li2020": kernels.LI2020, "nyiro2022": kernels.NYIRO2022}

# a compiled call lasts about this many multiplications, so that Ctrl-C is heard within a second
WORK_PER_CALL = 3e8
# and its inputs, compressed, stay in the processor
STEPS_PER_CALL = 500
# after so many steps the sums of the columns are made anew, whoever looks at the network and when
STEPS_BETWEEN_SUMS = 2000
# so many masks that are fresh at each step are drawn at once, whoever looks
MASKS_PER_DRAW = 500
# static units are computed by blocks of this many, whose weights stay in the processor
STATIC_BLOCK = 256
# the rules that treat all silent inputs alike, so that a background is one term for each unit
SEPARABLE = layers.ALL, layers.NONE, layers.BY_UPDATE, layers.BY_INPUT

NO_CACHE = Persistent().settings("after", "exponential")
ALL_SYNAPSES = Expressed()


class Run:
    """State of one call of `MLP.fit`: arrays for the compiled loop, and the way back from them."""

    def __init__(
        self, net, memory, plasticity, weights, X, labels, for_order, for_rule, count_writes=False
    ):
        self.net = net
        self.X = X
        self.step = 0
        self.diverged = False
        self.for_order = for_order
        self.epoch_order = np.empty(0, np.int64)
        self.cache = memory.settings("after", "exponential")

        # Units that never learn contribute a constant to the output: computed once per sample.
        plastic = net.plastic_units_
        self.initial = weights[0][:, :plastic], weights[1][:plastic]
        self.static = weights[0][:, plastic:], weights[1][plastic:]
        n_outputs = weights[1].shape[1]
        has_static = plastic < net.hidden
        self.static_known = np.zeros(len(X) if has_static else 0, bool)
        self.static_test = None
        blocks = [slice(a, a + STATIC_BLOCK) for a in range(0, net.hidden - plastic, STATIC_BLOCK)]
        self.static_layers = [
            (_layer(self.static[0][:, block]), _layer(self.static[1][block])) for block in blocks
        ]

        expressed = [
            _rules.expressed(plasticity, k, w.shape, for_rule) for k, w in enumerate(self.initial)
        ]
        self.rules = tuple(
            _rule(choice, w.shape) for choice, w in zip(expressed, self.initial, strict=True)
        )
        self.layers = tuple(
            _layer(w, self.cache, choice, count_writes)
            for w, choice in zip(self.initial, expressed, strict=True)
        )
        self.masks = tuple(
            _UnitMasks(_rules.unit_masks(plasticity, k, w.shape[1]), n_outputs, random)
            for k, (w, random) in enumerate(zip(self.initial, for_rule.spawn(2), strict=True))
        )
        separable = self.rules[0].kind in SEPARABLE
        self.background = net.background_ if separable else X.dtype.type(0)
        self.labels = labels
        self.static_output = np.zeros((len(X) if has_static else 0, n_outputs), X.dtype)
        rates = per_layer("learning_rate", net.learning_rate)
        self.network = kernels.Network(
            ACTIVATIONS[net.activation],
            OUTPUTS[net.output],
            LOSSES[net.loss],
            GRADIENTS[net.gradient],
            bool(net.bias),
            float(rates[0]),
            float(rates[1]),
            float(net.targets[0]),
            float(net.targets[1]),
        )
        work = X.shape[1] * plastic + plastic * n_outputs
        self.steps_per_call = min(STEPS_PER_CALL, max(1, int(WORK_PER_CALL / work)))
        self.writes = tuple(layer.writes for layer in self.layers) if count_writes else None

    def advance(self, stop):
        """Learn from the next samples, to step ``stop`` at most; how many it were."""
        n_samples = len(self.X)
        position = self.step % n_samples
        if position == 0:
            self.epoch_order = self._draw_order(n_samples)
        if self.step % STEPS_BETWEEN_SUMS == 0 and self.background != 0:
            layers.sum_columns(self.layers[0])
        until_sums = STEPS_BETWEEN_SUMS - self.step % STEPS_BETWEEN_SUMS
        count = min(stop - self.step, self.steps_per_call, n_samples - position, until_sums)
        order = self.epoch_order[position : position + count]
        if self.static_known.size:
            self.compute_static(order)
        samples = kernels.Samples(
            *compress(self.X, order, self.background, self.net.bias),
            self.background,
            self.labels[order],
            self.static_output[order] if self.static_known.size else self.static_output,
        )
        masks = tuple(masks.at(self.step, samples.label) for masks in self.masks)
        done = kernels.train(
            samples,
            self.step,
            self.network,
            self.layers,
            self.rules,
            masks,
            self.cache,
        )
        self.step += done
        self.diverged = done < count
        return done

    @np.errstate(over="ignore", invalid="ignore")  # divergence is reported by the estimator
    def evaluate(self, X_test, y_test, classes):
        """A row of the history."""
        weights = tuple(self._weights(layer) for layer in self.layers)
        background = self.net.background_
        summed = summed_output(self.net, X_test, weights, self.net.bias, background)
        if self.static_known.size:
            if self.static_test is None:
                self.static_test = summed_output(self.net, X_test, self.static, False, background)
            summed += self.static_test
        accuracy = float((classes[summed.argmax(axis=1)] == y_test).mean())
        parts = [
            _ledger(layer, initial, w)
            for layer, initial, w in zip(self.layers, self.initial, weights, strict=True)
        ]
        row = {"step": self.step, "epoch": self.step / len(self.X), "accuracy": accuracy}
        row |= {name: parts[0][name] + parts[1][name] for name in energy.LEDGER}
        for number, part in enumerate(parts, start=1):
            row |= {f"{name}_{number}": part[name] for name in energy.LEDGER}
        return row

    def finish(self):
        """Effective and transient weights of the whole network."""
        effective = tuple(self._weights(layer) for layer in self.layers)
        transient = tuple(
            layers.transient_weights(layer)
            if self.cache.enabled
            else np.broadcast_to(w.dtype.type(0), w.shape)
            for layer, w in zip(self.layers, effective, strict=True)
        )
        if self.static_known.size:
            effective = (
                np.concatenate([effective[0], self.static[0]], axis=1),
                np.concatenate([effective[1], self.static[1]]),
            )
        return effective, transient

    def _weights(self, layer):
        """Effective weights of a layer; not a copy where the persistent ones are all there is."""
        plain = not self.cache.enabled and not layer.shift.any()
        return layer.persistent if plain else layers.effective_weights(layer)

    def _draw_order(self, n_samples):
        if self.net.sampling == "shuffled":
            return self.for_order.permutation(n_samples)
        if self.net.sampling == "replacement":
            return self.for_order.integers(n_samples, size=n_samples)
        return np.arange(n_samples)

    def compute_static(self, order):
        """Outputs of the static units for samples not seen before."""
        new = np.unique(order[~self.static_known[order]])
        inputs = compress(self.X, new, self.background, self.net.bias)
        for pair in self.static_layers:
            self.static_output[new] += kernels.static_outputs(
                *inputs, self.background, self.network.activation, *pair
            )
        self.static_known[new] = True


class _UnitMasks:
    """Masks of the units of a layer, as the compiled loop wants them."""

    def __init__(self, masks, n_labels, random):
        self.masks = masks
        self.random = random
        self.none = kernels.Masks(np.empty((0, 0), bool), np.empty(0, np.int64))
        if masks is None:
            return
        fresh = masks.redraw == "step"
        n = {"never": 1, "label": n_labels, "step": MASKS_PER_DRAW}.get(masks.redraw, masks.redraw)
        self.units = masks.draw(random, n)
        self.drawn_until = n if fresh else np.inf

    def at(self, step, labels):
        """The masks of the steps from ``step`` on, at which samples with ``labels`` come."""
        if self.masks is None:
            return self.none
        if self.masks.redraw == "label":
            return kernels.Masks(self.units, labels)
        steps = np.arange(step, step + labels.size)
        if self.masks.redraw != "step":
            return kernels.Masks(self.units, steps % len(self.units))
        kept = self.units
        while self.drawn_until < step + labels.size:
            kept = np.concatenate([kept, self.masks.draw(self.random, MASKS_PER_DRAW)])
            self.drawn_until += MASKS_PER_DRAW
        first = self.drawn_until - len(kept)
        self.units = kept[step - first :]
        return kernels.Masks(self.units, steps - step)


def _rule(expressed, shape):
    """The rule for the compiled loop; it need not know of choosing all or none."""
    sizes = {
        layers.BY_UPDATE: shape[0] * shape[1],
        layers.BY_WEIGHT: shape[0] * shape[1],
        layers.BY_INPUT: shape[0],
    }
    kind = expressed.kind
    if kind in sizes and expressed.count >= sizes[kind]:
        kind = layers.ALL
    elif kind in sizes and expressed.count == 0:
        kind = layers.NONE
    return layers.Rule(kind, expressed.count, expressed.sign)


def _layer(weights, cache=NO_CACHE, expressed=ALL_SYNAPSES, count_writes=False):
    n_units = weights.shape[1]
    none = np.empty((0, 0), weights.dtype)
    by_weight = expressed.kind == layers.BY_WEIGHT
    mask = np.empty(weights.shape if by_weight else (0, 0), bool)
    if expressed.mask is not None:
        mask = expressed.mask
    return layers.Layer(
        persistent=weights.copy(order="C"),
        shift=np.zeros(n_units, weights.dtype),
        column_sum=layers.column_sums(weights),
        transient=np.zeros_like(weights, order="C") if cache.enabled else none,
        transient_shift=np.zeros(n_units, weights.dtype),
        transient_sum=np.zeros(n_units, weights.dtype),
        absolute=np.zeros(n_units),
        peak=np.zeros(n_units),
        previous=np.zeros_like(weights, order="C") if cache.transition_cost > 0 else none,
        mask=mask,
        sizes=np.empty_like(weights, order="C") if by_weight else none,
        writes=np.zeros(weights.shape if count_writes else (0, 0), np.int64),
        ledger=np.zeros(4),
        clock=np.array([1.0, 0.0, 0.0]),
    )


def _ledger(layer, initial, weights):
    distance, differing = layers.distance(initial, weights)
    spent = {
        "consolidation": float(layer.ledger[layers.CONSOLIDATION]),
        "maintenance": float(layer.ledger[layers.MAINTENANCE]),
        "transition": float(layer.ledger[layers.TRANSITION]),
        "outstanding": float(layer.clock[layers.FACTOR] * layer.absolute.sum()),
    }
    return spent | {
        "total": sum(spent.values()),
        "minimal": float(distance),
        "writes": int(layer.ledger[layers.WRITES]),
        "minimal_writes": int(differing),
    }
