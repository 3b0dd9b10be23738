"""The command line: ``synlib figures | book | data | scorecard``.

Exit codes: 0, done; 1, it failed and the last line on standard error says why; 2, the command was
not understood.
"""

import base64
import contextlib
import difflib
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import click
import joblib
import yaml

from synlib import archives, scorecard
from synlib._kernels.warm import warm

PROFILES = click.Choice(["quick", "paper"])
ROOT = Path(__file__).parents[1]
CHAPTERS_AT_ONCE = 2
SUMMARY = "11_scorecard"  # shows what the other chapters store


@click.group()
@click.version_option(package_name="synlib")
def main():
    """What does it cost to learn? Figures, book and data of synlib."""


@main.command()
@click.argument("chapters", nargs=-1, metavar="[CHAPTER]...")
@click.option("--profile", type=PROFILES, default="quick", show_default=True,
              help="Sizes: those in the notebooks, or those of the papers.")  # fmt: skip
@click.option("-p", "parameters", multiple=True, metavar="NAME=VALUE",
              help="A parameter of the notebooks; may be given several times.")  # fmt: skip
@click.option("--output", type=click.Path(path_type=Path), default=Path("figures"),
              show_default=True, help="Folder for executed notebooks and figures.")  # fmt: skip
@click.option("--jobs", type=click.IntRange(min=1), help="Processes; by default one a core.")
def figures(chapters, profile, parameters, output, jobs):
    """Run chapters and write every figure as SVG and PNG, and its numbers as JSON.

    A CHAPTER is the number or the name of a notebook; without any, all are run.
    """
    notebooks = [_find_notebook(chapter) for chapter in chapters] or _notebooks()
    given = dict(_parse_parameter(text) for text in parameters)
    run_notebooks(notebooks, profile, given, output, jobs)
    click.echo(f"Figures are in {output}")


@main.command()
@click.option("--profile", type=PROFILES, default="quick", show_default=True,
              help="Sizes: those in the notebooks, or those of the papers.")  # fmt: skip
@click.option("--jobs", type=click.IntRange(min=1), help="Processes; by default one a core.")
def book(profile, jobs):
    """Execute the notebooks and build the book, _build/html/index.html.

    The paper profile also stores the rows of the scorecard, in book/results.
    """
    _notebooks()
    index = ROOT / "_build" / "html" / "index.html"
    index.unlink(missing_ok=True)
    _forget_old_executions()
    source, config = ROOT, _config()
    if profile == "paper":
        source = ROOT / "_build" / "paper"
        run_notebooks(_notebooks(), profile, {}, source / "notebooks", jobs, scorecard.RESULTS)
        _copy_book(source)
        config["execute"]["execute_notebooks"] = "off"
    else:
        warm()
    (ROOT / "_build").mkdir(exist_ok=True)
    config_file = ROOT / "_build" / "config.yml"
    config_file.write_text(yaml.safe_dump(config))
    command = [Path(sys.executable).with_name("jupyter-book"), "build", source]
    options = ["--path-output", ROOT, "--config", config_file, "-n", "-W", "--keep-going"]
    environment = os.environ | ({"SYNLIB_JOBS": str(jobs)} if jobs else {})
    failed = subprocess.run([*command, *options], env=environment, check=False).returncode
    for report in sorted((ROOT / "_build").rglob("reports/*.err.log")):
        click.echo(f"\n{report}:\n{report.read_text()}", err=True)
    if failed or not index.is_file():
        raise click.ClickException(f"the book was not built (exit code {failed}), see above")
    click.echo(f"The book is ready: {index}")


@main.group(invoke_without_command=True)
@click.pass_context
def data(context):
    """Show which full data sets are there, and where they are looked for."""
    if context.invoked_subcommand:
        return
    for archive in archives.ARCHIVES:
        with _errors():
            folder = archives.find(archive)
        click.echo(f"{archive.name}: {folder or 'not here'}")
        if folder is None:
            for path in archives.search_path(archive):
                click.echo(f"  looked for in {path}")


@data.command("import")
@click.argument("folder", type=click.Path(path_type=Path))
def import_(folder):
    """Check the four IDX files in FOLDER and copy them to where they will be found."""
    with _errors():
        archive, target = archives.import_folder(folder)
    click.echo(f"{archive.name} is now in {target}")


@data.command()
@click.argument("name", type=click.Choice([archive.folder for archive in archives.ARCHIVES]),
                default=archives.MNIST.folder)  # fmt: skip
def fetch(name):
    """Fetch a data set from OpenML, and check it."""
    (archive,) = (archive for archive in archives.ARCHIVES if archive.folder == name)
    with _errors():
        dataset = archives.fetch(archive)
    click.echo(
        f"{archive.name}: {len(dataset.y_train)} training and {len(dataset.y_test)} test images"
    )


@main.command("scorecard")
def show_scorecard():
    """Show the stored verdicts on the claims of the papers (paper profile)."""
    results = scorecard.load()
    for record in results.values():
        click.echo(f"{record['chapter']}, {record['date']}")
        click.echo(f"{scorecard.Card(record['rows'])}\n")
    click.echo(scorecard.Board(results))


def run_notebooks(notebooks, profile, given, output, jobs, results=None):
    """Execute notebooks with papermill, and take the figures out of them.

    ``results`` is the folder where the rows of the scorecard are stored, if they are to be.
    """
    import papermill  # takes a second to import

    warm()  # else every worker of the first chapters would compile the same
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
        values = _profile(path, profile) | {k: v for k, v in given.items() if k in known[path]}
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
        for target, seconds, failure in _execute_all(part, profile, output, jobs):
            if failure:
                failures.append(f"{target.stem} failed: {failure} (see {target})")
                click.echo(failures[-1], err=True)
                continue
            if results is not None:
                extract_card(target, results, seconds)
            extract_figures(target, output)
            click.echo(f"{target.stem}: done in {seconds:.0f} s", err=True)
    if failures:
        raise click.ClickException("\n".join(failures))


def _execute_all(chapters, profile, output, jobs):
    """Execute chapters, and give each as soon as it is done."""
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


def _forget_old_executions():
    """Sphinx and jupyter-cache look at the notebooks only: a change of the library or of the stored
    results must make them run again."""
    sources = [*(ROOT / "synlib").rglob("*.py"), *(ROOT / "book" / "results").glob("*.json")]
    sources.append(ROOT / "requirements.txt")
    contents = b"".join(path.read_bytes() for path in sorted(sources))
    version = hashlib.sha256(contents).hexdigest()
    stamp = ROOT / "_build" / ".sources"
    if not stamp.is_file() or stamp.read_text() != version:
        for folder in (".jupyter_cache", ".doctrees"):
            shutil.rmtree(ROOT / "_build" / folder, ignore_errors=True)
        stamp.parent.mkdir(exist_ok=True)
        stamp.write_text(version)


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
def _errors():
    """Errors about data in one line."""
    try:
        yield
    except archives.DataUnavailable as error:
        raise click.ClickException(str(error)) from error


def _notebooks():
    found = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
    if not found:
        raise click.ClickException(
            "the notebooks are not here: this command needs a clone of the repository, installed "
            "with `pip install -e .`"
        )
    return found


def _find_notebook(chapter):
    names = {path.stem: path for path in _notebooks()}
    matches = [path for name, path in names.items() if chapter in (name, name.split("_")[0])]
    if not matches:
        raise click.UsageError(f"no chapter {chapter!r}; there are {', '.join(names)}")
    return matches[0]


def _parse_parameter(text):
    name, separator, value = text.partition("=")
    if not separator:
        raise click.UsageError(f"-p takes NAME=VALUE, got {text!r}")
    return name.strip(), yaml.safe_load(value)


def _profile(path, profile):
    if profile == "quick":
        return {}
    return yaml.safe_load((path.parent / "params" / f"{path.stem}.yaml").read_text())


def _copy_book(source):
    """Lay out the book around notebooks that have been executed already."""
    shutil.copytree(ROOT / "book", source / "book", dirs_exist_ok=True)
    shutil.copy(ROOT / "_toc.yml", source)


def _config():
    """Settings of the book, with launch buttons if the repository has an address."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text())
    extensions = config["sphinx"]["local_extensions"]
    config["sphinx"]["local_extensions"] = {k: str(ROOT / path) for k, path in extensions.items()}
    address = repository_address()
    if address is not None:
        config["repository"] = {"url": address, "branch": "main"}
        config["launch_buttons"] = {
            "notebook_interface": "jupyterlab",
            "binderhub_url": "https://mybinder.org",
            "thebe": True,
        }
        # Colab has nothing but the notebook, which must install the library from there
        if all(f'git+{address}"' in path.read_text("utf-8") for path in _notebooks()):
            config["launch_buttons"]["colab_url"] = "https://colab.research.google.com"
        config["html"] = {"use_repository_button": True, "use_issues_button": True}
    return config


def repository_address(folder=ROOT):
    """Where the repository is on GitHub: by ``$GITHUB_REPOSITORY``, else by the remote "origin"."""
    name = os.environ.get("GITHUB_REPOSITORY")
    if name:
        return f"https://github.com/{name}"
    command = ["git", "-C", folder, "remote", "get-url", "origin"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    except FileNotFoundError:  # no git
        return None
    match = re.fullmatch(r"(?:https://|git@|ssh://git@)github\.com[:/](.+?)(?:\.git)?/?\s*", found)
    return f"https://github.com/{match[1]}" if match else None
