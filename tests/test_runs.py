"""Chapters that draw their runs from a file: made whole, told on the page, found out if wrong."""

import gzip
import json
import os
import re
import shutil

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


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A book of one chapter, whose paper profile has two loads and three seeds, with its runs."""
    root = tmp_path_factory.mktemp("book")
    parameters = "n_inputs = 30\nloads = [0.5]\nseeds = 2"
    cells = [nbformat.v4.new_markdown_cell("# One")]
    cells += map(nbformat.v4.new_code_cell, (parameters, SWEEP, CHECK))
    cells[1].metadata["tags"] = ["parameters"]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=metadata)
    (root / "notebooks" / "params").mkdir(parents=True)
    nbformat.write(notebook, root / "notebooks" / "01_one.ipynb")
    (root / "notebooks" / "params" / "01_one.yaml").write_text("loads: [0.5, 1.0]\nseeds: 3\n")
    with pytest.MonkeyPatch.context() as patch:
        move_to(root, patch)
        result = run("runs", "1", "--jobs", "1")
    assert result.exit_code == 0, result.output
    assert re.search(r"^01_one: \d+ s of computing, 0\.\d+ MB$", result.output, re.MULTILINE)
    assert len(list((root / "cache").rglob("output.pkl"))) == 6
    return root


def move_to(root, patch):
    patch.setattr(notebooks, "ROOT", root)
    patch.setattr(execution, "warm", lambda: None)
    patch.setattr(scorecard, "RESULTS", root / "book" / "results")
    patch.setenv("SYNLIB_CACHE", str(root / "cache"))
    patch.setenv("SYNLIB_JOBS", "1")


@pytest.fixture
def book(made, tmp_path, monkeypatch):
    """A copy of that book, and nothing in the cache."""
    root = tmp_path / "book"
    shutil.copytree(made, root, ignore=shutil.ignore_patterns("cache"))
    move_to(root, monkeypatch)
    return root


def in_cache(book):
    return len(list((book / "cache").rglob("output.pkl")))


def told(path):
    """What a chapter says below its title, and what it prints."""
    cells = nbformat.read(path, as_version=4).cells
    said = next(cell.source for cell in cells if cell.id == "runs").splitlines()[1]
    printed = [cell.outputs[0].text for cell in cells if cell.source == SWEEP]
    return said.removesuffix(" {doc}`/book/running` says more."), printed


def figures(book, *options):
    """What is told after `synlib figures`."""
    result = run("figures", "1", "--profile", "paper", "--jobs", "1", *options, "--output",
                 str(book / "out"))  # fmt: skip
    assert result.exit_code == 0, result.output
    return told(book / "out" / "01_one.ipynb")


def test_runs_are_drawn_and_told(book):
    said, computed = told(book / "_build" / "runs" / "01_one.ipynb")
    assert said == "At the size of the papers: 6 runs, all computed for this page."
    header = stored.header(book / "book" / "runs" / "01_one.json.gz")
    assert header["chapter"] == "01_one"
    (record,) = scorecard.load(book / "book" / "results").values()
    (row,) = record["rows"]
    assert ([record["date"]] * 2, row.claim, row.n_values) == (header["made"], "E2", 6)
    assert 0 < row.low <= row.value <= row.high
    assert "SYNLIB_FIGURES" not in os.environ  # nothing is left for those who come after

    said, drawn = figures(book)
    cells = nbformat.read(book / "out" / "01_one.ipynb", as_version=4).cells
    assert cells[2].source == "n_inputs = 30\nloads = [0.5, 1.0]\nseeds = 3"
    assert cells[3].source == SWEEP
    assert re.fullmatch(r"At the size of the papers: 6 runs, all stored on \d+ \w+ 20\d\d\.", said)
    assert drawn == computed
    assert in_cache(book) == 0
    said, _ = figures(book, "-p", "seeds=4")
    assert re.fullmatch(r".*: 6 runs stored on .*, and 2 computed for this page\.", said)
    assert in_cache(book) == 2


def test_a_chapter_of_one_size_draws_its_runs_in_both_profiles(book):
    (book / "notebooks" / "params" / "01_one.yaml").write_text("{}\n")
    for profile in ("quick", "paper"):
        said, _ = figures(book, "--profile", profile)
        assert re.fullmatch(
            r"This chapter has one size: 2 runs, all stored on \d+ \w+ 20\d\d\.", said
        )
    assert in_cache(book) == 0
    said, _ = figures(book, "--profile", "quick", "-p", "seeds=4")
    assert said.endswith("and 1 computed for this page.")


def test_the_output_may_be_beside_where_one_is(book, monkeypatch):
    monkeypatch.chdir(book)  # chapters run in another folder
    result = run("figures", "1", "--jobs", "1", "--output", "beside")
    assert result.exit_code == 0, result.output
    assert told(book / "beside" / "01_one.ipynb")[0].endswith("2 runs, computed for this page.")


def test_a_failing_chapter_replaces_nothing_and_what_was_finished_is_kept(book):
    kept = [book / "book" / "runs" / "01_one.json.gz", book / "book" / "results" / "01_one.json"]
    before = [path.read_bytes() for path in kept]
    profile = book / "notebooks" / "params" / "01_one.yaml"
    profile.write_text("loads: [0.5, 1.0]\nseeds: 10\n")
    result = run("runs", "1", "--jobs", "1")
    assert result.exit_code == 1
    assert "01_one failed: a check does not hold: assert len(table) < 20" in result.output
    assert [path.read_bytes() for path in kept] == before
    assert in_cache(book) == 20
    assert sorted(path.name for path in kept[0].parent.iterdir()) == ["01_one.json.gz"]


def test_only_missing_runs_are_made_anew_if_so_asked(book):
    path = book / "book" / "runs" / "01_one.json.gz"
    lines = gzip.decompress(path.read_bytes()).decode()
    today = stored.header(path)["made"][0]
    path.write_bytes(gzip.compress(lines.replace(today, "2026-01-02").encode()))
    (book / "notebooks" / "params" / "01_one.yaml").write_text("loads: [1.0, 1.5]\nseeds: 3\n")
    assert run("runs", "1", "--missing", "--jobs", "1").exit_code == 0
    assert in_cache(book) == 3
    kept = stored.StoredRuns(path)
    assert kept.header["made"] == ["2026-01-02", today]
    found = [kept.find(key) for key in kept]
    assert [(entry.arguments["load"], entry.made) for entry in found] == [
        *[(1.0, "2026-01-02")] * 3, *[(1.5, today)] * 3,
    ]  # fmt: skip
    said, _ = figures(book)
    assert re.search(r"6 runs, all stored between 2 January 2026 and \d+ \w+ 20\d\d\.", said)


def test_a_changed_number_is_found_when_its_run_is_drawn(book):
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
    result = run("check", name)
    assert result.exit_code == 2
    assert reason in result.output


def test_nothing_is_drawn_where_nothing_is_stored(book):
    (book / "book" / "runs" / "01_one.json.gz").unlink()
    assert runs.draw(1, 10) == []
    result = run("check", "1:1")
    assert result.exit_code == 1
    assert "no runs of 01_one are stored: `synlib runs 01_one`" in result.output


def test_energies_may_differ_in_the_last_digits(monkeypatch):
    found = {"step": 3, "total": 2.0}
    monkeypatch.setattr(runs, "run_once", lambda function, arguments: ([found], 0.0))
    for name in ("mlp_run", "perceptron_run", "spiking_run"):
        is_exact = name == "spiking_run"
        near = stored.Run(f"synlib.experiments.{name}", {}, 0, [found | {"total": 2 + 1e-15}])
        wrong = stored.Run(f"synlib.experiments.{name}", {}, 0, [found | {"step": 4}])
        assert bool(runs.repeat(runs.Drawn("", near, is_of_here=True))) == is_exact
        assert not runs.repeat(runs.Drawn("", near, is_of_here=False))
        assert runs.repeat(runs.Drawn("", wrong, is_of_here=False))


def test_what_cannot_be_computed_here_stays_as_it_is_stored(book, monkeypatch):
    monkeypatch.setattr(runs, "lacking", lambda function: ["torch"])
    (file,) = (book / "book" / "runs").iterdir()
    before = file.read_bytes()
    result = run("runs")
    assert result.exit_code == 0, result.output
    assert "01_one stays as it is: torch is not installed" in result.output
    result = run("runs", "1")
    assert result.exit_code == 1
    assert result.output.strip() == (
        'Error: 01_one cannot be computed here: torch is missing: pip install "synlib[torch]"'
    )
    assert file.read_bytes() == before
