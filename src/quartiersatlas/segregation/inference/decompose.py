"""Segregation between and within districts: how much of it lies at which level?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import choice, count_noun, expects, names, renamed
from quartiersatlas.catalogue import Message
from quartiersatlas.charts import Chart, Charted
from quartiersatlas.errors import CountError, SpecError, list_some
from quartiersatlas.intake import AreaData
from quartiersatlas.intake.joining.data import refuse_no_counts
from quartiersatlas.segregation.counts import Composition, Places, entropy, ratio, share
from quartiersatlas.segregation.indices.multigroup import _mutual_information
from quartiersatlas.segregation.inference.intervals import bounds, check_resample, drawn_within
from quartiersatlas.segregation.pictures.changes import MOST_PLACES, decomposition_chart
from quartiersatlas.segregation.prepared import (
    HOW,
    REST,
    SLACK,
    as_frame,
    check_missing,
    count_column,
    parents,
    refuse_shares,
    refuse_unknown_counts,
)
from quartiersatlas.segregation.table import in_english

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.segregation.inference.intervals import OfPersons, Seed
    from quartiersatlas.segregation.prepared import Missing
    from quartiersatlas.segregation.table import Codes

    Floats = NDArray[np.float64]

AREA = ("Gebiet", "area")
MUTUAL_INFORMATION = "mutual_information"
INFORMATION_THEORY = "information_theory"
EVEN = 1e-12  # segregation relative to the groups' entropy below which there is nothing to share out
COLUMNS = [
    "index",
    "part",
    "level",
    "place",
    "value",
    "weight",
    "entropy_ratio",
    "contribution",
    "share",
    "lower",
    "upper",
    "n_units",
    "n_dropped",
    "note",
]


@dataclass(frozen=True, eq=False)
class Decomposition(Charted):
    """Segregation between and within the levels of a city.

    Parameters
    ----------
    table : DataFrame
        One row per number, for each ``index``: ``part`` ("total", "between", "within"), ``level`` (what is compared),
        ``place`` (the super-area of a within row; empty where it is the sum over all), ``value``, ``weight`` (share of
        the residents: p_w), ``entropy_ratio`` (E_w / E), ``contribution`` and ``share`` (of the total), ``lower`` and
        ``upper`` (what the value may truly be, where an interval was asked for), ``n_units`` (inhabited units that are
        compared), ``n_dropped`` (areas with unknown counts), ``note``.
    note_codes : Series of tuple of Message
        The codes of the note of each row, on the table's index.
    """

    table: pd.DataFrame
    note_codes: pd.Series

    def chart(
        self, kind: str | None = None, lang: Lang = "de", *, index: str | None = None, most: int = MOST_PLACES
    ) -> Chart:
        """Return the total, its levels and the places of the last level that contribute most as bars.

        Parameters
        ----------
        kind : {"decomposition"}, optional
            The only one.
        lang : {"de", "en"}, default "de"
            Language.
        index : str, optional
            One of the indices of the table; the first, if not given.
        most : int, default 20
            Places that are drawn at most.

        Returns
        -------
        Chart
            Levels add up to the total, places to the last level.

        Raises
        ------
        SpecError
            There is no such kind, language or index.
        """
        choice(kind, (None, "decomposition"), "kind")
        return decomposition_chart(self.table, index, lang, most)

    def __repr__(self) -> str:
        return f"Decomposition\n{self._levels().to_string(index=False)}\n{self._more()}"

    def _repr_html_(self) -> str:
        return f"{self._levels().to_html(index=False, escape=True)}<p>{self._more()}</p>{self._picture()}"

    def _levels(self) -> pd.DataFrame:
        return self.table.loc[self.table["place"].eq(""), ["index", "part", "level", "value", "share", "note"]]

    def _more(self) -> str:
        rows = count_noun(int(self.table["place"].ne("").sum()), "row")
        return f"{rows} on single places: .table"


@dataclass(frozen=True)
class Layer:
    """The segregation of the units of one level within the places of the level above.

    Parameters
    ----------
    level : str
        What is compared, such as "between areas within bezirk".
    unit : str
        Name of the units that are compared.
    names : list of str
        The places.
    mutual_information, entropy, residents : ndarray of float, shape (n_places,)
        M_w in nats, entropy of the groups E_w in nats, persons.
    n_units, n_groups, n_dropped : ndarray of int, shape (n_places,)
        Inhabited units, groups with members, areas with unknown counts.
    """

    level: str
    unit: str
    names: list[str]
    mutual_information: Floats
    entropy: Floats
    residents: Floats
    n_units: NDArray[np.intp]
    n_groups: NDArray[np.intp]
    n_dropped: NDArray[np.intp]

    @property
    def notes(self) -> list[Codes]:
        """What the reader of a place's row has to know."""
        empty = self.n_units == 0
        kinds = [empty & (self.n_dropped > 0), empty, self.n_groups == 1, self.n_units == 1]
        codes = ["note_place_unknown", "note_place_uninhabited", "note_place_one_group", "note_place_one_unit"]
        found = np.select(kinds, codes, default="")
        return [(Message(code, {"unit": self.unit_names}),) if code else () for code in found.tolist()]

    @property
    def unit_names(self) -> tuple[str, str]:
        """The name of the units in German and English; a column of districts is called alike in both."""
        return AREA if self.unit == "area" else (self.unit, self.unit)


@renamed(frame="data", within="by", total="population")
def decompose(
    data: AreaData | pd.DataFrame,
    groups: Iterable[str] | str,
    by: Iterable[str] | str,
    *,
    population: str | None = None,
    missing: Missing = "raise",
    resample: OfPersons | None = None,
    n: int = 999,
    seed: Seed = None,
) -> Decomposition:
    """Split segregation into the part between districts and the part within them, over any number of levels.

    Parameters
    ----------
    data : AreaData, DataFrame or GeoDataFrame
        Counts of persons per area, and the district of each area.
    groups : list of str, or str
        Columns with the persons of each group; the groups exclude one another.
    by : str or list of str
        Columns with the district of each area, from large to small: ``["bezirk", "stadtteil"]``. Each smaller
        district lies in one larger one. The areas themselves are the last level.
    population : str, optional
        Column with all residents; the data's population column, if not given. Who is in none of the groups makes up
        one more group, the rest. Without either, the groups are everybody.
    missing : {"raise", "report"}, default "raise"
        What to do where a count is unknown: refuse, or leave the area out and count it in ``n_dropped``. It is never
        taken as 0.
    resample : {"persons"}, optional
        Fill ``lower`` and ``upper`` with a 95 % interval of each value: the persons of an area are a draw from the
        shares that it truly has.
    n : int, default 999
        Draws for the interval. At least 1.
    seed : int or Generator, optional
        Makes the interval repeatable.

    Returns
    -------
    Decomposition
        ``.table``: the total, the contribution of each level, and each district's own segregation and contribution.
        The levels add up to the total, the districts of a level to that level.

    Raises
    ------
    ColumnError
        A column is missing.
    CountError
        Counts are negative, text, unknown with ``missing="raise"``, or groups add up to more than the population.
    KeyColumnError
        An area has more than one row.
    SpecError
        There is only one group, an area has no district, or a smaller district lies in two larger ones.

    Notes
    -----
    For two levels ``M = M_between + sum_w p_w M_w`` and ``H = H_between + sum_w p_w (E_w / E) H_w``, with the share
    ``p_w`` of the residents and the entropy ``E_w`` of the groups in district ``w`` [1]_ [2]_; deeper levels split
    each ``M_w`` again. Logarithms are natural. A district with a single area has ``M_w = 0``: its areas are alike.

    For the interval, the true shares of the areas are drawn from models as in :meth:`SegregationResult.bootstrap`, each
    district of the last level with a model of its own; chance raises the parts within districts, so that a value may
    lie above its interval.

    References
    ----------
    .. [1] Theil, H. & Finizza, A. J. (1971). A note on the measurement of racial integration of schools by means of
           informational concepts. Journal of Mathematical Sociology 1(2), 187-193.
    .. [2] Mora, R. & Ruiz-Castillo, J. (2011). Entropy-based segregation indices. Sociological Methodology 41(1),
           159-194.

    Examples
    --------
    >>> data = pd.DataFrame({"mh": [40, 20, 5, 1], "other": [20, 40, 60, 80], "bezirk": ["1", "1", "2", "2"]})
    >>> table = decompose(data, ["mh", "other"], by="bezirk").table
    >>> table.loc[table["index"].eq("mutual_information"), ["part", "place", "value", "contribution"]].round(4)
          part place   value  contribution
    0    total        0.1866        0.1866
    1  between        0.1535        0.1535
    2   within        0.0331        0.0331
    3   within     1  0.0566        0.0255
    4   within     2  0.0138        0.0076
    """
    expects(data, (AreaData, pd.DataFrame), "decompose", HOW)
    levels = names(by, "by")
    counts = group_counts(data, groups, population, missing)
    known = counts.notna().all(axis=1).to_numpy()
    codes, places = _nested(as_frame(data)[0], levels)
    areas = counts.to_numpy()
    whole = _layers(areas[known], [code[known] for code in codes], places, levels, [code[~known] for code in codes])
    rows = [_rows(index, *whole) for index in (MUTUAL_INFORMATION, INFORMATION_THEORY)]
    table = pd.concat(rows, ignore_index=True)
    check_resample(resample)
    if resample is not None:
        own = [code[known] for code in codes]
        drawn = drawn_within(areas[known], own[-1], len(places[-1]), n, seed)
        nobody = [code[:0] for code in codes]
        found = bounds(_numbers(*_layers(one, own, places, levels, nobody)) for one in drawn)
        table["lower"], table["upper"] = np.where(table["value"].notna(), found, np.nan)
    return Decomposition(table.assign(note=in_english(table["note"])), table["note"].rename("note_codes"))


def group_counts(
    data: AreaData | pd.DataFrame, groups: Iterable[str] | str, population: str | None, missing: str
) -> pd.DataFrame:
    """Return the persons of each group and of the rest, checked; NaN where unknown."""
    check_missing(missing)
    frame, own = as_frame(data)
    population = population or own
    members = names(groups, "groups")
    columns = members if population is None else (*members, population)
    if len(set(columns)) < len(columns):
        raise SpecError(f"Groups and population must be different columns; they are {list_some(columns, 20)}.")
    if population is None and len(members) < 2:  # noqa: PLR2004 - two groups are the least
        raise SpecError(
            f"At least two groups are needed, not {len(members)}: name them all, or the column of all residents "
            f"(population='residents'), so that the rest is the other group."
        )
    refuse_no_counts(data, columns, "segregation")
    found = {name: count_column(frame, name) for name in columns}
    counts = pd.DataFrame({name: found[name] for name in members})
    if population is not None:
        counts[_unused(REST, members)] = _rest(counts, found[population])
    refuse_shares({str(name): counts[name] for name in counts}, counts.sum(axis=1, skipna=False))
    if missing == "raise":
        refuse_unknown_counts(found)
    return counts


def _unused(name: str, columns: tuple[str, ...]) -> str:
    """Return a name that no column has."""
    while name in columns:
        name += "_"
    return name


def _rest(counts: pd.DataFrame, residents: pd.Series[float]) -> pd.Series[float]:
    """Return who is in none of the groups; refuse groups that are more than all residents."""
    members = counts.sum(axis=1, skipna=False)
    above = counts.index[members > residents * (1 + SLACK)]
    if len(above):
        raise CountError(
            f"The groups add up to more than {residents.name!r} in {count_noun(len(above), 'area')}: "
            f"{list_some(above)}. The groups have to exclude one another: who is in two of them counts twice."
        )
    return (residents - members).clip(lower=0.0)


def _nested(frame: pd.DataFrame, levels: tuple[str, ...]) -> tuple[list[NDArray[np.intp]], list[list[str]]]:
    """Return, for each level, the number of the district of each area and the districts' names."""
    codes, places = zip(*(parents(frame, level) for level in levels), strict=True)
    for upper in range(len(levels) - 1):
        _refuse_straddling(codes[upper : upper + 2], places[upper + 1], levels[upper : upper + 2])
    return list(codes), list(places)


def _refuse_straddling(codes: Sequence[NDArray[np.intp]], places: list[str], levels: tuple[str, ...]) -> None:
    """Refuse smaller districts that lie in two larger ones."""
    above, code = codes
    elsewhere = np.unique(code[above != _larger(above, code, len(places))[code]])
    if len(elsewhere):
        raise SpecError(
            f"{count_noun(len(elsewhere), 'district lies', 'districts lie')} in more than one district of the level "
            f"above ({levels[1]!r} in {levels[0]!r}): "
            f"{list_some(places[place] for place in elsewhere)}. by= goes from large to small, and each smaller "
            f"district lies in one larger one: make names that occur twice distinct."
        )


def _larger(above: NDArray[np.intp], code: NDArray[np.intp], n: int) -> NDArray[np.intp]:
    """Return the larger district of each smaller one."""
    larger = np.zeros(n, dtype=np.intp)
    larger[code] = above
    return larger


def _layers(
    areas: Floats,
    codes: list[NDArray[np.intp]],
    names: list[list[str]],
    levels: tuple[str, ...],
    dropped: list[NDArray[np.intp]],
) -> tuple[Layer, list[Layer]]:
    """Return the whole city as one layer, and its levels from large to small."""
    city, unknown = np.zeros(len(areas), dtype=np.intp), np.zeros_like(dropped[0])
    place_names: list[str] = [""]
    total = _layer("between areas", "area", areas, city, place_names, unknown)
    layers = []
    places, above = city, ""
    for level, code, found, unknown_below in zip(levels, codes, names, dropped, strict=True):
        units = np.zeros((len(found), areas.shape[1]))
        np.add.at(units, code, areas)
        title = f"between {level}" + (f" within {above}" if above else "")
        layers.append(_layer(title, level, units, _larger(places, code, len(found)), place_names, unknown))
        places, place_names, above, unknown = code, found, level, unknown_below
    layers.append(_layer(f"between areas within {above}", "area", areas, places, place_names, unknown))
    return total, layers


def _layer(
    level: str, unit: str, units: Floats, places: NDArray[np.intp], names: list[str], dropped: NDArray[np.intp]
) -> Layer:
    """Return the segregation of units within their places."""
    inhabited = units.sum(axis=1) > 0
    units, places = units[inhabited], places[inhabited]
    order = np.argsort(places, kind="stable")
    composition = Composition(units[order], Places.of_sorted(places[order], len(names)))
    return Layer(
        level=level,
        unit=unit,
        names=names,
        mutual_information=_mutual_information(composition),
        entropy=entropy(composition.city_shares),
        residents=composition.sums,
        n_units=composition.places.sizes,
        n_groups=composition.n_groups,
        n_dropped=np.bincount(dropped, minlength=len(names)),
    )


def _rows(index: str, total: Layer, layers: list[Layer]) -> pd.DataFrame:
    """Return the rows of one index: the total, each level, each place of the levels below the first."""
    reason = undefined(int(total.n_units[0]), int(total.n_groups[0]))
    unit = np.nan if reason else float(total.entropy[0]) if index == INFORMATION_THEORY else 1.0
    weights = [share(layer.residents, total.residents) for layer in layers]
    parts = [weight @ layer.mutual_information for weight, layer in zip(weights, layers, strict=True)]
    values = np.array([total.mutual_information[0], *parts]) / unit
    levels = pd.DataFrame(
        {
            "part": ["total", "between", *["within"] * (len(layers) - 1)],
            "level": [layer.level for layer in (total, *layers)],
            "place": "",
            "value": values,
            "weight": 1.0,
            "entropy_ratio": 1.0,
            "contribution": values,
            "n_units": [layer.n_units.sum() for layer in (total, *layers)],
            "n_dropped": total.n_dropped[0],
            "note": [reason, reason or layers[0].notes[0], *[reason] * (len(layers) - 1)],
        }
    )
    places = [
        pd.DataFrame(
            {
                "part": "within",
                "level": layer.level,
                "place": layer.names,
                "value": _values(index, layer),
                "weight": weight,
                "entropy_ratio": ratio(layer.entropy, total.entropy[0]),
                "contribution": weight * layer.mutual_information / unit,
                "n_units": layer.n_units,
                "n_dropped": layer.n_dropped,
                "note": layer.notes,
            }
        )
        for layer, weight in zip(layers[1:], weights[1:], strict=True)
    ]
    table = pd.concat([levels, *places], ignore_index=True)
    table["index"] = index
    segregated = values[0] * unit > EVEN * total.entropy[0]
    table["share"] = table["contribution"] / values[0] if segregated else np.nan
    table["lower"] = table["upper"] = np.nan
    return table[COLUMNS]


def _numbers(total: Layer, layers: list[Layer]) -> Floats:
    """Return the values of all rows of both indices, in the order of the table."""
    weights = [share(layer.residents, total.residents) for layer in layers]
    parts = [weight @ layer.mutual_information for weight, layer in zip(weights, layers, strict=True)]
    levels = np.array([total.mutual_information[0], *parts])
    columns = []
    for index, unit in ((MUTUAL_INFORMATION, np.ones(1)), (INFORMATION_THEORY, total.entropy)):
        columns += [ratio(levels, unit[0]), *(_values(index, layer) for layer in layers[1:])]
    return np.concatenate(columns)


def _values(index: str, layer: Layer) -> Floats:
    """Return each place's own M, or H = M / E; NaN where nobody lives, H also where there is one group only."""
    if index == INFORMATION_THEORY:
        return ratio(layer.mutual_information, layer.entropy)
    return np.where(layer.n_units > 0, layer.mutual_information, np.nan)


def undefined(n_units: int, n_groups: int) -> Codes:
    """Return why the segregation of a whole city cannot be given; empty where it can."""
    if n_units == 0:
        return (Message("note_place_no_area"),)
    if n_groups < 2:  # noqa: PLR2004 - two groups are the least
        return (Message("note_one_group"),)
    return (Message("note_place_one_unit", {"unit": AREA}),) if n_units == 1 else ()
