"""What a user waits for before anything is learned, and what large networks need."""

import importlib
import json
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import synlib
from synlib._extras import MissingExtra

FIT = """
import json, numba, synlib
from synlib._kernels import network, perceptron
X, d = synlib.random_patterns(20, 30, random_state=0)
synlib.Perceptron().fit(X, d)
synlib.MLP(hidden=5, max_epochs=1).fit(X, d)
print(json.dumps([sum(f.stats.cache_misses.values())
                  for f in (network.train, perceptron.persistent_margins)]))
"""


def test_a_second_process_compiles_nothing():
    for _ in range(2):
        result = subprocess.run(
            [sys.executable, "-c", FIT], capture_output=True, text=True, check=True
        )
    assert json.loads(result.stdout) == [0, 0]


def loaded_by(module):
    program = f"import sys, {module}; print(*sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    loaded = set(result.stdout.split())
    assert module in loaded
    return loaded


def test_simulators_import_no_front_end():
    loaded = loaded_by("synlib.experiments")
    assert "synlib.mlp" in loaded
    assert not loaded & {"matplotlib", "ipywidgets", "papermill", "click"}


@pytest.mark.parametrize("module", ["synlib.sweep", "synlib.book.cli.commands"])
def test_what_learns_nothing_does_not_wait_for_scikit_learn(module):
    loaded = loaded_by(module)
    assert not loaded & {"synlib.mlp", "sklearn", "scipy.stats", "matplotlib"}


def test_public_names_are_there_when_asked_for():
    assert {"MLP", "Perceptron", "SynapticCache", "theory"} <= set(synlib.__all__)
    for name in synlib.__all__:
        assert name in dir(synlib)
        assert getattr(synlib, name).__name__ in (name, f"synlib.{name}")
    with pytest.raises(AttributeError, match="no_such_name"):
        synlib.no_such_name  # noqa: B018


def test_a_hundred_thousand_hidden_units_fit_into_memory():
    program = """
import resource
import numpy as np
from synlib import MLP, load_mnist, published_inputs
mnist = load_mnist()
X = published_inputs(mnist.X_train[:20], "vanrossum2024", noise=False).astype(np.float32)
net = MLP.as_published("vanrossum2024", hidden=100_000, dtype="float32", learning_rate=1e-4,
                       max_epochs=1, random_state=0)
net.fit(X, mnist.y_train[:20])
assert net.n_steps_ == 20 and net.energy_["total"] > 0
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    kibibytes = int(result.stdout) / (1024 if sys.platform == "darwin" else 1)
    assert kibibytes < 3 * 2**20


@pytest.mark.parametrize(
    "name", [m.name for m in pkgutil.walk_packages(synlib.__path__, "synlib.")]
)
def test_modules_need_no_docstrings(name):
    """As under ``python -OO``, but without compiling all that they import once more."""
    try:
        module = importlib.import_module(name)
    except MissingExtra:
        assert name.startswith("synlib.torch"), "the tests have all other extras"
        pytest.skip("without PyTorch")
    code = compile(Path(module.__file__).read_text("utf-8"), module.__file__, "exec", optimize=2)
    given = ("__name__", "__package__", "__file__")
    exec(code, {key: getattr(module, key) for key in given} | {"__doc__": None})
