"""Indicators as declared data: what is counted, over what, in which unit, and what it must not be used for."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Literal, Self, get_args

from quartiersatlas.base.checks import choice, count_noun, expects, names
from quartiersatlas.base.letters import composed
from quartiersatlas.catalogue.kinds import (
    KINDS,
    PERCENT,
    RULES,
    Kind,
    KindRules,
    a_kind,
    kind_of_unit,
    per_of,
    plain_unit,
    unit_words,
)
from quartiersatlas.catalogue.texts import LANGUAGES, pick
from quartiersatlas.errors import SpecError, list_some, near_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

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


@dataclass(frozen=True, kw_only=True)
class Indicator:
    """One indicator: labels, kind and unit, what is counted over what, and what it must not be used for.

    Parameters
    ----------
    id : str
        Short stable name; the column name of the number.
    label_de, label_en : str
        What a reader sees; where only one language is given, it serves both, and the id where none is.
    domain : str
        One of the seven domains of integrated urban development, or ``"other"``.
    numerator_de, numerator_en, denominator_de, denominator_en : str
        The definition in words; one language serves both.
    unit : str
        ``"percent"`` (or ``"%"``), ``"per 1000"``, ``"fraction"`` (values between 0 and 1, which become percent), or
        free words such as ``"EUR"``. Percent, if neither unit nor kind is given.
    unit_de, unit_en : str
        Free words of a unit that differ with the language: ``"Jahre"``, ``"years"``.
    kind : str
        ``"count"``, ``"share"`` (a part of a whole), ``"rate"`` (events or things per so many persons), ``"mean"``
        (per head, household, dwelling), ``"median"``, ``"amount"`` (a total of euros, of square metres), ``"density"``
        (per km2), ``"balance"`` (net migration: negative numbers are values), ``"balance_rate"``, ``"score"`` or
        ``"class"``. It decides what may be summed, compared with the city and how it is protected; percent, per so
        many and points show theirs, a unit in free words does not.
    base : str
        Column with the count that a mean, a median or an amount is taken over (taxpayers, households, dwellings):
        it protects the number, and gives a mean its city value.
    direction : {1, 0, -1}
        1: higher means more need; -1: lower means more need; 0: no valuation.
    role : {"index", "index_option", "context", "resource", "group_gap"}
        ``"context"`` describes an area and is never by itself a measure of need.
    usual_source, caveat_de, caveat_en : str
        Where the number usually comes from, and what a reader has to know; one language serves both.

    Raises
    ------
    SpecError
        Kind, domain, direction or role is none of the known ones; a unit in free words without a kind, or a kind that
        says nothing without its unit.

    Examples
    --------
    >>> income = Indicator(id="income", label_en="Median income", kind="median", unit="EUR", direction=-1)
    >>> income.label("de"), income.unit_text("de")
    ('Median income', 'EUR')
    >>> Indicator(id="poverty", label_de="Armut", unit="%").kind
    'share'
    """

    id: str
    label_de: str = ""
    label_en: str = ""
    domain: str = "other"
    numerator_de: str = ""
    numerator_en: str = ""
    denominator_de: str = ""
    denominator_en: str = ""
    unit: str = ""
    unit_de: str = ""
    unit_en: str = ""
    kind: Kind = ""  # type: ignore[assignment] # the one that the unit shows
    base: str = ""
    direction: int = 0
    role: Role = "context"
    usual_source: str = ""
    caveat_de: str = ""
    caveat_en: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "id", composed(self.id))  # an id is found however its umlauts are written
        where = f"Indicator {self.id!r}"
        for field_name, known in (("domain", DOMAINS), ("direction", (1, 0, -1)), ("role", ROLES)):
            choice(getattr(self, field_name), known, f"{where}: {field_name}")
        for name in ("unit", "unit_de", "unit_en", "kind", "label_de", "label_en"):
            expects(getattr(self, name), str, f"{where}: {name}", f'{name}="..."')
        unit = plain_unit(self.unit or self.unit_en or self.unit_de)
        if not unit and self.kind in ("", "share"):
            unit = PERCENT
        kind = self.kind or kind_of_unit(unit)
        if kind is None:
            raise SpecError(
                f"{where}: what is a number in {unit!r}? Its unit does not say what may be summed and compared: add "
                f"kind=..., one of {', '.join(KINDS)}, such as kind='mean' for so much per head."
            )
        choice(kind, KINDS, f"{where}: kind")
        if not unit and RULES[kind].asks_unit:
            raise SpecError(
                f"{where}: {a_kind(kind)} says nothing without its unit: add unit='EUR', 'years', 'per 1000', ..."
            )
        object.__setattr__(self, "unit", unit)
        object.__setattr__(self, "kind", kind)
        for name in ("label", "numerator", "denominator", "caveat"):
            german, english = (getattr(self, f"{name}_{lang}") for lang in LANGUAGES)
            one = german or english or (self.id if name == "label" else "")
            object.__setattr__(self, f"{name}_de", german or one)
            object.__setattr__(self, f"{name}_en", english or one)

    @property
    def rules(self) -> KindRules:
        """What a number of its kind may do."""
        return RULES[self.kind]

    @property
    def per(self) -> float:
        """Factor from a plain ratio to the unit: 100 for percent, 1 for units in free words."""
        return per_of(self.unit)

    def unit_text(self, lang: Lang) -> str:
        """Return the unit in German or English, as a reader sees it."""
        return pick(lang, self.unit_de or self.unit_en, self.unit_en or self.unit_de) or unit_words(self.unit, lang)

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
    sums : mapping of str to tuple of str
        Count column -> the columns that add up to it, where there are several ways the one to name.
    parts : mapping of str to tuple of str
        Count column -> columns that are a part of it; those who are counted in several of them are no sum.
    shares : mapping of str to str
        Ready-made share -> the count column it is a share of.
    more_sums : tuple of (str, tuple of str)
        Further ways in which a count column adds up: all residents are men and women, and foreigners and the others.

    Raises
    ------
    ArgumentError
        ``indicators`` is no mapping of names to indicators, or relations are no mappings of columns to columns.

    Examples
    --------
    >>> Catalogue.builtin()["mh_share"].label("en")
    'Share of residents with migration background'
    >>> Catalogue.builtin()["mh_share"].role
    'context'
    """

    indicators: Mapping[str, Indicator] = field(default_factory=dict)
    sums: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    shares: Mapping[str, str] = field(default_factory=dict)
    more_sums: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def __post_init__(self) -> None:
        expects(self.indicators, Mapping, "Catalogue", "qa.Catalogue.builtin().add(indicator)")
        for kind in ("sums", "parts"):
            found = getattr(self, kind)
            expects(found, Mapping, f"Catalogue: {kind}", f'{kind}={{"foreign": ["turkish", "polish"]}}')
            those = {whole: names(parts, f"Catalogue: {kind}") for whole, parts in found.items()}
            composed_names = {composed(whole): tuple(map(composed, parts)) for whole, parts in those.items()}
            object.__setattr__(self, kind, composed_names)
        expects(self.shares, Mapping, "Catalogue: shares", 'shares={"quote": "residents"}')
        object.__setattr__(self, "shares", {composed(share): composed(base) for share, base in self.shares.items()})
        for indicator in self.indicators.values():
            _expect_indicator(indicator, "Catalogue")
        if not all(map(str.isascii, self.indicators)):
            object.__setattr__(self, "indicators", {composed(name): one for name, one in self.indicators.items()})

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

    def with_relations(
        self,
        sums: Mapping[str, Iterable[str]] | None = None,
        parts: Mapping[str, Iterable[str]] | None = None,
        shares: Mapping[str, str] | None = None,
    ) -> Self:
        """Return a catalogue that knows further sums, parts and shares; this one stays as it is."""
        return replace(
            self,
            sums={**self.sums, **{whole: tuple(those) for whole, those in (sums or {}).items()}},
            parts={**self.parts, **{whole: tuple(those) for whole, those in (parts or {}).items()}},
            shares={**self.shares, **(shares or {})},
        )

    @property
    def all_sums(self) -> list[tuple[str, tuple[str, ...]]]:
        """Every sum: whole and parts."""
        return [*self.sums.items(), *self.more_sums]

    def with_sum(self, whole: str, parts: Iterable[str]) -> Self:
        """Return a catalogue that knows one sum more, beside those that the whole has already."""
        parts = tuple(parts)
        if any(known == whole and set(those) == set(parts) for known, those in self.all_sums):
            return self
        if whole in self.sums:
            return replace(self, more_sums=(*self.more_sums, (whole, parts)))
        return self.with_relations(sums={whole: parts})

    def get(self, name: str) -> Indicator:
        """Return the indicator, or one with nothing but its name where the catalogue does not know it."""
        return self.indicators.get(composed(name)) or Indicator(id=name)

    def __getitem__(self, name: str) -> Indicator:
        name = composed(name)
        if name not in self.indicators:
            close = near_names(str(name), self.indicators, cutoff=0.6)
            hint = f" Did you mean {list_some(close)}?" if close else ""
            raise SpecError(f"The catalogue has no indicator {name!r}.{hint}")
        return self.indicators[name]

    def __contains__(self, name: object) -> bool:
        return (composed(name) if isinstance(name, str) else name) in self.indicators

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
    field_id : str
        Short stable name of the field of action.
    field_de, field_en, label_de, label_en, examples_de, examples_en : str
        Field of action, name of the bundle, and examples separated by semicolons.
    triggers : tuple of str
        Indicators that point to it.
    source : str
        Where the bundle comes from.
    """

    id: str
    domain: str
    field_id: str
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
            field_id=row["field_id"],
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
