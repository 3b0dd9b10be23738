"""Figures of which way of learning is the cheapest at which prices."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.colors import to_rgb
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke

from synlib.book.plotting.scale import number
from synlib.book.plotting.style import COLOURS

PALE = 0.3  # strength of the colour of a rule without a cache


def phase_diagram(table, ends=None, ax=None):
    """Which way of learning is the cheapest: a cell for each row and each price of holding.

    The colour and the letter name the rule; without a cache the colour is pale. The number is how
    many times more the next way costs. Hatched: with some seeds the next costs less.

    Parameters
    ----------
    table : DataFrame
        From `phases.diagram`.
    ends : dict of str to float, optional
        For each row the price from which on no cache pays, drawn as a line.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax = ax or plt.gca()
    rows, costs = list(table["row"].unique()), np.array(sorted(table["cost"].unique()))
    steps = np.diff(np.log10(costs)) if len(costs) > 1 else np.array([0.5])
    places = np.log10(costs)
    left = places - np.r_[steps[:1], steps] / 2
    width = places + np.r_[steps, steps[-1:]] / 2 - left
    known = table.dropna(subset=["rule"])
    at = np.searchsorted(costs, known["cost"])
    y = known["row"].map(rows.index).to_numpy()
    faces = [_colour(*way) for way in zip(known["rule"], known["memory"], strict=True)]
    cells = dict(width=width[at], left=left[at], height=1.0)
    ax.barh(y, **cells, color=faces, edgecolor="white", linewidth=1.5)
    lines = [np.log10(ends[name]) if ends and ends[name] > 0 else -np.inf for name in rows]
    for face, place, row, (_, cell) in zip(faces, at, y, known.iterrows(), strict=True):
        if not cell["certain"]:
            ax.barh(row, width[place], left=left[place], height=1.0, color="none", hatch="//",
                    edgecolor=_ink(face, 0.45), linewidth=0)  # fmt: skip
        factor = "" if np.isnan(cell["factor"]) else f"{cell['factor']:.3g}"
        text = f"{_letter(cell['rule'])}{'*' if cell['at_edge'] else ''}\n{factor}".strip()
        x = _beside(lines[row], places[place], left[place], left[place] + width[place])
        # a narrow cell that the line cuts has less room; where they touch, the line ends
        _write(ax, x, row, text, color=_ink(face), fontsize=13 if x == places[place] else 11,
               linespacing=1.1, zorder=5,
               path_effects=[withStroke(linewidth=5, foreground=face)])  # fmt: skip
    for _, cell in table[table["rule"].isna()].iterrows():
        place = np.searchsorted(costs, cell["cost"])
        _write(ax, places[place], rows.index(cell["row"]), "none\nlearns")
    for y, line in enumerate(lines):
        if left[0] < line < left[-1] + width[-1]:
            ax.plot([line, line], [y - 0.5, y + 0.5], color="black", linewidth=3, zorder=4)
    ax.set_xticks(places, [number(cost) for cost in costs])
    ax.set_yticks(range(len(rows)), rows)
    ax.set(xlim=(left[0], left[-1] + width[-1]), ylim=(-0.5, len(rows) - 0.5))
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return ax


def phase_legend(tables, figure):
    """The names of all ways that are the cheapest somewhere, above the panels.

    Parameters
    ----------
    tables : sequence of DataFrame
        From `phases.diagram`.
    figure : Figure
    """
    ways = {}
    for table in tables:
        for rule, memory in zip(table["rule"], table["memory"], strict=True):
            if not pd.isna(rule):
                ways[f"{_letter(rule)}: {rule}, {memory}"] = _colour(rule, memory)
    handles = [Patch(color=colour, label=way) for way, colour in sorted(ways.items())]
    figure.legend(handles=handles, loc="outside upper center", ncols=2)


def _colour(rule, memory):
    full = to_rgb(COLOURS[rule])
    return full if memory == "cache" else tuple(1 - PALE * (1 - c) for c in full)


def _beside(line, place, left, right):
    """Where a text goes that a line should not cross: the middle of the wider part of its cell."""
    if not left < line < right:
        return place
    return (left + line) / 2 if line - left > right - line else (line + right) / 2


def _write(ax, x, y, text, **style):
    """A text in a cell, of which the layout need not know."""
    ax.text(x, y, text, ha="center", va="center", **style).set_in_layout(False)


def _letter(rule):
    """A letter for each rule, "F" for "largest updates, few"."""
    return rule.rsplit(", ", 1)[-1][0].upper()


def _ink(face, strength=1.0):
    """Black or white, whatever is read better on a colour, or a step towards it."""
    light = np.dot(face, (0.299, 0.587, 0.114)) > 0.55
    ink = 0.0 if light else 1.0
    return tuple(strength * ink + (1 - strength) * c for c in face)
