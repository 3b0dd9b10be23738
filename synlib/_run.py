"""Learning, whichever engine does it: data in an order, steps, masks, rows of the history."""

import copy
from typing import NamedTuple

import numpy as np

from synlib import _rules, energy
from synlib._inputs import Inputs
from synlib._looking import HeldOut
from synlib.memory import Memory
from synlib.plasticity import PlasticityRule

# so many masks that are fresh at each step are drawn at once, whoever looks
MASKS_PER_DRAW = 500


def plastic_shapes(weights, plastic_units):
    """Inputs and units of each layer, counted from the first, that have plastic synapses."""
    units = *plastic_units, weights[-1].shape[1]
    return list(zip((weights[0].shape[0], *units[:-1]), units, strict=True))


class Start(NamedTuple):
    """What a network begins to learn with, whichever engine runs it."""

    memory: Memory
    plasticity: PlasticityRule
    weights: tuple  # of array (n_inputs, n_units)
    expressed: list  # of Expressed for each layer, or None where the rule chooses
    for_order: np.random.Generator
    for_rule: np.random.Generator
    count_writes: bool = False


class Run:
    """A network that learns, and for as long as it does, the data that it learns from.

    An engine adds how it learns (`advance`) and what has become of each layer
    (`effective`, `transient`, `ledger`, `writes`).
    """

    def __init__(self, net, start):
        self.weights = start.weights
        self.for_order = start.for_order
        self.shapes = plastic_shapes(start.weights, net.plastic_units_)
        self.background = net.background_
        self.expressed = start.expressed
        self.competing = [
            _rules.competing_units(start.plasticity, k, m) for k, (_, m) in enumerate(self.shapes)
        ]
        self.unit_masks = [_UnitMasks(r) for r in start.for_rule.spawn(len(start.weights))]
        self.step = 0
        self.first_step = 0  # the steps before it were others' data
        self.first_epoch = 0.0
        self.diverged = False
        self.rows = []

    @property
    def epoch(self):
        """How often the data have been gone through, those of earlier calls included."""
        return self.first_epoch + (self.step - self.first_step) / len(self.X)

    @property
    def initial(self):
        """Weights of the plastic synapses of each layer at the start."""
        return [w[:n, :m] for w, (n, m) in zip(self.weights, self.shapes, strict=True)]

    def learn_from(self, net, plasticity, X, labels):
        """Take the next samples from these data, with the parameters that ``net`` has now."""
        self.net, self.X, self.labels = net, X, labels
        self.test = None
        for k, masks in enumerate(self.unit_masks):
            n_labels = self.weights[-1].shape[1]
            masks.ask(_rules.unit_masks(plasticity, k, self.shapes[k][1]), n_labels)

    def upcoming(self, count):
        """Indices of at most ``count`` samples that come next, none of the next epoch."""
        n_samples = len(self.X)
        position = (self.step - self.first_step) % n_samples
        if position == 0:
            self.epoch_order = self._draw_order(n_samples)
        return self.epoch_order[position : position + count]

    @np.errstate(over="ignore", invalid="ignore")  # divergence is reported by the estimator
    def evaluate(self, X_test, y_test, classes, at_least=0.0):
        """Add a row to the history, unless there is one for this step; whether it was added.

        Only if the accuracy is ``at_least`` so high.
        """
        if self.rows and self.rows[-1]["step"] == self.step:
            return False
        plastic = [self.effective(k) for k in range(len(self.weights))]
        first = plastic[0].shape[1]
        if self.test is None:
            inputs = self.compressed(X_test)
            self.test = HeldOut(self.net, inputs, y_test, classes, self.weights, first)
        weights = self._whole(plastic)
        accuracy = self.test.accuracy(weights, at_least)
        if accuracy is None:
            return False
        parts = [
            self.ledger(k, initial, w)
            for k, (initial, w) in enumerate(zip(self.initial, plastic, strict=True))
        ]
        row = {"step": self.step, "epoch": self.epoch, "accuracy": accuracy}
        row |= {name: energy.added(part[name] for part in parts) for name in energy.LEDGER}
        for number, part in enumerate(parts, start=1):
            row |= {f"{name}_{number}": part[name] for name in energy.LEDGER}
        self.rows.append(row)
        return True

    def compressed(self, X):
        """These samples, as the network is evaluated with them."""
        return Inputs(X, self.background, self.net.bias)

    def finish(self):
        """Effective and transient weights of the whole network."""
        number = range(len(self.weights))
        plastic = [self.effective(k) for k in number]
        return self._whole(plastic), tuple(self.transient(k) for k in number)

    def rest(self):
        """Let go of the data, and of all that cannot be stored: `learn_from` goes on."""
        self.first_step, self.first_epoch = self.step, self.epoch
        self.net = self.X = self.labels = self.epoch_order = None
        self.test = None
        for masks in self.unit_masks:
            masks.draw = None

    def copy(self):
        """A copy of a run that rests; first weights and past rows never change, and are shared."""
        shared = {id(weights): weights for weights in self.weights}
        return copy.deepcopy(self, shared | {id(self.rows): list(self.rows)})

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


class _UnitMasks:
    """Masks of the units of a layer."""

    def __init__(self, random):
        self.random = random
        self.draw, self.redraw, self.masks = None, None, None
        self.first = 0  # step of the first mask of those fresh at each step

    def ask(self, masks, n_labels):
        """Draw as these `UnitMasks` of a rule say, or, for None, not at all."""
        if masks is None:
            return
        self.draw, self.redraw = masks.draw, masks.redraw
        if self.masks is None:
            number = {"never": 1, "label": n_labels, "step": MASKS_PER_DRAW}
            self.masks = self.draw(self.random, number.get(self.redraw, self.redraw))

    def at(self, step, labels):
        """Masks (n, n_units), and which of them is that of each step from ``step`` on."""
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
