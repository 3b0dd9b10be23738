"""Parameters of chapters: what a notebook has, and values for them as people type them."""

import ast
import difflib
from typing import ClassVar

from synlib._extras import extra

with extra("book"):
    import click
    import nbformat
    import yaml

KINDS = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}


def defaults(path):
    """The parameters of a notebook, and the values that they have there.

    Parameters
    ----------
    path : path
        A notebook with one cell that is tagged ``parameters``.

    Returns
    -------
    dict of str to object

    Examples
    --------
    >>> from synlib.book.notebooks import find
    >>> defaults(find("07"))["hidden"]
    [10, 20, 50, 100, 200, 500, 1000]
    """
    return {
        statement.targets[0].id: ast.literal_eval(statement.value)
        for cell in nbformat.read(path, as_version=4).cells
        if "parameters" in cell.metadata.get("tags", [])
        for statement in ast.parse(cell.source).body
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name)
    }


def with_values(source, values):
    """The code of a parameters cell with other values in it, and its comments.

    Examples
    --------
    >>> print(with_values("seeds = 2  # networks\\nrates = [0.1,\\n 1.0]", {"rates": [0.5]}))
    seeds = 2  # networks
    rates = [0.5]
    """
    from papermill.translators import PythonTranslator

    lines = source.encode().splitlines()  # positions count bytes
    for statement in reversed(ast.parse(source).body):
        name = ast.unparse(statement.targets[0]) if isinstance(statement, ast.Assign) else None
        if name in values:
            old, new = statement.value, PythonTranslator.translate(values[name]).encode()
            first, last = lines[old.lineno - 1], lines[old.end_lineno - 1]
            line = first[: old.col_offset] + new + last[old.end_col_offset :]
            lines[old.lineno - 1 : old.end_lineno] = [line]
    return b"\n".join(lines).decode()


def parse(text):
    """Name and value in ``NAME=VALUE``; the value is YAML, but for its traps.

    Everything that Python reads as a number is one, and no word is a truth value but true and
    false.

    Raises
    ------
    click.UsageError
        If there is no name or no value, or the value is not complete.

    Examples
    --------
    >>> parse("costs=[0.0, 1e-5, inf]")
    ('costs', [0.0, 1e-05, inf])
    >>> parse("seeds=010"), parse("dataset=no")
    (('seeds', 10), ('dataset', 'no'))
    """
    name, separator, value = text.partition("=")
    if not separator or not name.strip() or not value.strip():
        raise click.UsageError(f"-p takes NAME=VALUE, got {text!r}")
    try:
        return name.strip(), yaml.load(value, _Loader)
    except yaml.YAMLError as error:
        problem = getattr(error, "problem", None) or "it is not YAML"
        raise click.UsageError(f"-p {text!r} cannot be read: {problem}") from error


def fitting(name, value, default):
    """A value as a notebook expects it, by the kind of its default.

    A single value is a list of one where a list is meant, and 1e3 is a whole number.

    Raises
    ------
    click.UsageError
        If it is of another kind.

    Examples
    --------
    >>> fitting("loads", 1, [0.5, 1.5]), fitting("seeds", 1e1, 5)
    ([1.0], 10)
    """
    if not isinstance(default, list):
        return _fitting(name, value, type(default))
    values = value if isinstance(value, list) else [value]
    if not values and default:
        raise click.UsageError(f"{name} must have at least one value, got []")
    kinds = {type(item) for item in default} or {int}
    kind = float if kinds == {int, float} else kinds.pop()
    values = [_fitting(f"each of {name}=[...]", item, kind) for item in values]
    for item in values:
        if values.count(item) > 1:
            raise click.UsageError(f"{name} has {item!r} more than once")
    return values


def check_names(given, known):
    """Refuse parameters that none of the chapters has.

    Parameters
    ----------
    given : iterable of str
    known : iterable of str

    Raises
    ------
    click.UsageError
        Names the parameter and the one that is meant, by the look of it.
    """
    names = sorted(set(known))
    for name in given:
        if name not in names:
            nearest = difflib.get_close_matches(name, names, n=1, cutoff=0)
            hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
            raise click.UsageError(f"no chapter has a parameter {name!r}{hint}")


def _fitting(name, value, kind):
    if kind is float and type(value) is int:
        return float(value)
    if kind is int and isinstance(value, float) and value.is_integer():
        return int(value)
    if type(value) is not kind:
        raise click.UsageError(f"{name} must be {KINDS[kind]}, got {value!r}")
    return value


class _Loader(yaml.SafeLoader):
    """YAML in which no plain word is anything but a text: `_plain` says what it is."""

    yaml_implicit_resolvers: ClassVar[dict] = {}


def _plain(loader, node):
    text = loader.construct_scalar(node)
    if node.style is not None:  # in quotes
        return text
    words = {"true": True, "false": False, ".inf": "inf", "-.inf": "-inf", ".nan": "nan"}
    text = words.get(text.lower(), text)
    if isinstance(text, bool):
        return text
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


_Loader.add_constructor("tag:yaml.org,2002:str", _plain)
