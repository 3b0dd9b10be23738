"""The files of MNIST and of whatever comes in its format, gzipped or not."""

import difflib
import gzip
import math
import stat
import warnings
import zlib
from pathlib import Path

import numpy as np

IDX_UNSIGNED_BYTE = 8
FILES = {
    "images_train": "train-images-idx3-ubyte",
    "y_train": "train-labels-idx1-ubyte",
    "images_test": "t10k-images-idx3-ubyte",
    "y_test": "t10k-labels-idx1-ubyte",
}


def is_idx_folder(path):
    """Whether this is the path of a folder with at least one of the four IDX files."""
    try:
        return any(idx_files(Path(path).expanduser(), stem) for stem in FILES.values())
    except PermissionError:
        raise
    except (OSError, ValueError, RuntimeError):  # no path at all
        return False


def idx_files(folder, stem):
    """The files that may hold this part of a data set, the first choice first.

    Raises PermissionError if one may not look.
    """
    return [path for path in (folder / f"{stem}.gz", folder / stem) if _is_file(path)]


def _is_file(path):
    """Like `Path.is_file`, which since Python 3.14 says no where one may not look."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False


def name_missing(folder, stem):
    """Say that a file is missing, and which one may have been meant."""
    names = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    names -= {f"{known}{end}" for known in FILES.values() for end in ("", ".gz")}
    near = difflib.get_close_matches(stem, names, n=1, cutoff=0.8)
    hint = f"; is {near[0]} meant? Then rename it" if near else ""
    return f"{folder} has neither {stem}.gz nor {stem}{hint}"


def ndim_of(stem):
    """How many dimensions the IDX file of this name has."""
    return 3 if "images" in stem else 1


def read_part(folder, stem):
    """The array of this part of a data set, from the first of its files that is whole."""
    paths = idx_files(folder, stem)
    if not paths:
        raise FileNotFoundError(name_missing(folder, stem))
    try:
        return read_idx(paths[0], ndim_of(stem))
    except ValueError as error:
        if len(paths) == 1:
            raise
        array = read_idx(paths[1], ndim_of(stem))
        warnings.warn(f"{error}; {paths[1].name} is read instead", UserWarning, stacklevel=3)
        return array


def read_idx(path, ndim):
    """The array in an IDX file of unsigned bytes, gzipped or not.

    Parameters
    ----------
    path : path
    ndim : int
        Number of dimensions the file must have.

    Returns
    -------
    uint8 array

    Raises
    ------
    ValueError
        If the file is not of that format, or shorter or longer than its header says.
    """
    path = Path(path).expanduser()
    try:
        return parse_idx(unpack(path.read_bytes()), ndim)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def write_idx(path, array):
    """Write whole numbers from 0 to 255 as an IDX file, gzipped if the name ends in .gz.

    Parameters
    ----------
    path : path
    array : array of int

    Raises
    ------
    ValueError
        If there are other numbers in the array.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_idx(f"{folder}/labels.gz", np.array([3, 1]))
    ...     read_idx(f"{folder}/labels.gz", ndim=1).tolist()
    [3, 1]
    """
    content = format_idx(array)
    if Path(path).suffix == ".gz":
        # without a time stamp the same array gives the same file
        content = gzip.compress(content, 9, mtime=0)
    Path(path).write_bytes(content)


def format_idx(array):
    """The bytes of an IDX file of unsigned bytes."""
    array = np.asarray(array)
    unsigned = array.astype(np.uint8)
    if not np.array_equal(unsigned, array):
        raise ValueError("an IDX file of unsigned bytes holds whole numbers from 0 to 255 only")
    header = bytes([0, 0, IDX_UNSIGNED_BYTE, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    return header + unsigned.tobytes()


def parse_idx(raw, ndim):
    """The array, which can be written to, in the bytes of an IDX file; ValueError if damaged."""
    if not raw:
        raise ValueError("the file is empty")
    expected = bytes([0, 0, IDX_UNSIGNED_BYTE, ndim])
    if raw[:4] != expected:
        raise ValueError(
            f"wrong magic number {raw[:4].hex()}, expected {expected.hex()} "
            f"(unsigned bytes, {ndim} dimensions)"
        )
    header = 4 + 4 * ndim
    if len(raw) < header:
        raise ValueError(f"truncated, {len(raw)} bytes where the header alone has {header}")
    shape = tuple(int(n) for n in np.frombuffer(raw, ">u4", count=ndim, offset=4))
    size = header + math.prod(shape)
    if len(raw) != size:
        problem = "truncated" if len(raw) < size else "over-long"
        raise ValueError(
            f"{problem}, {len(raw)} bytes where {size} were expected for the shape {shape}"
        )
    return np.frombuffer(raw, np.uint8, offset=header).reshape(shape).copy()


def unpack(content):
    """Bytes as they are or, if they are gzipped, what is in them; ValueError if damaged."""
    if content[:2] != b"\x1f\x8b":
        return content
    try:
        return gzip.decompress(content)
    except (EOFError, OSError, zlib.error) as error:
        raise ValueError(f"truncated or damaged gzip file ({error})") from error
