from __future__ import annotations

import dataclasses
import json

import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas.errors import InputError, ReleaseError

RATE = {"mh_share": ("mh", "residents")}
WORDS = {"title": "T", "source": "S", "comment": "K"}


@pytest.fixture
def city(joined):
    def build(mh, *, period="2024", residents=None, **options):
        values = {"mh": mh, "residents": residents or [1000.0] * len(mh)}
        return qa.add_rates(joined(values, period=period, **options), RATE)

    return build


def test_the_same_release_is_entered_once_and_stays_possible(city, tmp_path):
    data = city([2.0, 40, 30, 50, 20, 30])
    for _ in range(2):
        qa.release(data, ledger=tmp_path / "book.json", as_of="2024", **WORDS)
    assert len(qa.Ledger.read(tmp_path / "book.json").entries) == 1


def test_a_draft_is_compared_and_not_entered(city, tmp_path):
    qa.release(city([2.0, 40, 30, 50, 20, 30]), ledger=tmp_path / "book.json", title="T")
    assert not (tmp_path / "book.json").exists()


def test_a_ledger_holds_no_protected_count(city, tmp_path):
    data = city([2.0, 40, 30, 50, 20, 30])
    released = qa.release(data, ledger=tmp_path / "book.json", as_of="2024", **WORDS)
    (entry,) = json.loads((tmp_path / "book.json").read_text(encoding="utf-8"))["releases"]
    hidden = released.values.index[released.values["mh_share"].isna()]
    assert len(hidden) == 2  # the small one and its company
    assert "a0" in hidden
    assert set(entry["columns"]["mh"]["shown"]) == set(released.areas.index) - set(hidden)
    assert set(entry["columns"]["mh"]["withheld"]) == set(entry["plan"]["mh"]) == set(hidden)


def test_a_laxer_second_release_shows_nothing_that_was_protected_before(city):
    data, ledger = city([2.0, 40, 30, 50, 20, 30]), qa.Ledger()
    first = qa.release(data, ledger=ledger, as_of="2024", **WORDS)
    second = qa.release(data, ledger=ledger, as_of="2024", protection=qa.Protection(min_count=1), **WORDS)
    assert second.values["mh_share"].isna().tolist() == first.values["mh_share"].isna().tolist()
    assert "a0" not in ledger.entries[1].columns["mh"].shown
    alone = qa.release(data, as_of="2024", protection=qa.Protection(min_count=1), **WORDS)
    assert alone.values["mh_share"].notna().all()


def test_another_second_cell_lets_the_first_be_subtracted(city):
    """The one that was held back for company is shown now: the small one follows from the total."""
    data, ledger = city([2.0, 40, 30, 50, 20, 30]), qa.Ledger()
    qa.release(data, ledger=ledger, as_of="2024", **WORDS)
    column = ledger.entries[0].columns["mh"]
    (company,) = set(column.withheld) - {"a0"}
    column.shown[company] = float(data.values.loc[company, "mh"])  # as if an earlier version had chosen another one
    with pytest.raises(ReleaseError, match=r"1 withheld count follows, .*total of the city") as error:
        qa.release(data, ledger=ledger, as_of="2024", **{**WORDS, "title": "U"})
    assert error.value.report["key"].tolist() == ["a0"]


def test_a_strip_between_old_and_new_borders_is_found(city):
    ledger = qa.Ledger()
    old, new = city([42.0, 40, 30, 50, 20, 30]), city([40.0, 42, 30, 50, 20, 30])
    new.areas.loc[["a0", "b0"], "geometry"] = [shapely.box(0, 0, 990, 1000), shapely.box(990, 0, 2000, 1000)]
    qa.release(old, ledger=ledger, as_of="2024", **WORDS)
    with pytest.raises(ReleaseError, match="other borders") as error:
        qa.release(new, ledger=ledger, as_of="2024", **WORDS)
    assert error.value.report["key"].tolist() == ["a0", "b0"]


def test_other_borders_with_many_people_between_are_no_matter(city):
    ledger = qa.Ledger()
    old, new = city([82.0, 40, 30, 50, 20, 30]), city([40.0, 82, 30, 50, 20, 30])
    new.areas.loc[["a0", "b0"], "geometry"] = [shapely.box(0, 0, 990, 1000), shapely.box(990, 0, 2000, 1000)]
    qa.release(old, ledger=ledger, as_of="2024", **WORDS)
    with pytest.warns(UserWarning, match=r"Borders cross \(1: b0 / a0\)"):
        qa.release(new, ledger=ledger, as_of="2024", **WORDS)
    assert len(ledger.entries) == 2


def test_releases_of_two_dates_warn_where_they_come_close(city):
    ledger = qa.Ledger()
    qa.release(city([5.0, 40, 30, 50, 20, 30], period="2023"), ledger=ledger, as_of="2023", **WORDS)
    with pytest.warns(
        UserWarning, match=r"differs by less than 3: 1, areas that show it at only one of the dates: 2\)"
    ):
        released = qa.release(city([2.0, 41, 30, 60, 20, 35]), ledger=ledger, as_of="2024", **WORDS)
    assert released.warnings[0].values["one"] == 2  # the small one and its company
    assert not any(fact.name.startswith("warning_ledger") for fact in released.facts)  # no hint to readers


def test_another_definition_is_another_count(city):
    data, ledger = city([2.0, 40, 30, 50, 20, 30]), qa.Ledger()
    qa.release(data, ledger=ledger, as_of="2024", protection=qa.Protection(min_count=1), **WORDS)
    (entry,) = ledger.entries
    entry.columns["mh"] = dataclasses.replace(entry.columns["mh"], definition="another")
    ledger.entries[0] = dataclasses.replace(entry, id="0" * 12)
    qa.release(data, ledger=ledger, as_of="2024", **WORDS)
    assert len(ledger.entries) == 2


@pytest.mark.filterwarnings("ignore:The rule rests on context:UserWarning")
def test_overlapping_candidate_areas_that_differ_by_a_small_count_are_refused(city):
    ledger = qa.Ledger()
    data = city([400.0, 300, 2, 350, 20, 30])
    shortlist = qa.screen(data, qa.worst_share("mh_share", 0.5, highest=True))
    candidates = qa.candidate_areas(data.areas, shortlist, min_population=0)
    qa.release(data, shortlist=shortlist, candidates=candidates, ledger=ledger, as_of="2024", **WORDS)
    found = ledger.entries[0].candidates
    assert {name: candidate.members for name, candidate in found.items()} == {"P1": ("a0", "b0"), "P2": ("d0",)}
    assert found["P1"].sums == {"mh": 700, "residents": 2000}
    found["P1"] = dataclasses.replace(found["P1"], members=("a0", "b0", "c0"))  # as a release with other rules
    with pytest.raises(ReleaseError, match="candidate areas"):
        qa.release(
            data,
            shortlist=shortlist,
            candidates=candidates,
            ledger=ledger,
            as_of="2024",
            **{**WORDS, "title": "U"},
        )


@pytest.mark.parametrize("content", ["{}", "[]", "nothing", '{"format": 9, "key": "", "entries": []}'])
def test_another_file_is_no_ledger(tmp_path, content):
    (tmp_path / "book.json").write_text(content)
    with pytest.raises(InputError, match="ledger"):
        qa.Ledger.read(tmp_path / "book.json")


def test_a_fingerprint_cannot_be_guessed_without_the_key():
    content = b"area;count\nA;2\n"
    assert qa.Ledger().fingerprint(content) != qa.Ledger().fingerprint(content)
    ledger = qa.Ledger()
    assert ledger.fingerprint(content) == ledger.fingerprint(content)
    assert ledger.key not in repr(ledger)


def test_counts_that_leave_rounded_are_entered_as_they_left(city):
    ledger = qa.Ledger()
    qa.release(
        city([2.0, 41, 32, 53, 20, 30]), protection=qa.Protection(round_base=5), ledger=ledger, as_of="1", **WORDS
    )
    column = ledger.entries[0].columns["mh"]
    assert column.round_base == 5
    assert column.shown == {key: {"b0": 40, "c0": 30, "d0": 55, "e0": 20, "f0": 30}[key] for key in column.shown}
    assert column.shown
    assert column.exact == {}
