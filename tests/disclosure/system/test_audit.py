"""The certificate of a release: every interval as trying out finds it, verdicts, refusal of what is too narrow."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from attack_system import System as Reader
from towns import frame, town

import quartiersatlas as qa
from quartiersatlas.disclosure.system import chance
from quartiersatlas.errors import ReleaseError

OPEN = {"min_population": 0, "protect_remainder": False}
WORDS = {"title": "T", "source": "S", "as_of": "2024", "comment": "K"}


@pytest.fixture
def audited(grid):
    """Release counts of areas, and give the rows of the certificate by column and key."""

    def build(values, units=None, **options):
        areas = grid(len(values["a"]))
        if units:
            areas["bezirk"] = units
        frame = pd.DataFrame(values, index=areas.index, dtype=float).assign(residents=1000.0)
        data = qa.add_rates(qa.join(areas, frame), {f"{name}_share": (name, "residents") for name in values})
        audit = qa.release(data, protection=qa.Protection(**{**OPEN, **options})).audit()
        return audit, audit.table.set_index(["column", "key"])

    return build


def test_two_persons_and_a_partner(audited):
    """2 + 9 are known together, each is at least 1: 1 to 10."""
    audit, table = audited({"a": [2, 9, 900, 901]}, effort="fast", priority={"a": 1})
    (other,) = table.index[table["verdict"] == "partner"]
    total = 2 + {"b0": 9, "c0": 900, "d0": 901}[other[1]]
    row = table.loc[("a", "a0")]
    assert (row["kind"], row["low"], row["high"], row["values"]) == ("small", 1, total - 1, total - 1)
    assert (row["need"], row["verdict"], row["because"]) == (4, "open", "total of the city")
    assert table.loc[other, "need"] == 0
    assert audit.ok
    assert audit.loss == {"cells": 2, "partners": 1, "persons": 1000}
    assert audit.limits.empty


def test_an_area_alone_in_a_unit_is_said_to_be(audited):
    audit, table = audited({"a": [2, 40, 50, 60]}, ["A", "B", "B", "B"])
    assert table["verdict"].tolist() == ["parent"]
    assert table.loc[("a", "a0"), ["low", "high"]].tolist() == [2, 2]
    assert audit.ok
    assert len(audit.limits) == 1
    helped, _ = audited({"a": [2, 40, 50, 60]}, ["A", "B", "B", "B"], totals=("city",))
    assert helped.limits.empty


def test_all_few_of_a_unit_can_be_in_any_of_its_areas(audited):
    """2 + 0 + 0: with a zero withheld each of the two is 0 to 2, which is all there is."""
    audit, table = audited({"a": [2, 0, 0, 40, 50]}, ["A", "A", "A", "B", "B"])
    assert audit.ok
    assert len(table) == 2
    assert table.loc[("a", "a0"), ["low", "high", "verdict"]].tolist() == [0, 2, "few"]
    shown, rows = audited({"a": [2, 0, 0, 40, 50]}, ["A", "A", "A", "B", "B"], zeros="shown")
    assert rows.loc[("a", "a0"), ["low", "high", "verdict"]].tolist() == [2, 2, "limit"]
    assert shown.ok


def test_small_counts_alone_in_a_unit_are_at_their_limit(audited):
    """1 + 2, and no zero to go with them: 1 or 2 each, whatever is done."""
    audit, table = audited({"a": [1, 2, 40, 50]}, ["A", "A", "B", "B"])
    assert table["verdict"].tolist() == ["limit", "limit"]
    assert table[["low", "high"]].to_numpy().tolist() == [[1, 2], [1, 2]]
    assert audit.ok
    assert "at their limit" in repr(audit)


@pytest.mark.parametrize("variant", ["T1", "T2"])
def test_every_interval_of_the_frame_is_that_of_an_independent_programme(variant):
    """Three columns leave and their sum does not: a reader has three totals, and zeros are shown."""
    one, columns = frame(variant), ["a", "b", "c"]
    release = one.release(
        protection=qa.Protection(find_sums=False, plan="leaving"), columns=[f"{c}_share" for c in columns]
    )
    truth = one.known.counts
    unseen = [(c, key) for c in columns for key in truth.index[release.values[f"{c}_share_numerator"].isna()]]
    number = {cell: k for k, cell in enumerate(unseen)}
    rows = [{k: 1 for (column, _), k in number.items() if column == c} for c in columns]
    right = [sum(truth.loc[key, c] for column, key in unseen if column == c) for c in columns]
    reader = Reader([1] * len(number), [10**6] * len(number), rows, right, right)
    table = release.audit().table.set_index(["column", "key"])
    assert set(table.index) == set(unseen)
    assert len(unseen) == 2
    for cell, k in number.items():
        assert reader.extent({k: 1}) == tuple(table.loc[cell, ["low", "high"]])


@pytest.mark.parametrize("seed", [0, 1])
def test_truth_is_inside_every_interval(seed):
    one = town(seed, n_areas=11 + 2 * seed, secret=0.3, small_areas=1)
    table = one.release().audit().table
    known = table[table["kind"] != "source"]
    for _, row in known.iterrows():
        assert row["low"] <= one.known.counts.loc[row["key"], row["column"]] <= row["high"]
        assert row["values"] == row["high"] - row["low"] + 1
    asked = table[(table["need"] > 0) & table["verdict"].eq("open")]
    assert (asked["values"] >= asked["need"]).all()


def test_a_release_that_shows_less_narrows_nothing():
    one, fast = town(3, n_areas=10, n_groups=4, parents=""), qa.Protection(effort="fast")
    together = one.release(protection=fast).audit().table.set_index(["column", "key"])
    assert len(together) > 5
    for rate in one.data.rates:
        alone = one.release(columns=[rate], protection=fast).audit().table.set_index(["column", "key"])
        both = alone.index.intersection(together.index)
        assert (alone.loc[both, "low"] <= together.loc[both, "low"]).all()
        assert (alone.loc[both, "high"] >= together.loc[both, "high"]).all()


@pytest.fixture
def broken(monkeypatch):
    """Let the search for partners forget the last one that it found."""
    found = chance.suppress

    def forgetful(task, effort="auto"):
        withheld, need = found(task, effort)
        partners = np.argwhere(withheld & ~task.withheld)
        if len(partners):
            withheld = withheld.copy()
            withheld[tuple(partners[-1])] = False
        return withheld, need

    monkeypatch.setattr(chance, "suppress", forgetful)


@pytest.mark.usefixtures("broken")
def test_a_pattern_that_tells_a_count_does_not_leave(tmp_path):
    one, path = frame("T1"), tmp_path / "book.json"
    with pytest.raises(ReleaseError, match=r"withheld counts? follows?, or nearly, from what") as caught:
        one.release(ledger=path)
    report = caught.value.report
    assert ("a", "02") in set(zip(report["column"], report["key"], strict=True))
    assert set(report["verdict"]) <= {"exact", "narrow"}
    assert not path.exists()
    assert "2.0" not in str(caught.value)  # the message names cells, not counts


@pytest.mark.usefixtures("broken")
def test_without_secondary_protection_nobody_promises_anything():
    assert frame("T1").release(protection=qa.Protection(secondary=False)).values.notna().to_numpy().any()


def test_the_certificate_says_in_words_what_it_found():
    audit = frame("T1").release().audit()
    said = repr(audit)
    assert said.startswith("Audit: 1 withheld count (3 partners beside): 1 open\n  tightest 1..")
    assert "02" in said.splitlines()[1]
    assert "totals of the city" in said
    assert "'all' = 'a' + 'b' + 'c' (found)" in said
    assert "<pre>Audit: 1 withheld" in audit._repr_html_()
    assert "NOT OK" not in said


def test_nothing_withheld_is_said_too(audited):
    audit, table = audited({"a": [20, 30, 40]})
    assert table.empty
    assert audit.ok
    assert repr(audit).startswith("Audit: no count is withheld")


def test_a_certificate_is_a_copy():
    release = frame("T1").release()
    table = release.audit().table
    table["low"] = 99
    assert (release.audit().table["low"] < 99).all()
