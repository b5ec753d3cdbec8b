"""Areas over areas: what is part of what, what crosses, and what is left over."""

from __future__ import annotations

from itertools import product

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from quartiersatlas.disclosure.over_time.atoms import common_atoms
from quartiersatlas.errors import GeometryError, KeyColumnError, SpecError

CRS = "EPSG:25832"


def layer(shapes, crs=CRS, **columns):
    return gpd.GeoDataFrame(columns, index=list(shapes), geometry=list(shapes.values()), crs=crs)


def strip(start, end, height=1000):
    return shapely.box(start, 0, end, height)


SQUARES = {"1": strip(0, 1000), "2": strip(1000, 2000), "3": strip(2000, 3000)}


def parts(atoms, which):
    """Give for each area the set of its atoms."""
    dense = atoms.incidence[which].toarray()
    assert set(np.unique(dense)) <= {0, 1}
    return [set(np.flatnonzero(row).tolist()) for row in dense]


def test_an_area_is_the_sum_of_the_areas_inside():
    atoms = common_atoms([layer(SQUARES), layer({"A": strip(0, 2000), "B": strip(2000, 3000)})])
    one, two, three = parts(atoms, 0)
    assert parts(atoms, 1) == [one | two, three]
    assert atoms.n == 3
    assert atoms.messages == ()


def test_the_coarse_areas_may_come_first():
    atoms = common_atoms([layer({"A": strip(0, 2000), "B": strip(2000, 3000)}), layer(SQUARES)])
    one, two, three = parts(atoms, 1)
    assert parts(atoms, 0) == [one | two, three]


@pytest.mark.parametrize(("off", "n"), [(0.9, 3), (1.1, 4)])
def test_a_border_drawn_a_tenth_of_a_percent_off_is_the_same_border(off, n):
    """Of 1,000 m to the border, 1 m is a thousandth."""
    border = 1000 + off
    atoms = common_atoms([layer(SQUARES), layer({"A": strip(0, border), "B": strip(border, 3000)})])
    assert atoms.n == n
    assert bool(atoms.messages) == (n == 4)


def test_crossing_borders_make_atoms_and_are_named():
    atoms = common_atoms([layer(SQUARES), layer({"A": strip(0, 1500), "B": strip(1500, 3000)})])
    one, two, three = parts(atoms, 0)
    assert (len(one), len(two), len(three)) == (1, 2, 1)
    a, b = parts(atoms, 1)
    assert a | b == one | two | three
    assert len(a & two) == len(b & two) == 1
    assert not a & b
    assert atoms.crossing == (("2", "A"), ("2", "B"))
    assert str(atoms.messages[0]).startswith("Borders cross (2: 2 / A, 2 / B)")


def test_what_lies_outside_the_other_areas_is_an_atom_of_its_own():
    atoms = common_atoms([layer({"1": strip(0, 1000), "2": strip(1000, 2000)}), layer({"A": strip(500, 3000)})])
    one, two = parts(atoms, 0)
    (a,) = parts(atoms, 1)
    assert len(one) == 2  # inside and outside of A
    assert two < a
    assert len(a - one - two) == 1
    assert atoms.n == 4


def test_a_hamlet_in_a_wide_forest_is_no_sliver():
    forest, hamlet = shapely.box(0, 0, 100_000, 1000), strip(10, 20, 10)
    assert hamlet.area / forest.area < 0.001
    atoms = common_atoms([layer({"forest": forest}), layer({"hamlet": hamlet})])
    ((around_and_hamlet,), (inside,)) = parts(atoms, 0), parts(atoms, 1)
    assert inside < around_and_hamlet
    assert (len(inside), len(around_and_hamlet)) == (1, 2)


def test_declared_parents_beat_outlines():
    """The districts are drawn coarsely: half of square 2 lies outside of A by the drawing, and none by declaration."""
    squares = layer(SQUARES, district=["A", "A", "B"])
    drawn = {"A": strip(0, 1600), "B": strip(1600, 3000)}
    one, two, three = parts(common_atoms([squares, layer(drawn)]), 0)
    atoms = common_atoms([squares, layer(drawn)])
    assert (atoms.n, atoms.messages) == (3, ())
    assert parts(atoms, 1) == [one | two, three]
    named = layer({"01": drawn["A"], "02": drawn["B"]}, name=["A", "B"])
    assert parts(common_atoms([squares, named]), 1) == [one | two, three]
    assert common_atoms([layer(SQUARES), layer(drawn)]).n == 4


def test_a_column_that_only_looks_like_parents_is_not_believed():
    squares = layer(SQUARES, kind=["A", "B", "B"])
    atoms = common_atoms([squares, layer({"A": strip(0, 2000), "B": strip(2000, 3000)})])
    one, two, three = parts(atoms, 0)
    assert parts(atoms, 1) == [one | two, three]


def test_areas_of_one_layer_may_overlap():
    atoms = common_atoms([layer(SQUARES), layer({"A": strip(0, 2000), "B": strip(1000, 3000)})])
    one, two, three = parts(atoms, 0)
    assert parts(atoms, 1) == [one | two, two | three]
    alone = common_atoms([layer({"A": strip(0, 2000), "B": strip(1000, 3000)})])
    a, b = parts(alone, 0)
    assert (len(a), len(b), len(a & b)) == (2, 2, 1)


def test_the_same_areas_in_another_order_cost_nothing(monkeypatch):
    def refuse(*_):
        raise AssertionError

    first, second = layer(SQUARES), layer({key: SQUARES[key].reverse() for key in "312"})
    monkeypatch.setattr(shapely, "intersection", lambda one, _: one if len(one) == 0 else refuse())
    atoms = common_atoms([first, second])
    one, two, three = parts(atoms, 0)
    assert parts(atoms, 1) == [three, one, two]


def test_another_reference_system_is_brought_to_the_first():
    areas = layer(
        {
            key: shapely.transform(shape, lambda xy: xy + np.array([500_000, 5_500_000]))
            for key, shape in SQUARES.items()
        }
    )
    atoms = common_atoms([areas, areas.to_crs("EPSG:25833")])
    assert (atoms.n, atoms.messages) == (3, ())


@pytest.mark.parametrize(
    ("layers", "error"),
    [
        ([], SpecError),
        ([layer(SQUARES, crs="EPSG:4326")], GeometryError),
        ([layer(SQUARES).set_axis(["1", "1", "2"])], KeyColumnError),
    ],
)
def test_what_cannot_be_laid_over_each_other_is_refused(layers, error):
    with pytest.raises(error):
        common_atoms(layers)


CELLS = list(product(range(4), range(3)))


@given(st.lists(st.lists(st.integers(0, 3), min_size=12, max_size=12), min_size=1, max_size=3))
def test_every_area_is_the_sum_of_its_atoms(groupings):
    """Areas are unions of cells: two cells are in one atom if no layer tells them apart."""
    boxes = [shapely.box(100 * x, 100 * y, 100 * x + 100, 100 * y + 100) for x, y in CELLS]
    layers = [
        layer(
            {
                str(area): shapely.union_all([box for box, group in zip(boxes, groups, strict=True) if group == area])
                for area in sorted(set(groups))
            }
        )
        for groups in groupings
    ]
    atoms = common_atoms(layers)
    told_apart = {labels: n for n, labels in enumerate(sorted(set(zip(*groupings, strict=True))))}
    assert atoms.n == len(told_apart)
    found = {
        tuple(tuple(np.flatnonzero(matrix.toarray()[:, atom])) for matrix in atoms.incidence) for atom in range(atoms.n)
    }
    rows = [{str(area): n for n, area in enumerate(frame.index)} for frame in layers]
    expected = {tuple((rows[n][str(area)],) for n, area in enumerate(labels)) for labels in told_apart}
    assert found == expected


@pytest.mark.shared_data
def test_berlin_planning_areas_lie_in_the_regions_their_keys_name(shared):
    planning = gpd.read_file(shared / "berlin" / "lor_post2021_PLR" / "lor_planungsraeume_2021.shp")
    regions = gpd.read_file(shared / "berlin" / "lor_post2021_BZR" / "lor_bezirksregionen_2021.shp")
    planning, regions = planning.set_index("PLR_ID")[["geometry"]], regions.set_index("BZR_ID")[["geometry"]]
    atoms = common_atoms([planning, regions])
    assert (atoms.n, atoms.messages) == (542, ())
    region, atom = atoms.incidence[1].nonzero()
    area, same = atoms.incidence[0].nonzero()
    key_of = dict(zip(same, planning.index[area], strict=True))
    assert [key_of[n][:6] for n in atom] == list(regions.index[region])
