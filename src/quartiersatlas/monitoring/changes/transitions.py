"""Which areas changed their class: by the limits of the first date, or by those of each date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import choice
from quartiersatlas.catalogue.texts import LANGUAGES, number_text, text
from quartiersatlas.charts import Charted
from quartiersatlas.errors import SpecError
from quartiersatlas.need.pictures.transition import ClassTransition, class_transition
from quartiersatlas.need.score.scales import quantiles
from quartiersatlas.screening.evaluation.exact import nearly

if TYPE_CHECKING:
    from quartiersatlas.catalogue import Indicator, Lang
    from quartiersatlas.charts import Chart
    from quartiersatlas.intake import AreaData

    ClassLimits = Literal["fixed", "each"]

LEAST, MOST = 2, 10  # classes
SMALL_TOWN = 15  # areas below which classes by quantiles tell their number and nothing else
LIKE_SPREADSHEETS = 7  # type of quantile


@dataclass(frozen=True, eq=False, repr=False)
class Transitions(Charted):
    """Areas and residents by their class at two dates, for each step.

    Parameters
    ----------
    matrices : tuple of ClassTransition
        One per step between neighbouring dates, and one from the first to the last date; of two dates a single one.
        Rows are the earlier classes from the lowest values to the highest, columns the later ones; the last of each is
        ``""``, without a class.
    limits : {"fixed", "each"}
        Those of the first date at all dates, or those of each date.
    meaning : Indicator
        What the classes are of.
    breaks : dict of str to tuple of float
        Date -> limits between the classes.
    """

    matrices: tuple[ClassTransition, ...]
    limits: ClassLimits
    meaning: Indicator
    breaks: dict[str, tuple[float, ...]] = field(default_factory=dict)

    @property
    def table(self) -> pd.DataFrame:
        """One row per step and pair of classes: areas, and residents at the later date."""
        parts = []
        for one in self.matrices:
            classes = [str(name) for name in one.table.index]
            rows = pd.DataFrame(
                {"class_earlier": np.repeat(classes, len(classes)), "class_later": classes * len(classes)}
            )
            rows["areas"] = one.table.to_numpy().ravel()
            residents = np.nan if one.residents is None else one.residents.to_numpy().ravel()
            parts.append(rows.assign(earlier=one.dates[0], later=one.dates[1], residents=residents))
        return pd.concat(parts, ignore_index=True)[
            ["earlier", "later", "class_earlier", "class_later", "areas", "residents"]
        ]

    @property
    def moves(self) -> pd.DataFrame:
        """On the district key: the class at the first and at the last date."""
        return self.matrices[-1].moves

    def chart(self, kind: str | None = None, lang: Lang = "de", *, step: int = -1) -> Chart:
        """Return the matrix of one step.

        Parameters
        ----------
        kind : {"transition"}, optional
            The only one.
        lang : {"de", "en"}, default "de"
            Language.
        step : int, default -1
            Its place among :attr:`matrices`; the last is from the first to the last date.

        Returns
        -------
        Chart
            The count in each cell; which limits were used stands below.

        Raises
        ------
        SpecError
            There is no such kind, language or step.
        """
        n = len(self.matrices)
        if not -n <= step < n:
            raise SpecError(f"There is no step {step}: there are {n}, counted from 0.")
        found = self.matrices[step].chart(kind, lang)
        return replace(found, title=f"{self.meaning.label(lang)}: {found.title}")

    def charts(self, lang: Lang = "de") -> tuple[Chart, ...]:
        """Return all matrices as small multiples.

        Parameters
        ----------
        lang : {"de", "en"}, default "de"
            Language.

        Returns
        -------
        tuple of Chart
            In the order of :attr:`matrices`.
        """
        return tuple(self.chart(None, lang, step=number) for number in range(len(self.matrices)))

    def __repr__(self) -> str:
        lines = [f"Transitions, limits {'of the first date' if self.limits == 'fixed' else 'of each date'}"]
        return "\n".join([*lines, *(f"{' -> '.join(one.dates)}\n{one.table.to_string()}" for one in self.matrices)])

    def _repr_html_(self) -> str:
        return (
            f"<p>{escape(repr(self).splitlines()[0])}</p>"
            + "".join(
                f"<p>{escape(' -> '.join(one.dates))}</p>{one.table.to_html(escape=True)}" for one in self.matrices
            )
            + self._picture()
        )


def class_transitions(
    dates: Sequence[AreaData], indicator: str, meaning: Indicator, classes: int | Sequence[float], limits: ClassLimits
) -> Transitions:
    """Return the changes of class of an indicator between dates.

    Raises
    ------
    SpecError
        Classes are fewer than two or more than ten, limits do not rise, or are numbers that each date should have anew.
    """
    choice(limits, ("fixed", "each"), "transitions: limits")
    breaks = _breaks(dates, indicator, classes, limits)
    n = len(next(iter(breaks.values()))) + 1
    known = [str(number + 1) for number in range(n)]
    labels = _labels(breaks[dates[0].period], meaning, n, limits)
    keys = dates[-1].areas.index
    classed = {
        data.period: _classed(data.values[indicator].reindex(keys).astype(float), breaks[data.period]) for data in dates
    }
    pairs = list(pairwise(dates)) if len(dates) > LEAST else []
    matrices = [
        class_transition(
            classed[one.period],
            classed[other.period],
            classes=known,
            labels=labels,
            definitions=(indicator, indicator),
            residents=other.residents().reindex(keys) if other.population is not None else None,
            dates=(one.period, other.period),
            of="values",
            limits=limits,
        )
        for one, other in [*pairs, (dates[0], dates[-1])]
    ]
    return Transitions(tuple(matrices), limits, meaning, breaks)


def _breaks(
    dates: Sequence[AreaData], indicator: str, classes: int | Sequence[float], limits: ClassLimits
) -> dict[str, tuple[float, ...]]:
    """Return the limits at each date."""
    if isinstance(classes, int) and not isinstance(classes, bool):
        if not LEAST <= classes <= MOST:
            raise SpecError(f"transitions: {classes} classes are asked for; {LEAST} to {MOST} can be read.")
        shares = (np.arange(1, classes) / classes).reshape(-1, 1)
        each = {}
        for data in dates:
            values = data.values[indicator].to_numpy(dtype=float)
            if (known := int(np.isfinite(values).sum())) < SMALL_TOWN:
                raise SpecError(
                    f"transitions: at {data.period} {known} areas have a value: too few for classes by quantiles. Name "
                    f"limits that mean something: transitions([10, 20, 30])."
                )
            each[data.period] = tuple(quantiles(values, shares, LIKE_SPREADSHEETS).ravel().tolist())
        if limits == "fixed":
            each = dict.fromkeys(each, each[dates[0].period])
        for period, found in each.items():
            if not np.all(np.diff(found) > 0) or not np.all(np.isfinite(found)):
                raise SpecError(
                    f"transitions: at {period} the values make no {classes} classes: limits fall together. Take fewer "
                    f"classes, or limits in numbers: transitions([10, 20, 30])."
                )
        return each
    found = (
        tuple(float(one) for one in classes) if isinstance(classes, Sequence) and not isinstance(classes, str) else ()
    )
    if not found or not np.all(np.isfinite(found)) or not np.all(np.diff(found) > 0) or len(found) >= MOST:
        raise SpecError(
            f"transitions: classes is a number of classes or rising limits such as [10, 20, 30], not {classes!r}."
        )
    if limits == "each":
        raise SpecError(
            "transitions: limits in numbers are the same at each date: limits='fixed'. For those of each date name "
            "how many classes: transitions(5, limits='each')."
        )
    return {data.period: found for data in dates}


def _classed(values: pd.Series[float], breaks: Sequence[float]) -> pd.Series[str]:
    """Return the class of each value, from "1"; a value at a limit is in the lower class; None without a value."""
    known = np.asarray(values, dtype=np.float64)[:, None]
    above = nearly(known, np.asarray(breaks, dtype=np.float64)[None, :]) > 0
    found = pd.Series((above.sum(axis=1) + 1).astype(str), index=values.index, dtype=object)
    return found.where(values.notna(), None)


def _labels(breaks: Sequence[float], meaning: Indicator, n: int, limits: ClassLimits) -> dict[str, tuple[str, str]]:
    """Return the classes in words: their limits, or their place where each date has its own."""
    found = {}
    for number in range(n):
        said = []
        for lang in LANGUAGES:
            if limits == "each":
                name = {0: "class_lowest", n - 1: "class_highest"}.get(number, "class_between")
                said.append(text(name, lang, number=number_text(number + 1, 0, lang)))
                continue
            unit = meaning.unit_text(lang)
            low, high = (number_text(breaks[at], 1, lang) if 0 <= at < n - 1 else "" for at in (number - 1, number))
            name = "class_up_to" if not low else "class_above" if not high else "class_from_to"
            said.append(text(name, lang, low=low, high=high).strip() + (f" {unit}" if unit else ""))
        found[str(number + 1)] = (said[0], said[1])
    return found
