"""Commands about what is kept on this computer: ``synlib data | cache``."""

import contextlib
from pathlib import Path

import click

from synlib import archives
from synlib.book import caches


@click.group(invoke_without_command=True)
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


@click.group(invoke_without_command=True)
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


@contextlib.contextmanager
def _errors():
    """Errors about data in one line."""
    try:
        yield
    except archives.DataUnavailable as error:
        raise click.ClickException(str(error)) from error
