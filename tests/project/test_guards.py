"""What a project may not do to its own files, and faults that only show when something is written."""

from __future__ import annotations

import geopandas as gpd
import pytest

from quartiersatlas.errors import InputError, SpecError
from quartiersatlas.project import check_project, run_project


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('report = "bericht.html"', 'report = "projekt.toml"'),
        ('segregation = "segregation.csv"', 'segregation = "indikatoren_2024.csv"'),
    ],
)
def test_an_output_never_replaces_an_input(city, edit, old, new):
    edit(city / "projekt.toml", 'folder = "ergebnis"', 'folder = "."')
    edit(city / "projekt.toml", old, new)
    before = {file: file.read_bytes() for file in city.rglob("*") if file.is_file()}
    with pytest.raises(SpecError, match=r"would overwrite an input of the project|should end in \.html"):
        run_project(city / "projekt.toml")
    assert {file: file.read_bytes() for file in city.rglob("*") if file.is_file()} == before


def test_a_folder_in_the_place_of_an_output_is_found_before_anything_is_written(city):
    (city / "ergebnis" / "segregation.csv").mkdir(parents=True)
    with pytest.raises(SpecError, match="already exists and is not a file"):
        run_project(city / "projekt.toml")
    assert [file.name for file in (city / "ergebnis").iterdir()] == ["segregation.csv"]


def test_a_file_beside_a_table_never_replaces_an_input_either(two_dates, edit):
    city = two_dates
    edit(city / "projekt.toml", 'folder = "ergebnis"', 'folder = "."')
    edit(city / "projekt.toml", "indikatoren_2022.csv", "segregation.columns.csv")
    (city / "indikatoren_2022.csv").rename(city / "segregation.columns.csv")
    before = {file: file.read_bytes() for file in city.rglob("*") if file.is_file()}
    with pytest.raises(SpecError, match=r"'segregation\.columns\.csv' would overwrite an input of the project"):
        run_project(city / "projekt.toml")
    assert {file: file.read_bytes() for file in city.rglob("*") if file.is_file()} == before


@pytest.mark.parametrize(
    ("old", "new", "ending"), [("atlas.gpkg", "atlas.shp", ".gpkg"), ("segregation.csv", "segregation.xlsx", ".csv")]
)
def test_a_check_finds_outputs_of_a_kind_that_is_not_written(city, edit, old, new, ending):
    edit(city / "projekt.toml", f'"{old}"', f'"{new}"')
    with pytest.raises(SpecError, match=rf"must end in \{ending}"):
        check_project(city / "projekt.toml")


def test_an_unknown_domain_is_named_with_those_there_are(city, edit):
    counts = 'numerator = "Ausländer", denominator = "Einwohner"'
    own = f'club = {{ {counts}, label_de = "N", label_en = "N", domain = "Bildung" }}'
    edit(city / "projekt.toml", "[indicators]\nsgb2_rate", f"[indicators]\n{own}\nsgb2_rate")
    with pytest.raises(SpecError, match="domain must be one of 'demography'"):
        check_project(city / "projekt.toml")


def test_a_table_in_the_place_of_the_geometry_is_refused(city, edit):
    edit(city / "projekt.toml", 'path = "stadtteile.geojson"', 'path = "indikatoren_2024.csv"')
    with pytest.raises(InputError, match=r"indikatoren_2024\.csv"):
        check_project(city / "projekt.toml")


def test_a_system_with_heights_is_reduced_to_the_plane_and_written(city, edit, tmp_path):
    areas = gpd.read_file(city / "stadtteile.geojson")
    with_heights = areas.to_crs("EPSG:25832+7837").set_crs("EPSG:25832+7837", allow_override=True)
    with_heights.to_file(city / "stadtteile.gpkg", driver="GPKG")
    assert len(gpd.read_file(city / "stadtteile.gpkg").crs.axis_info) == 3
    edit(city / "projekt.toml", "stadtteile.geojson", "stadtteile.gpkg")
    run_project(city / "projekt.toml", folder=tmp_path / "out")
    written = gpd.read_file(tmp_path / "out" / "atlas.gpkg", layer="areas").crs
    assert len(written.axis_info) == 2


def test_a_file_in_the_place_of_the_folder_of_outputs_is_said(city, edit):
    edit(city / "projekt.toml", 'folder = "ergebnis"', 'folder = "README.md/neu"')
    before = sorted(file.name for file in city.iterdir())
    with pytest.raises(SpecError, match=r"the folder '.*README\.md/neu' cannot be made"):
        run_project(city / "projekt.toml")
    assert sorted(file.name for file in city.iterdir()) == before


@pytest.mark.filterwarnings("ignore:Compared with:UserWarning")  # the dates of the sample, one after the other
@pytest.mark.parametrize(("name", "error"), [("ergebnis", SpecError), (".", InputError), ("..", InputError)])
def test_a_ledger_is_a_file_and_nothing_is_written_where_it_is_none(city, edit, name, error):
    edit(city / "projekt.toml", 'lang = "de"', f'ledger = "{name}"\nlang = "de"')
    before = sorted(file.name for file in city.iterdir())
    with pytest.raises(error, match=r"Name (a|the) file"):
        run_project(city / "projekt.toml")
    assert sorted(file.name for file in city.iterdir()) == before
