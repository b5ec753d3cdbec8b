"""Missing persons and the hostile reader: the number is an equation, and no withheld count may be one of its terms."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from attack import KnownAnyway, leaks
from attack_files import read_files
from attack_missing import attack_missing, same_missing
from towns import Plan, Town, _areas, _joined

import quartiersatlas as qa
from quartiersatlas.disclosure.selection import screened

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # of few areas
EXACT = qa.Protection(derived="exact")
COUNTS = [2.0, 9, 40, 55, 30, 44, 61, 25, 38, 33, 29, 47]  # of 1,000; the 2 is withheld, and the 25 with it
RULES = {
    "number": (qa.above("g0_share", 4), [("above", "g0_share", 4)]),
    "city": (qa.above_city("g0_share"), [("city", "g0_share", None)]),
    "highest": (qa.worst_n("g0_share", 3, highest=True), [("highest", "g0_share", 3)]),
    "lowest": (qa.worst_n("g0_share", 3, highest=False), [("lowest", "g0_share", 3)]),
    "both": (
        qa.above("g0_share", 4) & qa.worst_n("g1_share", 3, highest=True),
        [("above", "g0_share", 4), ("highest", "g1_share", 3)],
    ),
}


def small_town(counts, more=None):
    """Return a town of areas of 1,000 residents each, of which the totals are known."""
    frame = pd.DataFrame({"residents": 1000.0, "g0": counts, **(more or {})})
    frame.index = pd.Index([f"{k:02}" for k in range(len(counts))], name="key")
    pairs = {f"{name}_share": (name, "residents") for name in frame.columns[1:]}
    known = KnownAnyway(frame, pairs=pairs)
    return Town(_joined(_areas(len(counts), ""), known, Plan(), "2024"), known)


def released(town, rule, protection, **options):
    """Release the shares with a shortlist and what it tells of missing persons; the town is a small one."""
    shortlist = qa.screen(town.data, rule)
    return town.release(shortlist=shortlist, missing="status", protection=protection, **options)


def written(release, folder):
    folder.mkdir(exist_ok=True)
    qa.export(release, folder / "a.csv")
    qa.atlas_map(release, "en").save(folder / "map.html")
    qa.report(release, folder / "report.html")
    return folder


def withheld(release, town):
    """Return the cells of g0 and g1 that nobody sees."""
    sides = [(f"{name}_share_numerator", name) for name in town.known.counts.columns[1:]]
    return [(key, name) for side, name in sides for key in release.values.index[release.values[side].isna()]]


@pytest.fixture
def town():
    return small_town(COUNTS, {"g1": [80.0, 70, 60, 50, 41, 33, 25, 64, 72, 58, 49, 90]})


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("derived", ["exact", "shown"])
def test_no_file_with_missing_persons_tells_a_withheld_count(town, name, derived, tmp_path):
    rule, read = RULES[name]
    release = released(town, rule, EXACT if derived == "exact" else qa.Protection())
    cells = withheld(release, town)
    assert {"00", "07"} <= {key for key, _ in cells}
    assert leaks(attack_missing(written(release, tmp_path / "f"), town.known, read, cells)) == set()
    if name in ("number", "both"):
        assert release.missing is not None
        assert len(release.missing) > 0  # else there would be nothing to read


@pytest.mark.parametrize("kind", ["csv", "map.html", "report.html"])
def test_the_reader_finds_the_same_numbers_in_each_file(town, kind, tmp_path):
    rule, read = RULES["number"]
    release = released(town, rule, EXACT)
    (file,) = [one for one in written(release, tmp_path / "f").iterdir() if one.name.endswith(kind) and
               not one.name.endswith(".columns.csv")]  # fmt: skip
    seen = read_files(file)
    told = release.missing if kind != "report.html" else release.missing[~release.missing["enters"]]
    assert seen.missing == {key: [("g0_share", persons)] for key, persons in zip(told["key"], told["persons"])}  # noqa: B905
    assert same_missing(seen, town.known.counts, read, town.known)
    other = town.known.counts.copy()
    other.loc[told["key"].iloc[0], "g0"] += 1
    assert not same_missing(seen, other, read, town.known)


def off(monkeypatch, *names):
    """Switch parts of the protection of missing persons off."""
    for name in names:
        monkeypatch.setattr(screened, name, (lambda one: one.assessed | True) if name == "_may_tell" else OPEN)


def OPEN(one, condition):  # noqa: N802, ARG001 - says yes whatever it is asked
    return True


def test_without_protection_the_own_count_is_told(town, tmp_path, monkeypatch):
    """39 more than 2 of 1,000 are above 4 %."""
    rule, read = RULES["number"]
    off(monkeypatch, "_may_tell")
    release = released(town, rule, EXACT)
    found = attack_missing(written(release, tmp_path / "f"), town.known, read, withheld(release, town))
    assert leaks(found) == {("00", "g0")}


def test_without_protection_the_limit_tells_the_count_of_another_area(town, tmp_path, monkeypatch):
    """With 4 fewer than 29 the area is among the three lowest: 25 is the third, though nobody may see it."""
    rule, read = RULES["lowest"]
    off(monkeypatch, "_limit_is_open")
    release = released(town, rule, EXACT)
    found = attack_missing(written(release, tmp_path / "f"), town.known, read, withheld(release, town))
    assert leaks(found) == {("00", "g0")}  # the 2 follows from the 25 and the total


def test_exact_results_of_random_towns(tmp_path):
    tried = 0
    for seed in range(3):
        random = np.random.default_rng(seed)
        counts = random.integers(5, 90, 9).astype(float)
        counts[random.integers(9)] = random.integers(1, 3)
        one = small_town(counts, {"g1": random.integers(5, 90, 9).astype(float)})
        for name, (rule, read) in RULES.items():
            release = released(one, rule, EXACT)
            cells = withheld(release, one)
            file = qa.export(release, tmp_path / f"{seed}{name}.csv")
            found = attack_missing(file, one.known, read, cells, limit=100)
            assert leaks(found) == set(), (seed, name)
            tried += release.missing is not None and len(release.missing) > 0
    assert tried > 2
