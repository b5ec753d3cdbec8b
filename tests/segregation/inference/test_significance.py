"""Chance: draws that keep what they promise, intervals that cover, p-values that are never 0."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas import measure_segregation as measure
from quartiersatlas import segregation as s
from quartiersatlas.errors import CountError, DependencyError, JoinError, SpecError
from quartiersatlas.segregation.counts import Composition, Pair, Places
from quartiersatlas.segregation.inference.resampling import draw_replicates

TOTAL = np.array([60, 80, 40, 100, 30, 90, 70])
PLACES = Places(np.array([4, 3]))


def pair(group, other=None):
    group = np.asarray(group, dtype=float)
    other = TOTAL - group if other is None else np.asarray(other, dtype=float)
    return Pair(group, other, TOTAL.astype(float), PLACES)


GROUP = np.array([10, 40, 5, 30, 20, 10, 35])
OTHER = np.array([20, 20, 30, 40, 5, 50, 30])
PEOPLE = pair(GROUP, OTHER)
WHOLE = Composition(np.column_stack([GROUP, OTHER, TOTAL - GROUP - OTHER]).astype(float), PLACES)


def tables(people, n):
    """Give the draws as n x areas x groups."""
    if isinstance(people, Pair):
        columns = [people.group, people.other, people.population - people.group - people.other]
        return np.column_stack(columns).reshape(n, len(TOTAL), 3)
    return people.counts.reshape(n, len(TOTAL), 3)


@pytest.mark.parametrize("people", [PEOPLE, WHOLE], ids=["pair", "composition"])
class TestDraws:
    N = 4000

    def draw(self, people, how, seed=3):
        result = draw_replicates(people, how, self.N, np.random.default_rng(seed))
        assert result.places.sizes.tolist() == [4, 3] * self.N
        return tables(result, self.N)

    def chance(self, people, how):
        """Give the draws and the counts of the groups that chance moves: of a pair the two, everybody else stays."""
        draws = self.draw(people, how)
        if isinstance(people, Pair):
            assert (draws[:, :, 2] == WHOLE.counts[:, 2]).all()
            return draws[:, :, :2], WHOLE.counts[:, :2]
        return draws, WHOLE.counts

    def close(self, draws, mean, variance):
        """Compare mean and variance of the draws with the law's."""
        assert np.abs(draws.mean(axis=0) - mean).max() < 5 * np.sqrt(np.max(variance) / self.N)
        assert draws.var(axis=0) == pytest.approx(variance, rel=0.15)

    def place_shares(self, counts):
        parts = np.split(counts, [4])
        return np.concatenate([np.tile(p.sum(axis=0) / p.sum(), (len(p), 1)) for p in parts])

    def place_sums(self, draws):
        return np.stack([draws[:, :4].sum(axis=1), draws[:, 4:].sum(axis=1)], axis=1)

    def test_areas_are_areas_of_the_own_place(self, people):
        draws = self.draw(people, "areas")
        known = {tuple(row) for row in WHOLE.counts[:4]}
        assert {tuple(row) for row in draws[:, :4].reshape(-1, 3)} == known

    def test_evenness_keeps_the_size_of_the_areas(self, people):
        draws, counts = self.chance(people, "evenness")
        sizes, p = counts.sum(axis=1, keepdims=True), self.place_shares(counts)
        assert (draws.sum(axis=2) == sizes[:, 0]).all()
        self.close(draws, sizes * p, sizes * p * (1 - p))

    def test_systematic_draws_keep_the_size_of_the_groups(self, people):
        draws, counts = self.chance(people, "systematic")
        sizes, sums = counts.sum(axis=1, keepdims=True), self.place_sums(counts[None])[0]
        assert (self.place_sums(draws) == sums).all()
        q = sizes / np.repeat(sums.sum(axis=1), [4, 3])[:, None]
        self.close(draws, sizes * self.place_shares(counts), np.repeat(sums, [4, 3], axis=0) * q * (1 - q))

    def test_person_permutations_keep_the_size_of_areas_and_groups(self, people):
        draws, counts = self.chance(people, "person_permutation")
        sizes, sums = counts.sum(axis=1, keepdims=True), self.place_sums(counts[None])[0]
        assert (draws.sum(axis=2) == sizes[:, 0]).all()
        assert (self.place_sums(draws) == sums).all()
        p, everybody = self.place_shares(counts), np.repeat(sums.sum(axis=1), [4, 3])[:, None]
        # hypergeometric: n p (1 - p) (N - n) / (N - 1)
        self.close(draws, sizes * p, sizes * p * (1 - p) * (everybody - sizes) / (everybody - 1))

    def test_area_permutations_hold_every_area_once(self, people):
        draws = self.draw(people, "area_permutation")
        for place in (slice(0, 4), slice(4, 7)):
            first = np.sort(WHOLE.counts[place, 0])
            assert (np.sort(draws[:, place, 0], axis=1) == first).all()
        assert len(np.unique(draws[:, :4, 0], axis=0)) == 24  # all orders of four areas

    def test_draws_repeat_with_the_seed(self, people):
        for how in ("areas", "evenness", "systematic", "person_permutation", "area_permutation"):
            assert (self.draw(people, how) == self.draw(people, how)).all()


def test_draws_of_persons_refuse_fractions_of_persons():
    with pytest.raises(CountError, match="whole persons"):
        draw_replicates(pair(GROUP + 0.5), "evenness", 2, np.random.default_rng(0))


def test_more_persons_than_can_be_drawn_are_refused():
    with pytest.raises(CountError, match="more than can be drawn"):
        draw_replicates(pair(GROUP, OTHER * 1e8), "person_permutation", 2, np.random.default_rng(0))


def city(n=40, seed=1, mixing=(2, 5)):
    """Give n areas in a row with a group of uneven shares."""
    random = np.random.default_rng(seed)
    total = random.integers(40, 400, n)
    x = random.binomial(total, random.beta(*mixing, n))
    shapes = [shapely.box(500 * i, 0, 500 * i + 500, 500) for i in range(n)]
    return gpd.GeoDataFrame({"x": x, "total": total}, geometry=shapes, crs="EPSG:25832")


def even_city(seed):
    """Give areas whose group is spread by chance alone."""
    random = np.random.default_rng(seed)
    total = random.integers(40, 400, 40)
    return pd.DataFrame({"x": random.binomial(total, 0.25), "total": total})


@pytest.mark.parametrize("null", ["evenness", "systematic", "person_permutation"])
def test_the_mean_of_a_null_is_the_expectation_in_closed_form(null):
    frame = city()
    result = measure(frame, "x", population="total", indices=["dissimilarity", "correlation_ratio", "isolation"])
    found = result.test(null, n=2000, seed=1).set_index("index")
    expected = result.table.set_index("index")["expected"]
    error = found["null_sd"] / np.sqrt(2000)
    assert (np.abs(found["null_mean"] - expected) < 5 * error + 0.01 * expected).all()


def test_the_analytic_null_of_d_is_that_of_many_draws():
    result = measure(city(), "x", population="total", indices="dissimilarity")
    drawn_null = result.test("evenness", n=4000, seed=1).loc[0]
    formula = result.test("analytic").loc[0]
    assert formula["null_mean"] == pytest.approx(drawn_null["null_mean"], rel=0.03)  # draws have a share of their own
    assert formula["null_sd"] == pytest.approx(drawn_null["null_sd"], rel=0.1)
    assert formula["p_value"] < 1e-6


def test_p_values_count_the_city_itself_and_are_never_0():
    found = measure(city(), "x", population="total", indices="gini").test("evenness", n=99, seed=1)
    assert found.loc[0, "p_value"] == pytest.approx(1 / 100)
    two_sided = measure(city(), "x", population="total", indices="gini").test(n=99, seed=1, alternative="two-sided")
    assert two_sided.loc[0, "p_value"] == pytest.approx(2 / 100)


def test_for_interaction_less_is_more_segregated():
    found = measure(city(), "x", population="total", indices="interaction").test("evenness", n=99, seed=1)
    assert found.loc[0, "p_value"] == pytest.approx(1 / 100)


def test_p_values_of_chance_are_spread_evenly():
    values = [
        measure(even_city(seed), "x", population="total", indices="dissimilarity")
        .test(n=99, seed=seed)
        .loc[0, "p_value"]
        for seed in range(60)
    ]
    assert 0.35 < np.mean(values) < 0.65
    assert np.mean(np.array(values) <= 0.1) < 0.25


def test_whole_areas_change_places_only_for_indices_with_geometry():
    frame = city().sort_values("x", ignore_index=True).set_geometry(city().geometry)  # members pile up at one end
    result = measure(
        frame, "x", population="total", indices=["dissimilarity", "relative_clustering", "morrill"], decay=1000
    )
    found = result.test("area_permutation", n=99, seed=1).set_index("index")
    assert np.isnan(found.loc["dissimilarity", "p_value"])
    assert "only indices with geometry" in found.loc["dissimilarity", "note"]
    assert found.loc["relative_clustering", "p_value"] <= 0.05
    assert found.loc["morrill", "p_value"] <= 0.05


def test_geometry_indices_are_drawn_on_the_ground_as_if_computed_anew():
    frame = city(12)
    indices = ["spatial_proximity", "spatial_dissimilarity", "spatial_isolation", "morrill", "delta"]
    result = measure(frame, "x", population="total", indices=indices, radii=[900], decay=1000)
    found = result.test("evenness", n=1, seed=7).set_index("index")
    for index in indices:
        people = Pair(
            *(frame[c].to_numpy(float) for c in ("x",)),
            (frame.total - frame.x).to_numpy(float),
            frame.total.to_numpy(float),
            Places.one(12),
        )
        rng = np.random.default_rng(7)
        for earlier in indices[: indices.index(index)]:
            del earlier
            draw_replicates(people, "evenness", 1, rng)
        other = frame.assign(x=draw_replicates(people, "evenness", 1, rng).group)
        anew = measure(other, "x", population="total", indices=index, radii=[900], decay=1000).table.loc[0, "value"]
        assert found.loc[index, "null_mean"] == pytest.approx(anew, rel=1e-9)


def test_bootstrap_takes_out_the_bias_of_small_areas():
    # a city spread by chance: D is far from 0, and the bootstrap knows how far
    found = (
        measure(even_city(3), "x", population="total", indices="dissimilarity")
        .bootstrap("persons", n=500, seed=1)
        .loc[0]
    )
    expected = measure(even_city(3), "x", population="total", indices="dissimilarity").table.loc[0, "expected"]
    assert found["bias"] == pytest.approx(expected, rel=0.25)
    assert found["corrected"] == pytest.approx(found["value"] - found["bias"])
    assert found["lower"] >= 0


def test_of_a_corrected_index_only_what_it_leaves_is_taken_out():
    indices = ["dissimilarity", "bias_corrected_dissimilarity"]
    found = measure(even_city(3), "x", population="total", indices=indices).bootstrap(n=199, seed=1).set_index("index")
    assert 0 < found.loc["bias_corrected_dissimilarity", "bias"] < found.loc["dissimilarity", "bias"]


def test_intervals_stay_within_the_range_of_the_index():
    frame = pd.DataFrame({"x": [99, 98, 1, 0], "total": [100] * 4})
    table = measure(frame, "x", population="total", resample="areas", n=99, seed=1).table
    assert table["upper"].max() <= 1
    assert table["lower"].min() >= 0


def covered(p, sizes, indices, n_cities=40):
    """Return how often the interval of a drawn city holds the index of the true shares, index by index."""
    options = {"population": "t", "indices": indices}
    truth = measure(pd.DataFrame({"x": p * sizes, "t": sizes}), "x", **options).table["value"].to_numpy()
    drawn = np.random.default_rng(5).binomial(sizes, p, size=(n_cities, len(p)))
    cities = np.repeat(np.arange(n_cities), len(p))
    frame = pd.DataFrame({"x": drawn.ravel(), "t": np.tile(sizes, n_cities), "city": cities})
    table = measure(frame, "x", by="city", resample="persons", n=99, seed=1, **options).table
    truth = np.tile(truth, n_cities)
    held = table["lower"].le(truth) & table["upper"].ge(truth)
    return held.groupby(table["index"]).mean()


def test_intervals_of_persons_cover_the_true_value_of_small_areas():
    # areas of 50 persons, mild segregation; 0.95 is aimed at
    p = np.random.default_rng(1).beta(20, 50, 100)
    indices = ["dissimilarity", "gini", "theil_h", "correlation_ratio", "isolation"]
    assert covered(p, np.full(100, 50), indices).min() >= 0.8


def test_with_a_named_reference_chance_is_that_of_the_two_groups():
    # a and b are mixed at random wherever they live, and they live in few areas
    random = np.random.default_rng(0)
    both = np.r_[np.full(5, 600), np.full(35, 6)]
    p_values = []
    for _ in range(30):
        a = random.binomial(both, 0.5)
        frame = pd.DataFrame({"a": a, "b": both - a, "t": 1000})
        result = measure(frame, "a", population="t", reference="b", indices=["dissimilarity", "theil_h"])
        p_values.append(result.test(n=49, seed=1)["p_value"])
    assert 0.3 < np.mean(p_values) < 0.7


def test_intervals_fill_the_table_and_repeat_with_the_seed():
    first, second = (measure(city(), "x", population="total", resample="areas", n=199, seed=5).table for _ in range(2))
    pd.testing.assert_frame_equal(first, second)
    assert (first["lower"] < first["upper"]).all()
    assert not first["note"].str.contains("interval").any()


def test_intervals_of_areas_are_not_given_for_indices_with_geometry_and_that_is_said():
    table = measure(city(), "x", population="total", indices=["delta", "gini"], resample="areas", n=19, seed=1).table
    assert table["lower"].isna().tolist() == [True, False]
    assert "cannot be drawn anew" in table.loc[0, "note"]


def test_an_interval_of_persons_covers_the_true_value_nearly_always():
    random = np.random.default_rng(0)
    p, total = random.beta(3, 6, 60), random.integers(300, 900, 60)
    assert covered(p, total, ["dissimilarity"]).min() > 0.85


def test_many_places_are_drawn_by_themselves():
    frame = pd.concat([city(20, seed=i).assign(place=name) for i, name in enumerate("ABC")], ignore_index=True)
    together = measure(frame, "x", population="total", by="place", indices="gini").bootstrap("persons", n=400, seed=1)
    for i, name in enumerate("ABC"):
        alone = measure(city(20, seed=i), "x", population="total", indices="gini").bootstrap("persons", n=400, seed=2)
        assert together.loc[i, "by"] == name
        assert together.loc[i, "sd"] == pytest.approx(alone.loc[0, "sd"], rel=0.3)
        assert together.loc[i, "value"] == pytest.approx(alone.loc[0, "value"])


@pytest.mark.parametrize("method", ["persons", "areas", "labels"])
def test_two_samples_of_one_city_do_not_differ_and_two_cities_do(method):
    one = measure(city(60, seed=1), "x", population="total", indices="dissimilarity")
    alike = measure(city(60, seed=1), "x", population="total", indices="dissimilarity")
    apart = measure(city(60, seed=2, mixing=(0.3, 0.7)), "x", population="total", indices="dissimilarity")
    same = qa.compare_segregation(one, alike, method, n=199, seed=1).loc[0]
    other = qa.compare_segregation(one, apart, method, n=199, seed=1).loc[0]
    assert same["difference"] == 0
    assert same["p_value"] > 0.5
    assert other["p_value"] <= 0.02
    assert other["difference"] == pytest.approx(other["value_other"] - other["value_one"])
    if method != "labels":
        assert other["lower"] <= other["difference"] <= other["upper"]
        assert other["lower"] > 0


def test_results_with_places_are_compared_by_name():
    frames = [
        pd.concat(
            [city(20, seed=i + k).assign(place=n).rename(lambda key, n=n: f"{n}{key}") for i, n in enumerate("ABC")]
        )
        for k in (0, 5)
    ]
    results = [
        measure(frame[frame["place"] != drop], "x", population="total", by="place", indices="gini")
        for frame, drop in zip(frames, "AC", strict=True)
    ]
    found = qa.compare_segregation(*results, resample="labels", n=19, seed=1)
    assert found["by"].tolist() == ["B"]


def test_results_without_a_common_number_are_refused():
    one = measure(city(), "x", population="total", indices="gini")
    other = measure(city(), "x", population="total", indices="theil_h")
    with pytest.raises(SpecError, match="no number in common"):
        qa.compare_segregation(one, other)


def test_results_of_different_settings_are_not_compared():
    one = measure(city(), "x", population="total", indices="atkinson", b=0.1)
    other = measure(city(), "x", population="total", indices="atkinson", b=0.9)
    with pytest.raises(SpecError, match=r"different b: 0\.1 and 0\.9"):
        qa.compare_segregation(one, other)


@pytest.mark.parametrize(("n_areas", "few"), [(9, True), (10, False), (11, False)])
def test_the_formula_for_d_is_withheld_below_ten_areas(n_areas, few):
    found = measure(city(n_areas), "x", population="total", indices="dissimilarity").test("analytic").loc[0]
    assert np.isnan(found["p_value"]) == few
    assert ("too few areas" in found["note"]) == few


@pytest.mark.parametrize("alternative", ["segregated", "two-sided"])
def test_isolation_and_interaction_with_the_rest_are_as_likely_by_chance(alternative):
    # they add up to 1 in every draw: high is segregated for the one, low for the other
    isolation, interaction = (
        measure(even_city(4), "x", population="total", indices=index)
        .test("person_permutation", n=99, seed=7, alternative=alternative)
        .loc[0]
        for index in ("isolation", "interaction")
    )
    assert isolation["value"] == pytest.approx(1 - interaction["value"])
    assert isolation["p_value"] == interaction["p_value"]
    assert isolation["null_upper"] == pytest.approx(1 - interaction["null_lower"])


def test_unknown_options_are_refused():
    result = measure(city(), "x", population="total", indices="gini")
    with pytest.raises(SpecError, match=r"null must be one of 'evenness', .*, not 'eveness'"):
        result.test("eveness")
    with pytest.raises(SpecError, match="resample must be one of 'persons', 'areas', not 'houses'"):
        result.bootstrap("houses")
    with pytest.raises(SpecError, match="n must be a whole number from 1 to 1,000,000, not 0"):
        result.test(n=0)
    with pytest.raises(SpecError, match=r"alternative must be one of .*, not 'less'"):
        result.test(alternative="less")
    with pytest.raises(SpecError, match="resample must be one of 'persons', 'areas', 'labels', 'dates', not 'years'"):
        qa.compare_segregation(result, result, "years")


def test_a_progress_bar_needs_its_package(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "tqdm.auto", None)
    with pytest.raises(DependencyError, match=r"pip install \"quartiersatlas\[progress\]\""):
        measure(city(), "x", population="total", indices="gini").test(n=9, progress=True)


def test_numbers_without_a_value_have_no_test_and_say_why():
    frame = city().assign(nobody=0)
    result = measure(frame, "nobody", population="total", indices="gini")
    for found in (result.test(n=9), result.bootstrap(n=9)):
        assert found.loc[0, "note"] == "nobody is in the group"
    assert np.isnan(result.test(n=9).loc[0, "p_value"])


def two_dates(seed, drift):
    """Give the same areas at two dates; between them, each area's share moves away from the mean by the drift."""
    random = np.random.default_rng(seed)
    p, total = random.beta(3, 9, 60), random.integers(200, 900, 60)
    later = np.clip(0.25 + (p - 0.25) * (1 + drift), 0.01, 0.99)
    index = [f"{i:02}" for i in range(60)]
    frames = [pd.DataFrame({"x": random.binomial(total, q), "total": total}, index=index) for q in (p, later)]
    options = {"population": "total", "indices": ["dissimilarity", "theil_h"]}
    return [measure(frame, "x", **options) for frame in (frames[0], frames[1].sample(frac=1, random_state=seed))]


def test_swapped_dates_find_a_change_that_labels_drown():
    pairs = [two_dates(seed, 0.25) for seed in range(12)]
    found = {
        how: [qa.compare_segregation(*pair, how, n=199, seed=1)["p_value"] for pair in pairs]
        for how in ("dates", "labels")
    }
    assert np.mean(np.concatenate(found["dates"]) < 0.05) > 0.8
    assert np.mean(np.concatenate(found["labels"]) < 0.05) < 0.3


def test_swapped_dates_call_chance_a_change_as_seldom_as_they_say():
    found = [qa.compare_segregation(*two_dates(seed, 0), "dates", n=99, seed=1)["p_value"] for seed in range(60)]
    assert np.mean(np.concatenate(found) < 0.1) == pytest.approx(0.1, abs=0.09)


def test_dates_of_three_areas_are_swapped_in_all_eight_ways():
    frames = [pd.DataFrame({"x": x, "total": [100.0] * 3}, index=list("abc")) for x in ([10, 20, 60], [5, 30, 80])]
    one, other = (measure(frame, "x", population="total", indices="dissimilarity") for frame in frames)
    values = []
    for swaps in np.ndindex(2, 2, 2):
        x = np.array([frames[0]["x"], frames[1]["x"]])
        x = np.where(swaps, x[::-1], x)
        values.append(s.dissimilarity(x[1], 100 - x[1]) - s.dissimilarity(x[0], 100 - x[0]))
    row = qa.compare_segregation(one, other, "dates", n=8000, seed=1).loc[0]
    exact = np.mean(np.abs(values) >= abs(row["difference"]) - 1e-12)
    assert row["p_value"] == pytest.approx(exact, abs=0.02)
    assert row["lower"] == pytest.approx(min(values))
    assert row["upper"] == pytest.approx(max(values))


def test_an_area_that_is_built_between_the_dates_is_empty_before():
    frames = [
        pd.DataFrame({"x": x, "total": t}, index=list("abc"))
        for x, t in (([10, 0, 60], [90, 0, 99]), ([12, 30, 70], [90, 80, 99]))
    ]
    results = [measure(frame, "x", population="total", indices=["gini", "theil_h"]) for frame in frames]
    assert qa.compare_segregation(*results, "dates", n=99, seed=1)["p_value"].between(0.01, 1).all()


def test_dates_of_other_areas_are_not_swapped():
    frame = pd.DataFrame({"x": [10, 20, 60], "total": 100}, index=list("abc"))
    one, other = (measure(f, "x", population="total") for f in (frame, frame.rename({"c": "d"})))
    with pytest.raises(JoinError, match="needs the same areas at both dates; 'c', 'd' are in one"):
        qa.compare_segregation(one, other, "dates")


def test_leaving_out_one_area_after_the_other():
    frame = pd.concat([city(12, seed=1).assign(place="A"), city(9, seed=2).assign(place="B")], ignore_index=True)
    result = measure(frame, "x", population="total", by="place", indices=["gini", "theil_h", "delta"])
    found = result.jackknife()
    for place, own in frame.groupby("place"):
        for index, compute in (("gini", s.gini), ("theil_h", s.theil_h)):
            row = found[(found["by"] == place) & (found["index"] == index)].iloc[0]
            rest = own["total"] - own["x"]
            values = pd.Series({i: compute(own["x"].drop(i), rest.drop(i)) for i in own.index})
            n, mean = len(values), values.mean()
            assert row["bias"] == pytest.approx((n - 1) * (mean - row["value"]), abs=1e-12)
            assert row["sd"] == pytest.approx(np.sqrt((n - 1) ** 2 / n * values.var(ddof=1)), abs=1e-12)
            assert row["lowest"] == pytest.approx(values.min())
            assert (row["without_lowest"], row["without_highest"], row["n"]) == (values.idxmin(), values.idxmax(), n)
    spatial = found[found["index"] == "delta"]
    assert spatial["sd"].isna().all()
    assert spatial["note"].str.contains("geometry").all()


def test_an_index_without_a_value_is_not_jackknifed_and_says_why():
    found = measure(city().assign(nobody=0), "nobody", population="total", indices="gini").jackknife()
    assert found.loc[0, "note"] == "nobody is in the group"
    assert found.loc[0, "n"] == 0
