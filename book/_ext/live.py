"""Sphinx extension: pages that compute.

A cell that calls ``explore.name()`` is a widget in a notebook; on the page it is the explorable of
that name, in place of the figure before it. What the scripts of a page need to know is written
here, from the library: the compiled kernels, the bundled images, colours and ranges.
"""

import json
import re
from pathlib import Path

from synlib.book.live import pages

FOLDER = "live"
MARK = '<div class="live" data-live="{name}" data-over="{figure}"></div>'
NAMES = re.compile(r'<div class="live" data-live="(\w+)"')
SHARED = "settings", "plots", "live"


def setup(app):
    """Called by Sphinx."""
    app.connect("source-read", place, priority=400)  # before code is folded, and such cells removed
    app.connect("html-page-context", add_scripts)
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def place(app, name, source):
    """Put explorables where a notebook has widgets."""
    if not app.env.doc2path(name).endswith(".ipynb"):
        return
    notebook = json.loads(source[0])
    figure = ""
    for cell in notebook["cells"]:
        figure = cell["metadata"].get("mystnb", {}).get("figure", {}).get("name", figure)
        called = re.match(r"explore\.(\w+)\(", "".join(cell["source"]))
        if "explorer" in cell["metadata"].get("tags", []) and called:
            cell.pop("outputs"), cell.pop("execution_count")
            cell["cell_type"], cell["metadata"] = "markdown", {}
            cell["source"] = MARK.format(name=called[1], figure=figure)
    source[0] = json.dumps(notebook)


def add_scripts(app, pagename, templatename, context, doctree):
    """Only where there is something to play with."""
    names = NAMES.findall(context.get("body", ""))
    if not names:
        return
    for name in dict.fromkeys([*SHARED, *names]):
        app.add_js_file(f"{FOLDER}/{name}.js", defer="defer")
    app.add_css_file(f"{FOLDER}/live.css")


def write(app, exception):
    """Write what the scripts load."""
    if exception or app.builder.format != "html":
        return
    folder = Path(app.outdir, "_static", FOLDER)
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in pages.written().items():
        known_as = f"synlib{name.capitalize()}"
        (folder / f"{name}.js").write_text(pages.script(known_as, content), "utf-8")
