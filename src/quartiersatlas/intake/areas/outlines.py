"""Outlines that can be used: polygons, valid, one per key, none that covers the others."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from quartiersatlas.base.checks import count_noun
from quartiersatlas.errors import GeometryError, KeyColumnError, list_some

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    Shapes = NDArray[np.object_]

POLYGONS = (3, 6)  # shapely's numbers of Polygon and MultiPolygon
LINES, POINTS, COLLECTION, RING = (1, 2, 5), (0, 4), 7, 2
SHOWN_PARTS = 5  # areas whose lines and points a note names
COVERED = 0.9  # share of its own size that the areas inside a higher level have at least
MANY = 1000  # areas above which only what is much larger than most is looked at: a level above so many is
MUCH_LARGER = 2.0  # times the median size
APART = 1.0  # metres between features that do not touch
SHOWN_GROUPS = 50  # duplicate keys whose features are compared for the message


def refuse_other_than_polygons(shapes: Shapes, keys: pd.Index, where: str) -> None:
    """Refuse areas without a geometry, points and lines, and corners that lie nowhere."""
    refuse_missing_outlines(shapes, keys, where)
    others = keys[~np.isin(shapely.get_type_id(shapes), POLYGONS)]
    if len(others):
        raise GeometryError(
            f"{where}: {count_noun(len(others), 'area is not a polygon', 'areas are not polygons')}: "
            f"{list_some(others)}."
        )
    nowhere = keys[without_a_place(shapes)]
    if len(nowhere):
        raise GeometryError(
            f"{where}: {count_noun(len(nowhere), 'area has', 'areas have')} corners without a place, whose coordinates "
            f"are no finite numbers: {list_some(nowhere)}. Correct the file, or fetch it again."
        )


def refuse_missing_outlines(shapes: Shapes, keys: pd.Index, where: str) -> None:
    """Refuse areas without a geometry: no map can draw them, and nobody is their neighbour."""
    missing = keys[shapely.is_missing(shapes) | shapely.is_empty(shapes)]
    if len(missing):
        raise GeometryError(
            f"{where}: {count_noun(len(missing), 'area has', 'areas have')} no geometry: {list_some(missing)}. "
            f"An outline that is not closed, or cannot be read, counts as none. Add the outlines, or leave these areas "
            f"out: areas[~(areas.geometry.isna() | areas.geometry.is_empty)]."
        )


def refuse_unusable_shapes(frame: gpd.GeoDataFrame, where: str, *, polygons: bool = False) -> None:
    """Refuse shapes that no map can draw and no file can hold: without a place on earth, empty, open, of other kinds.

    Parameters
    ----------
    frame : GeoDataFrame
        Areas or a layer, whoever made it.
    where : str
        What it is called in the message.
    polygons : bool, default False
        Whether each of them must be a polygon; a layer may have points, lines and polygons.

    Raises
    ------
    GeometryError
        The message names the first of them.
    """
    if frame.active_geometry_name is None or frame.active_geometry_name not in frame.columns:
        raise GeometryError(f"{where} have no active geometry column. Name it: frame.set_geometry('geometry').")
    if frame.crs is None:
        raise GeometryError(f"{where} have no coordinate reference system. Name it: frame.set_crs('EPSG:25832').")
    shapes, keys = frame.geometry.to_numpy(), pd.Index(frame.index.astype(str))
    if polygons:
        refuse_other_than_polygons(shapes, keys, where)
    empty = keys[shapely.is_missing(shapes) | shapely.is_empty(shapes)]
    if len(empty):
        raise GeometryError(
            f"{where}: {count_noun(len(empty), 'row has', 'rows have')} no geometry: {list_some(empty)}. Leave them "
            f"out: frame[~(frame.geometry.isna() | frame.geometry.is_empty)]."
        )
    rings = keys[shapely.get_type_id(shapes) == RING]
    if len(rings):
        raise GeometryError(
            f"{where}: {count_noun(len(rings), 'row is a ring', 'rows are rings')}, neither line nor polygon: "
            f"{list_some(rings)}. Make polygons of them: frame.set_geometry(frame.geometry.apply(shapely.Polygon))."
        )
    high = np.isnan(shapely.get_coordinates(shapes, include_z=True)[:, 2])
    unknown = np.unique(shapely.get_coordinates(shapes, return_index=True)[1][high])
    unknown = unknown[shapely.has_z(shapes[unknown])]
    if len(unknown):
        raise GeometryError(
            f"{where}: {count_noun(len(unknown), 'row has', 'rows have')} heights that are no numbers: "
            f"{list_some(keys[unknown])}. Leave heights out: frame.set_geometry(frame.geometry.force_2d())."
        )
    nowhere = without_a_place(shapes)
    if not nowhere.any():  # coordinates that are far off the region of the system lie nowhere either
        nowhere = without_a_place(frame.geometry.to_crs("EPSG:4326").to_numpy())
    if nowhere.any():
        raise GeometryError(
            f"{where}: {count_noun(int(nowhere.sum()), 'row has', 'rows have')} corners without a place on earth: "
            f"{list_some(keys[nowhere])}. Are the coordinates those of {frame.crs.name}? Correct them, or name the "
            f"right system."
        )


def without_a_place(shapes: Shapes) -> NDArray[np.bool_]:
    """Return which shapes have a corner whose coordinates are no finite numbers."""
    corners, owners = shapely.get_coordinates(shapes, return_index=True)
    found = np.zeros(len(shapes), bool)
    found[owners[~np.isfinite(corners).all(axis=1)]] = True
    return found


def polygons_alone(shapes: Shapes, keys: pd.Index) -> tuple[Shapes, NDArray[np.bool_], list[str]]:
    """Return the polygons of geometry collections, which areas had one, and a note on what was left out.

    A collection without any polygon stays as it is, and is refused after that.
    """
    kind = shapely.get_type_id(shapes)
    collected = np.zeros(len(shapes), bool)
    left: list[str] = []
    for position in np.flatnonzero(kind == COLLECTION).tolist():
        parts = _flat_parts(shapes[position])
        areal = [part for part in parts if shapely.get_type_id(part) in POLYGONS and not shapely.is_empty(part)]
        if not areal:
            continue
        if not collected.any():
            shapes = shapes.copy()
        collected[position] = True
        valid = shapely.make_valid(areal, method="structure", keep_collapsed=False)
        shapes[position] = areal[0] if len(areal) == 1 else shapely.union_all(valid)
        others = Counter(int(shapely.get_type_id(part)) for part in parts if not shapely.is_empty(part))
        left += [f"{keys[position]!r}: {text}" for text in [_lines_and_points(others)] if text]
    if not collected.any():
        return shapes, collected, []
    note = f"of {count_noun(int(collected.sum()), 'geometry collection')} the polygons were taken"
    return shapes, collected, [f"{note} and left out: {_some(left)}" if left else note]


def _flat_parts(shape: shapely.Geometry) -> list[shapely.Geometry]:
    """Return the parts of a collection, those of collections inside it among them."""
    parts: list[shapely.Geometry] = []
    waiting = [shape]
    while waiting:
        for part in shapely.get_parts(waiting.pop()):
            (waiting if shapely.get_type_id(part) == COLLECTION else parts).append(part)
    return parts


def _lines_and_points(kinds: Counter[int]) -> str:
    lines = sum(kinds[number] for number in LINES)
    points = sum(kinds[number] for number in POINTS)
    found = [count_noun(n, noun) for n, noun in ((lines, "line"), (points, "point")) if n]
    return " and ".join(found)


def _some(texts: list[str]) -> str:
    more = f" and {len(texts) - SHOWN_PARTS} more" if len(texts) > SHOWN_PARTS else ""
    return ", ".join(texts[:SHOWN_PARTS]) + more


def made_valid(shapes: Shapes, keys: pd.Index, where: str, *, repair: bool) -> tuple[Shapes, NDArray[np.bool_]]:
    """Return valid outlines and which of them were not; without ``repair`` those are refused."""
    wrong = ~shapely.is_valid(shapes)
    invalid = keys[wrong]
    if len(invalid) and not repair:
        reason = shapely.is_valid_reason(shapes[wrong][0])
        raise GeometryError(
            f"{where}: {count_noun(len(invalid), 'area has', 'areas have')} an invalid outline: {list_some(invalid)}. "
            f"The first: {reason}. "
            f"Pass repair=True to make them valid; the column 'repaired' then flags them."
        )
    if len(invalid):
        shapes = shapes.copy()
        # rings are taken as they are drawn: what they enclose twice stays inside
        shapes[wrong] = shapely.make_valid(shapes[wrong], method="structure", keep_collapsed=False)
        refuse_collapsed(shapes, keys, where, "repaired")
    return shapes, wrong


def refuse_collapsed(shapes: Shapes, keys: pd.Index, where: str, done: str) -> None:
    """Refuse outlines of which nothing is left."""
    lost = keys[~np.isin(shapely.get_type_id(shapes), POLYGONS) | shapely.is_empty(shapes)]
    if len(lost):
        raise GeometryError(
            f"{where}: {count_noun(len(lost), 'area has', 'areas have')} no surface left when {done}: "
            f"{list_some(lost)}. Correct the file."
        )


def refuse_duplicates(shapes: Shapes, keys: pd.Index, column: str, where: str) -> None:
    """Refuse keys with more than one feature; the message says whether these are likely parts of one area."""
    duplicates = keys[keys.duplicated()].unique().tolist()
    if not duplicates:
        return
    groups = [shapes[keys == key] for key in duplicates[:SHOWN_GROUPS]]
    apart = {key: _widest_gap(group) for key, group in zip(duplicates, groups, strict=False)}
    far = {key: metres for key, metres in apart.items() if metres > APART}
    cause = (
        f" The features of {list_some(far, 3)} lie up to {max(far.values()):,.0f} m apart: parts of one area, "
        f"or a wrong key for another area, which is then missing? The key of a single feature is corrected with "
        f"rename={{'{next(iter(far))} (2)': 'right key'}}, counted in the order of the file."
        if far
        else " Features of the same key touch each other: they are probably parts of one area."
    )
    raise KeyColumnError(
        f"{where}: {count_noun(len(duplicates), f'key of {column!r} has', f'keys of {column!r} have')} more than one "
        f"area: {list_some(duplicates)}.{cause} "
        f"Correct the file, or pass dissolve=True to put the parts together. All of them: err.keys",
        duplicates,
    )


def _widest_gap(group: Shapes) -> float:
    """Return how far the most remote feature is from the nearest of the others."""
    return max(
        float(shapely.distance(shape, shapely.geometrycollections(np.delete(group, i))))
        for i, shape in enumerate(group)
    )


def dissolved_by_key(
    shapes: Shapes, keys: pd.Index, words: pd.DataFrame, where: str
) -> tuple[Shapes, NDArray[np.intp]]:
    """Return one shape per key in the order of first appearance, and of how many features each is made."""
    code, found = pd.factorize(keys)
    for column in words.columns:
        differing = found[words[column].groupby(code).nunique(dropna=False).to_numpy() > 1]
        if len(differing):
            cells = words[column][keys == differing[0]].unique()
            raise KeyColumnError(
                f"{where}: the parts of {count_noun(len(differing), 'key')} differ in {column!r}: "
                f"{list_some(differing)} ({list_some(cells, 3)}). Are they different areas under one key? "
                f"All of them: err.keys",
                differing,
            )
    parts = np.bincount(code, minlength=len(found))
    order = np.argsort(code, kind="stable")
    end = np.cumsum(parts)
    whole = shapes[order[end - parts]]
    for group in np.flatnonzero(parts > 1):
        whole[group] = shapely.union_all(shapes[order[end[group] - parts[group] : end[group]]])
    return whole, parts


def covering(shapes: Shapes) -> dict[int, int]:
    """Return the positions of shapes that cover others, and how many: the whole city, or a higher level.

    An area that was drawn on top of a larger one is something else: the larger one has to be as large as those it
    covers, all together. A point inside each shape stands for it, so that overlaps at the borders do not matter.
    """
    size = shapely.area(shapes)
    least = np.median(size) * (1 if len(size) <= MANY else MUCH_LARGER)
    large = np.flatnonzero(size > least)
    if not len(large):
        return {}
    points = shapely.point_on_surface(shapes)
    big, inside = shapely.STRtree(points).query(shapes[large], predicate="intersects")
    big = large[big]
    others = (big != inside) & (size[inside] < size[big])
    big, inside = big[others], inside[others]
    number = np.bincount(big, minlength=len(shapes))
    covered = np.bincount(big, size[inside], minlength=len(shapes))
    found = np.flatnonzero((number > 1) & (covered >= COVERED * size))
    return {int(i): int(number[i]) for i in found}


def refuse_covering(shapes: Shapes, keys: pd.Index, names: pd.Series, where: str) -> None:
    """Refuse features that are the whole city or a higher level: they would be counted once more."""
    found = covering(shapes)
    if found:
        who = ", ".join(
            f"{keys[i]!r} ({names.iloc[i]}) covers {count_noun(n, 'other')}" for i, n in list(found.items())[:5]
        )
        more = f" and {len(found) - 5} more" if len(found) > 5 else ""  # noqa: PLR2004 - as many as are shown
        shown = [str(keys[i]) for i in found]
        example = shown if len(shown) <= 5 else [*shown[:5], "..."]  # noqa: PLR2004 - as many as are shown
        raise GeometryError(
            f"{where}: {count_noun(len(found), 'feature is no area of its own', 'features are no areas of their own')} "
            f"but the whole or a higher level: {who}{more}. Leave {'it' if len(found) == 1 else 'them'} out with "
            f"exclude={example!r}, or read a file of one level."
        )
