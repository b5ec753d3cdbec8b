"""Measures and coverage as tables of a workbook or a file: a row per measure, a row per area and field of action."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from quartiersatlas.catalogue import text
from quartiersatlas.intake.registers.schema import PERMANENT, PERMANENT_WORDS, field_labels, register_columns
from quartiersatlas.present.acting.measures import state_text
from quartiersatlas.present.statements import visible

if TYPE_CHECKING:
    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Release

DATES = ("begin", "end", "updated")
CODES = ("status", "scope", "priority")
NEED = {True: "answer_yes", False: "answer_no"}


def measures_table(release: Release, lang: Lang) -> pd.DataFrame:
    """Return one row per measure, in words; where it is, and where it stands on the day."""
    found = release.measures
    assert found is not None  # noqa: S101 - asked for where there is one
    table, names, fields = found.table, release.areas["name"], field_labels(lang)
    by_name = {column.name: column for column in register_columns()["massnahmen"]}
    for name in table.columns.intersection(list(CODES)):
        table[name] = table[name].map(by_name[name].labels(lang), na_action="ignore")
    for name in table.columns.intersection(list(DATES)):
        table[name] = [_day(day, lang) for day in table[name]]
    table["fields"] = ["; ".join(fields[one] for one in own) for own in table["fields"]]
    table["areas"] = [
        ", ".join(f"{names[key]} ({key})" if key in names else key for key in own) for own in table["areas"]
    ]
    table["standing"] = [state_text(row, lang) for row in found.table.to_dict("records")]
    return table.astype(object).where(table.notna(), "")


def coverage_table(release: Release, lang: Lang) -> pd.DataFrame:
    """Return one row per area and field of action: need, measures, state."""
    found = release.measures
    assert found is not None  # noqa: S101 - asked for where there is one
    table, fields = found.coverage, field_labels(lang)
    need = [text(NEED.get(one, "coverage_need_unknown"), lang) for one in table["need"]]
    state = ["" if one == "none" else text(f"coverage_{one}", lang) for one in table["state"]]
    table = table.assign(field=table["field"].map(fields), need=need, state=state).rename(columns={"area": "key"})
    table.insert(1, "name", table["key"].map(release.areas["name"]))
    return table


def measure_heading(name: str, lang: Lang) -> str:
    """Return what a column of the register is called; its own name where the register does not know it."""
    known = {column.name: column.heading(lang) for column in register_columns()["massnahmen"]}
    return known.get(name, name)


def _day(day: object, lang: Lang) -> str:
    if not isinstance(day, pd.Timestamp) or pd.isna(day):
        return ""
    return PERMANENT_WORDS[lang] if day == PERMANENT else visible(f"{day:%Y-%m-%d}")
