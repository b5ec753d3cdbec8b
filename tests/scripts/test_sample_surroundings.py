"""What the sample city has beside its tables: grid, ways, noise, timetable, survey, counts by group, years."""

from __future__ import annotations

import csv

import geopandas as gpd
import pandas as pd
import pytest
from pyproj import Transformer
from sample_city.geometry import CENTRE
from sample_city.timetable import degrees

import quartiersatlas as qa

SIZE_OF_ALL_THAT_IS_NEW = 600_000  # bytes: the wheel carries them
NEW = (
    "befragung.csv", "einwohnerraster.csv", "fahrplan_gtfs.zip", "gruppen_2022.csv", "gruppen_2024.csv",
    "laerm.geojson", "projekt_monitoring.toml", "stadtteilbudget.csv", "wege.geojson", "zeitreihe.csv",
)  # fmt: skip


def rows_of(file):
    return list(csv.DictReader(file.read_text(encoding="utf-8").splitlines(), delimiter=";"))


def test_they_weigh_little(folder):
    assert sum((folder / name).stat().st_size for name in NEW) < SIZE_OF_ALL_THAT_IS_NEW


def test_the_grid_adds_up_to_the_districts(folder, districts, people):
    cells = pd.DataFrame(rows_of(folder / "einwohnerraster.csv"))
    points = gpd.GeoDataFrame(
        cells[["Einwohner", "Alter_0_5"]].astype(int),
        geometry=gpd.points_from_xy(cells["X"].astype(float), cells["Y"].astype(float)),
        crs=districts.crs,
    )
    inside = points.sjoin(districts[["geometry"]], predicate="within")
    assert len(inside) == len(points)
    sums = inside.groupby("STADTTEIL")[["Einwohner", "Alter_0_5"]].sum()
    assert sums.to_dict("index") == {
        key: {name: of[name] for name in ("Einwohner", "Alter_0_5")} for key, of in sorted(people[2024].items())
    }


def test_stops_lie_where_pyproj_puts_them():
    back = Transformer.from_crs("EPSG:25832", "EPSG:4326", always_xy=True)
    for east, north in ((0, 0), (-7000, 6500), (8000, -4200), (40_000, -90_000)):
        point = CENTRE[0] + east, CENTRE[1] + north
        assert degrees(point) == pytest.approx(back.transform(*point), abs=1e-8)  # 1 mm


def test_the_timetable_runs_by_weekday_and_holiday(folder):
    counts = {
        day: qa.departures(folder / "fahrplan_gtfs.zip", day)["departures"].sum()
        for day in ("2025-03-11", "2025-03-15", "2024-12-25", "2025-05-01")
    }
    assert counts["2025-03-11"] > counts["2025-03-15"] > 0
    assert counts["2024-12-25"] == counts["2025-05-01"] == counts["2025-03-15"]  # holidays on weekdays


def test_ways_hang_together_over_bridges_alone(folder):
    ways = gpd.read_file(folder / "wege.geojson")
    assert qa.read_network(ways).components == 1
    level = ways[ways["bridge"] == "no"]
    river = gpd.read_file(folder / "fluss.geojson").union_all()
    assert qa.read_network(level).components == 2  # one on each bank
    assert not level.intersects(river).any()
    assert ways[ways["bridge"] == "yes"].crosses(river).all()


def test_noise_bands_are_valid_and_nested(folder):
    bands = gpd.read_file(folder / "laerm.geojson")
    assert bands.is_valid.all()
    union = {level: part.union_all() for level, part in bands.groupby("AB_DBA")}
    assert union[55].covers(union[60].buffer(-0.1))
    assert union[60].covers(union[65].buffer(-0.1))


def test_counts_by_group_fit_into_those_of_all(folder):
    for year in (2022, 2024):
        groups = qa.read_table(folder / f"gruppen_{year}.csv", key="Stadtteil").values
        whole = qa.read_table(folder / f"indikatoren_{year}.csv", key="Stadtteil").values.reindex(groups.index)
        assert groups["Unter_65_MH"].le(whole["Mit_Migrationshintergrund"].fillna(9e9)).all()
        others = whole["Unter_65"] - groups["Unter_65_MH"], whole["SGB2_Personen"] - groups["SGB2_MH"]
        assert (others[0] >= 0).all()
        assert (others[1].dropna() >= 0).all()
        assert (others[1] <= others[0])[others[1].notna()].all()


def test_weights_of_the_survey_add_up_to_adults(folder, people):
    answers = rows_of(folder / "befragung.csv")
    weights = sum(float(row["Gewicht"].replace(",", ".")) for row in answers)
    adults = sum(of["Alter_18_64"] + of["Alter_65plus"] for of in people[2024].values())
    assert 100 * weights == pytest.approx(adults, rel=0.03)  # a cell where nobody answered has no weight
    assert {row["Wohnt_gern_hier"] for row in answers} == {"0", "1", ""}


def test_years_before_go_over_into_the_tables(folder):
    """A district's rate of 2021 is nearer to its own of 2022 than to that of other districts."""
    before = pd.DataFrame(rows_of(folder / "zeitreihe.csv"))
    assert sorted(before["Jahr"].unique()) == ["2017", "2018", "2019", "2020", "2021"]
    last = before[before["Jahr"] == "2021"].set_index("Stadtteil")[["Unter_65", "SGB2_Personen"]]
    last = last.apply(pd.to_numeric, errors="coerce")
    later = qa.read_table(folder / "indikatoren_2022.csv", key="Stadtteil").values
    rate = (last["SGB2_Personen"] / last["Unter_65"]).dropna()
    then = (later["SGB2_Personen"] / later["Unter_65"]).reindex(rate.index)
    assert rate.corr(then) > 0.97


def test_the_register_is_the_same_in_both_forms(folder):
    workbook, files = qa.read_measures(folder / "massnahmen.xlsx"), qa.read_measures(folder / "massnahmen")
    for name in ("measures", "funding", "aims", "targets", "participation", "knowledge"):
        pd.testing.assert_frame_equal(getattr(files, name), getattr(workbook, name))
