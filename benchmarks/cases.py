"""The networks that are timed, against their oracles and against another commit."""

from dataclasses import dataclass, field
from functools import cache

from synlib import (
    MLP,
    LargestUpdates,
    LargestWeights,
    Subnetwork,
    SynapticCache,
    load_mnist,
    published_inputs,
)


@dataclass(frozen=True)
class Case:
    """A network to train: how long a sample takes, after everything is set up."""

    name: str
    seconds: float  # a sample takes about this long
    ratio: float | None  # how many times faster than the oracle it should be, at least
    oracle_steps: int
    inputs: str = "plain"  # pixel/255, or as in a publication
    parameters: dict = field(default_factory=dict)
    published: str | None = None

    def net(self, **settings):
        """With some settings besides its own."""
        settings = self.parameters | settings
        if self.published:
            return MLP.as_published(self.published, random_state=0, **settings)
        return MLP(random_state=0, **settings)


CACHE = SynapticCache(0.04, "neuron", decay_time=1000, maintenance_cost=1e-3)
ONE_BY_ONE = SynapticCache(0.005, "synapse", decay_time=1000, maintenance_cost=1e-3)
TENTH = LargestUpdates(0.1)
C = dict(inputs="vanrossum2024", published="vanrossum2024")
CASES = [
    Case("784-100-10, no caching", 8e-6, 25, 1000),
    Case("cache per neuron, decay, maintenance", 20e-6, 25, 1000, parameters={"memory": CACHE}),
    Case("the same, inputs of li2020", 80e-6, 10, 1000, "li2020", published="li2020"),
    Case("all synapses, 1,000 hidden", 120e-6, 20, 60, **C),
    Case("largest 10 %, 1,000 hidden", 200e-6, 30, 12, parameters={"plasticity": TENTH}, **C),
    Case("largest 10 %, 10,000 hidden", 2.5e-3, 30, 2, **C,
         parameters={"plasticity": TENTH, "hidden": 10_000}),
    Case("subnetwork of 100 in 200", 8e-6, 1, 100, **C,
         parameters={"plasticity": Subnetwork(100), "hidden": 200}),
    Case("subnetwork of 100 in 10,000", 8e-6, 200, 6, **C,
         parameters={"plasticity": Subnetwork(100), "hidden": 10_000}),
    Case("cache per synapse", 60e-6, None, 0, parameters={"memory": ONE_BY_ONE}),
    Case("largest 10 % by weight, 1,000 hidden", 500e-6, None, 0, **C,
         parameters={"plasticity": LargestWeights(0.1)}),
]  # fmt: skip


@cache
def images(kind):
    """Two thousand images of MNIST and their digits, as a publication takes them."""
    mnist = load_mnist()
    X, y = mnist.X_train[:2000], mnist.y_train[:2000]
    if kind == "plain":
        return X, y
    return published_inputs(X, kind, noise=False), y


def readable(seconds):
    """A time with its unit."""
    for unit, size in (("s", 1), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g}\N{NO-BREAK SPACE}{unit}"
    return f"{seconds * 1e9:.3g}\N{NO-BREAK SPACE}ns"
