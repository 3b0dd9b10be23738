"""Sphinx extension: what the search and the hover tips of the book need to know.

Both read the pages as they were built, so that they know what a reader sees. They are scripts, not
JSON, because browsers let a page opened from a folder load scripts only.
"""

import json
import posixpath
from pathlib import Path

from bs4 import BeautifulSoup

STATIC = "_static"
NOTATION = "book/notation.html"
# neither sentences nor words that somebody looks for
CLUTTER = (
    ".headerlink, .cell_input, details, script, style, svg, nav, noscript, .math, "
    ".copybtn, .eqno, .sd-card, .contents-cards, .reading-time, .bibliography .label"
)
ENTRY = "dl.py.class, dl.py.function, dl.py.method, dl.py.exception, dl.py.data"


def setup(app):
    """Called by Sphinx."""
    app.connect("builder-inited", replace_search)
    app.connect("html-collect-pages", search_page)
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def replace_search(app):
    """No index of single words: ours has sections."""
    app.builder.search = False


def search_page(app):
    """Where a search leads that was sent off with the enter key."""
    yield "search", {"title": "Search"}, "search.html"


def write(app, exception):
    """Read all pages, and write what they hold."""
    if exception or app.builder.format != "html":
        return
    sections, tips, symbols = [], {}, {}
    for name in sorted(app.env.found_docs):
        path = Path(app.builder.get_outfilename(name))
        address = path.relative_to(app.outdir).as_posix()
        page = BeautifulSoup(path.read_text("utf-8"), "html.parser")
        article = page.select_one("article.bd-article")
        tips |= {f"{address}#{anchor}": tip for anchor, tip in tips_of(article, address)}
        if address == NOTATION:
            symbols = symbols_of(article)
        sections += sections_of(article, address)
    static = Path(app.outdir, STATIC)
    _write_script(static / "search_data.js", "bookSections", sections)
    _write_script(static / "tips_data.js", "bookTips", {"links": tips, "symbols": symbols})


def tips_of(article, address):
    """Anchor and HTML of everything that links are explained by: terms, formulas, figures, sources.

    Addresses in them are relative to the root of the book.
    """
    for term in article.select("dl.glossary dt[id]"):
        yield term["id"], f"<b>{_words(term)}</b> {_inner(term.find_next_sibling('dd'))}"
    for formula in article.select("div.math[id]"):
        yield formula["id"], "".join(map(str, formula.select("math")))
    for figure in article.select("figure[id]"):
        picture, caption = figure.find("img"), figure.find("figcaption")
        if picture is None or caption is None:
            continue
        source = posixpath.normpath(posixpath.join(posixpath.dirname(address), picture["src"]))
        yield figure["id"], f'<img data-src="{source}" alt=""><span>{_words(caption)}</span>'
    for citation in article.select("div.citation[id]"):
        yield citation["id"], _words(citation.find("p"))


def symbols_of(article):
    """Each symbol of the table of notation, and what it means."""
    found = {}
    for row in article.select("table tbody tr"):
        symbol, meaning = row.find_all("td")[:2]
        key = _words(symbol)
        if key in found:
            raise ValueError(f"the notation has the symbol {key} twice")
        found[key] = _inner(meaning)
    return found


def sections_of(article, address):
    """The sections of a page as the search shows them, without what lies in their own sections."""
    title = _words(article.find("h1"))
    for clutter in article.select(CLUTTER):
        clutter.decompose()
    found = []
    # from the last to the first, so that a section has lost those within it when its turn comes
    for section in reversed(article.select(f"section[id], {ENTRY}")):
        if section.name == "section":
            heading = section.find(["h1", "h2", "h3", "h4"], recursive=False)
            if heading is None:  # of an exercise: it belongs to the section around it
                continue
            name, anchor = _words(heading.extract()), section["id"]
        else:
            name = anchor = section.find("dt").get("id")
        section.extract()
        if anchor:
            where = f"{address}#{anchor}"
            found.append({"title": title, "heading": name, "at": where, "text": _words(section)})
    return reversed(found)


def _words(element):
    """The text of an element, in one line."""
    for link in element.select(".headerlink"):
        link.decompose()
    return " ".join(element.get_text().split())


def _inner(element):
    for link in element.select("a"):
        link.unwrap()  # a tip can't be clicked
    return element.decode_contents().strip()


def _write_script(path, name, content):
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    path.write_text(f"window.{name} = {text};\n", "utf-8")
