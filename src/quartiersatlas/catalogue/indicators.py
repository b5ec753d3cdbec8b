"""Indicators as declared data: what is counted, over what, in which unit, and what it must not be used for."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from quartiersatlas.catalogue.texts import pick

if TYPE_CHECKING:
    from quartiersatlas.catalogue.texts import Lang

from collections.abc import Mapping
from dataclasses import field, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Literal, Self, get_args

from quartiersatlas.base.checks import choice, count_noun, expects
from quartiersatlas.errors import SpecError, list_some

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quartiersatlas.catalogue.texts import Lang

Role = Literal["index", "index_option", "context", "resource", "group_gap"]
ROLES: tuple[Role, ...] = get_args(Role)

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
        ``"context"`` describes an area and is never by itself a measure of need.
    usual_source, caveat_de, caveat_en : str
        Where the number usually comes from, and what a reader has to know.

    Raises
    ------
    SpecError
        Unit, domain, direction or role is none of the known ones.
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
        for field_name, known in (("unit", PER), ("domain", DOMAINS), ("direction", (1, 0, -1)), ("role", ROLES)):
            choice(getattr(self, field_name), known, f"Indicator {self.id!r}: {field_name}")

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


@dataclass(frozen=True, eq=False)
class Catalogue:
    """The indicators a project knows, by id.

    Parameters
    ----------
    indicators : mapping of str to Indicator
        Indicators by id.

    Raises
    ------
    ArgumentError
        ``indicators`` is no mapping of names to indicators.

    Examples
    --------
    >>> Catalogue.builtin()["mh_share"].label("en")
    'Share of residents with migration background'
    >>> Catalogue.builtin()["mh_share"].role
    'context'
    """

    indicators: Mapping[str, Indicator] = field(default_factory=dict)

    def __post_init__(self) -> None:
        expects(self.indicators, Mapping, "Catalogue", "qa.Catalogue.builtin().add(indicator)")
        for indicator in self.indicators.values():
            _expect_indicator(indicator, "Catalogue")

    @classmethod
    def builtin(cls) -> Self:
        """Return the built-in indicators of municipal practice."""
        text = files("quartiersatlas.catalogue").joinpath("indicators.csv").read_text(encoding="utf-8")
        rows = csv.DictReader(text.splitlines())
        return cls({row["id"]: _from_row(row) for row in rows})

    def add(self, *indicators: Indicator) -> Self:
        """Return a catalogue with further (or redefined) indicators; this one stays as it is.

        Raises
        ------
        ArgumentError
            One of them is no Indicator.
        """
        for indicator in indicators:
            _expect_indicator(indicator, "Catalogue.add")
        return replace(self, indicators={**self.indicators, **{i.id: i for i in indicators}})

    def get(self, name: str) -> Indicator:
        """Return the indicator, or one with nothing but its name where the catalogue does not know it."""
        return self.indicators.get(name) or Indicator(id=name, label_de=name, label_en=name)

    def __getitem__(self, name: str) -> Indicator:
        if name not in self.indicators:
            close = get_close_matches(str(name), self.indicators, n=3)
            hint = f" Did you mean {list_some(close)}?" if close else ""
            raise SpecError(f"The catalogue has no indicator {name!r}.{hint}")
        return self.indicators[name]

    def __contains__(self, name: object) -> bool:
        return name in self.indicators

    def __iter__(self) -> Iterator[str]:
        return iter(self.indicators)

    def __len__(self) -> int:
        return len(self.indicators)

    def __repr__(self) -> str:
        return f"Catalogue of {count_noun(len(self), 'indicator')}: {list_some(self)}"


def _expect_indicator(value: object, call: str) -> None:
    expects(value, Indicator, call, 'qa.Indicator(id="rate", label_de="Quote", label_en="Rate")')


def _from_row(row: dict[str, str]) -> Indicator:
    names = Indicator.__dataclass_fields__
    values: dict[str, object] = {name: value for name, value in row.items() if name in names}
    return Indicator(**{**values, "direction": int(row["direction"])})  # type: ignore[arg-type]


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
