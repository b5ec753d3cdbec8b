"""The calls for a project: check it, run it. Where something is wrong, all of it is said at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from quartiersatlas.base.checks import expects
from quartiersatlas.project.parts import named_part
from quartiersatlas.project.refused.faults import telling_all_faults
from quartiersatlas.project.run import checked_project, write_project
from quartiersatlas.project.schema import read_project

if TYPE_CHECKING:
    from collections.abc import Callable

    from quartiersatlas.project.run import ProjectResult


def check_project(path: str | Path, *, part: str = "") -> ProjectResult:
    """Read and compute a project without writing anything.

    Parameters
    ----------
    path : str or Path
        The project file.
    part : str, optional
        Which unit to look at, of a project with ``by = "level"``.

    Returns
    -------
    ProjectResult
        Its ``repr`` is the report on the inputs.

    Raises
    ------
    QuartiersatlasError
        Whatever is wrong with the project file or its inputs: where it is more than one thing, ``faults`` has them all.
    """
    expects(path, (str, Path), "check_project", 'qa.check_project("projekt.toml")')
    with telling_all_faults(path):
        return checked_project(path, part)


def run_project(
    path: str | Path, *, folder: str | Path | None = None, progress: Callable[[int, int], None] | None = None
) -> ProjectResult:
    """Run a project and write its outputs; all are made before the first is moved into place.

    Where the project keeps a ledger, nobody else can enter a release meanwhile, and the releases stand in it before
    their first file is in its place: whenever the run dies, what may have left is known.

    Parameters
    ----------
    path : str or Path
        The project file.
    folder : str or Path, optional
        Where to write; the project's own folder for outputs, if not given.
    progress : callable, optional
        Called with the steps done and all steps: when everything is computed, and after each output.

    Returns
    -------
    ProjectResult
        With ``.files``.

    Raises
    ------
    QuartiersatlasError
        Whatever is wrong with the project file or its inputs: where it is more than one thing, ``faults`` has them all.
        Nothing is written then.
    """
    expects(path, (str, Path), "run_project", 'qa.run_project("projekt.toml")')
    with telling_all_faults(path):
        return write_project(named_part(read_project(path), ""), folder, progress=progress)


def has_parts(path: str | Path) -> bool:
    """Return True if a project is run once for each unit of a level."""
    with telling_all_faults(path):
        return bool(read_project(path).by)
