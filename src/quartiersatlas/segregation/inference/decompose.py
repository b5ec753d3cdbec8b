"""Segregation between and within districts: how much of it lies at which level?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from quartiersatlas.errors import ColumnError, CountError, SpecError, list_some
from quartiersatlas.intake import AreaData
from quartiersatlas.intake.joining.data import checked_counts
from quartiersatlas.segregation.counts import Composition, Places, entropy, ratio, share
from quartiersatlas.segregation.indices.multigroup import _mutual_information
from quartiersatlas.segregation.prepared import refuse_shares

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MUTUAL_INFORMATION = "mutual_information"
INFORMATION_THEORY = "information_theory"
REST = "rest"
SLACK = 1e-9  # relative excess of the groups over the total that still counts as rounding
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
    "n_units",
    "n_dropped",
    "note",
]


@dataclass(frozen=True)
class Decomposition:
    """Segregation between and within the levels of a city.

    Parameters
    ----------
    table : DataFrame
        One row per number, for each ``index``: ``part`` ("total", "between", "within"), ``level`` (what is compared),
        ``place`` (the super-area of a within row; empty where it is the sum over all), ``value``, ``weight`` (share of
        the residents: p_w), ``entropy_ratio`` (E_w / E), ``contribution`` and ``share`` (of the total), ``n_units``
        (inhabited units that are compared), ``n_dropped`` (areas with unknown counts), ``note``.
    """

    table: pd.DataFrame

    def __repr__(self) -> str:
        return f"Decomposition\n{self._levels().to_string(index=False)}\n{self._more()}"

    def _repr_html_(self) -> str:
        return f"{self._levels().to_html(index=False, escape=True)}<p>{self._more()}</p>"

    def _levels(self) -> pd.DataFrame:
        return self.table.loc[self.table["place"].eq(""), ["index", "part", "level", "value", "share", "note"]]

    def _more(self) -> str:
        return f"{self.table['place'].ne('').sum()} rows on single places: .table"


@dataclass(frozen=True)
class Layer:
    """The segregation of the units of one level within the places of the level above.

    Parameters
    ----------
    level : str
        What is compared, such as "between areas within bezirk".
    unit : str
        Name of the units that are compared.
    names : list of object
        The places.
    mutual_information, entropy, residents : ndarray of float, shape (n_places,)
        M_w in nats, entropy of the groups E_w in nats, persons.
    n_units, n_groups, n_dropped : ndarray of int, shape (n_places,)
        Inhabited units, groups with members, areas with unknown counts.
    """

    level: str
    unit: str
    names: list[object]
    mutual_information: Floats
    entropy: Floats
    residents: Floats
    n_units: NDArray[np.intp]
    n_groups: NDArray[np.intp]
    n_dropped: NDArray[np.intp]

    @property
    def notes(self) -> list[str]:
        """What the reader of a place's row has to know."""
        empty = self.n_units == 0
        kinds = [empty & (self.n_dropped > 0), empty, self.n_groups == 1, self.n_units == 1]
        texts = ["no count is known", "nobody lives here", "one group only", f"one {self.unit} only"]
        return [str(note) for note in np.select(kinds, texts, default="")]


def decompose(
    frame: AreaData | pd.DataFrame,
    groups: Iterable[str] | str,
    within: Iterable[str] | str,
    *,
    total: str | None = None,
    missing: Literal["raise", "drop"] = "raise",
) -> Decomposition:
    """Split segregation into the part between districts and the part within them, over any number of levels.

    Parameters
    ----------
    frame : AreaData, DataFrame or GeoDataFrame
        Counts of persons per area, and the district of each area.
    groups : list of str, or str
        Columns with the persons of each group; the groups exclude one another.
    within : str or list of str
        Columns with the district of each area, from large to small: ``["bezirk", "stadtteil"]``. Each smaller
        district lies in one larger one. The areas themselves are the last level.
    total : str, optional
        Column with all residents; the data's population column, if not given. Who is in none of the groups makes up
        one more group, the rest. Without either, the groups are everybody.
    missing : {"raise", "drop"}, default "raise"
        What to do where a count is unknown: refuse, or leave the area out and count it in ``n_dropped``. It is never
        taken as 0.

    Returns
    -------
    Decomposition
        ``.table``: the total, the contribution of each level, and each district's own segregation and contribution.
        The levels add up to the total, the districts of a level to that level.

    Raises
    ------
    ColumnError
        A column is not there.
    CountError
        Counts are negative, text, unknown with ``missing="raise"``, or groups add up to more than the total.
    SpecError
        There is only one group, an area has no district, or a smaller district lies in two larger ones.

    Notes
    -----
    For two levels ``M = M_between + sum_w p_w M_w`` and ``H = H_between + sum_w p_w (E_w / E) H_w``, with the share
    ``p_w`` of the residents and the entropy ``E_w`` of the groups in district ``w`` [1]_ [2]_; deeper levels split
    each ``M_w`` again. Logarithms are natural. A district with a single area has ``M_w = 0``: its areas are alike.

    References
    ----------
    .. [1] Theil, H. & Finizza, A. J. (1971). A note on the measurement of racial integration of schools by means of
           informational concepts. Journal of Mathematical Sociology 1(2), 187-193.
    .. [2] Mora, R. & Ruiz-Castillo, J. (2011). Entropy-based segregation indices. Sociological Methodology 41(1),
           159-194.

    Examples
    --------
    >>> frame = pd.DataFrame({"mh": [40, 20, 5, 1], "other": [20, 40, 60, 80], "bezirk": ["1", "1", "2", "2"]})
    >>> table = decompose(frame, ["mh", "other"], within="bezirk").table
    >>> table.loc[table["index"].eq("mutual_information"), ["part", "place", "value", "contribution"]].round(4)
          part place   value  contribution
    0    total        0.1866        0.1866
    1  between        0.1535        0.1535
    2   within        0.0331        0.0331
    3   within     1  0.0566        0.0255
    4   within     2  0.0138        0.0076
    """
    levels = [within] if isinstance(within, str) else list(within)
    counts = group_counts(frame, groups, total, missing)
    known = counts.notna().all(axis=1).to_numpy()
    codes, names = _nested(frame, levels)
    areas = counts.to_numpy()
    whole = _layers(areas[known], [code[known] for code in codes], names, levels, [code[~known] for code in codes])
    rows = [_rows(index, *whole) for index in (MUTUAL_INFORMATION, INFORMATION_THEORY)]
    return Decomposition(pd.concat(rows, ignore_index=True))


def group_counts(
    frame: AreaData | pd.DataFrame, groups: Iterable[str] | str, total: str | None, missing: str
) -> pd.DataFrame:
    """Return the persons of each group and of the rest, checked; NaN where unknown."""
    if missing not in ("raise", "drop"):
        raise SpecError(f"missing={missing!r} is not known; there are 'raise' and 'drop'.")
    if isinstance(frame, AreaData):
        total = total or frame.population
        frame = frame.values
    names = [groups] if isinstance(groups, str) else list(groups)
    columns = names if total is None else [*names, total]
    if len(set(columns)) < len(columns):
        raise SpecError(f"Each column stands once among the groups and the total; they are {list_some(columns, 20)}.")
    if not names or (total is None and len(names) < 2):  # noqa: PLR2004 - two groups are the least
        raise SpecError(
            f"There are two groups at least, there is {len(names)}: name them all, or the column of all residents "
            f"(total='residents'), so that the rest is the other group."
        )
    counts = pd.DataFrame({name: _counts(frame, name) for name in names})
    if total is not None:
        counts[_unused(REST, names)] = _rest(counts, _counts(frame, total))
    refuse_shares({str(name): counts[name] for name in counts}, counts.sum(axis=1, skipna=False))
    unknown = frame.index[counts.isna().any(axis=1)]
    if missing == "raise" and len(unknown):
        raise CountError(
            f"{len(unknown)} areas have no count in {list_some(columns)}: {list_some(unknown)}. "
            f"Pass missing='drop' to leave them out and have them counted."
        )
    return counts


def _unused(name: str, names: list[str]) -> str:
    """Return a name that no column has."""
    while name in names:
        name += "_"
    return name


def _counts(frame: pd.DataFrame, column: str) -> pd.Series[float]:
    """Return one column of counts."""
    if column not in frame.columns:
        raise ColumnError.not_found(column, frame.columns, "The frame")
    return checked_counts(frame[column])


def _rest(counts: pd.DataFrame, residents: pd.Series[float]) -> pd.Series[float]:
    """Return who is in none of the groups; refuse groups that are more than all residents."""
    members = counts.sum(axis=1, skipna=False)
    above = counts.index[members > residents * (1 + SLACK)]
    if len(above):
        raise CountError(
            f"In {len(above)} areas the groups add up to more than {residents.name!r}: {list_some(above)}. "
            f"The groups have to exclude one another: who is in two of them counts twice."
        )
    return (residents - members).clip(lower=0.0)


def _nested(frame: AreaData | pd.DataFrame, levels: list[str]) -> tuple[list[NDArray[np.intp]], list[list[object]]]:
    """Return, for each level, the number of the district of each area and the districts' names."""
    if not levels or len(set(levels)) < len(levels):
        raise SpecError("within= names the columns of the districts, each once, from large to small.")
    tables = [frame.areas, frame.values] if isinstance(frame, AreaData) else [frame]
    codes, names = [], []
    for level in levels:
        table = next((table for table in tables if level in table.columns), None)
        if table is None:
            raise ColumnError.not_found(level, [c for table in tables for c in table.columns], "The frame")
        districts = table[level]
        without = districts.index[districts.isna() | districts.eq("")]
        if len(without):
            raise SpecError(f"{len(without)} areas have no district in {level!r}: {list_some(without)}.")
        code, found = pd.factorize(districts)
        codes.append(np.asarray(code, dtype=np.intp))
        names.append(list(found))
    for upper in range(len(levels) - 1):
        _refuse_straddling(codes[upper : upper + 2], names[upper + 1], levels[upper : upper + 2])
    return codes, names


def _refuse_straddling(codes: list[NDArray[np.intp]], names: list[object], levels: list[str]) -> None:
    """Refuse smaller districts that lie in two larger ones."""
    above, code = codes
    elsewhere = np.unique(code[above != _parents(above, code, len(names))[code]])
    if len(elsewhere):
        raise SpecError(
            f"{len(elsewhere)} keys of {levels[1]!r} lie in more than one place of {levels[0]!r}: "
            f"{list_some(names[place] for place in elsewhere)}. within= goes from large to small, and each smaller "
            f"district lies in one larger one: make names that occur twice distinct."
        )


def _parents(above: NDArray[np.intp], code: NDArray[np.intp], n: int) -> NDArray[np.intp]:
    """Return the larger district of each smaller one."""
    parents = np.zeros(n, dtype=np.intp)
    parents[code] = above
    return parents


def _layers(
    areas: Floats,
    codes: list[NDArray[np.intp]],
    names: list[list[object]],
    levels: list[str],
    dropped: list[NDArray[np.intp]],
) -> tuple[Layer, list[Layer]]:
    """Return the whole city as one layer, and its levels from large to small."""
    city, unknown = np.zeros(len(areas), dtype=np.intp), np.zeros_like(dropped[0])
    place_names: list[object] = [""]
    total = _layer("between areas", "area", areas, city, place_names, unknown)
    layers = []
    places, above = city, ""
    for level, code, found, unknown_below in zip(levels, codes, names, dropped, strict=True):
        units = np.zeros((len(found), areas.shape[1]))
        np.add.at(units, code, areas)
        title = f"between {level}" + (f" within {above}" if above else "")
        layers.append(_layer(title, level, units, _parents(places, code, len(found)), place_names, unknown))
        places, place_names, above, unknown = code, found, level, unknown_below
    layers.append(_layer(f"between areas within {above}", "area", areas, places, place_names, unknown))
    return total, layers


def _layer(
    level: str, unit: str, units: Floats, places: NDArray[np.intp], names: list[object], dropped: NDArray[np.intp]
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
    return table[COLUMNS]


def _values(index: str, layer: Layer) -> Floats:
    """Return each place's own M, or H = M / E; NaN where nobody lives, H also where there is one group only."""
    if index == INFORMATION_THEORY:
        return ratio(layer.mutual_information, layer.entropy)
    return np.where(layer.n_units > 0, layer.mutual_information, np.nan)


def undefined(n_units: int, n_groups: int) -> str:
    """Return why the segregation of a whole city cannot be given; empty where it can."""
    if n_units == 0:
        return "no area"
    if n_groups < 2:  # noqa: PLR2004 - two groups are the least
        return "fewer than two groups have members"
    return "one area only" if n_units == 1 else ""
