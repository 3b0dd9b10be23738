"""Sphinx extension: the contents as cards, and on each page how long it takes to read.

The directive ``contents`` lists pages, each with a line of what it says and, for a chapter, the
figure that stands for it::

    ```{contents}
    ../notebooks/01_perceptron_energy:
      says: A neuron walks hundreds of times further than it needs to.
      figure: fig-perceptron-walk
    ```
"""

import html
import math
from pathlib import Path

import yaml
from docutils import nodes
from PIL import Image
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

LOGGER = logging.getLogger(__name__)
IN_BRIEF = "In one minute"
WORDS = 200  # read in a minute
SECONDS = {nodes.figure: 15, nodes.math_block: 10}
# neither read at once nor by everybody
NOT_READ = (nodes.literal_block, nodes.comment, nodes.raw)
NOT_READ_CLASSES = {"cell_input", "solution", "margin", "toggle"}
THUMBNAIL = (360, 240)  # pixels at most; shown at half that size


class Card(nodes.General, nodes.Element):
    """A page in the contents."""


class Contents(SphinxDirective):
    """Cards of pages."""

    has_content = True

    def run(self):
        """Called by Sphinx."""
        cards = nodes.container(classes=["contents-cards"])
        for name, entry in yaml.safe_load("\n".join(self.content)).items():
            page, _ = self.env.relfn2path(name, self.env.docname)
            page = Path(page).as_posix()
            if page not in self.env.found_docs:
                raise self.error(f"there is no page {page}")
            cards += Card(page=page, **entry)
        return [cards]


def setup(app):
    """Called by Sphinx."""
    app.add_directive("contents", Contents)
    app.add_node(Card, html=(visit_card, None))
    app.connect("doctree-read", measure)
    app.connect("env-purge-doc", forget)
    app.connect("env-merge-info", merge)
    app.connect("env-updated", outdated)
    app.connect("doctree-resolved", say_minutes)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def measure(app, doctree):
    """Remember how long a page takes to read."""
    _minutes(app.env)[app.env.docname] = minutes(doctree)


def forget(app, env, page):
    """The page is read anew."""
    _minutes(env).pop(page, None)


def merge(app, env, pages, other):
    """Another process has read these pages."""
    _minutes(env).update({page: _minutes(other)[page] for page in pages})


def outdated(app, env):
    """The page with the cards depends on all pages in them, and these on being in them."""
    cards = {
        page: {card["page"] for card in env.get_doctree(page).findall(Card)}
        for page in env.found_docs
    }
    listed = set().union(*cards.values())
    changed = listed ^ getattr(env, "listed_in_contents", set())
    env.listed_in_contents = listed
    return [*changed, *(page for page, found in cards.items() if found)]


def minutes(doctree):
    """How many minutes it takes to read a page, without code and without solutions.

    Examples
    --------
    >>> page = nodes.section("", nodes.paragraph("", "word " * 401), nodes.figure())
    >>> minutes(page)
    3
    """
    words = seconds = 0
    waiting = [doctree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, nodes.Text):
            words += len(node.split())
        elif not isinstance(node, NOT_READ) and not NOT_READ_CLASSES & set(node["classes"]):
            seconds += SECONDS.get(type(node), 0)
            waiting += node.children
    return math.ceil(words / WORDS + seconds / 60)


def say_minutes(app, doctree, page):
    """How long it takes to read, on each page that the contents list.

    In the box that says the chapter in one minute, or else below the title.
    """
    title = doctree.next_node(nodes.title)
    if title is None or page not in app.env.listed_in_contents:
        return
    time = f"{_minutes(app.env)[page]} min"
    for box in doctree.findall(nodes.admonition):
        if box.next_node(nodes.title).astext() == IN_BRIEF:
            name = nodes.strong("", "Reading time.")
            box += nodes.paragraph("", "", name, nodes.Text(f" {time}"), classes=["reading-time"])
            return
    said = nodes.paragraph("", f"{time} to read", classes=["reading-time"])
    title.parent.insert(title.parent.index(title) + 1, said)


def visit_card(self, node):
    """A card as a link."""
    builder, env, page = self.builder, self.builder.env, node["page"]
    number = env.toc_secnumbers.get(page, {}).get("", ())
    name = " · ".join([*map(str, number), env.titles[page].astext()])
    address = builder.get_relative_uri(builder.current_docname, page)
    self.body.append(f'<a class="contents-card" href="{html.escape(address)}">')
    if "figure" in node:
        small = _thumbnail(builder, node)
        if small:
            text = html.escape(_description(env, page, node["figure"]))
            self.body.append(f'<img src="{builder.imgpath}/{small}" alt="{text}">')
    self.body.append(f'<span class="title">{html.escape(name)}</span>')
    self.body.append(f'<span class="says">{html.escape(node["says"])}</span>')
    self.body.append(f'<span class="minutes">{_minutes(env)[page]} min</span></a>')
    raise nodes.SkipNode


def _thumbnail(builder, node):
    """The figure of a card, small: its name among the pictures of the book."""
    figure = Path(builder.srcdir, node["page"]).parent / f"{node['figure']}.png"
    if not figure.is_file():
        LOGGER.warning("%s has no figure %s", node["page"], node["figure"], location=node)
        return None
    folder = Path(builder.outdir, builder.imagedir)
    folder.mkdir(parents=True, exist_ok=True)
    small = Image.open(figure).convert("RGB")
    small.thumbnail(THUMBNAIL, Image.Resampling.LANCZOS)
    name = f"small-{node['figure']}.png"
    small.quantize(64).save(folder / name, optimize=True)
    return name


def _description(env, page, name):
    """The first sentence of what a figure shows, for who can't see it."""
    for figure in env.get_doctree(page).findall(nodes.figure):
        picture = figure.next_node(nodes.image)
        if name in figure["names"] + figure["ids"] and picture is not None:
            return picture["alt"].partition(". ")[0].removesuffix(".") + "."
    return f"Figure {name}"


def _minutes(env):
    if not hasattr(env, "reading_minutes"):
        env.reading_minutes = {}
    return env.reading_minutes
