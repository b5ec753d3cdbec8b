"""What a project reads: its tables joined to its areas, one period after the other, and its layers."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

from quartiersatlas.base.toml import toml_value
from quartiersatlas.catalogue import Catalogue
from quartiersatlas.disclosure import add_relations
from quartiersatlas.errors import ColumnError, InputError, SpecError, list_some
from quartiersatlas.indicators import add_change, add_counts, add_rates
from quartiersatlas.intake import AreaData, join, merge_areas, read_areas, read_features, read_points, read_table
from quartiersatlas.intake.files.layers import read_geometry_file
from quartiersatlas.intake.joining.split import part_of
from quartiersatlas.monitoring.store.monitor import monitor
from quartiersatlas.monitoring.store.period_files import period_name
from quartiersatlas.project.acting import with_acting_columns
from quartiersatlas.project.acting_parts import ChangePart
from quartiersatlas.project.schema import AreasPart, ProgrammesPart, TablePart
from quartiersatlas.project.toml_words import toml_advice

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from contextlib import AbstractContextManager

    import geopandas as gpd

    from quartiersatlas.intake import Table
    from quartiersatlas.monitoring.store.monitor import Monitor
    from quartiersatlas.project.schema import LayerPart, Project

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
    """Read the tables and areas of a project and join those of the periods that it computes with."""
    tables = [(part, read_project_table(project, part)) for part in project.tables]
    areas = read_project_areas(project)
    periods = [project.period, *(part.period for part in project.earlier)]
    periods += project.change.periods if project.change is not None else []
    periods += project.acting.periods.values()
    joined = {period: joined_period(project, areas, tables, period) for period in dict.fromkeys(periods)}
    return Inputs(tuple(table for _, table in tables), with_relations(project, joined))


def own_data(project: Project, inputs: Inputs) -> AreaData:
    """Return the data of the project's period, with changes, and what surveys, distances and polygons say."""
    data = inputs.data(project)
    if project.change is not None:
        data = with_changes(project, project.change, data, inputs.joined[project.change.since])
    refuse_unknown_values(project, data)
    return with_acting_columns(project, data)


def read_all_periods(project: Project) -> dict[str, AreaData]:
    """Return the data of every period of the tables, the earliest first: of the project's own all that it computes."""
    inputs = read_inputs(project)
    tables = [(part, table) for part, table in zip(project.tables, inputs.tables, strict=True)]
    areas = read_project_areas(project)
    others = sorted({part.period for part in project.tables} - {project.period})
    found = {period: joined_period(project, areas, tables, period, as_far_as_counted=True) for period in others}
    every = {**found, project.period: own_data(project, inputs)}
    return {period: every[period] for period in sorted(every, key=_last_day)}


def _last_day(period: str) -> tuple[bool, str, str]:
    """Order periods by their last day, those in other words behind."""
    name = period_name(period)
    return (name is None, "" if name is None else f"{name.last:%Y-%m-%d}", period)


def read_project_areas(project: Project) -> gpd.GeoDataFrame:
    """Read the areas, those that are merged as one."""
    options = {k: v for k, v in asdict(project.areas).items() if k not in ("path", "merge")}
    with advice_for(project, project.areas):
        areas = read_areas(project.file(project.areas.path), **options)
        return merge_areas(areas, project.areas.merge) if project.areas.merge else areas


def read_project_table(project: Project, part: TablePart) -> Table:
    """Read one table as its part says."""
    options = {k: v for k, v in asdict(part).items() if k not in ("path", "period", *JOIN_OPTIONS)}
    with advice_for(project, part):
        return read_table(project.file(part.path), **options)


def joined_period(
    project: Project,
    areas: gpd.GeoDataFrame,
    tables: list[tuple[TablePart, Table]],
    period: str,
    *,
    as_far_as_counted: bool = False,
) -> AreaData:
    """Join all tables of a period and add the rates; as far as counted: those whose columns the period has."""
    meanings = [part.meaning for part in project.indicators.values() if part.meaning is not None]
    catalogue = Catalogue.builtin().add(*meanings)
    data: gpd.GeoDataFrame | AreaData = areas
    for part, table in tables:
        if part.period == period:
            options = {option: getattr(part, option) for option in JOIN_OPTIONS}
            with advice_for(project, part):
                data = join(data, table, catalogue=catalogue, period=period, references=project.references, **options)
    assert isinstance(data, AreaData)  # noqa: S101 - every named period has a table, checked when the file is read
    if project.population not in data.values.columns:
        of_period = f" of {period!r}" if period else ""
        raise ColumnError.not_found(project.population, data.values.columns, f"population: the table{of_period}")
    pairs = {name: (part.numerator, part.denominator) for name, part in project.indicators.items() if part.numerator}
    counts = project.counts
    if as_far_as_counted:
        there = set(data.values.columns)
        counts = {name: pair for name, pair in counts.items() if there.issuperset(pair)}
        pairs = {name: pair for name, pair in pairs.items() if there.union(counts).issuperset(pair)}
    _refuse_odd_counts(pairs, data, counts, [table for part, table in tables if part.period == period])
    return add_rates(add_counts(replace(data, population=project.population, city=project.city), counts), pairs)


def _refuse_odd_counts(
    pairs: Mapping[str, tuple[str, str]], data: AreaData, made: Iterable[str], tables: Iterable[Table]
) -> None:
    """Refuse numerators and denominators that no table has, or percentages; ``made``: counts made of shares."""
    known = {*data.values.columns, *made}
    percent = {name for table in tables for name, unit in table.units.items() if unit == "percent"}
    for name, pair in pairs.items():
        for column in pair:
            if column not in known:
                raise ColumnError.not_found(column, data.values.columns, f"[indicators] {name}: the data")
            if column in percent:
                raise ColumnError(
                    f"[indicators] {name}: {column!r} holds percentages, not counts. A ready-made share stands in "
                    f"[[tables]] instead: columns = {{ {name} = {toml_value(column)}, ... }}."
                )


def with_relations(project: Project, joined: dict[str, AreaData]) -> dict[str, AreaData]:
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


def with_changes(project: Project, part: ChangePart, data: AreaData, earlier: AreaData) -> AreaData:
    """Add the changes since an earlier period."""
    with advice_for(project, part):
        return add_change(data, earlier, part.indicators, outlines=part.outlines)  # type: ignore[arg-type]


def refuse_unknown_values(project: Project, data: AreaData) -> None:
    """Refuse published values of what the tables do not have: a slip would leave the city without its value."""
    for of, reference in project.references.items():
        for name in reference.values:
            if name not in data.values.columns:
                raise ColumnError.not_found(name, data.values.columns, f"[references.{of}] values: the data")


def placed_layer(project: Project, path: str, crs: str | None) -> gpd.GeoDataFrame:
    """Read a layer, in the reference system that the project names where the file does not."""
    frame, _ = read_geometry_file(project.file(path), None, None, "layer")
    if frame.crs is None and crs is None:
        raise InputError(f"{Path(path).name} does not say its coordinate reference system. Name it: crs='EPSG:25832'.")
    return frame if crs is None else frame.set_crs(crs, allow_override=True)


def facility_layer(project: Project, part: LayerPart | None, areas: gpd.GeoDataFrame) -> gpd.GeoDataFrame | None:
    """Read facilities for the map, from a table or a geometry file."""
    if part is None:
        return None
    if part.x is not None or part.y is not None:
        options = {k: v for k, v in asdict(part).items() if k != "path"}
        return read_points(project.file(part.path), to_crs=areas.crs, **options)
    return read_features(project.file(part.path), name=part.name, kind=part.kind, crs=areas.crs)  # type: ignore[arg-type]


def advice_for(
    project: Project, part: AreasPart | TablePart | ChangePart | ProgrammesPart
) -> AbstractContextManager[None]:
    """Let errors about a part of the project name its lines."""
    places = {AreasPart: "[areas]", ChangePart: "[change]", ProgrammesPart: "[layers.programmes]"}
    place = f"[[tables]] with path = {toml_value(part.path)}" if isinstance(part, TablePart) else places[type(part)]
    return toml_advice(place, [field.name for field in fields(part)], project.areas.name)


def project_store(project: Project) -> Monitor:
    """Open the store that a project names.

    Raises
    ------
    SpecError
        It names none.
    """
    if project.monitor is None:
        raise SpecError(f'{project.path.name} names no store: add [monitor] with folder = "monitoring".')
    return monitor(project.file(project.monitor.folder), format=project.monitor.format)  # type: ignore[arg-type]
