"""The command line: exit codes and messages that a script can rely on, and real figures."""

import contextlib
import importlib.util
import json
import math
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import papermill
import pytest
import yaml
from click import ClickException
from click.testing import CliRunner

from synlib.book import execution, notebooks, parameters, repository, runs, up_to_date
from synlib.book.claims import CLAIMS
from synlib.book.cli import building
from synlib.book.cli.commands import main
from synlib.book.interrupts import drop_quietly
from tools import refresh_notebooks

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def run(*arguments):
    return CliRunner().invoke(main, arguments)


def test_figures_come_with_their_numbers(tmp_path):
    command = Path(sys.executable).with_name("synlib")
    result = subprocess.run(
        [command, "figures", "01", "04", "-p", "n_inputs=100", "-p", "loads=[0.5, 1.0]",
         "-p", "seeds=2", "-p", "near_seeds=1", "-p", "costs=[0.01]", "--output", tmp_path,
         "--jobs", "2"],
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
        ("fig-perceptron-inefficiency", "theory, $N$ = 100"),
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


@pytest.mark.parametrize("name", ["1", "01", "perceptron_energy", "01_perceptron_energy.ipynb",
                                  "notebooks/01_perceptron_energy.ipynb",
                                  "./notebooks/01_perceptron_energy.ipynb"])  # fmt: skip
def test_chapters_are_known_by_number_name_and_path(name, monkeypatch):
    for folder in (ROOT, ROOT / "tests"):
        monkeypatch.chdir(folder)
        assert notebooks.find(name) == ROOT / "notebooks" / "01_perceptron_energy.ipynb"
    assert notebooks.find(str(ROOT / "notebooks" / "12_spiking_neuron.ipynb")).stem[:2] == "12"


@pytest.mark.parametrize("command", ["figures", "book", "runs"])
def test_processes_are_as_many_as_asked_for(command, monkeypatch):
    asked = []

    def note(paths, profile, given, output, jobs, *others, **options):
        asked.append(jobs)
        raise ClickException("enough")

    monkeypatch.setattr(execution, "run_notebooks", note)
    monkeypatch.setattr(building, "_forget_old_pages", lambda build: None)
    monkeypatch.setenv("SYNLIB_JOBS", "3")
    run(command)
    run(command, "--jobs", "2")
    assert asked == [3, 2]
    monkeypatch.setenv("SYNLIB_JOBS", "some")
    result = run(command)
    assert result.exit_code == 2
    assert "SYNLIB_JOBS must be a number of processes" in result.output


def test_a_copy_of_a_chapter_is_not_run_as_the_chapter(tmp_path):
    copy = shutil.copy(ROOT / "notebooks" / "01_perceptron_energy.ipynb", tmp_path)
    result = run("figures", str(copy))
    assert result.exit_code == 2
    assert "is not a chapter of the book" in result.output


@pytest.mark.parametrize("arguments", [["-h"], ["figures", "-h"], ["book", "-h"], ["data", "-h"]])
def test_help_is_short_or_long(arguments):
    result = run(*arguments)
    assert result.exit_code == 0
    assert result.output == run(*arguments[:-1], "--help").output


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-5", 1e-5), ("[0.0, 1e-5]", [0.0, 1e-5]), ("inf", float("inf")), ("1_000", 1000),
        ("[-inf, .inf]", [-float("inf"), float("inf")]), ("010", 10), ("1e3", 1000.0),
        ("on", "on"), ("[yes, no, off]", ["yes", "no", "off"]), ("2020-01-01", "2020-01-01"),
        ("1:30", "1:30"), ("true", True), ("'5'", "5"), ("mnist", "mnist"),
    ],
)  # fmt: skip
def test_values_are_what_people_mean(text, value):
    name, read = parameters.parse(f"x={text}")
    assert (name, read, type(read)) == ("x", value, type(value))
    assert math.isnan(parameters.parse("x=nan")[1])


@pytest.mark.parametrize(
    ("assignment", "reason"),
    [
        ("loads=[0.5, 1.0", "-p 'loads=[0.5, 1.0' cannot be read: expected ',' or ']'"),
        ("loads=@1", "-p 'loads=@1' cannot be read"),
        ("seeds", "-p takes NAME=VALUE, got 'seeds'"),
        ("seeds=", "-p takes NAME=VALUE, got 'seeds='"),
        ("=3", "-p takes NAME=VALUE, got '=3'"),
        ("seeds=many", "seeds must be a whole number, got 'many'"),
        ("seeds=2.5", "seeds must be a whole number, got 2.5"),
        ("seeds=[1, 2]", "seeds must be a whole number, got [1, 2]"),
        ("seeds=true", "seeds must be a whole number, got True"),
        ("loads=[0.5, yes]", "each of loads=[...] must be a number, got 'yes'"),
        ("loads=0.5,1.0", "each of loads=[...] must be a number, got '0.5,1.0'"),
        ("loads=[]", "loads must have at least one value, got []"),
        ("loads=[0.5, 0.5]", "loads has 0.5 more than once"),
        ("loads={a: 1}", "each of loads=[...] must be a number, got {'a': 1}"),
        ("exponent=1", "no chapter has a parameter 'exponent'; did you mean 'exponents'?"),
    ],
)
def test_wrong_parameters_are_refused_in_one_line(assignment, reason, tmp_path):
    result = run("figures", "1", "-p", assignment, "--output", str(tmp_path / "new"))
    assert result.exit_code == 2
    assert reason in result.output.strip().splitlines()[-1]
    assert not (tmp_path / "new").exists()


def test_a_single_value_is_a_list_of_one():
    assert parameters.fitting("exponents", 1, [0.0, 0.5]) == [1.0]
    assert parameters.fitting("thresholds", 18, [0.5, 18]) == [18.0]
    assert parameters.fitting("hidden", [1e2], [100, 200]) == [100]
    assert parameters.fitting("hidden_once", [], []) == []


def test_unknown_data_are_refused_before_anything_runs(tmp_path):
    result = run("figures", "10", "-p", "dataset=MNIST", "--output", str(tmp_path / "new"))
    assert result.exit_code == 2
    last = result.output.strip().splitlines()[-1]
    assert "dataset must be one of mnist-subset, mnist, fashion-mnist, digits, got 'MNIST'" in last
    assert not (tmp_path / "new").exists()


def test_missing_data_are_named_before_anything_runs(tmp_path, monkeypatch):
    def missing(**settings):
        raise OSError("no way to OpenML")

    monkeypatch.setattr("sklearn.datasets.fetch_openml", missing)
    monkeypatch.setenv("SYNLIB_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "data").mkdir()
    monkeypatch.setattr(execution, "warm", lambda: pytest.fail("something runs"))
    # with stored runs, no data may be needed
    monkeypatch.setattr(runs, "path_of", lambda chapter: tmp_path / "nothing stored")
    result = run("figures", "10", "--profile", "paper", "--output", str(tmp_path / "new"))
    assert result.exit_code == 1
    last = result.output.strip().splitlines()[-1]
    assert "MNIST is not on this computer" in last
    assert "synlib data import FOLDER" in last
    assert not (tmp_path / "new").exists()


@pytest.fixture
def own_chapters(tmp_path, monkeypatch):
    """A function that makes notebooks of our own the chapters of the book."""
    (tmp_path / "notebooks").mkdir()
    monkeypatch.setattr(notebooks, "ROOT", tmp_path)
    monkeypatch.setattr(execution, "warm", lambda: None)

    def make(name, *sources, figure=None):
        cells = [nbformat.v4.new_code_cell("seeds = 1", metadata={"tags": ["parameters"]})]
        cells += map(nbformat.v4.new_code_cell, sources)
        if figure is not None:
            cells[figure].metadata["mystnb"] = {"figure": {"name": "fig-own"}}
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
        book = nbformat.v4.new_notebook(cells=cells, metadata=metadata)
        nbformat.write(book, tmp_path / "notebooks" / f"{name}.ipynb")

    return make


DRAW = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.gcf()"
NO_RUNS = """
from synlib.sweep import sweep
from synlib.experiments import perceptron_run
sweep(perceptron_run, n_inputs=-3, n_jobs=1, cache=False)["accuracy"]"""


def test_a_failed_check_leaves_the_figures_and_says_what_does_not_hold(tmp_path, own_chapters):
    own_chapters("01_one", DRAW, "x = 1\nassert x > 2, 'too small'", figure=1)
    result = run("figures", "--output", str(tmp_path / "out"))
    assert result.exit_code == 1
    last = result.output.strip().splitlines()[-1]
    assert "01_one failed: a check does not hold: assert x > 2, 'too small' too small" in last
    found = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert found == ["01_one.ipynb", "fig-own.json", "fig-own.png"]


def test_failures_end_with_what_lies_behind_them(tmp_path, own_chapters):
    own_chapters("01_runs", NO_RUNS)
    own_chapters("02_dead", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    result = run("figures", "--output", str(tmp_path / "out"))
    assert result.exit_code == 1
    *_, first, second = sorted(result.output.strip().splitlines()[-2:])
    both = f"{first}\n{second}"
    assert re.search(
        r"01_runs failed: KeyError: 'accuracy', since runs failed: ValueError: n_inp", both
    )
    assert "02_dead failed: its process was ended from outside" in both


def test_ctrl_c_is_quiet_and_leaves_nothing_half_done(tmp_path, own_chapters):
    own_chapters("01_quick", "1")
    own_chapters("02_slow", "open('pid', 'w').write(str(__import__('os').getpid()))",
                 "import time\nopen('ready', 'w').close()\ntime.sleep(600)")  # fmt: skip
    program = (
        "from pathlib import Path; from synlib.book import cli, execution, notebooks\n"
        f"notebooks.ROOT = Path({str(tmp_path)!r}); execution.warm = lambda: None; cli.run()"
    )
    for jobs in ("1", "2"):
        output = tmp_path / f"out{jobs}"
        process = subprocess.Popen(
            [sys.executable, "-c", program, "figures", "--jobs", jobs, "--output", output],
            stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        while not (output / "ready").exists() or not (output / "01_quick.ipynb").exists():
            assert process.poll() is None
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        said = process.communicate(timeout=60)[1]
        assert process.returncode == 130
        assert "Traceback" not in said
        assert said.strip().splitlines()[-1] == "stopped"
        found = sorted(path.name for path in output.iterdir())
        assert found == ["01_quick.ipynb", "pid", "ready"]
        kernel = int((output / "pid").read_text())
        deadline = time.monotonic() + 60
        while Path(f"/proc/{kernel}").exists():
            assert time.monotonic() < deadline, "the kernel goes on"
            time.sleep(0.1)


INTERRUPTED = """
import time

class Finalised:
    def __del__(self):
        raise KeyboardInterrupt

def interrupted(*arguments, **settings):
    Finalised()
    time.sleep(60)
"""


def test_ctrl_c_is_heard_where_python_drops_it(monkeypatch):
    exec(INTERRUPTED, names := {})
    monkeypatch.setattr(main.commands["scorecard"], "callback", names["interrupted"])
    before = sys.unraisablehook
    result = run("scorecard")
    assert (result.exit_code, result.stderr) == (130, "stopped\n")
    assert sys.unraisablehook is before


ABANDONED = """
import asyncio

async def dies():
    raise RuntimeError("the kernel died")

async def begin():
    waiting = asyncio.ensure_future(dies())
    await asyncio.sleep(0)
    return [waiting]

def work():
    return asyncio.new_event_loop().run_until_complete(begin())
"""


SHARED = """
def work():
    from joblib.externals.loky.backend import resource_tracker
    resource_tracker.register("/what is gone already", "semlock")
"""
INTERRUPTED_AT_WORK = """
from synlib.book.cli.commands import main

def interrupted():
    unfinished = work()
    raise KeyboardInterrupt

main.commands["scorecard"].callback = interrupted
main(["scorecard"])"""


@pytest.mark.parametrize("work", [ABANDONED, SHARED], ids=["tasks given up", "shared things gone"])
def test_ctrl_c_is_all_that_is_said_of_what_is_left_behind(work):
    result = subprocess.run(
        [sys.executable, "-c", work + INTERRUPTED_AT_WORK],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (result.returncode, result.stderr) == (130, "stopped\n")


@pytest.mark.parametrize(("error", "is_shown"), [(KeyboardInterrupt, False), (OSError, True)])
def test_workers_drop_nothing_but_ctrl_c_quietly(monkeypatch, capsys, error, is_shown):
    class Finalised:
        def __del__(self):
            raise error

    monkeypatch.setattr(sys, "unraisablehook", drop_quietly)
    Finalised()
    assert ("Traceback" in capsys.readouterr().err) == is_shown


def test_so_it_is_in_the_processes_that_execute_chapters(tmp_path):
    # as a worker would: a process of its own, whose main thread executes
    program = f"""{INTERRUPTED}
import papermill
from pathlib import Path
from synlib.book import execution

papermill.execute_notebook = interrupted
task = execution._Task(Path("01.ipynb"), {{}}, Path(), None)
try:
    execution._execute(task, "quick", {{}}, False, Path())
except KeyboardInterrupt:
    print("heard")
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("heard\n", "")


def test_what_is_missing_is_named_and_nothing_destroyed(tmp_path, monkeypatch):
    for name in ("notebooks", "_build/html"):
        (tmp_path / name).mkdir(parents=True)
    shutil.copy(ROOT / "notebooks" / "11_scorecard.ipynb", tmp_path / "notebooks")
    index = tmp_path / "_build" / "html" / "index.html"
    index.write_text("an older book")
    monkeypatch.setattr(notebooks, "ROOT", tmp_path)
    find_spec = importlib.util.find_spec
    missing = []
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name in missing else find_spec(name)
    )
    wanted = ("figures", "ipykernel"), ("book", "ipykernel"), ("book", "jupyter_book")
    for command, module in wanted:
        missing[:] = [module]
        result = run(command)
        assert result.exit_code == 1
        last = result.output.strip().splitlines()[-1]
        assert last.startswith(f'Error: {module} is missing: `pip install -e ".[book]"`')
    assert index.read_text() == "an older book"


def test_a_folder_that_cannot_be_written_is_one_line(monkeypatch):
    def refuse(*arguments, **settings):
        raise OSError(30, "Read-only file system", "/clone/_build")

    monkeypatch.setattr(notebooks, "require", refuse)
    result = run("book")
    assert result.exit_code == 1
    assert result.output.strip() == "Error: /clone/_build: Read-only file system"


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "cp437", "utf-8"])
def test_the_scorecard_is_shown_on_any_terminal(encoding):
    if encoding == "cp1252":  # once as it is started, by the script
        command = Path(sys.executable).with_name("synlib")
        environment = os.environ | {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
        result = subprocess.run(
            [command, "scorecard"], capture_output=True, check=True, env=environment
        )
        written = result.stdout
    else:
        written = CliRunner(charset=encoding).invoke(main, ["scorecard"]).stdout_bytes
    shown = written.decode(encoding)
    assert "\\u" not in shown
    power = "10⁸" if encoding == "utf-8" else "10^8"
    assert f"published {power}" in shown
    # also in the code page of old terminals
    assert ("published ≥ " if encoding in ("utf-8", "cp437") else "published >= ") in shown


def test_each_failing_notebook_is_one_line(tmp_path):
    result = run("figures", "01", "04", "-p", "seeds=0", "--output", str(tmp_path))
    assert result.exit_code == 1
    last = "".join(result.output.strip().splitlines()[-2:])
    for chapter in ("01", "04"):
        assert re.search(rf"{chapter}_\w+ failed: ValueError: seeds must be an integer", last)


@pytest.mark.parametrize("path", notebooks.all_notebooks(), ids=lambda path: path.stem)
def test_paper_profiles_set_parameters_that_exist(path):
    values = notebooks.profile_values(path, "paper")
    known = papermill.inspect_notebook(path)
    assert set(values) <= set(known)
    # networks of the size of the papers take minutes for each seed; the scorecard runs nothing
    least = {"05_multilayer_energy": 2, "06_multilayer_caching": 2}.get(path.stem, 3)
    assert values.get("seeds", 5) >= least
    if "dataset" in known and not notebooks.has_one_size(path):
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
                        assert words[1] in main.commands
                else:
                    assert shutil.which(words[0]), line


def test_a_changed_library_or_result_voids_old_pages(tmp_path, monkeypatch):
    monkeypatch.setattr(up_to_date, "ROOT", tmp_path)
    (tmp_path / "requirements.txt").touch()
    old = tmp_path / "_build" / ".doctrees"
    for changed in (tmp_path / "synlib" / "mlp.py", tmp_path / "book" / "results" / "01.json"):
        building._forget_old_pages(tmp_path / "_build")
        old.mkdir(parents=True)
        building._forget_old_pages(tmp_path / "_build")
        assert old.exists()
        changed.parent.mkdir(parents=True)
        changed.write_text("{}")
        building._forget_old_pages(tmp_path / "_build")
        assert not old.exists()


def test_chapters_run_again_when_what_they_depend_on_has_changed(tmp_path, monkeypatch):
    """Two notebooks that count how often they were run, one of them the summary."""
    monkeypatch.setattr(up_to_date, "ROOT", tmp_path)
    monkeypatch.setattr(execution, "warm", lambda: None)
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

    def executed():
        (output / "runs").unlink(missing_ok=True)
        with contextlib.suppress(ClickException):
            execution.run_notebooks(chapters, "quick", {}, output, 2, keep=True)
        return (output / "runs").read_text() if (output / "runs").exists() else ""

    assert executed() == "os"
    assert executed() == ""
    (tmp_path / "requirements.txt").write_text("numpy==3\n")
    assert executed() == "os"
    (tmp_path / "synlib" / "mlp.py").touch()
    assert executed() == "os"
    (tmp_path / "book" / "results" / "01.json").write_text("{}")
    assert executed() == "s"
    text = chapters[0].read_text()
    chapters[0].write_text(text.replace("runs.write('o')", "runs.write('o'); 1 / 0"))
    assert executed() == "o"
    assert executed() == "o"  # what failed is never kept
    chapters[0].write_text(text)
    assert executed() == "o"
    (output / "01_one.ipynb").unlink()
    assert executed() == "o"
    assert executed() == ""


def test_changed_stored_runs_void_the_chapter_that_draws_them(tmp_path, monkeypatch):
    monkeypatch.setattr(up_to_date, "ROOT", tmp_path)
    (tmp_path / "requirements.txt").touch()
    chapter, kept = tmp_path / "01.ipynb", tmp_path / "01.json.gz"
    chapter.write_text("{}")
    kept.write_bytes(b"1")
    before = [up_to_date.notebook_version(chapter, {}, False, runs) for runs in (None, kept)]
    assert before[0] != before[1]
    kept.write_bytes(b"2")
    after = [up_to_date.notebook_version(chapter, {}, False, runs) for runs in (None, kept)]
    assert after[0] == before[0]
    assert after[1] not in before


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
        ("ssh://git@github.com:22/someone/synlib.git", "https://github.com/someone/synlib"),
        ("ssh://git@ssh.github.com:443/someone/synlib", "https://github.com/someone/synlib"),
        ("https://user:token@github.com/someone/synlib.git/", "https://github.com/someone/synlib"),
        ("https://GitHub.com:443/someone/synlib/", "https://github.com/someone/synlib"),
        ("git@github.com:someone/synlib/", "https://github.com/someone/synlib"),
        ("git@github.com:someone/some.github.io.git", "https://github.com/someone/some.github.io"),
        ("git@gitlab.com:group/subgroup/synlib.git", None),
        ("https://gitlab.com/group/subgroup/synlib", None),
        ("https://github.com.example.org/someone/synlib", None),
        ("https://github.com/someone", None),
        ("https://[github.com/someone/synlib", None),
        ("/somewhere/else", None),
        (None, None),
    ],
)
def test_launch_buttons_only_with_an_address(tmp_path, monkeypatch, remote, address):
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    if remote:
        subprocess.run(["git", "-C", tmp_path, "remote", "add", "origin", remote], check=True)
    assert repository.address(tmp_path) == address
    monkeypatch.setattr(repository, "address", lambda: address)
    config = building._config("paper")
    assert ("launch_buttons" in config) == (address is not None)
    assert config.get("repository", {}).get("url") == address
    if address:
        assert not config["launch_buttons"]["thebe"]
        assert building._config("quick")["launch_buttons"]["thebe"]


def test_a_copy_inside_another_repository_has_no_address(tmp_path, monkeypatch):
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    remote = "https://github.com/another/project"
    subprocess.run(["git", "-C", tmp_path, "remote", "add", "origin", remote], check=True)
    (tmp_path / "synlib-main").mkdir()
    assert repository.address(tmp_path / "synlib-main") is None
    assert repository.address(tmp_path) == remote


def test_the_address_of_a_workflow_comes_first(monkeypatch, tmp_path):
    monkeypatch.setenv("GITHUB_REPOSITORY", "a/b")
    assert repository.address(tmp_path) == "https://github.com/a/b"


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
        monkeypatch.setattr(repository, "address", lambda place=place: place)
        assert ("colab_url" in building._config("paper")["launch_buttons"]) == offered
    assert len(refresh_notebooks.with_install_cell(notebook, None).cells) == n_cells
