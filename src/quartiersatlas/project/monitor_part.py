"""A project and its store of years: the period goes in, the yearly report comes out by the door of releases."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

from quartiersatlas.base.checks import usable_path
from quartiersatlas.base.files import move_all, unfinished_folder
from quartiersatlas.disclosure.ledger import publishing
from quartiersatlas.monitoring.measures.register import read_measures
from quartiersatlas.monitoring.store.period_files import period_name
from quartiersatlas.present.yearly_report import monitor_report
from quartiersatlas.project.inputs import own_data, project_store, read_all_periods, read_inputs
from quartiersatlas.project.parts import named_part
from quartiersatlas.project.run import computed_project, ledger_place, locked_project
from quartiersatlas.project.schema import read_project
from quartiersatlas.project.toml_words import toml_advice

if TYPE_CHECKING:
    from pathlib import Path

    from quartiersatlas.monitoring.store.outcome import Findings


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
    project = named_part(read_project(path), "")
    store, data = project_store(project), own_data(project, read_inputs(project))
    found = store.add(data, by=by, new_areas=new_areas, revision=revision, breaks=breaks)
    return found.accept(reason=accept, by=by) if accept and found.asked and not found.refused else found


def add_plans_to_monitor(path: str | Path) -> tuple[int, int]:
    """Add the targets and forecasts of a project's register that its store does not have.

    Parameters
    ----------
    path : str or Path
        The project file.

    Returns
    -------
    (int, int)
        How many targets and forecasts were new; none without a register.

    Raises
    ------
    QuartiersatlasError
        Whatever is wrong with the project file, its register or the store.
    """
    project = named_part(read_project(path), "")
    if project.measures is None:
        return 0, 0
    store = project_store(project)
    register = read_measures(project.file(project.measures.path), store.data() if store.periods else None)
    with toml_advice("[measures]", ["path"], project=project.path.name):
        targets, forecasts = store.add_planned(register)
    return len(targets), len(forecasts)


def add_all_to_monitor(path: str | Path, *, accept: str = "", by: str = "") -> list[Findings]:
    """Add every period of a project's tables that its store does not have, the earliest first, up to one that is open.

    Parameters
    ----------
    path : str or Path
        The project file. Of other periods than its own the indicators are added whose columns they have.
    accept, by : str, optional
        As in :func:`add_to_monitor`.

    Returns
    -------
    list of Findings
        One per period that was looked at; the last may be one that was not stored.

    Raises
    ------
    QuartiersatlasError
        Whatever is wrong with the project file, its inputs or the store.
    """
    project = named_part(read_project(path), "")
    store = project_store(project)
    known = set(store.periods)
    seen: list[Findings] = []
    for period, data in read_all_periods(project).items():
        name = period_name(period)
        if (name is not None and name.name in known) or (seen and not seen[-1].stored):
            continue
        found = store.add(data, by=by)
        seen.append(found.accept(reason=accept, by=by) if accept and found.asked and not found.refused else found)
    return seen


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
    project, target = named_part(read_project(path), ""), usable_path(file)
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
