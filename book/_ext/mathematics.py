"""Sphinx extension: formulas as MathML.

Browsers, printers and screen readers set MathML by themselves: no script, no tab stop in every
formula, nothing to wait for, and formulas without JavaScript. What cannot be translated is a
warning, so that the book is not built with a formula missing.
"""

import re

from docutils import nodes
from math_core import LatexError, LatexToMathML
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

LOGGER = logging.getLogger(__name__)
TRANSLATOR = LatexToMathML(fancy_error=False)
PUNCTUATION = re.compile(r"[,.;:!?)]+")
ENVIRONMENT = re.compile(r"(\\begin\{.*?\\end\{\w+\*?\})", re.DOTALL)


def setup(app):
    """Called by Sphinx."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    app.connect("config-inited", choose)
    app.connect("doctree-resolved", keep_together)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def choose(app, config):
    """Make it the renderer of the book."""
    config.html_math_renderer = "mathml"


def keep_together(app, doctree, page):
    """No line begins with the comma that belongs behind a formula."""
    for formula in list(doctree.findall(nodes.math)):
        behind = formula.next_node(descend=False, siblings=True)
        mark = PUNCTUATION.match(behind) if isinstance(behind, nodes.Text) else None
        if mark:
            formula["behind"] = mark[0]
            formula.parent.replace(behind, nodes.Text(behind[mark.end() :]))


def visit_inline(self, node):
    """A formula in a sentence."""
    formula = translated(node.astext(), node, displaystyle=False)
    if "behind" in node:
        formula = f'<span class="kept">{formula}{node["behind"]}</span>'
    self.body.append(formula)
    raise nodes.SkipNode


def visit_block(self, node):
    """A formula on a line of its own, with its number."""
    self.body.append(self.starttag(node, "div", CLASS="math notranslate nohighlight"))
    self.body.append('<div class="formula">')
    for part in parts(node.astext()):
        self.body.append(translated(part, node, displaystyle=True))
    self.body.append("</div>")
    if node["number"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append("</div>\n")
    raise nodes.SkipNode


def parts(latex):
    r"""Formulas side by side, separated by ``\qquad``: on a narrow screen one follows the other."""
    found = [""]
    for piece in ENVIRONMENT.split(latex):
        if piece.startswith(r"\begin"):
            found[-1] += piece
        else:
            first, *others = piece.split(r"\qquad")
            found[-1] += first
            found += others
    return [part for part in found if part.strip()]


def translated(latex, node, displaystyle):
    """The MathML of a formula."""
    try:
        return TRANSLATOR.convert_with_local_state(latex.strip(), displaystyle=displaystyle)
    except LatexError as error:
        LOGGER.warning("formula %r: %s", latex, error, location=node)
        return ""
