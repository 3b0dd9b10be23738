"""Figures of noise on what a network has learned."""

from synlib.book.plotting.style import COLOURS, percent, spread

# how a network learned: names that are colours
WAYS = {
    "no caching": dict(marker="o", linestyle="-"),
    "per neuron": dict(marker="s", linestyle="--"),
    "margin": dict(marker="^", linestyle="-."),
    "mistakes": dict(marker="v", linestyle=":"),
}


def accuracy_under_noise(table, tolerated, axes):
    """Accuracy against noise on the weights; and which noise is tolerated, against the energy.

    Parameters
    ----------
    table : DataFrame
        From a sweep of `experiments.mlp_noise`, with the column ``way``, a key of `WAYS`.
    tolerated : DataFrame
        One row per network, with columns ``way``, ``total`` and ``tolerated``.
    axes : pair of Axes
    """
    accuracy, energy = axes
    for way, look in WAYS.items():
        rows = table[table["way"] == way]
        spread(accuracy, rows, "noise", "noisy_accuracy", COLOURS[way], way, markersize=5, **look)
        points = tolerated[tolerated["way"] == way]
        energy.scatter(points["total"], points["tolerated"], color=COLOURS[way], label=way,
                       marker=look["marker"], s=40)  # fmt: skip
    accuracy.set(xlabel="noise / size of the weights", ylabel="test accuracy")
    percent(accuracy.yaxis)
    energy.set(xscale="log", xlabel="energy (a.u.)", ylabel="tolerated noise")
