"""From published files to a folder of cells: themes side by side, each cell in its municipality, whole ones in a file.

What is decided on the way stands in the notes.
"""

from __future__ import annotations

import shutil
from dataclasses import asdict, dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import choice, count_noun, expects
from quartiersatlas.base.lock import locked
from quartiersatlas.errors import ColumnError, CountError, InputError, KeyColumnError, SpecError, list_some
from quartiersatlas.intake.cells.layouts import CellLayout, cell_layout
from quartiersatlas.intake.cells.read import HIDDEN, UNRELIABLE, CellTable, cells_of_frame, read_cell_file
from quartiersatlas.nation.cells import DESCRIPTION, MUNICIPALITIES, CellFile, GridCells, need_pyarrow, open_cells
from quartiersatlas.nation.levels import land_of
from quartiersatlas.nation.municipalities import EUROPE, checked_keys, checked_municipalities, official_counts
from quartiersatlas.nation.store import CELLS, check_store, make_store, put, put_json
from quartiersatlas.screening.evaluation.whole_numbers import CountRate
from quartiersatlas.space.cell_keys import MOST_STEPS, cell_keys, units_by_largest_share

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Source = str | Path | pd.DataFrame

PLAIN = "plain"
HOW = (
    'qa.write_cells(["Bevoelkerungszahl.zip"], "cells/", layout="zensus2022", size=100, municipalities=municipalities)'
)
ROW_GROUP = 50_000
MOST_IN_A_CELL = 2**31 - 1  # what the files hold
HUNDREDTHS = 100
MOST_APART = 0.02  # by which the cells of a municipality may miss its official number without a word
MOST_CLIPPED = 0.02
SHOWN = 5


def write_cells(
    sources: Source | Sequence[Source],
    to: str | Path,
    *,
    layout: str | Path = "zensus2022",
    size: int = 100,
    municipalities: pd.DataFrame | str | Path | None = None,
    key: str = "ags",
    name: str | None = None,
    assign: Literal["largest_share"] = "largest_share",
    official: pd.DataFrame | None = None,
    columns: Mapping[str, str | Sequence[str]] | None = None,
    rates: Mapping[str, tuple[str, str]] | None = None,
    means: Mapping[str, str] | None = None,
    population: str = "residents",
    symbols: Mapping[str, str] | None = None,
    rows_per_file: int = 200_000,
) -> GridCells:
    """Write the cells of a census grid into files of whole municipalities, which :func:`screen_cells` takes.

    Parameters
    ----------
    sources : path, DataFrame or list of them
        Published files (``.csv``, or the ``.zip`` of a theme: the member of the size is read), one per theme; or with
        ``layout="plain"`` a frame or ``.parquet`` with ``x`` and ``y`` (lower left corners in metres, EPSG:3035),
        counts, and perhaps the municipality of each cell in ``key``.
    to : str or Path
        The folder; one that holds cells is replaced. It holds unprotected counts: readable by its owner alone, and no
        output is written there.
    layout : str or Path
        ``"zensus2022"``, ``"zensus2011"``, ``"zensus2011_long"``, ``"eurostat"``, ``"plain"``, or a TOML file.
    size : int
        Side of a cell in metres.
    municipalities : GeoDataFrame, DataFrame or path, optional
        One row per municipality, with outlines in EPSG:3035 unless the cells name theirs. Of VG250 the rows with
        ``GF == 4``.
    key, name : str
        Their columns (or the index) with the key, as text, and the name.
    assign : {"largest_share"}
        A cut cell belongs to the municipality that covers most of it; of two with the same share to the lower key.
    official : DataFrame, optional
        Published counts on the keys, in columns that are called as those of the cells: sizes of municipalities, limits
        of rules with ``than="municipality"``, and a check of the cells.
    columns : mapping, optional
        Name -> column of the files, or columns whose sum it is; what the layout names and all others, if not given.
    rates : mapping of str to (str, str), optional
        Name -> numerator and denominator, columns of counts. Rules name them, in per cent.
    means : mapping of str to str, optional
        Name of a mean or share -> the count it is the mean of; needed for any that a layout does not know.
    population : str
        The column of residents.
    symbols : mapping of str to str, optional
        Mark or code -> ``"zero"``, ``"missing"`` or ``"suppressed"``, instead of what the layout says. Without it
        nobody knows what the dash of 2022 hides (suppressed), and a -1 of 2011 is missing.
    rows_per_file : int
        About so many cells go into a file; a municipality with more is a file of its own.

    Returns
    -------
    GridCells
        With a note for everything that was decided.

    Raises
    ------
    InputError
        A source or the folder cannot be used.
    ColumnError, KeyColumnError
        A column is missing; keys of municipalities or codes of cells are wrong or there twice.
    NumberError, CountError
        Marks without a meaning, negative numbers, decimals in counts; a part larger than its whole in many cells.
    SpecError
        A mean without its count, another cell size, an option that does not go.
    DependencyError
        pyarrow is missing.

    Notes
    -----
    A mean is stored as the sum of hundredths over what it is the mean of, a whole number, so that sums are exact.

    Examples
    --------
    >>> import tempfile
    >>> import pandas as pd
    >>> import quartiersatlas as qa
    >>> grid = pd.DataFrame({"x": [0, 100], "y": [0, 0], "residents": [30, 40], "poor": [3, 8], "ags": "03001349"})
    >>> qa.write_cells(grid, tempfile.mkdtemp(), layout="plain", rates={"poor_share": ("poor", "residents")}).rows
    2
    """
    need_pyarrow()
    expects(to, (str, Path), "write_cells: to", HOW)
    choice(assign, ("largest_share",), "assign")
    if isinstance(size, bool) or not isinstance(size, int) or size < 1:
        raise SpecError(f"size={size!r}: the side of a cell in metres, such as 100 or 1000.")
    if isinstance(rows_per_file, bool) or not isinstance(rows_per_file, int) or rows_per_file < 1:
        raise SpecError(f"rows_per_file={rows_per_file!r}: it must be a whole number from 1 on.")
    table, known = _read_all(sources, layout, size, columns, means or {}, key, symbols)
    towns = None if municipalities is None else checked_municipalities(municipalities, key, name)
    book = _Book(dict(known.means) | dict(means or {}), _all_rates(known, rates, table))
    book.notes += table.notes
    stored = _whole_numbers(table, book, population)
    unit, keys, towns = _with_municipality(table, towns, size, stored[population], book)
    if not (unit >= 0).any():
        raise InputError(
            f"There is no cell to write: {count_noun(len(unit), 'cell')} in the sources, none in a municipality. Are "
            f"the outlines of the same region, and the files those of cells of {size} m?"
        )
    _check_rates(stored, book)
    counts = official_counts(official, keys, stored)
    frame = _municipality_frame(keys, towns, unit, stored[population], counts, population, book)
    place = Path(to)
    place.parent.mkdir(parents=True, exist_ok=True)
    with locked(place.absolute(), 0.0, what="folder of cells"):
        _write(
            place,
            table,
            stored,
            unit,
            keys,
            frame,
            _Form(size, population, known.input_protection, rows_per_file),
            book,
        )
    return open_cells(place)


@dataclass(frozen=True)
class _Form:
    """What the folder says of itself."""

    size: int
    population: str
    input_protection: str
    rows_per_file: int


@dataclass
class _Book:
    """What is decided on the way."""

    means: dict[str, str]
    rates: dict[str, CountRate]
    notes: list[str] = field(default_factory=list)
    report: dict[str, Any] = field(default_factory=dict)
    unreliable: dict[str, NDArray[np.bool_]] = field(default_factory=dict)


def _read_all(
    sources: Source | Sequence[Source],
    layout: str | Path,
    size: int,
    columns: Mapping[str, str | Sequence[str]] | None,
    means: Mapping[str, str],
    key: str,
    symbols: Mapping[str, str] | None,
) -> tuple[CellTable, CellLayout]:
    """Return the cells of all sources, each once, with the columns of all."""
    several = [sources] if isinstance(sources, str | Path | pd.DataFrame) else list(sources)
    if not several:
        raise InputError(f"There are no sources: {HOW}.")
    for one in several:
        expects(one, (str, Path, pd.DataFrame), "write_cells: sources", HOW)
    if layout == PLAIN:
        frames = [one if isinstance(one, pd.DataFrame) else _frame(Path(one)) for one in several]
        chosen = [_those_of(columns, frame.columns) for frame in frames]
        tables = [
            cells_of_frame(frame, size, some, key, list(means)) for frame, some in zip(frames, chosen, strict=True)
        ]
        known = CellLayout(PLAIN, "")
    else:
        known = cell_layout(layout).with_symbols(symbols)
        known = replace(known, means={**known.means, **means})
        if any(isinstance(one, pd.DataFrame) for one in several):
            raise InputError("A frame is read with layout='plain': x, y and counts; layouts are those of files.")
        tables = [read_cell_file(one, known, size, columns) for one in several]  # type: ignore[arg-type]
    _refuse_absent(columns, tables)
    return (tables[0] if len(tables) == 1 else _side_by_side(tables)), known


def _those_of(
    columns: Mapping[str, str | Sequence[str]] | None, there: Iterable[object]
) -> Mapping[str, str | Sequence[str]] | None:
    """Return the columns that one of several frames has."""
    if columns is None:
        return None
    names = set(there)
    return {
        new: old for new, old in columns.items() if {old} <= names or (not isinstance(old, str) and set(old) <= names)
    }


def _refuse_absent(columns: Mapping[str, object] | None, tables: Sequence[CellTable]) -> None:
    found = [name for table in tables for name in table.values]
    absent = [name for name in columns or {} if name not in found]
    if absent:
        raise ColumnError(f"No source has the column of {absent[0]!r}: {columns[absent[0]]!r}.")  # type: ignore[index]
    twice = sorted({name for name in found if found.count(name) > 1})
    if twice:
        raise ColumnError(f"Several sources have {list_some(twice)}: choose by columns=.")


def _frame(path: Path) -> pd.DataFrame:
    if path.suffix.lower() != ".parquet":
        raise InputError(f"{path.name}: layout='plain' takes a DataFrame or a .parquet; other files have a layout.")
    try:
        return pd.read_parquet(path)
    except OSError as error:
        raise InputError(f"{path.name} cannot be read: {error}.") from error


def _side_by_side(tables: Sequence[CellTable]) -> CellTable:
    """Return the cells of several themes: those of any of them, missing where a theme has no row."""
    keys = [(table.y << 32) | table.x for table in tables]
    every = np.unique(np.concatenate(keys))
    values: dict[str, NDArray[Any]] = {}
    states: dict[str, NDArray[np.int8]] = {}
    ags: NDArray[np.object_] | None = None
    notes = [note for table in tables for note in table.notes]
    for table, key in zip(tables, keys, strict=True):
        at = np.searchsorted(every, key)
        for name, value in table.values.items():
            values[name] = np.full(len(every), np.nan if table.is_mean(name) else HIDDEN, value.dtype)
            states[name] = np.full(len(every), 3, np.int8)
            values[name][at], states[name][at] = value, table.states[name]
        if table.ags is not None:
            ags = np.full(len(every), None, dtype=object) if ags is None else ags
            ags[at] = table.ags
        if len(key) < len(every):
            notes.append(f"{table.source}: no row for {count_noun(len(every) - len(key), 'cell')} of other sources")
    return CellTable(every & ((1 << 32) - 1), every >> 32, values, states, ags, "several sources", notes)


def _all_rates(
    known: CellLayout, rates: Mapping[str, tuple[str, str]] | None, table: CellTable
) -> dict[str, CountRate]:
    """Return the rates of the layout that can be made of the columns, and those that are named."""
    found = {
        name: CountRate(*both) for name, both in known.rates.items() if all(column in table.values for column in both)
    }
    for name, both in (rates or {}).items():
        if isinstance(both, str) or len(tuple(both)) != 2:  # noqa: PLR2004 - numerator and denominator
            raise SpecError(f"rates: {name!r} takes a numerator and a denominator, ('foreign', 'residents').")
        for column in both:
            if column not in table.values:
                raise ColumnError.not_found(column, table.values, f"rates: the cells of {name!r}")
            if table.is_mean(column):
                raise SpecError(f"rates: {column!r} is a mean; a rate is made of two counts.")
        if name in table.values:
            raise SpecError(f"rates: {name!r} is a column of the cells: give the rate another name.")
        found[name] = CountRate(*both)
    return found


def _whole_numbers(table: CellTable, book: _Book, population: str) -> dict[str, Ints]:
    """Return all columns as whole numbers: counts as they are, a mean as the sum of hundredths over its count."""
    if population not in table.values:
        raise ColumnError.not_found(population, table.values, "The cells, where population= names the residents,")
    stored: dict[str, Ints] = {}
    for name, value in table.values.items():
        if not table.is_mean(name):
            if int(value.max(initial=0)) > MOST_IN_A_CELL:
                raise CountError(f"{name!r} has {int(value.max()):,} in one cell: this is no count of a cell.")
            stored[name] = value
            continue
        whole = book.means.get(name)
        if whole is None or whole not in table.values or table.is_mean(whole):
            lacks = f"{whole!r}, which no source has" if whole else "a count that nobody named"
            raise SpecError(
                f"{name!r} has decimals: it is a mean or a share of {lacks}. It cannot be summed without: add the "
                f"theme with the count, name it by means={{{name!r}: 'count'}}, or leave the column out by columns=."
            )
        hundredths = np.rint(np.where(np.isnan(value), 0, value) * HUNDREDTHS).astype(np.int64)
        count = table.values[whole]
        stored[name] = np.where(np.isnan(value) | (count == HIDDEN), HIDDEN, hundredths * np.maximum(count, 0))
        book.rates[name] = CountRate(name, whole, Fraction(1, HUNDREDTHS), drawn=False)
    for name, state in table.states.items():
        found = table.counts_of_states(name)
        book.report.setdefault("states", {})[name] = found
        hidden = {word: n for word, n in found.items() if word in ("suppressed", "missing", "unreliable")}
        if hidden:
            book.notes.append(f"{name}: " + ", ".join(f"{count_noun(n, 'cell')} {word}" for word, n in hidden.items()))
        if (state == UNRELIABLE).any():
            book.unreliable[name] = state == UNRELIABLE
    return stored


def _with_municipality(
    table: CellTable, towns: pd.DataFrame | None, size: int, residents: Ints, book: _Book
) -> tuple[Ints, list[str], pd.DataFrame | None]:
    """Return the number of the municipality of each cell (-1 for none), and their keys."""
    steps = (table.x, table.y)
    if any(len(one) and (one.min() < 0 or one.max() >= MOST_STEPS) for one in steps):
        raise SpecError(f"Coordinates lie outside of the grid of EPSG:3035 in steps of {size} m.")
    if table.ags is not None:
        keys = checked_keys(pd.unique(pd.Series(table.ags, dtype=object)), "The cells")
        absent = [] if towns is None else sorted(set(keys) - set(towns.index))
        if absent:
            number = count_noun(len(absent), "municipality of cells has", "municipalities of cells have")
            raise KeyColumnError(f"{number} no row among municipalities: {list_some(absent)}.", absent)
        return pd.Index(keys).get_indexer(pd.Index(table.ags)).astype(np.int64), keys, towns
    if towns is None or "geometry" not in towns:
        raise InputError(
            "The cells do not name their municipality: pass municipalities= with outlines (GeoDataFrame, EPSG:3035)."
        )
    blocks = pd.factorize(pd.Series([land_of(ags) for ags in towns.index]), sort=True)[0].astype(np.int64)
    found = units_by_largest_share(table.x, table.y, towns, size, blocks)  # type: ignore[arg-type]
    outside, cut, tied = found.unit < 0, found.share < 1 - 1e-9, found.tied
    people = np.maximum(residents, 0)
    book.report["assigned"] = {
        "outside": int(outside.sum()),
        "residents_outside": int(people[outside].sum()),
        "cut": int((cut & ~outside).sum()),
        "tied": [f"N{y}E{x}" for x, y in zip(table.x[tied], table.y[tied], strict=True)],
    }
    if outside.any():
        book.notes.append(
            f"{count_noun(int(outside.sum()), 'cell')} with {int(people[outside].sum()):,} residents outside of all "
            f"municipalities left out"
        )
    if (cut & ~outside).any():
        share = people[cut & ~outside].sum() / max(people.sum(), 1)
        book.notes.append(
            f"{count_noun(int((cut & ~outside).sum()), 'cell')} cut by a border ({100 * share:.1f} % of residents) "
            "belong to the municipality with the largest share"
        )
    if tied.any():
        book.notes.append(
            f"{count_noun(int(tied.sum()), 'cell')} shared alike went to the lower key: "
            f"{list_some(book.report['assigned']['tied'])}"
        )
    return found.unit.astype(np.int64), list(towns.index), towns


def _check_rates(stored: Mapping[str, Ints], book: _Book) -> None:
    """Count the cells in which a part is larger than its whole; refuse many."""
    for name, rate in book.rates.items():
        if not rate.drawn:
            continue
        x, n = stored[rate.numerator], stored[rate.denominator]
        known = (x != HIDDEN) & (n != HIDDEN)
        over = int((known & (x > n)).sum())
        if over > MOST_CLIPPED * max(int(known.sum()), 1) and over > 1:
            raise CountError(
                f"rates: {name!r} has {rate.numerator!r} above {rate.denominator!r} in {over:,} of "
                f"{int(known.sum()):,} cells, more than noise explains: are these the right columns?"
            )
        if over:
            book.report.setdefault("clipped", {})[name] = over
            book.notes.append(
                f"{name}: in {count_noun(over, 'cell')} the part is larger than the whole: it counts as the whole"
            )


def _municipality_frame(
    keys: list[str],
    towns: pd.DataFrame | None,
    unit: Ints,
    residents: Ints,
    official: pd.DataFrame | None,
    population: str,
    book: _Book,
) -> pd.DataFrame:
    """Return one row per municipality: name, residents of its cells, official numbers and how they fit, outline."""
    people = np.maximum(residents, 0)
    inside = unit >= 0
    sums = np.zeros(len(keys), np.int64)
    np.add.at(sums, unit[inside], people[inside])
    index = pd.Index(keys, name="ags")
    names = towns["name"].reindex(index) if towns is not None else pd.Series(keys, index)
    frame = pd.DataFrame({"name": names.astype("str"), f"grid_{population}": sums}, index=index)
    if official is not None:
        frame = frame.join(official.add_prefix("official_"))
        column = f"official_{population}"
        if column in frame:
            ratio = frame[f"grid_{population}"] / frame[column].where(frame[column] > 0)
            frame["grid_to_official"] = ratio
            apart = ratio[(ratio - 1).abs() > MOST_APART]
            if len(apart):
                worst = (apart - 1).abs().sort_values(ascending=False, kind="stable").index[:SHOWN]
                book.notes.append(
                    f"{len(apart):,} of {count_noun(len(keys), 'municipality', 'municipalities')} "
                    f"{'differs' if len(apart) == 1 else 'differ'} from the official residents by more than 2 %: "
                    + ", ".join(f"{ags} {100 * ratio[ags]:.0f} %" for ags in worst)
                )
    if towns is not None and "geometry" in towns:
        import geopandas as gpd

        outlines: Any = gpd.GeoSeries(towns["geometry"]).reindex(index)
        return gpd.GeoDataFrame(frame, geometry=outlines.to_numpy(), crs=EUROPE)
    return frame


def _write(
    place: Path,
    table: CellTable,
    stored: Mapping[str, Ints],
    unit: Ints,
    keys: list[str],
    frame: pd.DataFrame,
    form: _Form,
    book: _Book,
) -> None:
    """Write all files into a new folder and put it in the place of the old one."""
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        check_store(place, CELLS)  # nothing else is replaced
    fresh = place.absolute().with_name(f".{place.absolute().name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    make_store(fresh, CELLS)
    try:
        files = _write_files(fresh, table, stored, unit, keys, form.rows_per_file, book)
        _put_frame(fresh / MUNICIPALITIES, frame)
        positive = [values[values > 0].min(initial=2**31) for name, values in stored.items() if not table.is_mean(name)]
        put_json(
            fresh / DESCRIPTION,
            {
                "size": form.size,
                "population": form.population,
                "columns": {name: "sum" if table.is_mean(name) else "count" for name in stored},
                "rates": {n: [r.numerator, r.denominator, str(r.per), r.drawn] for n, r in sorted(book.rates.items())},
                "files": [asdict(file) for file in files],
                "input_protection": form.input_protection,
                "smallest": int(min(positive)),
                "report": book.report,
                "notes": book.notes,
            },
        )
        old = place.absolute().with_name(f".{place.absolute().name}.old")
        shutil.rmtree(old, ignore_errors=True)
        if place.exists():
            place.rename(old)
        fresh.rename(place)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _write_files(
    place: Path,
    table: CellTable,
    stored: Mapping[str, Ints],
    unit: Ints,
    keys: list[str],
    rows_per_file: int,
    book: _Book,
) -> list[CellFile]:
    """Write whole municipalities of one Land, until a file has enough rows."""
    import pyarrow as pa

    order = np.argsort(cell_keys(np.maximum(unit, 0), table.x, table.y), kind="stable")
    order = order[unit[order] >= 0]
    starts = np.searchsorted(unit[order], np.arange(len(keys) + 1))
    files: list[CellFile] = []
    for first, last in _cuts(keys, starts, rows_per_file):
        rows = order[starts[first] : starts[last]]
        columns: dict[str, Any] = {
            "ags": pa.DictionaryArray.from_arrays(pa.array(unit[rows] - first, pa.int32()), keys[first:last]).cast(
                pa.string()
            ),
            "x": pa.array(table.x[rows], pa.int32()),
            "y": pa.array(table.y[rows], pa.int32()),
        }
        for name, values in stored.items():
            kind = pa.int64() if table.is_mean(name) else pa.int32()
            columns[name] = pa.array(values[rows], kind, mask=values[rows] == HIDDEN)
        for name, mask in book.unreliable.items():
            columns[f"{name}_unreliable"] = pa.array(mask[rows])
        land = land_of(keys[first])
        number = sum(file.name.startswith(f"land={land}/") for file in files)
        file = f"land={land}/part-{number:04}.parquet"
        (place / file).parent.mkdir(mode=0o700, exist_ok=True)
        put(place / file, _parquet(pa.table(columns)))
        filled = np.flatnonzero(np.diff(starts[first : last + 1])) + first
        files.append(CellFile(file, len(rows), len(filled), keys[filled[0]], keys[filled[-1]]))
    return files


def _cuts(keys: list[str], starts: Ints, rows_per_file: int) -> list[tuple[int, int]]:
    """Return the first municipality of each file and the one after its last; files without rows are none."""
    cuts, first = [], 0
    for k in range(1, len(keys) + 1):
        is_last = k == len(keys) or land_of(keys[k]) != land_of(keys[first])
        if is_last or starts[k + 1] - starts[first] > rows_per_file:
            if starts[k] > starts[first]:
                cuts.append((first, k))
            first = k
    return cuts


def _parquet(table: Any) -> bytes:  # noqa: ANN401 - a pyarrow table, imported where it is needed
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd", row_group_size=ROW_GROUP)
    found: bytes = sink.getvalue().to_pybytes()
    return found


def _put_frame(path: Path, frame: pd.DataFrame) -> None:
    """Write the municipalities; with outlines as GeoParquet 1.1, which can be read by the window."""
    import io

    sink = io.BytesIO()
    if "geometry" in frame:
        frame.reset_index().to_parquet(sink, schema_version="1.1.0", write_covering_bbox=True)
    else:
        frame.reset_index().to_parquet(sink)
    put(path, sink.getvalue())
