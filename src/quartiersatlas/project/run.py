"""A project from its file to its outputs: the same calls that a notebook makes, in the same order."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field, fields, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quartiersatlas.base.checks import expects, usable_path
from quartiersatlas.base.files import move_all, unfinished_folder
from quartiersatlas.base.stores import refuse_internal
from quartiersatlas.base.toml import toml_value
from quartiersatlas.disclosure import Ledger, Protection, Release, release
from quartiersatlas.disclosure.ledger import locked_ledger, publishing
from quartiersatlas.disclosure.ledger.book import key_path, layers_folder
from quartiersatlas.disclosure.words import summary_texts
from quartiersatlas.errors import ColumnError, CountError, GeometryError, InputError, SpecError, list_some
from quartiersatlas.monitoring.measures.register import Measures, read_measures
from quartiersatlas.need import need_index
from quartiersatlas.present import atlas_map, export, figure, profiles, report
from quartiersatlas.present.area_profile.booklet import ENDINGS as BOOKLETS
from quartiersatlas.present.files.export import sidecar_files
from quartiersatlas.present.paper.sheet import ENDINGS as SHEETS
from quartiersatlas.present.report import ENDINGS as REPORTS
from quartiersatlas.present.report import areas_file
from quartiersatlas.project.acting import Acted, acted, burden_beside
from quartiersatlas.project.certificate import ProjectAudit, write_certificate
from quartiersatlas.project.context_part import read_context, read_gazetteer, read_look
from quartiersatlas.project.inputs import (
    Inputs,
    advice_for,
    facility_layer,
    own_data,
    placed_layer,
    project_store,
    read_inputs,
)
from quartiersatlas.project.manifest import digests, input_files, manifest_of, write_manifest
from quartiersatlas.project.parts import named_part, of_its_areas
from quartiersatlas.project.rule_part import naming_the_condition
from quartiersatlas.project.schema import Project, read_project
from quartiersatlas.project.toml_words import toml_advice
from quartiersatlas.screening import candidate_areas, programme_areas, programme_overlap, screen
from quartiersatlas.screening.compare_rules import compare_rules
from quartiersatlas.segregation import measure_segregation
from quartiersatlas.space import check_areas

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager

    import geopandas as gpd
    import pandas as pd
    from pyproj import CRS

    from quartiersatlas.intake import AreaData, Table
    from quartiersatlas.need import NeedIndex, Stability
    from quartiersatlas.present.map.atlas import Atlas
    from quartiersatlas.project.rule_part import RulePart
    from quartiersatlas.project.schema import CandidatesPart, EarlierPart, SegregationPart
    from quartiersatlas.screening import Candidates, ProgrammeAreas, ProgrammeOverlap, RuleComparison, Shortlist
    from quartiersatlas.segregation import SegregationResult
    from quartiersatlas.space import AreasReport


@dataclass(frozen=True, eq=False)
class ProjectResult:
    """Results of a project run.

    Parameters
    ----------
    project : Project
        The project file.
    tables : tuple of Table
        The tables as read, with their ``.problems``.
    fit : AreasReport
        How the areas fit together.
    data : AreaData
        Areas, values and join reports.
    need, shortlist, candidates, stability : optional
        Results, where the project asks for them.
    release : Release
        What is released, or would be.
    atlas : Atlas
        The map, with the indicators of earlier periods and the notes.
    ledger : Ledger, optional
        Earlier releases and this one, where the project keeps a ledger; a check does not write it.
    files : tuple of Path
        The written files; none for a check.
    overlap : ProgrammeOverlap, optional
        Candidate areas beside programmes, from all counts. For the house only: the release has what may leave of it.
    acted : Acted
        Gaps between groups, areas that entered and left the list, funded areas beside others. For the house only.
    """

    project: Project
    tables: tuple[Table, ...]
    fit: AreasReport
    data: AreaData
    need: NeedIndex | None
    shortlist: Shortlist | None
    candidates: Candidates | None
    stability: Stability | None
    release: Release
    atlas: Atlas
    ledger: Ledger | None = None
    files: tuple[Path, ...] = ()
    overlap: ProgrammeOverlap | None = None
    acted: Acted = field(default_factory=Acted)

    @property
    def summary(self) -> list[str]:
        """The shortlist in a sentence or two, in the project's language."""
        return summary_texts(self.release, self.project.lang)

    def audit(self) -> ProjectAudit:
        """Return how far everything that each release shows narrows down what it withholds. For the house only."""
        return ProjectAudit.of((self.release, *self.atlas.earlier))

    def __repr__(self) -> str:
        found = [self.need, self.shortlist, self.candidates, self.stability, self.overlap]
        parts = [*self.tables, self.fit, self.data, *found, self.acted, self.release]
        return "\n".join(said for said in (repr(part) for part in parts if part is not None) if said)


def checked_project(path: str | Path, part: str = "") -> ProjectResult:
    """Read and compute a project without writing anything; the first fault is raised."""
    project = named_part(read_project(path), part)
    _refuse_unwritable(project)
    kept = Ledger.read(*ledger_place(project), accept=_accept(project)) if project.ledger else None
    return computed_project(project, kept)


def computed_project(project: Project, ledger: Ledger | None, inputs: Inputs | None = None) -> ProjectResult:
    """Compute a project, whose releases are compared with those of the ledger and entered into it."""
    inputs = read_inputs(project) if inputs is None else inputs
    if project.part and not inputs.data(project).areas[project.by].astype(str).eq(project.part).all():
        inputs = inputs.of_part(project.by, project.part)
    joined = inputs.joined
    if project.part:
        project = of_its_areas(project, set(inputs.data(project).areas.index))
    data = own_data(project, inputs)
    fit = check_areas(data.areas)
    need = need_index(data, project.need.spec, exclude=project.need.exclude) if project.need is not None else None
    shortlist = _screened(project, data, need)
    stability = candidates = None
    if project.stability is not None and shortlist is not None:
        stability = shortlist.stability(n=project.stability.runs, seed=project.stability.seed)
    if project.candidates is not None and shortlist is not None:
        candidates = _candidates(project, project.candidates, data, shortlist, stability)
    programmes = programmes_of(project, data.areas)
    overlap = _overlap(project, candidates, programmes, stability)
    found = acted(project, joined, data, shortlist, partial(_screened_then, project), partial(project_store, project))
    groups = project.segregation
    result = _released(
        project,
        data,
        need=need,
        shortlist=shortlist,
        candidates=candidates,
        segregation=(_segregation(data, groups) if groups is not None else None),
        measures=_measures(project, data),
        gaps=found.gaps or None,
        change=found.change,
        lists=found.lists,
        funded=found.funded,
        burden=burden_beside(project, data, need),
        programmes=programmes,
        facilities=facility_layer(project, project.facilities, data.areas),
        stability=stability,
        missing=project.shortlist.missing if project.shortlist is not None else "",
        comparison=_compared(project, data, need),
        as_of=project.as_of,
        ledger=ledger,
    )
    # the shortlist is that of the period of the project
    earlier = tuple(
        _released(project, joined[part.period], need=_need_then(project, part, joined), as_of=part.as_of, ledger=ledger)
        for part in project.earlier
    )
    atlas = atlas_map(
        result,
        project.lang,
        earlier=earlier,
        notes=project.notes,
        context=read_context(project, data.areas if project.part else None),
        gazetteer=_streets(project, data),
        look=read_look(project),
    )
    results = (need, shortlist, candidates, stability, result, atlas, ledger)
    return ProjectResult(project, inputs.tables, fit, data, *results, overlap=overlap, acted=found)


def _need_then(project: Project, part: EarlierPart, joined: Mapping[str, AreaData]) -> NeedIndex | None:
    """Return the index of an earlier date by the same rules: the axes whose indicators that date has."""
    if not part.need:
        return None
    place = f"[[earlier]] with period = {toml_value(part.period)}: need = true"
    if project.need is None:
        raise SpecError(f"{place}, but there is no [need].")
    data, spec = joined[part.period], project.need.spec
    axes = [axis for axis in spec.axes if {leaf.id for leaf in axis.indicators} <= {*data.values.columns}]
    if spec.axes[0] not in axes:
        lacking = [leaf.id for leaf in spec.axes[0].indicators if leaf.id not in data.values.columns]
        raise SpecError(f"{place}, but that period does not have {list_some(lacking)} of axis {spec.axes[0].id!r}.")
    return need_index(data, replace(spec, axes=tuple(axes)), exclude=project.need.exclude)


def _streets(project: Project, data: AreaData) -> pd.DataFrame | None:
    """Return the list of streets, that of a part without those elsewhere."""
    streets = read_gazetteer(project)
    return streets[streets["key"].isin(data.areas.index)] if streets is not None and project.part else streets


def _candidates(
    project: Project, part: CandidatesPart, data: AreaData, shortlist: Shortlist, stability: Stability | None
) -> Candidates:
    """Group the selected areas as ``[candidates]`` says."""
    try:
        options = {**vars(part), **_barriers(project, part, _crs(data))}
        return candidate_areas(data, shortlist, stability=stability, **options)
    except (SpecError, ColumnError, GeometryError) as error:
        raise type(error)(f"{project.path.name}: [candidates]: {error}") from error


def write_project(
    project: Project,
    folder: str | Path | None,
    inputs: Inputs | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ProjectResult:
    """Compute a project and write its outputs, from inputs that were read already where they are given.

    All outputs are made before the first is moved into place. Where the project keeps a ledger, nobody else can enter a
    release meanwhile, and the releases stand in it before their first file is in its place.
    """
    _refuse_unwritable(project)
    with locked_project(project) as ledger:
        result = computed_project(project, ledger, inputs)
        target = usable_path(folder if folder is not None else project.file(project.outputs.folder), "folder")
        _refuse_overwriting(project, target)
        refuse_internal(target)
        try:
            target.mkdir(parents=True, exist_ok=True)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", error)
            raise SpecError(
                f"[outputs]: the folder {str(target)!r} cannot be made ({reason}). Is there a file of this name? "
                f"Choose another folder."
            ) from error
        with unfinished_folder(target, project.path.name) as unfinished:
            written = _write(result, unfinished, progress or (lambda _done, _of: None))
            seal = unfinished / project.outputs.manifest if project.outputs.manifest else None
            with publishing(ledger, *ledger_place(project), written, target) if ledger is not None else nullcontext():
                files = tuple(move_all(written, target, seal=seal))
    return ProjectResult(**{**vars(result), "files": files})


def _refuse_unwritable(project: Project) -> None:
    """Refuse papers of an ending that is not written, before anything is computed."""
    for name, endings in (("report", REPORTS), ("profiles", BOOKLETS), ("sheet", SHEETS)):
        file = getattr(project.outputs, name)
        if file and Path(file).suffix.lower() not in endings:
            raise SpecError(f"[outputs] {name}: {file!r} should end in {', '.join(endings)}.", key=name)


def audit_project(path: str | Path, *, csv: str | Path | None = None, part: str = "") -> ProjectAudit:
    """Compute a project without its outputs, and return the certificates of its releases. For the house only.

    Parameters
    ----------
    path : str or Path
        The project file.
    csv : str or Path, optional
        Where to write the rows of the certificates: readable by the owner alone, and never among the outputs.
    part : str, optional
        Which unit to look at, of a project with ``by = "level"``.

    Returns
    -------
    ProjectAudit
        ``ok`` says whether all promises are kept; ``table`` has one row per withheld count.

    Raises
    ------
    ReleaseError
        A release may not leave; ``report`` has the cells.
    QuartiersatlasError
        Whatever is wrong with the project file or its inputs.
    """
    expects(path, (str, Path), "audit_project", 'qa.audit_project("projekt.toml")')
    project = read_project(path)
    if csv is not None:
        _refuse_open_place(project, Path(csv))
    audit = checked_project(path, part).audit()
    if csv is not None:
        write_certificate(audit, Path(csv), project.lang)
    return audit


def _refuse_open_place(project: Project, path: Path) -> None:
    """Refuse to write a certificate among the outputs, or over a file of the project."""
    outputs, place = project.file(project.outputs.folder).resolve(), usable_path(path).resolve()
    if outputs in (place, *place.parents):
        raise InputError(
            f"The audit tells which counts are small and stays inside the house: {str(path)!r} would lie in the folder "
            f"of the outputs, {str(outputs)!r}. Name a file outside of it."
        )
    if place in _kept_files(project):
        raise InputError(f"{str(path)!r} is a file of the project and would be overwritten. Choose another name.")


def _kept_files(project: Project) -> set[Path]:
    """Return the files that a project reads and keeps."""
    book = ledger_place(project) if project.ledger is not None else ()
    return {file.resolve() for file in (project.path, *(project.file(name) for name in input_files(project)), *book)}


def locked_project(project: Project) -> AbstractContextManager[Ledger | None]:
    """Give the ledger under its lock: nobody else may release anything between comparison and entry."""
    return nullcontext() if project.ledger is None else locked_ledger(*ledger_place(project), accept=_accept(project))


def ledger_place(project: Project) -> tuple[Path, Path]:
    """Return the file of the ledger and that of its key."""
    assert project.ledger is not None  # noqa: S101 - only asked where there is one
    path = project.file(project.ledger.path)
    return path, key_path(path, project.file(project.ledger.key_file) if project.ledger.key_file else None)


def _accept(project: Project) -> list[str]:
    return project.ledger.accept if project.ledger is not None else []


def _refuse_overwriting(project: Project, target: Path) -> None:
    """Refuse outputs that would replace an input, or whose place is taken by something that is not a file."""
    book = ledger_place(project) if project.ledger is not None else ()
    inputs = _kept_files(project)
    tables = [Path(name) for name in project.outputs.names if name.endswith(".csv")]
    beside = [file.name for table in tables for file in sidecar_files(table)]
    for name in (*project.outputs.names, *beside):
        place = target / name
        if place.resolve() in inputs:
            raise SpecError(
                f"[outputs]: {name!r} would overwrite an input of the project. Choose another name or folder."
            )
        if place.exists() and not place.is_file():
            raise SpecError(f"[outputs]: {str(place)!r} already exists and is not a file.")
    if book and {book[0].resolve(), layers_folder(book[0]).resolve()} & {target.resolve(), *target.resolve().parents}:
        raise SpecError(f"ledger: {str(book[0])!r} is the folder of the outputs, or one above it. Name a file.")


def _write(result: ProjectResult, folder: Path, progress: Callable[[int, int], None]) -> list[Path]:
    """Write every output into a folder, and tell after each how many are done; computing all of them was the first."""
    outputs, manifest = result.project.outputs, manifest_of(result.project, result.release, result.ledger)
    of = 1 + len(outputs.names)
    progress(1, of)
    files = list[Path]()
    for done, written in enumerate(_written(result, folder, manifest), start=2):
        files += written
        progress(done, of)
    if outputs.manifest:
        files.append(write_manifest({**manifest, "outputs": digests(files)}, folder / outputs.manifest))
    progress(of, of)
    return files


def _written(result: ProjectResult, folder: Path, manifest: dict[str, Any]) -> Iterator[list[Path]]:
    """Write one output after the other, and yield its files."""
    outputs, lang = result.project.outputs, result.project.lang
    shown: dict[str, Any] = {"lang": lang, "context": result.atlas.context, "look": result.atlas.look}
    earlier = result.atlas.earlier
    told: dict[str, Any] = {"lang": lang, "manifest": manifest, "look": result.atlas.look}
    if outputs.map:
        yield [result.atlas.save(folder / outputs.map)]
    if outputs.report:
        page = report(result.release, folder / outputs.report, earlier=earlier, **shown)
        beside = areas_file(result.release, page)
        yield [page, *([beside, *sidecar_files(beside)] if beside is not None else [])]
    if outputs.profiles:
        more: dict[str, Any] = {"notes": result.project.notes, "earlier": earlier}
        yield [profiles(result.release, folder / outputs.profiles, **more, **shown)]
    if outputs.sheet:
        yield [figure(result.release, **shown).save(folder / outputs.sheet)]
    if outputs.geopackage:
        yield [export(result.release, folder / outputs.geopackage, context=result.atlas.context, **told)]
    if outputs.workbook:
        yield [export(result.release, folder / outputs.workbook, **told)]
    if outputs.segregation and result.release.segregation is not None:
        table = folder / outputs.segregation
        yield [export(result.release, table, table="segregation", **told), *sidecar_files(table)]


def _screened(project: Project, data: AreaData, need: NeedIndex | None) -> Shortlist | None:
    """Apply the rule of the project; errors name the line of the condition."""
    if project.shortlist is None:
        return None
    with naming_the_condition(project.shortlist, project.path):
        layers = _barriers(project, project.shortlist, _crs(data))
        return screen(data, project.shortlist.rule, need=need, **layers)


def _compared(project: Project, data: AreaData, need: NeedIndex | None) -> RuleComparison | None:
    """Apply the other rules of ``[shortlist.compare]`` beside that of the shortlist."""
    part = project.shortlist
    if part is None or part.compare is None:
        return None
    try:
        rules = part.compare.beside(part.rule, project.lang)
        return compare_rules(data, rules, need=need, **_barriers(project, part, _crs(data)), **part.compare.options)
    except (SpecError, ColumnError, CountError) as error:
        raise type(error)(f"{project.path.name}: [shortlist.compare]: {error}") from error


def _screened_then(project: Project, data: AreaData) -> Shortlist | None:
    """Apply the rule to another period, with its need where the period has all that the index is made of."""
    need = None
    if project.need is not None:
        members = {leaf.id for axis in project.need.spec.axes for leaf in axis.indicators}
        if members <= set(data.values.columns):
            need = need_index(data, project.need.spec, exclude=project.need.exclude)
    return _screened(project, data, need)


def _crs(data: AreaData) -> CRS:
    assert data.areas.crs is not None  # noqa: S101 - read_areas asks for one
    return data.areas.crs


def _barriers(project: Project, part: RulePart | CandidatesPart, crs: CRS) -> dict[str, Any]:
    """Read what parts areas, and where one crosses it, in the coordinates of the areas."""
    named = {"barriers": part.barriers, "crossings": part.crossings}
    return {name: placed_layer(project, file, None).to_crs(crs) if file else None for name, file in named.items()}


def _segregation(data: AreaData, part: SegregationPart) -> SegregationResult:
    """Compute the segregation of the groups that the project names."""
    return measure_segregation(
        data,
        part.groups,
        reference=part.reference or None,
        by=part.by or None,
        indices=part.indices,
        min_population=part.min_population,
        missing=part.missing,  # type: ignore[arg-type]
    )


def _released(project: Project, data: AreaData, **results: Any) -> Release:  # noqa: ANN401 - options of release()
    """Release data with what all releases of a project have in common; errors speak of the lines of the file."""
    with toml_advice("[protection]", [option.name for option in fields(Protection)], project=project.path.name):
        return release(
            data,
            city=project.city,
            title=project.title,
            subtitle=project.subtitle,
            source=project.source,
            comment=project.comment.strip(),
            protection=project.protection,
            audience=project.audience,  # type: ignore[arg-type]
            **results,
        )


def _measures(project: Project, data: AreaData) -> Measures | None:
    """Read the register of measures, whose areas are those of the data."""
    if project.measures is None:
        return None
    with toml_advice("[measures]", ["path"], project=project.path.name):
        return read_measures(project.file(project.measures.path), data)


def programmes_of(project: Project, areas: gpd.GeoDataFrame) -> ProgrammeAreas | None:
    """Read the programme areas, with what runs at the date of the project."""
    part = project.programmes
    if part is None:
        return None
    with advice_for(project, part):
        return programme_areas(
            placed_layer(project, part.path, part.crs),
            crs=areas.crs,
            as_of=part.as_of or project.as_of,
            name=part.name,
            kind=part.kind,
            start=part.start,
            end=part.end,
            lang=project.lang,
        )


def _overlap(
    project: Project, candidates: Candidates | None, programmes: ProgrammeAreas | None, stability: Stability | None
) -> ProgrammeOverlap | None:
    """Compare candidate areas with the programmes, by where people live if the project says so."""
    part = project.programmes
    if part is not None and part.residents and candidates is None:
        raise SpecError(
            f"{project.path.name}: [layers.programmes] residents are counted beside candidate areas: add [candidates]."
        )
    if part is None or programmes is None or candidates is None:
        return None
    with advice_for(project, part):
        residents = placed_layer(project, part.residents, None) if part.residents else None
        return programme_overlap(
            candidates,
            programmes,
            residents=residents,
            residents_column=part.residents_column,
            stability=stability,
            lang=project.lang,
        )
