"""Small releases, a small project, and processes that use them."""

from __future__ import annotations

import itertools
import multiprocessing
import os

import pandas as pd
import pytest

import quartiersatlas as qa

RATE = {"mh_share": ("mh", "residents")}
WORDS = {"title": "T", "source": "S", "comment": "K"}
NUMBERS = itertools.count()
BEGIN = """
import os, sys
sys.argv = {}
for descriptor, path in ((1, {!r}), (2, {!r})):
    os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), descriptor)
"""
BEFORE = """
import sys, os, signal, time
from pathlib import Path
import geopandas as gpd, pandas as pd, shapely
import quartiersatlas as qa

def kill():
    os.kill(os.getpid(), signal.SIGKILL)

def city(mh, period="2024"):
    width = 1000 if len(mh) > 1 else 3000  # a single number is that of the first three areas together
    shapes = [shapely.box(width * n, 0, width * n + width, 1000) for n in range(len(mh))]
    keys = [f"{letter}0" for letter in "abcdefgh"[: len(mh)]]
    areas = gpd.GeoDataFrame({"name": keys}, index=keys, geometry=shapes, crs="EPSG:25832")
    table = pd.DataFrame({"mh": mh, "residents": [float(width)] * len(mh)}, index=keys)
    return qa.add_rates(qa.join(areas, table, period=period), {"mh_share": ("mh", "residents")})

def wait_for(file):
    while not Path(file).exists():
        time.sleep(0.002)
"""
PROJECT = """
title = "T"
source = "S"
as_of = "2024"
comment = "K"
population = "residents"
{top}

[areas]
path = "areas.geojson"
key = "key"
name = "name"

[[tables]]
path = "table.csv"
key = "key"

[indicators.poverty]
numerator = "poor"
denominator = "residents"
label_de = "A"
label_en = "A"
numerator_de = "Arme"
numerator_en = "Poor"
denominator_de = "Alle"
denominator_en = "All"

[protection]
min_count = {min_count}

[outputs]
map = ""
report = ""
segregation = ""
"""


@pytest.fixture
def city(joined):
    def build(mh, *, period="2024", **options):
        return qa.add_rates(joined({"mh": mh, "residents": [1000.0] * len(mh)}, period=period, **options), RATE)

    return build


@pytest.fixture
def ledger(city, tmp_path):
    """Give the file of a ledger with one release: a0 is small, another one keeps it company."""
    path = tmp_path / "book.json"
    qa.release(city([2.0, 40, 30, 50, 20, 30]), ledger=path, as_of="2024", **WORDS)
    return path


@pytest.fixture
def project(grid, tmp_path):
    """Write a small project with a ledger; give its file."""

    def write(top='ledger = "book.json"', min_count=3, poor=(2, 40, 30, 50, 20, 30)):
        areas = grid(6).reset_index()
        areas["geometry"] = areas.translate(500_000, 5_700_000)  # somewhere in Germany
        areas.to_file(tmp_path / "areas.geojson", driver="GeoJSON")
        table = pd.DataFrame({"key": grid(6).index, "poor": poor, "residents": 1000})
        table.to_csv(tmp_path / "table.csv", sep=";", index=False)
        path = tmp_path / "projekt.toml"
        path.write_text(PROJECT.format(top=top, min_count=min_count), encoding="utf-8")
        return path

    return write


class Started:
    """A process of its own that runs some code; it prints into two files."""

    def __init__(self, context, code, args, folder):
        self.printed = [folder / f"printed-{next(NUMBERS)}-{name}" for name in ("out", "err")]
        words = ["-c", *map(str, args)]
        self.process = context.Process(
            target=exec, args=(BEGIN.format(words, *map(str, self.printed)) + BEFORE + code, {})
        )
        self.process.start()
        self.pid = self.process.pid

    @property
    def returncode(self):
        return self.process.exitcode

    def poll(self):
        return self.process.exitcode

    def wait(self, timeout=300):
        self.process.join(timeout)
        assert self.process.exitcode is not None

    def communicate(self, timeout=300):
        self.wait(timeout)
        return tuple(file.read_text(encoding="utf-8") for file in self.printed)

    def send_signal(self, number):
        os.kill(self.pid, number)


@pytest.fixture(scope="session")
def processes():
    """Give a server that has imported everything once and forks: what starts is a process like any other."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["geopandas", "quartiersatlas.project.run", "quartiersatlas.disclosure"])
    return context


@pytest.fixture
def start(processes, tmp_path_factory):
    """Start Python in a process of its own; what still runs at the end is ended."""
    running, folder = [], tmp_path_factory.mktemp("processes")

    def begin(code, *args):
        running.append(Started(processes, code, args, folder))
        return running[-1]

    yield begin
    for started in running:
        started.process.kill()
        started.process.join()
