"""Records of many runs in columns, which are short and easy to compress, and back to the last bit.

A run has one record or several. A column has one value that is the ``same`` for all, one for each
``run``, or one for each ``row``; or it is the ``sum`` or the ``ratio`` of others, where it is that
to the last bit.
"""

import json
from itertools import accumulate, chain, pairwise

from synlib.energy import added

# what may follow from other entries, of the same layer, besides sums over layers
SUMS = {"total": ("consolidation", "maintenance", "transition", "outstanding")}
RATIOS = {"inefficiency": ("total", "minimal")}
# what decoding something else raises
MALFORMED = (ValueError, KeyError, TypeError, AttributeError)


def encode(runs):
    """Columns of lists of records, which all have the same entries.

    Parameters
    ----------
    runs : list of list of dict
        The records of each run.

    Returns
    -------
    dict of str to dict
        A column for each entry.
    """
    rows = list(map(len, runs))
    names = list(next(chain.from_iterable(runs), {}))
    columns = {name: [record[name] for records in runs for record in records] for name in names}
    return {
        name: _formula(name, columns) or _column(values, rows) for name, values in columns.items()
    }


def decode(columns, rows):
    """What has been encoded, given the number of records of each run.

    Raises
    ------
    MALFORMED
        If these are no such columns.
    """
    known = {}

    def values(name):
        if name not in known:
            ((kind, content),) = columns[name].items()
            if kind in ("sum", "ratio"):
                known[name] = _derive(kind, list(map(values, content)))
            else:
                known[name] = _expand(kind, content, rows)
        return known[name]

    every = zip(*map(values, columns), strict=True)
    records = [dict(zip(columns, each, strict=True)) for each in every]
    return [records[start:end] for start, end in pairwise(accumulate(rows, initial=0))]


def _column(values, rows):
    # compared as they are written: 1, 1.0 and True are three
    texts = list(map(json.dumps, values))
    if len(set(texts)) == 1:
        return {"same": values[0]}
    starts = list(accumulate(rows, initial=0))
    if all(len(set(texts[start:end])) <= 1 for start, end in pairwise(starts)) and min(rows):
        return {"run": [values[start] for start in starts[:-1]]}
    return {"row": values}


def _formula(name, columns):
    """How a column follows from others, to the last bit, or None."""
    stem, _, layer = name.rpartition("_")
    if not layer.isdecimal():
        stem, layer = name, ""
    suffix = f"_{layer}" if layer else ""
    layers = [other for other in columns if other.rpartition("_")[0] == name]
    tried = [("sum", [other for other in layers if other.rpartition("_")[2].isdecimal()])]
    tried += [("sum", [part + suffix for part in SUMS.get(stem, ())])]
    tried += [("ratio", [part + suffix for part in RATIOS.get(stem, ())])]
    for kind, parts in tried:
        if len(parts) > 1 and all(part in columns for part in parts):
            values = _derive(kind, [columns[part] for part in parts])
            if values is not None and list(map(repr, values)) == list(map(repr, columns[name])):
                return {kind: parts}
    return None


def _derive(kind, parts):
    try:
        if kind == "sum":
            return list(map(added, zip(*parts, strict=True)))
        return [a / b for a, b in zip(*parts, strict=True)]
    except (TypeError, ZeroDivisionError):  # no numbers, or no ratio
        return None


def _expand(kind, content, rows):
    """The values of a column, one for each of the rows of its runs."""
    if kind == "same":
        return [content] * sum(rows)
    if kind == "run":
        return list(chain.from_iterable([v] * n for v, n in zip(content, rows, strict=True)))
    if kind == "row":
        return content
    raise ValueError(f"unknown kind of column {kind!r}")
