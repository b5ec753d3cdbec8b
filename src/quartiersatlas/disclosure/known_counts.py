"""The counts of the data as cells of one system: what was told, what follows, what is secret, what nobody knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import expects
from quartiersatlas.catalogue.references import TOTALS, Reference, published_for_city
from quartiersatlas.disclosure.counted import counted_rates
from quartiersatlas.disclosure.numbers.other_numbers import is_ready_made_share, named_bases
from quartiersatlas.disclosure.system.equations import CITY, PART, SUM, CountTable, Unit, known_units
from quartiersatlas.disclosure.system.feasibility import SLACK, UNKNOWN, ContradictionError, System, intervals
from quartiersatlas.disclosure.system.relations import HOLDS, find_relations
from quartiersatlas.errors import ColumnError, SpecError, list_some
from quartiersatlas.intake import AreaData
from quartiersatlas.intake.areas.area_columns import parent_columns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quartiersatlas.disclosure.protection import Protection
    from quartiersatlas.disclosure.system.relations import EarlierRelations, Relations

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]


def count_table(
    data: AreaData,
    columns: list[str],
    hidden: pd.Series[bool],
    protection: Protection,
    totals: Mapping[str, float] | None = None,
    earlier: Sequence[EarlierRelations] = (),
) -> CountTable:
    """Return the counts with every relation between them.

    Parameters
    ----------
    data : AreaData
        The data.
    columns : list of str
        Its count columns, rounded to whole persons.
    hidden : Series of bool
        Areas that show no indicator.
    protection : Protection
        Which totals are known elsewhere; whether sums are looked for.
    totals : mapping of str to float, optional
        Totals of the whole city that came with earlier releases of the date: they hold where none comes now.
    earlier : sequence of EarlierRelations
        Relations that earlier releases of the date were planned with: they hold, and no others of these columns.
    """
    if totals:
        known = Reference(values=dict(totals), source="ledger")
        data = replace(data, references={f"{TOTALS}ledger": known, **data.references})
    # parts of persons, as after a conversion to other boundaries, are shown as whole ones, which readers add up
    x: Floats = np.rint(np.column_stack([data.counts(column).to_numpy(dtype=np.float64) for column in columns]))
    status = data.status[columns].to_numpy(dtype=object)
    related = np.where(np.isin(columns, sorted(data.perturbed)), np.nan, x)  # perturbed counts do not add up
    secret = np.isnan(x) & (status == "suppressed")
    missing = np.isnan(x) & ~secret & (status != "not_applicable")
    marks = _marks(data, columns)
    below = float(protection.m_source or protection.min_count) - 1
    most = np.where(secret, np.where(np.isfinite(marks[1]), marks[1], max(below, 1.0)), np.nan)
    most[:, np.isin(columns, sorted(data.perturbed))] = np.nan
    relations = _relations(data, columns, (related, most), protection, earlier)
    units = known_units(data.areas, known_levels(data, protection))
    table = CountTable(
        keys=data.areas.index,
        columns=tuple(columns),
        x=x,
        small_area=hidden.to_numpy(dtype=bool),
        people=columns.index(str(data.population)),
        units=units,
        relations=relations,
        secret=secret,
        spread=(np.full(x.shape, np.nan), np.full(x.shape, np.nan)),
        marks=marks,
    )
    return _derived(table, data, secret, missing, protection)


def known_levels(data: AreaData, protection: Protection) -> list[str]:
    """Return the levels whose totals are known: columns of parents, and the city.

    The release itself shows the rates of the city: where it has any, its totals are known.

    Raises
    ------
    ColumnError
        ``Protection(totals=...)`` names a level that the areas do not have.
    """
    parents = [column for column in parent_columns(data.areas) if column != data.areas.geometry.name]
    if protection.totals == "all":
        return [*parents, CITY]
    for level in protection.totals:
        if level != CITY and level not in parents:
            raise ColumnError.not_found(level, [*parents, CITY], "Protection: totals: the areas")
    return list(dict.fromkeys([*protection.totals, CITY])) if protection.totals or counted_rates(data) else []


def smallest_units(data: AreaData, protection: Protection) -> pd.Series[str]:
    """Return for each area the smallest unit whose total is known; areas that are alone in theirs go together."""
    units = known_units(data.areas, known_levels(data, protection) or [CITY])
    finest = max(dict.fromkeys(unit.level for unit in units), key=lambda level: sum(u.level == level for u in units))
    found = pd.Series("", index=data.areas.index, dtype=object)
    for unit in units:
        if unit.level == finest and len(unit.members) > 1:
            found.iloc[unit.members] = f"{unit.level}: {unit.name}"
    return found


def _relations(
    data: AreaData,
    columns: list[str],
    counts: tuple[Floats, Floats],
    protection: Protection,
    earlier: Sequence[EarlierRelations],
) -> Relations:
    """Find relations among the counts; the second table says what secret cells can be at most."""
    people = str(data.population)
    pairs = [
        *counted_rates(data).values(),
        *((column, people) for column in columns if column != people and _is_below(data, column, people, earlier)),
    ]
    pairs = [pair for pair in pairs if not data.perturbed.intersection(pair)]
    catalogue = data.catalogue
    return find_relations(
        counts[0],
        columns,
        catalogue.all_sums,
        catalogue.parts,
        pairs,
        search=protection.find_sums,
        earlier=earlier,
        most=counts[1],
    )


def _is_below(data: AreaData, column: str, people: str, earlier: Sequence[EarlierRelations]) -> bool:
    """Return True if a count is nowhere above the residents: households and persons are, dwellings may not be.

    What an earlier release was planned with stays: it may depend on counts that are withheld.
    """
    for one in earlier:
        if one.settles(column, people):
            return (column, people) in one.parts
    return not bool((data.counts(column) > data.counts(people)).any())


def _marks(data: AreaData, columns: list[str]) -> tuple[Floats, Floats]:
    """Return what the marks of secret cells allow, such as 1 to 2 for ``<3``."""
    shape = (len(data.areas), len(columns))
    least, greatest = np.full(shape, np.nan), np.full(shape, np.nan)
    if len(data.bounds):
        rows = data.areas.index.get_indexer(data.bounds.index.get_level_values("key"))
        places = pd.Index(columns).get_indexer(data.bounds.index.get_level_values("column"))
        kept = (rows >= 0) & (places >= 0)
        least[rows[kept], places[kept]] = data.bounds["lower"].to_numpy(dtype=float)[kept]
        greatest[rows[kept], places[kept]] = data.bounds["upper"].to_numpy(dtype=float)[kept]
    return np.ceil(least), np.floor(greatest)


def _derived(table: CountTable, data: AreaData, secret: Bools, missing: Bools, protection: Protection) -> CountTable:
    """Return the table with the unknown cells that follow from what was told, and those that could be confined.

    A missing cell is known to nobody, unless what was told gives a small count away. What is secret must not follow
    from a release: whatever its value is, each other one that its mark allows stays possible. That holds for cells that
    follow from what was told as well, as a sum may be off just there.
    """
    low, high = _limits_of_unknown(table, data, secret, missing)
    follows = (low == high) & (secret | (missing & (low > 0) & (low < protection.min_count)))
    confined = missing & ~follows & (high < protection.min_count) & (high > 0) & (low < high)
    given = follows & missing
    if given.any():  # those that follow from a total of the source are part of it
        by_sums = _limits_of_unknown(table, replace(data, references={}), secret, missing)
        given &= by_sums[0] == by_sums[1]
    values = np.where(follows, low, np.nan)
    down, up = (np.where(confined, high - low, side) for side in _spread(table, secret | follows, values, protection))
    return replace(table, outside_totals=given, follows=values, spread=(down, up))


def _spread(table: CountTable, secret: Bools, follows: Floats, protection: Protection) -> tuple[Floats, Floats]:
    """Return by how much secret cells have to be able to be off.

    By as much as their marks leave open; small ones that follow upwards until ``min_count + 1`` values are possible.
    Where a zero follows from sums that are nowhere off, nobody is in that cell to be protected.
    """
    least, greatest = table.marks
    is_marked = np.isfinite(greatest - least)
    source = protection.m_source or protection.min_count
    width = np.where(is_marked, greatest - least, max(source - 2.0, 0.0))
    width = np.where(secret & ~((follows == 0) & ~_is_off(table)), width, np.nan)
    is_small = (follows > 0) & (follows < protection.min_count) & ~is_marked
    above = protection.min_count - np.minimum(follows - 1, width)
    up = np.where(is_small, np.fmax(width, above), width)
    kept = up > 0
    return np.where(kept, width, np.nan), np.where(kept, up, np.nan)


def _is_off(table: CountTable) -> Bools:
    """Return the columns in a sum that is off somewhere: then it may be off anywhere."""
    found = np.zeros(table.shape[1], dtype=bool)
    for one in table.relations.sums:
        rest = table.x[:, one.whole] - table.x[:, one.parts].sum(axis=1)
        found[[one.whole, *one.parts]] |= bool((np.nan_to_num(rest) != 0).any())
    return found


def _limits_of_unknown(table: CountTable, data: AreaData, secret: Bools, missing: Bools) -> tuple[Floats, Floats]:
    """Return between which values cells that nobody has told lie, by all that was told."""
    unknown = secret | missing
    low, high = np.zeros(table.shape), np.full(table.shape, np.inf)
    if not unknown.any():
        return low, high
    equations = replace(table, units=_told_totals(table, data)).equations
    right = equations.right.copy()
    told = _told_rights(table, data)
    is_open = (np.abs(equations.matrix) @ unknown.ravel().astype(float)) > 0
    exact = _exact_sums(table, set(data.catalogue.shares))
    kept = is_open & (equations.kind != PART)
    for row in np.flatnonzero(kept):
        if equations.kind[row] == SUM:
            kept[row] = exact[equations.one[row]]
            right[row] = 0.0
        else:
            column = int(equations.other[row])
            kept[row] = column in told
            right[row] = told.get(column, 0.0)
    cells = np.flatnonzero(unknown.ravel())
    rows = np.flatnonzero(kept)
    least, greatest = (side.ravel()[cells] for side in table.marks)
    constants = np.nan_to_num(table.x).ravel()
    system = System(
        equations.columnwise[:, cells].tocsr()[rows],
        (right - equations.matrix @ constants)[rows],
        np.ones(len(rows), dtype=bool),
        np.nan_to_num(least),
        np.nan_to_num(greatest, nan=UNKNOWN),
    )
    try:
        found = intervals(_without_impossible_rows(system))
    except ContradictionError:  # totals and sums of the source contradict each other: nothing follows
        return low, high
    low.ravel()[cells] = found.low
    high.ravel()[cells] = np.where(found.high >= UNKNOWN, np.inf, found.high)
    return low, high


def _told_totals(table: CountTable, data: AreaData) -> tuple[Unit, ...]:
    return (Unit(CITY, "", np.arange(len(table.keys))),) if _told_rights(table, data) else ()


def _told_rights(table: CountTable, data: AreaData) -> dict[int, float]:
    """Return the totals of the whole city that came with the data, by column."""
    found = {number: published_for_city(data.references, column) for number, column in enumerate(table.columns)}
    return {number: total[0] for number, total in found.items() if total is not None}


def _exact_sums(table: CountTable, printed: set[str]) -> list[bool]:
    """Return which sums hold exactly where all is known: only from those something follows.

    Numerators of printed shares hold as exactly as their print lets them.
    """
    found = []
    for one in table.relations.sums:
        rest = table.x[:, one.whole] - table.x[:, one.parts].sum(axis=1)
        known = np.isfinite(rest)
        told = one.is_declared and not printed.intersection(table.columns[c] for c in (one.whole, *one.parts))
        found.append(told or bool(known.any() and (rest[known] == 0).mean() >= HOLDS))
    return found


def _without_impossible_rows(system: System) -> System:
    """Leave out rows that no bounds can meet: a typing error in one area must not hide what follows in the others."""
    plus, minus = system.matrix.maximum(0), system.matrix.minimum(0)
    least = plus @ system.lower + minus @ system.upper
    most = plus @ system.upper + minus @ system.lower
    kept = np.flatnonzero((least <= system.right + SLACK) & (most >= system.right - SLACK))
    return System(system.matrix[kept], system.right[kept], system.equal[kept], system.lower, system.upper)


def add_relations(
    data: AreaData,
    *,
    sums: Mapping[str, Iterable[str] | str] | None = None,
    parts: Mapping[str, Iterable[str] | str] | None = None,
    shares: Mapping[str, str] | None = None,
) -> AreaData:
    """Say which count columns are sums or parts of others, and what ready-made shares are shares of.

    A reader knows it, so the protection has to: a small count follows from a sum all of whose other members are shown.

    Parameters
    ----------
    data : AreaData
        Joined data.
    sums : mapping of str to list of str, optional
        Count column -> the columns that add up to it; ready-made shares stand for the persons above them, so shares
        that add up to 100 percent of the residents are a sum of these.
    parts : mapping of str to list of str, optional
        Count column -> columns that are a part of it. Where those of one whole are together nowhere more than it, they
        are taken to share nobody.
    shares : mapping of str to str, optional
        Ready-made share -> the count column it is a share of.

    Returns
    -------
    AreaData
        The same values; the catalogue knows the relations.

    Raises
    ------
    ColumnError
        A column is not there.
    SpecError
        A column is made of itself, of nothing, or of a column named twice.

    Examples
    --------
    >>> import geopandas as gpd
    >>> import pandas as pd
    >>> import shapely
    >>> import quartiersatlas as qa
    >>> shapes = [shapely.box(x, 0, x + 1000, 1000) for x in (0, 1000)]
    >>> areas = gpd.GeoDataFrame({"name": ["A", "B"]}, index=["1", "2"], geometry=shapes, crs="EPSG:25832")
    >>> table = pd.DataFrame({"foreign": [300, 260], "eu": [100, 60], "others": [200, 200]}, index=areas.index)
    >>> data = qa.add_relations(qa.join(areas, table), sums={"foreign": ["eu", "others"]})
    >>> data.catalogue.sums
    {'foreign': ('eu', 'others')}
    """
    expects(data, AreaData, "add_relations", "data = qa.join(areas, table)")
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for kind, relations in (("sums", sums), ("parts", parts)):
        named = {} if relations is None else relations
        expects(named, Mapping, f"add_relations: {kind}", f'{kind}={{"foreign": ["eu", "others"]}}')
        found[kind] = {whole: _members(data, kind, whole, those) for whole, those in named.items()}
    expects({} if shares is None else shares, Mapping, "add_relations: shares", 'shares={"quote": "residents"}')
    for pair in (shares or {}).items():
        for name in pair:
            _refuse_unknown(data, "shares", name)
    data = replace(data, catalogue=data.catalogue.with_relations(**found, shares=shares))
    _refuse_shares_of_nothing(data, found["sums"])
    return data


def _refuse_shares_of_nothing(data: AreaData, sums: Mapping[str, Iterable[str]]) -> None:
    """Refuse sums of ready-made shares of which nothing says what they are shares of: they would be left out."""
    known = named_bases(data)
    for whole, parts in sums.items():
        for name in (whole, *parts):
            if is_ready_made_share(data, name) and name not in known:
                raise SpecError(
                    f"add_relations: sums: {name!r} is a ready-made share, and nothing says of what. Name its count "
                    f'column too: shares={{{name!r}: "residents"}}; shares of all residents that add up to 100 are the '
                    f'sum of these: sums={{"residents": [...]}}.'
                )


def _members(data: AreaData, kind: str, whole: str, those: Iterable[str] | str) -> tuple[str, ...]:
    """Return the parts of a whole: columns of the data, each named once."""
    expects(those, Iterable, f"add_relations: {kind}: {whole!r}", f'{kind}={{"foreign": ["eu", "others"]}}')
    members = (those,) if isinstance(those, str) else tuple(those)
    for name in (whole, *members):
        _refuse_unknown(data, kind, name)
    if whole in members or len(set(members)) < len(members) or not members:
        raise SpecError(
            f"add_relations: {kind}: {whole!r} is made of {list_some(members) or 'nothing'}. Name each part once, and "
            f"not the whole."
        )
    return members


def _refuse_unknown(data: AreaData, kind: str, name: str) -> None:
    if name not in data.values.columns:
        raise ColumnError.not_found(name, data.values.columns, f"add_relations: {kind}: the data")
