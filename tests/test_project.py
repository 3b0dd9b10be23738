"""The files around the code agree with each other."""

import re
import tomllib
from pathlib import Path

import nbformat
import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def test_requirements_pin_what_pyproject_asks_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    del extras["live"]  # eighty megabytes that only `make live` installs
    del extras["torch"]  # several hundred that only `make test-torch` installs
    asked = {
        requirement.name: requirement
        for group in (project["dependencies"], *extras.values())
        for requirement in map(Requirement, group)
        if requirement.name != project["name"]  # an extra that includes another one
    }
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    assert lines[-1] == "-e ."
    pinned = {}
    asked_in_lock = set()
    for line in lines[:-1]:
        if line and line[0] not in "# ":
            name, version = re.match(r"([\w.-]+)==([\w.]+)", line).groups()
            pinned.setdefault(name, []).append(version)
        elif "synlib (pyproject.toml)" in line:
            asked_in_lock.add(name)
    assert asked_in_lock == set(asked), "run `make lock`"
    assert "torch" not in pinned
    for name, requirement in asked.items():
        for version in pinned[name]:
            assert Version(version) in requirement.specifier, f"{name} {version}: run `make lock`"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_are_stored_in_the_projects_form(path):
    notebook = nbformat.read(path, as_version=4)
    assert notebook.metadata.kernelspec.name == "python3"
    assert notebook.metadata.language_info.name == "python"
    assert "widgets" not in notebook.metadata
    tags = [cell.metadata.get("tags", []) for cell in notebook.cells]
    assert sum("parameters" in t for t in tags) == 1
    checks = [
        cell for cell, t in zip(notebook.cells, tags, strict=True) if "nbval-check-output" in t
    ]
    assert len(checks) >= 1
    for cell in checks:
        # without both of these nbval would compare nothing
        assert cell.execution_count is not None, "run `make refresh`"
        assert cell.outputs, "run `make refresh`"
        assert all(output.output_type == "stream" for output in cell.outputs)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert all(len(line) <= 78 for line in cell.source.splitlines()), "too wide to read"
            if cell not in checks:
                assert not cell.outputs, "run `make refresh`"
            if "mystnb" in cell.metadata:
                assert len(cell.metadata.mystnb.image.alt) > 40
                assert cell.metadata.mystnb.figure.name.startswith("fig-")


def test_every_chapter_is_in_the_table_of_contents():
    contents = (ROOT / "_toc.yml").read_text()
    for path in [*NOTEBOOKS, *(ROOT / "book").glob("*.md")]:
        assert str(path.relative_to(ROOT).with_suffix("")) in contents
