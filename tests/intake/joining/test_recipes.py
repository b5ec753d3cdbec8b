"""An advice does no harm: every recipe in an error is pasted, runs, and gives each area its own number or none."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.errors import JoinError

LITERAL = r"(?:'[^']*'|\[[^\]]*\]|\{[^{}]*\}|err\.report\.\w+)"
OPTION = re.compile(rf"\b(repair|rename|exclude|missing)=({LITERAL})")
CALL = re.compile(r"(merge_areas\(areas, (?:\{.*?\]\}|err\.report\.merge)\)|areas\.set_(?:index|axis)\(.*?\)\)+)")
FRAME = re.compile(r"table\.drop\(columns=\[[^\]]*\]\)")


def numbered(keys):
    """Give every key its own number: its place."""
    return {key: float(i + 1) for i, key in enumerate(keys)}


def fault(areas, rows, *, names=None, extra=(), **columns):
    """Describe a fault: keys of the areas, and the keys that their rows have (or None), in the same order."""
    return {"areas": areas, "rows": rows, "names": names, "extra": list(extra), "columns": columns}


FAULTS = {
    "lost zeros": fault(["0101", "0102", "1103"], ["101", "102", "1103"]),
    "lost zeros of the areas": fault(["101", "102", "203"], ["00101", "00102", "00203"]),
    "a prefix too many": fault(["11", "12", "21"], ["DE-11", "DE-12", "DE-21"]),
    "a prefix too few": fault(["X11", "X12", "X21"], ["11", "12", "21"]),
    "twelve digits": fault(["05315000", "05111000"], ["053150000000", "051110000000"]),
    "the first digits": fault(["4105", "4106", "4107"], ["41051", "41062", "41077"]),
    "the middle": fault(["105", "106", "107"], ["a105x", "a106x", "a107x"]),
    "longer keys of the areas": fault(["41051", "41062", "41077"], ["4105", "4106", "4107"]),
    "a sum": fault(["90101", "90102", "90203"], ["101", "102", "203"]),
    "names spelled otherwise": fault(
        ["Alt-Köpenick", "Stülerstraße", "Sankt Pauli"], ["Alt Koepenick", "Stülerstr.", "St. Pauli"]
    ),
    "many names spelled otherwise": fault(
        [f"{name}straße" for name in ("Ahorn", "Birken", "Eichen", "Fichten", "Linden", "Tannen", "Ulmen")],
        [f"{name}str." for name in ("Ahorn", "Birken", "Eichen", "Fichten", "Linden", "Tannen", "Ulmen")],
    ),
    "names for keys": fault(["01", "02", "03"], ["Aue", "Berg", "Cala"], names=["Aue", "Berg", "Cala"]),
    "rows that are no areas": fault(["01", "02", "03"], ["01", "02", "03"], extra=["98", "99"]),
    "many rows that are no areas": fault(["01", "02"], ["01", "02"], extra=[f"9{i}" for i in range(8)]),
    "areas without a row": fault(["01", "02", "03"], ["01", None, "03"]),
    "names that changed places": fault(
        ["01", "02", "03"], ["01", "02", "03"], names=["Aue", "Berg", "Cala"], Name=["Berg", "Aue", "Cala"]
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_every_recipe_works_when_it_is_pasted(row, name):
    case = FAULTS[name]
    truth = numbered(case["areas"])
    areas = row(*case["areas"]).assign(name=case["names"] or case["areas"])
    rows = {key: truth[area] for area, key in zip(case["areas"], case["rows"], strict=True) if key is not None}
    rows |= dict.fromkeys(case["extra"], 77.5)
    table = pd.DataFrame({"n": list(rows.values()), **case["columns"]}, index=list(rows))
    with pytest.raises(JoinError) as caught:
        qa.join(areas, table)
    given = {"areas": areas, "table": table, "err": caught.value, "merge_areas": qa.merge_areas}
    message = str(caught.value)
    tried = [
        *(lambda o=o, v=v: qa.join(areas, table, **{o: eval(v, given)}) for o, v in OPTION.findall(message)),  # noqa: S307
        *(lambda code=code: qa.join(eval(code, given), table) for code in CALL.findall(message)),  # noqa: S307
        *(lambda code=code: qa.join(areas, eval(code, given)) for code in FRAME.findall(message)),  # noqa: S307
    ]
    assert tried, message
    joined = [harmless(attempt, truth) for attempt in tried]
    assert any(report is not None for report in joined), message  # one of them is the way on


def harmless(attempt, truth):
    """Follow an advice: it joins without a wrong number, or is refused as a join that still does not fit."""
    try:
        data = attempt()
    except JoinError:
        return None
    numbers = data.values["n"]
    own = dict(zip(data.areas["name"], numbers, strict=True)) | numbers.to_dict()
    wrong = {key: own[key] for key in truth if key in own and not np.isnan(own[key]) and own[key] != truth[key]}
    assert wrong == {}
    return data.report


def test_areas_that_are_reported_as_one_are_merged_by_the_recipe(row):
    names = ["Neuland", "Gut Moor", "Horn", "Klein Borstel", "Ohlsdorf"]
    areas = row(*names).assign(name=names)
    table = pd.DataFrame({"n": [5.0, 7, 9]}, index=["Neuland und Gut Moor", "Horn", "Klein Borstel/Ohlsdorf"])
    with pytest.raises(JoinError) as caught:
        qa.join(areas, table)
    (code,) = CALL.findall(str(caught.value))
    merged = eval(code, {"merge_areas": qa.merge_areas, "areas": areas, "err": caught.value})  # noqa: S307
    assert qa.join(merged, table).values["n"].to_dict() == {
        "Horn": 9 - 2,
        "Klein Borstel/Ohlsdorf": 9,
        "Neuland und Gut Moor": 5,
    }


def test_no_recipe_is_made_of_dots(row):
    """What cannot be written out is a list of the report, never dots that fail when they are pasted."""
    for case in FAULTS.values():
        areas = row(*case["areas"]).assign(name=case["names"] or case["areas"])
        keys = [key for key in case["rows"] if key is not None] + case["extra"]
        table = pd.DataFrame({"n": range(len(keys)), **case["columns"]}, index=keys)
        with pytest.raises(JoinError) as caught:
            qa.join(areas, table)
        assert "..." not in str(caught.value)
