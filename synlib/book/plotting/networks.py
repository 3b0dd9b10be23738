"""Figures of the multilayer networks."""

import itertools

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import LogLocator, NullLocator

from synlib.book.plotting.style import (
    COLOURS,
    MARKERS,
    cycled,
    enough_ticks,
    line_styles,
    plain_numbers,
    spread,
)

# for rules side by side: those that have a colour of their own first
RULE_COLOURS = (
    COLOURS["all synapses"],
    COLOURS["largest updates"],
    "#882255",
    COLOURS["subnetwork"],
    COLOURS["both"],
    "#117733",
    "#44AA99",
    "#CC6677",
    "#88CCEE",
    "#661100",
)


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
    for size, line in cycled(sizes, line_styles()):
        rows = table[(table["hidden"] == size) & table["reached"]]
        colour = COLOURS["largest updates"]
        spread(ax, rows, "fraction", column, colour, f"{size} hidden", **line)
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
    ax.xaxis.set_minor_locator(NullLocator())
    if column == "step":
        ax.set_ylim(bottom=0)
    else:
        ax.set_yscale("log")
        enough_ticks(ax)
    ax.legend()
    return ax


def energy_parts(table, conditions, ax=None):
    """What the energy was spent on, one stacked bar for each condition (means over seeds).

    Parameters
    ----------
    table : DataFrame
        With the column ``condition`` and those of the ledger.
    conditions : sequence of str
        Order of the bars; one of which the table has no row is left empty.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax = ax or plt.gca()
    means = table.groupby("condition")[["consolidation", "outstanding", "maintenance"]].mean()
    means = means.reindex(conditions)  # no bar where none got so far
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


def samples(images, ax=None):
    """Some images in a row.

    Parameters
    ----------
    images : array (n, height, width)
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax = ax or plt.gca()
    ax.imshow(np.hstack(list(images)), cmap="gray_r")
    ax.set_axis_off()
    return ax


def energy_by_rate(table, column="total", ax=None):
    """Energy against test accuracy for several learning rates (Li and van Rossum 2020, Fig 5A).

    Parameters
    ----------
    table : DataFrame
        From `experiments.energy_to_accuracy`, with the column ``learning_rate``.
    column : str
        The energy that is drawn.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax = ax or plt.gca()
    rates = sorted(table["learning_rate"].unique())
    colours = plt.get_cmap("viridis")(np.linspace(0, 0.9, len(rates)))
    for rate, colour in zip(rates, colours, strict=True):
        rows = table[table["learning_rate"] == rate]
        spread(ax, rows, "accuracy", column, colour, f"{rate:g}")
    ax.set(yscale="log", xlabel="test accuracy", ylabel="energy (a.u.)")
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    ax.legend(title=r"learning rate $\eta$", loc="upper left", bbox_to_anchor=(1, 1))
    return ax


def ratios(table, xlabel, ax=None):
    """Ratios of energies, one bar a condition; bars begin at 1.

    Parameters
    ----------
    table : DataFrame (n_seeds, n_conditions)
        A column for each bar; the median is drawn, and the lowest and highest seed as a line.
    xlabel : str
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax = ax or plt.gca()
    middle, places = table.median(), np.arange(table.shape[1])
    ax.barh(places, middle - 1, left=1, color=COLOURS["no caching"], alpha=0.8)
    ax.hlines(places, table.min(), table.max(), color="black", linewidth=1.2)
    ax.axvline(1, color="black", linewidth=0.8)
    ax.set(xscale="log", xlabel=xlabel)
    ax.set_yticks(places, table.columns)
    ax.invert_yaxis()
    ax.xaxis.set_major_locator(LogLocator(base=2))
    plain_numbers(ax.xaxis)
    return ax


def energy_against_hidden(table, columns, by="hidden", ax=None):
    """Energy to a criterion against the number of hidden units.

    Parameters
    ----------
    table : DataFrame
        One row per network and size.
    columns : sequence of (column, name, dict)
        Column to draw, its label, and settings of the line, among them ``color``.
    by : str
        Column with the number of units.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax = ax or plt.gca()
    for column, name, line in columns:
        colour = line["color"]
        rest = {key: value for key, value in line.items() if key != "color"}
        spread(ax, table, by, column, colour, name, **rest)
    ax.set(xscale="log", yscale="log", xlabel="hidden units", ylabel="energy (a.u.)")
    ticks = sorted({x for line in ax.get_lines() for x in line.get_xdata()})
    ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.xaxis.set_minor_locator(NullLocator())
    enough_ticks(ax)
    return ax


def rules(table, column, xlabel, ax=None):
    """One result of each plasticity rule: medians as dots, with lines from lowest to highest.

    Parameters
    ----------
    table : DataFrame
        With the columns ``rule`` and ``column``, one row per seed; drawn in the order of the rows.
    column, xlabel : str
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax = ax or plt.gca()
    names = list(table["rule"].unique())
    groups = table.groupby("rule")[column]
    places = np.arange(len(names))
    colours = [COLOURS.get(name.split(" (")[0], "#4d4d4d") for name in names]
    ax.hlines(
        places, groups.min()[names], groups.max()[names], color=colours, linewidth=4, alpha=0.4
    )
    ax.scatter(groups.median()[names], places, color=colours, zorder=3)
    ax.set_yticks(places, names)
    ax.invert_yaxis()
    ax.grid(axis="y", alpha=0.3)
    ax.set(xlabel=xlabel)
    return ax


def writes_per_synapse(table, ax=None):
    """How writes are spread over the synapses of the first layer.

    Parameters
    ----------
    table : DataFrame
        From a sweep of `experiments.mlp_writes`, with the column ``rule``.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax = ax or plt.gca()
    first = table[table["layer"] == 1]
    # the first two differ in colour
    lines = itertools.chain([dict(linestyle="-")], line_styles())
    for (name, rows), line in cycled(first.groupby("rule", sort=False), lines):
        rows = rows.assign(percent=100 * rows["share"], part=100 * rows["writes"] / rows["steps"])
        colour = COLOURS.get(name, "#4d4d4d")
        spread(ax, rows, "percent", "part", colour, name, **line)
    ax.set(xlabel="synapses, least written first (%)", ylabel="steps at which it is written (%)")
    ax.legend()
    return ax


def saving_map(table, ax=None):
    """How many times less each combination of rule and memory spends, as a table of colours.

    Parameters
    ----------
    table : DataFrame (n_rules, n_memories)
        Energy of ordinary learning as a multiple of that of each combination; NaN where the
        criterion was not reached.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax = ax or plt.gca()
    sizes = np.log10(table.to_numpy())
    ax.imshow(sizes, cmap="cividis", aspect="auto", vmin=min(0, np.nanmin(sizes)))
    middle = (np.nanmax(sizes) + min(0, np.nanmin(sizes))) / 2
    for row, column in np.ndindex(sizes.shape):
        value = table.iloc[row, column]
        text = "never" if np.isnan(value) else f"{value:.2g}" if value < 100 else f"{value:,.0f}"
        colour = "black" if sizes[row, column] > middle or np.isnan(value) else "white"
        ax.text(column, row, text, ha="center", va="center", color=colour)
    ax.set_xticks(range(table.shape[1]), [name.replace(", ", ",\n") for name in table.columns])
    ax.set_yticks(range(table.shape[0]), table.index)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return ax


def pareto(table, ax=None):
    """Energy saved against extra learning time, with the front of what can't be improved in both.

    Parameters
    ----------
    table : DataFrame
        One row per combination: ``rule``, ``memory``, ``saved`` and ``time``, both as multiples of
        ordinary learning.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax = ax or plt.gca()
    markers = dict(cycled(table["memory"].unique(), MARKERS))
    shades = dict(cycled(table["rule"].unique(), RULE_COLOURS))
    for memory, marker in markers.items():
        rows = table[table["memory"] == memory]
        colours = rows["rule"].map(shades)
        ax.scatter(rows["time"], rows["saved"], c=colours, marker=marker, s=60, zorder=3)
    front = table.sort_values(["time", "saved"], ascending=[True, False])
    front = front[front["saved"] > front["saved"].cummax().shift(fill_value=0)]
    ax.step(front["time"], front["saved"], where="post", color="black", linewidth=1.2)
    ax.set(xscale="log", yscale="log")
    ax.set(xlabel="learning time (all synapses, persistent = 1)", ylabel="energy saved (times)")
    plain_numbers(ax.xaxis)
    plain_numbers(ax.yaxis)
    ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    handles = [ax.scatter([], [], c=colour, marker="o", s=60) for colour in shades.values()]
    handles += [ax.scatter([], [], c="grey", marker=marker, s=60) for marker in markers.values()]
    ax.legend(handles, [*shades, *markers], loc="upper left", bbox_to_anchor=(1, 1), fontsize=10)
    return ax


def robustness(saved, ax=None):
    """Energy saved under other conditions against that under the first.

    Parameters
    ----------
    saved : DataFrame
        A row for each combination of rule and memory, a column for each condition.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax = ax or plt.gca()
    first, *others = saved.columns
    styles = zip(MARKERS[1:], itertools.cycle(RULE_COLOURS[1:]), strict=False)
    for name, (marker, colour) in cycled(others, styles):
        ax.scatter(saved[first], saved[name], marker=marker, color=colour, label=name)
    ends = [saved.min(axis=None), saved.max(axis=None)]
    ax.plot(ends, ends, color="black", linewidth=0.8)
    ax.set(xscale="log", yscale="log", xlabel=f"saved, {first} (times)", ylabel="saved (times)")
    plain_numbers(ax.xaxis)
    plain_numbers(ax.yaxis)
    ax.legend(fontsize=10)
    return ax


def time_against_threshold(table, ax=None):
    """Learning time against energy of a network, each point a threshold (Fig 3S1B).

    Parameters
    ----------
    table : DataFrame
        From `experiments.energy_to_accuracy`, over ``threshold``.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax = ax or plt.gca()
    for (accuracy, rows), line in cycled(table.groupby("accuracy"), line_styles("o")):
        middle = rows.groupby("threshold")[["total", "step"]].median()
        label = f"to {accuracy:.0%}"
        colour = COLOURS["per neuron"]
        ax.plot(*middle.to_numpy().T, color=colour, label=label, **line)
        for threshold, (energy, step) in middle.iterrows():
            ax.annotate(f"{threshold:g}", (energy, step), (5, 5), textcoords="offset points")
    ax.set(xscale="log", yscale="log", xlabel="energy (a.u.)", ylabel="images")
    ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    plain_numbers(ax.xaxis)
    enough_ticks(ax)
    ax.legend()
    return ax
