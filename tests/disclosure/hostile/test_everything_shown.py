"""All files of public releases together: the hostile reader finds nothing with all protections, something without."""

from __future__ import annotations

import tomllib
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from attack import KnownAnyway, _shown_counts, attack, leaks
from attack_files import read_files

import quartiersatlas as qa
from quartiersatlas.errors import ReleaseError, SpecError

WORDS = {"title": "T", "source": "S", "as_of": "2024", "comment": "K"}
KINDS = ("csv", "gpkg", "xlsx", "geojson", "parquet", "html")


def written(release, folder):
    """Write every kind of file and return their folder."""
    folder.mkdir(exist_ok=True)
    for kind in KINDS[:-1]:
        qa.export(release, folder / f"a.{kind}")
    qa.atlas_map(release).save(folder / "a.html")
    qa.report(release, folder / "report.html")
    return folder


def one_by_one(folder):
    return [folder / f"a.{kind}" for kind in KINDS]


# --- the sample city -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sample(outcome):
    return outcome[0]


@pytest.fixture(scope="module")
def sample_known(sample, request):
    with (request.config.rootpath / "sample_data" / "projekt.toml").open("rb") as file:
        pairs = {name: tuple(pair) for name, pair in tomllib.load(file)["indicators"].items()}
    return known_of_sample(sample.data, pairs)


def known_of_sample(data, pairs):
    columns = list(dict.fromkeys([*(source for pair in pairs.values() for source in pair), "Einwohner"]))
    return KnownAnyway(
        data.values[columns].astype(float),
        "Einwohner",
        pairs=pairs,
        groups={"bezirk": data.areas["bezirk"]},
        source=data.status[columns].eq("suppressed"),
        public=tuple({whole for _, whole in pairs.values()} - {"Einwohner"}),
    )


@pytest.fixture(scope="module")
def sample_folder(sample, tmp_path_factory):
    return written(sample.release, tmp_path_factory.mktemp("sample"))


def test_no_file_of_the_sample_city_tells_a_secret_count(sample_folder, sample_known):
    found = attack(sample_folder, sample_known)
    assert len(found) > 5
    assert leaks(found) == set()


@pytest.mark.parametrize("off", [{"min_population": 0}, {"secondary": False}])
def test_without_one_protection_the_sample_city_tells_some(sample, sample_known, off, tmp_path):
    open_release = qa.release(sample.data, protection=qa.Protection(**off))
    assert leaks(attack(qa.export(open_release, tmp_path / "a.csv"), sample_known))


def test_a_released_table_of_the_sample_city_has_an_empty_cell_for_each_secret_count(sample_folder, sample_known):
    found = attack(sample_folder, sample_known)
    for file in one_by_one(sample_folder):
        shown = _shown_counts(read_files(file), sample_known)
        assert shown.notna().to_numpy().sum() > 1000  # the search finds what is shown
        assert not any(
            pd.notna(shown.loc[key, column]) for key, column in zip(found["key"], found["column"], strict=True)
        )


# --- towns in which one protection alone stands between the reader and a count ---------------------------------------


def town(joined, values, rates, **options):
    values = {"residents": [1000.0] * 6, **values}
    data = qa.add_rates(joined(values, **options), rates)
    return data, KnownAnyway(data.values[list(values)].astype(float), pairs=rates)


def test_small_counts_are_found_in_every_file_when_they_are_shown(joined, tmp_path):
    data, known = town(joined, {"mh": [2.0, 400, 300, 1, 200, 100]}, {"mh_share": ("mh", "residents")})
    assert leaks(attack(written(qa.release(data), tmp_path / "safe"), known)) == set()
    files = one_by_one(written(qa.release(data, protection=qa.Protection(min_count=1)), tmp_path / "open"))
    assert all(leaks(attack(file, known)) == {("a0", "mh"), ("d0", "mh")} for file in files)


def test_the_rest_of_a_group_is_found_without_complement_and_not_with_it(joined, tmp_path):
    data, known = town(joined, {"mh": [999.0, 400, 300, 998, 200, 100]}, {"mh_share": ("mh", "residents")})
    assert leaks(attack(written(qa.release(data), tmp_path / "safe"), known)) == set()
    lax = qa.release(data, protection=qa.Protection(protect_remainder=False))
    files = one_by_one(written(lax, tmp_path / "open"))
    assert all(leaks(attack(file, known)) == {("a0", "mh"), ("d0", "mh")} for file in files)


def test_linked_columns_tell_in_pieces_what_none_tells_alone(joined, tmp_path):
    """Two of 60 children are not poor: poor / kids is protected, and so is poor wherever else it stands."""
    rates = {"poor_kids": ("poor", "kids"), "kids_share": ("kids", "residents"), "poor_share": ("poor", "residents")}
    values = {"kids": [60.0, 80, 90, 100, 70, 80], "poor": [58.0, 40, 30, 50, 20, 30]}
    data, known = town(joined, values, rates)
    assert leaks(attack(written(qa.release(data), tmp_path / "safe"), known)) == set()
    (tmp_path / "pieces").mkdir()
    for name, pair in rates.items():  # one table per rate
        qa.export(qa.release(replace(data, rates={name: pair})), tmp_path / "pieces" / f"{name}.csv")
    assert ("a0", "poor") in leaks(attack(tmp_path / "pieces", known))


def test_a_denominator_that_leaves_a_protected_count_too_few_values_is_protected_with_all_made_of_it(joined):
    """One of three children is poor: who knows that there are three has three guesses."""
    rates = {"poor_kids": ("poor", "kids"), "kids_share": ("kids", "residents"), "ill_kids": ("ill", "kids")}
    values = {"kids": [3.0, 80, 90, 100, 70, 80], "poor": [1.0, 40, 30, 50, 20, 30], "ill": [0.0, 9, 8, 7, 9, 8]}
    data, _ = town(joined, values, rates)
    released = qa.release(data)
    assert released.values.loc["a0", list(rates)].isna().all()
    assert released.values.loc["a0", ["kids_share_numerator", "ill_kids_denominator"]].isna().all()


def test_columns_that_add_up_are_found_and_withheld_together(joined, tmp_path):
    values = {
        "a": [2.0, 60, 80, 70, 40, 55, 63, 71, 52, 48],
        "b": [90.0, 30, 20, 70, 44, 51, 33, 60, 72, 41],
        "c": [70.0, 55, 31, 62, 41, 90, 28, 37, 66, 58],
    }
    total = [sum(parts) for parts in zip(*values.values(), strict=True)]
    rates = {f"{name}_share": (name, "residents") for name in ("a", "b", "c", "all")}
    data, known = town(joined, {"residents": [1000.0] * 10, **values, "all": total}, rates)
    known = replace(known, sums=(("all", ("a", "b", "c")),))
    assert leaks(attack(written(qa.release(data), tmp_path / "safe"), known)) == set()
    files = one_by_one(written(qa.release(data, protection=qa.Protection(secondary=False)), tmp_path / "open"))
    assert all(("a0", "a") in leaks(attack(file, known)) for file in files)


def test_a_small_count_of_the_whole_town_is_found_with_many_decimals_only(joined):
    data, _ = town(joined, {"few": [1.0, 0, 0, 1, 0, 0]}, {"rate": ("few", "residents")})

    def numerators(protection):
        column = qa.release(data, protection=protection).column("rate")
        return [k for k in range(6001) if round(100 * k / 6000, column.of_city.decimals) == column.city]

    assert numerators(qa.Protection(decimals=3)) == [2]
    assert {2, 3, 5} <= set(numerators(qa.Protection()))


def test_a_rate_of_rounded_counts_tells_no_more_than_they_do(joined, tmp_path):
    """Two towns with the same rounded counts look the same in every file."""
    towns = [
        town(joined, {"mh": [x, 40.0, 30, 50, 20, 30], "residents": [n] + [1000.0] * 5}, {"r": ("mh", "residents")})[0]
        for x, n in ((98.0, 1001.0), (102.0, 999.0))
    ]
    rounded = qa.Protection(round_base=5)
    for number, data in enumerate(towns):
        written(qa.release(data, protection=rounded), tmp_path / str(number))
    for file in one_by_one(tmp_path / "0"):
        rows = [read_files(folder / file.name).areas.loc["a0"] for folder in (tmp_path / "0", tmp_path / "1")]
        pd.testing.assert_series_equal(*rows)
        assert rows[0]["r"] == 10.0
    exact = [qa.release(data).values.loc["a0", "r_numerator"] for data in towns]
    assert exact == [98, 102]


def test_two_releases_of_one_table_are_found_out_by_the_reader_and_by_the_ledger(joined, tmp_path):
    data, known = town(joined, {"mh": [2.0, 40, 30, 50, 20, 30]}, {"mh_share": ("mh", "residents")})
    lax, strict = qa.Protection(min_count=1), qa.Protection()
    files = [
        qa.export(qa.release(data, protection=p), tmp_path / f"{n}.csv") for n, p in (("lax", lax), ("strict", strict))
    ]
    assert leaks(attack(files[1], known)) == set()
    assert leaks(attack(files, known)) == {("a0", "mh")}
    ledger = qa.Ledger()
    qa.release(data, protection=lax, ledger=ledger, **WORDS)
    assert len(ledger.entries) == 1
    with pytest.raises(ReleaseError, match="shown before") as error:
        qa.release(data, protection=strict, ledger=ledger, **WORDS)
    assert error.value.report[["column", "key"]].to_numpy().tolist() == [["mh", "a0"]]


# --- several dates on one map ----------------------------------------------------------------------------------------


def page_of(tmp_path, release, *earlier):
    return qa.atlas_map(release, earlier=earlier).save(tmp_path / "dates.html")


def test_changes_of_the_sample_city_tell_no_secret_count_of_the_date_before(sample, sample_known, tmp_path):
    before = next(iter(sample.data.changes.values()))[1]
    known = known_of_sample(before, sample_known.pairs)
    names = [*sample.data.rates, *sample.data.changes]
    now = qa.release(sample.data, columns=names, need=sample.need, as_of="31.12.2024")
    found = attack(page_of(tmp_path, now, *sample.atlas.earlier), known, date=1)
    assert len(found) > 5
    assert leaks(found) == set()


@pytest.fixture
def two_dates(joined):
    """Return the later data with the change, and the earlier data with what is true of them."""
    rates = {"mh_share": ("mh", "residents")}
    then, known = town(joined, {"mh": [7.0, 400, 300, 8, 200, 100]}, rates, period="2022")
    now, _ = town(joined, {"mh": [70.0, 410, 290, 80, 210, 90]}, rates, period="2024")
    return qa.add_change(now, then, ["mh_share"]), then, replace(known, min_count=10)


def test_a_change_gives_a_protected_count_of_the_date_before_away_and_is_refused(two_dates, tmp_path, monkeypatch):
    data, then, known = two_dates
    now = qa.release(data, columns=["mh_share", "mh_share_change"], as_of="2024")
    before = qa.release(then, protection=qa.Protection(min_count=10), as_of="2022")
    assert leaks(attack(qa.export(before, tmp_path / "before.csv"), known)) == set()
    with pytest.raises(
        SpecError, match=r"'mh_share_change' would reveal 2 values of 'mh_share' that 2022 protects: 'a0'"
    ):
        qa.atlas_map(now, earlier=[before])
    monkeypatch.setattr("quartiersatlas.present.comparable._check_changes", lambda *_: None)
    assert leaks(attack(page_of(tmp_path, now, before), known, date=1)) == {("a0", "mh"), ("d0", "mh")}


def test_with_one_protection_or_without_the_change_two_dates_stand_together(two_dates, tmp_path):
    data, then, known = two_dates
    strict = qa.Protection(min_count=10)
    for now in (
        qa.release(data, columns=["mh_share", "mh_share_change"], protection=strict, as_of="2024"),
        qa.release(data, as_of="2024"),
    ):
        page = page_of(tmp_path, now, qa.release(then, protection=strict, as_of="2022"))
        assert leaks(attack(page, known, date=1)) == set()


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
    page = page_of(tmp_path, now, qa.release(then, protection=rounded, as_of="2022"))
    later, rows = (read_files(page, date).areas for date in (0, 1))
    assert rows["mh_share_numerator"].tolist() == [5, 400, 300, 10, 200, 100]
    assert np.allclose(later["mh_share"] - later["mh_share_change"], rows["mh_share"])
    counts = {"mh": [70.0, 410, 290, 80, 210, 90], "residents": [1000.0] * 6}
    plain = [qa.join(data.areas, pd.DataFrame(values, index=data.areas.index), period=period) for values, period in
             ((counts, "2024"), (counts | {"mh": [7.0, 403, 300, 8, 200, 100]}, "2022"))]  # fmt: skip
    change = qa.release(qa.add_change(*plain, ["mh"]), columns=["mh_change"], protection=rounded).values["mh_change"]
    assert change["b0"] == 5  # not 7


# --- scores of rounded counts ----------------------------------------------------------------------------------------


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


# --- Berlin ----------------------------------------------------------------------------------------------------------


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
    known = KnownAnyway(
        data.values[[*groups, *whole]],
        "inhabitants",
        pairs=rates,
        groups={"bezirk": data.areas["bezirk"]},
        sums=((whole[0], tuple(whole[1:])),),
        min_count=10,  # the published table has no count below 3
    )
    return qa.add_rates(data, rates), known


@pytest.mark.shared_data
@pytest.mark.parametrize("secondary", [True, False])
def test_no_file_of_berlin_tells_a_small_group_but_some_do_without_secondary_protection(berlin, secondary, tmp_path):
    data, known = berlin
    release = qa.release(data, protection=qa.Protection(min_count=10, secondary=secondary))
    path = written(release, tmp_path) if secondary else qa.export(release, tmp_path / "a.csv")
    found = attack(path, known)
    assert len(found) > 1000
    assert len(leaks(found)) > 10 if not secondary else leaks(found) == set()
