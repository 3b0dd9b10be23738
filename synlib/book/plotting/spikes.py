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
    plain = table[table["condition"] == "no caching"].groupby("n_patterns")["minimal"].median()
    wide = dict(color=COLOURS["minimal"], linewidth=7, alpha=0.5, solid_capstyle="round")
    ax.plot(plain, label="minimal", **wide)  # a cache comes close to it, and is drawn upon it
    for (condition, rows), line in cycled(table.groupby("condition", sort=False), lines):
        colour = COLOURS["no caching" if condition == "no caching" else "per synapse"]
        spread(ax, rows, "n_patterns", "total", colour, condition, **line | dict(markersize=4))
    ax.set(yscale="log", xlabel="patterns", ylabel="energy (nS)")
    ax.legend()
    return ax


def share_saved(saved, ax=None):
    """Share of the energy saved against the number of patterns (Fig 2S1).

    Parameters
    ----------
    saved : DataFrame
        With the columns ``n_patterns``, ``seed``, and ``published`` and ``threshold``: the share as
        the published program reckons it, NaN for runs it leaves out, and that of a real cache.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax = ax or plt.gca()
    percent = saved.assign(**{name: 100 * saved[name] for name in ("published", "threshold")})
    colour = COLOURS["per synapse"]
    spread(ax, percent, "n_patterns", "threshold", colour, "threshold", marker="o", markersize=4)
    colour = COLOURS["minimal"]
    spread(ax, percent, "n_patterns", "published", colour, "as published", marker="s", markersize=4)
    ax.axhline(80, color=COLOURS["published"], linestyle=":", label="published")
    ax.set(xlabel="patterns", ylabel="saved (%)", ylim=(0, 105))
    ax.legend(loc="lower right")
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
