"""Programme areas as they come: names, dates and outlines, each repair said, and which of them run on a day."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass, field
from datetime import date
from html import escape
from numbers import Real
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from quartiersatlas.base.checks import count_noun, expects
from quartiersatlas.catalogue import Message, text
from quartiersatlas.errors import ColumnError, GeometryError, SpecError, list_some
from quartiersatlas.intake.areas.crs import converted
from quartiersatlas.intake.areas.outlines import POLYGONS, polygons_alone, without_a_place

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pyproj import CRS

    from quartiersatlas.catalogue import Lang

    Shapes = NDArray[np.object_]

HOW = 'programmes = gpd.read_file("programmes.gpkg")'
STATES = ("planned", "running", "ended")
NAMES = {"name": ("name",), "kind": ("kind",), "start": ("von", "from", "start"), "end": ("bis", "until", "end")}
OPEN = ("", "-", "–", "nan", "none", "nat", "<na>")  # cells that name no day
YEAR = re.compile(r"(?P<year>\d{4})")
MONTH = re.compile(r"(?P<year>\d{4})[-/](?P<month>\d{1,2})|(?P<month_first>\d{1,2})[./](?P<year_last>\d{4})")
DAY = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})(?:[T ].*)?"
    r"|(?P<day_first>\d{1,2})\.\s*(?P<month_next>\d{1,2})\.\s*(?P<year_last>\d{4})"
)
PLACE = re.compile(r"(?P<reason>[^\[]+)\[(?P<x>\S+) (?P<y>[^\]]+)\]")  # of shapely's reason


@dataclass(frozen=True, eq=False)
class ProgrammeAreas:
    """Programme areas whose outlines can be used and whose state on a day is known.

    Parameters
    ----------
    table : GeoDataFrame
        One row per programme, on the index of the given frame, and nothing else of it: ``name``, ``kind``, ``start``
        and ``end`` (text such as ``"2010"``, ``"2010-06"``, ``"2010-06-30"``; empty where none is named), ``state``
        (``"planned"``, ``"running"``, ``"ended"``), ``geometry``.
    as_of : str
        The day of the states, ``"2024-12-31"``; empty where no programme has dates.
    notes : tuple of Message
        What was repaired, renamed or left out.
    """

    table: gpd.GeoDataFrame
    as_of: str = ""
    notes: tuple[Message, ...] = ()

    @property
    def is_dated(self) -> bool:
        """Whether any programme has a beginning, an end or another state than running."""
        dated = self.table["start"].ne("") | self.table["end"].ne("") | self.table["state"].ne("running")
        return bool(dated.any())

    @property
    def running(self) -> gpd.GeoDataFrame:
        """The programmes that run: only these cover anything."""
        return self.table[self.table["state"] == "running"]

    def __repr__(self) -> str:
        lines = [f"ProgrammeAreas: {state_counts(self)}"]
        return "\n".join([*lines, *(f"  {note}" for note in self.notes)])

    def _repr_html_(self) -> str:
        said = "".join(f"<p>{escape(str(note))}</p>" for note in self.notes)
        return said + pd.DataFrame(self.table.drop(columns="geometry")).to_html(escape=True)


def state_counts(programmes: ProgrammeAreas) -> str:
    """Return how many programmes are in which state, in words."""
    counts = programmes.table["state"].value_counts()
    found = [f"{counts[state]} {state}" for state in ("running", "ended", "planned") if state in counts]
    day = f" on {programmes.as_of}" if programmes.as_of else ""
    return f"{count_noun(len(programmes.table), 'programme area')}: {', '.join(found) or 'none'}{day}"


def programme_areas(
    programmes: gpd.GeoDataFrame,
    *,
    crs: CRS | str | None,
    as_of: str | date | None = None,
    name: str | None = None,
    kind: str | None = None,
    start: str | None = None,
    end: str | None = None,
    lang: Lang | None = "de",
) -> ProgrammeAreas:
    """Check programme areas: outlines, names, dates; and say which of them run on a day.

    Parameters
    ----------
    programmes : GeoDataFrame
        One row per programme area: polygons in any coordinate reference system. They need not follow the borders of
        districts: a part of one is as good as a whole.
    crs : CRS or str
        The projected system of the areas they are compared with, ``areas.crs``.
    as_of : str or date, optional
        The day that decides what runs: ``"2024-12-31"``, ``"31.12.2024"``; of a month or a year the last day. Needed
        where programmes have dates.
    name, kind : str, optional
        Columns with name and kind of the programme; ``name`` and ``kind``, if not given.
    start, end : str, optional
        Columns with the first and the last day, month or year: ``2010``, ``"06/2010"``, ``"2010-06-30"``,
        ``"30.06.2010"`` or a date; empty for open. If not given: ``von``, ``from`` or ``start``, and ``bis``,
        ``until`` or ``end``. A column ``state`` with the states in words of the code is taken where there are no dates.
    lang : {"de", "en"}, optional
        Language in which programmes without a name are named; both, if None.

    Returns
    -------
    ProgrammeAreas
        With ``.table`` and ``.notes``: what was reprojected, repaired, named or left out.

    Raises
    ------
    GeometryError
        The frame has no geometry or no coordinate reference system, or lies where the target system has no place.
    ColumnError
        A named column is not there.
    SpecError
        A date cannot be read, a programme ends before it begins, or there are dates but no day to compare them with.
    ArgumentError
        The programmes are something else.

    Examples
    --------
    >>> import geopandas as gpd
    >>> import shapely
    >>> frame = gpd.GeoDataFrame(
    ...     {"name": ["West", None], "bis": ["06/2010", None]},
    ...     geometry=[shapely.box(0, 0, 100, 100), shapely.box(100, 0, 200, 100)],
    ...     crs="EPSG:25832",
    ... )
    >>> found = programme_areas(frame, crs="EPSG:25832", as_of="2024", lang="en")
    >>> found.table[["name", "end", "state"]].to_numpy().tolist()
    [['West', '2010-06', 'ended'], ['(no name, row 2)', '', 'running']]
    """
    expects(programmes, gpd.GeoDataFrame, "programme_overlap: programmes", HOW)
    columns = _columns(programmes, {"name": name, "kind": kind, "start": start, "end": end})
    rows = np.arange(1, len(programmes) + 1)
    names, unnamed = _names(programmes, columns["name"], rows, lang)
    kinds = _words(programmes[columns["kind"]]) if columns["kind"] else [""] * len(programmes)
    dates, day = _dates(programmes, columns, names, as_of)
    words = {"name": names, "kind": kinds, **dates}
    shapes, kept, notes = _outlines(programmes, names, rows, crs)
    table = gpd.GeoDataFrame(words, index=programmes.index, geometry=shapes, crs=crs)
    return ProgrammeAreas(table[kept], day.isoformat() if day is not None else "", (*unnamed, *notes))


def _columns(programmes: gpd.GeoDataFrame, named: dict[str, str | None]) -> dict[str, str | None]:
    """Return the column of each part: the named one, or the one that is called so in either language."""
    geometry = programmes.active_geometry_name
    if geometry is None or geometry not in programmes.columns:
        raise GeometryError(f"programme_overlap: the programme areas have no active geometry column. {HOW}")
    attributes = [column for column in programmes.columns if column != geometry]
    found: dict[str, str | None] = {}
    for part, column in named.items():
        if column is not None and column not in attributes:
            raise ColumnError.not_found(column, attributes, "programme_overlap: the table of programme areas")
        alike = [one for one in attributes if isinstance(one, str) and one.strip().casefold() in NAMES[part]]
        if column is None and len(alike) > 1:
            raise SpecError(
                f"programme_overlap: {list_some(alike)} could all be the {part} of a programme. Name the right one: "
                f"{part}={alike[0]!r}."
            )
        found[part] = column if column is not None else next(iter(alike), None)
    return found


def _names(
    programmes: gpd.GeoDataFrame, column: str | None, rows: NDArray[np.intp], lang: Lang | None
) -> tuple[list[str], list[Message]]:
    """Return a name for every programme, and a note on those that had none."""
    names = _words(programmes[column]) if column is not None else [""] * len(programmes)
    without = [int(row) for row, name in zip(rows, names, strict=True) if not name]
    languages: tuple[Lang, ...] = (lang,) if lang is not None else ("de", "en")
    named = [
        name or " / ".join(text("programme_unnamed", each, row=row) for each in languages)
        for row, name in zip(rows, names, strict=True)
    ]
    return named, [Message("programme_without_name", {"rows": ", ".join(map(str, without))})] if without else []


def _words(column: pd.Series) -> list[str]:
    return ["" if pd.isna(cell) else str(cell).strip() for cell in column]


def _dates(
    programmes: gpd.GeoDataFrame, columns: dict[str, str | None], names: list[str], as_of: str | date | None
) -> tuple[dict[str, list[str]], date | None]:
    """Return beginning, end and state of each programme, and the day that decides."""
    spans = {part: _read_dates(programmes, columns[part], names) for part in ("start", "end")}
    texts = {part: [one.text if one is not None else "" for one in those] for part, those in spans.items()}
    if not any(one is not None for those in spans.values() for one in those):
        known = "state" in programmes.columns and programmes["state"].isin(STATES).all()
        states = programmes["state"].tolist() if known else ["running"] * len(programmes)
        return {**texts, "state": states}, None
    if as_of is None:
        dated = [repr(column) for part in ("start", "end") if (column := columns[part]) is not None]
        raise SpecError(
            f"programme_overlap: the programme areas have dates in {' and '.join(dated)}, and which of them run "
            f"depends on the day. Say it: as_of='2024-12-31'."
        )
    day = day_of(as_of)
    states = []
    for row, (first, last) in enumerate(zip(spans["start"], spans["end"], strict=True), start=1):
        if first is not None and last is not None and last.last < first.first:
            raise SpecError(
                f"programme_overlap: row {row} ({names[row - 1]}) ends before it begins: {first.text} to {last.text}."
            )
        planned, ended = first is not None and first.first > day, last is not None and last.last < day
        states.append("planned" if planned else "ended" if ended else "running")
    return {**texts, "state": states}, day


def _read_dates(programmes: gpd.GeoDataFrame, column: str | None, names: list[str]) -> list[WrittenDate | None]:
    if column is None:
        return [None] * len(programmes)
    found: list[WrittenDate | None] = []
    for row, cell in enumerate(programmes[column], start=1):
        try:
            found.append(written_date(cell))
        except ValueError as error:
            raise SpecError(
                f"programme_overlap: {column!r} of row {row} ({names[row - 1]}) is {cell!r}, which is no date. Write "
                f"it as '2010-06-30', '30.06.2010', '06/2010' or '2010', and leave it empty where it is open."
            ) from error
    return found


@dataclass(frozen=True)
class WrittenDate:
    """A day, a month or a year as it was written."""

    text: str
    first: date = field(compare=False)
    last: date = field(compare=False)


def day_of(as_of: str | date) -> date:
    """Return the day that is meant; of a month or a year the last one.

    Raises
    ------
    SpecError
        It cannot be read as a date.
    """
    try:
        found = written_date(as_of)
    except ValueError:
        found = None
    if found is None:
        raise SpecError(
            f"programme_overlap: as_of is {as_of!r}, which is no date; which programmes run depends on it. "
            f"Write a day such as '2024-12-31' or '31.12.2024'."
        )
    return found.last


def written_date(cell: object) -> WrittenDate | None:
    """Return what a cell says of a date; None where it says nothing.

    Raises
    ------
    ValueError
        It says something else.

    Examples
    --------
    >>> written_date("06/2010")
    WrittenDate(text='2010-06', first=datetime.date(2010, 6, 1), last=datetime.date(2010, 6, 30))
    """
    if isinstance(cell, np.datetime64):
        cell = pd.Timestamp(cell)
    if cell is None or cell is pd.NA or cell is pd.NaT or (isinstance(cell, float) and np.isnan(cell)):
        return None
    if isinstance(cell, date):  # a datetime is one too
        day = date(cell.year, cell.month, cell.day)
        return WrittenDate(day.isoformat(), day, day)
    if isinstance(cell, Real) and not isinstance(cell, bool) and float(cell).is_integer():
        cell = int(float(cell))  # 2010.0, where other rows are empty
    written = str(cell).strip()
    if written.casefold() in OPEN:
        return None
    if found := YEAR.fullmatch(written):
        year = int(found["year"])
        return WrittenDate(f"{year:04}", date(year, 1, 1), date(year, 12, 31))
    if found := MONTH.fullmatch(written):
        year, month = int(found["year"] or found["year_last"]), int(found["month"] or found["month_first"])
        first = date(year, month, 1)
        return WrittenDate(f"{year:04}-{month:02}", first, first.replace(day=monthrange(year, month)[1]))
    if found := DAY.fullmatch(written):
        parts = (("year", "year_last"), ("month", "month_next"), ("day", "day_first"))
        day = date(*(int(found[iso] or found[german]) for iso, german in parts))
        return WrittenDate(day.isoformat(), day, day)
    raise ValueError(written)


def shown_date(written: str) -> str:
    """Return a date as readers of either language read it: ``06/2010``, ``30.06.2010``.

    Examples
    --------
    >>> shown_date("2010-06"), shown_date("2010-06-30"), shown_date("2010")
    ('06/2010', '30.06.2010', '2010')
    """
    parts = written.split("-")[::-1]
    return ("/" if len(parts) == 2 else ".").join(parts)  # noqa: PLR2004 - month and year


def span_text(programme: pd.Series, lang: Lang) -> str:
    """Return from when to when a programme runs, will run or ran; empty where no date is named.

    Examples
    --------
    >>> span_text(pd.Series({"start": "", "end": "2010-06", "state": "ended"}), "de")
    'ehemals bis 06/2010'
    """
    start, end = shown_date(programme["start"]), shown_date(programme["end"])
    alone = "planned" if programme["state"] == "planned" else "since"
    which = "between" if start and end else alone if start else "until"
    span = text(f"span_{which}", lang, start=start, end=end) if start or end else ""
    return text(f"programme_{programme['state']}", lang, span=span).strip()


def span_texts(layer: gpd.GeoDataFrame, lang: Lang) -> list[str]:
    """Return the dates and the state of each programme of a layer; empty where it has none."""
    if not _has_states(layer):
        return [""] * len(layer)
    return [span_text(row, lang) for _, row in pd.DataFrame(layer[["start", "end", "state"]]).iterrows()]


def running_programmes(layer: gpd.GeoDataFrame) -> pd.Series[bool]:
    """Return which programmes of a layer run; all of them where it has no states."""
    return layer["state"].eq("running") if _has_states(layer) else pd.Series(data=True, index=layer.index)


def _has_states(layer: gpd.GeoDataFrame) -> bool:
    return {"start", "end", "state"} <= set(layer.columns) and bool(layer["state"].isin(STATES).all())


def drawn_layer(
    programmes: gpd.GeoDataFrame | ProgrammeAreas, crs: CRS | str | None, as_of: str
) -> tuple[gpd.GeoDataFrame, ProgrammeAreas]:
    """Return programme areas as a layer to draw, with their dates where there are any, and as they are compared.

    A layer with lines or points is drawn as it is.
    """
    if isinstance(programmes, ProgrammeAreas):
        found = programmes
    else:
        found = programme_areas(programmes, crs=crs, as_of=as_of, lang=None)
        if len(found.table) < len(programmes):
            return programmes, found
    return found.table if found.is_dated else found.table.drop(columns=["start", "end", "state"]), found


def _outlines(
    programmes: gpd.GeoDataFrame, names: list[str], rows: NDArray[np.intp], crs: CRS | str | None
) -> tuple[Shapes, NDArray[np.bool_], list[Message]]:
    """Return valid polygons in the target system, which rows have one, and notes on what was done."""
    if programmes.crs is None or crs is None:
        which = ("programme areas", "programmes") if programmes.crs is None else ("areas", "areas")
        raise GeometryError(
            f"programme_overlap: the {which[0]} have no coordinate reference system. Name the one they are in: "
            f"{which[1]}.set_crs('EPSG:25832')."
        )
    shapes = programmes.geometry.to_numpy()
    kept = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes) | without_a_place(shapes))
    notes, moved = [], shapes.copy()
    if programmes.crs != crs and kept.any():
        there = gpd.GeoDataFrame(geometry=shapes[kept], crs=programmes.crs)
        moved[kept] = converted(there, crs, "the programme areas").geometry.to_numpy()
        notes.append(reprojected("Programmgebiete", "Programme areas", programmes.crs, crs))
    labels = [f"{name} ({row})" for name, row in zip(names, rows, strict=True)]
    moved[kept], collected, _ = polygons_alone(moved[kept], pd.Index(labels)[kept])
    areal = kept & np.isin(shapely.get_type_id(moved), POLYGONS)
    notes += _repaired(moved, areal, names)
    areal &= ~shapely.is_empty(moved)
    at = np.flatnonzero(kept)[collected]
    notes += [Message("programme_collection", {"name": names[i], "row": i + 1}) for i in at if areal[i]]
    notes += [Message("programme_left_out", {"name": names[i], "row": i + 1}) for i in np.flatnonzero(~areal)]
    moved[~areal] = None
    return moved, areal, notes


def reprojected(german: str, english: str, source: CRS | str, target: CRS | str) -> Message:
    """Return the note that a layer was brought into the system of the areas."""
    from pyproj import CRS

    names = {"source": CRS(source).name, "target": CRS(target).name}
    return Message("layer_reprojected", {"what": (german, english), **names})


def _repaired(shapes: Shapes, areal: NDArray[np.bool_], names: list[str]) -> list[Message]:
    """Make invalid polygons valid in place, and return a note with row and place for each."""
    notes = []
    for i in np.flatnonzero(areal & ~shapely.is_valid(shapes)):
        reason = PLACE.fullmatch(shapely.is_valid_reason(shapes[i]))
        place = f"{float(reason['x']):.0f} / {float(reason['y']):.0f}" if reason else "–"
        shapes[i] = shapely.make_valid(shapes[i], method="structure", keep_collapsed=False)
        notes.append(Message("programme_repaired", {"name": names[i], "row": i + 1, "place": place}))
    return notes
