"""GeoJSON, GeoParquet, workbook and CSV hold the release as each format asks for it, with what a reader has to know."""

from __future__ import annotations

import json
import re
import zipfile
from dataclasses import replace

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyogrio
import pytest
import shapely
from pyarrow import parquet

import quartiersatlas as qa
from quartiersatlas import export
from quartiersatlas.errors import DependencyError, ReleaseError

MANIFEST = {"inputs": {"areas.geojson": "ab12", "table.csv": "cd34"}, "seed": 7, "packages": {"numpy": "2.0"}}
NOTICE = "Synthetische Daten - keine reale Stadt"


def signed_area(ring):
    """Return twice the area of a ring, above 0 where it runs counterclockwise (the shoelace formula)."""
    x, y = np.array(ring).T[:2]
    return float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]))


@pytest.fixture(scope="module")
def written(sample, tmp_path_factory):
    """Return the sample city in every format, by ending."""
    folder = tmp_path_factory.mktemp("formats")
    endings = (".geojson", ".parquet", ".xlsx", ".csv", ".gpkg")
    return {ending: export(sample.release, folder / f"a{ending}", manifest=MANIFEST) for ending in endings}


@pytest.fixture(scope="module")
def features(written):
    return json.loads(written[".geojson"].read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def book(written):
    return openpyxl.load_workbook(written[".xlsx"])


# GeoJSON


def test_geojson_has_the_members_of_the_standard_and_no_system_of_its_own(features):
    assert features["type"] == "FeatureCollection"
    assert features.keys() == {"type", "title", "notes", "columns", "manifest", "features"}
    for feature in features["features"]:
        assert feature.keys() == {"type", "id", "properties", "geometry"}
        assert feature["geometry"].keys() == {"type", "coordinates"}


def test_geojson_is_in_degrees_longitude_first_with_seven_decimals_at_most(features, written, exported):
    text = written[".geojson"].read_text(encoding="utf-8")
    coordinates = re.findall(r'"coordinates": (.*?)\}\}', text)
    assert len(coordinates) == 90
    assert max(len(decimals) for part in coordinates for decimals in re.findall(r"\.(\d+)", part)) == 7
    degrees = exported.to_crs("EPSG:4326")
    for feature, outline in zip(features["features"], degrees.geometry, strict=True):
        shape = shapely.geometry.shape(feature["geometry"])
        assert shape.is_valid
        assert shape.hausdorff_distance(outline) < 1e-7
    west, south, east, north = gpd.read_file(written[".geojson"]).total_bounds
    assert 5 < west < east < 16  # Germany
    assert 47 < south < north < 56


def test_outer_rings_of_geojson_run_counterclockwise_and_holes_clockwise(make_city, tmp_path):
    outer, hole = [(0, 0), (0, 900), (900, 900), (900, 0)], [(300, 300), (600, 300), (600, 600), (300, 600)]
    ring = shapely.affinity.translate(shapely.Polygon(outer, [hole]), 450_000, 5_650_000)
    table = pd.DataFrame({"residents": [1000.0], "x": [300.0]}, index=["a"])
    city = make_city(table)
    city = replace(city, areas=city.areas.set_geometry([ring], crs=city.areas.crs))
    release = qa.release(qa.add_rates(city, {"r": ("x", "residents")}))
    content = json.loads(export(release, tmp_path / "a.geojson").read_text(encoding="utf-8"))
    shell, inside = content["features"][0]["geometry"]["coordinates"]
    assert signed_area(shell) > 0 > signed_area(inside)


def test_all_outer_rings_of_the_sample_city_run_counterclockwise(features):
    for feature in features["features"]:
        shape = feature["geometry"]
        polygons = [shape["coordinates"]] if shape["type"] == "Polygon" else shape["coordinates"]
        assert all(signed_area(polygon[0]) > 0 for polygon in polygons)


def test_neighbours_in_geojson_still_share_their_borders(features):
    shapes = [shapely.geometry.shape(feature["geometry"]) for feature in features["features"]]
    assert shapely.coverage_is_valid(np.array(shapes))


def test_values_of_geojson_are_those_of_the_release(features, sample):
    release = sample.release
    rows = {feature["id"]: feature["properties"] for feature in features["features"]}
    assert list(rows) == release.areas.index.tolist()
    for name in release.values:
        for key, value in release.values[name].items():
            assert rows[key][name] == (None if pd.isna(value) else value)
    assert isinstance(rows["0101"]["mh_share_numerator"], int)
    assert rows["0101"]["selected"] in (True, False)


# GeoParquet


def test_geoparquet_gives_areas_and_values_back(written, sample):
    areas, release = gpd.read_parquet(written[".parquet"]).set_index("key"), sample.release
    assert areas.crs.to_epsg() == 25832
    assert areas.geometry.geom_equals(release.areas.geometry, align=False).all()
    for name in release.values:
        theirs, ours = areas[name], release.values[name]
        assert theirs.isna().tolist() == ours.isna().tolist()
        assert theirs.dropna().tolist() == ours.dropna().tolist()


def test_geoparquet_keeps_its_standard_metadata_beside_ours(written):
    metadata = parquet.read_schema(written[".parquet"]).metadata
    geo = json.loads(metadata[b"geo"])
    assert geo["primary_column"] == "geometry"
    assert json.loads(metadata[b"quartiersatlas"]).keys() == {"title", "notes", "columns", "manifest"}


def test_a_table_without_geometry_is_plain_parquet_and_no_geojson(sample, tmp_path):
    table = pd.read_parquet(export(sample.release, tmp_path / "a.parquet", table="segregation"))
    assert table["value"].tolist() == sample.release.segregation["value"].tolist()
    with pytest.raises(ReleaseError, match="'segregation' has no geometry"):
        export(sample.release, tmp_path / "a.geojson", table="segregation")


@pytest.mark.parametrize(
    ("module", "name", "install"),
    [("pyarrow", "a.parquet", r"quartiersatlas\[parquet\]"), ("xlsxwriter", "a.xlsx", r"quartiersatlas\[excel\]")],
)
def test_a_missing_package_is_named_with_the_command(town_release, tmp_path, monkeypatch, module, name, install):
    monkeypatch.setitem(__import__("sys").modules, module, None)
    with pytest.raises(DependencyError, match=install):
        export(town_release, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


# workbook


def table_of(sheet):
    """Return a sheet without its first row, which holds the labels."""
    _, head, *body = sheet.iter_rows(values_only=True)
    return pd.DataFrame(body, columns=head).set_index(head[0])


def test_a_workbook_has_a_sheet_for_each_table_and_the_notes_first(book):
    assert book.sheetnames == [
        *("Hinweise", "Auswahl", "Gründe", "Diagramme", "Gebiete", "Prüfgebiete", "Segregation"),
        *("Diagrammdaten", "Spalten", "Nachweis"),
    ]
    notes = dict(book["Hinweise"].iter_rows(values_only=True))
    assert notes["Titel"] == "Bedarfslagen in der Beispielstadt"
    assert notes["Kommentar"].startswith("Die Karte zeigt, wo mehrere soziale Bedarfslagen zusammentreffen.")


def test_numbers_of_a_workbook_are_numbers_with_their_decimals_and_units(book, sample):
    sheet, release = book["Gebiete"], sample.release
    table = table_of(sheet)
    columns = {cell.value: cell.column for cell in sheet[2]}
    for column in (c for c in release.columns if c.kind != "class"):
        known = release.values[column.id].dropna()
        assert table.loc[known.index, column.id].tolist() == known.tolist()
        cell = sheet.cell(3 + release.values.index.get_loc(known.index[0]), columns[column.id])
        assert cell.data_type == "n"
        assert cell.number_format == "#,##0" + ("." + "0" * column.decimals if column.decimals else "")
    assert sheet.cell(1, columns["mh_share"]).value == "Anteil Personen mit Migrationshintergrund (%)"


def test_a_number_that_is_not_shown_is_words_in_a_workbook_and_the_reason_stands_beside_it(book, sample):
    """An empty cell counts as 0 as soon as a formula takes it."""
    table, release = table_of(book["Gebiete"]), sample.release
    hidden = release.values["language_support_need"].isna()
    cells, words = table["language_support_need"], table["language_support_need_note"]
    assert cells.map(lambda cell: isinstance(cell, str)).tolist() == hidden.tolist()
    # 0213, 0408, 0607 and 0608 stand with a point in the file, 0212 is a forest, 0809 has fewer than 300 residents
    of_source = table.index.isin(["0213", "0408", "0607", "0608"])
    assert words[of_source].eq("Quelle: geheim").all()
    assert words[["0212"]].tolist() == ["unbewohnt"]
    assert words[["0809"]].tolist() == ["zu wenige Einwohner"]
    rest = hidden.to_numpy() & ~of_source & ~table.index.isin(["0212", "0809"])
    assert words[rest].eq("geschützt").all()
    assert words[~hidden.to_numpy()].isna().all()
    assert cells["0212"] == "unbewohnt"
    assert cells[hidden.to_numpy() & (table.index != "0212")].eq("nicht ausgewiesen").all()
    counts = table["language_support_need_numerator"]
    assert counts[["0213", "0809"]].eq("nicht ausgewiesen").all()
    # of every number of the table some cell is shown, and none is empty
    for column in release.values:
        assert table[column].notna().all()


def test_classes_and_states_of_a_workbook_are_in_words(book):
    table = table_of(book["Gebiete"])
    classes = {"hoch", "mittel", "niedrig", "sehr niedrig"}
    assert set(table["need_status_class"]) == {*classes, "nicht ausgewiesen", "unbewohnt"}
    assert set(table["state"]) == {"ausgewiesen", "zu wenige Einwohner", "unbewohnt"}
    assert table["notice"].eq(NOTICE).all()


def test_a_workbook_can_be_read_and_printed(book):
    sheet = book["Gebiete"]
    assert sheet.freeze_panes == "C3"
    assert sheet.print_title_rows == "$1:$2"
    assert sheet.print_title_cols == "$A:$B"
    assert sheet.auto_filter.ref.startswith("A2:")
    assert sheet.auto_filter.ref.endswith("92")  # 90 areas under two rows of head
    assert sheet.page_setup.orientation == "landscape"
    assert sheet["A1"].font.bold
    for name, dimension in sheet.column_dimensions.items():
        assert 11 <= dimension.width <= 60, name


def test_the_head_of_a_workbook_is_english_where_asked(sample, tmp_path):
    book = openpyxl.load_workbook(export(sample.release, tmp_path / "a.xlsx", lang="en"))
    assert book.sheetnames == [
        *("Notes", "Selection", "Reasons", "Charts", "Areas", "Areas for review", "Segregation"),
        *("Chart data", "Columns", "Provenance"),
    ]
    assert "Share of residents with migration background (%)" in [cell.value for cell in book["Areas"][1]]


def test_every_row_of_a_workbook_s_columns_has_a_label_and_is_in_its_table(book):
    head, *rows = book["Spalten"].iter_rows(values_only=True)
    meaning = pd.DataFrame(rows, columns=head)
    assert meaning["label"].notna().all()
    sheets = {"areas": "Gebiete", "candidates": "Prüfgebiete", "segregation": "Segregation"}
    for table, part in meaning.groupby("table"):
        assert [cell.value for cell in book[sheets[table]][2]] == part["column"].tolist()


def test_no_part_of_a_workbook_is_dated(written):
    with zipfile.ZipFile(written[".xlsx"]) as packed:
        assert {part.date_time for part in packed.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        core = packed.read("docProps/core.xml").decode()
    assert re.findall(r"\d{4}-\d\d-\d\dT[\d:]+", core) == ["2000-01-01T00:00:00"] * 2


def test_text_longer_than_a_cell_ends_visibly(town_release, tmp_path):
    path = export(replace(town_release, comment="a" * 40_000), tmp_path / "a.xlsx")
    comment = dict(openpyxl.load_workbook(path)["Hinweise"].iter_rows(values_only=True))["Kommentar"]
    assert len(comment) == 32_767
    assert comment.endswith("a […]")


def test_a_progress_bar_is_shown_where_it_is_asked_for(town_release, tmp_path, capsys, monkeypatch):
    export(town_release, tmp_path / "a.xlsx", progress=True)
    assert "12/12" in capsys.readouterr().err  # the town's twelve areas
    export(town_release, tmp_path / "b.xlsx")
    assert capsys.readouterr().err == ""
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
    monkeypatch.setitem(__import__("sys").modules, "tqdm.auto", None)
    with pytest.raises(DependencyError, match=r"quartiersatlas\[progress\]"):
        export(town_release, tmp_path / "c.xlsx", progress=True)
    assert not (tmp_path / "c.xlsx").exists()


def test_a_workbook_that_fails_half_way_leaves_no_temporary_file_anywhere(town_release, tmp_path, monkeypatch):
    from xlsxwriter.worksheet import Worksheet

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    whole, cells = Worksheet.write_string, []

    def tired(sheet, row, column, text, *style):
        cells.append(text)
        if len(cells) == 200:
            raise MemoryError
        return whole(sheet, row, column, text, *style)

    monkeypatch.setattr(Worksheet, "write_string", tired)
    with pytest.raises(MemoryError):
        export(town_release, tmp_path / "a.xlsx")
    assert cells[-1] is not None
    assert list(tmp_path.iterdir()) == []


# CSV


def test_beside_a_csv_stand_columns_and_notes(written, sample):
    path = written[".csv"]
    table = pd.read_csv(path, sep=";", decimal=",", dtype=str)
    columns = pd.read_csv(path.with_suffix(".columns.csv"), sep=";", decimal=",").set_index("column")
    assert columns.index.tolist() == table.columns.tolist()
    assert columns.loc["mh_share", ["label", "unit", "city_value"]].tolist() == [
        "Anteil Personen mit Migrationshintergrund",
        "%",
        29.1,
    ]
    notes = path.with_suffix(".notes.txt").read_text(encoding="utf-8")
    assert notes.startswith("Titel: Bedarfslagen in der Beispielstadt\n")
    assert sample.release.comment in notes
    assert "\ninputs: areas.geojson: ab12\n" in notes


def test_candidates_can_be_a_table_of_their_own(sample, tmp_path):
    table = pd.read_csv(export(sample.release, tmp_path / "a.csv", table="candidates"), sep=";", decimal=",")
    assert table["candidate"].tolist() == sample.release.candidates.index.tolist()
    assert table["mh_share"].tolist() == sample.release.candidates["mh_share"].tolist()
    shapes = gpd.read_file(export(sample.release, tmp_path / "a.geojson", table="candidates"))
    assert shapes["candidate"].tolist() == table["candidate"].tolist()


# what goes with every format


def about(path):
    """Return (title, comment, label of a column, manifest) as a format carries them."""
    if path.suffix == ".gpkg":
        notes = pyogrio.read_dataframe(path, layer="notes").set_index("what")["text"]
        columns = dict(pyogrio.read_dataframe(path, layer="columns")[["column", "label"]].to_numpy())
        manifest = pyogrio.read_dataframe(path, layer="manifest").set_index("entry")["value"].to_dict()
        return notes["title"], notes["comment"], columns["sgb2_rate_note"], manifest
    if path.suffix == ".xlsx":
        book = openpyxl.load_workbook(path)
        notes = dict(book["Hinweise"].iter_rows(values_only=True))
        columns = {row[1]: row[3] for row in book["Spalten"].iter_rows(values_only=True)}
        manifest = dict(book["Nachweis"].iter_rows(values_only=True))
        return notes["Titel"], notes["Kommentar"], columns["sgb2_rate_note"], manifest
    content = (
        json.loads(parquet.read_schema(path).metadata[b"quartiersatlas"])
        if path.suffix == ".parquet"
        else json.loads(path.read_text(encoding="utf-8"))
    )
    notes = {note["what"]: note["text"] for note in content["notes"]}
    columns = {column["column"]: column["label"] for column in content["columns"]}
    manifest = content["manifest"]
    flat = {f"inputs: {name}": digest for name, digest in manifest.pop("inputs").items()}
    flat |= {f"packages: {name}": version for name, version in manifest.pop("packages").items()}
    return content["title"], notes["comment"], columns["sgb2_rate_note"], {**manifest, **flat}


@pytest.mark.parametrize("ending", [".gpkg", ".xlsx", ".geojson", ".parquet"])
def test_every_format_carries_comment_columns_and_manifest(written, sample, ending):
    title, comment, label, manifest = about(written[ending])
    assert title == sample.release.title
    assert comment == sample.release.comment
    assert label == "SGB-II-Quote: warum kein Wert"
    assert manifest["need_spec"] == sample.release.spec_hash
    assert manifest["quartiersatlas"] == qa.__version__
    assert manifest["inputs: areas.geojson"] == "ab12"
    assert manifest["packages: numpy"] == "2.0"
    assert str(manifest["seed"]) == "7"


def test_a_run_writes_its_inputs_into_its_exports(sample):
    manifest = json.loads(sample.files["manifest.json"].read_text(encoding="utf-8"))
    table = pyogrio.read_dataframe(sample.files["atlas.gpkg"], layer="manifest").set_index("entry")["value"]
    for name, digest in manifest["inputs"].items():
        # tables have no digest where no ledger keeps a secret: it would answer guesses
        assert table[f"inputs: {name}"] == ("null" if digest is None else digest)
    assert manifest["inputs"]["indikatoren_2024.csv"] is None
    assert len(manifest["inputs"]["stadtteile.geojson"]) == 64
    notes = sample.files["segregation.notes.txt"].read_text(encoding="utf-8")
    assert f"inputs: stadtteile.geojson: {manifest['inputs']['stadtteile.geojson']}\n" in notes


@pytest.mark.parametrize("ending", [".xlsx", ".geojson", ".parquet"])
def test_protected_counts_are_in_no_format(make_city, tmp_path, ending):
    """Counts so large and odd that their digits cannot turn up by chance; the shown ones do turn up."""
    hidden, shown = 48_611, 310_127
    table = pd.DataFrame(
        {
            "residents": [1_812_301.0] * 4,
            "x": [shown, hidden, 48_619, 410_131],
            "secret": [731_117.0 + i for i in range(4)],
        },
        index=list("abcd"),
    )
    data = qa.add_rates(make_city(table), {"rate": ("x", "residents"), "other": ("secret", "residents")})
    release = qa.release(data, columns=["rate"], protection=qa.Protection(min_count=50_000))
    path = export(release, tmp_path / f"a{ending}")
    text = {
        ".xlsx": lambda: "".join(zipfile.ZipFile(path).read(n).decode() for n in zipfile.ZipFile(path).namelist()),
        ".geojson": lambda: path.read_text(encoding="utf-8"),
        ".parquet": lambda: str(parquet.read_table(path).to_pylist()) + str(parquet.read_schema(path).metadata),
    }[ending]()
    assert str(shown) in text
    assert [number for number in (hidden, 48_619, 731_117, "secret", "other") if str(number) in text] == []


@pytest.mark.parametrize("ending", [".gpkg", ".xlsx", ".geojson", ".parquet", ".csv"])
def test_a_half_is_rounded_once_to_the_even_digit_and_is_the_same_in_every_format(make_city, tmp_path, ending):
    """Sixteenths are exact in the computer too: 6.25 %, 18.75 %, 31.25 %, 43.75 %, 56.25 %, 68.75 %."""
    keys = list("abcdef")
    table = pd.DataFrame({"residents": [1600.0] * 6, "x": [100.0 + 200 * i for i in range(6)]}, index=keys)
    data = qa.add_rates(make_city(table), {"rate": ("x", "residents")})
    path = export(qa.release(data, protection=qa.Protection(decimals=1)), tmp_path / f"a{ending}", lang="en")
    read = {
        ".gpkg": lambda: gpd.read_file(path, layer="areas").set_index("key"),
        ".xlsx": lambda: table_of(openpyxl.load_workbook(path)["Areas"]),
        ".geojson": lambda: gpd.read_file(path).set_index("key"),
        ".parquet": lambda: gpd.read_parquet(path).set_index("key"),
        ".csv": lambda: pd.read_csv(path).set_index("key"),
    }[ending]()
    assert read["rate"][keys].tolist() == [6.2, 18.8, 31.2, 43.8, 56.2, 68.8]
