"""Do the tables of a register fit each other, and the areas of the town?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

import pandas as pd

from quartiersatlas.base.keys import with_zeros
from quartiersatlas.errors import list_some
from quartiersatlas.intake.areas.area_columns import parent_columns
from quartiersatlas.intake.registers.schema import register_columns

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from quartiersatlas.intake.joining.data import AreaData

CITY = "city"
CITY_WORDS = (CITY, "stadt", "gesamtstadt")
PERSON = re.compile(r"\b(?:Frau|Herrn?|Mr\.?|Mrs\.?|Ms\.?|Dr\.|Prof\.)\s+[A-ZÄÖÜ]")
ENUMERATED = re.compile(r"\s*,\s*(?:und|and)?\s*|\s+(?:und|and|&|\+)\s+")
CLOSE = 60  # percent alike


class PlacesOfRegister(Protocol):
    """Where the cells of a table stand."""

    @property
    def sheet(self) -> str:
        """The name of the sheet."""
        ...

    def cell(self, row: int, column: str) -> str:
        """Name a cell."""
        ...


class FoundCells(Protocol):
    """Where problems are kept."""

    def note(self, sheet: str, cell: object, column: str, value: object, what: str) -> None:
        """Keep something odd."""
        ...

    def refuse(self, sheet: str, cell: object, column: str, value: object, what: str) -> None:
        """Keep what cannot stay."""
        ...


class _Check:
    """One table with its places: where something is wrong, by its row and column."""

    def __init__(self, table: str, frame: pd.DataFrame, places: PlacesOfRegister, found: FoundCells) -> None:
        self.table, self.frame, self.places, self.found = table, frame, places, found
        self.headings = {column.name: column.heading_de for column in register_columns()[table]}

    def refuse(self, row: int, column: str, what: str) -> None:
        where = (self.places.sheet, self.places.cell(row, column), self.headings[column])
        self.found.refuse(*where, _shown(self.frame[column].iloc[row]), what)

    def note(self, row: int, column: str, what: str) -> None:
        where = (self.places.sheet, self.places.cell(row, column), self.headings[column])
        self.found.note(*where, _shown(self.frame[column].iloc[row]), what)

    def known(self, column: str, known: Iterable[str], what: str) -> None:
        """Refuse names that are not there, with the closest ones."""
        known = list(dict.fromkeys(known))
        for row, name in enumerate(self.frame[column]):
            if name and name not in known:
                self.refuse(row, column, f"no such {what}.{closest(name, known)}")


def check_register(
    tables: dict[str, pd.DataFrame], places: Mapping[str, PlacesOfRegister], found: FoundCells, data: AreaData | None
) -> None:
    """Note and refuse what contradicts itself; area names become keys where areas are given."""
    checks = {table: _Check(table, frame, places[table], found) for table, frame in tables.items()}
    measures, aims = tables["massnahmen"], tables["ziele"]
    for table, column in (("massnahmen", "measure_id"), ("ziele", "aim_id")):
        numbers = tables[table][column].astype(str).str.casefold()
        for row in tables[table].index[numbers.duplicated() & numbers.ne("")]:
            checks[table].refuse(row, column, "there twice: a number of the register is never used again")
    _check_spans(checks)
    _check_offices(checks)
    for table in ("foerderung", "beteiligung"):
        checks[table].known("measure_id", measures["measure_id"], "measure")
    if len(aims):
        checks["massnahmen"].known("aim_id", aims["aim_id"], "aim")
    checks["ziele"].known("parent", aims["aim_id"], "aim")
    _check_cycles(checks["ziele"])
    _check_scope(checks["massnahmen"])
    _check_money(checks["foerderung"], measures)
    for table in ("massnahmen", "zielwerte", "prognosen", "beteiligung", "ortswissen"):
        _check_areas(checks[table], data)


def _check_spans(checks: Mapping[str, _Check]) -> None:
    for table, begin, end in (
        ("massnahmen", "begin", "end"),
        ("foerderung", "begin", "end"),
        ("zielwerte", "baseline_date", "due"),
        ("prognosen", "made_on", "period"),
    ):
        frame = checks[table].frame
        wrong = frame[end] <= frame[begin] if table == "zielwerte" else frame[end] < frame[begin]
        for row in frame.index[wrong]:
            checks[table].refuse(row, end, f"before its begin, {frame[begin].iloc[row]:%Y-%m-%d}")


def _check_offices(checks: Mapping[str, _Check]) -> None:
    for table, column in (("massnahmen", "lead"), ("ortswissen", "author")):
        for row, words in enumerate(checks[table].frame[column]):
            if PERSON.search(words):
                checks[table].note(row, column, "seems to be a person: name the office")


def _check_cycles(check: _Check) -> None:
    parents = dict(zip(check.frame["aim_id"], check.frame["parent"], strict=True))
    for row, aim in enumerate(check.frame["aim_id"]):
        path = [aim]
        while (parent := parents.get(path[-1], "")) and parent not in path:
            path.append(parent)
        if parent == aim:
            check.refuse(row, "parent", f"the aims go in a circle: {' > '.join([*path, aim])}")


def _check_scope(check: _Check) -> None:
    frame = check.frame
    for row, (scope, areas) in enumerate(zip(frame["scope"], frame["areas"], strict=True)):
        if scope == "area" and not areas:
            check.refuse(row, "areas", "empty, though the measure reaches single areas: name them, or the whole city")


def _check_money(check: _Check, measures: pd.DataFrame) -> None:
    sums = check.frame[check.frame["state"].ne("refused")].groupby("measure_id")["sum_eur"].sum()
    costs = measures.drop_duplicates("measure_id").set_index("measure_id")["cost"]
    for measure in sums.index[sums > costs.reindex(sums.index)]:
        row = int(check.frame.index[check.frame["measure_id"].eq(measure)][0])
        check.note(
            row,
            "sum_eur",
            f"{sums[measure]:.15g} EUR in all are more than the cost of {measure}, {costs[measure]:.15g}",
        )


def _check_areas(check: _Check, data: AreaData | None) -> None:
    """Turn names into keys and put lost zeros back, where areas are given; refuse what is not there."""
    column = "areas" if check.table == "massnahmen" else "area"
    known = _Areas(data) if data is not None else None
    read = []
    for row, cell in enumerate(check.frame[column]):
        names = cell if isinstance(cell, tuple) else ((cell,) if cell else ())
        if known is not None and isinstance(cell, tuple):
            names = tuple(part for name in names for part in known.parts_of(name))
        keys = []
        for name in names:
            key = CITY if name.casefold() in CITY_WORDS else name
            if known is not None and key != CITY:
                found = known.key_of(name)
                if found is None:
                    check.refuse(row, column, f"no such area.{closest(name, known.words)}")
                elif found != name:
                    check.note(row, column, f"{name} read as {found}")
                key = found or name
            keys.append(key)
        read.append(tuple(keys) if isinstance(cell, tuple) else "".join(keys))
    if read:
        check.frame[column] = pd.Series(read, dtype="object")


class _Areas:
    """The areas of the town: their keys, their names where these are of one area, the levels above them."""

    def __init__(self, data: AreaData) -> None:
        areas = data.areas
        self.keys = [str(key) for key in areas.index]
        names = areas["name"] if "name" in areas.columns else pd.Series(dtype="object")
        self.names = {str(name): str(key) for key, name in names[~names.duplicated(keep=False)].items()}
        self.parents = {f"{level}:{value}" for level in parent_columns(areas) for value in areas[level].dropna()}
        self.words = [*self.keys, *self.names, *sorted(self.parents)]

    def parts_of(self, name: str) -> list[str]:
        """Return the areas that are named in one go: "0305, 0306 und 0307"; a name may hold a comma itself."""
        parts = ENUMERATED.split(name)
        is_list = len(parts) > 1 and self.key_of(name) is None and all(self.key_of(part) for part in parts)
        return parts if is_list else [name]

    def key_of(self, name: str) -> str | None:
        if name in self.keys or name in self.parents:
            return name
        padded = with_zeros([name], self.keys).get(name)
        return self.names.get(name) or (padded if padded in self.keys else None)


def closest(name: str, known: Iterable[str]) -> str:
    """Return the names that are like another one, as a question."""
    from rapidfuzz.process import extract

    close = [found for found, score, _ in extract(name, list(known), limit=2) if score > CLOSE]
    return f" Did you mean {list_some(close)}?" if close else ""


def _shown(value: object) -> object:
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    return ";".join(map(str, value)) if isinstance(value, tuple) else value
