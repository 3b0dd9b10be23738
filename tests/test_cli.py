"""The command line: exit codes and messages that a script can rely on, and real figures."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import papermill
import pytest
import yaml
from click import ClickException
from click.testing import CliRunner

from synlib import cli, notebooks, scorecard, up_to_date
from synlib.claims import CLAIMS
from tools import refresh_notebooks

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def run(*arguments):
    return CliRunner().invoke(cli.main, arguments)


def test_figures_come_with_their_numbers(tmp_path):
    command = Path(sys.executable).with_name("synlib")
    result = subprocess.run(
        [command, "figures", "01", "04", "-p", "n_inputs=100", "-p", "loads=[0.5, 1.0]",
         "-p", "seeds=2", "-p", "costs=[0.01]", "--output", tmp_path, "--jobs", "2"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    for chapter in ("04_consolidation_scopes", "01_perceptron_energy"):
        assert re.search(rf"\[[12]/2\] {chapter} \(quick\)", result.stderr)
        assert re.search(rf"{chapter}: done in \d+ s", result.stderr)
        assert (tmp_path / f"{chapter}.ipynb").is_file()
    assert (tmp_path / "fig-scopes-cost.png").is_file()
    for name, label in (
        ("fig-perceptron-energy", "learning"),
        ("fig-perceptron-inefficiency", "theory"),
    ):
        assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        assert "</svg>" in (tmp_path / f"{name}.svg").read_text()
        axes, *below = json.loads((tmp_path / f"{name}.json").read_text())["axes"]
        assert [axes, *below][-1]["x"] == "load $P/N$ (patterns per input)"
        lines = {line["label"]: line for line in axes["lines"]}
        assert lines[label] is not None
        assert any(line["x"] == [0.5, 1.0] for line in axes["lines"])


def test_wrong_parameter_names_are_refused_with_the_nearest(tmp_path):
    result = run("figures", "01", "-p", "n_input=5", "--output", str(tmp_path / "new"))
    assert result.exit_code == 2
    assert "no chapter has a parameter 'n_input'; did you mean 'n_inputs'?" in result.output
    assert not (tmp_path / "new").exists()


def test_other_mistakes_are_named(tmp_path, monkeypatch):
    result = run("figures", "99")
    assert result.exit_code == 2
    assert "no chapter '99'; there are 01_perceptron_energy" in result.output
    result = run("figures", "01", "-p", "seeds")
    assert result.exit_code == 2
    assert "-p takes NAME=VALUE, got 'seeds'" in result.output
    result = run("figures", "01", "--profile", "huge")
    assert result.exit_code == 2
    (tmp_path / "file").write_text("")
    result = run("figures", "01", "--output", str(tmp_path / "file"))
    assert result.exit_code == 1
    assert "cannot write to" in result.output
    monkeypatch.setattr(notebooks, "ROOT", tmp_path)
    result = run("book")
    assert result.exit_code == 1
    assert "the notebooks are not here" in result.output


def test_each_failing_notebook_is_one_line(tmp_path):
    for chapters in (["01"], ["01", "04"]):
        result = run("figures", *chapters, "-p", "seeds=0", "--output", str(tmp_path))
        assert result.exit_code == 1
        last = "".join(result.output.strip().splitlines()[-len(chapters) :])
        for chapter in chapters:
            assert re.search(rf"{chapter}_\w+ failed: ValueError: seeds must be an integer", last)


@pytest.mark.parametrize("path", notebooks.all_notebooks(), ids=lambda path: path.stem)
def test_paper_profiles_set_parameters_that_exist(path):
    values = notebooks.profile_values(path, "paper")
    known = papermill.inspect_notebook(path)
    assert set(values) <= set(known)
    # the scorecard runs nothing; a learning rate of 0.001 takes minutes for each seed
    least = {"05_multilayer_energy": 3}.get(path.stem, 5)
    assert values.get("seeds", 5) >= least
    if "dataset" in known:
        assert values["dataset"] == "mnist"


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_are_valid_and_call_what_exists(path):
    workflow = yaml.safe_load(path.read_text())
    assert workflow["name"]
    assert workflow[True]  # what YAML makes of "on"
    targets = set(re.findall(r"^([a-z./-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"] <= 120
        for step in job["steps"]:
            assert ("run" in step) != ("uses" in step)
            if "uses" in step:
                assert re.fullmatch(r"[\w-]+/[\w-]+@v\d+", step["uses"])
                continue
            for line in step["run"].splitlines():
                words = line.split()
                if words[0] == "make":
                    assert words[1] in targets
                elif words[0].startswith(".venv/bin/"):
                    assert Path(sys.executable).with_name(Path(words[0]).name).exists()
                    if words[0].endswith("synlib"):
                        assert words[1] in cli.main.commands
                else:
                    assert shutil.which(words[0]), line


def test_a_changed_library_or_result_voids_old_pages(tmp_path, monkeypatch):
    monkeypatch.setattr(up_to_date, "ROOT", tmp_path)
    (tmp_path / "requirements.txt").touch()
    old = tmp_path / "_build" / ".doctrees"
    for changed in (tmp_path / "synlib" / "mlp.py", tmp_path / "book" / "results" / "01.json"):
        cli._forget_old_pages(tmp_path / "_build")
        old.mkdir(parents=True)
        cli._forget_old_pages(tmp_path / "_build")
        assert old.exists()
        changed.parent.mkdir(parents=True)
        changed.write_text("{}")
        cli._forget_old_pages(tmp_path / "_build")
        assert not old.exists()


def test_chapters_run_again_when_what_they_depend_on_has_changed(tmp_path, monkeypatch):
    """Two notebooks that count how often they were run, one of them the summary."""
    monkeypatch.setattr(up_to_date, "ROOT", tmp_path)
    monkeypatch.setattr(notebooks, "warm", lambda: None)
    for folder in ("synlib", "notebooks", "book/results"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "requirements.txt").touch()
    counting = (
        "from pathlib import Path\nwith Path('runs').open('a') as runs:\n    runs.write('{}')"
    )
    chapters = [tmp_path / "notebooks" / f"{name}.ipynb" for name in ("01_one", notebooks.SUMMARY)]
    for path, letter in zip(chapters, "os", strict=True):
        cell = nbformat.v4.new_code_cell(counting.format(letter), id="count")
        metadata = {
            "kernelspec": {"name": "python3", "display_name": ""},
            "language_info": {"name": "python"},
        }
        nbformat.write(nbformat.v4.new_notebook(cells=[cell], metadata=metadata), path)
    output = tmp_path / "executed"

    def runs():
        (output / "runs").unlink(missing_ok=True)
        with contextlib.suppress(ClickException):
            notebooks.run_notebooks(chapters, "quick", {}, output, 2, keep=True)
        return (output / "runs").read_text() if (output / "runs").exists() else ""

    assert runs() == "os"
    assert runs() == ""
    (tmp_path / "requirements.txt").write_text("numpy==3\n")
    assert runs() == "os"
    (tmp_path / "synlib" / "mlp.py").touch()
    assert runs() == "os"
    (tmp_path / "book" / "results" / "01.json").write_text("{}")
    assert runs() == "s"
    text = chapters[0].read_text()
    chapters[0].write_text(text.replace("runs.write('o')", "runs.write('o'); 1 / 0"))
    assert runs() == "o"
    assert runs() == "o"  # what failed is never kept
    chapters[0].write_text(text)
    assert runs() == "o"
    (output / "01_one.ipynb").unlink()
    assert runs() == "o"
    assert runs() == ""


def test_scorecard_rows_are_taken_from_an_executed_notebook(tmp_path):
    chapter = ROOT / "notebooks" / "12_spiking_neuron.ipynb"
    small = dict(n_patterns=[1, 2], thresholds=[0.1, 0.2], seeds=2)
    notebooks.run_notebooks([chapter], "quick", small, tmp_path, 1, results=tmp_path / "results")
    assert "SYNLIB_FIGURES" not in os.environ  # nothing is left for those who come after
    (record,) = scorecard.load(tmp_path / "results").values()
    (row,) = record["rows"]
    assert (row.claim, row.n_values) == ("E16", 2)
    assert 0 < row.low <= row.value <= row.high < 1


def test_stored_verdicts_are_shown():
    result = run("scorecard")
    assert result.exit_code == 0
    last = result.output.strip().splitlines()[-1]
    counts = [int(part.split(": ")[1]) for part in last.split(", ")]
    assert sum(counts) == len(CLAIMS)


@pytest.mark.parametrize(
    ("remote", "address"),
    [
        ("https://github.com/someone/synlib.git", "https://github.com/someone/synlib"),
        ("git@github.com:someone/synlib.git", "https://github.com/someone/synlib"),
        ("ssh://git@github.com/someone/synlib", "https://github.com/someone/synlib"),
        ("/somewhere/else", None),
        (None, None),
    ],
)
def test_launch_buttons_only_with_an_address(tmp_path, monkeypatch, remote, address):
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    if remote:
        subprocess.run(["git", "-C", tmp_path, "remote", "add", "origin", remote], check=True)
    assert cli.repository_address(tmp_path) == address
    monkeypatch.setattr(cli, "repository_address", lambda: address)
    config = cli._config()
    assert ("launch_buttons" in config) == (address is not None)
    assert config.get("repository", {}).get("url") == address


def test_the_address_of_a_workflow_comes_first(monkeypatch, tmp_path):
    monkeypatch.setenv("GITHUB_REPOSITORY", "a/b")
    assert cli.repository_address(tmp_path) == "https://github.com/a/b"


def test_colab_only_with_notebooks_that_install_the_library(tmp_path, monkeypatch):
    address = "https://github.com/a/b"
    shutil.copy(ROOT / "_config.yml", tmp_path)
    monkeypatch.setattr(notebooks, "ROOT", tmp_path)
    path = tmp_path / "notebooks" / "11_scorecard.ipynb"
    path.parent.mkdir()
    notebook = nbformat.read(ROOT / "notebooks" / path.name, as_version=4)
    n_cells = len(notebook.cells)
    for _ in range(2):  # refreshing twice puts the cell in once
        notebook = refresh_notebooks.with_install_cell(notebook, address)
        assert len(notebook.cells) == n_cells + 1
    nbformat.write(notebook, path)
    for place, offered in ((address, True), (f"{address}c", False), (address[:-1], False)):
        monkeypatch.setattr(cli, "repository_address", lambda place=place: place)
        assert ("colab_url" in cli._config()["launch_buttons"]) == offered
    assert len(refresh_notebooks.with_install_cell(notebook, None).cells) == n_cells
