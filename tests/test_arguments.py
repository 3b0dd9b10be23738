"""Rules, memories and definitions refuse what makes no sense, and say what would."""

import numpy as np
import pytest

import synlib
from synlib import SynapticCache, energy


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(threshold=-1), "threshold must be a number >= 0, got -1"),
        (dict(threshold=np.nan), "threshold must be a number >= 0, got nan"),
        (dict(threshold="low"), "threshold must be a number >= 0, got 'low'"),
        (dict(threshold=True), "threshold must be a number >= 0, got True"),
        (dict(threshold=1, scope="cell"), "scope must be one of 'synapse', 'neuron'"),
        (dict(threshold=1, decay_time=1), "decay_time must be a number of steps > 1, got 1"),
        (dict(threshold=1, maintenance_cost=-1), "maintenance_cost must be a finite number >= 0"),
        (dict(threshold=1, transition_cost=np.inf), "transition_cost must be a finite number"),
        (dict(threshold=1, check_every=0), "check_every must be an integer of at least 1"),
        (dict(threshold=1, consolidate="soon"), "consolidate must be one of 'now', 'next'"),
        (dict(threshold=1, decay_order="never"), "decay_order must be one of"),
        (dict(threshold=1, decay_form="linear"), "decay_form must be one of"),
        (dict(threshold=1, then=0.1), "then must be a SynapticCache or Persistent, got 0.1"),
        (dict(threshold=0, keep_remainder=True), "keep_remainder must be False with threshold 0"),
        (
            dict(threshold=1, scope="neuron-sum", keep_remainder=True),
            "keep_remainder must be False with .* scope 'neuron-sum'",
        ),
        (dict(threshold=1, hidden="no"), "hidden must be True or False, got 'no'"),
    ],
)
def test_cache_names_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        SynapticCache(**arguments)


FRACTION_RULES = [
    synlib.LargestUpdates,
    synlib.SmallestUpdates,
    synlib.LargestWeights,
    synlib.SmallestWeights,
    synlib.RandomSynapses,
    synlib.RandomNeurons,
    synlib.LargestErrors,
    synlib.SmallestErrors,
    synlib.MostActive,
    synlib.LeastActive,
]


@pytest.mark.parametrize("rule", FRACTION_RULES)
@pytest.mark.parametrize("fraction", [0, 2, -0.1, np.nan, "half", (0.1, 0)])
def test_rules_name_bad_fractions(rule, fraction):
    with pytest.raises(ValueError, match=r"fraction must be in the range \(0, 1\], got"):
        rule(fraction)


def test_rules_name_other_bad_arguments():
    with pytest.raises(ValueError, match=r"probability must be in the range \(0, 1\], got 0"):
        synlib.GatedNeurons(0)
    with pytest.raises(ValueError, match="within must be one of 'layer', 'neuron'"):
        synlib.LargestWeights(0.1, within="network")
    with pytest.raises(ValueError, match=r"fraction_of must be 'subnetwork' unless then chooses"):
        synlib.Subnetwork(5, then=synlib.RandomSynapses(0.1), fraction_of="layer")
    with pytest.raises(ValueError, match="within must be one of 'layer', 'neuron', 'network'"):
        synlib.LargestUpdates(0.1, within="unit")
    with pytest.raises(
        ValueError, match=r"fraction must be one number in the range .*\(0.1, 0.2\)"
    ):
        synlib.LargestUpdates((0.1, 0.2), within="network")
    with pytest.raises(
        ValueError, match=r"fraction_of must be 'subnetwork' unless .* the layer, got"
    ):
        synlib.Subnetwork(5, synlib.LargestUpdates(0.1, "network"), fraction_of="layer")
    with pytest.raises(ValueError, match="redraw must be 'never', 'step', 'label' or an integer"):
        synlib.RandomNeurons(0.1, redraw=0)
    with pytest.raises(ValueError, match="units must be an integer of at least 1, got 0"):
        synlib.Subnetwork(0)
    with pytest.raises(ValueError, match="then must be a plasticity rule other than Subnetwork"):
        synlib.Subnetwork(5, then=synlib.Subnetwork(3))


def test_definitions_name_bad_exponents():
    with pytest.raises(ValueError, match="exponent must be a number >= 0, got -1"):
        energy.consolidation([0, 1], exponent=-1)


def test_definitions():
    walk = np.array([[0.0, 0.0], [1.0, -2.0], [0.5, -2.0]])
    assert energy.consolidation(walk) == 3.5
    assert energy.consolidation(walk, exponent=0) == 3
    assert energy.consolidation(walk, exponent=2) == 5.25
    assert energy.consolidation(walk, potentiation_only=True) == 1
    assert energy.minimal(walk[0], walk[-1]) == 2.5
    assert energy.minimal(walk[0], walk[-1], exponent=0) == 2


@pytest.mark.parametrize("kind", [np.uint8, np.int8, np.uint64, np.int64, np.float32, bool])
def test_definitions_take_integers_for_numbers(kind):
    before, after = np.array([1, 0, 1], kind), np.array([0, 1, 1], kind)
    walk = np.array([before, after, before])
    assert energy.minimal(before, after) == 2
    assert energy.minimal(before, after, exponent=0) == 2
    assert energy.minimal(before, after, potentiation_only=True) == 1
    assert energy.consolidation(walk) == 4
    assert energy.consolidation(walk, potentiation_only=True) == 2
    assert energy.maintenance(walk, 0.5) == 3
    assert energy.sum_of_powers(walk, 2) == 6


def test_definitions_do_not_overflow():
    assert energy.minimal(np.uint8([5]), np.uint8([0])) == 5
    assert energy.minimal(np.int8([100]), np.int8([-100]), exponent=2) == 40_000
    assert energy.maintenance(np.int8([-128]), 1) == 128
    assert energy.consolidation(np.uint8([[200], [10]])) == 190
    assert energy.sum_of_powers(np.int8([-128, 100])) == 228
    assert energy.sum_of_powers(np.int64([-(2**62)]), 2) == 2.0**124
    walk = np.float32([[0], [1e30]])
    assert energy.consolidation(walk, exponent=2) == pytest.approx(1e60)


def test_definitions_name_what_does_not_fit():
    with pytest.raises(ValueError, match=r"must have equal shapes, got \(3,\) and \(1,\)"):
        energy.minimal([0, 0, 0], [1])
    with pytest.raises(ValueError, match="cost must be a finite number >= 0, got -1"):
        energy.maintenance([0, 1], -1)
    with pytest.raises(ValueError, match="exponent must be a number >= 0, got '1'"):
        energy.consolidation([0, 1], "1")


def test_published_inputs():
    images = np.array([[0, 51, 255]], np.uint8)
    for given in (images, images / 255):
        np.testing.assert_allclose(
            synlib.published_inputs(given, "li2020"), [[0.01, 0.208, 1.0]], rtol=1e-12
        )
        np.testing.assert_allclose(synlib.published_inputs(given, "nyiro2022"), [[0, 0.2, 1]])
        scaled = synlib.published_inputs(given, "vanrossum2024", noise=False)
        assert scaled.mean() == pytest.approx(0, abs=1e-15)
        assert np.ptp(scaled) == pytest.approx(0.98)
    noisy = synlib.published_inputs(images, "vanrossum2024", mean=0, random_state=0)
    assert 0 < np.abs(noisy - images / 255 * 0.98).max() < 0.01
    with pytest.raises(ValueError, match="name must be one of 'li2020'"):
        synlib.published_inputs(images, "li2021")
    with pytest.raises(ValueError, match="integers from 0 to 255 or floats from 0 to 1"):
        synlib.published_inputs(images * 1.0, "li2020")
    with pytest.raises(ValueError, match="images must have the shape"):
        synlib.published_inputs(images[0], "li2020")
