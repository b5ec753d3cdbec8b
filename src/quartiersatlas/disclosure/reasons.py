"""Why a value is not shown: what is public of a cell by itself, and nothing that depends on a withheld value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from quartiersatlas.disclosure.columns import ReleasedColumns
    from quartiersatlas.disclosure.suppression import SuppressionPattern
    from quartiersatlas.intake import AreaData
    from quartiersatlas.need import NeedIndex

# the reasons that keep a value inside; the others say that there is none
WITHHELD = ("protected", "small_area", "unknown_residents", "source", "derived")
NO_VALUE = ("missing", "not_applicable", "unreliable", "excluded")
# what the source says of a cell without a number, the later one prevails
ORIGINS = {
    "not_applicable": "not_applicable",
    "unreliable": "unreliable",
    "missing": "missing",
    "suppressed": "source",
}


def reasons_not_shown(
    pattern: SuppressionPattern, out: ReleasedColumns, need: NeedIndex | None
) -> dict[str, pd.Series[str]]:
    """Return for each column that leaves why areas show no value.

    Parameters
    ----------
    pattern : SuppressionPattern
        The data, and the cells that may not be shown.
    out : ReleasedColumns
        The columns that leave.
    need : NeedIndex, optional
        Where their scores and classes come from.

    Returns
    -------
    dict of str to Series of str
        Column -> on the district key one of ``WITHHELD`` and ``NO_VALUE``; empty where the value is shown.

    Notes
    -----
    A small count and a larger one that is withheld to keep it company have one reason, ``"protected"``: to tell them
    apart would confine the small one to the values below the minimum. For the same cause a rate on nobody is
    ``"not_applicable"`` only where neither of its counts is withheld, and a cell that nobody has told is
    ``"missing"`` or ``"source"`` even where its value follows from others and is small.
    """
    data, of_area = pattern.data, _area_reasons(pattern)
    found = {}
    for column in out.columns:
        if column.axis:
            own = _index_reasons(out.status[column.id], need)
        elif column.id in data.values:
            own = _cell_reasons(pattern, column.id)
        else:
            continue  # the counts of a rate, below
        found[column.id] = own if column.id == data.population else own.where(of_area.eq(""), of_area)
    for rate in (column for column in out.columns if column.kind == "rate"):
        for side, source in zip((rate.numerator, rate.denominator), data.rates[rate.id], strict=True):
            own = _origins(data, source)
            found[side] = own.where(own.ne(""), found[rate.id].where(found[rate.id].isin(WITHHELD), "protected"))
            found[side] = found[side].where(of_area.eq(""), of_area)
    return {column.id: _where_empty(found[column.id], out.values[column.id]) for column in out.columns}


def _where_empty(reasons: pd.Series[str], values: pd.Series) -> pd.Series[str]:
    """Return the reasons of cells without a value; what rounding leaves nobody to divide by is not applicable."""
    return reasons.replace("", "not_applicable").where(values.isna(), "")


def _area_reasons(pattern: SuppressionPattern) -> pd.Series[str]:
    """Return why an area shows no indicator at all; empty where it shows some."""
    residents = pattern.data.residents()
    found = pd.Series("", index=residents.index, dtype=object)
    found = found.mask(pattern.hidden, "small_area").mask(pattern.hidden & residents.isna(), "unknown_residents")
    return found.mask(residents.eq(0), "not_applicable")


def _cell_reasons(pattern: SuppressionPattern, name: str) -> pd.Series[str]:
    """Return why the cells of a column of the data have no value, by themselves; empty where they have one."""
    data = pattern.data
    if name in data.changes:
        return _change_reasons(pattern, name)
    withheld, found = pattern.cells(name), _origins(data, *data.rates.get(name, (name,)))
    base = data.catalogue.get(name).base if name in data.catalogue else ""
    if base in data.status:
        found = found.mask(found.eq("") & withheld & data.status[base].eq("suppressed"), "derived")
    found = found.mask(found.eq("") & withheld, "protected")
    empty = "not_applicable" if name in data.rates else "missing"
    return found.mask(found.eq("") & data.values[name].isna(), empty)


def _origins(data: AreaData, *columns: str) -> pd.Series[str]:
    """Return what the source says of cells without a number, the worst of several columns; empty where it has one."""
    found = pd.Series("", index=data.areas.index, dtype=object)
    for status, reason in ORIGINS.items():
        for column in columns:
            found = found.mask(data.values[column].isna() & data.status[column].eq(status), reason)
    return found


def _change_reasons(pattern: SuppressionPattern, name: str) -> pd.Series[str]:
    """Return why a change is not shown: for that of its value now, else for that of the earlier date.

    What an area was called for at the earlier date is not said of the area as it is now.
    """
    base = pattern.data.changes[name][0]
    earlier = pattern.earlier[name]
    now, before = _cell_reasons(pattern, base), _cell_reasons(earlier, base)
    before = before.mask(earlier.hidden, "derived")
    return now.where(now.ne(""), before.reindex(now.index))


def _index_reasons(status: pd.Series[str], need: NeedIndex | None) -> pd.Series[str]:
    """Return why an area has no score: withheld indicators, left out by rule, without a value, without anybody."""
    names = {"suppressed": "derived", "excluded": "excluded", "value": ""}
    found = status.map(names).fillna("missing").astype(object)
    if need is None:
        return found
    nobody = need.excluded.index[need.excluded["reason"].eq("no_denominator")]
    return found.mask(found.eq("missing") & found.index.isin(nobody), "not_applicable")
