"""What is wrong is called what it is: doubled on both sides, cut off, put together, incomplete; and said in words."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

import quartiersatlas as qa
from quartiersatlas.errors import JoinError, SpecError


def table(*keys, residents=10.0):
    return pd.DataFrame({"residents": residents}, index=pd.Index(keys, name="key"))


# the row count that is right by chance: a key twice, another one lacking


def test_doubled_and_lacking_keys_are_both_named_where_the_counts_agree(row):
    areas = row("04030416", "06010102", "06010102")  # as many areas as rows
    with pytest.raises(JoinError) as caught:
        qa.join(areas, table("04030416", "04030417", "06010102"))
    message, report = str(caught.value), caught.value.report
    assert "1 key has more than one area: '06010102'" in message
    assert "rows without an area: '04030417'" in message
    assert "that the numbers of rows agree proves nothing" in message
    assert report.duplicate_areas == ("06010102",)
    assert report.only_in_table == ("04030417",)


def test_put_together_areas_are_asked_about_where_a_row_has_none(write):
    shapes = [shapely.box(500_000 + x, 5_700_000, 500_100 + x, 5_700_100) for x in (0, 100, 5000)]
    file = write(shapes=shapes, PLR=["04030416", "06010102", "06010102"])
    areas = qa.read_areas(file, key="PLR", dissolve=True)
    with pytest.raises(JoinError) as caught:
        qa.join(areas, table("04030416", "04030417", "06010102"))
    message = str(caught.value)
    assert "1 area was put together from features with the same key: '06010102'" in message
    assert "Does one of these features belong to '04030417'?" in message


def test_doubled_keys_on_both_sides_are_both_listed(row):
    with pytest.raises(
        JoinError, match=r"more than one area: '02'.*more than one row: '01'.*duplicate_areas and err"
    ) as e:
        qa.join(row("01", "02", "02"), table("01", "01", "02"), missing="report")
    assert (e.value.report.duplicate_areas, e.value.report.duplicates) == (("02",), ("01",))


# cut off


def test_a_table_that_stops_too_early_is_called_cut_off(row):
    keys = [f"{i:02d}" for i in range(1, 11)]
    with pytest.raises(JoinError, match=r"last 4 keys in order are all missing, from '07' on.*cut off") as caught:
        qa.join(row(*reversed(keys)), table(*keys[:6]))
    assert caught.value.report.cut_off
    assert "stops before '07'" in repr(qa.join(row(*keys), table(*keys[:6]), missing="report").report)


@pytest.mark.parametrize("lacking", [["09", "10"], ["03", "09", "10"], ["01", "02", "03"]])
def test_other_gaps_are_not_called_cut_off(row, lacking):
    keys = [f"{i:02d}" for i in range(1, 11)]
    report = qa.join(row(*keys), table(*(k for k in keys if k not in lacking)), missing="report").report
    assert not report.cut_off


# how much fitted


def test_shares_of_areas_and_of_residents_are_told_apart(row):
    rows = pd.DataFrame({"residents": [900.0, 50.0, 50.0]}, index=["01", "02", "77"])
    report = qa.join(row("01", "02", "03", "04"), rows, missing="report").report
    assert report.share_areas == 0.5
    assert report.share_residents == 0.95


def test_residents_of_an_earlier_table_weigh_a_later_one(row):
    data = qa.join(row("01", "02"), pd.DataFrame({"residents": [300.0, 100.0]}, index=["01", "02"]))
    data = qa.join(data, pd.DataFrame({"mh": [5.0]}, index=["01"]), missing="report")
    assert data.report.share_residents == 0.75


def test_without_a_population_the_share_of_residents_is_unknown(row):
    report = qa.join(row("01"), pd.DataFrame({"mh": [5.0]}, index=["01"])).report
    assert np.isnan(report.share_residents)
    assert "Einwohner" not in report.verdict()


def test_a_population_in_words_is_not_weighed(row):
    rows = pd.DataFrame({"residents": ["viele", "wenige"]}, index=["01", "02"])
    assert np.isnan(qa.join(row("01", "02"), rows).report.share_residents)


# in words


def test_the_verdict_on_a_complete_join(row):
    report = qa.join(row("01", "02"), table("01", "02", "gesamt")).report
    assert report.verdict() == (
        "table: vollständig. Alle 2 Gebiete haben ihre Zeile. Zugeordnet sind 100,0 % der Einwohner. "
        "Summenzeilen beiseitegelegt: 1."
    )
    assert report.verdict("en") == (
        "table: complete. All 2 areas have their row. 100.0% of the residents found an area. Totals rows set aside: 1."
    )


def test_the_verdict_on_a_join_with_gaps(row):
    report = qa.join(row("01", "02", "03", "04", "05"), table("01", "02", "77"), missing="report").report
    assert report.verdict("en") == (
        "table: incomplete. 2 of 5 areas have their row (40.0%). Areas without a row (3): 03, 04, 05. "
        "Rows without an area (1): 77. The table stops before 03: all areas after it are missing. "
        "66.7% of the residents found an area."
    )
    assert report.verdict("de").startswith("table: unvollständig. 2 von 5 Gebieten haben ihre Zeile (40,0 %).")
    assert "Die Tabelle bricht vor 03 ab" in report.verdict("de")


def test_the_verdict_on_doubled_keys(row):
    with pytest.raises(JoinError) as caught:
        qa.join(row("01", "02"), table("01", "01"))
    assert caught.value.report.verdict("en") == (
        "table: not usable as it is. Keys stand for more than one area or row: 01."
    )
    assert "nicht verwendbar" in caught.value.report.verdict("de")
    with pytest.raises(SpecError, match="lang must be one of"):
        caught.value.report.verdict("fr")


# what holds for all joins

KEYS = st.lists(st.from_regex(r"[0-9]{1,4}", fullmatch=True), min_size=1, max_size=15, unique=True)


@settings(deadline=None)
@given(KEYS, KEYS, st.randoms(use_true_random=False))
def test_the_order_of_rows_and_areas_changes_nothing(area_keys, table_keys, random):
    def joined(areas, rows):
        shapes = [shapely.box(500_000 + 100 * i, 0, 500_100 + 100 * i, 100) for i in range(len(areas))]
        index = pd.Index(areas, name="key", dtype=object)
        frame = gpd.GeoDataFrame({"name": areas}, index=index, geometry=shapes, crs="EPSG:25832")
        counts = pd.DataFrame({"residents": [float(int(key)) for key in rows]}, index=rows)
        try:
            data = qa.join(frame, counts, missing="report")
        except JoinError as error:
            return "refused", error.report
        return data.values["residents"].sort_index().to_dict(), data.report

    shuffled_areas, shuffled_rows = list(area_keys), list(table_keys)
    random.shuffle(shuffled_areas)
    random.shuffle(shuffled_rows)
    values, report = joined(area_keys, table_keys)
    again, report_again = joined(shuffled_areas, shuffled_rows)
    assert repr(values) == repr(again)  # NaN equals itself here
    assert set(report.only_in_areas) == set(report_again.only_in_areas)
    for field in ("n_matched", "only_in_table", "totals_rows", "cut_off", "residents", "suggestions"):
        assert getattr(report, field) == getattr(report_again, field)
    # every key is accounted for once
    everything = {*report.only_in_table, *(key for key, _ in report.totals_rows)}
    assert everything | (set(area_keys) & set(table_keys)) == set(table_keys)
    assert report.n_matched + len(report.only_in_areas) == len(area_keys)
