"""What a hostile reader finds in the files of public releases: nothing with all protections, something without each."""

from __future__ import annotations

import importlib.util
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.errors import ReleaseError, SpecError
from quartiersatlas.project import check_project

spec = importlib.util.spec_from_file_location("hostile_reader", Path(__file__).with_name("hostile_reader.py"))
reader = sys.modules["hostile_reader"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(reader)

WORDS = {"title": "T", "source": "S", "as_of": "2024", "comment": "K"}


@pytest.fixture(scope="module")
def sample(request):
    return check_project(request.config.rootpath / "sample_data" / "projekt.toml")


@pytest.fixture(scope="module")
def sample_truth(sample, request):
    with (request.config.rootpath / "sample_data" / "projekt.toml").open("rb") as file:
        pairs = {name: tuple(pair) for name, pair in tomllib.load(file)["indicators"].items()}
    columns = list(dict.fromkeys([*(source for pair in pairs.values() for source in pair), "Einwohner"]))
    # a count that is secret in the source is unknown to us as well: its district has no total to subtract from
    return reader.Truth(sample.data.values[columns], pairs, "Einwohner", (sample.data.areas["bezirk"],))


def test_no_file_of_the_sample_city_tells_a_secret_count(sample, sample_truth, tmp_path):
    assert sample_truth.secret().to_numpy().sum() > 5
    assert reader.recovered(reader.all_files(sample.release, tmp_path), sample_truth, rates=True) == set()


@pytest.mark.parametrize("off", [{"min_population": 0}, {"secondary": False}])
def test_without_one_protection_the_sample_city_tells_some(sample, sample_truth, off, tmp_path):
    open_release = qa.release(sample.data, protection=qa.Protection(**off))
    assert reader.recovered(reader.rows_of_csv(qa.export(open_release, tmp_path / "a.csv")), sample_truth)


def test_a_released_table_of_the_sample_city_has_an_empty_cell_for_each_secret_count(sample, sample_truth, tmp_path):
    secret = sample_truth.secret()
    for rows in reader.written(sample.release, tmp_path).values():
        shown = reader.shown_counts(rows, sample_truth)
        assert shown.notna().to_numpy().sum() > 1000  # the search finds what is shown
        assert not (shown.notna() & secret).to_numpy().any()


# --- towns in which one protection alone stands between the reader and a count ----------------------------------------


def town(joined, values, rates, **options):
    values = {"residents": [1000.0] * 6, **values}
    data = qa.add_rates(joined(values, **options), rates)
    return data, reader.Truth(data.values[list(values)].astype(float), rates, "residents")


def test_small_counts_are_found_in_every_file_when_they_are_shown(joined, tmp_path):
    data, truth = town(joined, {"mh": [2.0, 400, 300, 1, 200, 100]}, {"mh_share": ("mh", "residents")})
    assert reader.recovered(reader.all_files(qa.release(data), tmp_path), truth, rates=True) == set()
    rows = reader.written(qa.release(data, protection=qa.Protection(min_count=1)), tmp_path)
    assert all(reader.recovered(r, truth) == {("a0", "mh"), ("d0", "mh")} for r in rows.values())


def test_a_rounded_percentage_is_as_good_as_the_count(joined):
    """A table with rates alone: one decimal on 1000 residents is the number of persons."""
    data, truth = town(joined, {"mh": [2.0, 400, 300, 1, 200, 100]}, {"mh_share": ("mh", "residents")})
    rates = qa.release(data, protection=qa.Protection(min_count=1)).values[["mh_share"]]
    assert reader.recovered(rates, truth, rates=True) == {("a0", "mh"), ("d0", "mh")}
    assert reader.recovered(rates, truth) == set()


def test_the_rest_of_a_group_is_found_without_complement_and_not_with_it(joined, tmp_path):
    values = {"mh": [999.0, 400, 300, 998, 200, 100]}
    data, truth = town(joined, values, {"mh_share": ("mh", "residents")})
    assert reader.recovered(reader.all_files(qa.release(data), tmp_path), truth, rates=True) == set()
    rows = reader.written(qa.release(data, protection=qa.Protection(protect_remainder=False)), tmp_path)
    assert all(reader.recovered(r, truth) == {("a0", "mh"), ("d0", "mh")} for r in rows.values())


def test_linked_columns_tell_in_pieces_what_none_tells_alone(joined, tmp_path):
    """Two of 60 children are not poor: poor / kids is protected, and so is poor wherever else it stands."""
    rates = {"poor_kids": ("poor", "kids"), "kids_share": ("kids", "residents"), "poor_share": ("poor", "residents")}
    values = {"kids": [60.0, 80, 90, 100, 70, 80], "poor": [58.0, 40, 30, 50, 20, 30]}
    data, truth = town(joined, values, rates)
    assert reader.recovered(reader.all_files(qa.release(data), tmp_path), truth, rates=True) == set()
    pieces = [qa.release(replace_rates(data, {name: rates[name]})).values for name in rates]  # one table per rate
    assert ("a0", "poor") in reader.recovered(pd.concat(pieces, axis=1), truth)


def test_a_denominator_that_leaves_a_protected_count_too_few_values_is_protected_with_all_made_of_it(joined):
    """One of three children is poor: who knows that there are three has three guesses."""
    rates = {"poor_kids": ("poor", "kids"), "kids_share": ("kids", "residents"), "ill_kids": ("ill", "kids")}
    values = {"kids": [3.0, 80, 90, 100, 70, 80], "poor": [1.0, 40, 30, 50, 20, 30], "ill": [0.0, 9, 8, 7, 9, 8]}
    data, _ = town(joined, values, rates)
    released = qa.release(data)
    assert released.values.loc["a0", list(rates)].isna().all()
    assert released.values.loc["a0", ["kids_share_numerator", "ill_kids_denominator"]].isna().all()


def replace_rates(data, rates):
    return replace(data, rates=rates)


def test_columns_that_add_up_are_found_and_held_back_together(joined, tmp_path):
    values = {
        "a": [2.0, 60, 80, 70, 40, 55, 63, 71, 52, 48],
        "b": [90.0, 30, 20, 70, 44, 51, 33, 60, 72, 41],
        "c": [70.0, 55, 31, 62, 41, 90, 28, 37, 66, 58],
    }
    total = [sum(parts) for parts in zip(*values.values(), strict=True)]
    rates = {f"{name}_share": (name, "residents") for name in ("a", "b", "c", "all")}
    data, truth = town(joined, {"residents": [1000.0] * 10, **values, "all": total}, rates)
    truth = replace(truth, sums=({"all": 1, "a": -1, "b": -1, "c": -1},))
    assert reader.recovered(reader.all_files(qa.release(data), tmp_path), truth, rates=True) == set()
    rows = reader.written(qa.release(data, protection=qa.Protection(secondary=False)), tmp_path)
    assert all(("a0", "a") in reader.recovered(r, truth) for r in rows.values())


def test_a_small_count_of_the_whole_town_is_found_with_many_decimals_only(joined):
    data, _ = town(joined, {"few": [1.0, 0, 0, 1, 0, 0]}, {"rate": ("few", "residents")})

    def numerators(protection):
        column = qa.release(data, protection=protection).column("rate")
        return [k for k in range(6001) if round(100 * k / 6000, column.decimals) == column.city]

    assert numerators(qa.Protection(decimals=3)) == [2]
    assert {2, 3, 5} <= set(numerators(qa.Protection()))


def test_a_rate_of_rounded_counts_tells_no_more_than_they_do(joined, tmp_path):
    """Two towns with the same rounded counts look the same in every file."""
    towns = [
        town(joined, {"mh": [x, 40.0, 30, 50, 20, 30], "residents": [n] + [1000.0] * 5}, {"r": ("mh", "residents")})[0]
        for x, n in ((98.0, 1001.0), (102.0, 999.0))
    ]
    files = [reader.written(qa.release(data, protection=qa.Protection(round_base=5)), tmp_path) for data in towns]
    pd.testing.assert_frame_equal(files[0]["csv"].loc[["a0"]], files[1]["csv"].loc[["a0"]])
    assert files[0]["gpkg"].loc["a0", "r"] == 10.0
    exact = [reader.written(qa.release(data), tmp_path)["csv"].loc["a0", "r_numerator"] for data in towns]
    assert exact == [98, 102]


def test_two_releases_of_one_table_are_found_out_by_the_reader_and_by_the_ledger(joined, tmp_path):
    data, truth = town(joined, {"mh": [2.0, 40, 30, 50, 20, 30]}, {"mh_share": ("mh", "residents")})
    lax, strict = qa.Protection(min_count=1), qa.Protection()
    tables = [reader.written(qa.release(data, protection=p), tmp_path)["csv"] for p in (lax, strict)]
    assert reader.recovered(tables[1], truth) == set()
    assert reader.recovered(tables[1].combine_first(tables[0]), truth) == {("a0", "mh")}
    ledger = qa.Ledger()
    qa.release(data, protection=lax, ledger=ledger, **WORDS)
    assert len(ledger.entries) == 1
    with pytest.raises(ReleaseError, match="shown before") as error:
        qa.release(data, protection=strict, ledger=ledger, **WORDS)
    assert error.value.report[["column", "key"]].to_numpy().tolist() == [["mh", "a0"]]


# --- several dates on one map -----------------------------------------------------------------------------------------


def dates_of(tmp_path, release, *earlier):
    """Return the rows of each date on one map."""
    path = qa.atlas_map(release, earlier=earlier).save(tmp_path / "dates.html")
    return [reader.rows_of_map(path, date) for date in range(1 + len(earlier))]


def test_changes_of_the_sample_city_tell_no_secret_count_of_the_date_before(sample, sample_truth, tmp_path):
    before = next(iter(sample.data.changes.values()))[1]
    truth = replace(sample_truth, counts=before.values[sample_truth.counts.columns].astype(float))
    assert truth.secret().to_numpy().sum() > 5
    names = [*sample.data.rates, *sample.data.changes]
    now = qa.release(sample.data, columns=names, need=sample.need, as_of="31.12.2024")
    later, rows = dates_of(tmp_path, now, *sample.atlas.earlier)
    assert reader.recovered(rows, truth, rates=True, later=later) == set()


@pytest.fixture
def two_dates(joined):
    """Return the later data with the change, and the earlier data with what is true of them."""
    rates = {"mh_share": ("mh", "residents")}
    then, truth = town(joined, {"mh": [7.0, 400, 300, 8, 200, 100]}, rates, period="2022")
    now, _ = town(joined, {"mh": [70.0, 410, 290, 80, 210, 90]}, rates, period="2024")
    return qa.add_change(now, then, ["mh_share"]), then, replace(truth, min_count=10)


def test_a_change_gives_a_protected_count_of_the_date_before_away_and_is_refused(two_dates, tmp_path, monkeypatch):
    data, then, truth = two_dates
    now = qa.release(data, columns=["mh_share", "mh_share_change"], as_of="2024")
    before = qa.release(then, protection=qa.Protection(min_count=10), as_of="2022")
    with pytest.raises(
        SpecError, match=r"'mh_share_change' would reveal 2 values of 'mh_share' that 2022 protects: 'a0'"
    ):
        qa.atlas_map(now, earlier=[before])
    monkeypatch.setattr("quartiersatlas.present.comparable._check_changes", lambda *_: None)
    later, rows = dates_of(tmp_path, now, before)
    assert reader.recovered(rows, truth, rates=True) == set()
    assert reader.recovered(rows, truth, rates=True, later=later) == {("a0", "mh"), ("d0", "mh")}


def test_with_one_protection_or_without_the_change_two_dates_stand_together(two_dates, tmp_path):
    data, then, truth = two_dates
    strict = qa.Protection(min_count=10)
    for now in (
        qa.release(data, columns=["mh_share", "mh_share_change"], protection=strict, as_of="2024"),
        qa.release(data, as_of="2024"),
    ):
        later, rows = dates_of(tmp_path, now, qa.release(then, protection=strict, as_of="2022"))
        assert reader.recovered(rows, truth, rates=True, later=later) == set()


def test_a_change_since_another_date_tells_nothing_of_the_one_between(two_dates, joined):
    data, then, _ = two_dates
    between = qa.release(
        qa.add_rates(joined({"mh": [9.0, 350, 330, 200, 150, 120], "residents": [1000.0] * 6}), then.rates),
        protection=qa.Protection(min_count=10),
        as_of="2023",
    )
    atlas = qa.atlas_map(qa.release(data, columns=["mh_share", "mh_share_change"], as_of="2024"), earlier=[between])
    assert [part.as_of for part in atlas.earlier] == ["2023"]


def test_an_exact_change_beside_rounded_counts_is_refused(two_dates):
    data, then, _ = two_dates
    now = qa.release(data, columns=["mh_share", "mh_share_change"], as_of="2024")
    with pytest.raises(SpecError, match=r"would reveal 6 values of 'mh_share' that 2022 protects"):
        qa.atlas_map(now, earlier=[qa.release(then, protection=qa.Protection(round_base=5), as_of="2022")])


def test_a_change_of_rounded_counts_tells_no_more_than_they_do(two_dates, tmp_path):
    data, then, _ = two_dates
    rounded = qa.Protection(round_base=5)
    now = qa.release(data, columns=["mh_share", "mh_share_change"], protection=rounded, as_of="2024")
    later, rows = dates_of(tmp_path, now, qa.release(then, protection=rounded, as_of="2022"))
    assert rows["mh_share_numerator"].tolist() == [5, 400, 300, 10, 200, 100]
    assert np.allclose(later["mh_share"] - later["mh_share_change"], rows["mh_share"])
    counts = {"mh": [70.0, 410, 290, 80, 210, 90], "residents": [1000.0] * 6}
    plain = [qa.join(data.areas, pd.DataFrame(values, index=data.areas.index), period=period) for values, period in
             ((counts, "2024"), (counts | {"mh": [7.0, 403, 300, 8, 200, 100]}, "2022"))]  # fmt: skip
    change = qa.release(qa.add_change(*plain, ["mh"]), columns=["mh_change"], protection=rounded).values["mh_change"]
    assert change["b0"] == 5  # not 7


@pytest.mark.filterwarnings("ignore:Need index 'i'")  # few areas
def test_contributions_stay_inside_and_scores_are_coarser_where_counts_leave_rounded(joined):
    """On a scale from 0 to 100 a contribution or score with one decimal is the exact count."""
    data, _ = town(joined, {"mh": [102.0, 400, 300, 203, 197, 100]}, {"sgb2_rate": ("mh", "residents")})
    everywhere = {"id": "all", "label_de": "überall", "label_en": "everywhere"}
    axis = {
        "id": "status",
        "label_de": "S",
        "label_en": "S",
        "normalise": {"method": "minmax", "low": 0, "high": 100},
        "classes": [everywhere],
    }
    spec = qa.NeedSpec.from_dict({"id": "i", "source": "s", "axes": [axis | {"indicators": [{"id": "sgb2_rate"}]}]})
    need = qa.need_index(data, spec)
    part = qa.release(data, need=need).drivers["status", "sgb2_rate"].dropna()
    exact = 100 + 3 * (part - part.min())  # 300 persons are 100 points
    assert (exact.round() == data.values["mh"]).all()
    rounded = qa.release(data, need=need, protection=qa.Protection(round_base=5))
    assert rounded.drivers is None
    told = 100 + 3 * rounded.values["need_status"]
    assert (told - data.values["mh"]).abs().max() >= 1
    assert ((100 + 3 * (100 * (data.values["mh"] - 100) / 300).round(1)).round() == data.values["mh"]).all()


# --- Berlin --------------------------------------------------------------------------------------------------------

BERLIN_MIN = 10  # the published table has no count below 3


@pytest.fixture(scope="module")
def berlin(shared):
    folder = shared / "berlin"
    areas = qa.read_areas(
        folder / "lor_post2021_PLR" / "lor_planungsraeume_2021.shp",
        key="PLR_ID",
        name="PLR_NAME",
        parents={"bezirk": "BEZ"},
    )
    people = folder / "population" / "berlin-lor-population-2024-02-t1-planning-areas.csv"
    origin = pd.read_csv(
        folder / "population" / "berlin-lor-population-2024-02-t4-planning-areas.csv", dtype={"id": str}
    ).set_index("id")
    groups = [c for c in origin if c.startswith("inhabitants_from_") and not c.endswith("_percentage")]
    whole = ["inhabitants", "inhabitants_with_migration_background", "inhabitants_germans_without_migration_background"]
    data = qa.join(areas, qa.read_table(people, key="id", columns=whole), population="inhabitants", period="12/2024")
    data = qa.join(data, origin[groups])
    rates = {f"{name}_share": (name, "inhabitants") for name in [*groups, *whole[1:]]}
    data = qa.add_rates(data, rates)
    sums = ({whole[0]: 1, whole[1]: -1, whole[2]: -1},)
    truth = reader.Truth(
        data.values[[*groups, *whole]], rates, "inhabitants", (data.areas["bezirk"],), sums, BERLIN_MIN
    )
    return data, truth


@pytest.mark.shared_data
def test_no_file_of_berlin_tells_a_small_group(berlin, tmp_path):
    data, truth = berlin
    assert truth.secret().to_numpy().sum() > 1000
    release = qa.release(data, protection=qa.Protection(min_count=BERLIN_MIN))
    assert reader.recovered(reader.all_files(release, tmp_path), truth, rates=True) == set()


@pytest.mark.shared_data
def test_without_secondary_protection_berlin_tells_some(berlin, tmp_path):
    data, truth = berlin
    release = qa.release(data, protection=qa.Protection(min_count=BERLIN_MIN, secondary=False))
    qa.export(release, tmp_path / "a.csv")
    assert len(reader.recovered(reader.rows_of_csv(tmp_path / "a.csv"), truth)) > 10
