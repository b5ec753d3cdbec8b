"""Tables as Berlin and Köln publish them."""

from __future__ import annotations

import csv

import pytest

import quartiersatlas as qa
from quartiersatlas.errors import KeyColumnError, NumberError

pytestmark = pytest.mark.shared_data


@pytest.fixture(scope="module")
def koeln(shared):
    return shared / "koeln" / "bevoelkerung.csv"


def naive(file, **where):
    """Read the rows of a file with the standard library alone."""
    with file.open(encoding="utf-8", newline="") as lines:
        return [row for row in csv.DictReader(lines) if all(row[column] == value for column, value in where.items())]


def test_koeln_three_levels_in_one_column_become_86_quarters_with_every_number(koeln):
    table = qa.read_table(
        koeln, key="raum_id", filters={"tab_id": "030", "jahr": 2012}, key_pattern=r"[1-9]\d\d", pivot=("zeile", "zahl")
    )
    assert table.values.shape == (86, 12)
    rows = [row for row in naive(koeln, tab_id="030", jahr="2012") if row["raum_id"][0] != "0"]
    assert len(rows) == 86 * 12
    assert all(table.values.loc[row["raum_id"], row["zeile"]] == float(row["zahl"]) for row in rows)
    assert any(
        note.startswith("key pattern") and "10 other keys set aside ('000', '001'" in note for note in table.notes
    )


def test_koeln_quarters_add_up_to_the_city_of_the_same_column(koeln):
    options = {"filters": {"tab_id": "005", "jahr": 2005}, "pivot": ("zeile", "zahl"), "key": "raum_id"}
    quarters = qa.read_table(koeln, key_pattern=r"[1-9]\d\d", **options).values["Einwohner"]
    boroughs = qa.read_table(koeln, key_pattern=r"00[1-9]", **options).values["Einwohner"]
    city = qa.read_table(koeln, key_pattern="000", **options).values["Einwohner"]
    assert quarters.sum() == boroughs.sum() == city.sum() == 1_023_101


def test_koeln_without_a_year_is_refused_as_every_quarter_is_there_eight_times(koeln):
    with pytest.raises(KeyColumnError, match="such as '000' with 'Einwohner'"):
        qa.read_table(koeln, key="raum_id", filters={"tab_id": "005"}, pivot=("zeile", "zahl"))


def test_koeln_eight_years_become_one_row_per_quarter_and_year(koeln):
    table = qa.read_table(
        koeln,
        key="raum_id",
        filters={"tab_id": "005"},
        key_pattern=r"[1-9]\d\d",
        pivot=(["zeile", "jahr"], "zahl"),
        years="long",
    )
    assert len(table.values) == 86 * 8
    assert sorted(set(table.values["year"])) == [str(year) for year in range(2005, 2013)]


@pytest.mark.parametrize("year", ["2019", "2020", "2021", "2022", "2023", "2024"])
def test_berlin_every_cell_is_the_number_in_the_file(shared, year):
    file = shared / "berlin" / "population" / f"berlin-lor-population-{year}-02-t1-planning-areas.csv"
    table = qa.read_table(file, key="id")
    rows = naive(file)
    assert list(table.values.index) == [row["id"] for row in rows]
    for column in table.values.columns:
        assert table.values[column].tolist() == [float(row[column]) for row in rows]
    assert len(table.problems) == 0


def test_berlin_monitoring_with_its_codes_put_back_is_refused_until_the_profile_is_named(shared, tmp_path):
    source = shared / "indices" / "mss_berlin" / "mss2021_plr.csv"
    rows = source.read_text(encoding="utf-8").splitlines(keepends=True)
    header = rows[0].split(",")
    name = "s1_percentage_unemployed"
    for line in (3, 4, 5):  # areas without a valid index, as the raw edition writes them
        cells = next(csv.reader([rows[line]]))
        rows[line] = rows[line].replace(f",{cells[header.index(name)]},", ",-9999.0,", 1)
    file = tmp_path / "mss.csv"
    file.write_text("".join(rows), encoding="utf-8")
    with pytest.raises(NumberError, match=r"-9999 \(3 times\).*symbols="):
        qa.read_table(file, key="id", columns=[name])
    table = qa.read_table(file, key="id", columns=[name], symbols="berlin_mss")
    assert table.status[name].eq("suppressed").sum() == 3


def test_berlin_a_column_of_dashes_alone_is_told(shared):
    table = qa.read_table(shared / "indices" / "mss_berlin" / "mss2019_plr.csv", key="id")
    assert any(note.startswith("k02_single_parent_households: every cell is '-'") for note in table.notes)


def test_berlin_the_attributes_of_a_shapefile_are_a_table(shared):
    table = qa.read_table(shared / "berlin" / "lor_post2021_PLR" / "lor_planungsraeume_2021.dbf", key="PLR_ID")
    assert len(table.values) == 542
    assert table.values.index.str.len().unique().tolist() == [8]


def test_census_grid_codes_are_refused_until_they_are_named(shared):
    pytest.importorskip("pyarrow", reason="pyarrow (extra parquet) is not installed")
    file = shared / "census_grid_1km" / "continuous_Auslaender_A.parquet"
    with pytest.raises(NumberError, match=r"-1 \(146,845 times\) and -9 \(13,532 times\)"):
        qa.read_table(file, key="x")
    table = qa.read_table(file, key="x", columns=["Auslaender_A"], symbols={"-1": "suppressed", "-9": "missing"})
    assert table.status["Auslaender_A"].value_counts()[["suppressed", "missing"]].tolist() == [146_845, 13_532]
