"""Residents in bands of noise: nested or side by side, by the share of a cell or by its centre."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas.errors import ColumnError, GeometryError, InputError, SpecError

CRS = "EPSG:25832"
# acting/exposure_known.json: by share 300/200/60 in A and 25/0/0 in B, by centre 300/100/100 and 0/0/0; the sum over
# bands at 55 is 585. Shapes that give these: A has cells of 200 and 100 persons, B one of 100.
KNOWN = {
    "share": {"A": [300.0, 200, 60], "B": [25.0, 0, 0]},
    "centre": {"A": [300.0, 100, 100], "B": [0.0, 0, 0]},
}
CELLS = gpd.GeoDataFrame(
    {"residents": [200.0, 100, 100], "area": ["A", "A", "B"]},
    geometry=[shapely.box(0, 0, 100, 100), shapely.box(100, 0, 200, 100), shapely.box(200, 0, 300, 100)],
    crs=CRS,
)
AT_55 = shapely.box(0, 0, 225, 100)
AT_60 = shapely.union_all([shapely.box(0, 0, 100, 25), shapely.box(0, 75, 100, 100), shapely.box(100, 0, 200, 100)])
AT_65 = shapely.box(100, 0, 160, 100)
NESTED = gpd.GeoDataFrame({"level": [55, 60, 65]}, geometry=[AT_55, AT_60, AT_65], crs=CRS)
DISJOINT = NESTED.set_geometry([AT_55.difference(AT_60), AT_60.difference(AT_65), AT_65])


def expose(bands=NESTED, levels=(55, 60, 65), **options):
    return qa.exposure(CELLS, bands, levels, **{"population": "residents", "area": "area", **options})


@pytest.mark.parametrize("bands", [NESTED, DISJOINT], ids=["nested", "disjoint"])
@pytest.mark.parametrize("how", ["share", "centre"])
def test_exposed_persons_are_the_known_ones_however_bands_lie(bands, how):
    table = expose(bands, how=how).table
    for area, known in KNOWN[how].items():
        np.testing.assert_allclose(table.loc[area, ["exposed_55", "exposed_60", "exposed_65"]].astype(float), known)


def test_overlapping_polygons_of_a_level_count_once():
    doubled = pd.concat([NESTED, NESTED], ignore_index=True)
    np.testing.assert_allclose(expose(doubled).table, expose().table)


def test_who_lives_outside_the_mapped_extent_is_unknown():
    mapped = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 200, 100)], crs=CRS)
    found = expose(extent=mapped)
    assert found.table.loc["B", ["mapped", "unmapped", "exposed_55"]].tolist() == [0, 100, 0]
    assert np.isnan(found.table.loc["B", "share_55"])
    assert found.city["share_55"] == 1.0
    assert "unbekannt ist: 100" in found.text("de")
    assert "Gesamtstadt kartiert" in expose().text("de")


def test_points_count_by_their_place():
    points = CELLS.set_geometry(CELLS.centroid)
    found = qa.exposure(points, NESTED, [60], population="residents", area="area")
    assert found.table["exposed_60"].to_dict() == {"A": 100, "B": 0}


def test_of_areas_people_are_taken_as_evenly_spread():
    areas = gpd.GeoDataFrame({"name": ["a"]}, index=["1"], geometry=[shapely.box(0, 0, 300, 100)], crs=CRS)
    data = qa.join(areas, pd.DataFrame({"residents": [300.0]}, index=["1"]), population="residents")
    found = qa.exposure(data, NESTED, [55])
    assert found.table.loc["1", "exposed_55"] == pytest.approx(225)
    assert found.notes[0].name == "reach_evenly"
    data = qa.add_reach(data, found, "noise", label=("Lärm", "Noise"))
    assert data.values["noise_share_55"].tolist() == [75.0]
    assert data.rates["noise_share_55"] == ("noise_exposed_55", "noise_mapped")


def test_a_level_above_all_bands_exposes_nobody():
    assert expose(levels=[70]).table["exposed_70"].sum() == 0


def test_what_cannot_be_used_is_refused():
    with pytest.raises(ColumnError, match="no column 'db'"):
        expose(level="db")
    with pytest.raises(ColumnError, match="no number in 'level'"):
        expose(NESTED.assign(level=["55", "loud", "65"]))
    with pytest.raises(InputError, match="no polygons"):
        expose(NESTED.iloc[:0])
    with pytest.raises(GeometryError, match="no polygon"):
        expose(NESTED.set_geometry(NESTED.boundary))
    with pytest.raises(GeometryError, match="in degrees"):
        expose(NESTED.set_crs("EPSG:4326", allow_override=True))
    with pytest.raises(SpecError, match="how must be one of"):
        expose(how="area")


def test_shares_of_cells_are_whole_persons_in_the_data_and_can_be_released():
    """A third of a person more or less: the system of counts would contradict itself."""
    shapes = [shapely.box(x, 0, x + 1000, 1000) for x in (0, 1000, 2000)]
    areas = gpd.GeoDataFrame({"name": list("ABC")}, index=list("123"), geometry=shapes, crs="EPSG:25832")
    table = pd.DataFrame({"poor": [30.0, 2, 90], "residents": [100.0, 70, 200]}, index=areas.index)
    data = qa.join(areas, table, population="residents")
    cells = gpd.GeoDataFrame({"residents": [100.0, 70, 200]}, geometry=shapes, crs=areas.crs)
    noise = gpd.GeoDataFrame({"level": [55]}, geometry=[shapely.box(0, 0, 3000, 333)], crs=areas.crs)
    found = qa.exposure(cells, noise, [55], population="residents", areas=areas)
    assert found.table["exposed_55"].tolist() == pytest.approx([33.3, 23.31, 66.6])
    data = qa.add_reach(data, found, "noise")
    assert data.values["noise_exposed_55"].tolist() == [33.0, 23.0, 67.0]
    assert qa.release(data, title="T", source="S", as_of="2024", comment="C").audit().ok
