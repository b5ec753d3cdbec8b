"""Jinja templates; autoescape is on, so text from data is text and never markup."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from quartiersatlas.catalogue import text

if TYPE_CHECKING:
    from jinja2 import Template


@cache
def template(name: str) -> Template:
    """Return a template of this folder, compiled once; in it ``t(name, lang)`` looks up texts."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("quartiersatlas.present"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    environment.globals["t"] = text
    return environment.get_template(name)
