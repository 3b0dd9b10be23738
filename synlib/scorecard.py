"""The claims of the papers, the bands in which they count as reproduced, and verdicts.

A chapter measures; `judge` compares with the band and returns rows; `Card` shows them. The rows of
the paper profile are kept in ``book/results``, one file a chapter, written by
``synlib book --profile paper``.
"""

import datetime
import html
import json
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np

from synlib.claims import CLAIMS

RESULTS = Path(__file__).parents[1] / "book" / "results"
VERDICTS = ("reproduced", "qualitatively", "differs", "not tested")
MIME = "application/vnd.synlib.scorecard+json"


@dataclass(frozen=True)
class Row:
    """One measure of one claim, and how it was found.

    Parameters
    ----------
    claim, measure : str
        Keys into `CLAIMS`, and into the measures of the claim.
    value, low, high : float
        Median over seeds, lowest and highest.
    n_values : int
        Number of seeds.
    verdict : {"reproduced", "qualitatively", "differs", "not tested"}
    """

    claim: str
    measure: str
    value: float
    low: float
    high: float
    n_values: int
    verdict: str


def judge(claim, **measured):
    """Compare what a chapter measured with what was published.

    Parameters
    ----------
    claim : str
        Key of `CLAIMS`.
    **measured
        For each measure of the claim its values, one a seed.

    Returns
    -------
    list of Row
        The verdict is that on the median: inside the band of the measure, inside the wider band
        in which the claim holds qualitatively, or neither. Without any value it is not tested.

    Raises
    ------
    KeyError
        If the claim or one of its measures is unknown, or a measure is left out.

    Examples
    --------
    >>> (row,) = judge("E2", ratio=[1.1, 1.2, 1.4])
    >>> row.value, row.verdict
    (1.2, 'reproduced')
    """
    measures = CLAIMS[claim].measures
    if set(measured) != set(measures):
        raise KeyError(f"{claim} has the measures {', '.join(measures)}; got {', '.join(measured)}")
    rows = []
    for name, measure in measures.items():
        values = np.atleast_1d(np.asarray(measured[name], float))
        values = values[~np.isnan(values)]
        spread = (np.nan,) * 3
        if values.size:
            spread = tuple(float(f(values)) for f in (np.median, np.min, np.max))
        rows.append(Row(claim, name, *spread, int(values.size), _verdict(measure, spread[0])))
    return rows


def verdict(rows):
    """The verdict on a claim: the worst of those on its measures.

    Examples
    --------
    >>> verdict(judge("E2", ratio=3.0))
    'differs'
    """
    return max((row.verdict for row in rows), key=VERDICTS.index)


class Card:
    """The scorecard rows of a chapter, as a notebook shows them.

    Parameters
    ----------
    *claims : list of Row
        One list for each claim, from `judge`.
    chapter : str, optional
        Name of the notebook, to show its stored rows of the paper profile as well.

    Examples
    --------
    >>> print(Card(judge("E2", ratio=[1.1, 1.2, 1.4])))
    E2   reproduced     ratio = 1.2 (1.1 to 1.4); published 1
    """

    def __init__(self, *claims, chapter=None):
        self.rows = [row for rows in claims for row in rows]
        self.chapter = chapter

    def __str__(self):
        return "\n".join(
            f"{row.claim:4} {row.verdict:14} {row.measure} = {_spread(row)}; "
            f"published {CLAIMS[row.claim].measures[row.measure].published}"
            for row in self.rows
        )

    def _repr_mimebundle_(self, include=None, exclude=None):
        stored = load(RESULTS).get(self.chapter)
        return {
            "text/plain": str(self),
            "text/html": _table(self.rows, stored),
            MIME: [_finite(asdict(row)) for row in self.rows],
        }


def store(rows, chapter, folder=RESULTS):
    """Keep the rows of a chapter, with the date and the version of the library.

    Parameters
    ----------
    rows : list of dict
        What a `Card` has put into a notebook.
    chapter : str
        Name of the notebook; becomes that of the file.
    folder : path
    """
    folder.mkdir(parents=True, exist_ok=True)
    record = {
        "chapter": chapter,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "versions": {name: version(name) for name in ("synlib", "numpy", "numba")},
        "rows": rows,
    }
    (folder / f"{chapter}.json").write_text(json.dumps(record, indent=1) + "\n", "utf-8")


def load(folder=RESULTS):
    """The stored results: for each chapter its ``date``, ``versions`` and ``rows``.

    Returns
    -------
    dict of str to dict
        Empty where there are none, as in an installation without the book.
    """
    results = {}
    for path in sorted(folder.glob("*.json")):
        record = json.loads(path.read_text("utf-8"))
        rows = ({k: np.nan if v is None else v for k, v in row.items()} for row in record["rows"])
        record["rows"] = [Row(**row) for row in rows]
        results[record["chapter"]] = record
    return results


def _verdict(measure, value):
    if np.isnan(value):
        return "not tested"
    for verdict, (low, high) in zip(VERDICTS, measure.bands, strict=False):
        if low <= value <= high:
            return verdict
    return "differs"


def _spread(row):
    if row.n_values == 0:
        return "no value"
    spread = f" ({row.low:.2g} to {row.high:.2g})" if row.n_values > 1 else ""
    return f"{row.value:.2g}{spread}"


def _table(rows, stored):
    """The rows as HTML, beside those of the paper profile if there are any."""
    paper = {(row.claim, row.measure): row for row in stored["rows"]} if stored else {}
    head = ["claim", "measured", "published", "here"]
    if stored:
        head.append(f"paper profile, regenerated on {stored['date']}")
    lines = ["".join(f"<th>{html.escape(text)}</th>" for text in head)]
    for row in rows:
        claim = CLAIMS[row.claim]
        measure = claim.measures[row.measure]
        cells = [f"{row.claim}: {claim.text}", measure.what, measure.published, _judged(row)]
        if stored:
            other = paper.get((row.claim, row.measure))
            cells.append(_judged(other) if other else "")
        lines.append("".join(f"<td>{html.escape(cell)}</td>" for cell in cells))
    return f'<table class="scorecard"><tr>{"</tr><tr>".join(lines)}</tr></table>'


def _judged(row):
    return f"{_spread(row)}: {row.verdict}"


def _finite(row):
    """A row ready for JSON, which knows neither NaN nor infinity."""
    return {k: None if v in (np.inf, -np.inf) or v != v else v for k, v in row.items()}
