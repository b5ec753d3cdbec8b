"""The score of one area in words: class, rank, what raises it, what lowers it; or why there is none."""

from __future__ import annotations

from collections.abc import Hashable
from difflib import get_close_matches
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.base.equal import settled
from quartiersatlas.catalogue import check_lang, number_text, text
from quartiersatlas.catalogue.kinds import PERCENT, PERCENTAGE_POINTS, unit_words
from quartiersatlas.catalogue.texts import THIN_BLANK, pick, place_words
from quartiersatlas.errors import SpecError, list_some
from quartiersatlas.indicators import rate_change
from quartiersatlas.indicators.rates import wilson
from quartiersatlas.need.score.contributions import is_geometric
from quartiersatlas.need.score.groups import domain_table
from quartiersatlas.need.spec.records import NeedGroup

if TYPE_CHECKING:
    from collections.abc import Iterable

    from quartiersatlas.catalogue import Indicator, Lang
    from quartiersatlas.need.score.inputs import NeedInputs
    from quartiersatlas.need.score.need_scores import NeedScores
    from quartiersatlas.need.spec.records import NeedAxis, NeedIndicator

BANDS = (1, 5, 10, 20)  # percent of the areas
MOST_NAMED = 3  # indicators in one direction


def explain(need: NeedScores, key: str, lang: Lang = "de", *, axis: str | None = None) -> str:
    """Say in a few sentences why an area has its score, or why it has none.

    Parameters
    ----------
    key : str
        The area.
    lang : {"de", "en"}
        Language.
    axis : str, optional
        The axis; the first, if not given.

    Returns
    -------
    str
        Class, score and rank, also among how many percent of the areas; up to three indicators that raise the
        score above that of an average area and three that lower it, each with its value, the value of the city
        from the counts (the mean of the areas where there are none; the text says which) and its contribution. An
        indicator whose 95 % interval (Wilson; of a change that of :func:`rate_change`) holds that value is no cause:
        it is named apart, as what chance in the count may be.
        The sentences show values as they are: what is published goes through a release.

    Raises
    ------
    SpecError
        There is no such area, axis or language.

    Notes
    -----
    A contribution is stated as its distance from the mean of all scored areas' contributions, so the distances of
    all indicators add up to the distance of the score from the mean score. For a plain geometric mean it is stated
    as a factor.

    Examples
    --------
    >>> import pandas as pd
    >>> import quartiersatlas as qa
    >>> spec = qa.NeedSpec.preset("berlin-mss-2019")
    >>> names = [leaf.id for axis in spec.axes for leaf in axis.indicators]
    >>> frame = pd.DataFrame({name: range(20) for name in names}, dtype=float).assign(residents=1000.0)
    >>> frame.index = [f"{i:02d}" for i in frame.index]
    >>> qa.need_index(frame, spec, population="residents").explain("19", "en").split("; ")[0]
    'Area 19: Social status, class “very low”, index value 1.65 (higher = more need)'
    """
    check_lang(lang)
    if not isinstance(key, Hashable) or key not in need.scores.index:
        close = get_close_matches(str(key), list(map(str, need.scores.index)), n=3, cutoff=0.5)
        hint = f" Did you mean {list_some(close)}?" if close else ""
        raise SpecError(f"The need index has no area {key!r}.{hint}")
    if key in need.excluded.index:
        return " ".join([_excluded(need, key, lang), text("explain_need_unknown", lang)])
    shown = need.spec.axes[0] if axis is None else need.spec.axis(axis)
    sentences = [
        _position(need, key, shown, lang),
        *_drivers(need, key, shown, lang),
        *_by_domain(need, key, shown, lang),
    ]
    values = need.inputs.values.loc[key]
    names = list(dict.fromkeys(leaf.id for leaf in shown.indicators))
    missing = [name for name in names if pd.isna(values[name])]
    if missing:
        present = _labels(need, [name for name in names if name not in missing], lang)
        sentences.append(text("explain_need_incomplete", lang, present=present, missing=_labels(need, missing, lang)))
    return " ".join(sentences)


def _area(need: NeedScores, key: str, lang: Lang) -> str:
    """Return the name of an area with its key, or the key alone."""
    name = need.inputs.names.get(key, key)
    return text("area_key", lang, key=key) if name == key else f"{name} ({key})"


def _excluded(need: NeedScores, key: str, lang: Lang) -> str:
    reason, detail = need.excluded.loc[key, ["reason", "detail"]]
    if reason in ("missing", "no_denominator") and detail not in need.inputs.residents:
        unknown = need.inputs.values.loc[key].isna()
        detail = _labels(need, [str(name) for name, gap in unknown.items() if gap], lang)
    return text(f"excluded_{reason}", lang, key=_area(need, key, lang), detail=detail)


def _position(need: NeedScores, key: str, axis: NeedAxis, lang: Lang) -> str:
    """Say class, score and rank."""
    scores = need.scores.loc[need.scored_keys, axis.id]
    scores = pd.Series(settled(scores.to_numpy()), index=scores.index)
    own = scores[key]
    n_above, n_below = int((scores > own).sum()), int((scores < own).sum())
    return text(
        "explain_need_score",
        lang,
        key=_area(need, key, lang),
        axis=axis.label(lang),
        name=need.classes[axis.id].map({c.id: c.label(lang) for c in axis.classes})[key],
        score=number_text(own, _decimals(scores), lang),
        rank=number_text(n_above + 1, 0, lang),
        areas=number_text(len(scores), 0, lang),
        ties=_ties(len(scores) - n_above - n_below - 1, lang),
        band=_band(n_above, n_below, len(scores), lang),
    )


def _ties(others: int, lang: Lang) -> str:
    if not others:
        return ""
    return (
        text("explain_need_tied_one", lang)
        if others == 1
        else text("explain_need_tied", lang, count=number_text(others, 0, lang))
    )


def _band(n_above: int, n_below: int, n: int, lang: Lang) -> str:
    """Return the narrowest band that holds the area and all that share its score; none where they straddle its edge."""
    for share in BANDS:
        if n - n_below <= n * share / 100:
            return text("explain_need_highest", lang, share=share)
        if n - n_above <= n * share / 100:
            return text("explain_need_lowest", lang, share=share)
    between = min(n_above, n_below) >= n * BANDS[-1] / 100
    return text("explain_need_between", lang) if between else ""


def _drivers(need: NeedScores, key: str, axis: NeedAxis, lang: Lang) -> list[str]:
    """Say which indicators raise the score above that of an average area, and which lower it."""
    parts = need.contributions[axis.id].loc[need.scored_keys]
    known = need.inputs.values.loc[key, parts.columns].notna()
    from_mean = (parts.loc[key] - parts.mean())[known]
    noise = 1e-9 * float(parts.abs().to_numpy().max())
    moves = from_mean[from_mean.abs() > noise]
    if moves.empty:
        return [text("explain_need_average", lang)]
    by_chance = [str(name) for name in moves.index if _may_be_chance(need, key, axis, str(name))]
    chance = [text("explain_need_chance", lang, parts=_labels(need, by_chance, lang))] if by_chance else []
    causes = moves.drop(by_chance)
    if causes.empty:
        return [text("explain_need_no_cause", lang), *chance]
    found = {
        "up": causes[causes > 0].sort_values(ascending=False, kind="stable"),
        "down": causes[causes < 0].sort_values(kind="stable"),
    }
    words = {
        sign: _joined((_part(need, key, axis, str(name), part, lang) for name, part in some[:MOST_NAMED].items()), lang)
        for sign, some in found.items()
    }
    first, then = ("up", "down") if causes.sum() >= 0 else ("down", "up")
    if not words[first]:
        first, then = then, first
    sentences = [text(f"explain_need_{first}", lang, parts=words[first])]
    if words[then]:
        sentences.append(text(f"explain_need_then_{then}", lang, parts=words[then]))
    elif not by_chance:
        sentences.append(text("explain_need_all", lang))
    return [*sentences, *chance]


def _reference(need: NeedScores, axis: NeedAxis, name: str) -> tuple[float, bool]:
    """Return what an indicator is compared with, and whether that is the value of the whole city."""
    row = need.reference[need.reference["axis"].eq(axis.id) & need.reference["indicator"].eq(name)].iloc[0]
    known = bool(pd.notna(row["city"]))
    return float(row["city"] if known else row["mean"]), known


def _may_be_chance(need: NeedScores, key: str, axis: NeedAxis, name: str) -> bool:
    """Return whether the value that an indicator is compared with lies in the 95 % interval of the area's own."""
    counts = need.inputs.counts.get(name)
    if counts is None:
        return False
    one = counts.on(pd.Index([key]))
    if one.earlier is None:
        lower, upper = wilson(one.numerator / one.denominator, one.denominator)
    else:
        change = rate_change(one.earlier, (one.numerator, one.denominator))
        lower, upper = change["lower"], change["upper"]
    value = _reference(need, axis, name)[0] / one.per
    return bool(lower.iloc[0] <= value <= upper.iloc[0])


def _by_domain(need: NeedScores, key: str, axis: NeedAxis, lang: Lang) -> list[str]:
    """Say rank, class and contribution of the domains of an axis."""
    domains = [member for member in axis.members if isinstance(member, NeedGroup)]
    if not domains:
        return []
    table = domain_table(need)[axis.id].loc[need.scored_keys]
    words = []
    for domain in domains:
        own = table[domain.id].loc[key]
        if pd.isna(own["rank"]):
            continue
        name = {c.id: c.label(lang) for c in domain.classes}.get(own["class"], "")
        part = own["contribution"] - table[domain.id]["contribution"].mean()
        words.append(
            text(
                "explain_need_domain",
                lang,
                label=domain.label(lang),
                rank=number_text(own["rank"], 0, lang),
                name=text("explain_need_domain_class", lang, name=name) if name else "",
                part=("+" if part > 0 else "") + number_text(float(part), 2, lang),
            )
        )
    return [text("explain_need_domains", lang, parts="; ".join(words))] if words else []


def _part(need: NeedScores, key: str, axis: NeedAxis, name: str, part: float, lang: Lang) -> str:
    """Name an indicator with its value, the reference and its contribution."""
    leaf = {leaf.id: leaf for leaf in reversed(axis.indicators)}[name]
    known = in_catalogue(leaf.id, need.inputs)
    notes = [text("explain_need_context", lang)] if known is not None and known.role == "context" else []
    value, of_city = _reference(need, axis, name)
    of_counts = "explain_need_city" if name in need.inputs.counts else "explain_need_city_known"
    compared = text(
        of_counts if of_city else "explain_need_mean",
        lang,
        value=_value(need, leaf, value, lang),
        **place_words(need.inputs.city_name),
    )
    notes.append(compared)
    if name in need.inputs.shrunken:
        entered = float(need.columns[name][need.scored_keys.get_loc(key)])
        notes.append(text("explain_need_shrunken", lang, value=_value(need, leaf, entered, lang)))
    if leaf.direction < 0:
        notes.append(text("explain_need_reversed", lang))
    if is_geometric(axis):
        notes.append(text("explain_need_factor", lang, part=number_text(np.exp(part), 2, lang)))
    else:
        sign = "+" if part > 0 else ""
        notes.append(text("explain_need_part", lang, part=sign + number_text(part, 2, lang)))
    own = _value(need, leaf, float(need.inputs.values[name].loc[key]), lang)
    label = spec_indicator_label(leaf, need.inputs, lang)
    return text("explain_need_cause", lang, label=label, value=own, notes="; ".join(notes))


def _value(need: NeedScores, leaf: NeedIndicator, value: float, lang: Lang) -> str:
    """Return a value with its unit, where the catalogue knows it."""
    unit, decimals = spec_indicator_unit(leaf, need.inputs, lang, (value,))
    number = number_text(value, decimals, lang)
    if not unit:
        return number
    return f"{number}{'' if lang == 'en' and unit == '%' else THIN_BLANK}{unit}"


def spec_indicator_unit(
    leaf: NeedIndicator, inputs: NeedInputs, lang: Lang, more: Iterable[float] = ()
) -> tuple[str, int]:
    """Return the unit of an indicator, where the catalogue knows it, and how many decimals its values are written with.

    Values that are written beside those of the areas (``more``) count with them.
    """
    decimals, known = _decimals(pd.Series([*inputs.values[leaf.id], *more])), in_catalogue(leaf.id, inputs)
    if known is None:
        return "", decimals
    in_points = leaf.id != known.id and known.unit == PERCENT
    unit = unit_words(PERCENTAGE_POINTS, lang) if in_points else known.unit_text(lang)
    return unit, 1 if known.rules.part_of_whole else min(1, decimals)


def spec_indicator_label(leaf: NeedIndicator, inputs: NeedInputs, lang: Lang) -> str:
    """Return the label of an indicator: the spec's, the catalogue's, or its name."""
    own, known = pick(lang, leaf.label_de, leaf.label_en), in_catalogue(leaf.id, inputs)
    if own or known is None:
        return own or leaf.id
    return known.label(lang) if leaf.id == known.id else text("label_change", lang, label=known.label(lang))


def in_catalogue(name: str, inputs: NeedInputs) -> Indicator | None:
    """Return the indicator, or the one that a change is of."""
    for known in (name, inputs.change_of.get(name, name)):
        if known in inputs.catalogue:
            return inputs.catalogue[known]
    return None


def _labels(need: NeedScores, names: Iterable[str], lang: Lang) -> str:
    """Return the labels of indicators; a column that is none keeps its name."""
    leaves = {leaf.id: leaf for axis in need.spec.axes for leaf in axis.indicators}
    return ", ".join(spec_indicator_label(leaves[n], need.inputs, lang) if n in leaves else n for n in names)


def _joined(parts: Iterable[str], lang: Lang) -> str:
    *first, last = [*parts] or [""]
    return f"{', '.join(first)} {text('rule_and', lang)} {last}" if first else last


def _decimals(values: pd.Series[float]) -> int:
    """Return 0 for whole numbers, 2 otherwise."""
    known = values.dropna()
    return 0 if bool((known == known.round()).all()) else 2
