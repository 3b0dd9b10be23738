"""Figures of the single neuron; figure numbers are those of Li and van Rossum (2020)."""

import matplotlib.pyplot as plt
import numpy as np

from synlib import theory
from synlib.book.plotting.style import (
    COLOURS,
    MARKERS,
    cycled,
    line_styles,
    plain_numbers,
    spread,
)


def walk(path, solved, ax=None):
    """The way of two weights to where all patterns are right (Fig 1B).

    Parameters
    ----------
    path : array (n_presentations, 2)
        The two weights after each presentation; they began at zero.
    solved : callable
        Whether weights, array (..., 2), get all patterns right.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax = ax or plt.gca()
    path = np.vstack([[0, 0], path])
    x, y = (np.linspace(w.min() - 0.6, w.max() + 1.2, 300) for w in path.T)
    area = solved(np.stack(np.meshgrid(x, y), axis=-1))
    ax.contourf(x, y, area, [0.5, 1.5], colors=[COLOURS["minimal"]], alpha=0.3)
    ax.plot(*path.T, color=COLOURS["no caching"], linewidth=1.4, label="what learning walks")
    colour = COLOURS["minimal"]
    ax.plot(*path[[0, -1]].T, "--", color=colour, label="what it needs", zorder=3)
    ax.plot(0, 0, "o", color="black")
    ax.plot(*path[-1], "*", color="black", markersize=13)
    ax.annotate("start", path[0], (9, -5), textcoords="offset points")
    ax.annotate("learned", path[-1], (12, -5), textcoords="offset points")
    ax.text(x[-1], y[-1], "solutions ", ha="right", va="top", color="#4d4d4d")
    ax.set(xlabel="weight $w_1$", ylabel="weight $w_2$", xlim=x[[0, -1]], ylim=y[[0, -1]])
    ax.set_aspect("equal")
    ax.legend(loc="upper left")
    return ax


def perceptron_energy(table, ax=None):
    """Energy of learning and minimal energy against load (Li and van Rossum 2020, Fig 1C).

    Parameters
    ----------
    table : DataFrame
        From a sweep of `experiments.perceptron_run` over ``load``.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax = ax or plt.gca()
    learned = table[table["converged"]]
    n_inputs = table["n_inputs"].iloc[0]
    loads = np.linspace(table["load"].min(), table["load"].max(), 200)
    for name, label, formula in (
        ("total", "learning", theory.perceptron_energy),
        ("minimal", "minimal", theory.minimal_energy),
    ):
        colour = COLOURS["no caching" if name == "total" else name]
        spread(ax, learned, "load", name, colour, label, marker="o", markersize=4)
        ax.plot(loads, formula(loads * n_inputs, n_inputs), "--", color="black", linewidth=1.2)
    ax.plot([], [], "--", color="black", linewidth=1.2, label="theory")
    ax.set(yscale="log", xlabel="load $P/N$ (patterns per input)", ylabel="energy (a.u.)")
    ax.legend()
    return ax


def perceptron_inefficiency(table, ax=None):
    """Energy over minimal energy against load (Li and van Rossum 2020, Fig 1D).

    Parameters and return value as in `perceptron_energy`.
    """
    ax = ax or plt.gca()
    loads = np.linspace(table["load"].min(), table["load"].max(), 200)
    learned = table[table["converged"]].groupby("n_inputs")
    for (n_inputs, rows), marker in cycled(learned, MARKERS):
        line = dict(marker=marker, markersize=5)
        spread(ax, rows, "load", "inefficiency", COLOURS["no caching"], f"$N$ = {n_inputs}", **line)
        expected = theory.inefficiency(loads * n_inputs, n_inputs)
        ax.plot(loads, expected, "--", color="black", linewidth=1.2)
    ax.plot([], [], "--", color="black", linewidth=1.2, label="theory")
    ax.set(
        yscale="log",
        xlabel="load $P/N$ (patterns per input)",
        ylabel="inefficiency (energy / minimal)",
    )
    plain_numbers(ax.yaxis)
    ax.legend()
    return ax


def share_learned(table, ax=None):
    """Share of the sets of patterns that are learned, against load.

    Parameters and return value as in `perceptron_energy`.
    """
    ax = ax or plt.gca()
    share = 100 * table.groupby("load")["converged"].mean()
    ax.plot(share.index, share, "o-", color="black", linewidth=1.2, markersize=4)
    ax.set(xlabel="load $P/N$ (patterns per input)", ylabel="learned (%)", ylim=(-8, 108))
    return ax


def inefficiency_against_exponent(table, ax=None):
    """Inefficiency against the exponent of the cost of a change (Fig 1S1).

    Parameters
    ----------
    table : DataFrame
        From a sweep of `experiments.perceptron_exponents`.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax = ax or plt.gca()
    for only, name, dashes in ((False, "both signs", "-"), (True, "potentiation only", "--")):
        rows = table[table["potentiation_only"] == only]
        colour = COLOURS["no caching"]
        spread(ax, rows, "exponent", "inefficiency", colour, name, linestyle=dashes)
    ax.axhline(1, color=COLOURS["minimal"], linewidth=1.4, label="minimal")
    ax.set(yscale="log", xlabel=r"exponent $\alpha$", ylabel="inefficiency (energy / minimal)")
    plain_numbers(ax.yaxis)
    ax.legend()
    return ax


def synapse_trace(trace, threshold, ax=None):
    """Persistent and transient weight of one synapse over time (Li and van Rossum 2020, Fig 2A).

    Parameters
    ----------
    trace : array (n_presentations, 2)
        Persistent and transient weight, from ``Perceptron.trace_``.
    threshold : float
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax = ax or plt.gca()
    # between changes the lines are level: their ends are enough
    changed = (np.diff(trace, axis=0) != 0).any(axis=1)
    kept = np.concatenate([[True], changed]) | np.concatenate([changed, [True]])
    time = np.flatnonzero(kept) + 1
    persistent, transient = trace[kept].T
    written = np.flatnonzero(np.diff(persistent)) + 1
    colour = COLOURS["maintenance"]
    # tens of thousands of points: as a picture, also in an SVG
    ax.fill_between(time, transient, color=colour, alpha=0.35, linewidth=0, rasterized=True)
    ax.plot(time, transient, color=colour, linewidth=1.2, label="transient", rasterized=True)
    colour = COLOURS["consolidation"]
    ax.plot(time, persistent, color=colour, drawstyle="steps-post", label="persistent")
    ax.plot(time[written], persistent[written], "v", color=colour, label="consolidated")
    for sign in (-1, 1):
        ax.axhline(sign * threshold, color="black", linewidth=0.8, linestyle=":")
    ax.set(xlabel="presentations", ylabel="weight")
    return ax


def energy_against_threshold(table, reference, ax=None):
    """Consolidation, maintenance and total energy against the threshold (Fig 2B).

    What is outstanding at the end is part of the consolidation, as Li and van Rossum ran it.

    Parameters
    ----------
    table : DataFrame
        From a sweep of `experiments.perceptron_run` over ``threshold``.
    reference : DataFrame
        From the same without a cache: its energy and the minimal one are drawn as lines.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax = ax or plt.gca()
    learned = table[table["converged"]]
    learned = learned.assign(consolidation=learned["consolidation"] + learned["outstanding"])
    for part in ("consolidation", "maintenance", "total"):
        spread(ax, learned, "threshold", part, COLOURS[part], part)
    for part, name in (("total", "no caching"), ("minimal", "minimal")):
        ax.axhline(reference[part].median(), color=COLOURS[name], linestyle="--", label=name)
    ax.set(xscale="log", yscale="log", xlabel=r"threshold $\theta$", ylabel="energy (a.u.)")
    return ax


def best_against_cost(best, formula, column, ax=None):
    """Least energy or best threshold against the maintenance cost (Fig 2C).

    Parameters
    ----------
    best : DataFrame
        The rows of least energy for each ``maintenance_cost`` and ``seed``.
    formula : callable
        Theory for an array of costs.
    column : {"inefficiency", "threshold"}
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax = ax or plt.gca()
    costs = np.sort(best["maintenance_cost"].unique())
    spread(ax, best, "maintenance_cost", column, COLOURS["total"], "simulation", marker="o")
    costs = costs[costs > 0]  # no others are on a logarithmic axis
    fine = np.geomspace(costs.min(), costs.max(), 200) if costs.size else costs
    ax.plot(fine, formula(fine), "--", color=COLOURS["theory"], linewidth=1.4, label="theory")
    labels = {"inefficiency": "energy / minimal energy", "threshold": r"best threshold $\theta^*$"}
    ax.set(xscale="log", yscale="log", xlabel="maintenance cost $c$", ylabel=labels[column])
    plain_numbers(ax.yaxis)
    ax.legend()
    return ax


def corrected_maintenance(table, ax=None):
    """What the corrected maintenance adds to the total (Nyírő et al. 2022, Fig 8).

    Parameters
    ----------
    table : DataFrame
        From a sweep of `experiments.perceptron_run` over ``threshold``.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax = ax or plt.gca()
    learned = table[table["converged"]]
    added = (learned["corrected_maintenance"] - learned["maintenance"]) / learned["total"]
    colour = COLOURS["maintenance"]
    spread(ax, learned.assign(added=100 * added), "threshold", "added", colour, "added")
    ax.set(xscale="log", xlabel=r"threshold $\theta$", ylabel="added to the total (%)")
    ax.set_ylim(bottom=0)
    return ax


def event_orders(variants, ax=None):
    """Total energy against the threshold for several orders of events in a step.

    Parameters
    ----------
    variants : dict of str to DataFrame
        Sweeps of `experiments.perceptron_run` over ``threshold``, by the name of the order.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax = ax or plt.gca()
    for (name, table), line in cycled(variants.items(), line_styles()):
        rows = table[table["converged"]]
        spread(ax, rows, "threshold", "total", COLOURS["total"], name, **line)
    ax.set(xscale="log", yscale="log", xlabel=r"threshold $\theta$", ylabel="total energy (a.u.)")
    ax.legend()
    return ax


def scope_schematic(scope, ax=None):
    """Which synapses are consolidated when one of them crosses its threshold (Fig 4A, a sketch).

    Parameters
    ----------
    scope : {"synapse", "neuron", "neuron-sum"}
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax = ax or plt.gca()
    heights = np.array([0.35, 0.55, 1.0, 0.25, 0.45])
    threshold = 0.8
    if scope == "synapse":
        written = heights > threshold
        title = "per synapse"
    else:
        written = np.ones(heights.size, bool)
        title = "per neuron" if scope == "neuron" else "per neuron, by sum"
    places = np.arange(heights.size)
    colours = [COLOURS["consolidation" if w else "maintenance"] for w in written]
    ax.bar(places, heights, color=colours, width=0.6)
    if scope == "neuron-sum":
        ax.bar(heights.size + 0.6, heights.sum() / 2.4, color=COLOURS["total"], width=0.6)
        ax.text(heights.size + 0.6, -0.06, r"$\sum|s|$", ha="center", va="top")
        ax.plot(heights.size + 0.6 + np.array([-0.5, 0.5]), [threshold] * 2, ":", color="black")
    else:
        ax.axhline(threshold, color="black", linestyle=":")
    ax.set(title=title, xticks=[], yticks=[], ylim=(0, 1.2))
    return ax


def scopes_against_cost(best, ax=None):
    """Least energy for each scope against the maintenance cost (Fig 4B).

    Parameters
    ----------
    best : DataFrame
        The rows of least energy for each ``scope``, ``maintenance_cost`` and ``seed``.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax = ax or plt.gca()
    names = {
        "synapse": ("per synapse", "-"),
        "neuron": ("per neuron", "--"),
        "neuron-sum": ("per neuron, by sum", ":"),
    }
    for scope, (name, dashes) in names.items():
        colour = COLOURS[name.split(",")[0]]
        rows = best[best["scope"] == scope]
        spread(ax, rows, "maintenance_cost", "inefficiency", colour, name, linestyle=dashes)
    ax.set(
        xscale="log",
        yscale="log",
        xlabel="maintenance cost $c$",
        ylabel="energy / minimal energy",
    )
    plain_numbers(ax.yaxis)
    ax.legend()
    return ax


def against_decay(best, column, reference=None, ax=None):
    """Energy, best threshold or learning time against the decay rate (Fig 3).

    Parameters
    ----------
    best : DataFrame
        The rows of least energy for each ``maintenance_cost``, ``decay_rate`` and ``seed``.
    column : {"inefficiency", "threshold", "n_epochs"}
    reference : float, optional
        The same without a cache.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax = ax or plt.gca()
    costs = sorted(best["maintenance_cost"].unique())
    for cost, line in cycled(costs, line_styles()):
        rows = best[best["maintenance_cost"] == cost]
        spread(ax, rows, "decay_rate", column, COLOURS["total"], f"$c$ = {cost:g}", **line)
    if reference is not None:
        ax.axhline(reference, color=COLOURS["no caching"], linewidth=1.4, label="no caching")
    labels = {
        "inefficiency": "energy / minimal energy",
        "threshold": r"best threshold $\theta^*$",
        "n_epochs": "epochs to learn",
    }
    ax.set(xlabel=r"decay rate $1/\tau$ (per 1000)", ylabel=labels[column], yscale="log")
    plain_numbers(ax.yaxis)
    return ax


def time_against_energy(table, reference, ax=None):
    """Learning time against energy, each point a threshold (Fig 3S1A).

    Parameters
    ----------
    table : DataFrame
        From a sweep of `experiments.perceptron_run` over ``threshold``, at several
        ``maintenance_cost``.
    reference : DataFrame
        From the same without a cache.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax = ax or plt.gca()
    for (cost, rows), marker in cycled(table.groupby("maintenance_cost"), MARKERS):
        median = rows.groupby("threshold")[["inefficiency", "n_epochs"]].median()
        colour = COLOURS["total"]
        ax.plot(*median.to_numpy().T, "-", marker=marker, color=colour, label=f"$c$ = {cost:g}")
    point = reference[["inefficiency", "n_epochs"]].median()
    ax.plot(*point, "D", color=COLOURS["no caching"], label="no caching")
    labels = {"xlabel": "energy / minimal energy", "ylabel": "epochs to learn"}
    ax.set(xscale="log", yscale="log", **labels)
    plain_numbers(ax.xaxis)
    plain_numbers(ax.yaxis)
    ax.legend()
    return ax


def powers(history, expected, ax=None):
    """Consolidation and maintenance power over time beside their theory (Fig 6).

    Parameters
    ----------
    history : DataFrame
        ``Perceptron.history_``, powers divided by the number of presentations in an epoch.
    expected : dict of str to array (n_epochs,)
        Theory for "consolidation" and "maintenance".
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax = ax or plt.gca()
    for part, values in expected.items():
        ax.plot(history["epoch"], history[f"{part}_power"], color=COLOURS[part], label=part)
        ax.plot(history["epoch"], values, "--", color="black", linewidth=1.4)
    ax.plot([], [], "--", color="black", linewidth=1.4, label="theory")
    ax.set(yscale="log", xlabel="epoch", ylabel="power (a.u. per presentation)")
    ax.legend()
    return ax
