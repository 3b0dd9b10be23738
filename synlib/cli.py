"""The command line: ``synlib figures | book | data | cache | scorecard``.

Exit codes: 0, done; 1, it failed and the last line on standard error says why; 2, the command was
not understood; 130, it was stopped by Ctrl-C.
"""

import contextlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import click
import yaml

from synlib import archives, caches, notebooks, parameters, scorecard, up_to_date

GITHUB = ("github.com", "www.github.com", "ssh.github.com")
INTERRUPTED = 130  # the exit code that shells expect after Ctrl-C
PLAIN = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹×", "-0123456789x") | {ord("≥"): ">=", ord("≤"): "<="}
PROFILES = click.Choice(["quick", "paper"])


class Commands(click.Group):
    """Commands that end in one line whatever stops them, on any terminal."""

    def invoke(self, context):
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="backslashreplace")
        try:
            return super().invoke(context)
        except KeyboardInterrupt:
            click.echo("stopped", err=True)
            raise click.exceptions.Exit(INTERRUPTED) from None
        except OSError as error:
            if error.filename is None:
                raise
            raise click.ClickException(f"{error.filename}: {error.strerror}") from error


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="synlib")
def main():
    """What does it cost to learn? Figures, book and data of synlib."""


@main.command()
@click.argument("chapters", nargs=-1, metavar="[CHAPTER]...")
@click.option("--profile", type=PROFILES, default="quick", show_default=True,
              help="Sizes: those in the notebooks, or those of the papers.")  # fmt: skip
@click.option("-p", "assignments", multiple=True, metavar="NAME=VALUE",
              help="A parameter of the notebooks, such as seeds=3 or 'loads=[0.5, 1.0]'; may be "
                   "given several times.")  # fmt: skip
@click.option("--output", type=click.Path(path_type=Path), default=Path("figures"),
              show_default=True, help="Folder for executed notebooks and figures.")  # fmt: skip
@click.option("--jobs", type=click.IntRange(min=1), help="Processes; by default one a core.")
def figures(chapters, profile, assignments, output, jobs):
    """Run chapters and write every figure as SVG and PNG, and its numbers as JSON.

    A CHAPTER is the number, the name or the path of a notebook; without any, all are run.
    """
    paths = list(dict.fromkeys(map(notebooks.find, chapters))) or notebooks.all_notebooks()
    given = dict(map(parameters.parse, assignments))
    notebooks.run_notebooks(paths, profile, given, output.expanduser(), jobs)
    click.echo(f"Figures are in {output}")


@main.command()
@click.option("--profile", type=PROFILES, default="quick", show_default=True,
              help="Sizes: those in the notebooks, or those of the papers.")  # fmt: skip
@click.option("--jobs", type=click.IntRange(min=1), help="Processes; by default one a core.")
def book(profile, jobs):
    """Execute the notebooks and build the book, _build/html/index.html.

    The paper profile also stores the rows of the scorecard, in book/results.
    """
    paths = notebooks.all_notebooks()
    notebooks.require("ipykernel", "jupyter_book")
    build = notebooks.ROOT / "_build"
    index = build / "html" / "index.html"
    _forget_old_pages(build)
    source = build / profile
    results = scorecard.RESULTS if profile == "paper" else None
    notebooks.run_notebooks(
        paths, profile, {}, source / "notebooks", jobs, results, keep=profile == "quick"
    )
    _copy_book(source)
    config_file = build / "config.yml"
    config_file.write_text(yaml.safe_dump(_config()))
    command = [Path(sys.executable).with_name("jupyter-book"), "build", source]
    options = ["--path-output", notebooks.ROOT, "--config", config_file, "-n", "-W", "--keep-going"]
    failed = subprocess.run([*command, *options], check=False).returncode
    for report in sorted(build.rglob("reports/*.err.log")):
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


@main.group(invoke_without_command=True)
@click.pass_context
def cache(context):
    """Show what is kept to save time, compiled kernels and finished runs, and where."""
    if context.invoked_subcommand:
        return
    for kind, pattern in zip(caches.KINDS, ("*.nbc", "output.pkl"), strict=True):
        found = caches.kept(kind)
        count, size = caches.measure(found.current, pattern)
        click.echo(f"{kind}: {count} ({size / 1e6:.1f} MB) in {found.current}")
        if found.old:
            sizes = [caches.measure(path, pattern)[1] for path in found.old]
            click.echo(
                f"  {len(sizes)} folders of other versions ({sum(sizes) / 1e6:.1f} MB) in "
                f"{found.folder}; `synlib cache clear --old` deletes them"
            )


@cache.command("clear")
@click.argument("kinds", nargs=-1, metavar="[KIND]...", type=click.Choice(caches.KINDS))
@click.option("--old", is_flag=True, help="Only what other versions have left behind.")
def clear_cache(kinds, old):
    """Delete compiled kernels ("kernels"), finished runs ("runs"), or both."""
    for kind in kinds or caches.KINDS:
        try:
            caches.clear(kind, old_only=old)
        except OSError as error:
            raise click.ClickException(
                f"cannot delete {error.filename}: {error.strerror}"
            ) from error
        click.echo(f"{kind}: cleared {'what other versions left ' if old else ''}in "
                   f"{caches.kept(kind).folder}")  # fmt: skip


@main.command("scorecard")
def show_scorecard():
    """Show the stored verdicts on the claims of the papers (paper profile)."""
    results = scorecard.load()
    for record in results.values():
        click.echo(f"{record['chapter']}, {record['date']}")
        click.echo(_showable(f"{scorecard.Card(record['rows'])}\n"))
    click.echo(scorecard.Board(results))


def _showable(text):
    """A text in the characters that standard output has: 9.9×10⁷, or 9.9x10^7."""
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return re.sub("[⁻⁰¹²³⁴-⁹]+", r"^\g<0>", text).translate(PLAIN)
    return text


def _forget_old_pages(build):
    """Sphinx looks at the pages only."""
    version = up_to_date.pages_version()
    stamp = build / ".sources"
    if not stamp.is_file() or stamp.read_text() != version:
        shutil.rmtree(build / ".doctrees", ignore_errors=True)
        build.mkdir(exist_ok=True)
        stamp.write_text(version)


@contextlib.contextmanager
def _errors():
    """Errors about data in one line."""
    try:
        yield
    except archives.DataUnavailable as error:
        raise click.ClickException(str(error)) from error


def _copy_book(source):
    """Lay out the book around notebooks that have been executed already."""
    shutil.rmtree(source / "book", ignore_errors=True)  # no page that is gone stays behind
    shutil.copytree(notebooks.ROOT / "book", source / "book")
    shutil.copy(notebooks.ROOT / "_toc.yml", source)


def _config():
    """Settings of the book, with launch buttons if the repository has an address."""
    config = yaml.safe_load((notebooks.ROOT / "_config.yml").read_text())
    extensions = config["sphinx"]["local_extensions"]
    config["sphinx"]["local_extensions"] = {
        k: str(notebooks.ROOT / path) for k, path in extensions.items()
    }
    address = repository_address()
    if address is not None:
        config["repository"] = {"url": address, "branch": "main"}
        config["launch_buttons"] = {
            "notebook_interface": "jupyterlab",
            "binderhub_url": "https://mybinder.org",
            "thebe": True,
        }
        # Colab has nothing but the notebook, which must install the library from there
        if all(f'git+{address}"' in path.read_text("utf-8") for path in notebooks.all_notebooks()):
            config["launch_buttons"]["colab_url"] = "https://colab.research.google.com"
        owner, _, name = address.removeprefix("https://github.com/").partition("/")
        config["html"] = {
            "use_repository_button": True,
            "use_issues_button": True,
            "baseurl": f"https://{owner}.github.io/{name}/",  # where shared links lead
        }
    return config


def repository_address(folder=None):
    """Where the repository is on GitHub: by ``$GITHUB_REPOSITORY``, else by the remote "origin".

    Parameters
    ----------
    folder : path, optional
        Top of the repository; what lies within that of another project has no address.

    Returns
    -------
    str or None
        None if it is not on GitHub: nothing else can be launched from there.
    """
    name = os.environ.get("GITHUB_REPOSITORY")
    if name:
        return f"https://github.com/{name}"
    folder = Path(folder or notebooks.ROOT)
    top = _git(folder, "rev-parse", "--show-toplevel")
    if not top or not Path(top).samefile(folder):
        return None
    return _on_github(_git(folder, "remote", "get-url", "origin"))


def _on_github(remote):
    """The page of a remote, without what only opens it: user, token, port."""
    if "://" not in remote:  # [user@]host:path
        remote = "ssh://" + remote.replace(":", "/", 1)
    try:
        parts = urlsplit(remote)
    except ValueError:  # no address at all
        return None
    path = parts.path.strip("/").removesuffix(".git")
    if parts.hostname not in GITHUB or not re.fullmatch(r"[\w.-]+/[\w.-]+", path):
        return None
    return f"https://github.com/{path}"


def _git(folder, *arguments):
    """What git answers, or nothing."""
    try:
        return subprocess.run(
            ["git", "-C", folder, *arguments], capture_output=True, text=True, check=False
        ).stdout.strip()
    except FileNotFoundError:  # no git
        return ""
