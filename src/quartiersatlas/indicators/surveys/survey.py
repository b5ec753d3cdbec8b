"""Surveys: weighted shares of areas with their intervals, what may be shown, and estimates of small areas."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import choice, expects
from quartiersatlas.base.keys import refuse_repeated_keys
from quartiersatlas.errors import CountError, SpecError, list_some
from quartiersatlas.indicators.surveys.direct import (
    checked_answers,
    from_answers,
    from_ready,
    one_question,
    wilson_ends,
    with_fields,
)
from quartiersatlas.indicators.surveys.record import SurveyDefinition
from quartiersatlas.indicators.surveys.result import SurveyRates
from quartiersatlas.indicators.surveys.small_areas import checked_covariates, modelled, shown

if TYPE_CHECKING:
    from quartiersatlas.indicators.surveys.small_areas import Rule

Benchmark = Literal["difference", "ratio", "none"]
CITY = ["n", "n_yes", "share", "deff", "n_effective", "lower", "upper"]


def survey_rates(
    table: pd.DataFrame,
    *,
    name: str,
    answer: str = "",
    area: str = "area",
    weight: str = "",
    strata: str = "",
    cluster: str = "",
    question: str = "",
    label_de: str = "",
    label_en: str = "",
    wording: str = "",
    asked_of: str = "",
    mode: str = "",
    field_time: str = "",
    residents: pd.Series[float] | None = None,
    covariates: pd.DataFrame | None = None,
    benchmark: Benchmark = "difference",
    rule: Rule = "width",
    min_count: int = 3,
    city: str = "",
) -> SurveyRates:
    """Return the shares of areas that a survey of a sample gives, and what of them may be shown.

    Parameters
    ----------
    table : DataFrame
        One row per respondent, with ``answer``; or the ready table of an institute, one row per area and question, with
        headings in German or English: ``Gebiet``, ``Frage``, ``Befragte``, ``davon Zustimmung``, ``Anteil
        (gewichtet)``, ``Standardfehler``, ``Design-Effekt``, ``Feldzeit von``, ``Feldzeit bis``, ``Erhebungsart``,
        ``Grundgesamtheit``.
    name : str
        Short stable name: that of the column.
    answer : str, optional
        Column with 1 (yes) or 0 (no) of each respondent; empty cells are no answers.
    area : str, default "area"
        Column with the key of the respondent's area, as text.
    weight, strata, cluster : str, optional
        Columns with the weight of a respondent, the stratum and the cluster of the sample.
    question : str, optional
        Which question of a ready table with several.
    label_de, label_en : str, optional
        What a reader sees; the name, if not given.
    wording, asked_of, mode, field_time : str, optional
        The question with the answers that count, the people that the sample stands for, how and when they were asked.
        A ready table may say the last three itself. Another wording, people or mode is another definition.
    residents : Series of float, optional
        Area -> people that the sample stands for: what the areas weigh in the city. Without it they weigh by the
        weights of their respondents.
    covariates : DataFrame, optional
        Numbers of registers on the area's key for the model, such as ``data.values[["sgb2_rate"]]``. Used from 10 areas
        on. The share of migration background is no covariate.
    benchmark : {"difference", "ratio", "none"}, default "difference"
        How the estimates of the model are made to add up to the city's own.
    rule : {"width", "cv"}, default "width"
        What decides on what is shown. ``"width"``: with 10 to 29 respondents in brackets; from 30 on as it is where the
        half-width of the interval is at most 10 points, in brackets up to 15. ``"cv"``: by the coefficient of variation
        of the smaller of share and remainder, up to 16.5 % and 33.3 %. Fewer than 10 respondents are never shown.
    min_count : int, default 3
        From 1 up to below this, those who agree and those who do not are protected.
    city : str, optional
        What the whole city is called in words and pictures: ``city="Leeds"``.

    Returns
    -------
    SurveyRates
        ``.table``, ``.city``, ``.on(data)`` for a release, ``.text()``, ``.plot()``.

    Raises
    ------
    ArgumentError
        The table or the covariates are no DataFrame, the residents no Series.
    ColumnError
        A column or an area is not there, or an area stands twice.
    CountError
        A weight is not above 0, an answer neither yes nor no, a share or number cannot be.
    KeyColumnError
        An area has more than one row in the residents or the covariates.
    SpecError
        There are several questions, people or modes; or a covariate cannot be one.

    Notes
    -----
    Intervals are Wilson's [1]_ on ``n / deff`` respondents, ``deff`` at least 0.5. It comes from the linearised
    variance of the weighted share, or, below 30 respondents and where all say the same, from the weights alone:
    ``n S w^2 / (S w)^2`` (Kish [2]_). With clusters the quantile is that of Student's t with clusters less strata.

    The model is the one of Fay and Herriot on the arcsine scale with the adjusted likelihood of Yoshimori and Lahiri:
    it draws the few answers of an area towards what covariates say, or towards all areas. Its values are no direct
    results, and their labels say so.

    References
    ----------
    .. [1] Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference. Journal of the
           American Statistical Association 22(158), 209-212.
    .. [2] Kish, L. (1965). Survey Sampling. Wiley.

    Examples
    --------
    >>> import pandas as pd
    >>> import quartiersatlas as qa
    >>> table = pd.DataFrame({"Gebiet": ["1", "2"], "Befragte": [64, 20], "davon Zustimmung": [22, 9]})
    >>> safe = qa.survey_rates(table, name="safe", label_en="Feels safe")
    >>> safe
    SurveyRates 'safe': 36.9 % (27.4 to 47.5) of 84 respondents
      2 areas: 2 bracket; no model
    >>> safe.table.loc["1", ["lower", "share", "upper"]].astype(float).round(3).tolist()
    [0.239, 0.344, 0.466]
    """
    expects(table, pd.DataFrame, "survey_rates", 'pd.read_csv("befragung.csv", dtype={"Gebiet": str})')
    expects(name, str, "survey_rates: name", 'name="feels_safe"')
    expects(city, str, "survey_rates: city", 'city="Leeds"')
    _check_options(table, name, benchmark, rule, min_count)
    german, english = label_de or label_en or name, label_en or label_de or name
    words = {"wording": wording, "asked_of": asked_of, "mode": mode, "field_time": field_time}
    definition = SurveyDefinition(name=name, label_de=german, label_en=english, **words)
    whole: pd.DataFrame | None = None
    if answer:
        answers, places, n_silent = checked_answers(table, answer, area, weight, strata, cluster)
        direct, assumed = from_answers(answers, places), set[str]()
        whole = from_answers(answers, pd.Series("", index=answers.index)) if residents is None else None
        by_weight = answers["w"].groupby(places).sum()
    else:
        if weight or strata or cluster:
            raise SpecError("survey_rates: weights, strata and clusters are of single answers: name answer='...' too.")
        ready = one_question(with_fields(table), question)
        definition, n_silent = _said_by(ready, definition), 0
        direct, assumed = from_ready(ready)
        assumed |= {"residents"} if residents is None else set()
        by_weight = direct["n"]
    weights = _weights(residents, direct, by_weight)
    everybody = _city(direct, weights) if whole is None else whole[CITY].iloc[0].astype(float)
    known = checked_covariates(covariates, direct.index)
    found, model = modelled(direct, known, weights, float(everybody["share"]), benchmark)
    return SurveyRates(
        definition=definition,
        table=_with_shown(direct, found, rule, min_count),
        city=everybody,
        model=model,
        rule=rule,
        min_count=min_count,
        n_no_answer=n_silent,
        assumed=frozenset(assumed),
        city_name=city,
    )


def _with_shown(direct: pd.DataFrame, found: pd.DataFrame, rule: Rule, min_count: int) -> pd.DataFrame:
    """Return direct estimates and those of the model side by side, with what of each may be shown."""
    areas = direct.assign(shown=shown(direct, rule, min_count)).join(found.add_prefix("model_"))
    as_model = areas.assign(**{end: areas[f"model_{end}"] for end in ("share", "lower", "upper")})
    return areas.assign(model_shown=shown(as_model, rule, min_count, modelled=True))


def _check_options(table: pd.DataFrame, name: str, benchmark: str, rule: str, min_count: object) -> None:
    choice(benchmark, ("difference", "ratio", "none"), "benchmark")
    choice(rule, ("width", "cv"), "rule")
    if not name.strip():
        raise SpecError("survey_rates: the share needs a name: name='feels_safe'.")
    if isinstance(min_count, bool) or not isinstance(min_count, int) or min_count < 1:
        raise SpecError(f"survey_rates: min_count={min_count!r} must be a whole number from 1.")
    if not len(table):
        raise CountError("survey_rates: the table is empty: there is no respondent.")


def _said_by(ready: pd.DataFrame, given: SurveyDefinition) -> SurveyDefinition:
    """Return the definition with what the table itself says of people, mode and time."""

    def first(field: str) -> str:
        known = ready[field].dropna().astype(str).tolist() if field in ready else []
        return known[0] if known else ""

    span = [end for end in (first("field_begin"), first("field_end")) if end]
    if len(span) == 2:  # noqa: PLR2004 - begin and end
        begin, end = pd.to_datetime(span, format="mixed", dayfirst="." in span[0])
        if begin > end:
            raise SpecError(f"survey_rates: the field work ends ({span[1]}) before it begins ({span[0]}).")
    return replace(
        given,
        asked_of=given.asked_of or first("population"),
        mode=given.mode or first("mode"),
        field_time=given.field_time or " – ".join(span),
        wording=given.wording or first("question"),
    )


def _weights(residents: pd.Series[float] | None, direct: pd.DataFrame, by_weight: pd.Series[float]) -> pd.Series[float]:
    """Return what the areas weigh in the city."""
    if residents is None:
        return by_weight.reindex(direct.index).fillna(0.0)
    expects(residents, pd.Series, "survey_rates: residents", 'residents=data.counts("residents")')
    refuse_repeated_keys(residents.index, "survey_rates: residents")
    weights = residents.reindex(direct.index).astype(float)
    wrong = direct.index[~(weights.ge(0) & weights.lt(np.inf))]
    if len(wrong) or not weights.sum() > 0:
        raise CountError(f"survey_rates: the residents of {list_some(wrong)} are unknown or below 0.")
    return weights


def _city(direct: pd.DataFrame, weights: pd.Series[float]) -> pd.Series[float]:
    """Return the city as the weighted mean of its areas that were asked."""
    asked = direct["share"].notna()
    part, w = direct[asked], weights[asked] / weights[asked].sum()
    share = float((w * part["share"]).sum())
    # areas where all say the same have no variance of their own: that of the city's share stands in
    p = part["share"].where(part["share"].gt(0) & part["share"].lt(1), share)
    variance = float((w**2 * p * (1 - p) / part["n_effective"]).sum())
    n = float(part["n"].sum())
    effective = share * (1 - share) / variance if variance > 0 else n
    lower, upper = wilson_ends(pd.Series([share]), pd.Series([effective]))
    found = [n, float(part["n_yes"].sum()), share, n / effective, effective, float(lower.iloc[0]), float(upper.iloc[0])]
    return pd.Series(found, index=CITY)
