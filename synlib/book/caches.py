"""What is kept on disk to save time: compiled kernels and finished runs, and how much of it."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from synlib import _kernels
from synlib._kernels.kept import kernels_folder
from synlib._keys import library_version
from synlib.sweep import runs_folder

KINDS = ("kernels", "runs")


@dataclass(frozen=True)
class Kept:
    """What is kept of one kind.

    Attributes
    ----------
    folder : Path
    current : Path
        The part of it that this version of the library uses.
    old : list of Path
        What other versions have left behind.
    """

    folder: Path
    current: Path
    old: list[Path]


def kept(kind):
    """What is kept of one of the `KINDS`.

    Returns
    -------
    Kept

    Examples
    --------
    >>> kept("kernels").current.parent == kept("kernels").folder
    True
    """
    folder, version = {
        "kernels": (kernels_folder, _kernels.version),
        "runs": (runs_folder, library_version),
    }[kind]
    folder, version = folder(), version()
    # nothing but what has been put there by this library: the folder may have been given
    ours = [path for path in _children(folder) if re.fullmatch("[0-9a-f]{16}", path.name)]
    if kind == "runs":
        ours += [path for path in (folder / "synlib",) if path.is_dir()]  # until 0.1
    return Kept(folder, folder / version, [path for path in ours if path.name != version])


def measure(path, pattern):
    """How many entries a folder holds, and its size in bytes."""
    files = [file for file in path.rglob("*") if file.is_file()]
    return sum(file.match(pattern) for file in files), sum(file.stat().st_size for file in files)


def clear(kind, old_only=False):
    """Delete what is kept of one of the `KINDS`, or only what other versions have left behind.

    Raises
    ------
    OSError
        If something cannot be deleted.
    """
    found = kept(kind)
    for path in [*found.old, *([] if old_only else [found.current])]:
        if path.is_dir():
            shutil.rmtree(path)


def _children(folder):
    return sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
