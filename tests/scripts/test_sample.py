"""The sample city is reproducible, odd where the README says so, and sound everywhere else."""

from __future__ import annotations

import csv
import json
import math
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import shapely
from sample_city import write_sample
from sample_city.districts import build_city
from sample_city.geometry import build_cells
from sample_city.people import build_people, draw

ROOT = Path(__file__).parents[2]
COMMITTED = ROOT / "sample_data"
SEED = 2011
YEARS = (2022, 2023, 2024)
NOTICE = "Synthetische Daten - keine reale Stadt"
LAYERS = ("stadtteile", "fluss", "einrichtungen", "programmgebiete")
COLUMNS = [
    "Stadtteil",
    "Name",
    "Bezirk",
    "Einwohner",
    "Mit_Migrationshintergrund",
    "Ausländer",
    "Alter_0_5",
    "Alter_6_14",
    "Alter_15_17",
    "Alter_18_64",
    "Alter_65plus",
    "Herkunft_Türkei",
    "Herkunft_Polen",
    "Herkunft_Syrien",
    "Herkunft_ehem_Sowjetunion",
    "Herkunft_Übrige",
    "SGB2_Personen",
    "Unter_65",
    "SGB2_Kinder_U15",
    "Kinder_U15",
    "Sprachförderbedarf",
    "Untersuchte_Kinder",
    "Arbeitslose",
    "Bevölkerung_15_64",
    "Wohnfläche_je_EW",
    "Hinweis",
]
COUNTS = COLUMNS[3:-2]
OPEN = {"Einwohner", "Unter_65", "Kinder_U15", "Untersuchte_Kinder", "Bevölkerung_15_64"} | {
    column for column in COUNTS if column.startswith("Alter_")
}
AGES = [column for column in COUNTS if column.startswith("Alter_")]
ORIGINS = [column for column in COUNTS if column.startswith("Herkunft_")]


def read_rows(folder, year):
    text = (folder / f"indikatoren_{year}.csv").read_bytes().decode("cp1252")
    return list(csv.DictReader(text.splitlines(), delimiter=";"))


def number(cell):
    """A printed count; `-` is a true zero, `.` is unknown."""
    return {"-": 0, ".": None}[cell] if cell in {"-", "."} else int(cell.replace(".", ""))


def all_files(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# same seed, same bytes


def test_regenerating_gives_the_committed_files(folder):
    written, committed = all_files(folder), all_files(COMMITTED)
    assert written.keys() == committed.keys()
    assert [name for name in written if written[name] != committed[name]] == []


def test_paths_are_returned_and_nothing_else_is_left_behind(tmp_path):
    new = tmp_path / "new" / "folder"
    paths = write_sample(str(new))
    assert {path.relative_to(new).as_posix() for path in paths} == all_files(new).keys()


def test_two_calls_agree_and_replace(folder, tmp_path):
    (tmp_path / "fluss.geojson").write_text("old")
    for path in write_sample(tmp_path, seed=SEED):
        assert path.read_bytes() == (folder / path.relative_to(tmp_path)).read_bytes()


def test_another_seed_gives_another_city(folder, tmp_path):
    write_sample(tmp_path, seed=SEED + 1)
    for name in ("stadtteile.geojson", "indikatoren_2022.csv", "einrichtungen.geojson"):
        assert (tmp_path / name).read_bytes() != (folder / name).read_bytes()
    assert (tmp_path / "modellvorhaben_2011.csv").read_bytes() == (folder / "modellvorhaben_2011.csv").read_bytes()


def test_command_line_lists_what_it_wrote(tmp_path, folder):
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    command = [sys.executable, str(ROOT / "scripts" / "write_sample_city.py"), str(tmp_path), "--seed", str(SEED)]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    paths = {Path(line) for line in done.stdout.splitlines()}
    assert paths == {tmp_path / name for name in all_files(tmp_path)}
    for path in paths:
        assert path.read_bytes() == (folder / path.relative_to(tmp_path)).read_bytes()


def test_only_the_standard_library_is_imported():
    program = (
        "import sys; before = set(sys.modules); import sample_city;"
        "new = {name.split('.')[0] for name in set(sys.modules) - before};"
        "print(*(new & {'numpy', 'pandas', 'shapely', 'geopandas', 'folium', 'libpysal'}))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "scripts")}
    done = subprocess.run([sys.executable, "-c", program], env=environment, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == ""


# the notice


@pytest.mark.parametrize("layer", LAYERS)
def test_every_layer_says_it_is_synthetic(folder, layer):
    content = json.loads((folder / f"{layer}.geojson").read_text(encoding="utf-8"))
    assert content["description"] == NOTICE
    assert {feature["properties"]["Hinweis"] for feature in content["features"]} == {NOTICE}


def test_every_table_row_says_it_is_synthetic(folder):
    assert {row["Hinweis"] for year in YEARS for row in read_rows(folder, year)} == {NOTICE}


def test_readme_says_it_names_every_file_and_the_special_keys(folder, city):
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert NOTICE in text
    assert all(f"`{path.name}{'/' if path.is_dir() else ''}`" in text for path in folder.iterdir())
    assert all(f"`{key}`" in text for key in (*city.harbour, city.forest, city.works))
    assert f"--seed {SEED}" in text
    assert not re.search(r"[{}]", text)


def test_published_figures_are_not_called_synthetic(folder):
    assert "ynthet" not in (folder / "modellvorhaben_2011.csv").read_text(encoding="utf-8")


# the tables


@pytest.mark.parametrize("year", YEARS)
def test_table_is_written_the_german_way(folder, year):
    content = (folder / f"indikatoren_{year}.csv").read_bytes()
    with pytest.raises(UnicodeDecodeError):
        content.decode("utf-8")
    text = content.decode("cp1252")
    assert text.count("\r\n") == text.count("\n") == text.count("\r")
    assert text.split("\r\n")[0].split(";") == COLUMNS
    for row in read_rows(folder, year):
        assert re.fullmatch(r"\d{1,3}(\.\d{3})*|-", row["Einwohner"])
        assert re.fullmatch(r"\d\d,\d|x", row["Wohnfläche_je_EW"])
        for column in COUNTS[1:]:
            assert re.fullmatch(r"[1-9]\d*|-|\.", row[column])


@pytest.mark.parametrize("year", YEARS)
def test_keys_are_in_order_with_the_totals_last(folder, year, districts, city):
    keys = [row["Stadtteil"] for row in read_rows(folder, year)]
    merged = "+".join(city.harbour)
    assert keys[:-1] == sorted(keys[:-1])
    assert keys[-1] == "0000"
    assert {part for key in keys[:-1] for part in key.split("+")} == set(districts.index)
    assert [key for key in keys if "+" in key] == [merged]
    assert len(keys) == 91


def test_merged_areas_are_neighbours_and_both_names_are_given(folder, districts, city):
    first, second = (districts.loc[key] for key in city.harbour)
    row = next(row for row in read_rows(folder, 2022) if "+" in row["Stadtteil"])
    assert row["Name"] == f"{first['NAME']} und {second['NAME']}"
    assert first.geometry.intersection(second.geometry).length > 0
    assert first["BEZIRK"] == second["BEZIRK"] == row["Bezirk"]


@pytest.mark.parametrize("year", YEARS)
def test_small_counts_are_secret_and_zero_is_a_dash(folder, year, people, city):
    for row in read_rows(folder, year):
        if row["Stadtteil"] == "0000" or row["Stadtteil"] == city.forest:
            continue
        parts = [people[year][key] for key in row["Stadtteil"].split("+")]
        for column in COUNTS:
            true = sum(part[column] for part in parts)
            if column not in OPEN and true in {1, 2}:
                assert row[column] == "."
            else:
                assert row[column] != "."
                assert number(row[column]) == true
                assert (row[column] == "-") == (true == 0)


@pytest.mark.parametrize("year", YEARS)
def test_a_handful_of_cells_is_secret_or_zero(folder, year, city):
    inhabited = [row for row in read_rows(folder, year) if row["Stadtteil"] != city.forest]
    cells = [row[column] for row in inhabited for column in COUNTS]
    assert 5 <= cells.count(".") <= 20
    assert 1 <= cells.count("-") <= 8


@pytest.mark.parametrize("year", YEARS)
def test_one_area_is_empty_and_one_is_below_300(folder, year, city):
    rows = {row["Stadtteil"]: row for row in read_rows(folder, year)}
    assert {rows[city.forest][column] for column in COUNTS} == {"-"}
    assert [key for key, row in rows.items() if row["Wohnfläche_je_EW"] == "x"] == [city.forest]
    assert [key for key, row in rows.items() if 0 < number(row["Einwohner"]) < 300] == [city.works]


@pytest.mark.parametrize("year", YEARS)
def test_totals_row_is_the_sum_where_nothing_is_secret(folder, year):
    *rows, totals = read_rows(folder, year)
    checked = 0
    for column in COUNTS:
        counts = [number(row[column]) for row in rows]
        if None not in counts:
            assert number(totals[column]) == sum(counts)
            checked += 1
        else:
            shown = sum(count for count in counts if count is not None)
            hidden = counts.count(None)
            assert hidden <= number(totals[column]) - shown <= 2 * hidden
    assert checked >= len(OPEN)
    weights = [number(row["Einwohner"]) for row in rows]
    spaces = [float(row["Wohnfläche_je_EW"].replace(",", ".").replace("x", "0")) for row in rows]
    mean = sum(w * x for w, x in zip(weights, spaces, strict=True)) / sum(weights)
    assert float(totals["Wohnfläche_je_EW"].replace(",", ".")) == pytest.approx(mean, abs=0.051)


# the people


@pytest.mark.parametrize("seed", [SEED, 1])
def test_true_counts_fit_together(seed):
    years = build_people(build_city(build_cells(seed)[0]), seed)
    for counts in (area for year in years.values() for area in year.values()):
        assert list(counts) == COUNTS
        assert all(isinstance(count, int) and count >= 0 for count in counts.values())
        assert sum(counts[age] for age in AGES) == counts["Einwohner"]
        assert counts["Kinder_U15"] == counts["Alter_0_5"] + counts["Alter_6_14"]
        assert counts["Unter_65"] == counts["Einwohner"] - counts["Alter_65plus"]
        assert counts["Bevölkerung_15_64"] == counts["Alter_15_17"] + counts["Alter_18_64"]
        assert sum(counts[origin] for origin in ORIGINS) == counts["Mit_Migrationshintergrund"]
        assert counts["Ausländer"] <= counts["Mit_Migrationshintergrund"] <= counts["Einwohner"]
        assert counts["SGB2_Personen"] <= counts["Unter_65"]
        assert counts["SGB2_Kinder_U15"] <= min(counts["Kinder_U15"], counts["SGB2_Personen"])
        assert counts["Arbeitslose"] <= counts["Bevölkerung_15_64"]
        assert counts["Sprachförderbedarf"] <= counts["Untersuchte_Kinder"] <= counts["Alter_0_5"]


@pytest.mark.parametrize("year", YEARS)
def test_city_is_of_the_intended_kind(people, year):
    areas = people[year].values()
    city = {column: sum(area[column] for area in areas) for column in COUNTS}
    assert 180_000 < city["Einwohner"] < 260_000
    assert city["Mit_Migrationshintergrund"] / city["Einwohner"] == pytest.approx(0.28, abs=0.02)
    assert city["SGB2_Personen"] / city["Unter_65"] == pytest.approx(0.12, abs=0.01)
    assert city["SGB2_Kinder_U15"] / city["Kinder_U15"] == pytest.approx(0.18, abs=0.01)
    assert city["Arbeitslose"] / city["Bevölkerung_15_64"] == pytest.approx(0.06, abs=0.005)
    assert city["Sprachförderbedarf"] / city["Untersuchte_Kinder"] == pytest.approx(0.25, abs=0.02)
    assert city["Untersuchte_Kinder"] / city["Einwohner"] == pytest.approx(0.03, abs=0.005)
    group, total = city["Mit_Migrationshintergrund"], city["Einwohner"]
    dissimilarity = 0.5 * sum(
        abs(
            area["Mit_Migrationshintergrund"] / group
            - (area["Einwohner"] - area["Mit_Migrationshintergrund"]) / (total - group)
        )
        for area in areas
    )
    assert 0.20 <= dissimilarity <= 0.28


def correlation(xs, ys):
    x_mean, y_mean = sum(xs) / len(xs), sum(ys) / len(ys)
    covariance = sum((x - x_mean) * (y - y_mean) for x, y in zip(xs, ys, strict=True))
    return covariance / math.sqrt(sum((x - x_mean) ** 2 for x in xs) * sum((y - y_mean) ** 2 for y in ys))


def test_need_goes_with_migration_share_only_in_part(people, city):
    areas = [counts for key, counts in people[2024].items() if key != city.works]
    need = [area["SGB2_Personen"] / area["Unter_65"] for area in areas]
    migration = [area["Mit_Migrationshintergrund"] / area["Einwohner"] for area in areas]
    assert 0.45 < correlation(need, migration) < 0.75
    pairs = list(zip(need, migration, strict=True))
    assert any(x > 0.20 and y < 0.25 for x, y in pairs)  # workers' quarters
    assert any(x < 0.12 and y > 0.38 for x, y in pairs)  # arrival quarters


def test_neediest_areas_form_three_contiguous_pockets(people, city):
    polygons = {d.key: shapely.Polygon(d.cell.ring) for d in city.districts}
    rates = {
        key: counts["SGB2_Personen"] / counts["Unter_65"] for key, counts in people[2024].items() if key != city.works
    }
    neediest = sorted(rates, key=rates.__getitem__)[-10:]
    pockets = shapely.union_all([polygons[key] for key in neediest])
    assert 3 <= len(pockets.geoms) <= 5


def test_years_of_one_area_belong_together(people, city):
    keys = [key for key in people[2022] if key != city.works]
    first, last = (
        [people[year][key]["SGB2_Personen"] / people[year][key]["Unter_65"] for key in keys] for year in (2022, 2024)
    )
    changes = [100 * (after - before) for before, after in zip(first, last, strict=True)]
    assert correlation(first, last) > 0.95
    assert min(changes) < -2
    assert max(changes) > 2
    assert sorted(map(abs, changes))[len(changes) // 2] < 1


def test_chance_is_remembered_from_year_to_year(people, city):
    # the share examined is the same everywhere but for chance
    keys = [key for key in people[2022] if key != city.works]
    first, last = (
        [people[year][key]["Untersuchte_Kinder"] / people[year][key]["Alter_0_5"] for key in keys]
        for year in (2022, 2024)
    )
    assert correlation(first, last) > 0.8


def test_draw_stays_between_nobody_and_everybody():
    assert draw(0, 0.5, 3.0) == 0
    assert draw(10, 0.5, 99.0) == 10
    assert draw(10, 0.5, -99.0) == 0
    assert draw(100, 0.2, 1.0) == 24  # 20 + sqrt(100 * 0.2 * 0.8)


# the published profiles


@pytest.fixture(scope="module")
def profiles(folder):
    content = (folder / "modellvorhaben_2011.csv").read_bytes()
    assert b"\r" not in content
    return list(csv.DictReader(content.decode("utf-8").splitlines(), delimiter=";"))


def test_profiles_hold_the_published_figures(profiles):
    # ExWoSt-Informationen 40/1: residents, share, share of the reference
    expected = {
        "Dulsberg": (17700, 39, 28),
        "Lobeda": (22800, 15, 10),
        "Eppinghofen": (11800, 45, 22),
        "Styrum": (15700, 35, 22),
        "Langwasser": (42000, 31, 38),
        "Muggenhof": (10000, 50, 38),
        "Neustadt": (4000, 36, 23),
        "Ehrang/Quint": (9100, 14, 14),
    }
    columns = ("residents", "mh_share", "reference_mh_share")
    assert {row["district"]: tuple(int(row[c]) for c in columns) for row in profiles} == expected
    assert sum(int(row["residents"]) for row in profiles) == 133_100
    sgb2 = {row["district"]: row["sgb2_share"] for row in profiles if row["sgb2_share"]}
    assert sgb2 == {"Eppinghofen": "27", "Styrum": "23"}


def test_profiles_keep_definitions_apart(profiles):
    definitions = {row["mh_definition"] for row in profiles}
    assert len(definitions) >= 4
    by_text = {row["mh_definition"]: row["mh_definition_text"] for row in profiles}
    assert all(by_text[row["mh_definition"]] == row["mh_definition_text"] for row in profiles)
    assert {row["source"] for row in profiles} == {"ExWoSt-Informationen 40/1 (BMVBS/BBSR, 11/2011)"}
    assert all(None not in row and None not in row.values() for row in profiles)
