"""Sphinx configuration: built with warnings as errors and without a network."""

import re
from typing import Any

import skbayes

project = "skbayes"
author = "the skbayes developers"
release = version = skbayes.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "numpydoc",
]
autosummary_generate = True
# Types stand in the docstrings, with shapes and ranges that hints cannot say.
autodoc_typehints = "none"
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
templates_path = ["_templates"]
exclude_patterns = ["_build", "_templates"]
html_theme = "alabaster"
html_theme_options = {"description": skbayes.__doc__.splitlines()[0], "page_width": "1100px"}


def link_to_the_room(app: Any, env: Any, node: Any, content: Any) -> Any:
    """Lead ``skbayes.Real`` to ``skbayes.space.Real``: every name is documented once, in its room."""
    package, _, name = node["reftarget"].rpartition(".")
    thing = getattr(skbayes, name, None)
    if package != "skbayes" or name not in skbayes.__all__ or not callable(thing):
        return None
    room = ".".join(thing.__module__.split(".")[:2])
    python = env.get_domain("py")
    return python.resolve_xref(
        env, node["refdoc"], app.builder, node["reftype"], f"{room}.{name}", node, content
    )


def keep_bars(app: Any, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """Escape the bars of formulas, |w|, which reStructuredText would take for a substitution."""
    for i, line in enumerate(lines):
        if not line.lstrip().startswith((">>>", "...")):
            pieces = re.split(r"(``.*?``)", line)
            lines[i] = "".join(p if p.startswith("``") else p.replace("|", "\\|") for p in pieces)


def setup(app: Any) -> None:
    """Connect what this file defines."""
    # Before numpydoc, which wants the lines as they are meant.
    app.connect("autodoc-process-docstring", keep_bars, priority=100)
    app.connect("missing-reference", link_to_the_room)
