"""Figures of the spiking neuron."""

import itertools

import matplotlib.pyplot as plt
import numpy as np

from synlib.book.plotting.style import COLOURS, cycled, line_styles, spread


def trial(voltage, step, on, axes=None):
    """Membrane potential in one trial, and when the inputs are on.

    Parameters
    ----------
    voltage : array (n_steps,)
        In mV.
    step : float
        Time step in ms.
    on : dict of str to (float, float)
        Name of an input, and when it is on, in ms.
    axes : Axes, optional

    Returns
    -------
    Axes
    """
    ax = axes or plt.gca()
    time = step * np.arange(1, voltage.size + 1)
    colours = COLOURS["per synapse"], COLOURS["maintenance"]
    for (name, (start, end)), colour in cycled(on.items(), colours):
        ax.axvspan(start, end, color=colour, alpha=0.3, linewidth=0)
        ax.text((start + end) / 2, -40, name, ha="center", va="top")
    ax.plot(time, voltage, color="black", linewidth=1.2)
    spikes = np.flatnonzero(voltage >= -50)
    ax.vlines(time[spikes], -50, -44, color="black", linewidth=1.2)
    ax.set(xlabel="time (ms)", ylabel="membrane potential (mV)", ylim=(-76, -38))
    return ax


def conductances(weights, ax=None):
    """Conductances of all auditory inputs over the rounds of learning.

    Parameters
    ----------
    weights : array (n_rounds + 1, n_inputs)
        In nS.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax = ax or plt.gca()
    ax.plot(weights[:, weights[-1] > 0], color=COLOURS["consolidation"], linewidth=1, alpha=0.7)
    ax.set(xlabel="rounds", ylabel="conductance (nS)")
    return ax


def spiking_energy(table, ax=None):
    """Energy with and without a cache against the number of patterns (Fig 2S1).

    Parameters
    ----------
    table : DataFrame
        From a sweep of `experiments.spiking_run` over ``n_patterns``, with ``condition``.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax = ax or plt.gca()
    # the first two differ in colour
    lines = itertools.chain([dict(linestyle="-", marker="o")], line_styles("o"))
    for (condition, rows), line in cycled(table.groupby("condition", sort=False), lines):
        colour = COLOURS["no caching" if condition == "no caching" else "per synapse"]
        spread(ax, rows, "n_patterns", "total", colour, condition, **line | dict(markersize=4))
    plain = table[table["condition"] == "no caching"]
    spread(ax, plain, "n_patterns", "minimal", COLOURS["minimal"], "minimal")
    ax.set(yscale="log", xlabel="patterns", ylabel="energy (nS)")
    ax.legend()
    return ax


def share_of_runs(table, column, ax=None):
    """Share of runs with a property, against the number of patterns.

    Parameters
    ----------
    table : DataFrame
        With the columns ``n_patterns`` and ``column``, a bool.
    column : str
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax = ax or plt.gca()
    share = 100 * table.groupby("n_patterns")[column].mean()
    ax.plot(share.index, share, "o-", color="black", linewidth=1.2, markersize=4)
    ax.set(xlabel="patterns", ylabel="runs (%)", ylim=(-8, 108))
    return ax
