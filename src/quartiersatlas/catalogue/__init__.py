"""What does a number mean? Indicators with labels, units and definitions, and the words a reader sees."""

from quartiersatlas.catalogue.actions import ActionBundle, action_bundles
from quartiersatlas.catalogue.indicator import Catalogue, Indicator
from quartiersatlas.catalogue.texts import Lang, Message, check_lang, number_text, text

__all__ = [
    "ActionBundle",
    "Catalogue",
    "Indicator",
    "Lang",
    "Message",
    "action_bundles",
    "check_lang",
    "number_text",
    "text",
]
