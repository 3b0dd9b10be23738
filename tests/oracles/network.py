"""What the library's rules choose, written out once more by their definitions.

A `Definition` is a rule of one's own, and takes nothing from the rule but its parameters. The
reference engine asks it at every step, so that this is also how a stranger's rule is run.
"""

import numpy as np
from sklearn.base import clone

import synlib
from synlib._kernels.layer import MASK
from synlib._kernels.network import BY_ACTIVITY, BY_ERROR
from synlib._validation import each, per_layer
from synlib.plasticity import AllSynapses, CompetingUnits, Expressed, PlasticityRule, UnitMasks
from synlib.reference import extreme

COMPETITIONS = {
    synlib.LargestErrors: (BY_ERROR, 1),
    synlib.SmallestErrors: (BY_ERROR, -1),
    synlib.MostActive: (BY_ACTIVITY, 1),
    synlib.LeastActive: (BY_ACTIVITY, -1),
}


def reference(net, by_definition=True):
    """The same network for the reference engine, its rule written out or as the library's.

    A choice among all layers is never written out: `choose` sees one of them.
    """
    rule = net.plasticity or AllSynapses()
    written_out = by_definition and type(rule).__module__ == "synlib.plasticity"
    inner = rule.then if isinstance(rule, synlib.Subnetwork) else rule
    written_out = written_out and getattr(inner, "within", "layer") != "network"
    plasticity = Definition(rule, 1 + len(each(net.hidden))) if written_out else rule
    return clone(net).set_params(engine="reference", plasticity=plasticity)


class Definition(PlasticityRule):
    """A rule of the library for a network of ``n_layers``."""

    def __init__(self, rule, n_layers):
        self.outer, self.n_layers = rule, n_layers
        self.rule = rule.then if isinstance(rule, synlib.Subnetwork) else rule

    def fraction(self, layer):
        return per_layer("fraction", self.rule.fraction, self.n_layers)[layer]

    def plastic_units(self, hidden):
        if not isinstance(self.outer, synlib.Subnetwork):
            return hidden
        return tuple(map(min, per_layer("units", self.outer.units, len(hidden)), hidden))

    def competing_shape(self, shape, whole):
        return whole if getattr(self.outer, "fraction_of", "") == "layer" else shape

    def expressed(self, layer, shape, random):
        if isinstance(self.rule, synlib.RandomSynapses):
            n = np.prod(shape)
            count = round(self.fraction(layer) * n)
            fixed = np.isin(np.arange(n), random.permutation(n)[:count])
            return Expressed(MASK, mask=fixed.reshape(shape))
        self.shapes = {**getattr(self, "shapes", {}), layer: shape}
        return None

    @property
    def chooses(self):
        return not isinstance(self.rule, synlib.RandomSynapses)

    def choose(self, layer, proposal, inputs, weights, random):
        rule = self.rule
        if isinstance(rule, synlib.ReadoutOnly):
            return np.full(proposal.shape, layer == self.n_layers - 1)
        by_update = isinstance(rule, synlib.LargestUpdates | synlib.SmallestUpdates)
        if not by_update and not isinstance(rule, synlib.LargestWeights | synlib.SmallestWeights):
            return np.ones(proposal.shape, bool)
        sizes = np.abs(proposal if by_update else weights)
        sign = 1 if isinstance(rule, synlib.LargestUpdates | synlib.LargestWeights) else -1
        n, m = self.shapes[layer]
        if getattr(rule, "within", "layer") == "neuron":
            count = round(self.fraction(layer) * n)
            return np.column_stack([extreme(onto_unit, count, sign) for onto_unit in sizes.T])
        return extreme(sizes, round(self.fraction(layer) * n * m), sign)

    def competing_units(self, layer, n_units):
        for rule, (kind, sign) in COMPETITIONS.items():
            if isinstance(self.rule, rule):
                return CompetingUnits(kind, max(1, round(self.fraction(layer) * n_units)), sign)
        return None

    def unit_masks(self, layer, n_units):
        if isinstance(self.rule, synlib.GatedNeurons):
            probability = per_layer("probability", self.rule.probability, self.n_layers)[layer]
            return UnitMasks(lambda random, n: random.random((n, n_units)) < probability, "step")
        if not isinstance(self.rule, synlib.RandomNeurons):
            return None
        count = max(1, round(self.fraction(layer) * n_units))

        def draw(random, n):
            return np.array([extreme(random.random(n_units), count, -1) for _ in range(n)])

        return UnitMasks(draw, self.rule.redraw)
