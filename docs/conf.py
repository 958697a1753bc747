"""How Sphinx builds the documentation; scripts/docs runs it."""

from __future__ import annotations

import sys
from pathlib import Path

from oneloop.version import __version__

sys.path.insert(0, str(Path(__file__).parents[1]))

project = "oneloop-api-client"
author = "The oneloop-api-client maintainers"
version = release = __version__
language = "en"
html_title = f"{project} {version}"

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "docs._extensions.accessible",
    "docs._extensions.command_line",
    "docs._extensions.docstrings",
    "docs._extensions.includes",
    "docs._extensions.names",
    "docs._extensions.operations",
]
exclude_patterns = ["_*"]
html_theme = "furo"
pygments_dark_style = "a11y-high-contrast-dark"  # the theme's own underlines modules, like links
html_static_path = ["_static"]
html_css_files = ["custom.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
html_last_updated_fmt = None

myst_enable_extensions = ["attrs_block", "attrs_inline", "colon_fence"]
myst_heading_anchors = 3
myst_links_external_new_tab = False

default_role = "py:obj"
add_module_names = False
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints_format = "short"
autodoc_class_signature = "mixed"
maximum_signature_line_length = 80
napoleon_numpy_docstring = False
python_use_unqualified_type_names = True

# What a docstring has in backticks may be any code; what is named as ours has to be there.
nitpick_ignore_regex = [("py:obj", r"(?!oneloop\.|\w+Error$).*")]
nitpick_ignore = [("py:class", "oneloop_api_client.responses.ResultT")]  # a parameter of its class
