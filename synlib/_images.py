"""The images of a run: by the name of a data set, from a folder, or as a data set."""

from functools import cache
from pathlib import Path

import numpy as np

from synlib import _inputs
from synlib._idx import is_idx_folder
from synlib.archives import load_fashion_mnist, load_mnist
from synlib.datasets import Dataset, load_digits, load_idx
from synlib.published import published_inputs

DATASETS = {
    "mnist-subset": load_mnist,
    "mnist": lambda: load_mnist("full"),
    "fashion-mnist": load_fashion_mnist,
    "digits": load_digits,
}


def images_of(dataset, published, dtype):
    """Name and checksum of a data set, and its inputs and labels."""
    if isinstance(dataset, Dataset):
        return _scale(dataset, dataset.name, published, dtype)
    if isinstance(dataset, str) and dataset in DATASETS:
        return _known_images(dataset, published, dtype)
    if isinstance(dataset, str | Path) and is_idx_folder(dataset):
        data = load_idx(dataset)
        return _scale(data, data.name, published, dtype)
    raise ValueError(
        f"dataset must be one of {', '.join(DATASETS)}, a folder with the four IDX files or a "
        f"Dataset, got {dataset!r}"
    )


@cache
def _known_images(name, published, dtype):
    """Kept, since a worker runs many networks on the same images."""
    known = _scale(DATASETS[name](), name, published, dtype)
    X_train, _, X_test, _ = known[-1]
    _inputs.shared.extend([X_train, X_test])
    return known


def _scale(data, name, published, dtype):
    # a pixel has few possible values: it is these that are scaled
    levels = np.arange(data.brightest + 1)[:, np.newaxis] / data.brightest
    if published is not None:
        mean = 0.98 * data.images_train.mean() / data.brightest
        # the noise that breaks ties is left out: here they break by index
        levels = published_inputs(levels, published, mean=mean, noise=False)
    levels = levels.ravel().astype(dtype)
    images = levels[data.images_train], data.y_train, levels[data.images_test], data.y_test
    return name, data.checksum, images
