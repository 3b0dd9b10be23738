"""Scorecards as HTML: the card of a chapter, and the board of all claims, a picture and a table.

Styles are in ``book/_static/synlib.css``, and the filter of the board in
``book/_static/scorecard.js``.
"""

import html
import itertools
import math
import os
import re

import numpy as np

from synlib.book.claims import CLAIMS
from synlib.book.scorecard import SYMBOLS, VERDICTS, by_claim, number, spread, totals, verdict

PAPERS = {
    "li2020": "Li and van Rossum 2020",
    "nyiro2022": "Nyírő et al. 2022",
    "vanrossum2024": "van Rossum and Pache 2024",
    "pache2023lazy": "Pache and van Rossum 2023",
    "apmsc2021": "a stand-in for it, 2021",
}
BOARD = "11_scorecard.html"


def card(rows, stored):
    """The rows of a chapter, beside those at the size of the papers if there are any."""
    paper = {(row.claim, row.measure): row for row in stored["rows"]} if stored else {}
    head = ["claim", "measured", "published", "here"]
    if stored:
        head.append(f"at the size of the papers, {stored['date']}")
    lines = [f"<tr>{_cells('th', head)}</tr>"]
    for key, group in itertools.groupby(rows, key=lambda row: row.claim):
        of_claim = list(group)
        link = _link(f"{BOARD}#claim-{key}", html.escape(key))
        text = f"{link}: {html.escape(CLAIMS[key].text)}"
        line = f'<td class="claim" rowspan="{len(of_claim)}">{text}</td>'
        for row in of_claim:
            measure = CLAIMS[key].measures[row.measure]
            line += _cells("td", [measure.what, measure.published])
            line += f"<td>{_interval(row, measure)}</td>"
            if stored:
                other = paper.get((key, row.measure))
                line += f"<td>{_interval(other, measure) if other else ''}</td>"
            lines.append(f"<tr>{line}</tr>")
            line = ""
    return _scrolling(lines, "Scorecard of this chapter")


def board(results):
    """All claims: a filter, a picture of one line a measure, and a table."""
    chapters = {row.claim: chapter for chapter, record in results.items() for row in record["rows"]}
    rows = by_claim(results)
    return (
        f'<div class="board">{_filter(results)}'
        f"{_picture(rows, chapters)}{_board_table(rows, chapters)}</div>"
    )


def ratios(row, measure):
    """Lowest, median and highest value over the claimed one; None if these have no ratio.

    Within a claimed range the ratio is 1; where "more than 2" is claimed, it is that to 2.

    Examples
    --------
    >>> from synlib.book.scorecard import judge
    >>> (row,) = judge("E3", inefficiency=[450, 900, 1800])
    >>> ratios(row, CLAIMS["E3"].measures["inefficiency"])
    (0.5, 1.0, 2.0)
    """
    bounds = _claimed(measure.published)
    values = row.low, row.value, row.high
    if bounds is None or not np.isfinite(values).all() or min(values) < 0 or row.value == 0:
        return None
    low, high = bounds
    return tuple(value / min(max(value, low), high) for value in values)


def _claimed(published):
    """The lowest and the highest value that are claimed, or None if that is no number above 0."""
    text = published.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))
    if re.fullmatch("10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+", published):
        text = f"1e{text[2:]}"
    match = re.fullmatch(r"[<>≤≥]? ?([\d.e]+)(?:-([\d.]+))?", text)
    if not match or float(match[1]) == 0:
        return None
    return float(match[1]), float(match[2] or match[1])


def _filter(results):
    """Boxes for papers and verdicts, which a script shows and obeys."""
    found = totals(results)
    boxes = [("paper", key, name) for key, name in PAPERS.items()]
    boxes += [("verdict", name, f"{SYMBOLS[name]} {name} ({found[name]})") for name in VERDICTS]
    groups = [
        f"<fieldset><legend>{kind}</legend>"
        + "".join(
            f'<label><input type="checkbox" name="{of}" value="{value}" checked> '
            f"{html.escape(text)}</label>"
            for of, value, text in boxes
            if of == kind
        )
        + "</fieldset>"
        for kind in ("paper", "verdict")
    ]
    return f'<form class="filter" hidden>{"".join(groups)}<output></output></form>'


def _picture(rows, chapters):
    """What was measured over what was claimed, on a logarithmic axis, sorted by verdict."""
    measured = {
        (key, row.measure): ratios(row, CLAIMS[key].measures[row.measure])
        for key, of_claim in rows.items()
        for row in of_claim
    }
    values = [value for found in measured.values() if found for value in found if value > 0]
    low = math.floor(math.log10(min([0.5, *values])))
    high = math.ceil(math.log10(max([2.0, *values])))

    def place(ratio):
        exponent = math.log10(ratio) if ratio > 0 else low
        return 2 + 96 * (min(max(exponent, low), high) - low) / (high - low)

    ticks = [10.0**exponent for exponent in range(low, high + 1)]
    axis = "".join(f'<span style="left:{place(tick):.1f}%">{number(tick)}</span>' for tick in ticks)
    grid = "".join(
        f'<line class="{"one" if tick == 1 else "tick"}" x1="{place(tick):.1f}%" '
        f'x2="{place(tick):.1f}%" y1="0" y2="100%"/>'
        for tick in ticks
    )
    order = sorted(rows, key=lambda key: VERDICTS.index(verdict(rows[key])))
    lines = [_picture_line(key, rows, chapters, measured, place, grid) for key in order]
    return (
        '<figure class="ratios" role="group" aria-label="Measured over claimed, by verdict">'
        f'<div class="axis" aria-hidden="true"><div>{axis}</div></div>'
        f"<ol>{''.join(lines)}</ol>"
        f'<div class="axis" aria-hidden="true"><div>{axis}</div></div>'
        "<figcaption>measured / claimed</figcaption></figure>"
    )


def _picture_line(key, rows, chapters, measured, place, grid):
    claim, judged = CLAIMS[key], verdict(rows[key])
    measures = ""
    for row in rows[key]:
        measure = claim.measures[row.measure]
        found = measured[key, row.measure]
        drawn = "<i>no ratio</i>"
        if found:
            marks = _marks(row, measure, found, place)
            drawn = f'<svg aria-hidden="true" width="100%" height="20">{grid}{marks}</svg>'
        value = f"{spread(row)}; claimed {measure.published}".replace("claimed ", "claimed\u00a0")
        measures += (
            f'<div class="measure {_class(row.verdict)}"><span>{html.escape(measure.what)}</span>'
            f"{drawn}<span>{_printed(value)}</span></div>"
        )
    name = _link(_figure(key, chapters), f"{SYMBOLS[judged]} {key}")
    text = html.escape(f"{key}: {claim.text}. {judged}")
    return (
        f'<li {_data(key, judged)} class="{_class(judged)}" title="{text}">'
        f'<span class="key">{name}</span><div>{measures}</div></li>'
    )


def _marks(row, measure, found, place):
    """The bands of a measure, the spread over seeds, and the median."""
    low, high = _claimed(measure.published)
    bands = ""
    for name, (lower, upper) in zip(("wide", "band"), measure.bands[::-1], strict=True):
        start = place(max(lower, 0) / low)
        bands += (
            f'<rect class="{name}" x="{start:.1f}%" y="3" height="14" '
            f'width="{place(upper / high) - start:.1f}%"/>'
        )
    first, middle, last = map(place, found)
    spread_line = f'<line class="spread" x1="{first:.1f}%" x2="{last:.1f}%" y1="10" y2="10"/>'
    return f'{bands}{spread_line}<circle cx="{middle:.1f}%" cy="10" r="5"/>'


def _board_table(rows, chapters):
    """All claims, one line a measure."""
    head = ["claim", "verdict", "measured", "published", "here"]
    lines = [f"<tr>{_cells('th', head)}</tr>"]
    for key, of_claim in rows.items():
        claim, judged = CLAIMS[key], verdict(of_claim)
        span = f' rowspan="{len(of_claim)}"'
        place = claim.source.partition(", ")[2]
        name = f"{key}{'~' if claim.second_hand else ''}"
        text = f": {claim.text} ({place})" if place else f": {claim.text}"
        link = _link(_figure(key, chapters), html.escape(name))
        line = f'<td class="claim" id="claim-{key}"{span}>{link}{html.escape(text)}</td>'
        line += _cells(
            f'td class="verdict {_class(judged)}"{span}', [f"{SYMBOLS[judged]} {judged}"]
        )
        for row in of_claim:
            measure = claim.measures[row.measure]
            line += _cells("td", [measure.what, measure.published])
            line += f"<td>{_interval(row, measure)}</td>"
            lines.append(f"<tr {_data(key, judged)}>{line}</tr>")
            line = ""
    return _scrolling(lines, "Scorecard of all claims")


def _figure(key, chapters):
    """Address of the figure that shows a claim; empty if its chapter has not run."""
    if key not in chapters:
        return ""
    figure = CLAIMS[key].figure
    return f"{chapters[key]}.html" + (f"#{figure}" if figure else "")


def _link(address, text):
    """A link on a page of the book; in a notebook, which has no pages, the text alone."""
    if not address or "SYNLIB_PROFILE" not in os.environ:
        return text
    return f'<a href="{address}">{text}</a>'


def _data(key, judged):
    """What the filter goes by."""
    paper = CLAIMS[key].source.partition(",")[0]
    return f'data-paper="{paper}" data-verdict="{judged}"'


def _class(judged):
    return judged.replace(" ", "-")


def _scrolling(lines, label):
    """A table that can be scrolled, by keyboard as well, where the screen is narrow."""
    table = f"<table>{''.join(lines)}</table>"
    return f'<div class="scorecard" tabindex="0" role="region" aria-label="{label}">{table}</div>'


def _cells(tag, texts):
    name = tag.split()[0]
    return "".join(f"<{tag}>{_printed(text)}</{name}>" for text in texts)


def _printed(text):
    """As HTML, with signs and dashes as they are printed.

    Examples
    --------
    >>> _printed("-0.033 to 0.023"), _printed("60-100")
    ('−0.033 to 0.023', '60–100')
    """
    text = re.sub(r"(?<=\d)-(?=\d)", "–", text)
    return html.escape(re.sub(r"(?<!\w)-(?=\d)", "−", text))


def _interval(row, measure):
    """Text and a small picture: the bands, the spread over seeds, and the median."""
    text = _printed(_judged(row))
    if not np.isfinite([row.value, row.low, row.high]).all():
        return text
    ends = [end for band in measure.bands for end in band if np.isfinite(end)]
    low, high = min([*ends, row.low]), max([*ends, row.high])
    room = 0.1 * (high - low) or 1.0
    low, high = low - room, high + room

    def place(value):
        return 100 * (min(max(value, low), high) - low) / (high - low)

    (a, b), (c, d) = (tuple(map(place, band)) for band in measure.bands)
    return (
        f'{text}<br><svg width="100" height="14" viewBox="0 0 100 14" aria-hidden="true">'
        f'<rect x="{c:.1f}" width="{d - c:.1f}" height="14" fill="#cccccc"/>'
        f'<rect x="{a:.1f}" width="{b - a:.1f}" height="14" fill="#8fd0bd"/>'
        f'<path d="M{place(row.low):.1f} 7H{place(row.high):.1f}" stroke="currentColor" '
        f'stroke-width="2"/>'
        f'<circle cx="{place(row.value):.1f}" cy="7" r="4" fill="currentColor"/></svg>'
    )


def _judged(row):
    return f"{spread(row)}: {row.verdict}"
