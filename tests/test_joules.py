"""Chapter 13 draws from its stored runs, and says what is missing for others."""

import os

import pandas as pd
import pytest
from click.testing import CliRunner

from synlib import stored
from synlib._keys import can_import
from synlib.book import joules, runs
from synlib.book.cli.commands import main
from synlib.devices import Device

MINE = Device("mine", (1e-12, 3e-12), (1e3, 1e5))
RECORD = dict(
    seed=0, way="cache", step=10, accuracy=0.9, writes=400, final_writes=500, consolidation=4.0,
    outstanding=1.0, cells=100, most_written=20, transient_writes=3000,
)  # fmt: skip


@pytest.fixture(autouse=True)
def _nowhere(monkeypatch):
    monkeypatch.delenv(stored.FILE, raising=False)


def test_the_first_time_that_an_accuracy_is_reached():
    looks = [(10, 0.5), (20, 0.8), (30, 0.7), (40, 0.9)]
    table = pd.DataFrame(
        RECORD | dict(way=way, seed=seed, step=step, accuracy=accuracy - 0.3 * (way == "b"))
        for way in "ab"
        for seed in (0, 1)
        for step, accuracy in looks[seed:]
    )
    at = joules.first_reached(table, 0.75, ["way"])
    assert at[["way", "seed", "step", "reached"]].to_numpy().tolist() == [
        ["a", 0, 20, True], ["a", 1, 20, True], ["b", 0, 40, False], ["b", 1, 40, False],
    ]  # fmt: skip


def test_bills_are_those_of_the_device():
    table = pd.DataFrame([RECORD, RECORD | dict(final_writes=50, most_written=1)])
    capacitor = Device("capacitor", (1e-13, 2e-13), None)
    (first, second) = joules.billed(table, MINE, transient=capacitor).to_dict("records")
    assert first["joules_low"] == pytest.approx(500e-12 + 300e-12)
    assert first["joules_high"] == pytest.approx(1500e-12 + 600e-12)
    assert (first["life_low"], first["life_high"]) == pytest.approx((20 / 1e5, 20 / 1e3))
    assert second["joules_low"] == pytest.approx(50e-12 + 300e-12)
    pulses = joules.billed(table, MINE, step=0.001)  # a distance of 5 takes 5,000
    assert pulses["joules_low"][0] == pytest.approx(5000e-12)
    assert pulses["life_low"][0] == pytest.approx(200 / 1e5)
    assert joules.billed(table, capacitor)["life_low"].isna().all()


def test_the_table_of_memories_has_all_and_says_what_is_not_known():
    table = joules.memories().data
    for text in ("PCM", "2 pJ to 25 pJ", "10<sup>9</sup> to 10<sup>12</sup>", "0.5 fJ to 10 pJ"):
        assert text in table
    assert table.count("not known") == 3  # flash
    assert "..." not in table


def test_a_run_that_is_not_stored_says_what_to_install():
    if can_import("torch"):
        pytest.skip("PyTorch is here, and would compute it")
    with pytest.raises(
        joules.MissingExtra, match=r'1 of these runs .* pip install "synlib\[torch\]"'
    ):
        joules.learned(learning_rate=0.123, n_jobs=1, cache=False)


def test_what_is_stored_needs_no_pytorch():
    path = runs.path_of(joules.CHAPTER)
    kept = stored.StoredRuns(path)
    assert kept.functions == ["synlib.experiments.torch_history"]
    run = kept.find(next(iter(kept)))
    arguments = {name: runs.revived(value) for name, value in run.arguments.items()}
    table = joules.learned(**arguments, n_jobs=1, cache=False)
    assert list(table["accuracy"]) == [record["accuracy"] for record in run.records]


def test_who_runs_the_chapters_has_a_say_where_runs_are_looked_up(monkeypatch):
    monkeypatch.setenv(stored.FILE, "")  # all are to be computed
    runs.use_stored(joules.CHAPTER)
    if not can_import("torch"):
        with pytest.raises(joules.MissingExtra):
            joules.learned(seeds=1, n_jobs=1, cache=False)
    monkeypatch.delenv(stored.FILE)
    runs.use_stored("06_multilayer_caching_that_is_not_there")
    assert os.environ[stored.FILE] == ""


def test_runs_that_need_what_is_not_installed_are_left_out_and_named(monkeypatch):
    monkeypatch.setattr(runs, "can_import", lambda package: False)
    assert runs.chapters_lacking() == {joules.CHAPTER: ["torch"]}
    for seed in range(3):
        drawn = runs.draw(seed, budget=20)
        assert drawn
        assert not any(each.run.function.endswith("torch_history") for each in drawn)
    result = CliRunner().invoke(main, ["check", "13:1"])
    assert result.exit_code == 1
    assert 'torch is missing: pip install "synlib[torch]"' in result.output
    monkeypatch.setattr(runs, "draw", lambda seed, seconds: [])
    result = CliRunner().invoke(main, ["check"])
    assert "13_joules is left out: torch is not installed" in result.output
