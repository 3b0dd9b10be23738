"""What the extensions of the book make of notebooks and pages, without building it."""

import json
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "book" / "_ext"))
pytest.importorskip("sphinx")
import folded_code  # noqa: E402
import mathematics  # noqa: E402
import reading_aids  # noqa: E402
from bs4 import BeautifulSoup  # noqa: E402
from docutils import nodes  # noqa: E402

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize(
    ("code", "tags", "added"),
    [
        ("card", [], ["remove-input"]),
        ("glue('n', 3)", [], ["remove-input"]),
        ("n = len(runs)\nglue('n', n)", [], ["remove-input"]),
        ("plot(runs)\nglue('n', 3)", [], ["hide-input"]),
        ("cardinal = 3", [], []),
        ("explore.caching_picture()", [], ["remove-input"]),
        ("explore.caching()", ["remove-output", "explorer"], ["remove-cell"]),
        ("runs = sweep(run, seeds=2)", [], []),
        ("plot(a);", [], []),
        ("import numpy as np", [], ["hide-input"]),
        ("a = 1\nb = 2", [], ["hide-input"]),
        ("a = 1\nb = 2", ["parameters"], []),
        ("a = f(\n    1,\n    2,\n    3,\n)", [], ["hide-input"]),
        ("%matplotlib inline", [], ["hide-input"]),
    ],
)
def test_what_is_folded(code, tags, added):
    assert folded_code.tags_for(code, tags) == added


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_folding_leaves_code_and_notebook_alone(path):
    app = SimpleNamespace(env=SimpleNamespace(doc2path=lambda name: str(path)))
    source = [path.read_text("utf-8")]
    folded_code.fold(app, path.stem, source)
    before, after = json.loads(path.read_text("utf-8")), json.loads(source[0])
    for was, now in zip(before["cells"], after["cells"], strict=True):
        assert now["source"] == was["source"]
        assert set(was["metadata"].get("tags", [])) <= set(now["metadata"].get("tags", []))
        # nothing is hidden from who runs a notebook
        assert not was["metadata"].get("jupyter", {}).get("source_hidden")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_exercise_has_a_folded_solution(path):
    cells = json.loads(path.read_text("utf-8"))["cells"]
    text = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    asked = re.findall(r":::\{exercise\}[^\n]*\n:label: ([\w-]+)\n", text)
    assert len(asked) == text.count("{exercise}")
    assert asked == re.findall(r":::\{solution-start\} ([\w-]+)\n:class: dropdown\n", text)
    assert text.count("{solution-end}") == len(asked)
    answered = [c for c in cells if "solution" in c["metadata"].get("tags", [])]
    assert len(answered) >= len(asked)


def test_formulas_side_by_side_are_parted_but_for_those_in_an_environment():
    assert mathematics.parts(r"a = b, \qquad c = d") == ["a = b, ", " c = d"]
    whole = r"\begin{aligned} a \qquad b \end{aligned} . "
    assert mathematics.parts(whole) == [whole]


def test_formula_that_cannot_be_set_is_a_warning(monkeypatch):
    said = []
    monkeypatch.setattr(mathematics.LOGGER, "warning", lambda *args, **kwargs: said.append(args))
    assert mathematics.translated(r"\nosuchcommand{x}", None, displaystyle=False) == ""
    assert said


def test_verdicts_beside_a_table_are_not_printed_as_well():
    def page(table):
        output = nodes.container()
        text = "saved 3x\nE6   reproduced     ratio = 0.3 (0.3 to 0.4); published < 1"
        output += nodes.literal_block(text, text, classes=["output", "stream"])
        only = nodes.container()
        line = "E7   differs        free = 2; published 1"
        only += nodes.literal_block(line, line, classes=["output", "stream"])
        root = nodes.container("", output, only)
        if table:
            root += nodes.raw("", '<div class="scorecard"></div>', format="html")
        folded_code.say_verdicts_once(None, root)
        return [block.astext() for block in root.findall(nodes.literal_block)]

    assert page(table=True) == ["saved 3x"]
    assert len(page(table=False)) == 2


def test_exercises_belong_to_the_section_around_them():
    page = BeautifulSoup(
        "<article><section id='a'><h1>A</h1><p>one</p> <section id='exercise-content'><p>two</p>"
        "</section></section></article>",
        "html.parser",
    )
    (section,) = reading_aids.sections_of(page.article, "a.html")
    assert section["heading"] == "A"
    assert section["text"] == "one two"
