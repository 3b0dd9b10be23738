"""Every notebook runs by papermill with other parameters, from another folder, and obeys them."""

from pathlib import Path

import papermill
import pytest

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"

SMALL = {
    "01_perceptron_energy": dict(n_inputs=300, loads=[0.5, 1.0, 1.5], seeds=3),
    "02_synaptic_caching": dict(n_inputs=120, thresholds=[0.5, 1.5, 4.0, 12.0, 30.0], seeds=3),
    "03_decay_and_time": dict(thresholds=[1.1, 2.3, 4.8, 10.0, 14.5, 21.0], seeds=3),
    "04_consolidation_scopes": dict(n_inputs=120, thresholds=[0.5, 2.0, 6.0, 18.0], seeds=3),
    "06_multilayer_caching": dict(max_epochs=8, seeds=1),
    "08_competitive_plasticity": dict(hidden=[60], fractions=[0.1, 1.0], seeds=2),
}


@pytest.mark.parametrize("name", [path.stem for path in sorted(NOTEBOOKS.glob("*.ipynb"))])
def test_runs_with_other_parameters(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    executed = papermill.execute_notebook(
        NOTEBOOKS / f"{name}.ipynb", "out.ipynb", parameters=SMALL[name], progress_bar=False
    )
    (check,) = (
        cell for cell in executed.cells if "nbval-check-output" in cell.metadata.get("tags", [])
    )
    lines = check.outputs[0].text.splitlines()
    CHECKS[name](lines)
    pictures = [
        output.data["image/png"]
        for cell in executed.cells
        if "mystnb" in cell.metadata
        for output in cell.outputs
        if "image/png" in output.get("data", {})
    ]
    assert len(pictures) == sum("mystnb" in cell.metadata for cell in executed.cells)


def check_01(lines):
    loads = [float(line.split()[0]) for line in lines[1:4]]
    inefficiency = [float(line.split()[2]) for line in lines[1:4]]
    assert loads == [0.5, 1.0, 1.5]
    # sqrt(pi P) / (2 - P/N) for N = 300, and up to 1.8 times more
    for found, expected in zip(inefficiency, (14.5, 30.7, 75.2), strict=True):
        assert expected < found < 1.8 * expected
    by_exponent = {float(line.split()[0]): float(line.split()[1]) for line in lines[6:]}
    assert by_exponent[0] > by_exponent[1] > 1 > by_exponent[3]


def check_02(lines):
    rows = [list(map(float, line.split())) for line in lines[1:-2]]
    assert [row[0] for row in rows] == [0, 1e-4, 1e-3, 1e-2, 0.1, 1]
    for _, ours, expected, threshold, _ in rows:
        assert 0.5 < ours / expected < 2
        assert threshold in (0.5, 1.5, 4.0, 12.0, 30.0)
    assert lines[-2] in ("minimum at threshold 4", "minimum at threshold 12")


def check_03(lines):
    rows = [list(map(float, line.split())) for line in lines[1:10]]
    assert [row[1] for row in rows] == [0, 1, 10] * 3
    cheap = rows[:3]
    assert cheap[2][2] > 2 * cheap[0][2]
    assert cheap[2][3] < cheap[0][3]
    for line in lines[10:]:
        assert 0.5 < float(line.split()[-1]) < 1.5


def check_04(lines):
    for line in lines[2:]:
        _, *ratios = map(float, line.split())
        assert len(ratios) == 3
        assert 1 <= min(ratios) <= max(ratios) < 2 * min(ratios)


def check_06(lines):
    for line in lines[2:]:
        _, ratio, per_synapse, per_neuron = map(float, line.split())
        assert 5 < ratio < 30
        assert 2 < per_synapse < ratio
        assert 2 < per_neuron < ratio


def check_08(lines):
    assert len(lines) == 2
    hidden, fraction, energy, writes, _ = lines[1].replace("x", "").split()
    assert (hidden, fraction) == ("60", "0.10")
    assert 1.2 < float(energy) < 4
    assert 5 < float(writes) < 20


CHECKS = {
    "01_perceptron_energy": check_01,
    "02_synaptic_caching": check_02,
    "03_decay_and_time": check_03,
    "04_consolidation_scopes": check_04,
    "06_multilayer_caching": check_06,
    "08_competitive_plasticity": check_08,
}
