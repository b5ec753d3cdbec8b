"""Folders of cells: whole municipalities in each file, counts as whole numbers, sorted once when they were written."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from quartiersatlas.base.checks import count_noun, expects
from quartiersatlas.errors import DependencyError, InputError, SpecError
from quartiersatlas.intake.cells.read import HIDDEN
from quartiersatlas.nation.store import CELLS, check_store
from quartiersatlas.screening.evaluation.whole_numbers import CountRate
from quartiersatlas.space.cell_keys import cell_keys

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd
    import pyarrow as pa
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

DESCRIPTION = "cells.json"
MUNICIPALITIES = "municipalities.parquet"
PLACE = ("ags", "x", "y")


@dataclass(frozen=True)
class CellFile:
    """One file of whole municipalities.

    Parameters
    ----------
    name : str
        Its path inside the folder, with ``/``.
    rows, municipalities : int
        How many it holds.
    first, last : str
        The keys of its first and its last municipality.
    """

    name: str
    rows: int
    municipalities: int
    first: str
    last: str


@dataclass(frozen=True, eq=False)
class GridCells:
    """Cells of a census grid in files of whole municipalities; from :func:`write_cells` or :func:`open_cells`.

    Parameters
    ----------
    folder : Path
        Where they are. It holds unprotected counts and takes no output.
    size : int
        Side of a cell in metres.
    population : str
        The column of residents.
    columns : mapping of str to str
        Column -> ``"count"``, or ``"sum"`` for the sum of a mean in hundredths over the units it is the mean of.
    rates : mapping of str to CountRate
        What the names of rates in rules stand for.
    files : tuple of CellFile
        In the order of the municipalities.
    input_protection : str
        What the publisher has done to the counts: ``"cell_key"``, ``"safe"``, or empty for own counts.
    smallest : int
        The smallest positive count of all columns: the cell-key method may leave out 1 and 2.
    report : mapping of str to object
        What was read, and what was decided: marks, codes, cells outside, ties, clipped parts.
    notes : tuple of str
        The same in sentences.
    """

    folder: Path
    size: int
    population: str
    columns: Mapping[str, str]
    rates: Mapping[str, CountRate]
    files: tuple[CellFile, ...]
    input_protection: str = ""
    smallest: int = 1
    report: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """Number of cells."""
        return sum(file.rows for file in self.files)

    @property
    def municipalities(self) -> pd.DataFrame:
        """One row per municipality: ``name``, ``grid_<population>`` and what the official table holds.

        A GeoDataFrame where outlines were given.
        """
        return self._municipalities.copy()

    @cached_property
    def _municipalities(self) -> pd.DataFrame:
        return _municipalities(self.folder / MUNICIPALITIES)

    def __repr__(self) -> str:
        rates = ", ".join(self.rates) or "none"
        number = sum(file.municipalities for file in self.files)
        first = (
            f"{self.rows:,} cells of {self.size} m in {count_noun(number, 'municipality', 'municipalities')}, "
            f"{count_noun(len(self.files), 'file')} in {self.folder.name}/; rates: {rates}"
        )
        return "\n".join([first, *(f"  {note}" for note in self.notes)])


def open_cells(folder: str | Path) -> GridCells:
    """Open a folder of cells that :func:`write_cells` has written.

    Parameters
    ----------
    folder : str or Path
        The folder.

    Returns
    -------
    GridCells
        Nothing of the counts is read yet.

    Raises
    ------
    InputError
        It is no folder of cells, a file of it is missing, or a later version of the library wrote it.
    DependencyError
        pyarrow is missing.

    See Also
    --------
    screen_cells : Screen them.

    Examples
    --------
    >>> import quartiersatlas as qa
    >>> qa.open_cells("nowhere")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    quartiersatlas.errors.InputError: 'nowhere' is no folder: ...
    """
    expects(folder, (str, Path), "open_cells", 'qa.open_cells("cells/")')
    need_pyarrow()
    place = Path(folder)
    check_store(place, CELLS)
    try:
        content: dict[str, Any] = json.loads((place / DESCRIPTION).read_text(encoding="utf-8"))
        files = tuple(CellFile(**one) for one in content["files"])
        rates = {
            name: CountRate(top, bottom, Fraction(per), drawn)
            for name, (top, bottom, per, drawn) in content["rates"].items()
        }
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise InputError(f"{str(place / DESCRIPTION)!r} is missing or damaged: write the cells again.") from error
    absent = [file.name for file in files if not (place / file.name).is_file()]
    if absent:
        raise InputError(
            f"{str(place)!r} lacks {count_noun(len(absent), 'file')}, first {absent[0]!r}: write it again."
        )
    _check_ranges(files)
    return GridCells(
        folder=place,
        size=content["size"],
        population=content["population"],
        columns=content["columns"],
        rates=rates,
        files=files,
        input_protection=content["input_protection"],
        smallest=content["smallest"],
        report=content["report"],
        notes=tuple(content["notes"]),
    )


def _check_ranges(files: tuple[CellFile, ...]) -> None:
    """Refuse files whose municipalities overlap, as the description has them."""
    for earlier, later in pairwise(files):
        if later.first <= earlier.last:
            raise SpecError(
                f"The municipalities of {later.name!r} begin with {later.first}, before those of {earlier.name!r} end "
                f"with {earlier.last}: a municipality stands in one file. Write the cells again with write_cells()."
            )


def need_pyarrow() -> None:
    """Refuse to work without pyarrow, which reads and writes the files of cells."""
    try:
        import pyarrow as pa  # noqa: F401
    except ImportError as error:
        raise DependencyError('Cells need pyarrow: pip install "quartiersatlas[parquet]".') from error


def _municipalities(path: Path) -> pd.DataFrame:
    import geopandas as gpd
    import pandas as pd
    import pyarrow.parquet as pq

    is_geo = "geometry" in pq.read_schema(path).names
    frame = gpd.read_parquet(path) if is_geo else pd.read_parquet(path)
    return frame.drop(columns="bbox", errors="ignore").set_index("ags")


@dataclass(frozen=True, eq=False)
class CellPart:
    """The cells of one file in memory.

    Parameters
    ----------
    keys : list of str
        The municipalities, ascending.
    starts : ndarray of int, shape (n_municipalities + 1,)
        Where the cells of each begin, and the number of cells.
    x, y : ndarray of int
        Lower left corner in steps of the cell size.
    counts : mapping of str to ndarray of int64
        Column -> counts, -1 where nobody knows them.
    key : ndarray of int64
        See :func:`quartiersatlas.space.cell_keys.cell_keys`.
    """

    keys: list[str]
    starts: Ints
    x: Ints
    y: Ints
    counts: dict[str, Ints]
    key: Ints

    @property
    def unit(self) -> Ints:
        """The number of the municipality of each cell."""
        return np.repeat(np.arange(len(self.keys)), np.diff(self.starts))

    def sums(self, values: Ints) -> Ints:
        """Return the sums of municipalities."""
        if not len(values):
            return np.zeros(len(self.keys), np.int64)
        return np.add.reduceat(values, self.starts[:-1])


def read_part(path: Path, columns: Iterable[str]) -> CellPart:
    """Read columns of one file of cells, and check that it is as a file of cells has to be.

    Raises
    ------
    SpecError
        Rows are not sorted by municipality, y and x, or a cell is there twice; the message names file, cell and row.
    InputError
        The file is damaged, or lacks a column.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    wanted = list(dict.fromkeys(columns))
    try:
        with pq.ParquetFile(path, read_dictionary=["ags"]) as file:  # one file alone: the folder's name is no column
            absent = [name for name in (*PLACE, *wanted) if name not in file.schema_arrow.names]
            if absent:
                raise InputError(f"{path.name} has no column {absent[0]!r}: write the cells again with it.")
            table = file.read(columns=[*PLACE, *wanted], use_threads=False)
    except (OSError, pa.ArrowInvalid) as error:
        raise InputError(f"{str(path)!r} cannot be read as cells: {error}. Write them again.") from error
    keys, codes = _numbered(table.column("ags"))
    x, y = (table.column(name).to_numpy().astype(np.int64) for name in ("x", "y"))
    columns = {name: table.column(name) for name in wanted}
    columns = {name: one.fill_null(HIDDEN) if one.null_count else one for name, one in columns.items()}
    counts = {name: one.to_numpy().astype(np.int64) for name, one in columns.items()}
    key = cell_keys(codes, x, y)
    wrong = np.flatnonzero(key[1:] <= key[:-1])
    if len(wrong) or keys != sorted(keys):
        row = int(wrong[0]) + 1 if len(wrong) else int(np.flatnonzero(np.diff(codes))[0]) + 1
        at = f"{keys[codes[row]]}-N{y[row]}E{x[row]}"
        why = "is there twice" if len(wrong) and key[row] == key[row - 1] else "is not in order"
        raise SpecError(
            f"{path.parent.name}/{path.name}: the cell {at} in row {row + 1} {why}. Rows are sorted by municipality, y "
            f"and x, each cell once: write the cells again with write_cells()."
        )
    starts = np.searchsorted(codes, np.arange(len(keys) + 1))
    return CellPart(keys, starts, x, y, counts, key)


def _numbered(ags: pa.ChunkedArray) -> tuple[list[str], Ints]:
    """Return the municipalities in the order in which they come, and the number of each row's.

    Files hold them as a dictionary; one that has its words in another order, or more of them than rows, is made anew.
    """
    import pyarrow as pa

    kept = ags.unify_dictionaries().combine_chunks()
    kept = kept.combine_chunks() if isinstance(kept, pa.ChunkedArray) else kept
    keys, codes = kept.dictionary.to_pylist(), kept.indices
    numbers: Ints = codes.to_numpy(zero_copy_only=False).astype(np.int64)
    step = numbers[1:] - numbers[:-1]
    in_order = len(numbers) > 0 and (numbers[0], numbers[-1]) == (0, len(keys) - 1) and len(set(keys)) == len(keys)
    if in_order and not kept.null_count and step.min(initial=0) >= 0 and step.max(initial=0) <= 1:
        return keys, numbers
    made = kept.dictionary_decode().dictionary_encode()
    return made.dictionary.to_pylist(), made.indices.to_numpy(zero_copy_only=False).astype(np.int64)
