"""Figures of learning that skips what is right already."""

from matplotlib.ticker import LogLocator

from synlib.book.plotting.style import (
    COLOURS,
    cycled,
    enough_ticks,
    percent,
    plain_numbers,
    shades,
    spread,
)

# what is counted, relative to learning from every image
COUNTS = {
    "energy $M_1$": dict(column="consolidation", color=COLOURS["consolidation"], marker="o"),
    "updates": dict(column="updates", color="black", marker="s", linestyle="--"),
    "images": dict(column="step", color="black", marker="^", linestyle=":"),
}


def gate_styles(gates):
    """A look for each gate: all images, some margins, only mistakes.

    Parameters
    ----------
    gates : sequence of str
        From the most to the least permissive; the first learns from every image, the last from
        mistakes only.

    Returns
    -------
    dict of str to dict

    Examples
    --------
    >>> list(gate_styles(["every image", "margin 0.5", "mistakes"]))
    ['every image', 'margin 0.5', 'mistakes']
    """
    first, *between, last = gates
    tones = shades(COLOURS["margin"], len(between)) if len(between) > 1 else [COLOURS["margin"]]
    looks = {first: dict(color=COLOURS["all synapses"])}
    looks |= {
        gate: dict(color=tone, linestyle=dashes)
        for (gate, tone), dashes in cycled(zip(between, tones, strict=False), ("--", "-."))
    }
    return looks | {last: dict(color=COLOURS["mistakes"], linestyle=":")}


def against_gate(table, gates, ax):
    """Energy, updates and time at equal accuracy, as multiples of those with every image.

    Parameters
    ----------
    table : DataFrame
        One row per gate and seed, with columns ``gate``, ``seed`` and those of `COUNTS`; NaN where
        the criterion was not reached, and then nothing is drawn at that gate.
    gates : sequence of str
        Order along the axis; others are measured by the first.
    ax : Axes
    """
    places = dict(zip(gates, range(len(gates)), strict=True))
    for name, line in COUNTS.items():
        wide = table.pivot(index="seed", columns="gate", values=line["column"])[list(gates)]
        ratio = wide.div(wide[gates[0]], axis=0).loc[:, wide.notna().all()]
        rows = ratio.melt(var_name="gate", value_name=name)
        rows["place"] = rows["gate"].map(places)
        look = {key: value for key, value in line.items() if key not in ("column", "color")}
        spread(ax, rows, "place", name, line["color"], name, **look)
    ax.axhline(1, color="black", linewidth=0.8)
    ax.set(yscale="log", ylabel="every image = 1")
    ax.set_xticks(range(len(gates)), [gate.replace(" ", "\n") for gate in gates])
    enough_ticks(ax)
    ax.legend()


def learning_of_gates(table, gates, axes):
    """Test accuracy against images and against energy, for each gate.

    Parameters
    ----------
    table : DataFrame
        From a sweep of `experiments.mlp_history`, with the column ``gate``. Looks come at the same
        steps in all runs.
    gates : sequence of str
        As of `gate_styles`.
    axes : pair of Axes
    """
    best = table["accuracy"].max()
    for gate, line in gate_styles(gates).items():
        looks = table[table["gate"] == gate].groupby("step")
        accuracy, energy = looks["accuracy"], looks["consolidation"].median()
        for ax, x in zip(axes, (energy.index.to_numpy(), energy.to_numpy()), strict=True):
            ax.fill_between(x, accuracy.min(), accuracy.max(), alpha=0.2, linewidth=0,
                            color=line["color"])  # fmt: skip
            ax.plot(x, accuracy.median(), linewidth=1.8, label=gate, **line)
    for ax, label in zip(axes, ("images", "energy $M_1$ (a.u.)"), strict=True):
        ax.set(xscale="log", xlabel=label, ylim=(best - 0.15, best + 0.01))
        ax.xaxis.set_major_locator(LogLocator())
        percent(ax.yaxis)
    axes[0].set_ylabel("test accuracy")
    handles, labels = axes[0].get_legend_handles_labels()
    axes[0].figure.legend(handles, labels, loc="outside upper center", ncols=3)


def against_stored(table, stored, axes):
    """Energy, images and updates to an accuracy against size, beside stored numbers.

    Parameters
    ----------
    table : DataFrame
        One row per network, with columns ``gate``, ``hidden`` (units that learn), and those of
        `COUNTS`; NaN where the accuracy was not reached.
    stored : DataFrame
        The same of networks of others, one row per gate and size.
    axes : three Axes
    """
    sizes = sorted(table["hidden"].unique())
    for ax, (name, count) in zip(axes, COUNTS.items(), strict=True):
        for gate, line in gate_styles(table["gate"].unique()).items():
            rows = table[table["gate"] == gate]
            look = {key: value for key, value in line.items() if key != "color"}
            spread(ax, rows, "hidden", count["column"], line["color"], gate, marker="o", **look)
            others = stored[stored["gate"] == gate]
            ax.plot(others["hidden"], others[count["column"]], "x", color=COLOURS["published"],
                    markersize=10, markeredgewidth=2.2, zorder=3)  # fmt: skip
        ax.set(xscale="log", yscale="log", ylabel=name)
        ax.set_xticks(sizes, [f"{size:g}" for size in sizes])
        ax.set_xticks([], minor=True)
        plain_numbers(ax.yaxis)
        enough_ticks(ax)
    axes[0].plot([], [], "x", color=COLOURS["published"], markersize=10, markeredgewidth=2.2,
                 label="stored elsewhere")  # fmt: skip
    axes[-1].set_xlabel("hidden units")
    handles, labels = axes[0].get_legend_handles_labels()
    axes[0].figure.legend(handles, labels, loc="outside upper center", ncols=3)
