"""The file of a ledger: what is in it, its key, its areas; damage is found and said."""

from __future__ import annotations

import dataclasses
import json
import re
import stat
import warnings

import pytest

import quartiersatlas as qa
from quartiersatlas.cli import main
from quartiersatlas.disclosure.ledger import LedgerEntry, withdraw_release
from quartiersatlas.disclosure.ledger.records import as_json, entry_from_json, identified
from quartiersatlas.errors import ArgumentError, InputError, ReleaseError, SpecError

WORDS = {"title": "T", "source": "S", "comment": "K"}
SMALL = [2.0, 40, 30, 50, 20, 30]


def rewritten(path, change):
    """Change the content of a ledger and give it a checksum that fits, as somebody would who means to."""
    from quartiersatlas.disclosure.ledger.book import _checksum

    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    content["sha256"] = _checksum(content)
    path.write_text(json.dumps(content), encoding="utf-8")


def test_a_release_is_read_as_it_was_entered(city, ledger):
    memory = qa.Ledger()
    qa.release(city(SMALL), ledger=memory, as_of="2024", **WORDS)
    (entry,) = qa.Ledger.read(ledger).entries
    (fresh,) = memory.entries
    columns = {name: dataclasses.replace(column, need=None) for name, column in entry.columns.items()}
    others = {name: dataclasses.replace(column, need=None) for name, column in fresh.columns.items()}
    assert dataclasses.replace(entry, columns=columns) == dataclasses.replace(fresh, columns=others)
    _, company = withheld = entry.columns["mh"].withheld
    assert withheld == ("a0", company)
    all_shown = {"b0": 40, "c0": 30, "d0": 50, "e0": 20, "f0": 30}
    assert entry.columns["mh"].shown == {key: value for key, value in all_shown.items() if key != company}
    assert entry.plan == {"mh": withheld, "residents": ()}
    assert (entry.date, entry.min_count, entry.state, entry.files) == ("2024", 3, "done", {})
    assert entry.rules["min_population"] == 300


def test_what_is_absent_is_not_withheld(city):
    memory = qa.Ledger()
    qa.release(city([float("nan"), 40, 30, 50, 20, 30]), ledger=memory, as_of="2024", **WORDS)
    column = memory.entries[0].columns["mh"]
    assert (column.absent, column.withheld) == (("a0",), ())


def test_the_same_ledger_has_the_same_bytes(ledger, tmp_path):
    before = ledger.read_bytes()
    qa.Ledger.read(ledger).save(ledger)
    assert ledger.read_bytes() == before
    other = qa.Ledger.read(ledger).save(tmp_path / "other.json")
    assert other.read_bytes() == before
    assert [file.read_bytes() for file in (tmp_path / "other.layers").iterdir()] == [
        file.read_bytes() for file in (tmp_path / "book.layers").iterdir()
    ]


def test_the_areas_are_stored_once_and_read_as_they_were(city, tmp_path):
    data, ledger = city([22.0, 40, 30, 50, 20, 30]), tmp_path / "book.json"
    data.areas["bezirk"] = ["x", "x", "y", "y", "z", None]
    for title in "UV":
        qa.release(data, ledger=ledger, as_of="2024", **{**WORDS, "title": title})
    assert len(list((tmp_path / "book.layers").iterdir())) == 1
    again = qa.Ledger.read(ledger)
    areas = again.areas(again.entries[1])
    assert areas.crs == data.areas.crs
    assert areas.index.tolist() == data.areas.index.tolist()
    assert areas.geometry.geom_equals_exact(data.areas.geometry.normalize(), 0).all()
    assert areas["name"].tolist() == data.areas["name"].tolist()
    assert areas["bezirk"].tolist() == ["x", "x", "y", "y", "z", None]


@pytest.mark.parametrize("damage", ["gone", "changed", "cut"])
def test_areas_that_are_gone_or_changed_are_said_when_they_are_needed(ledger, tmp_path, damage):
    (file,) = (tmp_path / "book.layers").iterdir()
    content = file.read_text(encoding="utf-8")
    if damage == "gone":
        file.unlink()
    else:
        file.write_text(content.replace("25832", "25833") if damage == "changed" else content[:-100], encoding="utf-8")
    again = qa.Ledger.read(ledger)
    with pytest.raises(InputError, match="Restore it from a backup"):
        again.areas(again.entries[0])


def test_areas_that_are_gone_are_written_anew_with_the_next_release_of_the_same(city, ledger, tmp_path):
    (file,) = (tmp_path / "book.layers").iterdir()
    content = file.read_bytes()
    file.unlink()
    qa.release(city(SMALL), ledger=ledger, as_of="2024", **WORDS)
    assert file.read_bytes() == content


# damage


def test_every_flipped_byte_is_found_or_changes_nothing(ledger):
    content = ledger.read_bytes()
    entries = qa.Ledger.read(ledger).entries
    found = 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for place in range(len(content)):
            damaged = bytearray(content)
            damaged[place] ^= 1 << (place % 7)
            ledger.write_bytes(damaged)
            try:
                assert qa.Ledger.read(ledger).entries == entries
            except InputError:
                found += 1
    assert found > 0.6 * len(content)  # the others are blanks between


@pytest.mark.parametrize("share", [0, 0.3, 0.9, 0.999])
def test_a_truncated_file_is_refused_and_left_alone(city, ledger, share):
    content = ledger.read_bytes()[: int(share * len(ledger.read_bytes()))]
    ledger.write_bytes(content)
    with pytest.raises(InputError, match="Restore it from a backup"):
        qa.release(city(SMALL), ledger=ledger, as_of="2024", **WORDS)
    assert ledger.read_bytes() == content


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c["releases"][0].update(state="gone"), r"releases\[0\]\.state is 'gone', not one of 'pending'"),
        (lambda c: c["releases"][0].update(colour="x"), r"releases\[0\] has 'colour', which is not known"),
        (lambda c: c["releases"][0].pop("date"), r"releases\[0\] has no 'date'"),
        (lambda c: c["releases"][0].update(title=3), r"releases\[0\]\.title is no text"),
        (lambda c: c["releases"][0].update(id="x"), r"releases\[0\]\.id is 'x'"),
        (lambda c: c["releases"][0].update(layer="x"), r"releases\[0\]\.layer is 'x', which layers does not have"),
        (lambda c: c["releases"][0].update(files={"a": "b"}), r"releases\[0\]\.files\['a'\] is 'b', which is no SHA"),
        (lambda c: c["releases"][0].update(sums=[["a", 1]]), r"releases\[0\]\.sums\[0\]\[1\] is no text"),
        (lambda c: c["releases"][0].update(columns=[]), r"releases\[0\]\.columns is no object"),
        (
            lambda c: c["releases"][0]["columns"]["mh"]["shown"].update(b0="40"),
            r"releases\[0\]\.columns\['mh'\]\.shown\['b0'\] is no number",
        ),
        (
            lambda c: c["releases"][0]["columns"]["mh"]["shown"].update(a0=40),
            r"releases\[0\]\.columns\['mh'\] has an area twice",
        ),
        (
            lambda c: c["releases"][0]["columns"]["mh"]["shown"].update(x0=40),
            r"releases\[0\]\.columns\['mh'\] has areas that its layer does not: 'x0'",
        ),
        (
            lambda c: c["releases"][0]["columns"]["mh"].update(round_base=0),
            r"\.round_base is neither a whole number from 1 nor null",
        ),
        (lambda c: c["releases"][0]["columns"]["mh"].update(need=[]), r"\.need does not fit"),
        (lambda c: c["releases"].append(c["releases"][0]), "releases has an id twice"),
        (lambda c: c.update(releases={}), "releases is no list"),
        (lambda c: c.update(key="x"), r"it has 'format', 'key', .* instead of"),
        (lambda c: c.update(format=3), "its format is 3, and this version reads 1 and 2"),
        (lambda c: c["layers"].update(x={}), r"layers\['x'\] does not have 'outlines' and 'stored'"),
    ],
)
def test_content_that_is_none_is_refused_with_its_place(ledger, change, message):
    rewritten(ledger, change)
    with pytest.raises(InputError, match=message):
        qa.Ledger.read(ledger)


def test_numbers_that_are_none_are_refused(ledger):
    ledger.write_text(ledger.read_text(encoding="utf-8").replace("40.0", "NaN"), encoding="utf-8")
    with pytest.raises(InputError, match="NaN is no number"):
        qa.Ledger.read(ledger)


def test_an_entry_is_the_same_after_json():
    entry = identified(
        LedgerEntry(
            title="T",
            date="2024",
            min_count=3,
            layer="x",
            columns={},
            totals={"mh": {"": 172.0, "bezirk=x": 80.0}},
            sums=(("mh", "a", "b"),),
            parts=(("a", "mh"),),
            wholes={"a": ("residents",), "mh": ()},
        )
    )
    assert entry_from_json(json.loads(json.dumps(as_json(entry))), "x") == entry


def test_a_ledger_without_relations_to_hold_is_read_and_they_are_looked_for_again(city, ledger):
    def without(content):
        content["releases"][0].pop("wholes")

    rewritten(ledger, without)
    (entry,) = qa.Ledger.read(ledger).entries
    assert entry.wholes == {}
    qa.release(city(SMALL), ledger=ledger, as_of="2024", **WORDS)
    assert set(qa.Ledger.read(ledger).entries[-1].wholes) == {"mh", "residents"}


def test_the_id_is_that_of_what_is_shown_not_of_how_far_it_is(ledger):
    (entry,) = qa.Ledger.read(ledger).entries
    later = dataclasses.replace(entry, state="pending", files={"a": "0" * 64})
    assert identified(later).id == entry.id
    assert identified(dataclasses.replace(entry, title="U")).id != entry.id


# the key


def test_the_key_is_in_a_file_of_its_own_which_only_its_owner_reads(ledger, tmp_path):
    file = tmp_path / "book.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    key = file.read_text(encoding="ascii").strip()
    assert qa.Ledger.read(ledger).key == key
    assert len(bytes.fromhex(key)) == 32
    assert not any(
        key in other.read_text(encoding="utf-8") for other in (ledger, *(tmp_path / "book.layers").iterdir())
    )


def test_only_the_key_tells_small_counts_from_their_company(ledger, tmp_path):
    book = qa.Ledger.read(ledger)
    (entry,) = book.entries
    assert book.needed(entry, "mh") == {"a0"}  # 2; the other one keeps it company
    assert len(entry.columns["mh"].need) == 2  # one hash for each, whatever it says
    (tmp_path / "book.key").unlink()
    with pytest.warns(UserWarning, match=r"key is missing or does not fit \(book\.key\): 1\. All counts withheld"):
        book = qa.Ledger.read(ledger)
    assert book.needed(entry, "mh") == set(entry.columns["mh"].withheld)


def test_with_another_key_all_withheld_counts_count_as_small(ledger, tmp_path):
    (tmp_path / "other.key").write_text("ab" * 32)
    (tmp_path / "other.key").chmod(0o600)
    with pytest.warns(UserWarning, match="other.key"):
        book = qa.Ledger.read(ledger, tmp_path / "other.key")
    (entry,) = book.entries
    assert book.needed(entry, "mh") == set(entry.columns["mh"].withheld)
    assert len(entry.columns["mh"].withheld) == 2


def test_a_lost_key_is_replaced_and_the_same_release_sealed_with_the_new_one(city, ledger, tmp_path):
    before = (tmp_path / "book.key").read_bytes()
    (tmp_path / "book.key").unlink()
    with pytest.warns(UserWarning, match="key is missing"):
        qa.release(city(SMALL), ledger=ledger, as_of="2024", **WORDS)
    assert (tmp_path / "book.key").read_bytes() != before
    book = qa.Ledger.read(ledger)
    assert [book.needed(entry, "mh") for entry in book.entries] == [{"a0"}]


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o602])
def test_a_key_that_others_may_read_is_refused(ledger, tmp_path, mode):
    (tmp_path / "book.key").chmod(mode)
    with pytest.raises(InputError, match=r"may be read by others than its owner.*chmod 600 book\.key"):
        qa.Ledger.read(ledger)


@pytest.mark.parametrize("content", ["", "abc", "g" * 64, "ab" * 33])
def test_a_key_file_without_a_key_is_refused(ledger, tmp_path, content):
    (tmp_path / "book.key").write_text(content)
    with pytest.raises(InputError, match="holds no key"):
        qa.Ledger.read(ledger)


def test_the_key_is_not_in_the_file_of_the_ledger(tmp_path):
    with pytest.raises(InputError, match="cannot be in the same file"):
        qa.Ledger().save(tmp_path / "book.key")
    (tmp_path / "keys").mkdir()
    with pytest.raises(InputError, match="is no file"):
        qa.Ledger.read(tmp_path / "book.json", tmp_path / "keys")
    with pytest.raises(InputError, match="There is no folder"):
        qa.Ledger().save(tmp_path / "book.json", tmp_path / "nowhere" / "x.key")


# entering and withdrawing


def test_what_others_have_entered_meanwhile_is_kept(city, ledger):
    mine = qa.Ledger.read(ledger)
    qa.release(city(SMALL), ledger=ledger, as_of="2024", **{**WORDS, "title": "theirs"})
    qa.release(city(SMALL), ledger=mine, as_of="2024", **{**WORDS, "title": "mine"})
    mine.save(ledger)
    assert {entry.title for entry in qa.Ledger.read(ledger).entries} == {"T", "mine", "theirs"}


def test_saving_brings_back_no_release_that_is_further_on_its_way(ledger):
    old = qa.Ledger.read(ledger)
    old.entries[0] = dataclasses.replace(old.entries[0], state="withdrawn")
    old.save(ledger)
    assert [entry.state for entry in qa.Ledger.read(ledger).entries] == ["done"]


def test_a_withdrawn_release_is_compared_with_no_later_one_until_it_is_released_again(city, ledger):
    def lax_draft_withholds():
        draft = qa.release(city(SMALL), ledger=ledger, as_of="2024", title="D", protection=qa.Protection(min_count=1))
        return draft.values.index[draft.values["mh_share"].isna()].tolist()

    (entry,) = qa.Ledger.read(ledger).entries
    assert lax_draft_withholds() == list(entry.columns["mh"].withheld)
    withdraw_release(ledger, entry.id)
    assert qa.Ledger.read(ledger).published() == []
    assert lax_draft_withholds() == []
    qa.release(city(SMALL), ledger=ledger, as_of="2024", **WORDS)
    assert [(known.id, known.state) for known in qa.Ledger.read(ledger).entries] == [(entry.id, "done")]
    assert lax_draft_withholds() == list(entry.columns["mh"].withheld)


def test_what_was_shown_before_may_be_withheld_now_if_that_is_accepted(city):
    book = qa.Ledger()
    qa.release(city(SMALL), ledger=book, as_of="2024", protection=qa.Protection(min_count=1), **WORDS)
    with pytest.raises(ReleaseError, match="shown before"):
        qa.release(city(SMALL), ledger=book, as_of="2024", **WORDS)
    book.accept = (book.entries[0].id,)
    qa.release(city(SMALL), ledger=book, as_of="2024", **WORDS)
    assert len(book.entries) == 2


def test_accepting_a_release_that_is_not_there_is_a_slip(ledger):
    with pytest.raises(SpecError, match=r"accept: book\.json has no release 'x'\. There are: '[0-9a-f]{12}'"):
        qa.Ledger.read(ledger, accept=["x"])


def test_a_project_may_name_key_and_accepted_releases(project, tmp_path):
    path = project(top='[ledger]\npath = "book.json"\nkey_file = "house.key"\naccept = []', min_count=1)
    qa.run_project(path)
    assert (tmp_path / "house.key").is_file()
    assert not (tmp_path / "book.key").exists()
    project(top='[ledger]\npath = "book.json"\nkey_file = "house.key"')
    with pytest.raises(ReleaseError, match="shown before"):
        qa.run_project(path)
    (entry,) = qa.Ledger.read(tmp_path / "book.json", tmp_path / "house.key").entries
    project(top=f'[ledger]\npath = "book.json"\nkey_file = "house.key"\naccept = ["{entry.id}"]')
    qa.run_project(path)
    assert len(qa.Ledger.read(tmp_path / "book.json", tmp_path / "house.key").entries) == 2


@pytest.mark.parametrize(
    ("top", "message"),
    [
        ("ledger = 3", r"In \[ledger\]: 3 should be a table"),
        ("[ledger]", r"In \[ledger\]: 'path' is missing"),
        ('[ledger]\npath = "b.json"\nkey = "x"', r"In \[ledger\]: 'key' is not known"),
        ('[ledger]\npath = "b.json"\naccept = "x"', r"accept = .x. should be a list"),
        ('[ledger]\npath = "b.json"\nkey_file = "b.json"', "cannot be in the same file"),
        ('[ledger]\npath = "b.json"\nkey_file = "projekt.toml"', "holds no key|may be read by others"),
    ],
)
def test_what_a_project_says_wrongly_of_its_ledger_is_refused(project, top, message):
    with pytest.raises((SpecError, InputError), match=message):
        qa.check_project(project(top=top))


# the command line


def test_the_releases_of_a_ledger_are_listed(ledger, capsys):
    (entry,) = qa.Ledger.read(ledger).entries
    assert main(["ledger", "list", str(ledger)]) == 0
    assert capsys.readouterr().out == f"{entry.id}  done       2024  T\n"


def test_listing_and_withdrawing_need_no_key_and_make_none(ledger, tmp_path, capsys):
    (entry,) = qa.Ledger.read(ledger).entries
    (tmp_path / "book.key").unlink()
    assert main(["ledger", "list", str(ledger)]) == 0
    assert main(["ledger", "withdraw", str(ledger), entry.id]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    assert f"Withdrew {entry.id}, which was done: T (2024).\n" in printed.out
    assert not (tmp_path / "book.key").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["list", "nothing.json"], r"The ledger file '.*nothing\.json' is missing\."),
        (["withdraw", "book.json", "x"], "book.json has no release 'x'. There are: '[0-9a-f]{12}'"),
    ],
)
def test_the_command_line_says_what_is_not_there(ledger, capsys, arguments, message):
    act, file, *rest = arguments
    assert main(["ledger", act, str(ledger.parent / file), *rest]) == 2
    printed = capsys.readouterr()
    assert printed.err.count("\n") == 1
    assert re.search(message, printed.err)


# the first edition


def test_a_ledger_of_the_first_edition_is_read_and_continued(city, tmp_path):
    """Written as the first edition wrote it: format 1, with its own word for the remainder."""
    entry = {
        "title": "Old",
        "date": "2023",
        "min_count": 5,
        "complement": False,
        "areas": {"a0": "0123456789abcdef", "b0": "0123456789abcdef"},
        "counts": {"mh": {"definition": "x", "shown": {"a0": 50.0}}},
        "candidates": {"P1": ["a0"]},
    }
    path = tmp_path / "book.json"
    path.write_text(json.dumps({"format": 1, "key": "ab" * 32, "entries": [entry, entry]}), encoding="utf-8")
    before = path.read_bytes()
    book = qa.Ledger.read(path)
    assert path.read_bytes() == before
    (old,) = book.entries
    assert (old.title, old.date, old.min_count, old.state) == ("Old", "2023", 5, "done")
    assert old.rules == {"protect_remainder": False}
    assert old.columns["mh"].shown == {"a0": 50.0}
    assert book.needed(old, "mh") == {"b0"}  # not shown: why is not known
    assert old.candidates["P1"].members == ("a0",)
    assert book.areas(old) is None
    qa.release(city(SMALL), ledger=path, as_of="2024", **WORDS)
    content = json.loads(path.read_text(encoding="utf-8"))
    assert content["format"] == 2
    assert (tmp_path / "book.key").read_text(encoding="ascii").strip() == "ab" * 32
    assert "ab" * 32 not in path.read_text(encoding="utf-8")
    again = qa.Ledger.read(path)
    assert [entry.title for entry in again.entries] == ["Old", "T"]
    assert again.entries[0] == old
    assert again.key == "ab" * 32


def test_another_key_in_the_place_of_the_old_one_is_not_overwritten(city, tmp_path):
    path = tmp_path / "book.json"
    path.write_text(json.dumps({"format": 1, "key": "ab" * 32, "entries": []}), encoding="utf-8")
    (tmp_path / "book.key").write_text("cd" * 32)
    (tmp_path / "book.key").chmod(0o600)
    with pytest.raises(InputError, match="holds another key than the ledger"):
        qa.release(city(SMALL), ledger=path, as_of="2024", **WORDS)
    assert json.loads(path.read_text(encoding="utf-8"))["format"] == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"key": "x"}, "key is no key"),
        ({"entries": {}}, "entries is no list"),
        ({"entries": [{}]}, r"entries\[0\] has no 'areas'"),
        ({"entries": [3]}, r"entries\[0\] is no object"),
    ],
)
def test_a_broken_ledger_of_the_first_edition_is_refused(tmp_path, change, message):
    path = tmp_path / "book.json"
    path.write_text(json.dumps({"format": 1, "key": "ab" * 32, "entries": [], **change}), encoding="utf-8")
    with pytest.raises(InputError, match=message):
        qa.Ledger.read(path)


def test_a_ledger_takes_entries_only():
    with pytest.raises(ArgumentError, match=r"Ledger\.add takes a LedgerEntry, not a dict"):
        qa.Ledger().add({})
