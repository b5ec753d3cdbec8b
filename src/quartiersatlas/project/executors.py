"""Where the runs of several projects are computed: in this process, in own processes, or on anything with ``submit``.

An error of a run is final: the same data and code raise it again. Only runs whose process died are tried once more,
each in a process of its own, so that the one that kills it is named and the others are done.
"""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, wait
from typing import TYPE_CHECKING, Any, TypeVar

from quartiersatlas.base.executors import AHEAD, DIED, own_pool

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from quartiersatlas.base.executors import Executor, ExecutorLike

GUARD = 'A script that starts processes keeps its calls under `if __name__ == "__main__":`'

Task = TypeVar("Task")
Result = TypeVar("Result")


def results(call: Callable[[Task], Result], tasks: Sequence[Task], executor: Executor) -> list[Result | str]:
    """Return what a function of a module gives for each task, in the order of the tasks, or why its process died.

    What the function raises is raised here: runs that may fail return their error.
    """
    if executor is None:
        return [call(task) for task in tasks]
    found: dict[int, Result | str] = {}
    if isinstance(executor, int):
        with own_pool(executor) as pool:
            died = _collected(call, tasks, pool, AHEAD * executor, found)
    else:
        died = _collected(call, tasks, executor, len(tasks), found)
    for place in died:
        alone: dict[int, Result | str] = {}
        with own_pool(1) as pool:
            died_again = _collected(call, [tasks[place]], pool, 1, alone)
        found[place] = f"{DIED}. {GUARD}." if died_again else alone[0]
    return [found[place] for place in range(len(tasks))]


def _collected(
    call: Callable[[Task], Result],
    tasks: Sequence[Task],
    pool: ExecutorLike,
    ahead: int,
    found: dict[int, Result | str],
) -> list[int]:
    """Fill in the results, and return the places of the tasks whose process died."""
    waiting, running, died = list(range(len(tasks))), dict[Any, int](), list[int]()
    while waiting or running:
        while waiting and len(running) < ahead and not died:
            place = waiting.pop(0)
            try:
                running[pool.submit(call, tasks[place])] = place
            except BrokenExecutor:
                died.append(place)
        if died and not running:
            return sorted([*died, *waiting])
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            place = running.pop(future)
            try:
                found[place] = future.result()
            except BrokenExecutor:
                died.append(place)
            except Exception as error:
                if type(error).__name__ != "KilledWorker":  # Dask has tried it on several workers already
                    raise
                found[place] = DIED
    return sorted(died)
