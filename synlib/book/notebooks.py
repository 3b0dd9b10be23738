"""Chapters of the book: finding notebooks, and the sizes of their profiles."""

import importlib.util
from pathlib import Path

from synlib._extras import extra

with extra("book"):
    import click
    import yaml

ROOT = Path(__file__).parents[2]
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
    return yaml.safe_load(_paper_profile(path).read_text())


def has_one_size(path):
    """Whether a chapter is the same in both profiles."""
    return _paper_profile(path).is_file() and not profile_values(path, "paper")


def _paper_profile(path):
    return path.parent / "params" / f"{path.stem}.yaml"
