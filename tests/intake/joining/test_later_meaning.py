"""What is said of a number later means what it would have meant at first: a second table, a rate made before."""

from __future__ import annotations

import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.errors import SpecError
from quartiersatlas.indicators import city_values

PART = [0.07, 0.11, 0.19, 0.4]
BUILTIN = qa.Catalogue.builtin()


def frame(areas, **columns):
    return pd.DataFrame(columns, index=areas.index)


@pytest.fixture
def areas(grid):
    return grid(4)


@pytest.fixture
def first(areas):
    cars = qa.Indicator(id="arm", label_de="Arme", unit="fraction")
    table = frame(areas, arm=PART, miete=[8.5, 9.0, 11.25, 7.0], residents=[800.0, 900, 1000, 1100])
    kinds = {"units": {"miete": "EUR"}, "kinds": {"miete": "mean"}}
    return qa.join(areas, table, catalogue=BUILTIN.add(cars), **kinds)


def test_a_second_table_leaves_the_meaning_of_the_columns_of_the_first(first, areas):
    again = BUILTIN.add(qa.Indicator(id="arm", label_de="Arme Kinder", unit="fraction"))
    data = qa.join(first, frame(areas, x=[1.0, 2, 3, 4]), catalogue=again)
    assert (data.catalogue["arm"].unit, data.catalogue["arm"].label_de) == ("percent", "Arme Kinder")
    assert (data.catalogue["miete"].kind, data.catalogue["miete"].unit) == ("mean", "EUR")
    assert data.values["arm"].tolist() == pytest.approx([7.0, 11.0, 19.0, 40.0])


def test_a_column_that_the_catalogue_of_a_second_table_describes_first_is_checked(areas):
    data = qa.join(areas, frame(areas, arm=PART))
    with pytest.raises(SpecError, match="'arm' is in percent, and no area is above 1"):
        qa.join(data, frame(areas, x=[1.0, 2, 3, 4]), catalogue=BUILTIN.add(qa.Indicator(id="arm", unit="%")))


def test_a_published_fraction_stays_percent_where_every_join_names_it(areas):
    published = {"city": qa.Reference(values={"arm": 0.15}, source="Amt")}
    one = qa.join(areas, frame(areas, arm=PART), units={"arm": "fraction"}, references=published)
    both = qa.join(one, frame(areas, x=[1.0, 2, 3, 4]), references=published)
    assert (city_values(one, "arm"), city_values(both, "arm")) == (15.0, 15.0)


def test_a_published_value_in_percent_stays_as_it_is(areas):
    published = {"city": qa.Reference(values={"arm": 15.0}, source="Amt")}
    one = qa.join(areas, frame(areas, arm=PART), units={"arm": "fraction"}, references=published)
    assert city_values(qa.join(one, frame(areas, x=[1.0, 2, 3, 4]), references=published), "arm") == 15.0


@pytest.mark.parametrize(("unit", "expected"), [("per 1000", [250.0, 40.0]), ("fraction", [25.0, 4.0])])
def test_a_rate_from_counts_follows_a_unit_that_is_declared_after_it(joined, unit, expected):
    data = joined({"poor": [200.0, 36], "residents": [800.0, 900]})
    data = qa.add_rates(data, {"p": ("poor", "residents")}).with_indicators(qa.Indicator(id="p", unit=unit))
    assert data.values["p"].tolist() == expected
    assert city_values(data, "p") == pytest.approx(236 / 1700 * (1000 if unit == "per 1000" else 100))
    assert data.catalogue["p"].unit == ("percent" if unit == "fraction" else unit)


def test_a_label_alone_leaves_a_rate_as_it_is(joined):
    data = qa.add_rates(joined({"poor": [200.0, 36], "residents": [800.0, 900]}), {"p": ("poor", "residents")})
    assert data.with_indicators(qa.Indicator(id="p", label_de="Arme")).values.equals(data.values)


def test_a_rate_from_counts_is_no_median_and_keeps_the_unit_of_its_change(joined):
    now, before = (
        qa.add_rates(joined({"poor": [x, 36.0], "residents": [800.0, 900]}, period=year), {"p": ("poor", "residents")})
        for x, year in ((200.0, "2024"), (160.0, "2020"))
    )
    with pytest.raises(SpecError, match="computed from poor / residents, and a median is never"):
        now.with_indicators(qa.Indicator(id="p", kind="median", unit="EUR"))
    with pytest.raises(SpecError, match="'p' has a change in 'percent' already"):
        qa.add_change(now, before, "p").with_indicators(qa.Indicator(id="p", unit="per 1000"))


@pytest.mark.parametrize("unit", ["%", "per 100"])
def test_a_rate_in_hundredths_that_may_be_fractions_is_asked_about(areas, unit):
    catalogue = BUILTIN.add(qa.Indicator(id="arm", kind="rate", unit=unit))
    table = frame(areas, arm=PART)
    with pytest.raises(SpecError, match="no area is above 1") as error:
        qa.join(areas, table, catalogue=catalogue)
    own = catalogue["arm"].unit
    for said, first in (("fraction", 7.0), (own, 0.07)):
        assert f"units={{'arm': {said!r}}}" in str(error.value)
        data = qa.join(areas, table, catalogue=catalogue, units={"arm": said})
        assert data.values["arm"].iloc[0] == pytest.approx(first)


@pytest.mark.parametrize("unit", ["per 1000", "per 10000"])
def test_a_small_rate_per_thousand_passes(areas, unit):
    catalogue = BUILTIN.add(qa.Indicator(id="arm", kind="rate", unit=unit))
    assert qa.join(areas, frame(areas, arm=PART), catalogue=catalogue).values["arm"].tolist() == PART


def test_the_data_say_what_was_converted_and_what_is_published(areas):
    published = {"city": qa.Reference(values={"arm": 0.15}, source="Amt", as_of="2023")}
    words = repr(qa.join(areas, frame(areas, arm=PART), units={"arm": "fraction"}, references=published))
    assert "note: arm: values between 0 and 1 turned into percent." in words
    assert "published (city; Amt, 2023): arm 15" in words


@pytest.mark.parametrize("unit", ["Prozentpunkte", "%-Punkte", "percentage points"])
def test_a_change_that_is_published_in_points_may_be_of_any_sign_and_size(areas, unit):
    moved = [-0.4, 0.2, 0.9, -0.1]
    data = qa.join(areas, frame(areas, moved=moved), units={"moved": unit})
    assert data.values["moved"].tolist() == moved
    assert data.catalogue["moved"].unit_text("de") == "Prozentpunkte"


@pytest.mark.parametrize("unit", ["in %", "v. H.", "in Prozent"])
def test_percent_is_known_in_the_words_of_headers(areas, unit):
    data = qa.join(areas, frame(areas, arm=[7.0, 11, 19, 40]), units={"arm": unit})
    assert data.catalogue["arm"].unit == "percent"
