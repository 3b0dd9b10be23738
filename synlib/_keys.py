"""Under which name a run is kept: the function, its arguments, and all that makes its record."""

import hashlib
import importlib.util
import sys
from functools import cache
from importlib import metadata
from pathlib import Path

from synlib._identity import identity, is_library
from synlib._idx import is_idx_folder
from synlib._images import DATASETS
from synlib._origin import FRONT_END, PACKAGE
from synlib.datasets import load_idx

# a record that another version of these made need not come out the same, and would not say so
PACKAGES = ("numpy", "numba", "scipy", "scikit-learn")


def run_keys(function, runs):
    """What a function refers to (None if it is the library's own), and a key for each run."""
    captured = None if is_library(function) else identity(function)
    name = library_name(function) if captured is None else captured
    known = {}
    packages = [f"{p} {metadata.version(p)}" for p in packages_of(function) if can_import(p)]

    def key(seed, point):
        entries = [name, f"seed {seed}", *packages]
        for argument, value in sorted(point.items()):
            if id(value) not in known:
                known[id(value)] = _argument_identity(value)
            entries.append(f"{argument} {known[id(value)]}")
        return "\n".join(entries)

    return captured, [key(seed, point) for seed, point in runs]


def packages_of(function):
    """Names of packages, of extras, that a function needs: its attribute ``packages``."""
    return getattr(function, "packages", ())


def can_import(package):
    """Whether a package could be imported."""
    return importlib.util.find_spec(package) is not None


def _argument_identity(value):
    if isinstance(value, str | Path) and value not in DATASETS and is_idx_folder(value):
        return f"{Path(value).name} {load_idx(value).checksum}"
    return identity(value)


@cache
def library_version():
    """Names all that makes the records what they are, but for the function and its arguments."""
    digest = hashlib.sha256(sys.implementation.cache_tag.encode())
    digest.update(repr([metadata.version(package) for package in PACKAGES]).encode())
    for source in sorted(path for path in PACKAGE.rglob("*") if path.suffix in (".py", ".gz")):
        if not source.is_relative_to(FRONT_END):
            is_code = source.suffix == ".py"
            content = _code(source.read_text("utf-8")).encode() if is_code else source.read_bytes()
            digest.update(source.relative_to(PACKAGE).as_posix().encode() + content)
    return digest.hexdigest()[:16]


def _code(source):
    """What a module does: without comments, docstrings, assertions and layout."""
    return identity(compile(source, "", "exec", dont_inherit=True, optimize=2))


def library_name(function):
    """The name of a function of the library, under which its runs are kept."""
    return f"{function.__module__}.{function.__qualname__}"
