"""The command line: exit codes and messages that a script can rely on, and real figures."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import papermill
import pytest
import yaml
from click.testing import CliRunner

from synlib import cli

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def run(*arguments):
    return CliRunner().invoke(cli.main, arguments)


def test_figures_come_with_their_numbers(tmp_path):
    command = Path(sys.executable).with_name("synlib")
    result = subprocess.run(
        [command, "figures", "01", "-p", "n_inputs=100", "-p", "loads=[0.5, 1.0]", "-p", "seeds=2",
         "--output", tmp_path, "--jobs", "1"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert "[1/1] 01_perceptron_energy (quick)" in result.stderr
    for name in ("fig-perceptron-energy", "fig-perceptron-inefficiency"):
        assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        assert "</svg>" in (tmp_path / f"{name}.svg").read_text()
        (axes,) = json.loads((tmp_path / f"{name}.json").read_text())["axes"]
        assert axes["x"] == "load $P/N$ (patterns per input)"
        lines = {line["label"]: line for line in axes["lines"]}
        assert lines["theory"] is not None
        assert any(line["x"] == [0.5, 1.0] for line in axes["lines"])
    assert (tmp_path / "01_perceptron_energy.ipynb").is_file()


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
    monkeypatch.setattr(cli, "ROOT", tmp_path)
    result = run("book")
    assert result.exit_code == 1
    assert "the notebooks are not here" in result.output


def test_a_failing_notebook_is_one_line(tmp_path):
    result = run("figures", "01", "-p", "seeds=0", "--output", str(tmp_path))
    assert result.exit_code == 1
    last = result.output.strip().splitlines()[-1]
    assert "01_perceptron_energy failed: ValueError: seeds must be an integer" in last


@pytest.mark.parametrize("path", cli._notebooks(), ids=lambda path: path.stem)
def test_paper_profiles_set_parameters_that_exist(path):
    values = cli._profile(path, "paper")
    known = papermill.inspect_notebook(path)
    assert set(values) <= set(known)
    assert values["seeds"] >= 5
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
