"""The whole book as one PDF: `make pdf` runs this file after the book was built.

The pages, as they were built, become one long page that Chromium prints; links between pages become
links within it. Pages then get a link to the PDF. As a Sphinx extension it takes PDF and links away
again when the book is built anew, so that no PDF is of another book than the pages beside it.
"""

import posixpath
import re
import shutil
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup

NAME = "what-does-it-cost-to-learn.pdf"
ALL_PAGES = "_all_pages.html"
MILLISECONDS = 300_000  # a slow machine may take to read the whole book
PRINT_BUTTON = re.compile(r"(<li>\s*<button [^>]*window\.print\(\).*?</li>)", re.DOTALL)
LINK = (
    '<li class="whole-book"><a class="btn btn-sm dropdown-item" href="{root}{name}">'
    "The whole book (.pdf)</a></li>"
)
LINK_IN_PAGE = re.compile(r'<li class="whole-book">.*?</li>', re.DOTALL)
NOT_PRINTED = (
    "script, noscript, .headerlink, .copybtn, .prev-next-footer, .sd-card, .contents-cards, "
    "details.hide:not([open]), .show-all-code, button, "
    "section#where-to-go-next"  # what is next is on the next page
)
CONTENT = ["p", "pre", "img", "svg", "table", "dl", "ol", "ul", "math"]
FOOTER = (
    '<div style="font-size: 8px; width: 100%; text-align: center">'
    '<span class="pageNumber"></span></div>'
)


def setup(app):
    """Called by Sphinx."""
    app.connect("build-finished", forget)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def forget(app, exception):
    """Take away a PDF of the book as it was before."""
    (Path(app.outdir) / NAME).unlink(missing_ok=True)
    for path in Path(app.outdir).rglob("*.html"):
        text = path.read_text("utf-8")
        if 'class="whole-book"' in text:
            path.write_text(LINK_IN_PAGE.sub("", text), "utf-8")


def main(site):
    """Print the book in a folder, and link to it."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("make pdf needs Chromium: on Debian, `apt-get install chromium`")
    everything = site / ALL_PAGES
    whole = all_pages(site)
    everything.write_text(str(whole), "utf-8")
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            page = browser.new_page()
            page.goto(everything.as_uri(), wait_until="load", timeout=MILLISECONDS)
            # a browser shows a long page long before it has read it to its end
            page.wait_for_function(
                "n => document.readyState == 'complete' && document.fonts.status == 'loaded' && "
                "document.querySelectorAll('body > article').length == n",
                arg=len(whole.select("body > article")), timeout=MILLISECONDS,
            )  # fmt: skip
            page.pdf(
                path=site / NAME, format="A4", print_background=True, outline=True, tagged=True,
                display_header_footer=True, header_template="<span></span>", footer_template=FOOTER,
                margin={"top": "18mm", "bottom": "18mm", "left": "18mm", "right": "18mm"},
            )  # fmt: skip
            browser.close()
    finally:
        everything.unlink()
    link_from_pages(site)
    size = (site / NAME).stat().st_size
    print(f"The book is in {site / NAME} ({size / 1e6:.1f} MB)")


def all_pages(site):
    """All pages of the book, in the order of the side bar, as one."""
    first = _parsed(site / "book" / "intro.html")
    empty = "<!DOCTYPE html><html lang='en' data-theme='light'></html>"
    whole = BeautifulSoup(empty, "html.parser")
    head = whole.new_tag("head")
    head.append(BeautifulSoup('<meta charset="utf-8">', "html.parser"))
    head.append(whole.new_tag("title"))
    head.title.string = first.select_one("article h1").find(string=True).strip()
    for sheet in first.select('head link[rel="stylesheet"]'):
        sheet["href"] = _from_root(sheet["href"], "book/intro.html")
        head.append(sheet)
    body = whole.new_tag("body", attrs={"class": "whole-book"})
    whole.html.extend([head, body])

    pages = _pages(first)
    contents = _element("nav", "", **{"class": "all-contents"})
    contents.append(_element("h2", "Contents"))
    for address, title, part in pages:
        if part:
            contents.append(_element("p", part))
        line = _element("div", "")
        line.append(_element("a", title, href=f"#{_anchor(address)}"))
        contents.append(line)
        article = _article(site, address, {page for page, _, _ in pages})
        body.append(article)
        if len(body.contents) == 1:
            body.append(contents)
    return whole


def _pages(first):
    """Address, title and, where one begins, part of each page."""
    found = [("book/intro.html", "", "")]
    for caption in first.select("nav.bd-docs-nav p.caption"):
        part = caption.get_text(strip=True)
        for link in caption.find_next_sibling("ul").select("li > a"):
            address = _from_root(link["href"], "book/intro.html")
            found.append((address, link.get_text(strip=True), part))
            part = ""
    return found


def _article(site, address, pages):
    """The text of a page, with anchors and addresses that hold in the whole book."""
    article = _parsed(site / address).select_one("article.bd-article")
    for element in article.select(NOT_PRINTED):
        element.decompose()
    for section in reversed(article.find_all("section")):  # what has lost all that was in it
        if not section.find(CONTENT):
            section.decompose()
    for element in article.find_all(id=True):
        element["id"] = _anchor(address, element["id"])
    article["id"] = _anchor(address)
    for picture in article.find_all("img", src=True):
        picture["src"] = _from_root(picture["src"], address)
    for link in article.find_all("a", href=True):
        target = urlsplit(link["href"])
        if target.scheme or target.netloc:
            continue
        page = _from_root(target.path, address) if target.path else address
        if page in pages:
            link["href"] = "#" + _anchor(page, unquote(target.fragment))
        else:  # a file that lies beside the pages
            link.unwrap()
    return article


def link_from_pages(site):
    """Put a link to the PDF below the button that prints a page."""
    for path in site.rglob("*.html"):
        text = path.read_text("utf-8")
        root = "../" * (len(path.relative_to(site).parts) - 1)
        new = LINK_IN_PAGE.sub("", text)
        new = PRINT_BUTTON.sub(rf"\1{LINK.format(root=root, name=NAME)}", new)
        if new != text:
            path.write_text(new, "utf-8")


def _parsed(path):
    return BeautifulSoup(path.read_text("utf-8"), "html.parser")


def _element(name, text, **attributes):
    element = BeautifulSoup("", "html.parser").new_tag(name, attrs=attributes)
    element.string = text
    return element


def _from_root(address, page):
    """An address on a page, as it is from the root of the book."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(page), address))


def _anchor(page, fragment=""):
    name = page.removesuffix(".html").replace("/", "-")
    return f"{name}--{fragment}" if fragment else name


if __name__ == "__main__":
    here = Path(__file__).parents[2] / "_build" / "html"
    main(Path(sys.argv[1]) if sys.argv[1:] else here)
