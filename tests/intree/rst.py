#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Is each page good reStructuredText, and what it refers to there?  rst.py FILE..."""
import os
import sys

from docutils import nodes
from docutils.core import publish_doctree
from docutils.parsers.rst import Directive, directives, roles

page = ""


def need(name):
    path = os.path.join(os.path.dirname(page), name + ".rst")
    if not os.path.exists(path):
        sys.exit(f"{page}: no page {name}")


class Toctree(Directive):
    has_content = True
    option_spec = {"maxdepth": int}

    def run(self):
        for name in self.content:
            need(name)
        return []


class KernelDoc(Directive):     # the header, which kernel-doc itself checks
    required_arguments = 1

    def run(self):
        return []


def doc(_role, raw, text, _line, _inliner, _options=None, _content=None):
    need(text.split("<")[-1].rstrip(">"))
    return [nodes.literal(raw, text)], []


directives.register_directive("toctree", Toctree)
directives.register_directive("kernel-doc", KernelDoc)
roles.register_local_role("doc", doc)
for page in sys.argv[1:]:
    with open(page, encoding="utf-8") as f:
        publish_doctree(f.read(), page, settings_overrides={
            "halt_level": 2, "report_level": 2, "syntax_highlight": "none"})
