"""How all figures of the book look, and the numbers in them."""

import itertools
import math
import os
import string

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.scale import register_scale
from matplotlib.ticker import MaxNLocator, NullFormatter

from synlib.book.plotting.scale import (
    EnoughTicks,
    LikeNumbers,
    LogTicks,
    PlainLinearScale,
    PlainLogScale,
)

COLOURS = {
    "no caching": "#D55E00",
    "consolidation": "#0072B2",
    "maintenance": "#E69F00",
    "total": "#009E73",
    "minimal": "#7A7A7A",
    "theory": "#000000",
    "published": "#661100",
    "largest updates": "#B3478C",
    "per synapse": "#56B4E9",
    "subnetwork": "#332288",
    "both": "#999933",
    "margin": "#44AA99",
    "largest updates, few": "#882255",
    "mistakes": "#117733",
}
# The colours of things that are another name for one of the above
COLOURS["all synapses"] = COLOURS["no caching"]
COLOURS["per neuron"] = COLOURS["total"]
COLOURS["largest updates, network"] = COLOURS["largest updates"]

DASHES = ("-", "--", ":", "-.")
MARKERS = "osv^D<>pP*Xhd"

PIXELS = 220  # an inch, of what isn't drawn by lines; twice as sharp as screens used to be
STYLE = {
    "figure.figsize": (6.0, 3.8),
    "figure.dpi": 110,
    "figure.constrained_layout.use": True,
    "figure.constrained_layout.h_pad": 0.06,
    "savefig.dpi": PIXELS,
    "savefig.pad_inches": 0.02,
    "font.size": 12,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "lines.linewidth": 2.2,
    "legend.frameon": False,
    "svg.hashsalt": "synlib",
}


def use_style():
    """Set matplotlib's defaults to those of the book, those of its axes among them.

    With ``$SYNLIB_FIGURES`` 1, as `synlib figures` sets it, a notebook shows each figure as SVG
    too, and with the numbers in it; with 0, as `synlib runs` sets it, none is drawn.
    """
    plt.rcParams.update(STYLE)
    register_scale(PlainLinearScale)
    register_scale(PlainLogScale)
    backend = plt.get_backend()
    if "inline" in backend:  # draws what it shows, and pyplot's hook would draw it once more
        plt.switch_backend(backend)  # which else happens with the first figure, and sets the hook
        plt.uninstall_repl_displayhook()
    formats = {"0": (), "1": ("png", "svg")}.get(os.environ.get("SYNLIB_FIGURES", ""))
    if formats is not None:
        from IPython import get_ipython
        from matplotlib_inline.backend_inline import set_matplotlib_formats

        set_matplotlib_formats(*formats, dpi=PIXELS)
        if formats:
            numbers = get_ipython().display_formatter.formatters["application/json"]
            numbers.for_type(Figure, figure_numbers)


def figure_numbers(figure):
    """The numbers drawn in a figure: for each axes its labels, lines, bands and bars.

    Parameters
    ----------
    figure : Figure

    Returns
    -------
    dict
        Ready for JSON; seven digits of each number, None where there is none.
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
                    {"from": _numbers(bar.get_xy()), "size": _numbers(_size(bar))}
                    for bar in ax.patches
                    if isinstance(bar, Rectangle)
                ],
            }
            for ax in figure.axes
        ]
    }


def _numbers(values):
    """As JSON has them, which knows no NaN."""
    return [float(f"{value:.7g}") if math.isfinite(value) else None for value in values]


def _size(bar):
    return bar.get_width(), bar.get_height()


def line_styles(first=""):
    """Settings of lines that differ: dashes, and when these are used up, with markers.

    Parameters
    ----------
    first : str
        Marker of the first four lines.
    """
    others = [marker for marker in MARKERS if marker != first]
    for marker in itertools.cycle([first, *others]):
        for dashes in DASHES:
            yield dict(linestyle=dashes, marker=marker, markersize=6 if marker == first else 4)


def cycled(groups, styles):
    """Each group with a style: begins again with the first style when there are more groups."""
    return zip(groups, itertools.cycle(styles), strict=False)


def shades(colour, number):
    """A colour from pale to full, for values of something that grows.

    Examples
    --------
    >>> shades("black", 2)
    [(0.5, 0.5, 0.5), (0.0, 0.0, 0.0)]
    """
    full = np.array(to_rgb(colour))
    return [tuple((1 - part * (1 - full)).tolist()) for part in np.linspace(1, 0.5, number)[::-1]]


def letter(axes):
    """Name panels A, B, C and so on, left above them, as captions do."""
    for name, ax in zip(string.ascii_uppercase, axes, strict=False):
        ax.set_title(name, loc="left", fontweight="bold", fontsize=13)


def plain_numbers(axis):
    """1, 10, 100 rather than powers of ten, on a logarithmic axis of ratios."""
    axis.set_major_formatter(LikeNumbers())
    axis.set_minor_formatter(NullFormatter())


def percent(axis):
    """Shares as per cent: 92 %, and 92.5 % where ticks are that close."""
    axis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    axis.set_major_formatter(lambda value, _: f"{100 * value:.3g} %")


def enough_ticks(ax):
    """A logarithmic y axis, with ticks also between the powers of ten where these are too few."""
    ax.set_yscale("log")
    ax.yaxis.set_major_locator(EnoughTicks())
    ax.yaxis.set_minor_locator(LogTicks(subs="auto"))
    plain_numbers(ax.yaxis)


def spread(ax, table, x, y, colour, label, **line):
    """Median of ``y`` against ``x`` over the rows of a table, with a band from min to max."""
    groups = table.dropna(subset=[y]).groupby(x)[y]
    median = groups.median()
    if len(median):  # bands around nothing leave a logarithmic axis without limits
        low, high = groups.min(), groups.max()
        ax.fill_between(median.index, low, high, color=colour, alpha=0.2, linewidth=0)
    ax.plot(median.index, median, color=colour, label=label, **line)
    return median
