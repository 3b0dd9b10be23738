"""What is on the built pages, for which no browser is needed."""

import re
import struct
from pathlib import Path

import pytest

from synlib import stored
from synlib.book import runs
from tests.browser.conftest import SITE, pages
from tests.browser.test_links import parsed

CHAPTERS = [path for path in pages() if path.startswith("notebooks/")]
SCORECARD = "notebooks/11_scorecard.html"
PHONE = 390  # pixels, of which a figure takes all (test_reading.py)
SMALLEST = 9  # pixels, of lettering
EXPONENT = re.compile(r"(?<![\w#])\d(\.\d+)?e[-+]\d\d")  # 1e-05


def article(path):
    return parsed(SITE / path).select_one("article.bd-article")


def pictures(path, ending):
    """Figures on a page, and the files they are in."""
    for picture in article(path).select(f"figure img[src$='{ending}']"):
        yield picture, (SITE / path).parent / picture["src"]


@pytest.mark.parametrize("path", pages())
def test_figures_can_be_read_on_a_phone(path):
    for picture, file in pictures(path, ".svg"):
        drawn = file.read_text("utf-8")
        width = float(re.search(r'viewBox="0 0 ([\d.]+)', drawn)[1])
        # Matplotlib draws letters in units of a hundredth of the size of the font
        sizes = {100 * float(size) for size in re.findall(r"scale\(([\d.]+) -\1\)", drawn)}
        assert sizes or "digits" in picture["alt"], f"no words: {picture['alt']}"
        assert min(sizes, default=width) * PHONE / width >= SMALLEST, picture["alt"]


@pytest.mark.parametrize("path", CHAPTERS)
def test_figures_are_lines_or_sharp(path):
    for picture, file in pictures(path, ".png"):
        width, _ = struct.unpack(">II", file.read_bytes()[16:24])
        assert width >= 1000, picture["alt"]


@pytest.mark.parametrize("path", pages())
def test_nothing_is_on_the_page_that_readers_should_not_see(path):
    page = article(path)
    assert [block.get_text() for block in page.select(".stderr")] == []
    assert [code.get_text() for code in page.select("figcaption code")] == []
    text = page.get_text()
    assert "ADDRESS-OF-THE-REPOSITORY" not in text
    launched = parsed(SITE / path).select(".dropdown-launch-buttons")
    assert launched or "rocket at the top" not in text
    for element in page.select("figcaption, table, .stream"):
        assert not EXPONENT.search(element.get_text()), element.get_text()


@pytest.mark.parametrize("path", [path for path in CHAPTERS if path != SCORECARD])
def test_no_stored_run_is_left_over(path):
    """A parameter that lost a value would take what it stood for off the page, without a word."""
    said = article(path).select_one(".runs").get_text()
    if "At small sizes" in said:
        pytest.skip("built with PROFILE=quick")
    drawn = int(re.search(r"([\d,]+) runs", said)[1].replace(",", ""))
    assert drawn == len(stored.opened(runs.path_of(Path(path).stem)))


@pytest.mark.parametrize("path", [path for path in CHAPTERS if path != SCORECARD])
def test_chapter_has_its_frame(path):
    page = article(path)
    assert re.search(r"Reading time\. \d+ min", page.get_text())
    assert "in one minute" in page.get_text().lower()
    assert len(page.select(".exercise")) >= 2
    assert len(page.select(".solution")) == len(page.select(".exercise"))


def test_first_page_lists_the_chapters():
    cards = article("book/intro.html").select(".contents-card")
    assert {f"../{path}" for path in CHAPTERS} <= {card["href"] for card in cards}
    for card in cards:
        assert re.fullmatch(r"[1-9]\d? min", card.select_one(".minutes").get_text())
        assert len(card.select_one(".says").get_text()) > 20
    small = [card.img["src"] for card in cards if card.img]
    assert len(small) >= 10
    assert sum((SITE / "book" / name).stat().st_size for name in small) < 300_000
