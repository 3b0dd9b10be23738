"""What a network is made of: its parameters, checked, and its initial weights."""

import itertools

import numpy as np

from synlib._forward import ACTIVATIONS, OUTPUTS
from synlib._random import standard_normal
from synlib._training import GRADIENTS, LOSSES
from synlib._validation import (
    check_choice,
    check_count,
    check_flag,
    check_is_pair,
    check_number,
    each,
    per_layer,
)
from synlib.memory import Memory, Persistent
from synlib.plasticity import AllSynapses, PlasticityRule

SAMPLINGS = ("sequential", "shuffled", "replacement")
ENGINES = ("auto", "compiled", "reference")


def validated(net):
    """Memory and plasticity rule of a network; ValueError if a parameter is out of its range."""
    check_flag("bias", net.bias)
    hidden = each(net.hidden)
    if not hidden:
        raise ValueError("hidden must name at least one layer, got ()")
    for units in hidden:
        check_count("hidden", units, 2 if net.bias else 1)
    n_layers = len(hidden) + 1
    for rate in per_layer("learning_rate", net.learning_rate, n_layers):
        check_number("learning_rate", rate, "a finite number > 0", lambda v: 0 < v < np.inf)
    check_choice("activation", net.activation, tuple(ACTIVATIONS))
    check_choice("output", net.output, tuple(OUTPUTS))
    check_choice("loss", net.loss, tuple(LOSSES))
    check_choice("gradient", net.gradient, tuple(GRADIENTS))
    check_choice("sampling", net.sampling, SAMPLINGS)
    check_choice("dtype", net.dtype, ("float64", "float32"))
    check_choice("engine", net.engine, ENGINES)
    check_count("max_epochs", net.max_epochs)
    if not isinstance(net.error_margin, str | None) or net.error_margin not in (
        None,
        "right",
    ):
        allowed = "None, 'right' or a finite number > 0"
        check_number("error_margin", net.error_margin, allowed, lambda v: 0 < v < np.inf)
    check_number("l2", net.l2, "a finite number >= 0", lambda v: 0 <= v < np.inf)
    if net.loss == "cross_entropy" and net.output == "linear":
        raise ValueError(
            "loss must be 'mse' when output is 'linear': cross-entropy needs outputs between "
            "0 and 1"
        )
    if net.init_scale != "fan_out":
        for scale in per_layer("init_scale", net.init_scale, n_layers):
            allowed = "a finite number >= 0 or 'fan_out'"
            check_number("init_scale", scale, allowed, lambda v: 0 <= v < np.inf)
    check_is_pair("targets", net.targets, "two finite numbers")
    for target in net.targets:
        check_number("targets", target, "two finite numbers", np.isfinite)
    memory = Persistent() if net.memory is None else net.memory
    if not isinstance(memory, Memory):
        raise ValueError(f"memory must be Persistent, SynapticCache or a Memory, got {memory!r}")
    plasticity = AllSynapses() if net.plasticity is None else net.plasticity
    if not isinstance(plasticity, PlasticityRule):
        raise ValueError(f"plasticity must be a PlasticityRule, got {plasticity!r}")
    plasticity.check_depth(n_layers)
    return memory, plasticity


def initial_weights(net, given, n_inputs, random):
    """The weights of each layer, drawn, or as they were given if they fit."""
    units = n_inputs + net.bias, *each(net.hidden), len(net.classes_)
    shapes = tuple(itertools.pairwise(units))
    if given is None:
        scales = [1 / np.sqrt(shape[1]) for shape in shapes]
        if net.init_scale != "fan_out":
            scales = per_layer("init_scale", net.init_scale, len(shapes))
        return tuple(
            (scale * standard_normal(random, shape)).astype(net.dtype)
            for shape, scale in zip(shapes, scales, strict=True)
        )
    weights = tuple(np.array(w, dtype=net.dtype, order="C") for w in given)
    if tuple(w.shape for w in weights) != shapes:
        raise ValueError(
            f"initial_weights must have the shapes {', '.join(map(str, shapes))}, "
            f"got {', '.join(str(w.shape) for w in weights)}"
        )
    if not all(np.isfinite(w).all() for w in weights):
        raise ValueError("initial_weights must be finite, got NaN or infinity")
    return weights
