"""Figures of the multilayer networks."""

import itertools

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

from synlib.book.plotting.scale import number, numbers
from synlib.book.plotting.style import (
    COLOURS,
    DASHES,
    MARKERS,
    cycled,
    enough_ticks,
    letter,
    line_styles,
    percent,
    plain_numbers,
    shades,
    spread,
)

# for rules side by side: those that have a colour of their own first
RULE_COLOURS = (
    COLOURS["all synapses"],
    COLOURS["largest updates"],
    COLOURS["largest updates, few"],
    COLOURS["subnetwork"],
    COLOURS["both"],
    "#117733",
    "#44AA99",
    "#CC6677",
    "#88CCEE",
    "#661100",
)

# for the spread of writes: the largest updates, the same in each unit, and a fixed choice
WRITES_COLOURS = COLOURS["largest updates"], "#117733", "#4D4D4D"


def energy_against_accuracy(table, curves, ax=None):
    """Energy spent by the time a test accuracy is reached (Li and van Rossum 2020, Fig 5B).

    Parameters
    ----------
    table : DataFrame
        One row per condition, seed and accuracy, with a column ``accuracy`` and those named in
        ``curves``; see `experiments.mlp_passages`.
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
    percent(ax.xaxis)
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
        spread(ax, rows, "fraction", column, colour, f"{size:,} hidden", **line)
        vanilla = rows[rows["fraction"] == 1]
        ax.plot(1, vanilla[column].median(), "o", color=COLOURS["all synapses"])
    ax.plot([], [], "o", color=COLOURS["all synapses"], label="all synapses")
    labels = {
        "consolidation": "energy $M_1$ (a.u.)",
        "writes": "writes $M_0$",
        "step": "images to criterion",
    }
    ax.set(xscale="log", xlabel="fraction of synapses updated", ylabel=labels[column])
    ax.set_xticks(fractions, [f"{100 * fraction:.3g} %" for fraction in fractions])
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
    ax.xaxis.set_major_locator(MaxNLocator(4))
    plain_numbers(ax.xaxis)
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


def energy_by_rate(table, ax=None, column="total", lines=5):
    """Energy against test accuracy at several learning rates (Li and van Rossum 2020, Fig 5A).

    Parameters
    ----------
    table : DataFrame
        From a sweep of `experiments.mlp_passages` over ``learning_rate``.
    ax : Axes, optional
    column : str
        The energy that is drawn.
    lines : int
        How many rates are drawn at most; the lowest and the highest are among them.

    Returns
    -------
    Axes
    """
    ax = ax or plt.gca()
    some = _some(table.loc[table["reached"], "learning_rate"], lines)
    ends = []
    for rate, shade in zip(some, shades(COLOURS["no caching"], len(some)), strict=True):
        rows = table[table["learning_rate"] == rate]
        median = spread(ax, rows, "accuracy", column, shade, f"{rate:g}")
        ends.append((median, rf"$\eta$ = {rate:g}", shade))
    ax.set(yscale="log", xlabel="test accuracy", ylabel="energy (a.u.)")
    percent(ax.xaxis)
    enough_ticks(ax)
    _name_ends(ax, ends)
    return ax


def energy_against_rate(table, ax=None, lines=4):
    """Energy to some accuracies against the learning rate.

    Parameters
    ----------
    table : DataFrame
        From a sweep of `experiments.mlp_passages` over ``learning_rate``.
    ax : Axes, optional
    lines : int
        How many accuracies are drawn at most; the lowest and the highest are among them.

    Returns
    -------
    Axes
    """
    ax = ax or plt.gca()
    some = _some(table.loc[table["reached"], "accuracy"], lines)
    ends = []
    for accuracy, marker in cycled(some, MARKERS):
        rows = table[table["accuracy"] == accuracy]
        colour, line = COLOURS["no caching"], dict(marker=marker, markersize=5)
        median = spread(ax, rows, "learning_rate", "total", colour, f"{accuracy:.0%}", **line)
        ends.append((median, f"{100 * accuracy:g} %", colour))
    ax.set(xscale="log", yscale="log", xlabel=r"learning rate $\eta$", ylabel="energy (a.u.)")
    plain_numbers(ax.xaxis)
    ax.xaxis.set_major_locator(LogLocator(subs=(1, 3)))
    enough_ticks(ax)
    _name_ends(ax, ends)
    return ax


def after_the_best(table, ax=None):
    """Test accuracy against energy, and where it was best: what is spent after that gains nothing.

    Parameters
    ----------
    table : DataFrame
        From a sweep of `experiments.mlp_history` over ``learning_rate``; one network of each.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax = ax or plt.gca()
    rates = sorted(table["learning_rate"].unique())
    for rate, shade in zip(rates, shades(COLOURS["no caching"], len(rates)), strict=True):
        rows = table[table["learning_rate"] == rate]
        best = rows.loc[rows["accuracy"].idxmax()]
        name = rf"$\eta$ = {rate:g}: best {100 * best['accuracy']:.1f} %"
        ax.plot(rows["total"], rows["accuracy"], color=shade, linewidth=1.4, label=name)
        ax.plot(best["total"], best["accuracy"], "o", color="black", zorder=3)
    ax.set(xscale="log", xlabel="energy (a.u.)", ylabel="test accuracy", ylim=(0.6, 1.02))
    percent(ax.yaxis)
    ax.legend(loc="upper left")
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
    ax.set_xticks(ticks, [f"{tick:,g}" for tick in ticks])
    ax.xaxis.set_minor_locator(NullLocator())
    enough_ticks(ax)
    return ax


def energy_by_scale(table, ax=None):
    """Energy against size for several standard deviations of the initial weights.

    Parameters
    ----------
    table : DataFrame
        From a sweep of `experiments.mlp_run` over ``hidden`` and ``init_scale``.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax = ax or plt.gca()
    scales = sorted(table["init_scale"].unique())
    for (scale, shade), marker in cycled(
        zip(scales, shades(COLOURS["all synapses"], len(scales)), strict=True), MARKERS
    ):
        line = dict(color=shade, marker=marker)
        rows = table[table["init_scale"] == scale]
        energy_against_hidden(rows, [("consolidation", f"s.d. {scale:g}", line)], ax=ax)
    if scales:
        sizes = np.sort(table["hidden"].unique())
        first = table.loc[table["hidden"] == sizes[0], "consolidation"].median()
        root = first * np.sqrt(sizes / sizes[0])
        ax.plot(sizes, root, ":", color=COLOURS["published"], label="published: as the root")
        ax.legend()
    ax.set_ylabel("$M_1$ (a.u.)")
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
    ax.set_ylim(len(names) - 0.5, -0.5)
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
    looks = itertools.product(DASHES, WRITES_COLOURS)
    for (name, rows), (dashes, colour) in cycled(first.groupby("rule", sort=False), looks):
        rows = rows.assign(percent=100 * rows["share"], part=100 * rows["writes"] / rows["steps"])
        line = {"linestyle": dashes}
        if rows["part"].isin([0, 100]).all():  # always or never: a step
            line["drawstyle"] = "steps-mid"
        spread(ax, rows, "percent", "part", colour, name, **line)
    ax.set(xlabel="synapses, least written first (%)", ylabel="steps at which it is written (%)")
    ax.legend(loc="upper left")
    return ax


def learning_curves(table, ax=None):
    """Test accuracy against the number of images, for each plasticity rule.

    Parameters
    ----------
    table : DataFrame
        From a sweep of `experiments.mlp_history`, with the column ``rule``.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax = ax or plt.gca()
    for name, rows in table.groupby("rule", sort=False):
        spread(ax, rows, "step", "accuracy", COLOURS.get(name, "#4d4d4d"), name, linewidth=1.6)
    best = table["accuracy"].max()
    ax.set(xlabel="images", ylabel="test accuracy", ylim=(best - 0.16, best + 0.01))
    percent(ax.yaxis)
    ax.xaxis.set_major_locator(MaxNLocator(5))
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    ax.legend(loc="lower right")
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
    _name_cells(table, ax)
    return ax


def gaps(table, ax=None):
    """Differences in percentage points, as a table of colours; zero is white.

    Parameters
    ----------
    table : DataFrame (n_rules, n_memories)
        NaN where the criterion was not reached.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax = ax or plt.figure(figsize=(6.4, 3.8)).gca()
    points = table.to_numpy()
    largest = max(np.nanmax(np.abs(points)), 1e-9)
    ax.imshow(points, cmap="PuOr_r", aspect="auto", vmin=-1.6 * largest, vmax=1.6 * largest)
    for row, column in np.ndindex(points.shape):
        value = points[row, column]
        text = "never" if np.isnan(value) else f"{value:+.1f}".replace("-", "\N{MINUS SIGN}")
        text = "0.0" if text[1:] == "0.0" else text
        ax.text(column, row, text, ha="center", va="center")
    _name_cells(table, ax)
    return ax


def pareto(table, figure=None):
    """Energy saved against learning time, with the front of what can't be improved in both.

    Parameters
    ----------
    table : DataFrame
        One row per combination: ``rule``, ``memory``, ``saved`` and ``time``, both as multiples of
        ordinary learning. Each memory gets a panel.
    figure : Figure, optional

    Returns
    -------
    Figure
    """
    memories = list(table["memory"].unique())
    colours = dict(cycled(table["rule"].unique(), RULE_COLOURS))
    rows = max(1, -(-len(memories) // 2))
    figure = figure or plt.figure(figsize=(6.4, 2.6 * rows + 0.9))
    axes = figure.subplots(rows, 2, sharex=True, sharey=True, squeeze=False).ravel()
    front = table.sort_values(["time", "saved"], ascending=[True, False])
    front = front[front["saved"] > front["saved"].cummax().shift(fill_value=0)]
    for ax, memory in zip(axes, memories, strict=False):
        ax.scatter(table["time"], table["saved"], c="#CCCCCC", s=16)
        ax.step(front["time"], front["saved"], where="post", color="black", linewidth=1.2)
        for rule, colour in colours.items():
            own = table[(table["memory"] == memory) & (table["rule"] == rule)]
            ax.scatter(own["time"], own["saved"], color=colour, s=60, zorder=3, label=rule)
        ax.set(xscale="log", yscale="log", title=memory.replace("persistent", "no cache"))
        enough_ticks(ax)
    for ax in axes[: len(memories)][-2:]:  # the lowest ones, though nothing may be below them
        ax.tick_params(labelbottom=True)
    for ax in axes[len(memories) :]:
        ax.set_axis_off()
    figure.supxlabel("learning time (ordinary learning = 1)", fontsize=12)
    figure.supylabel("energy saved (times)", fontsize=12)
    handles = [axes[0].scatter([], [], color=colour, s=60) for colour in colours.values()]
    figure.legend(handles, list(colours), loc="outside upper center", ncols=3, fontsize=11)
    letter(axes[: len(memories)])
    return figure


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
    # conditions are no rules: colours that no rule has
    colours = plt.get_cmap("viridis")(np.linspace(0, 0.8, len(others)))
    for (name, marker), colour in zip(cycled(others, MARKERS[1:]), colours, strict=True):
        ax.scatter(saved[first], saved[name], marker=marker, color=[colour], label=name)
    ends = [saved.min(axis=None), saved.max(axis=None)]
    ax.plot(ends, ends, color="black", linewidth=0.8)
    ax.set(xscale="log", yscale="log", xlabel=f"saved, {first} (times)", ylabel="saved (times)")
    plain_numbers(ax.xaxis)
    plain_numbers(ax.yaxis)
    ax.legend(fontsize=11)
    return ax


def best_hidden(lines, sizes, ax=None):
    """Energy to an accuracy against the number of hidden units, and where it is least.

    Parameters
    ----------
    lines : sequence of (DataFrame, str)
        One row per network and size; a key of `COLOURS` that names the line.
    sizes : sequence of int
        All sizes tried: those at which no network got there, too.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax = ax or plt.gca()
    for rows, name in lines:
        median = spread(ax, rows, "hidden", "total", COLOURS[name], name, marker="o", markersize=4)
        if len(median):
            ax.plot(median.idxmin(), median.min(), "o", color=COLOURS[name], markersize=10)
    ax.set(xscale="log", yscale="log", xlabel="hidden units", ylabel="energy (a.u.)")
    ax.set_xticks(sorted(sizes), [f"{size:,g}" for size in sorted(sizes)])
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xlim(min(sizes) / 1.15, max(sizes) * 1.15)
    enough_ticks(ax)
    return ax


def cache_range(table, persistent, axes):
    """What a cache saves at different costs and decay times, and what its threshold costs in time.

    Parameters
    ----------
    table : DataFrame
        From a sweep of `experiments.mlp_passages` to one accuracy over ``threshold`` and
        ``decay_time``, made out `at_costs`.
    persistent : DataFrame
        The same without a cache.
    axes : pair of Axes
        For the least energy against the cost, and the time against the threshold.
    """
    costs = sorted(table["maintenance_cost"].unique())
    places = dict(zip(costs, range(len(costs)), strict=True))
    times = sorted(table["decay_time"].unique())
    hues = plt.get_cmap("viridis_r")(np.linspace(0.15, 1, len(times)))
    by = ["decay_time", "maintenance_cost"]
    least = table.groupby([*by, "seed"], as_index=False)["total"].min()
    least["place"] = least["maintenance_cost"].map(places)
    for (decay_time, shade), marker in cycled(zip(times, hues, strict=True), MARKERS):
        name = "no decay" if np.isinf(decay_time) else rf"$\tau$ = {decay_time:,.0f}"
        line = dict(marker=marker, markersize=5)
        rows = least[least["decay_time"] == decay_time]
        spread(axes[0], rows, "place", "total", shade, name, **line)
        rows = table[(table["decay_time"] == decay_time) & (table["maintenance_cost"] == costs[0])]
        whole = rows.groupby("threshold")["step"].transform(lambda step: step.notna().all())
        spread(axes[1], rows[whole], "threshold", "step", shade, name, **line)
    for ax, column in zip(axes, ("total", "step"), strict=True):
        ax.axhline(persistent[column].median(), color="black", linewidth=1.2, label="no cache")
        ax.set_yscale("log")
    axes[0].set_xticks(range(len(costs)), numbers(costs))
    axes[0].set(xlabel="maintenance cost $c$ (per image)", ylabel="least energy (a.u.)")
    axes[1].set(xscale="log", xlabel=r"threshold $\theta$", ylabel="images")
    plain_numbers(axes[1].xaxis)
    thresholds = sorted(table["threshold"].unique())
    axes[1].set_xticks(thresholds, [f"{threshold:g}" for threshold in thresholds])
    for ax in axes:
        enough_ticks(ax)
    axes[0].legend(fontsize=11)


def time_against_threshold(table, cost, ax=None):
    """Learning time against energy, each point a threshold (Li and van Rossum 2020, Fig 3S1B).

    Parameters
    ----------
    table : DataFrame
        As for `cache_range`, of one decay time.
    cost : float
        Drawn are the cost 0 and this one, as far as the table has them.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax = ax or plt.gca()
    table = table[table["maintenance_cost"].isin([0, cost])]
    named = []  # points whose names are written: the others have no room for theirs
    for (c, rows), line in cycled(table.groupby("maintenance_cost"), line_styles("o")):
        middle = rows.groupby("threshold")[["total", "step"]].median().dropna()
        colour = COLOURS["maintenance"] if c else COLOURS["per neuron"]
        ax.plot(*middle.to_numpy().T, color=colour, label=f"$c$ = {number(c)}", **line)
        for threshold, point in middle.iterrows():
            place = np.log10(point.to_numpy())
            if all((np.abs(place - other) > (0.22, 0.07)).any() for other in named):
                named.append(place)
                ax.annotate(f"{threshold:g}", point, (4, 6), textcoords="offset points")
    ax.set(xscale="log", yscale="log", xlabel="energy (a.u.)", ylabel="images")
    enough_ticks(ax)
    if ax.get_lines():
        ax.legend()
    return ax


def _name_cells(table, ax):
    """Names of rows and columns of a table of colours."""
    ax.set_xticks(range(table.shape[1]), [name.replace(", ", ",\n") for name in table.columns])
    ax.set_yticks(range(table.shape[0]), table.index)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)


def _some(values, count):
    """At most so many of the different values, evenly spread, the least and the largest of them."""
    values = np.unique(values)
    return values[np.unique(np.linspace(0, len(values) - 1, count).round().astype(int))]


def _name_ends(ax, ends, apart=13):
    """Names at the right ends of lines, instead of a legend; ``apart`` points from each other.

    Each end is the line as a Series, its name and its colour. The axes must have their limits.
    """
    ends = [
        (line.index[-1], line.iloc[-1], name, colour) for line, name, colour in ends if len(line)
    ]
    points = 72 / ax.figure.dpi * ax.transData.transform([end[:2] for end in ends] or [(1, 1)])
    lowest = {}  # by column of the width of a name: the height of the last one
    for place in np.argsort(-points[:, 1], kind="stable")[: len(ends)]:
        x, y, name, colour = ends[place]
        across, height = points[place]
        above = [h for other, h in lowest.items() if abs(other - across) < 5 * apart]
        target = min([height, *(h - apart for h in above)])
        lowest[across] = target
        ax.annotate(
            name, (x, y), (5, target - height), textcoords="offset points", color=colour,
            va="center", fontsize=11, annotation_clip=False,
        )  # fmt: skip
