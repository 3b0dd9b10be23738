"""Sphinx extension: what a shared link shows: title, description and picture."""

import html
import re
import shutil
from pathlib import Path

from docutils import nodes

LENGTH = 200  # characters of a description, about what is shown
FIRST = "book/intro"  # its picture stands for pages without one


def setup(app):
    """Called by Sphinx."""
    app.connect("html-page-context", describe)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def describe(app, pagename, templatename, context, doctree):
    """Add the tags that search engines, messengers and others read."""
    if doctree is None:
        return
    found = {"og:type": "article", "og:title": _plain(context["title"])}
    found["og:site_name"] = app.config.html_title
    text = description(doctree)
    if text:
        found["og:description"] = text
        context["metatags"] += f'<meta name="description" content="{html.escape(text)}">\n'
    base = app.config.html_baseurl
    if base:  # addresses must be whole
        base = base.rstrip("/") + "/"
        found["og:url"] = f"{base}{pagename}.html"
        picture = _picture(app, pagename)
        if picture:
            found["og:image"] = base + picture
            found["twitter:card"] = "summary_large_image"
    for name, value in found.items():
        context["metatags"] += f'<meta property="{name}" content="{html.escape(value)}">\n'


def description(doctree):
    """The first sentences of a page."""
    for paragraph in doctree.findall(nodes.paragraph):
        text = " ".join(paragraph.astext().split())
        if len(text) > 60 and not isinstance(paragraph.parent, nodes.block_quote):
            return text if len(text) <= LENGTH else text[:LENGTH].rsplit(" ", 1)[0] + " …"
    return ""


def _picture(app, page):
    """The first figure of a page, where the book has it; messengers can't show those of lines."""
    source = first_figure(app.env, page) or first_figure(app.env, FIRST)
    if source is None:
        return None
    name = f"{app.builder.imagedir}/{source.name}"
    target = Path(app.outdir, name)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    return name


def first_figure(env, page):
    """The first figure of a page as PNG: beside its notebook under its name, or beside its SVG."""
    for figure in env.get_doctree(page).findall(nodes.figure):
        notebook = [Path(env.srcdir, page).with_name(f"{name}.png") for name in figure["names"]]
        drawn = [Path(env.srcdir, image["uri"]) for image in figure.findall(nodes.image)]
        for path in [*notebook, *(path.with_suffix(".png") for path in drawn)]:
            if path.is_file():
                return path
    return None


def _plain(title):
    return html.unescape(re.sub("<[^>]+>", "", title))
