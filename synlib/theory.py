r"""Closed forms of the papers, vectorised over all arguments.

Symbols: N inputs, P patterns, load P/N < 2, learning rate eta, K updates until all patterns are
learned, T presentations, threshold theta, decay time tau, maintenance cost c. Energies in a.u.,
times in presentations. Source of all: Li and van Rossum (2020), eLife 9:e50804.
"""

import numpy as np
from scipy import special


def updates(n_patterns, n_inputs):
    r"""Updates until a perceptron has learned, :math:`K = 2P / (2 - P/N)^2` (Methods).

    Parameters
    ----------
    n_patterns, n_inputs : array_like
        P and N; infinite for loads P/N >= 2, which cannot be learned.

    Returns
    -------
    array

    Examples
    --------
    >>> float(updates(1000, 1000))
    2000.0
    """
    return 2 * np.asarray(n_patterns) / _room(n_patterns, n_inputs) ** 2


def presentations(n_patterns, n_inputs):
    r"""Presentations until a perceptron has learned, :math:`T = P^{3/2} / (2 - P/N)^2` (Methods).

    Parameters and return value as in `updates`.

    Examples
    --------
    >>> round(float(presentations(1000, 1000)))
    31623
    """
    return np.asarray(n_patterns) ** 1.5 / _room(n_patterns, n_inputs) ** 2


def perceptron_energy(n_patterns, n_inputs, learning_rate=1.0):
    r"""Energy without a cache, :math:`M = \eta N K` (Methods).

    Examples
    --------
    >>> float(perceptron_energy(1000, 1000))
    2000000.0
    """
    return learning_rate * n_inputs * updates(n_patterns, n_inputs)


def minimal_energy(n_patterns, n_inputs, learning_rate=1.0):
    r"""Energy of setting the weights directly, :math:`M_{min} = \eta N \sqrt{2K/\pi}` (Methods).

    Examples
    --------
    >>> round(float(minimal_energy(1000, 1000)))
    35682
    """
    return learning_rate * n_inputs * np.sqrt(2 * updates(n_patterns, n_inputs) / np.pi)


def inefficiency(n_patterns, n_inputs):
    r"""Energy over minimal energy, :math:`\sqrt{\pi P} / (2 - P/N)` (eq. 3).

    Examples
    --------
    >>> round(float(inefficiency(1000, 1000)), 1)
    56.0
    """
    return np.sqrt(np.pi * np.asarray(n_patterns)) / _room(n_patterns, n_inputs)


def _room(n_patterns, n_inputs):
    """2 - P/N, the distance from the capacity; zero beyond it."""
    return np.maximum(2 - np.asarray(n_patterns) / n_inputs, 0)


def caching_energies(n_patterns, n_inputs, threshold, maintenance_cost=0.0, learning_rate=1.0):
    r"""Consolidation and maintenance energy with a cache per synapse that does not decay.

    .. math:: M_{cons} = \eta^2 N K / \theta + N \theta / 3, \qquad M_{trans} = c N T \theta / 3

    (Methods; the transient weights walk at random between the thresholds). The formula holds for
    thresholds above the learning rate; below it, every update is consolidated at once.

    Parameters
    ----------
    n_patterns, n_inputs : array_like
        P and N.
    threshold : array_like
        theta, > 0.
    maintenance_cost : array_like
        c, in a.u. per presentation and unit of weight.
    learning_rate : array_like

    Returns
    -------
    consolidation, maintenance : array
        In a.u.

    Examples
    --------
    >>> consolidation, maintenance = caching_energies(1000, 1000, 10, 1e-3)
    >>> round(float(consolidation)), round(float(maintenance))
    (203333, 105409)
    """
    steps = learning_rate**2 * updates(n_patterns, n_inputs)
    consolidation = n_inputs * (steps / threshold + np.asarray(threshold) / 3)
    time = presentations(n_patterns, n_inputs)
    return consolidation, maintenance_cost * n_inputs * time * np.asarray(threshold) / 3


def optimal_threshold(n_patterns, n_inputs, maintenance_cost, learning_rate=1.0):
    r"""Threshold of least energy without decay, :math:`\theta^{*2} = 3 \eta^2 K / (1 + cT)`.

    Parameters and references as in `caching_energies`.

    Examples
    --------
    >>> round(float(optimal_threshold(1000, 1000, 1e-3)), 1)
    13.6
    """
    paid = 1 + maintenance_cost * presentations(n_patterns, n_inputs)
    return learning_rate * np.sqrt(3 * updates(n_patterns, n_inputs) / paid)


def caching_inefficiency(n_patterns, n_inputs, maintenance_cost):
    r"""Least energy with a cache over the minimal energy (Fig 2C).

    .. math:: M_{cache} / M_{min} = \min(\sqrt{2 \pi (1 + cT) / 3}, \sqrt{\pi K / 2})

    Parameters as in `caching_energies`.

    Examples
    --------
    >>> round(float(caching_inefficiency(1000, 1000, 1e-3)), 1)
    8.3
    """
    paid = 1 + maintenance_cost * presentations(n_patterns, n_inputs)
    without = np.sqrt(np.pi * updates(n_patterns, n_inputs) / 2)
    return np.minimum(np.sqrt(2 * np.pi * paid / 3), without)


def transition_energy(
    n_patterns, n_inputs, threshold, transition_cost=1.0, learning_rate=1.0, as_printed=False
):
    r"""Transition energy with a cache per synapse that does not decay (Methods).

    A transient weight that walks at random in steps of eta is consolidated at one update in
    :math:`n^2`, where :math:`n = \lceil \theta / \eta \rceil`. All others pay b for the step, and
    the consolidated weight, n - 1 steps away before, pays for its return to zero,

    .. math:: M_{transition} = b \eta N K
        \left[ 1 - \frac{1}{n^2} + \frac{n - 1}{n^2} \right] .

    Parameters
    ----------
    n_patterns, n_inputs, threshold, learning_rate
        As in `caching_energies`; thresholds need not be above the learning rate.
    transition_cost : array_like
        b, in a.u. per unit change of a transient weight.
    as_printed : bool
        Leave out the return to zero, as in print.

    Returns
    -------
    array
        In a.u. From b = 1 on, the transitions of a cache cost more than it saves, whatever its
        threshold.

    Examples
    --------
    >>> float(transition_energy(1000, 1000, 2, 0.5, as_printed=True))
    750000.0
    >>> float(transition_energy(1000, 1000, 2, 0.5))
    1000000.0
    """
    steps = np.maximum(np.ceil(np.asarray(threshold) / learning_rate), 1)
    share = 1 - 1 / steps**2
    if not as_printed:
        share = share + (steps - 1) / steps**2
    return transition_cost * perceptron_energy(n_patterns, n_inputs, learning_rate) * share


def consolidation_rate(threshold, decay_time, update_fraction, learning_rate=1.0, as_printed=False):
    r"""Consolidations per synapse and presentation, with decay (Methods, Fig 6).

    The transient weight diffuses, with variance :math:`\sigma_s^2 = p \eta^2` per presentation,
    and decays; what reaches the threshold is the flux :math:`-\sigma_s^2 P'(\theta)`,

    .. math:: r = -\frac{2 \sigma}{\sqrt\pi\, Z \tau}, \qquad \sigma^2 = \tau \sigma_s^2 .

    Parameters
    ----------
    threshold : array_like
        theta, > 0.
    decay_time : array_like
        tau, in presentations.
    update_fraction : array_like
        Share p of the presentations that cause an update.
    learning_rate : array_like
    as_printed : bool
        Leave out the factor 1/tau, as in print.

    Returns
    -------
    array
        Per presentation. Without decay it tends to :math:`\sigma_s^2 / \theta^2`.

    Examples
    --------
    >>> round(float(consolidation_rate(5, 500, 0.05)), 5)
    0.00138
    >>> round(float(consolidation_rate(5, 1e9, 0.05)), 5)
    0.002
    """
    _, u = _scaled(threshold, decay_time, update_fraction, learning_rate)
    rate = np.exp(-(u**2)) / (2 * _normalisation(u))
    return rate if as_printed else rate / decay_time


def consolidation_power(n_inputs, threshold, decay_time, update_fraction, learning_rate=1.0):
    r"""Energy of consolidation per presentation, :math:`N \theta r` (Methods, Fig 6).

    Parameters as in `consolidation_rate`.

    Examples
    --------
    >>> round(float(consolidation_power(1, 5, 500, 0.05)), 4)
    0.0069
    """
    rate = consolidation_rate(threshold, decay_time, update_fraction, learning_rate)
    return n_inputs * np.asarray(threshold) * rate


def maintenance_power(
    n_inputs, threshold, decay_time, update_fraction, maintenance_cost, learning_rate=1.0
):
    r"""Energy of maintenance per presentation, c N times the mean of \|s\| (Methods, Fig 6).

    .. math:: m_{trans} = \frac{cN}{Z}
        \left[\frac{2 \theta \sigma}{\sqrt\pi} - \sigma^2 \mathrm{erfi}(\theta/\sigma)\right]

    Parameters as in `consolidation_rate`.

    Examples
    --------
    Without decay the mean of \|s\| is a third of the threshold:

    >>> round(float(maintenance_power(1, 6, 1e12, 0.05, 1.0)), 6)
    2.0
    """
    sigma, u = _scaled(threshold, decay_time, update_fraction, learning_rate)
    small = np.minimum(u, 0.1)
    series = small**3 / 3 - 7 / 30 * small**5 + 19 / 210 * small**7 - 187 / 7560 * small**9
    difference = np.where(u < 0.1, series, special.dawsn(u) - u * np.exp(-(u**2)))
    return maintenance_cost * n_inputs * sigma * difference / (2 * _normalisation(u))


def transient_density(s, threshold, decay_time, update_fraction, learning_rate=1.0):
    r"""Density of the transient weights in balance (Methods).

    .. math:: P(s) \propto e^{-s^2/\sigma^2}
        [\mathrm{erfi}(\theta/\sigma) - \mathrm{erfi}(|s|/\sigma)], \qquad |s| \le \theta

    Parameters
    ----------
    s : array_like
        Transient weights.
    threshold, decay_time, update_fraction, learning_rate
        As in `consolidation_rate`.

    Examples
    --------
    Without decay the density is a triangle:

    >>> round(float(transient_density(0, 5, 1e12, 0.05)), 6)
    0.2
    """
    sigma, u = _scaled(threshold, decay_time, update_fraction, learning_rate)
    v = np.abs(s) / sigma
    # exp(-v^2) [erfi(u) - erfi(v)], divided by 2 / sqrt(pi) exp(u^2)
    shape = np.exp(-(v**2)) * special.dawsn(u) - np.exp(-(u**2)) * special.dawsn(v)
    return np.where(v <= u, shape / (2 * sigma * _normalisation(u)), 0.0)


# Everything with decay is written with the Dawson function F(x) = sqrt(pi)/2 exp(-x^2) erfi(x) and
# divided by exp(u^2), u = threshold / sigma, so that nothing overflows for large thresholds.
_LARGEST = 1e8  # stands for infinity
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(80)


def _scaled(threshold, decay_time, update_fraction, learning_rate):
    sigma = np.sqrt(np.asarray(decay_time) * np.asarray(update_fraction)) * learning_rate
    return sigma, np.minimum(np.asarray(threshold) / sigma, _LARGEST)


def _normalisation(u):
    """-Z sqrt(pi) exp(-u^2) / (4 sigma): F(u) sqrt(pi)/2 erf(u) - exp(-u^2) int_0^u F."""
    end = np.minimum(u, 10.0)[..., None]  # beyond, exp(-u^2) leaves nothing of the integral
    integral = (special.dawsn(end * (_NODES + 1) / 2) * _WEIGHTS).sum(axis=-1) * end[..., 0] / 2
    return special.dawsn(u) * np.sqrt(np.pi) / 2 * special.erf(u) - np.exp(-(u**2)) * integral
