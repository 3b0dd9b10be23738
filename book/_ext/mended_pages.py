"""Sphinx extension: mend what the theme and its helpers get wrong.

They add the settings of live code twice, which is an error in the browser, and ask for a colour
mode that is not set. Names in docstrings, which are written without their module, lead nowhere.
Examples, which end with an empty line to be tested, end with an empty box.
"""

import inspect
import re

from docutils import nodes
from sphinx.util.nodes import make_refnode


def setup(app):
    """Called by Sphinx."""
    app.connect("config-inited", tag_launch)
    app.connect("autodoc-process-signature", sign)
    app.connect("doctree-read", end_examples)
    app.connect("html-page-context", mend, priority=900)
    app.connect("missing-reference", find)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def tag_launch(app, config):
    """Text about launch buttons is for books that have them: ``{only} launch``."""
    if config.html_theme_options.get("launch_buttons", {}).get("binderhub_url"):
        app.tags.add("launch")


def sign(app, what, name, thing, options, signature, returned):
    """The signature of a class whose base is not installed, and would hide it by its own."""
    if what == "class" and signature == "(*args, **kwargs)":
        signature = str(inspect.signature(thing))
    return signature, returned


def end_examples(app, doctree):
    """Take empty lines from the ends of blocks of code."""
    for block in doctree.findall(nodes.literal_block):
        text = block.astext()
        if text == block.rawsource and text.endswith("\n"):
            block.rawsource = text.rstrip()
            block.children = []
            block += nodes.Text(block.rawsource)


def mend(app, pagename, templatename, context, doctree):
    """Change what the template will see."""
    context["default_mode"] = "auto"
    seen = set()
    scripts = []
    for script in context.get("script_files", []):
        name = str(getattr(script, "filename", script) or "")
        key = name or script.attributes.get("body")
        if key not in seen:
            seen.add(key)
            scripts.append(script)
    context["script_files"] = scripts
    for group in context.get("header_buttons", []):
        for button in group.get("buttons", []):
            if button["label"] == "download-pdf-button":  # it prints; `make pdf` adds a real PDF
                button |= {"text": "Print this page", "tooltip": "Print", "icon": "fas fa-print"}
    # docutils calls a bibliography a list, but not its entries items: a fault to screen readers
    listed = '<div role="list" class="citation-list">'
    body = context.get("body", "").replace(listed, '<div class="citation-list">')
    # what BibTeX writes where a list of authors is cut short
    body = re.sub(r'(<div class="citation".*?<p>[^<]*?),? and others\.?', r"\1 <em>et al.</em>",
                  body, flags=re.DOTALL)  # fmt: skip
    body = re.sub(r'(\btitle="[^"]*?) and others', r"\1 et al.", body)
    body = re.sub(r"(\w) and others(, \d{4})", r"\1 <em>et al.</em>\2", body)
    # a space before the link, not in it, where it would be underlined
    context["body"] = re.sub(r"(Solution to)(<a [^>]*>) ", r"\1 \2", body)


def find(app, env, reference, content):
    """A link to the only thing in the library that ends with this name."""
    if reference.get("refdomain") != "py":
        return None
    found = env.get_domain("py").find_obj(env, None, None, reference["reftarget"], None, 1)
    if len(found) != 1:
        return None
    ((name, entry),) = found
    page = reference["refdoc"]
    return make_refnode(app.builder, page, entry.docname, entry.node_id, content, name)
