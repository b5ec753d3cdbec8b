"""The hostile reader: all files of a release at once, what is known anyway, and one system over whole numbers.

What is known anyway: the rules of protection, which column is made of which counts, the residents, the totals of the
city and of every district, which columns are sums and parts of others, and how far a sum is off in each row of which
somebody has all cells. The reader shares no code with the library. What it finds is judged with the truth, which the
reader himself does not have.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from attack_files import read_files
from attack_system import System

LEAKS = ("exact", "narrow")


@dataclass(frozen=True)
class KnownAnyway:
    """The counts as they are, and what everyone may know of them.

    Parameters
    ----------
    counts : DataFrame
        The truth, cells that are secret at their source included; NaN where we do not know it.
    people : str
        The column of residents, which are known for every area.
    pairs : dict
        Rate -> (numerator, denominator); a ready-made share as well, where a reader knows what it is a share of.
    groups : dict
        Level of larger areas -> label of each area.
    sums : tuple of (str, tuple of str)
        Whole and parts, exact or nearly so.
    parts : tuple of (str, str) or of (tuple of str, str)
        Part and whole, or several parts that do not overlap and their whole; used in the rows where it is true.
    public : tuple of str
        Further columns that are known for every area and need no protection.
    missing, source : DataFrame of bool, optional
        Cells that nobody delivered (no total holds them); cells that were secret when they came.
    totals : "all" or tuple of str
        The levels whose totals are known; ``"city"`` is one of them.
    no_totals : tuple of str
        Columns whose totals nobody knows.
    min_count, min_population, complement, round_base
        The rules.
    zeros : bool
        Whether the rules may withhold a zero where nothing else helps.
    m_source : int, optional
        The least count that the office shows that sent cells as secret; ``min_count``, if not given.
    mark : tuple of (int, int), optional
        The least and the most that the sign of a secret cell says it is, such as 0 and 2 for ``<3``.
    """

    counts: pd.DataFrame
    people: str = "residents"
    pairs: dict = field(default_factory=dict)
    groups: dict = field(default_factory=dict)
    sums: tuple = ()
    parts: tuple = ()
    public: tuple = ()
    missing: pd.DataFrame | None = None
    source: pd.DataFrame | None = None
    totals: str | tuple = "all"
    no_totals: tuple = ()
    per: dict = field(default_factory=dict)
    min_count: int = 3
    min_population: float = 300
    complement: bool = True
    round_base: int | None = None
    zeros: bool = True
    m_source: int | None = None
    mark: tuple | None = None

    def mask(self, name):
        """Return one of the masks, all False where none was given."""
        mask = getattr(self, name)
        if mask is None:
            return pd.DataFrame(data=False, index=self.counts.index, columns=self.counts.columns)
        return mask.reindex(index=self.counts.index, columns=self.counts.columns, fill_value=False)

    def units(self):
        """Return the larger areas whose totals say something of their own: of nested levels the smallest."""
        levels = {"city": pd.Series("", index=self.counts.index), **self.groups}
        if self.totals != "all":
            levels = {name: labels for name, labels in levels.items() if name in self.totals}
        codes = {tuple(pd.factorize(labels)[0].tolist()) for labels in levels.values()}
        kept = [own for own in sorted(codes) if not any(_refines(other, own) for other in codes - {own})]
        return [np.flatnonzero(np.array(own) == unit) for own in kept for unit in range(max(own) + 1)]


def _refines(inner, outer):
    """Return whether each unit of the inner level lies in one of the outer."""
    return len(set(zip(inner, outer, strict=True))) == len(set(inner))


def attack(files, known, *, date=0):
    """Return what the reader learns of each count that needs protection: key, column, low, high, kind, verdict.

    Parameters
    ----------
    files : path or list of paths
        A folder, a file, several files: read together.
    known : KnownAnyway
        What needs no file.
    date : int
        Which date of a map with several; 0 is the newest.

    Returns
    -------
    DataFrame
        ``kind`` is what makes a count need protection: ``small``, ``rest`` (low and high are those of the others),
        ``small area``, ``source``, ``missing``. Verdicts: ``exact`` and ``narrow`` are leaks; ``open`` is wide enough;
        ``limit`` is as narrow with everything withheld; ``few`` could be none or all of the persons of a unit that has
        fewer than are protected; ``parent`` is the only area of a unit whose total is known; ``marked`` keeps every
        value that its mark allows; ``elsewhere`` is a cell that nobody delivered and that follows only with totals
        that are in no data: what was delivered leaves it open.
    """
    seen = read_files(files, date)
    table = _Table(known, _shown_counts(seen, known))
    _add_rates(table, seen, known)
    _add_sums_of_areas(table, seen, known)
    if date:
        _add_changes(table, read_files(files), known)
    return judged(table, known)


def judged(table, known):
    """Return the verdict for each count that needs protection."""
    system, barest = table.system(), None
    rows = []
    for key, column, kind, target in _targets(known):
        low, high = _extent(system, table, target)
        truth = sum(c * known.counts.loc[key, name] for (name, _), c in target.items())
        if not low <= truth <= high and not np.isnan(truth):
            raise AssertionError(f"{key}, {column}: the reader is wrong, {truth} is not in {low}..{high}")
        verdict = "open" if kind == "source" and low >= known.min_count else _verdict(low, high, kind, known)
        if verdict in LEAKS and _is_alone(table, key, target):
            verdict = "parent"
        if verdict in LEAKS and low == 0 and high in _persons(known, target):
            verdict = "few"
        if verdict in LEAKS and kind == "missing" and _is_left_open(known, target):
            verdict = "elsewhere"
        if verdict in LEAKS and not _is_shown(table, target):
            if barest is None:
                bare = _Table(known, known.counts[[]], barest=True)
                barest = bare, bare.system()
            if _extent(barest[1], barest[0], target) == (low, high):
                verdict = "limit"
        rows.append((key, column, low, high, kind, verdict))
    return pd.DataFrame(rows, columns=["key", "column", "low", "high", "kind", "verdict"])


def leaks(found):
    """Return the leaks as a set of (key, column)."""
    bad = found[found["verdict"].isin(LEAKS)]
    return set(zip(bad["key"], bad["column"], strict=True))


def _verdict(low, high, kind, known):
    need = known.min_count
    if kind in ("small", "rest") and known.round_base:
        need = min(need, known.round_base // 2)
    if high - low >= need:
        return "open"
    if kind == "source":
        least, most = known.mark or (1, (known.m_source or known.min_count) - 1)
        if low <= max(least, 1) and high >= most:
            return "marked"
    return "exact" if low == high else "narrow"


def _persons(known, target):
    """Return how many persons the units of an area have in the column of a target."""
    if len(target) > 1:
        return ()
    ((column, a),) = target
    counts = known.counts[column].mask(known.mask("missing")[column]).to_numpy(float)
    return {np.nansum(counts[unit]) for unit in known.units() if a in unit}


def _targets(known):
    """Give the counts that need protection and are not given: key, column, kind, {(column, area): coefficient}."""
    counts, people, m = known.counts, known.counts[known.people], known.min_count
    missing, source = known.mask("missing"), known.mask("source")
    small_area = people.gt(0) & people.lt(known.min_population)
    for column in counts.columns.difference([known.people, *known.public], sort=False):
        kinds = pd.Series("small", index=counts.index).mask(small_area, "small area")
        kinds = kinds.mask(missing[column], "missing").mask(source[column], "source")
        needs = counts[column].gt(0) & counts[column].lt(m)
        needs |= counts[column].notna() & kinds.eq("small area")
        needs |= counts[column].isna() & kinds.eq("source")  # what it is only the reader can say
        for a in np.flatnonzero(needs):
            yield counts.index[a], column, kinds.iloc[a], {(column, int(a)): 1}
    for part, whole in dict.fromkeys(known.pairs.values()) if known.complement else ():
        rest = counts[whole] - counts[part]
        secret = rest.ge(0) & rest.lt(m) & counts[whole].gt(0) & counts[part].ge(m) & ~small_area
        secret &= ~(missing[part] | missing[whole] | source[part] | source[whole])
        for a in np.flatnonzero(secret):
            yield counts.index[a], part, "rest", {(whole, int(a)): 1, (part, int(a)): -1}


def _extent(system, table, target):
    shift, unknown = 0, {}
    for (column, a), c in target.items():
        if table.place[column][a] < 0:
            shift += c * table.value[column][a]
        else:
            unknown[int(table.place[column][a])] = c
    low, high = system.extent(unknown)
    return int(low + shift), int(high + shift)


def _is_left_open(known, target):
    """Return whether all that was delivered leaves open what a cell is that was not delivered: then nobody holds it."""
    told = known.counts.mask(known.mask("missing") | known.mask("source"))
    table = _Table(replace(known, totals=()), told)
    low, high = _extent(table.system(), table, target)
    return low < high and high >= known.min_count


def _is_shown(table, target):
    return all(table.place[column][a] < 0 for column, a in target)


def _is_alone(table, key, target):
    """Return whether the area is the only one of a unit whose total is known."""
    a = table.known.counts.index.get_loc(key)
    withheld = [column for column, _ in target if table.place[column][a] >= 0 and column not in table.known.no_totals]
    return bool(withheld) and any(len(unit) == 1 and a in unit for unit in table.units)


# --- the system ----------------------------------------------------------------------------------------------------


class _Table:
    """Cells as unknowns, and what is known of them as rows."""

    def __init__(self, known, shown, *, barest=False):
        self.known, self.units, self.barest = known, known.units(), barest
        counts, people = known.counts, known.counts[known.people].to_numpy(float)
        self.missing = {c: (known.mask("missing")[c] | counts[c].isna()).to_numpy() for c in counts}
        self.ceiling = 10 * float(np.nanmax(counts.to_numpy(float), initial=1))
        self.place, self.value, self.low, self.high = {}, {}, [], []
        self.rows, self.least, self.most = [], [], []
        for column in counts:
            truth = counts[column].to_numpy(float)
            given = (
                shown[column].reindex(counts.index).to_numpy(float) if column in shown else np.full(len(truth), np.nan)
            )
            if column in (known.people, *known.public):
                given = truth
            rounded = known.round_base is not None and column not in (known.people, *known.public)
            is_given = people == 0
            if barest and not known.zeros:
                is_given |= (truth == 0) & (people >= known.min_population)
            given = np.where(is_given & ~self.missing[column], truth, given)
            self._add_column(column, truth, given, people, base=known.round_base if rounded else None)
        if known.mark is not None:
            for a, column in zip(*np.nonzero(known.mask("source").to_numpy()), strict=True):
                self.bound(counts.columns[column], a, *known.mark)
        self._add_totals()
        self._add_relations()

    def _add_column(self, column, truth, given, people, *, base):
        """Number the cells that are not given, with the bounds that need no other cell."""
        free = np.isnan(given) if base is None else people > 0
        self.place[column] = np.where(free, len(self.low) + np.cumsum(free) - 1, -1)
        self.value[column] = given
        may_be_zero = self._zeros(column, truth, free & ~self.missing[column], people)
        for a in np.flatnonzero(free):
            low, high = float(not may_be_zero[a] and not self.missing[column][a]), self.ceiling
            if base is not None and not np.isnan(given[a]):
                low, high = max(0.0, given[a] - base // 2), given[a] + (base - 1) // 2
            self.low.append(low)
            self.high.append(high)

    def _zeros(self, column, truth, withheld, people):
        """Return where a withheld cell may be zero: in small areas, and in units in which a zero was withheld."""
        small = people < self.known.min_population
        zeros = small.copy()
        if column in self.known.no_totals:  # a share is printed, zero or not
            return np.ones(len(truth), bool)
        if self.barest and self.known.zeros:
            withheld = people > 0
        for unit in self.units or [np.arange(len(truth))]:
            if (withheld & ~self.missing[column] & ~small & (truth == 0))[unit].any():
                zeros[unit] = True
        return zeros

    def add(self, cells, least, most):
        """Add ``least <= sum of cells <= most``; a cell is (column, area, coefficient)."""
        row, shift = {}, 0.0
        for column, a, c in cells:
            place = int(self.place[column][a])
            if place < 0:
                shift += c * self.value[column][a]
            else:
                row[place] = row.get(place, 0) + c
        self.rows.append(row)
        self.least.append(least - shift)
        self.most.append(most - shift)

    def bound(self, column, a, least, most):
        """Say between what a cell lies, where it is not given."""
        place = self.place[column][a]
        if place >= 0:
            self.low[place] = max(self.low[place], least)
            self.high[place] = min(self.high[place], most)

    def _add_totals(self):
        for column in self.known.counts.columns.difference(self.known.no_totals, sort=False):
            truth = self.known.counts[column].to_numpy(float)
            # what is secret at its source is in a total that its office knows, and we do not
            untold = np.isnan(truth) & self.known.mask("source")[column].to_numpy()
            for unit in self.units:
                own = unit[~self.missing[column][unit]]
                if (self.place[column][own] >= 0).any() and not untold[unit].any():
                    total = truth[own].sum()
                    self.add([(column, a, 1) for a in own], total, total)

    def _add_relations(self):
        """Sums with what they are off by in each row, and parts where they are parts."""
        counts = self.known.counts
        for whole, parts in self.known.sums:
            off = (counts[whole] - counts[list(parts)].sum(axis=1, skipna=False)).to_numpy(float)
            if np.nanmax(np.abs(off), initial=0) == 0:
                off = np.nan_to_num(off)  # a sum that holds wherever it can be tried holds elsewhere
            untold = self.known.mask("missing")[[whole, *parts]].any(axis=1).to_numpy()
            for a in np.flatnonzero(~np.isnan(off) & ~(untold & (off != 0))):
                if any(self.place[column][a] >= 0 for column in (whole, *parts)):
                    self.add([(whole, a, 1), *((part, a, -1) for part in parts)], off[a], off[a])
        for part, whole in dict.fromkeys([*self.known.parts, *self.known.pairs.values()]):
            parts = (part,) if isinstance(part, str) else part
            x, n = counts[list(parts)].sum(axis=1, skipna=False).to_numpy(float), counts[whole].to_numpy(float)
            for a in np.flatnonzero(x <= n):
                self._add_part(parts, whole, a)

    def _add_part(self, parts, whole, a):
        """Say that parts come to no more than the whole; of two cells of which one is given it is a bound."""
        if len(parts) > 1:
            if any(self.place[column][a] >= 0 for column in (whole, *parts)):
                self.add([(whole, a, 1), *((part, a, -1) for part in parts)], 0, np.inf)
            return
        (part,) = parts
        is_free = self.place[part][a] >= 0, self.place[whole][a] >= 0
        if is_free == (True, False):
            self.bound(part, a, 0, self.value[whole][a])
        elif is_free == (False, True):
            self.bound(whole, a, self.value[part][a], np.inf)
        elif is_free == (True, True):
            self.add([(whole, a, 1), (part, a, -1)], 0, np.inf)

    def system(self):
        return System(self.low, self.high, self.rows, self.least, self.most)


# --- what the files add --------------------------------------------------------------------------------------------


def _shown_counts(seen, known):
    """Search: every count that stands in some column of the row, under whatever rate."""
    found = pd.DataFrame(np.nan, index=known.counts.index, columns=known.counts.columns)
    rows = seen.areas.rename(columns={"residents": known.people} if known.people not in seen.areas else {})
    sides = {
        f"{rate}_{side}": column
        for rate, pair in known.pairs.items()
        for side, column in zip(("numerator", "denominator"), pair, strict=True)
    }
    for name, column in {**sides, **{column: column for column in found}}.items():
        if name in rows:
            found[column] = found[column].fillna(pd.to_numeric(rows[name]).reindex(found.index))
    return found


def _fitting(printed, decimals, whole, per):
    """Return the least and the most whole numerator that is printed so, by either way of rounding halves."""
    step = 10.0**-decimals
    first, last = (np.floor((printed - step) * whole / per) - 1, np.ceil((printed + step) * whole / per) + 1)
    k = np.arange(max(first, 0), last + 1)
    scaled = k / whole * per / step
    fits = k[
        (np.abs(np.rint(scaled) * step - printed) < step / 4)
        | (np.abs(np.floor(scaled + 0.5) * step - printed) < step / 4)
    ]
    return (fits.min(), fits.max()) if len(fits) else (np.inf, -np.inf)


def _add_rates(table, seen, known):
    """Rounded rates with a known denominator: which whole numerators round to what is printed?"""
    if known.round_base is not None:
        return  # made of the rounded counts
    printed = [
        (key, rate, value, seen.decimals[rate])
        for rate in known.pairs
        if rate in seen.areas
        for key, value in seen.areas[rate].dropna().items()
    ]
    for key, rate, value, decimals in [*printed, *seen.told]:
        if rate not in known.pairs or key not in known.counts.index:
            continue
        part, whole = known.pairs[rate]
        a, per = known.counts.index.get_loc(key), known.per.get(rate, 100)
        n = table.value[whole][a]
        if table.place[part][a] >= 0 and table.place[whole][a] < 0 and n > 0:
            low, high = _fitting(value, decimals, n, per)
            if not low <= known.counts.loc[key, part] <= high:
                raise AssertionError(f"{key}, {rate}: {value} is printed, which {part} of {n} does not give")
            table.bound(part, a, low, high)
        elif table.place[whole][a] >= 0:
            _add_rate_of_areas(table, known, rate, [a], value, decimals)


def _add_rate_of_areas(table, known, rate, areas, value, decimals):
    """Add that the numerators of some areas are a printed rate of their denominators, if that is so."""
    (part, whole), per = known.pairs[rate], known.per.get(rate, 100)
    half = 0.5 * 10.0**-decimals * (1 + 1e-9)
    x, n = (known.counts[column].to_numpy(float)[areas].sum() for column in (part, whole))
    if not n > 0 or not abs(per * x / n - value) <= half:
        return  # it was computed over other areas, or from other counts
    for c, least, most in (((value - half) / per, 0, np.inf), ((value + half) / per, -np.inf, 0)):
        table.add([*((part, a, 1) for a in areas), *((whole, a, -c) for a in areas)], least, most)


def _add_sums_of_areas(table, seen, known):
    """Rates of the city, of candidate areas and of districts, which leave out what is secret or missing."""
    if known.round_base is None:
        index = known.counts.index
        told = [(rate, value, decimals, index) for key, rate, value, decimals in seen.told if key is None]
        told += [(rate, *printed, index) for rate, printed in seen.city.items()]
        groups = {**seen.members, **_districts(known)}
        for rate in known.pairs:
            for rows in (seen.candidates, seen.areas):
                cells = rows[rate].dropna().items() if rate in rows else ()
                told += [(rate, value, seen.decimals.get(rate, 1), groups[c]) for c, value in cells if c in groups]
        out = (known.mask("source") | known.mask("missing") | known.counts.isna()).to_numpy()
        follow = _follow(known)
        for rate, value, decimals, keys in told:
            if rate in known.pairs:
                sides = known.counts.columns.get_indexer(known.pairs[rate])
                areas = index.get_indexer(keys)
                left_out = out & ~follow if len(areas) == len(index) else out
                areas = areas[~left_out[areas][:, sides].any(axis=1)]
                is_news = any((table.place[column][areas] >= 0).any() for column in known.pairs[rate])
                if is_news and (len(areas) < len(index) or known.pairs[rate][0] in known.no_totals):
                    _add_rate_of_areas(table, known, rate, areas, value, decimals)
    _add_district_counts(table, seen, known)


def _follow(known):
    """Return the secret cells that follow from the sums of what their office told: a city value counts them in."""
    counts, untold = known.counts, known.mask("source") | known.mask("missing") | known.counts.isna()
    untold, told = untold.to_numpy().copy(), counts.to_numpy(float)
    sums = [counts.columns.get_indexer([whole, *parts]) for whole, parts in known.sums]
    is_news = True
    while is_news:
        is_news = False
        for own in sums:
            for a in np.flatnonzero(untold[:, own].any(axis=1)):
                open_ = own[untold[a, own]]
                rest = told[a, own[0]] - told[a, own[1:]].sum()
                if len(open_) == 1 or (own[0] not in open_ and rest + told[a, open_].sum() == 0):
                    untold[a, open_], is_news = False, True
    return ~untold & known.mask("source").to_numpy()


def _districts(known):
    return {label: labels.index[labels == label] for labels in known.groups.values() for label in labels.unique()}


def _add_district_counts(table, seen, known):
    """Counts of districts that were released like areas: of all their areas, or of those that came."""
    districts = _districts(known)
    rows = seen.areas.loc[seen.areas.index.intersection(list(districts))]
    for rate, pair in known.pairs.items():
        for side, column in zip(("numerator", "denominator"), pair, strict=True):
            for label, total in rows[f"{rate}_{side}"].dropna().items() if f"{rate}_{side}" in rows else ():
                areas = known.counts.index.get_indexer(districts[label])
                for own in (areas, areas[~table.missing[column][areas]]):
                    if known.counts[column].to_numpy(float)[own].sum() == total:
                        table.add([(column, a, 1) for a in own], total, total)
                        break


def _add_changes(table, later, known):
    """A later date and the change since: the rate before is known to the steps of both."""
    for rate, (part, whole) in known.pairs.items():
        if f"{rate}_change" not in later.areas:
            continue
        rows, per = later.areas.reindex(known.counts.index), known.per.get(rate, 100)
        half = 0.5 * 10.0 ** -later.decimals[f"{rate}_change"]
        now, slack = rows[rate], half + 0.5 * 10.0 ** -later.decimals[rate]
        if f"{rate}_numerator" in rows:
            exact = per * rows[f"{rate}_numerator"] / rows[f"{rate}_denominator"]
            now, slack = exact.fillna(now), np.where(exact.notna(), half, slack)
        before = (now - rows[f"{rate}_change"]).to_numpy(float)
        x, n = (known.counts[column].to_numpy(float) for column in (part, whole))
        low, high = (np.ceil((before - slack) * n / per - 1e-6), np.floor((before + slack) * n / per + 1e-6))
        for a in np.flatnonzero(
            (low <= x) & (x <= high) & (table.place[whole] < 0)
        ):  # else a change since another date
            table.bound(part, a, low[a], high[a])
