"""From stored or computed runs of PyTorch models to joules and lives, for chapter 13."""

import re
import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd

from synlib._extras import MissingExtra, extra
from synlib._keys import can_import, packages_of
from synlib.book import runs
from synlib.devices import DEVICES
from synlib.experiments import torch_history
from synlib.sweep import sweep

with extra("book"):
    from IPython.display import HTML

CHAPTER = "13_joules"
(PACKAGE,) = packages_of(torch_history)


def learned(**axes):
    """A sweep of `torch_history`, drawn from the stored runs of the chapter where they have it.

    Raises
    ------
    MissingExtra
        If there are runs that are not stored, and PyTorch is not installed.
    """
    runs.use_stored(CHAPTER)
    with warnings.catch_warnings():
        if not can_import(PACKAGE):  # said below
            warnings.filterwarnings("ignore", r"\d+ of \d+ runs failed", RuntimeWarning)
        table = sweep(torch_history, **axes)
    if "error" in table and not can_import(PACKAGE):
        raise MissingExtra(
            f"{table['error'].notna().sum()} of these runs are not stored with the chapter, and to "
            f'compute them takes PyTorch: pip install "synlib[{PACKAGE}]"',
            name=PACKAGE,
        )
    return table


def first_reached(table, criterion, by):
    """The record of each run when it first got to an accuracy.

    Parameters
    ----------
    table : DataFrame
        From `learned`.
    criterion : float
    by : sequence of str
        Columns that, with ``seed``, tell runs apart.

    Returns
    -------
    DataFrame
        A row for each run, with ``reached``; where it is False, numbers are those of the end.

    Examples
    --------
    >>> table = pd.DataFrame({"rule": "a", "seed": [0, 0, 1, 1], "step": [1, 2, 1, 2],
    ...                       "accuracy": [0.9, 0.95, 0.5, 0.6]})
    >>> first_reached(table, 0.8, ["rule"])[["seed", "step", "reached"]].values.tolist()
    [[0, 1, True], [1, 2, False]]
    """
    rows = []
    for _, run in table.groupby([*by, "seed"], sort=False, dropna=False):
        there = run[run["accuracy"] >= criterion]
        reached = len(there) > 0
        rows.append((there.iloc[0] if reached else run.iloc[-1]).to_dict() | {"reached": reached})
    return pd.DataFrame(rows)


@dataclass(frozen=True)
class Recorded:
    """A record of `torch_history` in the place of a ledger, with what is in caches written down.

    Parameters
    ----------
    record : dict or Series
    """

    record: object

    @property
    def energy_(self):
        """Writes and the distance travelled, as `Device.bill` reads them."""
        distance = self.record["consolidation"] + self.record["outstanding"]
        return {"writes": self.record["final_writes"], "consolidation": distance}

    @property
    def writes_(self):
        """Those of the most written cell alone."""
        return [np.array([self.record["most_written"]])]

    @property
    def transient_writes_(self):
        """Changes that entered caches."""
        return self.record["transient_writes"]


def billed(table, device, transient=None, **settings):
    """The same records with what they cost on a device.

    Parameters
    ----------
    table : DataFrame
    device : Device
    transient : Device, optional
        Where caches are kept, if that is not free.
    **settings
        Of `Device.bill`.

    Returns
    -------
    DataFrame
        With ``joules_low``, ``joules_high``, ``life_low`` and ``life_high``.
    """
    bills = [
        device.bill(Recorded(record), transient=transient, **settings)
        for record in table.to_dict("records")
    ]
    lives = [bill.life or (np.nan, np.nan) for bill in bills]
    return table.assign(
        joules_low=[bill.joules[0] for bill in bills],
        joules_high=[bill.joules[1] for bill in bills],
        life_low=[life[0] for life in lives],
        life_high=[life[1] for life in lives],
    )


def memories():
    """`DEVICES` as a table for a page.

    Returns
    -------
    IPython.display.HTML
    """
    rows = {
        device.name: {
            "energy of a write": _range(device.energy, _joules),
            "writes that a cell survives": _range(device.endurance, _power),
            "where from, and how far it was checked": re.sub(
                r"\b1e(\d+)", r"10<sup>\1</sup>", device.source
            ),
        }
        for device in DEVICES.values()
    }
    with pd.option_context("display.max_colwidth", None):
        return HTML(pd.DataFrame(rows).T.to_html(escape=False, border=0, justify="left"))


def _range(pair, text):
    if pair is None:
        return "not known"
    return " to ".join(dict.fromkeys(map(text, pair)))


def _joules(value):
    """Joules with a prefix.

    Examples
    --------
    >>> _joules(2e-12), _joules(1e-13), _joules(5e-16)
    ('2 pJ', '0.1 pJ', '0.5 fJ')
    """
    prefix, size = next(
        (entry for entry in (("n", 1e-9), ("p", 1e-12)) if value >= 0.03 * entry[1]), ("f", 1e-15)
    )
    return f"{value / size:.3g} {prefix}J"


def _power(value):
    return f"10<sup>{np.log10(value):.0f}</sup>"
