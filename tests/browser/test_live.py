"""What computes in the pages: by mouse and by keyboard, from a folder too, as Python does."""

import ast
import itertools
import json
import re

import numpy as np
import pandas as pd
import pytest
from axe_playwright_python.sync_playwright import Axe

from synlib.book.live import settings
from tests.browser.conftest import DESKTOP, PHONE, SCREENSHOTS, SITE, Visit

WHERE = {
    "walk": "notebooks/01_perceptron_energy.html",
    "waste": "notebooks/01_perceptron_energy.html",
    "caching": "notebooks/02_synaptic_caching.html",
    "learning": "notebooks/08_competitive_plasticity.html",
    "prices": "notebooks/10_caching_meets_competition.html",
    "spikes": "notebooks/12_spiking_neuron.html",
}
FIRST = {  # the words it begins with
    "walk": "the weights have walked .*: 16 times as far. All patterns are right.",
    "waste": r"theory says [\d.]+ times the minimum",
    "caching": r"Learned in \d+ epochs for [\d,]+ a.u., [\d.]+ times less than without a cache",
    "learning": "Press Learn",
    "prices": r"Cheapest: .*, .*\. It costs [\d.]+ times less than ordinary learning; next comes",
    "spikes": r"[\d.]+ times less than without, and [\d.]+ times the minimum",
}
# a text that is turned has no box of its own but the one on the screen
COLLISIONS = """host => [...host.querySelectorAll('svg[role=img]')].filter(chart => {
    const texts = [...chart.querySelectorAll('text')];
    const turned = texts.filter(text => text.hasAttribute('transform'));
    const level = texts.filter(text => !text.hasAttribute('transform'));
    return turned.some(label => level.some(tick => {
        const [a, b] = [label, tick].map(text => text.getBoundingClientRect());
        return a.right > b.left && b.right > a.left && a.bottom > b.top && b.bottom > a.top;
    }));
}).map(chart => chart.ariaLabel)"""
LINES_OF_LABELS = """host => [...host.querySelectorAll('.live-control label')]
    .map(label => label.offsetHeight / parseFloat(getComputedStyle(label).lineHeight))
    .map(Math.round)"""
VIEWS = {"desktop": (DESKTOP, "light", False), "phone from a folder": (PHONE, "dark", True)}


class Played:
    """An explorable on its page."""

    def __init__(self, visit, name):
        self.visit, self.page, self.name = visit, visit.page, name
        self.host = self.page.locator(f'[data-live="{name}"]')
        self.words = self.host.locator(".live-words")

    def begin(self):
        # pictures on the way load, and then the page keeps its height
        self.page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
        figure = self.host.get_attribute("data-over")
        near = self.page.locator(f"#{figure}") if figure else self.host
        near.evaluate("it => it.scrollIntoView()")
        self.heard(FIRST[self.name])

    def heard(self, pattern):
        """Wait for words, and return them."""
        self.page.wait_for_function(
            "([name, pattern]) => new RegExp(pattern).test("
            "document.querySelector(`[data-live=${name}] .live-words`)?.textContent)",
            arg=[self.name, pattern],
            timeout=120_000,
        )
        return self.words.inner_text()

    def learned(self, n_images):
        """Wait until the network of now has had so many; its words may pass by unseen."""
        self.page.wait_for_function(
            "n => document.querySelector('[data-live=learning]').explorable"
            ".runs.at(-1)?.rows.at(-1)?.step >= n",
            arg=n_images,
            timeout=120_000,
        )

    def stop(self):
        """Stop, or do nothing where the last image has just been learned."""
        self.host.get_by_role("button", name="Stop").dispatch_event("click")
        self.heard("images a second")

    def result(self, code):
        """Something about the explorable, by JavaScript."""
        return self.host.evaluate(f"host => {{ const it = host.explorable; return {code}; }}")

    def in_python(self):
        """What the code that is offered for copying computes."""
        block = ast.parse(self.host.locator(".live-python code").text_content())
        *statements, last = block.body
        names = {}
        exec(compile(ast.Module(statements, []), self.name, "exec"), names)
        return eval(compile(ast.Expression(last.value), self.name, "eval"), names)


@pytest.fixture(params=VIEWS)
def view(request):
    return request.param


@pytest.fixture
def play(browser, site):
    """Opens the page of an explorable that can't reach the network, in one of the views."""
    visits = []

    def open_page(name, view="desktop"):
        viewport, scheme, from_folder = VIEWS[view]
        path = WHERE[name]
        address = (SITE / path).as_uri() if from_folder else f"{site}/{path}"
        visits.append(Visit(browser, address, viewport, scheme))
        played = Played(visits[-1], name)
        played.begin()
        return played

    yield open_page
    for visit in visits:
        visit.context.close()
        assert visit.failed == []
        assert visit.errors == []
        assert visit.outside == []


@pytest.mark.parametrize("name", WHERE)
def test_explorable_is_there_for_everybody(play, name, view):
    it = play(name, view)
    width = it.visit.page.viewport_size["width"]
    assert it.page.evaluate("document.documentElement.scrollWidth") <= width
    assert it.host.get_attribute("aria-label")
    for chart in it.host.locator("svg[role=img]").all():
        assert len(chart.get_attribute("aria-label")) > 20
    assert it.host.evaluate(COLLISIONS) == []
    assert set(it.host.evaluate(LINES_OF_LABELS)) <= {1}
    # which would fetch style sheets anew, from where they are not
    options = {"preload": False}
    found = Axe().run(it.page, f"[data-live={name}]", options).response["violations"]
    assert [(f["id"], f["nodes"][0]["html"][:200]) for f in found if f["impact"] != "minor"] == []
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    it.host.screenshot(path=SCREENSHOTS / f"live-{name}-{view.split()[0]}.png")


def test_walk_by_keyboard(play, view):
    it = play("walk", view)
    it.host.get_by_role("button", name="Back to the start").focus()
    it.page.keyboard.press("Enter")
    it.heard("After 0 mistakes")
    it.host.get_by_role("button", name="Next mistake").focus()
    it.page.keyboard.press("Enter")
    words = it.heard("After 1 mistake the weights")
    number, said = re.search(
        r"Last wrong, in epoch 1: pattern (\d+), \((.*)\), belongs", words
    ).groups()
    ours = it.result(f"[...it.found.patterns].slice(3 * ({number} - 1), 3 * {number} - 1)")
    assert [float(x) for x in said.replace("−", "-").split(", ")] == pytest.approx(ours, rel=5e-3)
    it.host.get_by_role("button", name="New patterns").click()
    it.heard("After 0 mistakes")
    it.page.emulate_media(reduced_motion="reduce")
    it.host.get_by_role("button", name="Run").click()
    it.heard("All patterns are right")
    assert "patterns=2" in it.page.url


def test_neuron_wastes_as_in_python(play):
    it = play("waste")
    it.page.select_option("#live-n_inputs", "100")
    it.host.get_by_role("button", name="Learn new patterns").click()
    it.heard("100 patterns on 100 inputs, learned in")
    assert it.result("it.points[0].inefficiency") == pytest.approx(it.in_python(), rel=1e-12)
    it.host.get_by_role("button", name="Learn new patterns").click()
    it.page.wait_for_function("document.querySelector('[data-live=waste]').explorable.points[1]")
    assert it.result("it.points[1].inefficiency") == pytest.approx(it.in_python(), rel=1e-12)
    it.page.select_option("#live-n_inputs", "50")
    it.host.get_by_role("button", name="Learn new patterns").click()
    it.heard("50 patterns on 50 inputs, learned in")
    symbols = it.host.locator(".live-legend li", has_text="your neurons")
    drawn = symbols.evaluate_all("all => all.map(li => li.querySelector('svg').innerHTML)")
    assert len({re.sub('(fill|stroke)=.*?"#.*?"', "", one) for one in drawn}) == 2
    assert it.host.locator(".live-legend li", has_text="capacity").count() == 1


def test_sliders_change_the_cache_as_in_python(play, view):
    it = play("caching", view)
    before = it.words.inner_text()
    plain = it.result("it.found.plain.energy")
    it.page.locator("#live-threshold").focus()
    for _ in range(5):
        it.page.keyboard.press("ArrowRight")
    it.page.wait_for_function(
        "before => document.querySelector('[data-live=caching] .live-words').textContent != before",
        arg=before,
    )
    settled = "document.querySelector('[data-live=caching]').explorable.busy === false"
    it.page.select_option("#live-decay_time", "1000")
    it.page.wait_for_function(settled)
    assert it.result("it.found.plain.energy") == plain  # whatever the cache is
    it.page.select_option("#live-scope", "neuron")
    it.page.wait_for_function(settled)
    assert it.result("it.found.plain.energy") == plain
    theirs = it.in_python()
    for name, energy in it.result("it.found.energy").items():
        assert energy == pytest.approx(theirs[name], rel=1e-12), name
    assert {"decay_time=1000", "scope=neuron"} <= set(re.split("[#&]", it.page.url))


def test_cheapest_threshold_is_found(play):
    it = play("caching")
    it.host.get_by_role("button", name="Find the cheapest threshold").click()
    it.page.wait_for_function(
        """() => { const it = document.querySelector('[data-live=caching]').explorable;
        return it.swept?.points.length > 20 && !it.find.disabled && !it.busy; }"""
    )
    energies = it.result("it.swept.points.map(point => point.energy.total)")
    assert it.result("it.found.energy.total") == pytest.approx(min(energies), rel=1e-12)
    assert it.host.evaluate(COLLISIONS) == []
    thresholds = it.result("it.swept.points.map(point => point.threshold)")
    assert 6 in thresholds  # that of before may have been the best
    ours = dict(zip(thresholds, energies, strict=True))
    plain = it.result("it.found.plain.energy.total")
    least = min(threshold for threshold in ours if ours[threshold] < 0.995 * plain)
    it.heard(f"a cache pays from {least:g} on")
    it.page.evaluate("document.querySelector('#live-maintenance_cost').focus()")
    for _ in range(8):
        it.page.keyboard.press("ArrowRight")
    it.host.get_by_role("button", name="Find the cheapest threshold").click()
    it.heard("none costs less than no cache")


def test_line_is_drawn_to_its_end(play):
    it = play("caching")
    points = "Array.from({ length: 54321 }, (_, i) => [i, Math.sin(i / 100)])"
    thin = it.page.evaluate(f"thinned({points})")
    assert [thin[0][0], thin[-1][0]] == [0, 54320]
    assert len(thin) < 2500


def test_address_is_a_setting(play):
    it = play("caching")
    it.page.goto(f"{it.page.url.split('#')[0]}#load=0.5&threshold=12&scope=neuron")
    it.page.reload()
    it.begin()
    assert it.result("[it.settings().load, it.settings().threshold]") == [0.5, 12]
    # what no control allows is left alone
    it.page.goto(f"{it.page.url.split('#')[0]}#load=7&scope=nowhere")
    it.page.reload()
    it.begin()
    assert it.result("[it.settings().load, it.settings().scope]") == [1, "synapse"]


@pytest.mark.parametrize("memory", settings.MEMORIES)
@pytest.mark.parametrize("rule", settings.RULES)
def test_network_learns_as_in_python(play, rule, memory):
    it = play("learning")
    it.page.evaluate("window.synlibSettings.learning.max_epochs = 1")
    it.page.select_option("#live-rule", rule)
    it.page.select_option("#live-memory", memory)
    it.host.get_by_role("button", name="Learn", exact=True).click()
    it.heard("images a second")
    ours = pd.DataFrame(it.result("it.runs[0].rows"))
    theirs = it.in_python()
    assert len(ours) == 6000 / settings.EVALUATE_EVERY
    assert ours["accuracy"].tolist() == theirs["accuracy"].tolist()
    for name in set(ours) - {"accuracy"}:
        assert ours[name].tolist() == pytest.approx(theirs[name].tolist(), rel=1e-12), name


def test_network_learns_and_reads_by_keyboard(play, view):
    it = play("learning", view)
    it.host.get_by_role("button", name="Learn", exact=True).focus()
    it.page.keyboard.press("Enter")
    it.learned(1000)
    it.host.get_by_role("button", name="Stop").focus()
    it.page.keyboard.press("Enter")
    it.heard("images a second")
    answer = it.host.locator(".live-answer p")
    it.host.get_by_role("button", name="Show a test digit").focus()
    it.page.keyboard.press("Enter")
    answer.wait_for()
    assert re.search(r"The digit is a \d. The network reads a \d.", answer.inner_text())
    field = it.host.locator(".live-canvas")
    pen, hint = it.host.locator(".live-pen"), it.host.locator(".live-hint")
    it.host.get_by_role("button", name="Erase").focus()
    it.page.keyboard.press("Enter")
    assert hint.is_visible()
    it.page.keyboard.press("Shift+Tab")
    assert field.evaluate("it => it === document.activeElement")
    before = pen.bounding_box()
    it.page.keyboard.press(" ")
    it.page.keyboard.press("ArrowDown")
    assert pen.bounding_box()["y"] > before["y"]
    assert not hint.is_visible()
    # the next network has the same images
    it.page.select_option("#live-rule", "all synapses")
    it.host.get_by_role("button", name="Learn", exact=True).click()
    it.heard("all synapses, persistent, 100 hidden: .* after")
    it.stop()
    assert it.result("it.runs.length") == 2
    words = it.heard(r"To get \d+ % right, network \d spent")
    goal, first, spent = re.search(
        r"get (\d+) % right, network (\d) spent ([\d,]+)", words
    ).groups()
    ours = [
        next(row["total"] for row in rows if row["accuracy"] >= int(goal) / 100)
        for rows in it.result("it.runs.map(run => run.rows)")
    ]
    assert ours.index(min(ours)) == int(first) - 1
    assert min(ours) == pytest.approx(float(spent.replace(",", "")), rel=5e-3)
    it.host.screenshot(path=SCREENSHOTS / f"live-learned-{view.split()[0]}.png")
    it.host.get_by_role("button", name="Clear").click()
    it.heard("No network is shown")


def test_network_reads_what_is_drawn(play):
    it = play("learning")
    it.host.get_by_role("button", name="Learn", exact=True).click()
    it.learned(3000)
    it.stop()
    canvas = it.host.locator(".live-canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    mouse = it.page.mouse
    mouse.move(box["x"] + 140, box["y"] + 40)  # a one
    mouse.down()
    mouse.move(box["x"] + 135, box["y"] + 240, steps=10)
    mouse.up()
    answer = it.host.locator(".live-answer p")
    answer.wait_for()
    assert "The network reads a 1." in answer.inner_text()


def test_cheapest_combination_follows_the_prices(play, view):
    it = play("prices", view)
    tables = pd.DataFrame(json.loads(it.host.get_attribute("data-runs")))
    tables = tables.fillna({"decay_time": np.inf})
    times = it.page.locator("#live-fading option").all_inner_texts()
    assert sorted(tables["decay_time"].unique(), reverse=True) == [
        np.inf if time == "none" else float(time) for time in times
    ]
    for time, write, presses in (
        (times[-1], "distance", 0),
        (times[0], "distance", 0),
        (times[0], "writes", 0),
        (times[0], "writes", 20),
    ):
        it.page.select_option("#live-fading", time)
        at = np.inf if time == "none" else float(time)
        runs = tables[tables["decay_time"] == at].reset_index(drop=True)
        it.page.select_option(
            "#live-write_price", dict(map(reversed, settings.WRITE_PRICES))[write]
        )
        it.page.locator("#live-held_price").focus()
        for _ in range(presses):
            it.page.keyboard.press("ArrowRight")
        cost = runs[write] + it.result("it.settings().held_price") * runs["held"]
        best, second = cost.nsmallest(2).index
        names = runs["rule"] + ", " + runs["memory"]
        names[0] = "ordinary learning"
        words = "nothing is cheaper than ordinary learning"
        if best > 0:
            words = f"Cheapest: {names[best]}. It costs"
        it.heard(f"{re.escape(words)}.*; next comes {re.escape(names[second])}")
        # on a phone as well, where the table is wider than the screen
        assert it.host.locator("td.best").count() == 1
        table, winner = (
            it.host.locator(part).bounding_box() for part in (".live-table", "td.best")
        )
        assert table["x"] <= winner["x"]
        assert winner["x"] + winner["width"] <= table["x"] + table["width"] + 1
        theirs = it.in_python()
        assert theirs.index[0] == best
        assert theirs["times"].iloc[0] == pytest.approx(cost[0] / cost[best], rel=1e-12)
        # where it is said to change, it does
        prices = it.result("it.controls.held_price.described")
        won = it.result(f"""(runs => winners(runs.filter(run => run.distance !== null), "{write}",
            it.controls.held_price.described).map(({{ from, run }}) => [from, runs.indexOf(run)])
            )(withCaches(it, it.settings().fading))""")
        assert won[0][0] == pytest.approx(10 ** prices["min"])
        lines = runs[runs["distance"].notna()]
        for (price, winner), (after, _) in itertools.pairwise([*won, (10 ** prices["max"], None)]):
            middle = lines[write] + (price * after) ** 0.5 * lines["held"]
            assert middle.idxmin() == winner
        order = [re.escape(names[winner]) for _, winner in won]
        it.heard("(at first|holding costs here,) " + ".* on ".join(order))


def test_spiking_neuron_learns_as_in_python(play):
    it = play("spikes")
    it.page.locator("#live-cache_threshold").focus()
    it.page.keyboard.press("ArrowRight")
    it.page.wait_for_function(
        "document.querySelector('[data-live=spikes]').explorable.key?.includes('0.22')"
    )
    found = it.result("it.found.map(neuron => neuron.energy)")
    ours = found[0]["total"], found[1]["total"], found[1]["minimal"]
    assert ours == pytest.approx(it.in_python(), rel=1e-12)
    # both trials are drawn, and what they cost is said
    before, after = it.result("it.found.map(neuron => [neuron.spent[30], neuron.spent[31]])")[1]
    it.page.evaluate(
        """() => { const slider = document.querySelector('#live-rounds');
        slider.value = 31; slider.dispatchEvent(new Event('input')); }"""
    )
    cost = re.search(r"without a cache, and ([\d.]+) nS with one", it.heard("After 31 rounds"))
    assert float(cost[1]) == pytest.approx((after - before) / 6, rel=5e-3)
    assert it.host.locator(".live-legend").first.locator("li").count() == 4


@pytest.mark.parametrize("name", ["walk", "caching"])
def test_paper_and_pages_without_scripts_have_the_picture(browser, site, play, name):
    with Visit(browser, f"{site}/{WHERE[name]}", scripts=False) as visit:
        assert visit.page.locator("figure.is-live").count() == 0
    it = play(name)
    picture = it.page.locator("figure.is-live > :not(.live)").first
    assert not picture.is_visible()
    it.page.emulate_media(media="print")
    assert picture.is_visible()
    assert not it.host.is_visible()


def test_what_explorables_add_is_loaded_when_they_are_near(browser, site):
    with Visit(browser, f"{site}/{WHERE['learning']}") as visit:
        loaded = {url.rsplit("/", 1)[-1].partition("?")[0] for url in visit.sizes}
        assert "live.js" in loaded
        assert "images.js" not in loaded
        assert sum(size for url, size in visit.sizes.items() if "/live/" in url) < 30_000
