"""The page's computing modules, run by themselves under node."""

from __future__ import annotations

import json
import shutil
import subprocess
from importlib.resources import files

import pytest

ASSETS = files("quartiersatlas.present.map") / "assets"
COLUMN = {"values": [1, 2, 2.5, None, None, 9], "gaps": {"3": "suppressed"}, "breaks": [2, 5]}


@pytest.fixture(scope="module")
def node():
    """Return a function that evaluates an expression with all computing modules imported."""
    program = shutil.which("node")
    if program is None:
        pytest.skip("node is needed to run the page's modules by themselves; it is not on the PATH.")

    def evaluate(*expressions):
        lines = [
            f'import * as {name} from "{(ASSETS / name).as_uri()}.js";' for name in ("format", "geometry", "classes")
        ]
        lines.append(f"console.log(JSON.stringify([{', '.join(expressions)}]));")
        done = subprocess.run(
            [program, "--input-type=module", "-e", "\n".join(lines)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return evaluate


def test_numbers_are_written_as_each_language_does(node):
    cases = {
        'format.formatNumber(1234567.891, 2, "de")': "1.234.567,89",
        'format.formatNumber(1234567.891, 2, "en")': "1,234,567.89",
        'format.formatNumber(12, 1, "de")': "12,0",
        'format.formatNumber(999, 0, "en")': "999",
        'format.formatNumber(-3.25, 2, "de")': "\u22123,25",
        'format.formatNumber(-0.04, 1, "de")': "0,0",
        'format.formatNumber(0, 0, "de")': "0",
    }
    assert node(*cases) == list(cases.values())


def test_a_thin_blank_stands_before_the_unit_and_none_without_one(node):
    with_unit, without = node(
        'format.formatValue(12.5, {decimals: 1, unit: "%"}, "de")',
        'format.formatValue(12.5, {decimals: 0, unit: ""}, "en")',
    )
    assert with_unit == "12,5\u202f%"
    assert without == "13"


def test_sentences_take_values_literally(node):
    filled = node('format.fillIn("{lower} bis {upper}, {none}", {lower: "$& {upper}", upper: "$1"})')
    assert filled == ["$& {upper} bis $1, "]


def test_outlines_are_sums_of_steps_in_hundred_thousandths_of_a_degree(node):
    ring, shape = node(
        "geometry.decodeRing([900000, 5100000, 10, 0, 0, 20])",
        "geometry.decodeShape([[[100000, 200000, 5, 5]], [[0, 0], [1, 1]]])",
    )
    assert ring == [pytest.approx(point, abs=1e-9) for point in ([51, 9], [51, 9.0001], [51.0002, 9.0001])]
    assert [len(part) for part in shape] == [1, 2]
    assert shape[0][0][1] == pytest.approx([2.00005, 1.00005], abs=1e-9)


def test_a_value_on_a_break_belongs_to_the_class_above(node):
    classes = node(*(f"classes.classOf({value}, [2, 5])" for value in (-1, 1.99, 2, 4.99, 5, 100)))
    assert classes == [0, 0, 1, 1, 2, 2]
    assert node("classes.classOf(3, [])") == [0]


def test_every_area_is_counted_once_as_class_or_gap(node):
    counted = node(f"[...classes.countClasses({json.dumps(COLUMN)})]")[0]
    assert {str(cell): n for cell, n in counted} == {"0": 1, "1": 2, "2": 1, "suppressed": 1, "missing": 1}


def test_a_zero_is_a_value_and_the_first_class_is_not_a_gap(node):
    zero = json.dumps({"values": [0], "gaps": {}, "breaks": []})
    first_class = json.dumps({"values": [0], "gaps": {}, "breaks": [], "classes": ["hoch"]})
    assert node(f"classes.cellClass({zero}, 0)", f"classes.cellClass({first_class}, 0)") == [0, 0]
