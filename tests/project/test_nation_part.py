"""Every municipality from one file: the same result as the calls, errors by file and line, failed parts by name."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path

import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.cli import main
from quartiersatlas.errors import InputError, ReleaseError, SpecError

sys.path.insert(0, str(Path(__file__).parents[1] / "nation"))
from small_nation import RATES, draw_nation

FILE = """lang = "en"
title = "Vermutungsgebiete"
source = "gezeichnet"
as_of = "2022-05-15"
[cells]
folder = "cells"
[shortlist]
select = "mig & low"
[conditions.mig]
indicator = "mig_share"
above = "municipality"
factor = 1.5
[conditions.low]
indicator = "low_share"
above = "municipality"
factor = 1.3
[quarters]
min_population = 300
min_municipality = 0
[stability]
n = 5
seed = 1
"""
RULE = qa.above("mig_share", than="municipality", factor="1.5") & qa.above(
    "low_share", than="municipality", factor="1.3"
)
OPTIONS = {"min_population": 300, "min_municipality": 0, "n": 5, "seed": 1}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("nation")
    options = {"layout": "plain", "population": "pop", "rates": RATES, "rows_per_file": 300}
    cells = draw_nation(7, towns=6)
    cells[["x", "y"]] += [4_321_000, 3_210_000]  # somewhere in Germany
    qa.write_cells(cells, folder / "cells", **options)
    description = folder / "cells" / "cells.json"
    content = json.loads(description.read_text()) | {"input_protection": "cell_key"}
    description.write_text(json.dumps(content))
    (folder / "nation.toml").write_text(FILE, encoding="utf-8")
    return folder


@pytest.fixture
def nation(written, tmp_path):
    return shutil.copytree(written, tmp_path / "nation") / "nation.toml"


def changed(nation, old, new):
    content = nation.read_text(encoding="utf-8")
    assert old in content
    nation.write_text(content.replace(old, new), encoding="utf-8")


def test_the_file_finds_what_the_call_finds(nation, capsys):
    assert main(["run", str(nation)]) == 0
    printed = capsys.readouterr()
    found = qa.screen_cells(nation.parent / "cells", RULE, **OPTIONS)
    assert found.sentence("en") in printed.out
    assert f"{len(found.manifest['receipts'])}/{len(found.manifest['receipts'])} partitions" in printed.err
    assert (nation.parent / "ergebnis" / "deutschland.html").is_file()
    receipts = json.loads((nation.parent / "lauf" / "manifest.json").read_text())["receipts"]
    assert [one["outputs"] for one in receipts] == [one["outputs"] for one in found.manifest["receipts"]]


def test_one_land_is_computed_with_the_values_of_all_and_resumed_by_the_whole_run(nation):
    changed(nation, 'above = "municipality"\nfactor = 1.3', 'above = "city"\nfactor = 1.3')
    one = qa.run_nation(nation, only="02")
    assert one.files == ()
    assert not (nation.parent / "ergebnis").exists()
    before = {file.name: file.stat().st_mtime_ns for file in (nation.parent / "lauf").glob("receipt-*")}
    whole = qa.run_nation(nation)
    assert {name: (nation.parent / "lauf" / name).stat().st_mtime_ns for name in before} == before
    mine = whole.found.quarters[whole.found.quarters["ags"].str.startswith("02")]
    pd.testing.assert_frame_equal(pd.DataFrame(one.found.quarters), pd.DataFrame(mine))
    assert set(one.found.municipalities["land"]) == {"02"}


def test_fresh_computes_finished_parts_again(nation):
    qa.run_nation(nation, only="02")
    receipt = next((nation.parent / "lauf").glob("receipt-*"))
    before = receipt.stat().st_mtime_ns
    qa.run_nation(nation, only="02", fresh=True)
    assert receipt.stat().st_mtime_ns != before


def test_plan_writes_nothing(nation, capsys):
    assert main(["plan", str(nation)]) == 0
    assert "5 runs" in capsys.readouterr().out
    assert not (nation.parent / "lauf").exists()


def test_failed_partitions_are_listed_and_end_with_3(nation, capsys):
    file = min((nation.parent / "cells").glob("land=02/*"))
    file.write_bytes(file.read_bytes()[:200])
    assert main(["run", str(nation)]) == 3
    printed = capsys.readouterr().err
    assert "1 partition failed" in printed
    assert f"  land=02/{file.name}: " in printed
    assert len(list((nation.parent / "lauf").glob("receipt-*"))) >= 2  # all others are done
    assert not (nation.parent / "ergebnis").exists()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("min_population = 300", "min_population = -3", "nation.toml, line 18: min_population = -3"),
        ("min_population = 300", "min_popolation = 3", "line 18: In [quarters]: 'min_popolation' is not known"),
        ("min_municipality = 0", 'group = "mug"', "nation.toml, line 19: group"),
        ('"low_share"', '"law_share"', "nation.toml, line 13: "),
        ("n = 5", 'n = "five"', 'line 21: In [stability]: n = "five" should be a whole number'),
        ("seed = 1", 'noise = "pink"', "line 22: noise"),
        ('select = "mig & low"', 'select = "mig & lo"', "nation.toml, line 8"),
        ('select = "mig & low"', 'select = "mig & low"\nmissing = "status"', "line 9: [shortlist]: missing is for the"),
        ('folder = "cells"', 'folder = "lauf"', "three folders"),
        ('folder = "cells"', 'folder = "nowhere"', "nation.toml, [cells]: "),
    ],
)
def test_what_is_wrong_is_named_by_file_and_line(nation, old, new, said, capsys):
    changed(nation, old, new)
    command = ["run", str(nation), "--workers", "1"]
    assert main(command) == 2
    printed = capsys.readouterr().err
    assert said in printed
    assert printed.count("nation.toml") <= 2
    assert "Traceback" not in printed


OTHER = 'above = "municipality"\nfactor = 1.3'


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "min_population = 300",
            "min_population = -3",
            "Zeile 18: min_population = -3 muss eine ganze Zahl ab 0 sein.",
        ),
        ("min_municipality = 0", 'group = "mug"', 'Zeile 19: group = "mug" ist keine Spalte mit Anzahlen. Es gibt: '),
        ("seed = 1", 'noise = "pink"', 'Zeile 22: noise muss "binomial" oder "cell_key" sein, nicht „pink“.'),
        ("seed = 1", '[parallel]\nmemory = "viel"', 'Zeile 23: memory = "viel": Nötig ist mindestens 1 MB'),
        ('"low_share"', '"law_share"', 'Zeile 13: above("law_share", than="municipality", factor=1.3): Die Zellen '),
        (OTHER, "worst_share = 0.2", 'Zeile 13: worst_share("low_share", 0.2): Welche Zellen sind die ungünstigsten?'),
        (OTHER, 'above = "mean"', 'Zeile 13: above("low_share", than="mean"): Verglichen wird mit einer Zahl oder '),
        (OTHER, 'worst_n = 2\nhighest = true\nby = "kreis"', "by muss eines sein von „municipality“, „land“, "),
        ('folder = "cells"', 'folder = "lauf"', "[cells], [outputs] und [parallel] brauchen drei Ordner"),
        ('folder = "cells"', 'folder = "weg"', "nation.toml, [cells]: „"),
    ],
)
def test_a_german_file_is_answered_in_german(nation, old, new, said, capsys):
    changed(nation, 'lang = "en"\n', "\n")
    changed(nation, old, new)
    assert main(["run", str(nation)]) == 2
    printed = capsys.readouterr().err
    assert said in printed
    assert not re.search(r"\b(line|must|the|is|of)\b", printed.replace(str(nation.parent), ""))


def test_failed_partitions_and_options_are_told_in_german(nation, capsys):
    changed(nation, 'lang = "en"\n', "\n")
    for options, said in (
        (["--only", "9"], "„9“ ist kein Land dieser Zellen. Es gibt: 01, 02, 03."),
        (["--workers", "0"], "--workers 0: Gemeint ist die Zahl der Prozesse, ab 1."),
        (["--workers", "2", "--scheduler", "tcp://127.0.0.1:1"], "sind zwei Orte zum Rechnen: nur einen nennen."),
    ):
        assert main(["run", str(nation), *options]) == 2
        assert said in capsys.readouterr().err
    file = min((nation.parent / "cells").glob("land=02/*"))
    file.write_bytes(file.read_bytes()[:200])
    assert main(["run", str(nation)]) == 3
    printed = capsys.readouterr().err
    assert "1 Teil ist gescheitert, alle übrigen sind fertig. Der nächste Lauf rechnet nur, was fehlt:" in printed
    assert f"  land=02/{file.name}: „" in printed
    assert "lässt sich nicht als Zellen lesen" in printed


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--only", "9"], "'9' is no Land of these cells; there are: 01, 02, 03."),
        (["--workers", "0"], "--workers 0: name the number of processes"),
        (["--workers", "2", "--scheduler", "tcp://127.0.0.1:1"], "name one"),
        (["--scheduler", "nonsense://x"], "No scheduler answers at 'nonsense://x'"),
    ],
)
def test_wrong_options_are_named_without_a_line_of_the_file(nation, options, said, capsys):
    assert main(["run", str(nation), *options]) == 2
    printed = capsys.readouterr().err
    assert said in printed
    assert "line " not in printed


def test_outputs_never_land_among_unprotected_counts(nation):
    with pytest.raises(ReleaseError, match="holds unprotected counts"):
        qa.run_nation(nation, folder=nation.parent / "cells" / "inside")


def test_a_missing_rule_and_a_damaged_description(nation):
    content = nation.read_text().partition("[shortlist]")[0]
    nation.write_text(content)
    with pytest.raises(SpecError, match="a rule is needed"):
        qa.run_nation(nation)
    nation.write_text(FILE)
    (nation.parent / "cells" / "cells.json").write_text("{")
    with pytest.raises(InputError, match=r"nation\.toml, \[cells\]: "):
        qa.plan_nation(nation)
