"""A folder that keeps the years of a city: periods come in after their findings, and stay as they were."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from os import PathLike
from types import NoneType
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import choice, count_noun, expects, names, usable_path
from quartiersatlas.base.lock import locked
from quartiersatlas.base.stores import MARKER
from quartiersatlas.catalogue import text
from quartiersatlas.errors import SpecError, list_some
from quartiersatlas.intake import AreaData
from quartiersatlas.monitoring.changes.definitions import definition_of
from quartiersatlas.monitoring.store.area_files import put_areas, stored_areas
from quartiersatlas.monitoring.store.findings import Finding, Limits, compared, finding, key_findings, revised
from quartiersatlas.monitoring.store.folder import (
    chain,
    damaged,
    file_of,
    put_entry,
    refuse_damaged,
)
from quartiersatlas.monitoring.store.forecasts import (
    ForecastError,
    checked_forecasts,
    course_chart,
    forecasts_as,
    forecasts_from,
    no_forecasts,
)
from quartiersatlas.monitoring.store.outcome import Adding, Findings, finding_from
from quartiersatlas.monitoring.store.period_files import (
    DEFINITIONS,
    data_of,
    files_of,
    period_name,
)
from quartiersatlas.monitoring.store.planned import errors_of, new_forecasts, new_targets
from quartiersatlas.monitoring.store.rhythm import RHYTHM, checked_rhythm, day, due_tasks
from quartiersatlas.monitoring.store.settings import FORMAT, FORMS, SETTINGS, StoreSettings, make_store, read_settings
from quartiersatlas.monitoring.store.targets import CITY, Target, TargetState, refuse_wrong_way, target_as, target_from
from quartiersatlas.monitoring.store.values import target_state, value_with_interval
from quartiersatlas.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import geopandas as gpd

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.charts import Chart
    from quartiersatlas.intake.registers.read import RegisterTables
    from quartiersatlas.monitoring.store.folder import Entry
    from quartiersatlas.monitoring.store.rhythm import Due

    Form = Literal["parquet", "csv"]

FINDINGS = "findings.json"


@dataclass(frozen=True, eq=False, repr=False)
class Monitor:
    """A store of periods. It holds unprotected counts and stays in the house.

    Parameters
    ----------
    folder : Path
        Where it lies.
    settings : StoreSettings
        Rhythm and limits, from ``monitor.toml``.
    """

    folder: Path
    settings: StoreSettings

    # periods

    @property
    def table(self) -> pd.DataFrame:
        """One row per stored period: ``period``, ``name``, ``revision``, ``vintage``, ``rows``, ``by``, ``on``."""
        kept = ("period", "name", "revision", "vintage", "rows", "by", "on")
        return pd.DataFrame([{name: e.manifest[name] for name in kept} for e in self._entries("periods")], columns=kept)

    @property
    def periods(self) -> list[str]:
        """The names of the periods, by date; each once, whatever revisions it has."""
        found = {entry.manifest["name"]: entry.manifest["last"] for entry in self._entries("periods")}
        return sorted(found, key=lambda name: (found[name], name))

    def data(self, period: str = "", *, revision: int | None = None) -> AreaData:
        """Return a stored period as joined data: unprotected, for the house.

        Parameters
        ----------
        period : str, optional
            Such as ``"2024-12-31"`` or ``"2024"``; the latest, if not given.
        revision : int, optional
            1 is what was stored first; the last revision, if not given.

        Raises
        ------
        SpecError
            There is no such period.
        InputError
            A byte of it was changed.
        """
        entry = self._period(period, revision)
        form = str(entry.manifest["form"])
        read = {name: file_of(self.folder, entry, name) for name in (f"values.{form}", f"status.{form}", DEFINITIONS)}
        return data_of(read, form, self._areas(entry))

    def add(
        self,
        data: AreaData,
        *,
        by: str = "",
        on: str = "",
        new_areas: bool = False,
        revision: bool = False,
        breaks: str | Iterable[str] = (),
    ) -> Findings:
        """Look at a new period beside the last one, and store it where nothing is refused or asked.

        Parameters
        ----------
        data : AreaData
            Joined data with their ``period``: a date, a year, a span of years.
        by : str, optional
            Office that adds it.
        on : str, optional
            The day on which it is added; today, if not given. It is written down, nothing is decided by it.
        new_areas : bool, default False
            Whether the period comes on areas that the store does not have yet: another vintage, other keys.
        revision : bool, default False
            Whether it replaces what is stored of the period. The earlier numbers stay beside it.
        breaks : str or list of str, optional
            Columns that are measured in another way from now on. They are not compared across the break.

        Returns
        -------
        Findings
            ``.refused``, ``.asked`` and notes; ``.accept(reason=..., by=...)`` answers what is asked.

        Raises
        ------
        ArgumentError
            Something else than joined data was given.
        InputError
            The store is not what was written, or cannot be written.
        ReleaseError
            Another process has been adding something for a minute.
        """
        expects(data, AreaData, "store.add", "data = qa.join(areas, table, period='2024-12-31')")
        how = Adding(
            by=by,
            on=on,
            new_areas=new_areas,
            revision=revision,
            breaks=frozenset(names(breaks, "breaks") if breaks else ()),
        )
        return self._added(data, how, {})

    def _added(self, data: AreaData, how: Adding, accepted: Mapping[str, tuple[str, str]]) -> Findings:
        with self._alone():
            refuse_damaged(self.folder, self._area_digests())
            rows = tuple(self._found(data, how))
            given = {row.id: accepted[row.id] for row in rows if row.id in accepted}
            is_open = any(row.level == "refuse" or (row.level == "ask" and row.id not in given) for row in rows)
            stored = "" if is_open else self._store(data, how, rows, given)

        def again(more: Mapping[str, tuple[str, str]], _by: str) -> Findings:
            return self._added(data, how, more)

        return Findings(rows=rows, accepted=given, period=data.period, stored=stored, _again=again)

    def _found(self, data: AreaData, how: Adding) -> list[Finding]:
        """Return the findings on data that are about to be added."""
        name = period_name(data.period)
        if name is None:
            return [finding("refuse", "no_date", period=data.period or "–")]
        entries = self._entries("periods")
        same = [entry for entry in entries if entry.manifest["name"] == name.name]
        if same and not how.revision:
            return [finding("refuse", "period_exists", period=name.name)]
        if how.revision and not same:
            return [finding("refuse", "nothing_to_revise", period=name.name)]
        known = {e.manifest["vintage"]: e for e in entries}  # the last of each
        before = self._areas(known[data.vintage]) if data.vintage in known else None
        found = key_findings(data, before, list(known), new_areas=how.new_areas)
        if any(row.level == "refuse" for row in found):
            return found
        earlier_ones = [e for e in entries if e.manifest["last"] < f"{name.last:%Y-%m-%d}"]
        latest = max(earlier_ones, key=lambda e: (e.manifest["last"], e.manifest["number"]), default=None)
        if latest is None:
            found.append(finding("note", "first_period", period=name.name))
        earlier = self.data(latest.manifest["name"]) if latest is not None else None
        if earlier is not None and set(earlier.values.index) != set(data.values.index):
            found.append(finding("note", "other_areas", earlier=latest.manifest["name"] if latest else ""))
            earlier = None
        found += compared(data, earlier, Limits(**self.settings.limits), how.breaks)
        if same:
            found += revised(data, self.data(name.name))
        return found

    def _store(
        self, data: AreaData, how: Adding, rows: tuple[Finding, ...], given: Mapping[str, tuple[str, str]]
    ) -> str:
        """Write a period; the store is locked."""
        name = period_name(data.period)
        assert name is not None  # noqa: S101 - refused before
        form = self.settings.files
        number = 1 + sum(entry.manifest["name"] == name.name for entry in self._entries("periods"))
        folder = name.name if number == 1 else f"{name.name}.r{number}"
        areas = put_areas(self.folder, self._entries("periods"), data)
        noted = [
            {
                **asdict(row),
                "reason": given.get(row.id, ("", ""))[0],
                "by": given.get(row.id, ("", ""))[1],
                "id": row.id,
            }
            for row in rows
        ]
        files = {
            **files_of(data, form),
            FINDINGS: (json.dumps(noted, ensure_ascii=False, indent=1) + "\n").encode(),
        }
        said = {
            "format": FORMAT,
            "period": data.period,
            "name": name.name,
            "last": f"{name.last:%Y-%m-%d}",
            "revision": number,
            "vintage": data.vintage,
            "rows": len(data.values),
            "form": form,
            "areas": areas,
            "sources": sorted({report.source for report in data.reports if getattr(report, "source", "")}),
            "by": how.by,
            "on": how.on or f"{date.today():%Y-%m-%d}",  # noqa: DTZ011 - the day of the office
            "library": __version__,
        }
        put_entry(self.folder, "periods", folder, files, said)
        return folder

    def notes(self, period: str = "") -> pd.DataFrame:
        """Return what was found in a period as it was stored, with the reasons that were given.

        Parameters
        ----------
        period : str, optional
            The latest, if not given.

        Returns
        -------
        DataFrame
            As :attr:`Findings.table`.
        """
        rows = json.loads(file_of(self.folder, self._period(period, None), FINDINGS))
        found = Findings(rows=tuple(finding_from(row) for row in rows))
        return found.table.assign(reason=[row["reason"] for row in rows], by=[row["by"] for row in rows])

    # targets, forecasts, what is due

    def add_target(
        self,
        indicator: str,
        *,
        target: float,
        due: str,
        start: str,
        resolution: str = "",
        area: str = CITY,
        definition: str = "",
    ) -> Target:
        """Keep a target; its baseline is read from the store, not typed.

        Parameters
        ----------
        indicator : str
            A stored column.
        target : float
            Value to be reached, in the unit of the indicator.
        due : str
            By when.
        start : str
            The stored period of the baseline.
        resolution : str, optional
            Who resolved it and when; without one there is no light.
        area : str, default "city"
            Key of an area, or the whole city.
        definition : str, optional
            Id of the definition it was resolved for: another one than the indicator's gives no light.

        Raises
        ------
        SpecError
            There is no baseline, the target lies where more need is, or not after its baseline.
        """
        data = self.data(start)
        value, _, _ = value_with_interval(data, indicator, area)
        if not np.isfinite(value):
            raise SpecError(f"add_target: {indicator!r} has no value for {area!r} at {start!r}: there is no baseline.")
        made = Target(
            indicator=indicator,
            target=float(target),
            due=f"{day(due, 'due'):%Y-%m-%d}",
            start=f"{day(data.period, 'start'):%Y-%m-%d}",
            baseline=value,
            resolution=resolution.strip(),
            area=area,
            definition=definition_of(data, indicator).fingerprint if definition in ("", indicator) else definition,
        )
        refuse_wrong_way(made, data.catalogue.get(indicator).direction)
        self._append("targets", {"target.json": (json.dumps(target_as(made), ensure_ascii=False) + "\n").encode()})
        return made

    def targets(self, on: str = "") -> tuple[TargetState, ...]:
        """Return where each target stands.

        Parameters
        ----------
        on : str, optional
            As seen on a day: the latest period up to it counts. The latest period, if not given.

        Returns
        -------
        tuple of TargetState
            In the order in which they were added.
        """
        found = [target_from(json.loads(file_of(self.folder, e, "target.json"))) for e in self._entries("targets")]
        last = self._latest(on)
        data = self.data(last) if last else None
        return tuple(target_state(one, data) for one in found)

    def add_forecasts(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Keep forecasts or scenarios. They enter no index, rule, class, test or reference.

        Parameters
        ----------
        rows : DataFrame
            ``indicator``, ``period``, ``value``, ``kind`` (``"forecast"`` or ``"scenario"``), ``made_on``, ``method``,
            ``source``; ``area`` and ``variant`` where there are any.

        Returns
        -------
        DataFrame
            As they are kept.

        Raises
        ------
        ColumnError
            A column or an indicator is not known.
        SpecError
            A row is observed, made after its own date, or says no method or source.
        """
        data = self.data()
        table = checked_forecasts(rows, data.values.columns, data.values.index)
        self._append("forecasts", {"forecasts.csv": forecasts_as(table)})
        return table

    def forecasts(self) -> pd.DataFrame:
        """Return all forecasts and scenarios."""
        parts = [forecasts_from(file_of(self.folder, e, "forecasts.csv")) for e in self._entries("forecasts")]
        return pd.concat(parts, ignore_index=True) if parts else no_forecasts()

    def forecast_errors(self) -> tuple[ForecastError, ...]:
        """Return how far forecasts were off whose date has come."""
        rows = self.forecasts()
        return errors_of(rows, {name: self.data(name) for name in self.periods if rows["period"].eq(name).any()})

    def add_planned(self, register: RegisterTables) -> tuple[tuple[Target, ...], pd.DataFrame]:
        """Keep the targets and forecasts of a register that are not kept yet.

        Parameters
        ----------
        register : Measures
            As read by :func:`quartiersatlas.read_measures`.

        Returns
        -------
        (tuple of Target, DataFrame)
            What was new.

        Raises
        ------
        SpecError
            As in :meth:`add_target` and :meth:`add_forecasts`.
        """
        kept = [one.target for one in self.targets()]
        made = tuple(self.add_target(**row) for row in new_targets(register.targets, kept))
        rows = new_forecasts(register.forecasts, self.forecasts())
        return made, self.add_forecasts(rows) if len(rows) else rows

    def done(self, task: str, *, on: str, by: str) -> None:
        """Note that a task of the rhythm was done: ``"status"`` or ``"review"``; periods note themselves.

        Parameters
        ----------
        task : {"status", "review"}
            What was done.
        on : str
            When.
        by : str
            Office.

        Raises
        ------
        SpecError
            There is no such task, or ``on`` is no date.
        """
        choice(task, ("status", "review"), "done: task")
        said = {"task": task, "on": f"{day(on, 'on'):%Y-%m-%d}", "by": by}
        self._append("done", {"done.json": (json.dumps(said, ensure_ascii=False) + "\n").encode()})

    def due(self, on: str) -> tuple[Due, ...]:
        """Return what is due on a day.

        Parameters
        ----------
        on : str
            The day.

        Returns
        -------
        tuple of Due
            One per task of the rhythm: ``"ok"``, ``"due"``, ``"overdue"`` (90 days late), ``"never"``.
        """
        today = f"{day(on, 'on'):%Y-%m-%d}"
        last = {"core": max((e.manifest["last"] for e in self._entries("periods")), default="")}
        for entry in self._entries("done"):
            said = json.loads(file_of(self.folder, entry, "done.json"))
            if said["on"] <= today:
                last[said["task"]] = max(last.get(said["task"], ""), said["on"])
        return due_tasks(self.settings.rhythm, last, on)

    def chart(self, indicator: str, lang: Lang = "de", *, area: str = CITY) -> Chart:
        """Return the course of an indicator: observed as a line, forecasts dashed and unfilled, variants as a band.

        Parameters
        ----------
        indicator : str
            A stored column.
        lang : {"de", "en"}, default "de"
            Language.
        area : str, default "city"
            Key of an area, or the whole city.

        Notes
        -----
        Draws unprotected values: for the house.
        """
        dates = [self.data(name) for name in self.periods]
        days = [f"{day(one.period, 'period'):%Y-%m-%d}" for one in dates]
        values = [value_with_interval(one, indicator, area)[0] if indicator in one.values else np.nan for one in dates]
        ahead = self.forecasts()
        ahead = ahead[ahead["indicator"].eq(indicator) & ahead["area"].eq(area)]
        last = dates[-1]
        name = text("label_city", lang) if area == CITY else str(last.areas["name"].get(area, area))
        return course_chart(
            pd.Series(values, index=days, dtype=float), ahead, last.catalogue.get(indicator), name, lang
        )

    def verify(self) -> list[str]:
        """Return the files that are gone or of which a byte was changed; none is what you want to read.

        Raises
        ------
        InputError
            The chain of manifests itself is broken.
        """
        return damaged(self.folder, self._area_digests())

    # the folder

    def _entries(self, group: str) -> list[Entry]:
        return [entry for entry in chain(self.folder) if entry.group == group]

    def _period(self, period: str, revision: int | None) -> Entry:
        there = self.periods
        if not there:
            raise SpecError(f"The store {str(self.folder)!r} is empty: store.add(data).")
        wanted = there[-1]
        if period:
            name = period_name(period)
            wanted = period if period in there else name.name if name is not None else period
        found = [e for e in self._entries("periods") if e.manifest["name"] == wanted]
        found = [e for e in found if revision is None or e.manifest["revision"] == revision]
        if not found:
            what = f"{period!r}" + (f", revision {revision}" if revision is not None else "")
            raise SpecError(f"The store has no period {what}. There are: {list_some(there, 20)}.")
        return found[-1]

    def _areas(self, entry: Entry) -> gpd.GeoDataFrame:
        return stored_areas(self.folder, entry)

    def _area_digests(self) -> dict[str, str]:
        return {e.manifest["areas"]["file"]: e.manifest["areas"]["sha256"] for e in self._entries("periods")}

    def _latest(self, on: str) -> str:
        """Return the latest period up to a day; empty where there is none."""
        limit = f"{day(on, 'on'):%Y-%m-%d}" if on else "9999"
        last = {e.manifest["name"]: e.manifest["last"] for e in self._entries("periods") if e.manifest["last"] <= limit}
        return max(last, key=lambda name: (last[name], name), default="")

    def _append(self, group: str, files: Mapping[str, bytes]) -> None:
        with self._alone():
            number = len(self._entries(group)) + 1
            put_entry(self.folder, group, f"{number:04d}", files, {"format": FORMAT, "library": __version__})

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with locked(self.folder / SETTINGS, what="store"):
            yield

    def __repr__(self) -> str:
        there = self.periods
        span = f", {there[0]} to {there[-1]}" if there else ""
        return f"Monitor {str(self.folder)!r}: {count_noun(len(there), 'period')}{span}; unprotected counts, internal"


def monitor(
    folder: str | Path,
    *,
    format: Form | None = None,  # noqa: A002 - the word of its users
    rhythm: Mapping[str, str] | None = None,
) -> Monitor:
    """Open the store of a city's periods, or make an empty one.

    Parameters
    ----------
    folder : str or Path
        Where it lies. It holds unprotected counts: a folder of the house, which only its owner may read.
    format : {"parquet", "csv"}, optional
        How tables are kept: Parquet, if not given; CSV needs no further package.
    rhythm : mapping of str to str, optional
        How often the core indicators, the status of measures and the whole approach are looked at, such as
        ``{"core": "1 year", "status": "6 months", "review": "5 years"}`` (as it is, if not given). Of a store that is
        there, ``monitor.toml`` says it.

    Returns
    -------
    Monitor
        ``.add(data)``, ``.data(period)``, ``.targets(on)``, ``.due(on)``, ``.verify()``.

    Raises
    ------
    InputError
        The folder cannot be made, or its settings cannot be read.
    SpecError
        The folder holds something else, or is kept in another format.

    Examples
    --------
    >>> import tempfile
    >>> import quartiersatlas as qa
    >>> with tempfile.TemporaryDirectory() as house:
    ...     store = qa.monitor(f"{house}/monitoring", format="csv")
    ...     [(one.task, one.state) for one in store.due("2025-06-30")]
    [('core', 'never'), ('status', 'never'), ('review', 'never')]
    """
    expects(folder, (str, PathLike), "monitor", 'qa.monitor("monitoring/")')
    choice(format, (None, *FORMS), "monitor: format")
    expects(rhythm, (Mapping, NoneType), "monitor: rhythm", 'qa.monitor(folder, rhythm={"core": "1 year"})')
    place = usable_path(folder, "folder")
    if not (place / MARKER).is_file():
        make_store(place, StoreSettings(files=format or "parquet", rhythm=checked_rhythm(rhythm or RHYTHM)))
    settings = read_settings(place)
    if format is not None and format != settings.files:
        raise SpecError(f"The store {str(place)!r} keeps its tables as {settings.files}, not as {format}.")
    if rhythm is not None and checked_rhythm(rhythm) != dict(settings.rhythm):
        raise SpecError(f"The store {str(place)!r} has another rhythm: change it in its {SETTINGS}.")
    return Monitor(place, settings)
