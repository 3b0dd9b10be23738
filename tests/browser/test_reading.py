"""What a reader does: on a phone, on paper, by keyboard, without scripts; folds, search, tips."""

import re
import shutil
import subprocess
import sys

import pytest

from tests.browser.conftest import PHONE, ROOT, SITE, Visit, pages
from tests.browser.test_pages import TOO_WIDE, UNSEEN_FORMULAS

sys.path.insert(0, str(ROOT / "book" / "_ext"))
import whole_book

CHAPTERS = [path for path in pages() if path.startswith("notebooks/")]
CACHING = "notebooks/02_synaptic_caching.html"
PAPER = {"width": 680, "height": 990}  # A4 less its margins
VERDICT = re.compile(r"^[A-Z]\d+ +(reproduced|qualitatively|differs|not tested)", re.MULTILINE)


def test_scorecard_is_cards_on_a_phone(browser, site):
    with Visit(browser, f"{site}/notebooks/11_scorecard.html", PHONE) as visit:
        cell = visit.page.locator(".scorecard td.verdict").first
        label = cell.evaluate("cell => getComputedStyle(cell, '::before').content")
        assert label == '"verdict: "'
        box = visit.page.locator(".scorecard").first
        assert box.evaluate("box => box.scrollWidth <= box.clientWidth + 1")


def test_claims_are_chosen_by_paper_and_verdict_without_a_server(browser):
    page = browser.new_page()
    page.goto((SITE / "notebooks" / "11_scorecard.html").as_uri())
    claims, rows = page.locator(".ratios li"), page.locator(".scorecard tr[data-paper]")
    said = page.locator(".board output")
    total = claims.count()
    assert total >= 30
    assert said.inner_text() == f"{total} of {total} claims"
    box = page.get_by_label("Li and van Rossum 2020")
    box.focus()
    page.keyboard.press("Space")
    assert not box.is_checked()
    assert page.locator(".ratios li[data-paper=li2020]:visible").count() == 0
    shown = page.locator(".ratios li:visible").count()
    assert 0 < shown < total
    assert said.inner_text() == f"{shown} of {total} claims"
    for label in ("qualitatively", "differs", "not tested"):
        page.get_by_label(label).uncheck()
    assert set(claims.locator("visible=true").evaluate_all(
        "all => all.map(claim => claim.dataset.verdict)")) == {"reproduced"}  # fmt: skip
    assert rows.locator("visible=true").count() > 0
    claims.locator("visible=true").first.locator("a").click()
    page.locator("figure:target").wait_for()
    page.close()


def test_figure_is_as_wide_as_a_phone(browser, site):
    with Visit(browser, f"{site}/{CACHING}", PHONE) as visit:
        figures = visit.page.locator("article figure img[src$='.svg']").all()
        assert figures
        for figure in figures:
            assert figure.bounding_box()["width"] == PHONE["width"]


@pytest.mark.parametrize("path", pages())
def test_page_reads_without_scripts(browser, site, path):
    with Visit(browser, f"{site}/{path}", scripts=False) as visit:
        assert visit.page.locator(".without-scripts").is_visible()
        text = visit.page.locator("article.bd-article").inner_text()
        assert len(text) > 200
        prose = visit.page.locator("article.bd-article p").all_inner_texts()
        assert not re.search(r"\\\(|\\\[|\$\$", "\n".join(prose)), "a formula is not set"
        for formula in visit.page.locator("article .formula math").all():
            assert formula.bounding_box()["width"] > 2
        # what a shared link shows
        head = visit.page.locator("head")
        assert len(head.locator("meta[name=description]").get_attribute("content")) > 40
        assert head.locator("meta[property='og:title']").count() == 1


def test_code_unfolds_without_scripts(browser, site):
    with Visit(browser, f"{site}/{CACHING}", scripts=False) as visit:
        folded = visit.page.locator("details.hide").first
        assert not folded.locator("pre").is_visible()
        folded.locator("summary").click()
        assert folded.locator("pre").is_visible()


@pytest.mark.parametrize("opened", CHAPTERS, indirect=True)
def test_code_is_folded_and_verdicts_are_said_once(desktop):
    page = desktop.page
    open_cells = [
        cell.inner_text() for cell in page.locator(".cell_input pre").all() if cell.is_visible()
    ]
    assert open_cells, "the parameters are open"
    for code in open_cells[1:]:
        assert len(code.splitlines()) <= 4, code
        assert not re.match(r"card|glue|explore", code), code
    if page.locator(".scorecard").count():
        printed = page.locator(".cell_output .stream").all_inner_texts()
        assert not VERDICT.search("\n".join(printed))


def test_all_code_is_shown_and_that_is_remembered(browser, site):
    with Visit(browser, f"{site}/{CACHING}") as visit:
        page = visit.page
        page.get_by_label("Show all code").check()
        assert page.locator("details.hide:not([open])").count() == 0
        page.goto(f"{site}/notebooks/03_decay_and_time.html")
        assert page.get_by_label("Show all code").is_checked()
        assert page.locator("details.hide:not([open])").count() == 0
        page.get_by_label("Show all code").uncheck()
        page.goto(f"{site}/{CACHING}")
        assert page.locator("details.hide[open]").count() == 0


@pytest.mark.parametrize("opened", CHAPTERS, indirect=True)
def test_page_prints(desktop):
    page = desktop.page
    page.set_viewport_size(PAPER)
    page.emulate_media(media="print")
    assert page.evaluate(f"{TOO_WIDE}.map(e => e.textContent.slice(0, 80))") == []
    assert page.locator("details.hide").first.is_hidden()
    assert page.evaluate(UNSEEN_FORMULAS) == []
    for gone in (".bd-sidebar-primary", "#pst-header", ".prev-next-footer", ".show-all-code"):
        for element in page.locator(gone).all():
            assert element.is_hidden(), gone


@pytest.mark.parametrize("from_disk", [False, True])
def test_search_finds_sections_while_one_types(browser, site, from_disk):
    start = "book/intro.html"
    with Visit(browser, (SITE / start).as_uri() if from_disk else f"{site}/{start}") as visit:
        page = visit.page
        page.keyboard.press("Control+k")
        page.keyboard.type("inverse simp")
        hit = page.locator("#pst-search-dialog .search-answer a").first
        hit.wait_for()
        assert hit.locator("mark").count() > 0
        assert "\\" not in hit.inner_text()
        assert "section" in page.locator("#pst-search-dialog [role=status]").inner_text()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(r"\.html#"))
        page.keyboard.press("Control+k")
        page.keyboard.type("qqqqzzzz")
        page.get_by_text("Nothing found").first.wait_for()
        assert visit.errors == []
        assert visit.outside == []


def test_side_bar_shows_where_one_is(browser, site):
    for path in (CACHING, "book/references.html"):
        with Visit(browser, f"{site}/{path}") as visit:
            here = visit.page.locator(".bd-docs-nav a.current")
            assert here.count() == 1
            box = here.bounding_box()
            assert 0 <= box["y"] <= 900 - box["height"]
            assert here.evaluate("a => getComputedStyle(a).fontWeight") == "700"


def test_search_that_was_sent_off_has_a_page(browser, site):
    with Visit(browser, f"{site}/search.html?q=churn") as visit:
        visit.page.locator(".bd-search-container .search-answer a").first.wait_for()
        assert visit.errors == []


def test_link_tells_where_it_leads(browser, site):
    with Visit(browser, f"{site}/{CACHING}") as visit:
        page, tip = visit.page, visit.page.locator("#tip")
        for link, expected in (
            ("a[href*='glossary.html#term']", r"\w{4}"),
            ("article a.internal[href^='#equation-']", "="),
            ("article a.internal[href^='#fig-']", r"Fig"),
            ("article a[href*='references.html#']", r"20\d\d"),
        ):
            page.locator(link).first.focus()
            tip.wait_for(state="visible")
            assert re.search(expected, tip.text_content())
            page.keyboard.press("Escape")
            assert not tip.is_visible()


def test_symbol_tells_what_it_means(browser, site):
    with Visit(browser, f"{site}/{CACHING}") as visit:
        visit.page.locator("article p math", has_text=re.compile("^c$")).first.hover()
        tip = visit.page.locator("#tip")
        tip.wait_for(state="visible")
        assert "maintenance cost" in tip.inner_text()
        tip.hover()  # it stays while one reads it
        visit.page.wait_for_timeout(500)
        assert tip.is_visible()


def test_whole_book_is_printed(tmp_path):
    site = tmp_path / "site"
    shutil.copytree(SITE, site)
    whole = whole_book.all_pages(site)
    anchors = {element["id"] for element in whole.find_all(id=True)}
    links = {link["href"][1:] for link in whole.select("a[href^='#']")}
    assert links - anchors == set()
    assert [
        section["id"]
        for section in whole.select("section[id]")
        if not section.find(whole_book.CONTENT)
    ] == []
    for picture in whole.find_all("img"):
        assert (site / picture["src"]).is_file()
    command = [sys.executable, whole_book.__file__, site]
    subprocess.run(command, check=True)  # this process has a browser running
    printed = (site / whole_book.NAME).read_bytes()
    n_pages = len(re.findall(rb"/Type\s*/Page\b", printed))
    assert n_pages > 3 * len(pages())
    # each page of the book is there, and can be linked to
    for path in pages():
        assert f"/{whole_book._anchor(path)}".encode() in printed, path
    assert b"/Outlines" in printed
    assert whole_book.NAME in (site / CACHING).read_text("utf-8")
