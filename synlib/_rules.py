"""What a plasticity rule returned, checked once before a compiled loop sees it.

A kernel reads what it is told to read: a mask that is too small would be foreign memory, and
learning would go on without a word.
"""

from collections.abc import Callable
from numbers import Integral

import numpy as np

from synlib._kernels.layer import (
    ALL,
    BY_INPUT,
    BY_UPDATE,
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
    """What ``rule`` expresses in ``layer``, an `Expressed` whose mask, if any, has ``shape``."""
    choice = rule.expressed(layer, shape, random)
    method = f"expressed(layer={layer})"
    if not isinstance(choice, Expressed):
        raise _error(rule, method, "an Expressed", choice)
    if not _is_integer(choice.kind) or choice.kind not in KINDS.values():
        raise _error(rule, method, f"a kind that is one of {', '.join(KINDS)}", choice.kind)
    if not _is_integer(choice.count) or choice.count < 0:
        raise _error(rule, method, "a count that is an integer >= 0", choice.count)
    if not _is_integer(choice.sign) or choice.sign not in (1, -1):
        raise _error(rule, method, "a sign that is 1 or -1", choice.sign)
    mask = choice.mask
    if choice.kind == MASK:
        _check_mask(rule, method, "a mask that is", mask, tuple(shape))
        mask = np.array(mask, order="C")
    elif mask is not None:
        raise _error(rule, method, "a mask for the kind MASK only, None for any other", mask)
    return Expressed(int(choice.kind), int(choice.count), int(choice.sign), mask)


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
