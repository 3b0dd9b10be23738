"""The explorers answer, without a browser; `make test-browser` tries them in one."""

import time

from synlib import explore


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
