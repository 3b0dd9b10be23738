"""What a rule or memory returned, checked before anything is done with it.

A kernel reads what it is told to read: a mask that is too small would be foreign memory, and
learning would go on without a word.
"""

from collections.abc import Callable
from dataclasses import replace
from numbers import Integral, Real

import numpy as np

from synlib._kernels.layer import (
    ALL,
    BY_INPUT,
    BY_UPDATE,
    BY_UPDATE_OF_NETWORK,
    BY_WEIGHT,
    BY_WEIGHT_OF_UNIT,
    MASK,
    NONE,
)
from synlib._kernels.network import ALL_UNITS, BY_ACTIVITY, BY_ERROR
from synlib.plasticity import CompetingUnits, Expressed, UnitMasks

KINDS = {
    "ALL": ALL,
    "NONE": NONE,
    "BY_UPDATE": BY_UPDATE,
    "BY_INPUT": BY_INPUT,
    "BY_WEIGHT": BY_WEIGHT,
    "BY_WEIGHT_OF_UNIT": BY_WEIGHT_OF_UNIT,
    "MASK": MASK,
    "BY_UPDATE_OF_NETWORK": BY_UPDATE_OF_NETWORK,
}


def plastic_units(rule, hidden):
    """How many units of each layer of ``hidden`` the ``rule`` leaves plastic, a tuple of int."""
    units = rule.plastic_units(hidden)
    allowed = f"a tuple of {len(hidden)} integers, from 1 to the number of units of each layer"
    if not isinstance(units, tuple | list) or len(units) != len(hidden):
        raise _error(rule, "plastic_units", allowed, units)
    for number, n_units in zip(units, hidden, strict=True):
        if not _is_integer(number) or not 1 <= number <= n_units:
            raise _error(rule, "plastic_units", allowed, units)
    return tuple(int(number) for number in units)


def learns(rule, layer, n_layers):
    """Whether ``rule`` changes ``layer`` at all, a bool."""
    answer = rule.learns(layer, n_layers)
    if not isinstance(answer, bool | np.bool_):
        raise _error(rule, f"learns(layer={layer})", "True or False", answer)
    return bool(answer)


def expressed(rule, layer, shape, random):
    """What ``rule`` expresses in ``layer``, an `Expressed` whose mask, if any, has ``shape``.

    None if it chooses by `PlasticityRule.choose` alone.
    """
    choice = rule.expressed(layer, shape, random)
    method = f"expressed(layer={layer})"
    if choice is None and rule.chooses:
        return None
    if not isinstance(choice, Expressed):
        raise _error(rule, method, "an Expressed", choice)
    if not _is_integer(choice.kind) or choice.kind not in KINDS.values():
        raise _error(rule, method, f"a kind that is one of {', '.join(KINDS)}", choice.kind)
    if not _is_integer(choice.count) or choice.count < 0:
        raise _error(rule, method, "a count that is an integer >= 0", choice.count)
    if not _is_integer(choice.sign) or choice.sign not in (1, -1):
        raise _error(rule, method, "a sign that is 1 or -1", choice.sign)
    fraction = choice.fraction
    if choice.kind == BY_UPDATE_OF_NETWORK:
        if not isinstance(fraction, Real) or isinstance(fraction, bool) or not 0 < fraction <= 1:
            raise _error(rule, method, "a fraction in the range (0, 1] for its kind", fraction)
        if choice.count != 0 or choice.sign != 1:
            raise _error(rule, method, "neither count nor sign for its kind", choice)
    elif fraction is not None:
        allowed = "a fraction for the kind BY_UPDATE_OF_NETWORK only, None for any other"
        raise _error(rule, method, allowed, fraction)
    mask = choice.mask
    if choice.kind == MASK:
        _check_mask(rule, method, "a mask that is", mask, tuple(shape))
        mask = np.array(mask, order="C")
    elif mask is not None:
        raise _error(rule, method, "a mask for the kind MASK only, None for any other", mask)
    return Expressed(int(choice.kind), int(choice.count), int(choice.sign), mask, fraction)


def expressed_by_layers(rule, shapes, whole_shapes, random):
    """What ``rule`` expresses in each layer, given the shapes of its plastic part and of all.

    Layers that choose together are told how many synapses these are in all.
    """
    choices = [
        expressed(rule, k, rule.competing_shape(shape, whole), random)
        if learns(rule, k, len(shapes))
        else Expressed(NONE)
        for k, (shape, whole) in enumerate(zip(shapes, whole_shapes, strict=True))
    ]
    together = [k for k, c in enumerate(choices) if c and c.kind == BY_UPDATE_OF_NETWORK]
    fractions = {choices[k].fraction for k in together}
    if len(fractions) > 1:
        allowed = "the same fraction for all layers of the kind BY_UPDATE_OF_NETWORK"
        raise _error(rule, "expressed", allowed, sorted(fractions))
    n_synapses = sum(shapes[k][0] * shapes[k][1] for k in together)
    for k in together:
        choices[k] = replace(choices[k], count=round(choices[k].fraction * n_synapses))
    return choices


def choose(rule, layer, proposal, inputs, weights, random):
    """Which synapses of ``layer`` ``rule`` chooses at this step, a bool array."""
    seen = [array if array is None else array.view() for array in (proposal, inputs, weights)]
    for array in seen:
        if array is not None:  # an optimizer does not know the inputs
            array.flags.writeable = False
    mask = rule.choose(layer, *seen, random)
    _check_mask(rule, f"choose(layer={layer}, ...)", "", mask, proposal.shape)
    return mask


def n_stores(memory):
    """How many stores the layers of a ``memory`` have, an int."""
    if not _is_integer(memory.n_stores) or memory.n_stores < 1:
        raise ValueError(
            f"{type(memory).__name__}.n_stores must be an integer >= 1, got {memory.n_stores!r}"
        )
    return int(memory.n_stores)


def store(memory, layer, change, stores, step, random):
    """The stores of ``layer`` after a ``step``, copied, and the energy ``memory`` reports."""
    given = tuple(s.copy() for s in stores)
    returned = memory.store(layer, change.copy(), given, step, random)
    method = f"store(layer={layer}, ...)"
    if not isinstance(returned, tuple | list) or len(returned) != 2:
        raise _error(memory, method, "a pair: the stores, and the energy of this step", returned)
    new, energy = returned
    allowed = f"{len(stores)} stores, float arrays of shape {change.shape}"
    if not isinstance(new, tuple | list) or len(new) != len(stores):
        raise _error(memory, method, allowed, new)
    for one in new:
        if not isinstance(one, np.ndarray) or one.shape != change.shape or one.dtype.kind != "f":
            raise _error(memory, method, allowed, one)
    if not isinstance(energy, Real) or isinstance(energy, bool) or not 0 <= energy < np.inf:
        raise _error(memory, method, "as energy of this step a finite number >= 0", energy)
    return [np.array(one, change.dtype) for one in new], float(energy)


def competing_units(rule, layer, n_units):
    """Which units of ``layer`` compete for an error, a `CompetingUnits`."""
    units = rule.competing_units(layer, n_units)
    method = f"competing_units(layer={layer})"
    if units is None:
        return CompetingUnits(ALL_UNITS, n_units)
    if not isinstance(units, CompetingUnits):
        raise _error(rule, method, "a CompetingUnits or None", units)
    if not _is_integer(units.kind) or units.kind not in (ALL_UNITS, BY_ERROR, BY_ACTIVITY):
        raise _error(rule, method, "a kind that is ALL_UNITS, BY_ERROR or BY_ACTIVITY", units.kind)
    if not _is_integer(units.count) or units.count < 1:
        raise _error(rule, method, "a count that is an integer >= 1", units.count)
    if not _is_integer(units.sign) or units.sign not in (1, -1):
        raise _error(rule, method, "a sign that is 1 or -1", units.sign)
    return CompetingUnits(int(units.kind), int(units.count), int(units.sign))


def unit_masks(rule, layer, n_units):
    """The `UnitMasks` of ``layer``, whose draws are checked too, or None."""
    masks = rule.unit_masks(layer, n_units)
    method = f"unit_masks(layer={layer})"
    if masks is None:
        return None
    if not isinstance(masks, UnitMasks):
        raise _error(rule, method, "a UnitMasks or None", masks)
    if not isinstance(masks.draw, Callable):
        raise _error(rule, method, "a draw that can be called as draw(random, n)", masks.draw)
    in_turn = _is_integer(masks.redraw) and masks.redraw >= 1
    if not in_turn and not (
        isinstance(masks.redraw, str) and masks.redraw in ("never", "step", "label")
    ):
        allowed = "a redraw that is 'never', 'step', 'label' or an integer >= 1"
        raise _error(rule, method, allowed, masks.redraw)

    def draw(random, n):
        drawn = masks.draw(random, n)
        _check_mask(
            rule, f"draw(random, {n}) of unit_masks(layer={layer})", "", drawn, (n, n_units)
        )
        return np.array(drawn, order="C")

    return UnitMasks(draw, masks.redraw)


def _check_mask(rule, method, prefix, mask, shape):
    if not isinstance(mask, np.ndarray) or mask.dtype != bool or mask.shape != shape:
        raise _error(rule, method, f"{prefix} a bool array of shape {shape}".strip(), mask)


def _is_integer(value):
    return isinstance(value, Integral) and not isinstance(value, bool | np.bool_)


def _error(rule, method, allowed, got):
    if isinstance(got, np.ndarray):
        got = f"an array of {got.dtype} and shape {got.shape}"
    else:
        got = repr(got)
    return ValueError(f"{type(rule).__name__}.{method} must return {allowed}, got {got}")
