"""Indicator tables: every cell read as a value with a status, nothing coerced, nothing dropped without a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quartiersatlas.errors import InputError
from quartiersatlas.intake.assemble import Options, assemble
from quartiersatlas.intake.excel_files import read_sheet
from quartiersatlas.intake.frames import read_dbf, read_parquet
from quartiersatlas.intake.json_files import read_json
from quartiersatlas.intake.paths import existing_file
from quartiersatlas.intake.table import Table
from quartiersatlas.intake.text_files import read_grid

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from quartiersatlas.intake.grid import Decimal, Grid

__all__ = ["Table", "read_table"]

WORKBOOKS = {".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"}
TEXT_FILES = {".csv", ".txt", ".tsv"}
OTHERS = {".json", ".parquet", ".dbf"}


def read_table(
    path: str | Path,
    key: str,
    *,
    columns: Mapping[str, str] | Iterable[str] | None = None,
    text: Iterable[str] = (),
    symbols: str | Mapping[str, str] = "auto",
    sheet: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    decimal: Decimal | None = None,
    header_rows: int | None = None,
    filters: Mapping[str, object] | None = None,
    level: int | str | None = None,
    spread: tuple[str | Sequence[str], str] | None = None,
    years: int | str | None = None,
) -> Table:
    r"""Read an indicator table from CSV, TXT, a workbook, Parquet, JSON or dBASE.

    Parameters
    ----------
    path : str or Path
        ``.csv``, ``.txt``, ``.tsv``; ``.xlsx``, ``.xls``, ``.ods`` (extra ``excel``); ``.parquet`` (extra ``parquet``);
        ``.json``; ``.dbf``.
    key : str
        Column with the district key. It is read as text; leading zeros stay.
    columns : mapping or list of str, optional
        Columns to keep: names, or new name -> name in the file. All, if not given. A name may differ from the file's
        in case, blanks and hyphens. A notice column (``Hinweis`` or ``notice``) always stays with the data.
    text : list of str
        Columns that look like numbers and are not.
    symbols : str or mapping, default "auto"
        Marks instead of numbers or beside them: a profile (``"auto"``, ``"din55301"``, ``"genesis"``, ``"lsn"``,
        ``"ba"``, ``"berlin_mss"``), or mark -> status. ``-`` is zero and ``.`` is suppressed: never the same. A mark
        such as ``"-9999"`` is every cell of that number, and ``"-1": "value"`` says that it is a true number.
    sheet : str, optional
        Sheet of a workbook; the first, if not given.
    encoding, delimiter, decimal : str, optional
        How the file is written, where it is not found out rightly.
    header_rows : int, optional
        Number of header rows, where merged names are not found out rightly.
    filters : mapping, optional
        Column -> value, or list of values: the rows of a long table to read.
    level : int or str, optional
        Rows of one area level only: the number of characters of its keys, or a regular expression for the whole key.
    spread : (str or list of str, str), optional
        Make one column per label of a long table: the column(s) with the labels, and the one with the values.
        ``columns`` then names the new columns.
    years : int or "long", optional
        For years as columns (``2023``, ``Einwohner 2024``): the columns of one year, without the year in their names
        (``value`` for a name that is the year alone); or one row per key and year, the year in the first column.

    Returns
    -------
    Table
        With ``.values``, ``.status``, ``.problems`` and ``.notes``. Missing cells are NaN with a status that says why.
        Numbers in brackets or marked as provisional keep their value and have the status ``unreliable`` or
        ``provisional``.

    Raises
    ------
    InputError
        The file is missing, empty, damaged or of unequal width.
    ColumnError
        A named column is not there; the message offers the closest names.
    KeyColumnError
        Keys are empty, or are doubled where a long table is spread.
    NumberError
        Cells of a numeric column are neither numbers nor known symbols, contradict each other, may be thousands or
        decimals, or are codes such as -9999 that were not named.
    DependencyError
        An optional package is missing; the message names the install command.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "table.csv"
    >>> _ = file.write_text("key;residents;share\n01;1.250;12,5\n02;.;-\n", encoding="utf-8")
    >>> table = read_table(file, key="key")
    >>> table.values["residents"].tolist()
    [1250.0, nan]
    >>> table.status.loc["02"].tolist()
    ['suppressed', 'zero']
    """
    path = existing_file(path, "table")
    options = Options(
        columns=columns,
        text=tuple(text),
        symbols=symbols,
        decimal=decimal,
        filters=filters,
        level=level,
        spread=spread,
        years=years,
    )
    return assemble(_grid(path, key, sheet, encoding, delimiter, header_rows), path, key, options)


def _grid(
    path: Path, key: str, sheet: str | None, encoding: str | None, delimiter: str | None, header_rows: int | None
) -> Grid:
    kind = path.suffix.lower()
    if kind in TEXT_FILES:
        return read_grid(path, key, encoding, delimiter, header_rows)
    if kind in WORKBOOKS:
        return read_sheet(path, key, sheet, header_rows)
    if kind == ".json":
        return read_json(path, key, encoding)
    if kind == ".parquet":
        return read_parquet(path)
    if kind == ".dbf":
        return read_dbf(path, encoding)
    known = ", ".join(sorted(TEXT_FILES | WORKBOOKS | OTHERS))
    raise InputError(f"{path.name}: tables are read from {known}.")
