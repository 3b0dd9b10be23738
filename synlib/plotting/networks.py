"""Figures of the multilayer networks."""

import matplotlib.pyplot as plt
import numpy as np

from synlib.plotting.style import COLOURS, spread


def energy_against_accuracy(table, curves, ax=None):
    """Energy spent by the time a test accuracy is reached (Li and van Rossum 2020, Fig 5B).

    Parameters
    ----------
    table : DataFrame
        One row per condition, seed and accuracy, with a column ``accuracy`` and those named in
        ``curves``; see `experiments.energy_to_accuracy`.
    curves : sequence of (condition, column, name)
        Rows with this ``condition``, the column to draw, and a key of `COLOURS` that names it.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax = ax or plt.gca()
    for condition, column, name in curves:
        rows = table[table["condition"] == condition]
        spread(ax, rows, "accuracy", column, COLOURS[name], name)
    ax.set(yscale="log", xlabel="test accuracy", ylabel="energy (a.u.)")
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    ax.legend()
    return ax


def energy_against_fraction(table, column, ax=None):
    """Energy to a criterion against the fraction of synapses updated, for each network size.

    Parameters
    ----------
    table : DataFrame
        From a sweep of `experiments.mlp_run`, with columns ``fraction`` and ``hidden``.
    column : {"consolidation", "writes", "step"}
        What is drawn: M1, M0 or the learning time.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax = ax or plt.gca()
    sizes = sorted(table["hidden"].unique())
    fractions = sorted(table["fraction"].unique())
    for size, dashes in zip(sizes, ("-", "--", ":", "-."), strict=False):
        rows = table[(table["hidden"] == size) & table["reached"]]
        colour = COLOURS["largest updates"]
        spread(ax, rows, "fraction", column, colour, f"{size} hidden", linestyle=dashes)
        vanilla = rows[rows["fraction"] == 1]
        ax.plot(1, vanilla[column].median(), "o", color=COLOURS["all synapses"])
    ax.plot([], [], "o", color=COLOURS["all synapses"], label="all synapses")
    labels = {
        "consolidation": "energy $M_1$ (a.u.)",
        "writes": "writes $M_0$",
        "step": "samples to criterion",
    }
    ax.set(xscale="log", xlabel="fraction of synapses updated", ylabel=labels[column])
    ax.set_xticks(fractions, [f"{fraction:.0%}" for fraction in fractions])
    ax.minorticks_off()
    if column == "step":
        ax.set_ylim(bottom=0)
    else:
        ax.set_yscale("log")
    ax.legend()
    return ax


def energy_parts(table, conditions, ax=None):
    """What the energy was spent on, one stacked bar for each condition (means over seeds).

    Parameters
    ----------
    table : DataFrame
        With the column ``condition`` and those of the ledger.
    conditions : sequence of str
        Order of the bars.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax = ax or plt.gca()
    means = table.groupby("condition")[["consolidation", "outstanding", "maintenance"]].mean()
    means = means.loc[conditions]
    left = np.zeros(len(means))
    for part, colour, hatch in (
        ("consolidation", COLOURS["consolidation"], None),
        ("outstanding", COLOURS["consolidation"], "////"),
        ("maintenance", COLOURS["maintenance"], None),
    ):
        face = "white" if hatch else colour
        ax.barh(conditions, means[part], left=left, label=part, color=face, edgecolor=colour,
                hatch=hatch)  # fmt: skip
        left += means[part].to_numpy()
    ax.invert_yaxis()
    ax.set(xlabel="energy (a.u.)")
    ax.legend(loc="lower right")
    return ax
