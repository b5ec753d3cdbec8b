"""What computes the parts of a run: this process, own processes, or anything with ``submit``."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING, Any, Protocol

from quartiersatlas.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

DIED = "the process died (memory?)"
AHEAD = 2  # tasks per process that are handed to an own pool before others are done


class ExecutorLike(Protocol):
    """Any executor: of :mod:`concurrent.futures`, of Dask distributed (``Client.get_executor()``), of mpi4py."""

    def submit(self, fn: Callable[..., Any], /, *args: Any) -> Future[Any]:  # noqa: ANN401 - as Executor.submit
        """Start a call and return its future."""


Executor = int | ExecutorLike | None


def check_executor(executor: object, call: str) -> None:
    """Refuse what is no executor.

    Raises
    ------
    SpecError
        It is neither None, a number of processes, nor has it ``submit``.

    Examples
    --------
    >>> check_executor(0, "run_projects")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    quartiersatlas.errors.SpecError: run_projects: executor=0: None computes in this process, 4 in four processes, ...
    """
    is_number = isinstance(executor, int) and not isinstance(executor, bool) and executor >= 1
    is_executor = callable(getattr(executor, "submit", None)) and not isinstance(executor, type)
    if executor is not None and not is_number and not is_executor:
        raise SpecError(
            f"{call}: executor={executor!r}: None computes in this process, 4 in four processes, and an object with "
            f"submit() is used as it is."
        )


def own_pool(workers: int) -> ProcessPoolExecutor:
    """Return a pool of own processes, each started anew."""
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))
