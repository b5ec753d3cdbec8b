from __future__ import annotations

import pickle
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import quartiersatlas as qa
from quartiersatlas.disclosure.derived.filled import fill_withheld
from quartiersatlas.disclosure.derived.grouped import shown_candidates
from quartiersatlas.disclosure.derived.recompute import compute_again, difference_messages, differences, scale_options
from quartiersatlas.disclosure.known_counts import smallest_units
from quartiersatlas.disclosure.suppression import suppression_pattern
from quartiersatlas.errors import SpecError

pytestmark = pytest.mark.filterwarnings("ignore:Need index:UserWarning")
RATES = {"poverty": ("poor", "residents"), "mh_share": ("mh", "residents")}
OPEN = qa.Protection(min_count=1, min_population=0)
AXIS = {
    "id": "status",
    "label_de": "S",
    "label_en": "S",
    "indicators": [{"id": "poverty"}, {"id": "mh_share"}],
    "normalise": {"method": "z", "ddof": 0},
    "standardise": {"method": "z", "ddof": 0},
    "classes": [
        {"id": "few", "upper": 0.0, "label_de": "wenig", "label_en": "little"},
        {"id": "much", "label_de": "viel", "label_en": "much"},
    ],
}
SPEC = qa.NeedSpec.from_dict({"id": "t", "source": "t", "axes": [AXIS]})


def town(grid, poor, mh=None):
    areas = grid(5, 4)
    areas["ward"] = ["N"] * 10 + ["S"] * 10
    random = np.random.default_rng(5)
    values = {
        "poor": np.array(poor, dtype=float),
        "mh": random.integers(30, 400, 20).astype(float) if mh is None else mh,
        "residents": random.integers(800, 2000, 20).astype(float),
    }
    return qa.add_rates(qa.join(areas, pd.DataFrame(values, index=areas.index)), RATES)


POOR = [2, 5, 90, 120, 60, 200, 45, 300, 75, 33, 1, 7, 150, 85, 22, 210, 140, 64, 99, 41]


@pytest.fixture
def data(grid):
    return town(grid, POOR)


def made_of(data):
    """Make every result that a release can hold."""
    need = qa.need_index(data, SPEC, exclude={"e3": "harbour"})
    shortlist = qa.screen(data, qa.above_city("poverty") & qa.worst_share("need", 0.4), need=need)
    return {
        "need": need,
        "shortlist": shortlist,
        "candidates": qa.candidate_areas(data, shortlist, min_population=1500),
        "segregation": qa.measure_segregation(
            data, ["poor", "mh"], by="ward", indices="all", radii=[1500], resample="persons", n=20, seed=4
        ),
        "scale": qa.scale_table(data, ["poor", "mh"], ["ward"]),
        "stability": shortlist.stability(n=30, seed=2, persistence=0.5),
    }


def released(data, made, protection=None):
    pattern = suppression_pattern(data, protection or qa.Protection(), [*data.rates])
    return compute_again(fill_withheld(pattern, smallest_units(data, pattern.protection)), pattern, **made)


def test_where_nothing_is_withheld_the_results_are_those_of_the_house(data):
    made = made_of(data)
    again = released(data, made, OPEN)
    pd.testing.assert_frame_equal(again.need.scores, made["need"].scores, check_exact=True)
    pd.testing.assert_frame_equal(again.need.excluded, made["need"].excluded)
    pd.testing.assert_series_equal(again.shortlist.selected, made["shortlist"].selected)
    pd.testing.assert_series_equal(again.candidates.members, made["candidates"].members)
    pd.testing.assert_frame_equal(again.segregation.table, made["segregation"].table, check_exact=True)
    pd.testing.assert_frame_equal(again.scale, made["scale"], check_exact=True)
    pd.testing.assert_frame_equal(again.stability.table, made["stability"].table)
    house = {name: made[name] for name in ("need", "shortlist", "candidates")}
    assert differences(again, **house).empty


def test_filled_counts_are_not_called_counts_with_decimals(grid):
    for poor, noted in ((POOR, []), ([*POOR[:-1], 41.5], ["poor"])):
        data = town(grid, poor)
        again = released(data, {"shortlist": qa.screen(data, qa.above_city("poverty") | qa.at_least("poor", 150))})
        said = [one.values["name"] for one in again.shortlist.warnings if one.name == "fact_count_fractions"]
        assert said == noted


def test_results_of_the_house_stay_exact_and_survive_pickling(data):
    made = made_of(data)
    before = made["need"].scores.copy()
    released(data, made)
    pd.testing.assert_frame_equal(made["need"].scores, before, check_exact=True)
    for name, result in made.items():
        copy = pickle.loads(pickle.dumps(result))  # noqa: S301 - our own bytes
        assert repr(copy) == repr(result), name


def test_the_stability_of_an_index_is_run_again_with_all_its_settings(data):
    need = qa.need_index(data, SPEC)
    stable = need.stability(n=25, seed=np.random.default_rng(3), select=0.3, vary=["weights"], limits=(0.2, 0.8))
    again = released(data, {"need": need, "stability": stable}, OPEN).stability
    pd.testing.assert_frame_equal(again.table, stable.table)
    assert again.limits == (0.2, 0.8)
    assert again.selection == stable.selection


def test_a_generator_gives_the_same_interval_again(data):
    result = qa.measure_segregation(data, "mh", resample="areas", n=15, seed=np.random.default_rng(8))
    again = released(data, {"segregation": result}, OPEN).segregation
    pd.testing.assert_frame_equal(again.table, result.table, check_exact=True)


def test_groups_that_are_everybody_are_resampled_in_whole_persons(joined):
    a, b = [2.0, 9, 40, 60], [700.0, 800, 650, 900]
    data = joined({"a": a, "b": b, "residents": np.add(a, b)}, population="residents")
    result = qa.measure_segregation(data.values[["a", "b"]], ["a", "b"], resample="persons", n=9, seed=1)
    pattern = suppression_pattern(data, qa.Protection(), ["a", "b"])
    again = compute_again(
        fill_withheld(pattern, smallest_units(data, pattern.protection)), pattern, segregation=result
    ).segregation
    filled = pd.Series(again.prepared.counts["a"])
    assert (filled % 1 == 0).all()
    assert filled.sum() == sum(a)


def test_filled_groups_are_never_more_than_everybody(joined):
    """In a0, 100 are in one group by the mean of a0 and b0, 110 in the other by that of a0 and c0."""
    data = joined({"a": [20.0, 180, 10], "b": [40.0, 10, 180], "residents": [200.0] * 3})
    result = qa.measure_segregation(data, ["a", "b"], indices=["multigroup_dissimilarity"])
    pattern = suppression_pattern(data, OPEN, ["a", "b"])
    cells = pattern.suppressed & False
    cells.loc[["a0", "b0"], "a"] = True
    cells.loc[["a0", "c0"], "b"] = True
    pattern = replace(pattern, suppressed=cells)
    again = compute_again(
        fill_withheld(pattern, smallest_units(data, pattern.protection)), pattern, segregation=result
    ).segregation
    assert not again.prepared.overlapping.any()
    assert again.table["value"].notna().all()


def test_results_of_other_data_are_refused_with_the_way_out(data, grid):
    other = town(grid, [x + 1 for x in POOR])
    way_out = r"derived='exact'"
    with pytest.raises(SpecError, match=f"other counts of 'poor'.*{way_out}"):
        released(data, {"segregation": qa.measure_segregation(other, "poor")})
    shares = other.values.drop(columns="poverty").assign(crime=range(20))
    axis = {**AXIS, "indicators": [{"id": "crime"}]}
    spec = qa.NeedSpec.from_dict({"id": "c", "source": "t", "axes": [axis]})
    need = qa.need_index(shares, spec, population="residents")
    with pytest.raises(SpecError, match=f"1 indicator that the data of the release have not: 'crime'.*{way_out}"):
        released(data, {"need": need})
    shortlist = qa.screen(data, qa.above_city("poverty"))
    by_hand = replace(shortlist, selected=shortlist.selected & False)
    with pytest.raises(SpecError, match=f"not what its rule gives.*{way_out}"):
        released(data, {"shortlist": by_hand})


def test_stability_needs_what_it_is_made_of(data):
    need = qa.need_index(data, SPEC)
    stable = need.stability(n=5, seed=1)
    with pytest.raises(SpecError, match=r"release\(\.\.\., need=need\)"):
        released(data, {"stability": stable})
    with pytest.raises(SpecError, match="does not say how it was made"):
        released(data, {"need": need, "stability": replace(stable, made_by="")})


def test_the_scale_is_also_given_by_its_options(data):
    options = {"groups": ["mh"], "by": ["ward"], "indices": ["dissimilarity"]}
    again = released(data, {"scale": options}, OPEN).scale
    pd.testing.assert_frame_equal(again, qa.scale_table(data, **options), check_exact=True)
    with pytest.raises(SpecError, match="'groups' and 'by' at least"):
        scale_options({"groups": ["mh"], "level": ["ward"]}, data)
    large = qa.scale_table(data, ["mh"], ["ward"], min_population=1500)
    with pytest.raises(SpecError, match=r'Name its options instead: release\(scale=\{"groups"'):
        scale_options(large, data)
    named = qa.release(data, columns=[], scale={**options, "min_population": 1500}, protection=OPEN)
    expected = qa.scale_table(data, **options, min_population=1500)
    assert named.scale["value"].tolist() == expected["value"].round(4).tolist()


def test_the_house_is_told_which_areas_have_another_class_or_selection(data):
    made = made_of(data)
    again = released(data, made)
    turned = replace(again.need, classes=again.need.classes.assign(status=made["need"].classes["status"]))
    key = turned.classes.index[4]
    turned.classes.loc[key, "status"] = "few" if turned.classes.loc[key, "status"] == "much" else "much"
    found = differences(replace(again, need=turned, shortlist=None), need=made["need"])
    assert found[["key", "kind", "of"]].to_numpy().tolist() == [[key, "class", "status"]]
    (message,) = difference_messages(found, data.areas["name"])
    assert "1 area has" in str(message)
    assert f"({key})" in str(message)
    assert "derived='exact'" in str(message)


def test_rows_of_segregation_say_that_withheld_counts_entered_as_a_mean(data):
    result = qa.measure_segregation(data, ["poor", "mh"], indices=["dissimilarity"])
    table = qa.release(data, segregation=result).segregation
    noted = table["note_codes"].map(lambda codes: "note_withheld_mean" in {code.name for code in codes})
    assert noted.tolist() == (table["group"] == "poor").tolist()
    assert table.loc[noted, "note"].str.contains("withheld counts entered as the mean of their unit").all()


@settings(max_examples=6)  # each computes all results anew
@given(st.integers(0, 4), st.integers(0, 4))
@pytest.mark.filterwarnings("ignore:.* another class, selection or area for review:UserWarning")
def test_nothing_that_leaves_depends_on_who_of_the_withheld_cells_has_the_persons(one, other):
    """7 persons are in a0 and b0, 8 in a2 and b2; the pattern is the same however they are divided."""
    texts = [leaves(7, 8), leaves(7 - one, 8 - other)]
    assert texts[0] == texts[1]


@cache
def leaves(first, second):
    import geopandas as gpd
    import shapely

    poor = [7 - first, first, *POOR[2:10], 8 - second, second, *POOR[12:]]

    def grid(columns, rows):
        cells = [(x, y) for y in range(rows) for x in range(columns)]
        keys = pd.Index([f"{chr(97 + x)}{y}" for x, y in cells], name="key", dtype=object)
        shapes = [shapely.box(1000 * x, 1000 * y, 1000 * (x + 1), 1000 * (y + 1)) for x, y in cells]
        return gpd.GeoDataFrame({"name": keys}, index=keys, geometry=shapes, crs="EPSG:25832")

    data = town(grid, poor)
    pattern = suppression_pattern(data, qa.Protection(), [*data.rates])
    cells = pattern.suppressed & False
    cells.loc[["a0", "b0", "a2", "b2"], "poor"] = True
    pattern = replace(pattern, suppressed=cells)
    made = made_of(data)
    again = compute_again(fill_withheld(pattern, smallest_units(data, pattern.protection)), pattern, **made)
    frames = [again.need.scores, again.need.contributions, again.shortlist.reasons]
    nobody = again.shortlist.selected & False
    grouped = shown_candidates(data, made["candidates"], made["shortlist"], again.shortlist, nobody)
    frames += [grouped.members.to_frame()]
    frames += [again.segregation.table, again.segregation.local.drop(columns="geometry"), again.scale]
    return [frame.to_csv() for frame in [*frames, again.stability.table]]
