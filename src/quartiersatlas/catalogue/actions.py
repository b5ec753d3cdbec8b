"""Fields of action: what cities do where an indicator points to need. Suggestions, no prescription."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from quartiersatlas.catalogue.texts import pick

if TYPE_CHECKING:
    from quartiersatlas.catalogue.texts import Lang


@dataclass(frozen=True, kw_only=True)
class ActionBundle:
    """A bundle of measures within a field of action.

    Parameters
    ----------
    id : str
        Short stable name.
    domain : str
        One of the domains of the indicators.
    field_de, field_en, label_de, label_en, examples_de, examples_en : str
        Field of action, name of the bundle, and examples separated by semicolons.
    triggers : tuple of str
        Indicators that point to it.
    source : str
        Where the bundle comes from.
    """

    id: str
    domain: str
    field_de: str
    field_en: str
    label_de: str
    label_en: str
    examples_de: str
    examples_en: str
    triggers: tuple[str, ...]
    source: str

    def field(self, lang: Lang) -> str:
        """Return the field of action in German or English."""
        return pick(lang, self.field_de, self.field_en)

    def label(self, lang: Lang) -> str:
        """Return the name of the bundle in German or English."""
        return pick(lang, self.label_de, self.label_en)

    def examples(self, lang: Lang) -> str:
        """Return the examples in German or English."""
        return pick(lang, self.examples_de, self.examples_en)


@cache
def action_bundles() -> tuple[ActionBundle, ...]:
    """Return the built-in bundles of the fields of action.

    Examples
    --------
    >>> action_bundles()[0].label("en")
    'Counselling and support in the neighbourhood'
    """
    text = files("quartiersatlas.catalogue").joinpath("action_fields.csv").read_text(encoding="utf-8")
    return tuple(
        ActionBundle(
            id=row["bundle_id"],
            domain=row["domain"],
            field_de=row["field_de"],
            field_en=row["field_en"],
            label_de=row["bundle_de"],
            label_en=row["bundle_en"],
            examples_de=row["examples_de"],
            examples_en=row["examples_en"],
            triggers=tuple(row["trigger_indicators"].split("|")),
            source=row["source"],
        )
        for row in csv.DictReader(text.splitlines())
    )
