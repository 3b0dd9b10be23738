# The public modules, the public names and where they live: for __init__.py and type checkers.
from . import (
    archives as archives,
    datasets as datasets,
    devices as devices,
    energy as energy,
    experiments as experiments,
    memory as memory,
    mlp as mlp,
    perceptron as perceptron,
    plasticity as plasticity,
    published as published,
    reference as reference,
    spiking as spiking,
    stored as stored,
    sweep as sweep,
    theory as theory,
)
from .archives import (
    DataUnavailable as DataUnavailable,
    load_fashion_mnist as load_fashion_mnist,
    load_mnist as load_mnist,
)
from .datasets import (
    load_digits as load_digits,
    load_idx as load_idx,
    random_patterns as random_patterns,
)
from .memory import Memory as Memory, Persistent as Persistent, SynapticCache as SynapticCache
from .mlp import MLP as MLP
from .perceptron import Perceptron as Perceptron
from .plasticity import (
    AllSynapses as AllSynapses,
    GatedNeurons as GatedNeurons,
    LargestErrors as LargestErrors,
    LargestUpdates as LargestUpdates,
    LargestWeights as LargestWeights,
    LeastActive as LeastActive,
    MostActive as MostActive,
    PlasticityRule as PlasticityRule,
    RandomNeurons as RandomNeurons,
    RandomSynapses as RandomSynapses,
    ReadoutOnly as ReadoutOnly,
    SmallestErrors as SmallestErrors,
    SmallestUpdates as SmallestUpdates,
    SmallestWeights as SmallestWeights,
    Subnetwork as Subnetwork,
)
from .published import published_inputs as published_inputs
