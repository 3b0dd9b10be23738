"""Compile the kernels and keep the machine code: ``python -m synlib._kernels.warm``."""

import contextlib
import gc
import hashlib
import sys

import joblib
import numba
from numba.core.registry import cpu_target

import synlib
from synlib._kernels import kernels_folder, version
from synlib._kernels.kept import whole_content


def warm():
    """Compile what is not compiled yet, for both precisions at the same time."""
    folder = kernels_folder() / version()
    processor = cpu_target.target_context.codegen().magic_tuple()
    meant_for = repr((sys.implementation.cache_tag, numba.__version__, processor))
    # says what was there at the end, so that two processes need not start only to look for it
    known = folder / f"warm.{hashlib.sha256(meant_for.encode()).hexdigest()[:16]}"
    with contextlib.suppress(OSError, ValueError):
        names = known.read_text("utf-8").splitlines()
        if names and all(whole_content(folder / name) for name in names):
            return
    joblib.Parallel(n_jobs=2)(
        joblib.delayed(compile_kernels)(dtype) for dtype in ("float32", "float64")
    )
    with contextlib.suppress(OSError):
        known.write_text("\n".join(path.name for path in folder.glob("*.nbc")), "utf-8")


def compile_kernels(dtype):
    threshold = gc.get_threshold()
    gc.set_threshold(100_000, 20)  # a compiler makes much and leaves little: a tenth of its time
    try:
        _compile(dtype)
    finally:
        gc.set_threshold(*threshold)


def _compile(dtype):
    X, d = synlib.random_patterns(4, 3, random_state=0)
    d[:2] = -1, 1
    synlib.MLP(hidden=2, max_epochs=1, dtype=dtype).fit(X, d)
    if dtype == "float64":
        cache = synlib.SynapticCache
        for memory in (None, cache(1), cache(1, "synapse", decay_time=9)):
            synlib.Perceptron(memory).fit(X, d)
        synlib.spiking.learn(1, max_rounds=1)


if __name__ == "__main__":
    warm()
