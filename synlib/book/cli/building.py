"""Commands that run the notebooks: ``synlib figures | book``."""

import shutil
import subprocess
import sys
from pathlib import Path

import click
import joblib
import yaml

from synlib.book import execution, notebooks, parameters, repository, scorecard, up_to_date
from synlib.sweep import processes

PROFILES = click.Choice(["quick", "paper"])


def jobs_option(command):
    """Add ``--jobs`` to a command that runs notebooks."""

    def resolve(context, option, given):
        try:
            return joblib.effective_n_jobs(processes(given))
        except ValueError as error:
            raise click.UsageError(str(error), context) from None

    return click.option(
        "--jobs",
        type=click.IntRange(min=1),
        callback=resolve,
        help="Processes; by default $SYNLIB_JOBS, or one a core.",
    )(command)


@click.command()
@click.argument("chapters", nargs=-1, metavar="[CHAPTER]...")
@click.option("--profile", type=PROFILES, default="quick", show_default=True,
              help="Sizes: those in the notebooks, or those of the papers.")  # fmt: skip
@click.option("-p", "assignments", multiple=True, metavar="NAME=VALUE",
              help="A parameter of the notebooks, such as seeds=3 or 'loads=[0.5, 1.0]'; may be "
                   "given several times.")  # fmt: skip
@click.option("--output", type=click.Path(path_type=Path), default=Path("figures"),
              show_default=True, help="Folder for executed notebooks and figures.")  # fmt: skip
@jobs_option
def figures(chapters, profile, assignments, output, jobs):
    """Run chapters and write every figure as SVG and PNG, and its numbers as JSON.

    A CHAPTER is the number, the name or the path of a notebook; without any, all are run.
    """
    paths = list(dict.fromkeys(map(notebooks.find, chapters))) or notebooks.all_notebooks()
    given = dict(map(parameters.parse, assignments))
    execution.run_notebooks(paths, profile, given, output.expanduser().absolute(), jobs)
    click.echo(f"Figures are in {output}")


@click.command()
@click.option("--profile", type=PROFILES, default="paper", show_default=True,
              help="Sizes: those in the notebooks, or those of the papers.")  # fmt: skip
@jobs_option
def book(profile, jobs):
    """Execute the notebooks and build the book, _build/html/index.html.

    The paper profile draws stored runs, computes those that are missing, and stores the rows of the
    scorecard in book/results.
    """
    paths = notebooks.all_notebooks()
    notebooks.require("ipykernel", "jupyter_book")
    build = notebooks.ROOT / "_build"
    index = build / "html" / "index.html"
    _forget_old_pages(build)
    source = build / profile
    results = scorecard.RESULTS if profile == "paper" else None
    execution.run_notebooks(paths, profile, {}, source / "notebooks", jobs, results, keep=True)
    _copy_book(source)
    config_file = build / "config.yml"
    config_file.write_text(yaml.safe_dump(_config(profile)))
    command = [Path(sys.executable).with_name("jupyter-book"), "build", source]
    options = ["--path-output", notebooks.ROOT, "--config", config_file, "-n", "-W", "--keep-going"]
    failed = subprocess.run([*command, *options], check=False).returncode
    for report in sorted(build.rglob("reports/*.err.log")):
        click.echo(f"\n{report}:\n{report.read_text()}", err=True)
    if failed or not index.is_file():
        raise click.ClickException(f"the book was not built (exit code {failed}), see above")
    click.echo(f"The book is ready: {index}")


def _forget_old_pages(build):
    """Sphinx looks at the pages only."""
    version = up_to_date.pages_version()
    stamp = build / ".sources"
    if not stamp.is_file() or stamp.read_text() != version:
        shutil.rmtree(build / ".doctrees", ignore_errors=True)
        build.mkdir(exist_ok=True)
        stamp.write_text(version)


def _copy_book(source):
    """Lay out the book around notebooks that have been executed already."""
    shutil.rmtree(source / "book", ignore_errors=True)  # no page that is gone stays behind
    shutil.copytree(notebooks.ROOT / "book", source / "book")
    shutil.copy(notebooks.ROOT / "_toc.yml", source)


def _config(profile):
    """Settings of the book, with launch buttons if the repository has an address."""
    config = yaml.safe_load((notebooks.ROOT / "_config.yml").read_text())
    extensions = config["sphinx"]["local_extensions"]
    config["sphinx"]["local_extensions"] = {
        k: str(notebooks.ROOT / path) for k, path in extensions.items()
    }
    address = repository.address()
    if address is not None:
        config["repository"] = {"url": address, "branch": "main"}
        config["launch_buttons"] = {
            "notebook_interface": "jupyterlab",
            "binderhub_url": "https://mybinder.org",
            # on the page: nobody waits there for runs of the size of the papers
            "thebe": profile == "quick",
        }
        # Colab has nothing but the notebook, which must install the library from there
        if all(
            f'git+{address}\\"' in path.read_text("utf-8") for path in notebooks.all_notebooks()
        ):
            config["launch_buttons"]["colab_url"] = "https://colab.research.google.com"
        owner, _, name = address.removeprefix("https://github.com/").partition("/")
        config["html"] = {
            "use_repository_button": True,
            "use_issues_button": True,
            "baseurl": f"https://{owner}.github.io/{name}/",  # where shared links lead
        }
    return config
