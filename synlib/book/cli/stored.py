"""Commands about the stored runs: ``synlib runs | check``."""

import os

import click

from synlib.book import execution, notebooks, runs, scorecard
from synlib.book.cli.building import jobs_option

ADVICE = """\
What is stored is not what this library computes. If the change was meant, `make runs` computes all
stored runs anew; see "Running it yourself" in the book."""


@click.command("runs")
@click.argument("chapters", nargs=-1, metavar="[CHAPTER]...")
@click.option("--missing", is_flag=True, help="Keep stored runs, and compute only the others.")
@jobs_option
def make_runs(chapters, missing, jobs):
    """Compute the runs of chapters at the size of the papers, and store them in book/runs.

    A CHAPTER is the number, the name or the path of a notebook; without any, all are run. The file
    of a chapter is replaced when all its checks hold. What was finished when this was stopped is
    not computed again. The rows of the scorecard are stored too, in book/results.
    """
    paths = list(dict.fromkeys(map(notebooks.find, chapters)))
    lacking = {} if missing else runs.chapters_lacking()
    for path in paths:
        for package in lacking.get(path.stem, ()):
            raise _cannot_be_computed(path.stem, package)
    if not paths:
        for chapter, packages in lacking.items():
            click.echo(f"{chapter} stays as it is: {', '.join(packages)} is not installed")
        paths = [path for path in notebooks.all_notebooks() if path.stem not in lacking]
    output = notebooks.ROOT / "_build" / "runs"
    renew = "missing" if missing else "all"
    execution.run_notebooks(paths, "paper", {}, output, jobs, scorecard.RESULTS, renew=renew)
    for path in paths:
        file = runs.path_of(path.stem)
        if file.is_file():
            size = file.stat().st_size / 1e6
            click.echo(f"{path.stem}: {runs.seconds(path.stem)} s of computing, {size:.2f} MB")


@click.command()
@click.argument("names", nargs=-1, metavar="[RUN]...")
@click.option("--seed", type=int, help="Draws the same runs again; by default drawn at random.")
@click.option("--seconds", type=float, default=30.0, show_default=True,
              help="Processor time of the runs that are drawn.")  # fmt: skip
def check(names, seed, seconds):
    """Compute stored runs again, and compare: those named, or some drawn at random.

    A RUN is named by its chapter and its number in the file, such as 5:317.
    """
    if names:
        drawn = list(map(runs.find, names))
        for each in drawn:
            for package in runs.lacking(each.run.function):
                raise _cannot_be_computed(each.name, package)
    else:
        seed = int.from_bytes(os.urandom(4)) if seed is None else seed
        click.echo(f"drawn with --seed {seed}")
        drawn = runs.draw(seed, seconds)
        for chapter, packages in runs.chapters_lacking().items():
            click.echo(f"{chapter} is left out: {', '.join(packages)} is not installed")
    differing = 0
    for each in drawn:
        found = runs.repeat(each)
        differing += bool(found)
        verdict = "differs" if found else "the same"
        click.echo(f"{each.name}: {verdict} ({runs.summary(each.run)})")
        for difference in found:
            click.echo(f"  {difference}")
    if differing:
        raise click.ClickException(f"{differing} of {len(drawn)} runs differ. {ADVICE}")


def _cannot_be_computed(name, package):
    return click.ClickException(
        f'{name} cannot be computed here: {package} is missing: pip install "synlib[{package}]"'
    )
