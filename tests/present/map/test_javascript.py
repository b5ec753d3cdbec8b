"""The page's computing modules, run by themselves under node."""

from __future__ import annotations

import importlib.util
import itertools
import json
import os
import re
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quartiersatlas.present.map import classes, matrices
from quartiersatlas.present.map.payload import whole_numbers
from quartiersatlas.present.map.topology import encode_topology

spec = importlib.util.spec_from_file_location("topologies", Path(__file__).with_name("topologies.py"))
topologies = importlib.util.module_from_spec(spec)
spec.loader.exec_module(topologies)

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
            f'import * as {name} from "{(ASSETS / name).as_uri()}.js";'
            for name in ("format", "topology", "columns", "classes", "styles", "canvas")
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
        'format.formatValue(12.6, {decimals: 0, unit: ""}, "en")',
    )
    assert with_unit == "12,5\u202f%"
    assert without == "13"


def test_sentences_take_values_literally(node):
    filled = node('format.fillIn("{lower} bis {upper}, {none}", {lower: "$& {upper}", upper: "$1"})')
    assert filled == ["$& {upper} bis $1, "]


def test_tests_of_the_computing_modules_pass():
    program = shutil.which("node")
    if program is None:
        pytest.skip("node is needed to run the page's modules by themselves; it is not on the PATH.")
    tests = sorted(str(path) for path in Path(__file__).with_name("node").glob("*.test.mjs"))
    done = subprocess.run(
        [program, "--test", *tests],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "ASSETS": Path(str(ASSETS)).as_uri()},
    )
    assert done.returncode == 0, done.stdout
    assert re.search(r"^# pass [1-9]", done.stdout, flags=re.MULTILINE)


def test_both_decoders_read_the_same_outlines_of_the_sample_city(node, exported):
    encoded = encode_topology(exported)
    shapes = node(
        f"""(({{ arcs, shapes }}) => shapes.map((parts) => parts.map((rings) =>
        rings.map((ring) => topology.ringPlaces((arc) => arcs[arc], ring)))))(
        topology.decodeTopology({json.dumps(encoded)}))"""
    )[0]
    arcs, refs = topologies.decode(encoded)
    assert len(shapes) == len(refs) == 90
    for parts, expected in zip(shapes, refs, strict=True):
        for rings, outlines in zip(parts, expected, strict=True):
            for ring, outline in zip(rings, outlines, strict=True):
                grid = topologies.ring_points(arcs, outline)
                assert np.rint(np.array(ring)[:, ::-1] * 1e5).astype(int).tolist() == grid.tolist()


def test_values_get_their_decimal_point_back(node):
    assert node("columns.scaled([123, null, 0, -45], 1)", "columns.scaled([7], 0)") == [[12.3, None, 0, -4.5], [7]]


def test_the_page_finds_the_released_rates_from_the_counts(node, sample):
    columns = [column for column in sample.release.columns if column.kind == "rate"]
    assert len(columns) == 7
    asked = [
        {part: whole_numbers(sample.release.values[getattr(column, part)], 0) for part in ("numerator", "denominator")}
        for column in columns
    ]
    found = node(
        *(
            f"columns.scaled(columns.rates({json.dumps(counts | {'per': 100, 'decimals': places})}), {places})"
            for counts, places in zip(asked, (column.decimals for column in columns), strict=True)
        )
    )
    values = [sample.release.values[column.id] for column in columns]
    assert found == [[None if pd.isna(value) else value for value in released] for released in values]


def test_halfway_the_page_rounds_to_the_even_number(node):
    values = [0.5, 1.5, 2.5, -0.5, -1.5, 2.4999, 2.5001, 7]
    found = node(f"{json.dumps(values)}.map(columns.roundHalfEven)")[0]
    assert found == np.rint(values).tolist()


def test_a_rate_over_nobody_has_no_value(node):
    column = {"numerator": [0, None, 3], "denominator": [0, 5, None], "per": 100, "decimals": 1}
    assert node(f"columns.rates({json.dumps(column)})") == [[None, None, None]]


@given(st.integers(-(10**7), 10**7), st.integers(0, 4))
def test_no_value_changes_on_its_way_through_whole_numbers(number, decimals):
    value = round(number / 10**decimals, decimals)
    assert whole_numbers(pd.Series([value]), decimals) == [number]
    assert number / 10**decimals == value  # what the page computes


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


COLORS = sorted(
    {
        *classes.NEED_COLORS, *classes.CONTEXT_COLORS, *classes.CONTEXT_SIX, *classes.DIVERGING_COLORS,
        *classes.SD_COLORS, *classes.DEVIATION_COLORS, *itertools.chain(*matrices.MATRIX_COLORS, *matrices.PAIR_COLORS),
    }
)  # fmt: skip


def luminance(color):
    """Return the relative luminance of WCAG 2.2 of a colour of three parts from 0 to 255."""
    parts = [c / 255 / 12.92 if c / 255 <= 0.04045 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in color]
    return float(np.dot(parts, [0.2126, 0.7152, 0.0722]))


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def parts_of(color):
    return [int(color[i : i + 2], 16) for i in (1, 3, 5)]


def over(color, opacity, ground):
    return [opacity * a + (1 - opacity) * b for a, b in zip(color, ground, strict=True)]


@pytest.fixture(scope="module")
def marks(node):
    """Return the lines that mark an area, as the page has them."""
    return node(
        "styles.LIGHT_LINE", "styles.NEAR_LINE", "styles.PROGRAMME_LINE", "styles.CHOSEN_CASING",
        "styles.CHOSEN_LINE", "canvas.HATCH_LINES",
    )  # fmt: skip


@pytest.mark.parametrize("fill", COLORS)
def test_what_marks_an_area_stands_out_three_to_one_from_every_class(marks, fill):
    """Of each pair of a light and a dark line one is seen on every class (WCAG 2.2, 1.4.11)."""
    light, near, programme, casing, chosen, hatch = marks
    ground = parts_of(fill)
    white = over(parts_of(light["color"]), light["opacity"], ground)
    for dark in (near, programme):
        assert max(contrast(white, ground), contrast(parts_of(dark["color"]), ground)) >= 3
    assert max(contrast(parts_of(line["color"]), ground) for line in (casing, chosen)) >= 3
    lines = [[float(part) for part in re.findall(r"[\d.]+", color)] for color, _ in hatch]
    assert max(contrast(over(line[:3], line[3], ground), ground) for line in lines) >= 3
