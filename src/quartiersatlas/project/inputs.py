"""What a project reads before anything is computed: areas, tables, and their join for each period."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING

from quartiersatlas.catalogue import Catalogue
from quartiersatlas.disclosure import add_relations
from quartiersatlas.errors import ColumnError, SpecError, list_some
from quartiersatlas.indicators import add_counts, add_rates
from quartiersatlas.intake import AreaData, join, merge_areas, read_areas, read_table
from quartiersatlas.intake.joining.split import part_of
from quartiersatlas.project.schema import AreasPart, ChangePart, ProgrammesPart, TablePart
from quartiersatlas.project.toml_words import toml_advice, toml_value

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    import geopandas as gpd

    from quartiersatlas.intake import Table
    from quartiersatlas.project.schema import Project

JOIN_OPTIONS = (
    "missing",
    "repair",
    "rename",
    "exclude",
    "units",
    "kinds",
    "perturbed",
    "rounded",
)  # of a table; the others are for reading


@dataclass(frozen=True, eq=False)
class Inputs:
    """What a project reads before anything is computed: its tables, and the joined data of each period."""

    tables: tuple[Table, ...]
    joined: Mapping[str, AreaData]

    def data(self, project: Project) -> AreaData:
        """Return the data of the period of the project."""
        return self.joined[project.period]

    def of_part(self, by: str, unit: str) -> Inputs:
        """Return the inputs of one unit of a level; the tables are those of all units."""
        return replace(self, joined={period: part_of(data, by, unit) for period, data in self.joined.items()})


def read_inputs(project: Project) -> Inputs:
    """Read areas and tables, and join them."""
    tables = [(part, _read(project, part)) for part in project.tables]
    areas = _areas(project)
    periods = [project.period, *(part.period for part in project.earlier)]
    periods += [project.change.since] if project.change is not None else []
    joined = {period: _joined(project, areas, tables, period) for period in dict.fromkeys(periods)}
    return Inputs(tuple(table for _, table in tables), _related(project, joined))


def _read(project: Project, part: TablePart) -> Table:
    options = {k: v for k, v in asdict(part).items() if k not in ("path", "period", *JOIN_OPTIONS)}
    with advice(project, part):
        return read_table(project.file(part.path), **options)


def _areas(project: Project) -> gpd.GeoDataFrame:
    options = {k: v for k, v in asdict(project.areas).items() if k not in ("path", "merge")}
    with advice(project, project.areas):
        areas = read_areas(project.file(project.areas.path), **options)
        return merge_areas(areas, project.areas.merge) if project.areas.merge else areas


def _joined(project: Project, areas: gpd.GeoDataFrame, tables: list[tuple[TablePart, Table]], period: str) -> AreaData:
    """Join all tables of a period and add the rates."""
    meanings = [part.meaning for part in project.indicators.values() if part.meaning is not None]
    catalogue = Catalogue.builtin().add(*meanings)
    data: gpd.GeoDataFrame | AreaData = areas
    for part, table in tables:
        if part.period == period:
            options = {option: getattr(part, option) for option in JOIN_OPTIONS}
            with advice(project, part):
                data = join(data, table, catalogue=catalogue, period=period, references=project.references, **options)
    assert isinstance(data, AreaData)  # noqa: S101 - every named period has a table, checked when the file is read
    if project.population not in data.values.columns:
        raise ColumnError.not_found(project.population, data.values.columns, f"population: the tables of {period!r}")
    pairs = {name: (part.numerator, part.denominator) for name, part in project.indicators.items() if part.numerator}
    return add_rates(add_counts(replace(data, population=project.population), project.counts), pairs)


def _related(project: Project, joined: dict[str, AreaData]) -> dict[str, AreaData]:
    """Tell each period the sums, parts and shares of the project whose columns it has."""
    declared: dict[str, Mapping[str, list[str]]] = {
        "sums": project.sums,
        "parts": project.parts,
        "shares": {share: [part.denominator] for share, part in project.shares.items()},
    }
    for kind, relations in declared.items():
        for whole, those in relations.items():
            _refuse_unheard(f"[{kind}] {whole}", [whole, *those], joined)
    found = {}
    for period, data in joined.items():
        there = {kind: _those_there(kind, relations, data) for kind, relations in declared.items()}
        shares = {share: base for share, (base,) in there["shares"].items()}
        with toml_advice("[sums], [parts], [shares]", ()):
            found[period] = add_relations(data, sums=there["sums"], parts=there["parts"], shares=shares)
    return found


def _those_there(kind: str, relations: Mapping[str, list[str]], data: AreaData) -> dict[str, list[str]]:
    """Return the relations of which a period has the columns; a part stays one where others are not there."""
    columns, found = set(data.values.columns), {}
    for whole, those in relations.items():
        there = [name for name in those if name in columns]
        if whole in columns and (there == those or (kind == "parts" and there)):
            found[whole] = there
    return found


def _refuse_unheard(place: str, names: list[str], joined: Mapping[str, AreaData]) -> None:
    """Refuse columns that no period has, and columns that no period has together."""
    columns = [list(data.values.columns) for data in joined.values()]
    for name in names:
        if not any(name in those for those in columns):
            raise ColumnError.not_found(
                name, dict.fromkeys(c for those in columns for c in those), f"{place}: the data"
            )
    if not any(set(those).issuperset(names) for those in columns):
        raise SpecError(f"{place}: no period has all of these columns: {list_some(names, 20)}.")


def advice(project: Project, part: AreasPart | TablePart | ChangePart | ProgrammesPart) -> AbstractContextManager[None]:
    """Let errors about a part of the project name its lines."""
    places = {AreasPart: "[areas]", ChangePart: "[change]", ProgrammesPart: "[layers.programmes]"}
    place = f"[[tables]] with path = {toml_value(part.path)}" if isinstance(part, TablePart) else places[type(part)]
    return toml_advice(place, [field.name for field in fields(part)], project.areas.name)
