"""Compiled inner loops: plain functions of arrays, no Python objects, no randomness.

Every kernel has a slow, dense, obvious counterpart in ``tests/oracles``.
"""

import hashlib
from pathlib import Path

import numba
import platformdirs

# Sums may be reordered, which lets them be vectorised, but infinities and NaNs keep their meaning.
ANY_ORDER = {"reassoc", "contract", "nsz"}


def compiled(function, **options):
    """Compile ``function`` with Numba and keep the machine code on disk.

    Arithmetic is done as written, without ``fastmath``: learning is chaotic, and a sum in another
    order would give other results on a processor with other vector units.

    Numba notices a change in a kernel's own file, but not in the kernels it calls from other
    files. The folder is therefore named after the content of all of them, so that an old
    machine code can never answer for a new source.
    """
    previous = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(_CACHE_FOLDER)
    try:
        return numba.njit(
            cache=True,
            error_model="numpy",
            no_cfunc_wrapper=True,
            **options,
        )(function)
    finally:
        numba.config.CACHE_DIR = previous


def inner(function, **options):
    """Compile a function that only kernels call: in less time, since Python needs no way in."""
    return compiled(function, no_cpython_wrapper=True, **options)


def in_any_order(function):
    """Compile a function whose sums may be reordered: faster, and rounded otherwise elsewhere."""
    return compiled(function, fastmath=ANY_ORDER)


def accounting(function):
    """Compile an inner function whose sums reach the ledger only, in any order."""
    return inner(function, fastmath=ANY_ORDER)


def _cache_folder():
    sources = sorted(Path(__file__).parent.glob("*.py"))
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()
    return platformdirs.user_cache_path("synlib") / "kernels" / digest[:16]


_CACHE_FOLDER = _cache_folder()
