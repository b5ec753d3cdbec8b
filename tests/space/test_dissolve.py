from __future__ import annotations

import geopandas as gpd
import pytest
import shapely
import shapely.affinity

import quartiersatlas as qa
from quartiersatlas.space import dissolved


def test_exact_neighbours_give_their_exact_union(grid):
    areas = grid(3)
    assert dissolved(areas).equals(shapely.box(0, 0, 3000, 1000))


def test_a_sliver_is_closed_and_a_real_hole_stays(grid):
    areas = grid(3, 3)
    ring = areas.drop(index=["b1"])
    shapes = ring.geometry.copy()
    shapes["a1"] = shapely.affinity.translate(shapes["a1"], 0.0, 0.4)  # 0.4 m from a0, into a2
    shape = dissolved(ring.set_geometry(shapes))
    assert shape.geom_type == "Polygon"
    assert len(shape.interiors) == 1
    assert shapely.Polygon(shape.interiors[0]).area == pytest.approx(1e6, rel=2e-3)


def test_areas_apart_stay_apart(grid):
    assert dissolved(grid(3).drop(index=["b0"])).geom_type == "MultiPolygon"


@pytest.mark.shared_data
def test_a_candidate_area_in_cologne_has_no_slivers(shared):
    areas = qa.read_areas(shared / "koeln" / "stadtteile" / "Stadtteil.shp", key="STT_NR", name="STT_NAME", repair=True)
    union = areas.geometry.union_all()
    shape = dissolved(areas)
    slivers = [shapely.Polygon(ring).area for part in shapely.get_parts(union) for ring in part.interiors]
    assert len(slivers) > 100
    left = [shapely.Polygon(ring) for part in shapely.get_parts(shape) for ring in part.interiors]
    assert len(left) < len(slivers) / 20
    assert shape.area == pytest.approx(union.area, rel=1e-4)
    assert isinstance(areas, gpd.GeoDataFrame)
