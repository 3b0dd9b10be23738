"""Sources are cited, symbols are listed once."""

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def texts():
    """All pages and notebooks of the book."""
    for path in sorted((ROOT / "book").glob("*.md")):
        yield path.read_text("utf-8")
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            yield "".join(cell["source"])


def test_symbols_are_listed_once():
    text = (ROOT / "book" / "notation.md").read_text("utf-8")
    symbols = re.findall(r"^\| (\$.+?\$) \|", text, re.MULTILINE)
    assert len(symbols) > 40
    assert len(symbols) == len(set(symbols))


def test_every_source_is_cited_and_has_a_doi():
    entries = (ROOT / "book" / "references.bib").read_text("utf-8").split("\n@")[1:]
    sources = {re.match(r"\w+\{(\w+),", entry)[1]: entry for entry in entries}
    cited = set()
    for keys in re.findall(r"\{cite:[a-z]+\}`([^`]+)`", "\n".join(texts())):
        cited |= {key.strip() for key in keys.split(",")}
    assert set(sources) == cited
    without = {key for key, entry in sources.items() if "doi " not in entry}
    # a report, a data set, and a program
    assert without == {"nyiro2022", "lecun1998", "apmsc2021"}
