"""Images and patterns to learn from: the forms of data, and what needs no other files."""

import difflib
import gzip
import hashlib
import math
import stat
import warnings
import zlib
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path

import numpy as np

from synlib._random import generator
from synlib._validation import check_count

IDX_UNSIGNED_BYTE = 8
FILES = {
    "images_train": "train-images-idx3-ubyte",
    "y_train": "train-labels-idx1-ubyte",
    "images_test": "t10k-images-idx3-ubyte",
    "y_test": "t10k-labels-idx1-ubyte",
}


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images with labels, for training and for testing.

    Attributes
    ----------
    name : str
    images_train, images_test : uint8 array (n_images, n_pixels)
        Pixels from 0 to ``brightest``.
    y_train, y_test : int array (n_images,)
        Labels.
    shape : tuple of int
        Height and width of an image.
    brightest : int
        The largest possible pixel.
    X_train, X_test : float array (n_images, n_pixels)
        Pixels divided by ``brightest``; computed at first use and kept.
    checksum : str
        SHA-256 of images and labels as they are now: names the data in a record.

    Raises
    ------
    ValueError
        If the images are no whole numbers from 0 to ``brightest``, have another number of pixels
        than ``shape``, or there are not as many labels as images.
    """

    name: str
    images_train: np.ndarray
    y_train: np.ndarray
    images_test: np.ndarray
    y_test: np.ndarray
    shape: tuple[int, int]
    brightest: int = 255

    def __post_init__(self):
        n_pixels = math.prod(self.shape)
        for part in ("train", "test"):
            images, labels = getattr(self, f"images_{part}"), getattr(self, f"y_{part}")
            if np.ndim(images) != 2 or images.shape[1] != n_pixels:
                raise ValueError(
                    f"images_{part} must be an array (n_images, {n_pixels}) for images of "
                    f"{self.shape}, got the shape {np.shape(images)}"
                )
            if np.shape(labels) != (len(images),):
                raise ValueError(
                    f"y_{part} must have one label for each of {len(images)} images, got the shape "
                    f"{np.shape(labels)}"
                )
            allowed = f"whole numbers from 0 to brightest={self.brightest}"
            if images.dtype.kind not in "ui":
                raise ValueError(f"images_{part} must be {allowed}, got {images.dtype}")
            if images.size and not 0 <= images.min() <= images.max() <= self.brightest:
                raise ValueError(
                    f"images_{part} must be {allowed}, got {images.min()} to {images.max()}"
                )

    def __getstate__(self):
        # what is computed from the images need not travel with them, nor does it tell them apart
        return {entry.name: getattr(self, entry.name) for entry in fields(self)}

    @cached_property
    def X_train(self):
        return self.images_train / self.brightest

    @cached_property
    def X_test(self):
        return self.images_test / self.brightest

    @property
    def checksum(self):
        digest = hashlib.sha256()
        for array in (self.images_train, self.y_train, self.images_test, self.y_test):
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()


def load_digits(test_share=0.25):
    """Scikit-learn's handwritten digits, 8 x 8 pixels, 1,797 images; fast to learn.

    Parameters
    ----------
    test_share : float
        Share of the images kept for testing, drawn stratified with a fixed seed.

    Returns
    -------
    Dataset

    Examples
    --------
    >>> load_digits().shape
    (8, 8)
    """
    # imported here, since they take as long to import as the rest of this package
    import sklearn.datasets
    from sklearn.model_selection import train_test_split

    digits = sklearn.datasets.load_digits()
    images_train, images_test, y_train, y_test = train_test_split(
        digits.data.astype(np.uint8),
        digits.target,
        test_size=test_share,
        stratify=digits.target,
        random_state=0,
    )
    return Dataset("digits", images_train, y_train, images_test, y_test, (8, 8), brightest=16)


def load_idx(folder, name=None):
    """Any data set in MNIST's format: four IDX files, gzipped or not.

    Parameters
    ----------
    folder : path
        Holds train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and
        t10k-labels-idx1-ubyte, each with or without .gz.
    name : str, optional
        Name of the data set; by default that of the folder.

    Returns
    -------
    Dataset

    Raises
    ------
    FileNotFoundError
        If a file is missing; the message names the one that comes nearest.
    PermissionError
        If the folder or a file may not be read.
    ValueError
        If a file is damaged or empty, or images and labels do not fit together. A damaged .gz
        beside a good plain file is passed over, with a warning.
    """
    folder = Path(folder).expanduser()
    return assemble({key: _read(folder, stem) for key, stem in FILES.items()}, folder, name)


def assemble(arrays, folder, name=None):
    """The data set of four arrays that were read from a folder; ValueError if they do not fit."""
    for part in ("train", "test"):
        images, labels = arrays[f"images_{part}"], arrays[f"y_{part}"]
        if len(images) != len(labels):
            raise ValueError(
                f"{folder}: {FILES[f'images_{part}']} has {len(images)} images, but "
                f"{FILES[f'y_{part}']} has {len(labels)} labels"
            )
        if not images.size:
            raise ValueError(f"{folder}: {FILES[f'images_{part}']} holds no images")
    shape = arrays["images_train"].shape[1:]
    if arrays["images_test"].shape[1:] != shape:
        raise ValueError(
            f"{folder}: training images have the shape {shape}, test images "
            f"{arrays['images_test'].shape[1:]}"
        )
    return Dataset(
        name or folder.absolute().name,
        arrays["images_train"].reshape(-1, math.prod(shape)),
        arrays["y_train"].astype(np.int64),
        arrays["images_test"].reshape(-1, math.prod(shape)),
        arrays["y_test"].astype(np.int64),
        shape,
    )


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


def _read(folder, stem):
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


def random_patterns(n_patterns, n_inputs, subtract_mean=True, random_state=None):
    """Random patterns with random targets, to be memorised by a perceptron.

    Parameters
    ----------
    n_patterns, n_inputs : int
    subtract_mean : bool
        Subtract the grand mean of all values, as Li and van Rossum (2020) did.
    random_state : int, Generator, RandomState or None

    Returns
    -------
    X : array (n_patterns, n_inputs)
        -1 or 1 with equal probability, less the mean.
    d : array (n_patterns,)
        -1 or 1 with equal probability.

    Examples
    --------
    >>> X, d = random_patterns(3, 5, random_state=0)
    >>> X.shape, d.shape
    ((3, 5), (3,))
    """
    check_count("n_patterns", n_patterns)
    check_count("n_inputs", n_inputs)
    random = generator(random_state)
    X = random.choice([-1.0, 1.0], size=(n_patterns, n_inputs))
    d = random.choice([-1, 1], size=n_patterns)
    if subtract_mean:
        X -= X.mean()
    return X, d
