"""Arguments and results of runs as text can hold them, and what such a text describes."""

import hashlib
import importlib
from dataclasses import fields, is_dataclass
from functools import cache

import numpy as np

from synlib._images import DATASETS
from synlib.archives import ARCHIVES


class NotStorable(TypeError):
    """A run has arguments or records that cannot be written as text and read again."""


def described(value):
    """An argument as text can hold it: a number, a text, a list or a dict.

    Raises
    ------
    NotStorable
        If it is anything but those, tuples, names of data sets, and rules and memories of the
        library.

    Examples
    --------
    >>> from synlib import LargestUpdates
    >>> described(LargestUpdates(0.1))
    {'type': 'synlib.plasticity.LargestUpdates', 'fraction': 0.1, 'within': 'layer'}
    >>> described((1, None))
    {'tuple': [1, None]}
    """
    if isinstance(value, str) and value in DATASETS:
        return {"dataset": value, "checksum": checksum(value)}
    if isinstance(value, tuple):
        return {"tuple": [described(entry) for entry in value]}
    if is_dataclass(value) and type(value).__module__.startswith("synlib."):
        entries = {entry.name: described(getattr(value, entry.name)) for entry in fields(value)}
        return {"type": f"{type(value).__module__}.{type(value).__qualname__}"} | entries
    return plain(value)


def described_all(arguments):
    """Arguments of a run, by name, as `described`."""
    return {name: described(value) for name, value in arguments.items()}


def revived(value):
    """What `described` describes.

    Examples
    --------
    >>> from synlib import SynapticCache
    >>> revived(described(SynapticCache(2.0))) == SynapticCache(2.0)
    True
    """
    if not isinstance(value, dict):
        return value
    if "dataset" in value:
        return value["dataset"]
    if "tuple" in value:
        return tuple(map(revived, value["tuple"]))
    entries = {name: revived(entry) for name, entry in value.items() if name != "type"}
    return of_library(value["type"])(**entries)


def of_library(name):
    """A function or class of the library, by its module and name.

    Raises
    ------
    ValueError
        If the library has no such thing.
    """
    module, _, name_there = name.rpartition(".")
    if not module.startswith("synlib."):
        raise ValueError(f"{name} is not of this library")
    try:
        return getattr(importlib.import_module(module), name_there)
    except (ImportError, AttributeError):
        raise ValueError(f"the library has no {name}") from None


@cache
def checksum(dataset):
    """A checksum of a data set, also of one that is not on this computer."""
    for archive in ARCHIVES:
        if archive.folder == dataset:
            return hashlib.sha256("".join(archive.checksums.values()).encode()).hexdigest()
    return DATASETS[dataset]().checksum


def plain(value):
    """A number, text, truth value or None, of Python's own."""
    if isinstance(value, np.bool_ | np.int64 | np.float64):
        value = value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise NotStorable(f"{value!r} cannot be stored")
