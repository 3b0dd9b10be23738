"""Compile the kernels and keep the machine code: ``python -m synlib._kernels.warm``."""

import joblib

from synlib import MLP, Perceptron, SynapticCache, random_patterns, spiking


def warm():
    """Compile what is not compiled yet, for both precisions at the same time."""
    joblib.Parallel(n_jobs=2)(
        joblib.delayed(compile_kernels)(dtype) for dtype in ("float32", "float64")
    )


def compile_kernels(dtype):
    X, d = random_patterns(4, 3, random_state=0)
    d[:2] = -1, 1
    MLP(hidden=2, max_epochs=1, dtype=dtype).fit(X, d)
    if dtype == "float64":
        for memory in (None, SynapticCache(1), SynapticCache(1, "synapse", decay_time=9)):
            Perceptron(memory).fit(X, d)
        spiking.learn(1, max_rounds=1)


if __name__ == "__main__":
    warm()
