"""How the documentation is built; `scripts/build_docs.py` lays out the pages and calls it."""

from os import environ

from quartiersatlas import __version__

project = "quartiersatlas"
author = "The quartiersatlas developers"
copyright = author  # noqa: A001 - Sphinx asks for this name
release = version = __version__
language = "en"

extensions = ["myst_nb", "sphinx.ext.autodoc", "numpydoc"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
numpydoc_show_class_members = False  # autodoc lists them
numpydoc_class_members_toctree = False
autodoc_typehints = "none"  # the docstrings say what is taken, in words
autodoc_member_order = "bysource"
nb_execution_mode = "force"
nb_execution_excludepatterns = [] if environ.get("RUN_NOTEBOOKS") else ["notebooks/*"]  # the tests run them
nb_execution_timeout = 300
nb_execution_raise_on_error = True
nb_merge_streams = True
nitpicky = False

html_theme = "pydata_sphinx_theme"
html_title = "quartiersatlas"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
html_context = {"default_mode": "light"}
html_theme_options = {
    "collapse_navigation": True,
    "navigation_depth": 2,
    "show_nav_level": 1,
    "show_prev_next": False,
    "navbar_align": "left",
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
}
html_sidebars = {"index": [], "glossary": []}
