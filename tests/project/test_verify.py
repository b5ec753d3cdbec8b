"""verify: as written, what the project gives, or altered; and what it must not mind."""

from __future__ import annotations

import re
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

import quartiersatlas as qa
from quartiersatlas.cli import main
from quartiersatlas.disclosure.certificate import Audit
from quartiersatlas.errors import InputError
from quartiersatlas.present.files.fingerprint import fingerprint_of
from quartiersatlas.present.files.seal import META

RATES = "[indicators]\n" + "\n".join(f'{name}_share = ["{name}", "residents"]' for name in "abc")


@pytest.fixture
def written(small_project):
    """Give a project that was run, and the folder of its outputs."""
    file = small_project(RATES + '\n[outputs]\nfolder = "out"')
    qa.run_project(file)
    return file, file.parent / "out"


FILES = ("atlas.html", "bericht.html", "atlas.gpkg")


@pytest.mark.parametrize("name", FILES)
def test_a_file_as_written_is_unaltered_and_what_the_project_gives(written, name, capsys):
    project, out = written
    assert main(["verify", str(out / name)]) == 0
    assert "unverändert, so wie es geschrieben wurde" in capsys.readouterr().out
    assert main(["verify", str(out / name), str(project)]) == 0
    printed = capsys.readouterr().out
    assert "genau das, was das Projekt heute ergibt" in printed
    assert "Versehen, keine Fälschung" in printed


def test_the_three_files_have_one_fingerprint_and_two_runs_the_same_bytes(written):
    project, out = written
    assert len({qa.verify_file(out / name).fingerprint.release for name in FILES}) == 1
    before = {name: (out / name).read_bytes() for name in FILES}
    qa.run_project(project)
    assert {name: (out / name).read_bytes() for name in FILES} == before


@pytest.mark.parametrize("name", ["atlas.html", "bericht.html"])
def test_one_changed_byte_anywhere_in_a_page_is_found(written, name):
    _, out = written
    page = (out / name).read_bytes()
    seal = page.index(b'<meta name="quartiersatlas"')
    places = {*range(0, len(page), len(page) // 60), *range(seal, seal + 300, 7), len(page) - 1}
    for at in places:
        (out / name).write_bytes(page[:at] + bytes([page[at] ^ 1]) + page[at + 1 :])
        if META.search((out / name).read_bytes()):
            assert qa.verify_file(out / name).state == "altered", at
            continue
        assert seal <= at <= page.index(b">", seal)  # the seal itself is broken
        with pytest.raises(InputError, match="carries no fingerprint"):
            qa.verify_file(out / name)


def test_a_changed_cell_of_a_geopackage_is_found_and_named(written):
    _, out = written
    with closing(sqlite3.connect(out / "atlas.gpkg")) as database, database:
        for function in ("ST_IsEmpty", "ST_MinX", "ST_MaxX", "ST_MinY", "ST_MaxY"):  # of the triggers of the format
            database.create_function(function, 1, lambda _: 0)
        database.execute("UPDATE areas SET a_share = a_share + 0.1 WHERE a_share IS NOT NULL")
    found = qa.verify_file(out / "atlas.gpkg")
    assert (found.state, found.ok) == ("altered", False)
    assert [part.values["table"] for part in found.differences] == ["areas"]


def test_what_qgis_writes_when_it_opens_a_geopackage_changes_nothing(written):
    project, out = written
    with closing(sqlite3.connect(out / "atlas.gpkg")) as database:
        database.execute("PRAGMA journal_mode=WAL")
        with database:
            database.execute("UPDATE gpkg_contents SET last_change = '2030-01-01T00:00:00.000Z'")
            database.execute("CREATE TABLE qgis_projects (name TEXT)")
        database.execute("VACUUM")
    assert qa.verify_file(out / "atlas.gpkg", project).state == "same"


def test_other_data_are_named_by_their_column(written):
    project, out = written
    table = next(project.parent.glob("*.csv"))
    table.write_text(re.sub(r"(?m)^04;(\d+)", lambda found: f"04;{int(found[1]) + 40}", table.read_text(), count=1))
    for name in FILES:
        found = qa.verify_file(out / name, project)
        assert found.state == "not_same"
    said = qa.verify_file(out / "atlas.html", project).texts("en")
    assert any("values of: " in line and "a" in line for line in said)


def test_what_differs_is_said(written, capsys):
    project, out = written
    source = project.read_text()
    for old, new, said in (
        ("[outputs]", "[protection]\nmin_count = 4\n[outputs]", "Geheimhaltung: ihre Angaben"),
        ("[outputs]", '[notes]\n"04" = "x"\n[outputs]', "was neben den Zahlen steht"),
        ('title = "', 'title = "Neu ', "Titel, Quelle"),
    ):
        project.write_text(source.replace(old, new, 1))
        assert main(["verify", str(out / "atlas.html"), str(project)]) == 1
        assert said in capsys.readouterr().out


def test_a_file_without_fingerprint_is_one_message(tmp_path, capsys):
    (tmp_path / "a.html").write_text("<html><head><title>x</title></head></html>")
    with closing(sqlite3.connect(tmp_path / "b.gpkg")) as database, database:
        database.execute("CREATE TABLE areas (fid INTEGER)")
    (tmp_path / "c.gpkg").write_bytes(b"SQLite format 3\0" + b"\0" * 100)
    for name in ("a.html", "b.gpkg", "c.gpkg", "missing.html"):
        assert main(["verify", str(tmp_path / name)]) == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_the_fingerprint_is_made_of_what_is_shown(small_project):
    """Not of the certificate, the reasons and the warnings, which stay in the house and know of withheld counts."""
    release = qa.check_project(small_project(RATES)).release
    assert release.reasons_not_shown.loc["02", "a_share"]
    inside = {"certificate": Audit(), "warnings": (), "unreleased_domains": ()}
    assert fingerprint_of(replace(release, **inside), "map", "de") == fingerprint_of(release, "map", "de")


def test_a_moved_file_is_still_the_same(written, tmp_path):
    project, out = written
    copy = shutil.copy(out / "atlas.html", tmp_path / "Karte für den Rat.html")
    assert qa.verify_file(copy, project).ok
