"""Every link and anchor of the built book."""

from functools import cache
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup

from tests.browser.conftest import SITE, pages

ATTRIBUTES = {"a": "href", "img": "src", "link": "href", "script": "src", "iframe": "src"}


@cache
def parsed(path):
    return BeautifulSoup(path.read_text("utf-8"), "html.parser")


@cache
def anchors(path):
    return {tag["id"] for tag in parsed(path).find_all(id=True)}


def links(path):
    for name, attribute in ATTRIBUTES.items():
        for tag in parsed(path).find_all(name, **{attribute: True}):
            yield tag[attribute]


@pytest.mark.parametrize("page", pages())
def test_links_lead_somewhere(page):
    dead = []
    for link in links(SITE / page):
        address = urlsplit(link)
        if address.scheme or address.netloc:
            continue
        target = SITE / page
        if address.path:
            target = (target.parent / unquote(address.path)).resolve()
        anchor = unquote(address.fragment)
        if not target.is_file() or (anchor and anchor not in anchors(target)):
            dead.append(link)
    assert dead == []


@pytest.mark.parametrize("page", pages())
def test_external_links_are_well_formed(page):
    for link in links(SITE / page):
        address = urlsplit(link)
        if address.scheme or address.netloc:
            assert address.scheme in ("https", "http", "mailto"), link
            assert "." in address.netloc or address.scheme == "mailto", link
            assert " " not in link, link


def test_library_page_keeps_names_whole_and_links_them():
    page = parsed(SITE / "book" / "api.html")
    names = {tag.get_text() for tag in page.find_all("strong")}
    assert {"energy_", "weights_", "history_"} <= names
    linked = {tag["href"] for tag in page.select("dd a.reference.internal")}
    assert {"#synlib.plasticity.AllSynapses", "#synlib.memory.Persistent"} <= linked


def test_library_page_tells_of_pytorch_and_of_no_machine():
    """The book is built where PyTorch is not."""
    page = parsed(SITE / "book" / "api.html")
    signatures = {tag["id"]: tag.get_text() for tag in page.select("dt.sig[id]")}
    for name in ("Ledger", "Plastic"):
        assert "(optimizer, " in signatures[f"synlib.torch.{name}"]
    assert "synlib.torch.Plastic.rest" in signatures
    assert [text for text in signatures.values() if "Path(" in text or "object at" in text] == []
