"""Which areas changed their class between two dates: a matrix of rows earlier and columns later."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from math import isnan
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import choice, count_noun, expects
from quartiersatlas.base.keys import refuse_number_keys, refuse_repeated_keys
from quartiersatlas.catalogue.texts import check_lang, number_text, pick, text
from quartiersatlas.charts import Axis, Bar, Chart, Charted, Line, Text
from quartiersatlas.charts.marks import INK, QUIET
from quartiersatlas.errors import JoinError, SpecError, list_some
from quartiersatlas.need.score.need_scores import NeedScores

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.charts.marks import Mark

Classed: TypeAlias = "NeedScores | pd.Series[str]"
ClassesOf = Literal["need", "values"]
SAME, RISING, FALLING = (140, 140, 140), (224, 130, 20), (123, 94, 167)
HIGHER, LOWER, NONE = (70, 100, 150), (0, 128, 128), (190, 190, 190)
COLORS = {
    "need": {"same": SAME, "rising": RISING, "falling": FALLING},
    "values": {"same": SAME, "rising": HIGHER, "falling": LOWER, "none": NONE},
}
SENTENCES = {"need": "chart_transition_sentence", "values": "chart_transition_values"}
KEYS = {
    "need": {"same": "chart_same", "rising": "chart_rising", "falling": "chart_falling"},
    "values": {"same": "chart_same", "rising": "chart_higher_class", "falling": "chart_lower_class"},
}
HOW = "earlier = qa.need_index(earlier_data, spec), or a Series of classes on the district key"


def class_transition(
    earlier: Classed,
    later: Classed,
    *,
    classes: Sequence[str] | None = None,
    axis: str | None = None,
    labels: Mapping[str, tuple[str, str]] | None = None,
    definitions: tuple[str, str] | None = None,
    residents: pd.Series[float] | None = None,
    dates: tuple[str, str] | None = None,
    force: bool = False,
    of: ClassesOf = "need",
    limits: Literal["fixed", "each"] = "each",
) -> ClassTransition:
    """Count the areas by their class at two dates.

    Parameters
    ----------
    earlier, later : NeedIndex, or Series of str
        Two need indices by one spec, or the classes of two dates on the district key; missing where an area has none.
    classes : sequence of str, optional
        The classes from the lowest need to the highest one; needed with Series. Of an index, those of its axis.
    axis : str, optional
        The axis of the indices; the first, if not given.
    labels : mapping of str to (str, str), optional
        Class -> its label in German and in English.
    definitions : (str, str), optional
        The rules by which Series were classed at the two dates, such as ``("MSS 2019", "MSS 2021")``; a need index
        carries its own. Where they are not given, the result says so.
    residents : Series of float, optional
        Residents at the later date. Said of a cell only where they are known of all its areas.
    dates : (str, str), optional
        What the two dates are called, such as ``("2022", "2024")``.
    force : bool, default False
        Whether to count although the definitions or the areas of the two dates differ; the result says so.
    of : {"need", "values"}, default "need"
        ``"values"``: classes of an indicator from the lowest values to the highest ones, which say nothing of need;
        areas without a class are then a row and a column of their own, called ``""``.
    limits : {"each", "fixed"}, default "each"
        Whether the classes of each date have limits of their own, so that a change is one of places among the areas,
        or those of one date.

    Returns
    -------
    ClassTransition
        ``.table`` with a row per earlier and a column per later class, and ``.plot()``.

    Raises
    ------
    SpecError
        The two dates are of different rules, a class is none of ``classes``, or these are not given.
    JoinError
        The areas of the two dates are not the same ones.
    KeyColumnError
        An area has more than one row.
    ArgumentError
        The dates are neither need indices nor Series.

    Notes
    -----
    Classes that are set relative to all areas of a date tell which areas changed places among the others: an area can
    fall behind although its own numbers have become better.

    Examples
    --------
    >>> earlier = pd.Series({"a": "low", "b": "low", "c": "high"})
    >>> later = pd.Series({"a": "low", "b": "high", "c": "high"})
    >>> class_transition(earlier, later, classes=["low", "high"]).table.to_numpy().tolist()
    [[1, 1], [0, 1]]
    """
    choice(of, ("need", "values"), "class_transition: of")
    choice(limits, ("fixed", "each"), "class_transition: limits")
    for side, name in ((earlier, "earlier"), (later, "later")):
        expects(side, (NeedScores, pd.Series), f"class_transition: {name}", HOW)
    before, after, known, words = _classes_of(earlier, later, axis, classes, labels)
    notes = _rules(earlier, later, definitions, force=force)
    odd = before.index.symmetric_difference(after.index)
    if len(odd):
        refuse_number_keys(before.index, after.index, "the earlier date", "Make the index of both text, with all zeros")
        if not force:
            raise JoinError(
                f"class_transition: the two dates are not on the same areas: "
                f"{count_noun(len(odd), 'key is', 'keys are')} in one only: {list_some(odd)}. Bring them to the same "
                f"areas first, or pass force=True to count those that both have; the result then says so."
            )
        notes.append("chart_other_areas")
    keys = before.index.intersection(after.index, sort=False)
    before, after = before.loc[keys], after.loc[keys]
    for side in (before, after):
        _refuse_unknown(side, known)
    labels = {name: words.get(name, (name, name)) for name in known}
    moves = pd.DataFrame({"earlier": before, "later": after})
    if of == "values":
        known = [*known, ""]
        labels[""] = (text("class_none", "de"), text("class_none", "en"))
        before, after = before.where(before.notna(), ""), after.where(after.notna(), "")
    return ClassTransition(
        table=_counted(before, after, known),
        labels=labels,
        moves=moves,
        residents=_persons(before, after, known, residents),
        left_out=len(odd),
        notes=tuple(notes),
        dates=dates or ("", ""),
        of=of,
        limits=limits,
    )


def _rules(earlier: Classed, later: Classed, definitions: tuple[str, str] | None, *, force: bool) -> list[str]:
    """Refuse dates of different rules, or say that they are."""
    said = list(definitions) if definitions is not None else ["", ""]
    for number, side in enumerate((earlier, later)):
        if isinstance(side, NeedScores):
            said[number] = f"{side.spec.id} ({side.spec.hash})"
    if not all(said):
        return ["chart_rules_unsaid"]
    if said[0] == said[1]:
        return []
    if not force:
        raise SpecError(
            f"class_transition: the two dates are of different rules, {said[0]} and {said[1]}: a change of class "
            f"may be one of the rules. Class both by one of them, or pass force=True to count all the same; the result "
            f"then says so."
        )
    return ["chart_break"]


def _classes_of(
    earlier: Classed,
    later: Classed,
    axis: str | None,
    classes: Sequence[str] | None,
    labels: Mapping[str, tuple[str, str]] | None,
) -> tuple[pd.Series[str], pd.Series[str], list[str], dict[str, tuple[str, str]]]:
    """Return the classes of both dates, their order from the lowest need to the highest one, and their labels."""
    columns, words, found = [], dict(labels or {}), list(classes or [])
    for side in (earlier, later):
        if isinstance(side, NeedScores):
            shown = side.spec.axes[0] if axis is None else side.spec.axis(axis)
            columns.append(side.classes[shown.id])
            found = found or [one.id for one in shown.classes]
            words = {**{one.id: (one.label("de"), one.label("en")) for one in shown.classes}, **words}
        else:
            refuse_repeated_keys(side.index, "class_transition: a date")
            columns.append(side)
    if not found:
        raise SpecError(
            "class_transition: name the classes from the lowest need to the highest one: classes=['low', 'high']."
        )
    return columns[0], columns[1], found, words


def _refuse_unknown(side: pd.Series[str], known: list[str]) -> None:
    odd = side.dropna()[~side.dropna().isin(known)].unique()
    if len(odd):
        raise SpecError(f"class_transition: {list_some(odd)}: none of the classes {', '.join(map(repr, known))}.")


def _counted(before: pd.Series[str], after: pd.Series[str], known: list[str]) -> pd.DataFrame:
    table = pd.crosstab(before, after).reindex(index=known, columns=known, fill_value=0)
    return table.rename_axis(index="earlier", columns="later").astype(int)


def _persons(
    before: pd.Series[str], after: pd.Series[str], known: list[str], residents: pd.Series[float] | None
) -> pd.DataFrame | None:
    """Return the residents of each cell; missing where those of one of its areas are not known."""
    if residents is None:
        return None
    refuse_repeated_keys(residents.index, "class_transition: residents")
    persons = residents.reindex(before.index)
    found = {late: [persons[before.eq(early) & after.eq(late)].sum(skipna=False) for early in known] for late in known}
    return pd.DataFrame(found, index=known).rename_axis(index="earlier", columns="later")


@dataclass(frozen=True, eq=False)
class ClassTransition(Charted):
    """Areas by their class at two dates.

    Parameters
    ----------
    table : DataFrame of int
        A row per earlier class, a column per later one, from the lowest need to the highest.
    labels : mapping of str to (str, str)
        Class -> its label in German and in English.
    moves : DataFrame
        On the district key: ``earlier`` and ``later`` class of the areas of both dates.
    residents : DataFrame, optional
        Residents of each cell, like the table; missing where those of one of its areas are not known.
    left_out : int
        Areas of one date only.
    notes : tuple of str
        Names of the texts that say what a reader has to know.
    dates : (str, str)
        What the two dates are called.
    of : {"need", "values"}
        What the classes are of.
    limits : {"fixed", "each"}
        Whether the classes of both dates have the same limits.
    """

    table: pd.DataFrame
    labels: Mapping[str, tuple[str, str]]
    moves: pd.DataFrame
    residents: pd.DataFrame | None = None
    left_out: int = 0
    notes: tuple[str, ...] = field(default=())
    dates: tuple[str, str] = ("", "")
    of: ClassesOf = "need"
    limits: Literal["fixed", "each"] = "each"

    def chart(self, kind: str | None = None, lang: Lang = "de") -> Chart:
        """Return the matrix as a chart.

        Parameters
        ----------
        kind : {"transition"}, optional
            The only one.
        lang : {"de", "en"}, default "de"
            Language.

        Returns
        -------
        Chart
            The count in each cell; grey where the class is the same, orange where need has risen, violet where fallen;
            of values in neutral colours.
        """
        if kind not in (None, "transition"):
            raise SpecError(f"kind must be 'transition', not {kind!r}.")
        return transition_chart(self.table, self.labels, self.residents, self._remarks(lang), self.dates, lang, self.of)

    def _remarks(self, lang: Lang) -> list[str]:
        without = int(self.moves.isna().any(axis=1).sum()) if self.of == "need" else 0
        counts = {"chart_other_areas": self.left_out}
        said = [
            text(name, lang, **({"n": number_text(counts[name], 0, lang)} if name in counts else {}))
            for name in self.notes
        ]
        said.insert(0, text("chart_relative" if self.limits == "each" else "chart_absolute", lang))
        return said + ([text("chart_without_class", lang, n=number_text(without, 0, lang))] if without else [])

    def __repr__(self) -> str:
        stayed = sum(int(self.table.loc[name, name]) for name in self.table.index)
        head = f"ClassTransition: {stayed} of {int(self.table.to_numpy().sum())} areas stayed in their class"
        return "\n".join([head, self.table.to_string(), *self._remarks("en")])

    def _repr_html_(self) -> str:
        remarks = "".join(f"<p>{escape(remark)}</p>" for remark in self._remarks("en"))
        return f"{self.table.to_html(escape=True)}{remarks}{self._picture()}"


def transition_chart(
    table: pd.DataFrame,
    labels: Mapping[str, tuple[str, str]],
    residents: pd.DataFrame | None,
    remarks: Sequence[str],
    dates: tuple[str, str],
    lang: Lang,
    of: ClassesOf = "need",
) -> Chart:
    """Return the counts of a transition as a matrix."""
    check_lang(lang)
    words = tuple(pick(lang, *labels[str(name)]) for name in table.index)
    counts = table.to_numpy(dtype=float)
    most = max(1.0, float(counts.max(initial=0)))
    persons_of = np.zeros_like(counts) if residents is None else residents.to_numpy(dtype=float)
    marks: list[Mark] = []
    n_classed = len(words) - (of == "values")
    for i in range(len(words)):
        for j in range(len(words)):
            persons = None if residents is None else float(persons_of[i, j])
            place = "none" if max(i, j) >= n_classed else "same" if i == j else "rising" if j > i else "falling"
            marks += _square(i, j, float(counts[i, j]), most, persons, lang, COLORS[of][place])
    marks += [_ruled(i) for i in range(n_classed)]
    classed = counts[:n_classed, :n_classed]
    total, stayed = classed.sum(), classed.trace()
    rising = np.triu(classed, 1).sum()
    numbers = {"n": total, "stayed": stayed, "rising": rising, "falling": total - stayed - rising}
    sentence = text(SENTENCES[of], lang, **{k: number_text(v, 0, lang) for k, v in numbers.items()})
    rows = tuple((word, *(number_text(v, 0, lang) for v in row)) for word, row in zip(words, counts, strict=True))
    sides = [
        f"{text(name, lang)}: {date}" if date else text(name, lang)
        for name, date in zip(("chart_earlier", "chart_later"), dates, strict=True)
    ]
    key = [(COLORS[of][place], name) for place, name in KEYS[of].items()]
    n = len(words)
    return Chart(
        id="transition",
        title=text("chart_transition", lang),
        alt=sentence,
        x=Axis(-0.5, n - 0.5, sides[1], bands=words),
        y=Axis(-0.5, n - 0.5, sides[0], bands=words, down=True),
        marks=tuple(marks),
        note=" ".join([sentence, *remarks]),
        head=(sides[0], *words),
        rows=rows,
        key=tuple((_color(color, 0.75), text(name, lang)) for color, name in key),
        height=0.16 + 0.07 * n,
    )


def _ruled(i: int) -> Mark:
    """Return the frame of a cell of the diagonal."""
    corners = ((i - 0.48, i - 0.46), (i + 0.48, i - 0.46), (i + 0.48, i + 0.46), (i - 0.48, i + 0.46))
    return Line(points=(*corners, corners[0]), stroke=INK, width=1.2)


def _square(
    i: int, j: int, count: float, most: float, persons: float | None, lang: Lang, color: tuple[int, int, int]
) -> list[Mark]:
    """Return a cell, the darker the more areas, with its count and, where they are known, its residents."""
    strength = 0.0 if count == 0 else 0.18 + 0.6 * (count / most) ** 0.5
    look: dict[str, Any] = {"fill": INK if count else QUIET, "halo": False}
    marks: list[Mark] = [
        Bar(
            x0=j - 0.48,
            x1=j + 0.48,
            y0=i - 0.46,
            y1=i + 0.46,
            fill=_color(color, strength),
            stroke=_color(color, 0.3),
            width=0.6,
        ),
    ]
    people = persons is not None and not isnan(persons) and count > 0
    written = number_text(count, 0, lang)
    marks.append(Text(x=j, y=i, text=written, size=10, bold=count > 0, dy=-4 if people else 0, **look))
    if people:
        words = text("chart_residents", lang, n=number_text(float(persons or 0), 0, lang))
        marks.append(Text(x=j, y=i, text=words, size=6.5, dy=5, **look))
    return marks


def _color(color: tuple[int, int, int], strength: float) -> str:
    return "#" + "".join(f"{round(255 + strength * (part - 255)):02x}" for part in color)
