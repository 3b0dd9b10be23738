"""Compiled inner loops: plain functions of arrays, no Python objects, no randomness.

Every kernel has a slow, dense, obvious counterpart: networks in `synlib.reference`, the rest in
``tests/oracles``.
"""

import hashlib
from pathlib import Path

import numba

from synlib._kernels.kept import KernelCache, kernels_folder

# Sums may be reordered, which lets them be vectorised, but infinities and NaNs keep their meaning.
ANY_ORDER = {"reassoc", "nsz"}


def compiled(function, **options):
    """Compile ``function`` with Numba and keep the machine code on disk.

    Arithmetic is done as written, without ``fastmath``: learning is chaotic, and a sum in another
    order would give other results on a processor with other vector units.

    Numba notices a change in a kernel's own file, but not in the kernels it calls from other
    files. The folder is therefore named after the content of all of them, so that an old
    machine code can never answer for a new source.
    """
    kernel = numba.njit(error_model="numpy", no_cfunc_wrapper=True, **options)(function)
    if not numba.config.DISABLE_JIT:
        kernel._cache = KernelCache(function, _CACHE_FOLDER)  # as its `enable_caching` does
    return kernel


def inner(function, **options):
    """Compile a function that only kernels call: in less time, since Python needs no way in."""
    return compiled(function, no_cpython_wrapper=True, **options)


def once(function):
    """Compile a function that is called in one place, as a part of the function that calls it."""
    return numba.njit(error_model="numpy", inline="always")(function)


def apart(function):
    """Compile a loop over arrays of which none overlaps another, into those that call it.

    Without this promise a loop over rows begins, each time, by comparing where its arrays are.
    """
    kernel = inner(function, forceinline=True)
    if not numba.config.DISABLE_JIT:
        kernel._compiler._customize_flags = _without_overlap
    return kernel


def _without_overlap(flags):
    flags.noalias = True
    return flags


def in_any_order(function):
    """Compile a function whose sums may be reordered: faster, and rounded otherwise elsewhere."""
    return compiled(function, fastmath=ANY_ORDER)


def accounting(function):
    """Compile an inner function whose sums reach the ledger only, in any order."""
    return inner(function, fastmath=ANY_ORDER)


def version():
    """Names the content of all kernels, and how they are compiled."""
    sources = sorted(Path(__file__).parent.glob("*.py"))
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources))
    settings = ("OPT", "BOUNDSCHECK", "LOOP_VECTORIZE", "SLP_VECTORIZE", "DEBUGINFO_DEFAULT")
    digest.update(repr([getattr(numba.config, name, None) for name in settings]).encode())
    return digest.hexdigest()[:16]


_CACHE_FOLDER = kernels_folder() / version()
