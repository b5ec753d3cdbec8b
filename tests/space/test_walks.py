"""Walks along ways: exact on a grid of streets, with bridges, parallel ways and parts that hang apart."""

from __future__ import annotations

import sys

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas.errors import ColumnError, DependencyError, GeometryError, InputError

CRS = "EPSG:25832"
STEP, SIZE = 100, 11
LINES = [shapely.LineString([(i * STEP, 0), (i * STEP, (SIZE - 1) * STEP)]) for i in range(SIZE)]
LINES += [shapely.LineString([(0, i * STEP), ((SIZE - 1) * STEP, i * STEP)]) for i in range(SIZE)]
GRID = gpd.GeoDataFrame(geometry=LINES, crs=CRS)


def cells_at(places, persons=None):
    persons = np.ones(len(places)) * 10 if persons is None else np.asarray(persons, dtype=float)
    return gpd.GeoDataFrame(
        {"residents": persons, "area": "A"}, geometry=shapely.points(np.asarray(places, dtype=float)), crs=CRS
    )


def goals_at(at, **columns):
    index = [f"f{i}" for i in range(len(at))]
    return gpd.GeoDataFrame(columns, index=index, geometry=shapely.points(np.asarray(at, dtype=float)), crs=CRS)


def walk(cells, goals, network, within=(300,), **options):
    return qa.access(cells, goals, within, population="residents", area="area", network=network, **options)


def test_a_grid_of_streets_is_split_at_its_crossings():
    network = qa.read_network(GRID)
    assert len(network.nodes) == SIZE**2
    assert len(network.ends) == 2 * SIZE * (SIZE - 1)
    assert network.components == 1


def test_walks_on_a_grid_are_sums_of_steps():
    rng = np.random.default_rng(1)
    places, goals = rng.integers(0, SIZE, (60, 2)) * STEP, rng.integers(0, SIZE, (5, 2)) * STEP
    goals = np.unique(goals, axis=0)
    found = walk(
        cells_at(places), goals_at(goals, places=[50.0] * len(goals)), qa.read_network(GRID), capacity="places"
    )
    steps = np.abs(places[:, None] - goals[None]).sum(axis=2)
    np.testing.assert_allclose(found.cells["distance"], steps.min(axis=1), atol=1e-6)
    demand = (steps <= 300).sum(axis=0) * 10.0
    np.testing.assert_allclose(found.facilities["persons"], demand)


def test_who_stands_on_the_same_way_walks_straight_and_beside_it_the_way_there_too():
    found = walk(cells_at([(130, 0), (180, 7), (160, 0)]), goals_at([(160, -4)]), qa.read_network(GRID))
    np.testing.assert_allclose(found.cells["distance"], [34, 31, 4], atol=1e-6)


def test_a_bridge_is_no_crossing():
    ways = gpd.GeoDataFrame(
        {"bridge": ["", "yes", ""]},
        geometry=[
            shapely.LineString([(0, 0), (200, 0)]),
            shapely.LineString([(100, -50), (100, 50)]),
            shapely.LineString([(100, 50), (200, 50), (200, 0)]),
        ],
        crs=CRS,
    )
    cells, goals = cells_at([(100, -50)]), goals_at([(0, 0)])
    over = walk(cells, goals, qa.read_network(ways))
    level = walk(cells, goals, qa.read_network(ways.assign(bridge="")))
    assert level.cells["distance"].iloc[0] == pytest.approx(150)
    assert over.cells["distance"].iloc[0] == pytest.approx(100 + 100 + 50 + 200)
    assert over.notes[0].name == "network_bridges"


def test_a_bridge_that_ends_on_a_street_is_connected_there():
    ways = gpd.GeoDataFrame(
        {"bridge": ["no", "yes"]},
        geometry=[shapely.LineString([(0, 0), (200, 0)]), shapely.LineString([(70, 0), (70, 90)])],
        crs=CRS,
    )
    found = walk(cells_at([(70, 90)]), goals_at([(0, 0)]), qa.read_network(ways))
    assert found.cells["distance"].iloc[0] == pytest.approx(160)


def test_of_parallel_ways_the_shorter_one_is_walked():
    bow = shapely.LineString([(0, 0), (50, 80), (100, 0)])
    ways = gpd.GeoDataFrame(
        geometry=[bow, shapely.LineString([(0, 0), (100, 0)]), shapely.LineString([(100, 0), (0, 0)])], crs=CRS
    )
    found = walk(cells_at([(0, 0)]), goals_at([(100, 0)]), qa.read_network(ways))
    assert found.cells["distance"].iloc[0] == pytest.approx(100)


def test_only_the_largest_part_is_walked_on_and_the_others_are_said():
    island = gpd.GeoDataFrame(geometry=[*LINES, shapely.LineString([(0, -100), (50, -100)])], crs=CRS)
    network = qa.read_network(island)
    assert network.components == 2
    assert network.largest == pytest.approx(121 / 123)
    assert len(network.nodes) == 121
    said = walk(cells_at([(0, 0)]), goals_at([(0, 0)]), network).text("de")
    assert "Verbindung untereinander: 2." in said
    assert "2 Knoten" in said


def test_cells_far_from_any_way_are_refused_or_not_in_reach():
    cells, goals, network = cells_at([(0, 0), (0, -250)]), goals_at([(0, 0)]), qa.read_network(GRID)
    with pytest.raises(GeometryError, match="1 cell lies more than 200 m"):
        walk(cells, goals, network, (1000,))
    found = walk(cells, goals, network, (1000,), missing="report")
    assert found.table.loc["A", "within_1000"] == 10
    assert found.notes[-1].name == "network_far"
    with pytest.raises(GeometryError, match="1 facility lies more than 200 m"):
        walk(cells, goals_at([(0, -300)]), network)


def test_files_are_read_and_degrees_are_refused(tmp_path):
    file = tmp_path / "ways.gpkg"
    GRID.to_crs("EPSG:4326").to_file(file)
    with pytest.raises(GeometryError, match="in degrees"):
        qa.read_network(file)
    assert len(qa.read_network(file, to_crs=CRS).nodes) == SIZE**2


GRAPHML = """<?xml version="1.0"?><graphml xmlns="http://graphml.graphdrawing.org/xmlns">
<key id="d0" for="node" attr.name="x" attr.type="string"/><key id="d1" for="node" attr.name="y" attr.type="string"/>
<key id="d2" for="edge" attr.name="geometry" attr.type="string"/><key id="d3" for="graph" attr.name="crs"/>
<graph edgedefault="directed"><data key="d3">EPSG:25832</data>
<node id="1"><data key="d0">0</data><data key="d1">0</data></node>
<node id="2"><data key="d0">100</data><data key="d1">0</data></node>
<node id="3"><data key="d0">100</data><data key="d1">100</data></node>
<edge source="1" target="2"/><edge source="2" target="1"/>
<edge source="2" target="3"><data key="d2">LINESTRING (100 0, 150 50, 100 100)</data></edge>
</graph></graphml>"""


def test_graphml_is_read_with_its_geometry(tmp_path):
    file = tmp_path / "ways.graphml"
    file.write_text(GRAPHML, encoding="utf-8")
    network = qa.read_network(file)
    assert network.lengths.sum() == pytest.approx(100 + 2 * np.hypot(50, 50), abs=0.05)
    file.write_text(GRAPHML.replace('target="3"', 'target="9"'), encoding="utf-8")
    with pytest.raises(InputError, match="an edge of unknown nodes"):
        qa.read_network(file)
    file.write_text("no xml", encoding="utf-8")
    with pytest.raises(InputError, match="no GraphML"):
        qa.read_network(file)


def written(path, nodes, ways):
    """Write an extract of OpenStreetMap: number -> place in degrees, number -> (nodes, tags)."""
    osmium = pytest.importorskip("osmium", reason="extra network: pip install osmium")
    with osmium.SimpleWriter(path) as writer:
        for number, place in nodes.items():
            writer.add_node(osmium.osm.mutable.Node(id=number, location=place))
        for number, (along, tags) in ways.items():
            writer.add_way(osmium.osm.mutable.Way(id=number, nodes=along, tags=tags))
    return path


def test_an_extract_of_openstreetmap_is_read(tmp_path):
    """A cross of streets 0.001 degrees long: motorway and private ways are none, a bridge crosses without meeting."""
    nodes = {1: (9.0, 51.0), 2: (9.001, 51.0), 3: (9.002, 51.0), 4: (9.001, 51.001), 5: (9.0005, 51.0005)}
    nodes |= {6: (9.0005, 50.9995)}
    street, private = {"highway": "residential"}, {"highway": "service", "access": "private"}
    ways = {
        1: ([1, 2, 3], street),
        2: ([2, 4], {"highway": "footway"}),
        3: ([3, 4], {"highway": "motorway"}),
        4: ([1, 4], private),
        5: ([5, 6], street | {"bridge": "yes"}),
        6: ([2, 3], {"building": "yes"}),
        7: ([4, 99], street),  # its end lies beyond the extract
        8: ([1, 3, 98], private | {"foot": "no"}),
        9: ([1, 2], {"railway": "tram"}),
    }
    file = written(tmp_path / "town.osm.pbf", nodes, ways)
    network = qa.read_network(file, to_crs="EPSG:25832")
    to_metres = pyproj.Geod(ellps="GRS80").line_length
    expected = to_metres([9.0, 9.001, 9.002], [51.0] * 3) + to_metres([9.001] * 2, [51.0, 51.001])
    assert network.lengths.sum() == pytest.approx(expected, rel=1e-3)  # scale of the projection: 0.9996
    assert (len(network.nodes), network.components) == (4, 2)  # the bridge hangs on nothing
    assert ("network_cut", 1) in [(note.name, note.values["count"]) for note in network.notes]
    with pytest.raises(GeometryError, match="in degrees"):
        qa.read_network(file)


def test_an_extract_that_is_none_or_has_no_way_is_refused(tmp_path):
    empty = written(tmp_path / "empty.osm.pbf", {1: (9.0, 51.0)}, {1: ([1, 1], {"highway": "motorway"})})
    with pytest.raises(InputError, match="no ways to walk on"):
        qa.read_network(empty)
    (tmp_path / "no.osm.pbf").write_bytes(b"no extract")
    with pytest.raises(InputError, match=r"no\.osm\.pbf cannot be read"):
        qa.read_network(tmp_path / "no.osm.pbf")


def test_an_extract_without_osmium_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "osmium", None)
    (tmp_path / "town.osm.pbf").write_bytes(b"")
    with pytest.raises(DependencyError, match="network"):
        qa.read_network(tmp_path / "town.osm.pbf")


def test_what_are_no_ways_is_refused():
    with pytest.raises(GeometryError, match="no line"):
        qa.read_network(goals_at([(0, 0)]))
    with pytest.raises(InputError, match="no lines"):
        qa.read_network(GRID.iloc[:0])
    with pytest.raises(ColumnError, match="no column 'over'"):
        qa.read_network(GRID, bridges="over")
