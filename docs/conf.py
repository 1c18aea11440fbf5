"""Sphinx configuration: built with warnings as errors and without a network."""

import os
import re
from typing import Any

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml

# Examples that start processes of their own, and those processes, draw without a screen and compute on one core each.
os.environ.setdefault("MPLBACKEND", "agg")
for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(threads, "1")

import skbayes  # noqa: E402  (numpy reads the number of threads when it is imported)

project = "skbayes"
author = "the skbayes developers"
release = version = skbayes.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "matplotlib.sphinxext.plot_directive",
    "sphinx_gallery.gen_gallery",
]
autosummary_generate = True
# Types stand in the docstrings, with shapes and ranges that hints cannot say.
autodoc_typehints = "none"
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
templates_path = ["_templates"]
exclude_patterns = ["_build", "_templates", "sg_execution_times.rst", "**/sg_execution_times.rst"]
html_theme = "pydata_sphinx_theme"
# Formulas are part of the page: nothing is fetched when it is read.
html_math_renderer = "mathml"
html_title = "skbayes"
html_show_sourcelink = False
html_static_path = ["_static"]
html_css_files = ["skbayes.css"]
html_theme_options = {
    "navbar_align": "left",
    "header_links_before_dropdown": 6,
    "navigation_depth": 2,
    "show_toc_level": 2,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
}
# The pictures of docs/plots.rst, drawn by its own doctests at notebook size.
plot_include_source = True
plot_html_show_source_link = False
plot_html_show_formats = False
plot_formats = [("png", 110)]
plot_rcparams = {"figure.figsize": (7.0, 4.5)}
plot_apply_rcparams = True
# The gallery: each example is a question, a figure and an answer.
sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": r"/plot_",
    "ignore_pattern": r"quickstart\.py",
    # An example that fails ends the build.
    "abort_on_example_error": True,
    "only_warn_on_example_error": False,
    "subsection_order": ["../examples/search", "../examples/results", "../examples/linear"],
    "within_subsection_order": "FileNameSortKey",
    "backreferences_dir": "api/examples",
    "doc_module": ("skbayes",),
    "inspect_global_variables": False,
    "download_all_examples": False,
    # What a cell prints, and not the repr of what it ends with.
    "capture_repr": (),
    "show_signature": False,
    "remove_config_comments": True,
    "min_reported_time": 5,
    "image_srcset": ["2x"],
}


_THIN_SPACE = '<mspace width="0.1667em"></mspace>'


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


def write_formula(translator: Any, node: Any) -> None:
    """Write a formula as MathML, which browsers draw by themselves."""
    is_block = isinstance(node, nodes.math_block)
    mathml = tex2mathml(node.astext(), as_block=is_block)
    # TeX leaves a thin space behind the name of a function, unless a bracket follows: log p, log(p).
    mathml = re.sub(
        r'<mo>&ApplyFunction;</mo>(?!\s*<mo stretchy="false">[(\[])', _THIN_SPACE, mathml
    )
    translator.body.append(f'<div class="formula">{mathml}</div>' if is_block else mathml)
    raise nodes.SkipNode


def setup(app: Any) -> None:
    """Connect what this file defines."""
    app.add_html_math_renderer("mathml", (write_formula, None), (write_formula, None))
    # Before numpydoc, which wants the lines as they are meant.
    app.connect("autodoc-process-docstring", keep_bars, priority=100)
    app.connect("missing-reference", link_to_the_room)
