"""An index and a rule compare numbers that say the same of areas of any size: no totals, no shares in two units."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.errors import SpecError

N = 16


@pytest.fixture
def spec():
    axis = {
        "id": "need",
        "label_de": "B",
        "label_en": "N",
        "indicators": [{"id": "x"}, {"id": "sgb2_rate"}],
        "classes": [{"id": "all", "label_de": "a", "label_en": "a"}],
    }
    return qa.NeedSpec.from_dict({"id": "t", "source": "test", "min_population": 0, "axes": [axis]})


def columns(x, rate=None):
    rate = np.linspace(5, 30, N) if rate is None else rate
    return {"x": list(map(float, x)), "sgb2_rate": list(rate), "residents": np.linspace(500, 3000, N).round().tolist()}


@pytest.mark.parametrize(("kind", "unit"), [("count", ""), ("amount", "EUR"), ("balance", "")])
def test_totals_are_refused_in_an_index(joined, spec, kind, unit):
    data = joined(columns(range(100, 100 + N)))
    data = replace(data, catalogue=data.catalogue.add(qa.Indicator(id="x", kind=kind, unit=unit)))
    with pytest.raises(SpecError, match=rf"'x' of the spec 't' is an? {kind}: an index of totals ranks by size"):
        qa.need_index(data, spec)


def test_whole_numbers_that_follow_the_residents_warn(joined, spec):
    with pytest.warns(UserWarning, match=r"Axis need has counts \(x\): they rank by size of area"):
        qa.need_index(joined(columns(np.linspace(110, 700, N).round())), spec)


@pytest.mark.parametrize("x", [np.linspace(110, 700, N) + 0.5, np.linspace(700, 110, N).round(), np.arange(N)])
def test_other_numbers_do_not_warn(joined, spec, x):
    assert qa.need_index(joined(columns(x)), spec).warnings == ()


@pytest.mark.parametrize("kind", ["mean", "median"])
def test_means_and_medians_are_indexed_in_their_own_unit(joined, spec, kind):
    data = joined(columns(np.linspace(2500, 1500, N)))
    data = replace(data, catalogue=data.catalogue.add(qa.Indicator(id="x", kind=kind, unit="EUR", role="index")))
    assert qa.need_index(data, spec).scores["need"].notna().all()


def test_fractions_in_a_table_are_asked_about_and_both_ways_out_work(spec):
    frame = pd.DataFrame(columns(np.linspace(1, 9, N) + 0.1, np.linspace(0.05, 0.3, N)))
    frame.index = [f"{i:02d}" for i in range(N)]
    with pytest.raises(SpecError) as error:
        qa.need_index(frame, spec)
    found = {}
    for unit in ("fraction", "percent"):
        way = f"units={{'sgb2_rate': '{unit}'}}"
        assert f"need_index(..., {way})" in str(error.value)
        need = eval(f"qa.need_index(frame, spec, {way})", {"qa": qa, "frame": frame, "spec": spec})  # noqa: S307
        found[unit] = need.inputs.values["sgb2_rate"].max()
    assert found == pytest.approx({"fraction": 30.0, "percent": 0.3})


def test_units_of_joined_data_are_said_at_the_join(joined, spec):
    data = joined(columns(np.linspace(1, 9, N)))
    with pytest.raises(SpecError, match="of joined data they are said in join"):
        qa.need_index(data, spec, units={"sgb2_rate": "percent"})


def test_a_rule_on_counts_warns_and_none_is_above_their_sum(joined):
    data = joined(columns(np.linspace(110, 700, N).round()))
    with pytest.warns(UserWarning, match="Nothing says what “x” is. If these are counts"):
        shortlist = qa.screen(data, qa.worst_share("x", 0.25) & qa.worst_share("sgb2_rate", 0.5))
    assert [message.name for message in shortlist.warnings] == ["warning_rule_no_kind"]
    with pytest.raises(SpecError, match="the city value of 'residents' is the sum of all areas"):
        qa.screen(data, qa.above_city("residents"))


def test_the_worst_of_what_is_low_where_need_is_are_the_lowest(joined):
    data = joined({"income": [30.0, 10, 20, 40, np.nan], "residents": [1000.0] * 5})
    low = qa.Indicator(id="income", kind="median", unit="EUR", direction=-1, role="index")
    data = replace(data, catalogue=data.catalogue.add(low))
    shortlist = qa.screen(data, qa.worst_share("income", 0.5))
    assert shortlist.keys == ["b0", "c0"]
    assert not shortlist.assessed["e0"]
    assert shortlist.stability(n=20, seed=1).table["p_selected"].loc["b0"] == 1


def test_a_rule_on_a_published_city_value_is_stable_where_nothing_is_redrawn(joined):
    data = joined({"sgb2_rate": [10.0, 20, 30], "residents": [1000.0] * 3})
    city = qa.Reference(values={"sgb2_rate": 18.0}, source="Office")
    shortlist = qa.screen(replace(data, references={"city": city}), qa.above_city("sgb2_rate"))
    assert shortlist.keys == ["b0", "c0"]
    assert shortlist.stability(n=20, seed=1).table["p_selected"].tolist() == [0, 1, 1]


@pytest.mark.parametrize(("unit", "message"), [("percent", "no area is above 1"), ("fraction", "calls 'x' a fraction")])
def test_fractions_that_only_the_spec_describes_are_refused_and_the_way_out_works(joined, unit, message):
    content = {"id": "t", "source": "test", "min_population": 0}
    axis = {
        "id": "need",
        "label_de": "B",
        "label_en": "N",
        "indicators": [{"id": "x", "unit": unit, "direction": 1}],
        "classes": [{"id": "all", "label_de": "a", "label_en": "a"}],
    }
    described = qa.NeedSpec.from_dict({**content, "axes": [axis]})
    parts = np.linspace(0.02, 0.46, N)
    with pytest.raises(SpecError, match=message) as error:
        qa.need_index(joined(columns(parts)), described)
    assert "units={'x': 'fraction'}" in str(error.value)
    with pytest.warns(UserWarning, match="context indicators"):
        need = qa.need_index(joined(columns(parts), units={"x": "fraction"}), described)
    assert need.inputs.values["x"].tolist() == pytest.approx((100 * parts).tolist())


@pytest.mark.parametrize(
    ("lang", "words"),
    [("de", "mit 2.150\u202fEUR (Gesamtstadt: 2.300\u202fEUR;"), ("en", "at 2,150\u202fEUR (city: 2,300\u202fEUR;")],
)
def test_an_explanation_knows_free_units_and_published_city_values(joined, lang, words):
    axis = {
        "id": "need",
        "label_de": "B",
        "label_en": "N",
        "indicators": [{"id": "x", "direction": -1}],
        "classes": [{"id": "all", "label_de": "a", "label_en": "a"}],
    }
    income = qa.Indicator(id="x", kind="median", unit="EUR", direction=-1, role="index")
    data = joined(
        columns(range(2150, 2150 + 40 * N, 40)),
        catalogue=qa.Catalogue.builtin().add(income),
        references={"city": qa.Reference(values={"x": 2300}, source="Amt")},
    )
    spec = qa.NeedSpec.from_dict({"id": "t", "source": "test", "min_population": 0, "axes": [axis]})
    assert words in str(qa.need_index(data, spec).explain("a0", lang=lang))
