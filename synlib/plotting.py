"""Results to axes: one function per figure, no simulation.

Each concept has one colour in the whole book, from a palette that colour-blind readers can tell
apart. Lines are medians over seeds, bands reach from the lowest to the highest seed.
"""

import os

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import NullFormatter

from synlib import theory

COLOURS = {
    "no caching": "#D55E00",
    "consolidation": "#0072B2",
    "maintenance": "#E69F00",
    "total": "#009E73",
    "minimal": "#7A7A7A",
    "theory": "#000000",
    "largest updates": "#B3478C",
    "per synapse": "#56B4E9",
}
# The colours of things that are another name for one of the above
COLOURS["all synapses"] = COLOURS["no caching"]
COLOURS["per neuron"] = COLOURS["total"]

STYLE = {
    "figure.figsize": (6.0, 3.8),
    "figure.dpi": 110,
    "figure.constrained_layout.use": True,
    "savefig.dpi": 220,
    "font.size": 12,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "lines.linewidth": 2.2,
    "legend.frameon": False,
    "svg.hashsalt": "synlib",
}


def use_style():
    """Set matplotlib's defaults to those of the book.

    With ``$SYNLIB_FIGURES`` set, as `synlib figures` does, a notebook shows each figure as SVG too,
    and with the numbers in it.
    """
    plt.rcParams.update(STYLE)
    if os.environ.get("SYNLIB_FIGURES"):
        from IPython import get_ipython
        from matplotlib_inline.backend_inline import set_matplotlib_formats

        set_matplotlib_formats("png", "svg")
        formatter = get_ipython().display_formatter.formatters["application/json"]
        formatter.for_type(Figure, figure_numbers)


def figure_numbers(figure):
    """The numbers drawn in a figure: for each axes its labels, lines, bands and bars.

    Parameters
    ----------
    figure : Figure

    Returns
    -------
    dict
        Ready for JSON.
    """
    return {
        "axes": [
            {
                "title": ax.get_title(),
                "x": ax.get_xlabel(),
                "y": ax.get_ylabel(),
                "lines": [
                    {"label": line.get_label(), "x": _numbers(x), "y": _numbers(y)}
                    for line in ax.get_lines()
                    for x, y in [line.get_data()]
                ],
                "bands": [
                    {"outline": [_numbers(point) for point in path.vertices]}
                    for collection in ax.collections
                    for path in collection.get_paths()
                ],
                "bars": [
                    {"from": _numbers(bar.get_xy()), "size": [bar.get_width(), bar.get_height()]}
                    for bar in ax.patches
                    if isinstance(bar, Rectangle)
                ],
            }
            for ax in figure.axes
        ]
    }


def _numbers(values):
    return [float(value) for value in values]


def _plain_numbers(axis):
    """1, 10, 100 rather than powers of ten, on a logarithmic axis of ratios."""
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter(NullFormatter())


def spread(ax, table, x, y, colour, label, **line):
    """Median of ``y`` against ``x`` over the rows of a table, with a band from min to max."""
    groups = table.dropna(subset=[y]).groupby(x)[y]
    median = groups.median()
    ax.fill_between(median.index, groups.min(), groups.max(), color=colour, alpha=0.2, linewidth=0)
    ax.plot(median.index, median, color=colour, label=label, **line)
    return median


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
    learned = table[table["converged"]]
    n_inputs = table["n_inputs"].iloc[0]
    loads = np.linspace(table["load"].min(), table["load"].max(), 200)
    colour = COLOURS["no caching"]
    spread(ax, learned, "load", "inefficiency", colour, "simulation", marker="o", markersize=4)
    expected = theory.inefficiency(loads * n_inputs, n_inputs)
    ax.plot(loads, expected, "--", color="black", linewidth=1.2, label="theory")
    ax.set(
        yscale="log",
        xlabel="load $P/N$ (patterns per input)",
        ylabel="inefficiency (energy / minimal)",
    )
    _plain_numbers(ax.yaxis)
    ax.legend()
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
    _plain_numbers(ax.yaxis)
    ax.legend()
    return ax


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
    time = np.arange(1, len(trace) + 1)
    persistent, transient = trace.T
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
    fine = np.geomspace(costs[costs > 0].min(), costs.max(), 200)
    ax.plot(fine, formula(fine), "--", color=COLOURS["theory"], linewidth=1.4, label="theory")
    labels = {"inefficiency": "energy / minimal energy", "threshold": r"best threshold $\theta^*$"}
    ax.set(xscale="log", yscale="log", xlabel="maintenance cost $c$", ylabel=labels[column])
    _plain_numbers(ax.yaxis)
    ax.legend()
    return ax


def corrected_maintenance(table, ax=None):
    """What the corrected maintenance adds to the total (Nyiro et al. 2022, Fig 8).

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
    for (name, table), dashes in zip(variants.items(), ("-", "--", ":", "-."), strict=False):
        rows = table[table["converged"]]
        spread(ax, rows, "threshold", "total", COLOURS["total"], name, linestyle=dashes)
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
    _plain_numbers(ax.yaxis)
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
    for cost, dashes in zip(costs, ("-", "--", ":", "-."), strict=False):
        rows = best[best["maintenance_cost"] == cost]
        spread(
            ax, rows, "decay_rate", column, COLOURS["total"], f"$c$ = {cost:g}", linestyle=dashes
        )
    if reference is not None:
        ax.axhline(reference, color=COLOURS["no caching"], linewidth=1.4, label="no caching")
    labels = {
        "inefficiency": "energy / minimal energy",
        "threshold": r"best threshold $\theta^*$",
        "n_epochs": "epochs to learn",
    }
    ax.set(xlabel=r"decay rate $1/\tau$ (per 1000)", ylabel=labels[column], yscale="log")
    _plain_numbers(ax.yaxis)
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
    for (cost, rows), marker in zip(table.groupby("maintenance_cost"), "osv^", strict=False):
        median = rows.groupby("threshold")[["inefficiency", "n_epochs"]].median()
        colour = COLOURS["total"]
        ax.plot(*median.to_numpy().T, "-", marker=marker, color=colour, label=f"$c$ = {cost:g}")
    point = reference[["inefficiency", "n_epochs"]].median()
    ax.plot(*point, "D", color=COLOURS["no caching"], label="no caching")
    labels = {"xlabel": "energy / minimal energy", "ylabel": "epochs to learn"}
    ax.set(xscale="log", yscale="log", **labels)
    _plain_numbers(ax.xaxis)
    _plain_numbers(ax.yaxis)
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
