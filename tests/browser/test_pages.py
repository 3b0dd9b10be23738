"""Every page in a real browser that can't reach the network."""

import contextlib

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tests.browser.conftest import PHONE, SITE, Visit, pages

THEME = "region"  # the theme's logo is outside of all landmarks
BROKEN_PICTURES = """[...document.images]
    .filter(i => i.offsetParent && !(i.complete && i.naturalWidth && i.alt)).map(i => i.src)"""


UNSEEN_FORMULAS = """[...document.querySelectorAll('article math')]
    .filter(m => m.checkVisibility() && !(m.getBoundingClientRect().width > 2))
    .map(m => m.textContent)"""
TOO_WIDE = """[...document.querySelectorAll(
    'article .formula, article .scorecard, article .pst-scrollable-table-container')]
    .filter(e => e.checkVisibility() && e.scrollWidth > e.clientWidth + 1)"""
CUT = f"""{TOO_WIDE}.filter(e => getComputedStyle(e).overflowX != 'auto' || e.tabIndex != 0
    || !e.ariaLabel || !getComputedStyle(e).backgroundImage.includes('gradient'))
    .map(e => e.textContent.slice(0, 80))"""
# parts of formulas that lie outside of what shows them, however one scrolls
LOST = """[...document.querySelectorAll('article .formula math')].filter(m => {
    const box = m.closest('.formula');
    return m.getBoundingClientRect().left + box.scrollLeft < box.getBoundingClientRect().left - 1;
    }).map(m => m.textContent.slice(0, 80))"""
BELOW_THE_END = """document.documentElement.scrollHeight
    - document.querySelector('.bd-footer').getBoundingClientRect().bottom - scrollY"""
CHANGE_COLOURS_AT_ONCE = """document.getAnimations()
    .filter(change => change instanceof CSSTransition).forEach(change => change.finish())"""
STOPS_IN_FORMULAS = "article :is(math, .math, .math *):is([tabindex='0'], button)"


@pytest.mark.parametrize("opened", pages(), indirect=True)
def test_page_is_whole_without_the_network(desktop):
    assert desktop.outside == []
    assert desktop.failed == []
    assert desktop.errors == []
    assert desktop.page.evaluate(BROKEN_PICTURES) == []
    assert desktop.page.evaluate(UNSEEN_FORMULAS) == []
    assert desktop.page.locator(STOPS_IN_FORMULAS).count() == 0


@pytest.mark.parametrize("path", pages())
def test_page_fits_a_phone(browser, site, path):
    with Visit(browser, f"{site}/{path}", PHONE) as visit:
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        for found in (CUT, LOST):  # once the scripts of the page have been there
            with contextlib.suppress(PlaywrightTimeout):
                visit.page.wait_for_function(f"{found}.length === 0", timeout=10_000)
            assert visit.page.evaluate(found) == []
        assert visit.page.evaluate(BELOW_THE_END) < 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("opened", pages(), indirect=True)
def test_page_is_accessible(desktop, scheme):
    desktop.page.emulate_media(color_scheme=scheme)
    desktop.page.locator(f"html[data-theme={scheme}]").wait_for()
    desktop.page.evaluate(CHANGE_COLOURS_AT_ONCE)
    found = Axe().run(desktop.page).response["violations"]
    faults = [
        (violation["id"], [node["html"][:200] for node in violation["nodes"]][:3])
        for violation in found
        if violation["impact"] != "minor" and violation["id"] != THEME
    ]
    assert faults == []


def test_first_page_is_light(browser, site):
    with Visit(browser, f"{site}/book/intro.html") as visit:
        total = sum(visit.sizes.values())
        assert total < 1_000_000, sorted(visit.sizes.items(), key=lambda item: -item[1])[:5]


@pytest.mark.parametrize("path", ["book/intro.html", "notebooks/01_perceptron_energy.html"])
def test_page_opens_from_disk(browser, path):
    with Visit(browser, (SITE / path).as_uri()) as visit:
        assert visit.outside == []
        assert visit.page.evaluate(BROKEN_PICTURES) == []
        assert visit.page.locator("article math").count() > 0 or "intro" in path


def test_browser_finds_an_icon(browser, site):
    """Browsers ask for one by themselves, but not where requests are intercepted as above."""
    page = browser.new_page()
    errors = []
    page.on("console", lambda message: message.type == "error" and errors.append(message.text))
    page.goto(f"{site}/book/intro.html", wait_until="networkidle")
    page.close()
    assert errors == []


def test_keyboard_reaches_the_text(browser, site):
    with Visit(browser, f"{site}/book/intro.html") as visit:
        visit.page.keyboard.press("Tab")
        first = visit.page.evaluate("document.activeElement.textContent").strip()
        assert first.lower().startswith("skip to")
