"""Figures of networks with several hidden layers."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import NullLocator

from synlib.book.plotting.style import (
    COLOURS,
    MARKERS,
    cycled,
    enough_ticks,
    percent,
    shades,
    spread,
)

OUTPUT = "output"  # the layer of synapses onto the output units
# what decides where a network is plastic
KINDS = {
    "layers": COLOURS["all synapses"],
    "path": COLOURS["subnetwork"],
    "largest": COLOURS["largest updates"],
}
# variants of another, whose colour they have
DASHED = ("largest updates, network",)


def against_depth(table, column, by, colours, ax=None):
    """A result against the number of hidden layers, medians and lowest to highest.

    Parameters
    ----------
    table : DataFrame
        With the columns ``layers``, ``column`` and ``by``, a row for each seed.
    column, by : str
        What is drawn, and what has a line for each of its values, in the order of the rows.
    colours : dict
        Colour of each value of ``by``.
    ax : Axes, optional

    Returns
    -------
    Axes
        Without a legend yet.
    """
    ax = ax or plt.gca()
    for (value, rows), marker in cycled(table.groupby(by, sort=False), MARKERS):
        dashes = "--" if value in DASHED else "-"
        spread(ax, rows, "layers", column, colours[value], value, marker=marker, markersize=6,
               linestyle=dashes)  # fmt: skip
    ax.set(xlabel="hidden layers", yscale="log")
    ax.set_xticks(sorted(table["layers"].unique()))
    ax.margins(x=0.08)
    enough_ticks(ax)
    return ax


def shares_of_layers(table, ax=None, colour=COLOURS["all synapses"]):
    """What share each layer of synapses has, a stacked bar for each number of hidden layers.

    Parameters
    ----------
    table : DataFrame
        With the columns ``layers``, ``layer`` (1, 2, ..., the last of which is that onto the
        output units) and ``share``, a row for each seed.
    ax : Axes, optional
    colour : str
        Of the first layer; the others are paler.

    Returns
    -------
    Axes
    """
    ax = ax or plt.gca()
    depths = sorted(table["layers"].unique())
    middle = table.groupby(["layers", "layer"])["share"].median()
    deepest = max(depths, default=0)
    hues = shades(colour, deepest)[::-1]
    colours = dict(zip(range(1, deepest + 1), hues, strict=True))
    for place, depth in enumerate(depths):
        left = 0.0
        for layer in range(1, depth + 2):
            share = middle[depth, layer]
            last = layer == depth + 1
            ax.bar(place, share, bottom=left, color="white" if last else colours[layer],
                   edgecolor="black", linewidth=0.8)  # fmt: skip
            left += share
    for layer, colour in colours.items():
        ax.bar(0, 0, color=colour, edgecolor="black", linewidth=0.8, label=f"layer {layer}")
    ax.bar(0, 0, color="white", edgecolor="black", linewidth=0.8, label=OUTPUT)
    ax.set_xticks(range(len(depths)), depths)
    ax.set(xlabel="hidden layers", ylim=(0, 1))
    percent(ax.yaxis)
    return ax


def by_layer(table, column, ax=None):
    """A result in each layer of synapses, from the inputs to the outputs, a line for each depth.

    Parameters
    ----------
    table : DataFrame
        With the columns ``layers``, ``layer`` as in `shares_of_layers`, and ``column``, a row for
        each seed.
    column : str
    ax : Axes, optional

    Returns
    -------
    Axes
        Without a legend yet.
    """
    ax = ax or plt.gca()
    end = table["layers"].max() + 1 if len(table) else 1
    # outputs are below one another
    place = table["layer"].where(table["layer"] <= table["layers"], end)
    _line_for_each_depth(ax, table.assign(place=place), "place", column)
    ax.set_xticks(range(1, end + 1), [*map(str, range(1, end)), OUTPUT])
    ax.set(xlabel="layer of synapses", yscale="log")
    ax.margins(x=0.08)
    enough_ticks(ax)
    return ax


def depths_against_size(table, column, ax=None):
    """A result against the number of hidden units in all, a line for each number of layers.

    Parameters
    ----------
    table : DataFrame
        With the columns ``layers``, ``units`` and ``column``, a row for each seed.
    column : str
    ax : Axes, optional

    Returns
    -------
    Axes
        Without a legend yet.
    """
    ax = ax or plt.gca()
    _line_for_each_depth(ax, table, "units", column)
    ax.set(xscale="log", yscale="log", xlabel="hidden units in all")
    ticks = sorted(table["units"].unique())
    ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.xaxis.set_minor_locator(NullLocator())
    enough_ticks(ax)
    return ax


def places_of_plasticity(table, column, xlabel, ax=None):
    """A result for each place where a network is plastic: dots with lines from lowest to highest.

    Parameters
    ----------
    table : DataFrame
        With the columns ``place``, ``kind`` (a key of `KINDS`) and ``column``, one row a seed;
        drawn in the order of the rows. Where some network has no value there is a word instead.
    column, xlabel : str
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax = ax or plt.gca()
    groups = table.groupby("place", sort=False)
    for height, (_, rows) in enumerate(groups):
        values, colour = rows[column], KINDS[rows["kind"].iloc[0]]
        if values.isna().any():
            ax.text(0.5, height, "not there", transform=ax.get_yaxis_transform(), ha="center",
                    va="center")  # fmt: skip
            continue
        ax.hlines(height, values.min(), values.max(), color=colour, linewidth=5, alpha=0.4)
        ax.scatter(values.median(), height, color=colour, zorder=3)
    ax.set_yticks(range(len(groups)), list(groups.groups))
    ax.set_ylim(len(groups) - 0.5, -0.5)
    ax.grid(axis="y", alpha=0.3)
    ax.set(xlabel=xlabel)
    return ax


def _line_for_each_depth(ax, table, x, y):
    """Medians and lowest to highest, the deeper the darker."""
    depths = sorted(table["layers"].unique())
    colours = plt.get_cmap("viridis_r")(np.linspace(0.2, 1, max(len(depths), 2)))
    for (depth, marker), colour in zip(cycled(depths, MARKERS), colours, strict=False):
        name = "1 layer" if depth == 1 else f"{depth} layers"
        rows = table[table["layers"] == depth]
        spread(ax, rows, x, y, colour, name, marker=marker, markersize=6)
