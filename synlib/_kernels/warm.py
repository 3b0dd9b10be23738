"""Compile the kernels (float64) and keep the machine code: ``python -m synlib._kernels.warm``."""

from synlib import MLP, Perceptron, SynapticCache, random_patterns, spiking

X, d = random_patterns(4, 3, random_state=0)
d[:2] = -1, 1
caches = SynapticCache(1), SynapticCache(1, "synapse", decay_time=9)
for memory in (None, *caches):
    Perceptron(memory).fit(X, d)
MLP(hidden=2, max_epochs=1).fit(X, d)
spiking.learn(1, max_rounds=1)
