from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import quartiersatlas as qa
from quartiersatlas.errors import ArgumentError, ColumnError, CountError, SpecError
from quartiersatlas.indicators.gaps.area_model import area_model
from quartiersatlas.indicators.surveys.small_areas import benchmarked

# 30 x 1.2 (12 yes), 50 x 0.8 (10 yes), 20 x 2.0 (9 yes): reference/acting/survey_known.json, own prototype
ANSWERS = pd.DataFrame(
    {
        "area": "1",
        "safe": [1] * 12 + [0] * 18 + [1] * 10 + [0] * 40 + [1] * 9 + [0] * 11,
        "w": [1.2] * 30 + [0.8] * 50 + [2.0] * 20,
    }
)
KISH = 1.1533888228299645


def rates(frame=ANSWERS, **options):
    return qa.survey_rates(frame, **{"name": "safe", "answer": "safe", "weight": "w", **options})


def test_the_known_answer():
    row = rates().table.loc["1"]
    assert row["share"] == pytest.approx(0.34827586206896555)
    assert row["deff"] == pytest.approx(1.2215158061490614)
    assert [row["lower"], row["upper"]] == pytest.approx([0.2539838695087993, 0.4561686648408692])
    assert row["n_yes"] == 31


def test_the_known_answer_of_kish_where_all_say_the_same():
    row = rates(ANSWERS.assign(safe=1)).table.loc["1"]
    assert (row["method"], row["share"], row["upper"]) == ("kish", 1, 1)
    assert row["deff"] == pytest.approx(KISH)
    z2 = 1.959963984540054**2
    assert row["lower"] == pytest.approx(1 / (1 + z2 / (100 / KISH)))


def test_few_respondents_have_the_deff_of_their_weights():
    few = ANSWERS.iloc[[0, 1, 20, 40, 85, 99]]
    w = few["w"]
    assert rates(few).table.loc["1", "deff"] == pytest.approx(6 * (w**2).sum() / w.sum() ** 2)


def test_clusters_count_as_units():
    """Ten copies of each respondent in one household tell no more than one of them."""
    rng = np.random.default_rng(3)
    one = pd.DataFrame({"area": "1", "safe": rng.integers(0, 2, 40).astype(float), "w": 1.0, "home": range(40)})
    ten = pd.concat([one] * 10, ignore_index=True)
    alone, together = (rates(frame, cluster="home").table.loc["1"] for frame in (one, ten))
    assert together["n_effective"] == pytest.approx(alone["n_effective"])
    assert [together["lower"], together["upper"]] == pytest.approx([alone["lower"], alone["upper"]])
    assert rates(ten).table.loc["1", "n_effective"] > 9 * together["n_effective"]


def test_strata_take_out_what_lies_between_them():
    frame = pd.DataFrame({"area": "1", "safe": [1.0] * 40 + [0.0] * 40, "w": 1.0, "street": ["a"] * 40 + ["b"] * 40})
    assert rates(frame, strata="street").table.loc["1", "deff"] == 0.5  # the least that is believed
    assert rates(frame).table.loc["1", "deff"] == pytest.approx(80 / 79)


@settings(max_examples=10)
@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.booleans(), st.floats(0.1, 5)), min_size=1, max_size=80),
    st.floats(0.01, 100),
)
def test_the_unit_of_the_weights_does_not_matter(rows, factor):
    frame = pd.DataFrame(rows, columns=["area", "safe", "w"]).assign(safe=lambda f: f["safe"].astype(float))
    columns = ["share", "deff", "lower", "upper"]
    first, second = rates(frame).table[columns], rates(frame.assign(w=frame["w"] * factor)).table[columns]
    pd.testing.assert_frame_equal(first, second, rtol=1e-6, atol=1e-9)
    assert (first["lower"] <= first["share"] + 1e-9).all()
    assert (first["share"] <= first["upper"] + 1e-9).all()


def test_the_order_of_respondents_does_not_matter():
    frame = ANSWERS.assign(area=np.where(np.arange(100) % 3 == 0, "2", "1"))
    pd.testing.assert_frame_equal(rates(frame).table, rates(frame.sample(frac=1, random_state=1)).table)


# --- the ready table -------------------------------------------------------------------------------------------------


def test_a_ready_table_in_german_gives_what_single_answers_give():
    frame = ANSWERS.assign(w=1.0)
    german = {"Gebiet": ["1"], "Befragte": [100], "davon Zustimmung": [31], "Design-Effekt": [100 / 99]}
    more = {"Grundgesamtheit": ["18+"], "Erhebungsart": ["online"], "Feldzeit von": ["2026-03-01"]}
    ready = qa.survey_rates(pd.DataFrame({**german, **more}), name="safe")
    columns = ["share", "deff", "lower", "upper"]
    assert ready.table.loc["1", columns].tolist() == pytest.approx(rates(frame).table.loc["1", columns].tolist())
    assert (ready.definition.asked_of, ready.definition.mode) == ("18+", "online")


def test_the_standard_error_of_the_institute_is_used():
    table = pd.DataFrame({"area": ["1"], "n": [64], "share": [34.0], "se": [5.0]})
    assert qa.survey_rates(table, name="safe").table.loc["1", "deff"] == pytest.approx(0.05**2 / (0.34 * 0.66 / 64))


def test_what_was_assumed_is_said():
    survey = qa.survey_rates(pd.DataFrame({"area": ["1"], "n": [64], "share": [0.34]}), name="safe")
    assert survey.assumed == {"deff", "n_yes", "residents"}
    assert "als 1 angenommen" in survey.text("de")
    assert "taken as 1" in survey.text("en")


def test_other_people_mode_or_wording_are_another_definition():
    base = rates(asked_of="18+", mode="online", wording="Safe?").definition.id
    for change in ({"asked_of": "16+"}, {"mode": "telefonisch"}, {"wording": "Sure?"}):
        assert rates(**{"asked_of": "18+", "mode": "online", "wording": "Safe?", **change}).definition.id != base


# --- the release rule ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "yes", "how"),
    [
        (9, 4, "few"),  # never
        (10, 5, "bracket"),
        (29, 14, "bracket"),
        (30, 15, "slash"),  # half-width 16.8 points
        (60, 30, "bracket"),  # 12.3
        (100, 50, "value"),  # 9.6
        (100, 2, "cases"),
        (100, 98, "cases"),
        (100, 0, "value"),
        (0, 0, "none"),
    ],
)
def test_what_may_be_shown(n, yes, how):
    table = pd.DataFrame({"area": ["1", "2"], "n": [n, 500], "n_yes": [yes, 200]})
    assert qa.survey_rates(table, name="safe").table.loc["1", "shown"] == how


@pytest.mark.parametrize(("n", "yes", "how"), [(9, 4, "few"), (40, 20, "value"), (40, 10, "bracket"), (40, 4, "slash")])
def test_what_may_be_shown_by_the_coefficient_of_variation(n, yes, how):
    """Of 20, 10 and 4 in 40: sqrt(q / (p n)) is 15.8, 27.4 and 47.4 percent."""
    table = pd.DataFrame({"area": ["1", "2"], "n": [n, 500], "n_yes": [yes, 200]})
    assert qa.survey_rates(table, name="safe", rule="cv").table.loc["1", "shown"] == how


# --- the model -------------------------------------------------------------------------------------------------------


def test_the_area_model_is_that_of_sae(acting):
    known = pd.read_csv(acting / "fay_herriot_small.csv")
    with_x = area_model(known["y"], known["D"], np.column_stack([np.ones(8), known["x"]]))
    alone = area_model(known["y"], known["D"])
    assert with_x.between == 0
    assert alone.between == pytest.approx(0.00245599, abs=1e-6)
    for found, name in ((with_x, "x"), (alone, "1")):
        np.testing.assert_allclose(found.estimate, known[f"eblup_{name}"], atol=1e-5)
        np.testing.assert_allclose(found.mse, known[f"mse_{name}"], atol=1e-5)


def test_adjusted_there_is_always_a_variance_between_areas(acting):
    known = pd.read_csv(acting / "fay_herriot_small.csv")
    found = area_model(known["y"], known["D"], np.column_stack([np.ones(8), known["x"]]), adjusted=True)
    assert 0 < found.between < 0.001


def test_benchmarks(acting):
    known = json.loads((acting / "benchmark_known.json").read_text())
    variance = pd.read_csv(acting / "fay_herriot_small.csv")["D"].to_numpy()
    weights, share = np.array(known["residents"]) / sum(known["residents"]), np.array(known["eblup"])
    for how in ("ratio", "difference"):
        np.testing.assert_allclose(benchmarked(share, weights, variance, known["city"], how), known[how], atol=1e-12)
    np.testing.assert_array_equal(benchmarked(share, weights, variance, known["city"], "none"), share)


@pytest.mark.parametrize("benchmark", ["difference", "ratio"])
def test_the_model_adds_up_to_the_city(ready, benchmark):
    table, covariates = ready()
    residents = pd.Series(np.arange(1000.0, 25000, 1000), index=covariates.index)
    survey = qa.survey_rates(table, name="safe", covariates=covariates, residents=residents, benchmark=benchmark)
    together = (survey.table["model_share"] * residents).sum() / residents.sum()
    assert together == pytest.approx(survey.city["share"])
    direct = (survey.table["share"] * residents).sum() / residents.sum()
    assert survey.city["share"] == pytest.approx(direct)


def test_fewer_than_ten_areas_use_no_covariate(ready):
    table, covariates = ready(9)
    survey = qa.survey_rates(table, name="safe", covariates=covariates)
    assert (survey.model.covariates, survey.model.left_out) == ((), ("sgb2_rate",))
    assert "Nicht genutzt" in survey.text()


def test_three_areas_have_no_model(ready):
    table, covariates = ready(3)
    survey = qa.survey_rates(table, name="safe", covariates=covariates)
    assert survey.model is None
    assert survey.table["model_share"].isna().all()
    with pytest.raises(SpecError, match="no model"):
        survey.chart("model")


def test_intervals_of_the_model_hold_what_they_promise():
    """40 areas of 8 to 40 respondents; the long run is in benchmarks/acting.py (0.94 to 0.99)."""
    rng, covered, off = np.random.default_rng(11), [], {"direct": [], "model": []}
    keys = [f"{number:02}" for number in range(40)]
    for _ in range(40):
        x, n = rng.normal(size=40), rng.integers(8, 41, 40)
        p = 1 / (1 + np.exp(1 - 0.5 * x - 0.3 * rng.normal(size=40)))
        table = pd.DataFrame({"area": keys, "n": n, "n_yes": rng.binomial(n, p), "deff": 1.0})
        covariates = pd.DataFrame({"x": x}, index=keys)
        found = qa.survey_rates(table, name="q", covariates=covariates, benchmark="none").table
        covered.append(found["model_lower"].le(p) & found["model_upper"].ge(p))
        off["direct"].append((found["share"] - p) ** 2)
        off["model"].append((found["model_share"] - p) ** 2)
    assert 0.93 < np.mean(covered) < 0.985
    assert np.mean(off["model"]) < 0.5 * np.mean(off["direct"])


# --- out -------------------------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_survey_leaves_through_a_release(ready, joined):
    table, covariates = ready()
    table.loc[3, ["n", "n_yes"]] = 50, 2
    survey = qa.survey_rates(table, name="safe", label_de="Sicher", label_en="Safe", covariates=covariates)
    data = survey.on(joined(covariates.index))
    rel = qa.release(data, title="t", source="s", as_of="2026", comment="c")
    expected = survey.table["shown"].map({"value": "value", "bracket": "unreliable", "slash": "unreliable"})
    partners = rel.status["safe"].ne(expected.fillna("suppressed"))
    assert rel.status["safe"][partners].eq("suppressed").all()  # withheld so that the hidden one stays open
    assert partners.sum() <= 2
    shown = survey.table["shown"].isin(["value", "bracket"])
    assert rel.values["safe"].notna().equals(shown & ~partners)
    assert np.isnan(rel.values.loc["03", "safe_model"])
    assert rel.status.loc["03", "safe"] == "suppressed"
    labels = {column.id: column.indicator.label("de") for column in rel.columns}
    assert labels["safe_model"] == "Sicher (Befragung, modellgestützt)"
    said = " ".join(map(str, rel.facts))
    assert "no direct result of the survey" in said
    assert data.status.loc["00", "residents"] == "value"


def test_areas_nobody_was_asked_in_are_missing(ready, joined):
    table, covariates = ready(12)
    data = qa.survey_rates(table, name="safe").on(joined([*covariates.index, "99"]), estimate="direct")
    assert data.status.loc["99", ["safe", "safe_n"]].tolist() == ["missing", "zero"]
    assert "safe_model" not in data.values


def test_the_chart_draws_nothing_that_may_not_be_shown(ready):
    table, covariates = ready()
    survey = qa.survey_rates(table, name="safe", covariates=covariates)
    for kind, column in (("direct", "shown"), ("model", "model_shown")):
        chart = survey.chart(kind, names=pd.Series("<b>", covariates.index))
        drawn = {mark.area for mark in chart.marks if mark.kind == "dot" and mark.area}
        shown = survey.table[column].isin(["value", "bracket"])
        assert drawn == set(shown.index[shown])
        assert len(chart.right) == 25
    assert survey.plot("model") is not None
    assert "<pre>" in survey._repr_html_()


# --- bad input -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("frame", "options", "error", "words"),
    [
        (ANSWERS.assign(w=[0.0, *[1.0] * 99]), {}, CountError, "1 weight in 'w' missing, 0 or below"),
        (ANSWERS.assign(w=-1.0), {}, CountError, "100 weight"),
        (ANSWERS.assign(safe=2), {}, CountError, "neither 1 .yes. nor 0"),
        (ANSWERS.assign(safe=np.nan), {}, CountError, "nobody has answered"),
        (ANSWERS.assign(area=1), {}, ColumnError, "area keys are text"),
        (ANSWERS.assign(area=None), {}, CountError, "no area"),
        (ANSWERS, {"weight": "weights"}, ColumnError, "weights"),
        (ANSWERS, {"rule": "p"}, SpecError, "rule must be one of"),
        (ANSWERS, {"benchmark": "raking"}, SpecError, "benchmark must be one of"),
        (ANSWERS, {"min_count": 0}, SpecError, "min_count"),
        (ANSWERS, {"name": " "}, SpecError, "needs a name"),
        (ANSWERS.iloc[:0], {}, CountError, "no respondent"),
        ([1, 2], {}, ArgumentError, "takes a DataFrame"),
    ],
)
def test_answers_that_cannot_be_are_refused(frame, options, error, words):
    with pytest.raises(error, match=words):
        rates(frame, **options)


def table(**columns):
    return pd.DataFrame({"area": ["1", "2"], "n": [50, 60], **columns})


@pytest.mark.parametrize(
    ("frame", "error", "words"),
    [
        (table(share=[34.0, 0.34]), CountError, "mix percent and fractions: 34 in '1', 0.34 in '2'"),
        (table(share=[134.0, 20.0]), CountError, "no share"),
        (table(share=["34 %", 20.0]), CountError, "no number"),
        (table(n_yes=[51, 3]), CountError, "more than respondents"),
        (table(n_yes=[5, 3], deff=[0.0, 1.0]), CountError, "design effect that is not above 0"),
        (table(share=[0.2, 0.3], se=[-0.1, 0.1]), CountError, "standard error"),
        (table(), ColumnError, "needs respondents"),
        (table(n_yes=[5, 3]).assign(area="1"), ColumnError, "stand twice"),
        (table(n_yes=[5, 3]).assign(area=[1, 2]), ColumnError, "keys are text"),
        (table(n_yes=[5, 3], question=["a", "b"]), SpecError, "name one"),
        (table(n_yes=[5, 3], mode=["online", "Telefon"]), SpecError, "differ in mode"),
        (table(n_yes=[5, 3], population=["18+", "16+"]), SpecError, "differ in population"),
        (table(n_yes=[5, 3], Befragte=[1, 2]), ColumnError, "twice"),
        (table(n_yes=[5, 3], field_begin="2026-04-01", field_end="2026-03-01"), SpecError, "before it begins"),
    ],
)
def test_ready_tables_that_cannot_be_are_refused(frame, error, words):
    with pytest.raises(error, match=words):
        qa.survey_rates(frame, name="safe")


def test_covariates_that_cannot_be_are_refused(ready):
    frame, covariates = ready()
    for odd, error, words in (
        (covariates.rename(columns={"sgb2_rate": "mh_share"}), SpecError, "no covariate"),
        (covariates.iloc[1:], ColumnError, "'00'"),
        (covariates.where(covariates["sgb2_rate"] > covariates["sgb2_rate"].min()), ColumnError, "is unknown in"),
        (covariates.assign(same=1.0), SpecError, "same everywhere"),
        (["sgb2_rate"], ArgumentError, "takes a DataFrame"),
    ):
        with pytest.raises(error, match=words):
            qa.survey_rates(frame, name="safe", covariates=odd)


def test_data_that_do_not_fit_are_refused(ready, joined):
    frame, covariates = ready()
    survey = qa.survey_rates(frame, name="safe")
    with pytest.raises(ColumnError, match="'23'"):
        survey.on(joined(covariates.index[:-1]))
    with pytest.raises(ColumnError, match="already"):
        survey.on(survey.on(joined(covariates.index)))
    with pytest.raises(CountError, match="'00'"):
        qa.survey_rates(frame, name="safe", residents=pd.Series(1000.0, index=covariates.index[1:]))
