"""The hostile reader is a good one: exact intervals, and it finds what leaks where a protection is off."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
from attack import KnownAnyway, attack, leaks
from attack_derived import attack_derived, same_scores, same_segregation
from attack_system import NoSolutionError, System
from hypothesis import given, settings
from hypothesis import strategies as st
from towns import frame, town

import quartiersatlas as qa

# --- intervals of systems of whole numbers -------------------------------------------------------------------------


def enumerated(low, high, rows, least, most):
    """Give all points of a small system, by trying each."""
    points = np.array(list(product(*(range(a, b + 1) for a, b in zip(low, high, strict=True)))))
    fits = np.ones(len(points), bool)
    for row, a, b in zip(rows, least, most, strict=True):
        come_to = sum((points[:, j] * c for j, c in row.items()), np.zeros(len(points)))
        fits &= (a <= come_to) & (come_to <= b)
    return points[fits]


@st.composite
def small_systems(draw):
    n = draw(st.integers(2, 5))
    high = draw(st.lists(st.integers(1, 4), min_size=n, max_size=n))
    truth = [draw(st.integers(0, most)) for most in high]
    coefficient = st.sampled_from([-1, 1, 1, 2])
    rows = draw(st.lists(st.dictionaries(st.integers(0, n - 1), coefficient, min_size=2), min_size=1, max_size=5))
    come_to = [sum(c * truth[j] for j, c in row.items()) for row in rows]
    widths = [draw(st.sampled_from([(0, 0), (0, 0), (0, np.inf), (1, 1)])) for _ in rows]
    least = [value - width[0] for value, width in zip(come_to, widths, strict=True)]
    most = [value + width[1] for value, width in zip(come_to, widths, strict=True)]
    return [0] * n, high, rows, least, most


@given(small_systems())
def test_intervals_are_those_of_all_points(system):
    points = enumerated(*system)
    solved = System(*system)
    for j in range(points.shape[1]):
        assert solved.extent({j: 1}) == (points[:, j].min(), points[:, j].max())
    rest = points[:, 0] - points[:, 1]
    assert solved.extent({0: 1, 1: -1}) == (rest.min(), rest.max())


@given(small_systems())
def test_all_points_are_found(system):
    points = {tuple(point) for point in enumerated(*system)[:, :2].tolist()}
    assert {tuple(point) for point in System(*system).points([0, 1]).tolist()} == points


def test_too_many_points_are_not_searched():
    assert System([0, 0], [9, 9], [{0: 1, 1: 1}], [9], [9]).points([0, 1], limit=9) is None


def test_whole_numbers_know_more_than_a_linear_programme():
    """Three pairs of which each holds one person at the most hold one person together, not one and a half."""
    a, b, c, d, e, f, g = range(7)
    pairs = [(a, b), (b, c), (a, c), (d, e), (e, f), (d, f)]
    rows = [dict.fromkeys(pair, 1) for pair in pairs] + [dict.fromkeys(range(7), 1)]
    system = System([0] * 7, [10] * 7, rows, [-np.inf] * 6 + [10], [1] * 6 + [10])
    assert system.extent({g: 1}) == (8, 10)


def test_what_contradicts_itself_is_refused():
    with pytest.raises(NoSolutionError):
        System([0, 0], [1, 1], [{0: 1, 1: 1}], [3], [3])


@pytest.mark.shared_data
def test_intervals_of_forty_systems_are_those_that_were_counted(shared):
    systems = json.loads((shared.parent / "reference" / "protection" / "intervals.json").read_text())
    assert len(systems) == 40
    for case in systems:
        unknown = [cell for cell in case["cells"] if cell["hidden"]]
        place = {cell["cell"]: j for j, cell in enumerate(unknown)}
        shown = {cell["cell"]: cell["value"] for cell in case["cells"] if not cell["hidden"]}
        rows = [{place[name]: c for name, c in row["coef"].items() if name in place} for row in case["rows"]]
        most = [
            row["right"] - sum(c * shown[name] for name, c in row["coef"].items() if name in shown)
            for row in case["rows"]
        ]
        least = [-np.inf if row["type"] == "<=" else right for row, right in zip(case["rows"], most, strict=True)]
        system = System([c["low"] for c in unknown], [c["high"] for c in unknown], rows, least, most)
        assert {name: list(system.extent({j: 1})) for name, j in place.items()} == case["interval"]


# --- files with a leak, made by hand ---------------------------------------------------------------------------------


def write_csv(path, counts, withheld=(), rates=None):
    """Write a table as a release would, with empty cells: numerators by the name of their rate, decimal comma."""
    table = pd.DataFrame({"residents": counts["residents"]})
    for column in counts.columns.drop("residents"):
        table[f"{column}_share_numerator"] = counts[column]
    for key, column in withheld:
        table.loc[key, f"{column}_share_numerator"] = np.nan
    table = table.join(pd.DataFrame(rates or {}, index=table.index))
    table.rename_axis("key").to_csv(path, sep=";", decimal=",")
    return path


def known_of(counts, **more):
    pairs = {f"{column}_share": (column, "residents") for column in counts.columns.drop("residents")}
    return KnownAnyway(counts, pairs=pairs, **more)


def row(found, key, column):
    """Give what was found of a cell: low, high, verdict."""
    own = found[(found["key"] == key) & (found["column"] == column)].iloc[0]
    return own["low"], own["high"], own["verdict"]


@pytest.fixture
def plain():
    return frame("T1").known


def test_one_withheld_cell_of_a_column_with_a_known_total_is_exact(plain, tmp_path):
    path = write_csv(tmp_path / "a.csv", plain.counts, [("02", "a")])
    assert row(attack(path, plain), "02", "a") == (2, 2, "exact")


def test_a_small_count_that_is_shown_is_a_leak(plain, tmp_path):
    assert row(attack(write_csv(tmp_path / "a.csv", plain.counts), plain), "02", "a") == (2, 2, "exact")


def test_a_sum_that_was_not_declared(plain, tmp_path):
    """Two cells of a column are company for each other, but not where each is what is left of a sum."""
    path = write_csv(tmp_path / "a.csv", plain.counts, [("02", "a"), ("06", "a")])
    assert row(attack(path, replace(plain, sums=())), "02", "a") == (1, 26, "open")
    assert row(attack(path, plain), "02", "a") == (2, 2, "exact")


def test_a_sum_that_is_off_in_one_row_is_as_good(tmp_path):
    """The reader knows by how much: all of 02 is all the others but what the total says."""
    known = frame("T3").known
    path = write_csv(tmp_path / "a.csv", known.counts, [("02", "a"), ("06", "a")])
    assert row(attack(path, known), "02", "a") == (2, 2, "exact")


def test_the_pattern_of_four_cells_is_safe(plain, tmp_path):
    """2 and 25 of column a, 7 and 11 of column c can exchange up to 1 person one way and 6 the other."""
    four = [("02", "a"), ("02", "c"), ("06", "a"), ("06", "c")]
    found = attack(write_csv(tmp_path / "a.csv", plain.counts, four), plain)
    assert row(found, "02", "a") == (1, 8, "open")


def test_a_cell_that_is_secret_at_its_source_is_found_like_any_other(tmp_path):
    known = frame("T4").known
    path = write_csv(tmp_path / "a.csv", known.counts, [("02", "a"), ("05", "a")])
    assert row(attack(path, known), "02", "a") == (2, 2, "exact")


def test_a_secret_cell_that_nobody_knows_follows_from_a_sum(tmp_path):
    """What it is stands in no truth: only in the row, as long as all the others are shown there."""
    counts = frame("T4").known.counts
    counts.loc["02", "a"] = np.nan
    known = known_of(counts, sums=(("all", ("a", "b", "c")),), source=counts.isna())
    path = write_csv(tmp_path / "a.csv", counts)
    assert row(attack(path, known), "02", "a") == (2, 2, "exact")
    path = write_csv(tmp_path / "a.csv", counts, [("02", "c"), ("06", "c"), ("06", "a")])
    assert row(attack(path, known), "02", "a") == (0, 8, "open")
    counts.loc["02", "all"] = 60  # now it is 20: its office had another reason
    known = replace(known, counts=counts)
    assert row(attack(write_csv(tmp_path / "a.csv", counts), known), "02", "a") == (20, 20, "open")


def test_two_cells_that_are_secret_at_their_source_are_no_company(tmp_path):
    counts = frame("T1").known.counts[["residents", "a"]].copy()
    counts.loc[["00", "02"], "a"] = [1, 1]
    source = counts.lt(3)
    path = write_csv(tmp_path / "a.csv", counts, [("00", "a"), ("02", "a")])
    assert row(attack(path, known_of(counts, source=source)), "00", "a") == (1, 1, "exact")
    counts.loc["02", "a"] = 2  # now both are 1 or 2, which is all that their marks say
    path = write_csv(tmp_path / "a.csv", counts, [("00", "a"), ("02", "a")])
    assert row(attack(path, known_of(counts, source=source)), "00", "a") == (1, 2, "marked")


def test_a_city_value_without_the_secret_cells_tells_their_sum(tmp_path):
    """Of 1000 residents 205 less the secret ones: the rate of the others is printed, the total is known."""
    counts = pd.DataFrame({"residents": [200.0] * 5, "a": [50, 60, 2, 1, 90]}, index=list("vwxyz"))
    withheld = [("x", "a"), ("y", "a"), ("z", "a")]
    path = write_csv(tmp_path / "a.csv", counts, withheld)
    known = known_of(counts, source=counts.lt(3), min_population=0)
    assert row(attack(path, known), "x", "a") == (1, 91, "open")
    (tmp_path / "a.columns.csv").write_text("column;kind;label;decimals;city_value\na_share;rate;A;2;33,33\n")
    assert row(attack(path, known), "x", "a") == (1, 2, "marked")


def test_a_city_value_counts_in_the_secret_cells_that_follow_from_a_sum(tmp_path):
    """265 of 806 are 32.88 %, and so are 263 of 800: only where x follows from nothing is it left out."""
    counts = pd.DataFrame({"residents": [200.0, 200, 6, 200, 200], "a": [50, 60, 2, 63, 90]}, index=list("vwxyz"))
    counts["b"] = [9.0, 9, 1, 9, 9]
    counts["all"] = counts["a"] + counts["b"]
    source = counts.eq(2)
    path = write_csv(tmp_path / "a.csv", counts, [(key, column) for key in "xy" for column in ("a", "b", "all")])
    (tmp_path / "a.columns.csv").write_text("column;kind;label;decimals;city_value\na_share;rate;A;2;32,88\n")
    known = known_of(counts, source=source, min_population=0)
    assert row(attack(path, known), "x", "a") == (2, 2, "exact")
    assert row(attack(path, replace(known, sums=(("all", ("a", "b")),))), "x", "a")[2] == "open"


def test_a_mark_says_between_what_a_secret_cell_is(tmp_path):
    """Five persons in three cells of which none is shown: 1 to 3 each, and 1 or 2 where their marks say so."""
    counts = pd.DataFrame({"residents": [500.0] * 4, "a": [2, 2, 1, 40]}, index=list("wxyz"))
    path = write_csv(tmp_path / "a.csv", counts, [(key, "a") for key in "wxy"])
    known = known_of(counts, source=counts.lt(3))
    assert row(attack(path, known), "w", "a") == (1, 3, "marked")
    assert row(attack(path, replace(known, m_source=5)), "w", "a") == (1, 3, "narrow")
    assert row(attack(path, replace(known, mark=(0, 2))), "w", "a") == (1, 2, "marked")
    assert row(attack(path, replace(known, mark=(0, 4))), "w", "a") == (1, 3, "narrow")


def test_a_missing_cell_that_follows_is_found_and_stands_in_no_total(plain, tmp_path):
    missing = plain.counts.eq(2)
    path = write_csv(tmp_path / "a.csv", plain.counts, [("02", "a")])
    assert row(attack(path, replace(plain, missing=missing, totals=())), "02", "a") == (2, 2, "exact")
    assert row(attack(path, replace(plain, missing=missing, sums=())), "02", "a")[2] == "open"
    # what all areas have in all less what the others have in a: nothing in the release can help
    assert row(attack(path, replace(plain, missing=missing)), "02", "a") == (2, 2, "limit")


@pytest.mark.parametrize(
    ("a", "secret", "verdict"),
    [(2, ["b", "c"], (2, 2, "elsewhere")), (1, ["b"], (1, 1, "limit"))],  # what was delivered leaves 2..4, and 1..2
)
def test_a_missing_cell_that_only_totals_from_elsewhere_give_away_is_in_no_data(a, secret, verdict, plain, tmp_path):
    counts = plain.counts.copy()
    counts.loc["02", "a"] = a
    counts.loc["02", secret] = 2
    counts["all"] = counts[["a", "b", "c"]].sum(axis=1)
    nowhere = pd.DataFrame(data=False, index=counts.index, columns=counts.columns)
    missing, source = nowhere.copy(), nowhere.copy()
    missing.loc["02", "a"] = True
    source.loc["02", secret] = True
    path = write_csv(tmp_path / "a.csv", counts, [("02", "a"), *(("02", one) for one in secret)])
    known = known_of(counts, sums=plain.sums, missing=missing, source=source, mark=(0, 2))
    assert row(attack(path, known), "02", "a") == verdict


def test_districts_that_are_released_after_their_areas(plain, tmp_path):
    """Two cells are withheld; nobody knows a total until the districts are released."""
    districts = pd.Series(["north"] * 6 + ["south"] * 6, index=plain.counts.index)
    known = replace(plain, sums=(), groups={"district": districts}, totals=())
    write_csv(tmp_path / "a.csv", plain.counts, [("02", "a"), ("06", "a")])
    assert row(attack(tmp_path, known), "02", "a")[2] == "open"
    write_csv(tmp_path / "later.csv", plain.counts.groupby(districts).sum())
    assert row(attack(tmp_path, known), "02", "a") == (2, 2, "exact")


def test_one_release_after_another_is_read_with_it(plain, tmp_path):
    write_csv(tmp_path / "a.csv", plain.counts, [("02", "a"), ("06", "a")])
    known = replace(plain, sums=())
    assert row(attack(tmp_path, known), "02", "a")[2] == "open"
    write_csv(tmp_path / "b.csv", plain.counts, [("02", "a"), ("07", "a")])
    assert row(attack(tmp_path, known), "02", "a") == (2, 2, "exact")


@pytest.mark.parametrize(
    ("count", "printed", "decimals", "interval", "verdict"),
    [(2, 0.4, 1, (2, 2), "exact"), (2, 0, 0, (0, 2), "narrow"), (2, 0.44, 2, (2, 2), "exact"), (13, 3, 0, None, None)],
)
def test_a_ready_made_share_of_450_residents(tmp_path, count, printed, decimals, interval, verdict):
    counts = pd.DataFrame({"residents": [450.0, 2000, 3000], "poor": [count, 400, 510]}, index=list("abc"))
    known = KnownAnyway(counts, pairs={"quote": ("poor", "residents")}, no_totals=("poor",))
    table = pd.DataFrame({"quote": [printed, 20, 17]}, index=pd.Index(counts.index, name="key"))
    table.to_csv(tmp_path / "a.csv", sep=";", decimal=",")
    head = f"column;kind;label;decimals;city_value\nquote;rate;Quote;{decimals};\n"
    (tmp_path / "a.columns.csv").write_text(head)
    found = attack(tmp_path, known)
    assert found.empty if interval is None else row(found, "a", "poor") == (*interval, verdict)


def test_a_rate_that_is_printed_is_as_good_as_its_count(plain, tmp_path):
    withheld = [("02", "a"), ("06", "a"), ("02", "b"), ("06", "b")]
    path = write_csv(tmp_path / "a.csv", plain.counts, withheld)
    assert leaks(attack(path, plain)) == set()
    path = write_csv(tmp_path / "a.csv", plain.counts, withheld, {"a_share": {"02": 0.2, "05": 6.1}})
    assert row(attack(path, plain), "02", "a") == (2, 2, "exact")


def test_a_rate_of_a_candidate_area_is_a_sum_of_its_areas(plain, tmp_path):
    """Of 3000 residents of 00, 01 and 02 a printed 3.2 % are 95 to 97: without the 95 that are shown 0 to 2."""
    known = replace(plain, sums=())
    write_csv(
        tmp_path / "a.csv",
        plain.counts,
        [("02", "a"), ("06", "a")],
        {"candidate": dict.fromkeys(("00", "01", "02"), "P1")},
    )
    assert row(attack(tmp_path, known), "02", "a") == (1, 26, "open")
    (tmp_path / "c.csv").write_text("candidate;n_areas;a_share\nP1;3;3,2\n")
    (tmp_path / "c.columns.csv").write_text("column;kind;label;decimals;city_value\na_share;rate;A;1;\n")
    assert row(attack(tmp_path, known), "02", "a") == (1, 2, "narrow")


def test_a_sentence_of_the_report_is_read(plain, tmp_path):
    known = replace(plain, sums=())
    write_csv(tmp_path / "a.csv", plain.counts, [("02", "a"), ("06", "a")])
    (tmp_path / "a.columns.csv").write_text("column;kind;label;decimals;city_value\na_share;rate;Group A;1;\n")
    report = "<table><tr><td>Area 02<br>02 · D0</td><td>1000</td><td>Group A: 0,2 %, unter dem Wert</td></tr></table>"
    assert row(attack(tmp_path, known), "02", "a")[2] == "open"
    (tmp_path / "report.html").write_text(report)
    assert row(attack(tmp_path, known), "02", "a") == (2, 2, "exact")


def test_a_change_since_a_date_tells_the_date_before(tmp_path):
    """Of 1000 residents 8.0 % now and 7.8 points more than before were 2, give or take half a person."""
    then = pd.DataFrame({"residents": [1000.0] * 3, "a": [2, 40, 50]}, index=list("xyz"))
    column = {
        "id": "a_share",
        "label": "A",
        "unit": "%",
        "per": 100,
        "decimals": 1,
        "values": [80, 410, 520],
        "city": None,
    }
    before = {"decimals": 1, "values": [None, None, 50], "city": None}
    change = {
        "id": "a_share_change",
        "label": "C",
        "unit": "points",
        "decimals": 1,
        "values": [78, 10, 20],
        "city": None,
    }
    content = {
        "areas": {"keys": list("xyz"), "residents": [1000] * 3},
        "columns": [{**column, "earlier": [before]}],
        "counts": [],
    }
    page = tmp_path / "map.html"
    page.write_text(f"QuartiersAtlas.createLayer({json.dumps(content)})")
    assert row(attack(page, known_of(then), date=1), "x", "a") == (1, 41, "open")
    content["columns"].append({**change, "earlier": [None]})
    page.write_text(f"QuartiersAtlas.createLayer({json.dumps(content)})")
    assert row(attack(page, known_of(then), date=1), "x", "a") == (1, 3, "narrow")


def test_a_whole_that_is_shown_bounds_its_part_and_a_part_its_whole(tmp_path):
    counts = pd.DataFrame(
        {"residents": [500.0] * 4, "all": [2, 30, 40, 50], "foreign": [1, 9, 8, 7]}, index=list("wxyz")
    )
    known = known_of(counts, parts=(("foreign", "all"),))
    both = [("w", "foreign"), ("x", "foreign")]
    found = attack(write_csv(tmp_path / "a.csv", counts, both), known)
    assert row(found, "w", "foreign") == (1, 2, "narrow")
    found = attack(write_csv(tmp_path / "a.csv", counts, [*both, ("w", "all"), ("x", "all")]), known)
    assert row(found, "w", "foreign") == (1, 9, "open")


def test_several_parts_leave_the_rest_of_a_whole_to_each_other(tmp_path):
    """Of 30 one part has 28: the other one has 2 at the most, and only together are they known to be parts."""
    counts = pd.DataFrame(
        {"residents": [500.0] * 3, "all": [30, 40, 50], "p": [28, 9, 8], "q": [1, 9, 8]}, index=list("xyz")
    )
    path = write_csv(tmp_path / "a.csv", counts, [("x", "q"), ("y", "q")])
    assert row(attack(path, known_of(counts, parts=(("p", "all"), ("q", "all")))), "x", "q") == (1, 9, "open")
    assert row(attack(path, known_of(counts, parts=((("p", "q"), "all"),))), "x", "q") == (1, 2, "narrow")


def test_the_others_of_a_group_are_persons_as_well(tmp_path):
    counts = pd.DataFrame({"residents": [500.0] * 3, "a": [499, 30, 40]}, index=list("xyz"))
    path = write_csv(tmp_path / "a.csv", counts)
    assert row(attack(path, known_of(counts)), "x", "a") == (1, 1, "exact")
    assert attack(path, known_of(counts, complement=False)).empty


def test_every_count_of_a_small_area_is_protected(tmp_path):
    counts = pd.DataFrame({"residents": [90.0, 500, 700], "a": [20, 30, 40]}, index=list("xyz"))
    found = attack(write_csv(tmp_path / "a.csv", counts, [("x", "a")]), known_of(counts))
    assert found.to_numpy().tolist() == [["x", "a", 20, 20, "small area", "exact"]]
    found = attack(write_csv(tmp_path / "a.csv", counts, [("x", "a"), ("y", "a")]), known_of(counts))
    assert found.to_numpy().tolist() == [["x", "a", 0, 49, "small area", "open"]]


def test_what_nothing_can_help_is_no_leak(tmp_path):
    """An area alone in its district; a district with two persons in all, in one of three areas."""
    counts = pd.DataFrame({"residents": [500.0] * 6, "a": [2, 2, 0, 0, 30, 40]}, index=list("uvwxyz"))
    districts = pd.Series(list("122233"), index=counts.index)
    known = known_of(counts, groups={"district": districts})
    path = write_csv(tmp_path / "a.csv", counts, [(key, "a") for key in "uvw"])
    found = attack(path, known)
    assert row(found, "u", "a") == (2, 2, "parent")
    assert row(found, "v", "a") == (0, 2, "few")
    found = attack(path, replace(known, totals=("city",)))
    assert row(found, "u", "a") == (0, 4, "open")  # four persons in three areas
    found = attack(write_csv(tmp_path / "a.csv", counts, [("v", "a")]), known)
    assert row(found, "v", "a") == (2, 2, "exact")  # a zero could have been withheld
    assert row(attack(path, replace(known, zeros=False)), "v", "a")[2] == "limit"


@pytest.mark.parametrize(("last", "verdict"), [(5, "limit"), (0, "narrow")])
def test_a_zero_can_only_be_withheld_where_there_is_one(tmp_path, last, verdict):
    """Eight persons in six areas, nobody of whom is shown: each has one to three, as there is no zero to withhold."""
    counts = pd.DataFrame({"residents": [500.0] * 7, "a": [1, 1, 1, 1, 1, 3, last]}, index=list("tuvwxyz"))
    districts = pd.Series(list("1111112" if last else "1111111"), index=counts.index)
    path = write_csv(tmp_path / "a.csv", counts, [(key, "a") for key in "tuvwxy"])
    found = attack(path, known_of(counts, groups={"district": districts}))
    assert row(found, "t", "a") == (1, 3, verdict)


def test_a_withheld_zero_takes_the_floor_from_its_district_and_from_no_other(tmp_path):
    counts = pd.DataFrame({"residents": [500.0] * 6, "a": [2, 0, 9, 2, 7, 9]}, index=list("uvwxyz"))
    districts = pd.Series(list("111222"), index=counts.index)
    path = write_csv(tmp_path / "a.csv", counts, [(key, "a") for key in "uvwxy"])
    found = attack(path, known_of(counts, groups={"district": districts}))
    assert row(found, "u", "a") == (0, 11, "open")
    assert row(found, "x", "a") == (1, 8, "open")


def test_rounded_counts_are_ranges(tmp_path):
    """To multiples of 3 each is known to a person each way, and exactly where the total says all are one more."""
    counts = pd.DataFrame({"residents": [500.0] * 4, "a": [1, 4, 7, 10]}, index=list("wxyz"))
    rounded = counts.assign(a=[0.0, 3, 6, 9])
    path = write_csv(tmp_path / "a.csv", rounded)
    assert row(attack(path, known_of(counts, round_base=3)), "w", "a") == (1, 1, "exact")
    counts = counts.assign(a=[1.0, 4, 7, 8])
    path = write_csv(tmp_path / "a.csv", rounded)
    assert row(attack(path, known_of(counts, round_base=3)), "w", "a") == (0, 1, "open")


def test_nested_levels_say_what_the_smallest_says_and_crossing_ones_more():
    keys = list("abcdefgh")
    counts = pd.DataFrame({"residents": [1.0] * 8}, index=keys)
    small, large, across = (pd.Series(list(labels), index=keys) for labels in ("11223344", "11112222", "12121212"))
    nested = KnownAnyway(counts, groups={"small": small, "large": large})
    assert sorted(unit.tolist() for unit in nested.units()) == [[0, 1], [2, 3], [4, 5], [6, 7]]
    crossing = KnownAnyway(counts, groups={"small": small, "across": across})
    assert len(crossing.units()) == 6
    assert [len(unit) for unit in KnownAnyway(counts, groups={"small": small}, totals=("city",)).units()] == [8]


def test_files_that_contradict_what_is_known_are_no_success(plain, tmp_path):
    path = write_csv(tmp_path / "a.csv", plain.counts.assign(b=plain.counts["b"] + 1), [("02", "a"), ("06", "a")])
    with pytest.raises((AssertionError, NoSolutionError)):
        attack(path, plain)


@settings(max_examples=40)
@given(st.data())
def test_what_is_learnt_of_a_small_table_is_what_all_tables_leave_open(data):
    """Three areas, two groups and their sum: every table with the shown cells and totals is tried."""
    cells = st.lists(st.integers(0, 4), min_size=3, max_size=3)
    a, b = data.draw(cells), data.draw(cells)
    counts = pd.DataFrame({"residents": [1000.0] * 3, "a": a, "b": b, "all": np.add(a, b)}, index=list("xyz"))
    hidden = data.draw(st.sets(st.sampled_from(list(product("xyz", ["a", "b", "all"]))), min_size=1))
    known = known_of(counts, sums=(("all", ("a", "b")),))
    with TemporaryDirectory() as folder:
        found = attack(write_csv(Path(folder) / "a.csv", counts, hidden), known)
    tables = tables_that_fit(counts, hidden)
    for _, one in found.iterrows():
        values = tables[one["column"]][:, "xyz".index(one["key"])]
        assert (one["low"], one["high"]) == (values.min(), values.max())


def tables_that_fit(counts, hidden):
    """Try every split of the totals of two groups over three areas; a withheld cell is no zero, unless one is."""
    splits = [
        [p for p in product(range(int(n.sum()) + 1), repeat=3) if sum(p) == n.sum()] for n in (counts["a"], counts["b"])
    ]
    a, b = (np.array(part) for part in zip(*product(*splits), strict=True))
    tables = {"a": a, "b": b, "all": a + b}
    fits = np.ones(len(a), bool)
    for name, place in product(tables, range(3)):
        with_zero = any((key, name) in hidden and not counts.loc[key, name] for key in "xyz")
        cells, key = tables[name][:, place], "xyz"[place]
        fits &= (cells > 0) | with_zero if (key, name) in hidden else cells == counts.loc[key, name]
    return {name: cells[fits] for name, cells in tables.items()}


# --- what the library writes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["csv", "gpkg", "xlsx", "geojson", "parquet", "html"])
def test_each_kind_of_file_tells_what_stands_in_it(kind, tmp_path):
    town = frame("T1")
    for protection, leak in ((qa.Protection(secondary=False), {("02", "a")}), (qa.Protection(), set())):
        release, path = town.release(protection=protection), tmp_path / f"a.{kind}"
        if kind == "html":
            qa.atlas_map(release).save(path)
        else:
            qa.export(release, path)
        found = attack(path, town.known)
        assert leaks(found) == leak
        assert row(found, "02", "a")[:2] == ((2, 2) if leak else (1, 8))


def test_without_secondary_protection_a_town_leaks_from_all_its_files_together(tmp_path):
    one = town(0, n_areas=12, n_groups=4, parents="one")
    release = one.release(protection=qa.Protection(secondary=False))
    for kind in ("csv", "gpkg", "xlsx", "geojson", "parquet"):
        qa.export(release, tmp_path / f"a.{kind}")
    qa.atlas_map(release).save(tmp_path / "map.html")
    qa.report(release, tmp_path / "report.html")
    assert leaks(attack(tmp_path, one.known))


# --- indices and scores ----------------------------------------------------------------------------------------------


def dissimilarity(counts):
    x, rest = counts["a"], counts["residents"] - counts["a"]
    return 0.5 * (x / x.sum() - rest / rest.sum()).abs().sum()


@pytest.fixture
def seven():
    """Seven areas of which two withhold a count: 2 and 5 of a known 7."""
    people = [800.0, 950, 700, 1210, 640, 1100, 870]
    counts = pd.DataFrame({"residents": people, "a": [2.0, 31, 40, 5, 77, 12, 25]}, index=list("abcdefg"))
    return known_of(counts)


@pytest.mark.parametrize(("digits", "verdict"), [(4, "exact"), (2, "narrow"), (1, "open")])
def test_an_index_with_many_digits_holds_the_withheld_count(seven, tmp_path, digits, verdict):
    """One person more in an area below the mean and one less above it: D falls by 0.5 % of the group."""
    withheld = [("a", "a"), ("e", "a")]
    write_csv(tmp_path / "a.csv", seven.counts, withheld)
    printed = f"{dissimilarity(seven.counts):.{digits}f}"
    (tmp_path / "s.csv").write_text(f"by;group;reference;index;value\nall;a;rest;D;{printed}\n".replace(".", ","))

    def prints_the_same(seen, counts):
        computed = {"by": "all", "group": "a", "reference": "rest", "index": "D", "value": dissimilarity(counts)}
        return same_segregation(seen.segregation, pd.DataFrame([computed]))

    found = attack_derived(tmp_path, seven, withheld, prints_the_same)
    fits = []
    for count in range(1, 79):
        split = seven.counts.copy()
        split.loc[["a", "e"], "a"] = [count, 79 - count]
        if f"{dissimilarity(split):.{digits}f}" == printed:
            fits.append(count)
    assert row(found, "a", "a") == (min(fits), max(fits), verdict)


def test_an_index_of_other_counts_misleads_who_tries(seven, tmp_path):
    """The index was computed with the mean of the district in both areas: no one learns the 2 from it."""
    withheld = [("a", "a"), ("e", "a")]
    write_csv(tmp_path / "a.csv", seven.counts, withheld)
    filled = seven.counts.copy()
    filled.loc[["a", "e"], "a"] = [44, 35]
    (tmp_path / "s.csv").write_text(f"by;group;reference;index;value\nall;a;rest;D;{dissimilarity(filled)}\n")

    def prints_the_same(seen, counts):
        computed = {"by": "all", "group": "a", "reference": "rest", "index": "D", "value": dissimilarity(counts)}
        return same_segregation(seen.segregation, pd.DataFrame([computed]))

    assert row(attack_derived(tmp_path, seven, withheld, prints_the_same), "a", "a") == (1, 78, "open")


def test_an_index_that_does_not_change_tells_nothing(seven, tmp_path):
    """Between two areas below the mean D is the same however a sum is split."""
    withheld = [("a", "a"), ("d", "a")]
    write_csv(tmp_path / "a.csv", seven.counts, withheld)
    (tmp_path / "s.csv").write_text(f"by;group;reference;index;value\nall;a;rest;D;{dissimilarity(seven.counts)}\n")

    def prints_the_same(seen, counts):
        computed = {"by": "all", "group": "a", "reference": "rest", "index": "D", "value": dissimilarity(counts)}
        return same_segregation(seen.segregation, pd.DataFrame([computed]))

    assert row(attack_derived(tmp_path, seven, withheld, prints_the_same), "a", "a") == (1, 6, "open")


@pytest.mark.parametrize(("digits", "interval"), [(3, (2, 2)), (0, (1, 6))])
def test_scores_of_the_shown_areas_hold_the_spread_of_all(seven, tmp_path, digits, interval):
    withheld = [("a", "a"), ("d", "a")]

    def scores(counts):
        rate = counts["a"] / counts["residents"]
        return (rate - rate.mean()) / rate.std()

    printed = scores(seven.counts).drop(["a", "d"]).round(digits)
    write_csv(tmp_path / "a.csv", seven.counts, withheld, {"need_status": printed})
    (tmp_path / "a.columns.csv").write_text(f"column;kind;label;decimals;city_value\nneed_status;score;S;{digits};\n")
    found = attack_derived(tmp_path, seven, withheld, lambda seen, counts: same_scores(seen, scores(counts), "status"))
    assert row(found, "a", "a") == (*interval, "open" if digits == 0 else "exact")
