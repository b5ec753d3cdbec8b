"""Quarters of all municipalities: against published answers, other engines, a search by hand; and for any parts."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor

import duckdb
import geopandas as gpd
import numpy as np
import pandas as pd
import polars as pl
import pytest
from by_hand import quarters as quarters_by_hand
from small_nation import RATES, digest, draw_nation

import quartiersatlas as qa
from quartiersatlas.errors import SpecError


def as_tuples(frame):
    return [
        (ags, x // 100, y // 100, {"pop": pop, "mig": mig, "low": low})
        for ags, x, y, pop, mig, low in frame[["ags", "x", "y", "pop", "mig", "low"]].itertuples(index=False)
    ]


@pytest.fixture(scope="module")
def three_lands(shared, tmp_path_factory):
    folder = shared / "nation"
    frame = pd.read_parquet(folder / "cells_three_lands.parquet")
    frame[["x", "y"]] *= 100
    towns = gpd.read_parquet(folder / "municipalities_three_lands.parquet")
    place = tmp_path_factory.mktemp("three_lands") / "cells"
    cells = qa.write_cells(frame, place, layout="plain", municipalities=towns, population="pop", rates=RATES)
    return cells, frame, folder


@pytest.mark.shared_data
def test_three_lands_give_the_published_quarters_names_and_residents(three_lands, rule):
    cells, _, folder = three_lands
    for want in pd.read_csv(folder / "three_lands_summary.csv").itertuples():
        options = {
            "min_population": want.floor,
            "min_municipality": want.min_municipality,
            "contiguity": want.contiguity,
        }
        found = qa.screen_cells(cells, rule, **options)
        for name in ("quarters", "municipalities", "cells", "residents", "group", "group_all", "residents_all"):
            assert found.summary["value"][name] == getattr(want, name), (want, name)
        if (want.floor, want.contiguity) == (500, "queen"):
            known = pd.read_csv(folder / "three_lands_quarters_floor500_queen.csv", dtype={"ags": str}).set_index(
                "quarter"
            )
            pd.testing.assert_frame_equal(found.quarters[list(known)], known, check_dtype=False)


@pytest.mark.shared_data
def test_duckdb_and_polars_select_the_same_cells_at_every_level(three_lands):
    cells, frame, _ = three_lands
    frame = frame.assign(land=frame["ags"].str[:2], city="")
    towns = frame.groupby("ags")["pop"].sum()
    for level, column in (("municipality", "ags"), ("land", "land"), ("city", "city")):
        rule = qa.above("mig_share", than=level, factor="1.5") & qa.above("low_share", than=level, factor="1.3")
        found = qa.screen_cells(cells, rule).municipalities
        # the factors as whole numbers, products in 128 bits
        window = f"over (partition by {column})::hugeint"
        by_duckdb = duckdb.sql(
            f"with s as (select *, sum(mig) {window} m, sum(low) {window} l, sum(pop) {window} n, "  # noqa: S608 - our own
            "sum(pop) over (partition by ags) t from frame) select count(*), sum(pop) from s "
            "where t >= 5000 and 10 * mig * n > 15 * m * pop and 10 * low * n > 13 * l * pop"
        ).fetchall()[0]
        over = (
            pl.from_pandas(frame)
            .with_columns(pl.col("mig", "low", "pop").cast(pl.Int64))
            .with_columns(
                *(pl.col(one).sum().over(column).alias(f"all_{one}") for one in ("mig", "low", "pop")),
                pl.col("pop").sum().over("ags").alias("town"),
            )
        )
        by_polars = over.filter(
            (pl.col("town") >= 5000)
            & (10 * pl.col("mig") * pl.col("all_pop") > 15 * pl.col("all_mig") * pl.col("pop"))
            & (10 * pl.col("low") * pl.col("all_pop") > 13 * pl.col("all_low") * pl.col("pop"))
        )
        want = tuple(map(int, by_duckdb))
        assert (len(by_polars), by_polars["pop"].sum()) == want
        assert (found["cells_selected"].sum(), found["residents_selected"].sum()) == want
        assert found["screened"].sum() == (towns >= 5000).sum()


@pytest.mark.parametrize("level", ["municipality", "land", "size_class", "city"])
@pytest.mark.parametrize("contiguity", ["queen", "rook"])
def test_a_search_by_hand_finds_the_same_quarters(write, level, contiguity):
    frame = draw_nation(3, towns=6)
    conditions = [("mig", level, "1.5"), ("low", level, "1.3")]
    want = quarters_by_hand(as_tuples(frame), conditions, floor=300, least=5000, contiguity=contiguity)
    rule = qa.above("mig_share", than=level, factor="1.5") & qa.above("low_share", than=level, factor=1.3)
    found = qa.screen_cells(write(frame), rule, min_population=300, contiguity=contiguity).quarters
    assert want
    assert found[["cells", "residents"]].apply(tuple, axis=1).to_dict() == {k: v[:2] for k, v in want.items()}
    assert (found.area == 10_000 * found["cells"]).all()


def test_factors_of_many_digits_are_exact_where_products_are_larger_than_64_bits(write):
    frame, factor = draw_nation(3, towns=2), "1.3000000000000000001"
    want = quarters_by_hand(
        as_tuples(frame), [("mig", "municipality", factor)], floor=300, least=5000, contiguity="queen"
    )
    found = qa.screen_cells(write(frame), qa.above("mig_share", than="municipality", factor=factor), min_population=300)
    assert want
    assert found.quarters["residents"].to_dict() == {k: v[1] for k, v in want.items()}


def test_parts_order_of_rows_memory_and_executor_change_nothing(write, nation, rule):
    want = digest(qa.screen_cells(write(nation), rule, min_population=300, n=7, seed=5))
    rng = np.random.default_rng(1)
    for rows, memory in ((1, "1 MB"), (500, "50 MB"), (10**6, "1 GB")):
        cells = write(nation.sample(frac=1, random_state=int(rng.integers(99))), rows_per_file=rows)
        with ThreadPoolExecutor(2) as threads:
            found = qa.screen_cells(cells, rule, min_population=300, n=7, seed=5, memory=memory, executor=threads)
        assert digest(found) == want
    other = qa.screen_cells(write(nation), rule, min_population=300, n=7, seed=6)
    assert digest(other)[0] != want[0]


def test_other_names_of_municipalities_change_no_number(write, nation, rule):
    named = nation.assign(ags=nation["ags"].map(lambda ags: ags[:2] + f"{999_999 - int(ags[2:]):06}"))
    one, other = (qa.screen_cells(write(frame), rule, min_population=300) for frame in (nation, named))
    pd.testing.assert_frame_equal(one.summary, other.summary)


def town(block, ags="03000001", extra=()):
    """Give a municipality of 20 x 20 cells of 20 residents without the group, and cells of 60 with half of it."""
    rows = [
        (ags, 100 * x, 100 * y, 60, 30) if (x, y) in block else (ags, 100 * x, 100 * y, 20, 0)
        for x in range(20)
        for y in range(20)
    ]
    return pd.DataFrame([*rows, *extra], columns=["ags", "x", "y", "pop", "mig"])


def found_in(write, frame, **options):
    how = {"min_population": 1, "min_municipality": 0} | options
    return qa.screen_cells(
        write(frame, rates={"mig_share": ("mig", "pop")}), qa.above("mig_share", than="municipality"), **how
    )


def test_a_planted_block_is_found_and_a_border_makes_two_of_it(write):
    block = {(x, y) for x in (4, 5, 6) for y in (8, 9, 10)}
    frame = town(block)
    assert found_in(write, frame).quarters["cells"].to_dict() == {"03000001-N8E4": 9}
    cut = frame.assign(ags=np.where(frame["x"] < 500, "03000001", "03000002"))
    assert found_in(write, cut).quarters["cells"].to_dict() == {"03000001-N8E4": 3, "03000002-N8E5": 6}


def test_cells_that_touch_in_a_corner_are_one_quarter_or_two(write):
    frame = town({(2, 2), (3, 3), (9, 5), (8, 6)})  # both diagonals
    queen, rook = (found_in(write, frame, contiguity=c).quarters for c in ("queen", "rook"))
    assert queen["cells"].to_dict() == {"03000001-N2E2": 2, "03000001-N5E9": 2}
    assert len(rook) == 4
    assert set(queen.geom_type) == {"MultiPolygon"}


@pytest.mark.parametrize("factor", ["1.1", "1.3", "1.5"])
@pytest.mark.parametrize(("word", "is_in"), [("above", False), ("at_least", True)])
def test_a_rate_at_the_limit_is_not_above_it(write, factor, word, is_in):
    # the municipality has 1,000 of 10,000; the cell has factor * 10 % of 1,000
    at = int(1000 * float(factor)) // 10
    frame = pd.DataFrame({"ags": "03000001", "x": [0, 500], "y": 0, "pop": [1000, 9000], "mig": [at, 1000 - at]})
    rule = getattr(qa, word)("mig_share", than="municipality", factor=factor)
    cells = write(frame, rates={"mig_share": ("mig", "pop")})
    found = qa.screen_cells(cells, rule, min_population=1, min_municipality=0)
    assert ("03000001-N0E0" in found.quarters.index) is is_in
    one_more = write(frame.assign(mig=[at + 1, 999 - at]), rates={"mig_share": ("mig", "pop")})
    assert len(qa.screen_cells(one_more, rule, min_population=1, min_municipality=0).quarters) == 1


def test_counts_numbers_not_and_k_of_are_decided_as_the_language_says(write):
    frame = pd.DataFrame(
        {
            "ags": "03000001",
            "x": 100 * np.arange(6) * 2,
            "y": 0,
            "pop": [10, 40, 40, 40, 0, 40],
            "mig": [5, 20, 16, np.nan, 0, 4],
        }
    )
    cells = write(frame, rates={"mig_share": ("mig", "pop")})

    def selected(rule):
        found = qa.screen_cells(cells, rule, min_population=0, min_municipality=0)
        return sorted(int(name.partition("E")[2]) // 2 for name in found.quarters.index)

    assert selected(qa.above("mig_share", 40)) == [0, 1]
    assert selected(qa.at_least("mig_share", 40)) == [0, 1, 2]
    assert selected(qa.at_least("mig_share", 40) & qa.at_least("residents", 30)) == [1, 2]
    assert selected(qa.above("mig_share", 40, min_denominator=20)) == [1]
    assert selected(~qa.at_least("mig_share", 40)) == [5]  # unknown and empty cells are neither
    assert selected(qa.below("mig_share", 40, unknown="yes")) == [3, 4, 5]
    rule = qa.k_of(2, qa.above("mig_share", 30), qa.above("residents", 30), qa.above("mig", 18))
    assert selected(rule) == [1, 2]


def test_official_counts_take_the_place_of_the_sums(write, nation, rule):
    sums = nation.groupby("ags")[["pop", "mig", "low"]].sum()
    same = qa.screen_cells(write(nation, official=sums), rule, min_population=300, n=3)
    half = sums.assign(mig=sums["mig"] // 2)
    other = qa.screen_cells(write(nation, official=half), rule, min_population=300, n=3)
    plain = qa.screen_cells(write(nation), rule, min_population=300)
    pd.testing.assert_frame_equal(same.quarters[["residents"]], plain.quarters[["residents"]])
    assert other.municipalities["cells_selected"].sum() > same.municipalities["cells_selected"].sum()
    # sizes are the official ones
    large = qa.screen_cells(write(nation, official=sums.assign(pop=4_999)), rule)
    assert not large.municipalities["screened"].any()


def test_nothing_found_is_a_result_with_zeros_and_a_sentence(write, nation, rule):
    cells = write(nation)
    for options, why in (({"min_municipality": 10**8}, "nothing was screened"), ({"min_population": 10**8}, "")):
        found = qa.screen_cells(cells, rule, n=2, **options)
        assert found.summary.loc["quarters"].tolist() == [0, 0, 0]
        assert found.sentence("en").startswith("No quarter")
        assert why in " ".join(found.notes)
        assert list(found.quarters) == [
            "ags", "municipality", "cells", "residents", "group", "p_found", "expected_kept", "geometry",
        ]  # fmt: skip
    none = qa.screen_cells(cells, qa.above("mig_share", 100))
    assert "the rule holds in no cell" in none.notes[0]


def test_a_part_without_a_winner_between_full_ones(write, rule):
    frame = pd.concat(
        [
            draw_nation(1, towns=1).assign(ags="01000001"),
            town(()).assign(ags="02000001", low=0, x=lambda f: f["x"] + 9000),
            draw_nation(2, towns=1).assign(ags="03000001", x=lambda f: f["x"] + 30_000),
        ]
    )
    cells = write(frame)
    assert len(cells.files) == 3
    found = qa.screen_cells(cells, rule, min_population=100, min_municipality=1000, n=2)
    assert set(found.quarters["ags"]) == {"01000001", "03000001"}


def test_without_runs_there_is_no_word_of_chance(write, nation, rule):
    found = qa.screen_cells(write(nation), rule, min_population=300)
    assert list(found.summary) == ["value"]
    assert not {"p_found", "expected_kept"} & set(found.quarters)
    assert not {"p_any", "quarter_residents_low"} & set(found.municipalities)
    assert found.runs.empty
    assert "Durchläufe" not in found.sentence("de")


def test_nobody_outside_sees_a_single_cell(write):
    frame = town({(2, 2), (9, 9), (9, 10)})
    found = found_in(write, frame)
    assert len(found.quarters) == 2
    public = found.public_quarters()
    assert list(public.index) == ["03000001-1"]
    assert "cells" not in public
    towns = found.public_municipalities()
    assert (towns["quarters"].item(), towns["quarter_residents"].item()) == (1, 120)
    assert not [name for name in towns if "cell" in name]


def test_sentences_say_what_was_found(write, nation, rule):
    found = qa.screen_cells(write(nation), rule, min_population=300, n=5)
    quarters = len(found.quarters)
    assert found.sentence("de").startswith(
        f"In {quarters} Quartieren in {found.quarters['ags'].nunique()} Kommunen leben"
    )
    assert "Vermutungsgebiete" in found.sentence("de")
    assert "In an independent count of similar residents (5 runs)" in found.sentence("en")
    with pytest.raises(SpecError, match="lang"):
        found.sentence("fr")


def test_the_manifest_names_no_machine_and_what_is_asked_can_travel(write, nation, rule, tmp_path):
    found = qa.screen_cells(write(nation), rule, min_population=300, out=tmp_path / "run")
    assert str(tmp_path) not in str(found.manifest)
    assert found.manifest["spec"]["rule"] == str(rule)
    assert pickle.loads(pickle.dumps(found.spec)) == found.spec  # noqa: S301 - our own


def test_a_plan_computes_nothing_and_says_what_it_takes(write, nation, rule):
    cells = write(nation)
    plan = qa.plan_cells(cells, rule, n=200, memory="500 MB")
    assert (plan.partitions, plan.rows, plan.passes) == (len(cells.files), len(nation), 1)
    assert plan.worker_bytes > 800e6
    assert qa.plan_cells(cells, qa.above("mig_share", than="land")).passes == 2
    with pytest.raises(SpecError, match=r"did_share|have no 'did_share'"):
        qa.plan_cells(cells, qa.above("did_share", 3))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"executor": 0}, "executor=0"),
        ({"executor": "4"}, "executor='4'"),
        ({"executor": True}, "executor=True"),
        ({"within": "land"}, 'within="municipality"'),
        ({"contiguity": "bishop"}, "contiguity"),
        ({"n": -1}, "n=-1"),
        ({"memory": "much"}, "memory='much'"),
        ({"timeout": 0}, "timeout=0"),
        ({"noise": "white", "n": 1}, "noise must be"),
        ({"group": "mig_share"}, "no column of counts"),
    ],
)
def test_options_that_cannot_be_are_refused(write, nation, rule, options, message):
    with pytest.raises(SpecError, match=message):
        qa.screen_cells(write(nation), rule, **options)


def test_rules_that_cannot_be_said_in_parts_are_refused_before_anything_is_read(write, nation):
    cells = write(nation)
    for rule, message in (
        (qa.hotspot("mig_share", highest=True), "clusters and other areas that meet a rule are not known in parts"),
        (qa.above("mig_share", than="mean"), "than must be a number or one of"),
        (qa.above("mig", than="city"), "is a count"),
        (qa.above("mig_shar", than="city"), "Did you mean 'mig_share'"),
        (qa.above("mig_share", than="city", significant=0.05), "significant"),
    ):
        with pytest.raises(SpecError, match=message):
            qa.screen_cells(cells, rule)


def test_a_group_counted_of_two_wholes_cannot_be_drawn(write, nation):
    cells = write(nation.assign(adults=nation["pop"]), rates={"a": ("mig", "pop"), "b": ("mig", "adults")})
    rule = qa.above("a", 20) & qa.above("b", 20)
    assert len(qa.screen_cells(cells, rule).quarters)
    with pytest.raises(SpecError, match="runs draw it of one of them"):
        qa.screen_cells(cells, rule, n=1)
