"""A Dask cluster of two workers on this machine: the same by call and by command, and a part that kills its worker."""

from __future__ import annotations

import json

import pytest
import workers
from small_nation import digest, draw_nation

import quartiersatlas as qa
from quartiersatlas.cli import main
from quartiersatlas.errors import PartitionsFailedError
from quartiersatlas.nation import screen as screen_module

pytestmark = pytest.mark.dask
OPTIONS = {"min_population": 300, "n": 3, "seed": 2}
FILE = """
title = "Vermutungsgebiete"
[cells]
folder = "cells"
[shortlist]
rule = 'above("mig_share", than="municipality", factor=1.5) & worst_share("low_share", 0.4, highest=True)'
[quarters]
min_population = 300
[stability]
n = 3
seed = 2
[outputs]
overview = ""
"""


@pytest.fixture(scope="module")
def cluster():
    distributed = pytest.importorskip("distributed")
    import dask

    settings = {"distributed.scheduler.allowed-failures": 0, "distributed.worker.multiprocessing-method": "spawn"}
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "host": "127.0.0.1"}
    with (
        pytest.MonkeyPatch.context() as patch,
        dask.config.set(settings),
    ):
        patch.setenv("NATION_KILLS", "2")  # what workers.deadly does in their processes
        with distributed.LocalCluster(**options, dashboard_address=None, silence_logs=50) as started:
            yield started


@pytest.fixture
def cells(tmp_path):
    options = {"layout": "plain", "population": "pop", "rows_per_file": 150}
    rates = {"mig_share": ("mig", "pop"), "low_share": ("low", "pop")}
    found = qa.write_cells(draw_nation(7, towns=6), tmp_path / "cells", rates=rates, **options)
    assert len(found.files) == 6
    return found


def test_the_command_finds_on_a_cluster_what_it_finds_here(cluster, cells, tmp_path, capsys):
    assert cells.folder == tmp_path / "cells"
    for name in ("here", "there"):
        (tmp_path / f"{name}.toml").write_text(f'{FILE}[parallel]\nfolder = "run-{name}"\n', encoding="utf-8")
    assert main(["run", str(tmp_path / "here.toml")]) == 0
    want = capsys.readouterr().out
    assert main(["run", str(tmp_path / "there.toml"), "--scheduler", cluster.scheduler_address]) == 0
    told = capsys.readouterr()
    assert told.out == want
    assert "6/6 partitions" in told.err
    here, there = (json.loads((tmp_path / f"run-{name}" / "manifest.json").read_text()) for name in ("here", "there"))
    assert here == there
    assert sum(one["quarters"] for one in here["receipts"]) > 0


def test_a_cluster_finds_the_same_and_names_the_part_that_kills_its_workers(
    cluster, cells, rule, tmp_path, monkeypatch
):
    import distributed

    with distributed.Client(cluster) as client:
        found = qa.screen_cells(cells, rule, **OPTIONS, executor=client.get_executor(), out=tmp_path / "whole")
        assert digest(found) == digest(qa.screen_cells(cells, rule, **OPTIONS))
        monkeypatch.setattr(screen_module, "run_partition", workers.deadly)
        with pytest.raises(PartitionsFailedError) as failed:
            qa.screen_cells(cells, rule, **OPTIONS, executor=client.get_executor(), out=tmp_path / "run")
    assert failed.value.failures == {cells.files[2].name: "the process died (memory?)"}
    assert len(list((tmp_path / "run").glob("receipt-*"))) == len(cells.files) - 1
