"""How often does something leave? Departures at stops, counted from a timetable in the GTFS format."""

from __future__ import annotations

import datetime as dt
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd

from quartiersatlas.base.checks import count_noun, existing_file, expects, is_folder
from quartiersatlas.errors import ArgumentError, ColumnError, GeometryError, InputError, SpecError, list_some
from quartiersatlas.intake.areas.area_columns import read_notes
from quartiersatlas.intake.areas.systems import projected_for

if TYPE_CHECKING:
    import io
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]
    Open: TypeAlias = Callable[[str], io.BufferedIOBase | None]

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DATE = "%Y%m%d"
MIDWEEK = (1, 2, 3)  # Tuesday to Thursday
ADDED, REMOVED = "1", "2"
NO_PICKUP = "1"
PLATFORM, STATION = "0", "1"
AT_ONCE = 500_000  # rows of stop times held as text
LAST_HOUR = 48
HOW = 'stops = qa.departures("gtfs.zip", "2026-10-07", hours=(6, 20))'


def departures(
    path: str | Path,
    day: str | dt.date | None = None,
    hours: tuple[float, float] = (6, 20),
    *,
    to_crs: str | None = None,
) -> gpd.GeoDataFrame:
    r"""Count the departures at each stop on a day, from a timetable in the GTFS format.

    Parameters
    ----------
    path : path
        A zip file or a folder with ``stops.txt``, ``trips.txt``, ``stop_times.txt`` and ``calendar.txt`` or
        ``calendar_dates.txt``.
    day : str or date, optional
        Such as ``"2026-10-07"``. If not given: of all Tuesdays, Wednesdays and Thursdays of the timetable the first one
        with most trips, which is one in term time; ``read_notes`` name it.
    hours : (float, float), default (6, 20)
        From the first up to, not including, the second. Trips after midnight belong to the day on which they began:
        ``(20, 30)`` ends at six in the morning.
    to_crs : str, optional
        System in metres; the national one, or ETRS89/UTM, if not given.

    Returns
    -------
    GeoDataFrame
        On the key of the station, or of the stop where it has none: ``name``, ``departures``, ``per_hour``,
        ``read_notes`` and a point. Stops where nothing leaves have 0.

    Raises
    ------
    InputError
        The file is missing, no GTFS, or without a calendar.
    ColumnError
        A column is not there.
    SpecError
        The day lies outside the timetable, or hours are none.
    GeometryError
        A stop with departures has no coordinates.

    Notes
    -----
    Services run by weekday and range of dates, with those added and without those removed on the day. The last stop of
    a trip has no departure, nor has a stop where nobody may board. Frequencies run from their start up to, not
    including, their end. Times that are not written are interpolated between those that are.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> feed = pathlib.Path(tempfile.mkdtemp())
    >>> for name, text in {
    ...     "stops": "stop_id,stop_name,stop_lat,stop_lon\na,Markt,52.5,13.4\nb,Heide,52.6,13.4",
    ...     "trips": "route_id,service_id,trip_id\nR,S,t",
    ...     "calendar_dates": "service_id,date,exception_type\nS,20261007,1",
    ...     "stop_times": "trip_id,departure_time,stop_id,stop_sequence\nt,07:00:00,a,1\nt,07:20:00,b,2",
    ... }.items():
    ...     _ = (feed / f"{name}.txt").write_text(text)
    >>> departures(feed, "2026-10-07")["departures"].to_dict()
    {'a': 1, 'b': 0}
    """
    expects(path, (str, Path), "departures", HOW)
    first, last = _seconds_of(hours)
    with _feed(Path(path)) as opened:
        feed = _Feed(Path(path).name, opened)
        calendar = _Calendar.of(feed)
        trips = feed.table("trips", ["trip_id", "service_id"])
        chosen, notes = _day(day, calendar, trips, Path(path).name)
        running = set(trips["trip_id"][trips["service_id"].isin(calendar.services(chosen))])
        times = _stop_times(feed, running)
        times = _with_frequencies(times, feed)
        stops = feed.table(
            "stops", ["stop_id"], ["stop_name", "stop_lat", "stop_lon", "location_type", "parent_station"]
        )
    leaves = (
        ~times["is_last"] & times["pickup_type"].ne(NO_PICKUP) & times["time"].between(first, last, inclusive="left")
    )
    counted = times.loc[leaves, "stop_id"].value_counts()
    return _at_stations(stops, counted, (last - first) / 3600, to_crs, Path(path).name, notes)


def _seconds_of(hours: tuple[float, float]) -> tuple[float, float]:
    good = isinstance(hours, tuple | list) and len(hours) == 2 and all(isinstance(h, int | float) for h in hours)  # noqa: PLR2004
    if not good or not 0 <= hours[0] < hours[1] <= LAST_HOUR:
        raise SpecError(f"departures: hours are two rising ones between 0 and 48, such as (6, 20), not {hours!r}.")
    return hours[0] * 3600.0, hours[1] * 3600.0


@contextmanager
def _feed(path: Path) -> Iterator[Open]:
    """Open the tables of a feed by their name, in a zip file or a folder."""
    if is_folder(path):

        def of_folder(name: str) -> io.BufferedIOBase | None:
            return (path / name).open("rb") if (path / name).is_file() else None

        yield of_folder
        return
    file = existing_file(path, "timetable")
    if not zipfile.is_zipfile(file):
        raise InputError(
            f"{file.name} is no zip file. A timetable in the GTFS format is one, or the folder with its tables."
        )
    with zipfile.ZipFile(file) as archive:
        members = {Path(member).name: member for member in reversed(archive.namelist())}

        def of_archive(name: str) -> io.BufferedIOBase | None:
            return archive.open(members[name]) if name in members else None  # type: ignore[return-value]

        yield of_archive


@dataclass(frozen=True)
class _Feed:
    """The tables of a timetable."""

    name: str
    opened: Open

    def chunks(
        self, table: str, needed: list[str], further: list[str] | None = None, *, required: bool = True
    ) -> Iterator[pd.DataFrame]:
        """Read a table as text, part by part; columns that are not there are empty."""
        stream = self.opened(f"{table}.txt")
        if stream is None:
            if required:
                raise InputError(f"{self.name} has no {table}.txt: it is no timetable in the GTFS format.")
            return
        wanted, there = [*needed, *(further or [])], list[str]()

        def is_wanted(column: str) -> bool:
            there.append(column.strip())
            return column.strip() in wanted

        with stream:
            try:
                parts = pd.read_csv(
                    stream,
                    dtype=str,
                    encoding="utf-8-sig",
                    chunksize=AT_ONCE,
                    keep_default_na=False,
                    usecols=is_wanted,
                    skipinitialspace=True,
                )
                for part in parts:
                    part.columns = part.columns.str.strip()
                    for column in needed:
                        if column not in part.columns:
                            names = dict.fromkeys(there)
                            raise ColumnError.not_found(column, names, f"{self.name}: {table}.txt")
                    yield part.assign(**{c: "" for c in wanted if c not in part})[wanted].apply(
                        lambda cells: cells.str.strip()
                    )
            except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
                raise InputError(f"{self.name}: {table}.txt cannot be read ({error}).") from error

    def table(
        self, table: str, needed: list[str], further: list[str] | None = None, *, required: bool = True
    ) -> pd.DataFrame:
        """Read a whole table; one without rows where it is not there and need not be."""
        parts = list(self.chunks(table, needed, further, required=required))
        empty = pd.DataFrame(columns=[*needed, *(further or [])], dtype=str)
        return pd.concat(parts, ignore_index=True) if parts else empty


@dataclass(frozen=True, eq=False)
class _Calendar:
    """Which services run when."""

    weekly: pd.DataFrame
    exceptions: pd.DataFrame

    @classmethod
    def of(cls, feed: _Feed) -> _Calendar:
        weekly = feed.table("calendar", ["service_id", *WEEKDAYS, "start_date", "end_date"], required=False)
        exceptions = feed.table("calendar_dates", ["service_id", "date", "exception_type"], required=False)
        if weekly.empty and exceptions.empty:
            raise InputError(
                f"{feed.name} has neither calendar.txt nor calendar_dates.txt: it does not say when trips run. "
                f"Ask the publisher for the whole timetable."
            )
        return cls(weekly, exceptions)

    def services(self, day: dt.date) -> set[str]:
        """Return the services that run on a day."""
        written = day.strftime(DATE)
        weekly = self.weekly[self.weekly["start_date"].le(written) & self.weekly["end_date"].ge(written)]
        running = set(weekly["service_id"][weekly[WEEKDAYS[day.weekday()]].eq("1")])
        today = self.exceptions[self.exceptions["date"].eq(written)]
        added, removed = (set(today["service_id"][today["exception_type"].eq(kind)]) for kind in (ADDED, REMOVED))
        return (running | added) - removed

    def midweek(self, first: dt.date, last: dt.date) -> list[dt.date]:
        """Return the first Tuesday to Thursday after each day on which services change: between them all are alike."""

        def days(*columns: pd.Series[str]) -> set[int]:
            return {dt.datetime.strptime(one, DATE).toordinal() for one in pd.concat(columns).unique()}  # noqa: DTZ007 - a day

        exceptions = self.exceptions["date"]
        turns = days(self.weekly["start_date"], exceptions)
        turns |= {end + 1 for end in days(self.weekly["end_date"], exceptions)}
        near = {turn + n for turn in turns for n in range(len(WEEKDAYS))}
        inside = sorted(day for day in near if first.toordinal() <= day <= last.toordinal())
        return [one for one in map(dt.date.fromordinal, inside) if one.weekday() in MIDWEEK]

    def span(self, where: str) -> tuple[dt.date, dt.date]:
        """Return the first and the last day."""
        days = pd.concat([self.weekly["start_date"], self.weekly["end_date"], self.exceptions["date"]])
        found = pd.to_datetime(days, format=DATE, errors="coerce")
        if found.isna().any():
            wrong = list_some(days[found.isna()].unique())
            raise InputError(f"{where}: the calendar has dates not written as 20261007: {wrong}.")
        turned = self.weekly["service_id"][self.weekly["end_date"].lt(self.weekly["start_date"])]
        if len(turned):
            raise InputError(f"{where}: calendar.txt: services that end before they begin: {list_some(turned)}.")
        return found.min().date(), found.max().date()


def _day(day: str | dt.date | None, calendar: _Calendar, trips: pd.DataFrame, where: str) -> tuple[dt.date, list[str]]:
    """Return the day that was asked for, or one in term time, and how it was found."""
    first, last = calendar.span(where)
    per_service = trips["service_id"].value_counts()

    def running(one: dt.date) -> int:
        return int(per_service.reindex(list(calendar.services(one))).sum())

    if day is None:
        midweek = calendar.midweek(first, last)
        if not midweek:
            raise SpecError(f"{where}: no Tuesday, Wednesday or Thursday from {first} to {last}: name a day.")
        trips_of = [running(one) for one in midweek]
        best = int(np.argmax(trips_of))
        if not trips_of[best]:
            raise SpecError(f"{where}: no trip runs on a Tuesday, Wednesday or Thursday: name a day.")
        return midweek[best], [
            f"day {midweek[best]}: the first Tuesday to Thursday with most trips ({trips_of[best]:,})"
        ]
    expects(day, (str, dt.date), "departures: day", HOW)
    try:
        found = dt.date.fromisoformat(day) if isinstance(day, str) else day
    except ValueError as error:
        raise SpecError(f"departures: day is {day!r}; write it as '2026-10-07'.") from error
    if not first <= found <= last:
        raise SpecError(f"{where} is a timetable from {first} to {last}; {found} lies outside. Take a day inside.")
    return found, [f"day {found}"] if running(found) else [f"day {found}: no trip runs on it"]


def _stop_times(feed: _Feed, running: set[str]) -> pd.DataFrame:
    """Return the stops of the trips that run, in order, with seconds since midnight."""
    needed, further = ["trip_id", "stop_id", "stop_sequence"], ["departure_time", "arrival_time", "pickup_type"]
    parts = [part[part["trip_id"].isin(running)] for part in feed.chunks("stop_times", needed, further)]
    times = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=[*needed, *further], dtype=str)
    order = pd.to_numeric(times["stop_sequence"], errors="coerce")
    if order.isna().any():
        raise InputError(
            f"{feed.name}: stop_times.txt: {count_noun(int(order.isna().sum()), 'row')} without a sequence."
        )
    times = times.assign(order=order).sort_values(["trip_id", "order"], kind="stable", ignore_index=True)
    trip = times["trip_id"]
    is_last = trip.ne(trip.shift(-1)).to_numpy(dtype=bool)
    seconds = _clock(times["departure_time"].where(times["departure_time"].ne(""), times["arrival_time"]), feed.name)
    ends = np.isnan(seconds) & (is_last | trip.ne(trip.shift()).to_numpy(dtype=bool))
    if ends.any():
        raise InputError(
            f"{feed.name}: {count_noun(int(ends.sum()), 'trip begins or ends', 'trips begin or end')} without a time: "
            f"{list_some(trip[ends].unique())}."
        )
    known = np.flatnonzero(~np.isnan(seconds))
    if len(known):
        seconds = np.interp(np.arange(len(seconds)), known, seconds[known])
    return times[["trip_id", "stop_id", "pickup_type"]].assign(time=seconds, is_last=is_last)


def _clock(cells: pd.Series[str], where: str) -> Floats:
    """Return times such as 25:15:00 as seconds; NaN where nothing is written."""
    parts = cells.str.extract(r"^(\d{1,3}):([0-5]?\d)(?::([0-5]?\d))?$")
    wrong = cells[parts[0].isna() & cells.ne("")]
    if len(wrong):
        raise InputError(
            f"{where}: {count_noun(len(wrong), 'time')} not written as 07:30:00: {list_some(wrong.unique())}."
        )
    hour, minute, second = (pd.to_numeric(parts[n]).to_numpy(dtype=float) for n in range(3))
    return np.asarray(hour * 3600 + minute * 60 + np.nan_to_num(second), dtype=float)


def _with_frequencies(times: pd.DataFrame, feed: _Feed) -> pd.DataFrame:
    """Return the times with each trip that has a frequency in place of its pattern."""
    rules = feed.table("frequencies", ["trip_id", "start_time", "end_time", "headway_secs"], required=False)
    rules = rules[rules["trip_id"].isin(times["trip_id"])]
    if rules.empty:
        return times
    every = pd.to_numeric(rules["headway_secs"], errors="coerce").to_numpy(dtype=float)
    if not (every > 0).all():
        raise InputError(f"{feed.name}: frequencies.txt: headway_secs is a number of seconds above 0.")
    start, end = (_clock(rules[column], feed.name) for column in ("start_time", "end_time"))
    runs = np.maximum(np.ceil((end - start) / every), 0).astype(int)
    row = np.repeat(np.arange(len(rules)), runs)
    nth = np.arange(len(row)) - np.repeat(np.cumsum(runs) - runs, runs)
    begun = pd.DataFrame({"trip_id": rules["trip_id"].to_numpy()[row], "begin": start[row] + nth * every[row]})
    pattern = times[times["trip_id"].isin(rules["trip_id"])]
    pattern = pattern.assign(offset=pattern["time"] - pattern.groupby("trip_id")["time"].transform("min"))
    expanded = begun.merge(pattern, on="trip_id")
    expanded["time"] = expanded["begin"] + expanded["offset"]
    others = times[~times["trip_id"].isin(rules["trip_id"])]
    return pd.concat([others, expanded[times.columns]], ignore_index=True)


def _at_stations(
    stops: pd.DataFrame, counted: pd.Series[int], n_hours: float, to_crs: str | None, where: str, notes: list[str]
) -> gpd.GeoDataFrame:
    """Return the departures summed by station."""
    twice = stops["stop_id"][stops["stop_id"].duplicated()].unique()
    if len(twice):
        raise InputError(f"{where}: stops.txt: {count_noun(len(twice), 'stop')} there twice: {list_some(twice)}.")
    stops = stops.set_index("stop_id")
    unknown = counted.index.difference(stops.index)
    if len(unknown):
        raise InputError(
            f"{where}: {count_noun(len(unknown), 'stop')} of stop_times.txt not in stops.txt: {list_some(unknown)}."
        )
    own = pd.Series(stops.index, index=stops.index)
    station = stops["parent_station"].where(stops["parent_station"].isin(stops.index), own)
    summed = counted.groupby(station.loc[counted.index].to_numpy()).sum()
    kinds = stops["location_type"].replace("", PLATFORM)
    shown = stops[station.eq(own) & kinds.isin([PLATFORM, STATION])]
    place = shown[["stop_lon", "stop_lat"]].apply(pd.to_numeric, errors="coerce")
    without = place.isna().any(axis=1) | place.eq(0).all(axis=1)
    lost = summed.index.intersection(shown.index[without])
    if len(lost):
        raise GeometryError(
            f"{where}: {count_noun(len(lost), 'stop')} with departures but without coordinates, or at 0/0: "
            f"{list_some(lost)}."
        )
    shown, place = shown[~without], place[~without]
    if without.any():
        notes = [*notes, f"{count_noun(int(without.sum()), 'stop')} without coordinates and departures left out"]
    if shown.empty:
        raise InputError(f"{where}: stops.txt has no stop with coordinates.")
    number = summed.reindex(shown.index).fillna(0).astype(int)
    points = gpd.points_from_xy(place["stop_lon"], place["stop_lat"], crs="EPSG:4326")
    columns = {"name": shown["stop_name"], "departures": number, "per_hour": number / n_hours}
    frame = gpd.GeoDataFrame(columns, geometry=points, index=shown.index.rename("key"))
    middle = float(place["stop_lon"].median()), float(place["stop_lat"].median())
    metres = frame.to_crs(to_crs or projected_for(middle))
    if metres.crs is None or not metres.crs.is_projected:
        raise ArgumentError(
            f"departures: to_crs={to_crs!r} is in degrees: name a system in metres, such as 'EPSG:25832'."
        )
    return metres.sort_index().assign(**read_notes(notes))
