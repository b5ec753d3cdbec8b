"""Whose money ends, and how far each office is: tables with their sentences, for one day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.catalogue import check_lang, number_text, text
from quartiersatlas.errors import SpecError
from quartiersatlas.monitoring.measures.coverage import Coverage, day_text
from quartiersatlas.monitoring.measures.standing import LIVE, OVERDUE, day_of, rows_of, standing

if TYPE_CHECKING:
    from datetime import date

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.intake.registers.read import RegisterTables

MONTHS = 12
RHYTHM_UNITS = ("days", "weeks", "months", "years")
# the sentence of a sum that is named, and of one that is not
ENDS = ("register_money_ends", "register_money_ends_unnamed")
ENDED = ("register_money_ended", "register_money_ended_unnamed")
MONEY_STATES = ("expired", "ends_within_12_months", "ends_before_measure", "ok", "without_funding")


@dataclass(frozen=True, eq=False, repr=False)
class Told:
    """A table with its sentences.

    Parameters
    ----------
    table : DataFrame
        A row per thing that is told.
    on : Timestamp
        The day.
    """

    table: pd.DataFrame
    on: pd.Timestamp

    def text(self, lang: Lang = "de") -> str:
        """Return what is to be known in sentences, one per line.

        Parameters
        ----------
        lang : {"de", "en"}, default "de"
            Language.
        """
        check_lang(lang)
        return "\n".join(self._lines(lang)) or text("register_nothing", lang, day=day_text(self.on, lang))

    def _lines(self, lang: Lang) -> list[str]:
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"{type(self).__name__} on {self.on:%Y-%m-%d}\n{self.table.to_string(index=False)}"

    def _repr_html_(self) -> str:
        return str(self.table.to_html(index=False))


class Money(Told):
    """What a live measure is paid from, and when that ends: see :meth:`Measures.money`."""

    def _lines(self, lang: Lang) -> list[str]:
        lines = []
        for row in rows_of(self.table):
            if row.state in MONEY_STATES[:3]:
                known, unknown = ENDED if row.state == "expired" else ENDS
                said = {"programme": row.programme, "date": day_text(row.end, lang), "id": row.measure_id}
                if row.sum_eur == row.sum_eur:
                    lines.append(text(known, lang, sum=number_text(row.sum_eur, 0, lang), **said))
                else:
                    lines.append(text(unknown, lang, **said))
        without = self.table.loc[self.table["state"].eq("without_funding"), "measure_id"]
        if len(without):
            lines.append(text("register_without_funding", lang, ids=", ".join(without)))
        return lines


def money(register: RegisterTables, on: str | date) -> Money:
    """Return the granted money of live measures and its end.

    An end that is past is ``expired``, within twelve months ``ends_within_12_months``, before that of the measure
    ``ends_before_measure``; a live measure without any row has ``without_funding``.
    """
    day = day_of(on)
    live = register.measures[standing(register.measures, day).eq(LIVE)]
    columns = ["measure_id", "name", "end"]
    paid = register.funding[register.funding["state"].isin(["granted", "ended"])]
    found = paid.merge(live[columns].rename(columns={"end": "measure_end"}), on="measure_id")
    soon = day + pd.DateOffset(months=MONTHS)
    chosen = np.select(
        [found["end"] < day, found["end"] <= soon, found["end"] < found["measure_end"]], MONEY_STATES[:3], "ok"
    )
    found["state"] = np.where(found["state"].eq("ended") & ~(found["end"] >= day), "expired", chosen)
    without = live[~live["measure_id"].isin(register.funding["measure_id"])]
    more = pd.DataFrame({"measure_id": without["measure_id"], "name": without["name"], "state": "without_funding"})
    order = ["measure_id", "name", "programme", "funder", "sum_eur", "end", "measure_end", "state"]
    table = pd.concat([found, more], ignore_index=True) if len(more) else found
    return Money(table.reindex(columns=order), day)


class Status(Told):
    """How far the measures of each office are: see :meth:`Measures.status`."""

    def _lines(self, lang: Lang) -> list[str]:
        lines = []
        for row in rows_of(self.table):
            line = text("register_status_line", lang, lead=row.lead, n=row.n, live=row.live)
            if row.overdue:
                line += " " + text("register_overdue", lang, ids=row.overdue_ids)
            if row.outdated:
                line += " " + text("register_outdated", lang, ids=row.outdated_ids)
            lines.append(line)
        return lines


def status(register: RegisterTables, on: str | date, *, rhythm: str = "6 months") -> Status:
    """Return per lead office how many measures there are, are live, overdue, done, or were not updated in time."""
    day = day_of(on)
    measures = register.measures
    state = standing(measures, day)
    oldest = day - _rhythm(rhythm)
    is_outdated = measures["updated"].lt(oldest) & state.isin([LIVE, OVERDUE, "idea", "paused"])
    rows = []
    for lead, part in measures.groupby("lead", sort=True):
        own = state.loc[part.index]
        row: dict[str, object] = {"lead": lead, "n": len(part)}
        for name in (LIVE, OVERDUE, "idea", "paused", "done", "dropped"):
            row[name] = int(own.eq(name).sum())
        row["outdated"] = int(is_outdated.loc[part.index].sum())
        row["overdue_ids"] = ", ".join(part.loc[own.eq(OVERDUE), "measure_id"])
        row["outdated_ids"] = ", ".join(part.loc[is_outdated.loc[part.index], "measure_id"])
        rows.append(row)
    columns = [
        "lead",
        "n",
        LIVE,
        OVERDUE,
        "idea",
        "paused",
        "done",
        "dropped",
        "outdated",
        "overdue_ids",
        "outdated_ids",
    ]
    return Status(pd.DataFrame(rows, columns=columns), day)


def _rhythm(words: str) -> pd.DateOffset:
    """Return a span such as ``"6 months"``."""
    number, _, unit = words.strip().partition(" ")
    unit = f"{unit.strip().removesuffix('s')}s"
    if not number.isdigit() or unit not in RHYTHM_UNITS:
        raise SpecError(f"rhythm={words!r} is no span: write one such as '6 months' or '1 year'.")
    return pd.DateOffset(**{unit: int(number)})  # type: ignore[arg-type] # one of the spans


class Priorities(Told):
    """Priorities that people set, beside what the data say: see :meth:`Measures.priorities`."""

    @property
    def counts(self) -> pd.DataFrame:
        """How many measures have each priority and evidence."""
        rows, columns = ["high", "medium", "low", ""], ["need", "no_need", "unknown"]
        return pd.crosstab(self.table["priority"], self.table["evidence"]).reindex(rows, columns=columns, fill_value=0)

    def _lines(self, lang: Lang) -> list[str]:
        named = {"high_without_evidence": "priority_conflict_high", "low_with_need": "priority_conflict_low"}
        rows = self.table[self.table["conflict"].ne("")]
        return [text(named[row.conflict], lang, id=row.measure_id, name=row.name) for row in rows_of(rows)]


def priorities(register: RegisterTables, covered: Coverage) -> Priorities:
    """Return each measure's priority beside the evidence of need where it works; no score and no rank.

    Evidence is ``need`` where one of its areas and fields has need, ``no_need`` where all are known to have none. The
    conflicts are a high priority without evidence, and a low one where there is need.
    """
    need = covered.table.set_index(["area", "field"])["need"]
    rows = []
    for row in rows_of(register.measures):
        held = need[
            need.index.get_level_values("field").isin(row.fields)
            & (row.scope == "city" or need.index.get_level_values("area").isin(row.areas))
        ]
        evidence = (
            "need" if held.fillna(value=False).any() else "no_need" if len(held) and held.notna().all() else "unknown"
        )
        conflict = ""
        if row.priority == "high" and evidence == "no_need":
            conflict = "high_without_evidence"
        elif row.priority == "low" and evidence == "need":
            conflict = "low_with_need"
        rows.append((row.measure_id, row.name, row.priority, evidence, conflict))
    columns = ["measure_id", "name", "priority", "evidence", "conflict"]
    return Priorities(pd.DataFrame(rows, columns=columns), covered.on)
