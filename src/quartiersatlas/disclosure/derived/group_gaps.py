"""How a gap between a group and the others leaves: its sums are declared, and what is shown of it is made of what is.

A gap needs four counts in every area, and they add up: all are the group and the others. The release withholds what
would follow from that. A gap is then computed anew from the counts that leave, so it says no more than they do; numbers
of the whole city are those of totals that a reader is taken to know.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from quartiersatlas.base.checks import count_noun, expects
from quartiersatlas.catalogue import Indicator, Message, text
from quartiersatlas.catalogue.kinds import PERCENT, PERCENTAGE_POINTS
from quartiersatlas.catalogue.texts import LANGUAGES
from quartiersatlas.disclosure.counted import small_cells
from quartiersatlas.disclosure.release import ReleasedColumn, ReleasedGap
from quartiersatlas.errors import SpecError, list_some
from quartiersatlas.indicators import GroupGap, add_rates
from quartiersatlas.indicators.gaps import area_table
from quartiersatlas.indicators.gaps.counted import PARTS, as_counts, gap_counts
from quartiersatlas.indicators.gaps.tables import area_changes, city_table
from quartiersatlas.indicators.gaps.where import where_from
from quartiersatlas.indicators.pictures.gaps import GAP_TO, WHO
from quartiersatlas.intake.joining.data import kind_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from quartiersatlas.disclosure.columns import ReleasedColumns
    from quartiersatlas.disclosure.protection import Protection
    from quartiersatlas.disclosure.suppression import SuppressionPattern
    from quartiersatlas.indicators.gaps.counted import GapCounts
    from quartiersatlas.indicators.gaps.score_intervals import PairCounts
    from quartiersatlas.indicators.gaps.standardised import Strata
    from quartiersatlas.intake import AreaData

DIRECT = "_direct"
DECIMALS = 1
WORSE = ("not_applicable", "unreliable", "missing", "suppressed")  # the later one prevails


@dataclass(frozen=True)
class LeavingGap:
    """A gap on its way out, with the rates that leave beside it.

    Parameters
    ----------
    gap : GroupGap
        As it was computed in the house.
    group, reference : str
        The rates that leave: of the group, and of whom it is compared with.
    others : (str, str)
        The columns of the others.
    """

    gap: GroupGap
    group: str
    reference: str
    others: tuple[str, str]

    @property
    def rates(self) -> tuple[str, str]:
        """The rates that leave."""
        return self.group, self.reference

    @property
    def sources(self) -> tuple[str, ...]:
        """Every count behind it."""
        columns = self.gap.spec.columns
        return (*columns.group, *columns.all, *self.others)


def gaps_of(gaps: GroupGap | Iterable[GroupGap] | None) -> tuple[GroupGap, ...]:
    """Return the gaps that leave, each name once."""
    found = () if gaps is None else (gaps,) if isinstance(gaps, GroupGap) else tuple(gaps)
    for gap in found:
        expects(gap, GroupGap, "release: gaps", "gaps = qa.group_gap(data, group, all, reference='others')")
    named = [gap.spec.name for gap in found]
    twice = [name for name in dict.fromkeys(named) if named.count(name) > 1]
    if twice:
        raise SpecError(f"release: two gaps are called {list_some(twice)}: group_gap(..., name='...').")
    return found


def with_gaps(
    data: AreaData,
    gaps: GroupGap | Iterable[GroupGap] | None,
    names: Sequence[str],
    at: Literal["earlier", "later"] = "later",
) -> tuple[AreaData, tuple[LeavingGap, ...], list[str]]:
    """Return the data with the counts of the others and every sum declared, the gaps, and the columns that leave.

    Raises
    ------
    SpecError
        A gap was computed from other data, or its name is that of a column.
    """
    leaving = []
    for gap in gaps_of(gaps):
        _refuse_other_data(data, gap, gap.counts if at == "later" or gap.earlier is None else gap.earlier)
        data, others = _with_others(data, gap)
        data, group = _with_rate(data, gap, "group", gap.spec.columns.group)
        data, rest = _with_rate(data, gap, "others", others)
        reference = rest
        if gap.spec.reference == "all":
            data, reference = _with_rate(data, gap, "all", gap.spec.columns.all)
        leaving.append(LeavingGap(gap, group, reference, others))
    rates = [rate for gap in leaving for rate in gap.rates]
    return data, tuple(leaving), list(dict.fromkeys([*names, *rates]))


def _refuse_other_data(data: AreaData, gap: GroupGap, counts: GapCounts) -> None:
    """Refuse a gap of other areas or other counts: what is released has to be what was seen."""
    for name in (gap.spec.name, f"{gap.spec.name}{DIRECT}"):
        if name in data.values.columns:
            raise SpecError(f"release: the gap would leave as {name!r}, which is a column: group_gap(..., name='...').")
    here, there = gap_counts(data, gap.spec.columns).table, counts.table
    odd = here.index.symmetric_difference(there.index)
    if not len(odd):
        same = here.eq(there.loc[here.index]) | (here.isna() & there.loc[here.index].isna())
        odd = here.index[~same.all(axis=1)]
    if len(odd):
        raise SpecError(
            f"release: the gap {gap.spec.name!r} was computed from other data: {count_noun(len(odd), 'area differs')} "
            f"({list_some(odd, 3)}). Compute it from the data that are released."
        )


def _with_others(data: AreaData, gap: GroupGap) -> tuple[AreaData, tuple[str, str]]:
    """Return the data with the columns of the others; every column that is all minus the group is a part of the sum.

    Such a column may be in the table already, under any name: who sees it beside all has the group.
    """
    columns, names = gap.spec.columns, list[str]()
    for place in range(2):
        group, everybody = columns.group[place], columns.all[place]
        rest = data.counts(everybody) - data.counts(group)
        known = _complements(data, rest, {*columns.group, *columns.all})
        if columns.others is not None:
            known = list(dict.fromkeys([columns.others[place], *known]))
        if not known:
            name = f"{everybody}_without_{group}"
            data = _with_rest(data, name, rest, (everybody, group))
            known = [name]
        catalogue = data.catalogue
        for column in known:
            catalogue = catalogue.with_sum(everybody, (group, column))
        data = replace(data, catalogue=catalogue)
        names.append(known[0])
    return data, (names[0], names[1])


def _complements(data: AreaData, rest: pd.Series[float], taken: set[str]) -> list[str]:
    """Return the count columns that are the rest wherever both are known: by chance too, which is the safe error."""
    found = []
    for name in data.values.columns:
        plain = name not in taken and name not in data.rates and name not in data.changes and name != data.population
        if plain and is_numeric_dtype(data.values[name].dtype) and kind_of(data, name) in ("", "count"):
            values = data.values[name]
            both = values.notna() & rest.notna()
            if (both & rest.gt(0)).any() and values[both].eq(rest[both]).all():
                found.append(str(name))
    return found


def _with_rest(data: AreaData, name: str, rest: pd.Series[float], pair: tuple[str, str]) -> AreaData:
    status = pd.Series(np.where(rest.eq(0), "zero", "value"), index=rest.index, dtype=object)
    for worse in WORSE:
        status = status.mask(rest.isna() & (data.status[list(pair)] == worse).any(axis=1), worse)
    everybody, group = (data.catalogue.get(column) for column in pair)
    german, english = (
        text("label_group_rest", lang, label=everybody.label(lang), group=group.label(lang)) for lang in LANGUAGES
    )
    return replace(
        data,
        values=data.values.assign(**{name: rest}),
        status=data.status.assign(**{name: status.astype(str)}),
        catalogue=data.catalogue.add(Indicator(id=name, label_de=german, label_en=english, kind="count")),
    )


def _with_rate(data: AreaData, gap: GroupGap, who: str, pair: tuple[str, str]) -> tuple[AreaData, str]:
    """Return the data with the rate of these counts, and its name: one that they have already stays."""
    known = next((name for name, those in data.rates.items() if tuple(those) == pair), "")
    if known:
        return data, known
    name = f"{gap.spec.name}_{who}"
    if name in data.values.columns:
        raise SpecError(f"release: the gap would leave with {name!r}, which is a column: group_gap(..., name='...').")
    return add_rates(
        replace(data, catalogue=data.catalogue.add(_rate_meaning(data, gap, who, name))), {name: pair}
    ), name


def _rate_meaning(data: AreaData, gap: GroupGap, who: str, name: str) -> Indicator:
    """Return what the rate of the group, of the others, or of all means: that of all, said of them."""
    rate = _rate_of_all(data, gap)
    base = data.catalogue.get(rate) if rate else Indicator(id=name, unit=PERCENT)
    words: dict[str, str] = {}
    for lang in LANGUAGES:
        people = gap.labels.group(lang) if who == "group" else text(WHO[who], lang)
        words[f"label_{lang}"] = text("label_of_group", lang, label=gap.labels.indicator(lang), group=people)
        for part in ("numerator", "denominator"):
            said = getattr(base, f"{part}_{lang}")
            words[f"{part}_{lang}"] = text("label_of_group", lang, label=said, group=people) if said else ""
    return replace(base, id=name, unit=PERCENT, kind="share", role="group_gap", **words)  # type: ignore[arg-type] # texts only


def add_gap_columns(
    out: ReleasedColumns,
    pattern: SuppressionPattern,
    leaving: LeavingGap,
    protection: Protection,
    before: tuple[ReleasedColumns, LeavingGap] | None,
) -> ReleasedGap:
    """Release a gap per area, direct and drawn towards all areas, and what is said of the whole city.

    Every number per area is computed from the counts in ``out``: where one of them is withheld there is no gap, and
    what the areas say together is said by those that are shown. Its change needs what leaves of the earlier date.
    """
    gap = leaving.gap
    shown = shown_table(out, leaving)
    reason = _reasons(out, leaving, shown)
    areas = area_table(
        shown,
        pd.Series("", index=shown.index, dtype=object).mask(shown.isna().any(axis=1), "hidden"),
        gap.spec.reference,
    )
    areas = areas.assign(reason=reason.where(areas["difference"].isna(), ""))
    if before is not None:
        then = shown_table(*before).reindex(shown.index)
        areas = areas.join(area_changes(then, shown, gap.spec.reference, gap.spec.correlation))
    city, exact = _city(pattern, out, leaving, protection)
    smooth = areas["shrunken"] if areas["shrunken"].notna().any() else areas["difference"]
    value = city.set_index("reference")["difference"].get(gap.spec.reference, np.nan)
    status = _status(areas, out, leaving)
    for name, values in ((gap.spec.name, smooth), (f"{gap.spec.name}{DIRECT}", areas["difference"])):
        meaning = _gap_meaning(pattern.data, gap, name, shrunken=name == gap.spec.name)
        column = ReleasedColumn(name, "number", meaning, DECIMALS, round(100 * float(value), DECIMALS))
        out.add(column, 100 * values, status, values.isna() & status.eq("suppressed"))
        out.reasons[name] = reason.where(values.isna(), "")
    tells_change = exact and _earlier_may_leave(gap, protection)
    where, is_merged = _where(shown, leaving, exact=exact and protection.round_base is None)
    return ReleasedGap(
        id=gap.spec.name,
        reference=gap.spec.reference,
        labels=gap.labels,
        group=leaving.group,
        compared=leaving.reference,
        areas=areas,
        city=city,
        where=where,
        where_is_merged=is_merged,
        standardised=gap.standardised if _may_leave(gap.strata, protection) else None,
        change=gap.change if tells_change else None,
        totals=_totals(gap) if tells_change else None,
        periods=gap.periods,
        names=pattern.data.areas["name"],
        city_name=gap.city_name,
    )


def shown_table(out: ReleasedColumns, leaving: LeavingGap) -> pd.DataFrame:
    """Return the four counts of each area as they leave; none where one is withheld or rounding breaks them."""
    x1, n1, x2, n2 = (out.values[f"{rate}_{part}"] for rate in leaving.rates for part in ("numerator", "denominator"))
    if leaving.gap.spec.reference == "all":
        x2, n2 = x2 - x1, n2 - n1
    table = pd.DataFrame(dict(zip(PARTS, (x1, n1, x2, n2), strict=True))).astype(float)
    wrong = table.lt(0).any(axis=1) | table["x_group"].gt(table["n_group"]) | table["x_others"].gt(table["n_others"])
    hidden = out.values[leaving.group].isna() | out.values[leaving.reference].isna()
    nobody = table["n_group"].eq(0) | table["n_others"].eq(0)  # a rate on nobody has no value and hides nothing
    return table.mask(table.isna().any(axis=1) | wrong | (hidden & ~nobody))


def _reasons(out: ReleasedColumns, leaving: LeavingGap, shown: pd.DataFrame) -> pd.Series[str]:
    """Return why an area shows no gap: as the rates behind it say."""
    first, second = (out.reasons[rate] for rate in leaving.rates)
    found = first.where(first.ne(""), second)
    withheld = second.isin(("protected", "small_area", "unknown_residents", "source", "derived"))
    found = found.where(~withheld, second)
    empty = shown.isna().any(axis=1)
    found = found.mask(found.eq("") & empty, "derived")
    return found.mask(found.eq(""), "not_applicable")


def _status(areas: pd.DataFrame, out: ReleasedColumns, leaving: LeavingGap) -> pd.Series[str]:
    """Return the status of the gap of each area; unreliable where few persons leave it open."""
    found = pd.Series("value", index=areas.index, dtype=object)
    found = found.mask(areas["difference"].eq(0), "zero").mask(areas["verdict"].eq("too_few"), "unreliable")
    empty = areas["difference"].isna()
    found = found.mask(empty, "not_applicable")
    for worse in ("missing", "suppressed"):
        for rate in leaving.rates:
            found = found.mask(empty & out.status[rate].eq(worse), worse)
    return found.mask(empty & areas["reason"].eq("derived"), "suppressed").astype(str)


def _gap_meaning(data: AreaData, gap: GroupGap, name: str, *, shrunken: bool) -> Indicator:
    """Return what the gap means: a difference of two rates, in the domain of the indicator, without a valuation."""
    words = {}
    for lang in LANGUAGES:
        reference = text(GAP_TO[gap.spec.reference], lang)
        said = {"label": gap.labels.indicator(lang), "group": gap.labels.group(lang), "reference": reference}
        words[f"label_{lang}"] = text("label_gap_shrunken" if shrunken else "label_gap", lang, **said)
        words[f"numerator_{lang}"] = text("definition_gap_shrunken" if shrunken else "definition_gap", lang, **said)
    domain = data.catalogue.get(_rate_of_all(data, gap) or gap.spec.columns.all[0]).domain
    return Indicator(id=name, unit=PERCENTAGE_POINTS, kind="balance_rate", role="group_gap", domain=domain, **words)  # type: ignore[arg-type] # texts only


def _rate_of_all(data: AreaData, gap: GroupGap) -> str:
    """Return the rate of all that the data have; empty where they have none."""
    return next((name for name, pair in data.rates.items() if tuple(pair) == gap.spec.columns.all), "")


def gap_facts(gaps: Iterable[ReleasedGap]) -> list[Message]:
    """Return what a reader of the method box has to know of gaps."""
    return [
        Message(
            "fact_group_gap",
            {
                "label": (gap.labels.indicator_de, gap.labels.indicator_en),
                "group": (gap.labels.group_de, gap.labels.group_en),
                "reference": tuple(text(GAP_TO[gap.reference], lang) for lang in LANGUAGES),
            },
        )
        for gap in gaps
    ]


def _city(
    pattern: SuppressionPattern, out: ReleasedColumns, leaving: LeavingGap, protection: Protection
) -> tuple[pd.DataFrame, bool]:
    """Return the gap of the whole city, and whether it is made of the totals themselves.

    Those are known to a reader, unless one is small, or a cell is secret in the source, or an area lacks one of its
    four counts, so that the sums over the others tell it. Then the gap is that of the rates as they are printed.
    """
    gap = leaving.gap
    counts = gap.counts
    known = counts.known()
    totals = protection.rounded(known.sum())
    x1, n1, x2, n2 = (pd.Series([totals[name]]) for name in PARTS)
    small = bool(small_cells(x1, n1, protection)[0] or small_cells(x2, n2, protection)[0])
    unsure = any(pattern.spread_of(source) > 0 for source in leaving.sources if source in pattern.counts)
    if not small and not unsure and not counts.reason.ne("").any():
        return city_table(pd.DataFrame([totals]), None, 0), True
    printed = {column.id: column.city / 100 for column in out.columns}
    template = city_table(known.iloc[:0], None, 0)
    found = template.assign(ratio_reason="", odds_ratio_reason="", n_dropped=0)
    found[template.select_dtypes("float").columns] = np.nan
    group = printed[leaving.group]
    for reference, rate in {"all": _rate_of_all(pattern.data, gap), gap.spec.reference: leaving.reference}.items():
        if rate in printed:
            values = (group, printed[rate], group - printed[rate])
            found.loc[found["reference"].eq(reference), ["rate_group", "rate_reference", "difference"]] = values
    return found, False


def _where(shown: pd.DataFrame, leaving: LeavingGap, *, exact: bool) -> tuple[pd.DataFrame | None, bool]:
    """Return where the gap comes from, with the areas that are not shown as a single one; None without totals."""
    if not exact:
        return None, False
    gap = leaving.gap
    kept = shown.dropna()
    rest = gap.counts.known().sum() - kept.sum()
    units = pd.concat([kept, rest.to_frame().T]) if rest["n_group"] + rest["n_others"] > 0 else kept
    return where_from(as_counts(units), against_all=gap.spec.reference == "all"), len(units) > len(kept)


def _may_leave(strata: Strata | None, protection: Protection) -> bool:
    """Return True if no stratum of the whole city has a small count; where counts leave rounded nothing exact does."""
    if strata is None or protection.round_base is not None:
        return False
    return not _has_small(strata.counts, protection)


def _earlier_may_leave(gap: GroupGap, protection: Protection) -> bool:
    """Return True if the totals of the earlier date may be known too."""
    if gap.earlier is None or protection.round_base is not None or gap.earlier.reason.ne("").any():
        return False
    return not _has_small(as_counts(gap.earlier.known().sum().to_frame().T), protection)


def _totals(gap: GroupGap) -> pd.DataFrame:
    """Return the counts of the whole city at both dates."""
    return pd.DataFrame([part.known().sum() for part in (gap.earlier, gap.counts) if part is not None])


def _has_small(counts: PairCounts, protection: Protection) -> bool:
    sides = ((counts.x1, counts.n1), (counts.x2, counts.n2))
    return any(bool(small_cells(pd.Series(x), pd.Series(n), protection).any()) for x, n in sides)
