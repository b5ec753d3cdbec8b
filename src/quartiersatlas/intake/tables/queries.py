"""Tables from a database: one query, read like a file."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from quartiersatlas.base.checks import expects, renamed
from quartiersatlas.errors import ArgumentError, ColumnError, DependencyError, InputError
from quartiersatlas.intake.tables.read import ReadOptions, assemble
from quartiersatlas.intake.tables.rows import without_records
from quartiersatlas.intake.tables.values.cells import Cells, RawTable, TypedCells

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from quartiersatlas.intake.tables.read import Table
    from quartiersatlas.intake.tables.rows import WithoutKey
    from quartiersatlas.intake.tables.values.codes import Meaning

NO_TABLE = "The query gives no table: it has to be a SELECT."
Rows = tuple["list[str]", "list[tuple[Any, ...]]"]


@renamed(level="key_pattern", spread="pivot")
def read_query(
    sql: str,
    connection: Any,  # noqa: ANN401 - SQLAlchemy, ADBC or any DB-API connection
    key: str,
    *,
    parameters: Mapping[str, object] | Sequence[object] | None = None,
    columns: Mapping[str, str] | Iterable[str] | None = None,
    text: Iterable[str] = (),
    symbols: str | Mapping[str, Meaning] = "auto",
    decimal: Literal[",", "."] | None = None,
    filters: Mapping[str, object] | None = None,
    key_pattern: int | str | None = None,
    pivot: tuple[str | Sequence[str], str] | None = None,
    years: int | str | None = None,
    skip_rows: int | Iterable[int] = (),
    drop: Mapping[str, object] | None = None,
    without_key: WithoutKey = "raise",
    fill_down: str | Iterable[str] = (),
    aggregate: Literal["sum"] | None = None,
) -> Table:
    """Read the result of a database query as an indicator table.

    Parameters
    ----------
    sql : str
        The query, such as ``SELECT plr_id, count(*) AS residents FROM persons GROUP BY plr_id``.
    connection : SQLAlchemy engine or connection, DB-API connection, or str
        ``sqlite3``, ADBC, psycopg, pg8000, ...; or a database URL, which needs the extra ``sql``. An open connection
        stays open, and nothing is committed. This is a function that opens a network connection, if the database is
        elsewhere.
    key : str
        Column with the district key; text in the database, or its leading zeros are lost there.
    parameters : mapping or sequence, optional
        Values for the placeholders of the query, in the driver's own style.
    columns : mapping, str or list of str, optional
        Columns to keep: names, or new name -> name in the result.
    text : str or list of str
        Columns that look like numbers and are not.
    symbols : str or mapping, default "auto"
        Marks in text columns, as in :func:`read_table`.
    decimal : str, optional
        Decimal mark of numbers that are stored as text, where it is not found out rightly.
    filters, key_pattern : optional
        Rows to read, as in :func:`read_table`; better said in the query.
    pivot : (str or list of str, str), optional
        Columns with the labels and with the values of a long result, as in :func:`read_table`.
    years : int, str or "long", optional
        For years as columns, as in :func:`read_table`.
    skip_rows, drop, without_key, fill_down, aggregate : optional
        Rows to leave out, blocks and sums, as in :func:`read_table`; better said in the query.

    Returns
    -------
    Table
        With ``.values``, ``.status``, ``.problems`` and ``.notes``; rows are counted from 1 in the order of the result.

    Raises
    ------
    InputError
        The database refuses the query, or gives no rows.
    DependencyError
        A database URL is given and SQLAlchemy is not installed.

    Examples
    --------
    >>> import sqlite3
    >>> connection = sqlite3.connect(":memory:")
    >>> _ = connection.execute("CREATE TABLE t (key TEXT, residents INTEGER)")
    >>> _ = connection.execute("INSERT INTO t VALUES ('0101', 1893), ('0102', NULL)")
    >>> read_query("SELECT key, residents FROM t", connection, key="key").status["residents"].tolist()
    ['value', 'missing']
    >>> connection.close()
    """
    expects(sql, str, "read_query", 'qa.read_query("SELECT key, residents FROM table", connection, key="key")')
    options = ReadOptions(
        key=key,
        columns=columns,
        text=text,
        symbols=symbols,
        decimal=decimal,
        filters=filters,
        key_pattern=key_pattern,
        pivot=pivot,
        years=years,
        skip_rows=skip_rows,
        drop=drop,
        without_key=without_key,
        fill_down=fill_down,
        aggregate=aggregate,
    )
    names, rows = _fetched(sql, connection, parameters)
    if not rows:
        raise InputError("The query gives no rows.")
    duplicates = sorted({name for name in names if names.count(name) > 1})
    if duplicates:
        raise ColumnError(f"The query gives several columns {duplicates[0]!r}: name them with AS.")
    cells: list[Cells] = [TypedCells(values) for values in zip(*rows, strict=True)]
    raw = RawTable("query", names, cells, np.arange(1, len(rows) + 1), "database")
    return assemble(without_records(raw, options.skipped), Path("query"), options)


def _fetched(sql: str, connection: Any, parameters: Any) -> Rows:  # noqa: ANN401
    """Return column names and rows."""
    if isinstance(connection, str):
        return _from_url(sql, connection, parameters)
    if hasattr(connection, "cursor"):
        return _from_driver(sql, connection, parameters)
    if hasattr(connection, "execute") or hasattr(connection, "connect"):
        return _from_sqlalchemy(sql, connection, parameters)
    raise ArgumentError(
        f"read_query: connection takes a SQLAlchemy engine or connection, a connection of a database driver, or a URL "
        f"such as 'postgresql+pg8000://user@host/database', not {type(connection).__name__!r}."
    )


def _from_driver(sql: str, connection: Any, parameters: Any) -> Rows:  # noqa: ANN401
    """Ask a DB-API connection (PEP 249), ADBC among them."""
    cursor = connection.cursor()
    try:
        cursor.execute(sql, *(() if parameters is None else (parameters,)))
        columns = cursor.description
        rows = [tuple(row) for row in cursor.fetchall()] if columns is not None else []
    except Exception as error:  # every driver has exceptions of its own
        raise InputError(f"The database refuses the query: {_first_line(error)}.") from error
    finally:
        cursor.close()
    if columns is None:
        raise InputError(NO_TABLE)
    exact = [_is_exact_as_text(column[1]) for column in columns]
    return [str(column[0]) for column in columns], [_with_numbers(row, exact) for row in rows] if any(exact) else rows


def _is_exact_as_text(kind: object) -> bool:
    """Return True if a driver hands over exact numbers as text: ADBC does so with PostgreSQL's ``numeric``."""
    return getattr(kind, "type_name", None) == "numeric"


def _with_numbers(row: tuple[Any, ...], exact: list[bool]) -> tuple[Any, ...]:
    """Return a row in which exact numbers handed over as text are numbers again."""
    return tuple(
        Decimal(value) if is_text and isinstance(value, str) else value
        for value, is_text in zip(row, exact, strict=True)
    )


def _from_sqlalchemy(sql: str, connection: Any, parameters: Any) -> Rows:  # noqa: ANN401
    from sqlalchemy import text
    from sqlalchemy.exc import SQLAlchemyError

    if not hasattr(connection, "execute"):  # an engine
        try:
            opened = connection.connect()
        except SQLAlchemyError as error:
            raise InputError(f"The database cannot be reached: {_first_line(error)}.") from error
        with opened:
            return _from_sqlalchemy(sql, opened, parameters)
    try:
        result = connection.execute(text(sql), parameters)
        if not result.returns_rows:
            raise InputError(NO_TABLE)
        names = [str(name) for name in result.keys()]  # noqa: SIM118 - a result is no mapping
        return names, [tuple(row) for row in result]
    except SQLAlchemyError as error:
        raise InputError(f"The database refuses the query: {_first_line(error)}.") from error


def _from_url(sql: str, url: str, parameters: Any) -> Rows:  # noqa: ANN401
    try:
        from sqlalchemy import create_engine
        from sqlalchemy.exc import SQLAlchemyError
    except ImportError as error:
        raise DependencyError(
            "A database URL needs an extra: pip install 'quartiersatlas[sql]' (in a checkout: '.[sql]')."
        ) from error
    try:
        engine = create_engine(url)
    except ImportError as error:
        raise DependencyError(
            f"The driver of {url.split(':', 1)[0]!r} is not installed: pip install {error.name}."
        ) from error
    except SQLAlchemyError as error:
        raise InputError(f"The database URL is not understood: {_first_line(error)}.") from error
    try:
        return _from_sqlalchemy(sql, engine, parameters)
    finally:
        engine.dispose()


def _first_line(error: Exception) -> str:
    """Return the first line of a database's message; the rest repeats the query and its parameters."""
    return str(error).strip().split("\n", 1)[0].rstrip(".") or type(error).__name__
