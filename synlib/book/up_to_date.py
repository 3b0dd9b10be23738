"""Whether what was executed or built still follows from what it was made of.

Beside each executed notebook lies a stamp, only while the notebook is whole: the version of all
that it was made of. Nothing is kept by its date.
"""

import hashlib
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def notebook_version(path, values, shows_results, stored_runs=None):
    """Names all that the execution of a notebook with these parameters depends on.

    ``stored_runs`` is the file of the runs that it looks up, if there is one.
    """
    parts = [path.read_text("utf-8"), repr(sorted(values.items())), sys.version, _sources()]
    if shows_results:
        parts.append(_results())
    if stored_runs:
        parts.append(_digest([stored_runs]))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def pages_version():
    """Names what pages show besides what is on them: docstrings, and results other pages quote."""
    return f"{_sources()} {_results()}"


def is_current(target, version):
    """Whether the executed notebook is whole, and of this version."""
    stamp = _stamp(target)
    return target.is_file() and stamp.is_file() and stamp.read_text() == version


def declare(target, version):
    """Say that the notebook is whole now."""
    _stamp(target).write_text(version)


def revoke(target):
    """Say that the notebook is about to be written."""
    _stamp(target).unlink(missing_ok=True)


def _stamp(target):
    return target.with_suffix(".version")


def _sources():
    """Names the library, its data and the packages it runs with."""
    library = [path for path in sorted((ROOT / "synlib").rglob("*")) if path.is_file()]
    sources = [path for path in library if path.suffix != ".pyc"]
    return _digest([*sources, ROOT / "requirements.txt"])


def _results():
    return _digest(sorted((ROOT / "book" / "results").glob("*.json")))


def _digest(paths):
    digest = hashlib.sha256()
    for path in paths:
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(ROOT)} {content}\n".encode())
    return digest.hexdigest()
