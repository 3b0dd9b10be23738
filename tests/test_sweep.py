"""Sweeps: the same table however it is run, nothing computed twice, nothing lost."""

import logging
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest

from synlib import (
    AllSynapses,
    LargestUpdates,
    RandomSynapses,
    SynapticCache,
    _inputs,
    _keys,
    load_digits,
)
from synlib import sweep as sweep_module
from synlib._idx import FILES, write_idx
from synlib._kernels import inputs as input_kernels
from synlib.datasets import Dataset
from synlib.experiments import (
    mlp_history,
    mlp_noise,
    mlp_passages,
    mlp_run,
    mlp_writes,
    perceptron_run,
)
from synlib.sweep import best_threshold, seed_state, sweep

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


def own_error(*, value, random_state):
    """A run with an entry ``error`` of its own."""
    return {"value": value, "error": 0.1} | ({} if value >= 0 else {"value": 1 / 0})


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
    monkeypatch.setattr(sweep_module, "library_version", lambda: "another")
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
    time.sleep(0.1)
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
    deadline = time.monotonic() + 300
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
    exec(SLOW, script := {"__name__": "slow"})
    untouched = sweep(
        script["slow"], log=str(log), value=list(range(12)), n_jobs=1, cache=False
    ).to_csv()
    assert result.stdout == untouched


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


def test_images_of_a_data_set_are_compressed_once(monkeypatch):
    compressed = []

    def fill(X, *arguments):
        compressed.append(len(X))
        return input_kernels.fill(X, *arguments)

    monkeypatch.setattr(_inputs, "fill", fill)
    _inputs._recent.clear()
    arguments = dict(hidden=10, max_epochs=1, random_state=3)
    first, second = (mlp_run(dataset="digits", **arguments) for _ in range(2))
    assert sorted(compressed) == [450, 1347]
    own = load_digits()
    third, fourth = (mlp_run(dataset=own, **arguments) for _ in range(2))
    assert sorted(compressed) == [450, 450, 450, 1347, 1347, 1347]
    assert first["total"] == second["total"] == third["total"] == fourth["total"]


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


def test_passages_are_the_first_rows_of_the_history_that_are_as_good():
    arguments = dict(
        dataset="digits", published="vanrossum2024", hidden=20, max_epochs=2, evaluate_every=100,
        random_state=0,
    )  # fmt: skip
    history = mlp_history(**arguments, until=0.5)
    passages = mlp_passages(accuracies=(0.3, 0.5, 1.0), **arguments, until=0.5)
    for passage in passages[:2]:
        first = next(row for row in history if row["accuracy"] >= passage["accuracy"])
        for name in ("step", "total", "minimal", "writes_1", "consolidation_2"):
            assert passage[name] == first[name]
    assert [passage["reached"] for passage in passages] == [True, True, False]
    never = passages[2]
    assert np.isnan([never["step"], never["total"], never["writes_2"]]).all()
    assert never["last_step"] == history[-1]["step"]


SCHEDULED = dict(
    dataset="digits", published="li2020", hidden=20, max_epochs=3, evaluate_every=449,
    scope="synapse", decay_time=1000.0, maintenance_cost=1e-3, random_state=0,
)  # fmt: skip


@pytest.mark.parametrize("parts", [1, 3])
@pytest.mark.parametrize("until", [None, 0.7])
def test_a_schedule_that_stays_constant_changes_nothing(parts, until):
    arguments = SCHEDULED | dict(until=until, evaluate_growth=0.0)
    plain = mlp_history(learning_rate=0.3, threshold=0.02, **arguments)
    same = mlp_history(learning_rates=(0.3,) * parts, thresholds=(0.02,) * parts, **arguments)
    assert len(plain) == len(same) > 2
    for row, other in zip(plain, same, strict=True):
        assert row == {name: other[name] for name in row}
    assert same[0]["learning_rates"] == repr((0.3,) * parts)


def test_each_part_of_learning_has_its_settings():
    arguments = SCHEDULED | dict(max_epochs=2, evaluate_every=10_000)
    rates = mlp_history(learning_rates=(0.3, 1e-9), thresholds=(0.0201,), **arguments)
    assert [row["step"] for row in rates] == [1347, 2694]
    first, end = (row["consolidation"] + row["outstanding"] for row in rates)
    assert end < first  # what is left fades, and nothing is added
    lower = mlp_history(learning_rate=0.3, thresholds=(10.0, 10.0, 0.001), **arguments)
    assert [row["writes"] > 0 for row in lower] == [False, False, True]
    assert [row["step"] for row in lower] == [898, 1796, 2694]
    assert [row["epoch"] for row in lower] == [2 / 3, 4 / 3, 2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(learning_rates=[0.1]), r"learning_rates must be a tuple.*got \[0.1\]"),
        (dict(thresholds=()), "thresholds must be a tuple"),
        (dict(learning_rates=(0.1,), learning_rate=0.1), "learning_rate must be left out"),
        (dict(thresholds=(0.1,), threshold=0.1), "threshold must be left out"),
        (dict(thresholds=(0.1,), memory=SynapticCache(0.1)), "leave them out"),
        (dict(thresholds=(0.1, None)), "memory cannot change"),
        (dict(learning_rates=(0.1,), sampling="shuffled"), "sampling must be 'sequential'"),
    ],
)
def test_schedules_that_cannot_be_are_refused(arguments, message):
    settings = {"dataset": "digits", "hidden": 5, "max_epochs": 2}
    with pytest.raises(ValueError, match=message):
        mlp_history(**settings, **arguments)


def test_noise_on_the_weights():
    arguments = dict(threshold=0.05, learning_rate=0.3, n_draws=2) | SCHEDULED
    none, some, much = mlp_noise(noises=(0.0, 0.5, 50.0), **arguments)
    assert none["noisy_accuracy"] == pytest.approx(none["accuracy"], abs=1e-12)
    assert none["accuracy"] >= some["noisy_accuracy"] > much["noisy_accuracy"]
    assert much["noisy_accuracy"] < 0.3
    # per synapse 0.05 of a change is still transient
    assert none["persistent_accuracy"] != none["accuracy"]
    train = mlp_noise(noises=(0.0,), accuracy_on="train", **arguments)[0]
    assert train["noisy_accuracy"] == pytest.approx(train["accuracy"], abs=1e-12)
    bare = mlp_noise(noises=(0.0,), **arguments | dict(threshold=None, decay_time=np.inf))[0]
    assert bare["persistent_accuracy"] == bare["accuracy"]


def test_what_is_never_reached_is_unknown_in_every_layer():
    (never,) = mlp_passages(
        accuracies=(1.0,), dataset="digits", published="vanrossum2024", hidden=(20, 10, 10),
        max_epochs=1, random_state=0,
    )  # fmt: skip
    of_layers = [never[f"writes_{layer}"] for layer in (1, 2, 3, 4)]
    assert np.isnan([never["step"], never["total"], *of_layers]).all()


def test_simpson_index_is_one_if_all_are_written_and_else_their_share():
    for rule, expected in ((AllSynapses(), 1), (RandomSynapses(0.25), 0.25)):
        records = mlp_writes(
            dataset="digits", published="vanrossum2024", hidden=16, plasticity=rule, max_epochs=1
        )
        learning_units = 15 / 16  # one is clamped
        assert records[0]["simpson"] == pytest.approx(expected * learning_units, rel=0.05)


def test_an_entry_called_error_is_no_failure():
    table = sweep(own_error, value=[1, 2], n_jobs=1, cache=False)
    assert list(table["error"]) == [0.1, 0.1]
    with pytest.warns(RuntimeWarning, match="1 of 2 runs failed; the column 'run_error' says why"):
        table = sweep(own_error, value=[1, -1], n_jobs=1, cache=False)
    assert table["error"][0] == 0.1
    assert table["run_error"][1] == "ZeroDivisionError: division by zero"


@pytest.mark.parametrize("wrong", [None, 0.5, [0.5], "text", pd.DataFrame({"a": [1]})])
def test_a_run_without_a_record_is_named_and_the_others_stay(tmp_path, wrong):
    def run(*, value, random_state):
        return {"value": value} if value else wrong

    match = "1 of 3 runs failed.*TypeError: .*run must return a record .dict. or a list of records"
    with pytest.warns(RuntimeWarning, match=match):
        table = sweep(run, value=[1, 0, 2], n_jobs=1, cache=tmp_path)
    assert list(table["value"]) == [1, 0, 2]
    assert len(list(tmp_path.rglob("output.pkl"))) == 2


def test_the_number_of_the_run_is_not_overwritten():
    def run(*, random_state):
        return {"seed": 7}

    with pytest.warns(RuntimeWarning, match="a record must not have an entry 'seed'"):
        assert list(sweep(run, seeds=2, n_jobs=1, cache=False)["seed"]) == [0, 1]


def test_what_is_an_axis():
    def run(*, a, b, c, random_state):
        return {"a": a, "b": b, "c": c}

    table = sweep(run, a=range(2), b=pd.Series([3, 4]), c=np.array(5), n_jobs=1, cache=False)
    assert table[["a", "b", "c"]].to_numpy().tolist() == [
        [0, 3, 5],
        [0, 4, 5],
        [1, 3, 5],
        [1, 4, 5],
    ]


def test_best_threshold_where_all_runs_fail():
    def run(*, threshold, random_state):
        raise ArithmeticError("never")

    with pytest.warns(RuntimeWarning, match="21 of 21 runs failed"):
        best, table = best_threshold(run, low=1, high=9, n_jobs=1, cache=False)
    assert set(best) == {"threshold", "mean", "lower", "upper"}
    assert np.isnan(list(best.values())).all()
    assert len(table) == 21


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(objective="cost"), "no entry 'cost'; they have seed, threshold, total, converged"),
        (dict(load=[1, 2]), r"load must be the same for all runs, got \[1, 2\]"),
    ],
)
def test_best_threshold_names_what_is_wrong(arguments, message):
    with pytest.raises(ValueError, match=message):
        best_threshold(noisy_parabola, low=1, high=9, n_jobs=1, cache=False, **arguments)


@pytest.mark.parametrize("jobs", ["", "auto", "0", "two", "1.5"])
def test_jobs_of_the_environment_are_named(monkeypatch, jobs):
    monkeypatch.setenv("SYNLIB_JOBS", jobs)
    with pytest.raises(ValueError, match=f"SYNLIB_JOBS must be a number of processes.*'?{jobs}'?$"):
        sweep(fragile, value=4, cache=False)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(random_state=1), "random_state cannot be an argument of a sweep"),
        (dict(random_state=[1, 2]), "random_state cannot be an argument of a sweep"),
        (dict(seed=[1, 2]), "seed cannot be an argument of a sweep"),
        (dict(value=[]), "value must have at least one value"),
        (dict(seeds=0), "seeds must be an integer of at least 1"),
        (dict(n_jobs=0), "n_jobs must be a number of processes"),
        (dict(n_jobs="auto"), "n_jobs must be a number of processes"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        sweep(fragile, cache=False, **arguments)


def test_bad_data_sets_are_named():
    with pytest.warns(RuntimeWarning, match=r"dataset must be one of mnist-subset.*got 'letters'"):
        sweep(mlp_run, dataset="letters", n_jobs=1, cache=False)
    with pytest.raises(TypeError, match="function must be callable"):
        sweep("mlp_run")


def test_home_is_understood_in_the_place_of_the_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    sweep(fragile, value=4, n_jobs=1, cache="~/given")
    monkeypatch.setenv("SYNLIB_CACHE", "~/set")
    sweep(fragile, value=4, n_jobs=1)
    for name in ("given", "set"):
        assert len(list((tmp_path / name).rglob("output.pkl"))) == 1


INTERRUPTED = SLOW.replace("sleep(0.1)", "sleep(0.1 if value < 4 else 60)")
assert INTERRUPTED != SLOW


def test_interrupting_is_quiet_and_keeps_what_is_finished(tmp_path):
    script, log, cache = tmp_path / "slow.py", tmp_path / "log", tmp_path / "cache"
    script.write_text(INTERRUPTED)
    command = [sys.executable, str(script), str(log), str(cache)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    deadline = time.monotonic() + 300
    while len(list(cache.rglob("output.pkl"))) < 4 and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)  # as the terminal does: to the workers too
    _, errors = process.communicate(timeout=60)
    assert process.returncode != 0
    assert errors.count("Traceback") == 1, errors
    # joblib's process that watches over semaphores may find, and say, that one is gone already
    said = [line for line in errors.splitlines() if "resource_tracker" not in line]
    assert said[-1].endswith("KeyboardInterrupt")
    assert len(list(cache.rglob("output.pkl"))) == 4


@pytest.fixture
def images():
    digits = load_digits()
    return Dataset(
        "small digits", digits.images_train[:60], digits.y_train[:60], digits.images_test[:20],
        digits.y_test[:20], (8, 8), brightest=255,
    )  # fmt: skip


def test_a_folder_and_a_dataset_are_data_sets(tmp_path, monkeypatch, images):
    folder = tmp_path / "small digits"
    folder.mkdir()
    for key, stem in FILES.items():
        array = getattr(images, key)
        write_idx(folder / f"{stem}.gz", array.reshape(-1, 8, 8) if "images" in key else array)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    run = dict(hidden=5, max_epochs=1)
    given = [images, folder, str(folder), "small digits", "~/small digits"]
    expected = mlp_run(dataset=images, random_state=seed_state(0), **run)
    assert (expected["dataset"], expected["checksum"]) == ("small digits", images.checksum)
    # workers, which may have been started elsewhere, find them too
    table = sweep(mlp_run, dataset=given, n_jobs=2, cache=tmp_path / "cache", **run)
    assert len(table) == 5
    for record in table.drop(columns="seed").to_dict("records"):
        assert record == pytest.approx(expected, nan_ok=True)
    for function in (mlp_history, mlp_writes):
        records = function(dataset=folder, random_state=0, **run)
        assert records[0]["checksum"] == images.checksum
    # other images in the folder are other data
    write_idx(folder / f"{FILES['y_train']}.gz", (images.y_train + 1) % 10)
    other = sweep(mlp_run, dataset=str(folder), n_jobs=1, cache=tmp_path / "cache", **run)
    assert other["checksum"][0] != images.checksum


@dataclass(frozen=True)
class Overnight(SynapticCache):
    """A memory of one's own."""

    threshold: float = 0.0
    scope: str = "network"
    check_every: int = 100


def test_a_memory_of_ones_own():
    memory = Overnight(maintenance_cost=1e-3)
    given = dict(dataset="digits", hidden=5, max_epochs=1, random_state=0)
    record = mlp_run(memory=memory, **given)
    assert record["memory"] == repr(memory)
    assert (record["threshold"], record["check_every"]) == (0.0, 100)
    same = mlp_run(threshold=0.0, scope="network", check_every=100, maintenance_cost=1e-3, **given)
    assert {k: v for k, v in record.items() if k != "memory"} == pytest.approx(
        {k: v for k, v in same.items() if k != "memory"}, nan_ok=True
    )
    neuron = perceptron_run(n_inputs=30, memory=SynapticCache(2.0), random_state=0)
    assert neuron == perceptron_run(n_inputs=30, threshold=2.0, random_state=0)
    with pytest.raises(ValueError, match=r"leave them out where memory= is given"):
        mlp_run(memory=memory, decay_time=10.0, **given)


def test_arrays_as_axes_give_numbers_in_records():
    table = sweep(
        mlp_run, dataset="digits", hidden=np.array([5]), max_epochs=1, n_jobs=1, cache=False
    )
    assert table["hidden"][0] == 5


def test_words_do_not_void_the_cache_but_code_does():
    source = 'def f(x):\n    """Twice."""\n    return 2 * x\n'
    reworded = 'def f(x):\n    """Two times."""\n    # a comment\n    return 2 * x\n'
    changed = source.replace("2 *", "3 *")
    assert _keys._code(source) == _keys._code(reworded)
    assert _keys._code(source) != _keys._code(changed)
