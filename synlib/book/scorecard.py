"""The claims of the papers, the bands in which they count as reproduced, and verdicts.

A chapter measures; `judge` compares with the band and returns rows; `Card` shows them. The rows of
the paper profile are kept in ``book/results``, one file a chapter, written by ``synlib book`` and
``synlib runs``.
"""

import json
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from synlib.book.claims import CLAIMS

RESULTS = Path(__file__).parents[2] / "book" / "results"
VERDICTS = ("reproduced", "qualitatively", "differs", "not tested")
SYMBOLS = dict(zip(VERDICTS, "✓≈✗?", strict=True))
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
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


def totals(results):
    """How many claims have which verdict.

    Parameters
    ----------
    results : dict
        From `load`.

    Returns
    -------
    dict of str to int
        For each verdict, "not tested" included.

    Examples
    --------
    >>> sum(totals({}).values()) == len(CLAIMS)
    True
    """
    verdicts = [verdict(rows) for rows in by_claim(results).values()]
    return {name: verdicts.count(name) for name in VERDICTS}


class Board:
    """The whole scorecard, as a notebook shows it.

    Parameters
    ----------
    results : dict
        From `load`.
    """

    def __init__(self, results):
        self.results = results

    def __str__(self):
        return ", ".join(f"{name}: {count}" for name, count in totals(self.results).items())

    def _repr_mimebundle_(self, include=None, exclude=None):
        from synlib.book import scorecard_pages

        return {"text/plain": str(self), "text/html": scorecard_pages.board(self.results)}


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
            f"{row.claim:4} {row.verdict:14} {row.measure} = {spread(row)}; "
            f"published {CLAIMS[row.claim].measures[row.measure].published}"
            for row in self.rows
        )

    def expect(self, holds, finding, settings):
        """Insist on a finding where the chapter runs with the parameters of a profile.

        With other parameters it may well not hold: then that is said.

        Parameters
        ----------
        holds : bool
        finding : str
            What is expected, in words.
        settings : dict
            Values of all parameters of the chapter, such as its ``globals()``.

        Raises
        ------
        AssertionError
            If it does not hold with the parameters of the quick or the paper profile.

        Examples
        --------
        >>> settings = dict(n_inputs=10, thresholds=[1.0], costs=[0.01], seeds=1)
        >>> card = Card(judge("E10", ratio=2.5), chapter="04_consolidation_scopes")
        >>> card.expect(2.5 < 2, "all three ways cost about the same", settings)
        not found with these parameters: all three ways cost about the same
        """
        if holds:
            return
        if _of_a_profile(self.chapter, settings):
            raise AssertionError(finding)
        print(f"not found with these parameters: {finding}")

    def _repr_mimebundle_(self, include=None, exclude=None):
        from synlib.book import scorecard_pages

        # on a page at the size of the papers, what is measured here is what is stored
        is_paper = os.environ.get("SYNLIB_PROFILE") == "paper"
        stored = None if is_paper else load(RESULTS).get(self.chapter)
        return {
            "text/plain": str(self),
            "text/html": scorecard_pages.card(self.rows, stored),
            MIME: [_finite(asdict(row)) for row in self.rows],
        }


def store(rows, chapter, day, folder=RESULTS):
    """Keep the rows of a chapter, with the day on which its runs were made.

    To ten digits: the last ones of a sum may be others with another Python, which is no other
    result.

    Parameters
    ----------
    rows : list of dict
        What a `Card` has put into a notebook.
    chapter : str
        Name of the notebook; becomes that of the file.
    day : datetime.date
    folder : path
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows = [{name: _ten_digits(value) for name, value in row.items()} for row in rows]
    record = {"chapter": chapter, "date": day.isoformat(), "rows": rows}
    (folder / f"{chapter}.json").write_text(json.dumps(record, indent=1) + "\n", "utf-8")


def load(folder=RESULTS):
    """The stored results: for each chapter its ``date`` and ``rows``.

    Verdicts are computed anew from the stored medians: the bands may have changed since.

    Returns
    -------
    dict of str to dict
        Empty where there are none, as in an installation without the book.
    """
    results = {}
    for path in sorted(folder.glob("*.json")):
        record = json.loads(path.read_text("utf-8"))
        record["rows"] = [_judged_anew(row) for row in record["rows"]]
        results[record["chapter"]] = record
    return results


def _of_a_profile(chapter, settings):
    """Whether a chapter runs with the parameters of the quick or the paper profile."""
    from synlib.book import notebooks, parameters

    path = notebooks.ROOT / "notebooks" / f"{chapter}.ipynb"
    if not path.is_file():  # a notebook on its own, with the library installed
        return False
    quick = parameters.defaults(path)
    profiles = quick, quick | notebooks.profile_values(path, "paper")
    return {name: settings[name] for name in quick} in profiles


def _ten_digits(value):
    return float(f"{value:.10g}") if isinstance(value, float) else value


def _judged_anew(stored):
    row = Row(**{name: np.nan if value is None else value for name, value in stored.items()})
    measure = CLAIMS[row.claim].measures[row.measure]
    return replace(row, verdict=_verdict(measure, row.value))


def _verdict(measure, value):
    if np.isnan(value):
        return "not tested"
    for verdict, (low, high) in zip(VERDICTS, measure.bands, strict=False):
        if low <= value <= high:
            return verdict
    return "differs"


def spread(row):
    """The value of a row as people write it, with the lowest and the highest."""
    if row.n_values == 0:
        return "no value"
    between = f" ({number(row.low)} to {number(row.high)})" if row.n_values > 1 else ""
    return f"{number(row.value)}{between}"


def number(value):
    """Two digits, as people write them: 1,200 and 9.9×10⁷, not 1.2e+03 and 9.9e+07."""
    text = f"{value:.2g}" if abs(value) > 1e-12 else "0"  # what is left by rounding
    if "e" not in text:
        return text
    if 1 <= abs(value) < 1e6:
        return f"{float(text):,.0f}"
    mantissa, exponent = text.split("e")
    return f"{mantissa}×10{str(int(exponent)).translate(RAISED)}"


def by_claim(results):
    """The rows of every claim, also of those that nothing is stored about."""
    found = {(row.claim, row.measure): row for record in results.values() for row in record["rows"]}
    unknown = np.nan, np.nan, np.nan, 0, "not tested"
    return {
        key: [found.get((key, name)) or Row(key, name, *unknown) for name in claim.measures]
        for key, claim in CLAIMS.items()
    }


def _finite(row):
    """A row ready for JSON, which knows neither NaN nor infinity."""
    return {k: None if v in (np.inf, -np.inf) or v != v else v for k, v in row.items()}
