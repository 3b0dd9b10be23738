"""Results do not depend on the processor: the kernels compute what is written, in that order.

A compiler that reorders or fuses operations does so by the vector units it finds. Interpreted, the
same kernels cannot but follow the text: weights must come out the same to the last bit.
"""

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest

from synlib import (
    MLP,
    AllSynapses,
    LargestUpdates,
    LargestWeights,
    Persistent,
    RandomSynapses,
    Subnetwork,
    SynapticCache,
    load_digits,
)

RULES = {
    "all": AllSynapses(),
    "largest updates": LargestUpdates(0.1),
    "largest weights": LargestWeights(0.1),
    "random synapses": RandomSynapses(0.1),
    "subnetwork": Subnetwork(11),
}
MEMORIES = {
    "persistent": Persistent(),
    "per neuron": SynapticCache(0.02, decay_time=50, maintenance_cost=1e-3),
    "per synapse": SynapticCache(0.005, "synapse", decay_time=50, maintenance_cost=1e-3),
}
CASES = [(rule, memory) for rule in RULES for memory in MEMORIES]


def fingerprint(rule, memory, dtype):
    """Hash of the weights after a few steps, without the library's exponential function."""
    digits = load_digits()
    X = digits.X_train[:15].astype(dtype) - dtype(0.13)
    net = MLP(
        hidden=21,
        learning_rate=0.05,
        activation="relu",
        output="linear",
        bias=True,
        init_scale=0.3,
        max_epochs=1,
        plasticity=RULES[rule],
        memory=MEMORIES[memory],
        dtype=np.dtype(dtype).name,
        random_state=0,
    ).fit(X, digits.y_train[:15])
    return hashlib.sha256(b"".join(w.tobytes() for w in net.weights_)).hexdigest()


@pytest.fixture(scope="module")
def interpreted():
    """Fingerprints of all cases, from a Python that does not compile."""
    found = subprocess.run(
        [sys.executable, "-m", "tests.test_reproducible"],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(line.rsplit(" ", 1) for line in found.stdout.splitlines())


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["float64", "float32"])
@pytest.mark.parametrize(("rule", "memory"), CASES)
def test_compiled_weights_equal_interpreted_ones(rule, memory, dtype, interpreted):
    name = f"{rule}, {memory}, {np.dtype(dtype).name}"
    assert fingerprint(rule, memory, dtype) == interpreted[name]


if __name__ == "__main__":
    for case in CASES:
        for number in (np.float64, np.float32):
            print(*case, np.dtype(number).name, sep=", ", end=" ")
            print(fingerprint(*case, number))
