"""What may import what, and what the core does without all that only shows results."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import synlib

ROOT = Path(__file__).parents[1]
PACKAGE = Path(synlib.__file__).parent
CORE = sorted(
    path
    for path in PACKAGE.rglob("*.py")
    if not (path.is_relative_to(PACKAGE / "book") or path.is_relative_to(PACKAGE / "torch"))
)
# packages of the extras under the names by which they are imported
EXTRAS = {
    "book": {"matplotlib", "ipywidgets", "IPython", "ipykernel", "papermill", "nbformat",
             "nbclient", "click", "yaml", "jupyter_book", "bs4", "math_core",
             "sphinx_exercise"},
    "cluster": {"distributed", "dask"},
    "torch": {"torch"},
}  # fmt: skip
WITHOUT = f"""
import sys
class Refused:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {sorted(set.union(*EXTRAS.values()))}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Refused())
"""
LEARN = """
if __name__ == "__main__":
    from synlib import MLP, Perceptron, load_digits, random_patterns
    from synlib.experiments import perceptron_run
    from synlib.sweep import sweep
    digits = load_digits()
    net = MLP(hidden=5, max_epochs=1, random_state=0).fit(digits.X_train, digits.y_train)
    Perceptron().fit(*random_patterns(10, 20, random_state=0))
    points = dict(n_inputs=10, load=[0.5, 1.0], seeds=2)
    folder, n_jobs = sys.argv[1], int(sys.argv[2])
    table = sweep(perceptron_run, **points, n_jobs=n_jobs, cache=folder)
    print(net.energy_["total"] > 0, len(table), int(table["total"].gt(0).sum()))
"""
IMPORT_EACH = """
import importlib
for name in sys.argv[1:]:
    try:
        importlib.import_module(f"synlib.book.{name}")
    except ImportError as error:
        print(error)
"""


def imported(path):
    """The modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "import by the full name"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def without_extras(program, *arguments):
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", WITHOUT + program, *map(str, arguments)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("path", CORE, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_arrows_point_down(path):
    extras = set.union(*EXTRAS.values())
    for name in imported(path):
        assert not f"{name}.".startswith("synlib.book."), name
        assert name.partition(".")[0] not in extras, name


def test_packages_of_the_extras_are_those_that_are_tried():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    names = {"pyyaml": "yaml", "beautifulsoup4": "bs4"}
    for extra, packages in EXTRAS.items():
        listed = {re.match(r"[\w-]+", line).group() for line in extras[extra]}
        assert {names.get(name, name.replace("-", "_")) for name in listed} <= packages


def test_the_core_learns_and_sweeps_alone(tmp_path):
    for n_jobs in (2, 1):  # computed, and found again
        result = without_extras(LEARN, tmp_path, n_jobs)
        assert result.returncode == 0, result.stderr
        assert result.stdout.split() == ["True", "4", "4"]
    assert len(list(tmp_path.rglob("output.pkl"))) == 4


def test_what_is_left_out_says_which_extra_it_wants():
    names = "plotting", "explore", "notebooks", "parameters"
    result = without_extras(IMPORT_EACH, *names)
    assert result.returncode == 0, result.stderr
    said = result.stdout.splitlines()
    assert len(said) == len(names)
    assert all(line.endswith(' is missing: pip install "synlib[book]"') for line in said)


def test_the_command_says_in_one_line_what_it_wants():
    result = without_extras("from synlib.book.cli import run; run()")
    assert result.returncode == 1
    assert result.stderr == 'synlib: click is missing: pip install "synlib[book]"\n'


def test_verdicts_need_nothing_but_the_core():
    program = "from synlib.book.scorecard import judge; print(judge('E2', ratio=[1.2])[0].verdict)"
    assert without_extras(program).stdout == "reproduced\n"
