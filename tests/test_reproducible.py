"""Whatever decides what is learned comes out the same, to the last bit, on every machine.

Other machines are other processes here, which are told to do without the vector units and fused
operations of this one, in the C library, in NumPy, in its BLAS and in the compiler; or to compile
nothing at all, so that the kernels cannot but follow the text.
"""

import hashlib
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

from synlib import (
    MLP,
    AllSynapses,
    LargestUpdates,
    LargestWeights,
    Perceptron,
    Persistent,
    RandomNeurons,
    RandomSynapses,
    Subnetwork,
    SynapticCache,
    load_digits,
    published_inputs,
    random_patterns,
    spiking,
)

RULES = {
    "all": AllSynapses(),
    "largest updates": LargestUpdates(0.1),
    "largest updates of all": LargestUpdates(0.1, within="network"),
    "largest weights": LargestWeights(0.1),
    "random synapses": RandomSynapses(0.1),
    "random neurons": RandomNeurons(0.5, "step"),
    "subnetwork": Subnetwork(11),
}
MEMORIES = {
    "persistent": Persistent(),
    "per neuron": SynapticCache(0.02, decay_time=50, maintenance_cost=1e-3),
    "per sum": SynapticCache(0.5, "neuron-sum", decay_time=50, consolidate="next"),
    "per synapse": SynapticCache(0.005, "synapse", decay_time=50, decay_form="discrete"),
}
UNITS = [
    {"activation": "logistic", "output": "logistic", "gradient": "li2020"},
    {"activation": "tanh", "output": "softmax", "loss": "cross_entropy"},
    {"activation": "relu", "output": "linear"},
    {"activation": "leaky_relu", "output": "softmax", "gradient": "nyiro2022"},
    {"activation": "tanh", "output": "logistic", "loss": "mse"},
]
DTYPES = "float64", "float32"
NETWORKS = [
    (rule, memory, number % len(UNITS))
    for number, (rule, memory) in enumerate((r, m) for r in RULES for m in MEMORIES)
]

FEATURES = [name for name in __cpu_dispatch__ if __cpu_features__[name]]
MACHINES = {
    "an old processor": {
        "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX,-AVX2,-FMA,-FMA4,-AVX512F",
        "NPY_DISABLE_CPU_FEATURES": " ".join(FEATURES),
        "OPENBLAS_CORETYPE": "Nehalem",
        "NUMBA_CPU_NAME": "generic",
        "NUMBA_CPU_FEATURES": "",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    },
    "another processor": {
        "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-FMA,-FMA4,-AVX512F",
        "OPENBLAS_CORETYPE": "Haswell",
        "OMP_NUM_THREADS": "2",
        "OPENBLAS_NUM_THREADS": "2",
    },
    "one that does not compile": {"NUMBA_DISABLE_JIT": "1"},
}


def fingerprints(dtype, long):
    """Hashes by name; ``long`` also of what takes too long where nothing is compiled."""
    found = {}
    for rule, memory, units in NETWORKS:
        name = f"{rule}, {memory}, {UNITS[units]['activation']}, {dtype}"
        found[f"few steps: {name}"] = network(rule, memory, UNITS[units], dtype, 13)
        if long:
            found[f"many steps: {name}"] = network(rule, memory, UNITS[units], dtype, 600)
    if long:
        found[f"tails: {dtype}"] = tails(dtype)
    if dtype == "float32":
        return found  # the others know no single precision
    for name, memory in MEMORIES.items():
        for kind, X in (("signs", 0), ("real numbers", 1)):
            found[f"perceptron: {name}, {kind}"] = perceptron(memory, X)
    cache = SynapticCache(0.1, "synapse", decay_time=1e4)
    learned = spiking.learn(2, memory=cache, max_rounds=3, random_state=5)
    found["spiking neuron"] = digest(learned.weights)
    if long:
        X = published_inputs(load_digits().X_train, "vanrossum2024", random_state=0)
        found["noisy inputs"] = digest(X)
    return found


def network(rule, memory, units, dtype, n_samples):
    """Weights at the beginning and at the end, outputs, accuracies, and the steps it took."""
    digits = load_digits()
    X = (digits.X_train[:n_samples] - (0.13 if units["activation"] == "relu" else 0)).astype(dtype)
    net = MLP(
        **units,
        hidden=21,
        learning_rate=0.05,
        bias=units["output"] == "linear",
        init_scale=0.3,
        max_epochs=1,
        plasticity=RULES[rule],
        memory=MEMORIES[memory],
        dtype=dtype,
        random_state=3,
    ).fit(X, digits.y_train[:n_samples], until=0.6, evaluate_every=max(n_samples // 8, 5))
    arrays = (*net.weights_, *net.initial_weights_, net.activities(X), net.history_["accuracy"])
    return digest(*arrays, net.n_steps_)


def perceptron(memory, real):
    """Weights, outputs, and the errors of each epoch."""
    X, d = random_patterns(70, 50, random_state=1)
    if real:
        X *= np.random.default_rng(2).random(X.shape)
    neuron = Perceptron(memory, learning_rate=0.3, max_epochs=40).fit(X, d)
    return digest(neuron.coef_, neuron.decision_function(X), neuron.history_["errors"])


def tails(dtype):
    """Weights of which some are more than four standard deviations from zero."""
    digits = load_digits()
    net = MLP(hidden=4000, dtype=dtype, init_scale=1, max_epochs=1, random_state=0)
    net.fit(digits.X_train[:20], digits.y_train[:20])
    assert np.abs(net.initial_weights_[0]).max() > 4
    return digest(*net.initial_weights_, *net.weights_)


def digest(*arrays):
    contents = b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)
    return hashlib.sha256(contents).hexdigest()[:16]


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(name, marks=pytest.mark.recompiles) if "NUMBA_CPU_NAME" in variables else name
        for name, variables in MACHINES.items()
    ],
)
def elsewhere(request):
    """What a machine finds, for each precision; both run side by side, and compile so."""
    variables = MACHINES[request.param]
    running = {
        dtype: subprocess.Popen(
            [sys.executable, "-m", "tests.test_reproducible", dtype, *long_unless(variables)],
            env=os.environ | variables,
            stdout=subprocess.PIPE,
            text=True,
        )
        for dtype in DTYPES
    }
    return {dtype: json.loads(process.communicate()[0]) for dtype, process in running.items()}


def long_unless(variables):
    return [] if "NUMBA_DISABLE_JIT" in variables else ["long"]


@pytest.fixture(scope="module")
def here():
    return {dtype: fingerprints(dtype, long=True) for dtype in DTYPES}


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_same_numbers(dtype, elsewhere, here):
    there = elsewhere[dtype]
    assert len(there) >= len(NETWORKS)
    assert [name for name in there if there[name] != here[dtype][name]] == []


if __name__ == "__main__":
    print(json.dumps(fingerprints(sys.argv[1], long="long" in sys.argv)))
