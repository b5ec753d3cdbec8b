"""The README of the sample folder, generated so that the keys named in it are right."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from sample_city.names import NOTICE
from sample_city.people import NEED_RATES, YEARS
from sample_city.tables import WITHHELD, ZERO, Row, show_count

if TYPE_CHECKING:
    from sample_city.districts import City
    from sample_city.places import Facility

TEMPLATE = "readme_template.md"
"""Lies in the package; ``{names}`` are filled in."""


def readme_bytes(city: City, rows: dict[int, list[Row]], facilities: list[Facility], seed: int) -> bytes:
    """Describe the folder.

    Parameters
    ----------
    city : City
        Named districts.
    rows : dict
        Year to true rows, the totals row last.
    facilities : list of Facility
        Places.
    seed : int
        Seed the folder was made with.

    Returns
    -------
    bytes
        ``README.md``.
    """
    latest = rows[YEARS[-1]]
    by_key = {row.key: row for row in latest}
    merged = next(row for row in latest if "+" in row.key)
    template = files(__package__).joinpath(TEMPLATE).read_text(encoding="utf-8")
    text = template.format(
        notice=NOTICE,
        seed=seed,
        n_districts=len(city.districts),
        n_bezirke=len({d.bezirk for d in city.districts}),
        tables=", ".join(f"`indikatoren_{year}.csv`" for year in rows),
        n_facilities=len(facilities),
        kinds=", ".join(dict.fromkeys(f.kind for f in facilities)),
        first_key=latest[0].key,
        totals_key=latest[-1].key,
        totals_name=latest[-1].name,
        thousands=show_count("Einwohner", latest[0].counts["Einwohner"]),
        space=f"{latest[0].space:.1f}".replace(".", ","),
        secret=WITHHELD,
        secret_cells=_cells(rows, WITHHELD),
        zero=ZERO,
        zero_cells=f"{_cells(rows, ZERO)}, and all counts of the uninhabited area",
        first=city.harbour[0],
        second=city.harbour[1],
        merged=_named(merged),
        forest=_named(by_key[city.forest]),
        works=_named(by_key[city.works]),
        few=", ".join(str(_row(rows[year], city.works).counts["Einwohner"]) for year in rows),
        totals=_totals(rows),
    )
    return text.encode("utf-8")


def _row(rows: list[Row], key: str) -> Row:
    return next(row for row in rows if row.key == key)


def _named(row: Row) -> str:
    return f"`{row.key}` ({row.name})"


def _cells(rows: dict[int, list[Row]], symbol: str) -> str:
    """Inhabited areas and columns with a symbol, e.g. ``Herkunft_Syrien (0211, 0213)``."""
    found: dict[str, set[str]] = {}
    for row in (row for year in rows.values() for row in year if row.counts["Einwohner"]):
        for column, count in row.counts.items():
            if show_count(column, count) == symbol:
                found.setdefault(column, set()).add(row.key)
    return "; ".join(f"`{column}` ({', '.join(sorted(keys))})" for column, keys in found.items()) or "nowhere"


def _totals(rows: dict[int, list[Row]]) -> str:
    lines = []
    for year, year_rows in rows.items():
        counts = year_rows[-1].counts
        shares = [
            f"{100 * counts[part] / counts[base]:.1f} %"
            for part, base in [("Mit_Migrationshintergrund", "Einwohner"), *NEED_RATES]
        ]
        lines.append(f"| {year} | {counts['Einwohner']:,} | {' | '.join(shares)} |")
    return "\n".join(lines)
