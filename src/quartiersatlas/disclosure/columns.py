"""What leaves of data, need index, segregation and stability: columns and tables with their cells already protected."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import count_noun
from quartiersatlas.catalogue import Indicator, Message, text
from quartiersatlas.catalogue.kinds import PERCENT, PERCENTAGE_POINTS
from quartiersatlas.disclosure.counted import counted_rates, is_count, persons_of, small_cells
from quartiersatlas.disclosure.derived.burdens import ReleasedBurden
from quartiersatlas.disclosure.derived.feasible_splits import segregation_digits
from quartiersatlas.disclosure.numbers.other_numbers import RATE_DECIMALS, fitting_numerators, number_decimals
from quartiersatlas.disclosure.release import DOMAIN, ReleasedColumn, ReleasedStability, domain_axis
from quartiersatlas.errors import ColumnError, SpecError, list_some
from quartiersatlas.indicators.columns import city_number, written_decimals
from quartiersatlas.intake.joining.data import kind_of
from quartiersatlas.need.robustness.stability import rank_table
from quartiersatlas.segregation.explain import note_text

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable

    from quartiersatlas.disclosure.derived.recompute import Derived
    from quartiersatlas.disclosure.protection import Protection
    from quartiersatlas.disclosure.release import ColumnForm
    from quartiersatlas.disclosure.suppression import SuppressionPattern
    from quartiersatlas.intake import AreaData
    from quartiersatlas.need import NeedIndex, Stability
    from quartiersatlas.need.burden import Burden
    from quartiersatlas.need.spec.records import NeedAxis
    from quartiersatlas.screening import RuleSpec, Shortlist
    from quartiersatlas.segregation import SegregationResult
    from quartiersatlas.segregation.prepared import PreparedCounts

SCORE_DECIMALS = 2


@dataclass
class ReleasedColumns:
    """Columns on their way out: filled while the release is built, then read only."""

    columns: list[ReleasedColumn]
    values: dict[str, pd.Series]
    status: dict[str, pd.Series]
    reasons: dict[str, pd.Series[str]] = field(default_factory=dict)

    def add(self, column: ReleasedColumn, values: pd.Series, status: pd.Series, protected: pd.Series) -> None:
        """Take a column in: protected cells lose their value, the others are rounded."""
        if column.id in self.values:
            raise SpecError(f"The release would have two columns {column.id!r}: name each column once.")
        shown = values.mask(protected)
        self.columns.append(column)
        self.values[column.id] = shown if column.kind == "class" else shown.astype(float).round(column.decimals)
        self.status[column.id] = status.mask(protected & status.ne("not_applicable"), "suppressed")


def label_columns(out: ReleasedColumns, spec: RuleSpec, data: AreaData) -> None:
    """Give columns the words of a rule file, where the catalogue has none for them."""
    for place, column in enumerate(out.columns):
        if not column.axis and column.id in spec.labels and column.id not in data.catalogue:
            german, english = spec.labels[column.id]
            indicator = replace(column.indicator, label_de=german, label_en=english)
            out.columns[place] = replace(column, indicator=indicator)


def add_data_column(out: ReleasedColumns, pattern: SuppressionPattern, name: str, protection: Protection) -> None:
    """Release a rate with both counts, a change, a count, or a number of another kind."""
    data = pattern.data
    protected, values, status = pattern.cells(name), data.values[name], data.status[name]
    if name in counted_rates(data):
        _add_rate(out, pattern, name, protected, protection)
    elif name in data.changes:
        if protection.round_base is not None:
            base, before = data.changes[name]
            values = rounded_values(data, base, protection) - rounded_values(before, base, protection)
            protected = protected | (values.isna() & data.values[name].notna())
        base = data.changes[name][0]
        meaning = change_meaning(data, name)
        form: ColumnForm = "share" if meaning.kind in ("share", "rate") else "number"
        from_counts = base in counted_rates(data)
        decimals = _decimals(protection) if from_counts else number_decimals(data.values[base], meaning, protection)
        out.add(ReleasedColumn(name, form, meaning, decimals, change_of=base), values, status, protected)
    elif name not in data.rates and is_count(data, name):
        meaning = data.catalogue.get(name) if name in data.catalogue else Indicator(id=name, kind="count")
        out.add(ReleasedColumn(name, "count", meaning), protection.rounded(values), status, protected)
    else:
        _add_number(out, data, name, protected, protection)


def _add_number(out: ReleasedColumns, data: AreaData, name: str, protected: pd.Series, protection: Protection) -> None:
    """Release a ready-made share, a mean, a median, an amount: as its kind is protected, in its own unit."""
    meaning = data.catalogue.get(name)
    form: ColumnForm = "share" if meaning.kind in ("share", "rate") else "number"
    decimals = number_decimals(data.values[name], meaning, protection)
    city, source = _published_or_own(data, name, protected)
    if name in data.rates and protection.round_base is not None:
        city = float("nan")  # made of the exact counts
    if source and protection.decimals == "auto":
        decimals = max(decimals, min(2, written_decimals(pd.Series([city]))))  # as it was published
    column = ReleasedColumn(name, form, meaning, decimals, round(city, decimals), city_source=source)
    values = data.values[name]
    if protection.round_base is not None:
        values = rounded_values(data, name, protection)
        protected = protected | (values.isna() & data.values[name].notna())
    out.add(column, values, data.status[name], protected)


def _published_or_own(data: AreaData, name: str, protected: pd.Series) -> tuple[float, str]:
    """Return the city value of a number that is no count, and where it was published.

    One that is computed from the areas stays inside where an area is protected: it would give that area away.
    """
    if data.catalogue.get(name).rules.summed:
        return float("nan"), ""
    try:
        found = city_number(data, name)
    except SpecError:
        return float("nan"), ""
    if found.reference is not None:
        return found.value, ", ".join(filter(None, (found.reference.source, found.reference.as_of)))
    return (float("nan") if protected.any() else found.value), ""


def _add_rate(
    out: ReleasedColumns, pattern: SuppressionPattern, name: str, protected: pd.Series, protection: Protection
) -> None:
    """Release numerator, denominator and rate; what is protected in one is protected in all three."""
    data = pattern.data
    ids = (f"{name}_numerator", f"{name}_denominator")
    x, n = (protection.rounded(data.counts(source)) for source in data.rates[name])
    for column, source, counts in zip(ids, data.rates[name], (x, n), strict=True):
        indicator = replace(data.catalogue.get(source), id=column, kind="count", unit="")
        out.add(ReleasedColumn(column, "count", indicator), counts, data.status[source], protected)
    meaning = data.catalogue.get(name)
    city, city_decimals = city_rate(pattern, name)
    values = data.values[name]
    if protection.round_base is not None:
        values = rounded_values(data, name, protection)
        protected = protected | (values.isna() & data.values[name].notna())
    decimals = _decimals(protection)  # both counts of an area are shown: its rate tells no more, however fine
    rate = ReleasedColumn(name, "rate", meaning, decimals, city, *ids, city_decimals=city_decimals)
    out.add(rate, values, data.status[name], protected)


def rounded_values(data: AreaData, name: str, protection: Protection) -> pd.Series[float]:
    """Return a count or balance rounded and a rate of rounded ones, which says no more than they do; a share as it is.

    An amount and the surface under a density are no persons, and stay as they are.
    """
    if name not in data.rates:
        whole = kind_of(data, name) == "balance" or is_count(data, name)
        return protection.rounded(data.values[name]) if whole else data.values[name]
    persons = persons_of(data, name)
    x, n = (
        protection.rounded(data.summands(source)) if source in persons else data.summands(source)
        for source in data.rates[name]
    )
    return x / n.where(n > 0) * data.catalogue.get(name).per


def city_rate(pattern: SuppressionPattern, name: str) -> tuple[float, int | None]:
    """Return the city value as it may leave, and its decimals where it has fewer than the areas.

    A small count of the whole city (or a small rest) is protected as that of an area is: the value has so few decimals
    that at least two whole numerators give it, one of them not small; without any such number there is no value. Where
    a cell is secret in the source, who knows the total with it would have the cell from the total without it: cells
    that follow from others are counted in, and for those that do not, as many persons up and down as must stay open
    have to give the same value, whatever number of decimals was asked for.
    """
    data, protection = pattern.data, pattern.protection
    x, n = (pattern.known_counts(source) for source in data.rates[name])
    open_persons = pattern.spread_of(data.rates[name][0])
    both = x.notna() & n.notna()
    total = pd.Series([x[both].sum()]), pd.Series([n[both].sum()])
    above, below = (float(protection.rounded(side)[0]) for side in total)
    per, decimals = data.catalogue.get(name).per, _decimals(protection)
    if not below > 0:
        return float("nan"), None
    rate = above / below * per
    as_it_is = protection.decimals != "auto" or protection.round_base is not None
    if not open_persons and (as_it_is or not small_cells(*total, protection)[0]):
        return round(rate, decimals), None
    around = protection.rounded(total[0].iloc[0] + pd.Series([-open_persons, open_persons]))
    for fewer in range(decimals, -1, -1) if protection.decimals == "auto" else (decimals,):
        fitting = fitting_numerators(round(rate, fewer), below, per, fewer)
        if open_persons:
            if around.isin(fitting).all():
                return round(rate, fewer), fewer if fewer < decimals else None
            continue
        large = fitting >= protection.min_count  # not none either: nobody would have to hide that
        if protection.protect_remainder:
            large &= below - fitting >= protection.min_count
        if len(fitting) > 1 and large.any():
            return round(rate, fewer), fewer if fewer < decimals else None
    return float("nan"), None


def _decimals(protection: Protection) -> int:
    return RATE_DECIMALS if protection.decimals == "auto" else int(protection.decimals)


def change_meaning(data: AreaData, name: str) -> Indicator:
    """Return what a change means: that of its indicator, in percentage points where that is in percent."""
    base = data.catalogue.get(data.changes[name][0])
    return replace(
        base,
        id=name,
        label_de=text("label_change", "de", label=base.label_de),
        label_en=text("label_change", "en", label=base.label_en),
        unit=PERCENTAGE_POINTS if base.unit == PERCENT else base.unit,
    )


def add_need(out: ReleasedColumns, pattern: SuppressionPattern, need: NeedIndex, protection: Protection) -> None:
    """Release score and class of each axis; where one of its indicators is protected, they are too."""
    suppressed = need_cells(pattern, need)
    left_out = need.excluded["reason"].isin(["manual", "population"]).reindex(pattern.hidden.index, fill_value=False)
    class_names = _class_names([axis.id for axis in need.spec.axes])
    for axis in need.spec.axes:
        scores, classes = need.scores[axis.id], need.classes[axis.id]
        known = np.where(scores.isna(), np.where(left_out, "excluded", "missing"), "value")
        status = pd.Series(known, index=scores.index)
        meaning = Indicator(
            id=f"need_{axis.id}",
            label_de=axis.label_de,
            label_en=axis.label_en,
            unit="points",
            direction=1,
            role="index",
        )
        decimals = _score_decimals(scores, protection)
        score = ReleasedColumn(f"need_{axis.id}", "score", meaning, decimals, axis=axis.id)
        out.add(score, scores, status, suppressed[axis.id])
        by_class = ReleasedColumn(class_names[axis.id], "class", meaning, classes=axis.classes, axis=axis.id)
        out.add(by_class, classes, status, suppressed[axis.id])
    domains = need.groups
    for axis in need.spec.axes:
        _add_domains(out, domains, axis, suppressed[axis.id], protection)


def _add_domains(
    out: ReleasedColumns, domains: pd.DataFrame, axis: NeedAxis, suppressed: pd.Series, protection: Protection
) -> None:
    """Release value and class of the domains all of whose indicators leave, where the score of their axis is shown.

    A domain is an axis of its own to a reader; :func:`domain_axis` names it.
    """
    known = out.status[f"need_{axis.id}"]
    for domain in axis.groups():
        if domain is axis or any(leaf.id not in out.values for leaf in domain.indicators):
            continue
        found = domains[axis.id][domain.id]
        german, english = (f"{axis.label(lang)}: {domain.label(lang)}" for lang in ("de", "en"))
        name = unused(f"need_{axis.id}_{domain.id}", out.values)
        meaning = Indicator(id=name, label_de=german, label_en=english, unit="points", direction=1, role="index")
        status = known.mask(found["value"].isna() & known.eq("value"), "missing")
        decimals = _score_decimals(found["value"], protection)
        whole = domain_axis(axis.id, domain.id)
        out.add(ReleasedColumn(name, "score", meaning, decimals, axis=whole), found["value"], status, suppressed)
        if domain.classes:
            by_class = ReleasedColumn(
                unused(f"{name}_class", out.values), "class", meaning, classes=domain.classes, axis=whole
            )
            out.add(by_class, found["class"], status, suppressed)


def unused(name: str, taken: Collection[str]) -> str:
    """Return a name, with a number behind it where it is taken."""
    names = (f"{name}{number}" for number in ("", *range(2, len(taken) + 3)))
    return next(one for one in names if one not in taken)


def _class_names(axes: list[str]) -> dict[str, str]:
    """Return the name of the class column of each axis.

    Examples
    --------
    >>> _class_names(["status", "status_class"])
    {'status': 'need_status_class2', 'status_class': 'need_status_class_class'}
    """
    taken, names = {f"need_{axis}" for axis in axes}, dict[str, str]()
    for axis in axes:
        choices = (f"need_{axis}_class{number}" for number in ("", *range(2, len(axes) + 2)))
        names[axis] = next((name for name in choices if name not in taken), "")
        taken.add(names[axis])
    return names


def _score_decimals(scores: pd.Series[float], protection: Protection) -> int:
    """Return the decimals of a score; where counts leave rounded, a finer score would give them more exactly.

    Then its steps are a tenth, and on wide scales at least a hundredth of its range: 1 on a scale from 0 to 100.
    """
    if protection.round_base is None:
        return SCORE_DECIMALS
    spread = float(scores.max() - scores.min())
    return 0 if spread > 10 else SCORE_DECIMALS - 1  # noqa: PLR2004 - a hundredth of it is more than a tenth


def need_cells(pattern: SuppressionPattern, need: NeedIndex) -> dict[str, pd.Series]:
    """Return for each axis the areas whose score may not be shown: one of its indicators may not."""
    suppressed = {axis.id: _axis_cells(pattern, axis) for axis in need.spec.axes}
    anywhere = pd.DataFrame(suppressed).any(axis=1)
    # an area that a suppressed indicator keeps out of the index has no score on any axis, for the same reason
    return {axis: cells | (anywhere & need.scores[axis].isna()) for axis, cells in suppressed.items()}


def _axis_cells(pattern: SuppressionPattern, axis: NeedAxis) -> pd.Series:
    data, suppressed = pattern.data, pattern.hidden.copy()
    for indicator in axis.indicators:
        if indicator.id in data.status:
            suppressed |= pattern.cells(indicator.id)
    return suppressed


DRIVER_DECIMALS = 1  # coarse: a contribution must not be a finer copy of its indicator


def released_drivers(need: NeedIndex, out: ReleasedColumns, protection: Protection) -> pd.DataFrame | None:
    """Return contributions as distances from their mean over all scored areas, on the scale of the score.

    Returns
    -------
    DataFrame or None
        Columns (axis, indicator); NaN where the score or the indicator is not shown. Indicators that do not leave are
        left out; a domain, ``axis/domain``, has those of its own. None where no indicator leaves, or
        counts leave rounded: a contribution is made of the exact ones, and on a scale from 0 to 100 gives them away.
    """
    if protection.round_base is not None:
        return None
    contributions = need.contributions
    parts = {}
    for pair in contributions.columns:
        axis, indicator = map(str, pair)
        if indicator in out.values:
            known = out.values[f"need_{axis}"].notna() & out.values[indicator].notna()
            part = contributions[pair]
            parts[axis, indicator] = (part - part.mean()).round(DRIVER_DECIMALS).where(known)
    for column in out.columns:
        axis, _, domain = column.axis.partition(DOMAIN)
        if domain and column.kind == "score":
            for leaf in next(group for group in need.spec.axis(axis).groups() if group.id == domain).indicators:
                if (axis, leaf.id) in parts:
                    parts[column.axis, leaf.id] = parts[axis, leaf.id]
    return pd.DataFrame(parts, index=contributions.index) if parts else None


NUMBERS = ["value", "adjusted", "expected", "lower", "upper"]
SEGREGATION_DECIMALS = 4
# One person of a group of X in an area of n moves an index of the isolation kind by about 2 x / (n X). With a count x
# below 3, n from 300 and these limits, that is less than a twentieth of the last digit that is left.
TINY, SMALL = 100, 1000


def protected_segregation(result: SegregationResult, pattern: SuppressionPattern) -> pd.DataFrame:
    """Return the table of exact indices as it may leave.

    Parameters
    ----------
    result : SegregationResult
        Indices of groups.
    pattern : SuppressionPattern
        The data, what is too small, and the withheld cells.

    Returns
    -------
    DataFrame
        Four decimals. Where an area has a small count of the group (or of those it is compared with), three, and two
        below 1000 persons; where one of the two has fewer than 100 persons in the place, no numbers; the note says so.
        And no more than leave the withheld counts open (see :func:`~.feasible_splits.digits_kept`).
    """
    table, protection = result.table.copy(), pattern.protection
    size, has_small = _inside(result.prepared, table, protection)
    tiny = size < TINY
    decimals = np.where(
        ~has_small, SEGREGATION_DECIMALS, np.where(size < SMALL, SEGREGATION_DECIMALS - 2, SEGREGATION_DECIMALS - 1)
    )
    if protection.min_count == 1:  # every count is shown
        tiny, decimals = np.zeros_like(tiny), np.full(len(table), SEGREGATION_DECIMALS)
    kept = np.array(segregation_digits(pattern, result, NUMBERS[:3], SEGREGATION_DECIMALS), dtype=int)
    decimals = np.minimum(decimals, kept)
    tiny = tiny | (decimals < 0)
    for number in NUMBERS:
        values = table[number].to_numpy(dtype=float)
        rounded = [round(v, d) for v, d in zip(values, decimals.tolist(), strict=True)]
        table[number] = pd.Series(rounded, index=table.index).mask(tiny)
    protected = (Message("note_protected", {"minimum": TINY}),)
    codes = [protected if small else old for small, old in zip(tiny, result.note_codes, strict=True)]
    notes = [note_text(code, "en") for code in codes]
    return table.assign(note=notes, note_codes=pd.Series(codes, index=table.index, dtype=object))


def released_segregation(result: SegregationResult, pattern: SuppressionPattern) -> pd.DataFrame:
    """Return the table computed from what is shown, four decimals; rows with withheld counts say how these entered."""
    withheld = pattern.suppressed & pattern.counts.notna()
    entered = set(withheld.columns[withheld.any()])
    everybody = {result.spec.population} & entered
    note = (Message("note_withheld_mean"),)
    table = result.table.copy()
    codes = []
    for group, reference, old in zip(table["group"], table["reference"], result.note_codes, strict=True):
        groups = [group] if group in pattern.counts else result.spec.groups
        codes.append(old + note if everybody or entered & {*groups, reference} else old)
    for number in NUMBERS:
        table[number] = table[number].astype(float).round(SEGREGATION_DECIMALS)
    notes = [note_text(code, "en") for code in codes]
    return table.assign(note=notes, note_codes=pd.Series(codes, index=table.index, dtype=object))


def _inside(
    counts: PreparedCounts, table: pd.DataFrame, protection: Protection
) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    """Return for each row the persons of its smallest population, and whether an area has a small count of one."""
    cache: dict[tuple[Hashable, ...], tuple[float, bool]] = {}
    rows = []
    for by, group, reference in zip(table["by"], table["group"], table["reference"], strict=True):
        key = (by, group, reference)
        if key not in cache:
            cache[key] = _row(counts, str(by), str(group), str(reference), protection.min_count)
        rows.append(cache[key])
    sizes, smalls = zip(*rows, strict=True) if rows else ((), ())
    return np.array(sizes, dtype=float), np.array(smalls, dtype=bool)


def _row(counts: PreparedCounts, by: str, group: str, reference: str, min_count: int) -> tuple[float, bool]:
    groups = [group] if group in counts.counts else list(counts.spec.groups)
    named = [reference] if reference in counts.counts else []
    here = np.isin(counts.codes, [i for i, name in enumerate(counts.place_names) if str(name) == by])
    here &= counts.used([*groups, *named])
    total = counts.population[here]
    populations = [counts.counts[name][here] for name in [*groups, *named]]
    if not named:
        populations.append(total - np.sum([counts.counts[name][here] for name in groups], axis=0))
    sizes = [float(p.sum()) for p in populations if p.sum() > 0]  # of nobody there is nothing to protect
    has_small = any(((p > 0) & (p < min_count)).any() for p in populations)
    return min(sizes, default=np.inf), has_small


STABILITY_DECIMALS = 2


def released_stability(
    derived: Derived,
    pattern: SuppressionPattern,
    reported: pd.Series[bool],
    score: pd.Series[float] | None = None,
) -> ReleasedStability | None:
    """Return the labels of areas that may be shown.

    With a shortlist these are the areas whose outcome is reported; otherwise those whose scores may be shown. Sizes
    over all runs stay inside: they count withheld areas too. So do ranks among all areas, whose gaps would show where a
    withheld score lies: with a released ``score``, ranks are counted anew among the areas that show it.
    """
    stability, need = derived.stability, derived.need
    if stability is None:
        return None
    table = stability.table.loc[pattern.data.areas.index, ["label", "p_selected"]]
    if derived.shortlist is not None:
        shown = reported
    else:
        suppressed = need_cells(pattern, need) if need is not None else {}
        shown = ~pd.DataFrame({"hidden": pattern.hidden, **suppressed}).any(axis=1)
    shown = shown & table["label"].notna()
    released = pd.DataFrame(
        {
            "label": table["label"].where(shown),
            "p_selected": table["p_selected"].astype(float).round(STABILITY_DECIMALS).where(shown, np.nan),
        }
    )
    if score is not None and stability.ranks is not None:
        released = released.join(rank_table(stability.ranks, score.astype(float)).drop(columns="rank"))
    return ReleasedStability(
        table=released,
        notes={"de": tuple(stability.notes("de")), "en": tuple(stability.notes("en"))},
        limits=(float(stability.limits[0]), float(stability.limits[1])),
        runs=int(stability.n),
    )


def check_stability(
    stability: Stability | None, index: pd.Index, shortlist: Shortlist | None, need: NeedIndex | None
) -> None:
    """Refuse a run of other areas, another spec or another selection.

    Raises
    ------
    SpecError
        It is of something else than what is released.
    """
    if stability is None:
        return
    odd = stability.table.index.symmetric_difference(index)
    if len(odd):
        raise SpecError(
            f"The stability is of other areas: {count_noun(len(odd), 'key is', 'keys are')} on one side only: "
            f"{list_some(odd)}."
        )
    if need is not None and stability.spec_hash and stability.spec_hash != need.spec.hash:
        raise SpecError(
            f"The stability is of another need spec: {stability.spec_id} ({stability.spec_hash}), "
            f"not {need.spec.id} ({need.spec.hash})."
        )
    if shortlist is not None:
        _check_same_selection(stability, shortlist)


def _check_same_selection(stability: Stability, shortlist: Shortlist) -> None:
    """Refuse labels of one selection beside the areas of another."""
    theirs = stability.table["selected"].dropna().astype(bool)
    ours = shortlist.selected.reindex(theirs.index)[shortlist.assessed.reindex(theirs.index)]
    odd = ours.index[ours.ne(theirs[ours.index])]
    if len(odd):
        raise SpecError(
            f"The stability is of another selection than the shortlist: {count_noun(len(odd), 'area is', 'areas are')} "
            f"selected in one of the two only: {list_some(odd)}. Make it with shortlist.stability(...)."
        )


def unreleased_domains(data: AreaData, out: ReleasedColumns) -> tuple[str, ...]:
    """Return the domains of which the data have indicators, none of which leaves."""
    shown = {column.indicator.domain for column in out.columns}
    there = {data.catalogue[name].domain for name in data.values.columns if name in data.catalogue}
    return tuple(sorted(there - shown))


def released_burden(burden: Burden | None, out: ReleasedColumns) -> ReleasedBurden | None:
    """Return which columns are burdens, all of them and the classes of need among those that leave.

    Raises
    ------
    SpecError
        A burden is no named column, or no class of need leaves.
    ColumnError
        A column does not leave.
    """
    if burden is None:
        return None
    known = {column.id for column in out.columns}
    nameless = [name for name in burden.limits.index if name not in burden.columns]
    if nameless:
        raise SpecError(
            f"release: burden: {list_some(nameless)} is no column of the data: pass data.values[...] to qa.burden."
        )
    for column in burden.columns.values():
        if column not in known:
            raise ColumnError.not_found(column, known, "release: burden: what leaves")
    classes = [column for column in out.columns if column.kind == "class" and burden.axis in ("", column.axis)]
    if not classes:
        raise SpecError("release: burden: it stands beside classes of need: release(..., need=need).")
    limits = (
        None if row["by"] == "quantile" else (float(row["limit"]), str(row["source"]))
        for _, row in burden.limits.iterrows()
    )
    columns = (burden.columns[str(name)] for name in burden.limits.index)
    return ReleasedBurden(classes[0].id, tuple(columns), tuple(limits), burden.quantile)
