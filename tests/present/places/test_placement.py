"""Names stand free of each other and of what is taken; the page and paper place them alike."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
from dataclasses import asdict
from importlib.resources import files
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quartiersatlas.present.places.anchors import PlaceName
from quartiersatlas.present.places.placement import (
    Form,
    Label,
    MapFrame,
    boxes_of,
    forms_of,
    place,
    place_names,
    straight_spots,
)

ASSETS = files("quartiersatlas.present.map") / "assets"
WIDTH, HEIGHT = 600.0, 400.0
MARKS = [(300.0 + 40 * i, 100.0, 312.0 + 40 * i, 112.0) for i in range(5)]
TAKEN = [(0.0, 250.0, 180.0, 400.0), (560.0, 0.0, 600.0, 90.0)]

across, down = st.floats(0, WIDTH), st.floats(0, HEIGHT)


@st.composite
def labels(draw):
    way = draw(st.sampled_from(["area", "surface", "point", "district", "line"]))
    x, y, width = draw(across), draw(down), draw(st.floats(20, 120))
    line = None
    if way == "line":
        line = tuple((x + 60 * i, y + draw(st.floats(-30, 30))) for i in range(draw(st.integers(2, 9))))
    forms = [Form(("x",), width, 14.0)]
    if way == "district":
        forms += [Form(("x", "y"), width / 2, 28.0), Form(("x",), 0.8 * width, 11.2, 0.8)]
    reach = draw(st.floats(10, 150))
    box = (x - reach, y - reach, x + reach, y + reach) if way in ("area", "surface", "district") else None
    return Label(tuple(forms), x, y, draw(st.sampled_from([10, 60, 90, 100])), way, box, line, draw(st.booleans()))


def meet(one, other):
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


@given(st.lists(labels(), max_size=40))
def test_no_name_meets_another_or_what_is_taken_or_the_edge(given_labels):
    placed = place(given_labels, WIDTH, HEIGHT, TAKEN)
    rows = [boxes_of(one.form, (one.x, one.y, one.angle)) for one in placed]
    for one, other in combinations(rows, 2):
        assert not any(meet(a, b) for a in one for b in other)
    for box in (box for row in rows for box in row):
        assert not any(meet(box, other) for other in TAKEN)
        assert box[0] >= 0
        assert box[1] >= 0
        assert box[2] <= WIDTH
        assert box[3] <= HEIGHT


@pytest.fixture(scope="module")
def node():
    program = shutil.which("node")
    if program is None:
        pytest.skip("node is needed to run the page's modules by themselves; it is not on the PATH.")

    def evaluate(module, expression, argument):
        lines = [
            f'import * as module from "{(ASSETS / module).as_uri()}.js";',
            f"const given = {json.dumps(argument)};",
            f"console.log(JSON.stringify({expression}));",
        ]
        done = subprocess.run(
            [program, "--input-type=module"], input="\n".join(lines), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return evaluate


def test_the_page_places_names_as_paper_does(node):
    batches = [labels_of(seed) for seed in range(12)]
    expression = (
        "given.batches.map((some) => module.placeLabels(some, given.width, given.height, given.taken, given.marks))"
    )
    argument = {"batches": [[as_record(one) for one in batch] for batch in batches], "taken": TAKEN, "marks": MARKS}
    in_page = node("placement", expression, {**argument, "width": WIDTH, "height": HEIGHT})
    n_lines = 0
    for batch, found in zip(batches, in_page, strict=True):
        own = place(batch, WIDTH, HEIGHT, TAKEN, marks=MARKS)
        assert [one.label for one in own] == [one["label"] for one in found]
        for mine, theirs in zip(own, found, strict=True):
            assert (mine.x, mine.y, mine.angle) == pytest.approx((theirs["x"], theirs["y"], theirs["angle"]))
            assert mine.form.width == theirs["form"]["width"]
        n_lines += sum(batch[one.label].way == "line" for one in own)
    assert n_lines > 10


def labels_of(seed):
    from random import Random

    rng = Random(seed)  # noqa: S311 - invented labels
    found = []
    for _ in range(60):
        way = rng.choice(["area", "surface", "point", "district", "line"])
        x, y, width = rng.uniform(0, WIDTH), rng.uniform(0, HEIGHT), rng.uniform(20, 120)
        line = tuple((x + 50 * i, y + rng.uniform(-9, 9)) for i in range(12)) if way == "line" else None
        forms = [Form(("x",), width, 14.0)]
        if way == "district":
            forms += [Form(("x", "y"), width / 2, 28.0), Form(("x",), 0.8 * width, 11.2, 0.8)]
        reach = rng.uniform(10, 150)
        box = None if way in ("point", "line") else (x - reach, y - reach, x + reach, y + reach)
        found.append(Label(tuple(forms), x, y, rng.choice([10, 40, 90, 100]), way, box, line, rng.random() < 0.5))
    return found


def as_record(label):
    record = asdict(label)
    return {**record, "wasThere": record.pop("was_there")}


def test_a_district_without_room_at_its_anchor_is_named_as_near_to_it_as_can_be():
    form = Form(("x",), 20.0, 14.0)
    label = Label((form,), 80.0, 80.0, 100, "district", (0.0, 0.0, 200.0, 200.0))
    (own,) = place([label], WIDTH, HEIGHT, [(50.0, 40.0, 110.0, 120.0)])
    assert (own.x, own.y) in {(60.0, 20.0), (100.0, 20.0), (20.0, 60.0), (20.0, 100.0)}  # of the places of the grid
    assert math.dist((own.x, own.y), (80, 80)) == pytest.approx(math.hypot(20, 60))


def test_every_district_finds_a_place_the_narrow_ones_in_smaller_or_two_lines():
    def measured(lines):
        return max(map(len, lines)) * 7.0

    names = ["Charlottenburg-Wilmersdorf", "Mitte", "Treptow-Köpenick", "Steglitz-Zehlendorf"]
    found = [
        Label(
            forms_of(name, "district", 12, measured),
            150 + 90 * i,
            200,
            100,
            "district",
            (105 + 90 * i, 100, 195 + 90 * i, 300),
        )
        for i, name in enumerate(names)
    ]
    placed = {one.label: one.form for one in place(found, WIDTH, HEIGHT, TAKEN)}
    assert sorted(placed) == [0, 1, 2, 3]
    assert placed[1].lines == ("Mitte",)
    assert placed[0].lines == ("Charlottenburg-", "Wilmersdorf")


def test_a_word_along_a_line_stands_on_its_straight_part_and_upright():
    bend = [(0.0, 0.0), (30.0, 40.0), (60.0, 0.0), (90.0, 40.0), (400.0, 40.0)]
    ((x, y, angle),) = straight_spots(bend, 100, 1000)
    assert 140 <= x <= 350
    assert (y, angle) == (40, 0)
    ((_, _, turned),) = straight_spots([(100.0, 300.0), (100.0, 0.0)], 80, 1000)
    assert turned == 90  # read from above or below, never upside down
    ((_, _, back),) = straight_spots([(300.0, 0.0), (0.0, 10.0)], 80, 1000)
    assert back == pytest.approx(math.degrees(math.atan2(-10, 300)))
    assert straight_spots([(0.0, 0.0), (50.0, 0.0)], 80, 1000) == []
    assert len(straight_spots([(0.0, 0.0), (2000.0, 0.0)], 80, 400)) == 5


def test_names_on_paper_are_measured_in_millimetres_and_points_keep_their_mark():
    frame = MapFrame(left=0, top=10_000, width=100, height=100, metres=100)
    names = [
        PlaceName("Mitte", "district", 100, 5_000, 5_000, bounds=(2_000, 2_000, 8_000, 8_000)),
        PlaceName("Hauptbahnhof", "station", 70, 4_000, 9_000),
        PlaceName("winzig", "area", 10, 9_000, 1_000, bounds=(8_990, 990, 9_010, 1_010)),
    ]
    district, station = place_names(names, frame)
    assert district.lines == ("MITTE",)
    assert (district.x, district.y) == (50, 50)
    assert station.dot == (40, 10)
    assert station.x > 40
    (still,) = place_names(names[1:], frame, taken=[(41, 0, 100, 100)])
    assert still.x < 40
