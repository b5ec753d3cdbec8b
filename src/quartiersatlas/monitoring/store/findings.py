"""What is odd in a new period, beside the last one: refused, asked, or noted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from quartiersatlas.catalogue import Message, text
from quartiersatlas.catalogue.texts import number_texts
from quartiersatlas.intake import AreaData
from quartiersatlas.monitoring.changes.definitions import definition_of, differing
from quartiersatlas.monitoring.store.period_files import is_number, stored_columns
from quartiersatlas.space.outline_moves import moved_outlines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import geopandas as gpd

    from quartiersatlas.catalogue import Lang

Level = Literal["refuse", "ask", "note"]
FEWEST = 5  # areas with a change, from which a median and a spread of changes say something
NORMAL_MAD = 1.4826  # a median of absolute deviations becomes a standard deviation
MOST = 5  # areas that a sentence names
SAME = 1e-9  # relative: counts that went through a computation are equal up to this
GRAIN = 1e-12


@dataclass(frozen=True, kw_only=True)
class Limits:
    """From where a change is asked about.

    Parameters
    ----------
    jump : float, default 5
        So many standard deviations from the median change of all areas, on log odds.
    residents : float, default 0.2
        So large a change of the residents of an area, as a share of the earlier ones.
    zero : float, default 10
        So many expected where nobody is counted now.
    total : float, default 0.5
        So many persons by which the sum of all areas may lie beside the published total of the city.
    """

    jump: float = 5.0
    residents: float = 0.2
    zero: float = 10.0
    total: float = 0.5


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something odd in a new period.

    Parameters
    ----------
    level : {"refuse", "ask", "note"}
        ``"refuse"``: it cannot be stored so; ``"ask"``: it is stored once somebody has given the reason; ``"note"``.
    code : str
        What it is, such as ``"jump"``.
    column, key : str
        Where; empty where it concerns all of them.
    message : Message
        The sentence.
    """

    level: Level
    code: str
    column: str = ""
    key: str = ""
    message: Message

    @property
    def id(self) -> str:
        """Its name: the code, the column and the key."""
        return ":".join(filter(None, (self.code, self.column, self.key)))

    def text(self, lang: Lang = "de") -> str:
        """Return the sentence."""
        return text(self.message.name, lang, **self.message.values)


def finding(level: Level, code: str, column: str = "", key: str = "", **values: object) -> Finding:
    """Return a finding with the sentence of its code."""
    return Finding(level=level, code=code, column=column, key=key, message=Message(f"finding_{code}", values))


def compared(
    data: AreaData, earlier: AreaData | None, limits: Limits, breaks: frozenset[str] = frozenset()
) -> list[Finding]:
    """Return what is odd in a period, by itself and beside the earlier one on the same areas."""
    found = list(_totals(data, limits))
    found += _forecasts(data)
    if earlier is None:
        return found
    found += _definitions(data, earlier, breaks)
    found += _columns(data, earlier)
    found += _outlines(data, earlier)
    found += _renamed(data, earlier)
    found += _residents(data, earlier, limits)
    broken = {one.column for one in found if one.code in ("definition_changed", "break_declared")}
    for column, pair in _counted_pairs(data, earlier).items():
        if column not in broken:
            found += _jumps(data, earlier, column, pair, limits)
            found += _zeros(data, earlier, column, pair, limits)
    found += _turned_missing(data, earlier)
    return found


def label_of(data: AreaData, column: str) -> tuple[str, str]:
    """Return what a column is called in German and English."""
    meaning = data.catalogue.get(column)
    return meaning.label_de, meaning.label_en


def name_of(data: AreaData, key: str) -> str:
    """Return an area's name and key."""
    name = str(data.areas["name"].get(key, "")) if "name" in data.areas else ""
    return f"{name} ({key})" if name and name != key else key


def _number(value: float) -> tuple[str, str]:
    return number_texts(float(f"{value:.6g}"))


def _totals(data: AreaData, limits: Limits) -> Iterator[Finding]:
    """Refuse counts that do not add up to the total that is published with them."""
    for name, reference in data.references.items():
        for column in reference.values:
            published = reference.number(column)
            is_count = column in data.values and (column == data.population or _is_part(data, column))
            if published is None or not is_count or data.values[column].isna().any():
                continue
            total, room = float(data.values[column].sum()), limits.total
            room += float(data.off_by.get(column, 0.0)) * len(data.values)
            if abs(total - published) > room * (1 + SAME):
                yield finding(
                    "refuse",
                    "total_differs",
                    column,
                    label=label_of(data, column),
                    total=_number(total),
                    published=_number(published),
                    source=reference.source or name,
                )


def _is_part(data: AreaData, column: str) -> bool:
    return any(column in pair for pair in data.rates.values())


def _forecasts(data: AreaData) -> Iterator[Finding]:
    """Refuse what is computed ahead: it has a place of its own."""
    for column in stored_columns(data):
        ahead = int(data.status[column].eq("forecast").sum())
        if ahead:
            yield finding("refuse", "forecast_as_observed", column, label=label_of(data, column), n=ahead)
        early = int(data.status[column].eq("provisional").sum())
        if early:
            yield finding("note", "provisional", column, label=label_of(data, column), n=early)


def _definitions(data: AreaData, earlier: AreaData, breaks: frozenset[str]) -> Iterator[Finding]:
    for column in _both(data, earlier):
        odd = differing(definition_of(earlier, column), definition_of(data, column))
        if odd:
            said = "; ".join(f"{one or '–'} → {other or '–'}" for one, other in odd.values())
            level: Level = "note" if column in breaks else "refuse"
            code = "break_declared" if column in breaks else "definition_changed"
            yield finding(level, code, column, label=label_of(data, column), change=said)


def _both(data: AreaData, earlier: AreaData) -> list[str]:
    return [column for column in stored_columns(earlier) if column in stored_columns(data)]


def _columns(data: AreaData, earlier: AreaData) -> Iterator[Finding]:
    before, now = stored_columns(earlier), stored_columns(data)
    for column in before:
        if column not in now:
            yield finding("ask", "column_gone", column, label=label_of(earlier, column))
    for column in now:
        if column not in before:
            yield finding("note", "column_new", column, label=label_of(data, column))


def _outlines(data: AreaData, earlier: AreaData) -> Iterator[Finding]:
    for key, share in moved_outlines(earlier.areas, data.areas).items():
        yield finding("ask", "outline_moved", key=str(key), area=name_of(data, str(key)), share=_number(100 * share))


def _renamed(data: AreaData, earlier: AreaData) -> Iterator[Finding]:
    """Note areas of another name: a town renames them, or gives an old key to another area."""
    if not ("name" in data.areas and "name" in earlier.areas):
        return
    before = earlier.areas["name"].reindex(data.areas.index)
    now = data.areas["name"]
    other = now.index[now.notna() & before.notna() & now.astype(str).ne(before.astype(str))]
    if len(other):
        areas = _first(f"{before[key]} → {name_of(data, str(key))}" for key in other)
        yield finding("note", "renamed", n=len(other), areas=areas)


def _residents(data: AreaData, earlier: AreaData, limits: Limits) -> Iterator[Finding]:
    if data.population is None or earlier.population is None:
        return
    now = data.residents()
    before = earlier.residents().reindex(now.index)
    change = (now - before) / before.where(before > 0)
    for key in now.index[change.abs() > limits.residents + GRAIN]:
        yield finding(
            "ask",
            "residents_moved",
            data.population,
            str(key),
            area=name_of(data, str(key)),
            earlier=_number(before[key]),
            later=_number(now[key]),
        )


def _counted_pairs(data: AreaData, earlier: AreaData) -> dict[str, tuple[str, str]]:
    """Return numerator and denominator of each share that both periods have."""
    return {
        rate: pair
        for rate, pair in data.rates.items()
        if data.catalogue.get(rate).rules.part_of_whole
        and earlier.rates.get(rate) == pair
        and all(column in side.values and is_number(side.values[column]) for side in (data, earlier) for column in pair)
    }


def _counts(data: AreaData, earlier: AreaData, pair: tuple[str, str]) -> pd.DataFrame:
    """Return the counts of both dates where all four are known."""
    keys = data.values.index
    columns: dict[str, Any] = {"x2": data.values[pair[0]], "n2": data.values[pair[1]]}
    columns |= {"x1": earlier.values[pair[0]].reindex(keys), "n1": earlier.values[pair[1]].reindex(keys)}
    return pd.DataFrame(columns).astype(float).dropna()


def jump_scores(x1: Any, n1: Any, x2: Any, n2: Any) -> np.ndarray:  # noqa: ANN401 - arrays
    """Return how far the change of each area lies from the median change, in standard deviations.

    Parameters
    ----------
    x1, n1, x2, n2 : array_like of float
        Counts and denominators at both dates.

    Returns
    -------
    ndarray of float
        NaN where nobody is counted over.

    Notes
    -----
    ``d_i`` is the change of log odds with 0.5 added to both counts and ``v_i`` its variance from chance; what areas
    differ beyond it is ``tau^2 = (1.4826 MAD)^2 - median v``, at least 0. The score is
    ``(d_i - median d) / sqrt(tau^2 + v_i)``.

    Examples
    --------
    >>> jump_scores([20, 30, 25, 20, 40], [100] * 5, [20, 30, 25, 90, 40], [100] * 5).round(1).tolist()
    [0.0, 0.0, 0.0, 8.6, 0.0]
    """
    x1, n1, x2, n2 = (np.asarray(one, dtype=float) for one in (x1, n1, x2, n2))
    there = (n1 > 0) & (n2 > 0) & (x1 <= n1) & (x2 <= n2)
    change = np.log((x2 + 0.5) / (n2 - x2 + 0.5), where=there, out=np.full(len(x1), np.nan))
    change -= np.log((x1 + 0.5) / (n1 - x1 + 0.5), where=there, out=np.full(len(x1), np.nan))
    parts = (x1, n1 - x1, x2, n2 - x2)
    chance = np.sum([np.divide(1.0, part + 0.5, where=there, out=np.zeros(len(x1))) for part in parts], axis=0)
    if not there.any():
        return np.full(len(x1), np.nan)
    middle = np.median(change[there])
    spread = NORMAL_MAD * np.median(np.abs(change[there] - middle))
    between = max(0.0, spread**2 - float(np.median(chance[there])))
    return np.where(there, (change - middle) / np.sqrt(np.where(there, between + chance, 1.0)), np.nan)


def _jumps(data: AreaData, earlier: AreaData, column: str, pair: tuple[str, str], limits: Limits) -> Iterator[Finding]:
    counts = _counts(data, earlier, pair)
    if len(counts) < FEWEST:
        return
    scores = jump_scores(*(counts[name] for name in ("x1", "n1", "x2", "n2")))
    per = data.catalogue.get(column).per
    for key, row in counts[np.abs(scores) > limits.jump].iterrows():
        yield finding(
            "ask",
            "jump",
            column,
            str(key),
            label=label_of(data, column),
            area=name_of(data, str(key)),
            earlier=_number(round(per * row["x1"] / row["n1"], 1)),
            later=_number(round(per * row["x2"] / row["n2"], 1)),
        )


def _zeros(data: AreaData, earlier: AreaData, column: str, pair: tuple[str, str], limits: Limits) -> Iterator[Finding]:
    counts = _counts(data, earlier, pair)
    counts = counts[counts["n1"] > 0]
    expected = counts["n2"] * counts["x1"] / counts["n1"]
    for key in counts.index[counts["x2"].eq(0) & (expected >= limits.zero * (1 - SAME))]:
        yield finding(
            "ask",
            "zero_after_many",
            column,
            str(key),
            label=label_of(data, column),
            area=name_of(data, str(key)),
            expected=_number(round(float(expected[key]), 1)),
        )


def _turned_missing(data: AreaData, earlier: AreaData) -> Iterator[Finding]:
    for column in _both(data, earlier):
        before = earlier.values[column].reindex(data.values.index)
        gone = before.notna() & data.values[column].isna()
        if gone.any():
            keys = gone.index[gone]
            yield finding(
                "ask",
                "turned_missing",
                column,
                label=label_of(data, column),
                n=len(keys),
                areas=listed_areas(data, keys),
            )


def revised(data: AreaData, before: AreaData) -> Iterator[Finding]:
    """Ask about each column of which a revision changes values."""
    for column in _both(data, before):
        now, then = data.values[column], before.values[column].reindex(data.values.index)
        if is_number(now) and is_number(then):
            close = np.isclose(now.astype(float), then.astype(float), rtol=SAME, atol=0, equal_nan=True)
            changed = pd.Series(~close, index=now.index)
        else:
            changed = now.astype(str).ne(then.astype(str))
        if changed.any():
            keys = changed.index[changed]
            yield finding(
                "ask", "revised", column, label=label_of(data, column), n=len(keys), areas=listed_areas(data, keys)
            )


def listed_areas(data: AreaData, keys: Iterable[object]) -> str:
    """Return the first areas by name."""
    return _first(name_of(data, str(key)) for key in keys)


def _first(words: Iterable[str]) -> str:
    every = list(words)
    return ", ".join(every[:MOST]) + (", …" if len(every) > MOST else "")


def key_findings(
    data: AreaData, before: gpd.GeoDataFrame | None, vintages: list[str], *, new_areas: bool
) -> list[Finding]:
    """Return what is odd in the keys: a vintage that is not known, areas that are missing or new.

    Parameters
    ----------
    data : AreaData
        What is about to be added.
    before : GeoDataFrame or None
        The areas of its vintage in the store; None where the store does not know it.
    vintages : list of str
        Those that the store knows.
    new_areas : bool
        Whether other areas are meant.
    """
    if not vintages:
        return []
    vintage, keys = data.vintage or "–", {str(key) for key in data.values.index}
    kept = set() if before is None else set(before.index)
    if kept == keys:
        return []
    if new_areas:
        return [finding("note", "areas_new", vintage=vintage)]
    if before is None:
        known = ", ".join(one or "–" for one in vintages)
        return [finding("refuse", "vintage_unknown", vintage=vintage, known=known)]
    found = []
    if kept - keys:
        gone = listed_areas(AreaData(before, data.values, data.status, data.catalogue), sorted(kept - keys))
        found.append(finding("refuse", "keys_missing", n=len(kept - keys), areas=gone))
    if keys - kept:
        found.append(finding("refuse", "keys_new", n=len(keys - kept), areas=listed_areas(data, sorted(keys - kept))))
    return found
