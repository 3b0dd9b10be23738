"""Sphinx extension: what a shared link shows: title, description and picture."""

import html
import re

from docutils import nodes

LENGTH = 200  # characters of a description, about what is shown


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
        picture = re.search(r'<img [^>]*src="[^"]*?(_images/[^"]+)"', context.get("body", ""))
        if picture:
            found["og:image"] = base + picture[1]
    for name, value in found.items():
        context["metatags"] += f'<meta property="{name}" content="{html.escape(value)}">\n'


def description(doctree):
    """The first sentences of a page."""
    for paragraph in doctree.findall(nodes.paragraph):
        text = " ".join(paragraph.astext().split())
        if len(text) > 60 and not isinstance(paragraph.parent, nodes.block_quote):
            return text if len(text) <= LENGTH else text[:LENGTH].rsplit(" ", 1)[0] + " …"
    return ""


def _plain(title):
    return html.unescape(re.sub("<[^>]+>", "", title))
