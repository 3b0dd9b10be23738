"""Draw the bundled MNIST subset from the full data set.

    python tools/make_subset.py FOLDER

FOLDER holds the four IDX files. The subset, 6,000 training and 1,000 test images, stratified by
digit and drawn with a fixed seed, is written to synlib/data/mnist.
"""

import sys
from pathlib import Path

import numpy as np

from synlib._idx import FILES, write_idx
from synlib.datasets import load_idx

TARGET = Path(__file__).parents[1] / "synlib" / "data" / "mnist"
SIZES = {"train": 6000, "test": 1000}


def main(folder):
    full = load_idx(folder)
    random = np.random.default_rng(20241014)
    TARGET.mkdir(parents=True, exist_ok=True)
    for part, size in SIZES.items():
        images = getattr(full, f"images_{part}").reshape(-1, *full.shape)
        labels = getattr(full, f"y_{part}")
        chosen = np.concatenate(
            [
                random.choice(np.flatnonzero(labels == digit), size // 10, replace=False)
                for digit in range(10)
            ]
        )
        random.shuffle(chosen)
        write_idx(TARGET / f"{FILES[f'images_{part}']}.gz", images[chosen])
        write_idx(TARGET / f"{FILES[f'y_{part}']}.gz", labels[chosen])


if __name__ == "__main__":
    main(sys.argv[1])
