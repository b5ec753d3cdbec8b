"""How many burdens meet how much need? Noise, heat and the like by class of need: areas and residents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from math import isfinite
from numbers import Real
from types import NoneType
from typing import TYPE_CHECKING, TypeAlias

import pandas as pd

from quartiersatlas.base.checks import count_noun, expects
from quartiersatlas.base.keys import refuse_repeated_keys
from quartiersatlas.catalogue.texts import check_lang, number_text, pick, text
from quartiersatlas.charts import Charted
from quartiersatlas.errors import CountError, JoinError, SpecError, list_some
from quartiersatlas.need.pictures.burden import burden_chart
from quartiersatlas.need.score.need_scores import NeedScores

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.charts import Chart

LimitOf: TypeAlias = "float | tuple[float, str] | None"
TIE = 1e-9
SMALL_TOWN = 15  # areas below which a quantile of the areas says little
HOW = "need = qa.need_index(data, spec), or a Series of classes on the district key"


def burden(
    need: NeedScores | pd.Series[str],
    burdens: Mapping[str, pd.Series[float]],
    *,
    limits: Mapping[str, LimitOf] | None = None,
    quantile: float = 0.75,
    classes: Sequence[str] | None = None,
    labels: Mapping[str, tuple[str, str]] | None = None,
    axis: str | None = None,
    residents: pd.Series[float] | None = None,
) -> Burden:
    """Count the burdens of each area, and the areas and residents by number of burdens and class of need.

    Parameters
    ----------
    need : NeedIndex, or Series of str
        The index, or the classes of need on the district key; missing where an area has none.
    burdens : mapping of str to Series of float
        Name as readers see it -> values on the district key, where higher is worse; missing where they are unknown.
    limits : mapping of str to float, (float, str) or None, optional
        From which value on an area is burdened, and the law or guideline that says so: ``{"Lärm": (10, "Lden 65
        dB(A), EU 2002/49")}``. Where nothing is given, the quantile of the areas is taken, and named.
    quantile : float, default 0.75
        Of the areas with a known value.
    classes : sequence of str, optional
        The classes from the lowest need to the highest one; needed with a Series.
    labels : mapping of str to (str, str), optional
        Class -> its label in German and English.
    axis : str, optional
        The axis of the index; the first, if not given.
    residents : Series of float, optional
        Residents of each area.

    Returns
    -------
    Burden
        ``.table`` (areas) and ``.residents`` by number of burdens and class, ``.areas``, ``.limits``, ``.plot()``.

    Raises
    ------
    SpecError
        There is no burden, a limit is no number or of none of the burdens, the quantile is none, or classes are not
        named.
    JoinError
        The keys are not those of the need.
    CountError
        A burden is no number, or is known nowhere.
    KeyColumnError
        An area has more than one row.
    ArgumentError
        The need is neither an index nor a Series, or burdens are no mapping of Series.

    Notes
    -----
    An area has at least as many burdens as are known: where one is unknown, the number is a lower bound, and
    ``unknown`` says so. Limits by quantile make a quarter of the areas burdened wherever they are: they tell where
    in the city a burden is high, not whether it is too high.

    Examples
    --------
    >>> need = pd.Series({"a": "low", "b": "high", "c": "high"})
    >>> noise, heat = pd.Series({"a": 2.0, "b": 30, "c": 12}), pd.Series({"a": 40.0, "b": 41, "c": 35})
    >>> found = burden(need, {"Noise": noise, "Heat": heat}, limits={"Noise": 10, "Heat": 40}, classes=["low", "high"])
    >>> found.areas["burdens"].to_dict()
    {'a': 1, 'b': 2, 'c': 1}
    """
    expects(need, (NeedScores, pd.Series), "burden", HOW)
    expects(burdens, Mapping, "burden: burdens", '{"Lärm": data.values["noise_share_65"]}')
    if not burdens:
        raise SpecError("burden: name at least one burden: {'Lärm': data.values['noise_share_65']}.")
    expects(quantile, Real, "burden: quantile", "quantile=0.75")
    for name, value in (("limits", limits), ("labels", labels)):
        expects(value, (Mapping, NoneType), f"burden: {name}", f'{name}={{"Lärm": ...}}')
    expects(classes, (list, tuple, NoneType), "burden: classes", 'classes=["low", "high"]')
    if not 0 < quantile < 1:
        raise SpecError(f"burden: quantile is {quantile!r}; it lies between 0 and 1.")
    classed, known, words = _classes(need, axis, classes, labels)
    odd = [name for name in limits or {} if name not in burdens]
    if odd:
        raise SpecError(f"burden: a limit is given of {list_some(odd)}, which is none of {list_some(burdens)}.")
    values = pd.DataFrame({name: _values(name, column, classed.index) for name, column in burdens.items()})
    found = {name: _limit(name, values[name], (limits or {}).get(name), quantile) for name in burdens}
    table = pd.DataFrame(found, index=["limit", "source", "by"]).T.rename_axis("burden")
    over = values.ge(table["limit"].astype(float) - TIE).where(values.notna())
    number = over.eq(True).sum(axis=1).astype(int)  # noqa: FBT003 - cells are true, false or unknown
    areas = pd.DataFrame({"need": classed, "burdens": number, "unknown": over.isna().sum(axis=1)}).join(over)
    rows = range(len(values.columns), -1, -1)
    counted = pd.crosstab(number, classed).reindex(index=rows, columns=known, fill_value=0)
    counted = counted.rename_axis(index="burdens", columns="need")
    persons = None if residents is None else _persons(residents, number, classed, counted)
    columns = {name: str(column.name) for name, column in burdens.items() if column.name is not None}
    return Burden(
        table=counted,
        residents=persons,
        areas=areas,
        limits=table,
        labels=words,
        quantile=quantile,
        columns=columns,
        axis=axis or (need.spec.axes[0].id if isinstance(need, NeedScores) else ""),
    )


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Burden(Charted):
    """Areas by the number of their burdens and their class of need.

    Parameters
    ----------
    table : DataFrame of int
        Areas: a row per number of burdens from all down to 0, a column per class from the lowest need to the highest.
    residents : DataFrame, optional
        Residents, like the table; missing where those of one of the areas are unknown.
    areas : DataFrame
        On the district key: ``need``, ``burdens`` (at least so many), ``unknown`` (burdens whose value is unknown), and
        for each burden whether its limit is reached; missing where that is unknown.
    limits : DataFrame
        On the burden: ``limit``, ``source`` and ``by`` (``"given"`` or ``"quantile"``).
    labels : mapping of str to (str, str)
        Class -> its label in German and English.
    quantile : float
        That of limits by quantile.
    columns : mapping of str to str
        Burden -> the name of its Series: the column that a release shows.
    axis : str
        The axis of the index; empty where classes were given.
    """

    table: pd.DataFrame
    residents: pd.DataFrame | None = None
    areas: pd.DataFrame
    limits: pd.DataFrame
    labels: Mapping[str, tuple[str, str]] = field(repr=False)
    quantile: float = 0.75
    columns: Mapping[str, str] = field(default_factory=dict, repr=False)
    axis: str = ""

    def text(self, lang: Lang = "de") -> str:
        """Return the limits, and what is unknown, in sentences.

        Parameters
        ----------
        lang : {"de", "en"}, default "de"
            Language.
        """
        check_lang(lang)
        lines = []
        for name, row in self.limits.iterrows():
            said = {"burden": str(name), "limit": _written(float(row["limit"]), lang), "source": row["source"]}
            if row["by"] == "quantile":
                share = number_text(100 * (1 - self.quantile), 0, lang)
                lines.append(text("burden_limit_quantile", lang, share=share, **said))
            else:
                lines.append(text("burden_limit_source" if row["source"] else "burden_limit", lang, **said))
        if len(self.areas) < SMALL_TOWN and self.limits["by"].eq("quantile").any():
            lines.append(text("burden_small", lang, n=len(self.areas)))
        unknown = int(self.areas["unknown"].gt(0).sum())
        if unknown:
            lines.append(text("burden_unknown", lang, n=number_text(unknown, 0, lang)))
        without = int(self.areas["need"].isna().sum())
        if without:
            lines.append(text("burden_without_class", lang, n=number_text(without, 0, lang)))
        return "\n".join(lines)

    def chart(self, kind: str | None = None, lang: Lang = "de") -> Chart:
        """Return the matrix of burdens and need as a chart.

        Parameters
        ----------
        kind : {"matrix"}, optional
            The only one.
        lang : {"de", "en"}, default "de"
            Language.

        Returns
        -------
        Chart
            The number of areas in each cell, and their residents where they are known.

        Raises
        ------
        SpecError
            There is no such kind or language.
        """
        if kind not in (None, "matrix"):
            raise SpecError(f"kind must be 'matrix', not {kind!r}.")
        check_lang(lang)
        words = [pick(lang, *self.labels[str(name)]) for name in self.table.columns]
        return burden_chart(self.table, self.residents, words, self.text(lang).replace("\n", " "), lang)

    def __repr__(self) -> str:
        head = f"Burden: {count_noun(len(self.limits), 'burden')}, {count_noun(len(self.areas), 'area')}"
        return "\n".join([head, self.table.to_string(), self.text("en")])

    def _repr_html_(self) -> str:
        return f"{self.table.to_html(escape=True)}<p>{escape(self.text('en'))}</p>{self._picture()}"


def _written(value: float, lang: Lang) -> str:
    return number_text(value, 0 if float(value).is_integer() else 1, lang)


def _classes(
    need: NeedScores | pd.Series[str],
    axis: str | None,
    classes: Sequence[str] | None,
    labels: Mapping[str, tuple[str, str]] | None,
) -> tuple[pd.Series[str], list[str], dict[str, tuple[str, str]]]:
    """Return the class of each area, all classes from low to high, and their labels."""
    words, found = dict(labels or {}), list(classes or [])
    if isinstance(need, NeedScores):
        shown = need.spec.axes[0] if axis is None else need.spec.axis(axis)
        classed = need.classes[shown.id]
        found = found or [one.id for one in shown.classes]
        words = {**{one.id: (one.label("de"), one.label("en")) for one in shown.classes}, **words}
    else:
        classed = need
    if not found:
        raise SpecError("burden: name the classes from the lowest need to the highest one: classes=['low', 'high'].")
    refuse_repeated_keys(classed.index, "burden: need")
    odd = classed.dropna()[~classed.dropna().isin(found)].unique()
    if len(odd):
        raise SpecError(f"burden: {list_some(odd)}: none of the classes {', '.join(map(repr, found))}.")
    return classed, found, {name: words.get(name, (name, name)) for name in found}


def _values(name: str, column: pd.Series[float], keys: pd.Index) -> pd.Series[float]:
    """Return the values of a burden on the keys of the need."""
    expects(column, pd.Series, f"burden: {name}", 'data.values["noise_share_65"]')
    refuse_repeated_keys(column.index, f"burden: {name}")
    odd = column.index.symmetric_difference(keys)
    if len(odd):
        raise JoinError(
            f"burden: {name!r} is of other areas than the need: {count_noun(len(odd), 'key is', 'keys are')} in one "
            f"only: {list_some(odd)}. Unknown values stay as empty cells: reindex(need.scores.index)."
        )
    numbers = pd.to_numeric(column, errors="coerce")
    if numbers.isna().ne(column.isna()).any() or numbers.isin([float("inf"), float("-inf")]).any():
        raise CountError(f"burden: {name!r} holds something that is no number.")
    if numbers.isna().all():
        raise CountError(f"burden: {name!r} is known in no area: leave it out.")
    return numbers.astype(float).loc[keys]


def _limit(name: str, values: pd.Series[float], given: LimitOf, quantile: float) -> tuple[float, str, str]:
    if given is None:
        return float(values.quantile(quantile)), "", "quantile"
    limit, source = given if isinstance(given, tuple | list) and len(given) == 2 else (given, "")  # noqa: PLR2004
    if isinstance(limit, bool) or not isinstance(limit, int | float) or not isfinite(limit):
        raise SpecError(f"burden: the limit of {name!r} is a number, or a number and its source, not {given!r}.")
    return float(limit), str(source), "given"


def _persons(
    residents: pd.Series[float], number: pd.Series[int], classed: pd.Series[str], counted: pd.DataFrame
) -> pd.DataFrame:
    """Return the residents of each cell; missing where those of one of its areas are unknown."""
    refuse_repeated_keys(residents.index, "burden: residents")
    persons = residents.reindex(number.index)
    cells = {
        name: [persons[number.eq(row) & classed.eq(str(name))].sum(skipna=False) for row in counted.index]
        for name in counted
    }
    return pd.DataFrame(cells, index=counted.index).rename_axis(index="burdens", columns="need")
