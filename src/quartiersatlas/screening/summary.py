"""A shortlist in numbers and one sentence, in the form of the study of 2011: areas, municipalities, people, a group."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from math import floor, log10
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import choice, expects
from quartiersatlas.catalogue.texts import LANGUAGES, number_text, text
from quartiersatlas.errors import ColumnError, CountError, SpecError
from quartiersatlas.intake.joining.data import refuse_no_counts

if TYPE_CHECKING:
    from quartiersatlas.catalogue import Lang
    from quartiersatlas.intake import AreaData
    from quartiersatlas.need.robustness.stability import Stability

LEADING = 2  # digits that a rounded figure keeps
PLAUSIBLE = 0.15  # by which part a figure may differ from the product of two rounded ones


@dataclass(frozen=True, eq=False)
class Summary:
    """What a rule selects, in numbers.

    Parameters
    ----------
    table : DataFrame
        One row for ``selected``, ``assessed`` and ``all``: ``areas``, ``residents``, ``share_of_residents``, and with a
        group ``group`` (its members) and ``share_of_group``; with municipalities ``municipalities``.
    group : str
        The column of counts that is the group; empty if none was named.
    labels : tuple of str
        Its label in German and English.
    sure, borderline : int, optional
        Selected areas that are so in nearly all runs, and the others; None without a stability.
    """

    table: pd.DataFrame
    group: str = ""
    labels: tuple[str, str] = ("", "")
    sure: int | None = None
    borderline: int | None = None

    @property
    def areas(self) -> int:
        """Number of selected areas."""
        return int(self.table["areas"]["selected"])

    @property
    def municipalities(self) -> int:
        """Number of municipalities that have one; 1 where no level was named."""
        return int(self.table["municipalities"]["selected"]) if "municipalities" in self.table else 1

    @property
    def residents(self) -> float:
        """Residents of the selected areas, as far as they are known."""
        return float(self.table["residents"]["selected"])

    @property
    def members(self) -> float:
        """Members of the group in the selected areas; NaN without a group."""
        return float(self.table["group"]["selected"]) if self.group else float("nan")

    @property
    def share_of_group(self) -> float:
        """Share of all members of the group who live in the selected areas, in [0, 1]; NaN without a group."""
        return float(self.table["share_of_group"]["selected"]) if self.group else float("nan")

    @property
    def group_inside(self) -> float:
        """Share of the group among the residents of the selected areas, in [0, 1]; NaN without a group."""
        return self.members / self.residents if self.residents > 0 else float("nan")

    def sentence(self, lang: Lang = "de", *, rounded: bool = False) -> str:
        """Return the selection as one sentence, as the study of 2011 has it.

        Parameters
        ----------
        lang : {"de", "en"}
            The language.
        rounded : bool
            Whether figures keep two leading digits and say "about"; the share is made of the unrounded ones.

        Returns
        -------
        str
            One sentence, and a second one where stability is known.

        Raises
        ------
        SpecError
            The language is unknown.
        """
        choice(lang, LANGUAGES, "lang")
        if not self.areas:
            return text("study_none", lang)
        numbers = {
            "areas": self._figure(self.areas, lang, rounded=rounded),
            "municipalities": self._figure(self.municipalities, lang, rounded=rounded),
            "residents": self._figure(self.residents, lang, rounded=rounded),
            "group": self._figure(self.members, lang, rounded=rounded) if self.group else "",
            "label": self.labels[LANGUAGES.index(lang)],
            "share": number_text(100 * self.share_of_group, 0 if rounded else 1, lang) if self.group else "",
        }
        name = "study_towns" if self.municipalities > 1 else "study_one" if self.areas == 1 else "study_areas"
        words = [text(name, lang, **numbers) + (text("study_group", lang, **numbers) if self.group else "") + "."]
        if self.sure is not None and self.borderline is not None:
            words.append(text("study_sure", lang, sure=self.sure, borderline=self.borderline))
        return " ".join(words)

    @staticmethod
    def _figure(number: float, lang: Lang, *, rounded: bool) -> str:
        if not rounded:
            return number_text(number, 0, lang)
        near = leading(number)
        return number_text(near, 0, lang) if near == number else text("about", lang, number=number_text(near, 0, lang))

    def __repr__(self) -> str:
        return f"Summary: {self.sentence('en')}"

    def _repr_html_(self) -> str:
        return f"<p>{escape(self.sentence('en'))}</p>{self.table.to_html()}"


def summarise(
    data: AreaData,
    selected: pd.Series[bool],
    assessed: pd.Series[bool],
    *,
    group: str = "",
    by: str = "",
    stability: Stability | None = None,
) -> Summary:
    """Count areas, municipalities, residents and members of a group; see :meth:`Shortlist.summarise`."""
    people = data.residents()
    groups = {"selected": selected, "assessed": assessed, "all": selected.notna()}
    table = pd.DataFrame(
        {
            "areas": {name: int(mask.sum()) for name, mask in groups.items()},
            "residents": {name: float(people[mask].sum()) for name, mask in groups.items()},
        }
    )
    table["share_of_residents"] = table["residents"] / people.sum()
    if by:
        if by not in data.areas.columns:
            raise ColumnError.not_found(by, data.areas.columns, "summarise: the areas")
        table["municipalities"] = [int(data.areas[by][mask].nunique()) for mask in groups.values()]
    labels = ("", "")
    if group:
        members = group_counts(data, group, "summarise")
        table["group"] = [float(members[mask].sum()) for mask in groups.values()]
        table["share_of_group"] = table["group"] / members.sum()
        labels = (data.catalogue.get(group).label("de"), data.catalogue.get(group).label("en"))
    table.index.name = "group"
    if stability is None:
        return Summary(table, group, labels)
    sure = int((stability.table["label"].eq("certain") & selected).sum())
    return Summary(table, group, labels, sure, int(selected.sum()) - sure)


def group_counts(data: AreaData, group: str, call: str) -> pd.Series[float]:
    """Return the members of a group per area; a rate is no group.

    Raises
    ------
    CountError
        The column is a rate; its numerator is named.
    """
    expects(group, str, f"{call}: group", f"{call}(..., group='mh')")
    if group in data.rates:
        raise CountError(f"{call}: {group!r} is a rate; the group is its numerator, group={data.rates[group][0]!r}.")
    if group not in data.values.columns:
        raise ColumnError.not_found(group, data.values.columns, "The data")
    refuse_no_counts(data, [group], call)
    return data.counts(group)


def leading(number: float, digits: int = LEADING) -> float:
    """Return a number rounded to its leading digits.

    Examples
    --------
    >>> leading(5871.0), leading(0.0), leading(42.0)
    (5900.0, 0.0, 42.0)
    """
    if not number or not np.isfinite(number):
        return number
    step = 10.0 ** max(0, floor(log10(abs(number))) + 1 - digits)
    return float(floor(number / step + 0.5) * step)


def check_rounded(areas: float, per_area: float, residents: float) -> str:
    """Say whether rounded figures can belong together: areas times residents of one against residents of all.

    Parameters
    ----------
    areas, per_area, residents : float
        As printed, such as 5,000 areas of about 1,000 residents and 6 million residents.

    Returns
    -------
    str
        Empty where they can; else one sentence with the product.

    Raises
    ------
    SpecError
        A figure is not above 0.

    Examples
    --------
    >>> check_rounded(5000, 1000, 6_000_000)
    '5000 areas of 1000 residents are 5000000, not 6000000: 17 % apart.'
    >>> check_rounded(5000, 1200, 6_000_000)
    ''
    """
    for name, value in (("areas", areas), ("per_area", per_area), ("residents", residents)):
        if not value > 0:
            raise SpecError(f"check_rounded: {name} is {value!r}; it must be above 0.")
    product = areas * per_area
    apart = abs(product - residents) / residents
    if apart <= PLAUSIBLE:
        return ""
    return (
        f"{areas:.15g} areas of {per_area:.15g} residents are {product:.15g}, not {residents:.15g}: "
        f"{100 * apart:.0f} % apart."
    )
