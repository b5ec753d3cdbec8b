"""Areas and table become one: by key, completely, of one vintage, or with a report that says what does not fit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from quartiersatlas.base.checks import choice, count_noun, expects, renamed
from quartiersatlas.base.letters import composed, same_text
from quartiersatlas.catalogue import Catalogue
from quartiersatlas.catalogue.key_systems import KeyVintages, mixed_vintages, systems, vintages_of
from quartiersatlas.catalogue.kinds import PERCENT
from quartiersatlas.catalogue.references import Reference, checked_references
from quartiersatlas.errors import (
    ColumnError,
    CountError,
    InputError,
    JoinError,
    SpecError,
    list_some,
)
from quartiersatlas.intake.areas.area_columns import (
    holds_geometry,
    is_notice,
    optional_names,
    read_notices,
    with_left_out,
)
from quartiersatlas.intake.areas.outlines import refuse_missing_outlines
from quartiersatlas.intake.frames import indexed_frame
from quartiersatlas.intake.joining.data import AreaData, fraction_notes, kind_of, refuse_no_counts
from quartiersatlas.intake.joining.keys import composed_keys, repaired_keys
from quartiersatlas.intake.joining.match import compare, refuse
from quartiersatlas.intake.joining.meaning import in_units_of, later_catalogue, published_totals, with_meaning
from quartiersatlas.intake.joining.row_numbers import refuse_row_numbers
from quartiersatlas.intake.joining.sides import number_columns, refuse_numbers, sides
from quartiersatlas.intake.tables.read import Table
from quartiersatlas.intake.tables.values.codes import named_in_frame
from quartiersatlas.intake.tables.values.marks import joined_bounds

if TYPE_CHECKING:
    from collections.abc import Iterator

    import geopandas as gpd

    from quartiersatlas.intake.joining.join_report import JoinReport
    from quartiersatlas.intake.joining.keys import Repair
    from quartiersatlas.intake.joining.sides import Key
    from quartiersatlas.intake.tables.values.codes import Meaning


@renamed(ignore="exclude")
def join(
    areas: gpd.GeoDataFrame | AreaData,
    table: Table | pd.DataFrame | None = None,
    *,
    key: Key | None = None,
    name: str | None = None,
    parents: Mapping[str, str] | None = None,
    to_crs: str | None = None,
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
    symbols: Mapping[str, Meaning] | None = None,
    perturbed: bool | int = False,
    rounded: Mapping[str, int] | None = None,
    city: str = "",
) -> AreaData:
    """Join a table to the areas by key.

    Parameters
    ----------
    areas : GeoDataFrame or AreaData
        As :func:`read_areas` returns them, or a frame with the key in a column; or the result of an earlier join to
        add a further table.
    table : Table or DataFrame, optional
        As :func:`read_table` returns it, or a frame on the district key. Without it the numbers are taken from the
        frame of the areas, as ``areas.merge(...)`` gives it.
    key : str, list of str, mapping, or a pair of these, optional
        Column of the district key in frames that do not have it as their index; several columns as in
        :func:`read_table`. A pair names that of the areas and that of the table (None: its index). Such frames are
        read like files: see :func:`read_areas` and :func:`read_table`.
    name : str, optional
        Column with the names in the frame of the areas; the key stands in for it, if not given.
    parents : mapping of str to str, optional
        Higher levels in the frame of the areas: new name -> column.
    to_crs : str, optional
        Projected system to convert the areas to, such as ``"EPSG:25832"``; needed for areas in degrees.
    catalogue : Catalogue, optional
        What the columns mean; the built-in one, if not given.
    population : str, optional
        Column with the residents; ``"residents"``, if there is one.
    period : str
        The date or year of the values.
    missing : {"raise", "report"}, default "raise"
        Whether areas without a row, rows without an area and rows with the name of another area are refused, or only
        reported; areas without a row get the status ``missing``. Duplicate keys, lost leading zeros and tables without
        a common key are always refused.
    repair : str or list of str, optional
        Rules for the keys of the table, applied in their order; every changed key is in the report:

        - ``"zero_pad"``: digits get zeros up to the width of the areas' keys,
        - ``"ags_from_ars"``: the 12 digits of a German Regionalschlüssel become the 8 of the Gemeindeschlüssel,
        - ``"strip_prefix:..."``, ``"add_prefix:..."``: a beginning is taken away or put before every key,
        - ``"first:6"``, ``"last:3"``, ``"chars:2-3"``: only the first or last characters stay, or the second to third,
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
    symbols : mapping of str to str, optional
        For a DataFrame: what numbers such as ``-9999`` stand for, ``{"-9999": "missing"}``, or that they are true
        (``"value"``). For files, symbols are named in :func:`read_table`.

    perturbed : bool or int, default False
        The counts of the table were protected where they come from by a small random change of each (cell-key method,
        as in the German census of 2022). They do not add up, so no sums are looked for, and nothing of them is
        suppressed again. A number says by how many persons a count was changed at most: then rules do not decide on
        areas whose value may lie on either side of a limit.
    rounded : mapping of str to int, optional
        Columns of counts that came rounded to the nearest multiple of a number, ``{"poor": 5}``; for rules likewise.
    city : str
        The name of the city, to stand in sentences, pictures and releases in the place of the word "city".

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
    NumberError
        A DataFrame holds codes such as -9999 that were not named.

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
    _check_options(catalogue, population, rename, symbols, missing)
    column = _key_column(areas, key)
    areas, read, notes = sides(areas, table, key=key, name=name, parents=parents, to_crs=to_crs, symbols=symbols)
    symbols = None if isinstance(read, Table) and read is not table else symbols  # the cells were read with them
    data = areas if isinstance(areas, AreaData) else _start(areas, alone=table is None)
    data, described = later_catalogue(data, catalogue) if catalogue is not None else (data, [])
    values, status, bounds, source, note = _frames(read, symbols, data.areas.index)
    rewritten = _rewritten(areas, data, read, values.index)
    keys, repaired = _repaired(values.index, data.areas.index, repair, rename)
    after = dict(zip(values.index, keys, strict=True))
    excluded = _excluded(values.index, keys, data.areas.index, exclude)
    values, status = values.set_axis(keys)[~excluded], status.set_axis(keys)[~excluded]
    vintage = check_vintages(data, keys[~excluded], right_vintage=vintage, names=("the areas", source))
    named, residents = _residents(data, values, population)
    report = compare(data.areas, values, source, repaired=repaired, excluded=tuple(keys[excluded]), residents=residents)
    report = replace(report, composed=rewritten, notes=(*notes, *filter(None, [note])))
    with _of_frame(column):
        refuse(report, data.areas, missing, [*map(str, values.columns)])
    notices = (*data.notices, *read_notices(values.reindex(data.areas.index)))
    values, status, fresh = _added(data, values, status, source)
    _check_population(replace(data, values=values, population=None), named, source)
    joined = replace(
        data,
        values=values,
        status=status,
        reports=(*data.reports, report),
        population=named,
        period=period or data.period,
        city=city or data.city,
        notices=tuple(dict.fromkeys(notices)),
        vintage=vintage,
        references=_references(data, report, references),
        bounds=joined_bounds(data.bounds, bounds, after, data.areas.index, fresh),
        **_precision(data, values[fresh], perturbed, rounded),
    )
    return _with_fractions_noted(joined, [*described, *fresh], units=units, kinds=kinds, confirmed=_signed(read))


def _with_fractions_noted(
    data: AreaData,
    columns: Sequence[str],
    *,
    kinds: Mapping[str, str] | None,
    **meaning: Any,  # noqa: ANN401 - of with_meaning()
) -> AreaData:
    """Return the data with their meaning, and a note for each column of counts that are not all whole.

    The report, which stays inside, has an example of each.
    """
    data = with_meaning(data, columns, kinds=kinds, **meaning)
    numbers = set(data.values.select_dtypes("number").columns)
    counts = [
        name
        for name in dict.fromkeys([*columns, *(kinds or {})])
        if name in numbers and (kind_of(data, name) == "count" or name == data.population)
    ]
    notes = [note for note in fraction_notes(data, counts) if note not in data.notes]
    examples = []
    for name in (str(note.values["name"]) for note in notes):
        column = data.values[name]
        some = column[column.notna() & column.ne(column.round())]
        areas = count_noun(len(some), "area")
        examples.append(f"{name}: counts with decimals in {areas}, such as {some.iloc[0]:.10g} in {some.index[0]!r}")
    report = replace(data.reports[-1], notes=(*data.reports[-1].notes, *examples))
    return replace(data, notes=(*data.notes, *notes), reports=(*data.reports[:-1], report))


def _precision(
    data: AreaData, values: pd.DataFrame, perturbed: bool | int, rounded: Mapping[str, int] | None
) -> dict[str, Any]:
    """Return which columns came changed at random, and by how many persons the counts of each may be off."""
    off_by = {**data.off_by, **_off_by(values, perturbed, rounded)}
    return {"perturbed": data.perturbed.union(values.columns) if perturbed else data.perturbed, "off_by": off_by}


def _off_by(values: pd.DataFrame, perturbed: bool | int, rounded: Mapping[str, int] | None) -> dict[str, float]:
    """Return by how many persons the counts of each new column may be off."""
    if perturbed is not True and (not isinstance(perturbed, int) or perturbed < 0):
        raise SpecError(f"join: perturbed={perturbed!r} is True, or by how many persons a count was changed at most.")
    found = {} if isinstance(perturbed, bool) else dict.fromkeys(map(str, values.columns), float(perturbed))
    found = {name: off for name, off in found.items() if off and is_numeric_dtype(values[name])}
    expects({} if rounded is None else rounded, Mapping, "join: rounded", 'rounded={"poor": 5}')
    for name, base in (rounded or {}).items():
        if name not in values.columns:
            raise ColumnError.not_found(name, values.columns, "join: rounded, the table")
        if isinstance(base, bool) or not isinstance(base, int) or base < 2:  # noqa: PLR2004 - 1 rounds nothing
            raise SpecError(f"join: rounded: {name!r} to multiples of {base!r}; give a whole number such as 5.")
        odd = values.index[values[name].notna() & values[name].mod(base).ne(0)]
        if len(odd):
            are = count_noun(len(odd), "area is", "areas are")
            raise CountError(f"join: rounded: {are} no multiple of {base} in {name!r}: {list_some(odd)}.")
        found[name] = found.get(name, 0.0) + base // 2
    return found


def _rewritten(
    areas: gpd.GeoDataFrame | AreaData, data: AreaData, read: Table | pd.DataFrame, keys: pd.Index
) -> tuple[Repair, ...]:
    """Return keys whose letters were written in another way, before and after."""
    of_table = composed_keys(read.index, keys) if isinstance(read, pd.DataFrame) else ()
    return of_table + (composed_keys(areas.index, data.areas.index) if not isinstance(areas, AreaData) else ())


def _signed(read: Table | pd.DataFrame) -> list[str]:
    """Return the columns that were written with a percent sign."""
    return [name for name, unit in getattr(read, "units", {}).items() if unit == PERCENT]


def _references(data: AreaData, report: JoinReport, given: Mapping[str, Reference] | None) -> dict[str, Reference]:
    """Return published values: those of earlier joins, of the totals row of this table, and those that are given."""
    checked = in_units_of(data.notes, checked_references(given, "join"))
    return {**data.references, **published_totals(report, data.references), **checked}


def _check_options(catalogue: object, population: object, rename: object, symbols: object, missing: str) -> None:
    """Refuse options of another type than they take."""
    choice(missing, ("raise", "report"), "missing")
    for what, value, kind, how in (
        ("catalogue", catalogue, Catalogue, "catalogue=qa.Catalogue.builtin()"),
        ("population", population, str, 'population="residents"'),
        ("rename", rename, Mapping, "rename={'key in the table': 'key of the area'}"),
        ("symbols", symbols, Mapping, "symbols={'-9999': 'missing'}"),
    ):
        if value is not None:
            expects(value, kind, f"join: {what}", how)


def _repaired(
    keys: pd.Index, areas: pd.Index, repair: str | Iterable[str] | None, rename: Mapping[str, str] | None
) -> tuple[pd.Index, tuple[Repair, ...]]:
    """Return the keys of the table after what was asked for, and every key that changed."""
    optional_names([*(rename or {}), *(rename or {}).values()], "join: rename")
    pairs = {same_text(key): same_text(area) for key, area in (rename or {}).items()}
    if repair is None and not pairs:
        return keys, ()
    return repaired_keys(keys, areas, () if repair is None else repair, pairs)


ZEROS_OF_INDEX = re.compile(r"areas\.set_axis\(areas\.index\.str\.zfill\((\d+)\)\)")


def _key_column(areas: object, key: Key | None) -> str | None:
    """Return the column of a frame of areas that was named as the key."""
    of_areas = key[0] if isinstance(key, tuple) and key else key
    is_there = isinstance(areas, pd.DataFrame) and isinstance(of_areas, str) and of_areas in areas.columns
    return of_areas if is_there and isinstance(of_areas, str) else None


@contextmanager
def _of_frame(column: str | None) -> Iterator[None]:
    """Let an error that puts zeros back speak of the column of the key, where the key is not yet the index."""
    try:
        yield
    except JoinError as error:
        if column is not None:
            zeros = f"areas.assign(**{{{column!r}: areas[{column!r}].astype(str).str.zfill("
            said = ZEROS_OF_INDEX.sub(lambda found: f"{zeros}{found[1]})}})", str(error))
            error.args = (said, *error.args[1:])
        raise


def _residents(
    data: AreaData, values: pd.DataFrame, population: str | None
) -> tuple[str | None, pd.Series[float] | None]:
    """Return the column of residents and its numbers: those of the rows, else those of the areas."""
    named = composed(population or "") or data.population or ("residents" if "residents" in values.columns else None)
    return named, values.get(named, data.values.get(named))


def _check_population(data: AreaData, named: str | None, source: str) -> None:
    """Refuse a column of residents that is not there, or that holds no counts."""
    if named is None:
        return
    if named not in data.values.columns:
        raise ColumnError.not_found(named, data.values.columns, source)
    refuse_no_counts(data, [named], "population")


def _added(
    data: AreaData, values: pd.DataFrame, status: pd.DataFrame, source: str
) -> tuple[pd.DataFrame, pd.DataFrame, pd.Index]:
    """Return values and status of the data with the columns of a table, and those; what is there already is refused."""
    already = [column for column in values.columns if column in data.values.columns and not is_notice(column)]
    fresh = values.loc[:, [column for column in values.columns if column not in data.values.columns]]
    if already:
        given = f"column {list_some(already)} is" if len(already) == 1 else f"columns {list_some(already)} are"
        new = [str(column) for column in fresh.columns if not is_notice(column)]
        only = f"Read the table with columns={new!r} to take only what is new, or read" if new else "Read"
        raise ColumnError(
            f"{source}: {given} there already from an earlier table. {only} {str(already[0])!r} under another name: "
            f"columns={{{f'{already[0]}_2'!r}: {str(already[0])!r}}}."
        )
    known = status[fresh.columns].reindex(data.areas.index).fillna("missing")
    return data.values.join(fresh.reindex(data.areas.index)), data.status.join(known), fresh.columns


def _start(areas: gpd.GeoDataFrame, *, alone: bool) -> AreaData:
    """Begin with areas only; duplicate keys are refused with those of the table."""
    numbers = number_columns(areas)
    if numbers and not alone:
        refuse_numbers(areas)
    areas = areas.drop(columns=numbers)
    areas = areas.set_axis(pd.Index(list(map(same_text, areas.index)), name=areas.index.name, dtype=object))
    refuse_missing_outlines(areas.geometry.to_numpy(), areas.index, "join")
    texts = [column for column in areas.columns.drop("geometry") if holds_geometry(areas[column])]
    areas = with_left_out(areas.drop(columns=texts), texts)
    empty = pd.DataFrame(index=areas.index)
    notices = read_notices(pd.DataFrame(areas.drop(columns="geometry")))
    return AreaData(areas, empty, empty.copy(), Catalogue.builtin(), notices=notices)


def _frames(
    table: Table | pd.DataFrame, symbols: Mapping[str, Meaning] | None, areas: pd.Index
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, str, str]:
    """Return values, status, bounds, name and a note of the keys; a plain frame's status is read off its values."""
    if isinstance(table, Table):
        if symbols:
            raise SpecError(
                "join: symbols are for a DataFrame; those of a file are named in read_table(..., symbols=...)."
            )
        refuse_row_numbers(table.values, areas, from_file=True)
        return table.values, table.status, table.bounds, table.path.name, ""
    if table.empty:
        raise InputError("The table has no rows or no columns.")
    refuse_row_numbers(table, areas, from_file=False)
    values, note = indexed_frame(table)
    return *named_in_frame(values, symbols), "table", note


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
