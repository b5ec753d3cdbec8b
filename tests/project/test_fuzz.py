"""Damaged projects are refused in one line and write nothing; those that are only written otherwise give the same.

The tests run some; ``python scripts/fuzz.py projects --n 500`` runs more.
"""

from __future__ import annotations

import tomllib
from collections import Counter

import pytest
from fuzzing.faults import dice
from fuzzing.projects import SAMPLE, run_damaged, sample_project
from fuzzing.same_projects import run_same, written_otherwise
from fuzzing.toml_text import Style, toml_text


@pytest.mark.parametrize(("kind", "n"), [("content", 3), ("text", 4), ("beside", 3)])
def test_damaged_projects_are_refused_in_one_line(tmp_path, kind, n):
    ended = Counter()
    for seed in range(n):
        folder = tmp_path / str(seed)
        folder.mkdir()
        ended[run_damaged(seed, folder, kind)] += 1
    assert any("Error" in how for how in ended)


def test_a_project_that_is_only_written_otherwise_gives_the_same_files(light_city, tmp_path):
    content = tomllib.loads((light_city[2] / "projekt.toml").read_text(encoding="utf-8"))
    assert run_same(1, tmp_path, content, SAMPLE) == "same"


def test_what_is_written_otherwise_says_the_same():
    content = sample_project()
    written = {written_otherwise(content, dice(seed)) for seed in range(20)}
    assert len(written) > 10
    assert all(tomllib.loads(text.decode("utf-8-sig")) == content for text in written)


def test_toml_holds_everything_that_may_stand_in_a_file():
    content = {"a b": {"x": [1, -2.5, True]}, "": 'Zeile\n"zwei"\t\x7f', "leer": {}, "t": [{"y": "ä"}, {"y": "\\"}]}
    for style in (Style(), Style(inline=1, literal=1, rng=dice(1)), Style(inline=0.5, comments=0.5, rng=dice(2))):
        assert tomllib.loads(toml_text(content, style)) == content
    odd = tomllib.loads(toml_text({"a": float("nan"), "b": float("-inf"), "c": 10**400}))
    assert (str(odd["a"]), odd["b"], odd["c"]) == ("nan", float("-inf"), 10**400)
