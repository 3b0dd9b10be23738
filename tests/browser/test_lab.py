"""The explorers in JupyterLab, as a reader who runs a notebook sees them."""

import contextlib
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

import pytest
from playwright.sync_api import TimeoutError

from tests.browser.conftest import ROOT

PICTURE = ".jp-OutputArea-output img[alt^='energy spent']"


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Address of a JupyterLab on 127.0.0.1 with copies of the notebooks."""
    folder = tmp_path_factory.mktemp("lab")
    for name in ("02_synaptic_caching", "08_competitive_plasticity"):
        shutil.copy(ROOT / "notebooks" / f"{name}.ipynb", folder)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root"]
    command += ["--ip=127.0.0.1", f"--port={port}", "--IdentityProvider.token=test"]
    command += [f"--ServerApp.root_dir={folder}", "--LabApp.news_url=''"]
    log = open(folder / "lab.log", "w")  # noqa: SIM115 (closed below)
    process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    address = f"http://127.0.0.1:{port}"
    for _ in range(120):
        try:
            urllib.request.urlopen(f"{address}/api/status?token=test", timeout=5)
            break
        except OSError:
            time.sleep(0.5)
    else:
        pytest.fail((folder / "lab.log").read_text()[-2000:])
    yield address
    process.terminate()
    process.wait(timeout=30)
    log.close()


def run_notebook(browser, lab, name):
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    page.set_default_timeout(240_000)
    page.goto(f"{lab}/lab/tree/{name}.ipynb?token=test&reset")
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    # JupyterLab may ask which kernel to start, though the notebook says it
    with contextlib.suppress(TimeoutError):
        page.get_by_role("button", name="Select", exact=True).click(timeout=15_000)
    page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status='idle']")
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()
    return page


def test_caching_explorer_answers(browser, lab):
    page = run_notebook(browser, lab, "02_synaptic_caching")
    handle = page.locator(".widget-slider .noUi-handle, .jupyter-widget-slider .noUi-handle")
    handle.first.wait_for(state="attached")
    handle.nth(1).scroll_into_view_if_needed()
    picture = page.locator(PICTURE)
    before = picture.get_attribute("src")
    handle.nth(1).focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "([selector, old]) => document.querySelector(selector)?.src !== old", arg=[PICTURE, before]
    )
    assert "threshold" in picture.get_attribute("alt")
    page.close()


def test_learning_explorer_grows_and_stops(browser, lab):
    page = run_notebook(browser, lab, "08_competitive_plasticity")
    learn = page.get_by_role("button", name="learn", exact=True)
    learn.wait_for()
    learn.scroll_into_view_if_needed()
    learn.click()
    grown = page.locator("img[alt*='networks: largest updates']")
    grown.wait_for(state="attached")
    page.get_by_role("button", name="stop", exact=True).click()
    page.get_by_text(re.compile(r"hidden: [\d.]+% for .* a\.u\.")).wait_for(state="attached")
    page.close()
