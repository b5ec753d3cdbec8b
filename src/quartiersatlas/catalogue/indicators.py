"""Indicators as declared data: what is counted, over what, in which unit, and what it must not be used for."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field, replace
from importlib.resources import files
from typing import TYPE_CHECKING, Literal, Self

from quartiersatlas.catalogue.texts import pick
from quartiersatlas.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from quartiersatlas.catalogue.texts import Lang

Role = Literal["index", "index_option", "context", "resource", "group_gap"]

DOMAINS = (
    "demography",
    "socioeconomy",
    "education_participation",
    "housing",
    "mobility",
    "environment",
    "health",
    "other",
)
PER = {
    "percent": 100.0,
    "per 100": 100.0,
    "per 100 per year": 100.0,
    "per 1000": 1000.0,
    "per 10000": 10_000.0,
    "m2 per person": 1.0,
    "points": 1.0,
    "percentage points": 100.0,
}


@dataclass(frozen=True, kw_only=True)
class Indicator:
    """One indicator: labels, what is counted over what, unit, and what it must not be used for.

    Parameters
    ----------
    id : str
        Short stable name; the column name of the rate.
    label_de, label_en : str
        What a reader sees.
    domain : str
        One of the seven domains of integrated urban development, or ``"other"``.
    numerator_de, numerator_en, denominator_de, denominator_en : str
        The definition in words.
    unit : str
        ``"percent"``, ``"per 1000"``, ...; rates are computed in this unit.
    direction : {1, 0, -1}
        1: higher means more need; -1: lower means more need; 0: no valuation.
    role : {"index", "index_option", "context", "resource", "group_gap"}
        ``"context"`` describes a place and is never by itself a measure of need.
    usual_source, caveat_de, caveat_en : str
        Where the number usually comes from, and what a reader has to know.
    """

    id: str
    label_de: str
    label_en: str
    domain: str = "other"
    numerator_de: str = ""
    numerator_en: str = ""
    denominator_de: str = ""
    denominator_en: str = ""
    unit: str = "percent"
    direction: int = 0
    role: Role = "context"
    usual_source: str = ""
    caveat_de: str = ""
    caveat_en: str = ""

    def __post_init__(self) -> None:
        if self.unit not in PER:
            raise SpecError(f"Indicator {self.id!r}: unit {self.unit!r} is not one of {', '.join(PER)}.")
        if self.domain not in DOMAINS:
            raise SpecError(f"Indicator {self.id!r}: domain {self.domain!r} is not one of {', '.join(DOMAINS)}.")
        if self.direction not in (-1, 0, 1):
            raise SpecError(f"Indicator {self.id!r}: direction is {self.direction!r}, allowed are 1, 0 and -1.")

    @property
    def per(self) -> float:
        """Factor from a plain fraction to the unit: 100 for percent."""
        return PER[self.unit]

    def label(self, lang: Lang) -> str:
        """Return the label in German or English."""
        return pick(lang, self.label_de, self.label_en)

    def caveat(self, lang: Lang) -> str:
        """Return what a reader has to know in German or English."""
        return pick(lang, self.caveat_de, self.caveat_en)

    def definition(self, lang: Lang) -> str:
        """Return numerator / denominator in words; empty where they are not declared."""
        numerator = pick(lang, self.numerator_de, self.numerator_en)
        denominator = pick(lang, self.denominator_de, self.denominator_en)
        return f"{numerator} / {denominator}" if numerator and denominator else numerator


@dataclass(frozen=True)
class Catalogue:
    """The indicators a project knows, by id.

    Parameters
    ----------
    indicators : mapping of str to Indicator
        Indicators by id.

    Examples
    --------
    >>> Catalogue.builtin()["mh_share"].label("en")
    'Share of residents with migration background'
    >>> Catalogue.builtin()["mh_share"].role
    'context'
    """

    indicators: Mapping[str, Indicator] = field(default_factory=dict)

    @classmethod
    def builtin(cls) -> Self:
        """Return the built-in indicators of municipal practice."""
        text = files("quartiersatlas.catalogue").joinpath("indicators.csv").read_text(encoding="utf-8")
        rows = csv.DictReader(text.splitlines())
        return cls({row["id"]: _from_row(row) for row in rows})

    def add(self, *indicators: Indicator) -> Self:
        """Return a catalogue with further (or redefined) indicators; this one stays as it is."""
        return replace(self, indicators={**self.indicators, **{i.id: i for i in indicators}})

    def get(self, name: str) -> Indicator:
        """Return the indicator, or one that only carries its own name where the catalogue does not know it."""
        return self.indicators.get(name) or Indicator(id=name, label_de=name, label_en=name)

    def __getitem__(self, name: str) -> Indicator:
        if name not in self.indicators:
            raise SpecError(f"The catalogue has no indicator {name!r}.")
        return self.indicators[name]

    def __contains__(self, name: object) -> bool:
        return name in self.indicators

    def __iter__(self) -> Iterator[str]:
        return iter(self.indicators)

    def __len__(self) -> int:
        return len(self.indicators)

    def __repr__(self) -> str:
        return f"Catalogue of {len(self)} indicators: {', '.join(list(self)[:5])}, ..."


def _from_row(row: dict[str, str]) -> Indicator:
    names = Indicator.__dataclass_fields__
    values: dict[str, object] = {name: value for name, value in row.items() if name in names}
    return Indicator(**{**values, "direction": int(row["direction"])})  # type: ignore[arg-type]
