"""The yearly tables in the manner of a statistics office: merged rows, secret cells, totals."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sample_city.names import NOTICE
from sample_city.people import AGES, COUNTS, Counts

if TYPE_CHECKING:
    from sample_city.districts import City
    from sample_city.scenery import Scenery

TOTALS_KEY = "0000"
TOTALS_NAME = "Stadt insgesamt"
TOTALS_BEZIRK = "00"
COLUMNS = ("Stadtteil", "Name", "Bezirk", *COUNTS, "Wohnfläche_je_EW", "Hinweis")

WITHHELD = "."
ZERO = "-"
NOT_APPLICABLE = "x"
WITHHELD_COUNTS = (1, 2)
NEVER_WITHHELD = (
    "Einwohner",
    "Unter_65",
    *AGES,
    "Kinder_U15",
    "Untersuchte_Kinder",
    "Bevölkerung_15_64",
)


@dataclass(frozen=True)
class Row:
    """One row before anything is kept secret.

    Attributes
    ----------
    key
        Four digits, or two keys of four digits joined by ``+``.
    name, bezirk
        As printed.
    counts
        True counts by column.
    space
        Living space per resident in square metres; None without residents.
    """

    key: str
    name: str
    bezirk: str
    counts: Counts
    space: float | None


def true_rows(city: City, counts: dict[str, Counts], spaces: dict[str, float]) -> list[Row]:
    """Rows of one year in key order, the totals row last.

    Parameters
    ----------
    city : City
        Named districts.
    counts : dict
        True counts by district key; areas that are not in it have no residents.
    spaces : dict
        Living space per resident by district key.

    Returns
    -------
    list of Row
        Two harbour areas merged into one row.
    """
    nobody = dict.fromkeys(COUNTS, 0)
    rows = [Row(d.key, d.name, d.bezirk, counts.get(d.key, nobody), spaces.get(d.key)) for d in city.districts]
    first, second = (row for row in rows if row.key in city.harbour)
    merged = total(
        [first, second],
        f"{first.key}+{second.key}",
        f"{first.name} und {second.name}",
        first.bezirk,
    )
    rows[rows.index(first)] = merged
    rows.remove(second)
    return [*rows, total(rows, TOTALS_KEY, TOTALS_NAME, TOTALS_BEZIRK)]


def total(rows: list[Row], key: str, name: str, bezirk: str) -> Row:
    """Sum of rows; living space is weighted by residents.

    Parameters
    ----------
    rows : list of Row
        What to add up.
    key, name, bezirk : str
        Of the new row.

    Returns
    -------
    Row
        The sum.
    """
    counts = {column: sum(row.counts[column] for row in rows) for column in COUNTS}
    square_metres = math.fsum(row.space * row.counts["Einwohner"] for row in rows if row.space is not None)
    return Row(key, name, bezirk, counts, round(square_metres / counts["Einwohner"], 1))


def table_bytes(rows: list[Row]) -> bytes:
    """Render the table as cities do: cp1252, semicolons, CRLF, decimal comma.

    Parameters
    ----------
    rows : list of Row
        True rows, the totals row last.

    Returns
    -------
    bytes
        The file.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in rows:
        cells = [show_count(column, row.counts[column]) for column in COUNTS]
        writer.writerow([row.key, row.name, row.bezirk, *cells, _show_space(row.space), NOTICE])
    return text.getvalue().encode("cp1252")


def street_bytes(scenery: Scenery) -> bytes:
    """Render the list of streets, one row for each district that a street runs through.

    Parameters
    ----------
    scenery : Scenery
        What was drawn.

    Returns
    -------
    bytes
        ``strassen.csv``: UTF-8, semicolons, LF.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\n")
    writer.writerow(("Straße", "Stadtteil", "Hinweis"))
    writer.writerows((street, key, NOTICE) for street, keys in scenery.streets for key in keys)
    return text.getvalue().encode("utf-8")


def show_count(column: str, count: int) -> str:
    """Print one count: ``-`` for zero, ``.`` for a small count of a sensitive column.

    Parameters
    ----------
    column : str
        Name of the column.
    count : int
        True count.

    Returns
    -------
    str
        The cell.

    Examples
    --------
    >>> show_count("Einwohner", 2345), show_count("Unter_65", 2345)
    ('2.345', '2345')
    >>> show_count("SGB2_Personen", 2), show_count("SGB2_Personen", 0)
    ('.', '-')
    """
    if count == 0:
        return ZERO
    if count in WITHHELD_COUNTS and column not in NEVER_WITHHELD:
        return WITHHELD
    if column == "Einwohner":
        return f"{count:,}".replace(",", ".")
    return str(count)


def _show_space(space: float | None) -> str:
    return NOT_APPLICABLE if space is None else f"{space:.1f}".replace(".", ",")
