"""Sphinx extension: the first time a page uses a word of the glossary, the word leads there.

Words that mean the term only now and then ("write", "scope") are left to ``{term}``.
"""

import re

from docutils import nodes
from sphinx import addnodes

ONLY_WHERE_ASKED = {"criterion", "fraction", "profile", "scope", "seed", "write"}
# a link would disturb in the first five, and is one already in the others
NOT_INSIDE = (
    nodes.title,
    nodes.caption,
    nodes.literal,
    nodes.math,
    nodes.citation,
    nodes.reference,
    addnodes.pending_xref,
    addnodes.glossary,
    addnodes.desc,
)


def setup(app):
    """Called by Sphinx."""
    app.connect("env-updated", collect)
    app.connect("doctree-resolved", link)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def collect(app, env):
    """Every page depends on the words that the glossary has."""
    words = sorted(terms(env))
    changed = words != getattr(env, "linked_words", None)
    env.linked_words = words
    return list(env.found_docs) if changed else []


def terms(env):
    """For each word of the glossary, in small letters, the page and anchor of its entry."""
    found = {}
    for (kind, word), (page, anchor) in env.get_domain("std").objects.items():
        if kind == "term" and word.lower() not in ONLY_WHERE_ASKED:
            found[word.lower()] = page, anchor
    return found


def link(app, doctree, page):
    """Turn the first use of each word in running text into a link."""
    entries = terms(app.env)
    if not entries:
        return
    longest_first = sorted(entries, key=len, reverse=True)
    pattern = re.compile(rf"\b({'|'.join(map(re.escape, longest_first))})(s|es)?\b", re.IGNORECASE)
    seen = {
        (reference.get("refid") or reference.get("refuri", "")).rpartition("#")[2]
        for reference in doctree.findall(nodes.reference)
    }
    done = {word for word, (_, anchor) in entries.items() if anchor in seen}
    for paragraph in list(doctree.findall(nodes.paragraph)):
        if _inside(paragraph):
            continue
        for text in list(paragraph.findall(nodes.Text)):
            if not _inside(text):
                text.parent.replace(text, list(_linked(app, page, text, pattern, entries, done)))


def _linked(app, page, text, pattern, entries, done):
    """A text in pieces, of which some are links."""
    start = 0
    for match in pattern.finditer(text):
        word = match[1].lower()
        if word in done or entries[word][0] == page:
            continue
        done.add(word)
        yield nodes.Text(text[start : match.start()])
        target, anchor = entries[word]
        address = app.builder.get_relative_uri(page, target) + "#" + anchor
        reference = nodes.reference("", "", internal=True, refuri=address, classes=["term"])
        reference += nodes.Text(match[0])
        yield reference
        start = match.end()
    yield nodes.Text(text[start:])


def _inside(node):
    while node is not None:
        if isinstance(node, NOT_INSIDE):
            return True
        node = node.parent
    return False
