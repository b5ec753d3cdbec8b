"""Where the parts of a run are computed: in this process, in own processes, or on any executor with ``submit``.

An exception of a part is final: the same data and code raise it again. Only the death of a process is tried again, one
part at a time, each in a process of its own, so that the part that kills it is found and all others are done.
"""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, ProcessPoolExecutor, wait
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from quartiersatlas.base.checks import count_noun
from quartiersatlas.base.executors import AHEAD, DIED, own_pool
from quartiersatlas.errors import RunCancelledError, SpecError
from quartiersatlas.nation.probe import new_token, read_token, versions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from quartiersatlas.base.executors import Executor, ExecutorLike
    from quartiersatlas.nation.task import PartitionTask

PATIENCE = 0.2  # seconds between two looks whether the run is still wanted
NO_GUARD = (
    "The processes of executor={n} ended before they could begin. A script that starts processes keeps its calls under "
    '`if __name__ == "__main__":`, since each process reads the script first; without it each would start the run '
    "again. Or leave out executor="
)


Outcome = tuple["PartitionTask", "dict[str, Any] | str"]  # a receipt, or why there is none


def outcomes(
    call: Callable[[PartitionTask], dict[str, Any]],
    tasks: Sequence[PartitionTask],
    executor: Executor,
    out: Path,
    wanted: Callable[[], bool],
) -> Iterator[Outcome]:
    """Give each part with what came of it, as they are done.

    Parameters
    ----------
    call : callable
        A function of a module, called with each task.
    tasks : list of PartitionTask
        The parts.
    executor : int, executor or None
        As in :func:`quartiersatlas.screen_cells`.
    out : Path
        A folder that every process has to see.
    wanted : callable
        Returns False as soon as the run is to be stopped.

    Raises
    ------
    RunCancelledError
        The run is no longer wanted.
    SpecError
        The processes cannot begin, or do not see the folder.
    """
    tasks = sorted(tasks, key=lambda task: (-task.rows, task.number))
    if not tasks:
        return
    if executor is None:
        for task in tasks:
            if not wanted():
                raise RunCancelledError("The run was stopped.")
            yield task, _called(call, task)
    elif isinstance(executor, int):
        yield from _own_processes(call, tasks, executor, out, wanted)
    else:
        _probe(executor, out, tasks[0])
        yield from _foreign(call, tasks, executor, wanted)


def _foreign(
    call: Callable[[PartitionTask], dict[str, Any]],
    tasks: Sequence[PartitionTask],
    executor: ExecutorLike,
    wanted: Callable[[], bool],
) -> Iterator[Outcome]:
    """Give the parts of an executor that is used as it is; those whose process died once more, one at a time.

    A worker that dies takes the parts with it that wait for it, and an executor may blame them all.
    """
    running: dict[Future[Any], PartitionTask] = {}
    suspects: list[PartitionTask] = []
    try:
        for task in tasks:
            running[executor.submit(call, task)] = task
        for task, found in _collected(running, wanted):
            if found == DIED:
                suspects.append(task)
            else:
                yield task, found
        for task in sorted(suspects, key=lambda one: one.number):
            try:
                running = {executor.submit(call, replace(task, attempt=1)): task}
            except BrokenExecutor:
                yield task, DIED
            else:
                yield from _collected(running, wanted)
    finally:
        for future in running:
            future.cancel()


def _called(call: Callable[[PartitionTask], dict[str, Any]], task: PartitionTask) -> dict[str, Any] | str:
    try:
        return call(task)
    except RunCancelledError:
        raise
    except Exception as error:  # noqa: BLE001 - the others go on, and this one is named
        return reason(error)


def reason(error: BaseException) -> str:
    """Return in one line why a part failed."""
    if isinstance(error, BrokenExecutor) or type(error).__name__ == "KilledWorker":
        return DIED
    text = str(error).strip().partition("\n")[0]
    return text if text.startswith("it took") else f"{type(error).__name__}: {text}" if text else type(error).__name__


def _collected(running: dict[Future[Any], PartitionTask], wanted: Callable[[], bool]) -> Iterator[Outcome]:
    """Give the parts of a foreign executor as they are done."""
    left = set(running)
    while left:
        done, left = wait(left, PATIENCE, FIRST_COMPLETED)
        if not wanted():
            raise RunCancelledError("The run was stopped.")
        for future in sorted(done, key=lambda one: running[one].number):
            yield running[future], _result(future)


def _result(future: Future[Any]) -> dict[str, Any] | str:
    try:
        found: dict[str, Any] = future.result()
    except RunCancelledError:
        raise
    except (Exception, CancelledError) as error:  # noqa: BLE001 - the others go on, and this one is named
        return reason(error)
    return found


def _probe(executor: ExecutorLike, out: Path, task: PartitionTask) -> None:
    """Refuse an executor whose processes do not see the folders, or are of other versions."""
    with new_token(out) as (path, token):
        try:
            found = executor.submit(read_token, str(path), task.file).result()
        except BrokenExecutor as error:
            raise SpecError(NO_GUARD.replace(" of executor={n}", "") + " to compute in this one.") from error
    if found["token"] != token:
        raise SpecError(
            f"The processes of the executor do not see the folder {str(out)!r}: name one by out= that all of them "
            "share."
        )
    if not found["sees"]:
        raise SpecError(f"The processes of the executor do not see {task.file!r}: put the cells where all of them do.")
    here, there = versions(), found["versions"]
    if here != there:
        differ = ", ".join(
            f"{name} {there.get(name)} instead of {here[name]}" for name in here if there.get(name) != here[name]
        )
        raise SpecError(f"The processes of the executor have other versions: {differ}. Results could differ.")


def _own_processes(
    call: Callable[[PartitionTask], dict[str, Any]],
    tasks: Sequence[PartitionTask],
    n: int,
    out: Path,
    wanted: Callable[[], bool],
) -> Iterator[Outcome]:
    """Give the parts of a pool of own processes, and of a new one whenever a process has died."""
    waiting, suspects = list(tasks), list[Any]()
    is_first = True
    while waiting or suspects:
        while suspects:
            task = suspects.pop(0)
            with own_pool(1) as alone:
                yield from _collected({alone.submit(call, task): task}, wanted)
        if not waiting:
            break
        pool = own_pool(min(n, len(waiting)))
        try:
            if is_first:
                _refuse_no_guard(pool, n, out, tasks[0])
                is_first = False
            for task, found in _through(pool, call, waiting, n, wanted):
                if found == DIED:
                    suspects.append(task)
                else:
                    yield task, found
        except BaseException:
            _end(pool)
            raise
        pool.shutdown()


def _refuse_no_guard(pool: ProcessPoolExecutor, n: int, out: Path, task: PartitionTask) -> None:
    """Refuse to go on where not even a call that does nothing comes back."""
    with new_token(out) as (path, _):
        try:
            pool.submit(read_token, str(path), task.file).result()
        except BrokenExecutor as error:
            raise SpecError(NO_GUARD.format(n=n) + " to compute in this process.") from error


def _through(
    pool: ProcessPoolExecutor,
    call: Callable[[PartitionTask], dict[str, Any]],
    waiting: list[Any],
    n: int,
    wanted: Callable[[], bool],
) -> Iterator[Outcome]:
    """Give parts until all that waited are done, or the pool breaks; what was under way then has died."""
    running: dict[Future[Any], PartitionTask] = {}
    is_broken = False
    while running or (waiting and not is_broken):
        while waiting and not is_broken and len(running) < AHEAD * n:
            task = waiting.pop(0)
            try:
                running[pool.submit(call, task)] = task
            except BrokenExecutor:
                waiting.insert(0, task)
                is_broken = True
        if not running:
            break
        done, _ = wait(running, PATIENCE, FIRST_COMPLETED)
        if not wanted():
            raise RunCancelledError("The run was stopped.")
        for future in sorted(done, key=lambda one: running[one].number):
            task, found = running.pop(future), _result(future)
            is_broken = is_broken or found == DIED
            yield task, found


def _end(pool: ProcessPoolExecutor) -> None:
    """End an own pool without waiting for what it is doing: all files are written whole or not at all."""
    processes = list((getattr(pool, "_processes", None) or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        with suppress(Exception):
            process.terminate()
    for process in processes:
        with suppress(Exception):
            process.join(5)


def in_words(failures: dict[str, str], done: int) -> str:
    """Return the message about parts that failed."""
    listed = "; ".join(f"{name}: {why}" for name, why in list(failures.items())[:5])
    more = f"; and {len(failures) - 5} more" if len(failures) > 5 else ""  # noqa: PLR2004 - as listed
    kept = f" {count_noun(done, 'partition is', 'partitions are')} finished and will not be computed again."
    return f"{count_noun(len(failures), 'partition')} failed: {listed}{more}.{kept if done else ''}"
