"""Files for other programs hold the release, complete, with what a reader has to know, the same bytes every time."""

from __future__ import annotations

import csv
import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
from pyarrow import parquet

import quartiersatlas as qa
from quartiersatlas import export, report
from quartiersatlas.errors import ArgumentError, InputError, ReleaseError, SpecError
from quartiersatlas.present.files.fingerprint import fingerprint_of
from quartiersatlas.present.files.tables import area_table

SAMPLE = Path(__file__).parents[3] / "sample_data"
NOTICE = "Synthetische Daten - keine reale Stadt"


def read_csv(path, delimiter=";"):
    with path.open(encoding="utf-8-sig", newline="") as file:
        head, *body = list(csv.reader(file, delimiter=delimiter))
    return pd.DataFrame(body, columns=head)


@pytest.fixture(scope="module")
def geopackage(sample):
    return sample.folder / "atlas.gpkg"


def test_geopackage_has_every_layer_of_the_map_and_every_table(geopackage):
    layers = dict(pyogrio.list_layers(geopackage))
    tables = {"segregation", "columns", "notes", "manifest", "layer_styles", "fingerprint"}
    ground = {"water", "green", "roads", "rail", "place_names"}  # those of the project's context
    assert set(layers) == {"areas", "candidates", "programmes", "facilities", *ground, *tables}
    assert {name for name, geometry in layers.items() if geometry is None} == tables


def test_layers_of_a_geopackage_are_described_by_title_source_date_and_comment(geopackage, sample):
    release = sample.release
    with closing(sqlite3.connect(geopackage)) as database:
        described = dict(database.execute("SELECT table_name, description FROM gpkg_contents"))
    expected = f"{release.title}\n{release.source}\n{release.as_of}\n{release.comment}"
    assert described["areas"] == described["candidates"] == expected


def test_programmes_and_facilities_of_a_geopackage_are_those_of_the_files(geopackage):
    for layer, file, name in (
        ("programmes", "programmgebiete.geojson", "NAME"),
        ("facilities", "einrichtungen.geojson", "NAME"),
    ):
        theirs, ours = gpd.read_file(geopackage, layer=layer), gpd.read_file(SAMPLE / file).to_crs("EPSG:25832")
        assert theirs["name"].tolist() == ours[name].tolist()
        assert theirs.geometry.geom_equals_exact(ours.geometry, tolerance=0.01, align=False).all()


def test_areas_of_a_geopackage_are_those_of_the_release(exported, sample):
    release = sample.release
    assert exported.crs.to_epsg() == 25832
    assert exported.index.tolist() == release.areas.index.tolist()
    assert exported.geometry.geom_equals(release.areas.geometry, align=False).all()
    assert exported["name"].tolist() == release.areas["name"].tolist()
    assert exported["bezirk"].tolist() == release.areas["bezirk"].tolist()
    for column in release.values:
        theirs, ours = exported[column], release.values[column]
        assert theirs.isna().tolist() == ours.isna().tolist()
        assert theirs.dropna().tolist() == ours.dropna().tolist()
    assert exported["selected"].astype(bool).tolist() == release.selected.tolist()
    assert exported["state"].tolist() == release.state.tolist()
    known = release.residents.dropna()
    assert exported["residents"].dropna().tolist() == known.tolist()


def test_counts_of_a_geopackage_are_those_of_the_table(exported, counts, pairs):
    for name, (numerator, denominator) in pairs.items():
        for side, column in (("numerator", numerator), ("denominator", denominator)):
            shown = exported[f"{name}_{side}"].dropna()
            assert len(shown) >= 75
            assert (shown == counts[column][shown.index]).all()


def test_selected_areas_of_a_geopackage_carry_reasons_and_their_candidate(exported, sample):
    chosen = exported[exported["selected"]]
    assert len(chosen) == 16
    assert chosen["reasons"].str.count("; ").eq(2).all()
    assert chosen["reasons"].str.startswith("SGB-II-Quote: ").all()
    assert exported.loc[~exported["selected"], "reasons"].fillna("").eq("").all()
    assert set(chosen["candidate"]) == set(sample.release.candidates.index)
    assert exported.loc[~exported["selected"], "candidate"].fillna("").eq("").all()


def test_candidates_of_a_geopackage_are_made_of_their_areas(geopackage, exported):
    candidates = gpd.read_file(geopackage, layer="candidates").set_index("candidate")
    assert candidates.crs.to_epsg() == 25832
    assert candidates["notice"].eq(NOTICE).all()
    for key, row in candidates.iterrows():
        parts = exported[exported["candidate"].eq(key)]
        assert row["n_areas"] == len(parts)
        assert row["residents"] == parts["residents"].sum()
        assert row["hectares"] == pytest.approx(parts.area.sum() / 10_000)
        assert row.geometry.symmetric_difference(parts.union_all()).area < 1


def test_notes_of_a_geopackage_give_title_source_date_comment_notice_and_method(geopackage):
    notes = gpd.read_file(geopackage, layer="notes")
    found = notes.groupby("what")["text"].apply(list)
    assert found["title"] == ["Bedarfslagen in der Beispielstadt"]
    assert found["source"] == ["Statistikstelle der Beispielstadt (synthetisch), eigene Berechnung"]
    assert found["as_of"] == ["31.12.2024"]
    assert found["comment"][0].startswith("Die Karte zeigt, wo mehrere soziale Bedarfslagen zusammentreffen.")
    assert found["notice"] == [NOTICE]
    assert found["note"] == [
        "Ob tatsächlich Handlungsbedarf besteht, lässt sich nicht allein aus diesen Daten entscheiden."
    ]
    assert any(line.startswith("Geheimhaltung: Anzahlen von 1 bis unter 3") for line in found["method"])


def test_columns_of_a_geopackage_say_what_each_column_means(geopackage, sample):
    columns = gpd.read_file(geopackage, layer="columns").set_index("column")
    for layer, part in columns.groupby("table"):
        found = pyogrio.read_dataframe(geopackage, layer=layer).columns.drop("geometry", errors="ignore")
        assert part.index.tolist() == found.tolist()
    columns = columns[columns["table"].eq("areas")]
    assert columns.index[columns["kind"].ne("structure")].tolist() == list(sample.release.values)
    assert columns["label"].ne("").all()
    assert columns["label"]["mh_share"] == "Anteil Personen mit Migrationshintergrund"
    assert columns["unit"]["mh_share"] == "%"
    assert (
        columns["definition"]["mh_share"]
        == "Personen mit Migrationshintergrund (Hauptwohnsitz) / Bevölkerung insgesamt"
    )
    assert "kein Bedarfsmaß" in columns["caveat"]["mh_share"]
    assert columns["city_value"]["mh_share"] == 29.1  # README of the sample city
    assert columns["decimals"]["mh_share"] == 1
    numerator = columns.loc["mh_share_numerator"]
    assert numerator["label"].startswith("Anteil Personen mit Migrationshintergrund: Zähler (")
    assert "very_low = sehr niedrig" in columns["values"]["need_status_class"]


def test_every_row_of_an_export_carries_the_notice(exported, sample):
    assert exported["notice"].eq(NOTICE).all()
    assert read_csv(sample.folder / "segregation.csv")["notice"].eq(NOTICE).all()


def test_a_draft_says_so_in_its_notes(town_release, tmp_path):
    path = export(replace(town_release, comment=""), tmp_path / "a.gpkg")
    notes = gpd.read_file(path, layer="notes")
    assert notes.iloc[0].tolist() == ["notice", "Hinweis", "Entwurf – unkommentiert"]
    assert "Entwurf" not in " ".join(gpd.read_file(export(town_release, tmp_path / "b.gpkg"), layer="notes")["text"])


def test_a_release_without_candidates_has_no_such_layer(town, tmp_path):
    path = export(qa.release(town), tmp_path / "a.gpkg")
    assert "candidates" not in dict(pyogrio.list_layers(path))


@pytest.mark.parametrize("name", ["a.gpkg", "a.csv", "a.geojson", "a.parquet", "a.xlsx"])
def test_two_exports_give_the_same_bytes(sample, tmp_path, name):
    written = []
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        export(sample.release, tmp_path / folder / name)
        written.append({file.name: file.read_bytes() for file in (tmp_path / folder).iterdir()})
        time.sleep(1.01 if name == "a.xlsx" else 0.01)  # the times in the files are in seconds and in milliseconds
    assert written[0] == written[1]
    assert name in written[0]


def test_a_geopackage_has_the_same_bytes_however_often_the_driver_saves(town_release, tmp_path, monkeypatch):
    """GDAL saves once more or less as the milliseconds fall, and SQLite counts it in the head of the file."""
    first = export(town_release, tmp_path / "a.gpkg").read_bytes()
    write = pyogrio.write_dataframe

    def saved_twice(frame, path, **options):
        write(frame, path, **options)
        with closing(sqlite3.connect(path)) as database, database:
            database.execute("UPDATE gpkg_contents SET last_change = '2031-05-06T07:08:09.123Z'")

    monkeypatch.setattr(pyogrio, "write_dataframe", saved_twice)
    assert export(town_release, tmp_path / "b.gpkg").read_bytes() == first
    assert b"2031" not in first
    with closing(sqlite3.connect(tmp_path / "a.gpkg")) as database:
        assert database.execute("PRAGMA application_id").fetchone() == (int.from_bytes(b"GPKG"),)
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_csv_is_read_by_a_german_spreadsheet(sample, tmp_path, counts):
    path = export(sample.release, tmp_path / "areas.csv")
    content = path.read_bytes()
    assert content.startswith(b"\xef\xbb\xbfkey;name;bezirk;")
    assert b"\r\n" in content
    table = read_csv(path).set_index("key")
    assert len(table) == 90
    assert table["name"]["0402+0403"] == "Hafenbecken / Kaiviertel"
    x, n = counts["SGB2_Personen"]["0101"], counts["Unter_65"]["0101"]
    assert table["sgb2_rate"]["0101"] == f"{100 * x / n:.1f}".replace(".", ",")
    assert "geometry" not in table
    assert (table["sgb2_rate_numerator"]["0101"], table["sgb2_rate_denominator"]["0101"]) == (f"{x:.0f}", f"{n:.0f}")
    assert table["residents"].str.fullmatch(r"\d*").all()  # persons have no decimals


def test_english_csv_has_decimal_points(sample, tmp_path, counts):
    table = read_csv(export(sample.release, tmp_path / "areas.csv", lang="en"), ",").set_index("key")
    x, n = counts["SGB2_Personen"]["0101"], counts["Unter_65"]["0101"]
    assert table["sgb2_rate"]["0101"] == f"{100 * x / n:.1f}"
    assert table["reasons"].str.contains("above the city value").sum() == 16


def test_csv_of_segregation_holds_the_indices_of_every_group(sample):
    table = read_csv(sample.folder / "segregation.csv")
    assert table["group"].nunique() == 8
    assert table["value"].str.fullmatch(r"[01],\d{1,4}").all()


def test_dissimilarity_in_the_csv_is_that_of_the_counts(sample, counts):
    table = read_csv(sample.folder / "segregation.csv")
    row = table[table["group"].eq("Ausländer") & table["index"].eq("segregation_index")].iloc[0]
    group, rest = counts["Ausländer"], counts["Einwohner"] - counts["Ausländer"]
    expected = 0.5 * np.abs(group / group.sum() - rest / rest.sum()).sum()
    # withheld counts enter as the mean of their unit: the index of the release is near that of the house, not equal
    assert float(row["value"].replace(",", ".")) == pytest.approx(expected, abs=1e-3)


def test_the_residents_can_be_a_released_column_themselves(town, tmp_path):
    release = qa.release(town, columns=["residents", "sgb2_rate"])
    areas = gpd.read_file(export(release, tmp_path / "a.gpkg"), layer="areas")
    assert areas["residents"].tolist() == [1000 + 50 * i for i in range(12)]
    assert read_csv(export(release, tmp_path / "a.csv"))["residents"].iloc[0].startswith("1000")


def test_what_is_no_path_or_no_manifest_is_answered_with_what_to_hand_over(town_release, tmp_path):
    with pytest.raises(ArgumentError, match=r"^export: path takes a str or a PathLike, not None: qa\.export"):
        export(town_release, None)
    with pytest.raises(ArgumentError, match=r"^export: manifest takes a mapping or None, not a str: {"):
        export(town_release, tmp_path / "a.csv", manifest="seed=1")
    with pytest.raises(SpecError, match="lang"):
        export(town_release, tmp_path / "a.csv", lang="fr")
    assert list(tmp_path.iterdir()) == []


def test_unknown_endings_are_refused(town_release, tmp_path):
    for name in ("a.xls", "a.GPKG.zip", "a", "a.csv.gz"):
        with pytest.raises(ReleaseError, match=r"exported to \.gpkg, \.parquet, \.geojson, \.xlsx, \.csv"):
            export(town_release, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_segregation_table_that_is_not_released_is_refused(town_release, tmp_path):
    with pytest.raises(ReleaseError, match=r"no segregation table: release\(\.\.\., segregation="):
        export(town_release, tmp_path / "a.csv", table="segregation")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", [".gpkg", ".xlsx"])
def test_a_file_of_every_table_takes_no_choice_of_one(town_release, tmp_path, ending):
    with pytest.raises(ReleaseError, match="holds every table"):
        export(town_release, tmp_path / f"a{ending}", table="candidates")


def test_an_unknown_table_and_a_table_that_is_not_there_are_refused(town, town_release, tmp_path):
    with pytest.raises(
        SpecError,
        match="table must be one of 'areas', 'candidates', 'segregation', 'rules', 'lists', 'funded', 'measures', "
        "'coverage', not 'area'",
    ):
        export(town_release, tmp_path / "a.csv", table="area")
    with pytest.raises(ReleaseError, match="no candidate areas"):
        export(qa.release(town), tmp_path / "a.geojson", table="candidates")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["key", "name", "geometry", "state", "selected", "reasons", "notice", "x_note"])
@pytest.mark.parametrize("ending", ["csv", "gpkg"])
def test_a_column_called_like_one_of_the_export_is_refused(make_city, tmp_path, name, ending):
    table = pd.DataFrame({"residents": [1000.0] * 4, "x": [100.0] * 4, name: [200.0] * 4}, index=list("abcd"))
    release = qa.release(make_city(table), columns=["x", name])
    with pytest.raises(ReleaseError, match=f"names that every export uses for its own: '{name}'"):
        export(release, tmp_path / f"a.{ending}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("names", [["A", "a"], ["fid"], ["Geom"], ["Name"]])
def test_columns_that_a_geopackage_cannot_tell_apart_are_refused(make_city, tmp_path, names):
    table = pd.DataFrame({"residents": [1000.0] * 4, **dict.fromkeys(names, 200.0)}, index=list("abcd"))
    release = qa.release(make_city(table), columns=names)
    with pytest.raises(ReleaseError, match=f"'{names[0]}'.* in 'areas'.*another format"):
        export(release, tmp_path / "a.gpkg")
    assert list(tmp_path.iterdir()) == []
    assert set(names) <= set(read_csv(export(release, tmp_path / "a.csv")))


WRITERS = {
    "a.gpkg": export,
    "a.csv": export,
    "a.geojson": export,
    "a.parquet": export,
    "a.xlsx": export,
    "a.html": report,
    "map.html": lambda release, path: qa.atlas_map(release).save(path),
}


@pytest.mark.parametrize(("name", "write"), WRITERS.items(), ids=WRITERS)
def test_a_missing_folder_is_named(town_release, tmp_path, name, write):
    with pytest.raises(InputError, match=r"There is no folder .*nowhere"):
        write(town_release, tmp_path / "nowhere" / name)


@pytest.mark.parametrize(("name", "write"), WRITERS.items(), ids=WRITERS)
def test_a_file_that_fails_half_way_leaves_the_old_one_and_nothing_else(
    town_release, tmp_path, monkeypatch, name, write
):
    (tmp_path / name).write_text("old", encoding="utf-8")
    whole_bytes, whole_frame = Path.write_bytes, pyogrio.write_dataframe

    def half_bytes(path, content):
        whole_bytes(path, content[: len(content) // 2])
        raise OSError("disk full")

    def only_areas(frame, path, *, layer, **options):
        if layer != "areas":
            raise OSError("disk full")
        whole_frame(frame, path, layer=layer, **options)

    def half_table(table, path, **options):
        whole_table(table, path, **options)
        if not isinstance(path, BytesIO):  # memory, on the way to the file
            raise OSError("disk full")

    whole_table = parquet.write_table
    monkeypatch.setattr(parquet, "write_table", half_table)
    monkeypatch.setattr(Path, "write_bytes", half_bytes)
    monkeypatch.setattr(pyogrio, "write_dataframe", only_areas)
    with pytest.raises(InputError, match="disk full"):
        write(town_release, tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text(encoding="utf-8") == "old"


def test_a_higher_level_named_like_a_column_of_the_export_keeps_its_values(joined):
    data = joined({"mh": [40.0, 50], "residents": [1000.0, 1000]})
    areas = data.areas.assign(state=["Hessen", "Bayern"])
    data = qa.add_rates(qa.join(areas, data.values), {"mh_share": ("mh", "residents")})
    table = area_table(qa.release(data), "en")
    assert table["parent_state"].tolist() == ["Hessen", "Bayern"]
    assert table["state"].tolist() == ["shown", "shown"]


def test_a_folder_in_the_place_of_a_file_is_refused(town_release, tmp_path):
    (tmp_path / "atlas.gpkg").mkdir()
    with pytest.raises(InputError, match="is a folder"):
        export(town_release, tmp_path / "atlas.gpkg")


def test_the_fingerprint_of_the_need_spec_stands_in_every_output(sample, tmp_path):
    """Map, report, GeoPackage, CSV and manifest all say by which rules the scores were made."""
    spec_hash = sample.release.spec_hash
    assert len(spec_hash) == 12
    for name in ("atlas.html", "bericht.html", "manifest.json"):
        assert spec_hash in (sample.folder / name).read_text(encoding="utf-8")
    notes = pyogrio.read_dataframe(sample.folder / "atlas.gpkg", layer="notes")
    assert notes["text"].str.contains(spec_hash).any()
    table = read_csv(export(sample.release, tmp_path / "areas.csv"))
    assert set(table["need_spec"]) == {spec_hash}


@pytest.mark.parametrize("failing", [".csv", ".columns.csv", ".notes.txt"])
def test_a_csv_and_the_files_beside_it_are_written_together_or_not_at_all(town_release, tmp_path, monkeypatch, failing):
    (tmp_path / "a.csv").write_text("old", encoding="utf-8")
    (tmp_path / "a.notes.txt").write_text("old notes", encoding="utf-8")
    whole = Path.write_bytes

    def half(path, data):
        stops = path.name == f"a{failing}"
        whole(path, data[: len(data) // 2] if stops else data)
        if stops:
            raise OSError("disk full")

    monkeypatch.setattr(Path, "write_bytes", half)
    with pytest.raises(InputError, match="disk full"):
        export(town_release, tmp_path / "a.csv")
    assert {file.name: file.read_text(encoding="utf-8") for file in tmp_path.iterdir()} == {
        "a.csv": "old",
        "a.notes.txt": "old notes",
    }


def test_a_folder_in_the_place_of_one_of_several_files_is_refused(town_release, tmp_path):
    (tmp_path / "a.notes.txt").mkdir()
    with pytest.raises(InputError, match="is a folder"):
        export(town_release, tmp_path / "a.csv")
    assert [file.name for file in tmp_path.iterdir()] == ["a.notes.txt"]


def test_digests_that_are_made_once_are_those_of_their_release_alone(town_release):
    """Neither earlier dates of one file nor another release leave anything in the digests of the next file."""
    alone = fingerprint_of(town_release, "report", "de").parts
    assert "earlier" in fingerprint_of(town_release, "map", "de", [town_release]).parts
    assert fingerprint_of(town_release, "report", "de").parts == alone
    assert "earlier" not in alone
    other = fingerprint_of(replace(town_release, title="Anders"), "report", "de").parts
    assert {name for name in alone if alone[name] != other[name]} >= {"words"}
