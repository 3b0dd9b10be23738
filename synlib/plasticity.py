"""Which synapses change: back-propagation proposes, a plasticity rule decides.

A rule answers two questions, for each layer: which *synapses* express the change
proposed for them (`PlasticityRule.expressed`), and which *units* receive an error at all
(`PlasticityRule.unit_masks`). To write a new rule, subclass `PlasticityRule` and override one; what
it returns is checked before anything is learned.

All rules are in this one module, under whose name they are stored and looked up; each has few lines
of code beside what it says of itself.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from synlib._kernels.layer import (
    ALL,
    BY_INPUT,
    BY_UPDATE,
    BY_UPDATE_OF_NETWORK,
    BY_WEIGHT,
    BY_WEIGHT_OF_UNIT,
    MASK,
)
from synlib._kernels.network import BY_ACTIVITY, BY_ERROR
from synlib._parameters import Parameters
from synlib._validation import check_choice, check_count, check_number, each, per_layer


@dataclass(frozen=True)
class Expressed:
    """Which synapses of a layer express the changes proposed for them.

    Parameters
    ----------
    kind : {ALL, NONE, BY_UPDATE, BY_UPDATE_OF_NETWORK, BY_INPUT, BY_WEIGHT, MASK}
        All, none; chosen anew at every step by the size of the proposed change, of the input
        (which within a unit is the same) or of the weight, of the layer or, BY_WEIGHT_OF_UNIT, of
        each unit; or a fixed mask. Those layers that are BY_UPDATE_OF_NETWORK choose together: the
        largest changes, in whichever of them they are.
    count : int
        For the choices by size: how many synapses of the layer (by input, and by weight of a unit:
        of each unit). Left at 0, and the sign at 1, for BY_UPDATE_OF_NETWORK.
    sign : {1, -1}
        Whether the largest or the smallest are chosen.
    mask : bool array (n_inputs, n_units), optional
        For the kind MASK.
    fraction : float, optional
        For the kind BY_UPDATE_OF_NETWORK: which share of the synapses of all these layers, in
        (0, 1], the same in all of them; the count follows from it.
    """

    kind: int = ALL
    count: int = 0
    sign: int = 1
    mask: np.ndarray | None = None
    fraction: float | None = None


@dataclass(frozen=True)
class UnitMasks:
    """Which units receive an error: some masks, and a way to choose one at every step.

    Parameters
    ----------
    draw : callable
        ``draw(random, n)`` returns n masks, bool array (n, n_units).
    redraw : {"never", "step", "label"} or int
        One mask for ever, a fresh one each step, one for each label, or n in turn.
    """

    draw: Callable
    redraw: str | int


@dataclass(frozen=True)
class CompetingUnits:
    """Which units of a layer receive an error: those that win, anew at every step.

    Parameters
    ----------
    kind : {ALL_UNITS, BY_ERROR, BY_ACTIVITY}
        All, or those with the largest error or activity. The error of a unit is that of its summed
        input, before it is passed on; a unit that is clamped does not compete.
    count : int
        How many win; ties go to the lower index.
    sign : {1, -1}
        Whether the largest or the smallest win.
    """

    kind: int
    count: int
    sign: int = 1


class PlasticityRule(Parameters):
    """Base of all rules; as it stands, every proposed change is expressed.

    The parameters of a rule that is a frozen dataclass can be set through the network's
    ``set_params(plasticity__fraction=0.1)`` and searched by scikit-learn.
    """

    def __init_subclass__(cls, **options):
        """Of `choose` and `expressed`, what a class defines replaces both of its base."""
        super().__init_subclass__(**options)
        if "choose" in vars(cls) and "expressed" not in vars(cls):
            cls.expressed = _only_chosen  # type: ignore[method-assign]
        elif "expressed" in vars(cls) and "choose" not in vars(cls):
            cls.choose = PlasticityRule.choose  # type: ignore[method-assign]

    def choose(self, layer, proposal, inputs, weights, random):
        """Which synapses of ``layer`` express their proposed change at this step.

        The one method that a rule of one's own needs. It is asked at every step, and only by the
        reference engine, in NumPy; a rule that the compiled engine is to run as well says by
        `expressed` which of the ways it knows is meant.

        Parameters
        ----------
        layer : int
            0, 1, ...; the first has the inputs of the network.
        proposal : array (n_inputs, n_units)
            The proposed changes of the plastic weights. None of the arrays can be written to.
        inputs : array (n_inputs,)
            Activities of the units before the synapses.
        weights : array (n_inputs, n_units)
            Persistent plus transient.
        random : Generator
            The layer's own; the network's ``random_state`` decides what it draws.

        Returns
        -------
        bool array (n_inputs, n_units)
        """
        raise NotImplementedError(f"{type(self).__name__} has no method choose")

    @property
    def chooses(self):
        """Whether the rule chooses by `choose`; `expressed` says all there is otherwise."""
        return type(self).choose is not PlasticityRule.choose

    def expressed(self, layer, shape, random):
        """Which synapses of ``layer`` 0, 1, ..., of ``shape`` (n_inputs, n_units), may change.

        Returns
        -------
        Expressed
            Or None if the compiled engine does not know this choice.
        """
        return Expressed()

    def unit_masks(self, layer, n_units):
        """The `UnitMasks` of ``layer`` 0, 1, ..., or None if all units learn."""
        return None

    def competing_units(self, layer, n_units):
        """The `CompetingUnits` of ``layer`` 0, 1, ..., or None if all units learn."""
        return None

    def competing_shape(self, shape, whole):
        """The shape given to `expressed`: that of the plastic part of a layer, or of the whole."""
        return shape

    def learns(self, layer, n_layers):
        """Whether ``layer`` 0, 1, ... of ``n_layers`` changes at all."""
        return True

    def plastic_units(self, hidden):
        """How many units of each hidden layer, counted from the first, have plastic synapses.

        Parameters
        ----------
        hidden : tuple of int
            Units of each hidden layer.

        Returns
        -------
        tuple of int
        """
        return hidden

    def check_depth(self, n_layers):
        """Raise ValueError if what is given for each layer is not for ``n_layers``."""


@dataclass(frozen=True)
class AllSynapses(PlasticityRule):
    """Every synapse expresses its change: ordinary back-propagation.

    Examples
    --------
    >>> AllSynapses()
    AllSynapses()
    """


@dataclass(frozen=True)
class _FractionRule(PlasticityRule):
    fraction: float | tuple[float, ...]

    def __post_init__(self):
        for value in each(self.fraction):
            check_number("fraction", value, "in the range (0, 1]", lambda v: 0 < v <= 1)

    def check_depth(self, n_layers):
        per_layer("fraction", self.fraction, n_layers)

    def _count(self, layer, size):
        given = isinstance(self.fraction, tuple | list)
        return round((self.fraction[layer] if given else self.fraction) * size)


@dataclass(frozen=True)
class LargestUpdates(_FractionRule):
    """Only the synapses with the largest proposed changes express them; chosen at every step.

    Parameters
    ----------
    fraction : float or tuple of float
        Fraction of the synapses, for all layers or for each; in (0, 1]. Exactly
        ``round(fraction * size)`` synapses are chosen, ties going to the lower index. Within the
        network ``fraction`` is one number, ``size`` that of all layers that learn taken together
        (in a `Subnetwork`, of its part of them), and of ties the earlier layer comes first.
    within : {"layer", "neuron", "network"}
        Where synapses compete: in the whole layer, among those onto the same unit, or among all
        those of the network that learn.

    References
    ----------
    van Rossum and Pache (2024), PLoS Comput Biol 20(10):e1012553.

    Examples
    --------
    >>> LargestUpdates(fraction=0.1)
    LargestUpdates(fraction=0.1, within='layer')
    >>> LargestUpdates(fraction=2)
    Traceback (most recent call last):
        ...
    ValueError: fraction must be in the range (0, 1], got 2
    """

    within: str = "layer"

    def __post_init__(self):
        super().__post_init__()
        check_choice("within", self.within, ("layer", "neuron", "network"))
        if self.within == "network" and isinstance(self.fraction, tuple | list):
            raise ValueError(
                "fraction must be one number in the range (0, 1] where within is 'network', "
                f"got {self.fraction!r}"
            )

    def expressed(self, layer, shape, random):
        if self.within == "network":
            return Expressed(BY_UPDATE_OF_NETWORK, fraction=self.fraction)
        if self.within == "neuron":
            return Expressed(BY_INPUT, self._count(layer, shape[0]))
        return Expressed(BY_UPDATE, self._count(layer, shape[0] * shape[1]))


@dataclass(frozen=True)
class SmallestUpdates(_FractionRule):
    """Control: only the synapses with the smallest proposed changes express them.

    Synapses whose proposed change is zero are the smallest of all, so with many silent inputs a
    small fraction learns nothing.

    Parameters
    ----------
    fraction : float or tuple of float
        Fraction of the synapses, for all layers or for each; in (0, 1]. Exactly
        ``round(fraction * size)`` synapses are chosen, ties going to the lower index.
    """

    def expressed(self, layer, shape, random):
        return Expressed(BY_UPDATE, self._count(layer, shape[0] * shape[1]), sign=-1)


@dataclass(frozen=True)
class _WeightRule(_FractionRule):
    within: str = "layer"
    _sign = 1

    def __post_init__(self):
        super().__post_init__()
        check_choice("within", self.within, ("layer", "neuron"))

    def expressed(self, layer, shape, random):
        if self.within == "neuron":
            return Expressed(BY_WEIGHT_OF_UNIT, self._count(layer, shape[0]), self._sign)
        return Expressed(BY_WEIGHT, self._count(layer, shape[0] * shape[1]), self._sign)


@dataclass(frozen=True)
class LargestWeights(_WeightRule):
    """Control: only the largest weights (persistent plus transient) change.

    Parameters
    ----------
    fraction : float or tuple of float
        Fraction of the synapses, for all layers or for each; in (0, 1]. Exactly
        ``round(fraction * size)`` synapses are chosen, ties going to the lower index.
    within : {"layer", "neuron"}
        Where synapses compete: in the whole layer, or among those onto the same unit.
    """


@dataclass(frozen=True)
class SmallestWeights(_WeightRule):
    """Control: only the smallest weights (persistent plus transient) change.

    Parameters
    ----------
    fraction : float or tuple of float
        Fraction of the synapses, for all layers or for each; in (0, 1]. Exactly
        ``round(fraction * size)`` synapses are chosen, ties going to the lower index.
    within : {"layer", "neuron"}
        Where synapses compete: in the whole layer, or among those onto the same unit.
    """

    _sign = -1


@dataclass(frozen=True)
class RandomSynapses(_FractionRule):
    """Control: a random set of synapses, drawn once, is plastic and all others are static.

    Parameters
    ----------
    fraction : float or tuple of float
        Fraction of the synapses, for all layers or for each; in (0, 1]. Exactly
        ``round(fraction * size)`` synapses are chosen, ties going to the lower index.
    """

    def expressed(self, layer, shape, random):
        mask = np.zeros(shape, bool)
        mask.ravel()[random.permutation(mask.size)[: self._count(layer, mask.size)]] = True
        return Expressed(MASK, mask=mask)


@dataclass(frozen=True)
class RandomNeurons(_FractionRule):
    """Only the synapses onto a random set of units change; the others pass no error back.

    Parameters
    ----------
    fraction : float or tuple of float
        Fraction of the post-synaptic units, for all layers or for each; in (0, 1]. At least one
        unit is chosen.
    redraw : {"never", "step", "label"} or int
        Whether the set is drawn once, anew at every step, once for each label, or whether n sets
        take turns.
    """

    redraw: str | int = "never"

    def __post_init__(self):
        super().__post_init__()
        if self.redraw not in ("never", "step", "label"):
            allowed = "'never', 'step', 'label' or an integer >= 1"
            check_number(
                "redraw", self.redraw, allowed, lambda v: isinstance(v, int | np.integer) and v >= 1
            )

    def unit_masks(self, layer, n_units):
        count = max(1, self._count(layer, n_units))

        def draw(random, n):
            order = np.argpartition(random.random((n, n_units)), count - 1, axis=1)
            masks = np.zeros((n, n_units), bool)
            np.put_along_axis(masks, order[:, :count], True, axis=1)
            return masks

        return UnitMasks(draw, self.redraw)


@dataclass(frozen=True)
class GatedNeurons(PlasticityRule):
    """Each unit learns with some probability, drawn anew for each at every step.

    The synapses onto the other units stay as they are, and these units pass no error back.

    Parameters
    ----------
    probability : float or tuple of float
        For all layers or for each; in (0, 1].

    References
    ----------
    van Rossum and Pache (2024), PLoS Comput Biol 20(10):e1012553 (published program).

    Examples
    --------
    >>> GatedNeurons(0.5)
    GatedNeurons(probability=0.5)
    """

    probability: float | tuple[float, ...]

    def __post_init__(self):
        for value in each(self.probability):
            check_number("probability", value, "in the range (0, 1]", lambda v: 0 < v <= 1)

    def check_depth(self, n_layers):
        per_layer("probability", self.probability, n_layers)

    def unit_masks(self, layer, n_units):
        given = isinstance(self.probability, tuple | list)
        probability = self.probability[layer] if given else self.probability
        return UnitMasks(lambda random, n: random.random((n, n_units)) < probability, "step")


@dataclass(frozen=True)
class _UnitRule(_FractionRule):
    _kind = BY_ERROR
    _sign = 1

    def competing_units(self, layer, n_units):
        return CompetingUnits(self._kind, max(1, self._count(layer, n_units)), self._sign)


@dataclass(frozen=True)
class LargestErrors(_UnitRule):
    """Only the synapses onto the units with the largest errors change; chosen at every step.

    The other units pass no error back.

    Parameters
    ----------
    fraction : float or tuple of float
        Fraction of the post-synaptic units, for all layers or for each; in (0, 1]. At least one
        unit is chosen, ties going to the lower index.

    References
    ----------
    van Rossum and Pache (2024), PLoS Comput Biol 20(10):e1012553 (published program).

    Examples
    --------
    >>> LargestErrors(0.1)
    LargestErrors(fraction=0.1)
    """


@dataclass(frozen=True)
class SmallestErrors(_UnitRule):
    """Control: only the synapses onto the units with the smallest errors change.

    Parameters
    ----------
    fraction : float or tuple of float
        Fraction of the post-synaptic units, for all layers or for each; in (0, 1]. At least one
        unit is chosen, ties going to the lower index.
    """

    _sign = -1


@dataclass(frozen=True)
class MostActive(_UnitRule):
    """Only the synapses onto the most active units change; chosen at every step.

    The other units pass no error back.

    Parameters
    ----------
    fraction : float or tuple of float
        Fraction of the post-synaptic units, for all layers or for each; in (0, 1]. At least one
        unit is chosen, ties going to the lower index.

    References
    ----------
    van Rossum and Pache (2024), PLoS Comput Biol 20(10):e1012553 (published program).
    """

    _kind = BY_ACTIVITY


@dataclass(frozen=True)
class LeastActive(_UnitRule):
    """Control: only the synapses onto the least active units change.

    Parameters
    ----------
    fraction : float or tuple of float
        Fraction of the post-synaptic units, for all layers or for each; in (0, 1]. At least one
        unit is chosen, ties going to the lower index.
    """

    _kind = BY_ACTIVITY
    _sign = -1


@dataclass(frozen=True)
class Subnetwork(PlasticityRule):
    """Only the first hidden units learn, with their incoming and outgoing synapses.

    With several hidden layers it is a path through the network: the synapses from the plastic
    units of each layer onto those of the next. All other weights are static.

    Parameters
    ----------
    units : int or tuple of int
        Number of plastic units, of all hidden layers or of each; all of them if a layer has no
        more.
    then : PlasticityRule
        Rule within the subnetwork.
    fraction_of : {"subnetwork", "layer"}
        Whether the fractions of that rule are of the synapses of the subnetwork or of those of the
        whole layer, as in the published program: there the largest of all proposed changes are
        chosen after those outside are set to zero. For rules by the size of updates or weights
        within the layer.

    References
    ----------
    van Rossum and Pache (2024), PLoS Comput Biol 20(10):e1012553.

    Examples
    --------
    >>> Subnetwork(100, then=LargestUpdates(0.1)).units
    100
    """

    units: int | tuple[int, ...]
    then: PlasticityRule = field(default_factory=AllSynapses)
    fraction_of: str = "subnetwork"

    def __post_init__(self):
        for units in each(self.units):
            check_count("units", units)
        if not isinstance(self.then, PlasticityRule) or isinstance(self.then, Subnetwork):
            raise ValueError(
                f"then must be a plasticity rule other than Subnetwork, got {self.then!r}"
            )
        check_choice("fraction_of", self.fraction_of, ("subnetwork", "layer"))
        by_size = LargestUpdates | SmallestUpdates | LargestWeights | SmallestWeights
        in_layer = getattr(self.then, "within", "layer") == "layer"
        if self.fraction_of == "layer" and not (isinstance(self.then, by_size) and in_layer):
            raise ValueError(
                "fraction_of must be 'subnetwork' unless then chooses by the size of updates or "
                f"weights within the layer, got {self.then!r}"
            )

    @property
    def chooses(self):
        return self.then.chooses

    def choose(self, layer, proposal, inputs, weights, random):
        return self.then.choose(layer, proposal, inputs, weights, random)

    def competing_shape(self, shape, whole):
        return whole if self.fraction_of == "layer" else shape

    def competing_units(self, layer, n_units):
        return self.then.competing_units(layer, n_units)

    def expressed(self, layer, shape, random):
        return self.then.expressed(layer, shape, random)

    def unit_masks(self, layer, n_units):
        return self.then.unit_masks(layer, n_units)

    def learns(self, layer, n_layers):
        return self.then.learns(layer, n_layers)

    def plastic_units(self, hidden):
        units = _per_hidden_layer(self.units, len(hidden))
        return tuple(map(min, units, hidden))

    def check_depth(self, n_layers):
        _per_hidden_layer(self.units, n_layers - 1)
        self.then.check_depth(n_layers)


@dataclass(frozen=True)
class ReadoutOnly(PlasticityRule):
    """Only the synapses onto the output units change; hidden layers stay as they were drawn."""

    def learns(self, layer, n_layers):
        return layer == n_layers - 1


def _only_chosen(self, layer, shape, random):
    """`expressed` of a rule that has only `choose`."""
    return None


def _per_hidden_layer(units, n_hidden):
    if isinstance(units, tuple | list) and len(units) != n_hidden:
        raise ValueError(
            f"units must be one number or one for each of the {n_hidden} hidden layers, "
            f"got {units!r}"
        )
    return per_layer("units", units, n_hidden)
