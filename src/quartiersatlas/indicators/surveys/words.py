"""What a survey says in words, and the rows of its chart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from quartiersatlas.catalogue.texts import number_text, place_words, text, value_text
from quartiersatlas.indicators.pictures.intervals import IntervalRow, IntervalWords, intervals_chart

if TYPE_CHECKING:
    from quartiersatlas.catalogue import Lang
    from quartiersatlas.charts import Chart
    from quartiersatlas.indicators.surveys.record import SurveyDefinition, SurveyRecord

LABELS = {False: "label_survey", True: "label_survey_model"}
ASSUMED = {
    "deff": "survey_assumed_deff",
    "n_yes": "survey_assumed_n_yes",
    "residents": "survey_assumed_residents",
}
NOT_SHOWN = {
    "slash": "survey_slash",
    "few": "survey_few",
    "cases": "survey_cases",
    "none": "survey_nobody",
}


def labels(definition: SurveyDefinition, *, is_model: bool = False, is_base: bool = False) -> tuple[str, str]:
    """Return the label of a column in German and English."""
    name = "label_survey_n" if is_base else LABELS[is_model]
    german, english = definition.label_de, definition.label_en
    return text(name, "de", label=german), text(name, "en", label=english)


def percent(share: float, lang: Lang) -> str:
    """Write a share."""
    return value_text(100 * share, 1, "%", lang)


def survey_text(survey: SurveyRecord, lang: Lang) -> list[str]:
    """Return the lines of a survey."""
    city, label, place = survey.city, _label(survey, lang), place_words(survey.city_name)
    ends = {"lo": number_text(100 * city["lower"], 1, lang), "hi": percent(city["upper"], lang)}
    n = number_text(city["n"], 0, lang)
    lines = [text("survey_city", lang, label=label, share=percent(city["share"], lang), n=n, **ends, **place)]
    counts = survey.table["shown"].value_counts()
    hidden = int(counts.drop(["value", "bracket"], errors="ignore").sum())
    said = {"value": int(counts.get("value", 0)), "bracket": int(counts.get("bracket", 0)), "hidden": hidden}
    lines.append(text("survey_areas", lang, all=len(survey.table), **said))
    if survey.n_no_answer:
        lines.append(text("survey_no_answer", lang, n=number_text(survey.n_no_answer, 0, lang)))
    lines += [text(name, lang, **place) for what, name in ASSUMED.items() if what in survey.assumed]
    if survey.model is None:
        return [*lines, text("survey_no_model", lang)]
    names = ", ".join(survey.model.covariates)
    words = "survey_model_covariates" if names else "survey_model_alone"
    lines.append(text(words, lang, names=names, **place))
    if survey.model.left_out:
        lines.append(text("survey_left_out", lang, names=", ".join(survey.model.left_out)))
    return lines


def _label(survey: SurveyRecord, lang: Lang) -> str:
    return survey.definition.label_de if lang == "de" else survey.definition.label_en


def survey_chart(survey: SurveyRecord, lang: Lang, *, names: pd.Series[str] | None, most: int, is_model: bool) -> Chart:
    """Return dots with intervals: the city, then the areas by name."""
    prefix = "model_" if is_model else ""
    city, label = survey.city, _label(survey, lang)
    rows = [
        IntervalRow(
            survey.city_name or text("label_city", lang),
            100 * float(city["share"]),
            100 * float(city["lower"]),
            100 * float(city["upper"]),
            words=_words("value", float(city["n"]), float(city["share"]), lang),
        )
    ]
    called = pd.Series(survey.table.index, index=survey.table.index) if names is None else names
    chosen = survey.table.sort_values("n", ascending=False, kind="stable").head(most).index
    called = called.reindex(chosen).fillna(pd.Series(chosen, index=chosen)).astype(str)
    for key in called.sort_values(kind="stable").index:
        row = survey.table.loc[key]
        how = str(row[f"{prefix}shown"])
        words = _words(how, float(row["n"]), float(row[f"{prefix}share"]), lang)
        if how not in ("value", "bracket"):
            rows.append(IntervalRow(called[key], words=words, area=key))
            continue
        value, lower, upper = (100 * float(row[f"{prefix}{end}"]) for end in ("share", "lower", "upper"))
        own = is_model and row["shown"] in ("value", "bracket")
        beside = 100 * float(row["share"]) if own else float("nan")
        rows.append(IntervalRow(called[key], value, lower, upper, words, key, beside, is_doubtful=how == "bracket"))
    title = text(LABELS[is_model], lang, label=label)
    note = text("chart_survey_note", lang, **place_words(survey.city_name))
    if is_model:
        note += " " + text("chart_survey_model", lang)
    if len(survey.table) > most:
        note += " " + text("chart_survey_most", lang, n=most, all=len(survey.table))
    sign = value_text(0, 0, "%", lang)[1:].strip()
    head = (text("label_area", lang), text("chart_survey_head", lang))
    alt = " ".join(survey_text(survey, lang)[:2])
    said = IntervalWords(
        id="survey", title=title, alt=f"{title}. {alt}", axis=f"{label} ({sign})", note=note, head=head
    )
    return intervals_chart(rows, said, lang, n_apart=1, rule=100 * float(city["share"]))


def _words(how: str, n: float, share: float, lang: Lang) -> str:
    count = number_text(n, 0, lang)
    if how in NOT_SHOWN:
        return text(NOT_SHOWN[how], lang, n=count)
    return text("survey_bracket" if how == "bracket" else "survey_value", lang, n=count, share=percent(share, lang))
