"""Several projects in one run, and one project for each of many towns: the same outputs, wherever they are computed."""

from __future__ import annotations

import warnings
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from quartiersatlas.base.checks import count_noun, expects
from quartiersatlas.base.executors import check_executor
from quartiersatlas.errors import QuartiersatlasError, SpecError, list_some, one_line
from quartiersatlas.intake.joining.split import units_of
from quartiersatlas.project.executors import results
from quartiersatlas.project.inputs import Inputs, read_inputs
from quartiersatlas.project.parts import folder_name, part_project
from quartiersatlas.project.refused.faults import telling_all_faults
from quartiersatlas.project.run import ledger_place, write_project
from quartiersatlas.project.schema import Project, read_project

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from quartiersatlas.base.executors import Executor


@dataclass(frozen=True)
class OneRun:
    """What came of one project, or of one part of it.

    Parameters
    ----------
    project : str
        The project file.
    part : str
        The unit of its level ``by``; empty for a project without parts.
    files : tuple of Path
        What was written; nothing where it failed.
    summary : tuple of str
        The shortlist in a sentence or two.
    warnings : tuple of str
        What the analyst has to know.
    error : str
        Why there are no files; empty where all went well.
    faults : tuple of str
        Where there is more than one reason: each of them.
    """

    project: str
    part: str
    files: tuple[Path, ...] = ()
    summary: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    error: str = ""
    faults: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The file and the part."""
        return f"{self.project}: {self.part}" if self.part else self.project


@dataclass(frozen=True)
class ProjectRuns:
    """What came of several projects, in the order in which they were named, parts in the order of their names.

    Parameters
    ----------
    runs : tuple of OneRun
        One per project without parts, and one per part of the others.
    """

    runs: tuple[OneRun, ...]

    @property
    def failed(self) -> tuple[OneRun, ...]:
        """Those without outputs."""
        return tuple(run for run in self.runs if run.error)

    @property
    def table(self) -> pd.DataFrame:
        """One row per run: project, part, number of files, summary, error."""
        rows = [(run.project, run.part, len(run.files), " ".join(run.summary), run.error) for run in self.runs]
        return pd.DataFrame(rows, columns=["project", "part", "files", "summary", "error"])

    def __repr__(self) -> str:
        lines = [f"ProjectRuns: {count_noun(len(self.runs), 'run')}, {len(self.failed)} failed"]
        lines += [f"  {run.name}: {run.error or ' '.join(run.summary)}" for run in self.runs]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return str(self.table.to_html(escape=True, index=False))


@dataclass(frozen=True)
class _Task:
    """A project or a part of one, with its inputs where they were read already."""

    project: Project
    target: Path
    inputs: Inputs | None = None


def run_projects(
    paths: str | Path | Iterable[str | Path], *, folder: str | Path | None = None, executor: Executor = None
) -> ProjectRuns:
    """Run several projects, and those with ``by = "level"`` once for each town, and write their outputs.

    Parameters
    ----------
    paths : str, Path or list of these
        The project files.
    folder : str or Path, optional
        Where to write, for a single file; its own folder for outputs, if not given. Each part of a project has a folder
        of its own inside, called like the part.
    executor : int or executor, optional
        Where runs are computed: None in this process, 4 in four processes, and any object with ``submit`` as it is,
        such as a pool of :mod:`concurrent.futures` or ``Client.get_executor()`` of Dask distributed, whose workers see
        the same folders. It changes no byte of the outputs.

    Returns
    -------
    ProjectRuns
        ``failed`` holds those without outputs; all others are finished.

    Raises
    ------
    ArgumentError
        A path is something else.
    SpecError
        The executor is none, two runs would write the same files, or a folder is given for several files.

    Warns
    -----
    UserWarning
        What the analyst has to know of a run, with its name.

    Notes
    -----
    A part stands by itself, as :func:`split` takes data apart: its own totals, city values, shortlist and release; its
    title ends with its name, and its comment is in ``[comments]`` (a draft without one). A ledger is kept for each
    part, beside the one that the project names (``ledger-Nordstadt.json``). Runs that share a ledger are computed one
    after the other.
    """
    files = [paths] if isinstance(paths, (str, Path)) else list(paths)
    for path in files:
        expects(path, (str, Path), "run_projects", 'qa.run_projects(["nord/projekt.toml", "sued/projekt.toml"])')
    check_executor(executor, "run_projects")
    if folder is not None and len(files) > 1:
        raise SpecError("run_projects: folder is for one project file; several have their own, [outputs] folder.")
    places: list[_Task | OneRun] = [place for path in files for place in _tasks(Path(path), folder)]
    tasks = {number: place for number, place in enumerate(places) if isinstance(place, _Task)}
    _refuse_same_files(list(tasks.values()))
    groups: dict[object, list[int]] = {}
    for number, task in tasks.items():
        groups.setdefault(_shared(task.project) or number, []).append(number)
    done = results(_run_all, [[tasks[number] for number in group] for group in groups.values()], executor)
    found = {number: place for number, place in enumerate(places) if isinstance(place, OneRun)}
    for group, outcome in zip(groups.values(), done, strict=True):
        for at, number in enumerate(group):
            found[number] = _died(places[number], outcome) if isinstance(outcome, str) else outcome[at]
    runs = tuple(found[number] for number in range(len(places)))
    for run in runs:
        for message in run.warnings:
            warnings.warn(f"{run.name}: {message}", UserWarning, stacklevel=2)
    return ProjectRuns(runs)


def _tasks(path: Path, folder: str | Path | None) -> list[_Task | OneRun]:
    """Return what there is to do for a project file; one that cannot be read keeps no other from its run."""
    try:
        with telling_all_faults(path):
            project = read_project(path)
        target = Path(folder) if folder is not None else project.file(project.outputs.folder)
        if not project.by:
            return [_Task(project, target)]
        inputs = read_inputs(project)
        units = units_of(inputs.data(project), project.by)
        unheard = [unit for unit in project.comments if unit not in units]
        if unheard:
            raise SpecError(f"{path.name}: [comments] names {list_some(unheard)}, which no area has in {project.by!r}.")
        names = {unit: folder_name(unit) for unit in units}
        same = [unit for unit in units if sum(names[unit].lower() == name.lower() for name in names.values()) > 1]
        if same:
            raise SpecError(f"{path.name}: by: {same[0]!r} and {same[1]!r} would be written to one folder.", key="by")
        return [
            _Task(part_project(project, unit, names[unit]), target / names[unit], inputs.of_part(project.by, unit))
            for unit in units
        ]
    except (QuartiersatlasError, OSError) as error:
        return [_failed(str(path), "", error)]


def _shared(project: Project) -> str:
    """Return the ledger that runs share; empty where there is none."""
    return str(ledger_place(project)[0].resolve()) if project.ledger is not None else ""


def _refuse_same_files(tasks: Sequence[_Task]) -> None:
    """Refuse two runs of which one would overwrite the other."""
    taken: dict[Path, _Task] = {}
    for task in tasks:
        for name in task.project.outputs.names:
            place = (task.target / name).resolve()
            if place in taken:
                raise SpecError(
                    f"run_projects: {str(taken[place].project.path)!r} and {str(task.project.path)!r} would both write "
                    f"{str(place)!r}. Give each project a folder of its own: [outputs] folder."
                )
            taken[place] = task


def _run_all(tasks: Sequence[_Task]) -> list[OneRun]:
    """Run projects one after the other; an error of one is its result."""
    return [_run(task) for task in tasks]


def _run(task: _Task) -> OneRun:
    name, part = str(task.project.path), task.project.part
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", UserWarning)
            with nullcontext() if part else telling_all_faults(name):
                result = write_project(task.project, task.target, task.inputs)
    except (QuartiersatlasError, OSError) as error:
        return _failed(name, part, error)
    said = (str(warning.message) for warning in caught if issubclass(warning.category, UserWarning))
    return OneRun(name, part, result.files, tuple(result.summary), tuple(dict.fromkeys(said)))


def _failed(name: str, part: str, error: Exception) -> OneRun:
    faults = tuple(one_line(str(fault)) for fault in getattr(error, "faults", ()))
    return OneRun(name, part, error=one_line(str(error)), faults=faults)


def _died(task: object, why: str) -> OneRun:
    assert isinstance(task, _Task)  # noqa: S101 - only tasks were handed over
    return OneRun(str(task.project.path), task.project.part, error=why)
