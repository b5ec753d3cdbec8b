"""The folder of a store: whole after crashes, changed bytes found, one writer at a time, its owner's alone."""

from __future__ import annotations

import json
import os
import signal
import stat
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.errors import InputError, ReleaseError, SpecError
from quartiersatlas.monitoring.store import folder as module

sys.path.insert(0, str(Path(__file__).parent))
from conftest import POOR, RATE, a_year, changed, same_numbers, town_areas

FORKS = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")


def in_another_process(work):
    """Run something in a process of its own, which may be killed inside; return its number."""
    number = os.fork()
    if number == 0:
        try:
            work()
        finally:
            os._exit(0)
    return number


def ended_by(number):
    return os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])


def write_when(go, folder, period):
    """Add a period once the file is there, and leave a file that says how it went."""

    def work():
        store, data = qa.monitor(folder), a_year(period)
        Path(f"{go}-{os.getpid()}").touch()
        while not go.exists():
            time.sleep(0.001)
        stored = store.add(data).stored
        Path(f"{go}-said-{os.getpid()}").write_text(stored, encoding="utf-8")

    return in_another_process(work)


def at_once(tmp_path, folder, periods):
    go = tmp_path / "go"
    numbers = [write_when(go, folder, period) for period in periods]
    while not all(Path(f"{go}-{number}").exists() for number in numbers):
        time.sleep(0.001)
    go.touch()
    assert [ended_by(number) for number in numbers] == [0] * len(numbers)
    return sorted(Path(f"{go}-said-{number}").read_text(encoding="utf-8") for number in numbers)


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_period_comes_back_as_it_was(tmp_path, form):
    if form == "parquet":
        pytest.importorskip("pyarrow")
    store = qa.monitor(tmp_path / "m", format=form)
    data = a_year("2024", [*POOR[:13], np.nan])
    store.add(data)
    found = qa.monitor(tmp_path / "m").data()
    assert same_numbers(found, data)
    assert found.status.to_numpy().tolist() == data.status.to_numpy().tolist()
    assert list(found.values.index) == list(data.values.index)
    assert (found.population, found.period, found.vintage, found.rates) == ("residents", "2024", "2021", data.rates)
    assert found.areas.geometry.geom_equals(data.areas.geometry, align=False).all()
    assert found.areas.crs == data.areas.crs
    assert found.catalogue[RATE] == data.catalogue[RATE]


def test_keys_and_words_stay_text(tmp_path):
    table = pd.DataFrame({"residents": [10.0, 20.0], "kind": ["007", "NA"]}, index=["01", "02"])
    store = qa.monitor(tmp_path / "m", format="csv")
    store.add(qa.join(town_areas(2), table, population="residents", period="2024"))
    found = store.data().values
    assert found["kind"].tolist() == ["007", "NA"]
    assert list(found.index) == ["01", "02"]


def test_school_years_have_the_name_of_their_last_day(store):
    assert [store.add(a_year(year)).stored for year in ("2022/23", "2023/2024")] == ["2023-07-31", "2024-07-31"]
    assert store.data("2023/24").period == "2023/2024"
    assert [row.code for row in store.add(a_year("2023/24")).refused] == ["period_exists"]


def test_only_the_owner_reads_it(filled):
    for folder, _, files in os.walk(filled.folder):
        assert stat.S_IMODE(Path(folder).stat().st_mode) == 0o700, folder
        for file in files:
            assert stat.S_IMODE((Path(folder) / file).stat().st_mode) == 0o600, file
    assert "for the house only" in (filled.folder / "README.md").read_text(encoding="utf-8")
    assert "nur für das Haus" in (filled.folder / "README.md").read_text(encoding="utf-8")


def test_every_flipped_byte_is_found(filled):
    filled.add(a_year("2024"))
    files = [f for f in filled.folder.rglob("*") if f.is_file() and f.name not in ("README.md", "monitor.toml")]
    files = [f for f in files if f.name != ".quartiersatlas-internal"]
    assert len(files) == 2 * 5 + 2  # two periods, the areas, the head of the chain
    for file in files:
        content = file.read_bytes()
        place = len(content) // 2
        file.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        try:
            assert filled.verify() == [str(file.relative_to(filled.folder))], file
        except InputError:
            assert file.suffix == ".json", file
        with pytest.raises(InputError, match="backup"):
            filled.add(a_year("2025"))
        file.write_bytes(content)
    assert filled.verify() == []


def test_a_removed_period_is_missed(filled):
    filled.add(a_year("2024"))
    for file in (filled.folder / "periods" / "2024-12-31").iterdir():
        file.unlink()
    with pytest.raises(InputError, match="has 1 of 2 entries"):
        filled.data()


@FORKS
def test_a_crash_at_any_moment_leaves_the_old_or_the_new(tmp_path):
    store = qa.monitor(tmp_path / "m", format="csv")
    store.add(a_year("2023"))
    real, moment, new = os.fsync, 0, False
    while not new:
        moment += 1

        def killed(moment=moment):
            calls = []

            def fsync(descriptor):
                calls.append(1)
                if len(calls) == moment:
                    os.kill(os.getpid(), signal.SIGKILL)
                real(descriptor)

            module.os.fsync = fsync
            store.add(a_year("2024"))

        assert ended_by(in_another_process(killed)) == -signal.SIGKILL
        assert store.verify() == []
        assert same_numbers(store.data("2023"), a_year("2023"))
        new = "2024-12-31" in store.periods
    # killed when it was in its place and not yet noted: whole, and the next one follows it
    assert same_numbers(store.data("2024"), a_year("2024"))
    assert store.add(a_year("2025")).stored == "2025-12-31"
    assert moment == 5 + 1 + 1  # its five files, its folder, and the folder it was moved into
    assert not list((store.folder / "periods").glob(".quartiersatlas-*"))


@FORKS
def test_two_writers_at_once_both_come_in(filled, tmp_path):
    assert at_once(tmp_path, filled.folder, ["2024", "2025"]) == ["2024-12-31", "2025-12-31"]
    assert filled.verify() == []
    manifests = [json.loads(f.read_text()) for f in (filled.folder / "periods").glob("*/manifest.json")]
    assert sorted(one["number"] for one in manifests) == [1, 2, 3]


@FORKS
def test_two_writers_of_one_period_one_is_refused(filled, tmp_path):
    assert at_once(tmp_path, filled.folder, ["2024", "2024"]) == ["", "2024-12-31"]


def test_nothing_that_leaves_is_written_into_it(filled, tmp_path):
    data = a_year("2024")
    release = qa.release(data, columns=[RATE], title="T", source="S", as_of="2024", comment="K")
    for place in (filled.folder, filled.folder / "periods"):
        for write in (
            lambda place=place: qa.export(release, place / "a.gpkg"),
            lambda place=place: qa.report(release, place / "a.html"),
            lambda place=place: qa.atlas_map(release).save(place / "a.html"),
        ):
            with pytest.raises(ReleaseError, match="unprotected counts"):
                write()
    assert qa.report(release, tmp_path / "a.html").is_file()


def test_a_later_format_or_another_folder_is_refused(filled, tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "a.txt").touch()
    with pytest.raises(SpecError, match=r"no store and holds other files: 'a.txt'"):
        qa.monitor(tmp_path / "other")
    with pytest.raises(InputError, match="no folder"):
        qa.monitor(tmp_path / "not" / "there")
    with pytest.raises(SpecError, match="as csv, not as parquet"):
        qa.monitor(filled.folder, format="parquet")
    with pytest.raises(SpecError, match="another rhythm"):
        qa.monitor(filled.folder, rhythm={"core": "2 years"})
    settings = filled.folder / "monitor.toml"
    settings.write_text(settings.read_text().replace("format = 1", "format = 2"))
    with pytest.raises(SpecError, match="format 2 is not known"):
        qa.monitor(filled.folder)


def test_limits_and_rhythm_may_be_changed_by_hand(filled):
    settings = filled.folder / "monitor.toml"
    settings.write_text(settings.read_text().replace("residents = 0.2", "residents = 0.5"))
    found = qa.monitor(filled.folder).add(a_year("2024", residents=[1400.0, *[1000.0] * 13]))
    assert [row.code for row in found.rows if row.code == "residents_moved"] == []


def test_a_revision_stands_beside_what_was(filled):
    assert filled.add(a_year("2023", changed(3, 212.0))).refused[0].code == "period_exists"
    found = filled.add(a_year("2023", changed(3, 212.0)), revision=True)
    assert {(row.level, row.code, row.column) for row in found.asked} == {
        ("ask", "revised", "poor"),
        ("ask", "revised", RATE),
    }
    assert found.accept(reason="Nachmeldung", by="Statistikstelle").stored == "2023-12-31.r2"
    assert filled.data("2023").values["poor"].iloc[3] == 212
    assert filled.data("2023", revision=1).values["poor"].iloc[3] == 210
    assert filled.periods == ["2023-12-31"]
    assert filled.add(a_year("2022"), revision=True).refused[0].code == "nothing_to_revise"
