"""Sphinx extension: who reads the book sees the story, and its code on request.

Notebooks are left as they are, so that nothing is hidden from who runs them; the tags that fold
code are set where the book reads a notebook. Parameters, and calls of one statement, stay open.
What only hands results to the page is not shown at all.
"""

import ast
import json
import re

from docutils import nodes

SHORT = 4  # lines of a single statement that stays open
# cells that begin with these names show, or remember, what other cells have computed
HOUSEKEEPING = ("card", "explore", "glue", "scorecard")
VERDICT = re.compile(r"[A-Z]\d+ .* = .*; published ")  # a line of a scorecard in print


def setup(app):
    """Called by Sphinx."""
    app.connect("source-read", fold)
    app.connect("doctree-read", say_verdicts_once)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def fold(app, name, source):
    """Tag the cells of a notebook."""
    if not app.env.doc2path(name).endswith(".ipynb"):
        return
    notebook = json.loads(source[0])
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            tags = cell["metadata"].setdefault("tags", [])
            tags += tags_for("".join(cell["source"]), tags)
    source[0] = json.dumps(notebook)


def tags_for(code, tags):
    """The tags that the book adds to those of a cell.

    Examples
    --------
    >>> tags_for("card", [])
    ['remove-input']
    >>> tags_for("saved = 1 - ratio.median()\\nglue('saved', saved)", [])
    ['remove-input']
    >>> tags_for("explore.caching()", ["explorer"])
    ['remove-cell']
    >>> tags_for("runs = sweep(run, seeds=2)", [])
    []
    >>> tags_for("import numpy as np", [])
    ['hide-input']
    >>> tags_for("n_inputs = 100\\nseeds = 2", ["parameters"])
    []
    """
    if "explorer" in tags:
        return ["remove-cell"]
    if re.match(rf"({'|'.join(HOUSEKEEPING)})\b", code) or _only_glues(code):
        return ["remove-input"]
    if "parameters" in tags or "injected-parameters" in tags or _is_short(code):
        return []
    return ["hide-input"]


def say_verdicts_once(app, doctree):
    """Take the verdicts out of what was printed, where a table with the same verdicts follows."""
    tables = [raw for raw in doctree.findall(nodes.raw) if 'class="scorecard"' in raw.astext()]
    if not tables:
        return
    for block in list(doctree.findall(nodes.literal_block)):
        if "stream" not in block["classes"]:
            continue
        lines = block.astext().splitlines()
        kept = [line for line in lines if not VERDICT.match(line)]
        if kept == lines:
            continue
        if any(line.strip() for line in kept):
            block.children = []
            block += nodes.Text("\n".join(kept))
            block.rawsource = block.astext()  # else it isn't coloured, but taken as parsed
        else:
            cell_output = block.parent
            cell_output.remove(block)
            if not cell_output.children:
                cell_output.parent.remove(cell_output)


def _parsed(code):
    try:
        return ast.parse(code)
    except SyntaxError:  # a command of IPython
        return ast.Module([], [])


def _only_glues(code):
    """Whether all that code does is to hand over what it computes, maybe by a function of its own.

    Examples
    --------
    >>> _only_glues("def show(n):\\n    glue('n', n)\\n\\nfor n in sizes:\\n    show(n)")
    True
    >>> _only_glues("n = 3\\nprint(n)\\nglue('n', n)"), _only_glues("n = 3")
    (False, False)
    """
    tree = _parsed(code)
    own = {d.name for d in tree.body if isinstance(d, ast.FunctionDef) and _calls(d) == {"glue"}}
    return bool(calls := _calls(tree)) and calls <= {"glue"} | own


def _calls(tree):
    """Names of what is called for its own sake, or None for what is no plain call."""
    found = (node.value for node in ast.walk(tree) if isinstance(node, ast.Expr))
    return {getattr(getattr(value, "func", None), "id", None) for value in found}


def _is_short(code):
    statements = _parsed(code).body
    imports = ast.Import | ast.ImportFrom
    if len(statements) != 1 or isinstance(statements[0], imports):
        return False
    return len(code.splitlines()) <= SHORT
