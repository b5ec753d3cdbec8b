"""What does a number mean? Indicators with labels, units and definitions, and the words a reader sees."""

from quartiersatlas.catalogue.indicators import ActionBundle, Catalogue, Indicator, action_bundles
from quartiersatlas.catalogue.key_systems import (
    KeySystem,
    ags_from_ars,
    inspire_cells,
    key_systems,
    parent_keys,
    recognise_keys,
)
from quartiersatlas.catalogue.kinds import Kind
from quartiersatlas.catalogue.references import Reference
from quartiersatlas.catalogue.texts import Lang, Message, MessageWarning, check_lang, number_text, number_texts, text

__all__ = [
    "ActionBundle",
    "Catalogue",
    "Indicator",
    "KeySystem",
    "Kind",
    "Lang",
    "Message",
    "MessageWarning",
    "Reference",
    "action_bundles",
    "ags_from_ars",
    "check_lang",
    "inspire_cells",
    "key_systems",
    "number_text",
    "number_texts",
    "parent_keys",
    "recognise_keys",
    "text",
]
