"""Cells are written as whole municipalities: which one, what of means, what does not fit, what is refused."""

from __future__ import annotations

from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from small_nation import draw_nation

import quartiersatlas as qa
from quartiersatlas.errors import ColumnError, CountError, GeometryError, InputError, KeyColumnError, SpecError
from quartiersatlas.nation.cells import _numbered
from quartiersatlas.nation.levels import size_class_of, size_classes_of


@pytest.fixture
def nation():
    return draw_nation(1, towns=4)


def towns(*boxes, keys=None):
    keys = keys or [f"0300000{k}" for k in range(len(boxes))]
    return gpd.GeoDataFrame(
        {"AGS": keys, "GEN": [f"Ort {k}" for k in keys]}, geometry=[shapely.box(*b) for b in boxes], crs=3035
    )


def grid(*corners, pop=10):
    return pd.DataFrame({"x": [x for x, _ in corners], "y": [y for _, y in corners], "pop": pop, "mig": 1, "low": 1})


def rows_of(cells):
    return pd.concat([pq.read_table(cells.folder / file.name, partitioning=None).to_pandas() for file in cells.files])


def test_a_cell_belongs_to_the_municipality_that_covers_most_of_it(write):
    # the border runs at 130: the second cell is covered by 30 and 70, the third lies outside
    areas = towns((0, 0, 130, 100), (130, 0, 300, 100))
    cells = write(grid((0, 0), (100, 0), (500, 0)), municipalities=areas)
    assert rows_of(cells)[["ags", "x"]].to_numpy().tolist() == [["03000000", 0], ["03000001", 1]]
    assert cells.report["assigned"] == {"outside": 1, "residents_outside": 10, "cut": 1, "tied": []}
    assert cells.municipalities["name"].tolist() == ["Ort 03000000", "Ort 03000001"]
    assert any("1 cell with 10 residents outside" in note for note in cells.notes)


def test_of_two_equal_shares_the_lower_key_has_the_cell_and_it_is_named(write):
    areas = towns((150, 0, 300, 100), (0, 0, 150, 100), keys=["03000002", "03000001"])
    cells = write(grid((0, 0), (100, 0), (200, 0)), municipalities=areas)
    assert rows_of(cells)["ags"].tolist() == ["03000001", "03000001", "03000002"]
    assert cells.report["assigned"]["tied"] == ["N0E1"]


def test_blocks_of_laender_and_grids_of_exact_shares_agree(write):
    rng = np.random.default_rng(5)
    cuts = np.sort(rng.choice(np.arange(50, 1950), 5, replace=False)) + 0.5
    edges = [0, *cuts, 2000]
    boxes = [(a, 0, b, 2000) for a, b in pairwise(edges)]
    frame = grid(*[(100 * x, 100 * y) for x in range(20) for y in range(20)])

    def assigned(keys):
        cells = write(frame, municipalities=towns(*boxes, keys=keys))
        return {(x, y): int(ags[2:]) for ags, x, y in rows_of(cells)[["ags", "x", "y"]].itertuples(index=False)}

    one = assigned([f"03{k:06}" for k in range(6)])
    assert one == assigned([f"{k + 1:02}{k:06}" for k in range(6)])
    for (x, _), k in one.items():
        share = [max(0, min(b, 100 * x + 100) - max(a, 100 * x)) for a, _, b, _ in boxes]
        assert k == int(np.argmax(share))


def test_a_mean_is_kept_as_whole_hundredths_over_its_count(write):
    frame = pd.DataFrame(
        {
            "ags": "03000001",
            "x": [0, 100, 200],
            "y": 0,
            "pop": 50,
            "dwellings": [10, 30, 20],
            "rent": [9.99, 7.5, np.nan],
        }
    )
    cells = write(frame, rates=None, means={"rent": "dwellings"})
    assert rows_of(cells)["rent"].tolist()[:2] == [9990, 22500]
    rule = qa.above("rent", than="municipality")  # (9.99 * 10 + 7.5 * 30) / 40 = 8.1225
    found = qa.screen_cells(cells, rule, min_population=1, min_municipality=0, n=2)
    assert list(found.quarters.index) == ["03000001-N0E0"]
    assert "means are not drawn again" in " ".join(found.notes)
    at = qa.screen_cells(cells, qa.above("rent", 9.99) | qa.at_least("rent", 7.5), min_population=1, min_municipality=0)
    assert at.summary["value"]["cells"] == 2
    with pytest.raises(CountError, match=r"means={'rent': 'count'}"):
        write(frame, rates=None)


def test_themes_stand_side_by_side_and_hidden_cells_are_counted(tmp_path):
    head = "GITTER_ID_100m;x_mp_100m;y_mp_100m;"
    code = "CRS3035RES100mN0E{};1;1;"
    (tmp_path / "pop.csv").write_text(
        head + "Einwohner\n" + "".join(code.format(100 * k) + "40\n" for k in range(4)), encoding="utf-8"
    )
    (tmp_path / "age.csv").write_text(
        head + "Durchschnittsalter;werterlaeuternde_Zeichen\n"
        + code.format(0) + "20,5;KLAMMERN\n" + code.format(100) + "–;\n"
        + code.format(200) + "60,25;\n",
        encoding="utf-8",
    )  # fmt: skip
    areas = towns((0, 0, 400, 100))
    cells = qa.write_cells([tmp_path / "pop.csv", tmp_path / "age.csv"], tmp_path / "cells", municipalities=areas)
    rows = rows_of(cells)
    assert rows["mean_age"].fillna(-1).tolist() == [82_000, -1, 241_000, -1]
    assert rows["mean_age_unreliable"].tolist() == [True, False, False, False]
    assert cells.report["states"]["mean_age"] == {"value": 1, "suppressed": 1, "missing": 1, "unreliable": 1}
    assert cells.input_protection == "cell_key"
    young = qa.screen_cells(cells, qa.below("mean_age", 30), min_population=1, min_municipality=0)
    assert (young.summary["value"]["cells"], young.notes) == (
        1,
        ("2 cells of 4 have a count that is not known: not judged",),
    )
    with pytest.raises(
        SpecError, match="'mean_age' has decimals: it is a mean or a share of 'residents', which no source has"
    ):
        qa.write_cells(tmp_path / "age.csv", tmp_path / "other", municipalities=areas, population="mean_age")


def test_official_numbers_are_compared_and_large_differences_named(write, nation):
    sums = nation.groupby("ags")[["pop"]].sum()
    off = sums.assign(pop=sums["pop"] + np.where(np.arange(len(sums)) == 1, sums["pop"] // 10, 0))
    cells = write(nation, official=off)
    assert cells.municipalities["grid_to_official"].round(2).tolist() == [1.0, 0.91, 1.0, 1.0]
    assert "1 of 4 municipalities differs from the official residents by more than 2 %: 01000003 91 %" in cells.notes
    assert not any("official" in note for note in write(nation, official=sums).notes)


def test_sources_without_a_cell_in_a_municipality_are_refused(nation, tmp_path):
    far = gpd.GeoDataFrame({"ags": ["03001349"]}, geometry=[shapely.box(9e5, 9e5, 9.1e5, 9.1e5)], crs="EPSG:3035")
    for frame, municipalities, number in (
        (nation.iloc[:0], None, "0 cells in the sources"),
        (nation.drop(columns="ags"), far, f"{len(nation):,} cells in the sources"),
    ):
        with pytest.raises(InputError, match=f"There is no cell to write: {number}"):
            qa.write_cells(
                frame, tmp_path / "cells", layout="plain", population="pop", municipalities=municipalities, name=None
            )
    assert not (tmp_path / "cells").exists()


def test_writing_again_replaces_cells_and_nothing_else(nation, tmp_path):
    place = tmp_path / "again"
    options = {"layout": "plain", "population": "pop"}
    first = qa.write_cells(nation, place, **options)
    content = {file.name: (place / file.name).read_bytes() for file in first.files}
    second = qa.write_cells(nation.sample(frac=1, random_state=3), place, **options)
    assert {file.name: (place / file.name).read_bytes() for file in second.files} == content
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("x")
    with pytest.raises(InputError, match="name a new one"):
        qa.write_cells(nation, tmp_path / "mine", **options)
    assert (tmp_path / "mine" / "letter.txt").read_text() == "x"
    assert not [one.name for one in tmp_path.iterdir() if one.name.startswith(".")]


def test_a_part_larger_than_its_whole_is_clipped_and_counted_and_many_are_refused(write, nation):
    few = nation.assign(mig=nation["mig"].where(nation.index > 2, nation["pop"] + 1))
    cells = write(few)
    assert cells.report["clipped"] == {"mig_share": 3}
    found = qa.screen_cells(cells, qa.above("mig_share", 99), min_population=0, min_municipality=0)
    assert found.summary["value"]["cells"] == 3
    assert "in 3 cells a part was larger than its whole" in found.notes[0]
    with pytest.raises(CountError, match="more than noise explains"):
        write(nation.assign(mig=nation["pop"] + 1))


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"ags": 3000001}, KeyColumnError, "no text, such as 3000001: a number has lost its leading zero"),
        ({"ags": "3000001"}, KeyColumnError, "7 digits; its leading zero was probably lost"),
        ({"ags": "03001"}, KeyColumnError, "5 digits; it is probably the key of a Kreis"),
        ({"ags": "030010000001"}, KeyColumnError, "12 digits; it is probably a Regionalschlüssel"),
        ({"x": lambda f: f["x"] + 50, "y": lambda f: f["y"] + 50}, SpecError, "are the centres of cells of 100 m"),
        ({"x": lambda f: f["x"] + 30}, SpecError, "not on one grid of 100 m"),
        ({"x": 0, "y": 0}, KeyColumnError, "there more than once"),
        ({"pop": -1}, CountError, "below 0"),
        ({"pop": 1.5}, CountError, "has decimals: a mean"),
        ({"pop": "few"}, CountError, "holds text"),
        ({"pop": 10**10}, CountError, "has 10,000,000,000 in one cell"),
    ],
)
def test_frames_that_are_no_cells_are_refused(write, nation, change, error, message):
    with pytest.raises(error, match=message):
        write(nation.assign(**change))


def test_municipalities_and_official_numbers_that_do_not_fit_are_refused(write, nation):
    plain = nation.drop(columns="ags")
    areas = towns((0, 0, 3000, 3000))
    with pytest.raises(InputError, match="do not name their municipality"):
        write(plain)
    with pytest.raises(GeometryError, match=r"to_crs.3035."):
        write(plain, municipalities=areas.to_crs(25832))
    twice = pd.concat([areas, areas]).assign(GF=[4, 2])
    with pytest.raises(KeyColumnError, match="Keep one row of each: GF == 4"):
        write(plain, municipalities=twice)
    with pytest.raises(KeyColumnError, match="4 municipalities of cells have no row"):
        write(nation, municipalities=areas)
    sums = nation.groupby("ags")[["pop"]].sum()
    for official, error, message in (
        (sums.set_index(sums.index.astype(int)), KeyColumnError, "leading zero"),
        (sums.rename(columns={"pop": "einwohner"}), ColumnError, "has no column 'einwohner'"),
        (sums - 10**6, CountError, "no counts"),
        (sums.set_index("9" + sums.index.str[1:]), KeyColumnError, "no key is that of"),
    ):
        with pytest.raises(error, match=message):
            write(nation, official=official)


def test_other_arguments_that_cannot_be_are_refused(write, nation, tmp_path):
    for options, error, message in (
        ({"rates": {"a": ("mig", "nobody")}}, ColumnError, "has no column 'nobody'"),
        ({"rates": {"pop": ("mig", "pop")}}, SpecError, "is a column of the cells"),
        ({"rates": {"a": "mig"}}, SpecError, "a numerator and a denominator"),
        ({"population": "people"}, ColumnError, "has no column 'people'"),
        ({"columns": {"pop": "pop", "x1": "none"}}, ColumnError, "No source has the column of 'x1'"),
        ({"size": 0}, SpecError, "size=0"),
        ({"rows_per_file": 0}, SpecError, "rows_per_file=0"),
        ({"assign": "centre"}, SpecError, "assign"),
        ({"layout": "zensus2022"}, InputError, "layout='plain'"),
    ):
        with pytest.raises(error, match=message):
            write(nation, **options)
    with pytest.raises(InputError, match="no sources"):
        qa.write_cells([], tmp_path / "none")


def test_municipalities_are_numbered_as_they_come_whatever_the_dictionary_of_the_file():
    keys = ["01", "01", "02", "03", "03"]
    for words in (["01", "02", "03"], ["03", "01", "02"], ["00", "01", "02", "03"], ["01", "02", "03", "04"]):
        own = pa.DictionaryArray.from_arrays(pa.array([words.index(key) for key in keys]), pa.array(words))
        for column in (pa.chunked_array([own]), pa.chunked_array([own[:2], own[2:]])):
            found, numbers = _numbered(column)
            assert (found, numbers.tolist()) == (["01", "02", "03"], [0, 0, 1, 2, 2])
    out_of_order = pa.chunked_array([pa.array(["02", "01", "02"]).dictionary_encode()])
    assert _numbered(out_of_order)[0] == ["02", "01"]
    assert _numbered(out_of_order)[1].tolist() == [0, 1, 0]


def test_size_classes_of_many_are_those_of_each():
    residents = np.array([0, 1, 4_999, 5_000, 19_999, 20_000, 99_999, 100_000, 3_700_000])
    assert size_classes_of(residents) == list(map(size_class_of, residents.tolist()))
