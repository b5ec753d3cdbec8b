"""Releases of one date over different areas: what only all of them together tell is refused."""

from __future__ import annotations

import dataclasses
import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas.disclosure.ledger.layers import outline_hashes
from quartiersatlas.errors import ReleaseError

WORDS = {"source": "S", "comment": "K", "as_of": "2024"}
MEANING = {
    "numerator_de": "andere",
    "numerator_en": "others",
    "denominator_de": "Einwohner",
    "denominator_en": "residents",
}
AREAS = {"a": (0, 1), "b": (1, 2), "c": (2, 3), "d": (3, 4), "e": (4, 5), "f": (5, 6)}
SMALL = {"a": 2, "b": 40, "c": 30, "d": 50, "e": 20, "f": 30}


def town(places, counts, **columns):
    """Join counts to strips of land: key -> one stretch or several, in km."""
    stretches = {key: place if isinstance(place[0], tuple) else (place,) for key, place in places.items()}
    shapes = [
        shapely.union_all([shapely.box(1000 * start, 0, 1000 * end, 1000) for start, end in stretches[key]])
        for key in places
    ]
    areas = gpd.GeoDataFrame({"name": list(places), **columns}, index=list(places), geometry=shapes, crs="EPSG:25832")
    residents = [1000.0 * sum(end - start for start, end in stretches[key]) for key in places]
    table = pd.DataFrame({"mh": [float(counts[key]) for key in places], "residents": residents}, index=list(places))
    return qa.add_rates(qa.join(areas, table), {"mh_share": ("mh", "residents")})


def released(book, data, title, **protection):
    return qa.release(data, title=title, ledger=book, protection=qa.Protection(**protection), **WORDS)


def told(book, data, title, **protection):
    """Release, and give the keys that would be told."""
    with pytest.raises(ReleaseError, match="other borders") as error:
        released(book, data, title, **protection)
    report = error.value.report
    assert report["column"].unique().tolist() == ["mh"]
    return report.loc[report["kind"] == "other borders", "key"].tolist()


@pytest.mark.parametrize("seed", range(6))
def test_districts_that_were_planned_as_parents_tell_nothing_when_they_follow(seed):
    """Their totals were taken to be known; each district has more than a few."""
    rng = np.random.default_rng(seed)
    places = {f"{n:02}": (n, n + 1) for n in range(16)}
    counts = dict(zip(places, rng.choice([0, 1, 2, 5, 8, 20, 60], 16).tolist(), strict=True))
    for first in range(0, 16, 4):
        counts[f"{first:02}"] += 30
    district = [f"D{n // 4}" for n in range(16)]
    book = qa.Ledger()
    released(book, town(places, counts, district=district), "areas")
    sums = pd.Series(counts).groupby(district).sum()
    released(book, town({f"D{n}": (4 * n, 4 * n + 4) for n in range(4)}, sums), "districts")
    assert len(book.entries) == 2


def test_what_was_at_its_limit_before_is_told_by_nothing_new():
    """1 + 2 are 3 in all of D1, which was taken to be known: 1 to 2 in either, before the districts and after."""
    book = qa.Ledger()
    places = {key: (n, n + 1) for n, key in enumerate("abcdefgh")}
    counts = dict(zip(places, [1, 2, 0, 0, 40, 30, 20, 10], strict=True))
    released(book, town(places, counts, district=["D1"] * 4 + ["D2"] * 4), "areas", zeros="shown")
    released(book, town({"D1": (0, 4), "D2": (4, 8)}, {"D1": 3, "D2": 100}), "districts")
    assert len(book.entries) == 2


def test_an_earlier_release_may_have_withheld_a_zero():
    """30 in b and c together, 30 in c: b has nobody, although withheld counts are at least 1 as a rule."""
    book = qa.Ledger()
    released(book, town(AREAS, {**SMALL, "b": 0}), "areas", zeros="shown")
    column = book.entries[0].columns["mh"]
    shown = {key: value for key, value in column.shown.items() if key != "b"}
    withheld = tuple(sorted({*column.withheld, "b"}))
    shown |= {"c": 30.0}  # whichever keeps a company
    changed = dataclasses.replace(column, shown=shown, withheld=tuple(k for k in withheld if k != "c"), need=None)
    book.entries[0] = dataclasses.replace(book.entries[0], columns={**book.entries[0].columns, "mh": changed})
    assert told(book, town({"X": (1, 3)}, {"X": 30}), "custom area") == ["b"]


def test_areas_tell_the_district_that_they_make_up():
    """D1 = 0 + 2 persons: with every area shown its count is there to be added up."""
    book = qa.Ledger()
    districts = town({"D1": (0, 2), "D2": (2, 4), "D3": (4, 6)}, {"D1": 2, "D2": 40, "D3": 60})
    released(book, districts, "districts")
    areas = town(AREAS, {"a": 0, "b": 2, "c": 15, "d": 25, "e": 22, "f": 38})
    assert told(book, areas, "areas", min_count=1) == ["D1"]


def test_an_area_made_of_three_tells_the_small_one_of_them():
    """72 in all three, 40 and 30 in two of them: 2 in the third."""
    book = qa.Ledger()
    released(book, town(AREAS, SMALL), "areas")
    assert told(book, town({"X": (0, 3)}, {"X": 72}), "custom area") == ["a"]


def test_and_the_other_way_round():
    book = qa.Ledger()
    released(book, town({"X": (0, 3)}, {"X": 72}), "custom area")
    assert told(book, town(AREAS, SMALL), "areas") == ["a"]


def test_an_area_with_one_more_withheld_tells_nothing():
    """The small one's company is in the area of one's own as well: of both together no more is known than before."""
    book = qa.Ledger()
    released(book, town(AREAS, SMALL), "areas")
    (partner,) = set(book.entries[0].columns["mh"].withheld) - {"a"}
    inside = {"X": (AREAS["a"], AREAS["b"], AREAS["c"], AREAS[partner])}
    released(book, town(inside, {"X": sum(SMALL[key] for key in {"a", "b", "c", partner})}), "custom area")
    assert len(book.entries) == 2


@pytest.mark.parametrize(("b", "p", "is_told"), [(0, 4, True), (5, 7, False), (10, 9, False)])
def test_borders_that_cross(b, p, is_told):
    """P is A and some of B: A lies between P - B and P, at least 1. With 5: 2 to 7, six values for a minimum of 5."""
    book = qa.Ledger()
    earlier = town({"A": (0, 2), "B": (2, 4), "C": (4, 6), "D": (6, 8)}, {"A": 4, "B": b, "C": 50, "D": 40})
    released(book, earlier, "areas", min_count=5)
    later = town({"P": (0, 3), "Q": (3, 8)}, {"P": p, "Q": 94 + b - p})
    if is_told:
        assert told(book, later, "crossing") == ["A"]
    else:
        with pytest.warns(UserWarning, match=r"Borders cross \(2: P / B, Q / B\)"):
            released(book, later, "crossing")
        assert len(book.entries) == 2


def test_three_releases_tell_what_no_two_of_them_do():
    """42 in a and g together, 40 in g: 2 in a."""
    book = qa.Ledger()
    released(book, town(AREAS, SMALL), "areas")
    released(book, town({"Y": ((0, 1), (6, 7))}, {"Y": 42}), "with a new quarter")
    new = town({"g": (6, 7)}, {"g": 40})
    assert told(book, new, "the new quarter") == ["a"]
    book.entries.pop()
    released(book, new, "the new quarter")


@pytest.mark.parametrize(("b", "base", "is_told"), [(40, 5, True), (40, 10, False), (44, 6, False)])
@pytest.mark.parametrize("rounded_first", [True, False])
def test_rounded_counts_tell_as_much_as_their_rounding_leaves(b, base, is_told, rounded_first):
    """72 is 70, rounded: 68 to 72 by fives, 65 to 74 by tens; less 40 and 30, at least 1: 1 to 2, or 1 to 4.

    76 is 78 by sixes: 75 to 80, less 44 and 30: 1 to 6.
    """
    book = qa.Ledger()
    releases = [
        (town({"X": (0, 3)}, {"X": 32 + b}), "custom area", {"round_base": base}),
        (town(AREAS, {**SMALL, "b": b}), "areas", {}),
    ]
    (data, title, options), (later, other, further) = releases if rounded_first else releases[::-1]
    released(book, data, title, **options)
    if is_told:
        assert told(book, later, other, **further) == ["a"]
    else:
        released(book, later, other, **further)
        assert len(book.entries) == 2


@pytest.mark.parametrize(("x", "is_told"), [(72, True), (73, True), (74, False)])
def test_counts_that_do_not_add_up_are_known_no_better_than_that(x, is_told):
    """All in X is 72 by its areas: when 74 were shown, they may be 2 off; 72 to 76 leave 2 to 6. With 73: 2 to 4."""
    book = qa.Ledger()
    released(book, town({"X": (0, 3)}, {"X": x}), "custom area")
    areas = town(AREAS, SMALL)
    if is_told:
        assert told(book, areas, "areas") == ["a"]
    else:
        with pytest.warns(UserWarning, match=r"custom area \(2024\) showed other values of “mh” \(areas: 1\)"):
            released(book, areas, "areas")
        assert len(book.entries) == 2


def test_counts_that_cannot_be_true_together_are_refused_by_name():
    """A has 30, a part of it 60; what is withheld in B and C could follow from anything."""
    book = qa.Ledger()
    places = {"A": (0, 2), "B": (2, 4), "C": (4, 6), "D": (6, 8)}
    released(book, town(places, {"A": 30, "B": 2, "C": 50, "D": 40}), "areas", totals=())
    later = town({"P": (0, 1), "Q": (1, 3), "R": (3, 8)}, {"P": 60, "Q": 20, "R": 42})
    with pytest.raises(ReleaseError, match=r"No counts fit .*areas \(2024\).*: 'mh'\. Were the counts") as error:
        released(book, later, "revised")
    assert error.value.report["column"].tolist() == ["mh"]


def test_a_strip_is_told_where_one_border_moved_inwards():
    """42 before, 40 now: 2 live between the old and the new border, whatever the neighbours have."""
    book = qa.Ledger()
    released(book, town({"a": (0, 1), "b": (1, 2), "c": (2, 3)}, {"a": 42, "b": 40, "c": 30}), "old borders")
    moved = {"a": (0, 0.9), "b": (0.9, 2), "c": (2, 3)}
    assert told(book, town(moved, {"a": 40, "b": 42, "c": 30}), "new borders") == ["a", "b"]
    with pytest.warns(UserWarning, match=r"Borders cross \(1: b / a\)"):
        released(book, town(moved, {"a": 12, "b": 70, "c": 30}), "30 between")
    assert len(book.entries) == 2


@pytest.mark.parametrize(("a", "is_told"), [(40, True), (12, False)])
def test_a_ledger_without_borders_is_compared_by_key(tmp_path, a, is_told):
    """As the first edition wrote it: hashes of outlines only."""
    old = town({"a": (0, 1), "b": (1, 2), "c": (2, 3)}, {"a": 42, "b": 40, "c": 30})
    entry = {
        "title": "Old",
        "date": "2024",
        "min_count": 3,
        "complement": True,
        "areas": outline_hashes(old.areas),
        "counts": {"mh": {"definition": "", "shown": {"a": 42.0, "b": 40.0, "c": 30.0}}},
        "candidates": {},
    }
    probe = qa.Ledger()
    released(probe, old, "for its definition")
    entry["counts"]["mh"]["definition"] = probe.entries[0].columns["mh"].definition
    path = tmp_path / "book.json"
    path.write_text(json.dumps({"format": 1, "key": "ab" * 32, "entries": [entry]}), encoding="utf-8")
    moved = town({"a": (0, 0.9), "b": (0.9, 2), "c": (2, 3)}, {"a": a, "b": 82 - a, "c": 30})
    if is_told:
        assert told(path, moved, "new borders") == ["a", "b"]
    else:
        with pytest.warns(UserWarning, match=r"No borders of Old \(2024\) are stored"):
            released(path, moved, "new borders")


def test_another_date_or_definition_is_another_count():
    book = qa.Ledger()
    released(book, town(AREAS, SMALL), "areas")
    custom = town({"X": (0, 3)}, {"X": 72})
    qa.release(custom, title="custom area", ledger=book, **{**WORDS, "as_of": "2023"})
    catalogue = custom.catalogue.add(qa.Indicator(id="mh_share", **MEANING))
    other = qa.join(custom.areas, custom.values[["mh", "residents"]], catalogue=catalogue)
    other = qa.add_rates(other, {"mh_share": ("mh", "residents")})
    released(book, other, "other count")
    assert len(book.entries) == 3
