"""Why has segregation changed: other groups, other areas, or people living more apart?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING, Literal

import geopandas as gpd
import numpy as np
import pandas as pd

from quartiersatlas.base.checks import choice, expects, names, renamed
from quartiersatlas.base.keys import refuse_number_keys, refuse_repeated_keys
from quartiersatlas.catalogue import Message, text
from quartiersatlas.charts import Chart, Charted
from quartiersatlas.errors import JoinError, SpecError, list_some
from quartiersatlas.intake import AreaData
from quartiersatlas.segregation.counts import Composition, Places, entropy
from quartiersatlas.segregation.indices.multigroup import _mutual_information, local_segregation_scores
from quartiersatlas.segregation.inference.decompose import (
    EVEN,
    INFORMATION_THEORY,
    MUTUAL_INFORMATION,
    group_counts,
    undefined,
)
from quartiersatlas.segregation.inference.intervals import bounds, check_resample, drawn_tables
from quartiersatlas.segregation.inference.margins import fit_margins
from quartiersatlas.segregation.pictures.changes import change_chart
from quartiersatlas.segregation.prepared import HOW
from quartiersatlas.segregation.table import in_english
from quartiersatlas.space.outline_moves import compare_outlines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.segregation.inference.intervals import OfPersons, Seed
    from quartiersatlas.segregation.prepared import Missing
    from quartiersatlas.segregation.table import Codes
    from quartiersatlas.space.outline_moves import Outlines

    Floats = NDArray[np.float64]

SIDES = ("earlier", "later")
INDICES = (MUTUAL_INFORMATION, INFORMATION_THEORY)
PARTS = {  # part -> what it is a part of
    "before": "",
    "after": "",
    "difference": "",
    "removals": "difference",
    "additions": "difference",
    "margins": "difference",
    "structural": "difference",
    "group_margin": "margins",
    "area_margin": "margins",
}
OF_METHODS = {  # the parts that add up to the difference by the older methods
    "km": ("removals", "additions", "group_margin", "area_margin", "interaction", "structural"),
    "mrc": ("area_entropy", "group_margin", "structural"),
}


@dataclass(frozen=True, eq=False)
class SegregationChange(Charted):
    """The change of segregation between two dates and what it is made of.

    Parameters
    ----------
    table : DataFrame
        One row per number, for each ``index``: ``part``, ``part_of`` (removals, additions, margins and structural
        add up to the difference, the two margins to the margins), ``value``, ``share`` (of the difference), ``n_areas``
        (that the number rests on), ``lower``, ``upper`` (what the value may truly be, where an interval was asked for),
        ``n_dropped`` (areas with unknown counts), ``note``.
    note_codes : Series of tuple of Message
        The codes of the note of each row, on the table's index.
    by_area : DataFrame
        The structural part area by area: ``index``, ``area``, ``value`` (they add up to the structural part), ``share``
        (of it), and with an interval ``lower`` and ``upper``. Only of areas inhabited at both dates; empty for ``mrc``,
        which splits by group.
    moved : tuple of (str, float)
        Areas with another outline at the two dates, and the share of their surface that moved: part of the difference
        comes from them.
    """

    table: pd.DataFrame
    note_codes: pd.Series
    by_area: pd.DataFrame
    moved: tuple[tuple[str, float], ...] = ()

    def chart(self, kind: str | None = None, lang: Lang = "de", *, index: str | None = None) -> Chart:
        """Return the change as steps from the earlier value to the later one.

        Parameters
        ----------
        kind : {"change"}, optional
            The only one.
        lang : {"de", "en"}, default "de"
            Language.
        index : str, optional
            One of the indices of the table; the first, if not given.

        Returns
        -------
        Chart
            A bar for each part; parts that are not known are said, not drawn.

        Raises
        ------
        SpecError
            There is no such kind, language or index.
        """
        choice(kind, (None, "change"), "kind")
        return change_chart(self.table, index, lang)

    def __repr__(self) -> str:
        return "\n".join(["SegregationChange", self.table.to_string(index=False), *self._remarks()])

    def _repr_html_(self) -> str:
        remarks = "".join(f"<p>{escape(remark)}</p>" for remark in self._remarks())
        return f"{self.table.to_html(index=False, escape=True)}{remarks}{self._picture()}"

    def _remarks(self) -> list[str]:
        if not self.moved:
            return []
        areas = [f"{key} ({100 * share:.0f} %)" for key, share in self.moved]
        return [f"outlines moved between the two dates ({len(areas)}): {list_some(areas)}"]


@dataclass(frozen=True)
class Dates:
    """The counts of two dates and the part that can be compared.

    Parameters
    ----------
    before, after : ndarray of float, shape (n_areas, n_groups)
        Persons per inhabited area and group.
    same_before, same_after : ndarray of float, shape (n_same_areas, n_same_groups)
        The areas and groups with persons at both dates, in the same order.
    rows_before, rows_after, columns : ndarray of int
        Which rows and columns of the whole tables these are.
    areas : Index
        The keys of these areas.
    gone, new : list of str
        Groups with persons at one of the dates only.
    n_dropped : int
        Areas left out, since a count is unknown.
    """

    before: Floats
    after: Floats
    same_before: Floats
    same_after: Floats
    rows_before: NDArray[np.intp]
    rows_after: NDArray[np.intp]
    columns: NDArray[np.intp]
    areas: pd.Index
    gone: list[str]
    new: list[str]
    n_dropped: int


@renamed(before="earlier", after="later", total="population")
def segregation_change(
    earlier: AreaData | pd.DataFrame,
    later: AreaData | pd.DataFrame,
    groups: Iterable[str] | str,
    *,
    population: str | None = None,
    index: Literal["mutual_information", "information_theory"] | None = None,
    method: Literal["shapley", "km", "mrc"] = "shapley",
    zeros: float = 0.0,
    missing: Missing = "raise",
    outlines: Outlines = "raise",
    resample: OfPersons | None = None,
    n: int = 999,
    seed: Seed = None,
) -> SegregationChange:
    """Split the change of segregation between two dates into areas that came or went, margins, and structure.

    Parameters
    ----------
    earlier, later : AreaData, DataFrame or GeoDataFrame
        Counts of persons per area at the two dates, on the areas' keys. An area without residents at one date counts
        as absent there.
    groups : list of str, or str
        Columns with the persons of each group; the groups exclude one another.
    population : str, optional
        Column with all residents; the data's population column, if not given. Who is in none of the groups makes up
        one more group, the rest. Without either, the groups are everybody.
    index : {"mutual_information", "information_theory"}, optional
        M in nats or H; both, if not given.
    method : {"shapley", "km", "mrc"}, default "shapley"
        ``shapley``: each part is its average effect over both orders in which margins and structure, and then the
        groups' and the areas' margin, can change. ``km`` (Karmel & Maclachlan 1988): from the earlier date on, first
        either margin, then both together (``interaction``), then the structure. ``mrc`` (Mora & Ruiz-Castillo 2009, of
        M alone): the areas' entropy, the groups' margin, and what neither explains.
    zeros : float, default 0.0
        Persons to assume in cells (area x group) that are empty at one of the dates, in the tables that mix both
        dates. At least 0. Small numbers such as 1e-10 give a result where empty cells forbid one.
    missing : {"raise", "report"}, default "raise"
        What to do where a count is unknown at one of the dates: refuse, or leave the area out at both and count it in
        ``n_dropped``. It is never taken as 0, nor as an area that came or went.
    outlines : {"raise", "report"}, default "raise"
        What to do where both dates have geometry and areas have another outline under the same key: refuse, or go on
        and list them in ``.moved``. A boundary that is only drawn more or less finely is the same.
    resample : {"persons"}, optional
        Fill ``lower`` and ``upper`` with a 95 % interval of each number: at either date, the persons of an area are a
        draw from the shares that it truly has then, see :meth:`SegregationResult.bootstrap`.
    n : int, default 999
        Draws for the interval. At least 1.
    seed : int or Generator, optional
        Makes the interval repeatable.

    Returns
    -------
    SegregationChange
        ``.table`` with the index before and after, their difference, and its parts:

        - ``removals``, ``additions``: areas (and groups) that are there at one date only;
        - ``group_margin``: the groups became larger or smaller in the whole city;
        - ``area_margin``: areas gained or lost residents;
        - ``structural``: the rest, the association between area and group that no growth of areas or groups explains.

        ``.by_area`` says which areas the structural part comes from.

    Raises
    ------
    ColumnError
        A column is missing.
    CountError
        Counts are negative, text, unknown with ``missing="raise"``, or groups add up to more than the population.
    JoinError
        No area is inhabited at both dates, or outlines moved (with ``outlines="raise"``).
    KeyColumnError
        A key appears twice.
    SpecError
        There is only one group, or an option is not known.

    Notes
    -----
    The method is that of [1]_. The areas and groups that both dates have are compared by tables that mix the dates:
    ``V(g, a, s)`` is the index of the table with the group margin of date ``g``, the area margin of date ``a`` and the
    odds ratios of date ``s`` (see :func:`fit_margins`). Then ``structural = 1/2 [V(0,0,1) - V(0,0,0) + V(1,1,1) -
    V(1,1,0)]``, ``group_margin`` is the mean of ``V(1,a,s) - V(0,a,s)`` and ``area_margin`` the mean of ``V(g,1,s) -
    V(g,0,s)`` over the other two. For H each V is divided by the entropy of its group margin. Exchanging the dates
    changes the sign of every part.

    As ``M = sum_i p_i ls_i`` over the areas' shares of the residents and their local segregation, and both tables of a
    structural difference have the same p_i, the part of area i is the mean of ``p_i (ls_i' - ls_i)`` over the two.

    By ``km`` [2]_: ``group_margin = V(1,0,0) - V(0,0,0)``, ``area_margin = V(0,1,0) - V(0,0,0)``, ``interaction =
    V(1,1,0) - V(1,0,0) - V(0,1,0) + V(0,0,0)``, ``structural = V(1,1,1) - V(1,1,0)``. By ``mrc`` [3]_: with the shares
    p_k of the groups and E_k, the entropy of the areas of group k, M is the entropy of all areas less
    ``sum_k p_k E_k``; ``group_margin = -sum_k (p'_k - p_k)(E_k + E'_k) / 2``, ``structural = -sum_k (p_k + p'_k)(E'_k -
    E_k) / 2``. Areas and groups of one date only are within these parts.

    A change of boundaries under the same keys would be taken for a change of people. It is found where both dates have
    geometry; bring both to common boundaries first.

    References
    ----------
    .. [1] Elbers, B. (2021). A method for studying differences in segregation across time and space. Sociological
           Methods & Research 52(1), 5-42.
    .. [2] Karmel, T. & Maclachlan, M. (1988). Occupational sex segregation: increasing or decreasing? Economic Record
           64(3), 187-195.
    .. [3] Mora, R. & Ruiz-Castillo, J. (2009). The invariance properties of the mutual information index of multigroup
           segregation. Research on Economic Inequality 17, 33-53.

    Examples
    --------
    The residents of area C have doubled; the odds ratios are the same, so nothing is structural:

    >>> earlier = pd.DataFrame({"women": [2, 25, 18], "men": [28, 25, 2]}, index=["A", "B", "C"])
    >>> later = earlier.mul([1, 1, 2], axis=0)
    >>> table = segregation_change(earlier, later, ["women", "men"], index="mutual_information").table
    >>> table.set_index("part")["value"].round(6).abs().to_dict()  # doctest: +NORMALIZE_WHITESPACE
    {'before': 0.20307, 'after': 0.233492, 'difference': 0.030422, 'removals': 0.0, 'additions': 0.0,
     'margins': 0.030422, 'structural': 0.0, 'group_margin': 0.008375, 'area_margin': 0.022047}
    """
    expects(earlier, (AreaData, pd.DataFrame), "segregation_change", HOW)
    expects(later, (AreaData, pd.DataFrame), "segregation_change: later", HOW)
    choice(method, ("shapley", *OF_METHODS), "method")
    choice(index, (None, *INDICES), "index")
    if method == "mrc" and index == INFORMATION_THEORY:
        raise SpecError("method='mrc' splits the mutual information M, not H: leave out index=, or take 'shapley'.")
    if not isinstance(zeros, int | float | np.number) or not 0 <= zeros < np.inf:
        raise SpecError(f"zeros must be 0 or a small number of persons, not {zeros!r}.")
    groups = names(groups, "groups")
    for date, data in zip(SIDES, (earlier, later), strict=True):
        refuse_repeated_keys(data.areas.index if isinstance(data, AreaData) else data.index, date)
    counts = [group_counts(data, groups, population, missing) for data in (earlier, later)]
    dates = _dates(*counts)
    moved = _moved(earlier, later, outlines, groups, population)
    check_resample(resample)
    wanted = (index,) if index else (MUTUAL_INFORMATION,) if method == "mrc" else INDICES
    found, by_area = _numbers(dates, wanted, method, zeros)
    table = pd.concat([_tidy(name, dates, values) for name, values in found.items()], ignore_index=True)
    areas = _by_area(dates, by_area, found)
    if resample is not None:
        drawn = (_numbers(one, wanted, method, zeros) for one in _drawn(dates, n, np.random.default_rng(seed)))
        flat = [np.concatenate([*(list(v.values()) for v in parts.values()), *own.values()]) for parts, own in drawn]
        low_high = bounds(flat)
        for rows, part in ((table, low_high[:, : len(table)]), (areas, low_high[:, len(table) :])):
            rows["lower"], rows["upper"] = np.where(rows["value"].notna(), part, np.nan)
    return SegregationChange(
        table.assign(note=in_english(table["note"])), table["note"].rename("note_codes"), areas, moved
    )


def _drawn(dates: Dates, n: int, rng: np.random.Generator) -> Iterator[Dates]:
    """Give the counts that the true shares of the areas may give at either date, n times."""
    people = (Composition(counts, Places.one(len(counts))) for counts in (dates.before, dates.after))
    for before, after in zip(*(drawn_tables(one, n, rng) for one in people), strict=True):
        same = (
            table[np.ix_(rows, dates.columns)]
            for table, rows in ((before, dates.rows_before), (after, dates.rows_after))
        )
        yield replace(dates, before=before, after=after, same_before=next(same), same_after=next(same))


def _numbers(
    dates: Dates, wanted: Iterable[str], method: str, zeros: float
) -> tuple[dict[str, dict[str, float]], dict[str, Floats]]:
    """Return the parts of each index, and the structural part of each by area."""
    if method == "mrc":
        return {MUTUAL_INFORMATION: _parts_of_entropies(dates)}, {}
    mixed = _mixed_tables(dates.same_before, dates.same_after, zeros)
    return (
        {name: _parts(name, dates, mixed, method) for name in wanted},
        {name: _structural(name, mixed, method) for name in wanted},
    )


def _structural(index: str, mixed: dict[tuple[int, int, int], Floats], method: str) -> Floats:
    """Return the structural part of each area: the mean of p (ls' - ls) at the margins of either date."""
    parts = []
    for date in (0, 1) if method == "shapley" else (1,):
        local = []
        for structure in (0, 1):
            counts = mixed[date, date, structure]
            composition = Composition(counts, Places.one(len(counts)))
            unit = entropy(composition.city_shares)[0] if index == INFORMATION_THEORY else 1.0
            scores = composition.totals / composition.sums * local_segregation_scores(composition)
            known = unit > 0 and np.isfinite(counts).all()
            local.append(scores / unit if known else np.full(len(counts), np.nan))
        parts.append(local[1] - local[0])
    return np.asarray(np.mean(parts, axis=0))


def _by_area(dates: Dates, found: dict[str, Floats], parts: dict[str, dict[str, float]]) -> pd.DataFrame:
    """Return a row for each area and index."""
    frames = [
        pd.DataFrame(
            {
                "index": name,
                "area": dates.areas,
                "value": values,
                "share": values / parts[name]["structural"] if abs(parts[name]["structural"]) > EVEN else np.nan,
            }
        )
        for name, values in found.items()
    ]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=["index", "area", "value", "share"])


def _moved(
    earlier: AreaData | pd.DataFrame,
    later: AreaData | pd.DataFrame,
    outlines: Outlines,
    groups: Iterable[str] | str,
    population: str | None,
) -> tuple[tuple[str, float], ...]:
    """Return the areas whose outlines moved, where both dates have geometry."""
    choice(outlines, ("raise", "report"), "outlines")
    sides = (earlier, later)
    shapes = [data.areas if isinstance(data, AreaData) else data for data in sides]
    drawn = [frame for frame in shapes if isinstance(frame, gpd.GeoDataFrame) and frame.active_geometry_name]
    if len(drawn) < len(sides):
        return ()
    population = population or getattr(earlier, "population", None)
    counts = list(dict.fromkeys([*names(groups, "groups"), *([population] if population else [])]))
    before = "earlier.values" if isinstance(earlier, AreaData) else "earlier"
    areas = [f"{side}.areas" if isinstance(data, AreaData) else side for side, data in zip(SIDES, sides, strict=True)]
    recipe = f"earlier = transfer_by_area({before}[{counts!r}], {areas[0]}, {areas[1]}).table"
    return compare_outlines(drawn[0], drawn[1], outlines, recipe)


def _dates(before: pd.DataFrame, after: pd.DataFrame) -> Dates:
    """Return what is known at both dates and what can be compared."""
    if list(before.columns) != list(after.columns):
        raise SpecError("All residents are known at one date only: name their column at both dates with population=.")
    unknown = before.index[before.isna().any(axis=1)].union(after.index[after.isna().any(axis=1)], sort=False)
    before, after = (counts[~counts.index.isin(unknown)] for counts in (before, after))
    before, after = (counts[counts.sum(axis=1) > 0] for counts in (before, after))
    areas = before.index.intersection(after.index, sort=False)
    if not len(areas):
        raise JoinError(
            f"No area is inhabited at both dates. Earlier keys are {_like(before.index)}, later keys "
            f"{_like(after.index)}: both tables need the same keys in the index, as text."
        )
    repair = "Make the index of both tables text, with all zeros"
    refuse_number_keys(before.index, after.index, "the earlier data", repair)
    refuse_number_keys(after.index, before.index, "the later data", repair)
    same_before, same_after = before.loc[areas], after.loc[areas]
    while True:
        groups = same_before.columns[(same_before.sum() > 0) & (same_after.sum() > 0)]
        same_before, same_after = same_before[groups], same_after[groups]
        lived_in = (same_before.sum(axis=1) > 0) & (same_after.sum(axis=1) > 0)
        if lived_in.all():
            break
        same_before, same_after = same_before[lived_in], same_after[lived_in]
    if same_before.empty:
        raise JoinError("No group has members at both dates in the areas that are inhabited at both dates.")
    return Dates(
        before=before.to_numpy(),
        after=after.to_numpy(),
        same_before=same_before.to_numpy(),
        same_after=same_after.to_numpy(),
        rows_before=before.index.get_indexer(same_before.index),
        rows_after=after.index.get_indexer(same_before.index),
        columns=before.columns.get_indexer(same_before.columns),
        areas=same_before.index,
        gone=[group for group in before.columns[before.sum() > 0] if group not in groups],
        new=[group for group in after.columns[after.sum() > 0] if group not in groups],
        n_dropped=len(unknown),
    )


def _like(keys: pd.Index) -> str:
    """Return what keys look like, with their type."""
    return f"{list_some(keys, 2)} ({type(keys[0]).__name__})" if len(keys) else "none"


def _mixed_tables(before: Floats, after: Floats, zeros: float) -> dict[tuple[int, int, int], Floats]:
    """Return the tables with the group margin, area margin and odds ratios of date 0 or 1; NaN where there is none."""
    sources = [np.where(counts > 0, counts, zeros) for counts in (before, after)]
    sources = [source / source.sum() for source in sources]
    mixed = {(0, 0, 0): before, (1, 1, 1): after}
    for structure, source in enumerate(sources):
        for group, area in ((0, 0), (0, 1), (1, 0), (1, 1)):
            if (group, area, structure) not in mixed:
                fitted = fit_margins(source, sources[area].sum(axis=1), sources[group].sum(axis=0))
                mixed[group, area, structure] = fitted
    return mixed


def _value(index: str, counts: Floats) -> float:
    """Return M or H of a table without regard to how few areas and groups it has; NaN if it is not known."""
    if np.isnan(counts).any():
        return float("nan")
    composition = Composition(counts, Places.one(len(counts)))
    information = float(_mutual_information(composition)[0])
    if index == MUTUAL_INFORMATION:
        return information
    diversity = float(entropy(composition.city_shares)[0])
    return information / diversity if diversity > 0 else float("nan")


def _parts(index: str, dates: Dates, mixed: dict[tuple[int, int, int], Floats], method: str) -> dict[str, float]:
    """Return the numbers of one index."""
    start = np.nan if _undefined(dates.before) else _value(index, dates.before)
    end = np.nan if _undefined(dates.after) else _value(index, dates.after)
    v = np.empty((2, 2, 2))
    for margins_and_structure, counts in mixed.items():
        v[margins_and_structure] = _value(index, counts)
    values = {
        "before": start,
        "after": end,
        "difference": end - start,
        "removals": v[0, 0, 0] - start,
        "additions": end - v[1, 1, 1],
        "margins": (v[1, 1] - v[0, 0]).mean(),
        "structural": ((v[0, 0, 1] - v[0, 0, 0]) + (v[1, 1, 1] - v[1, 1, 0])) / 2,
        "group_margin": (v[1] - v[0]).mean(),
        "area_margin": (v[:, 1] - v[:, 0]).mean(),
    }
    if method == "km":
        forward = {
            "group_margin": v[1, 0, 0] - v[0, 0, 0],
            "area_margin": v[0, 1, 0] - v[0, 0, 0],
            "interaction": v[1, 1, 0] - v[1, 0, 0] - v[0, 1, 0] + v[0, 0, 0],
            "structural": v[1, 1, 1] - v[1, 1, 0],
        }
        values = {part: (values | forward)[part] for part in ("before", "after", "difference", *OF_METHODS[method])}
    return values


def _parts_of_entropies(dates: Dates) -> dict[str, float]:
    """Return the numbers of M by its entropies: of all areas, and of the areas of each group."""
    start, end = (np.nan if _undefined(c) else _value(MUTUAL_INFORMATION, c) for c in (dates.before, dates.after))
    (areas, p, e), (areas_after, p_after, e_after) = (_entropies(counts) for counts in (dates.before, dates.after))
    known = not np.isnan(end - start)
    return {
        "before": start,
        "after": end,
        "difference": end - start,
        "area_entropy": areas_after - areas if known else np.nan,
        "group_margin": float(-((p_after - p) * (e + e_after) / 2).sum()) if known else np.nan,
        "structural": float(-((p + p_after) * (e_after - e) / 2).sum()) if known else np.nan,
    }


def _entropies(counts: Floats) -> tuple[float, Floats, Floats]:
    """Return the entropy of the areas, the share of each group, and the entropy of the areas of each group."""
    groups = counts.sum(axis=0)
    shares = np.divide(counts, groups, out=np.zeros(counts.shape), where=groups > 0)
    return float(entropy(counts.sum(axis=1) / counts.sum())), groups / counts.sum(), entropy(shares.T)


def _tidy(index: str, dates: Dates, values: dict[str, float]) -> pd.DataFrame:
    """Return a row for each number of one index."""
    start, end = values["before"], values["after"]
    n_before, n_after, n_same = len(dates.before), len(dates.after), len(dates.same_before)
    sizes = {"before": n_before, "after": n_after, "removals": n_before - n_same, "additions": n_after - n_same}
    table = pd.DataFrame({"index": index, "part": list(values), "part_of": _wholes(values), "value": values.values()})
    changed = abs(end - start) > EVEN
    table["share"] = (table["value"] / (end - start) + 0.0).where(~table["part"].isin(["before", "after"]) & changed)
    table["n_areas"] = [sizes.get(part, n_same) for part in values]
    table["lower"] = table["upper"] = np.nan
    table["n_dropped"] = dates.n_dropped
    table["note"] = pd.Series(list(_notes(values, dates).values()), dtype=object)
    return table


def _wholes(values: dict[str, float]) -> list[str]:
    """Return what each number is a part of."""
    if "margins" in values:
        return [PARTS[part] for part in values]
    return ["" if part in ("before", "after", "difference") else "difference" for part in values]


def _undefined(counts: Floats) -> Codes:
    """Return why the segregation of a table cannot be given; empty where it can."""
    return undefined(len(counts), int((counts.sum(axis=0) > 0).sum()))


def _notes(values: dict[str, float], dates: Dates) -> dict[str, Codes]:
    """Return what the reader of each row has to know: why there is no number, or what it includes."""
    before, after, same = (_undefined(counts) for counts in (dates.before, dates.after, dates.same_before))
    of_both = tuple(Message("note_both_dates", {"reason": _in_both_languages(reason)}) for reason in same)
    no_table = (Message("note_no_margins"),)
    notes = {part: of_both or (no_table if np.isnan(values[part]) else ()) for part in values}
    notes |= {"before": before, "after": after, "difference": before if before == after else (*before, *after)}
    for part, reason, groups in (("removals", before, dates.gone), ("additions", after, dates.new)):
        if part not in values:
            continue
        with_groups = (Message("note_groups_of_one_date", {"groups": list_some(groups)}),) if groups else ()
        notes[part] = reason or (notes[part] if np.isnan(values[part]) else with_groups)
    return notes


def _in_both_languages(reason: Message) -> tuple[str, str]:
    return text(reason.name, "de", **reason.values), text(reason.name, "en", **reason.values)
