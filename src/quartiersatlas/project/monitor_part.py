"""A project and its store of years: the period goes in, the yearly report comes out by the door of releases."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

from quartiersatlas.base.checks import usable_path
from quartiersatlas.base.files import move_all, unfinished_folder
from quartiersatlas.disclosure.ledger import publishing
from quartiersatlas.errors import SpecError
from quartiersatlas.monitoring.store.monitor import monitor
from quartiersatlas.present.yearly_report import monitor_report
from quartiersatlas.project.run import checked_project, computed_project, ledger_place, locked_project
from quartiersatlas.project.schema import read_project

if TYPE_CHECKING:
    from pathlib import Path

    from quartiersatlas.monitoring.store.monitor import Monitor
    from quartiersatlas.monitoring.store.outcome import Findings
    from quartiersatlas.project.schema import Project


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


def add_to_monitor(
    path: str | Path,
    *,
    accept: str = "",
    by: str = "",
    new_areas: bool = False,
    revision: bool = False,
    breaks: tuple[str, ...] = (),
) -> Findings:
    """Add the period of a project to its store.

    Parameters
    ----------
    path : str or Path
        The project file.
    accept : str, optional
        The reason for everything that is asked about; needs ``by``.
    by : str, optional
        Office that adds it.
    new_areas, revision, breaks : optional
        As in :meth:`Monitor.add`.

    Returns
    -------
    Findings
        With ``.stored`` where it was stored.

    Raises
    ------
    QuartiersatlasError
        Whatever is wrong with the project file, its inputs or the store.
    """
    store = project_store(read_project(path))
    data = checked_project(path).data
    found = store.add(data, by=by, new_areas=new_areas, revision=revision, breaks=breaks)
    return found.accept(reason=accept, by=by) if accept and found.asked and not found.refused else found


def write_monitor_report(path: str | Path, file: str | Path, *, on: str = "") -> Path:
    """Write the yearly report of a project; where it keeps a ledger, the release stands in it before the file is there.

    Parameters
    ----------
    path : str or Path
        The project file.
    file : str or Path
        The report, ``.html``, ``.docx`` or ``.pdf``.
    on : str, optional
        The day on which something is due; the date of the release, if not given.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    QuartiersatlasError
        Whatever is wrong with the project file, its inputs, the store or the place of the report.
    """
    project, target = read_project(path), usable_path(file)
    store = project_store(project)
    with locked_project(project) as ledger, unfinished_folder(target.parent, target.name) as unfinished:
        result = computed_project(project, ledger)
        earlier = result.atlas.earlier
        written = monitor_report(
            store,
            result.release,
            unfinished / target.name,
            lang=project.lang,
            earlier=earlier,
            on=on,
            look=result.atlas.look,
        )
        with (
            publishing(ledger, *ledger_place(project), [written], target.parent)
            if ledger is not None
            else nullcontext()
        ):
            move_all([written], target.parent)
    return target
