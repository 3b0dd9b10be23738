"""Closed forms against numerical integration, limits and direct simulation."""

import numpy as np
import pytest
from scipy import integrate, special

from synlib import theory


@pytest.mark.parametrize("threshold", [0.5, 3.0, 12.0, 40.0])
@pytest.mark.parametrize("decay_time", [20.0, 500.0, 1e5])
def test_equals_the_formulas_in_the_paper(threshold, decay_time):
    """Evaluated as they stand, with the integral done numerically."""
    fraction, cost = 0.05, 1e-3
    sigma = np.sqrt(decay_time * fraction)
    if threshold / sigma > 20:
        pytest.skip("erfi overflows: what the scaled form is for")

    def integrand(s):
        return np.exp(-((s / sigma) ** 2)) * (
            special.erfi(np.abs(s) / sigma) - special.erfi(threshold / sigma)
        )

    z = 2 * integrate.quad(integrand, 0, threshold, epsabs=0, epsrel=1e-11, limit=200)[0]
    rate = -2 * sigma / (np.sqrt(np.pi) * z * decay_time)
    found = theory.consolidation_rate(threshold, decay_time, fraction)
    assert found == pytest.approx(rate, rel=1e-8)
    printed = theory.consolidation_rate(threshold, decay_time, fraction, as_printed=True)
    assert printed == pytest.approx(rate * decay_time, rel=1e-8)
    numerator = 2 * threshold * sigma / np.sqrt(np.pi) - sigma**2 * special.erfi(threshold / sigma)
    power = theory.maintenance_power(7, threshold, decay_time, fraction, cost)
    # the paper's form itself loses digits where threshold / sigma is small
    assert power == pytest.approx(cost * 7 / z * numerator, rel=1e-6)
    for s in (0, 0.3 * threshold, 0.9 * threshold):
        density = theory.transient_density(s, threshold, decay_time, fraction)
        assert density == pytest.approx(integrand(s) / z, rel=1e-8)


def test_limits():
    # no decay: a random walk between thresholds
    assert theory.consolidation_rate(4, 1e14, 0.1) == pytest.approx(0.1 / 16, rel=1e-6)
    assert theory.maintenance_power(10, 4, 1e14, 0.1, 0.5) == pytest.approx(0.5 * 10 * 4 / 3)
    # no threshold: a Gaussian of variance sigma^2 / 2, never consolidated
    sigma = np.sqrt(100 * 0.1)
    for threshold in (300.0, 1e6, np.inf):
        assert theory.consolidation_rate(threshold, 100, 0.1) == 0
        power = theory.maintenance_power(1, threshold, 100, 0.1, 1)
        assert power == pytest.approx(sigma / np.sqrt(np.pi), rel=1e-3)


def test_vectorised():
    thresholds = np.array([1.0, 5.0, 50.0])
    decay_times = np.array([[100.0], [1000.0]])
    rates = theory.consolidation_rate(thresholds, decay_times, 0.05)
    assert rates.shape == (2, 3)
    assert rates[1, 0] == pytest.approx(theory.consolidation_rate(1.0, 1000.0, 0.05))


def test_matches_a_direct_simulation():
    """Many synapses that are updated at random: theory is for small steps, so only roughly."""
    random = np.random.default_rng(0)
    fraction, decay_time, threshold = 0.05, 500, 5
    s = np.zeros(4000)
    consolidated, held, steps = 0, 0.0, 12_000
    for step in range(steps):
        s *= 1 - 1 / decay_time
        if random.random() < fraction:
            s += random.choice([-1.0, 1.0], size=s.size)
        crossed = np.abs(s) > threshold
        s[crossed] = 0
        if step >= 2000:
            consolidated += crossed.sum()
            held += np.abs(s).mean()
    rate = consolidated / s.size / (steps - 2000)
    expected = theory.consolidation_rate(threshold, decay_time, fraction)
    assert expected == pytest.approx(rate, rel=0.35)
    power = theory.maintenance_power(1, threshold, decay_time, fraction, 1)
    assert power == pytest.approx(held / (steps - 2000), rel=0.15)


def test_optimal_threshold_is_the_minimum():
    thresholds = np.linspace(2, 60, 5000)
    total = sum(theory.caching_energies(1000, 1000, thresholds, 1e-3))
    best = theory.optimal_threshold(1000, 1000, 1e-3)
    assert thresholds[total.argmin()] == pytest.approx(best, abs=0.02)
    ratio = total.min() / theory.minimal_energy(1000, 1000)
    assert ratio == pytest.approx(theory.caching_inefficiency(1000, 1000, 1e-3), rel=1e-4)
    assert theory.caching_inefficiency(1000, 1000, 10) == pytest.approx(
        theory.inefficiency(1000, 1000)
    )


def test_transition_energy_is_that_of_a_random_walk():
    """Walked on a lattice, and compared with the formula with and without the return to zero."""
    random = np.random.default_rng(0)
    updates, synapses, threshold = 2000, 3000, 2.5
    s = np.zeros(synapses)
    climbed = returned = consolidated = 0.0
    for _ in range(updates):
        step = random.choice([-1.0, 1.0], size=s.size)
        full = np.abs(s + step) > threshold
        climbed += np.count_nonzero(~full)
        returned += np.abs(s[full]).sum()
        consolidated += np.abs(s + step)[full].sum()
        s = np.where(full, 0, s + step)
    n_inputs, n_patterns = 100, 100
    each = theory.transition_energy(n_patterns, n_inputs, threshold, as_printed=True)
    both = theory.transition_energy(n_patterns, n_inputs, threshold)
    energy = theory.perceptron_energy(n_patterns, n_inputs)
    walked = updates * synapses
    assert each / energy == pytest.approx(climbed / walked, rel=0.01)
    assert both / energy == pytest.approx((climbed + returned) / walked, rel=0.01)
    assert climbed + consolidated > walked  # at b = 1 nothing is saved


def test_consolidating_at_once_is_cheapest_when_transitions_cost_as_much():
    thresholds = np.arange(0.5, 300)
    for as_printed in (False, True):
        energy = theory.perceptron_energy(500, 500)
        steps = np.ceil(thresholds)
        for cost, cheaper in ((1.0, False), (0.9, True)):
            moved = theory.transition_energy(500, 500, thresholds, cost, as_printed=as_printed)
            total = energy / steps + moved  # outstanding changes left out
            assert (total < energy * (1 - 1e-12)).any() == cheaper
    assert theory.transition_energy(500, 500, 0.5) == 0


def test_loads_beyond_capacity_cost_without_end():
    with np.errstate(divide="ignore"):
        assert np.isinf(theory.updates(2000, 1000))
        assert np.isinf(theory.inefficiency(2500, 1000))
