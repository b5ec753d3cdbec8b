"""Two lists of areas: which entered, left and stayed, and whether own value, city, rule or boundaries did it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any, cast

import pandas as pd

from quartiersatlas.base.checks import count_noun, expects, names
from quartiersatlas.base.keys import refuse_number_keys
from quartiersatlas.catalogue.texts import text
from quartiersatlas.errors import BreakError, JoinError, SpecError, list_some
from quartiersatlas.indicators.periods import refuse_no_course
from quartiersatlas.intake import check_vintages
from quartiersatlas.monitoring.changes.break_report import break_report
from quartiersatlas.monitoring.changes.definitions import definition_of, differing
from quartiersatlas.monitoring.lists.minimal_sets import minimal_sufficient
from quartiersatlas.monitoring.lists.mixed import Worlds
from quartiersatlas.monitoring.lists.words import list_sentences, reason_words
from quartiersatlas.screening import Shortlist
from quartiersatlas.space.outline_moves import moved_outlines

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from quartiersatlas.catalogue import Indicator, Lang
    from quartiersatlas.intake import AreaData
    from quartiersatlas.monitoring.lists.words import Reasons

STATES = ("entered", "left", "stayed", "outside", "new_area", "unknown")
HOW = "qa.screen(data, rule)"


@dataclass(frozen=True, eq=False, repr=False)
class ListComparison:
    """Which areas entered and left a list, and why.

    Parameters
    ----------
    table : DataFrame
        On the later key: ``name``, ``state`` (``"entered"``, ``"left"``, ``"stayed"``, ``"outside"`` of both,
        ``"new_area"`` without a predecessor, ``"unknown"`` at one of the dates), ``reasons`` (the smallest sets of
        factors that are each enough, out of ``"own"``, ``"city"``, ``"rule"``, ``"boundaries"``), ``why_not`` where
        there are none (``"not_separable"``, ``"withheld"``) or where some could not be tried (``"incomplete"``).
    conditions : DataFrame
        Of areas that entered or left, where the rule is the same: ``key``, ``condition``, ``indicator``, ``unit``,
        ``reference``, ``value_earlier``, ``value_later``, ``limit_earlier``, ``limit_later``, ``held_earlier``,
        ``held_later``. Without the withheld ones.
    gone : tuple of str
        Earlier keys that are predecessor of none: dissolved.
    factors : tuple of str
        What differs between the lists at all.
    withheld : frozenset of str
        Areas that are counted without a reason.
    periods : (str, str)
        The two dates.
    labels : mapping of str to (str, str)
        Indicator of the conditions -> its label in German and English.
    before, after : Shortlist, optional
        The lists; a comparison that has left holds none.
    predecessors : Series of str, optional
        Later key -> earlier key; empty where an area has none.
    """

    table: pd.DataFrame
    conditions: pd.DataFrame
    gone: tuple[str, ...]
    factors: tuple[str, ...]
    withheld: frozenset[str] = frozenset()
    periods: tuple[str, str] = ("", "")
    labels: Mapping[str, tuple[str, str]] = field(default_factory=dict, repr=False)
    before: Shortlist | None = field(default=None, repr=False)
    after: Shortlist | None = field(default=None, repr=False)
    predecessors: pd.Series[str] | None = field(default=None, repr=False)

    @property
    def counts(self) -> pd.Series[int]:
        """How many areas are in each state, and dissolved."""
        found = self.table["state"].value_counts().reindex(list(STATES), fill_value=0)
        return pd.concat([found, pd.Series({"gone": len(self.gone)})]).astype(int).rename("areas")

    def keys(self, state: str) -> list[str]:
        """Return the keys of the areas in a state.

        Parameters
        ----------
        state : str
            As in :attr:`table`.

        Returns
        -------
        list of str
            In the order of the areas.

        Raises
        ------
        SpecError
            There is no such state.
        """
        if state not in STATES:
            raise SpecError(f"{state!r} is no state: there are {', '.join(map(repr, STATES))}.")
        return list(self.table.index[self.table["state"].eq(state)])

    def by_reason(self) -> pd.DataFrame:
        """Return how many areas entered and left for which reasons.

        Returns
        -------
        DataFrame
            ``state``, ``reasons``, ``why_not``, ``areas``.
        """
        moved = self.table[self.table["state"].isin(["entered", "left"])]
        return moved.groupby(["state", "reasons", "why_not"], sort=True).size().rename("areas").reset_index()

    def reason(self, key: str, lang: Lang = "de") -> str:
        """Return the reason of an area in words.

        Parameters
        ----------
        key : str
            Its later key.
        lang : {"de", "en"}, default "de"
            Language.

        Returns
        -------
        str
            Such as "own value and city value, only both together"; empty where it neither entered nor left.
        """
        row = cast("dict[str, Any]", self.table.loc[key].to_dict())
        return reason_words(row["reasons"], row["why_not"], lang) if row["state"] in ("entered", "left") else ""

    def text(self, lang: Lang = "de") -> str:
        """Return the comparison in sentences.

        Parameters
        ----------
        lang : {"de", "en"}, default "de"
            Language.

        Returns
        -------
        str
            How many entered, left and stayed; how many left by the city's doing; a line for every area that entered or
            left.

        Notes
        -----
        Says values as they are: what is published goes through a release, and names the areas it withholds.
        """
        return "\n".join(list_sentences(self.table, self.conditions, self.counts, self.periods, self.labels, lang))

    def __repr__(self) -> str:
        n = self.counts
        head = f"ListComparison {' -> '.join(filter(None, self.periods))}: ".replace(" : ", ": ")
        lines = [head + ", ".join(f"{n[state]} {state}" for state in n.index if n[state])]
        for row in self.by_reason().to_dict("records"):
            words = " | ".join("+".join(one) for one in row["reasons"]) or row["why_not"]
            lines.append(f"  {row['state']}: {words} ({row['areas']})")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        lines = "".join(f"<li>{escape(line)}</li>" for line in self.text("en").splitlines())
        return f"<ul>{lines}</ul>"


def compare_lists(
    before: Shortlist,
    after: Shortlist,
    *,
    carried: Shortlist | None = None,
    carried_back: Shortlist | None = None,
    predecessors: Mapping[str, str] | pd.Series[str] | None = None,
    withheld: Iterable[str] = (),
) -> ListComparison:
    """Return which areas entered, left and stayed on a list between two dates, with the reason for each move.

    Parameters
    ----------
    before, after : Shortlist
        The lists of :func:`screen` at the two dates.
    carried : Shortlist, optional
        Where boundaries changed: the earlier rule on the earlier counts, reallocated to the later areas with
        :func:`transfer` or :func:`transfer_by_area`.
    carried_back : Shortlist, optional
        The later counts on the earlier areas: with them, own values and boundaries of areas that were cut anew can be
        told apart in every case.
    predecessors : mapping of str to str, optional
        Later key -> the earlier area it is compared with, such as the source of most of its residents. The same key, if
        not given. An area that is not in it has no predecessor: it is new, and entered nothing.
    withheld : list of str, optional
        Later keys whose numbers must not be told: they are counted, without a reason.

    Returns
    -------
    ListComparison
        ``.table``, ``.conditions``, ``.counts``, ``.by_reason()``, ``.text(lang)``.

    Raises
    ------
    BreakError
        An indicator is defined in different ways at the two dates.
    JoinError
        The lists are on boundaries that differ, and ``carried`` is not given.
    SpecError
        The dates are equal or reversed, or a list does not hold the data it was made of.
    ArgumentError
        An argument is of another type.

    Notes
    -----
    A decision depends on the area's own values, on the city (everything values are compared with: city value,
    districts, published references, the other areas), on the rule and on the boundaries. The rule is applied to every
    combination of earlier and later ones; reasons are the minimal sufficient sets: those that alone turn the decision,
    and contain no smaller one that does. ``{own}, {city}`` is "each by itself", ``{own, city}`` "only both together".
    Where the earlier rule cannot be applied to the later data, or the other way round, nothing is told:
    ``"not_separable"``.

    Examples
    --------
    >>> import geopandas as gpd
    >>> import pandas as pd
    >>> import shapely
    >>> import quartiersatlas as qa
    >>> shapes = [shapely.box(x, 0, x + 1000, 1000) for x in (0, 1000, 2000)]
    >>> areas = gpd.GeoDataFrame({"name": ["A", "B", "C"]}, index=["1", "2", "3"], geometry=shapes, crs="EPSG:25832")
    >>> def year(poor, period):
    ...     table = pd.DataFrame({"poor": poor, "residents": [1000.0] * 3}, index=areas.index)
    ...     return qa.add_rates(qa.join(areas, table, period=period), {"poverty": ("poor", "residents")})
    >>> rule = qa.above_city("poverty")
    >>> before = qa.screen(year([300.0, 205, 100], "2021"), rule)
    >>> after = qa.screen(year([400.0, 205, 100], "2024"), rule)
    >>> qa.compare_lists(before, after)
    ListComparison 2021 -> 2024: 1 left, 1 stayed, 1 outside
      left: city (1)
    """
    for one, name in ((before, "before"), (after, "after")):
        expects(one, Shortlist, f"compare_lists: {name}", f"{name} = {HOW}")
    for other, name in ((carried, "carried"), (carried_back, "carried_back")):
        if other is not None:
            expects(other, Shortlist, f"compare_lists: {name}", f"{name} = qa.screen(carried_data, rule)")
    earlier, later = _data(before, "before"), _data(after, "after")
    refuse_no_course((earlier.period, later.period), "compare_lists")
    _check_boundaries(before, after, carried, carried_back)
    _refuse_breaks(before, after)
    hidden = frozenset(names(withheld, "compare_lists: withheld") if withheld else ())
    old = _predecessors(before, after, predecessors)
    keys = pd.DataFrame({"earlier": old[old.ne("")], "later": old.index[old.ne("")]}, index=old.index[old.ne("")])
    factors = _factors(before, after, carried)
    state = _states(before, after, old)
    moved = state.index[state.isin(["entered", "left"])]
    worlds = Worlds(before, after, carried, carried_back, keys.loc[moved])
    reasons, complete = minimal_sufficient(worlds.decisions(factors))
    told = _told(moved, reasons, complete, hidden, is_new_rule="rule" in factors)
    table = pd.DataFrame({"name": later.areas["name"], "state": state, **told}, index=state.index)
    table["reasons"] = [one if isinstance(one, tuple) else () for one in table["reasons"]]
    table["why_not"] = table["why_not"].fillna("")
    shown = keys.loc[[] if "rule" in factors else [key for key in moved if key not in hidden]]
    conditions = _conditions(before, after, shown)
    return ListComparison(
        table=table,
        conditions=conditions,
        gone=tuple(str(key) for key in earlier.areas.index.difference(pd.Index(old), sort=False)),
        factors=factors,
        withheld=hidden,
        periods=(earlier.period, later.period),
        labels={name: _labels(later.catalogue.get(name)) for name in conditions["indicator"].unique()},
        before=before,
        after=after,
        predecessors=old,
    )


def _told(
    moved: pd.Index, reasons: list[Reasons], complete: NDArray[np.bool_], hidden: frozenset[str], *, is_new_rule: bool
) -> dict[str, pd.Series]:
    """Return the reasons of the areas that moved, and why there are none."""
    found, why_not = [], []
    for key, sets, whole in zip(moved, reasons, complete, strict=True):
        why = "" if whole else "not_separable" if is_new_rule else "incomplete"
        why_not.append("withheld" if key in hidden else why)
        found.append(() if why_not[-1] in ("withheld", "not_separable") else sets)
    none = pd.Series(index=moved, dtype=object)
    return {
        "reasons": pd.Series(found, index=moved, dtype=object) if len(moved) else none,
        "why_not": pd.Series(why_not, index=moved, dtype=object) if len(moved) else none,
    }


def _data(one: Shortlist, name: str) -> AreaData:
    if one.data is None:
        raise SpecError(f"compare_lists: {name} does not hold the data it was made of: make it with {HOW}.")
    return one.data


def _check_boundaries(
    before: Shortlist, after: Shortlist, carried: Shortlist | None, carried_back: Shortlist | None
) -> None:
    """Refuse lists on other boundaries whose counts were not carried, and carried ones that are on others again."""
    earlier, later = _data(before, "before"), _data(after, "after")
    for one, where, name in ((carried, later, "carried"), (carried_back, earlier, "carried_back")):
        if one is None:
            continue
        odd = one.selected.index.symmetric_difference(where.areas.index)
        if len(odd):
            raise JoinError(
                f"compare_lists: {name} is not on the areas of {where.period!r}: "
                f"{count_noun(len(odd), 'key is', 'keys are')} on one side only: {list_some(odd)}."
            )
    if carried is not None:
        return
    advice = (
        "Carry the earlier counts to the later areas, with transfer() or transfer_by_area(), screen them, and pass the "
        "list: compare_lists(..., carried=qa.screen(carried_data, rule))."
    )
    if carried_back is not None:
        raise SpecError(f"compare_lists: carried_back alone tells nothing of the boundaries. {advice}")
    refuse_number_keys(
        earlier.areas.index, later.areas.index, "the earlier list", "Make the index of both text, with all zeros"
    )
    try:
        check_vintages(later, earlier, names=("the later list", "the earlier list"))
    except JoinError as error:
        raise JoinError(f"compare_lists: {error} {advice}") from error
    moved = moved_outlines(earlier.areas, later.areas)
    if len(moved):
        raise JoinError(
            f"compare_lists: {count_noun(len(moved), 'area has', 'areas have')} another outline under the same key: "
            f"{list_some(moved.index)}. {advice}"
        )


def _refuse_breaks(before: Shortlist, after: Shortlist) -> None:
    """Refuse lists whose indicators are defined in different ways: no reason could be told from the new definition."""
    earlier, later = _data(before, "before"), _data(after, "after")
    asked = {name for side in (before, after) for name in side.rule.indicators}
    for side in (before, after):
        asked |= set() if side.need is None else {leaf.id for axis in side.need.spec.axes for leaf in axis.indicators}
    for name in sorted(asked & set(earlier.values.columns) & set(later.values.columns)):
        odd = differing(definition_of(earlier, name), definition_of(later, name))
        if odd:
            said = "; ".join(f"{part} {one!r} and {other!r}" for part, (one, other) in odd.items())
            raise BreakError(
                f"compare_lists: {name!r} is not the same at {earlier.period!r} and {later.period!r}: {said}. Who "
                f"entered or left may be so by the definition. qa.break_report(earlier, later) says how far they are "
                f"apart.",
                break_report(earlier, later, indicators=name),
            )


def _predecessors(
    before: Shortlist, after: Shortlist, given: Mapping[str, str] | pd.Series[str] | None
) -> pd.Series[str]:
    """Return the earlier key of each later one; empty where it has none."""
    earlier, later = before.selected.index, after.selected.index
    if given is None:
        return pd.Series([key if key in earlier else "" for key in later], index=later, dtype=object)
    expects(given, (Mapping, pd.Series), "compare_lists: predecessors", 'predecessors={"01100101": "01011101"}')
    pairs = {str(new): str(old) for new, old in given.items()}
    odd = [new for new in pairs if new not in later] + [old for old in pairs.values() if old not in earlier]
    if odd:
        raise JoinError(
            f"compare_lists: predecessors: {count_noun(len(odd), 'key is', 'keys are')} not in its list: "
            f"{list_some(odd)}. They are written {{later key: earlier key}}."
        )
    return pd.Series([pairs.get(str(key), "") for key in later], index=later, dtype=object)


def _factors(before: Shortlist, after: Shortlist, carried: Shortlist | None) -> tuple[str, ...]:
    """Return what differs between two lists; own values and the city always may."""
    specs = [None if one.need is None else one.need.spec.hash for one in (before, after)]
    rule = before.rule != after.rule or specs[0] != specs[1]
    return ("own", "city", *(["rule"] if rule else []), *(["boundaries"] if carried is not None else []))


def _states(before: Shortlist, after: Shortlist, old: pd.Series[str]) -> pd.Series[str]:
    """Return the state of each later area."""
    there = old.ne("")
    was, known = (
        pd.Series(old.isin(side.index[side.astype(bool)]), index=old.index)
        for side in (before.selected, before.assessed)
    )
    is_now = after.selected.astype(bool)
    found = pd.Series("outside", index=old.index, dtype=object)
    found = found.mask(was & is_now, "stayed").mask(~was & is_now, "entered").mask(was & ~is_now, "left")
    return found.mask(~(known & after.assessed.astype(bool)), "unknown").mask(~there, "new_area")


CARRIED_OVER = ("value", "limit", "held")
SHOWN = ["key", "condition", "indicator", "unit", "reference"]


def _labels(meaning: Indicator) -> tuple[str, str]:
    """Return what an indicator is called in German and English, with its unit."""

    def label(lang: Lang) -> str:
        unit = meaning.unit_text(lang)
        return text("column_unit", lang, label=meaning.label(lang), unit=unit) if unit else meaning.label(lang)

    return label("de"), label("en")


def _conditions(before: Shortlist, after: Shortlist, keys: pd.DataFrame) -> pd.DataFrame:
    """Return what was compared with what at both dates, for areas that moved."""
    new = after.reasons[after.reasons["key"].isin(keys["later"])]
    new = new.assign(old=new["key"].map(keys["earlier"]).astype(object))
    columns = ["key", "condition", *CARRIED_OVER]  # the same condition of the earlier area
    old = before.reasons.loc[before.reasons["key"].isin(keys["earlier"]), columns].rename(columns={"key": "old"})
    both = new.merge(old, on=["old", "condition"], how="left", suffixes=("_later", "_earlier"))
    order = [f"{name}_{side}" for name in CARRIED_OVER for side in ("earlier", "later")]
    return both[[*SHOWN, *order]].reset_index(drop=True)
