"""The rates of areas as the respondents alone give them: weighted, with what the weights and clusters cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import count_noun
from quartiersatlas.errors import ColumnError, CountError, SpecError, list_some
from quartiersatlas.indicators.rates import NORMAL_95

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LEAST_DEFF = 0.5  # a design effect below is chance
KISH_BELOW = 30  # respondents: with fewer, the variance in the sample says little
DIRECT = ["n", "n_yes", "share", "deff", "n_effective", "lower", "upper", "method"]


# --- from answers ----------------------------------------------------------------------------------------------------


def from_answers(answers: pd.DataFrame, groups: pd.Series[str]) -> pd.DataFrame:
    """Return the direct estimates of groups of respondents.

    Parameters
    ----------
    answers : DataFrame
        ``y`` (0 or 1), ``w``, and ``stratum`` and ``cluster`` where the sample has them.
    groups : Series of str
        The area of each respondent.

    Returns
    -------
    DataFrame
        On the group: ``n``, ``n_yes`` (as counted), ``share``, ``deff``, ``n_effective``, ``lower``, ``upper`` (95 %),
        ``method`` of the variance: ``"linear"`` or ``"kish"``.

    Notes
    -----
    ``p = S wy / S w``, its variance ``n / (n - 1) S w^2 (y - p)^2 / (S w)^2``; with clusters their sums of w (y - p)
    stand for the respondents, in strata each sum less the mean of its stratum. A stratum with one cluster in the area
    keeps its sum as it is.
    """
    y, w = answers["y"], answers["w"]
    by = answers.assign(wy=w * y, w2=w**2).groupby(groups, sort=True)
    sums = by[["y", "w", "wy", "w2"]].sum()
    n = by.size().astype(float)
    share = (sums["wy"] / sums["w"]).clip(0, 1)
    variance, freedom = _linear(answers.assign(z=w * (y - groups.map(share))), groups)
    variance = variance.reindex(n.index) / sums["w"] ** 2
    simple = share * (1 - share) / n
    kish = n * sums["w2"] / sums["w"] ** 2
    linear = (variance / simple.where(simple > 0)).where(n.ge(KISH_BELOW))
    clustered = "cluster" in answers
    if clustered:
        linear = (variance / simple.where(simple > 0)).where(freedom.reindex(n.index) > 0).clip(lower=kish)
    deff = linear.fillna(kish).clip(lower=LEAST_DEFF)
    quantile = _quantile(freedom.reindex(n.index)) if clustered else NORMAL_95
    lower, upper = wilson_ends(share, n / deff, quantile)
    method = pd.Series(np.where(linear.notna(), "linear", "kish"), index=n.index)
    found = [n, sums["y"], share, deff, n / deff, lower, upper, method]
    return pd.DataFrame(dict(zip(DIRECT, found, strict=True)))


def _linear(answers: pd.DataFrame, groups: pd.Series[str]) -> tuple[pd.Series[float], pd.Series[float]]:
    """Return the variance of the sum of w (y - p) in every group, and its degrees of freedom."""
    frame = pd.DataFrame({"group": groups, "z": answers["z"]})
    frame["stratum"] = answers.get("stratum", "")
    frame["cluster"] = answers["cluster"] if "cluster" in answers else np.arange(len(answers))
    units = frame.groupby(["group", "stratum", "cluster"], sort=True)["z"].sum().reset_index()
    strata = units.groupby(["group", "stratum"])["z"]
    size, mean = strata.transform("size").astype(float), strata.transform("mean")
    alone = size.eq(1)
    squares = (units["z"] - mean.mask(alone, 0.0)) ** 2 * (size / (size - 1).where(~alone, 1.0))
    by_group = units.assign(squares=squares).groupby("group")
    freedom = by_group.size() - units.drop_duplicates(["group", "stratum"]).groupby("group").size()
    return by_group["squares"].sum(), freedom.astype(float)


def _quantile(freedom: pd.Series[float]) -> pd.Series[float]:
    """Return the 97.5 % points of Student's t; of one degree, where there is none."""
    from scipy.stats import t

    return pd.Series(t.ppf(0.975, freedom.clip(lower=1)), index=freedom.index)


def wilson_ends(
    share: pd.Series[float], n: pd.Series[float], quantile: pd.Series[float] | float = NORMAL_95
) -> tuple[pd.Series[float], pd.Series[float]]:
    """Return the ends of Wilson's interval on n respondents that count, with another quantile where few clusters are.

    Examples
    --------
    >>> ends = wilson_ends(pd.Series([0.5]), pd.Series([100.0]))
    >>> [round(float(end.iloc[0]), 4) for end in ends]
    [0.4038, 0.5962]
    """
    z2 = quantile**2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = quantile * np.sqrt(share * (1 - share) / n + z2 / (4 * n**2)) / (1 + z2 / n)
    return (centre - half).clip(lower=0.0), (centre + half).clip(upper=1.0)


def checked_answers(
    frame: pd.DataFrame, answer: str, area: str, weight: str, strata: str, cluster: str
) -> tuple[pd.DataFrame, pd.Series[str], int]:
    """Return answers and areas of those who answered, and how many did not.

    Raises
    ------
    ColumnError
        A column is not there.
    CountError
        An answer is neither yes nor no, or a weight is missing, negative or 0.
    """
    for name in filter(None, (answer, area, weight, strata, cluster)):
        if name not in frame.columns:
            raise ColumnError.not_found(name, frame.columns, "survey_rates: the answers")
    places = frame[area]
    if places.isna().any():
        rows = count_noun(int(places.isna().sum()), "respondent has", "respondents have")
        raise CountError(f"survey_rates: {rows} no area in {area!r}: leave them out, or find their area.")
    refused = [value for value in places.unique() if not isinstance(value, str)]
    if refused:
        raise ColumnError(
            f"survey_rates: area keys are text, but {area!r} holds {list_some(refused, 3)}: read as text."
        )
    given = frame[answer].notna()
    y = pd.to_numeric(frame[answer], errors="coerce").astype(float)
    odd = given & ~y.isin([0.0, 1.0])
    if odd.any():
        raise CountError(
            f"survey_rates: {answer!r} is neither 1 (yes) nor 0 (no) in {count_noun(int(odd.sum()), 'row')} "
            f"({list_some(frame.loc[odd, answer].unique(), 3)}). Say which answers count as yes: "
            f"frame[{answer!r}].isin([...]).astype(float), and leave those without an answer empty."
        )
    w = _weights(frame, weight, given) if weight else pd.Series(1.0, index=frame.index)
    parts = {"y": y, "w": w}
    for name, column in (("stratum", strata), ("cluster", cluster)):
        if column:
            if frame.loc[given, column].isna().any():
                raise CountError(f"survey_rates: {column!r} is empty in some rows: every respondent has a {name}.")
            parts[name] = frame[column]
    if not given.any():
        raise CountError(f"survey_rates: nobody has answered {answer!r}.")
    return pd.DataFrame(parts)[given], places[given].astype(str), int((~given).sum())


def _weights(frame: pd.DataFrame, weight: str, given: pd.Series[bool]) -> pd.Series[float]:
    w = pd.to_numeric(frame[weight], errors="coerce").astype(float)
    wrong = given & ~(w.gt(0) & w.lt(float("inf")))
    if wrong.any():
        shown = list_some(frame.loc[wrong, weight].tolist(), 3)
        raise CountError(
            f"survey_rates: {count_noun(int(wrong.sum()), 'weight')} in {weight!r} missing, 0 or below (rows "
            f"{list_some(wrong.index[wrong], 3)}: {shown}). A weight says for how many people a respondent stands: "
            f"correct it, or leave the respondent out."
        )
    return w


# --- from the table of an institute ----------------------------------------------------------------------------------

HEADINGS = {  # field -> what it is called
    "area": ("area", "Gebiet"),
    "question": ("question", "Frage", "Question"),
    "n": ("n", "Befragte", "Respondents"),
    "n_yes": ("n_yes", "davon Zustimmung", "of these agreeing"),
    "share": ("share", "Anteil (gewichtet)", "Share (weighted)"),
    "se": ("se", "Standardfehler", "Standard error"),
    "deff": ("deff", "Design-Effekt", "Design effect"),
    "field_begin": ("field_begin", "Feldzeit von", "Field work from"),
    "field_end": ("field_end", "Feldzeit bis", "Field work to"),
    "mode": ("mode", "Erhebungsart", "Mode"),
    "population": ("population", "Grundgesamtheit", "Population"),
    "response_rate": ("response_rate", "Rücklauf", "Response rate"),
}


def with_fields(table: pd.DataFrame) -> pd.DataFrame:
    """Return a ready table with the names of the fields, whichever language its headings are in."""
    by_heading = {heading.casefold(): name for name, known in HEADINGS.items() for heading in known}
    found = {column: by_heading.get(str(column).strip().casefold(), str(column)) for column in table.columns}
    twice = [name for name in HEADINGS if list(found.values()).count(name) > 1]
    if twice:
        raise ColumnError(f"survey_rates: the table has {list_some(twice)} twice, in two languages: keep one.")
    return table.rename(columns=found)


def from_ready(table: pd.DataFrame) -> tuple[pd.DataFrame, set[str]]:
    """Return the direct estimates of a ready table on its areas, and what was not in it.

    Raises
    ------
    ColumnError
        The respondents are not there, or neither share nor number of those who agree.
    CountError
        A number cannot be: more who agree than respondents, a share beyond 100 percent, 34 beside 0.34, a design
        effect or standard error not above 0.
    """
    if "n" not in table or not ({"n_yes", "share"} & set(table.columns)):
        raise ColumnError(
            "survey_rates: a ready table needs respondents (n, 'Befragte') and the share (share, 'Anteil (gewichtet)') "
            "or how many agree (n_yes, 'davon Zustimmung') for every area. For single answers name the column: "
            "answer='question_1'."
        )
    given: dict[str, pd.Series[float]] = {}
    for name in ("n", "n_yes", "share", "se", "deff"):
        if name in table:
            number = pd.to_numeric(table[name], errors="coerce").astype(float)
            _refuse(table, name, table[name].notna() & number.isna(), "no number")
            given[name] = number
    n = given["n"]
    _refuse(table, "n", ~(n.ge(0) & n.eq(n.round())), "no number of respondents")
    n = n.where(n > 0)
    lacking = {name for name in ("n_yes", "deff") if name not in given}
    share, per = _fractions(table, given["share"]) if "share" in given else (given["n_yes"] / n, 1.0)
    yes = given["n_yes"] if "n_yes" in given else (share * n).round()
    _refuse(table, "n_yes" if "n_yes" in given else "share", yes.lt(0) | yes.gt(n), "below 0, or more than respondents")
    share = share.where(n.notna())
    simple = share * (1 - share) / n
    deff = pd.Series(float("nan"), index=table.index)
    if "se" in given:
        _refuse(table, "se", given["se"] <= 0, "a standard error that is not above 0")
        deff = (given["se"] / per) ** 2 / simple.where(simple > 0)
    if "deff" in given:
        _refuse(table, "deff", given["deff"] <= 0, "a design effect that is not above 0")
        deff = deff.fillna(given["deff"])
    lacking = lacking - {"deff"} if deff[n.notna()].notna().any() else lacking
    method = pd.Series(np.where(deff.notna(), "given", "none"), index=table.index)
    typical = float(deff.median()) if deff.notna().any() else 1.0
    deff = deff.fillna(typical).clip(lower=LEAST_DEFF)
    lower, upper = wilson_ends(share, n / deff)
    found = [n.fillna(0.0), yes.fillna(0.0), share, deff, n / deff, lower, upper, method]
    return pd.DataFrame(dict(zip(DIRECT, found, strict=True))), lacking


def _fractions(table: pd.DataFrame, share: pd.Series[float]) -> tuple[pd.Series[float], float]:
    """Return shares as fractions, and what they were divided by: all are percent, or all are fractions."""
    _refuse(table, "share", share.lt(0) | share.gt(100), "no share")
    above, below = share.gt(1), share.gt(0) & share.lt(1)
    if above.any() and below.any():
        raise CountError(
            f"survey_rates: shares mix percent and fractions: {share[above].iloc[0]:g} in {share.index[above][0]!r}, "
            f"{share[below].iloc[0]:g} in {share.index[below][0]!r}. Write all of them in percent or all as fractions; "
            f"a share truly below 1 percent can be given as n_yes."
        )
    return (share / 100, 100.0) if above.any() else (share, 1.0)


def _refuse(table: pd.DataFrame, column: str, wrong: pd.Series[bool], what: str) -> None:
    if wrong.any():
        keys = wrong.index[wrong]
        cells = ", ".join(f"{key!r}: {table.loc[key, column]}" for key in keys[:5])
        raise CountError(
            f"survey_rates: {count_noun(len(keys), 'area has', 'areas have')} {what} in {column!r} ({cells})."
        )


def one_question(table: pd.DataFrame, question: str) -> pd.DataFrame:
    """Return the rows of one question on their areas, each area once, of one population and one mode.

    Raises
    ------
    SpecError
        There are several questions and none is named, or several populations or modes.
    ColumnError
        An area stands twice.
    """
    if "question" in table:
        asked = list(dict.fromkeys(table["question"].astype(str)))
        if question and question not in asked:
            raise SpecError(f"survey_rates: there is no question {question!r}, but {list_some(asked)}.")
        if not question and len(asked) > 1:
            raise SpecError(f"survey_rates: the table has the questions {list_some(asked)}: name one, question='...'.")
        table = table[table["question"].astype(str).eq(question or asked[0])]
    for name in ("population", "mode"):
        if name in table and len(table[name].unique()) > 1:
            raise SpecError(
                f"survey_rates: the rows differ in {name} ({list_some(table[name].unique(), 3)}): they are of "
                f"different surveys, and not comparable. Take one of them."
            )
    if "area" in table:
        table = table.set_index("area")
    twice = table.index[table.index.duplicated()]
    if len(twice):
        raise ColumnError(
            f"survey_rates: areas stand twice: {list_some(twice.unique())}. One row per area and question."
        )
    odd = [key for key in table.index if not isinstance(key, str)]
    if odd:
        raise ColumnError(f"survey_rates: area keys are text, not {list_some(odd, 3)}: read the column as text.")
    return table.sort_index()
