"""What a change costs: the energy of plasticity, by definition and as a ledger.

Energies are in arbitrary units (a.u.). The functions below are the definitions, for any weight
trajectory; the networks arrive at the same numbers without storing one.
"""

import numpy as np

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
    return float(sum_of_powers(np.subtract(final, initial), exponent, potentiation_only))


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
    return float(cost * np.abs(trajectory).sum())


def sum_of_powers(change, exponent=1, potentiation_only=False, axis=None):
    """Sum of ``|change| ** exponent`` (with 0^0 = 0) over ``axis``: what the changes cost."""
    if not exponent >= 0:
        raise ValueError(f"exponent must be a number >= 0, got {exponent!r}")
    size = np.maximum(change, 0) if potentiation_only else np.abs(change)
    if exponent == 0:
        return np.count_nonzero(size, axis=axis)
    return (size**exponent).sum(axis=axis, dtype=float)
