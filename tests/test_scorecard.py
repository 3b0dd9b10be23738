"""Verdicts are computed, stored, and shown as they are."""

import datetime
import json
import re

import numpy as np
import pytest

from synlib.book import notebooks, parameters, scorecard, scorecard_pages
from synlib.book.claims import CLAIMS, INFINITY, Claim, Measure
from synlib.book.scorecard import Card, Row, judge, verdict


def test_bands_are_nested_and_in_order():
    for claim in CLAIMS.values():
        assert isinstance(claim, Claim)
        assert claim.source.split(",")[0] in scorecard_pages.PAPERS
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


def test_a_last_digit_is_no_other_result(tmp_path):
    kept = []
    for value in (0.5902912287977131, 0.590291228797713):
        shown = Card(judge("E2", ratio=value))._repr_mimebundle_()[scorecard.MIME]
        scorecard.store(shown, "01_test", datetime.date(2026, 1, 2), tmp_path)
        kept.append((tmp_path / "01_test.json").read_bytes())
    assert kept[0] == kept[1]


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
    assert page.count("<tr") == page.count("</tr>")
    assert page.count("<li ") == page.count('<td class="claim"') == len(CLAIMS)
    rows = judge("E14", saved=[2.5, 3.0], minimum=INFINITY)
    html = Card(rows)._repr_mimebundle_()["text/html"]
    assert "&gt; 2" in html
    assert "<svg" in html
    assert "nan" not in html


@pytest.mark.parametrize(
    ("published", "values", "ratio"),
    [
        ("0.8", [0.4, 0.8, 1.6], (0.5, 1, 2)), ("10⁸", [5e7, 1e8, 1e8], (0.5, 1, 1)),
        ("60-100", [30, 80, 200], (0.5, 1, 2)), ("≥ 20", [10, 20, 40], (0.5, 1, 2)),
        ("< 1", [0.5, 0.5, 0.5], (0.5, 0.5, 0.5)), ("0", [0.1, 0.2, 0.3], None),
        ("> 0", [0.1, 0.2, 0.3], None), ("more", [1, 1, 1], None), ("1", [-1, 0.5, 1], None),
        ("1", [np.nan] * 3, None), ("> 1", [2, INFINITY, INFINITY], None),
    ],
)  # fmt: skip
def test_ratios_to_what_is_claimed(published, values, ratio):
    measure = Measure("something", published, ((0, 1), (0, 2)))
    low, value, high = values
    row = Row("E2", "ratio", value, low, high, 3, "reproduced")
    assert scorecard_pages.ratios(row, measure) == (ratio and pytest.approx(ratio))


def test_claims_lead_to_their_figures_and_back(monkeypatch):
    figures = {}
    for path in notebooks.all_notebooks():
        cells = json.loads(path.read_text("utf-8"))["cells"]
        judged = set(re.findall(r'judge\(\s*"(\w+)"', "".join("".join(c["source"]) for c in cells)))
        names = {cell["metadata"].get("mystnb", {}).get("figure", {}).get("name") for cell in cells}
        # a claim that a later chapter asks again keeps the row of the first
        figures = dict.fromkeys(judged, (path.stem, names)) | figures
    assert figures.keys() == CLAIMS.keys()
    results = {chapter: {"date": "2026-01-02", "rows": []} for chapter, _ in figures.values()}
    for key, (chapter, names) in figures.items():
        assert CLAIMS[key].figure in names, key
        measured = dict.fromkeys(CLAIMS[key].measures, 1.0)
        results[chapter]["rows"] += judge(key, **measured)
    monkeypatch.delenv("SYNLIB_PROFILE", raising=False)
    assert "href" not in scorecard_pages.board(results)
    monkeypatch.setenv("SYNLIB_PROFILE", "quick")
    page = scorecard_pages.board(results)
    for key, (chapter, _) in figures.items():
        assert page.count(f'href="{chapter}.html#{CLAIMS[key].figure}"') >= 2
        assert f'id="claim-{key}"' in page
        card = scorecard_pages.card(judge(key, **dict.fromkeys(CLAIMS[key].measures, 1.0)), None)
        assert f'href="11_scorecard.html#claim-{key}">{key}</a>' in card


def test_claims_are_sorted_by_verdict_and_can_be_chosen():
    results = {"01": {"rows": judge("E2", ratio=3.0) + judge("E3", inefficiency=900)}}
    page = scorecard_pages.board(results)
    order = re.findall(r'<li data-paper="(\w+)" data-verdict="([\w ]+)"', page)
    verdicts = [judged for _, judged in order]
    assert verdicts == sorted(verdicts, key=scorecard.VERDICTS.index)
    assert verdicts[:2] == ["reproduced", "differs"]
    assert {paper for paper, _ in order} == set(scorecard_pages.PAPERS)
    boxes = re.findall(r'<input type="checkbox" name="(\w+)" value="([\w ]+)" checked>', page)
    assert boxes == [
        *(("paper", paper) for paper in scorecard_pages.PAPERS),
        *(("verdict", judged) for judged in scorecard.VERDICTS),
    ]
    assert page.count(" data-paper=") == len(CLAIMS) + page.count("</tr>") - 1
