"""All faults of a project at once: each is taken out, and the rest is read on, so that nobody mends one per run."""

from __future__ import annotations

import re
import warnings
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quartiersatlas.base.toml import naming_the_line, read_toml
from quartiersatlas.errors import QuartiersatlasError, SpecError
from quartiersatlas.project import inputs, run, schema
from quartiersatlas.project.context_part import read_context, read_gazetteer, read_look

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeVar

    import geopandas as gpd

    from quartiersatlas.project.schema import Project

    Made = TypeVar("Made")

MOST = 50
NEEDED = ("path", "key")  # of areas and tables: read on with something in their place
UNKNOWN = "?"
MEANT = re.compile(r"'(\w+)' is not known\. Did you mean '(\w+)'\?|'(\w+)' is called '(\w+)' now")
LACKING = re.compile(r"'(\w+)'(?= (?:is|are) missing|, ')")
BEHIND = {  # a part, and what is made of it
    "change": ("need",),
    "surveys": ("need",),
    "access": ("need",),
    "exposure": ("need",),
    "need": ("shortlist",),
    "shortlist": ("candidates", "stability", "lists"),
    "candidates": ("programmes",),
    **dict.fromkeys(("segregation", "stability", "programmes", "facilities", "measures", "gazetteer", "look"), ()),
    **dict.fromkeys(("context", "notes", "earlier", "gaps", "lists", "funded"), ()),
}
RESULTS = ("shortlist", "candidates", "stability")  # a fault in one leaves nothing of it


class ProjectError(QuartiersatlasError):
    """A project has several faults; ``faults`` holds the error of each."""

    def __init__(self, faults: tuple[QuartiersatlasError, ...]) -> None:
        listed = " ".join(f"({number}) {fault}" for number, fault in enumerate(faults, 1))
        super().__init__(f"{len(faults)} faults: {listed}")
        self.faults = faults


@contextmanager
def telling_all_faults(path: str | Path) -> Iterator[None]:
    """Raise all faults of a project where a first one is raised; a single one as it is.

    Raises
    ------
    ProjectError
        There is more than one.
    """
    try:
        yield
    except QuartiersatlasError as error:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of what is tried without the rest
            found = faults_of(Path(path), error)
        if len(found) == 1:
            raise
        raise ProjectError(found) from None


def faults_of(path: Path, first: QuartiersatlasError) -> tuple[QuartiersatlasError, ...]:
    """Return the first fault and all others, each once, in the order of the way from the file to the release."""
    try:
        content = read_toml(path, "project")
    except QuartiersatlasError:
        return (first,)
    project, found = _read_on(path, content)
    if project is not None:
        found += _of_inputs(project, None if found else first)
    told = {str(fault): fault for fault in found}
    if str(first) not in told:
        told = {str(first): first, **told}
    return tuple(told.values())


# the file


def _read_on(path: Path, content: dict[str, Any]) -> tuple[Project | None, list[QuartiersatlasError]]:
    """Read a project file without what is wrong in it; None where nothing is left to go on with."""
    found: list[QuartiersatlasError] = []
    while len(found) < MOST:
        try:
            with naming_the_line(path):
                return schema.checked(schema.project_of(deepcopy(content), path)), found
        except SpecError as error:
            found.append(error)
            if not _taken_out(content, error):
                return None, found
        except QuartiersatlasError as error:  # such as a file of the need index that is not there
            found.append(error)
            if "need" not in content:
                return None, found
            _cut_out(content, "need")
    return None, found


def _taken_out(content: dict[str, Any], error: SpecError) -> bool:  # noqa: PLR0911 - one way per kind of place
    """Take what an error is about out of a project file; False where it cannot be told, or nothing goes on without."""
    place: list[Any] = list(error.place)
    if not place:
        return False
    if meant := MEANT.search(str(error)):
        old, new = filter(None, meant.groups())
        holder = _holder(content, place)
        if holder is not None and old in holder and new not in holder:
            holder[new] = holder.pop(old)  # as it was meant
            return True
    if place[0] in ("areas", "tables"):
        return _filled_up(content, place, str(error))
    if place == ["period"] and content.get("tables"):
        content["period"] = content["tables"][0].get("period", "")
        return True
    if place[0] in ("indicators", "references"):  # what is made of them would be missed below
        _cut_out(content, "change")
    if place[0] in RESULTS:
        _cut_out(content, place[0])
        return True
    holder = _holder(content, place)
    if holder is not None and place[-1] in holder and holder is not content:
        del holder[place[-1]]
        return bool(content.get(place[0])) or content.pop(place[0], None) is not None
    value = content.get(place[0])
    if len(place) == 1 and place[0] in schema.TOP_LEVEL and not isinstance(value, (str, dict, list, type(None))):
        content[place[0]] = str(value)  # a date or number without its quotation marks
        return True
    return content.pop(place[0], None) is not None


def _cut_out(content: dict[str, Any], part: str) -> None:
    """Take a part out of a project file, and what is made of it; of the index also the wish for its earlier classes."""
    gone = _made_of(part)
    for name in gone:
        content.pop(name, None)
        if isinstance(content.get("layers"), dict):
            content["layers"].pop(name, None)
    for period in content.get("earlier", []) if "need" in gone else ():
        period.pop("need", None)


def _made_of(part: str) -> list[str]:
    """Return a part, and everything that is made of it."""
    found = [part]
    for name in found:  # it grows
        found += BEHIND[name]
    return found


def _holder(content: dict[str, Any], place: list[Any]) -> dict[str, Any] | None:
    """Return the table that the last step of a place is in."""
    holder: Any = content
    for step in place[:-1]:
        try:
            holder = holder[step]
        except (KeyError, IndexError, TypeError):
            return None
    return holder if isinstance(holder, dict) else None


def _filled_up(content: dict[str, Any], place: list[Any], message: str) -> bool:
    """Put something in the place of what areas or a table need, and take out what they do not know."""
    holder: Any = content.setdefault(place[0], {}) if place[0] == "areas" else content.get("tables")
    if place[0] == "tables" and len(place) > 1 and isinstance(holder, list):
        holder = holder[place[1]]
    if not isinstance(holder, dict):
        return False
    lacking = [name for name in LACKING.findall(message) if name in NEEDED and name not in holder]
    if lacking:
        holder.update(dict.fromkeys(lacking, UNKNOWN))
        return True
    name = place[-1]
    if name in NEEDED:
        holder[name] = UNKNOWN
        return True
    return holder.pop(name, None) is not None


# the inputs


def _of_inputs(project: Project, first: QuartiersatlasError | None) -> list[QuartiersatlasError]:
    """Return what is wrong with the inputs: each file by itself, then what is made of them."""
    found: list[QuartiersatlasError] = []

    def tried(make: Callable[[], Made]) -> Made | None:
        try:
            return make()
        except QuartiersatlasError as error:
            found.append(error)
            return None

    areas = tried(lambda: inputs.read_project_areas(project)) if _is_named(project.areas) else None
    tables = {
        part_number: tried(lambda part=part: inputs.read_project_table(project, part))  # type: ignore[misc]
        for part_number, part in enumerate(project.tables)
        if _is_named(part)
    }
    whole = areas is not None and len(tables) == len(project.tables)
    if areas is not None:
        for number, table in tables.items():
            if table is not None:
                alone = replace(project, indicators={}, counts={}, population=next(iter(table.values.columns), ""))
                one = [(project.tables[number], table)]
                period = project.tables[number].period
                whole &= tried(lambda one=one, p=period, a=alone: inputs.joined_period(a, areas, one, p)) is not None  # type: ignore[misc]
            else:
                whole = False
        tried(lambda: run.programmes_of(project, areas))
        tried(lambda: inputs.facility_layer(project, project.facilities, areas))
    for read in (read_context, read_gazetteer, read_look):
        tried(lambda read=read: read(project))  # type: ignore[misc]
    if whole and areas is not None:
        listed = [(project.tables[number], table) for number, table in tables.items() if table is not None]
        if _are_columns(project, areas, listed, tried):
            found += _of_results(project, None if found else first)
    return found


def _is_named(part: schema.AreasPart | schema.TablePart) -> bool:
    return UNKNOWN not in (part.path, part.key)


def _are_columns(
    project: Project, areas: gpd.GeoDataFrame, tables: list[Any], tried: Callable[[Callable[[], Any]], Any]
) -> bool:
    """Try every indicator by itself; return whether all are there."""
    whole = False
    told: set[str] = set()
    for period in dict.fromkeys([project.period, *(part.period for part in project.earlier)]):
        bare = replace(project, indicators={}, counts={})
        if tried(lambda p=period, b=bare: inputs.joined_period(b, areas, tables, p)) is None:  # type: ignore[misc]
            continue
        good = {}
        for name, part in project.indicators.items():
            if name in told:
                continue
            one = replace(bare, indicators={name: part})
            if tried(lambda p=period, o=one: inputs.joined_period(o, areas, tables, p)) is not None:  # type: ignore[misc]
                good[name] = part
            else:
                told.add(name)
        whole |= period == project.period and len(good) == len(project.indicators)
    return whole


# what is computed

WIDE = (
    "shortlist",
    "need",
    "segregation",
    "change",
)  # what is left out, one after the other, where a fault names no part
PART = re.compile(r"\[+(?:layers\.)?(\w+)[].]")


def _of_results(project: Project, first: QuartiersatlasError | None) -> list[QuartiersatlasError]:
    """Compute everything, and once more without what is made of the part that failed, until nothing fails.

    ``first`` is why it failed as it is, where nothing else is wrong: it need not be computed to learn that again.
    """
    found: list[QuartiersatlasError] = []
    try:
        read = inputs.read_inputs(project)
    except QuartiersatlasError as error:  # of what is added up, and of periods
        return [error]
    cut = replace(project, ledger=None)
    failed = first if first is not None and _part_of(first, cut) else None
    while True:
        try:
            if failed is None:
                run.computed_project(cut, None, read)
                return found
        except QuartiersatlasError as error:
            failed = error
        found.append(failed)
        part = _part_of(failed, cut) or next((name for name in WIDE if getattr(cut, name) is not None), "")
        if not part:
            return found
        cut, failed = _without(cut, part), None


def _part_of(fault: QuartiersatlasError, project: Project) -> str:
    """Return the part that a fault names, if the project has it."""
    named = PART.search(str(fault))
    name = named[1] if named else ""
    holder = project.acting if hasattr(project.acting, name) else project
    return name if name in BEHIND and getattr(holder, name) else ""


def _without(project: Project, part: str) -> Project:
    """Return a project without a part, and without what is made of it."""
    gone = _made_of(part)
    bare = schema.Project(path=project.path, areas=project.areas, tables=project.tables)
    acting = {name: getattr(bare.acting, name) for name in gone if hasattr(bare.acting, name)}
    others: dict[str, Any] = {name: getattr(bare, name) for name in gone if name not in acting}
    if "need" in gone and "earlier" not in gone:
        others["earlier"] = tuple(replace(period, need=False) for period in project.earlier)
    return replace(project, **others, acting=replace(project.acting, **acting))
