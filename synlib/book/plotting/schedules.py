"""Figures of settings that change while a network learns."""

from synlib.book.plotting.style import COLOURS

# what stays and what changes; a cache is per neuron unless it says that there is none
SCHEDULES = {
    "constant, no cache": dict(color=COLOURS["no caching"], marker="o"),
    "rate falls, no cache": dict(color=COLOURS["no caching"], marker="v"),
    "constant": dict(color=COLOURS["per neuron"], marker="o"),
    "rate falls": dict(color=COLOURS["per neuron"], marker="v"),
    "threshold falls": dict(color=COLOURS["per neuron"], marker="<"),
    "threshold grows": dict(color=COLOURS["per neuron"], marker=">"),
    "both fall": dict(color=COLOURS["per neuron"], marker="s"),
}


def energy_against_images(table, ax):
    """Energy against images until an accuracy is reached, for settings that stay or change.

    Medians, with bars from the lowest to the highest network; filled where something changes. A
    point is drawn only where every network got there.

    Parameters
    ----------
    table : DataFrame
        One row per network, with columns ``way`` (a key of `SCHEDULES`), ``rate`` (the points of a
        way are joined in this order), ``total`` and ``step``; NaN where the accuracy was not
        reached.
    ax : Axes
    """
    for way, look in SCHEDULES.items():
        rows = table[table["way"] == way].groupby("rate")[["step", "total"]]
        there = rows.count().min(axis=1) == rows.size()
        middle, low, high = (found[there] for found in (rows.median(), rows.min(), rows.max()))
        bars = {
            f"{axis}err": [middle[name] - low[name], high[name] - middle[name]]
            for axis, name in (("x", "step"), ("y", "total"))
        }
        changes = not way.startswith("constant")
        ax.errorbar(
            middle["step"], middle["total"], **bars, **look, label=way, linewidth=1.2, capsize=0,
            markersize=8, markerfacecolor=look["color"] if changes else "white",
        )  # fmt: skip
        if not changes:
            for rate, point in middle.iterrows():
                ax.annotate(f"{rate:g}", point, (7, 5), textcoords="offset points")
    ax.set(xscale="log", yscale="log", xlabel="images", ylabel="energy (a.u.)")
