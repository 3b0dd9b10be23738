"""Figures of what learning costs on memories that exist."""

import matplotlib.pyplot as plt
import numpy as np

from synlib.book.plotting.style import COLOURS, percent, spread

# ways of learning, in the order in which they are drawn
WAYS = {
    "all synapses": dict(color=COLOURS["all synapses"]),
    "cache": dict(color=COLOURS["per synapse"]),
    "largest updates": dict(color=COLOURS["largest updates"], linestyle="--"),
    "cache and largest updates": dict(color="#117733", linestyle="--"),
}
# what makes a transient change be written: a colour; whether the network sees it before: a dash
SCHEMES = {
    "threshold, seen": dict(color=COLOURS["per synapse"], marker="o"),
    "threshold, hidden": dict(color=COLOURS["per synapse"], marker="o", linestyle="--"),
    "every k steps, seen": dict(color="#882255", marker="s"),
    "every k steps, hidden": dict(color="#882255", marker="s", linestyle="--"),
    "by columns, seen": dict(color="#44AA99", marker="^"),
}


def device_ranges(devices, axes):
    """Energy of a write and endurance of memories, as ranges; a range of one value is a dot.

    Parameters
    ----------
    devices : sequence of Device
    axes : pair of Axes
    """
    joules = {1e-15: "1 fJ", 1e-12: "1 pJ", 1e-9: "1 nJ"}
    writes = {10.0**power: f"$10^{{{power}}}$" for power in (4, 8, 12, 16)}
    for ax, name, label, ticks in (
        (axes[0], "energy", "energy of a write", joules),
        (axes[1], "endurance", "writes a cell survives", writes),
    ):
        for place, device in enumerate(devices):
            pair = getattr(device, name)
            if pair is None:
                ax.text(0.5, place, "not known", transform=ax.get_yaxis_transform(),
                        ha="center", va="center", fontsize=12)  # fmt: skip
                continue
            ax.plot(pair, [place, place], color=COLOURS["consolidation"], linewidth=7,
                    solid_capstyle="butt", alpha=0.6)  # fmt: skip
            ax.plot(pair, [place, place], "|", color=COLOURS["consolidation"], markersize=11)
        ax.set(xscale="log", xlabel=label, ylim=(len(devices) - 0.5, -0.5))
        ax.set_xticks(list(ticks), list(ticks.values()))
        ax.set_yticks(range(len(devices)), [device.name for device in devices])
    axes[1].tick_params(labelleft=False)


def accuracy_against(table, column, panels, xlabel):
    """Test accuracy against what has been spent, for each way of learning.

    Parameters
    ----------
    table : DataFrame
        With columns ``accuracy``, ``column``, ``way`` and ``panel``, a row for each look and seed.
        Looks come at the same steps in all runs.
    column, xlabel : str
    panels : dict of str to Axes
        Where the rows with each ``panel`` are drawn.
    """
    for panel, ax in panels.items():
        for way, line in WAYS.items():
            rows = table[(table["panel"] == panel) & (table["way"] == way)]
            looks = rows.groupby("step")
            accuracy, spent = looks["accuracy"], looks[column].median()
            ax.fill_between(spent, accuracy.min(), accuracy.max(), alpha=0.2, linewidth=0,
                            color=line["color"])  # fmt: skip
            ax.plot(spent, accuracy.median(), linewidth=1.8, label=way, **line)
        ax.set(xscale="log", title=panel, ylim=(0.5, 1.0))
        percent(ax.yaxis)
    _named_together(panels, xlabel, "test accuracy")


def price_of_transient(table, prices, marks, panels):
    """Energy relative to ordinary learning against the price of writing a transient store.

    Parameters
    ----------
    table : DataFrame
        One row per way, panel and seed: ``way``, ``panel``, ``persistent`` and ``transient``,
        numbers of writes as a multiple of those of ordinary learning.
    prices : array
        Of a transient write, as a multiple of that of a persistent one.
    marks : dict of str to float
        Prices to be pointed out.
    panels : dict of str to Axes
    """
    for panel, ax in panels.items():
        for way, line in WAYS.items():
            rows = table[(table["panel"] == panel) & (table["way"] == way)]
            costs = rows["persistent"].to_numpy() + np.outer(prices, rows["transient"])
            ax.fill_between(prices, costs.min(1), costs.max(1), alpha=0.2, linewidth=0,
                            color=line["color"])  # fmt: skip
            ax.plot(prices, np.median(costs, axis=1), linewidth=1.8, label=way, **line)
        for price in marks.values():
            ax.axvline(price, color="black", linestyle=":", linewidth=1)
        ax.set(xscale="log", yscale="log", title=panel)
    first = next(iter(panels.values()))
    for name, price in marks.items():  # below the curves, which rise from there
        first.annotate(name, (price, 0), (4, 4), xycoords=("data", "axes fraction"),
                       textcoords="offset points", va="bottom", fontsize=12)  # fmt: skip
    xlabel = "price of a transient write (persistent write = 1)"
    _named_together(panels, xlabel, "energy (all synapses = 1)")


def writes_of_schemes(table, column, ylabel, axes):
    """What schemes write at equal accuracy, against their threshold and against their period.

    Parameters
    ----------
    table : DataFrame
        With columns ``scheme``, ``setting``, ``column`` and ``reached``; points where some network
        did not get there are left out.
    column, ylabel : str
    axes : pair of Axes
        For schemes with a threshold, and by the clock.
    """
    for scheme, line in SCHEMES.items():
        by_size = scheme.startswith("threshold")
        rows = table[table["scheme"] == scheme]
        rows = rows[rows.groupby("setting")["reached"].transform("all").astype(bool)]
        look = {name: value for name, value in line.items() if name != "color"}
        ax = axes[0 if by_size else 1]
        spread(ax, rows, "setting", column, line["color"], scheme, markersize=5, **look)
    for ax, xlabel in zip(axes, ("threshold or step", "period $k$ (steps)"), strict=True):
        ax.set(xscale="log", yscale="log", xlabel=xlabel)
    axes[0].set_ylabel(ylabel)


def writes_against_time(table, bare, ax=None):
    """Writes of a cell against the steps it takes, at equal accuracy; medians over seeds.

    Parameters
    ----------
    table : DataFrame
        As of `writes_of_schemes`, with ``setting`` and ``step``.
    bare : DataFrame
        The same for ordinary learning.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax = ax or plt.gca()
    for scheme, line in SCHEMES.items():
        rows = table[table["scheme"] == scheme]
        rows = rows[rows.groupby("setting")["reached"].transform("all").astype(bool)]
        middle = rows.groupby("setting")[["step", "writes_per_cell"]].median()
        ax.plot(*middle.to_numpy().T, label=scheme, markersize=6, linewidth=1, **line)
    colour = COLOURS["all synapses"]
    middle = bare[["step", "writes_per_cell"]].median()
    ax.plot(*middle, "*", color=colour, markersize=14, label="all synapses, no cache")
    ax.set(yscale="log", xlabel="steps", ylabel="writes per cell")
    ax.set_xlim(left=0)
    ax.legend(fontsize=12)
    return ax


def _named_together(panels, xlabel, ylabel):
    """Axes and lines are named once for all panels."""
    first = next(iter(panels.values()))
    first.figure.supxlabel(xlabel, fontsize=12)
    first.figure.supylabel(ylabel, fontsize=12)
    handles, labels = first.get_legend_handles_labels()
    first.figure.legend(handles, labels, loc="outside upper center", ncols=2, fontsize=12)
