"""Each kind of number leaves in its own unit, protected as its kind is, with a city value where there is one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.disclosure.words import summary_texts
from quartiersatlas.errors import ColumnError
from quartiersatlas.present.statements import method_texts, reason_texts

WORDS = {"numerator_de": "was gezählt wird", "numerator_en": "what is counted"}
INCOME = qa.Indicator(
    id="income", label_de="Einkommen", label_en="Income", kind="median", unit="EUR", direction=-1, **WORDS
)
SIZE = qa.Indicator(id="size", kind="mean", unit_de="Personen", unit_en="persons", base="households", **WORDS)
NET = qa.Indicator(id="net", kind="balance", **WORDS)
PARTS = {"title": "T", "source": "S", "as_of": "2024", "comment": "C"}


def known(data, *indicators):
    return replace(data, catalogue=data.catalogue.add(*indicators))


@pytest.fixture
def mixed(joined):
    values = {
        "income": [1834.0, 2101, 1950, 2410],
        "size": [1.87, 2.21, 1.94, 2.02],
        "households": [400.0, 2, 510, 380],
        "net": [-12.0, 2, -1, 40],
        "sgb2_rate": [12.34, 20.11, 9.87, 15.5],
        "residents": [800.0, 900, 1000, 700],
    }
    return known(joined(values), INCOME, SIZE, NET)


def test_every_column_that_the_catalogue_knows_leaves_by_default_but_the_base(mixed):
    released = qa.release(mixed, **PARTS)
    assert [column.id for column in released.columns] == ["income", "size", "net", "sgb2_rate"]
    assert [column.kind for column in released.columns] == ["number", "number", "number", "share"]


def test_each_kind_is_written_in_its_unit_with_decimals_of_its_size(mixed):
    released = qa.release(mixed, **PARTS)
    decimals = {column.id: column.decimals for column in released.columns}
    assert decimals == {"income": 0, "size": 2, "net": 0, "sgb2_rate": 1}
    page = qa.atlas_map(released, "en").html()
    assert '"unit": "EUR"' in page or '"unit":"EUR"' in page
    assert '"unit":"persons"' in page or '"unit": "persons"' in page


def test_decimals_are_never_more_than_the_data_have(joined):
    data = joined({"sgb2_rate": [12.0, 20, 9, 15], "residents": [1000.0] * 4})
    assert qa.release(data, **PARTS).column("sgb2_rate").decimals == 0


def test_a_mean_over_few_households_stays_inside(mixed):
    alone = qa.release(mixed, **PARTS, protection=qa.Protection(secondary=False)).status["size"]
    assert alone.tolist() == ["value", "suppressed", "value", "value"]
    status = qa.release(mixed, **PARTS).status["size"]  # the city's mean is known: one alone would follow from it
    assert status.tolist() == ["value", "suppressed", "value", "suppressed"]
    # with 380 households too few as well, the 2 of b0 are no company for them: d0 would be known to a hundredth
    strict = qa.release(mixed, **PARTS, protection=qa.Protection(min_denominator=390)).status["size"]
    assert strict.tolist() == ["suppressed", "suppressed", "value", "suppressed"]


def test_a_small_balance_stays_inside_whatever_its_sign(mixed):
    released = qa.release(mixed, **PARTS)
    assert released.status["net"].tolist() == ["value", "suppressed", "suppressed", "value"]
    assert released.values["net"].dropna().tolist() == [-12.0, 40.0]


def test_the_city_value_of_a_mean_stays_inside_where_an_area_is_protected(mixed, joined):
    assert np.isnan(qa.release(mixed, **PARTS).column("size").city)
    open_ = known(joined({"size": [1.5, 3.0], "households": [100.0, 200], "residents": [500.0, 600]}), SIZE)
    assert qa.release(open_, **PARTS).column("size").city == 2.5


def test_a_published_city_value_leaves_with_its_source(mixed):
    city = qa.Reference(values={"income": 2050, "sgb2_rate": 14.25}, source="Office", as_of="2023")
    released = qa.release(replace(mixed, references={"city": city}), **PARTS)
    assert (released.column("income").city, released.column("income").city_source) == (2050, "Office, 2023")
    assert released.column("sgb2_rate").city == 14.25
    assert "Income; SGB II benefit rate, each: city value as published (Office, 2023)." in method_texts(released, "en")
    assert "The city value is computed from the counts" not in " ".join(method_texts(released, "en"))


def test_a_shortlist_on_ready_made_numbers_leaves_with_columns_and_reasons(mixed):
    city = qa.Reference(values={"sgb2_rate": 14.0}, source="Office")
    data = replace(mixed, references={"city": city})
    rule = qa.above_city("sgb2_rate") & qa.worst_share("income", 0.5)
    shortlist = qa.screen(data, rule)
    assert shortlist.keys == []
    either = qa.screen(data, qa.above_city("sgb2_rate") | qa.worst_share("income", 0.5))
    assert either.keys == ["a0", "b0", "c0", "d0"]
    released = qa.release(data, shortlist=either, columns=None, **PARTS)
    assert reason_texts(released, "en")["a0"] == [
        "Income: 1,834\u202fEUR, among the lowest values (up to 1,950\u202fEUR)"
    ]
    assert "above the city value (14.0" in reason_texts(released, "en")["b0"][0]


def test_numbers_that_nothing_describes_are_asked_about(joined):
    data = joined({"x": [0.12, 0.3, 0.1], "y": [-3.0, 4, 5], "rent": [7.0, 8, 9], "pupils": [50.0, 60, 70]})
    data = replace(data, population=None)
    data = joined({**{name: data.values[name].tolist() for name in data.values}, "residents": [900.0] * 3})
    for name, said in (("x", "fractions between 0 and 1"), ("y", "numbers below 0"), ("rent", "no count of persons")):
        with pytest.raises(ColumnError, match=rf"{said}.*with_indicators\(qa\.Indicator\(id=\"{name}\""):
            qa.release(data, columns=[name])
    pupils = qa.release(data, columns=["pupils"]).column("pupils")
    assert (pupils.kind, pupils.indicator.unit, pupils.indicator.kind) == ("count", "", "count")


def test_a_domain_whose_indicator_was_not_released_is_not_called_empty(mixed, tmp_path):
    released = qa.release(mixed, columns=["net"], **PARTS)
    assert released.unreleased_domains == ("socioeconomy",)
    page = qa.report(released, tmp_path / "r.html", lang="en").read_text(encoding="utf-8")
    assert "(not released)" in page
    assert "(no indicator available)" in page


def test_free_units_and_labels_are_text_and_never_markup(joined):
    hostile = qa.Indicator(id="x", label_en="<b>x</b>", kind="mean", unit='<img src=x onerror="alert(1)">', **WORDS)
    data = known(joined({"x": [7.5, 8.1, 9.9], "residents": [900.0] * 3}), hostile)
    released = qa.release(data, **PARTS)
    assert "<img src=x" not in qa.atlas_map(released, "en").html()


def test_the_spec_of_a_preset_labels_its_own_columns(joined):
    spec = qa.NeedSpec.preset("townsend")
    random = np.random.default_rng(3)
    names = [leaf.id for axis in spec.axes for leaf in axis.indicators]
    data = joined({**{n: random.uniform(5, 60, 16).round(1).tolist() for n in names}, "residents": [900.0] * 16})
    with pytest.warns(UserWarning, match="not verified"):
        need = qa.need_index(data, spec)
    released = qa.release(data, need=need)
    assert released.column("no_car").indicator.label("de") == "Haushalte ohne Pkw"
    assert released.column("no_car").indicator.unit == "percent"
    assert {column.id for column in released.columns} >= set(names)


RENT = qa.Indicator(
    id="rent",
    label_de="Miete",
    label_en="Rent",
    kind="mean",
    unit="EUR",
    base="flats",
    direction=1,
    role="index",
    **WORDS,
)
FLATS = [2.0, 410, 380, 520]


@pytest.fixture
def rented(joined):
    return known(joined({"rent": [14.0, 8.5, 9.75, 11.0], "flats": FLATS, "residents": [640.0, 900, 810, 1200]}), RENT)


def scored(data):
    axis = {
        "id": "need",
        "label_de": "B",
        "label_en": "N",
        "indicators": [{"id": "rent"}],
        "standardise": {"method": "z"},
        "classes": [
            {"id": "low", "label_de": "n", "label_en": "l", "upper": 0.0},
            {"id": "high", "label_de": "h", "label_en": "h"},
        ],
    }
    with pytest.warns(UserWarning, match="4 areas only"):
        return qa.need_index(data, qa.NeedSpec.from_dict({"id": "t", "source": "test", "axes": [axis]}))


def test_the_score_of_a_mean_over_too_few_stays_inside_with_it(rented):
    release = qa.release(rented, need=scored(rented), **PARTS)
    for name in ("rent", "need_need", "need_need_class"):
        assert release.values[name].isna().tolist() == [True, False, True, False]  # c0 keeps a0 company


def test_a_mean_whose_base_is_secret_in_the_source_stays_inside(rented):
    values, status = rented.values.copy(), rented.status.copy()
    values.loc["c0", "flats"], status.loc["c0", "flats"] = np.nan, "suppressed"
    release = qa.release(replace(rented, values=values, status=status), **PARTS)
    # how many flats c0 has is not said: they may be most of those in a0 and c0, and b0 keeps them company
    assert release.values["rent"].isna().tolist() == [True, True, True, False]


@pytest.mark.parametrize(("lang", "words"), [("de", "nicht ausgewiesen"), ("en", "not shown")])
def test_a_city_value_that_may_not_leave_is_no_number_in_the_reasons(rented, lang, words):
    shortlist = qa.screen(rented, qa.above_city("rent"))
    found = reason_texts(qa.release(rented, shortlist=shortlist, **PARTS), lang)
    assert [f"({words})" in reason and "nan" not in reason for reason in found["d0"]] == [True]


def test_a_balance_behind_a_balance_rate_leaves_by_itself(joined):
    rate = qa.Indicator(id="net_rate", kind="balance_rate", unit="per 1000", **WORDS)
    data = known(joined({"net": [-12.0, 25, -9, 40], "residents": [800.0, 900, 1000, 700]}), NET, rate)
    release = qa.release(qa.add_rates(data, {"net_rate": ("net", "residents")}), **PARTS)
    assert [column.id for column in release.columns] == ["net_rate", "net"]
    assert release.values["net"].tolist() == [-12.0, 25.0, -9.0, 40.0]


def per(joined, kind, unit, **values):
    (first, second), meaning = list(values)[:2], qa.Indicator(id="made", kind=kind, unit=unit, **WORDS)
    data = known(joined({"residents": [800.0, 900, 1000, 700], **values}), meaning, NET)
    return qa.add_rates(data, {"made": (first, second)})


def test_the_persons_in_the_numerator_of_a_mean_are_protected(joined):
    data = per(joined, "mean", "children", kids=[1.0, 120, 90, 70], homes=[400.0, 410, 380, 300])
    release = qa.release(data, columns="made", protection=qa.Protection(secondary=False), **PARTS)
    assert release.values["made"].isna().tolist() == [True, False, False, False]


def test_the_surface_of_a_density_is_no_count(joined):
    release = qa.release(per(joined, "density", "per km²", people=[810.0, 900, 1000, 600], km=[1.0, 2, 1, 1]), **PARTS)
    assert release.values["made"].tolist() == [810.0, 450.0, 1000.0, 600.0]
    assert release.column("made").city == 662


def test_balances_and_what_is_made_of_them_are_rounded_as_counts_are(joined):
    data = per(joined, "balance_rate", "per 1000", net=[-17.0, 26, -9, 40], people=[800.0, 900, 1000, 700])
    release = qa.release(data, protection=qa.Protection(round_base=5), **PARTS)
    assert release.values["net"].tolist() == [-15.0, 25.0, -10.0, 40.0]
    assert release.values["made"].tolist() == pytest.approx([-18.8, 27.8, -10.0, 57.1])
    assert np.isnan(release.column("made").city)


def test_a_balance_is_exact_where_nothing_is_rounded(joined):
    data = per(joined, "balance_rate", "per 1000", net=[-17.0, 26, -9, 40], people=[800.0, 900, 1000, 700])
    assert qa.release(data, **PARTS).values["net"].tolist() == [-17.0, 26.0, -9.0, 40.0]


def test_a_shortlist_of_areas_without_known_residents_has_no_share_of_them(joined):
    data = joined({"rate": [10.0, 20, 30], "residents": [np.nan] * 3})
    data = known(data, qa.Indicator(id="rate", unit="%", role="index", **WORDS))
    shortlist = qa.screen(data, qa.worst_share("rate", 0.3, highest=True))
    release = qa.release(data, shortlist=shortlist, protection=qa.Protection(min_population=0))
    assert "– % of the city" in " ".join(summary_texts(release, "en")) or "–" in summary_texts(release, "en")[0]


# counts that are no whole persons, as after a conversion to other boundaries


@pytest.mark.parametrize("derived", ["released", "exact"])
def test_counts_with_decimals_are_protected_as_the_whole_numbers_that_are_shown(grid, derived):
    areas = grid(5, 3)
    areas["ward"] = ["N"] * 8 + ["S"] * 7
    random = np.random.default_rng(2)
    residents = random.uniform(400, 2000, 15)
    poor = residents * random.beta(1, 12, 15)
    poor[[0, 9]] = 2.2, 1.7
    frame = pd.DataFrame({"poor": poor, "residents": residents, "group": poor * 0.4}, index=areas.index)
    made = {}
    for name, counts in (("decimals", frame), ("whole", frame.round())):
        data = qa.add_rates(qa.join(areas, counts, population="residents"), {"sgb2_rate": ("poor", "residents")})
        segregation = qa.measure_segregation(data, ["group"], indices=["dissimilarity"])
        made[name] = qa.release(data, segregation=segregation, protection=qa.Protection(derived=derived), **PARTS)
    assert made["decimals"].audit().ok
    hidden = [made[name].values["sgb2_rate"].isna().tolist() for name in ("decimals", "whole")]
    assert hidden[0] == hidden[1]
    assert any(hidden[0])
    counts = made["decimals"].values["sgb2_rate_numerator"].dropna()
    assert counts.tolist() == counts.round().tolist()
