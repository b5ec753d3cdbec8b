"""One town out of a project that is run for each of many: title, ledger, folder, and what concerns its areas."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from quartiersatlas.errors import SpecError

if TYPE_CHECKING:
    from quartiersatlas.project.schema import Project

NOT_IN_A_FOLDER = re.compile(r"[^\w\-+() ]+")


def named_part(project: Project, part: str) -> Project:
    """Return the project of one unit; a project with ``by`` is never run as one, and one without it has no parts.

    Raises
    ------
    SpecError
        A unit is missing, or named for a project without parts.
    """
    if bool(project.by) != bool(part):
        name = project.path.name
        raise SpecError(
            f'{name}: by = "{project.by}" makes a run of each unit. Write all of them: quartiersatlas run {name}, or '
            f"qa.run_projects({name!r}); look at one: part=..., --part on the command line."
            if project.by
            else f'{name} has no parts, and part={part!r} names one. Add by = "level" to it, or leave part out.'
        )
    return part_project(project, part, folder_name(part)) if part else project


def part_project(project: Project, unit: str, name: str) -> Project:
    """Return a project that is run for one unit: with its name in the title, a comment and a ledger of its own."""
    ledger = project.ledger
    if ledger is not None:
        path = Path(ledger.path)
        ledger = replace(ledger, path=str(path.with_name(f"{path.stem}-{name}{path.suffix}")))
    title = f"{project.title} – {unit}" if project.title.strip() else unit
    return replace(project, part=unit, title=title, ledger=ledger, comment=project.comments.get(unit, ""))


def folder_name(unit: str) -> str:
    """Return the name of a part as the name of a folder.

    Examples
    --------
    >>> folder_name("Nord/Süd"), folder_name("..")
    ('Nord_Süd', '_')
    """
    return NOT_IN_A_FOLDER.sub("_", unit).strip() or "_"


def of_its_areas(project: Project, keys: set[str]) -> Project:
    """Return the project of a part without what it says of areas elsewhere: notes, and areas left out of the index."""
    need = project.need
    if need is not None:
        need = replace(need, exclude={key: why for key, why in need.exclude.items() if key in keys})
    return replace(project, need=need, notes={key: note for key, note in project.notes.items() if key in keys})
