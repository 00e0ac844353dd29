"""How the site is built: ``sphinx-build -W -b html docs docs/_build``."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

from derain import __version__

project = "derain"
author = "The derain developers"
copyright = "The derain developers, Apache-2.0"
release = version = __version__

extensions = [
    "generated",
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
]
_INCLUDED = ("command-line", "configuration", "metrics", "models", "presets", "scores", "speed")
exclude_patterns = ["_build", *(f"generated/{name}.md" for name in _INCLUDED)]

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 4

napoleon_numpy_docstring = False
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"

html_theme = "furo"
html_title = f"derain {__version__}"
