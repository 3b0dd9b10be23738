"""Checks of arguments, all worded alike: name, allowed range, what was given."""

from numbers import Integral, Real

import numpy as np


def check_number(name, value, allowed, condition):
    """Raise ValueError unless ``value`` is a real number for which ``condition`` holds."""
    # bool is a number to Python, but nobody means True when asked for a threshold
    if not isinstance(value, Real) or isinstance(value, bool) or not condition(value):
        raise ValueError(f"{name} must be {allowed}, got {value!r}")


def check_count(name, value, minimum=1):
    """Raise ValueError unless ``value`` is an integer of at least ``minimum``."""
    if not isinstance(value, Integral) or isinstance(value, bool) or value < minimum:
        raise ValueError(f"{name} must be an integer of at least {minimum}, got {value!r}")


def check_choice(name, value, choices):
    """Raise ValueError unless ``value`` is one of ``choices``."""
    if not any(isinstance(value, type(choice)) and value == choice for choice in choices):
        raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}, got {value!r}")


def check_flag(name, value):
    """Raise ValueError unless ``value`` is True or False."""
    if not isinstance(value, bool | np.bool_):  # "no" would count as True
        raise ValueError(f"{name} must be True or False, got {value!r}")


def check_is_pair(name, value, allowed):
    """Raise ValueError unless ``value`` is a tuple or list of two."""
    # an array of two rows would pass for a pair
    if not isinstance(value, tuple | list) or len(value) != 2:
        got = f"an array of shape {value.shape}" if hasattr(value, "shape") else repr(value)
        raise ValueError(f"{name} must be {allowed}, got {got}")


def check_sequence(name, value, allowed):
    """Raise ValueError unless ``value`` can be gone through again and again, and is no text."""
    if isinstance(value, str) or not hasattr(value, "__len__") or not hasattr(value, "__iter__"):
        raise ValueError(f"{name} must be {allowed}, got {value!r}")


def per_layer(name, value, n_layers):
    """A single value, or one for each layer, as a tuple of ``n_layers``."""
    if not isinstance(value, tuple | list):
        return (value,) * n_layers
    if len(value) != n_layers:
        raise ValueError(
            f"{name} must be one value or one for each of the {n_layers} layers, got {value!r}"
        )
    return tuple(value)


def each(value):
    """What there is to check in a single value, or in a tuple or list with one for each layer."""
    return tuple(value) if isinstance(value, tuple | list) else (value,)
