"""After the first map, from a project file: columns of surveys, reach and burdens; gaps, lists and funded areas."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from quartiersatlas.base.toml import line_of
from quartiersatlas.errors import ColumnError, InputError, QuartiersatlasError, SpecError, list_some
from quartiersatlas.indicators import add_reach
from quartiersatlas.indicators.gaps.gap import group_gap
from quartiersatlas.indicators.surveys.survey import survey_rates
from quartiersatlas.intake import read_points
from quartiersatlas.intake.files.layers import read_geometry_file
from quartiersatlas.intake.networks import read_network
from quartiersatlas.intake.tables.formats import FileOptions, existing_table, raw_table
from quartiersatlas.intake.timetables import departures
from quartiersatlas.monitoring.changes.change import change
from quartiersatlas.monitoring.comparisons.funded import compare_funded
from quartiersatlas.monitoring.lists.compare import compare_lists
from quartiersatlas.monitoring.store.rhythm import day
from quartiersatlas.need.burden import Burden, burden
from quartiersatlas.project.toml_words import in_toml, toml_advice
from quartiersatlas.space.access import access
from quartiersatlas.space.exposure import exposure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    import geopandas as gpd

    from quartiersatlas.indicators.gaps.gap import GroupGap
    from quartiersatlas.intake import AreaData
    from quartiersatlas.monitoring.changes.change import Change
    from quartiersatlas.monitoring.comparisons.funded import FundedComparison
    from quartiersatlas.monitoring.lists.compare import ListComparison
    from quartiersatlas.monitoring.store.monitor import Monitor
    from quartiersatlas.need import NeedIndex
    from quartiersatlas.project.acting_parts import AccessPart, ExposurePart, FundedPart, PeoplePart, SurveyPart
    from quartiersatlas.project.schema import Project
    from quartiersatlas.screening import Shortlist

TIMETABLE = ".zip"


@dataclass(frozen=True, eq=False, kw_only=True)
class Acted:
    """Results beside the map, with all their numbers: for the house. What leaves of them stands in the release.

    Parameters
    ----------
    gaps : tuple of GroupGap
        One for each ``[gaps.name]``.
    change : Change, optional
        Of ``[change]`` with ``tested = true``.
    lists : ListComparison, optional
        Of ``[lists]``.
    funded : FundedComparison, optional
        Of ``[funded]``.
    """

    gaps: tuple[GroupGap, ...] = ()
    change: Change | None = None
    lists: ListComparison | None = None
    funded: FundedComparison | None = None

    def __repr__(self) -> str:
        found = [*self.gaps, self.change, self.lists, self.funded]
        return "\n".join(repr(one) for one in found if one is not None)


def with_acting_columns(project: Project, data: AreaData) -> AreaData:
    """Add what surveys, distances and polygons say of each area, as columns that a release protects."""
    for name, survey in project.acting.surveys.items():
        with naming_the_part(project, "surveys", name):
            data = _surveyed(project, data, name, survey)
    for name, reach in project.acting.access.items():
        with naming_the_part(project, "access", name):
            data = _reached(project, data, name, reach)
    for name, polygons in project.acting.exposure.items():
        with naming_the_part(project, "exposure", name):
            data = _exposed(project, data, name, polygons)
    return data


def acted(
    project: Project,
    joined: Mapping[str, AreaData],
    data: AreaData,
    shortlist: Shortlist | None,
    screened: Callable[[AreaData], Shortlist | None],
    store: Callable[[], Monitor],
) -> Acted:
    """Compute gaps, changes, the comparison of lists, and that of funded areas.

    Parameters
    ----------
    project : Project
        The project.
    joined : mapping of str to AreaData
        Period -> data.
    data : AreaData
        Those of the project's period, with all their columns.
    shortlist : Shortlist or None
        Its list.
    screened : callable
        Applies the rule of the project to the data of another period.
    store : callable
        Opens the store of the years.
    """
    parts = project.acting
    gaps = []
    for name, part in parts.gaps.items():
        with naming_the_part(project, "gaps", name):
            gaps.append(
                group_gap(
                    data,
                    group=_pair(part.group),
                    all=_pair(part.all),
                    others=_pair(part.others) if part.others else None,
                    reference=part.reference,  # type: ignore[arg-type]
                    earlier=joined[part.earlier] if part.earlier else None,
                    correlation=part.correlation,
                    by=part.by,
                    name=name,
                )
            )
    changed = None
    if project.change is not None and project.change.tested:
        with toml_advice("[change]", ("since", "between", "indicators"), project=project.path.name):
            dates = [joined[period] for period in project.change.periods]
            changed = change(*dates, data, indicators=project.change.indicators)
    lists = None
    if parts.lists is not None:
        with naming_the_part(project, "lists"):
            if shortlist is None:
                raise SpecError('lists are compared by a rule: add [shortlist] with rule = "...".')
            before = screened(joined[parts.lists.since])
            assert before is not None  # noqa: S101 - there is a rule
            lists = compare_lists(before, shortlist)
    funded = None
    if parts.funded is not None:
        with naming_the_part(project, "funded"):
            funded = _funded(project, parts.funded, store(), [*joined.values(), data])
    return Acted(gaps=tuple(gaps), change=changed, lists=lists, funded=funded)


@contextmanager
def naming_the_part(project: Project, *place: str) -> Iterator[None]:
    """Add file and line of a part to an error raised inside, in the words of the project file."""
    try:
        yield
    except QuartiersatlasError as error:
        line = line_of(project.path.read_text(encoding="utf-8-sig"), place)
        where = f"{project.path.name}, line {line}" if line else project.path.name
        options = [name for name in vars(_part_at(project, place)) if name != "path"]
        said = in_toml(str(error), f"[{'.'.join(place)}]", options, report=getattr(error, "report", None))
        error.args = (f"{where}: [{'.'.join(place)}]: {said}", *error.args[1:])
        raise


def _part_at(project: Project, place: tuple[str, ...]) -> Any:  # noqa: ANN401 - one of the records of the parts
    section = getattr(project.acting, place[0])
    return section if len(place) == 1 else section[place[1]]


def _pair(names: list[str]) -> tuple[str, str]:
    cases, persons = names
    return cases, persons


# columns


def _surveyed(project: Project, data: AreaData, name: str, part: SurveyPart) -> AreaData:
    frame = _answers(project.file(part.path), part)
    residents, covariates = None, None
    if part.residents:
        residents = data.counts(part.residents)
    if part.covariates:
        unknown = [column for column in part.covariates if column not in data.values.columns]
        if unknown:
            raise ColumnError.not_found(unknown[0], data.values.columns, "covariates: the data")
        covariates = data.values[part.covariates]
    given = ("label_de", "label_en", "wording", "asked_of", "mode", "field_time")
    columns = ("answer", "weight", "strata", "cluster", "question")
    rates = survey_rates(
        frame,
        name=name,
        area=part.area,
        residents=residents,
        covariates=covariates,
        benchmark=part.benchmark,  # type: ignore[arg-type]
        rule=part.rule,  # type: ignore[arg-type]
        min_count=project.protection.min_count,
        **{field: getattr(part, field) for field in (*given, *columns)},
    )
    return rates.on(data, estimate=part.estimate or None)  # type: ignore[arg-type]


def _answers(path: Path, part: SurveyPart) -> pd.DataFrame:
    """Read a table of respondents or areas: text, and numbers where every cell of a column is one."""
    raw = raw_table(existing_table(path), FileOptions(key=part.area))
    cells = {
        name: pd.Series(column.texts(), dtype=object) for name, column in zip(raw.header, raw.columns, strict=True)
    }
    if part.area not in cells:
        raise ColumnError.not_found(part.area, raw.header, path.name)
    frame = pd.DataFrame({name: _as_numbers(column, keep=name == part.area) for name, column in cells.items()})
    if part.yes:
        if not part.answer:
            raise SpecError("yes says which answers count: name the column with answer.")
        if part.answer not in frame:
            raise ColumnError.not_found(part.answer, raw.header, path.name)
        said = cells[part.answer].str.strip()
        never = sorted(set(part.yes) - set(said))
        if never:
            raise SpecError(
                f"yes: nobody answered {list_some(never)}; there are {list_some(sorted(set(said) - {''}))}."
            )
        frame[part.answer] = said.isin(part.yes).astype(float).where(said.ne(""))
    return frame


def _as_numbers(column: pd.Series[str], *, keep: bool) -> pd.Series[Any]:
    text = column.str.strip()
    text = text.where(text.ne(""), None)
    if keep:
        return text
    plain = text.str.replace(",", ".", regex=False)
    numbers = pd.to_numeric(plain, errors="coerce")
    return numbers if numbers.notna().equals(text.notna()) else text


def _people(project: Project, data: AreaData, part: PeoplePart) -> gpd.GeoDataFrame | AreaData:
    """Return cells or points with their persons, or the areas themselves."""
    if not part.people:
        return data
    crs = data.areas.crs
    if not part.x:
        frame, _ = read_geometry_file(project.file(part.people), None, None, "people")
        return _in(frame, part.crs, crs, part.people)
    places = read_points(
        project.file(part.people), x=part.x, y=part.y, columns=[part.persons], crs=part.crs or str(crs), to_crs=crs
    )
    if part.cell:
        places = places.set_geometry(places.buffer(part.cell / 2, cap_style="square"))
    return places


def _in(frame: gpd.GeoDataFrame, named: str, crs: Any, name: str) -> gpd.GeoDataFrame:  # noqa: ANN401 - a CRS
    """Return a layer in the system of the areas."""
    if named:
        frame = frame.set_crs(named, allow_override=True)
    if frame.crs is None:
        raise InputError(f'{name} does not say its coordinate reference system. Name it: crs = "EPSG:25832".')
    return frame.to_crs(crs)


def _polygons(project: Project, name: str, crs: Any) -> gpd.GeoDataFrame:  # noqa: ANN401 - a CRS
    return _in(read_geometry_file(project.file(name), None, None, "layer")[0], "", crs, name)


def _where_counted(part: PeoplePart, data: AreaData) -> dict[str, Any]:
    """Return how persons are found and where they are counted: of areas, in themselves."""
    return {"population": part.persons or data.population} | ({"areas": data.areas} if part.people else {})


def _label(part: PeoplePart, name: str) -> tuple[str, str]:
    return part.label_de or part.label_en or name, part.label_en or part.label_de or name


def _reached(project: Project, data: AreaData, name: str, part: AccessPart) -> AreaData:
    crs = data.areas.crs
    reach = access(
        _people(project, data, part),
        _facilities(project, part, crs),
        part.within,
        network=read_network(project.file(part.network), to_crs=str(crs)) if part.network else None,
        barriers=_polygons(project, part.barriers, crs) if part.barriers else None,
        capacity=part.capacity or None,
        catchment=part.catchment,
        missing=part.missing,  # type: ignore[arg-type]
        **_where_counted(part, data),
    )
    return add_reach(data, reach, name, label=_label(part, name))


def _facilities(project: Project, part: AccessPart, crs: Any) -> gpd.GeoDataFrame:  # noqa: ANN401 - a CRS
    """Return facilities of the named kinds, or stops with so many departures."""
    file = project.file(part.facilities)
    if file.suffix.lower() == TIMETABLE:
        stops = departures(file, part.day or None, tuple(part.hours), to_crs=str(crs))  # type: ignore[arg-type]
        served = stops[stops["departures"] >= part.min_departures]
        if served.empty:
            most = int(stops["departures"].max())
            raise SpecError(f"no stop has {part.min_departures} departures; the busiest has {most}.")
        return served
    found = _polygons(project, part.facilities, crs)
    if not part.kind:
        return found
    if part.kind not in found.columns:
        raise ColumnError.not_found(part.kind, found.columns.drop("geometry"), part.facilities)
    kinds = found[part.kind].astype(str)
    unheard = [one for one in part.only if one not in set(kinds)]
    if unheard:
        raise SpecError(
            f"only: there is no {unheard[0]!r} in {part.facilities}; there are {list_some(kinds.unique())}."
        )
    return found[kinds.isin(part.only)]


def _exposed(project: Project, data: AreaData, name: str, part: ExposurePart) -> AreaData:
    crs = data.areas.crs
    found = exposure(
        _people(project, data, part),
        _polygons(project, part.polygons, crs),
        part.levels,
        level=part.level,
        how=part.how,  # type: ignore[arg-type]
        extent=_polygons(project, part.extent, crs) if part.extent else None,
        unit=part.unit,
        **_where_counted(part, data),
    )
    return add_reach(data, found, name, label=_label(part, name))


def burden_beside(project: Project, data: AreaData, need: NeedIndex | None) -> Burden | None:
    """Return the burdens of a project beside its need: of each part the share at the highest level."""
    parts = project.acting.exposure
    if need is None or not parts:
        return None
    columns = {name: f"{name}_share_{max(part.levels):g}" for name, part in parts.items()}
    limits = {
        columns[name]: (part.burdened, part.burdened_source)
        for name, part in parts.items()
        if part.burdened is not None
    }
    return burden(need, {column: data.values[column] for column in columns.values()}, limits=limits)


# funded areas


def _funded(project: Project, part: FundedPart, store: Monitor, computed: Iterable[AreaData]) -> FundedComparison:
    """Compare funded areas over the years of the store, the last period of each; of dates of the project its own data.

    A date of which something else leaves is protected once, with one set of numbers.
    """
    keys = list(part.areas)
    if part.path:
        raw = raw_table(existing_table(project.file(part.path)), FileOptions(key=part.key))
        cells = dict(zip(raw.header, raw.columns, strict=True))
        if part.key not in cells:
            raise ColumnError.not_found(part.key, raw.header, part.path)
        keys = [text.strip() for text in cells[part.key].texts()]
    if not store.periods:
        raise SpecError(f"the store has no period yet. Add them: quartiersatlas monitor add --all {project.path.name}")
    own = {day(data.period, "period"): data for data in computed if data.period}
    stored = (store.data(period) for period in store.periods)
    ends = {day(data.period, "period"): data for data in stored}
    years = {end.year: own.get(end, data) for end, data in ends.items()}
    panel = {year: data for year, data in years.items() if part.outcome in data.values}
    return compare_funded(
        panel,
        keys,
        outcome=part.outcome,
        selected=part.selected,
        selected_on=part.selected_on,  # type: ignore[arg-type]
        exclude=part.exclude,
        comment=part.comment,
    )
