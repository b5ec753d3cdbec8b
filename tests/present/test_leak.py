"""What is not released is in no file: no other column, no masked count, no decimal too many."""

from __future__ import annotations

import re
import sqlite3

import geopandas as gpd
import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas import atlas_map, export, report

# counts large and odd enough that their digits cannot turn up by chance
SECRET = {2: 48_611, 5: 48_619}
MASKED_NEXT = {7: 912_367 - 48_623}  # too few are *not* in the group
SMALL_AREA = {9: 287_117}
HIDDEN = ("geheimspalte_quappe", "nenner_quappe", "quote_quappe")


@pytest.fixture(scope="module")
def data(make_city):
    table = pd.DataFrame(
        {
            "residents": [1_812_301.0 + 1_009 * i for i in range(12)],
            "recipients": [310_123.0 + 2_003 * i for i in range(12)],
            "under_65": [912_367.0] * 12,
            HIDDEN[0]: [731_117.0 + 1_013 * i for i in range(12)],
            HIDDEN[1]: [923_431.0 + 1_019 * i for i in range(12)],
        },
        index=pd.Index([f"A{i:02d}" for i in range(12)], name="key"),
    )
    for row, count in {**SECRET, **MASKED_NEXT}.items():
        table.iloc[row, 1] = count
    for row, people in SMALL_AREA.items():
        table.iloc[row, 0] = people
        table.iloc[row, 1:3] = [91_309, 271_393]
    city = make_city(table, parents={"bezirk": ["Nord"] * 12})
    return qa.add_rates(city, {"sgb2_rate": ("recipients", "under_65"), HIDDEN[2]: (HIDDEN[0], HIDDEN[1])})


@pytest.fixture(scope="module")
def release(data):
    shortlist = qa.screen(data, qa.above_city("sgb2_rate"))
    return qa.release(
        data,
        columns=["sgb2_rate"],
        shortlist=shortlist,
        title="Titel",
        source="Quelle",
        as_of="2024",
        comment="Kommentar",
        protection=qa.Protection(min_count=50_000, min_population=300_000),
    )


@pytest.fixture(scope="module")
def outputs(release, tmp_path_factory):
    """Return the text of every output, the GeoPackage as all of its tables and as raw bytes."""
    folder = tmp_path_factory.mktemp("outputs")
    package = export(release, folder / "a.gpkg")
    with sqlite3.connect(package) as database:
        dump = "\n".join(database.iterdump())
    database.close()
    return {
        "map": atlas_map(release).html(),
        "notebook": atlas_map(release)._repr_html_(),
        "report": report(release, folder / "a.html").read_text(encoding="utf-8"),
        "csv": export(release, folder / "a.csv").read_text(encoding="utf-8-sig"),
        "english csv": export(release, folder / "b.csv", lang="en").read_text(encoding="utf-8-sig"),
        "geopackage": dump,
        "raw geopackage": package.read_bytes().decode("latin-1"),
    }


def writings(number):
    """Return the ways in which a whole number may be written."""
    return [f"{number}", f"{number:,}", f"{number:,}".replace(",", "."), f"{number:,}".replace(",", "\u202f")]


def found(outputs, needles):
    return [(name, needle) for name, text in outputs.items() for needle in needles if needle in text]


def test_search_finds_what_is_released(outputs, data):
    shown = int(data.values["recipients"].iloc[0])
    assert {name for name, _ in found(outputs, writings(shown))} == set(outputs) - {"report", "raw geopackage"}


def test_columns_that_were_not_named_are_nowhere(outputs):
    assert found(outputs, HIDDEN) == []


def test_values_of_columns_that_were_not_named_are_nowhere(outputs, data):
    numbers = [int(n) for column in HIDDEN[:2] for n in data.values[column]]
    assert found(outputs, [w for n in numbers for w in writings(n)]) == []


def test_masked_counts_are_nowhere(outputs):
    # of the small area only the number of residents is shown, and none of its other counts
    numbers = [*SECRET.values(), *MASKED_NEXT.values(), 48_623, 91_309, 271_393]
    assert found(outputs, [w for n in numbers for w in writings(n)]) == []


def test_masked_rates_are_nowhere_and_shown_ones_are_rounded(release, tmp_path):
    areas = gpd.read_file(export(release, tmp_path / "a.gpkg"), layer="areas").set_index("key")
    protected = areas.index[areas["sgb2_rate"].isna()]
    assert set(protected) == {"A02", "A05", "A07", "A09"}
    assert areas.loc[protected, ["sgb2_rate_numerator", "sgb2_rate_denominator"]].isna().all(axis=None)
    shown = areas["sgb2_rate"].dropna()
    assert (shown == shown.round(1)).all()
    assert shown["A00"] == 34.0  # 310123 of 912367
    assert shown["A11"] == 36.4  # 332156 of 912367


def test_the_map_writes_no_rate_with_more_than_one_decimal(outputs):
    columns = re.search(r'"columns":\[(.*)\],"year"', outputs["map"])[1]
    numbers = re.findall(r"-?\d+\.\d+", columns)
    assert numbers
    assert all(len(number.split(".")[1]) == 1 for number in numbers)


def test_the_sample_city_tells_none_of_its_secret_counts_of_children(exported):
    """Five districts have one or two children with need of language support: "." in the table."""
    protected = exported.index[exported["language_support_need"].isna() & exported["state"].ne("uninhabited")]
    assert {"0213", "0408", "0607", "0608"} <= set(protected)
    assert (
        exported.loc[protected, ["language_support_need_numerator", "language_support_need_denominator"]]
        .isna()
        .all(axis=None)
    )


def test_a_reason_on_a_column_that_stays_inside_gives_no_value(data, tmp_path):
    shortlist = qa.screen(data, qa.worst_share(HIDDEN[2], 0.25))
    release = qa.release(
        data, columns=["sgb2_rate"], shortlist=shortlist, title="T", source="Q", as_of="D", comment="K"
    )
    assert release.selected.sum() == 3
    page = report(release, tmp_path / "a.html").read_text(encoding="utf-8") + atlas_map(release).html()
    rates = 100 * data.values[HIDDEN[0]] / data.values[HIDDEN[1]]
    for rate in rates[release.selected]:
        assert f"{rate:.1f}".replace(".", ",") not in page
        assert f"{rate:.2f}" not in page
    assert f"{HIDDEN[2]}: nicht ausgewiesen" in page


def test_two_areas_with_the_same_state_look_the_same_whatever_their_count(make_city):
    """A masked one cannot be told from a masked two by anything on the page."""
    pages = []
    for count in (1.0, 2.0):
        table = pd.DataFrame(
            {"residents": [1000.0] * 6, "x": [count, 2.0, 300, 310, 320, 330], "n": [900.0] * 6},
            index=[f"{i}" for i in range(6)],
        )
        city = make_city(table)
        data = qa.add_rates(city, {"sgb2_rate": ("x", "n")})
        pages.append(atlas_map(qa.release(data, title="T")).html())
    assert pages[0] == pages[1]
