"""Chapters that draw their runs from a file: made whole, told on the page, found out if wrong."""

import gzip
import json
import re

import nbformat
import pytest
from click.testing import CliRunner

from synlib import stored
from synlib.book import execution, notebooks, runs, scorecard
from synlib.book.cli.commands import main

SWEEP = """
from synlib.experiments import perceptron_run
from synlib.sweep import sweep
table = sweep(perceptron_run, n_inputs=n_inputs, load=loads, seeds=seeds)
print(table["total"].sum())"""
CHECK = """
from synlib.book.scorecard import Card, judge
card = Card(judge("E2", ratio=table["inefficiency"]), chapter="01_one")
assert len(table) < 20, "too many"
card"""


def run(*arguments):
    return CliRunner().invoke(main, arguments)


@pytest.fixture
def book(tmp_path, monkeypatch):
    """A book of one chapter, whose paper profile has two loads and three seeds."""
    monkeypatch.setattr(notebooks, "ROOT", tmp_path)
    monkeypatch.setattr(execution, "warm", lambda: None)
    monkeypatch.setattr(scorecard, "RESULTS", tmp_path / "book" / "results")
    monkeypatch.setenv("SYNLIB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("SYNLIB_JOBS", "1")
    parameters = "n_inputs = 30\nloads = [0.5]\nseeds = 2"
    cells = [nbformat.v4.new_markdown_cell("# One")]
    cells += map(nbformat.v4.new_code_cell, (parameters, SWEEP, CHECK))
    cells[1].metadata["tags"] = ["parameters"]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    (tmp_path / "notebooks" / "params").mkdir(parents=True)
    nbformat.write(
        nbformat.v4.new_notebook(cells=cells, metadata=metadata),
        tmp_path / "notebooks" / "01_one.ipynb",
    )
    (tmp_path / "notebooks" / "params" / "01_one.yaml").write_text("loads: [0.5, 1.0]\nseeds: 3\n")
    return tmp_path


def figures(book, *options):
    """What a chapter says below its title, and prints, after `synlib figures`."""
    result = run("figures", "1", "--profile", "paper", "--jobs", "1", *options, "--output",
                 str(book / "out"))  # fmt: skip
    assert result.exit_code == 0, result.output
    cells = nbformat.read(book / "out" / "01_one.ipynb", as_version=4).cells
    said = next(cell.source for cell in cells if cell.id == "runs").splitlines()[1]
    printed = [cell.outputs[0].text for cell in cells if cell.source == SWEEP]
    return said.removesuffix(" {doc}`/book/running` says more."), printed


def test_runs_are_made_drawn_and_told(book, monkeypatch):
    said, computed = figures(book)
    assert said == "At the size of the papers: 6 runs, all computed for this page."
    result = run("runs", "1", "--jobs", "1")
    assert result.exit_code == 0, result.output
    assert re.search(r"^01_one: \d+ s of computing, 0\.\d+ MB$", result.output, re.MULTILINE)
    path = book / "book" / "runs" / "01_one.json.gz"
    header = stored.header(path)
    assert header["chapter"] == "01_one"
    (record,) = scorecard.load(book / "book" / "results").values()
    assert ([record["date"]] * 2, record["rows"][0].n_values) == (header["made"], 6)

    monkeypatch.setenv("SYNLIB_CACHE", str(book / "another"))
    said, drawn = figures(book)
    assert re.fullmatch(r"At the size of the papers: 6 runs, all stored on \d+ \w+ 20\d\d\.", said)
    assert drawn == computed
    assert not list((book / "another").rglob("output.pkl"))
    said, _ = figures(book, "-p", "seeds=4")
    assert re.fullmatch(r".*: 6 runs stored on .*, and 2 computed for this page\.", said)
    assert len(list((book / "another").rglob("output.pkl"))) == 2
    # small sizes are always computed
    assert run("figures", "1", "--jobs", "1", "--output", str(book / "quick")).exit_code == 0
    text = (book / "quick" / "01_one.ipynb").read_text("utf-8")
    assert "At small sizes, which take seconds: 2 runs, computed for this page." in text


def test_a_failing_chapter_replaces_nothing_and_what_was_finished_is_kept(book):
    assert run("runs", "1", "--jobs", "1").exit_code == 0
    kept = [book / "book" / "runs" / "01_one.json.gz", book / "book" / "results" / "01_one.json"]
    before = [path.read_bytes() for path in kept]
    profile = book / "notebooks" / "params" / "01_one.yaml"
    profile.write_text("loads: [0.5, 1.0]\nseeds: 10\n")
    result = run("runs", "1", "--jobs", "1")
    assert result.exit_code == 1
    assert "01_one failed: a check does not hold: assert len(table) < 20" in result.output
    assert [path.read_bytes() for path in kept] == before
    assert len(list((book / "cache").rglob("output.pkl"))) == 20
    assert sorted(path.name for path in kept[0].parent.iterdir()) == ["01_one.json.gz"]


def test_only_missing_runs_are_made_anew_if_so_asked(book, monkeypatch):
    assert run("runs", "1", "--jobs", "1").exit_code == 0
    path = book / "book" / "runs" / "01_one.json.gz"
    lines = gzip.decompress(path.read_bytes()).decode()
    today = stored.header(path)["made"][0]
    path.write_bytes(gzip.compress(lines.replace(today, "2026-01-02").encode()))
    (book / "notebooks" / "params" / "01_one.yaml").write_text("loads: [1.0, 1.5]\nseeds: 3\n")
    monkeypatch.setenv("SYNLIB_CACHE", str(book / "another"))
    assert run("runs", "1", "--missing", "--jobs", "1").exit_code == 0
    assert len(list((book / "another").rglob("output.pkl"))) == 3
    kept = stored.StoredRuns(path)
    assert kept.header["made"] == ["2026-01-02", today]
    found = [kept.find(key) for key in kept]
    assert [(entry.arguments["load"], entry.made) for entry in found] == [
        *[(1.0, "2026-01-02")] * 3, *[(1.5, today)] * 3,
    ]  # fmt: skip
    said, _ = figures(book)
    assert re.search(r"6 runs, all stored between 2 January 2026 and \d+ \w+ 20\d\d\.", said)


def test_a_changed_number_is_found_when_its_run_is_drawn(book):
    assert run("runs", "1", "--jobs", "1").exit_code == 0
    path = book / "book" / "runs" / "01_one.json.gz"
    result = run("check", "1:4")
    assert result.exit_code == 0, result.output
    assert result.output == "1:4: the same (perceptron_run, n_inputs=30, load=1.0, run 0)\n"
    head, *groups = gzip.decompress(path.read_bytes()).decode().splitlines()
    group = json.loads(groups[0])
    group["columns"]["n_updates"]["run"][3] += 1
    text = "\n".join([head, json.dumps(group), *groups[1:]]) + "\n"
    path.write_bytes(gzip.compress(text.encode()))
    assert run("check", "1:3").exit_code == 0
    for arguments in (["1:4"], ["--seed", "1", "--seconds", "100"]):  # all six are drawn
        result = run("check", *arguments)
        assert result.exit_code == 1
        assert re.search(
            r"1:4: differs .*\n  n_updates is stored as \d+, and is now", result.output
        )
        assert "make runs" in result.output
    assert "1 of 6 runs differ" in result.output


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("1", "a stored run is named CHAPTER:NUMBER, such as 5:317; got '1'"),
        ("7:1", "no chapter '7'; there are 01_one"),
        ("1:7", "01_one has the stored runs 1 to 6, got 7"),
        ("1:0", "01_one has the stored runs 1 to 6, got 0"),
    ],
)
def test_wrong_names_of_runs_are_refused(book, name, reason):
    some = [
        stored.Run("synlib.experiments.perceptron_run", {"load": 1.0}, seed, [{"total": 1.0}])
        for seed in range(6)
    ]
    runs.store("01_one", stored.Notes([], some, 0))
    result = run("check", name)
    assert result.exit_code == 2
    assert reason in result.output


def test_nothing_is_drawn_where_nothing_is_stored(book):
    assert runs.draw(1, 10) == []
    result = run("check", "1:1")
    assert result.exit_code == 1
    assert "no runs of 01_one are stored: `synlib runs 01_one`" in result.output
