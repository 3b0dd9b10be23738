"""Images and patterns to learn from: the forms of data, and what needs no other files."""

import gzip
import hashlib
import math
import zlib
from dataclasses import dataclass
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


@dataclass(frozen=True)
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
        Pixels divided by ``brightest``.
    """

    name: str
    images_train: np.ndarray
    y_train: np.ndarray
    images_test: np.ndarray
    y_test: np.ndarray
    shape: tuple[int, int]
    brightest: int = 255

    @cached_property
    def X_train(self):
        return self.images_train / self.brightest

    @cached_property
    def X_test(self):
        return self.images_test / self.brightest

    @cached_property
    def checksum(self):
        """SHA-256 of images and labels: names the data in a record."""
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
        If a file is missing.
    ValueError
        If a file is damaged, or images and labels do not fit together.
    """
    folder = Path(folder)
    arrays = {}
    for key, stem in FILES.items():
        found = [path for path in (folder / f"{stem}.gz", folder / stem) if path.is_file()]
        if not found:
            raise FileNotFoundError(f"{folder} has neither {stem}.gz nor {stem}")
        arrays[key] = read_idx(found[0], ndim=3 if "images" in key else 1)
    for part in ("train", "test"):
        images, labels = arrays[f"images_{part}"], arrays[f"y_{part}"]
        if len(images) != len(labels):
            raise ValueError(
                f"{folder}: {FILES[f'images_{part}']} has {len(images)} images, but "
                f"{FILES[f'y_{part}']} has {len(labels)} labels"
            )
    shape = arrays["images_train"].shape[1:]
    if arrays["images_test"].shape[1:] != shape:
        raise ValueError(
            f"{folder}: training images have the shape {shape}, test images "
            f"{arrays['images_test'].shape[1:]}"
        )
    return Dataset(
        name or folder.name,
        arrays["images_train"].reshape(-1, math.prod(shape)),
        arrays["y_train"].astype(np.int64),
        arrays["images_test"].reshape(-1, math.prod(shape)),
        arrays["y_test"].astype(np.int64),
        shape,
    )


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
    try:
        raw = unpack(Path(path).read_bytes())
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    expected = bytes([0, 0, IDX_UNSIGNED_BYTE, ndim])
    if raw[:4] != expected:
        raise ValueError(
            f"{path}: wrong magic number {raw[:4].hex()}, expected {expected.hex()} "
            f"(unsigned bytes, {ndim} dimensions)"
        )
    header = 4 + 4 * ndim
    if len(raw) < header:
        raise ValueError(f"{path}: truncated, {len(raw)} bytes where the header alone has {header}")
    shape = tuple(int(n) for n in np.frombuffer(raw, ">u4", count=ndim, offset=4))
    size = header + math.prod(shape)
    if len(raw) != size:
        problem = "truncated" if len(raw) < size else "over-long"
        raise ValueError(
            f"{path}: {problem}, {len(raw)} bytes where {size} were expected for the shape {shape}"
        )
    return np.frombuffer(raw, np.uint8, offset=header).reshape(shape)


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
