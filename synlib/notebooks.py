"""Chapters of the book: finding, parametrising and executing notebooks, and what is in them."""

import base64
import contextlib
import difflib
import json
import os
import sys
import time
from pathlib import Path

import click
import joblib
import yaml

from synlib import scorecard, up_to_date
from synlib._kernels.warm import warm

ROOT = Path(__file__).parents[1]
CHAPTERS_AT_ONCE = 2
SUMMARY = "11_scorecard"  # shows what the other chapters store


def all_notebooks():
    found = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
    if not found:
        raise click.ClickException(
            "the notebooks are not here: this command needs a clone of the repository, installed "
            "with `pip install -e .`"
        )
    return found


def find(chapter):
    names = {path.stem: path for path in all_notebooks()}
    matches = [path for name, path in names.items() if chapter in (name, name.split("_")[0])]
    if not matches:
        raise click.UsageError(f"no chapter {chapter!r}; there are {', '.join(names)}")
    return matches[0]


def parse_parameter(text):
    name, separator, value = text.partition("=")
    if not separator:
        raise click.UsageError(f"-p takes NAME=VALUE, got {text!r}")
    return name.strip(), yaml.safe_load(value)


def profile_values(path, profile):
    if profile == "quick":
        return {}
    return yaml.safe_load((path.parent / "params" / f"{path.stem}.yaml").read_text())


def run_notebooks(notebooks, profile, given, output, jobs, results=None, keep=False):
    """Execute notebooks with papermill, and take the figures out of them.

    ``results`` is the folder where the rows of the scorecard are stored, if they are to be. With
    ``keep``, what is in ``output`` stays where nothing that it was made of has changed.
    """
    import papermill  # takes a second to import

    known = {path: set(papermill.inspect_notebook(path)) for path in notebooks}
    for name in given:
        names = set().union(*known.values())
        if name not in names:
            nearest = difflib.get_close_matches(name, names, n=1, cutoff=0)
            raise click.UsageError(
                f"no chapter has a parameter {name!r}; did you mean {nearest[0]!r}?"
            )
    chapters = {}
    for path in notebooks:
        values = profile_values(path, profile) | {
            k: v for k, v in given.items() if k in known[path]
        }
        unknown = set(values) - known[path]
        if unknown:
            raise click.ClickException(f"{path.stem} has no parameter {unknown.pop()!r}")
        chapters[path] = values
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise click.ClickException(f"cannot write to {output}: {error.strerror}") from error

    failures = []
    summary = {path: values for path, values in chapters.items() if path.stem == SUMMARY}
    for part in ({k: v for k, v in chapters.items() if k not in summary}, summary):
        if keep:
            versions = {  # of the summary only now, when what it shows may have changed
                output / path.name: up_to_date.notebook_version(path, values, path in summary)
                for path, values in part.items()
            }
            part = {
                path: values
                for path, values in part.items()
                if not up_to_date.is_current(output / path.name, versions[output / path.name])
            }
        for target, seconds, failure in _execute_all(part, profile, output, jobs):
            if failure:
                failures.append(f"{target.stem} failed: {failure} (see {target})")
                click.echo(failures[-1], err=True)
                continue
            if results is not None:
                extract_card(target, results, seconds)
            extract_figures(target, output)
            if keep:
                up_to_date.declare(target, versions[target])
            click.echo(f"{target.stem}: done in {seconds:.0f} s", err=True)
    if failures:
        raise click.ClickException("\n".join(failures))


def _execute_all(chapters, profile, output, jobs):
    """Execute chapters, and give each as soon as it is done."""
    if not chapters:
        return
    warm()  # else every worker of the first chapters would compile the same
    jobs = jobs or joblib.cpu_count()
    # while one chapter draws, another computes
    at_once = max(1, min(CHAPTERS_AT_ONCE, len(chapters), jobs))
    environment = {"SYNLIB_FIGURES": "1", "TQDM_DISABLE": "1", "SYNLIB_JOBS": str(jobs // at_once)}

    # the longest first: they leave nothing to wait for at the end
    took = {chapter: record["seconds"] for chapter, record in scorecard.load().items()}
    order = sorted(chapters, key=lambda path: took.get(path.stem, 0), reverse=True)

    def tasks():
        for number, path in enumerate(order, start=1):
            click.echo(f"[{number}/{len(chapters)}] {path.stem} ({profile})", err=True)
            yield joblib.delayed(_execute)(
                path, output / path.name, chapters[path], environment, alone=at_once == 1
            )

    with joblib.parallel_config("loky"):
        run = joblib.Parallel(at_once, return_as="generator_unordered", pre_dispatch="n_jobs")
        yield from run(tasks())


def _execute(path, target, values, environment, alone):
    """Execute one notebook: the result, the seconds it took, and why it failed, if it did."""
    import papermill  # takes a second to import
    from papermill.exceptions import PapermillExecutionError

    start = time.perf_counter()
    failure = None
    up_to_date.revoke(target)
    try:
        with _environment(environment):
            papermill.execute_notebook(
                path, target, parameters=values, kernel_name="python3",
                progress_bar=alone and sys.stderr.isatty(), cwd=str(target.parent),
            )  # fmt: skip
    except PapermillExecutionError as error:
        failure = f"{error.ename}: {error.evalue}"
    return target, time.perf_counter() - start, failure


def extract_card(path, results, seconds):
    """Store the scorecard rows of a notebook that was executed in so many seconds."""
    import nbformat

    for cell in nbformat.read(path, as_version=4).cells:
        for item in cell.get("outputs", []):
            rows = item.get("data", {}).get(scorecard.MIME)
            if rows:
                scorecard.store(rows, path.stem, seconds, results)


def extract_figures(path, output):
    """Write the figures of an executed notebook: NAME.png, NAME.svg and NAME.json each."""
    import nbformat

    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        name = cell.metadata.get("mystnb", {}).get("figure", {}).get("name")
        if name is None:
            continue
        for item in cell.get("outputs", []):
            content = item.get("data", {})
            if "image/png" not in content:
                continue
            (output / f"{name}.png").write_bytes(base64.b64decode(content["image/png"]))
            if "image/svg+xml" in content:
                (output / f"{name}.svg").write_text(content.pop("image/svg+xml"), "utf-8")
            numbers = content.pop("application/json", {})
            (output / f"{name}.json").write_text(json.dumps(numbers, indent=1), "utf-8")
    nbformat.write(notebook, path)  # in the book, one form of each figure is enough


@contextlib.contextmanager
def _environment(values):
    """Environment variables for a notebook, and as they were afterwards."""
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
