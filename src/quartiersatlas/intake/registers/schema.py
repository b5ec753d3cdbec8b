"""What a register of measures is made of: its sheets, their columns in two languages, the codes of drop-downs."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import pandas as pd

from quartiersatlas.catalogue import action_bundles, text
from quartiersatlas.catalogue.texts import LANGUAGES
from quartiersatlas.intake.tables.headers import folded

if TYPE_CHECKING:
    from quartiersatlas.catalogue import Lang

PERMANENT = pd.Timestamp("9999-12-31")  # an end that never comes: "dauerhaft"
DATES = ("begin", "end", "date")
NUMBERS = ("money", "number", "count")
LISTS = ("fields", "areas", "texts")
NAMES = ("key", "measure", "aim", "id", "indicator", "area")  # what identifies: nothing is guessed in them
TABLES = {
    "massnahmen": "measures",
    "foerderung": "funding",
    "ziele": "aims",
    "zielwerte": "targets",
    "prognosen": "forecasts",
    "beteiligung": "participation",
    "ortswissen": "knowledge",
}
PERMANENT_WORDS = {"de": "dauerhaft", "en": "permanent"}
YES_NO = {"de": ("ja", "nein"), "en": ("yes", "no")}
DEFAULTS: dict[str, object] = {"visible": "internal", "mentions": 1.0}


@dataclass(frozen=True)
class RegisterColumn:
    """A column of a sheet.

    Parameters
    ----------
    name, heading_de, heading_en : str
        Its name in a frame, and in the first row of a sheet.
    kind : str
        What its cells hold: ``text``, ``code``, ``money``, ``begin``, ``fields`` and so on.
    is_required : bool
        Whether each row needs it.
    codes : tuple of str
        What a drop-down offers.
    """

    name: str
    heading_de: str
    heading_en: str
    kind: str
    is_required: bool
    codes: tuple[str, ...]

    def heading(self, lang: Lang) -> str:
        """Return what stands in the first row."""
        return self.heading_de if lang == "de" else self.heading_en

    def labels(self, lang: Lang) -> dict[str, str]:
        """Return the codes that a cell may hold, with the words people choose."""
        if self.kind in ("field", "fields"):
            return field_labels(lang)
        if self.kind == "bundle":
            return {bundle.id: bundle.label(lang) for bundle in action_bundles()}
        if self.kind == "yes_no":
            return dict(zip(("yes", "no"), YES_NO[lang], strict=True))
        return {code: text(f"register_{self.name}_{code}", lang) for code in self.codes}

    @property
    def spellings(self) -> dict[str, str]:
        """Every way to write a code, without what differs in case and blanks -> the code."""
        return {
            **{folded(label): code for lang in LANGUAGES for code, label in self.labels(lang).items()},
            **{folded(code): code for code in self.labels("de")},
        }

    @property
    def dtype(self) -> str:
        """What a frame holds it as."""
        if self.kind in DATES:
            return "datetime64[s]"
        return "float64" if self.kind in NUMBERS else "object"


@cache
def register_columns() -> dict[str, tuple[RegisterColumn, ...]]:
    """Return the columns of each table of a register.

    Examples
    --------
    >>> [column.name for column in register_columns()["ziele"]]
    ['aim_id', 'level', 'parent', 'text_de', 'document']
    """
    written = files("quartiersatlas.intake.registers").joinpath("schemas.csv").read_text(encoding="utf-8")
    found: dict[str, list[RegisterColumn]] = {table: [] for table in TABLES}
    for row in csv.DictReader(written.splitlines()):
        codes = tuple(filter(None, row["codes"].split("|")))
        column = RegisterColumn(
            row["column"], row["heading_de"], row["heading_en"], row["kind"], row["required"] == "yes", codes
        )
        found[row["table"]].append(column)
    return {table: tuple(columns) for table, columns in found.items()}


def field_labels(lang: Lang) -> dict[str, str]:
    """Return the fields of action of the guide, in its order.

    Examples
    --------
    >>> field_labels("en")["education"]
    'Education'
    """
    return {bundle.field_id: bundle.field(lang) for bundle in action_bundles()}


def sheet_name(table: str, lang: Lang) -> str:
    """Return what the tab of a table is called."""
    return text(f"register_sheet_{table}", lang)


def empty_table(table: str) -> pd.DataFrame:
    """Return a table without rows."""
    return pd.DataFrame({column.name: pd.Series(dtype=column.dtype) for column in register_columns()[table]})
