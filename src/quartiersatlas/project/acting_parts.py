"""Parts of a project for what comes after the first map: changes, gaps, surveys, reach, burdens, lists, funding."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from quartiersatlas.base.toml import declared, table
from quartiersatlas.errors import SpecError, inside

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True)
class ChangePart:
    """``[change]``: change of indicators since an earlier period, as columns; tested and told in the report too.

    With ``tested = true`` as :func:`change` does it, and ``between`` names further periods that are told with it.
    """

    since: str
    indicators: list[str]
    outlines: str = "raise"
    tested: bool = False
    between: list[str] = field(default_factory=list)

    @property
    def periods(self) -> list[str]:
        """The earlier periods, the first one first."""
        return [self.since, *self.between]


@dataclass(frozen=True, kw_only=True)
class GapPart:
    """``[gaps.name]``: how a group's rate differs from that of the others, as :func:`group_gap`."""

    group: list[str]
    all: list[str]
    reference: str
    others: list[str] = field(default_factory=list)
    earlier: str = ""
    correlation: float = 0.0
    by: str = ""


@dataclass(frozen=True, kw_only=True)
class SurveyPart:
    """``[surveys.name]``: a survey, one row per respondent or ready per area, as :func:`survey_rates`."""

    path: str
    area: str = "area"
    answer: str = ""
    yes: list[str] = field(default_factory=list)
    weight: str = ""
    strata: str = ""
    cluster: str = ""
    question: str = ""
    label_de: str = ""
    label_en: str = ""
    wording: str = ""
    asked_of: str = ""
    mode: str = ""
    field_time: str = ""
    residents: str = ""
    covariates: list[str] = field(default_factory=list)
    benchmark: str = "difference"
    rule: str = "width"
    estimate: str = ""


@dataclass(frozen=True, kw_only=True)
class PeoplePart:
    """Where people live: cells or points with persons (a table with x and y, or a geometry file); centres, if none."""

    people: str = ""
    persons: str = ""
    x: str = ""
    y: str = ""
    cell: float = 0
    crs: str = ""
    label_de: str = ""
    label_en: str = ""


@dataclass(frozen=True, kw_only=True)
class AccessPart(PeoplePart):
    """``[access.name]``: residents within distances of facilities or of the stops of a timetable, as :func:`access`."""

    facilities: str
    within: list[float]
    kind: str = ""
    only: list[str] = field(default_factory=list)
    day: str = ""
    hours: list[float] = field(default_factory=lambda: [6, 20])
    min_departures: int = 0
    network: str = ""
    barriers: str = ""
    capacity: str = ""
    catchment: float | None = None
    missing: str = "raise"


@dataclass(frozen=True, kw_only=True)
class ExposurePart(PeoplePart):
    """``[exposure.name]``: residents in polygons of a level and above, as :func:`exposure`.

    With a need index an area is burdened from ``burdened`` per cent of its residents at the highest level upwards, as
    ``burdened_source`` says; without that number the upper quarter of the areas is.
    """

    polygons: str
    level: str
    levels: list[float]
    unit: str = ""
    how: str = "share"
    extent: str = ""
    burdened: float | None = None
    burdened_source: str = ""


@dataclass(frozen=True, kw_only=True)
class ListsPart:
    """``[lists]``: the list of an earlier period by the same rule: which areas entered and left it, and why."""

    since: str


@dataclass(frozen=True, kw_only=True)
class FundedPart:
    """``[funded]``: funded areas beside others over the years of the store, as :func:`compare_funded`."""

    outcome: str
    selected: int
    selected_on: str
    areas: list[str] = field(default_factory=list)
    path: str = ""
    key: str = ""
    exclude: list[str] = field(default_factory=list)
    comment: str = ""


@dataclass(frozen=True, kw_only=True)
class ActingParts:
    """All of them, as the project file names them."""

    gaps: Mapping[str, GapPart] = field(default_factory=dict)
    surveys: Mapping[str, SurveyPart] = field(default_factory=dict)
    access: Mapping[str, AccessPart] = field(default_factory=dict)
    exposure: Mapping[str, ExposurePart] = field(default_factory=dict)
    lists: ListsPart | None = None
    funded: FundedPart | None = None

    @property
    def counted_files(self) -> list[str]:
        """The files with counts or answers of persons."""
        people = [part.people for part in (*self.access.values(), *self.exposure.values()) if part.people]
        return [*people, *(part.path for part in self.surveys.values())]

    @property
    def other_files(self) -> list[str]:
        """The files without: facilities, timetables, ways, polygons, lists of areas."""
        files = [file for part in self.access.values() for file in (part.facilities, part.network, part.barriers)]
        files += [file for part in self.exposure.values() for file in (part.polygons, part.extent)]
        files += [self.funded.path] if self.funded is not None else []
        return [file for file in files if file]

    @property
    def periods(self) -> dict[str, str]:
        """Earlier periods by the line that names them."""
        found = {f"[gaps.{name}] earlier": part.earlier for name, part in self.gaps.items() if part.earlier}
        return found | ({"[lists] since": self.lists.since} if self.lists is not None else {})


NAMED: dict[str, type] = {"gaps": GapPart, "surveys": SurveyPart, "access": AccessPart, "exposure": ExposurePart}
SINGLE: dict[str, type] = {"lists": ListsPart, "funded": FundedPart}
SECTIONS = (*NAMED, *SINGLE)
PAIRS = ("group", "all", "others")


def read_acting_parts(content: dict[str, Any]) -> ActingParts:
    """Take these parts out of the content of a project file.

    Raises
    ------
    SpecError
        Something in them is unknown, missing or impossible; the message says where.
    """
    found: dict[str, Any] = {}
    for section, kind in NAMED.items():
        with inside(section):
            entries = table(content.pop(section, {}), f"[{section}]")
            found[section] = {name: _entry(kind, section, name, entry) for name, entry in entries.items()}
    for section, kind in SINGLE.items():
        if section in content:
            with inside(section):
                found[section] = declared(kind, table(content.pop(section), f"[{section}]"), f"[{section}]")
    parts = ActingParts(**found)
    _check_columns(parts)
    return parts


def _entry(kind: type, section: str, name: str, entry: object) -> Any:  # noqa: ANN401 - one of the records above
    where = f"[{section}.{name}]"
    with inside(name):
        if not isinstance(entry, dict):
            raise SpecError(
                f"[{section}] holds one table for each name, such as [{section}.name]; {name!r} is none: {entry!r}."
            )
        part: Any = declared(kind, entry, where)
        _check(part, where)
        return part


def _check(part: object, where: str) -> None:
    """Refuse what no call could read: pairs of more than two names, half of the coordinates."""
    if isinstance(part, GapPart):
        for side in PAIRS:
            pair = getattr(part, side)
            if len(pair) != 2 and (pair or side != "others"):  # noqa: PLR2004 - cases and persons
                raise SpecError(f"In {where}: {side} takes two columns, [cases, persons], not {len(pair)}.", key=side)
    if isinstance(part, PeoplePart):
        if bool(part.x) != bool(part.y):
            raise SpecError(f"In {where}: x and y go together.", key="x" if part.x else "y")
        if part.people and not part.persons:
            raise SpecError(f'In {where}: which column of {part.people} holds the persons? persons = "...".')
        if part.cell < 0 or (part.cell and not part.x):
            raise SpecError(f"In {where}: cell is the side of a cell in metres, of a table with x and y.", key="cell")
    if isinstance(part, AccessPart) and bool(part.kind) != bool(part.only):
        raise SpecError(f"In {where}: kind (a column) and only (its values) go together.", key="kind")


def _check_columns(parts: ActingParts) -> None:
    """Refuse two entries of one name, whose columns would be the same, and a list of areas that is none or two."""
    taken: dict[str, str] = {}
    for section in NAMED:
        for name in getattr(parts, section):
            if name in taken:
                raise _at(section, name, f"[{taken[name]}.{name}] and [{section}.{name}] would give the same columns.")
            taken[name] = section
    funded = parts.funded
    if funded is not None and bool(funded.areas) == bool(funded.path):
        raise _at("funded", "areas", '[funded] takes areas = ["0101", ...], or path = "..." with key = "...".')
    if funded is not None and funded.path and not funded.key:
        raise _at("funded", "path", f'[funded]: which column of {funded.path} holds the keys? key = "...".')


def _at(section: str, name: str, message: str) -> SpecError:
    error = SpecError(message)
    error.place = (section, name)
    return error
