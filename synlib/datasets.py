"""Images and patterns to learn from: the forms of data, and what needs no other files."""

import hashlib
import math
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path

import numpy as np

from synlib._idx import FILES, read_part
from synlib._random import generator
from synlib._validation import check_count


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
    return assemble({key: read_part(folder, stem) for key, stem in FILES.items()}, folder, name)


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
