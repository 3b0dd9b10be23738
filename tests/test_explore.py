"""The explorers answer, without a browser; `make test-browser` tries them in one."""

import json
import subprocess
import sys
import threading
import time

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from synlib.book import explore

LEAVE = """
import sys, time
from synlib.book import explore
explorer = explore.Learning(evaluate_every=50, max_epochs=1000)
explorer.start()
deadline = time.monotonic() + 100
while not explorer.histories and time.monotonic() < deadline:
    time.sleep(0.001)
time.sleep(float(sys.argv[1]))
"""


def begun(**settings):
    """An explorer in the midst of learning, with much left to learn."""
    explorer = explore.Learning(evaluate_every=100, max_epochs=1000, **settings)
    explorer.start()
    deadline = time.monotonic() + 120
    while not explorer.histories:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return explorer


def check_ended(explorer):
    explorer.thread.join(timeout=60)
    assert not explorer.thread.is_alive()
    assert not explorer.start_button.disabled


def test_a_curve_is_named_by_what_it_was_learned_with(monkeypatch):
    """Though controls are moved as soon as learning has begun."""
    used = []
    as_published = explore.MLP.as_published

    def remember(*arguments, **settings):
        used.append(settings)
        return as_published(*arguments, **settings)

    waits = threading.Event()
    load = explore.load_mnist
    monkeypatch.setattr(explore.MLP, "as_published", remember)
    monkeypatch.setattr(explore, "load_mnist", lambda: waits.wait(60) and load())
    explorer = explore.Learning(evaluate_every=100, max_epochs=1)
    explorer.hidden.value, explorer.memory.value = 20, "persistent"
    explorer.start()
    explorer.hidden.value, explorer.memory.value = 30, "synaptic cache"
    explorer.rule.value, explorer.fraction.value = "random synapses", 1.0
    waits.set()
    while explorer.thread.is_alive() and not explorer.histories:
        time.sleep(0.01)
    explorer.stop(wait=True)
    (settings,) = used
    assert settings["hidden"] == 20
    assert settings["plasticity"] == explore.plasticity.LargestUpdates((0.1, 0.1))
    assert settings["memory"] == explore.Persistent()
    assert list(explorer.histories) == ["largest updates 0.1, persistent, 20 hidden"]


def test_learning_ends_with_its_widget():
    explorer = begun()
    explorer.widget.close()
    check_ended(explorer)


def test_learning_ends_when_it_is_off_the_page():
    explorer = begun()
    explorer.widget._view_count = 1  # as the page reports it
    assert not explorer.stopped.is_set()
    explorer.widget._view_count = 0
    check_ended(explorer)


def test_learning_ends_when_its_cell_runs_again():
    explorer = begun()
    explore.learning()
    assert not explorer.thread.is_alive()


@pytest.mark.parametrize("wait", [0.0, 0.01, 0.1])
def test_the_interpreter_can_end_while_something_learns(wait):
    result = subprocess.run(
        [sys.executable, "-c", LEAVE, str(wait)], capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stderr) == (0, "")


def test_sliders_redraw_the_picture():
    widget = explore.caching()
    *controls, picture = widget.children
    first = picture.value
    assert 'alt="energy spent' in first
    controls[1].value = 20.0
    assert picture.value != first


def test_learning_grows_and_stops():
    explorer = explore.Learning(evaluate_every=100)
    explorer.start()
    deadline = time.monotonic() + 120
    while not explorer.histories:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    explorer.stopped.set()
    explorer.thread.join(timeout=60)
    assert not explorer.thread.is_alive()
    (history,) = explorer.histories.values()
    assert history["total"].iloc[-1] > 0
    assert not explorer.start_button.disabled
    explorer.clear()
    assert not explorer.histories


def test_an_error_while_learning_is_shown(monkeypatch):
    def missing():
        raise OSError("no images")

    monkeypatch.setattr(explore, "load_mnist", missing)
    explorer = explore.Learning()
    explorer.start()
    explorer.thread.join(timeout=60)
    assert "no images" in explorer.status.value


def test_prices_are_those_of_networks_that_learned():
    rows = [
        ("all synapses", "no cache", 0, 0, 80.0, 900, 0.0, None),
        ("all synapses", "no cache", 0, 1, 120.0, 1100, 0.0, None),
        ("all synapses", "cache", 0.1, 0, 15.0, 20, 10.0, 50.0),
        ("all synapses", "cache", 0.1, 1, 15.0, 20, 10.0, 50.0),
        ("all synapses", "cache", 0.2, 0, 9.0, 10, 20.0, 50.0),
        ("all synapses", "cache", 0.2, 1, 9.0, 10, 20.0, 50.0),
        ("all synapses", "cache", 0.1, 0, 14.0, 20, 30.0, np.inf),
        ("all synapses", "cache", 0.1, 1, 14.0, 20, 30.0, np.inf),
        ("subnetwork", "no cache", 0, 0, 50.0, 400, 0.0, None),
        ("subnetwork", "no cache", 0, 1, 50.0, 400, 0.0, None),
        ("subnetwork", "cache", 0.1, 0, None, None, None, 50.0),
        ("subnetwork", "cache", 0.1, 1, 9.0, 9, 1.0, 50.0),
    ]
    names = ["rule", "memory", "threshold", "seed", "distance", "written", "held", "decay_time"]
    done = pd.DataFrame(rows, columns=names)
    found = explore.prices(done, maintenance_cost=0.5, decay_time=50.0)
    table = found.combinations.set_index(["decay_time", "rule", "memory"])
    table, forever = table.loc[50], table.loc[np.inf]
    assert table.loc[("all synapses", "no cache")].tolist() == [100, 100, 0, True]
    assert table.loc[("all synapses", "θ=0.1")].tolist() == [15, 2, 10, True]
    amounts = ["distance", "writes", "held"]
    assert table.loc[("subnetwork", "θ=0.1"), amounts].isna().all()  # one of two got not there
    assert table.loc[("subnetwork", "θ=0.2"), amounts].isna().all()
    assert table["tried"].tolist() == [True] * 5 + [False]
    assert forever["held"].dropna().tolist() == [0, 30, 0]
    page = BeautifulSoup(found._repr_html_(), "html.parser")
    cells = [cell.get_text() for cell in page.select("tbody td")]
    assert cells == ["1", "5", "5.3", "2", "not learned", "not tried"]
    live = page.select_one(".live")
    runs = json.loads(live["data-runs"])
    assert runs[1] == {
        "rule": "all synapses", "memory": "θ=0.1", "distance": 15.0, "writes": 2.0, "held": 10.0,
        "tried": True, "decay_time": 50.0,
    }  # fmt: skip
    assert runs[4]["distance"] is None
    assert [run["tried"] for run in runs[4:6]] == [True, False]
    (fading,) = json.loads(live["data-controls"]).values()
    assert fading["options"] == [["none", None], ["50", 50.0]]
    assert fading["value"] == 50
    assert {run["decay_time"] for run in runs} == {None, 50.0}
    with pytest.raises(ValueError, match="decay_time must be one that was tried, 50, inf; got 60"):
        explore.prices(done, 0.5, decay_time=60.0)
