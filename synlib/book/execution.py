"""Executing the chapters of the book, and taking out what is in them."""

import base64
import contextlib
import datetime
import json
import os
import re
import socket
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import click
import joblib

from synlib import archives, stored
from synlib._images import DATASETS
from synlib._kernels.warm import warm
from synlib.book import parameters, runs, scorecard, up_to_date
from synlib.book.interrupts import drop_quietly, hearing_again
from synlib.book.notebooks import SUMMARY, has_one_size, profile_values, require

CHAPTERS_AT_ONCE = 2
NETWORK_SECONDS = 10  # without an answer from OpenML


def run_notebooks(
    notebooks, profile, given, output, jobs, results=None, keep=False, renew=""
):  # fmt: skip
    """Execute notebooks with papermill, and take the figures out of them.

    With the sizes of the papers, stored runs are looked up, and so they are for chapters that have
    one size. With ``renew`` "all", all are computed, with "missing" only those that are not stored,
    the file is written anew, and no figure is drawn. ``results`` is the
    folder where the rows of the scorecard are stored, if they are to be. With ``keep``, what is in
    ``output`` stays where nothing that it was made of has changed. A notebook that fails leaves the
    figures that it has drawn, and the others run.
    """
    require("ipykernel")
    chapters = _all_values(notebooks, profile, given)
    drawn = {} if renew == "all" else _stored_files(chapters, profile)
    _find_data({path: values for path, values in chapters.items() if path not in drawn})
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
            tasks = [_Task(path, values, output, drawn.get(path)) for path, values in part.items()]
            if keep:
                versions = {  # of the summary only now, when what it shows may have changed
                    task.target: up_to_date.notebook_version(
                        task.path, task.values, task.path in summary, task.stored_file
                    )
                    for task in tasks
                }
                tasks = [
                    task
                    for task in tasks
                    if not up_to_date.is_current(task.target, versions[task.target])
                ]
            for done in _execute_all(tasks, profile, jobs, scratch, not renew):
                target = done.target
                if target.is_file():
                    extract_figures(target, output)
                if done.failure:
                    failures.append(f"{target.stem} failed: {done.failure} (see {target})")
                    click.echo(failures[-1], err=True)
                    continue
                if renew:
                    _store_runs(target.stem, done.notes)
                if keep:
                    up_to_date.declare(target, versions[target])
                click.echo(f"{target.stem}: done in {done.seconds:.0f} s", err=True)
            if results is not None:
                for path in part:
                    extract_card(output / path.name, results)
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


def _stored_files(chapters, profile):
    """The files of stored runs of the chapters that have one, if they are of this profile."""
    paths = {
        path: runs.path_of(path.stem)
        for path in chapters
        if profile == "paper" or has_one_size(path)
    }
    return {path: file for path, file in paths.items() if file.is_file()}


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


@dataclass(frozen=True)
class _Task:
    """A chapter to execute."""

    path: Path
    values: dict
    output: Path
    stored_file: Path | None

    @property
    def target(self):
        return self.output / self.path.name


@dataclass(frozen=True)
class _Done:
    """A chapter that was executed: where, for how long, why it failed if it did, and its runs."""

    target: Path
    seconds: float
    failure: str | None
    notes: stored.Notes


def _execute_all(tasks, profile, jobs, scratch, figures):
    """Execute chapters, and give each as soon as it is done."""
    if not tasks:
        return
    warm()  # else every worker of the first chapters would compile the same
    # while one chapter draws, another computes
    at_once = max(1, min(CHAPTERS_AT_ONCE, len(tasks), jobs))
    environment = {
        "SYNLIB_FIGURES": str(int(figures)), "SYNLIB_PROFILE": profile, "TQDM_DISABLE": "1",
        "SYNLIB_JOBS": str(jobs // at_once),
    }  # fmt: skip
    # the longest first: they leave nothing to wait for at the end
    order = sorted(tasks, key=lambda task: runs.seconds(task.path.stem), reverse=True)

    def calls():
        for number, task in enumerate(order, start=1):
            click.echo(f"[{number}/{len(tasks)}] {task.path.stem} ({profile})", err=True)
            yield joblib.delayed(_execute)(task, profile, environment, at_once == 1, scratch)

    with joblib.parallel_config("loky"):
        run = joblib.Parallel(at_once, return_as="generator_unordered", pre_dispatch="n_jobs")
        yield from run(calls())


def _execute(task, profile, environment, alone, scratch):
    """Execute one notebook."""
    import papermill  # takes a second to import

    if not alone:  # this is a worker, which also cleans up and waits
        sys.unraisablehook = drop_quietly
    start = time.perf_counter()
    failure = None
    up_to_date.revoke(task.target)
    unfinished = scratch / task.path.name
    notes = scratch / task.path.stem
    notes.mkdir()
    environment = environment | {
        stored.FILE: str(task.stored_file or ""), stored.NOTES: str(notes)
    }  # fmt: skip
    try:
        with hearing_again(), _environment(environment), _silent_kernels():
            papermill.execute_notebook(
                task.path, unfinished, parameters=task.values, kernel_name="python3",
                progress_bar=alone and sys.stderr.isatty(), cwd=str(task.output),
            )  # fmt: skip
    except Exception as error:  # a kernel that died, a full disk: the other chapters go on
        failure = _reason(error, unfinished)
    found = stored.notes(notes)
    if unfinished.is_file():
        if not failure:
            _say_where_from(unfinished, task, profile, found)
        os.replace(unfinished, task.target)
    return _Done(task.target, time.perf_counter() - start, failure, found)


def _say_where_from(path, task, profile, notes):
    """Put into an executed notebook where its numbers come from, of which day they are, and its
    parameters in one cell."""
    import nbformat

    chapter = task.path.stem
    notebook = nbformat.read(path, as_version=4)
    for cell in list(notebook.cells):
        if "parameters" in cell.metadata.get("tags", []):
            cell.source = parameters.with_values(cell.source, task.values)
        elif "injected-parameters" in cell.metadata.get("tags", []):
            notebook.cells.remove(cell)
    computed = len(notes.finished) + notes.others
    is_stored = notes.known and not computed
    today = datetime.datetime.now(datetime.UTC).date()
    day = runs.made(chapter)[-1] if is_stored else today
    notebook.metadata["synlib"] = {"day": day.isoformat()}
    said = runs.where_from(chapter, profile, len(notes.known), computed)
    if said:
        text = f":::{{div}} runs\n{said} {{doc}}`/book/running` says more.\n:::"
        notebook.cells.insert(1, nbformat.v4.new_markdown_cell(text, id="runs"))
    nbformat.write(notebook, path)


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


def _store_runs(chapter, notes):
    """Put the runs of a chapter that has found or computed them in place of what is stored."""
    if notes.others:
        click.echo(f"{chapter}: {notes.others} runs failed or cannot be stored", err=True)
    if notes.known or notes.finished:
        runs.store(chapter, notes)


def extract_card(path, results):
    """Store the scorecard rows of a notebook that was executed, if it is whole."""
    import nbformat

    notebook = nbformat.read(path, as_version=4) if path.is_file() else nbformat.v4.new_notebook()
    for cell in notebook.cells:
        for item in cell.get("outputs", []):
            rows = item.get("data", {}).get(scorecard.MIME)
            if rows and "synlib" in notebook.metadata:
                day = datetime.date.fromisoformat(notebook.metadata["synlib"]["day"])
                scorecard.store(rows, path.stem, day, results)


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
                (output / f"{name}.svg").write_text(content["image/svg+xml"], "utf-8")
                del content["image/png"]
            numbers = content.pop("application/json", {})
            (output / f"{name}.json").write_text(json.dumps(numbers, indent=1), "utf-8")
    nbformat.write(notebook, path)  # one form of each figure is enough: the one sharp at any size


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
