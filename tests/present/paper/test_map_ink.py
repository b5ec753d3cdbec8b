"""What the legend names is seen: ink inside areas and along outlines, measured in the picture as it is printed."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
import shapely

from quartiersatlas.present.paper.map_svg import map_svg
from quartiersatlas.present.paper.typeset import svg_png

pytest.importorskip("typst")
Image = pytest.importorskip("PIL.Image")
ROOM = {"width_mm": 160.0, "height_mm": 130.0}
PPI = 200
INK = 40  # how far a pixel is from the colour of its area


def printed(release):
    """Return the pixels of a map without names and numbers."""
    svg = map_svg(release, "sgb2_rate", **ROOM, names=False, mark_numbers=False)
    with Image.open(BytesIO(svg_png(svg, PPI))) as image:
        return svg, np.asarray(image.convert("RGB")).astype(int)


def frames(picture, svg, release):
    """Return the square of each area in pixels: the squares stand in rows, and their borders are drawn."""
    shapes = [shape for _, group in picture(svg).groups()[0] for shape in group]
    rows = sorted(shapes, key=lambda shape: (-round(shape.bounds[1], 1), round(shape.bounds[0], 1)))
    per_mm = PPI / 25.4
    boxes = [[round(side * per_mm) for side in shape.bounds] for shape in rows]
    return dict(zip(release.areas.index, boxes, strict=True))


def inside(pixels, box, margin=3):
    left, top, right, low = box
    return pixels[top + margin : low - margin, left + margin : right - margin].reshape(-1, 3)


def ink(pixels, box, margin=6):
    """Return the share of pixels that differ from the colour of the area, its outline left out."""
    found = inside(pixels, box, margin)
    return float((np.linalg.norm(found - np.median(found, axis=0), axis=1) > INK).mean())


def band(pixels, box, width=3):
    """Return the pixels of a band around an outline."""
    left, top, right, low = box
    part = pixels[top - width : low + width, left - width : right + width]
    frame = np.ones(part.shape[:2], dtype=bool)
    frame[2 * width : -2 * width, 2 * width : -2 * width] = False
    return part[frame]


@pytest.fixture(scope="module")
def released(squares):
    """Return a release with sure and borderline areas, and one that is nearly selected."""
    release = squares()
    assert release.stability is not None
    table = release.stability.table.copy()
    chosen = release.selected.index[release.selected]
    table["label"] = "not_selected"
    table.loc[chosen, "label"] = "certain"
    table.loc[chosen[:2], "label"] = "borderline"
    table.loc["05", "label"] = "borderline"
    return replace(release, stability=replace(release.stability, table=table))


@pytest.fixture(scope="module")
def all_sure(released):
    """Return the same release with every selected area sure and none near."""
    table = released.stability.table.copy()
    table["label"] = np.where(released.selected, "certain", "not_selected")
    return replace(released, stability=replace(released.stability, table=table))


def test_a_broken_hatch_has_less_ink_than_the_unbroken_one_of_the_same_area(released, all_sure, picture):
    svg, broken = printed(released)
    _, whole = printed(all_sure)
    boxes = frames(picture, svg, released)
    labels = released.stability.table["label"]
    for key in released.selected.index[released.selected]:
        ratio = ink(broken, boxes[key]) / ink(whole, boxes[key])
        if labels[key] == "borderline":
            assert 0.3 < ratio <= 0.7
        else:
            assert ratio == pytest.approx(1.0, abs=1e-9)  # its lines stay where they are, whatever its neighbours do
    for key in released.selected.index[~released.selected]:
        assert ink(broken, boxes[key]) < 0.01 < ink(whole, boxes["12"])


def test_the_hatch_is_seen_on_light_and_on_dark_classes(released, picture):
    svg, pixels = printed(released)
    boxes = frames(picture, svg, released)
    for key in released.selected.index[released.selected]:
        found = inside(pixels, boxes[key], 6)
        base = np.median(found, axis=0)
        far = found[np.linalg.norm(found - base, axis=1) > INK]
        assert len(far) / len(found) > 0.08
        contrast = max(abs(far.mean(axis=1) - base.mean()))
        assert contrast > 90


def test_marks_without_a_hatch_are_seen_along_their_outline(released, all_sure, picture):
    svg, with_marks = printed(released)
    _, without = printed(all_sure)
    boxes = frames(picture, svg, released)
    assert np.array_equal(inside(with_marks, boxes["05"], 8), inside(without, boxes["05"], 8))
    changed = np.linalg.norm(band(with_marks, boxes["05"]) - band(without, boxes["05"]), axis=1) > INK
    assert changed.mean() > 0.2


def test_candidates_are_seen_along_their_outline(released, picture):
    svg, with_marks = printed(released)
    _, without = printed(replace(released, candidates=None))
    boxes = frames(picture, svg, released)
    group = shapely.union_all([shapely.box(*boxes[key]) for key in released.members.dropna().index])
    box = [round(side) for side in group.bounds]
    changed = np.linalg.norm(band(with_marks, box) - band(without, box), axis=1) > INK
    assert changed.mean() > 0.5
