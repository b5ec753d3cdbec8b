"""Parts that fail, processes that are killed, folders that change: what is done stays, what failed is named."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor

import pyarrow.parquet as pq
import pytest
import workers
from small_nation import digest, draw_nation

import quartiersatlas as qa
from quartiersatlas.base.files import write_text
from quartiersatlas.errors import InputError, PartitionsFailedError, ReleaseError, RunCancelledError, SpecError
from quartiersatlas.nation import screen as screen_module
from quartiersatlas.nation import store as store_module

OPTIONS = {"min_population": 300, "n": 3, "seed": 2}


@pytest.fixture
def cells(write):
    found = write(draw_nation(7, towns=6), rows_per_file=150)
    assert len(found.files) == 6
    return found


@pytest.fixture
def computed(monkeypatch):
    """Give the numbers of the parts that are computed, in this process."""
    seen = []
    real = screen_module.run_partition

    def noting(task):
        seen.append(task.number)
        return real(task)

    monkeypatch.setattr(screen_module, "run_partition", noting)
    return seen


def test_parts_that_kill_their_process_are_found_and_all_others_are_done(cells, rule, tmp_path, monkeypatch):
    want = digest(qa.screen_cells(cells, rule, **OPTIONS))
    monkeypatch.setattr(screen_module, "run_partition", workers.deadly)
    monkeypatch.setenv("NATION_KILLS", "2")
    monkeypatch.setenv("NATION_KILLS_ONCE", "1")
    monkeypatch.setenv("NATION_RAISES", "4")
    with pytest.raises(PartitionsFailedError) as failed:
        qa.screen_cells(cells, rule, **OPTIONS, out=tmp_path / "run", executor=2)
    names = [file.name for file in cells.files]
    assert failed.value.failures == {
        names[2]: "the process died (memory?)",
        names[4]: "ValueError: no such luck",
    }
    assert "4 partitions are finished" in str(failed.value)
    assert (tmp_path / "killed-once").exists()
    monkeypatch.undo()
    done = []
    found = qa.screen_cells(cells, rule, **OPTIONS, out=tmp_path / "run", progress=done.append)
    assert [one.done for one in done] == [5, 6]
    assert digest(found) == want


def test_a_script_without_guard_is_told_so(cells, tmp_path):
    script = tmp_path / "run.py"
    script.write_text(
        textwrap.dedent(f"""
        import quartiersatlas as qa
        rule = qa.above("mig_share", than="municipality")
        qa.screen_cells({str(cells.folder)!r}, rule, executor=1, out={str(tmp_path / "run")!r})
        """)
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False, env=os.environ)
    assert done.returncode == 1
    assert '`if __name__ == "__main__":`' in done.stderr.splitlines()[-1]


def test_only_what_is_missing_damaged_or_asked_otherwise_is_computed_again(
    cells, rule, tmp_path, computed, monkeypatch
):
    out = tmp_path / "run"

    def run(one=rule, **options):
        computed.clear()
        found = qa.screen_cells(cells, one, **{**OPTIONS, **options}, out=out)
        return digest(found), sorted(computed)

    want, first = run()
    assert first == [0, 1, 2, 3, 4, 5]
    assert run() == (want, [])
    (out / "receipt-0001.json").write_text("{")
    table = out / "quarters-0003.parquet"
    table.write_bytes(table.read_bytes()[:-1])
    (out / "runs-0004.parquet").unlink()
    assert run() == (want, [1, 3, 4])
    assert run(resume=False) == (want, first)
    assert run(seed=3)[1] == first
    assert run(qa.above("mig_share", than="municipality", factor="1.51"))[1] == first
    run()
    monkeypatch.setattr(screen_module, "__version__", "9.9.9")
    assert run() == (want, first)


def test_another_byte_of_data_or_another_national_value_is_computed_again(cells, tmp_path, computed):
    rule = qa.above("mig_share", than="city", factor="1.5")
    qa.screen_cells(cells, rule, out=tmp_path / "run")
    place = cells.folder / cells.files[2].name
    table = pq.read_table(place, partitioning=None)
    pq.write_table(table, place, compression="snappy")  # the same counts, other bytes
    computed.clear()
    qa.screen_cells(cells, rule, out=tmp_path / "run")
    assert computed == [2]
    frame = table.to_pandas()
    frame.loc[0, "mig"] += 1
    frame.to_parquet(place, index=False)
    computed.clear()
    qa.screen_cells(cells, rule, out=tmp_path / "run")
    assert sorted(computed) == [0, 1, 2, 3, 4, 5]  # the value they are compared with has changed


def test_two_runs_are_locked_out_of_one_folder(cells, rule, tmp_path):
    out, inside, go = tmp_path / "run", threading.Event(), threading.Event()

    def wait(_):
        inside.set()
        go.wait(20)

    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(qa.screen_cells, cells, rule, out=out, progress=wait)
        inside.wait(20)
        with pytest.raises(ReleaseError, match="is in use"):
            qa.screen_cells(cells, rule, out=out)
        go.set()
        assert len(first.result().quarters)
    assert len(qa.screen_cells(cells, rule, out=out).quarters)


def test_a_run_is_stopped_and_goes_on_where_it_was(cells, rule, tmp_path, computed):
    stop = threading.Event()

    def after_two(progress):
        if progress.done == 2:
            stop.set()

    with pytest.raises(RunCancelledError):
        qa.screen_cells(cells, rule, out=tmp_path / "run", cancel=stop, progress=after_two)
    assert len(computed) == 2
    qa.screen_cells(cells, rule, out=tmp_path / "run")
    assert len(computed) == 6
    assert not list((tmp_path / "run").glob("stop-*"))


def test_an_interrupt_ends_parts_that_are_under_way(cells, rule, tmp_path, monkeypatch):
    monkeypatch.setattr(screen_module, "run_partition", workers.slow)

    def interrupt(_):
        raise KeyboardInterrupt

    with ThreadPoolExecutor(1) as threads, pytest.raises(KeyboardInterrupt):
        qa.screen_cells(cells, rule, out=tmp_path / "run", executor=threads, progress=interrupt)
    assert 1 <= len(list((tmp_path / "run").glob("receipt-*"))) <= 2


def test_a_part_that_takes_too_long_is_named(cells, rule):
    with pytest.raises(PartitionsFailedError, match="it took longer than 1e-09 s") as failed:
        qa.screen_cells(cells, rule, timeout=1e-9)
    assert list(failed.value.failures) == [file.name for file in cells.files]


def test_an_executor_that_sees_other_folders_or_versions_is_refused(cells, rule, tmp_path):
    class Elsewhere(ThreadPoolExecutor):
        def submit(self, fn, /, *args, **kwargs):
            if fn.__name__ == "read_token":
                return super().submit(lambda: fn(*args) | self.lie)
            return super().submit(fn, *args, **kwargs)

    for lie, message in (
        ({"token": ""}, "do not see the folder"),
        ({"sees": False}, "do not see '"),
        ({"versions": {"numpy": "1.0"}}, "other versions: .*numpy 1.0 instead"),
    ):
        executor = Elsewhere(1)
        executor.lie = lie
        with pytest.raises(SpecError, match=message):
            qa.screen_cells(cells, rule, out=tmp_path / "run", executor=executor)
        executor.shutdown()


def test_files_that_are_no_cells_are_named(cells, rule):
    place = cells.folder / cells.files[0].name
    good = place.read_bytes()
    frame = pq.read_table(place, partitioning=None).to_pandas()
    for bad, message in (
        (frame.iloc[[1, 0, *range(2, len(frame))]], "in row 2 is not in order"),
        (frame.iloc[[0, 0, *range(1, len(frame))]], "in row 2 is there twice"),
        (frame.assign(ags="09999999"), "holds the municipality 09999999"),
        (frame.drop(columns="mig"), "has no column 'mig'"),
    ):
        bad.to_parquet(place, index=False)
        with pytest.raises(PartitionsFailedError, match=message):
            qa.screen_cells(cells, rule)
    place.write_bytes(good[: len(good) // 2])
    with pytest.raises(PartitionsFailedError, match="cannot be read as cells"):
        qa.screen_cells(cells, rule)


def test_folders_keep_their_kind_their_version_and_their_owner(cells, rule, tmp_path):
    run = tmp_path / "run"
    qa.screen_cells(cells, rule, out=run)
    for folder in (cells.folder, run):
        assert folder.stat().st_mode & 0o077 == 0
        assert all(file.stat().st_mode & 0o077 == 0 for file in folder.rglob("*"))
    with pytest.raises(ReleaseError, match="holds unprotected counts"):
        write_text(run / "x.csv", "")
    with pytest.raises(InputError, match=r"not a folder of cells|is a folder of a run"):
        qa.open_cells(run)
    with pytest.raises(InputError, match="is a folder of cells"):
        qa.screen_cells(cells, rule, out=cells.folder)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("x")
    for call in (lambda: qa.screen_cells(cells, rule, out=tmp_path / "mine"), lambda: qa.open_cells(tmp_path / "mine")):
        with pytest.raises(InputError, match="name a new one"):
            call()
    marker = cells.folder / store_module.MARKER
    marker.write_text(json.dumps({"kind": "cells", "format": 2}))
    with pytest.raises(InputError, match="version 2 of its form"):
        qa.open_cells(cells.folder)


def test_a_missing_file_and_overlapping_files_are_refused_when_opened(cells):
    description = cells.folder / "cells.json"
    content = json.loads(description.read_text())
    content["files"][1]["first"] = content["files"][0]["first"]
    description.write_text(json.dumps(content))
    with pytest.raises(SpecError, match="a municipality stands in one file"):
        qa.open_cells(cells.folder)
    (cells.folder / cells.files[3].name).unlink()
    with pytest.raises(InputError, match="lacks 1 file"):
        qa.open_cells(cells.folder)
    description.write_text("{}")
    with pytest.raises(InputError, match="missing or damaged"):
        qa.open_cells(cells.folder)
