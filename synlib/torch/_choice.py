"""Which cells of a parameter express the change that an optimizer proposes.

The rules of `synlib.plasticity` speak of layers (n_inputs, n_units). A parameter of two or more
dimensions begins a layer, with its first dimension for the units; those of one dimension that
follow, such as a bias, belong to it and are a population of their own.
"""

from dataclasses import replace

import numpy as np
import torch

from synlib import _rules
from synlib._kernels.layer import (
    BY_INPUT,
    BY_UPDATE,
    BY_UPDATE_OF_NETWORK,
    BY_WEIGHT,
    BY_WEIGHT_OF_UNIT,
    MASK,
    NONE,
)
from synlib._kernels.network import ALL_UNITS
from synlib.plasticity import Expressed, Subnetwork

BY_SIZE = (BY_INPUT, BY_UPDATE, BY_WEIGHT, BY_WEIGHT_OF_UNIT)


class Choice:
    """What a rule does with one parameter.

    Parameters
    ----------
    rule : PlasticityRule
    layer : int
    parameter : tensor
    n_layers : int
    plastic : tuple of int, optional
        Units and inputs, counted from the first, that a `Subnetwork` leaves plastic.
    random, for_choice : Generator
        What the rule draws once, and what its method ``choose`` draws.
    allowed : bool tensor like the parameter, optional
        Which cells may change at all.
    """

    def __init__(self, rule, layer, parameter, n_layers, plastic, random, for_choice, allowed):
        self.rule, self.layer, self.for_choice = rule, layer, for_choice
        self.allowed = None if allowed is None else allowed.to(parameter.device)
        self.part = tuple(slice(n) for n in plastic or ())
        part = shape_of(parameter[self.part])
        if not _rules.learns(rule, layer, n_layers):
            self.expressed = Expressed(NONE)
        else:
            shape = rule.competing_shape(part, shape_of(parameter))
            self.expressed = _rules.expressed(rule, layer, shape, random)
        if self.expressed and self.expressed.kind == BY_UPDATE_OF_NETWORK:
            raise ValueError(
                f"plasticity must choose within 'layer' or 'neuron', got {rule!r}: parameters are "
                "looked at one after another"
            )
        if self.expressed and self.expressed.kind in BY_SIZE and parameter.ndim < 2:
            self.expressed = replace(self.expressed, count=max(1, self.expressed.count))
        self.fixed = None
        if self.expressed is not None and self.expressed.kind == MASK:
            mask = torch.from_numpy(self.expressed.mask.T.copy())
            self.fixed = mask.reshape(parameter[self.part].shape).to(parameter.device)

    @property
    def is_all(self):
        """Whether every change is expressed."""
        kind = self.expressed and self.expressed.kind
        return (
            not self.part
            and self.allowed is None
            and kind is not None
            and kind not in (NONE, MASK, *BY_SIZE)
        )

    @property
    def leaves_out(self):
        """Whether so few cells are to be chosen that none is."""
        return (
            self.expressed is not None
            and self.expressed.kind in BY_SIZE
            and self.expressed.count == 0
        )

    def mask(self, proposal, weights):
        """Which cells change, a bool tensor like the proposal and the weights."""
        if self.allowed is not None:
            proposal = torch.where(self.allowed, proposal, 0)
        whole = torch.zeros_like(proposal, dtype=torch.bool)
        whole[self.part] = self._within(proposal[self.part], weights[self.part])
        return whole if self.allowed is None else whole & self.allowed

    def _within(self, proposal, weights):
        """The same for the plastic part."""
        if self.expressed is None:
            return self._chosen(proposal, weights)
        kind, count, sign = self.expressed.kind, self.expressed.count, self.expressed.sign
        if kind == MASK:
            return self.fixed
        if kind in (BY_UPDATE, BY_INPUT):
            return extreme(proposal, count, sign, of_unit=kind == BY_INPUT)
        if kind in (BY_WEIGHT, BY_WEIGHT_OF_UNIT):
            return extreme(weights, count, sign, of_unit=kind == BY_WEIGHT_OF_UNIT)
        return torch.full(proposal.shape, kind != NONE, device=proposal.device)

    def _chosen(self, proposal, weights):
        """What the method ``choose`` of a rule says, which speaks NumPy."""
        shown = [matrix(tensor).T.cpu().numpy() for tensor in (proposal, weights)]
        mask = _rules.choose(self.rule, self.layer, shown[0], None, shown[1], self.for_choice)
        mask = torch.from_numpy(np.ascontiguousarray(mask.T))
        return mask.view(proposal.shape).to(proposal.device)


def extreme(values, count, sign, of_unit):
    """Mask of the ``count`` largest (sign 1) or smallest sizes, of all or of each unit.

    Ties go to the lower index, inputs first.
    """
    size = matrix(values).abs() if values.ndim > 1 else values.abs()[None]
    n_units, n_inputs = size.shape
    if not of_unit:
        size = size.reshape(1, -1)
    if count == 0 or count >= size.shape[1]:
        return torch.full_like(values, count > 0, dtype=torch.bool)
    last = torch.topk(size, count, dim=1, largest=sign > 0, sorted=False).values
    last = last.amin(1, keepdim=True) if sign > 0 else last.amax(1, keepdim=True)
    chosen = size >= last if sign > 0 else size <= last
    for row in (chosen.sum(1) != count).nonzero().ravel().tolist():
        ties = (size[row] == last[row]).nonzero().ravel()
        order = ties if of_unit else ties % n_inputs * n_units + ties // n_inputs
        surplus = int(chosen[row].sum()) - count
        chosen[row, ties[order.argsort()[len(ties) - surplus :]]] = False
    return chosen.reshape(values.shape)


def matrix(values):
    """A parameter as (n_units, n_inputs); of one dimension, each cell is a unit."""
    return values.reshape(values.shape[0] if values.ndim else 1, -1)


def shape_of(values):
    """(n_inputs, n_units) of a parameter; one of one dimension is one population."""
    if values.ndim < 2:
        return values.numel(), 1
    return values.numel() // len(values), len(values)


def layers_of(parameters):
    """The layer of each parameter: 0, 1, ..."""
    layer, begun, layers = 0, False, []
    for parameter in parameters:
        if parameter.ndim >= 2:
            layer, begun = layer + begun, True
        layers.append(layer)
    return layers


def plastic_parts(rule, names, parameters, layers):
    """Units and inputs of each parameter that a `Subnetwork` leaves plastic; None without one."""
    if not isinstance(rule, Subnetwork):
        return [None] * len(parameters)
    first = {}  # the parameter that each layer begins with
    for k, (parameter, layer) in enumerate(zip(parameters, layers, strict=True)):
        if parameter.ndim >= 2:
            first.setdefault(layer, k)
    if len(first) <= max(layers) or len(first) < 2:
        raise ValueError("Subnetwork needs two or more layers of weights, one after another")
    sizes = [len(parameters[k]) for k in first.values()]
    units = [*_rules.plastic_units(rule, tuple(sizes[:-1])), sizes[-1]]
    parts = []
    for k, layer in enumerate(layers):
        parameter = parameters[k]
        if parameter.ndim < 2:
            if len(parameter) != sizes[layer]:
                raise ValueError(_no_chain(names[k], "as many entries as the layer has units"))
            parts.append((units[layer],))
        elif layer == 0:
            parts.append((units[0],))
        else:
            n_inputs, before = parameter.shape[1], sizes[layer - 1]
            if n_inputs % before:  # a convolution's units are seen as many inputs each
                raise ValueError(_no_chain(names[k], f"inputs from the {before} units before it"))
            parts.append((units[layer], units[layer - 1] * (n_inputs // before)))
    return parts


def check_rule(rule, layer, n_units):
    """Raise ValueError if a rule does what no optimizer can."""
    acts_on_errors = (
        rule.unit_masks(layer, n_units) is not None
        or _rules.competing_units(rule, layer, n_units).kind != ALL_UNITS
    )
    if acts_on_errors:
        raise ValueError(
            f"plasticity must choose among the changes of weights, got {rule!r}, which chooses "
            "among the errors of units before they are passed back: an optimizer never sees those"
        )


def _no_chain(name, wanted):
    return (
        f"Subnetwork needs layers that follow one another, and {name} has not {wanted}: choose "
        "the cells that may change by `masks` instead"
    )


def check_masks(masks, names, parameters):
    """Raise ValueError unless masks are bool tensors like the parameters they are for."""
    for name, mask in masks.items():
        if name not in names:
            raise ValueError(f"masks must be for parameters among {names}, got one for {name!r}")
        shape = parameters[names.index(name)].shape
        if not isinstance(mask, torch.Tensor) or mask.dtype != torch.bool or mask.shape != shape:
            got = f"{mask.dtype} of {tuple(mask.shape)}" if hasattr(mask, "shape") else repr(mask)
            raise ValueError(
                f"masks[{name!r}] must be a bool tensor of shape {tuple(shape)}, got {got}"
            )
