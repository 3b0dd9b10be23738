"""Figures of the single neuron; figure numbers are those of Li and van Rossum (2020)."""

import itertools

import matplotlib.pyplot as plt
import numpy as np

from synlib import theory
from synlib.book.plotting.scale import number, numbers
from synlib.book.plotting.style import (
    COLOURS,
    MARKERS,
    cycled,
    enough_ticks,
    line_styles,
    plain_numbers,
    shades,
    spread,
)

# of a cache: how they are called in figures, and their lines
SCOPES = {
    "synapse": ("per synapse", "-"),
    "neuron": ("per neuron", "--"),
    "neuron-sum": ("per neuron, by sum", ":"),
}


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
    for n_inputs, rows, line, of_theory in _by_size(table):
        spread(ax, rows, "load", "inefficiency", label=f"$N$ = {n_inputs:,}", **line)
        expected = theory.inefficiency(loads * n_inputs, n_inputs)
        ax.plot(loads, expected, **of_theory)
    ax.plot(1.9, 900, "D", color=COLOURS["published"], label="published, $N$ = 1,000")
    ax.set(
        yscale="log",
        xlabel="load $P/N$ (patterns per input)",
        ylabel="inefficiency (energy / minimal)",
    )
    plain_numbers(ax.yaxis)
    ax.legend()
    return ax


def learning_time(table, ax=None):
    """Epochs against the distance from the capacity, which is a load of 2.

    Parameters and return value as in `perceptron_energy`.
    """
    ax = ax or plt.gca()
    table = table.assign(room=2 - table["load"])
    rooms = np.geomspace(table["room"].min(), table["room"].max(), 200)
    for n_inputs, rows, line, of_theory in _by_size(table):
        spread(ax, rows, "room", "n_epochs", label=f"$N$ = {n_inputs:,}", **line)
        n_patterns = (2 - rooms) * n_inputs
        expected = theory.presentations(n_patterns, n_inputs) / n_patterns
        ax.plot(rooms, expected, **of_theory)
    ax.set(xscale="log", yscale="log", xlabel="distance from capacity, $2 - P/N$")
    ax.set(ylabel="epochs to learn")
    ax.invert_xaxis()
    plain_numbers(ax.xaxis)
    plain_numbers(ax.yaxis)
    ax.legend()
    return ax


def _by_size(table):
    """For each size of the neuron what it learned, and how it and its theory are drawn."""
    learned = table[table["converged"]].groupby("n_inputs")
    colours, greys = (shades(COLOURS[name], learned.ngroups) for name in ("no caching", "theory"))
    for (n_inputs, rows), marker, colour, grey in zip(
        learned, itertools.cycle(MARKERS), colours, greys, strict=False
    ):
        line = dict(marker=marker, markersize=5, colour=colour)
        label = f"theory, $N$ = {n_inputs:,}"
        yield n_inputs, rows, line, dict(linestyle="--", color=grey, linewidth=1.4, label=label)


def weight_variance(table, ax=None):
    """Spread of the final weights relative to a random walk of as many updates, against load.

    Parameters and return value as in `perceptron_energy`.
    """
    ax = ax or plt.gca()
    learned = table[table["converged"]]
    variance = learned["weight_variance"] / learned["n_updates"]
    rows = learned.assign(variance=variance, deviation=np.sqrt(variance))
    colour = COLOURS["minimal"]
    spread(ax, rows, "load", "deviation", colour, "standard deviation", linestyle="--")
    spread(ax, rows, "load", "variance", colour, "variance", marker="o", markersize=4)
    ax.axhline(1, color=COLOURS["theory"], linewidth=1.2, label="random walk (theory)")
    ax.axhline(0.8, color=COLOURS["published"], linestyle=":", label="variance, published")
    ax.set(xlabel="load $P/N$ (patterns per input)", ylabel="final weights / random walk")
    ax.set_ylim(0, 1.1)
    ax.legend(loc="lower left", ncols=2)
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
    both, potentiation = (table[table["potentiation_only"] == only] for only in (False, True))
    spread(ax, both, "exponent", "inefficiency", COLOURS["no caching"], "both signs")
    median = potentiation.groupby("exponent")["inefficiency"].median()
    circles = dict(markersize=9, markerfacecolor="none", color="black")
    ax.plot(median, "o", label="potentiation only", **circles)
    ax.axhline(1, color=COLOURS["minimal"], linewidth=1.4, label="minimal")
    ax.axvline(2, color=COLOURS["published"], linestyle=":", label="crossing, published")
    ax.set(yscale="log", xlabel=r"exponent $\alpha$", ylabel="inefficiency (energy / minimal)")
    plain_numbers(ax.yaxis)
    ax.set_ylim(bottom=ax.get_ylim()[0] / 10)  # room for the legend, below the line at 1
    ax.legend(loc="lower left")
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


def transient_density(trace, threshold, ax=None):
    """How often transient weights have which value, beside the triangle of theory (Methods).

    Parameters
    ----------
    trace : array (n_presentations, n_traced, 2)
        From ``Perceptron.trace_``, without decay and at a learning rate of 1.
    threshold : float
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax = ax or plt.gca()
    furthest = np.ceil(threshold)
    places = np.arange(-furthest, furthest + 1)  # weights walk in steps of 1
    share, _ = np.histogram(trace[..., 1], np.append(places, furthest + 1) - 0.5, density=True)
    ax.bar(places, share, width=0.8, color=COLOURS["maintenance"], alpha=0.7, label="simulation")
    s = np.linspace(-threshold, threshold, 201)
    density = (1 - np.abs(s) / threshold) / threshold
    ax.plot(s, density, "--", color=COLOURS["theory"], linewidth=1.4, label="theory")
    ax.set(xlabel="transient weight $s$", ylabel="share of presentations")
    ax.legend()
    return ax


def transition_energy(table, costs, ax=None):
    """Energy with a cache whose transitions cost, against the threshold.

    Parameters
    ----------
    table : DataFrame
        From a sweep of `experiments.perceptron_thresholds` with ``transition_cost=1``, the lowest
        threshold below the learning rate, so that nothing is cached.
    costs : sequence of float
        Transition costs b that are drawn.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax = ax or plt.gca()
    n_patterns, n_inputs = table["n_patterns"].iloc[0], table["n_inputs"].iloc[0]
    thresholds = np.sort(table["threshold"].unique())
    without = table[table["threshold"] == thresholds[0]].set_index("seed")["consolidation"]
    without = table["seed"].map(without)
    written = (table["consolidation"] + table["outstanding"]) / without
    energy = theory.perceptron_energy(n_patterns, n_inputs)
    for cost, line in cycled(costs, line_styles()):
        rows = table.assign(relative=written + cost * table["transition"] / without)
        name = f"$b$ = {number(cost)}"
        spread(ax, rows, "threshold", "relative", COLOURS["total"], name, **line)
        expected = 1 / np.ceil(thresholds)
        moved = theory.transition_energy(n_patterns, n_inputs, thresholds, cost) / energy
        ax.plot(thresholds, expected + moved, "+", color=COLOURS["theory"], markersize=8)
    ax.plot([], [], "+", color=COLOURS["theory"], markersize=8, label="theory")
    ax.axhline(1, color=COLOURS["no caching"], linewidth=1.4, label="no caching")
    ax.set(xscale="log", xlabel=r"threshold $\theta$", ylabel="energy / energy without a cache")
    plain_numbers(ax.xaxis)
    ax.set_ylim(0, 2.1)  # room for the legend
    ax.legend(ncols=2, loc="upper right")
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
    learned = learned.assign(
        consolidation=learned["consolidation"] + learned["outstanding"],
        maintenance=learned["maintenance"].replace(0, np.nan),  # is not on a logarithmic axis
    )
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
        The rows of least energy for each ``scope``, ``maintenance_cost`` and ``seed``.
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
    paid = costs[costs > 0]
    free = paid.min() / 4 if paid.size else 1  # where no cost is drawn on the logarithmic axis
    best = best.assign(cost=best["maintenance_cost"].replace(0, free))
    for scope, rows in best.groupby("scope", sort=False):
        name, dashes = SCOPES[scope]
        line = dict(linestyle=dashes, marker="o")
        spread(ax, rows, "cost", column, COLOURS[name.split(",")[0]], name, **line)
    fine = np.geomspace(paid.min(), paid.max(), 200) if paid.size else paid
    theory = dict(color=COLOURS["theory"], linewidth=1.4)
    ax.plot(fine, formula(fine), "--", label="theory", **theory)
    if 0 in costs:  # of no cost, not of the cost whose place it has
        ax.plot([free], formula(np.zeros(1)), "_", markersize=12, markeredgewidth=1.4, **theory)
    labels = {"inefficiency": "energy / minimal energy", "threshold": r"best threshold $\theta^*$"}
    ax.set(xscale="log", yscale="log", xlabel="maintenance cost $c$", ylabel=labels[column])
    if 0 in costs and paid.size:
        ticks = [tick for tick in 10.0 ** np.arange(-6, 3) if paid.min() <= tick <= paid.max()]
        ax.set_xticks([free, *ticks], numbers([0, *ticks]))
    plain_numbers(ax.yaxis)
    enough_ticks(ax)
    ax.legend()
    return ax


def price_of_margins(table, axes):
    """What it costs to learn with a margin: stability, inefficiency and best threshold.

    Parameters
    ----------
    table : DataFrame
        From a sweep of `experiments.perceptron_margins` over ``load``, with and without a cache.
    axes : three Axes
        For the stability against the energy without a cache; and against the margin, for the
        inefficiency without a cache and for the best threshold of one.
    """
    margins = np.sort(table["margin"].unique())
    some = margins[margins > 0]
    none = some.min() / 4 if some.size else 1  # where no margin is drawn on the logarithmic axis
    table = table[table["converged"]].assign(place=table["margin"].replace(0, none))
    plain = table[table["threshold"].isna()]
    cached = table.dropna(subset="threshold")
    best = cached.loc[cached.groupby(["load", "margin", "seed"])["total"].idxmin()]
    paid = 1 + best["maintenance_cost"] * best["n_patterns"] * best["n_epochs"]
    best = best.assign(formula=np.sqrt(3 * best["n_updates"] / paid))
    colour, of_cache = COLOURS["no caching"], COLOURS["per synapse"]
    of_theory = dict(color=COLOURS["theory"], linewidth=1.4)
    styles = [line | {"marker": m} for line, m in zip(line_styles("o"), MARKERS, strict=False)]
    for (load, rows), line in cycled(plain.groupby("load"), styles):
        at = rows.groupby("margin")
        energy, stability = at["total"].median(), at["stability"]
        axes[0].fill_between(
            energy, stability.min(), stability.max(), color=colour, alpha=0.2, linewidth=0
        )
        label = f"load {load:g}"
        axes[0].plot(energy, stability.median(), color=colour, label=label, **line)
        waste = spread(axes[1], rows, "place", "inefficiency", colour, label, **line)
        updates = rows.groupby("place")["n_updates"].median()
        axes[1].plot(waste.iloc[0] * np.sqrt(updates / updates.iloc[0]), ":", **of_theory)
        found = best[best["load"] == load]
        spread(axes[2], found, "place", "threshold", of_cache, label, **line)
        axes[2].plot(found.groupby("place")["formula"].median(), "--", **of_theory)
    axes[0].set(xscale="log", xlabel="energy without a cache (a.u.)", ylabel="stability")
    axes[0].set_ylim(bottom=0)
    axes[0].legend()
    axes[1].set(ylabel="energy / minimal energy")
    axes[1].plot([], [], ":", label="if further updates were a random walk", **of_theory)
    axes[2].set(ylabel=r"best threshold $\theta^*$")
    axes[2].plot([], [], "--", label="theory", **of_theory)
    shown = margins if 0 in margins else some
    for ax in axes[1:]:
        ax.set(xscale="log", xlabel=r"margin $\kappa$ (steps of the pattern's own updates)")
        ax.set_xticks(np.where(shown > 0, shown, none), numbers(shown))
        ax.minorticks_off()
        enough_ticks(ax)
        lines = ax.get_legend_handles_labels()
        ax.legend(lines[0][-1:], lines[1][-1:])


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
    """What another order of events in a step does to the total energy, against the threshold.

    Parameters
    ----------
    variants : dict of str to DataFrame
        Sweeps over ``threshold``, by the name of the order. All others are compared with the first
        one, for the same patterns; how much these sets of patterns differ in it is shown as well.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax = ax or plt.gca()
    (_, as_run), *others = variants.items()
    at = ["threshold", "seed"]
    as_run = as_run[as_run["converged"]].set_index(at)["total"]
    median = as_run.groupby("threshold").transform("median")
    sets = (as_run / median).groupby("threshold").agg(["min", "max"])
    grey = dict(color=COLOURS["minimal"], alpha=0.3, linewidth=0)
    ax.fill_between(sets.index, sets["min"], sets["max"], label="sets of patterns", **grey)
    for (name, table), line in cycled(others, line_styles("o")):
        energy = table[table["converged"]].set_index(at)["total"]
        relative = (energy / as_run).rename("relative").reset_index()
        spread(ax, relative, "threshold", "relative", COLOURS["total"], name, **line)
    ax.set(xscale="log", xlabel=r"threshold $\theta$", ylabel="energy / as run")
    ax.set_ylim(bottom=0)
    plain_numbers(ax.xaxis)
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
        title = "per neuron" if scope == "neuron" else "per neuron,\nby sum"
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
    for scope, (name, dashes) in SCOPES.items():
        colour = COLOURS[name.split(",")[0]]
        rows = best[best["scope"] == scope]
        spread(ax, rows, "maintenance_cost", "inefficiency", colour, name, linestyle=dashes)
    ax.set(
        xscale="log",
        yscale="log",
        xlabel="maintenance cost $c$",
        ylabel="energy / minimal energy",
    )
    plain_numbers(ax.xaxis)
    plain_numbers(ax.yaxis)
    enough_ticks(ax)
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
    apart = 0.012 * np.ptp(best["decay_rate"])  # so that no bar hides another
    colours = shades(COLOURS["total"], len(costs))
    for place, ((cost, colour), marker) in enumerate(
        cycled(zip(costs, colours, strict=True), MARKERS)
    ):
        values = best[best["maintenance_cost"] == cost].groupby("decay_rate")[column]
        middle = values.median()
        x = middle.index + (place - (len(costs) - 1) / 2) * apart
        ax.vlines(x, values.min(), values.max(), color=colour, linewidth=1.2)
        ax.plot(x, middle, color=colour, marker=marker, label=f"$c$ = {number(cost)}")
    if reference is not None:
        ax.axhline(reference, color=COLOURS["no caching"], linewidth=1.4, label="no caching")
    labels = {
        "inefficiency": "energy / minimal energy",
        "threshold": r"best threshold $\theta^*$",
        "n_epochs": "epochs to learn",
    }
    ax.set(xlabel=r"decay rate $1/\tau$ (per 1000)", ylabel=labels[column])
    enough_ticks(ax)
    return ax


def time_against_energy(table, ax=None):
    """Learning time against energy, each point a threshold (Fig 3S1A).

    Parameters
    ----------
    table : DataFrame
        From a sweep over ``threshold``, at several ``maintenance_cost``; thresholds that some set
        of patterns is not learned at are left out.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax = ax or plt.gca()
    rows = table.groupby("threshold").filter(lambda of_one: of_one["converged"].all())
    of_costs = rows.groupby("maintenance_cost")
    named = set()
    colours = shades(COLOURS["total"], of_costs.ngroups)
    for ((cost, of_cost), colour), marker in cycled(zip(of_costs, colours, strict=True), MARKERS):
        median = of_cost.groupby("threshold")[["inefficiency", "n_epochs"]].median()
        points = median.to_numpy()
        label = f"$c$ = {number(cost)}"
        ax.plot(*points.T, color=colour, marker=marker, markersize=5, label=label)
        for start, end in itertools.pairwise(points):  # the heads in the middle of the way
            along = dict(arrowstyle="-|>", color=colour, mutation_scale=14)
            ax.annotate("", (start + end) / 2, start, arrowprops=along)
        cheapest = median["inefficiency"].argmin()
        for place, beside in ((0, (8, 4)), (cheapest, (-8, -16))):
            if tuple(points[place]) in named:  # where two curves begin
                continue
            named.add(tuple(points[place]))
            text = rf"$\theta$ = {median.index[place]:g}"
            side = "left" if beside[0] > 0 else "right"
            ax.annotate(text, points[place], beside, textcoords="offset points", ha=side)
        ax.plot(*points[cheapest], "*", color="black", markersize=13, zorder=3)
    ax.plot([], [], "*", color="black", markersize=13, label="least energy")
    ax.set(xlabel="energy / minimal energy", ylabel="epochs to learn")
    ax.set(xlim=(0, None), ylim=(0, None))
    ax.legend()
    return ax


def epochs_against_threshold(table, ax=None):
    """Learning time against the threshold, which with decay it depends on.

    Parameters
    ----------
    table : DataFrame
        From a sweep over ``threshold``.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax = ax or plt.gca()
    learned = table[table["converged"]]
    line = dict(marker="o", markersize=5)
    spread(ax, learned, "threshold", "n_epochs", COLOURS["total"], "with decay", **line)
    ax.set(xlabel=r"threshold $\theta$", ylabel="epochs to learn")
    enough_ticks(ax)
    return ax


def powers(history, expected, ax=None):
    """Consolidation and maintenance power over time beside their theory (Fig 6).

    Parameters
    ----------
    history : DataFrame
        ``Perceptron.history_``.
    expected : dict of str to array (n_epochs,)
        Theory for "consolidation" and "maintenance".
    ax : Axes, optional

    Returns
    -------
    Axes
        Without a legend yet.
    """
    ax = ax or plt.gca()
    for part, values in expected.items():
        ax.plot(history["epoch"], history[f"{part}_power"], color=COLOURS[part], label=part)
        ax.plot(history["epoch"], values, "--", color="black", linewidth=1.4)
    ax.plot([], [], "--", color="black", linewidth=1.4, label="theory")
    ax.set(yscale="log", xlabel="epoch", ylabel="power (a.u. per epoch)")
    return ax
