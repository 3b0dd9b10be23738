"""What the pages load, as scripts: a page opened from a folder may load nothing else."""

import base64
import gzip
import json
from pathlib import Path

import numpy as np

from synlib import load_mnist, published_inputs, spiking
from synlib.book.live import settings as limits
from synlib.book.plotting import COLOURS

SCRIPTS = Path(__file__).parents[3] / "book" / "_static" / "live"
MODULE = SCRIPTS / "synlib.wasm"
IN_WORKER = ("machine", "neuron", "network", "spiking", "tasks")


def written():
    """All that is written beside the scripts when the book is built, by name."""
    return {"engine": engine(), "images": images(), "settings": settings()}


def engine():
    """The compiled kernels, and the script of the worker that runs them.

    Returns
    -------
    dict of str
        The module's bytes, compressed and in base64, and the script.
    """
    script = "\n".join((SCRIPTS / f"{name}.js").read_text("utf-8") for name in IN_WORKER)
    return {"module": _packed(MODULE.read_bytes()), "script": script}


def images():
    """The bundled images, as a network of van Rossum and Pache gets them, without noise.

    Returns
    -------
    dict
        One byte a pixel, the training images first, compressed and in base64; the labels, one byte
        each; the value that each byte stands for; and how many images are for training.

    Examples
    --------
    >>> len(images()["values"])
    256
    """
    mnist = load_mnist()
    mean = 0.98 * mnist.X_train.mean()
    levels = np.arange(256, dtype=np.uint8)[None]
    (values,) = published_inputs(levels, "vanrossum2024", mean=mean, noise=False)
    pixels = np.rint(255 * np.concatenate([mnist.X_train, mnist.X_test])).astype(np.uint8)
    labels = np.concatenate([mnist.y_train, mnist.y_test]).astype(np.uint8)
    return {
        "bytes": _packed(pixels.tobytes()),
        "labels": _packed(labels.tobytes()),
        "values": values.tolist(),
        "n_train": len(mnist.y_train),
    }


def settings():
    """Colours, the ranges of controls, and what explorables have in common with the library."""
    return {
        "colours": COLOURS,
        "controls": limits.CONTROLS,
        "walk": {"seeds": limits.WALKS, "max_epochs": limits.WALK_EPOCHS},
        "waste": {"max_epochs": 10_000},
        "caching": {"n_inputs": limits.N_INPUTS, "max_epochs": limits.MAX_EPOCHS},
        "learning": {
            "memories": limits.MEMORIES,
            "evaluate_every": limits.EVALUATE_EVERY,
            "max_epochs": limits.LEARNING_EPOCHS,
        },
        "spikes": {
            "step": spiking.STEP,
            "sound": spiking.AUDITORY_ON,
            "sight": spiking.VISUAL_ON,
            "rest": spiking.neuron().rest,
            "threshold": spiking.neuron().threshold,
            "max_rounds": limits.SPIKING_ROUNDS,
        },
    }


def script(name, content):
    """A script that makes ``content`` known to the page by a name."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return f"window.{name} = {text};\n"


def _packed(content):
    return base64.b64encode(gzip.compress(content, mtime=0)).decode()
