"""What a change costs: the energy of plasticity, by definition and as a ledger.

Energies are in arbitrary units (a.u.). The functions below are the definitions, for any weight
trajectory; the networks arrive at the same numbers without storing one.

The entries of a ledger mean the same in all networks, at every moment of learning:

consolidation
    Spent so far on changes of persistent weights, that is on the writes made.
maintenance, transition
    Spent so far on holding transient weights, and on changing them.
outstanding
    What consolidating all transient weights now would cost. It has not been spent, and not all of
    it will be if they decay.
total
    The sum of these four: the energy Li and van Rossum (2020) report, as if everything were
    consolidated now.
minimal
    Energy of setting the weights, persistent plus transient, directly.
writes, minimal_writes
    The number of writes made so far, and that of synapses that differ from the start. Where inputs
    have a background, one that is back where it was may differ in its last digit, and counts.
"""

import operator
from functools import reduce

import numpy as np

from synlib._validation import check_number

LEDGER = (
    "consolidation",
    "maintenance",
    "transition",
    "outstanding",
    "total",
    "minimal",
    "writes",
    "minimal_writes",
)


def entries(*, consolidation, maintenance, transition, outstanding, minimal, writes,
            minimal_writes):  # fmt: skip
    """A ledger: its entries in their order, with the total.

    Returns
    -------
    dict

    Examples
    --------
    >>> entries(consolidation=4, maintenance=1, transition=0, outstanding=2, minimal=3, writes=2,
    ...         minimal_writes=1)["total"]
    7.0
    """
    parts = {
        "consolidation": float(consolidation),
        "maintenance": float(maintenance),
        "transition": float(transition),
        "outstanding": float(outstanding),
    }
    return parts | {
        "total": added(parts.values()),
        "minimal": float(minimal),
        "writes": int(writes),
        "minimal_writes": int(minimal_writes),
    }


def consolidation(trajectory, exponent=1, potentiation_only=False):
    r"""Energy of a trajectory of persistent weights, M_alpha.

    .. math:: M_\alpha = \sum_t \sum_i |w_i(t) - w_i(t-1)|^\alpha, \qquad 0^0 = 0

    Parameters
    ----------
    trajectory : array_like (n_steps, ...)
        Weights at successive steps.
    exponent : float
        1 for the distance travelled, 0 for the number of writes; >= 0.
    potentiation_only : bool
        Count increases only.

    Returns
    -------
    float
        Energy in a.u.

    References
    ----------
    Li and van Rossum (2020), eLife 9:e50804, eq. 1.

    Examples
    --------
    >>> consolidation([0, 1, -1])
    3.0
    >>> consolidation([0, 1, 1], exponent=0)
    1.0
    """
    change = np.diff(np.asarray(trajectory, float), axis=0)
    return float(sum_of_powers(change, exponent, potentiation_only))


def minimal(initial, final, exponent=1, potentiation_only=False):
    """Energy of setting the weights to their final values directly, M_min.

    Parameters
    ----------
    initial, final : array_like
        Weights before and after learning, of equal shape.
    exponent, potentiation_only
        As in `consolidation`.

    Returns
    -------
    float
        Energy in a.u.; for exponent 0 the number of synapses that differ.

    Examples
    --------
    >>> minimal([0, 0], [1, -2])
    3.0
    """
    initial, final = np.asarray(initial, float), np.asarray(final, float)
    if initial.shape != final.shape:
        raise ValueError(
            f"initial and final must have equal shapes, got {initial.shape} and {final.shape}"
        )
    return float(sum_of_powers(final - initial, exponent, potentiation_only))


def maintenance(trajectory, cost):
    """Energy of holding transient weights, c times the sum of their sizes over time.

    Parameters
    ----------
    trajectory : array_like (n_steps, ...)
        Transient weights at successive steps.
    cost : float
        Energy per step and unit of weight, c, in a.u.

    Returns
    -------
    float
        Energy in a.u.

    Examples
    --------
    >>> maintenance([[1, -1], [2, 0]], cost=0.5)
    2.0
    """
    check_number("cost", cost, "a finite number >= 0", lambda v: 0 <= v < np.inf)
    return float(cost * np.abs(np.asarray(trajectory, float)).sum())


def added(parts):
    """Parts of an energy, one after another.

    Since Python 3.12, ``sum`` adds fractional numbers more exactly than that: a ledger would depend
    on the version.
    """
    return reduce(operator.add, parts)


def sum_of_powers(change, exponent=1, potentiation_only=False, axis=None):
    """Sum of ``|change| ** exponent`` (with 0^0 = 0) over ``axis``: what the changes cost."""
    check_number("exponent", exponent, "a number >= 0", lambda v: v >= 0)
    change = np.asarray(change)
    if change.dtype.kind != "f":  # the size of the smallest integer is none of its kind
        change = change.astype(float)
    size = np.maximum(change, 0) if potentiation_only else np.abs(change)
    if exponent == 0:
        return np.count_nonzero(size, axis=axis)
    return (size**exponent).sum(axis=axis, dtype=float)
