"""Joules and life, with ranges carried through."""

from types import SimpleNamespace

import numpy as np
import pytest

from synlib.devices import DEVICES, Device, device_table

MINE = Device("mine", energy=(1e-12, 3e-12), endurance=(1e3, 1e5))


def ledger(**more):
    return SimpleNamespace(energy_={"writes": 500, "consolidation": 20.0}, **more)


def test_ranges_are_carried_through():
    bill = MINE.bill(ledger(writes_=(np.array([[10, 40]]), np.array([[450]]))), cells_per_weight=8)
    assert bill.joules == pytest.approx((4e-9, 12e-9))
    assert bill.life == pytest.approx((450 / 1e5, 450 / 1e3))
    assert bill.counted
    assert "most written cell" in str(bill)


def test_without_writes_of_each_cell_life_is_that_of_the_mean():
    bill = MINE.bill(ledger(n_cells_=100))
    assert bill.writes_of_cell == 5
    assert not bill.counted
    assert "mean cell" in str(bill)
    assert MINE.bill(ledger(weights_=(np.zeros((5, 10)),))).writes_of_cell == 10


def test_a_write_may_take_many_pulses():
    writes = (np.array([450, 50]),)
    bill = MINE.bill(ledger(writes_=writes), step=0.01)  # 2000 pulses for 500 writes
    assert bill.joules == pytest.approx((2e-9, 6e-9))
    assert bill.writes_of_cell == pytest.approx(1800)
    assert bill.pulses_per_write == pytest.approx(4)
    assert "as many pulses as those of the mean cell" in str(bill)
    assert MINE.bill(ledger(writes_=writes), step=1).joules == pytest.approx((5e-10, 15e-10))


def test_caches_may_be_another_memory():
    capacitor = Device("capacitor", (1e-15, 1e-15), None)
    both = MINE.bill(ledger(n_cells_=1, transient_writes_=10_000), transient=capacitor)
    assert both.joules == pytest.approx((5e-10 + 1e-11, 15e-10 + 1e-11))
    with pytest.raises(ValueError, match="transient must be a Device, got 1e-15"):
        MINE.bill(ledger(n_cells_=1, transient_writes_=1), transient=1e-15)
    with pytest.raises(ValueError, match="counts writes into caches"):
        MINE.bill(ledger(n_cells_=1), transient=capacitor)


def test_what_is_not_known_is_said():
    with pytest.raises(ValueError, match="energy of NOR flash is not known"):
        DEVICES["NOR flash"].bill(ledger(n_cells_=1))
    assert Device("d", (1, 1), None).bill(ledger(n_cells_=1)).life is None
    for given in (None, {}, {"total": 1}):
        with pytest.raises(ValueError, match="must have an energy_ with the entry writes"):
            MINE.bill(given)
    with pytest.raises(ValueError, match="n_cells must be given"):
        MINE.bill({"writes": 1, "consolidation": 1})


@pytest.mark.parametrize("given", [1, (1,), (2, 1), (0, 1), (1, np.inf), "ab"])
def test_ranges(given):
    with pytest.raises(ValueError, match="energy must be None or two finite numbers > 0"):
        Device("d", energy=given, endurance=None)


def test_every_device_names_its_source():
    table = device_table()
    assert list(table.index) == list(DEVICES)
    assert table["source"].str.len().gt(10).all()
