"""Persons in reach and exposed persons as columns of the data: counts with their rates, so that a release protects."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import count_noun, expects
from quartiersatlas.catalogue import Indicator, Lang, text
from quartiersatlas.errors import ColumnError, JoinError, SpecError, list_some
from quartiersatlas.indicators.columns import add_rates
from quartiersatlas.intake import AreaData
from quartiersatlas.space.access import Access
from quartiersatlas.space.exposure import Exposure

LANGS: tuple[Lang, ...] = ("de", "en")
PLACES = ("places", "places_per_1000")


def add_reach(data: AreaData, reach: Access | Exposure, name: str, *, label: tuple[str, str] | None = None) -> AreaData:
    """Add what is in reach, or who is exposed, to the data: counts of persons, and rates made of them.

    Parameters
    ----------
    data : AreaData
        Areas on the same keys.
    reach : Access or Exposure
        What was counted.
    name : str
        How the columns begin: ``"stop"`` gives ``stop_share_300`` from ``stop_within_300`` and ``stop_persons``.
    label : (str, str), optional
        What is reached or suffered, in German and English: ``("Haltestelle", "stop")``; the name, if not given.

    Returns
    -------
    AreaData
        With the counts and their rates. A rate is protected with its counts when it is released. Of places within a
        catchment, ``<name>_places_per_1000`` is a mean over the persons.

    Raises
    ------
    JoinError
        The areas are others.
    ColumnError
        A column of the name exists already.
    SpecError
        The name is empty.
    ArgumentError
        The data are no AreaData, or the other one is neither Access nor Exposure.

    Examples
    --------
    >>> import geopandas as gpd
    >>> import shapely
    >>> import quartiersatlas as qa
    >>> areas = gpd.GeoDataFrame({"name": ["A"]}, index=["1"], geometry=[shapely.box(0, 0, 900, 900)], crs="EPSG:25832")
    >>> data = qa.join(areas, pd.DataFrame({"poor": [5.0]}, index=["1"]))
    >>> cells = gpd.GeoDataFrame({"residents": [80.0, 20]}, geometry=shapely.points([[9, 9], [800, 9]]), crs=areas.crs)
    >>> stops = gpd.GeoDataFrame(index=["s"], geometry=shapely.points([[9, 9]]), crs=areas.crs)
    >>> reach = qa.access(cells, stops, 300, population="residents", areas=areas)
    >>> add_reach(data, reach, "stop").values["stop_share_300"].tolist()
    [80.0]
    """
    expects(data, AreaData, "add_reach", "data = qa.join(areas, table)")
    expects(reach, (Access, Exposure), "add_reach: reach", "reach = qa.access(cells, facilities, ...)")
    expects(name, str, "add_reach: name", 'name="stop"')
    if not name.strip():
        raise SpecError("add_reach: the columns need a name: name='stop'.")
    odd = data.areas.index.symmetric_difference(reach.table.index)
    if len(odd):
        raise JoinError(
            f"add_reach: {count_noun(len(odd), 'area is', 'areas are')} in one only: {list_some(odd)}. "
            f"Pass areas=data.areas."
        )
    base = "persons" if isinstance(reach, Access) else "mapped"
    counts = [base, *reach.counted]
    has_places = "places" in reach.table
    columns = [*counts, *(["places"] if has_places else [])]
    taken = [f"{name}_{column}" for column in columns if f"{name}_{column}" in data.values.columns]
    if taken:
        raise ColumnError(f"add_reach: there is a column {list_some(taken)} already: choose another name.")
    german, english = label or (name, name)
    table = reach.table.loc[data.areas.index, columns]
    table = table.assign(**{column: table[column].round() for column in counts})  # shares of cells are whole persons
    found = table.rename(columns={column: f"{name}_{column}" for column in columns})
    status = pd.DataFrame(
        {c: np.where(found[c].isna(), "missing", np.where(found[c].eq(0), "zero", "value")) for c in found},
        index=found.index,
    )
    rates = {_rate(name, column): (f"{name}_{column}", f"{name}_{base}") for column in reach.counted}
    said = _counts_and_shares(name, (german, english), reach, base)
    if has_places:
        said += _places(name, german, english, base)
        rates[f"{name}_{PLACES[1]}"] = (f"{name}_places", f"{name}_{base}")
    data = replace(
        data,
        values=data.values.join(found),
        status=data.status.join(status),
        catalogue=data.catalogue.add(*said),
    )
    return add_rates(data, rates)


def _counts_and_shares(name: str, label: tuple[str, str], reach: Access | Exposure, base: str) -> list[Indicator]:
    """Return what the counts of persons and their shares mean."""
    people, counted = (
        ("reach_persons", "reach_persons_near")
        if isinstance(reach, Access)
        else ("reach_persons_mapped", "reach_persons_exposed")
    )
    persons = {lang: text(people, lang) for lang in LANGS}
    german, english = label
    found = [
        Indicator(
            id=f"{name}_{base}",
            label_de=f"{german}: {persons['de']}",
            label_en=f"{english}: {persons['en']}",
            kind="count",
        )
    ]
    for column in reach.counted:
        what = {lang: reach.label(column, lang) for lang in LANGS}
        count = Indicator(
            id=f"{name}_{column}",
            label_de=f"{german}: {what['de']}, {persons['de']}",
            label_en=f"{english}: {what['en']}, {persons['en']}",
            kind="count",
        )
        share = Indicator(
            id=_rate(name, column),
            label_de=f"{german}: {what['de']}",
            label_en=f"{english}: {what['en']}",
            numerator_de=text(counted, "de", label=german, what=what["de"]),
            numerator_en=text(counted, "en", label=english, what=what["en"]),
            denominator_de=persons["de"],
            denominator_en=persons["en"],
            kind="share",
            unit="percent",
            direction=-1 if isinstance(reach, Access) else 1,
        )
        found += [count, share]
    return found


def _rate(name: str, column: str) -> str:
    """Return the name of the rate of a column of counts: ``within_300`` gives ``<name>_share_300``."""
    return f"{name}_share_{column.split('_', 1)[1]}"


def _places(name: str, german: str, english: str, base: str) -> list[Indicator]:
    words = text("reach_places_amount", "de"), text("reach_places_amount", "en")
    rate = text("reach_places_rate", "de"), text("reach_places_rate", "en")
    amount = Indicator(
        id=f"{name}_places",
        label_de=f"{german}: {words[0]}",
        label_en=f"{english}: {words[1]}",
        kind="amount",
        unit_de=words[0],
        unit_en=words[1],
        base=f"{name}_{base}",
    )
    mean = Indicator(
        id=f"{name}_{PLACES[1]}",
        label_de=f"{german}: {rate[0]}",
        label_en=f"{english}: {rate[1]}",
        numerator_de=words[0],
        numerator_en=words[1],
        denominator_de=text("reach_persons", "de"),
        denominator_en=text("reach_persons", "en"),
        kind="mean",
        unit="per 1000",
        direction=-1,
    )
    return [amount, mean]
