r"""Closed forms of the papers, vectorised over all arguments.

Symbols: N inputs, P patterns, load P/N < 2, learning rate eta, K updates until all patterns are
learned, T presentations, threshold theta, decay time tau, maintenance cost c. Energies in a.u.,
times in presentations. Source of all: Li and van Rossum (2020), eLife 9:e50804.
"""

import numpy as np


def updates(n_patterns, n_inputs):
    r"""Updates until a perceptron has learned, :math:`K = 2P / (2 - P/N)^2` (Methods).

    Parameters
    ----------
    n_patterns, n_inputs : array_like
        P and N; infinite for loads P/N >= 2, which cannot be learned.

    Returns
    -------
    array

    Examples
    --------
    >>> float(updates(1000, 1000))
    2000.0
    """
    return 2 * np.asarray(n_patterns) / _room(n_patterns, n_inputs) ** 2


def presentations(n_patterns, n_inputs):
    r"""Presentations until a perceptron has learned, :math:`T = P^{3/2} / (2 - P/N)^2` (Methods).

    Parameters and return value as in `updates`.

    Examples
    --------
    >>> round(float(presentations(1000, 1000)))
    31623
    """
    return np.asarray(n_patterns) ** 1.5 / _room(n_patterns, n_inputs) ** 2


def perceptron_energy(n_patterns, n_inputs, learning_rate=1.0):
    r"""Energy without a cache, :math:`M = \eta N K` (Methods).

    Examples
    --------
    >>> float(perceptron_energy(1000, 1000))
    2000000.0
    """
    return learning_rate * n_inputs * updates(n_patterns, n_inputs)


def minimal_energy(n_patterns, n_inputs, learning_rate=1.0):
    r"""Energy of setting the weights directly, :math:`M_{min} = \eta N \sqrt{2K/\pi}` (Methods).

    Examples
    --------
    >>> round(float(minimal_energy(1000, 1000)))
    35682
    """
    return learning_rate * n_inputs * np.sqrt(2 * updates(n_patterns, n_inputs) / np.pi)


def inefficiency(n_patterns, n_inputs):
    r"""Energy over minimal energy, :math:`\sqrt{\pi P} / (2 - P/N)` (eq. 3).

    Examples
    --------
    >>> round(float(inefficiency(1000, 1000)), 1)
    56.0
    """
    return np.sqrt(np.pi * np.asarray(n_patterns)) / _room(n_patterns, n_inputs)


def _room(n_patterns, n_inputs):
    """2 - P/N, the distance from the capacity; zero beyond it."""
    return np.maximum(2 - np.asarray(n_patterns) / n_inputs, 0)
