"""Sweeps: the same table however it is run, nothing computed twice, nothing lost."""

import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest

from synlib import LargestUpdates
from synlib import sweep as sweep_module
from synlib.experiments import energy_to_accuracy, mlp_history, mlp_run, perceptron_run
from synlib.sweep import best_threshold, sweep

GRID = dict(n_inputs=60, load=[0.5, 1.2], threshold=[None, 3.0], decay_time=500.0, seeds=2)
NETS = dict(dataset="digits", hidden=[10, 20], max_epochs=2, seeds=2)


def counted(*, log, value, random_state):
    """A run that leaves a line in a file each time it is computed."""
    with Path(log).open("a") as file:
        file.write(f"{value} {random_state}\n")
    return {"value": value, "result": np.random.default_rng(random_state).normal() * value}


def fragile(*, value, random_state):
    """A run that fails for some values."""
    if value < 0:
        raise ArithmeticError(f"cannot take the root of {value}")
    return {"value": value, "root": value**0.5}


def noisy_parabola(*, threshold, random_state):
    """Cheapest at threshold 8; noise is the same at all thresholds for the same seed."""
    noise = np.random.default_rng(random_state).normal()
    return {
        "threshold": threshold,
        "total": np.log(threshold / 8) ** 2 + noise,
        "converged": threshold < 50,
    }


def test_does_not_depend_on_the_number_of_workers():
    for function, grid in ((perceptron_run, GRID), (mlp_history, NETS)):
        alone = sweep(function, n_jobs=1, cache=False, **grid)
        together = sweep(function, n_jobs=2, cache=False, **grid)
        pd.testing.assert_frame_equal(alone, together, check_exact=True)


def test_is_the_same_on_a_cluster():
    from distributed import Client, LocalCluster

    alone = sweep(perceptron_run, n_jobs=1, cache=False, **GRID)
    options = dict(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None)
    with LocalCluster(**options) as cluster, Client(cluster) as client:
        assert len(client.scheduler_info()["workers"]) == 2
        with joblib.parallel_config(backend="dask"):
            spread = sweep(perceptron_run, cache=False, **GRID)
    pd.testing.assert_frame_equal(alone, spread, check_exact=True)


def test_does_not_depend_on_the_rest_of_the_grid():
    whole = sweep(perceptron_run, n_jobs=1, cache=False, **GRID)
    part = sweep(perceptron_run, n_jobs=1, cache=False, **(GRID | dict(load=[1.2], seeds=1)))
    same = whole[(whole["load"] == 1.2) & (whole["seed"] == 0)].reset_index(drop=True)
    pd.testing.assert_frame_equal(same, part, check_exact=True)


def test_finished_runs_are_looked_up(tmp_path):
    log = tmp_path / "log"
    options = dict(cache=tmp_path / "cache", n_jobs=1, log=str(log))
    first = sweep(counted, value=[1, 2], seeds=2, **options)
    again = sweep(counted, value=[1, 2, 3], seeds=2, **options)
    assert len(log.read_text().splitlines()) == 6
    pd.testing.assert_frame_equal(first, again.iloc[:4], check_exact=True)


def test_a_changed_library_is_not_answered_from_an_old_cache(tmp_path, monkeypatch):
    log = tmp_path / "log"
    options = dict(cache=tmp_path / "cache", n_jobs=1, log=str(log), value=1)
    sweep(counted, **options)
    monkeypatch.setattr(sweep_module, "_library_version", lambda: "another")
    sweep(counted, **options)
    assert len(log.read_text().splitlines()) == 2


def test_a_damaged_entry_is_computed_again_with_a_warning(tmp_path, caplog):
    log = tmp_path / "log"
    options = dict(cache=tmp_path / "cache", n_jobs=1, log=str(log), value=[1, 2])
    first = sweep(counted, **options)
    entry = next((tmp_path / "cache").rglob("output.pkl"))
    entry.write_bytes(entry.read_bytes()[:10])
    with caplog.at_level(logging.WARNING):
        again = sweep(counted, **options)
    assert "a damaged cache entry is ignored and the run is repeated" in caplog.text
    assert len(caplog.text.splitlines()) == 1
    assert len(log.read_text().splitlines()) == 3
    pd.testing.assert_frame_equal(first, again, check_exact=True)


SLOW = """
import sys, time
from pathlib import Path
from synlib.sweep import sweep

def slow(*, log, value, random_state):
    time.sleep(0.3)
    with Path(log).open("a") as file:
        file.write(f"{value}\\n")
    return {"value": value, "random_state": random_state}

if __name__ == "__main__":
    log, cache = sys.argv[1:]
    sweep(slow, log=log, value=list(range(12)), n_jobs=2, cache=cache).to_csv(sys.stdout)
"""


def test_a_killed_sweep_goes_on_where_it_stopped(tmp_path):
    script, log, cache = tmp_path / "slow.py", tmp_path / "log", tmp_path / "cache"
    script.write_text(SLOW)
    command = [sys.executable, str(script), str(log), str(cache)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
    deadline = time.monotonic() + 60
    while (not log.exists() or len(log.read_text().split()) < 4) and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    time.sleep(0.5)
    finished = len(list(cache.rglob("output.pkl")))
    computed = len(log.read_text().split())
    assert 2 <= finished <= computed < 12
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    # what had been finished was not computed again; the kill cost what was under way at most
    assert len(log.read_text().split()) == computed + 12 - finished
    untouched = [*command[:2], str(tmp_path / "log2"), str(tmp_path / "cache2")]
    expected = subprocess.run(untouched, capture_output=True, text=True, check=True)
    drop_log = [text.replace(str(tmp_path), "") for text in (result.stdout, expected.stdout)]
    assert drop_log[0] == drop_log[1]


def test_one_failing_run_does_not_lose_the_others():
    with pytest.warns(RuntimeWarning, match="1 of 3 runs failed.*cannot take the root of -1"):
        table = sweep(fragile, value=[4, -1, 9], n_jobs=1, cache=False)
    assert list(table["root"].dropna()) == [2, 3]
    assert list(table["value"]) == [4, -1, 9]
    assert table["error"][1] == "ArithmeticError: cannot take the root of -1"


def test_a_cache_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OSError, match=r"finished runs cannot be kept in .*name another folder"):
        sweep(fragile, value=[4], cache=tmp_path / "file")


def test_a_full_disk_loses_no_result(small_disk):
    disk = small_disk("64k")
    with pytest.warns(Warning, match=r"Unable to cache to disk.*No space left"):
        table = sweep(fragile, value=list(range(30)), n_jobs=1, cache=disk)
    assert list(table["root"]) == [value**0.5 for value in range(30)]


def test_best_threshold_is_found_despite_the_noise():
    best, table = best_threshold(
        noisy_parabola, low=1, high=200, coarse=8, fine=5, seeds=4, n_jobs=1, cache=False
    )
    assert best["threshold"] == pytest.approx(8, rel=0.2)
    assert best["lower"] <= best["threshold"] <= best["upper"] < 50
    assert len(table) == 4 * (8 + 4)  # the middle of the fine grid has been run already
    best, _ = best_threshold(noisy_parabola, low=60, high=99, n_jobs=1, cache=False)
    assert np.isnan(best["threshold"])
    with pytest.raises(ValueError, match="low and high must be such that 0 < low < high"):
        best_threshold(noisy_parabola, low=2, high=1)


def test_records_say_what_is_needed_to_repeat_them():
    record = mlp_run(
        dataset="digits", hidden=10, max_epochs=1, plasticity=LargestUpdates(0.5), random_state=3
    )
    assert record["plasticity"] == "LargestUpdates(fraction=0.5, within='layer')"
    assert record["dataset"] == "digits"
    assert len(record["checksum"]) == 64
    for name in ("synlib", "numpy", "numba", "python"):
        assert record[name]
    # flat: numbers and short strings only
    assert all(isinstance(v, int | float | str) for v in record.values()), record
    again = mlp_run(
        dataset="digits", hidden=10, max_epochs=1, plasticity=LargestUpdates(0.5), random_state=3
    )
    assert again == pytest.approx(record, nan_ok=True)


def test_energy_to_accuracy_takes_the_first_time():
    table = pd.DataFrame(
        {
            "seed": [0, 0, 0, 1, 1],
            "step": [1, 2, 3, 1, 2],
            "accuracy": [0.5, 0.8, 0.7, 0.4, 0.6],
            "total": [1.0, 2.0, 3.0, 4.0, 5.0],
        }
    )
    found = energy_to_accuracy(table, [0.6, 0.75], by=["seed"])
    assert list(found["total"]) == [2, 5, 2]
    assert list(found["accuracy"]) == [0.6, 0.6, 0.75]


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="seeds must be an integer of at least 1"):
        sweep(perceptron_run, seeds=0)
    with pytest.warns(RuntimeWarning, match="dataset must be one of mnist-subset"):
        sweep(mlp_run, dataset="letters", n_jobs=1, cache=False)


def test_words_do_not_void_the_cache_but_code_does():
    source = 'def f(x):\n    """Twice."""\n    return 2 * x\n'
    reworded = 'def f(x):\n    """Two times."""\n    # a comment\n    return 2 * x\n'
    changed = source.replace("2 *", "3 *")
    assert sweep_module._code(source) == sweep_module._code(reworded)
    assert sweep_module._code(source) != sweep_module._code(changed)
