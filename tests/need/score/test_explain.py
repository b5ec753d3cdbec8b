"""The sentences on one area, written by hand from small tables."""

from __future__ import annotations

import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.errors import SpecError

THIN = "\u202f"
CLASSES = [
    {"id": "low", "upper": 1.0, "label_de": "gering", "label_en": "low"},
    {"id": "high", "label_de": "erhöht", "label_en": "elevated"},
]


def spec(*indicators, min_population=0, **axis):
    rules = {"id": "need", "label_de": "Unterstützungsbedarf", "label_en": "Support need", "classes": CLASSES}
    rules["breaks"] = {"method": "sd"}
    rules |= {"indicators": list(indicators), **axis}
    return qa.NeedSpec.from_dict({"id": "t", "source": "t", "min_population": min_population, "axes": [rules]})


@pytest.fixture
def counted():
    """Build 20 areas with 1,000 residents: one has 30 % SGB II, the others 10 %; jobs are 50 %, and 70 % in it."""
    areas = [f"{i:02d}" for i in range(20)]
    return pd.DataFrame(
        {"sgb2": [300.0] + [100.0] * 19, "jobs": [70.0] + [50.0] * 19, "residents": 1000.0},
        index=areas,
    )


SGB2 = {"id": "sgb2_rate", "numerator": "sgb2", "denominator": "residents"}
JOBS = {"id": "jobs", "direction": -1, "label_de": "Beschäftigte", "label_en": "Employed"}


def test_one_area_in_german(counted):
    # both are 19 from their mean, with a deviation of sqrt((19^2 + 19) / 20) = sqrt(19): z = 4.36, reversed -4.36
    need = qa.need_index(counted, spec({**SGB2, "weight": 2.0}, JOBS))
    assert need.explain("00") == (
        "Gebiet 00: Unterstützungsbedarf, Klasse „erhöht“, Indexwert 4,36 (höher = mehr Bedarf); "
        "Rang 1 von 20, unter den 5\u202f% mit den höchsten Werten. "
        "Gegenüber dem Durchschnitt der Gebiete erhöhen den Indexwert vor allem: "
        f"SGB-II-Quote mit 30,0{THIN}% (Gesamtstadt, aus den Fallzahlen: 11,0{THIN}%; Beitrag zum Index +8,72). "
        "Gesenkt wird er vor allem durch: Beschäftigte mit 70 (Mittel der Gebiete: 51; niedriger = mehr Bedarf; "
        "Beitrag zum Index −4,36)."
    )


def test_one_area_in_english(counted):
    counted = counted.assign(sgb2=10 * counted["sgb2"], residents=10_000.0)  # 10 % is surely below 11 %
    need = qa.need_index(counted, spec({**SGB2, "weight": 2.0}, JOBS))
    # every other area: (10 - 11) / sqrt(19) = -0.23, with weight 2: -0.46; jobs +0.23
    assert need.explain("07", "en") == (
        "Area 07: Support need, class “low”, index value −0.23 (higher = more need); "
        "rank 2 of 20, level with 18 other areas. "
        "Compared with the average of the areas, the index value is lowered above all by "
        "SGB II benefit rate at 10.0% (city, from the counts: 11.0%; contribution to the index −0.46). It is raised "
        "above all by Employed at 50 (mean of the areas: 51; lower = more need; contribution to the index +0.23)."
    )


def test_no_cause_is_named_inside_its_own_interval(counted):
    # Wilson of 100 of 1,000: 8.3 % to 12.0 %, which holds the 11 % of the city; of 300 of 1,000: 27.2 % to 32.9 %
    need = qa.need_index(counted, spec({**SGB2, "weight": 2.0}, JOBS))
    assert need.explain("07").endswith("Der Unterschied kann auf Zufall in der Fallzahl beruhen: SGB-II-Quote.")
    assert "SGB-II-Quote mit" not in need.explain("07")
    assert "Zufall" not in need.explain("00")
    alone = qa.need_index(counted, spec(SGB2))
    assert alone.explain("07", "en").endswith(
        "No indicator clearly differs from what it is compared with. "
        "The difference may be chance in the count: SGB II benefit rate."
    )


def test_an_area_is_named_beside_its_key_and_no_two_brackets_meet(joined):
    values = {"poor": [300.0] + [100.0] * 19, "residents": [1000.0] * 20}
    data = qa.add_rates(joined(values), {"poverty": ("poor", "residents")})
    need = qa.need_index(data, spec({"id": "poverty", "label_de": "Armut (Haushalte)", "label_en": "Poverty"}))
    key = data.areas.index[0]
    german = need.explain(key)
    assert german.startswith(f"{data.areas['name'].iloc[0]} ({key}): Unterstützungsbedarf")
    assert "Armut (Haushalte) mit 30" in german
    assert ") (" not in german


def test_a_mean_of_the_areas_is_not_called_the_city_and_ties_are_counted():
    frame = pd.DataFrame({"a": [1.5, 1.5, 3.0]}, index=["x", "y", "z"])
    with pytest.warns(UserWarning, match="over 3 areas only"):
        need = qa.need_index(frame, spec({"id": "a", "label_de": "Quote"}, normalise={"method": "none"}))
    assert need.explain("y") == (
        "Gebiet y: Unterstützungsbedarf, Klasse „gering“, Indexwert 1,50 (höher = mehr Bedarf); "
        "Rang 2 von 3, gleichauf mit einem weiteren Gebiet. "
        "Gegenüber dem Durchschnitt der Gebiete senken den Indexwert vor allem: "
        "Quote mit 1,50 (Mittel der Gebiete: 2,00; Beitrag zum Index −0,50). "
        "Kein Indikator wirkt in die andere Richtung."
    )


@pytest.mark.parametrize(
    ("place", "german", "english"),
    [
        (0, "unter den 1\u202f% mit den niedrigsten Werten", "among the 1% with the lowest values"),
        (4, "unter den 5\u202f% mit den niedrigsten Werten", "among the 5% with the lowest values"),
        (5, "unter den 10\u202f% mit den niedrigsten Werten", "among the 10% with the lowest values"),
        (
            20,
            "im mittleren Bereich (weder im höchsten noch im niedrigsten Fünftel)",
            "in the middle range (neither in the highest nor in the lowest fifth)",
        ),
        (
            79,
            "im mittleren Bereich (weder im höchsten noch im niedrigsten Fünftel)",
            "in the middle range (neither in the highest nor in the lowest fifth)",
        ),
        (80, "unter den 20\u202f% mit den höchsten Werten", "among the 20% with the highest values"),
        (94, "unter den 10\u202f% mit den höchsten Werten", "among the 10% with the highest values"),
        (95, "unter den 5\u202f% mit den höchsten Werten", "among the 5% with the highest values"),
        (99, "unter den 1\u202f% mit den höchsten Werten", "among the 1% with the highest values"),
    ],
)
def test_the_band_of_a_hundred_areas(place, german, english):
    frame = pd.DataFrame({"a": [float(i) for i in range(100)]}, index=[f"{i:02d}" for i in range(100)])
    need = qa.need_index(frame, spec({"id": "a"}))
    assert f"Rang {100 - place} von 100, {german}. " in need.explain(f"{place:02d}")
    assert f"rank {100 - place} of 100, {english}. " in need.explain(f"{place:02d}", "en")


def test_a_band_holds_all_areas_with_the_same_score():
    frame = pd.DataFrame({"a": [0.0] * 90 + [1.0] * 10}, index=[f"{i:02d}" for i in range(100)])
    need = qa.need_index(frame, spec({"id": "a"}))
    assert "rank 1 of 100, level with 9 other areas, among the 10% with the highest values" in need.explain("95", "en")
    assert "rank 11 of 100, level with 89 other areas. " in need.explain("05", "en")


def test_the_first_of_three_areas_is_in_no_band():
    frame = pd.DataFrame({"a": [1.0, 2.0, 3.0]}, index=["x", "y", "z"])
    with pytest.warns(UserWarning, match="over 3 areas only"):
        need = qa.need_index(frame, spec({"id": "a"}))
    assert "Rang 1 von 3. " in need.explain("z")
    assert "Rang 2 von 3, im mittleren Bereich (weder im höchsten noch im niedrigsten Fünftel). " in need.explain("y")


def test_the_three_largest_contributions_are_named_in_their_order():
    frame = pd.DataFrame(
        {name: [0.0] * 18 + [2.0, value] for name, value in zip("abcd", [3.0, 9.0, 5.0, 7.0], strict=True)},
        index=[f"{i:02d}" for i in range(20)],
    )
    rules = {"normalise": {"method": "none"}, "aggregate": "arithmetic"}
    said = qa.need_index(frame, spec(*({"id": name} for name in "abcd"), **rules)).explain("19", "en")
    # means 0.25, 0.55, 0.35, 0.45; a quarter of the distances
    assert (
        "raised above all by b at 9 (mean of the areas: 0.55; contribution to the index +2.11), "
        "d at 7 (mean of the areas: 0.45; contribution to the index +1.64) "
        "and c at 5 (mean of the areas: 0.35; contribution to the index +1.16). "
    ) in said


def test_the_parts_of_a_geometric_mean_are_factors():
    frame = pd.DataFrame(
        {"a": [1.0, 1.0, 16.0, 16.0] * 5, "b": [4.0] * 10 + [9.0] * 10}, index=[f"{i:02d}" for i in range(20)]
    )
    rules = {"aggregate": "geometric", "normalise": {"method": "minmax", "low": 1.0, "high": 16.0}}
    said = qa.need_index(frame, spec({"id": "a"}, {"id": "b"}, **rules)).explain("02", "en")
    # on the scale 16 and 1: the square roots are 4 and 1, their geometric means over the areas 2: factors 2 and 1/2
    assert "raised above all by a at 16 (mean of the areas: 8.50; factor 2.00)" in said
    assert "lowered above all by b at 4 (mean of the areas: 6.50; factor 0.50)" in said


def test_the_second_axis_and_a_change_have_their_own_words():
    shares = {"sgb2_rate": 10.0, "sgb2_rate_change": -0.5}
    frame = pd.DataFrame(shares, index=[f"{i:02d}" for i in range(20)])
    frame.loc["03"] = [10.0, 1.5]
    frame.loc["04"] = [30.0, -0.5]
    axes = [
        {"id": "status", "indicators": [{"id": "sgb2_rate"}], "classes": CLASSES},
        {"id": "dynamics", "label_de": "Dynamik", "indicators": [{"id": "sgb2_rate_change"}], "classes": CLASSES},
    ]
    need = qa.need_index(frame, qa.NeedSpec.from_dict({"id": "t", "source": "t", "min_population": 0, "axes": axes}))
    assert need.explain("03", axis="dynamics").startswith("Gebiet 03: Dynamik, Klasse „erhöht“, Indexwert 4,36 ")
    assert f"vor allem: Veränderung SGB-II-Quote mit 1,5{THIN}Prozentpunkte (Mittel der Gebiete: −0,4" in need.explain(
        "03", axis="dynamics"
    )
    assert need.explain("03").startswith("Gebiet 03: status, Klasse „gering“")


def test_a_context_indicator_is_marked_as_no_measure_of_need(counted):
    frame = counted.assign(mh_share=[60.0] + [20.0] * 19, mh_share_change=[3.0] + [0.0] * 19)
    need = qa.need_index(frame, spec(SGB2, {"id": "mh_share"}, {"id": "mh_share_change"}))
    german, english = need.explain("00"), need.explain("00", "en")
    assert german.count("(Kontext, kein Maß für Bedarf; ") == 2
    assert english.count("(context, not a measure of need; ") == 2
    label = need.inputs.catalogue["mh_share"].label_de
    assert f"{label} mit 60,0{THIN}% (Kontext, kein Maß für Bedarf; " in german
    assert "SGB-II-Quote mit 30" in german


def test_an_area_like_all_others_on_average():
    frame = pd.DataFrame({"a": [float(i) for i in range(21)]}, index=[f"{i:02d}" for i in range(21)])
    need = qa.need_index(frame, spec({"id": "a"}))
    assert need.explain("10").endswith("Fünftel). Alle Indikatoren liegen im Durchschnitt der Gebiete.")
    assert need.explain("10", "en").endswith("fifth). All indicators are at the average of the areas.")


def test_an_area_with_a_gap_says_what_it_was_computed_from(counted):
    frame = counted.astype(float)
    frame.loc[["00", "02"], "jobs"] = [float("nan"), 40.0]
    need = qa.need_index(frame, spec({**SGB2, "weight": 2.0}, JOBS, min_present=0.5))
    assert need.explain("00").endswith(
        "Kein Indikator wirkt in die andere Richtung. "
        "Berechnet aus SGB-II-Quote, weil Angaben fehlen oder geheim sind: Beschäftigte."
    )
    assert need.explain("00", "en").endswith(
        "Computed from SGB II benefit rate, because values are missing or secret: Employed."
    )
    assert "Berechnet" not in need.explain("01")


def test_an_unknown_value_is_not_named_among_the_reasons():
    frame = pd.DataFrame({"a": [float("nan"), *range(1, 20)], "b": range(20)}, index=[f"{i:02d}" for i in range(20)])
    rules = {"normalise": {"method": "none"}, "standardise": {"method": "z"}, "min_present": 0.5}
    need = qa.need_index(frame.astype(float), spec({"id": "a"}, {"id": "b"}, **rules))
    assert need.contributions.loc["00", ("need", "a")] != 0  # it is below the mean of the others' parts
    assert "lowered above all by b at 0 (" in need.explain("00", "en")
    assert "nan" not in need.explain("00", "en")


def test_an_excluded_area_says_why_it_has_no_score(counted):
    frame = counted.astype(float)
    frame.loc["01", "residents"] = 120.0
    frame.loc["02", ["sgb2", "jobs"]] = [float("nan"), 40.0]
    frame.loc["03", "sgb2"] = float("nan")
    need = qa.need_index(
        frame,
        spec(SGB2, JOBS, min_population=300),
        population="residents",
        exclude={"04": "Erstaufnahme"},
    )
    close = " Das heißt nicht, dass dort kein Bedarf besteht."
    assert need.explain("01") == "Gebiet 01 hat keinen Indexwert, weil dort weniger als 300 Menschen leben." + close
    assert need.explain("02") == (
        "Gebiet 02 hat keinen Indexwert, weil Angaben fehlen oder geheim sind: SGB-II-Quote." + close
    )
    assert (
        need.explain("04") == "Gebiet 04 hat keinen Indexwert, weil es von Hand ausgenommen ist: Erstaufnahme." + close
    )
    assert need.explain("01", "en") == (
        "Area 01 has no index value, because fewer than 300 people live there. "
        "That does not mean that there is no need there."
    )


def test_an_area_where_nobody_could_be_counted(counted):
    frame = counted.astype(float)
    frame.loc["05", ["sgb2", "residents"]] = 0.0
    need = qa.need_index(frame, spec(SGB2, JOBS))
    assert need.explain("05", "en").startswith(
        "Area 05 has no index value, because nobody is there to whom this could refer: SGB II benefit rate."
    )


def test_unknown_areas_axes_and_languages_are_refused(counted):
    need = qa.need_index(counted, spec(SGB2, JOBS))
    with pytest.raises(SpecError, match=r"The need index has no area '7'\. Did you mean '.7', '.7'\?"):
        need.explain("7")
    with pytest.raises(SpecError, match=r"no area 7\."):
        need.explain(7)
    with pytest.raises(SpecError, match="has no axis 'status'; it has need"):
        need.explain("07", axis="status")
    with pytest.raises(SpecError, match="lang must be one of"):
        need.explain("07", "fr")
