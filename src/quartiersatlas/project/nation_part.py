"""``nation.toml``: every municipality from one file, on one machine or many; how it is computed is not in the file."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quartiersatlas.base.checks import choice, expects
from quartiersatlas.base.executors import check_executor
from quartiersatlas.base.stores import refuse_internal
from quartiersatlas.base.toml import declared, naming_the_line, read_toml, refuse_unknown, table
from quartiersatlas.catalogue import Indicator
from quartiersatlas.catalogue.texts import LANGUAGES
from quartiersatlas.errors import DependencyError, InputError, SpecError, inside
from quartiersatlas.nation import open_cells, plan_cells, screen_cells
from quartiersatlas.nation.screen import check_only
from quartiersatlas.nation.store import put_json
from quartiersatlas.project.rule_part import RulePart, naming_the_condition, read_rule_part
from quartiersatlas.project.toml_words import toml_advice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from quartiersatlas.base.executors import Executor
    from quartiersatlas.catalogue import Lang
    from quartiersatlas.nation import CellPlan, GridCells, NationScreening
    from quartiersatlas.nation.screen import RunProgress

TEXTS = ("title", "subtitle", "source", "as_of", "comment")
HOW = 'qa.run_nation("nation.toml")'
OPTIONS = (
    "highest",
    "min_population",
    "min_municipality",
    "contiguity",
    "group",
    "seed",
    "noise",
    "memory",
    "timeout",
    "n",
)
MANIFEST = "manifest.json"


@dataclass(frozen=True, kw_only=True)
class CellsPart:
    """``[cells]``: the folder that :func:`write_cells` has written."""

    folder: str


@dataclass(frozen=True, kw_only=True)
class QuartersPart:
    """``[quarters]``: what a quarter is, and where they are looked for."""

    min_population: int = 500
    min_municipality: int = 5000
    contiguity: str = "queen"
    group: str | None = None


@dataclass(frozen=True, kw_only=True)
class RunsPart:
    """``[stability]``: how often counts are drawn again, and which question that answers."""

    n: int = 0
    seed: int = 0
    noise: str = "binomial"


@dataclass(frozen=True, kw_only=True)
class NationOutputs:
    """``[outputs]``: what is written for readers; an empty name leaves one out."""

    folder: str = "ergebnis"
    overview: str = "deutschland.html"
    starters: str = ""

    @property
    def names(self) -> list[str]:
        """The names that are written."""
        return [name for name in (self.overview, self.starters) if name]


@dataclass(frozen=True, kw_only=True)
class ParallelPart:
    """``[parallel]``: the folder of the parts, which holds unprotected counts, and limits of one part."""

    folder: str = "lauf"
    memory: str = "200 MB"
    timeout: float | None = None


@dataclass(frozen=True, kw_only=True)
class Nation:
    """A file of all municipalities as read; paths are relative to its folder."""

    path: Path
    cells: CellsPart
    rule: RulePart
    title: str = ""
    subtitle: str = ""
    source: str = ""
    as_of: str = ""
    comment: str = ""
    lang: Lang = "de"
    quarters: QuartersPart = field(default_factory=QuartersPart)
    stability: RunsPart = field(default_factory=RunsPart)
    outputs: NationOutputs = field(default_factory=NationOutputs)
    parallel: ParallelPart = field(default_factory=ParallelPart)
    indicators: Mapping[str, Indicator] = field(default_factory=dict)

    def file(self, name: str) -> Path:
        """Return a file or folder that the file names."""
        return self.path.parent / name

    @property
    def options(self) -> dict[str, Any]:
        """The options of the screening."""
        runs, quarters = self.stability, self.quarters
        asked = {name: getattr(quarters, name) for name in ("min_population", "min_municipality", "contiguity")}
        return {**asked, "group": quarters.group, "n": runs.n, "seed": runs.seed, "noise": runs.noise}

    @property
    def texts(self) -> dict[str, Any]:
        """What a reader has to know."""
        return {name: getattr(self, name) for name in TEXTS}


PARTS: dict[str, type[Any]] = {
    "cells": CellsPart,
    "quarters": QuartersPart,
    "stability": RunsPart,
    "outputs": NationOutputs,
    "parallel": ParallelPart,
}


@dataclass(frozen=True, eq=False)
class NationResult:
    """What a run over all municipalities has found and written.

    Parameters
    ----------
    nation : Nation
        The file.
    found : NationScreening
        The result. For the house only.
    files : tuple of Path
        What was written for readers; nothing where one Land alone was computed.
    """

    nation: Nation
    found: NationScreening
    files: tuple[Path, ...] = ()

    def __repr__(self) -> str:
        return "\n".join([repr(self.found), *(f"  wrote {file}" for file in self.files)])


def is_nation(path: str | Path) -> bool:
    """Return True for a file with ``[cells]``: it is about all municipalities, not about one city."""
    return "cells" in read_toml(path, "project")


def read_nation(path: str | Path) -> Nation:
    """Read a file of all municipalities.

    Raises
    ------
    InputError
        The file is missing or not valid TOML.
    SpecError
        Something in it is unknown, missing or impossible; the message says where, with the line.
    """
    path = Path(path)
    content = read_toml(path, "project")
    rule = read_rule_part(content, path)
    with naming_the_line(path):
        refuse_unknown(content, [*TEXTS, "lang", "shortlist", "indicators", *PARTS], "the file")
        if rule is None:
            raise SpecError('a rule is needed: add [shortlist] with rule = "...", or select = "..." with [conditions].')
        parts: dict[str, Any] = {}
        for name, kind in PARTS.items():
            with inside(name):
                entry = table(content.pop(name, {}), f"[{name}]")
                parts[name] = declared(kind, entry, f"[{name}]")
        meanings = {}
        with inside("indicators"):
            for name, entry in table(content.pop("indicators", {}), "[indicators]").items():
                with inside(name):
                    where = f"[indicators.{name}]"
                    meanings[name] = declared(Indicator, {"id": name, **table(entry, where)}, where)
        nation: Nation = declared(
            Nation, {"path": path, "rule": rule, "indicators": meanings, **content, **parts}, "the file"
        )
        return _checked(nation)


def _checked(nation: Nation) -> Nation:
    """Refuse what cannot work together."""
    with inside("lang"):
        choice(nation.lang, LANGUAGES, "lang")
    for name in ("missing", "compare", "barriers", "crossings"):
        if getattr(nation.rule, name):
            with inside("shortlist"):
                raise SpecError(f"[shortlist]: {name} is for the project of one town. Leave it out here.", key=name)
    written = nation.outputs.names
    if len(set(written)) < len(written) or any(Path(name).name != name for name in written):
        raise SpecError(
            f"the names in [outputs] must differ and hold no folder: {', '.join(map(repr, written))}.", key="outputs"
        )
    folders = {
        "[cells]": nation.cells.folder,
        "[outputs]": nation.outputs.folder,
        "[parallel]": nation.parallel.folder,
    }
    if len({nation.file(name).resolve() for name in folders.values()}) < len(folders):
        raise SpecError(
            f"{', '.join(folders)} need three folders: cells and parts hold unprotected counts, outputs are for "
            "readers.",
            key="outputs",
        )
    return nation


@contextmanager
def _speaking_toml(nation: Nation) -> Iterator[None]:
    """Name file and line in errors of the screening: those of an option, or of a condition."""
    places: dict[str, type[Any]] = {"quarters": QuartersPart, "stability": RunsPart, "parallel": ParallelPart}
    parts = {name: part for part, kind in places.items() for name in (one.name for one in fields(kind))}
    with toml_advice("", OPTIONS), naming_the_line(nation.path):
        try:
            yield
        except SpecError as error:
            option = next((name for name in parts if str(error).startswith((f"{name}=", f"{name} "))), "")
            if option:
                error.place = (parts[option], option)
                raise
            if not any(str(error).startswith(f"{one}: ") for one in nation.rule.tree.conditions):
                raise
            with naming_the_condition(nation.rule, nation.path):
                error.located = True
                raise


def _cells(nation: Nation) -> GridCells:
    try:
        return open_cells(nation.file(nation.cells.folder))
    except InputError as error:
        error.args = (f"{nation.path.name}, [cells]: {error}", *error.args[1:])
        raise


def plan_nation(path: str | Path) -> CellPlan:
    """Return what a run will take; nothing is computed or written.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    CellPlan
        Parts, cells, memory of one process, CPU seconds.

    Raises
    ------
    QuartiersatlasError
        Whatever is wrong with the file or its cells.
    """
    expects(path, (str, Path), "plan_nation", HOW)
    nation = read_nation(path)
    cells = _cells(nation)
    with _speaking_toml(nation):
        return plan_cells(cells, nation.rule.tree, memory=nation.parallel.memory, **nation.options)


def run_nation(
    path: str | Path,
    *,
    executor: Executor = None,
    only: str = "",
    fresh: bool = False,
    folder: str | Path | None = None,
    progress: bool | Callable[[RunProgress], None] = False,
) -> NationResult:
    """Screen all municipalities as a file says, and write what is for readers.

    Parameters
    ----------
    path : str or Path
        The file.
    executor : int, executor or None
        As in :func:`quartiersatlas.screen_cells`; it changes no byte of what is written.
    only : str, optional
        Two digits of a Land: its parts alone are computed, and nothing is written for readers.
    fresh : bool
        Compute finished parts again.
    folder : str or Path, optional
        Write to this folder instead of that of the file.
    progress : bool or callable
        As in :func:`quartiersatlas.screen_cells`.

    Returns
    -------
    NationResult
        What was found, and the files.

    Raises
    ------
    PartitionsFailedError
        Parts failed; all others are done and stay.
    QuartiersatlasError
        Whatever is wrong with the file or its cells.
    """
    expects(path, (str, Path), "run_nation", HOW)
    nation = read_nation(path)
    out = nation.file(nation.outputs.folder) if folder is None else Path(folder)
    refuse_internal(out)
    cells = _cells(nation)
    check_executor(executor, "run_nation")
    check_only(cells, only)
    run = nation.file(nation.parallel.folder)
    with _speaking_toml(nation):
        found = screen_cells(
            cells,
            nation.rule.tree,
            out=run,
            executor=executor,
            resume=not fresh,
            only=only,
            memory=nation.parallel.memory,
            timeout=nation.parallel.timeout,
            progress=progress,
            **nation.options,
        )
    if only:
        return NationResult(nation, found)
    put_json(run / MANIFEST, found.manifest)
    return NationResult(nation, found, tuple(_written(nation, found, out, executor)))


def _written(nation: Nation, found: NationScreening, out: Path, executor: Executor) -> list[Path]:
    """Write overview and starters."""
    from quartiersatlas.present.map.overview import overview_map

    files: list[Path] = []
    if not nation.outputs.names or not len(found.public_quarters()):
        return files
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"The folder {str(out)!r} cannot be made ({error.strerror}).") from error
    meanings = tuple(nation.indicators.values())
    starters = nation.outputs.starters
    if nation.outputs.overview:
        released = found.release(indicators=meanings, **nation.texts)
        page = overview_map(released, nation.lang, starters=starters)
        files.append(page.save(out / nation.outputs.overview))
    if starters:
        made = found.starters(
            out / starters, lang=nation.lang, indicators=meanings, executor=executor, **_without_comment(nation)
        )
        files.extend(made)
    return files


def _without_comment(nation: Nation) -> dict[str, str]:
    """Return what holds for each municipality: what a comment says is of the whole country."""
    return {name: content for name, content in nation.texts.items() if name in ("source", "as_of")}


@contextmanager
def chosen_executor(workers: int | None, scheduler: str) -> Iterator[Executor]:
    """Give the executor that the command line names: processes of this machine, or a cluster of Dask.

    Raises
    ------
    SpecError
        Both are named.
    DependencyError
        Dask distributed is missing.
    InputError
        Nobody answers at the address.
    """
    if workers is not None and scheduler:
        raise SpecError("--workers and --scheduler are two places to compute: name one.")
    if workers is not None and workers < 1:
        raise SpecError(f"--workers {workers}: name the number of processes, from 1 on.")
    if not scheduler:
        with nullcontext(workers) as own:
            yield own
        return
    try:
        from distributed import Client
    except ImportError as error:
        raise DependencyError('--scheduler needs Dask distributed: pip install "quartiersatlas[parallel]".') from error
    try:
        client: Any = Client(scheduler, timeout="10s")  # type: ignore[no-untyped-call]
    except (OSError, ValueError, TypeError) as error:
        raise InputError(f"No scheduler answers at {scheduler!r}: {error or 'no connection within 10 s'}.") from error
    with client:
        yield client.get_executor()
