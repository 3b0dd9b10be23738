"""Figures of networks that learn one task after another."""

import matplotlib.pyplot as plt
from matplotlib.ticker import MaxNLocator

from synlib.book.plotting.style import COLOURS, percent, plain_numbers, spread

# the looks of ways of learning; what another subnetwork, or an emptied cache, changes is dashes
WAYS = {
    "all synapses": dict(color=COLOURS["all synapses"], marker="o"),
    "largest updates": dict(color=COLOURS["largest updates"], marker="s"),
    "one subnetwork": dict(color=COLOURS["subnetwork"], marker="v"),
    "disjoint subnetworks": dict(color=COLOURS["subnetwork"], marker="^", linestyle="--"),
    "cache": dict(color=COLOURS["per synapse"], marker="D"),
    "cache, emptied": dict(color=COLOURS["per synapse"], marker="P", linestyle="--"),
}


def along_tasks(table, column, ax=None):
    """A result after each task, medians and lowest to highest, a line for each way of learning.

    Parameters
    ----------
    table : DataFrame
        With the columns ``way`` (a key of `WAYS`), ``replay``, ``task`` and ``column``, a row for
        each seed; a point is left out where some network has no value. Lines with replay are
        dotted, with filled markers; without, these are open.
    column : str
    ax : Axes, optional

    Returns
    -------
    Axes
        Without a legend yet.
    """
    ax = ax or plt.gca()
    for (way, replay), rows in table.groupby(["way", "replay"], sort=False):
        whole = rows.groupby("task")[column].transform("count") == rows["seed"].nunique()
        look = dict(WAYS[way])
        name = f"{way}, replay of {replay}" if replay else way
        if replay:
            look |= dict(linestyle=":")
        else:
            look |= dict(markerfacecolor="white")
        spread(ax, rows[whole], "task", column, look.pop("color"), name, markersize=6, **look)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.margins(x=0.06)
    return ax


def kept_against_energy(table, ax=None):
    """What is kept of earlier tasks against the energy of all, a line from less to more replay.

    Parameters
    ----------
    table : DataFrame
        With the columns ``way``, ``replay``, ``total``, ``kept`` and ``reached``, a row for each
        seed. Medians, with lines from the lowest to the highest; crossed out where some network did
        not reach the criterion in some task, so that its energy is that of not getting there.
    ax : Axes, optional

    Returns
    -------
    Axes
        Without a legend yet.
    """
    ax = ax or plt.gca()
    for way, rows in table.groupby("way", sort=False):
        look = dict(WAYS[way])
        marker, colour = look.pop("marker"), look.pop("color")
        by = rows.groupby("replay")
        middle = by[["total", "kept"]].median()
        ax.plot(middle["total"], middle["kept"], color=colour, linewidth=1.2, **look)
        for replay, of in by:
            x, y = middle.loc[replay]
            ax.hlines(y, of["total"].min(), of["total"].max(), color=colour, linewidth=1.5)
            ax.vlines(x, of["kept"].min(), of["kept"].max(), color=colour, linewidth=1.5)
            ax.plot(x, y, marker, color=colour, markersize=8, zorder=3,
                    markerfacecolor=colour if replay else "white")  # fmt: skip
            if not of["reached"].all():
                ax.plot(x, y, "x", color="black", markersize=11, markeredgewidth=1.5, zorder=4)
    ax.set(xscale="log", xlabel="energy of all tasks (a.u.)", ylabel="kept of earlier tasks")
    plain_numbers(ax.xaxis)
    percent(ax.yaxis)
    return ax


def legend_of_ways(figure, ways, crossed):
    """A legend for `kept_against_energy`, below a figure.

    Parameters
    ----------
    figure : Figure
    ways : sequence of str
        Keys of `WAYS`.
    crossed : bool
        Whether some points are crossed out.
    """
    (ax, *_) = figure.axes
    entries = [ax.plot([], [], **WAYS[way], markersize=8, label=way)[0] for way in ways]
    grey = dict(color=COLOURS["minimal"], linestyle="", markersize=8)
    entries += [
        ax.plot([], [], "o", **grey, markerfacecolor="white", label="open: no replay")[0],
        ax.plot([], [], "o", **grey, label="full: replay")[0],
    ]
    if crossed:
        entries += ax.plot([], [], "x", color="black", markersize=9, label="not all got there")
    figure.legend(handles=entries, loc="outside lower center", ncols=2)
