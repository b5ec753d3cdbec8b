"""Ways as a network: lines of a file of one's own, split where they meet, in metres."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS

from quartiersatlas.base.checks import count_noun, existing_file, expects
from quartiersatlas.catalogue import Message
from quartiersatlas.errors import ColumnError, DependencyError, GeometryError, InputError, list_some
from quartiersatlas.intake.files.layers import read_geometry_file

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]
    Ints: TypeAlias = NDArray[np.intp]
    Shapes: TypeAlias = NDArray[np.object_]

GRID = 0.01  # metres: ends that are nearer than this meet
LINES = (1, 5)  # shapely's numbers of LineString and MultiLineString
NO_BRIDGE = {"", "no", "0", "false", "f", "nan", "none", "<na>", "n"}
# ways of OpenStreetMap (key "highway") that nobody walks on, and what forbids or allows it
NOT_WALKED = {
    *("no", "motorway", "motorway_link", "motor", "proposed", "construction", "planned", "abandoned", "razed"),
    *("raceway", "bus_guideway", "busway", "platform", "rest_area", "services"),
}
FORBIDDEN, ALLOWED = {"no", "private"}, {"yes", "designated", "permissive", "official"}
HOW = 'network = qa.read_network("ways.gpkg", to_crs="EPSG:25832")'


@dataclass(frozen=True, eq=False)
class Network:
    """Ways as straight segments between nodes, of the largest part that hangs together.

    Parameters
    ----------
    nodes : ndarray of float, shape (n_nodes, 2)
        In metres.
    ends : ndarray of int, shape (n_segments, 2)
        Nodes at both ends of each segment; no pair twice.
    crs : CRS
        In metres.
    components : int
        Parts that did not hang together; only the largest one is here.
    largest : float
        Its share of the nodes.
    notes : tuple of Message
        What was found while reading.
    """

    nodes: Floats
    ends: Ints
    crs: CRS
    components: int = 1
    largest: float = 1.0
    notes: tuple[Message, ...] = ()

    @property
    def lengths(self) -> Floats:
        """Length of each segment in metres."""
        return np.asarray(np.hypot(*(self.nodes[self.ends[:, 1]] - self.nodes[self.ends[:, 0]]).T), dtype=float)

    def __repr__(self) -> str:
        size = f"{count_noun(len(self.nodes), 'node')}, {self.lengths.sum() / 1000:,.1f} km"
        return f"Network: {size}; the largest of {count_noun(self.components, 'part')} ({self.largest:.1%} of nodes)"


def read_network(
    path: str | Path | gpd.GeoDataFrame,
    *,
    to_crs: str | None = None,
    bridges: str | None = None,
    layer: str | None = None,
) -> Network:
    """Read ways as a network for walks.

    Parameters
    ----------
    path : path or GeoDataFrame
        Lines: GeoPackage and whatever else GDAL reads, GraphML with coordinates, or an OpenStreetMap extract (.pbf),
        which takes the extra ``network`` (osmium): what people walk on, without motorways, planned and private ways.
    to_crs : str, optional
        System in metres to which they are projected; needed where they are in degrees.
    bridges : str, optional
        Column that says which lines are bridges or tunnels: they meet others at their ends alone. ``"bridge"``,
        ``"tunnel"`` and ``"layer"`` are looked at, if not given.
    layer : str, optional
        Of several.

    Returns
    -------
    Network
        The largest part that hangs together; how many others there were is in ``.components``.

    Raises
    ------
    InputError
        There is no file, no line in it, or it cannot be read.
    GeometryError
        There are other shapes than lines, no reference system, or degrees without ``to_crs``.
    ColumnError
        A named column is not there.
    DependencyError
        The file is an extract of OpenStreetMap, and osmium is missing.

    Examples
    --------
    >>> cross = [shapely.LineString([(0, 0), (200, 0)]), shapely.LineString([(100, -50), (100, 50)])]
    >>> read_network(gpd.GeoDataFrame(geometry=cross, crs="EPSG:25832"))
    Network: 5 nodes, 0.3 km; the largest of 1 part (100.0% of nodes)
    """
    expects(path, (str, Path, gpd.GeoDataFrame), "read_network", HOW)
    frame, where, notes = _lines(path, layer)
    if bridges is not None and bridges not in frame.columns:
        raise ColumnError.not_found(bridges, frame.columns, where)
    kinds = shapely.get_type_id(frame.geometry.to_numpy())
    empty = shapely.is_missing(frame.geometry.to_numpy()) | shapely.is_empty(frame.geometry.to_numpy())
    odd = ~np.isin(kinds, LINES) & ~empty
    if odd.any():
        raise GeometryError(
            f"{where}: {count_noun(int(odd.sum()), 'feature is', 'features are')} no line: "
            f"{list_some(frame.index[odd])}."
        )
    frame = _in_metres(frame[~empty], to_crs, where)
    if frame.empty:
        raise InputError(f"{where} has no lines.")
    found = _network(frame, _over_others(frame, bridges))
    return replace(found, notes=(*notes, *found.notes))


def _lines(path: str | Path | gpd.GeoDataFrame, layer: str | None) -> tuple[gpd.GeoDataFrame, str, tuple[Message, ...]]:
    """Return lines, what they are called in messages, and what was found while reading."""
    if isinstance(path, gpd.GeoDataFrame):
        return path, "ways", ()
    file = existing_file(path, "network")
    ending = file.suffix.lower()
    if ending == ".graphml":
        return _graphml(file), file.name, ()
    if ending == ".pbf":
        frame, notes = _extract(file)
        return frame, file.name, notes
    return read_geometry_file(file, layer, None, "ways")[0], file.name, ()


def _extract(file: Path) -> tuple[gpd.GeoDataFrame, tuple[Message, ...]]:
    """Return the walkable ways of an extract of OpenStreetMap, those that leave it cut off where it ends."""
    try:
        import osmium
    except ImportError as error:
        raise DependencyError(
            "Extracts of OpenStreetMap are read by osmium: pip install 'quartiersatlas[network]'. Or save the ways "
            "as a GeoPackage, in QGIS or with ogr2ogr."
        ) from error
    shapes, rows, n_cut = [], [], 0
    try:
        for way in osmium.FileProcessor(file, osmium.osm.NODE | osmium.osm.WAY).with_locations():
            if not isinstance(way, osmium.osm.Way) or not _is_walked({tag.k: tag.v for tag in way.tags}):
                continue
            places = [(node.lon, node.lat) if node.location.valid() else None for node in way.nodes]
            n_cut += None in places
            for _, run in groupby(places, key=lambda place: place is not None):
                points = [place for place in run if place is not None]
                if len(points) > 1:
                    shapes.append(shapely.LineString(points))
                    rows.append({name: way.tags.get(name, "") for name in ("bridge", "tunnel", "layer")})
    except RuntimeError as error:
        raise InputError(f"{file.name} cannot be read as an extract of OpenStreetMap: {error}.") from error
    if not shapes:
        raise InputError(f"{file.name} has no ways to walk on.")
    notes = (Message("network_cut", {"count": n_cut}),) if n_cut else ()
    return gpd.GeoDataFrame(rows, geometry=shapes, crs="EPSG:4326"), notes


def _is_walked(tags: Mapping[str, str]) -> bool:
    """Return whether people walk on a way of OpenStreetMap: no motorway, not planned, not private, no area."""
    return (
        tags.get("highway", "no") not in NOT_WALKED
        and tags.get("area") != "yes"
        and tags.get("foot") not in FORBIDDEN
        and (tags.get("access") not in FORBIDDEN or tags.get("foot") in ALLOWED)
    )


def _graphml(file: Path) -> gpd.GeoDataFrame:
    """Return the edges of a GraphML file as lines: with their geometry, else straight between nodes with x and y."""
    from xml.etree import ElementTree as ET

    try:
        root = ET.parse(file).getroot()  # noqa: S314 - expat refuses entities that grow
    except ET.ParseError as error:
        raise InputError(f"{file.name} is no GraphML: {error}.") from error
    space = root.tag.split("}")[0] + "}" if root.tag.startswith("{") else ""
    named = {str(key.get("id")): str(key.get("attr.name")) for key in root.iter(f"{space}key")}

    def data(element: ET.Element) -> dict[str, str]:
        return {named.get(str(d.get("key")), ""): d.text or "" for d in element.findall(f"{space}data")}

    try:
        nodes = {str(n.get("id")): (float(data(n)["x"]), float(data(n)["y"])) for n in root.iter(f"{space}node")}
        shapes, rows = [], []
        for edge in root.iter(f"{space}edge"):
            words = data(edge)
            ends = [nodes[str(edge.get(side))] for side in ("source", "target")]
            shapes.append(shapely.from_wkt(words["geometry"]) if words.get("geometry") else shapely.LineString(ends))
            rows.append({name: words.get(name, "") for name in ("bridge", "tunnel", "layer")})
    except (KeyError, ValueError, shapely.errors.GEOSException) as error:
        raise InputError(
            f"{file.name}: a node without coordinates x and y, or an edge of unknown nodes ({error})."
        ) from error
    if not shapes:
        raise InputError(f"{file.name} has no edges.")
    graph = root.find(f"{space}graph")
    crs = None if graph is None else data(graph).get("crs")
    return gpd.GeoDataFrame(rows, geometry=shapes, crs=crs or None)


def _in_metres(frame: gpd.GeoDataFrame, to_crs: str | None, where: str) -> gpd.GeoDataFrame:
    if frame.crs is None:
        raise GeometryError(
            f"{where}: the ways have no coordinate reference system. Set it: ways.set_crs('EPSG:25832')."
        )
    frame = frame if to_crs is None else frame.to_crs(to_crs)
    crs = CRS.from_user_input(frame.crs)
    if not crs.is_projected:
        raise GeometryError(
            f"{where}: the ways are in degrees ({crs.to_string()}), walks are in metres. Pass "
            f"to_crs='EPSG:25832', the system of your areas."
        )
    return frame


def _over_others(frame: gpd.GeoDataFrame, bridges: str | None) -> NDArray[np.bool_]:
    """Return which lines are bridges or tunnels."""
    columns = [bridges] if bridges is not None else [c for c in ("bridge", "tunnel", "layer") if c in frame.columns]
    found = np.zeros(len(frame), dtype=bool)
    for column in columns:
        found |= ~frame[column].astype(str).str.strip().str.lower().isin(NO_BRIDGE).to_numpy()
    return found


def _network(frame: gpd.GeoDataFrame, over: NDArray[np.bool_]) -> Network:
    """Return the network of lines, split where they cross; of bridges, where ends meet."""
    shapes = shapely.force_2d(frame.geometry.to_numpy())
    level = shapely.get_parts(shapely.union_all(shapes[~over], grid_size=GRID)) if (~over).any() else shapes[:0]
    bridges = shapely.get_parts(shapely.set_precision(shapes[over], GRID, mode="pointwise"))
    bridge_ends = np.concatenate([shapely.get_point(bridges, 0), shapely.get_point(bridges, -1)])
    level = _split_at(level, bridge_ends)
    segments = np.concatenate([_segments(level), _segments(bridges)])
    if not len(segments):
        raise InputError("The ways have no length.")
    flat = np.round(segments.reshape(-1, 2) / GRID).astype(np.int64)
    unique, number = np.unique(flat, axis=0, return_inverse=True)
    ends = np.sort(number.reshape(-1, 2), axis=1)
    ends = np.unique(ends[ends[:, 0] != ends[:, 1]], axis=0)
    return _largest(np.asarray(unique * GRID, dtype=float), ends, CRS.from_user_input(frame.crs), int(over.sum()))


def _split_at(lines: Shapes, points: Shapes) -> Shapes:
    """Return lines with a node wherever one of the points lies on them: where a bridge ends."""
    if not len(points) or not len(lines):
        return lines
    tree = shapely.STRtree(lines)
    point, line = tree.query(points, predicate="dwithin", distance=2 * GRID)
    found = lines.copy()
    for number in np.unique(line):
        found[number] = shapely.snap(lines[number], shapely.multipoints(points[point[line == number]]), 2 * GRID)
        cut = shapely.get_coordinates(found[number])
        for place in shapely.get_coordinates(points[point[line == number]]):
            if not (np.abs(cut - place) < GRID / 2).all(axis=1).any():
                cut = _with_vertex(cut, place)
        found[number] = shapely.LineString(cut)
    return found


def _with_vertex(line: Floats, place: Floats) -> Floats:
    """Return a line with one vertex more, in the segment that is nearest to it."""
    segments = shapely.linestrings(np.stack([line[:-1], line[1:]], axis=1))
    at = int(np.argmin(shapely.distance(segments, shapely.Point(place)))) + 1
    return np.insert(line, at, place, axis=0)


def _segments(lines: Shapes) -> Floats:
    """Return the straight segments of lines, shape (n, 2, 2)."""
    if not len(lines):
        return np.empty((0, 2, 2))
    places, of_line = shapely.get_coordinates(lines, return_index=True)
    same = of_line[:-1] == of_line[1:]
    return np.stack([places[:-1][same], places[1:][same]], axis=1)


def _largest(nodes: Floats, ends: Ints, crs: CRS, n_bridges: int) -> Network:
    """Return the largest part that hangs together."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(len(nodes), len(nodes)))
    n, label = connected_components(graph, directed=False)
    sizes = np.bincount(label)
    kept = label == sizes.argmax()
    new = np.cumsum(kept) - 1
    notes = [Message("network_parts", {"count": int(n), "lost": int((~kept).sum())})] if n > 1 else []
    notes += [Message("network_bridges", {"count": n_bridges})] if n_bridges else []
    return Network(nodes[kept], new[ends[kept[ends[:, 0]]]], crs, int(n), float(sizes.max() / len(nodes)), tuple(notes))
