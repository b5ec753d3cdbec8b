"""Areas and table become one: by key, completely, of one vintage, or with a report that says what does not fit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
from pandas.api.types import is_extension_array_dtype, is_numeric_dtype

from quartiersatlas.base.checks import choice, count_noun, expects, renamed
from quartiersatlas.base.letters import composed, same_text
from quartiersatlas.catalogue import Catalogue
from quartiersatlas.catalogue.key_systems import KeyVintages, mixed_vintages, systems, vintages_of
from quartiersatlas.catalogue.references import Reference, checked_references
from quartiersatlas.errors import (
    ColumnError,
    GeometryError,
    InputError,
    JoinError,
    KeyColumnError,
    SpecError,
    list_some,
)
from quartiersatlas.intake.areas.area_columns import (
    AREA_FLAGS,
    holds_geometry,
    is_notice,
    keys_as_text,
    optional_names,
    read_notices,
    with_left_out,
)
from quartiersatlas.intake.joining.data import AreaData, refuse_no_counts
from quartiersatlas.intake.joining.keys import composed_keys, repaired_keys
from quartiersatlas.intake.joining.match import compare, refuse
from quartiersatlas.intake.joining.meaning import with_meaning
from quartiersatlas.intake.tables.codes import status_of_values
from quartiersatlas.intake.tables.read import Table

if TYPE_CHECKING:
    from quartiersatlas.intake.joining.keys import Repair


@renamed(ignore="exclude")
def join(
    areas: gpd.GeoDataFrame | AreaData,
    table: Table | pd.DataFrame,
    *,
    catalogue: Catalogue | None = None,
    population: str | None = None,
    period: str = "",
    missing: Literal["raise", "report"] = "raise",
    repair: str | Iterable[str] | None = None,
    rename: Mapping[str, str] | None = None,
    exclude: str | Iterable[str] = (),
    vintage: str = "",
    units: Mapping[str, str] | None = None,
    kinds: Mapping[str, str] | None = None,
    references: Mapping[str, Reference] | None = None,
) -> AreaData:
    """Join a table to the areas by key.

    Parameters
    ----------
    areas : GeoDataFrame or AreaData
        As :func:`read_areas` returns them, or the result of an earlier join to add a further table.
    table : Table or DataFrame
        As :func:`read_table` returns it, or a frame on the district key.
    catalogue : Catalogue, optional
        What the columns mean; the built-in one, if not given.
    population : str, optional
        Column with the residents; ``"residents"``, if there is one.
    period : str
        The date or year of the values.
    missing : {"raise", "report"}, default "raise"
        Whether areas without a row and rows without an area are refused, or only reported; such areas get the
        status ``missing``. Duplicate keys, lost leading zeros and tables without a common key are always refused.
    repair : str or list of str, optional
        Rules for the keys of the table, applied in their order; every changed key is in the report:

        - ``"zero_pad"``: digits get zeros up to the width of the areas' keys,
        - ``"ags_from_ars"``: the 12 digits of a German Regionalschlüssel become the 8 of the Gemeindeschlüssel,
        - ``"strip_prefix:..."``, ``"add_prefix:..."``: a beginning is taken away or put before every key,
        - ``"last:3"``: only the last characters stay,
        - ``"90000 + key"``, ``"key - 100"``: a whole number is added to keys of digits.
    rename : mapping of str to str, optional
        Key in the table (after the repairs) -> key of the area, such as ``err.report.rename`` suggests.
    exclude : str or list of str
        Keys of rows that are known to have no area; they are set aside and listed in the report.
    vintage : str, optional
        Vintage of the table's keys, such as ``"2021"``, where their codes do not show it. A table of another vintage
        than the areas is refused: see :func:`check_vintages`.
    units, kinds : mapping of str to str, optional
        Column -> its unit or its kind, as in :class:`Indicator`: ``units={"income": "EUR"}, kinds={"income":
        "median"}``. ``"fraction"`` turns values between 0 and 1 into percent, with a note; ``"percent"`` says that
        values below 1 are truly below 1 %.
    references : mapping of str to Reference, optional
        Published values by name; those of ``"city"`` are the city values of ready-made numbers.

    Returns
    -------
    AreaData
        With ``.areas``, ``.values``, ``.status`` and ``.report``.

    Raises
    ------
    ArgumentError
        ``areas`` or ``table`` are something else.
    JoinError
        The keys do not fit (``err.report`` holds the whole lists and suggestions), or are of different vintages.
    ColumnError
        The table has a column that an earlier table already gave.
    SpecError
        A rule is unknown, ``rename`` or ``exclude`` name keys they cannot mean, or a column contradicts its unit or
        kind: a share above 100 percent, a fraction where percent are said.

    Notes
    -----
    Rows that are totals are set aside and listed: a word such as "insgesamt" says so, their values are the sums of all
    areas or of those of a district (by the higher levels of the areas, or the beginning of their keys), or their key
    is that of a district. Areas reported as one are declared with :func:`merge_areas`.

    Examples
    --------
    >>> import geopandas as gpd
    >>> import pandas as pd
    >>> import shapely
    >>> import quartiersatlas as qa
    >>> shapes = [shapely.box(x, 0, x + 1000, 1000) for x in (0, 1000, 2000)]
    >>> areas = gpd.GeoDataFrame({"name": ["A", "B", "C"]}, index=["1", "2", "3"], geometry=shapes, crs="EPSG:25832")
    >>> table = pd.DataFrame({"poor": [300.0, 260, 90], "residents": [1000.0] * 3}, index=areas.index)
    >>> qa.join(areas, table).report
    JoinReport table: 3 of 3 areas have a row
    """
    expects(areas, (gpd.GeoDataFrame, AreaData), "join", 'areas = qa.read_areas("areas.gpkg", key="id")')
    expects(table, (Table, pd.DataFrame), "join: table", 'table = qa.read_table("table.csv", key="id")')
    for what, value, kind, how in (
        ("catalogue", catalogue, Catalogue, "catalogue=qa.Catalogue.builtin()"),
        ("population", population, str, 'population="residents"'),
        ("rename", rename, Mapping, "rename={'key in the table': 'key of the area'}"),
    ):
        if value is not None:
            expects(value, kind, f"join: {what}", how)
    choice(missing, ("raise", "report"), "missing")
    data = areas if isinstance(areas, AreaData) else _start(areas)
    data = replace(data, catalogue=catalogue or data.catalogue)
    values, status, source = _frames(table)
    keys = values.index
    rewritten = composed_keys(table.index, keys) if isinstance(table, pd.DataFrame) else ()
    rewritten += composed_keys(areas.index, data.areas.index) if isinstance(areas, gpd.GeoDataFrame) else ()
    rename = {same_text(key): same_text(area) for key, area in (rename or {}).items()}
    repaired: tuple[Repair, ...] = ()
    if repair is not None or rename:
        keys, repaired = repaired_keys(keys, data.areas.index, () if repair is None else repair, rename)
    excluded = _excluded(values.index, keys, data.areas.index, exclude)
    values, status = values.set_axis(keys)[~excluded], status.set_axis(keys)[~excluded]
    vintage = check_vintages(data, keys[~excluded], right_vintage=vintage, names=("the areas", source))
    population = None if population is None else composed(population)
    named = population or data.population or ("residents" if "residents" in values.columns else None)
    residents = values.get(named, data.values.get(named))  # those of the rows, else those of the areas
    report = compare(data.areas, values, source, repaired=repaired, excluded=tuple(keys[excluded]), residents=residents)
    report = replace(report, composed=rewritten)
    refuse(report, data.areas, missing)
    already = [column for column in values.columns if column in data.values.columns and not is_notice(column)]
    if already:
        given = f"column {list_some(already)} is" if len(already) == 1 else f"columns {list_some(already)} are"
        raise ColumnError(
            f"{source}: {given} there already from an earlier table. "
            f"Read the table with columns=[...] to take only what is new, or under another name."
        )
    notices = read_notices(values.reindex(data.areas.index))
    fresh = values.loc[:, [c for c in values.columns if c not in data.values.columns]]
    values = data.values.join(fresh.reindex(data.areas.index))
    status = data.status.join(status[fresh.columns].reindex(data.areas.index).fillna("missing"))
    if named is not None and named not in values.columns:
        raise ColumnError.not_found(named, values.columns, source)
    if named is not None:
        refuse_no_counts(replace(data, values=values, population=None), [named], "population")
    joined = replace(
        data,
        values=values,
        status=status,
        reports=(*data.reports, report),
        population=named,
        period=period or data.period,
        notices=tuple(dict.fromkeys([*data.notices, *notices])),
        vintage=vintage,
        references={**data.references, **checked_references(references, "join")},
    )
    return with_meaning(joined, fresh.columns, units=units, kinds=kinds)


def _start(areas: gpd.GeoDataFrame) -> AreaData:
    """Begin with areas only: a projected frame on a text key; duplicate keys are refused with those of the table."""
    if "name" not in areas.columns or not all(isinstance(key, str) for key in areas.index):
        raise InputError("areas must be a GeoDataFrame as read_areas returns it: unique text keys as index, a 'name'.")
    if areas.crs is None or areas.crs.is_geographic:
        raise GeometryError("The areas are in degrees or without a coordinate reference system: use areas.to_crs(...).")
    if areas.geometry.name != "geometry":
        areas = areas.rename_geometry("geometry")
    areas = areas.set_axis(pd.Index(list(map(same_text, areas.index)), name=areas.index.name, dtype=object))
    numbers = [column for column in areas.columns.drop("geometry") if is_numeric_dtype(areas[column].dtype)]
    numbers = [column for column in numbers if column not in AREA_FLAGS]
    if numbers:
        raise InputError(
            f"areas has columns of numbers: {list_some(numbers)}. Areas carry a name and higher levels as text; drop "
            f"the numbers from the areas, or join them as a table: join(areas[['name', 'geometry']], areas[[...]])."
        )
    texts = [column for column in areas.columns.drop("geometry") if holds_geometry(areas[column])]
    areas = with_left_out(areas.drop(columns=texts), texts)
    empty = pd.DataFrame(index=areas.index)
    notices = read_notices(pd.DataFrame(areas.drop(columns="geometry")))
    return AreaData(areas, empty, empty.copy(), Catalogue.builtin(), notices=notices)


def _frames(table: Table | pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, str]:
    """Return values, status and name; a plain frame's status is read off its values."""
    if isinstance(table, Table):
        return table.values, table.status, table.path.name
    if table.empty:
        raise InputError("The table has no rows or no columns.")
    keys = keys_as_text(table.index)
    if keys.isna().any() or keys.eq("").any():
        without = count_noun(int((keys.isna() | keys.eq("")).sum()), "row of the table has", "rows of the table have")
        raise KeyColumnError(f"{without} no key in the index.")
    values = table.set_axis(pd.Index(keys, name="key", dtype=object))
    values = values.rename(columns={name: composed(name) for name in values.columns if isinstance(name, str)})
    nullable = [column for column in values.columns if is_extension_array_dtype(values[column].dtype)]
    for column in nullable:
        if is_numeric_dtype(values[column].dtype):
            values[column] = values[column].to_numpy(dtype=float, na_value=np.nan)
    return values, status_of_values(values), "table"


def _excluded(raw: pd.Index, keys: pd.Index, areas: pd.Index, exclude: str | Iterable[str]) -> np.ndarray:
    """Return which rows to set aside, named as in the table or as repaired; none may be that of an area."""
    named = list(map(same_text, optional_names(exclude, "exclude")))
    known = raw.isin(named) | keys.isin(named)
    wanted = keys[known & keys.isin(areas)]
    if len(wanted):
        raise SpecError(
            f"exclude is for rows without an area; "
            f"{count_noun(len(wanted), 'of them is that of an area', 'of them are those of areas')}: "
            f"{list_some(wanted)}. "
            f"To leave areas out of an index, exclude them there, with the reason."
        )
    return np.asarray(known)


REPAIR = (
    "Carry the counts to the boundaries of the areas first: transfer(counts, crosswalk), or "
    "transfer_by_area(counts, from_areas, to_areas)"
)


def check_vintages(
    left: gpd.GeoDataFrame | pd.DataFrame | AreaData | Table | Iterable[str],
    right: gpd.GeoDataFrame | pd.DataFrame | AreaData | Table | Iterable[str],
    *,
    left_vintage: str = "",
    right_vintage: str = "",
    names: tuple[str, str] = ("left", "right"),
) -> str:
    """Refuse keys of two vintages of one key system.

    Parameters
    ----------
    left, right : GeoDataFrame, DataFrame, AreaData, Table or list of str
        Two things on area keys: their index, or the keys themselves.
    left_vintage, right_vintage : str, optional
        The vintage of the keys, such as ``"2021"``, where the user declares it.
    names : tuple of str
        What the two are called in an error.

    Returns
    -------
    str
        The vintage that both belong to, such as ``"2021"``; empty where neither the codes nor the user say it.

    Raises
    ------
    ArgumentError
        A side is none of these.
    JoinError
        The two are of different vintages, one of them mixes vintages, or its codes are not of the declared vintage.

    Notes
    -----
    Codes show the vintage where ``key_systems`` declares how they look and 95 % of the keys look so. Where the codes
    of several vintages look alike (LOR 2006 and 2019), only a declared vintage distinguishes them.

    Examples
    --------
    >>> check_vintages(["01100101", "01100102"], ["01100101"])
    '2021'
    >>> check_vintages(["E01000001"], ["E01000002"])
    ''
    """
    keys, words = (_keys(left), _keys(right)), (left_vintage or _declared(left), right_vintage or _declared(right))
    one, other = (_vintages_of_codes(*side) for side in zip(keys, words, names, strict=True))
    if one is not None and other is not None and one.system == other.system:
        possible = [vintage for vintage in one.vintages if vintage in other.vintages]
        if not possible:
            raise JoinError(_message(keys, (str(one), str(other)), names))
    else:
        known = one or other
        possible = list(known.vintages) if known is not None else []
    if all(words) and words[0] != words[1]:
        raise JoinError(_message(keys, words, names))
    declared = words[0] or words[1]
    if declared:
        return declared
    return possible[0] if len(possible) == 1 else ""


def _message(keys: tuple[list[str], list[str]], vintages: tuple[str, str], names: tuple[str, str]) -> str:
    one, other = (
        f"{count_noun(len(some), f'key of {name} is', f'keys of {name} are')} of {vintage} ({list_some(some, 2)})"
        for some, vintage, name in zip(keys, vintages, names, strict=True)
    )
    return f"The {one}, the {other}: the same code can be another area, a join by key would be wrong. {REPAIR}."


def _vintages_of_codes(keys: list[str], declared: str, name: str) -> KeyVintages | None:
    """Return the vintages that the codes show; a declaration narrows them, or is contradicted by them."""
    if not keys:
        return None
    mixed = mixed_vintages(keys)
    if mixed:
        parts = "; ".join(f"{len(some)} of {vintage} ({list_some(some, 2)})" for vintage, some in mixed.items())
        raise JoinError(f"{name} mixes keys of several vintages: {parts}. Take one of them, and then: {REPAIR}.")
    shown = vintages_of(keys)
    if shown is None or declared not in {one.id for one in systems()[shown.system].vintages}:
        return shown  # the vintage of a city's own keys, which may look like those of a system, is the user's word
    if declared not in shown.vintages:
        raise JoinError(
            f"{name} is declared to be of vintage {declared!r}, but its codes are of {shown}: {list_some(keys, 3)}. "
            f"Correct vintage=, or take the file of {declared!r}."
        )
    return KeyVintages(shown.system, (declared,))


def _keys(side: object) -> list[str]:
    """Return the keys as text; keys that are not text are the join's concern."""
    frame = getattr(side, "areas", None)
    frame = frame if frame is not None else getattr(side, "values", None) if hasattr(side, "problems") else side
    index = getattr(frame, "index", None)
    keys: Any = side if index is None or callable(index) else index  # the index of a list is a method
    expects(keys, Iterable, "check_vintages", "check_vintages(areas, table), or lists of keys")
    return list(dict.fromkeys(key for key in ([keys] if isinstance(keys, str) else keys) if isinstance(key, str)))


def _declared(side: object) -> str:
    vintage = getattr(side, "vintage", "")
    return vintage if isinstance(vintage, str) else ""
