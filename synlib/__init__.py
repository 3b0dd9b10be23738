"""What does it cost to learn, and how can it cost less?

An error proposes a change, a plasticity rule decides which synapses change, a memory decides where
the change is stored, and an energy ledger counts what it costs.
"""

from importlib.metadata import version

from synlib.archives import DataUnavailable, load_fashion_mnist, load_mnist
from synlib.datasets import load_digits, load_idx, random_patterns
from synlib.memory import Memory, Persistent, SynapticCache
from synlib.mlp import MLP
from synlib.perceptron import Perceptron
from synlib.plasticity import (
    AllSynapses,
    GatedNeurons,
    LargestErrors,
    LargestUpdates,
    LargestWeights,
    LeastActive,
    MostActive,
    PlasticityRule,
    RandomNeurons,
    RandomSynapses,
    ReadoutOnly,
    SmallestErrors,
    SmallestUpdates,
    SmallestWeights,
    Subnetwork,
)
from synlib.published import published_inputs

__version__ = version("synlib")
__all__ = [
    "MLP",
    "AllSynapses",
    "DataUnavailable",
    "GatedNeurons",
    "LargestErrors",
    "LargestUpdates",
    "LargestWeights",
    "LeastActive",
    "Memory",
    "MostActive",
    "Perceptron",
    "Persistent",
    "PlasticityRule",
    "RandomNeurons",
    "RandomSynapses",
    "ReadoutOnly",
    "SmallestErrors",
    "SmallestUpdates",
    "SmallestWeights",
    "Subnetwork",
    "SynapticCache",
    "load_digits",
    "load_fashion_mnist",
    "load_idx",
    "load_mnist",
    "published_inputs",
    "random_patterns",
]
