"""A rule of one's own is checked before a kernel sees what it returns."""

import numpy as np
import pytest

from synlib import MLP
from synlib._kernels.layer import ALL, BY_INPUT, BY_UPDATE, BY_UPDATE_OF_NETWORK, MASK
from synlib.plasticity import Expressed, PlasticityRule, UnitMasks
from tests.test_mlp import assert_same_run, samples


class Own(PlasticityRule):
    def __init__(self, choice=None, masks=None, units=None):
        self.choice, self.masks, self.units = choice, masks, units

    def expressed(self, layer, shape, random):
        if callable(self.choice):
            return self.choice(shape)
        return Expressed() if self.choice is None else self.choice

    def unit_masks(self, layer, n_units):
        return self.masks

    def plastic_units(self, hidden):
        return hidden if self.units is None else self.units


def fit(rule, background=0.0):
    X, y = samples(0, background)
    return MLP(hidden=9, plasticity=rule, max_epochs=1, random_state=0).fit(X, y)


EXPRESSED = r"Own\.expressed\(layer=0\) must return "
SHAPE = EXPRESSED + r"a mask that is a bool array of shape \(12, 9\), got "


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        (lambda shape: None, EXPRESSED + "an Expressed, got None"),
        (lambda shape: np.ones(shape, bool), EXPRESSED + "an Expressed, got an array of bool"),
        (Expressed(17), EXPRESSED + "a kind that is one of ALL, NONE, BY_UPDATE.*, got 17"),
        (Expressed(-1), EXPRESSED + "a kind that is one of"),
        (Expressed("all"), EXPRESSED + "a kind that is one of .*, got 'all'"),
        (Expressed(True), EXPRESSED + "a kind that is one of .*, got True"),
        (Expressed(BY_UPDATE, -1), EXPRESSED + "a count that is an integer >= 0, got -1"),
        (Expressed(BY_UPDATE, 2.0), EXPRESSED + "a count that is an integer >= 0, got 2.0"),
        (Expressed(BY_UPDATE, True), EXPRESSED + "a count that is an integer >= 0, got True"),
        (Expressed(BY_UPDATE, 5, 0), EXPRESSED + "a sign that is 1 or -1, got 0"),
        (Expressed(BY_UPDATE, 5, 1.0), EXPRESSED + "a sign that is 1 or -1, got 1.0"),
        (Expressed(BY_UPDATE, 5, fraction=0.1), EXPRESSED + "a fraction for the kind BY_UPDATE_OF"),
        (Expressed(BY_UPDATE_OF_NETWORK), EXPRESSED + r"a fraction in the range \(0, 1\] .* None"),
        (Expressed(BY_UPDATE_OF_NETWORK, fraction=2), EXPRESSED + "a fraction .*, got 2"),
        (Expressed(BY_UPDATE_OF_NETWORK, 5, fraction=0.1), EXPRESSED + "neither count nor sign"),
        (Expressed(MASK), SHAPE + "None"),
        (lambda s: Expressed(MASK, mask=np.ones((1, 1), bool)), SHAPE + r".*shape \(1, 1\)"),
        (lambda s: Expressed(MASK, mask=np.ones(s[::-1], bool)), SHAPE + r".*shape \(9, 12\)"),
        (lambda s: Expressed(MASK, mask=np.ones(s)), SHAPE + "an array of float64"),
        (lambda s: Expressed(MASK, mask=[[True]]), SHAPE + r"\[\[True\]\]"),
        (lambda s: Expressed(ALL, mask=np.ones(s, bool)), EXPRESSED + "a mask for the kind MASK"),
    ],
)
def test_what_is_expressed(choice, message):
    with pytest.raises(ValueError, match=message):
        fit(Own(choice))


def test_layers_that_choose_together_have_the_same_fraction():
    class Own(PlasticityRule):
        def expressed(self, layer, shape, random):
            return Expressed(BY_UPDATE_OF_NETWORK, fraction=(0.1, 0.2)[layer])

    with pytest.raises(ValueError, match=r"the same fraction for all .* got \[0\.1, 0\.2\]"):
        fit(Own())


def drawn(n_more=0, width=9, dtype=bool):
    return lambda random, n: np.ones((n + n_more, width), dtype)


@pytest.mark.parametrize("redraw", ["never", "step", "label", 4])
@pytest.mark.parametrize(
    "draw",
    [
        drawn(width=8),
        drawn(width=1),
        drawn(n_more=1),
        drawn(n_more=-1),
        drawn(dtype=float),
        lambda random, n: np.ones(9, bool),
        lambda random, n: None,
        lambda random, n: [[True] * 9] * n,
    ],
)
def test_masks_of_units(draw, redraw):
    message = r"Own\.draw\(random, \d+\) of unit_masks\(layer=0\) must return a bool array of shape"
    with pytest.raises(ValueError, match=message):
        fit(Own(masks=UnitMasks(draw, redraw)))


def test_masks_are_checked_at_every_draw():
    calls = []

    def draw(random, n):
        calls.append(n)
        return np.ones((n, 9 if len(calls) < 2 else 3), bool)

    X, y = samples(0, 0.0)
    net = MLP(hidden=9, plasticity=OnlyHidden(masks=UnitMasks(draw, "step")), max_epochs=50)
    with (
        pytest.warns(RuntimeWarning, match="cut short after 480 steps"),
        pytest.raises(ValueError, match=r"must return a bool array of shape \(\d+, 9\)"),
    ):
        net.fit(X, y)
    assert len(calls) == 2


class OnlyHidden(Own):
    def unit_masks(self, layer, n_units):
        return self.masks if layer == 0 else None


@pytest.mark.parametrize(
    ("masks", "message"),
    [
        (7, "must return a UnitMasks or None, got 7"),
        (UnitMasks(7, "never"), "must return a draw that can be called"),
        (UnitMasks(drawn(), "often"), "must return a redraw that is .*, got 'often'"),
        (UnitMasks(drawn(), 0), "must return a redraw that is"),
        (UnitMasks(drawn(), True), "must return a redraw that is"),
        (UnitMasks(drawn(), np.ones(3)), "must return a redraw that is"),
    ],
)
def test_kinds_of_masks(masks, message):
    with pytest.raises(ValueError, match=r"Own\.unit_masks\(layer=0\) " + message):
        fit(Own(masks=masks))


@pytest.mark.parametrize("units", [4, (0,), (-1,), (10,), (3.0,), (True,), (4, 4), int])
def test_plastic_units(units):
    message = r"Own\.plastic_units must return a tuple of 1 integers, from 1 to the number of"
    with pytest.raises(ValueError, match=message):
        fit(Own(units=units))


@pytest.mark.parametrize("background", [0.0, -0.13])
@pytest.mark.parametrize(
    "rule",
    [
        Own(Expressed(np.int64(BY_UPDATE), np.int32(7), np.int8(-1))),
        Own(Expressed(BY_INPUT, 4, sign=-1)),
        Own(Expressed(BY_INPUT, 4)),
        Own(lambda shape: Expressed(MASK, mask=np.arange(np.prod(shape)).reshape(shape) % 3 == 0)),
        Own(lambda shape: Expressed(MASK, mask=np.ones(shape[::-1], bool).T)),
        Own(units=(np.int64(4),)),
    ],
)
def test_what_is_right_is_learned_as_asked(rule, background):
    X, y = samples(0, background)
    random = np.random.default_rng(0)
    weights = random.normal(0, 0.5, (12, 9)), random.normal(0, 0.5, (9, 3))
    net = MLP(hidden=9, plasticity=rule, max_epochs=3, random_state=0)
    assert_same_run(net, X, y, weights)
