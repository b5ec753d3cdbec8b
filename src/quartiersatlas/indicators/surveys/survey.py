"""Surveys: weighted shares of areas with their intervals, what may be shown, and estimates of small areas."""

from __future__ import annotations

from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import choice, expects
from quartiersatlas.catalogue import Indicator, Message
from quartiersatlas.charts import Charted
from quartiersatlas.errors import ColumnError, CountError, SpecError, list_some
from quartiersatlas.indicators.surveys.direct import (
    checked_answers,
    from_answers,
    from_ready,
    one_question,
    wilson_ends,
    with_fields,
)
from quartiersatlas.indicators.surveys.small_areas import checked_covariates, modelled, shown
from quartiersatlas.indicators.surveys.words import labels, survey_chart, survey_text
from quartiersatlas.intake import AreaData

if TYPE_CHECKING:
    from quartiersatlas.catalogue import Catalogue, Lang
    from quartiersatlas.charts import Chart
    from quartiersatlas.indicators.surveys.small_areas import Rule, SurveyModel

Benchmark = Literal["difference", "ratio", "none"]
Estimate = Literal["direct", "model"]
STATUS = {
    "value": "value",
    "bracket": "unreliable",
    "slash": "unreliable",
    "few": "suppressed",
    "cases": "suppressed",
    "none": "missing",
}
DECIMALS = 4  # of a share in percent that goes on to the release, which rounds it


@dataclass(frozen=True, kw_only=True)
class SurveyDefinition:
    """What was asked of whom, and how: answers are comparable where all of it is the same.

    Parameters
    ----------
    name : str
        Under which the share leaves: a column.
    label_de, label_en : str
        What a reader sees.
    wording : str
        The question, and which answers count.
    asked_of : str
        The people that the sample stands for, such as ``"18+ mit Hauptwohnsitz"``.
    mode : str
        How they were asked, such as ``"schriftlich/online"``.
    field_time : str
        When.
    """

    name: str
    label_de: str
    label_en: str
    wording: str = ""
    asked_of: str = ""
    mode: str = ""
    field_time: str = ""

    @property
    def id(self) -> str:
        """What has to be equal at two dates: name, wording, people, mode."""
        return f"{self.name}|{self.wording}|{self.asked_of}|{self.mode}"


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class SurveyRates(Charted):
    """What a sample says of areas and of the city.

    Parameters
    ----------
    definition : SurveyDefinition
        What was asked of whom.
    table : DataFrame
        On the area: ``n`` and ``n_yes`` (respondents, and those who agree, as counted), ``share`` (weighted), ``deff``,
        ``n_effective``, ``lower``, ``upper`` (95 %), ``method`` of the variance, ``shown``; and ``model_share``,
        ``model_lower``, ``model_upper``, ``model_weight`` (of the area's own answers), ``model_shown``. Shares are
        fractions. ``shown`` and ``model_shown`` are ``"value"``, ``"bracket"``, ``"slash"``, ``"few"``, ``"cases"`` or
        ``"none"``.
    city : Series
        The same of the whole city.
    model : SurveyModel, optional
        What the model was made of; None for too few areas.
    rule : {"width", "cv"}
        What decides on brackets.
    min_count : int
        Fewer who agree, or who do not, are protected.
    n_no_answer : int
        Respondents without an answer; they are in no number.
    assumed : frozenset of str
        What the table did not say: ``"deff"`` (taken as 1), ``"n_yes"`` (taken from the share), ``"residents"``
        (areas weigh by respondents).
    """

    definition: SurveyDefinition
    table: pd.DataFrame
    city: pd.Series[float]
    model: SurveyModel | None = None
    rule: Rule = "width"
    min_count: int = 3
    n_no_answer: int = 0
    assumed: frozenset[str] = frozenset()

    def on(self, data: AreaData, *, estimate: Estimate | None = None) -> AreaData:
        """Return data with the shares as columns, ready for a release.

        Parameters
        ----------
        data : AreaData
            Joined data; areas that nobody was asked in are missing.
        estimate : {"direct", "model"}, optional
            Which one; both, if not given: ``<name>``, and ``<name>_model`` where there is a model.

        Returns
        -------
        AreaData
            With the shares in percent. Values in brackets have the status ``unreliable``, those too uncertain have it
            and no value, those of too few respondents or cases are ``suppressed``. ``<name>_n`` counts the
            respondents; the share is declared as a share of them, so the release protects those who agree.

        Raises
        ------
        ColumnError
            There is no area of a key, or the data have such a column.
        SpecError
            There is no model.
        """
        expects(data, AreaData, "SurveyRates.on", "data = qa.join(areas, table)")
        choice(estimate, (None, "direct", "model"), "estimate")
        if estimate == "model" and self.model is None:
            raise SpecError("SurveyRates.on: there is no model of so few areas: take estimate='direct'.")
        unknown = self.table.index.difference(data.areas.index)
        if len(unknown):
            raise ColumnError(f"SurveyRates.on: there are no areas {list_some(unknown)} in the data.")
        name, base = self.definition.name, f"{self.definition.name}_n"
        columns = {name: ("", "shown")} if estimate != "model" else {}
        if self.model is not None and estimate != "direct":
            columns[f"{name}_model"] = ("model_", "model_shown")
        for column in (*columns, base):
            if column in data.values.columns:
                raise ColumnError(
                    f"SurveyRates.on: the data have a column {column!r} already: name the survey otherwise."
                )
        table = self.table.reindex(data.areas.index)
        n = table["n"].fillna(0.0)
        values, states = {base: n}, {base: n.eq(0).map({True: "zero", False: "value"})}
        for column, (prefix, how) in columns.items():
            state = table[how].fillna("none")
            share = (100 * table[f"{prefix}share"]).round(DECIMALS).where(state.isin(["value", "bracket"]))
            values[column] = share
            states[column] = state.map(STATUS).mask(share.eq(0) & state.eq("value"), "zero")
        catalogue = data.catalogue.add(*self._meanings(list(columns), base))
        catalogue = catalogue.with_relations(shares={name: base} if name in columns else {})
        return replace(
            data,
            values=data.values.assign(**values),
            status=data.status.assign(**{column: state.astype("str") for column, state in states.items()}),
            catalogue=catalogue,
            notes=(*data.notes, *self._notes(list(columns), catalogue)),
        )

    def _meanings(self, columns: list[str], base: str) -> list[Indicator]:
        found = []
        for column in columns:
            german, english = labels(self.definition, is_model=column.endswith("_model"))
            found.append(
                Indicator(
                    id=column,
                    label_de=german,
                    label_en=english,
                    numerator_de=self.definition.wording or self.definition.label_de,
                    numerator_en=self.definition.wording or self.definition.label_en,
                    denominator_de=self.definition.asked_of,
                    denominator_en=self.definition.asked_of,
                    kind="share",
                )
            )
        german, english = labels(self.definition, is_base=True)
        return [*found, Indicator(id=base, kind="count", label_de=german, label_en=english)]

    def _notes(self, columns: list[str], catalogue: Catalogue) -> list[Message]:
        label = (self.definition.label_de, self.definition.label_en)
        how = self.definition
        details = ", ".join(filter(None, (how.asked_of, how.mode, how.field_time))) or "–"
        counts = self.table["shown"].value_counts()
        said = {
            "label": label,
            "details": details,
            "n": int(self.city["n"]),
            "bracketed": int(counts.get("bracket", 0)),
            "hidden": int(counts.drop(["value", "bracket"], errors="ignore").sum()),
        }
        notes = [Message("fact_survey", said)]
        if self.model is not None and any(column.endswith("_model") for column in columns):
            known = [catalogue.get(one) for one in self.model.covariates]
            words = (", ".join(one.label_de for one in known), ", ".join(one.label_en for one in known))
            notes.append(Message("fact_survey_model", {"label": label, "covariates": words if known else "–"}))
        return notes

    def text(self, lang: Lang = "de") -> str:
        """Return what the survey says in sentences.

        Parameters
        ----------
        lang : {"de", "en"}, default "de"
            Language.

        Returns
        -------
        str
            One or two sentences per line: the city, how many areas may be shown, the model, what was assumed.
        """
        return "\n".join(survey_text(self, lang))

    def chart(
        self, kind: str | None = None, lang: Lang = "de", *, names: pd.Series[str] | None = None, most: int = 40
    ) -> Chart:
        """Return dots with intervals by name of the areas, with the respondents beside.

        Parameters
        ----------
        kind : {"direct", "model"}, optional
            Which estimates; the direct ones, if not given. With the model the direct ones are rings.
        lang : {"de", "en"}, default "de"
            Language.
        names : Series of str, optional
            Area -> name: ``data.areas["name"]``; the key stands in for it.
        most : int, default 40
            So many areas, those with most respondents.

        Returns
        -------
        Chart
            What may not be shown is not drawn.

        Raises
        ------
        SpecError
            There is no such kind or language, or no model.
        """
        choice(kind, (None, "direct", "model"), "kind")
        if kind == "model" and self.model is None:
            raise SpecError("There is no model of so few areas: chart('direct').")
        return survey_chart(self, lang, names=names, most=most, is_model=kind == "model")

    def __repr__(self) -> str:
        share, lower, upper = (f"{100 * self.city[end]:.1f}" for end in ("share", "lower", "upper"))
        counts = self.table["shown"].value_counts()
        words = ", ".join(f"{n} {name}" for name, n in counts.items())
        made = "no model" if self.model is None else f"model with {', '.join(self.model.covariates) or 'no covariate'}"
        return (
            f"SurveyRates {self.definition.name!r}: {share} % ({lower} to {upper}) of {self.city['n']:g} respondents\n"
            f"  {len(self.table)} areas: {words}; {made}"
        )

    def _repr_html_(self) -> str:
        return f"<pre>{escape(self.text('en'))}</pre>" + self._picture()


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
    SurveyRates 'safe': 36.9 % (27.3 to 47.6) of 84 respondents
      2 areas: 1 bracket, 1 value; no model
    >>> safe.table.loc["1", ["lower", "share", "upper"]].astype(float).round(3).tolist()
    [0.239, 0.344, 0.466]
    """
    expects(table, pd.DataFrame, "survey_rates", 'pd.read_csv("befragung.csv", dtype={"Gebiet": str})')
    expects(name, str, "survey_rates: name", 'name="feels_safe"')
    choice(benchmark, ("difference", "ratio", "none"), "benchmark")
    choice(rule, ("width", "cv"), "rule")
    if not name.strip():
        raise SpecError("survey_rates: the share needs a name: name='feels_safe'.")
    if isinstance(min_count, bool) or not isinstance(min_count, int) or min_count < 1:
        raise SpecError(f"survey_rates: min_count={min_count!r} must be a whole number from 1.")
    if not len(table):
        raise CountError("survey_rates: the table is empty: there is no respondent.")
    definition = SurveyDefinition(
        name=name,
        label_de=label_de or label_en or name,
        label_en=label_en or label_de or name,
        wording=wording,
        asked_of=asked_of,
        mode=mode,
        field_time=field_time,
    )
    assumed: set[str] = set()
    if answer:
        answers, places, n_silent = checked_answers(table, answer, area, weight, strata, cluster)
        direct = from_answers(answers, places)
        city = from_answers(answers, pd.Series("", index=answers.index)).loc[""]
        by_weight = answers["w"].groupby(places).sum()
    else:
        if weight or strata or cluster:
            raise SpecError("survey_rates: weights, strata and clusters are of single answers: name answer='...' too.")
        ready = one_question(with_fields(table), question)
        definition, n_silent = _said_by(ready, definition), 0
        direct, assumed = from_ready(ready)
        by_weight, city = direct["n"], pd.Series(dtype=float)
    weights = _weights(residents, direct, by_weight)
    if not answer:
        assumed |= {"residents"} if residents is None else set()
        city = _city(direct, weights)
    elif residents is not None:
        city = pd.concat(
            [_city(direct, weights)[["share", "deff", "n_effective", "lower", "upper"]], city[["n", "n_yes"]]]
        )
    found, model = modelled(direct, checked_covariates(covariates, direct.index), weights, city["share"], benchmark)
    whole = direct.assign(shown=shown(direct, rule, min_count)).join(found.add_prefix("model_"))
    as_model = whole.assign(**{end: whole[f"model_{end}"] for end in ("share", "lower", "upper")})
    return SurveyRates(
        definition=definition,
        table=whole.assign(model_shown=shown(as_model, rule, min_count, modelled=True)),
        city=city.drop("method", errors="ignore").astype(float),
        model=model,
        rule=rule,
        min_count=min_count,
        n_no_answer=n_silent,
        assumed=frozenset(assumed),
    )


def _said_by(ready: pd.DataFrame, given: SurveyDefinition) -> SurveyDefinition:
    """Return the definition with what the table itself says of people, mode and time."""

    def first(field: str) -> str:
        known = ready[field].dropna() if field in ready else []
        return str(known.iloc[0]) if len(known) else ""

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
    return pd.Series(found, index=["n", "n_yes", "share", "deff", "n_effective", "lower", "upper"])
