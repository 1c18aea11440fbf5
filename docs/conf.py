"""Sphinx configuration: built with warnings as errors and without a network."""

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
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
exclude_patterns = ["_build"]
html_theme = "alabaster"
html_theme_options = {"description": skbayes.__doc__.splitlines()[0], "page_width": "1100px"}
