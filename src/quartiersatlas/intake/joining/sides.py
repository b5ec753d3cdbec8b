"""The two sides of a join: frames in memory become areas and a table by the same checks as files."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import pandas as pd
from pandas.api.types import is_numeric_dtype

from quartiersatlas.base.checks import count_noun, expects
from quartiersatlas.errors import (
    ArgumentError,
    ColumnError,
    GeometryError,
    InputError,
    QuartiersatlasError,
    SpecError,
    list_some,
)
from quartiersatlas.intake.areas.area_columns import AREA_FLAGS, keys_as_text
from quartiersatlas.intake.areas.crs import extent_in_degrees, located
from quartiersatlas.intake.areas.key_parts import key_widths
from quartiersatlas.intake.areas.read import read_areas
from quartiersatlas.intake.areas.systems import projected_for
from quartiersatlas.intake.frames import is_geometry, unique_columns, with_geometry
from quartiersatlas.intake.joining.data import AreaData
from quartiersatlas.intake.tables.read import Table, read_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from quartiersatlas.intake.areas.key_parts import KeyColumns
    from quartiersatlas.intake.tables.values.codes import Meaning

    Key = KeyColumns | tuple[KeyColumns | None, KeyColumns | None]

SHOWN = 3  # calls that a message offers
MOST = 30  # columns of a frame that are compared with those of the other
ALIKE = 0.5  # share of the keys of one side that the other has, from which a column is offered


class Sides(NamedTuple):
    """Areas, table, and what was decided when frames were read."""

    areas: gpd.GeoDataFrame | AreaData
    table: Table | pd.DataFrame
    notes: tuple[str, ...]


def sides(
    areas: gpd.GeoDataFrame | AreaData,
    table: Table | pd.DataFrame | None,
    *,
    key: Key | None,
    name: str | None,
    parents: Mapping[str, str] | None,
    to_crs: str | None,
    symbols: Mapping[str, Meaning] | None = None,
) -> Sides:
    """Return areas and table for :func:`join`: as they are, or read from frames by the columns that are named.

    Raises
    ------
    ArgumentError
        A side is something else, or there is no table and the areas are no frame.
    SpecError
        Options of areas in a frame are given for areas that are read already.
    QuartiersatlasError
        Whatever ``read_areas`` and ``read_table`` refuse.
    """
    alone = table is None
    _refuse_swapped(areas, table)
    expects(areas, (gpd.GeoDataFrame, AreaData), "join", 'areas = qa.read_areas("areas.gpkg", key="id")')
    of_areas, of_table = key if isinstance(key, tuple) and len(key) == 2 else (key, key)  # noqa: PLR2004 - a pair
    if table is None:
        table, of_table = _numbers_of(areas, of_areas, name, parents), of_areas
    if isinstance(table, pd.Series):
        raise ArgumentError(
            f"join: table takes a Table or a DataFrame, not a Series: "
            f"qa.join(areas, table.to_frame({str(table.name or 'number')!r}))."
        )
    expects(table, (Table, pd.DataFrame), "join: table", 'table = qa.read_table("table.csv", key="id")')
    if isinstance(areas, AreaData):
        given = {"name": name, "parents": parents, "to_crs": to_crs}
        late = [option for option, value in given.items() if value is not None]
        if late:
            raise SpecError(f"join: {list_some(late)} is for areas in a frame; these were joined before.")
    else:
        areas = _keyed_areas(areas, of_areas, name, parents, to_crs, None if alone else table)
    if of_table is None or isinstance(table, Table):
        return Sides(areas, table, ())
    with _read_first(f"table = qa.read_table(table, key={of_table!r}, ...)"):
        read = read_table(_without_shapes(table), _key_of_table(table, of_table), symbols=symbols or "auto")
    done = [f"{kind} ({count_noun(count, 'cell')})" for kind, count in read.problems["done"].value_counts().items()]
    return Sides(areas, read, (*read.notes, *done))


OPTIONS = re.compile(r"\b(dissolve|repair|exclude|snap|swap_axes|crs|rename|text|decimal)=")


@contextmanager
def _read_first(call: str) -> Iterator[None]:
    """Add to an error that advises an option of reading which call has this option: the join has none of them."""
    try:
        yield
    except QuartiersatlasError as error:
        if OPTIONS.search(str(error)):
            hint = f" In a join, read the frame with this option first and join the result: {call}."
            said = str(error)
            error.args = (f"{said}{'' if said.endswith('.') else '.'}{hint}", *error.args[1:])
        raise


def _refuse_swapped(areas: object, table: object) -> None:
    """Refuse a table in the place of the areas, and shapes in a frame that is not one of shapes."""
    if isinstance(areas, pd.DataFrame) and not isinstance(areas, gpd.GeoDataFrame):
        shapes = [str(areas.columns[i]) for i in range(areas.shape[1]) if is_geometry(areas.iloc[:, i])]
        if isinstance(table, gpd.GeoDataFrame):
            how = "the areas come first, join(areas, table)"
        elif shapes:
            how = f"areas = geopandas.GeoDataFrame(areas, geometry={shapes[0]!r})"
        else:
            return
        raise ArgumentError(f"join takes a GeoDataFrame or an AreaData, not a DataFrame: {how}.")


def _numbers_of(
    areas: gpd.GeoDataFrame | AreaData, key: KeyColumns | None, name: str | None, parents: Mapping[str, str] | None
) -> pd.DataFrame:
    """Return the columns of a merged frame that are values: all but key, name, higher levels and shapes."""
    if isinstance(areas, AreaData):
        raise ArgumentError("join takes a table to add to the data: join(data, table).")
    parts = [] if key is None else [key] if isinstance(key, str) else list(key_widths(key, "join") or ())
    words = [name, *(parents or {}).values()]
    taken = {column for column in words if column is not None and column not in parts} | set(AREA_FLAGS)
    frame = pd.DataFrame(areas).drop(columns=[column for column in areas.columns if column in taken])
    frame = _without_shapes(frame)
    if key is None:
        frame = frame.select_dtypes("number")
    if not len(frame.columns.difference(parts)):
        raise ArgumentError("join takes areas and a table; the frame of the areas has no column of numbers of its own.")
    return frame


def _without_shapes(frame: pd.DataFrame) -> pd.DataFrame:
    kept = [not is_geometry(frame.iloc[:, position]) for position in range(frame.shape[1])]
    return pd.DataFrame(frame.loc[:, kept])


def _key_of_table(table: pd.DataFrame, key: KeyColumns) -> KeyColumns:
    """Return the key of a frame; where only its index without a name can be meant, say how to name it."""
    known = {*table.columns, *table.index.names}
    absent = [part for part in ([key] if isinstance(key, str) else key_widths(key, "join") or ()) if part not in known]
    if not absent:
        return key
    error = ColumnError.not_found(absent[0], _without_shapes(table).columns, "table")
    if isinstance(key, str) and not isinstance(table.index, pd.RangeIndex) and table.index.nlevels == 1:
        raise ColumnError(
            f"{error} Its index holds {list_some(table.index, 2)}: if that is the key, name it with "
            f"table.rename_axis({key!r}). Another column of the table is named in a pair: "
            f"key=('column of the areas', 'column of the table')."
        )
    raise ColumnError(
        f"{error} Where it is called otherwise there, name both: key=({key!r}, 'column of the table')."
        if isinstance(key, str)
        else str(error)
    )


def _keyed_areas(
    areas: gpd.GeoDataFrame,
    key: KeyColumns | None,
    name: str | None,
    parents: Mapping[str, str] | None,
    to_crs: str | None,
    table: Table | pd.DataFrame | None,
) -> gpd.GeoDataFrame:
    """Return areas on their key, in metres: read from the frame where columns are named, else as they are."""
    areas = with_geometry(areas)
    is_read = "name" in areas.columns and all(isinstance(one, str) for one in areas.index)
    named = [key] if isinstance(key, str) else list(key_widths(key, "join") or ()) if key is not None else []
    has_key = bool(named) and all(part in areas.columns or part in areas.index.names for part in named)
    if has_key or name is not None or parents is not None or (key is not None and not is_read):
        _refuse_degrees(areas, to_crs)
        with _read_first(f"areas = qa.read_areas(areas, key={key!r}, ...)"):
            return read_areas(areas, key, name=name, parents=parents, to_crs=to_crs)
    if not is_read:
        raise InputError(_unkeyed(areas, table))
    _refuse_degrees(areas, to_crs)
    return areas if to_crs is None else located(areas, None, to_crs, None, "areas")


def _refuse_degrees(areas: gpd.GeoDataFrame, to_crs: str | None) -> None:
    """Refuse areas in degrees, or nowhere; the message names the option that a join has for them."""
    if areas.crs is None:
        raise GeometryError(
            "The areas do not say their coordinate reference system. Set the one they were drawn in, such as "
            "areas.set_crs('EPSG:25832') for UTM zone 32; of degrees areas.set_crs('EPSG:4326').to_crs('EPSG:25832')."
        )
    if areas.crs.is_geographic and to_crs is None:
        extent = extent_in_degrees(areas)
        better = projected_for(extent.centre) if extent is not None else "EPSG:25832"
        raise GeometryError(
            f"The areas are in degrees ({areas.crs.name}), the library measures in metres. Pass to_crs='{better}', or "
            f"convert them first: areas.to_crs('{better}')."
        )


def _unkeyed(areas: gpd.GeoDataFrame, table: Table | pd.DataFrame | None) -> str:
    """Say which columns of a frame of areas could be the key, and the call that names them."""
    columns = [column for column in areas.columns if not is_geometry(areas[column])]
    if all(isinstance(one, str) for one in areas.index):
        hint = f", such as name={columns[0]!r}" if columns else ""
        return f"The areas have no column 'name'. Name the column with their names in the join{hint}."
    is_rows = isinstance(areas.index, pd.RangeIndex)
    holds = "row numbers" if is_rows else list_some(areas.index, 2)
    needed = f"The areas need unique text keys as index, and theirs holds {holds}."
    pairs = _common_keys(areas, table) if table is not None else []
    if pairs:
        calls = " or ".join(f"join(areas, table, {_written(*pair)})" for pair in pairs[:SHOWN])
        return f"{needed} Name the column of the key; both sides have the same keys in {calls}."
    if not is_rows:
        return f"{needed} If these are the keys, make them text: areas.set_axis(areas.index.astype(str))."
    unique = [column for column in unique_columns(areas) if column != "name"]
    hint = f" Of the columns of the areas {list_some(unique)} could be it." if unique else ""
    sides = "areas" if table is None else "areas, table"
    return f"{needed} Name the column of the key: join({sides}, key={(unique or ['id'])[0]!r}).{hint}"


def _written(of_areas: str, of_table: str | None) -> str:
    return f"key={of_areas!r}" if of_areas == of_table else f"key=({of_areas!r}, {of_table!r})"


def _common_keys(areas: gpd.GeoDataFrame, table: Table | pd.DataFrame) -> list[tuple[str, str | None]]:
    """Return pairs of columns, of the areas and of the table (None: its index), with the same keys; the best first."""
    frame = table.values if isinstance(table, Table) else table
    of_table: dict[str | None, set[Any]] = {}
    if not isinstance(frame.index, pd.RangeIndex) and frame.index.nlevels == 1:
        of_table[None] = set(keys_as_text(frame.index).dropna())
    if not isinstance(table, Table):
        of_table |= {name: set(keys_as_text(frame[name]).dropna()) for name in unique_columns(frame)[:MOST]}
    found = []
    for name in unique_columns(areas)[:MOST]:
        keys = set(keys_as_text(areas[name]).dropna())
        found += [
            (len(keys & others) / len(keys), (name, other))
            for other, others in of_table.items()
            if len(keys & others) >= ALIKE * len(keys)
        ]
    return [pair for _, pair in sorted(found, key=lambda one: -one[0])]


def number_columns(areas: gpd.GeoDataFrame) -> list[str]:
    """Return the columns of numbers in a frame of areas, flags apart: they belong to a table."""
    numbers = [column for column in areas.columns.drop("geometry") if is_numeric_dtype(areas[column].dtype)]
    return [column for column in numbers if column not in AREA_FLAGS]


def refuse_numbers(areas: gpd.GeoDataFrame) -> None:
    """Refuse areas that carry numbers beside a table: which of the two would count?"""
    numbers = number_columns(areas)
    if numbers:
        raise InputError(
            f"areas has columns of numbers: {list_some(numbers)}. Areas carry a name and higher levels as text. Leave "
            f"the numbers out with areas.drop(columns={[str(column) for column in numbers]!r}), or join them too: "
            f"join(join(areas), table) takes the numbers of the frame first."
        )
