"""Networks and inputs as the published programs ran them (see "Differences from the papers")."""

import numpy as np

from synlib._random import generator, standard_normal
from synlib._validation import check_choice
from synlib.memory import SynapticCache

NAMES = ("li2020", "nyiro2022", "vanrossum2024")


def settings(name):
    """Parameters of `MLP` that reproduce a published program."""
    check_choice("name", name, NAMES)
    if name == "li2020":
        return {
            "hidden": 100,
            "learning_rate": 0.1,
            "activation": "logistic",
            "output": "logistic",
            "loss": "mse",
            "gradient": "li2020",
            "bias": False,
            "init_scale": 0.01,
            "targets": (0.01, 0.99),
            "sampling": "sequential",
            "memory": SynapticCache(0.04, "neuron", decay_time=1000, maintenance_cost=1e-3),
        }
    if name == "nyiro2022":
        return {
            "hidden": 100,
            "learning_rate": 0.1,
            "activation": "logistic",
            "output": "softmax",
            "loss": "mse",
            "gradient": "nyiro2022",
            "bias": False,
            "init_scale": "fan_out",
            "targets": (0.0, 1.0),
            "sampling": "sequential",
            "memory": SynapticCache(5e-4, "synapse", decay_time=1000, check_every=1000),
        }
    return {
        "hidden": 1000,
        "learning_rate": 0.01,
        "activation": "leaky_relu",
        "output": "linear",
        "loss": "mse",
        "gradient": "exact",
        "bias": True,
        "init_scale": 0.01,
        "targets": (0.0, 1.0),
        "sampling": "replacement",
        "max_epochs": 5,
    }


def published_inputs(images, name, mean=None, noise=True, random_state=None):
    """Scale images as a published program did.

    Parameters
    ----------
    images : array (n_samples, n_pixels)
        Pixels, as integers from 0 to 255 or as floats from 0 to 1.
    name : {"li2020", "nyiro2022", "vanrossum2024"}
        "li2020" maps to [0.01, 1], "nyiro2022" to [0, 1]; "vanrossum2024" maps to [0, 0.98],
        subtracts the grand mean and adds Gaussian noise of standard deviation 0.001 to break
        ties.
    mean : float, optional
        Mean to subtract for "vanrossum2024", for instance that of the training images (in units
        of the scaled images); by default that of ``images``.
    noise : bool
        Whether to add the noise of "vanrossum2024". Here ties break by index, so it is needed
        only to reproduce, and costs speed: with it no input is silent.
    random_state : int, Generator, RandomState or None
        Source of the noise.

    Returns
    -------
    array (n_samples, n_pixels)

    Examples
    --------
    >>> import numpy as np
    >>> [float(x) for x in published_inputs(np.array([[0, 255]], np.uint8), "li2020")[0]]
    [0.01, 1.0]
    """
    check_choice("name", name, NAMES)
    images = np.asarray(images)
    if images.ndim != 2:
        raise ValueError(f"images must have the shape (n_samples, n_pixels), got {images.shape}")
    pixels = images / 255.0 if np.issubdtype(images.dtype, np.integer) else images
    if pixels.size and not (pixels.min() >= 0 and pixels.max() <= 1):
        raise ValueError("images must hold integers from 0 to 255 or floats from 0 to 1")
    if name == "li2020":
        return pixels * 0.99 + 0.01
    if name == "nyiro2022":
        return pixels
    pixels = pixels * 0.98
    pixels -= pixels.mean() if mean is None else mean
    if noise:
        pixels += 0.001 * standard_normal(generator(random_state), pixels.shape)
    return pixels
