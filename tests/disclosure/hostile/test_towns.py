"""Towns of every make, released as they are: the hostile reader finds nothing in any file that could be helped."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from attack import KnownAnyway, attack, leaks
from attack_derived import attack_derived, same_scores, same_segregation
from towns import WORDS, Plan, Town, _joined, any_town, frame, one_small_count, town

import quartiersatlas as qa

pytestmark = pytest.mark.filterwarnings("ignore:Need index:UserWarning")


def written(release, folder):
    """Write the table and the map: what is in other files is in these."""
    folder.mkdir(exist_ok=True)
    qa.export(release, folder / "a.csv")
    qa.atlas_map(release).save(folder / "map.html")
    return folder


def found_in(town, folder):
    return attack(qa.export(town.release(), folder / "a.csv"), town.known)


def test_a_town_is_what_it_is_said_to_be():
    one = town(3, n_areas=20, secret=0.5, missing=3, absent=1, inexact=2, small_areas=2, parents="nested", dates=2)
    counts, status = one.known.counts, one.data.status[one.known.counts.columns]
    assert status.eq("suppressed").equals(one.known.mask("source"))
    assert status.drop(columns="residents").eq("missing").equals(one.known.mask("missing").drop(columns="residents"))
    shown = status.isin(["value", "zero"])
    assert (one.data.values[counts.columns].where(shown) == counts.where(shown)).where(shown, other=True).all(axis=None)
    groups = list(one.known.sums[0][1])
    assert (counts["all"] - counts[groups].sum(axis=1)).ne(0).sum() == 2
    assert (counts["foreign"] <= counts["all"]).all()
    assert counts["residents"].lt(300).sum() == 2
    assert one.data.areas.groupby("district")["region"].nunique().eq(1).all()
    assert one.earlier.data.period == "2020"
    assert town(3, n_areas=20).known.counts.equals(town(3, n_areas=20).known.counts)


@pytest.mark.parametrize("variant", ["T1", "T2", "T3", "T4"])
def test_four_cells_are_enough_for_the_town_of_twelve_areas(variant, tmp_path):
    one = frame(variant)
    release = one.release()
    assert leaks(attack(written(release, tmp_path), one.known)) == set()
    numerators = [f"{column}_share_numerator" for column in ("a", "b", "c", "all")]
    withheld = release.values[numerators].isna().sum().sum()
    assert withheld == 4


@pytest.mark.parametrize("n_areas", [5, 7, 9, 11])
@pytest.mark.parametrize("seed", [1, 2])
def test_small_towns(n_areas, seed, tmp_path):
    assert leaks(found_in(town(seed, n_areas=n_areas, parents=""), tmp_path)) == set()


@pytest.mark.parametrize(
    ("seed", "parents"), [(1, ""), (1, "one"), (1, "nested"), (1, "crossing"), (2, "one"), (2, "crossing")]
)
def test_larger_towns(seed, parents, tmp_path):
    assert leaks(found_in(town(seed, n_areas={1: 25, 2: 40}[seed], parents=parents), tmp_path)) == set()


@pytest.mark.parametrize(("seed", "inexact"), [(1, 1), (2, 3)])
def test_a_whole_that_is_off_in_some_rows(seed, inexact, tmp_path):
    assert leaks(found_in(town(seed, n_areas=14, parents="", inexact=inexact), tmp_path)) == set()


@pytest.mark.parametrize(("seed", "parents"), [(1, ""), (2, "one"), (1, "one")])
def test_cells_that_came_secret(seed, parents, tmp_path):
    assert leaks(found_in(town(seed, n_areas=16, parents=parents, secret=0.6), tmp_path)) == set()


def test_a_secret_cell_follows_wrongly_where_its_sum_is_off(tmp_path):
    """02/a is 2, though all less the others is 4; it is neither large nor company for the one person of 05."""
    one = frame("T4")
    counts = one.known.counts.copy()
    counts.loc["02", "all"] += 2
    counts.loc["05", ["a", "all"]] -= 60
    known = replace(one.known, counts=counts)
    one = Town(_joined(one.data.areas, known, Plan(declared=True), "2024"), known)
    found = attack(qa.export(one.release(), tmp_path / "a.csv"), known)
    assert found.set_index(["key", "column"])["verdict"].loc[[("02", "a"), ("05", "a")]].isin(["open", "marked"]).all()
    assert leaks(found) == set()


@pytest.mark.parametrize("seed", [*range(14), 22, 31])
def test_towns_with_everything_that_can_be_wrong_with_one(seed, tmp_path):
    """More of them: ``python scripts/fuzz.py protection``."""
    one, protection = any_town(seed, n_areas=5 + seed % 8)
    release = one.release(protection=qa.Protection(**protection))
    assert leaks(attack(qa.export(release, tmp_path / "a.csv"), one.known)) == set()


def test_secret_cells_of_the_sample_city_do_not_follow_from_its_sums(outcome, tmp_path):
    data = outcome[0].data
    groups = [column for column in data.values if column.startswith("Herkunft_")]
    columns = ["Einwohner", "Mit_Migrationshintergrund", "Ausländer", *groups]
    data = qa.add_rates(data, {f"{column}_quote": (column, "Einwohner") for column in columns[1:]})
    release = qa.release(data, columns=[f"{column}_quote" for column in columns[1:]])
    known = KnownAnyway(
        data.values[columns].astype(float),
        "Einwohner",
        pairs={f"{column}_quote": (column, "Einwohner") for column in columns[1:]},
        groups={"bezirk": data.areas["bezirk"]},
        sums=(("Mit_Migrationshintergrund", tuple(groups)),),
        parts=(("Ausländer", "Mit_Migrationshintergrund"),),
        source=data.status[columns].eq("suppressed"),
    )
    assert known.source.to_numpy().sum() == 5
    assert leaks(attack(qa.export(release, tmp_path / "a.csv"), known)) == set()


@pytest.mark.parametrize("seed", [1, 2])
def test_cells_and_areas_that_did_not_come(seed, tmp_path):
    assert leaks(found_in(town(seed, n_areas=16, missing=4, absent=1), tmp_path)) == set()


@pytest.mark.parametrize("seed", [1, 2])
def test_areas_of_few_residents(seed, tmp_path):
    assert leaks(found_in(town(seed, n_areas=15, small_areas=2), tmp_path)) == set()


@pytest.mark.parametrize("min_count", [5, 10])
def test_stricter_rules(min_count, tmp_path):
    one = town(4, n_areas=20, parents="one")
    folder = written(one.release(protection=qa.Protection(min_count=min_count)), tmp_path)
    assert leaks(attack(folder, replace(one.known, min_count=min_count))) == set()


@pytest.mark.parametrize("seed", [1, 2])
def test_every_column_of_its_own_release_with_one_ledger(seed, tmp_path):
    one, ledger = town(seed, n_areas=18, parents="one"), qa.Ledger()
    for k, rate in enumerate(one.data.rates):
        qa.export(qa.release(one.data, columns=[rate], ledger=ledger, **WORDS), tmp_path / f"{k}.csv")
    assert leaks(attack(tmp_path, one.known)) == set()


@pytest.mark.parametrize("seed", [1, 2])
def test_a_map_of_two_dates(seed, tmp_path):
    one = town(seed, n_areas=14, parents="", dates=2)
    now, then = one.release(), one.earlier.release(as_of="2020")
    page = qa.atlas_map(now, earlier=[then]).save(tmp_path / "map.html")
    assert leaks(attack(page, one.known)) == set()
    assert leaks(attack(page, one.earlier.known, date=1)) == set()


def written_change(release, folder):
    """Write what a change shows of its earlier date as the table it would be."""
    table = release.change.table
    counts = {
        f"{name}_{part}": rows.set_index("key")[f"{short}_earlier"]
        for name, rows in table.groupby("indicator")
        for part, short in (("numerator", "x"), ("denominator", "n"))
    }
    folder.mkdir()
    pd.DataFrame(counts).rename_axis("key").to_csv(folder / "then.csv", sep=";")
    return folder


@pytest.mark.parametrize(("seed", "secondary"), [(1, True), (2, True), (1, False)])
def test_a_change_tells_no_withheld_count_of_the_date_before(seed, secondary, tmp_path):
    one = town(seed, n_areas=9, parents="", dates=2, declared=True)
    change = qa.change(one.earlier.data, one.data, indicators=list(one.data.rates), breaks="report")
    release = one.release(change=change, protection=qa.Protection(secondary=secondary))
    assert release.audit().ok == secondary
    found = leaks(attack(written_change(release, tmp_path / "then"), one.earlier.known))
    assert bool(found) != secondary


# --- indices and scores ----------------------------------------------------------------------------------------------


def pairs_of_withheld_cells(town, release):
    """Give the small withheld counts, each with the withheld cells of its column."""
    counts = town.known.counts
    for rate, (column, _) in town.known.pairs.items():
        withheld = counts.index[release.values[f"{rate}_numerator"].isna()]
        if column.startswith("g") and counts.loc[withheld, column].between(1, 2).any() and len(withheld) <= 4:
            yield [(key, column) for key in withheld]


def with_counts(one, counts):
    """Give what the user would have if the counts were others."""
    values = one.data.values.copy()
    values[counts.columns] = counts
    return replace(one.data, values=values)


@pytest.mark.parametrize("seed", range(1, 5))
def test_printed_indices_of_segregation_tell_no_withheld_count(seed, tmp_path):
    one = one_small_count(seed)
    groups = ["g0", "g1", "g2"]
    release = one.release(segregation=qa.measure_segregation(one.data, groups))
    qa.export(release, tmp_path / "a.csv")
    if release.segregation is not None and len(release.segregation):
        qa.export(release, tmp_path / "s.csv", table="segregation")

    def prints_the_same(seen, counts):
        if seen.segregation.empty:
            return True
        return same_segregation(seen.segregation, qa.measure_segregation(with_counts(one, counts), groups).table)

    for cells in pairs_of_withheld_cells(one, release):
        assert leaks(attack_derived(tmp_path, one.known, cells, prints_the_same)) == set()


@pytest.mark.filterwarnings("ignore:.*another class")
@pytest.mark.parametrize("seed", range(1, 4))
def test_printed_scores_tell_no_withheld_count(seed, tmp_path):
    one = one_small_count(seed, 12)
    high = {"id": "high", "label_de": "hoch", "label_en": "high"}
    low = {"id": "low", "upper": 0.0, "label_de": "niedrig", "label_en": "low"}
    axis = {"id": "status", "label_de": "S", "label_en": "S", "classes": [low, high], "standardise": {"method": "z"}}
    axis |= {"indicators": [{"id": "g0_share"}, {"id": "g1_share"}]}
    spec = qa.NeedSpec.from_dict({"id": "i", "source": "s", "axes": [axis]})
    release = one.release(need=qa.need_index(one.data, spec))
    qa.export(release, tmp_path / "a.csv")

    def prints_the_same(seen, counts):
        if "need_status" not in seen.areas:
            return True
        return same_scores(seen, qa.need_index(with_counts(one, counts), spec).scores["status"], "status")

    for cells in pairs_of_withheld_cells(one, release):
        if cells[0][1] in ("g0", "g1"):
            assert leaks(attack_derived(tmp_path, one.known, cells, prints_the_same)) == set()
