"""What is drawn from stored runs is what was computed, to the last bit, or it is found out."""

import gzip
import json
import os

import numpy as np
import pandas as pd
import pytest

from synlib import (
    AllSynapses,
    LargestUpdates,
    RandomNeurons,
    Subnetwork,
    SynapticCache,
    _columns,
    _described,
    load_digits,
    stored,
)
from synlib._described import NotStorable, described, revived
from synlib._keys import can_import
from synlib.book import runs
from synlib.experiments import (
    mlp_history,
    mlp_noise,
    mlp_run,
    mlp_writes,
    perceptron_exponents,
    perceptron_run,
    spiking_run,
)
from synlib.stored import Run, StoredRuns
from synlib.sweep import sweep

NETS = dict(dataset="digits", hidden=[10, 20], max_epochs=2, seeds=2)
CACHE = dict(threshold=0.01, decay_time=100.0, maintenance_cost=1e-3)
SWEEPS = [
    (mlp_history, NETS | CACHE | dict(plasticity=LargestUpdates((0.1, 0.5)), evaluate_every=500)),
    (mlp_run, NETS | dict(plasticity=Subnetwork(5, then=LargestUpdates(0.1)))),
    (mlp_writes, NETS | dict(hidden=10, n_quantiles=4)),
    (mlp_noise, NETS | CACHE | dict(hidden=10, noises=(0.0, 0.5))),
    (perceptron_run, CACHE | dict(n_inputs=40, threshold=[None, 1, 2.0], load=[0.5, 1], seeds=3)),
    (perceptron_run, dict(n_inputs=40, memory=SynapticCache(2.0), seeds=2)),
    (perceptron_exponents, dict(n_inputs=40, exponents=(0, 1.5), seeds=2)),
    (spiking_run, dict(n_patterns=2, max_rounds=5, seeds=2)),
]


def all_tables():
    return [sweep(f, n_jobs=1, cache=False, **arguments) for f, arguments in SWEEPS]


@pytest.fixture
def noted(tmp_path, monkeypatch):
    """A function that gives what sweeps have left notes about since it was last called."""
    number = iter(range(100))

    def begin():
        folder = tmp_path / f"notes{next(number)}"
        folder.mkdir()
        monkeypatch.setenv(stored.NOTES, str(folder))
        return folder

    folders = [begin()]

    def notes():
        folders.append(begin())
        return stored.notes(folders[-2])

    return notes


@pytest.fixture
def draw_from(tmp_path, monkeypatch):
    """A function that stores runs where sweeps look for them."""

    def draw(runs):
        path = tmp_path / "runs.json.gz"
        stored.write(path, {"made": "2026-01-02", "seconds": 3}, runs)
        monkeypatch.setenv(stored.FILE, str(path))
        return path

    return draw


def test_tables_are_the_same_to_the_bit(noted, draw_from):
    computed = all_tables()
    notes = noted()
    assert (len(notes.known), notes.others) == (0, 0)
    path = draw_from(notes.finished)
    drawn = all_tables()
    again = noted()
    assert again.finished == []
    assert again.known == [run.key for run in notes.finished] == list(StoredRuns(path))
    for table, other in zip(computed, drawn, strict=True):
        pd.testing.assert_frame_equal(table, other, check_exact=True)
    before = path.read_bytes()
    assert draw_from(notes.finished).read_bytes() == before  # neither a time nor a name in it
    assert stored.header(path)["made"] == "2026-01-02"


def test_only_what_is_not_stored_is_computed(noted, draw_from):
    axes = dict(n_inputs=40, load=[0.5, 1.0], n_jobs=1, cache=False)
    sweep(perceptron_run, seeds=1, **axes)
    draw_from(noted().finished)
    wider = sweep(perceptron_run, seeds=3, **axes)
    notes = noted()
    assert (len(notes.known), len(notes.finished)) == (2, 4)
    assert {run.seed for run in notes.finished} == {1, 2}
    os.environ.pop(stored.FILE)
    expected = sweep(perceptron_run, seeds=3, **axes)
    pd.testing.assert_frame_equal(wider, expected, check_exact=True)


def own_run(*, n_inputs, random_state):
    return {"n_inputs": n_inputs}


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (perceptron_run, dict(n_inputs=41)),
        (perceptron_run, dict(n_inputs=40, load=1)),  # 1.0 would be in the record
        (perceptron_exponents, dict(n_inputs=40)),
        (own_run, dict(n_inputs=40)),
    ],
)
def test_no_other_run_is_taken_for_a_stored_one(noted, draw_from, function, arguments):
    sweep(perceptron_run, n_inputs=40, load=1.0, n_jobs=1, cache=False)
    draw_from(noted().finished)
    sweep(function, n_jobs=1, cache=False, **arguments)
    assert not noted().known


def test_other_images_under_the_same_name_are_other_runs(noted, draw_from, monkeypatch):
    run = dict(dataset="digits", hidden=5, max_epochs=1, n_jobs=1, cache=False)
    sweep(mlp_run, **run)
    draw_from(noted().finished)
    sweep(mlp_run, **run)
    assert noted().known
    monkeypatch.setattr(_described, "checksum", lambda dataset: "another")
    sweep(mlp_run, **run)
    assert not noted().known


def test_runs_that_cannot_be_stored_are_counted(noted):
    sweep(own_run, n_inputs=[1, 2], n_jobs=1, cache=False)
    sweep(mlp_run, dataset=load_digits(), hidden=5, max_epochs=1, n_jobs=1, cache=False)
    with pytest.warns(RuntimeWarning, match="runs failed"):
        sweep(perceptron_run, n_inputs=-1, n_jobs=1, cache=False)
    notes = noted()
    assert (notes.known, notes.finished, notes.others) == ([], [], 4)


@pytest.mark.parametrize(
    "value",
    [
        None, True, 1, 1.0, float("inf"), "text", (1, (2.0, None)), AllSynapses(),
        Subnetwork(5, then=LargestUpdates((0.1, 0.2), within="neuron")),
        LargestUpdates(0.1, within="network"), RandomNeurons((0.1, 1.0), "label"),
        SynapticCache(0.1, then=SynapticCache(0.2, "synapse", decay_time=3.0)), "mnist-subset",
    ],
)  # fmt: skip
def test_arguments_are_read_as_they_were(value):
    text = json.dumps(described(value))
    assert revived(json.loads(text)) == value
    assert type(revived(json.loads(text))) is type(value)


@pytest.mark.parametrize("value", [np.arange(3), [1], {"a": 1}, {1}, object(), np.float32(1)])
def test_other_arguments_are_refused(value):
    with pytest.raises(NotStorable, match="cannot be stored"):
        described(value)


@pytest.mark.parametrize("name", ["os.system", "builtins.eval", "synlib.nowhere.f", "synlib.mlp.f"])
def test_nothing_but_the_library_is_called(name):
    with pytest.raises(ValueError, match="library"):
        _described.of_library(name)


def test_a_file_is_whole_or_as_it_was(tmp_path):
    path = tmp_path / "runs.json.gz"
    good = Run("synlib.experiments.f", {"a": 1}, 0, [{"x": 1.0}])
    stored.write(path, {"made": "2026-01-02"}, [good])
    before = path.read_bytes()
    for records in ([{"x": np.arange(2)}], [{"x": 1.0}, {"y": 2.0}]):
        with pytest.raises(NotStorable):
            stored.write(path, {}, [good, Run(good.function, {"a": 2}, 0, records)])
        assert [entry.name for entry in tmp_path.iterdir()] == ["runs.json.gz"]
        assert path.read_bytes() == before


@pytest.mark.parametrize("fault", ["cut", "no gzip", "no json", "no header", "column", "kind"])
def test_a_damaged_file_is_named(tmp_path, fault):
    path = tmp_path / "runs.json.gz"
    kept = Run("synlib.experiments.f", {"a": 1}, 0, [{"x": 1.0}])
    stored.write(path, {"made": "2026-01-02"}, [kept])
    lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    replaced = {
        "no json": lines[0] + "\n{", "no header": "", "column": lines[0] + "\n{}",
        "kind": "\n".join(lines).replace('"x":{"same"', '"x":{"thesame"'),
    }  # fmt: skip
    if fault in replaced:
        path.write_bytes(gzip.compress(replaced[fault].encode()))
    else:
        path.write_bytes(path.read_bytes()[:-20] if fault == "cut" else b"text")
    with pytest.raises(ValueError, match=r"runs.json.gz does not hold stored runs"):
        StoredRuns(path).find(kept.key)


def test_what_follows_from_other_entries_is_stored_only_if_it_does_not():
    layers = [{"writes": 3, "writes_1": 1, "writes_2": 2}, {"writes": 6, "writes_1": 2,
              "writes_2": 4}]  # fmt: skip
    encoded = _columns.encode([layers])
    assert encoded["writes"] == {"sum": ["writes_1", "writes_2"]}
    assert _columns.decode(encoded, [2]) == [layers]
    layers[1]["writes"] = 7
    assert _columns.encode([layers])["writes"] == {"row": [3, 7]}
    ratio = {"total": 3.0, "minimal": 7.0, "inefficiency": 3 / 7}
    assert _columns.encode([[ratio]])["inefficiency"] == {"ratio": ["total", "minimal"]}
    ratio["inefficiency"] = np.nextafter(3 / 7, 1)
    assert _columns.encode([[ratio]])["inefficiency"] == {"same": ratio["inefficiency"]}


def another(value, relative):
    """A value as near to this one as its kind allows."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, str):
        return value + "."
    if not np.isfinite(value):
        return 0.5
    return value * (1 + relative) or relative


def test_a_changed_number_is_found_when_the_run_is_repeated(noted):
    sweep(mlp_history, n_jobs=1, cache=False, **(NETS | CACHE | dict(evaluate_every=500)))
    sweep(perceptron_run, n_jobs=1, cache=False, n_inputs=40, seeds=2)
    sweep(spiking_run, n_jobs=1, cache=False, n_patterns=2, max_rounds=5, seeds=2)
    finished = noted().finished
    for function, relative in (("mlp_history", 1e-8), ("perceptron_run", 1e-8), ("spiking_run", 0)):
        kept = [run for run in finished if run.function == f"synlib.experiments.{function}"]
        assert [runs.repeat(runs.Drawn("", run)) for run in kept] == [[]] * len(kept)
        text = json.dumps(stored._encode(kept))
        tampered = 0
        for name, column in json.loads(text)["columns"].items():
            ((kind, values),) = column.items()
            if kind in ("sum", "ratio") or name in stored.VERSIONS:
                continue
            group = json.loads(text)
            least = relative or np.finfo(float).eps
            if kind == "same":
                group["columns"][name] = {kind: another(values, least)}
            else:
                values[-1] = another(values[-1], least)
                group["columns"][name] = {kind: values}
            found = runs.repeat(runs.Drawn("", stored._decode(group)[-1]))
            assert any(line.startswith(f"{name} is stored as") for line in found), name
            tampered += 1
        assert tampered > 10


def test_a_random_handful_is_still_what_the_library_computes():
    """Drawn anew each time; the seed is at the top of what pytest prints."""
    for drawn in runs.draw(int(os.environ["SYNLIB_DRAW"]), budget=10):
        assert runs.repeat(drawn) == [], f"`synlib check {drawn.name}`: {runs.summary(drawn.run)}"


def test_only_chapters_that_need_pytorch_are_left_out_of_that():
    lacking = runs.chapters_lacking()
    assert lacking == ({} if can_import("torch") else {"13_joules": ["torch"]})
    if lacking:
        pytest.skip("runs of 13_joules are not repeated here, but by `make test-torch`")


def test_one_layer_of_chapter_14_is_that_of_the_chapters_before():
    """To the bit. A run may have gone on to other accuracies, which those before do not know of."""

    def known(chapter):
        kept = stored.opened(runs.path_of(chapter))
        for run in map(kept.find, kept):
            arguments = dict(run.arguments)
            passages = arguments.pop("accuracies", None)
            for record in run.records:
                at = record["accuracy"] if passages else ""
                record = {key: value for key, value in record.items() if key != "last_step"}
                yield f"{stored.key(run.function, arguments, run.seed)} {at}", record

    before = {}
    for chapter in ("07_energy_of_backprop", "08_competitive_plasticity", "09_plastic_subnetworks",
                    "10_caching_meets_competition"):  # fmt: skip
        before |= known(chapter)
    compared = 0
    for key, record in known("14_depth"):
        if key in before:
            assert not stored.differences(Run("", {}, 0, [before[key]]), [record]), key
            compared += 1
    assert compared > 20


def test_a_memory_may_have_got_settings_since():
    run = stored.Run("f", {}, 0, [{"memory": "Cache(threshold=1.0)"}])
    assert not stored.differences(run, [{"memory": "Cache(threshold=1.0, hidden=False)"}])
    for other in ("Cache(threshold=2.0, hidden=False)", "Cache(threshold=1.01)", "Cache()"):
        assert stored.differences(run, [{"memory": other}])
