"""Jinja templates; autoescape is on, so text from data is text and never markup."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quartiersatlas.catalogue import text

if TYPE_CHECKING:
    from quartiersatlas.catalogue import Lang


def render(template: str, lang: Lang, **values: object) -> str:
    """Fill a template of this folder; ``t`` looks up texts."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("quartiersatlas.present"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    words = {"t": lambda name, **values: text(name, lang, **values), "lang": lang}
    return environment.get_template(template).render(**words, **values)
