"""Training loops of the book: two small networks in PyTorch, whose optimizers have a ledger."""

import numpy as np
import torch
from torch import nn

from synlib._random import generator
from synlib._validation import check_choice, check_count, check_number
from synlib.torch.plastic import Plastic

PRECISION = torch.float64  # in single, some changes are too small to change a weight


def two_layers():
    """A perceptron with one hidden layer, of 50 units."""
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 50), nn.ReLU(), nn.Linear(50, 10))


def convolutional():
    """Two layers of convolutions, of 8 and 16 filters, and one onto the output units."""
    return nn.Sequential(
        nn.Conv2d(1, 8, 5, stride=2), nn.ReLU(), nn.Conv2d(8, 16, 5, stride=2), nn.ReLU(),
        nn.Flatten(), nn.Linear(16 * 4 * 4, 10),
    )  # fmt: skip


NETWORKS = {"mlp": two_layers, "cnn": convolutional}
OPTIMIZERS = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}


def train(
    images, *, network, optimizer, learning_rate, batch_size, plasticity, memory, until, max_epochs,
    evaluations, random_state,
):  # fmt: skip
    """Train a network, and look at it and at what it wrote now and then.

    Parameters
    ----------
    images : tuple
        Training images (n, 784) and their labels, and those of the test.
    evaluations : int
        How often to look in all that time, evenly.
    network, optimizer, learning_rate, batch_size, plasticity, memory, until, max_epochs
        As of `synlib.experiments.torch_history`, and so is ``random_state``.

    Returns
    -------
    list of dict
        For each look the ``step``, the ``accuracy`` on the test images, the entries of
        `Plastic.energy_`, and what `_written` says.
    """
    check_choice("network", network, tuple(NETWORKS))
    check_choice("optimizer", optimizer, tuple(OPTIMIZERS))
    check_number("learning_rate", learning_rate, "a finite number > 0", lambda v: 0 < v < np.inf)
    if until is not None:
        check_number("until", until, "a number from 0 to 1", lambda v: 0 <= v <= 1)
    for name, value in (
        ("batch_size", batch_size), ("max_epochs", max_epochs), ("evaluations", evaluations)
    ):  # fmt: skip
        check_count(name, value)
    if images[0].shape[1] != 784:
        raise ValueError(f"dataset must have images of 28 by 28 pixels, got {images[0].shape[1]}")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # sums of several threads come in another order
    try:
        with torch.random.fork_rng(devices=[]):
            return _train(
                images, NETWORKS[network], OPTIMIZERS[optimizer], learning_rate, batch_size,
                plasticity, memory, until, max_epochs, evaluations, random_state,
            )  # fmt: skip
    finally:
        torch.set_num_threads(threads)


def _train(
    images, network, optimizer, learning_rate, batch_size, plasticity, memory, until, max_epochs,
    evaluations, random_state,
):  # fmt: skip
    for_weights, for_order, for_rule = generator(random_state).spawn(3)
    torch.manual_seed(int(for_weights.integers(2**31)))
    model = network().to(PRECISION)
    X, y, X_test, y_test = map(_tensor, images)
    plastic = Plastic(
        optimizer(model.parameters(), lr=learning_rate), plasticity, memory, model=model,
        count_writes=True, random_state=for_rule,
    )  # fmt: skip
    batches = [
        batch
        for _ in range(max_epochs)
        for batch in torch.from_numpy(for_order.permutation(len(X))).split(batch_size)
    ]
    looks = set(np.linspace(0, len(batches), evaluations + 1).round().astype(int)[1:].tolist())
    records = []
    for step, batch in enumerate(batches, start=1):
        plastic.zero_grad()
        nn.functional.cross_entropy(model(X[batch]), y[batch]).backward()
        plastic.step()
        if step in looks:
            with torch.no_grad():
                right = model(X_test).argmax(1) == y_test
            found = {"step": step, "accuracy": right.double().mean().item()}
            records.append(found | plastic.energy_ | _written(plastic))
            if until is not None and found["accuracy"] >= until:
                break
    return records


def _tensor(array):
    """Labels as they are, and images as a convolution takes them."""
    tensor = torch.from_numpy(np.ascontiguousarray(array))
    return tensor.long() if tensor.ndim == 1 else tensor.view(-1, 1, 28, 28).to(PRECISION)


def _written(plastic):
    """What was written cell by cell, if what the network still sees in caches is written now.

    Returns
    -------
    dict
        ``cells``; ``final_writes`` of all of them; ``most_written``, those of the most written
        one; and ``transient_writes``, the changes that entered caches.
    """
    of_cells = []
    for parameter, stores in plastic._stores.items():
        writes = plastic.writes_[plastic._named[parameter]]
        of_cells.append((writes + (stores.seen != stores.persistent)).flatten())
    of_cells = torch.cat(of_cells)
    return {
        "cells": of_cells.numel(),
        "final_writes": int(of_cells.sum()),
        "most_written": int(of_cells.max()),
        "transient_writes": plastic.transient_writes_,
    }
