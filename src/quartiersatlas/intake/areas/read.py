"""Areas and further layers from geometry files: text keys, unique, projected, valid; or a refusal with the repair."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd

from quartiersatlas.base.checks import count_noun, expects, renamed
from quartiersatlas.base.keys import refuse_repeated_keys, whole_keys
from quartiersatlas.base.letters import same_text
from quartiersatlas.errors import (
    ColumnError,
    GeometryError,
    InputError,
    KeyColumnError,
    SpecError,
    list_some,
)
from quartiersatlas.intake.areas.area_columns import (
    AREA_FLAGS,
    COMPOSED,
    GAPS,
    KEY_IN_FILE,
    MERGED_FROM,
    OFF_BY,
    PARTS,
    RENAMED_FROM,
    REPAIRED,
    SNAPPED,
    SNAPPED_SIZE,
    holds_geometry,
    is_notice,
    keys_as_text,
    optional_names,
    other_form,
    read_notes,
    with_left_out,
)
from quartiersatlas.intake.areas.crs import across_the_meridian, converted, located, place_in_doubt
from quartiersatlas.intake.areas.gaps import fitted
from quartiersatlas.intake.areas.key_parts import corrected_keys, joined_parts, key_label, key_widths
from quartiersatlas.intake.areas.outlines import (
    dissolved_by_key,
    made_valid,
    polygons_alone,
    refuse_covering,
    refuse_duplicates,
    refuse_other_than_polygons,
    without_a_place,
)
from quartiersatlas.intake.files.layers import read_geometry_file
from quartiersatlas.intake.files.nested import without_lists
from quartiersatlas.intake.frames import features_of, is_geometry

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from pyproj import CRS

    from quartiersatlas.intake.areas.key_parts import KeyColumns

WIDEST = 10_000.0  # metres: no gap between neighbours is that wide
HOW = 'qa.read_areas("areas.gpkg", key="id")'
# UTF-8 read as Latin-1, the sign for what is not UTF-8, and control characters, which letters of DOS are taken for
GARBLED = re.compile("Ã[\u0080-\u00bf\u0178\u201a-\u2122]|\ufffd|[\u0080-\u009f]")


@renamed(ignore="exclude")
def read_areas(
    path: str | Path | gpd.GeoDataFrame,
    key: KeyColumns | None = None,
    *,
    name: str | None = None,
    parents: Mapping[str, str] | None = None,
    rename: Mapping[str, str] | None = None,
    layer: str | None = None,
    encoding: str | None = None,
    crs: str | None = None,
    to_crs: str | None = None,
    swap_axes: bool | None = None,
    exclude: str | Iterable[str] = (),
    dissolve: bool = False,
    repair: bool = False,
    snap: float | None = None,
) -> gpd.GeoDataFrame:
    """Read district polygons from GeoPackage, GeoJSON, Shapefile, GeoParquet and other files, or from a frame.

    Parameters
    ----------
    path : str, Path or GeoDataFrame
        The file, or a zip archive with one. GeoParquet needs the extra ``parquet``, which also makes GeoPackage and
        FlatGeobuf faster. Or a frame in memory, which is checked like a file.
    key : str, list of str, or mapping of str to int
        Column with the district key. It becomes the index, as text. A key in several columns is put together in their
        order, as in :func:`read_table`. Of a frame the index is taken, if no key is named.
    name : str, optional
        Column with the district's name; the key stands in for it, if not given.
    parents : mapping of str to str, optional
        Higher levels: new name -> column in the file, such as ``{"bezirk": "BEZ"}``.
    rename : mapping of str to str, optional
        Wrong key -> right key. One of several features with the same key is named with its name, as in
        ``{"0601 (Westhafen)": "0403"}``, or its place among them in the file: ``{"0601 (2)": "0403"}``. The column
        ``renamed_from`` keeps the key of the file.
    layer : str, optional
        Layer of a file with several, or file of an archive with several.
    encoding : str, optional
        How words are written, where the file does not say it rightly, such as ``"cp1252"``.
    crs : str, optional
        The coordinate reference system where the file does not say it (or says degrees, as every GeoJSON does, and
        holds metres), such as ``"EPSG:25832"``. It takes the place of what the file says, and is refused where it
        would put the areas outside the region it is made for.
    to_crs : str, optional
        Projected system to convert to; needed for files in degrees (every standard GeoJSON).
    swap_axes : bool, optional
        Whether the file holds the latitude (or northing) first. By default such files are refused when they lie in
        Germany, Austria or Switzerland only once the axes are swapped; ``False`` takes them as they are.
    exclude : str or list of str
        Keys of features that are no areas, such as the whole city; the column ``left_out`` names them.
    dissolve : bool, default False
        Put features with the same key together; the column ``parts`` counts them. Without it they are refused.
    repair : bool, default False
        Make invalid polygons valid; the column ``repaired`` flags them. Without it they are refused.
    snap : float, optional
        Close gaps up to this width in metres between neighbours and give overlaps to one of them; the column
        ``snapped`` flags the areas that changed, ``snapped_m2`` says by how many square metres. Wider overlaps are
        refused, and an area gets nothing that is further from it. Above 0, up to 10,000.

    Returns
    -------
    GeoDataFrame
        On the district key: ``name``, the parents, a notice column (``Hinweis`` or ``notice``) if there is one, flags
        of what was done, and ``geometry`` in metres. Other columns of the file are not taken along: join them as a
        table, with :func:`read_table` of the same file. Columns with geometry as text are named in ``left_out``. Keys
        that the file writes with a decimal point (``5111000.0``) are read as whole numbers; ``key_in_file`` has them
        as written. What was decided while reading stands in ``read_notes``, the same for all areas, where there was
        anything: which file of an archive, lists of one value, geometry collections, the 180th meridian. ``off_by``
        is how many metres the areas may lie beside their true place, where their datum is not known.

    Raises
    ------
    ArgumentError
        A parameter is of another type; the message names what it takes.
    InputError
        The file is missing, unreadable, empty, has several layers, or garbled letters; it is an error page, a pointer
        or something else; or it is a part of the answer of a service that says so.
    ColumnError
        A named column is not there; the message offers the closest names.
    KeyColumnError
        Keys are empty or not unique, or the parts of an area differ in name or parent.
    GeometryError
        No coordinate reference system, one in degrees, feet or with stretched lengths, areas outside the region it is
        made for, shapes that are not valid polygons, features that cover the others, or overlaps wider than ``snap``.
    DependencyError
        GeoParquet without the extra.

    Notes
    -----
    Narrow gaps and overlaps between areas show as dots and lines on a map: the column ``gaps`` flags the areas beside
    them, and the method box names them. :func:`check_areas` reports whether the areas fit together, and the ``snap``
    that closes the gaps.
    """
    _expect_areas(path, key)
    parents = {} if parents is None else parents
    expects(parents, Mapping, "read_areas: parents", 'parents={"bezirk": "BEZ"}, new name and column')
    exclude = tuple(map(same_text, optional_names(exclude, "exclude")))
    frame, key, where, notes = _features(path, key, layer, encoding, [name, *parents.values()])
    if frame.empty:
        raise InputError(f"{where} has no areas.")
    taken = _columns(frame, key, name, parents, where)
    _check_snap(snap)
    frame, single = _single_values(frame, {key: key, **taken}, where)
    own_keys, as_written = _keys(frame[key], where)
    words = _with_key_in_file(_words(frame, own_keys, taken, where), own_keys, as_written, has_names=name is not None)
    keys, renamed_from = corrected_keys(own_keys, words["name"], {} if rename is None else rename, where)
    left_out = _left_out(keys, words["name"], exclude, where)
    stays = ~keys.isin([excluded for excluded, _ in left_out])
    frame, keys, words, renamed_from = frame[stays], keys[stays], words[stays], renamed_from[stays]
    if frame.empty:
        raise InputError(f"{where} has no areas besides those to exclude.")
    frame, collected, parts = _of_polygons(frame, keys, where)
    frame, flags, moved = _placed(frame, crs, to_crs, swap_axes, where)
    shapes, invalid = made_valid(frame.geometry.to_numpy(), keys, where, repair=repair)
    composed = _composed(frame, key, own_keys[stays], taken, words)
    for flag, is_so in ((REPAIRED, invalid | collected), (COMPOSED, composed)):
        if any(is_so):
            flags[flag] = pd.Series(is_so).groupby(keys, sort=False).any().to_numpy()
    if not dissolve:
        refuse_duplicates(shapes, keys, key, where)
    elif keys.has_duplicates:
        shapes, flags[PARTS] = dissolved_by_key(
            shapes, keys, words.drop(columns=filter(is_notice, words.columns)), where
        )
        words, renamed_from, keys = words[~keys.duplicated()], _of_parts(renamed_from, keys), keys.unique()
    if renamed_from.any():
        flags[RENAMED_FROM] = renamed_from
    refuse_covering(shapes, keys, words["name"], where)
    shapes, changed, beside = fitted(shapes, keys, where, snap)
    flags |= _fit_flags(changed, beside) | read_notes([*notes, *single, *parts, *moved])
    areas = gpd.GeoDataFrame(words.set_axis(keys).assign(**flags), geometry=shapes, crs=frame.crs)
    texts = [c for c in frame.columns.drop("geometry") if c not in taken.values() and holds_geometry(frame[c])]
    return with_left_out(areas, [*(f"{excluded} ({called})" for excluded, called in left_out), *texts])


def _expect_areas(path: object, key: object) -> None:
    """Refuse what is neither a file nor a frame of areas; of a file the key has to be named."""
    how = HOW
    if isinstance(path, pd.DataFrame) and any(is_geometry(path.iloc[:, i]) for i in range(path.shape[1])):
        column = next(str(path.columns[i]) for i in range(path.shape[1]) if is_geometry(path.iloc[:, i]))
        how = f"areas = geopandas.GeoDataFrame(areas, geometry={column!r})"
    expects(path, (str, Path, gpd.GeoDataFrame), "read_areas", how)
    if not isinstance(path, gpd.GeoDataFrame):
        expects(key, (str, list, tuple, Mapping), "read_areas: key", 'key="id", the column with the district key')


def _with_key_in_file(words: pd.DataFrame, keys: pd.Index, as_written: Any, *, has_names: bool) -> pd.DataFrame:  # noqa: ANN401 - whatever _keys returns
    """Return the words with the key as the file writes it, where that is another one; else as they are."""
    if as_written is None:
        return words
    return words.assign(**{KEY_IN_FILE: as_written} | ({} if has_names else {"name": keys}))


def _check_snap(snap: float | None) -> None:
    if snap is not None:
        expects(snap, (int, float), "read_areas: snap", "snap=0.5, a width in metres")
    if snap is not None and not 0 < snap <= WIDEST:
        raise SpecError(f"snap must be a width in metres above 0 and up to {WIDEST:,.0f}, not {snap}.")


def _features(
    path: str | Path | gpd.GeoDataFrame,
    key: KeyColumns | None,
    layer: str | None,
    encoding: str | None,
    asked: Iterable[str | None],
) -> tuple[gpd.GeoDataFrame, str, str, list[str]]:
    """Return all features with their columns, the column of the key, how the source is called, and notes."""
    notes: list[str] = []
    if isinstance(path, gpd.GeoDataFrame):
        frame, key = features_of(path, key, {"layer": layer, "encoding": encoding})
        where = "areas"
    else:
        (frame, notes), where = read_geometry_file(path, layer, encoding, "areas"), Path(path).name
    widths = key_widths(key or "", "read_areas")
    frame = _named_as_asked(frame, [*(widths or [str(key)]), *asked])
    if widths is None:
        return frame, str(key), where, notes
    attributes = list(frame.columns.drop("geometry"))
    for column in widths:
        if column not in attributes:
            raise ColumnError.not_found(column, attributes, where)
    parts = {column: keys_as_text(frame[column]).fillna("").to_numpy(dtype=object) for column in widths}
    label = key_label(widths)
    return frame.assign(**{label: joined_parts(parts, widths, where)}), label, where, notes


def _of_parts(renamed_from: NDArray[np.object_], keys: pd.Index) -> NDArray[np.object_]:
    """Return one earlier key per area: that of the first of its features that had another one."""
    former = pd.Series(renamed_from).groupby(keys, sort=False).agg(lambda some: next(filter(None, some), ""))
    return former.to_numpy(dtype=object)


def _named_as_asked(frame: gpd.GeoDataFrame, asked: Iterable[str | None]) -> gpd.GeoDataFrame:
    """Return the frame with the columns asked for under the names they were asked by, if only the letters differ."""
    by_form = {same_text(column): column for column in frame.columns if isinstance(column, str)}
    found = {by_form.get(same_text(name)): name for name in asked if name is not None and name not in frame.columns}
    return frame.rename(columns={old: new for old, new in found.items() if old is not None and not old.isascii()})


def _composed(
    frame: gpd.GeoDataFrame, key: str, keys: pd.Index, taken: Mapping[str, str], words: pd.DataFrame
) -> list[bool]:
    """Return which areas had a key or a name in another form of letters."""
    both = zip(other_form(frame[key], keys), other_form(frame[taken["name"]], words["name"]), strict=True)
    return [of_key or of_name for of_key, of_name in both]


def _single_values(frame: gpd.GeoDataFrame, taken: Mapping[str, str], where: str) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Return the frame with one value per cell in the columns that are taken along: lists of one are their element."""
    notes = []
    for column in dict.fromkeys(taken.values()):
        if frame[column].dtype != object and not pd.api.types.is_string_dtype(frame[column]):
            continue
        objects = sum(isinstance(cell, dict) for cell in frame[column])
        if objects:
            raise InputError(
                f"{where}: {count_noun(objects, f'cell of {column!r} holds', f'cells of {column!r} hold')} an object "
                f"with names and values, and a key or name is one value. Write it as columns of its own."
            )
        values, said = without_lists(frame[column].tolist(), column, where)
        if said:
            frame = frame.assign(**{column: pd.Series(values, index=frame.index, dtype=object)})
            notes += said
    return frame, notes


def _of_polygons(
    frame: gpd.GeoDataFrame, keys: pd.Index, where: str
) -> tuple[gpd.GeoDataFrame, NDArray[np.bool_], list[str]]:
    """Return the frame with the polygons of each area alone, which areas had more than that, and a note on it."""
    shapes, collected, notes = polygons_alone(frame.geometry.to_numpy(), keys)
    refuse_other_than_polygons(shapes, keys, where)
    return frame.set_geometry(shapes, crs=frame.crs), collected, notes


def _placed(
    frame: gpd.GeoDataFrame, crs: str | None, to_crs: str | None, swap_axes: bool | None, where: str
) -> tuple[gpd.GeoDataFrame, dict[str, Any], list[str]]:
    """Return the frame in metres, the flag of how far it may lie off, and notes on how it came there."""
    frame, notes = across_the_meridian(frame, crs)
    in_metres = located(frame, crs, to_crs, swap_axes, where)
    doubt = place_in_doubt(frame, crs, to_crs) if not swap_axes else None
    if doubt is None:
        return in_metres, {}, notes
    said = f"the areas may lie about {doubt.metres:.0f} m beside their true place: {doubt.why}"
    return in_metres, {OFF_BY: doubt.metres}, [*notes, said]


def _fit_flags(changed: NDArray[np.float64] | None, beside: NDArray[np.bool_]) -> dict[str, Any]:
    """Return the flags of outlines that were moved onto each other, and of those that do not fit."""
    flags: dict[str, Any] = {} if changed is None else {SNAPPED: changed > 0, SNAPPED_SIZE: changed}
    return flags | ({GAPS: beside} if beside.any() else {})


def _columns(
    frame: gpd.GeoDataFrame, key: str, name: str | None, parents: Mapping[str, str], where: str
) -> dict[str, str]:
    """Return new name -> column of the file for all that is taken along besides the key."""
    attributes = [column for column in frame.columns if column != "geometry"]
    for column in [key, name, *parents.values()]:
        if column is not None and column not in attributes:
            raise ColumnError.not_found(column, attributes, where)
    if {"key", "name", "geometry", *AREA_FLAGS} & set(parents):
        raise SpecError(
            f"parents: 'key', 'name' and 'geometry' are columns of their own, as are the flags "
            f"{list_some(AREA_FLAGS)}; name the higher level otherwise."
        )
    taken = {"name": name if name is not None else key, **parents}
    geometry = [column for column in {key: "", **dict.fromkeys(taken.values())} if holds_geometry(frame[column])]
    if geometry:
        raise InputError(f"{where}: {list_some(geometry)} holds geometry as text; it is neither key nor name.")
    return taken | {column: column for column in attributes if is_notice(column)}


def _keys(column: pd.Series, where: str) -> tuple[pd.Index, list[str] | None]:
    """Return the keys as text, and as the file writes them where that is another text."""
    keys = keys_as_text(column)
    empty = keys.isna() | (keys == "")
    if empty.any():
        raise KeyColumnError(
            f"{where}: {count_noun(int(empty.sum()), 'area has', 'areas have')} no key in {column.name!r}."
        )
    whole, note = whole_keys(keys.tolist(), f"{where}, column {column.name!r},")
    index: pd.Index = pd.Index(whole, name="key", dtype=object)
    return index, keys.tolist() if note else None


def _words(frame: gpd.GeoDataFrame, keys: pd.Index, taken: Mapping[str, str], where: str) -> pd.DataFrame:
    """Return name, parents and notice as they stay with the areas."""
    words = {}
    for new, old in taken.items():
        if is_notice(new):
            words[new] = frame[old].to_numpy()
            continue
        texts = keys_as_text(frame[old])
        refuse_garbled(texts.dropna(), old, where)
        words[new] = texts.fillna(keys.to_series(index=texts.index) if new == "name" else "").to_numpy()
    return pd.DataFrame(words)


def refuse_garbled(words: pd.Series, column: str, where: str) -> None:
    """Refuse words whose umlauts were read in the wrong encoding."""
    if not GARBLED.search("\n".join(words)):
        return
    wrong = [word for word in words.unique() if GARBLED.search(word)]
    raise InputError(
        f"{where}: {count_noun(len(wrong), f'word of {column!r} has', f'words of {column!r} have')} garbled letters: "
        f"{list_some(wrong, 3)}. "
        f"The file says nothing, or something wrong, about its encoding: pass encoding='utf-8', 'cp1252' or 'cp850'."
    )


def _left_out(keys: pd.Index, names: pd.Series, exclude: Iterable[str], where: str) -> list[tuple[str, str]]:
    """Return key and name of the features to exclude; every one must be there."""
    named = dict(zip(keys, names, strict=True))
    absent = [key for key in exclude if key not in named]
    if absent:
        raise SpecError(
            f"{where}: exclude names {count_noun(len(absent), 'key that is', 'keys that are')} not there: "
            f"{list_some(absent)}."
        )
    return [(key, named[key]) for key in exclude]


def read_features(path: str | Path, *, name: str, kind: str | None = None, crs: CRS | str) -> gpd.GeoDataFrame:
    """Read points or polygons of a further layer.

    Parameters
    ----------
    path : str or Path
        The file.
    name : str
        Column with the name of each feature.
    kind : str, optional
        Column with its kind, such as the type of a facility or the programme of an area.
    crs : CRS or str
        Projected system to convert to: that of the areas.

    Returns
    -------
    GeoDataFrame
        ``name``, ``kind`` and ``geometry``.

    Raises
    ------
    InputError
        The file is missing or unreadable.
    ColumnError
        A named column is not there.
    GeometryError
        The file does not say its coordinate reference system, or features have no geometry or an invalid one.
    """
    expects(path, (str, Path), "read_features", 'qa.read_features("layer.gpkg", name="NAME", crs=areas.crs)')
    expects(name, str, "read_features: name", 'name="NAME", the name of the column with the names')
    frame, _ = read_geometry_file(path, None, None, "layer")
    path = Path(path)
    for column in [name, kind]:
        if column is not None and column not in frame.columns:
            raise ColumnError.not_found(column, [c for c in frame.columns if c != frame.geometry.name], path.name)
    if frame.crs is None:
        raise GeometryError(f"{path.name} does not say its coordinate reference system.")
    empty = frame.index[frame.geometry.isna() | frame.geometry.is_empty | without_a_place(frame.geometry.to_numpy())]
    if len(empty):
        raise GeometryError(
            f"{path.name}: {count_noun(len(empty), 'feature has', 'features have')} no geometry: "
            f"{list_some(frame[name][empty])}."
        )
    invalid = frame.index[~frame.is_valid]
    if len(invalid):
        raise GeometryError(
            f"{path.name}: {count_noun(len(invalid), 'feature is', 'features are')} invalid: "
            f"{list_some(frame[name][invalid])}."
        )
    words = {"name": keys_as_text(frame[name]).fillna(""), "kind": keys_as_text(frame[kind]).fillna("") if kind else ""}
    return converted(gpd.GeoDataFrame(words, geometry=frame.geometry, crs=frame.crs), crs, path.name)


def merge_areas(areas: gpd.GeoDataFrame, merged: Mapping[str, Sequence[str]]) -> gpd.GeoDataFrame:
    """Merge areas that the tables report as one (counts cannot be split, shapes can be joined).

    Parameters
    ----------
    areas : GeoDataFrame
        As :func:`read_areas` returns it.
    merged : mapping of str to list of str
        New key -> the keys it is made of.

    Returns
    -------
    GeoDataFrame
        On the new keys; the column ``merged_from`` names the parts.

    Raises
    ------
    KeyColumnError
        An area has more than one row.
    SpecError
        A part is not there, is used twice, or a new key is taken or has no parts.

    Examples
    --------
    >>> import geopandas as gpd
    >>> import shapely
    >>> import quartiersatlas as qa
    >>> shapes = [shapely.box(x, 0, x + 1000, 1000) for x in (0, 1000, 2000)]
    >>> areas = gpd.GeoDataFrame({"name": ["A", "B", "C"]}, index=["1", "2", "3"], geometry=shapes, crs="EPSG:25832")
    >>> qa.merge_areas(areas, {"1+2": ["1", "2"]})[["name", "merged_from"]].to_dict("index")["1+2"]
    {'name': 'A / B', 'merged_from': '1, 2'}
    """
    expects(areas, gpd.GeoDataFrame, "merge_areas", 'areas = qa.read_areas("areas.gpkg", key="id")')
    refuse_repeated_keys(areas.index, "merge_areas: areas")
    expects(merged, Mapping, "merge_areas: merged", 'merged={"1+2": ["1", "2"]}, new key and the keys of its parts')
    without = [new for new, group in merged.items() if not group]
    if without:
        raise SpecError(f"merge_areas: {list_some(without)} {'has' if len(without) == 1 else 'have'} no parts.")
    for new, group in merged.items():
        expects(group, (list, tuple), f"merge_areas: {new!r}", f"{{{new!r}: ['1', '2']}}, a list of keys")
    optional_names([*merged, *(part for group in merged.values() for part in group)], "merge_areas")
    merged = {same_text(new): [same_text(part) for part in group] for new, group in merged.items()}
    parts = [part for group in merged.values() for part in group]
    absent = [part for part in parts if part not in areas.index]
    if absent:
        raise SpecError(
            f"merge_areas: {count_noun(len(absent), 'key is', 'keys are')} not among the areas: {list_some(absent)}."
        )
    if len(set(parts)) < len(parts):
        raise SpecError("merge_areas: an area is named as part of two merged areas.")
    kept = areas.drop(index=parts)
    taken = [new for new in merged if new in kept.index]
    if taken:
        keys = f"key {list_some(taken)} is" if len(taken) == 1 else f"keys {list_some(taken)} are"
        raise SpecError(f"merge_areas: the new {keys} taken by other areas.")
    result = kept if MERGED_FROM in kept.columns else kept.assign(merged_from="")
    for new, group in merged.items():
        members = areas.loc[list(group)]
        row = members.dissolve().set_axis([new])
        cells: dict[str, Any] = {
            column: _merged_cells(members[column])
            for column in members.columns
            if column not in ("geometry", MERGED_FROM)
        }
        row = row.assign(**cells, merged_from=", ".join(group))
        result = gpd.GeoDataFrame(pd.concat([result, row]), crs=areas.crs)
    result.index.name = "key"
    return result.sort_index()


def _merged_cells(column: pd.Series) -> object:
    """Return what is true of the merged area: all words, every flag."""
    if column.name == PARTS or column.dtype == bool:
        return column.max()
    if column.name == SNAPPED_SIZE:
        return column.sum()
    return " / ".join(filter(None, dict.fromkeys(column)))
