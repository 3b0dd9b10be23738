"""Chapters of the book: finding, parametrising and executing notebooks, and what is in them."""

import base64
import contextlib
import importlib.util
import json
import os
import re
import socket
import sys
import tempfile
import time
from pathlib import Path

import joblib

from synlib import archives
from synlib._extras import extra
from synlib._kernels.warm import warm
from synlib.book import parameters, scorecard, up_to_date
from synlib.experiments import DATASETS

with extra("book"):
    import click
    import yaml

ROOT = Path(__file__).parents[2]
CHAPTERS_AT_ONCE = 2
NETWORK_SECONDS = 10  # without an answer from OpenML
SUMMARY = "11_scorecard"  # shows what the other chapters store


def all_notebooks():
    """The chapters of the book, in order."""
    found = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
    if not found:
        raise click.ClickException(
            "the notebooks are not here: this command needs a clone of the repository, installed "
            'with `pip install -e ".[book]"`'
        )
    return found


def find(chapter):
    """The notebook of a chapter, by its number, its name or its path."""
    names = {path.stem: path for path in all_notebooks()}
    given = Path(chapter)
    name = given.name.removesuffix(".ipynb")
    for stem, path in names.items():
        number, _, topic = stem.partition("_")
        if name in (stem, topic) or (name.isdecimal() and int(name) == int(number)):
            if given.suffix and given.is_file() and not given.samefile(path):
                raise click.UsageError(f"{given} is not a chapter of the book, but {path} is")
            return path
    raise click.UsageError(f"no chapter {chapter!r}; there are {', '.join(names)}")


def require(*modules):
    """Refuse to begin without modules that come with the extra "book"."""
    for module in modules:
        if importlib.util.find_spec(module) is None:
            raise click.ClickException(
                f'{module} is missing: `pip install -e ".[book]"` in {ROOT} installs all that '
                "this command needs"
            )


def profile_values(path, profile):
    if profile == "quick":
        return {}
    return yaml.safe_load((path.parent / "params" / f"{path.stem}.yaml").read_text())


def run_notebooks(notebooks, profile, given, output, jobs, results=None, keep=False):
    """Execute notebooks with papermill, and take the figures out of them.

    ``results`` is the folder where the rows of the scorecard are stored, if they are to be. With
    ``keep``, what is in ``output`` stays where nothing that it was made of has changed. A notebook
    that fails leaves the figures that it has drawn, and the others run.
    """
    require("ipykernel")
    chapters = _all_values(notebooks, profile, given)
    _find_data(chapters)
    try:
        output.mkdir(parents=True, exist_ok=True)
        unfinished = tempfile.TemporaryDirectory(
            prefix=".unfinished-", dir=output, ignore_cleanup_errors=True
        )
    except OSError as error:
        raise click.ClickException(f"cannot write to {output}: {error.strerror}") from error

    failures = []
    summary = {path: values for path, values in chapters.items() if path.stem == SUMMARY}
    with unfinished as folder:
        scratch = Path(folder)
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
            for target, seconds, failure in _execute_all(part, profile, output, jobs, scratch):
                if target.is_file():
                    extract_figures(target, output)
                if failure:
                    failures.append(f"{target.stem} failed: {failure} (see {target})")
                    click.echo(failures[-1], err=True)
                    continue
                if results is not None:
                    extract_card(target, results, seconds)
                if keep:
                    up_to_date.declare(target, versions[target])
                click.echo(f"{target.stem}: done in {seconds:.0f} s", err=True)
    if failures:
        raise click.ClickException("\n".join(failures))


def _all_values(notebooks, profile, given):
    """The parameters that each chapter gets."""
    known = {path: parameters.defaults(path) for path in notebooks}
    parameters.check_names(given, set().union(*known.values()))
    chapters = {}
    for path, defaults in known.items():
        values = profile_values(path, profile)
        unknown = set(values) - set(defaults)
        if unknown:
            raise click.ClickException(f"{path.stem} has no parameter {unknown.pop()!r}")
        chapters[path] = values | {
            name: parameters.fitting(name, value, defaults[name])
            for name, value in given.items()
            if name in defaults
        }
    return chapters


def _find_data(chapters):
    """Look for every data set before anything runs: chapters would fail one by one, and late."""
    wanted = {
        (name, value)
        for path, values in chapters.items()
        for name, value in (parameters.defaults(path) | values).items()
        if name.endswith("dataset")
    }
    for name, dataset in sorted(wanted):
        if dataset not in DATASETS:
            raise click.UsageError(f"{name} must be one of {', '.join(DATASETS)}, got {dataset!r}")
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(NETWORK_SECONDS)
    try:
        for dataset in sorted({dataset for _, dataset in wanted}):
            DATASETS[dataset]()
    except archives.DataUnavailable as error:
        raise click.ClickException(str(error)) from error
    finally:
        socket.setdefaulttimeout(before)


def _execute_all(chapters, profile, output, jobs, scratch):
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
                path, output / path.name, chapters[path], environment, at_once == 1, scratch
            )

    with joblib.parallel_config("loky"):
        run = joblib.Parallel(at_once, return_as="generator_unordered", pre_dispatch="n_jobs")
        yield from run(tasks())


def _execute(path, target, values, environment, alone, scratch):
    """Execute one notebook: the result, the seconds it took, and why it failed, if it did."""
    import papermill  # takes a second to import

    start = time.perf_counter()
    failure = None
    up_to_date.revoke(target)
    unfinished = scratch / path.name
    try:
        with _environment(environment), _silent_kernels():
            papermill.execute_notebook(
                path, unfinished, parameters=values, kernel_name="python3",
                progress_bar=alone and sys.stderr.isatty(), cwd=str(target.parent),
            )  # fmt: skip
    except Exception as error:  # a kernel that died, a full disk: the other chapters go on
        failure = _reason(error, unfinished)
    if unfinished.is_file():
        os.replace(unfinished, target)
    return target, time.perf_counter() - start, failure


def _reason(error, executed):
    """Why a notebook failed, in one line: also what lies behind the error it ended with."""
    name = getattr(error, "ename", type(error).__name__)
    value = " ".join(str(getattr(error, "evalue", error)).split())
    if name == "DeadKernelError":
        return "its process was ended from outside; there may be too little memory"
    if name == "AssertionError":
        trace = re.sub(r"\x1b\[[\d;]*m", "", "\n".join(error.traceback))
        lines = re.findall(r"^-+> *\d+ (.*)", trace, re.MULTILINE)
        return f"a check does not hold: {lines[0].strip() if lines else ''} {value}".strip()
    reason = f"{name}: {value}" if value else name
    runs = re.findall(r"runs failed;.* The first: (.*)", _warnings(executed))
    return f"{reason}, since runs failed: {runs[-1].strip()}" if runs else reason


def _warnings(path):
    """What a notebook has printed on standard error."""
    import nbformat

    cells = nbformat.read(path, as_version=4).cells if path.is_file() else []
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    return "\n".join(output.text for output in outputs if output.get("name") == "stderr")


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


@contextlib.contextmanager
def _silent_kernels():
    """Keep what kernels say behind the back of their notebooks, as when they are interrupted, off
    the screen; this process still writes there."""
    screen = os.dup(2)
    try:
        with open(os.devnull, "w") as nowhere, os.fdopen(os.dup(screen), "w") as shown:
            os.dup2(nowhere.fileno(), 2)
            with contextlib.redirect_stderr(shown):
                yield
    finally:
        os.dup2(screen, 2)
        os.close(screen)
