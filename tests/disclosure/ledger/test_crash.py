"""Processes that are really killed, and processes that really run at once: the ledger knows of every release."""

from __future__ import annotations

import hashlib
import json

import pytest

import quartiersatlas as qa
from quartiersatlas.cli import main
from quartiersatlas.disclosure.ledger import locked_ledger
from quartiersatlas.errors import ReleaseError
from quartiersatlas.project import run_project

KILLED_MOVING = """
from quartiersatlas.project import run, run_project
def move_some(files, folder, **_):
    for file in files[: int(sys.argv[2])]:
        file.replace(folder / file.name)
    kill()
run.move_all = move_some
run_project(sys.argv[1])
"""
KILLED_WRITING = """
from quartiersatlas.base import files
calls = []
real = os.fsync
def fsync(descriptor):
    calls.append(1)
    if len(calls) == int(sys.argv[2]):
        kill()
    real(descriptor)
files.os.fsync = fsync
from quartiersatlas.project import run_project
run_project(sys.argv[1])
print(len(calls))
"""
RELEASE = """
path, title, period, min_count, mh, go = sys.argv[1:]
data = city([float(number) for number in mh.split(",")], period)
Path(f"{go}-{title}").touch()
wait_for(go)
protection = qa.Protection(min_count=int(min_count))
qa.release(data, title=title, source="S", comment="K", as_of=period, protection=protection, ledger=path)
"""
FILES = ("atlas.gpkg", "manifest.json")


def killed(start, code, *args):
    process = start(code, *args)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == -9, errors


def states(path):
    return [entry["state"] for entry in json.loads(path.read_text(encoding="utf-8"))["releases"]]


def at_once(start, folder, *releases):
    """Start releases that wait for each other; give for each whether it was refused, and what it printed."""
    go = folder / "go"
    processes = [start(RELEASE, folder / "book.json", *release, go) for release in releases]
    while not all((folder / f"go-{release[0]}").exists() for release in releases):
        assert all(process.poll() is None for process in processes)
    go.touch()
    printed = [process.communicate(timeout=300)[1] for process in processes]
    return [(process.returncode, errors) for process, errors in zip(processes, printed, strict=True)]


@pytest.mark.parametrize("moved", [0, 1])
def test_a_run_that_dies_before_all_its_files_are_there_counts_as_published(project, start, tmp_path, moved):
    path, book = project(), tmp_path / "book.json"
    killed(start, KILLED_MOVING, path, moved)
    assert states(book) == ["pending"]
    assert [(tmp_path / "ergebnis" / name).exists() for name in FILES] == [moved > 0, False]
    assert (tmp_path / "book.json.lock").exists()
    project(min_count=1)
    assert run_project(path).release.values["poverty"].isna()["a0"]  # 2: protected by what may have left
    assert states(book) == ["pending", "done"]
    project()
    run_project(path)  # the same again: done
    assert states(book) == ["done", "done"]
    assert not (tmp_path / "book.json.lock").exists()


def test_a_run_that_dies_after_its_files_are_there_is_done_at_the_next_one(project, start, tmp_path):
    path, book = project(), tmp_path / "book.json"
    killed(start, KILLED_MOVING, path, 2)
    (pending,) = qa.Ledger.read(book).entries
    assert pending.state == "pending"
    assert pending.files == {
        f"ergebnis/{name}": hashlib.sha256((tmp_path / "ergebnis" / name).read_bytes()).hexdigest() for name in FILES
    }
    with locked_ledger(book) as ledger:
        assert [entry.state for entry in ledger.entries] == ["done"]
    (tmp_path / "ergebnis" / "atlas.gpkg").write_bytes(b"changed since")
    with locked_ledger(book) as ledger:
        assert [entry.state for entry in ledger.entries] == ["pending"]


def test_a_person_may_withdraw_what_never_left(project, start, tmp_path, capsys):
    path, book = project(), tmp_path / "book.json"
    killed(start, KILLED_MOVING, path, 0)
    (pending,) = qa.Ledger.read(book).entries
    assert main(["ledger", "withdraw", str(book), pending.id]) == 0
    assert f"Withdrew {pending.id}, which was pending: T (2024)." in capsys.readouterr().out
    project(min_count=1)
    run_project(path)
    assert states(book) == ["withdrawn", "done"]
    project()
    with pytest.raises(ReleaseError, match="shown before"):
        run_project(path)  # what was withdrawn is no release to repeat


@pytest.mark.parametrize("nth", range(1, 10))
def test_whenever_a_run_dies_while_it_writes_the_ledger_is_whole(project, start, tmp_path, nth):
    """Areas, key, ledger, and the ledger once more when it is done: each is a file and its folder."""
    path, book = project(), tmp_path / "book.json"
    process = start(KILLED_WRITING, path, nth)
    printed, errors = process.communicate(timeout=300)
    if nth > 8:
        assert process.returncode == 0, errors
        assert printed.split() == ["8"]
    else:
        assert process.returncode == -9
    there = [(tmp_path / "ergebnis" / name).exists() for name in FILES]
    known = states(book) if book.exists() else []
    assert known in ([], ["pending"], ["done"])
    assert not any(there) or known  # nothing leaves that the ledger does not know
    run_project(path)
    assert states(book) == ["done"]
    assert len(qa.Ledger.read(book).needed(qa.Ledger.read(book).entries[0], "poor")) == 1  # with its own key


def test_a_run_whose_files_cannot_be_moved_leaves_the_ledger_as_it_was(project, tmp_path, monkeypatch):
    from quartiersatlas.errors import InputError
    from quartiersatlas.project import run

    path = project()
    run_project(path)
    before = (tmp_path / "book.json").read_bytes()
    project(poor=(2, 41, 30, 50, 20, 30), top='subtitle = "U"\nledger = "book.json"')
    path.write_text(path.read_text(encoding="utf-8").replace('as_of = "2024"', 'as_of = "2023"'), encoding="utf-8")

    def refuse(*_, **__):
        raise InputError("'atlas.gpkg' cannot be written")

    monkeypatch.setattr(run, "move_all", refuse)
    with pytest.raises(InputError, match="cannot be written"), pytest.warns(UserWarning, match="comes close"):
        run_project(path)
    assert (tmp_path / "book.json").read_bytes() == before


def test_of_two_releases_at_once_both_are_entered_and_one_is_compared_with_the_other(start, tmp_path):
    """Two dates: the second of the two, whichever that is, is told that it comes close to the first."""
    done = at_once(
        start,
        tmp_path,
        ("A", "2023", "3", "5,40,30,50,20,30"),
        ("B", "2024", "3", "2,41,30,60,20,35"),
    )
    assert [code for code, _ in done] == [0, 0], done
    assert sorted("comes close" in errors for _, errors in done) == [False, True]
    assert sorted(entry.date for entry in qa.Ledger.read(tmp_path / "book.json").entries) == ["2023", "2024"]


def test_of_two_releases_that_give_a_count_away_together_one_is_refused(start, tmp_path):
    done = at_once(
        start,
        tmp_path,
        ("areas", "2024", "3", "2,40,30,50,20,30"),
        ("three-together", "2024", "3", "72"),
    )
    assert sorted(code for code, _ in done) == [0, 1], done
    assert sum("ReleaseError" in errors for _, errors in done) == 1
    assert len(qa.Ledger.read(tmp_path / "book.json").entries) == 1


def test_no_release_is_lost_where_several_are_entered_at_once(start, tmp_path):
    releases = [(letter, "2024", "3", "2,40,30,50,20,30") for letter in "ABCD"]
    done = at_once(start, tmp_path, *releases)
    assert [code for code, _ in done] == [0] * 4, done
    assert sorted(entry.title for entry in qa.Ledger.read(tmp_path / "book.json").entries) == list("ABCD")
    assert list(tmp_path.glob("*.lock")) == []
