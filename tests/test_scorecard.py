"""Verdicts are computed, stored, and shown as they are."""

import datetime
import json

import numpy as np
import pytest

from synlib.book import notebooks, parameters, scorecard
from synlib.book.claims import CLAIMS, INFINITY, Claim
from synlib.book.scorecard import Card, judge, verdict


def test_bands_are_nested_and_in_order():
    for claim in CLAIMS.values():
        assert isinstance(claim, Claim)
        assert claim.source.split(",")[0] in ("li2020", "nyiro2022", "vanrossum2024")
        for measure in claim.measures.values():
            (low, high), (lower, higher) = measure.bands
            assert lower <= low < high <= higher


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1.0, "reproduced"),
        (0.8, "reproduced"),
        (1.3, "qualitatively"),
        (0.5, "qualitatively"),
        (2.1, "differs"),
        (np.nan, "not tested"),
    ],
)
def test_the_median_is_judged(value, expected):
    (row,) = judge("E2", ratio=[value, value * 0.9, value * 1.1])
    assert row.verdict == expected


def test_a_claim_is_as_good_as_its_worst_measure():
    rows = judge("E1", updates=1.0, presentations=3.0)
    assert [row.verdict for row in rows] == ["reproduced", "differs"]
    assert verdict(rows) == "differs"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.123, "0.12"), (1234.0, "1,200"), (9.87e7, "9.9×10⁷"), (1.6e-5, "1.6×10⁻⁵")],
)
def test_numbers_are_written_as_people_do(value, text):
    assert f"ratio = {text}; published 1" in str(Card(judge("E2", ratio=value)))


def test_measures_are_all_asked_for():
    with pytest.raises(KeyError, match="presentations"):
        judge("E1", updates=1.0)


def test_stored_and_loaded(tmp_path):
    rows = judge("E2", ratio=[1.0, 1.1]) + judge("E3", inefficiency=[])
    shown = Card(rows)._repr_mimebundle_()[scorecard.MIME]
    scorecard.store(json.loads(json.dumps(shown)), "01_test", datetime.date(2026, 1, 2), tmp_path)
    (record,) = scorecard.load(tmp_path).values()
    assert record["rows"][0] == rows[0]
    assert record["rows"][1].verdict == "not tested"
    assert record["date"] == "2026-01-02"
    totals = scorecard.totals(scorecard.load(tmp_path))
    assert totals["reproduced"] == 1
    assert totals["not tested"] == len(CLAIMS) - 1


@pytest.mark.parametrize("profile", ["quick", "paper"])
def test_expected_findings_are_asserted_in_both_profiles_only(profile, capsys):
    path = notebooks.find("04")
    values = parameters.defaults(path) | notebooks.profile_values(path, profile)
    card = Card(chapter=path.stem)
    card.expect(True, "that it rains", values)
    with pytest.raises(AssertionError, match="that it rains"):
        card.expect(False, "that it rains", values)
    assert not capsys.readouterr().out
    card.expect(False, "that it rains", values | {"costs": [0.01]})
    assert capsys.readouterr().out == "not found with these parameters: that it rains\n"


def test_pages_hold_every_claim_and_no_stray_markup(tmp_path):
    page = scorecard.Board({})._repr_mimebundle_()["text/html"]
    for key in CLAIMS:
        assert f">{key}" in page
    assert page.count("<tr>") == page.count("</tr>")
    rows = judge("E14", saved=[2.5, 3.0], minimum=INFINITY)
    html = Card(rows)._repr_mimebundle_()["text/html"]
    assert "&gt; 2" in html
    assert "<svg" in html
    assert "nan" not in html
