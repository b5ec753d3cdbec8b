"""A comparison of lists in sentences: who entered and left, and what alone would have been enough."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any, cast

from quartiersatlas.catalogue.texts import check_lang, number_text, pick, text
from quartiersatlas.indicators.periods import period_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from quartiersatlas.catalogue import Lang

    Reasons = tuple[tuple[str, ...], ...]

WHY_NOT = {"not_separable": "list_not_separable", "withheld": "list_withheld"}


def reason_words(reasons: Reasons, why_not: str, lang: Lang) -> str:
    """Return the reasons of a move in words.

    Examples
    --------
    >>> reason_words((("own",), ("city",)), "", "en"), reason_words((("own", "city"),), "", "en")
    ('own value or city value, each by itself', 'own value and city value, only both together')
    """
    check_lang(lang)
    if why_not in WHY_NOT:
        return text(WHY_NOT[why_not], lang)
    joined = [_listed([text(f"list_factor_{name}", lang) for name in one], "list_set_and", lang) for one in reasons]
    said = _listed(joined, "list_set_or", lang)
    if len(reasons) == 1 and len(reasons[0]) > 1:
        said += text("list_both_together" if len(reasons[0]) == 2 else "list_all_together", lang)  # noqa: PLR2004 - both
    elif len(reasons) > 1:
        said += text("list_each" if all(len(one) == 1 for one in reasons) else "list_each_set", lang)
    return said + (text("list_incomplete", lang) if why_not == "incomplete" else "")


def _listed(words: list[str], joint: str, lang: Lang) -> str:
    return text(joint, lang).join(words)


def list_sentences(
    table: pd.DataFrame,
    conditions: pd.DataFrame,
    counts: pd.Series[int],
    periods: tuple[str, str],
    labels: Mapping[str, tuple[str, str]],
    lang: Lang,
) -> list[str]:
    """Return the comparison as lines: the counts, the city's doing, and each area that moved.

    Parameters
    ----------
    table, conditions : DataFrame
        As the result has them.
    counts : Series of int
        Areas by state.
    periods : (str, str)
        The two dates.
    labels : mapping of str to (str, str)
        Indicator -> its label in German and English.
    lang : {"de", "en"}
        Language.
    """
    check_lang(lang)
    numbers = {str(name): number_text(int(n), 0, lang) for name, n in counts.items()}
    earlier, later = (period_text(period, lang) for period in periods)
    said = [text("list_counts", lang, earlier=earlier, later=later, **numbers)]
    said += [text(f"list_{name}", lang, n=numbers[name]) for name in ("unknown", "new_area", "gone") if counts[name]]
    by_city = int((table["state"].eq("left") & table["reasons"].map(lambda one: one == (("city",),))).sum())
    if by_city:
        said.append(text("list_left_by_city", lang, n=number_text(by_city, 0, lang)))
    for state in ("entered", "left"):
        moved = table[table["state"].eq(state)]
        for key in moved["name"].sort_values(kind="stable").index:
            row = moved.loc[key]
            if row["why_not"] == "withheld":
                continue
            reason = reason_words(row["reasons"], row["why_not"], lang)
            line = text(f"list_area_{state}", lang, name=row["name"], reason=reason)
            said.append(" ".join([line, *_numbers(conditions[conditions["key"].eq(key)], labels, lang)]))
    n_withheld = int(table["why_not"].eq("withheld").sum())
    return said + ([text("list_withheld_areas", lang, n=number_text(n_withheld, 0, lang))] if n_withheld else [])


def _numbers(rows: pd.DataFrame, labels: Mapping[str, tuple[str, str]], lang: Lang) -> list[str]:
    """Return value and limit at both dates of the conditions whose outcome turned, where they are numbers."""
    found = []
    records = cast("list[dict[str, Any]]", rows.to_dict("records"))
    for row in records:
        parts = ("value_earlier", "value_later", "limit_earlier", "limit_later")
        if row["held_earlier"] == row["held_later"] or not all(_is_number(row[part]) for part in parts):
            continue
        label = pick(lang, *labels[row["indicator"]])
        written = {part: number_text(float(row[part]), _decimals(row), lang) for part in parts}
        found.append(text("list_numbers", lang, indicator=label, **written))
    return found


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _decimals(row: dict[str, Any]) -> int:
    """Return so many decimals that value and limit differ at both dates, at most 4."""
    for decimals in range(1, 4):
        pairs = [
            (round(row[f"value_{side}"], decimals), round(row[f"limit_{side}"], decimals))
            for side in ("earlier", "later")
        ]
        if all(value != limit for value, limit in pairs):
            return decimals
    return 4
