"""From a.u. to joules: what a ledger would cost on memories that exist.

Energies and endurances are ranges, since sources differ by orders of magnitude; every result is a
range, too. Each entry names its source and how far it was checked. Circuits around a cell often
cost more than the cell, so that a range that begins with the cell alone begins low.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from synlib._validation import check_count, check_number


@dataclass(frozen=True)
class Device:
    """A memory cell: what writing it costs, and how often it can be written.

    Parameters
    ----------
    name : str
    energy : pair of float, optional
        Lowest and highest energy of writing one cell once, in joules; None if it is not known.
    endurance : pair of float, optional
        Least and most writes that a cell survives; None if it is not known.
    source : str
        Where the numbers are from, and how far that was checked.

    Raises
    ------
    ValueError
        If a range is not two positive numbers, the lower first.

    Examples
    --------
    >>> mine = Device("my RRAM", energy=(1e-12, 2e-12), endurance=(1e6, 1e8), source="our wafer 7")
    >>> mine.bill({"writes": 1_000_000, "consolidation": 2e4}, n_cells=1000).joules
    (1e-06, 2e-06)
    """

    name: str
    energy: tuple[float, float] | None
    endurance: tuple[float, float] | None
    source: str = ""

    def __post_init__(self):
        for name in ("energy", "endurance"):
            given = getattr(self, name)
            if given is None:
                continue
            allowed = "None or two finite numbers > 0, the lower first"
            if not isinstance(given, tuple | list) or len(given) != 2:
                raise ValueError(f"{name} must be {allowed}, got {given!r}")
            for value in given:
                check_number(name, value, allowed, lambda v: 0 < v < np.inf)
            if given[0] > given[1]:
                raise ValueError(f"{name} must be {allowed}, got {given!r}")

    def bill(self, ledger, *, cells_per_weight=1, step=None, transient=None, n_cells=None):
        """What a run has cost if its persistent weights are kept in this memory.

        What is still in caches has not been written, and is not in the bill; it is the entry
        ``outstanding`` of the ledger.

        Parameters
        ----------
        ledger : Ledger, Plastic, fitted MLP or dict
            What was written: anything with ``energy_``, or such a dict itself.
        cells_per_weight : int
            1 for a device that holds a weight as such; the number of bits for binary cells, all of
            which are taken to be written with the weight, which is the most it can cost.
        step : float, optional
            Change of a weight by one pulse. A write then takes as many pulses as its size asks for
            (consolidation / step, in all, but no less than one each), and each costs a write; else
            a write is one pulse, whatever its size. Pulses are not counted cell by cell: the most
            written cell is taken to need as many for a write as the mean cell.
        transient : Device, optional
            Where the caches are kept, if that is not free: each change that enters a cache is a
            write there, of as many cells. Only for `Plastic`, which counts them. Its life is not
            in the bill.
        n_cells : int, optional
            Number of weights, if ``ledger`` is a dict.

        Returns
        -------
        Bill

        Raises
        ------
        ValueError
            If what was written, or what a write costs, is not known.
        """
        check_count("cells_per_weight", cells_per_weight)
        energy = ledger if isinstance(ledger, dict) else getattr(ledger, "energy_", None)
        if not isinstance(energy, dict) or "writes" not in energy:
            raise ValueError(f"ledger must have an energy_ with the entry writes, got {ledger!r}")
        pulses = float(energy["writes"])
        if step is not None:
            check_number("step", step, "a finite number > 0", lambda v: 0 < v < np.inf)
            pulses = max(pulses, float(energy["consolidation"]) / step)
        joules = np.array(self._known("energy")) * pulses * cells_per_weight
        if transient is not None:
            if not isinstance(transient, Device):
                raise ValueError(f"transient must be a Device, got {transient!r}")
            if not hasattr(ledger, "transient_writes_"):
                raise ValueError("transient needs a ledger that counts writes into caches: Plastic")
            writes = ledger.transient_writes_ * cells_per_weight
            joules = joules + np.array(transient._known("energy")) * writes
        most, counted = _most_written(ledger, energy, n_cells)
        per_write = pulses / energy["writes"] if energy["writes"] else 1.0
        most *= per_write
        life = None
        if self.endurance is not None and most is not None:
            life = (most / self.endurance[1], most / self.endurance[0])
        return Bill(self.name, tuple(map(float, joules)), life, most, counted, per_write)

    def _known(self, name):
        value = getattr(self, name)
        if value is None:
            raise ValueError(
                f"the {name} of {self.name} is not known from a source that was checked: give your "
                f"own, as Device({self.name!r}, {name}=(low, high), ...)"
            )
        return value


@dataclass(frozen=True)
class Bill:
    """What a run costs on a device, as ranges.

    Attributes
    ----------
    device : str
    joules : pair of float
    life : pair of float or None
        Share of its life that the cell in question has used up; above 1 it does not survive. None
        if the endurance is not known.
    writes_of_cell : float
        Of the most written cell, if writes were counted cell by cell; else the mean of all cells,
        which the most written one exceeds. In pulses, if there are several in a write.
    counted : bool
        Whether writes were counted cell by cell.
    pulses_per_write : float
        In the mean of all cells, and taken to be so in the cell in question.
    """

    device: str
    joules: tuple[float, float]
    life: tuple[float, float] | None
    writes_of_cell: float
    counted: bool
    pulses_per_write: float = 1.0

    def __str__(self):
        cell = "most written cell" if self.counted else "mean cell (the most written has used more)"
        if self.counted and self.pulses_per_write > 1:
            cell += ", if its writes take as many pulses as those of the mean cell"
        life = "endurance not known"
        if self.life is not None:
            life = f"{self.life[0]:.2g} to {self.life[1]:.2g} of the life of the {cell}"
        return f"{self.device}: {self.joules[0]:.2g} to {self.joules[1]:.2g} J, {life}"


def _most_written(ledger, energy, n_cells):
    """Writes of the most written cell, or else of the mean one; whether it is the former."""
    try:
        writes = ledger.writes_
    except AttributeError:
        n_cells = n_cells or getattr(ledger, "n_cells_", None)
        if n_cells is None and hasattr(ledger, "weights_"):
            n_cells = sum(w.size for w in ledger.weights_)
        if n_cells is None:
            raise ValueError(
                "n_cells must be given with a dict: how many weights there are"
            ) from None
        return energy["writes"] / n_cells, False
    arrays = writes.values() if isinstance(writes, dict) else writes
    return float(max((int(w.max()) for w in arrays), default=0)), True


# Y: table on m.docduoduo.com/p-7601239.html, credited there to ITRS 2011 (a copy of a table; its
# original was not seen). H: Horowitz (2014), as quoted by others. N: Hu et al. (2011), Table 1
# (PMC3482632). M: Meena et al. (2014), Table 2. T: hindawi.com/journals/jnm/2013/195325, Table 4.
# L: Lanza et al. (2019), from a copy. O: doi:10.3389/fnano.2025.1549547, abstract. F: arXiv
# 2511.09838, abstract.
DEVICES = {
    device.name: device
    for device in (
        Device(
            "SRAM", (0.5e-15, 10e-12), (1e16, 1e16),
            "energy: cell alone (Y, copy) to an access (H, cited); endurance: Y, copy",
        ),
        Device(
            "DRAM", (5e-15, 2.6e-9), (1e16, 1e16),
            "energy: cell alone (Y, copy; 5 or 50 fJ, the copy is doubtful) to an access (H, "
            "cited); endurance: Y, copy",
        ),
        Device("NOR flash", None, None, "no source was found"),
        Device(
            "NAND flash", None, (1e4, 1e4),
            "energy: sources disagree, and are of the cell alone; endurance: Y, copy",
        ),
        Device(
            "PCM", (2e-12, 25e-12), (1e9, 1e12),
            "energy: Y, copy (best devices: tens of fJ); endurance: Y, T to M, tables read",
        ),
        Device(
            "RRAM", (0.1e-12, 7e-12), (1e6, 1e12),
            "energy: Y, L, copies; endurance: 28 nm cells (O, abstract read) to the best (L, Y)",
        ),
        Device(
            "STT-MRAM", (0.1e-12, 2.5e-12), (1e15, 1e16),
            "energy: N, table read, and Y, copy; endurance: Y, copy, and M, table read (> 1e16)",
        ),
        Device(
            "FeRAM", (0.03e-12, 0.1e-12), (1e6, 1e12),
            "energy: N, table read, to 0.1 pJ assumed by Martemucci et al. (2025); endurance: "
            "HfZrO (F, abstract read: > 1e6) to PZT and SBT (M, table read)",
        ),
    )
}  # fmt: skip


def device_table():
    """All `DEVICES`: a DataFrame with the ranges of energy (J) and endurance, and the sources.

    Examples
    --------
    >>> device_table().loc["PCM", "energy"]
    (2e-12, 2.5e-11)
    """
    columns = ("name", "energy", "endurance", "source")
    rows = [{c: getattr(device, c) for c in columns} for device in DEVICES.values()]
    return pd.DataFrame(rows).set_index("name")
