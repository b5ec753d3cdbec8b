"""Every municipality at once: which quarters stand out in their own, and how sure that is."""

from __future__ import annotations

import shutil
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quartiersatlas.base.checks import choice, expects
from quartiersatlas.base.executors import check_executor
from quartiersatlas.base.lock import locked
from quartiersatlas.base.progress import with_progress
from quartiersatlas.errors import PartitionsFailedError, SpecError
from quartiersatlas.nation.cells import GridCells, open_cells
from quartiersatlas.nation.executors import Outcome, in_words, outcomes
from quartiersatlas.nation.found import NationScreening, gathered
from quartiersatlas.nation.levels import MUNICIPALITY, land_of, official_rates
from quartiersatlas.nation.noise import BINOMIAL, noise_of
from quartiersatlas.nation.order import order_limits
from quartiersatlas.nation.partition import level_reference, partition_sums, run_partition
from quartiersatlas.nation.probe import versions
from quartiersatlas.nation.store import RUN, hash_of_file, hash_of_record, make_store, put
from quartiersatlas.nation.task import PartitionTask, ScreenSpec, finished
from quartiersatlas.screening.evaluation.whole_numbers import LEVELS, whole_rule
from quartiersatlas.screening.language.rules import Rule
from quartiersatlas.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from quartiersatlas.base.executors import Executor
    from quartiersatlas.nation.noise import CellKeyNoise
    from quartiersatlas.space.cell_keys import Contiguity

Levels = dict[str, dict[str, dict[str, tuple[int, int]]]]  # level -> group -> key of a condition -> value or limit

HOW = 'qa.screen_cells(cells, qa.above("foreign_share", than="municipality", factor="1.5"))'
UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9}
LEAST_MEMORY = 10**6


@dataclass(frozen=True)
class RunProgress:
    """How far a run is: what a function that is passed as ``progress`` is called with.

    Parameters
    ----------
    done, of : int
        Parts.
    cells, quarters : int
        Cells screened and quarters found so far.
    failed : int
        Parts that failed.
    seconds_left : float
        A guess, from the cells that are left.
    """

    done: int
    of: int
    cells: int
    quarters: int
    failed: int
    seconds_left: float

    def __str__(self) -> str:
        return (
            f"{self.done}/{self.of} partitions, {self.cells / 1e6:.1f} M cells, {self.quarters:,} quarters so far, "
            f"about {self.seconds_left:.0f} s"
        )


def screen_cells(
    cells: GridCells | str | Path,
    rule: Rule,
    *,
    min_population: int = 500,
    min_municipality: int = 5000,
    contiguity: Contiguity = "queen",
    within: str = "municipality",
    group: str | None = None,
    n: int = 0,
    seed: int = 0,
    noise: str | CellKeyNoise = "binomial",
    out: str | Path | None = None,
    executor: Executor = None,
    resume: bool = True,
    only: str = "",
    memory: str | int = "200 MB",
    timeout: float | None = None,
    cancel: Any = None,  # noqa: ANN401 - anything with is_set()
    progress: bool | Callable[[RunProgress], None] = False,
) -> NationScreening:
    """Find the quarters of all municipalities in which a rule holds: cells that touch and hold enough residents.

    Parameters
    ----------
    cells : GridCells, str or Path
        From :func:`write_cells` or :func:`open_cells`, or their folder.
    rule : Rule
        Made of ``above``, ``at_least``, ``below``, ``at_most``, ``worst_share`` and ``worst_n`` with ``&``, ``|``,
        ``~`` and ``k_of``, of the rates and counts of the cells; ``than`` is ``"municipality"``, ``"land"``,
        ``"size_class"`` or ``"city"`` (all of them), ``"median"`` or ``"quantile"`` (of all cells with a value);
        the worst are those of all cells with a value, or of each group ``by`` one of these levels.
    min_population : int
        Residents that a quarter has at least.
    min_municipality : int
        Residents from which municipalities are screened: the official number, where there is one.
    contiguity : {"queen", "rook"}
        Whether cells also touch in corners, or only in sides.
    within : {"municipality"}
        Quarters end at the border of their municipality: only its council can decide on them.
    group : str, optional
        A column of counts whose members in the quarters are counted; the numerator of the first rate, if not given.
    n : int
        How often counts are drawn again; 0 for not at all.
    seed : int
        Start of the random numbers.
    noise : {"binomial", "cell_key"} or CellKeyNoise
        Which question the runs answer: ``"binomial"``, what an independent count of similar residents would find;
        ``"cell_key"``, what the table would show without, or with other, changes for secrecy. Sums of higher levels and
        published values stay as they are.
    out : str or Path, optional
        Folder for the parts of the run, which can be resumed there. It holds unprotected counts. Without it nothing is
        kept.
    executor : int, executor or None
        None: this process. A number: so many processes of its own. An object with ``submit``: used as it is, such as
        ``Client.get_executor()`` of Dask distributed. The result is the same to the last bit.
    resume : bool
        Whether parts are skipped that are done for the same cells, rule, limits and version.
    only : str, optional
        The two digits of one Land: its parts alone are screened, compared with the same values as in the whole run,
        which later resumes them.
    memory : str or int
        For the runs of one part, such as ``"200 MB"``; the result does not depend on it.
    timeout : float, optional
        Seconds for one part; one that takes longer is named, the others are finished.
    cancel : object with is_set, optional
        Such as a :class:`threading.Event`: as soon as it is set the run stops; what is done stays.
    progress : bool or callable
        True for a bar; a function is called with a :class:`RunProgress` after each part.

    Returns
    -------
    NationScreening
        With ``.summary``, ``.quarters``, ``.municipalities``, ``.runs``, ``.manifest`` and ``.sentence()``.

    Raises
    ------
    SpecError
        The rule names what the cells do not have, an option is out of range, or the processes cannot work.
    PartitionsFailedError
        Parts failed; ``failures`` says which and why, and all others are done.
    RunCancelledError
        The run was stopped.
    ReleaseError
        Another run is using the folder.
    InputError, CountError
        A file of cells is damaged; in many cells a part is larger than its whole.

    See Also
    --------
    plan_cells : What it will take.

    Notes
    -----
    Everything is decided in whole numbers: ``x / n > f X / N`` with ``f = p / q`` is ``x q N > n p X``. Random numbers
    belong to a municipality and a column. So neither the parts, nor their order, nor the executor change a result.

    Examples
    --------
    >>> import tempfile
    >>> import pandas as pd
    >>> import quartiersatlas as qa
    >>> grid = pd.DataFrame({"x": [0, 100, 900], "y": [0, 0, 0], "residents": [300, 300, 6000], "poor": [90, 80, 600]})
    >>> cells = qa.write_cells(grid.assign(ags="03001349"), tempfile.mkdtemp(), layout="plain", size=100,
    ...                        rates={"poor_share": ("poor", "residents")})
    >>> found = qa.screen_cells(cells, qa.above("poor_share", than="municipality", factor="1.5"))
    >>> found.quarters[["residents", "group"]].to_dict("index")
    {'03001349-N0E0': {'residents': 600, 'group': 170}}
    """
    cells = cells if isinstance(cells, GridCells) else open_cells(cells)
    expects(rule, Rule, "screen_cells: rule", HOW)
    check_executor(executor, "screen_cells")
    if within != MUNICIPALITY:
        raise SpecError(
            f'within={within!r}: quarters of a run in parts end at municipal borders: within="municipality".'
        )
    spec = screen_spec(
        cells,
        rule,
        min_population=min_population,
        min_municipality=min_municipality,
        contiguity=contiguity,
        group=group,
        n=n,
        seed=seed,
        noise=noise,
    )
    check_only(cells, only)
    options = HowToRun(executor, resume, only, bytes_of_memory(memory), checked_timeout(timeout), cancel, progress)
    with _folder(out) as folder, locked(folder / "run.json", 0.0, what="run"):
        return _run(cells, spec, folder, options)


@dataclass(frozen=True)
class HowToRun:
    """What changes how a run is computed, and nothing of its result."""

    executor: Executor
    resume: bool
    only: str
    memory: int
    timeout: float
    cancel: Any
    progress: bool | Callable[[RunProgress], None]

    def is_wanted(self) -> bool:
        """Return False as soon as the run is to be stopped."""
        return not (self.cancel is not None and self.cancel.is_set())


def screen_spec(
    cells: GridCells,
    rule: Rule,
    *,
    group: str | None,
    n: int,
    noise: str | CellKeyNoise,
    **options: Any,  # noqa: ANN401 - of screen_cells
) -> ScreenSpec:
    """Return what is asked of every part, checked against the cells."""
    whole = whole_rule(rule, cells.rates, cells.columns, cells.population, LEVELS)
    choice(options["contiguity"], ("queen", "rook"), "contiguity")
    for name, value in {
        "n": n,
        **{one: options[one] for one in ("seed", "min_population", "min_municipality")},
    }.items():
        if not isinstance(value, Integral) or isinstance(value, bool) or value < 0:
            raise SpecError(f"{name}={value!r}: it must be a whole number from 0 on.")
    if group is None:
        group = next((rate.numerator for rate in whole.rates.values() if rate.drawn), "")
    elif cells.columns.get(group) != "count":
        raise SpecError(f"group={group!r} is no column of counts; there are: {', '.join(cells.columns)}.")
    wholes: dict[str, str] = {}
    for rate in whole.rates.values():
        if n and rate.drawn and wholes.setdefault(rate.numerator, rate.denominator) != rate.denominator:
            raise SpecError(
                f"{rate.numerator!r} is counted of {wholes[rate.numerator]!r} and of {rate.denominator!r}: runs "
                "draw it of one of them. Write it under two names, or leave out n=."
            )
    return ScreenSpec(
        rule=whole,
        population=cells.population,
        group=group,
        size=cells.size,
        min_population=int(options["min_population"]),
        min_municipality=int(options["min_municipality"]),
        contiguity=options["contiguity"],
        runs=int(n),
        seed=int(options["seed"]),
        noise=noise_of(noise, cells.smallest) if n else BINOMIAL,
    )


def bytes_of_memory(memory: str | int) -> int:
    """Return a number of bytes.

    Raises
    ------
    SpecError
        It is none, or below 1 MB.

    Examples
    --------
    >>> bytes_of_memory("500 MB")
    500000000
    """
    text = str(memory).strip().upper()
    unit = next((one for one in ("GB", "MB", "KB", "B") if text.endswith(one)), "")
    try:
        found = int(float(text.removesuffix(unit)) * UNITS.get(unit, 1))
    except (ValueError, OverflowError):
        found = 0
    if isinstance(memory, bool) or found < LEAST_MEMORY:
        raise SpecError(f"memory={memory!r}: name at least 1 MB, such as memory='200 MB'.")
    return found


def check_only(cells: GridCells, only: str) -> None:
    """Refuse a Land that the cells do not have; each file holds municipalities of one."""
    lands = sorted({land_of(file.first) for file in cells.files})
    if only and only not in lands:
        raise SpecError(f"{only!r} is no Land of these cells; there are: {', '.join(lands)}.")


def checked_timeout(timeout: float | None) -> float:
    """Return the seconds for one part; 0 for none."""
    if timeout is None:
        return 0.0
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not 0 < timeout < float("inf"):
        raise SpecError(f"timeout={timeout!r}: seconds above 0, or None.")
    return float(timeout)


@contextmanager
def _folder(out: str | Path | None) -> Iterator[Path]:
    """Give the folder of a run, made where it is not there; a temporary one if none is named."""
    if out is None:
        folder = Path(tempfile.mkdtemp(prefix="quartiersatlas-run-"))
        try:
            make_store(folder, RUN)
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return
    expects(out, (str, Path), "screen_cells: out", 'out="run/"')
    make_store(Path(out), RUN)
    yield Path(out)


def tasks_of(cells: GridCells, spec: ScreenSpec, folder: Path, memory: int) -> list[PartitionTask]:
    """Return the parts of a run; what they are compared with is not known yet."""
    frame = cells.municipalities
    official = f"official_{cells.population}"
    sizes: dict[Any, int] = frame[official].dropna().astype(int).to_dict() if official in frame else {}
    return [
        PartitionTask(
            number=number,
            file=str((cells.folder / file.name).absolute()),
            rows=file.rows,
            first=file.first,
            last=file.last,
            spec=spec,
            sizes={ags: size for ags, size in sizes.items() if file.first <= ags <= file.last},
            out=str(folder.absolute()),
            memory=memory,
        )
        for number, file in enumerate(cells.files)
    ]


def _run(cells: GridCells, spec: ScreenSpec, folder: Path, options: HowToRun) -> NationScreening:
    for left_over in [*folder.glob("stop-*"), *folder.glob("token-*")]:
        left_over.unlink(missing_ok=True)
    stop = folder / f"stop-{hash_of_record(time.time_ns())[:16]}"
    tasks = [
        replace(task, stop=str(stop.absolute()), timeout=options.timeout)
        for task in tasks_of(cells, spec, folder, options.memory)
    ]
    wanted = {options.only} if options.only else {land_of(task.first) for task in tasks}
    try:
        official = official_rates(cells, spec)
        reference, notes = _reference(tasks, official, spec, options, folder)
        base = {"spec": hash_of_record(spec.record), "version": f"{__version__} numpy {versions()['numpy']}"}
        tasks = [_prepared(task, reference, official, base) for task in tasks if land_of(task.first) in wanted]
        receipts = {task.number: finished(task) if options.resume else None for task in tasks}
        left = [task for task in tasks if receipts[task.number] is None]
        failures: dict[str, str] = {}
        for task, found in _shown(left, receipts, folder, options):
            if isinstance(found, str):
                failures[task.name] = found
            else:
                receipts[task.number] = found
    except BaseException:
        put(stop, b"")  # what still runs elsewhere stops at its next look
        raise
    finally:
        if stop.exists() and isinstance(options.executor, int | None):
            stop.unlink(missing_ok=True)
    if failures:
        done = sum(receipt is not None for receipt in receipts.values())
        raise PartitionsFailedError(in_words(dict(sorted(failures.items())), done), dict(sorted(failures.items())))
    notes = (*([f"the Land {options.only} alone"] if options.only else []), *notes)
    return gathered(cells, spec, tasks, [receipts[task.number] or {} for task in tasks], reference, notes)


def _reference(
    tasks: list[PartitionTask],
    official: dict[str, dict[str, tuple[int, int]]],
    spec: ScreenSpec,
    options: HowToRun,
    folder: Path,
) -> tuple[Levels, tuple[str, ...]]:
    """Return values of levels and limits of orders, and notes on them: the first pass, where the rule needs one."""
    if not needs_first_pass(spec):
        return {}, ()
    levels = tuple(level for level in spec.rule.levels if level != MUNICIPALITY)
    sums: dict[str, dict[str, Any]] = {}
    orders, failures = [], {}
    for task, found in outcomes(partition_sums, tasks, options.executor, folder, options.is_wanted):
        if isinstance(found, str):
            failures[task.name] = found
        else:
            sums |= found["sums"]
            orders.append(found["orders"])
    if failures:
        raise PartitionsFailedError(in_words(failures, 0), failures)
    reference = level_reference(sums, official, levels)
    limits = order_limits(spec.rule, orders)
    for level, groups in limits.reference.items():
        for group, found in groups.items():
            reference.setdefault(level, {}).setdefault(group, {}).update(found)
    return reference, limits.notes


def needs_first_pass(spec: ScreenSpec) -> bool:
    """Return True where limits come from more than the own municipality."""
    return bool(spec.rule.ranked) or any(level != MUNICIPALITY for level in spec.rule.levels)


def _prepared(
    task: PartitionTask,
    reference: Levels,
    official: dict[str, dict[str, tuple[int, int]]],
    base: dict[str, str],
) -> PartitionTask:
    """Return a part with what it is compared with, and the hashes that its receipt has to bear."""
    known: Levels = dict(reference)
    own: dict[str, dict[str, tuple[int, int]]] = {}
    for limits in (reference.get(MUNICIPALITY, {}), official):
        for ags in filter(lambda ags: task.first <= ags <= task.last, limits):
            own[ags] = own.get(ags, {}) | limits[ags]
    if own:
        known[MUNICIPALITY] = own
    else:
        known.pop(MUNICIPALITY, None)
    prints = {**base, "input": hash_of_file(Path(task.file)), "reference": hash_of_record([known, task.sizes])}
    return replace(task, reference=known, fingerprint=prints)


def _shown(left: list[PartitionTask], receipts: dict[int, Any], folder: Path, options: HowToRun) -> Iterator[Outcome]:
    """Give the parts as they are done, and show how far the run is."""
    start, of = time.monotonic(), len(receipts)
    rows, cells, failed = sum(task.rows for task in left), 0, 0
    known = [receipt for receipt in receipts.values() if receipt]
    done, quarters = len(known), sum(receipt["quarters"] for receipt in known)
    found = outcomes(run_partition, left, options.executor, folder, options.is_wanted)
    for task, result in with_progress(found, progress=options.progress is True, unit="part", total=len(left)):
        yield task, result
        cells += task.rows
        if isinstance(result, str):
            failed += 1
        else:
            done, quarters = done + 1, quarters + result["quarters"]
        if callable(options.progress):
            rest = (time.monotonic() - start) * (rows - cells) / max(cells, 1)
            options.progress(RunProgress(done, of, cells, quarters, failed, rest))
