"""A gap in sentences, German and English: rates and counts, both references, where from, what changed."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from quartiersatlas.catalogue.texts import check_lang, number_text, pick, text, value_text
from quartiersatlas.indicators.pictures.gaps import GAP_TO, points_text

if TYPE_CHECKING:
    import pandas as pd

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.indicators.gaps.counted import GapColumns
    from quartiersatlas.indicators.gaps.tables import ReferenceGroup
    from quartiersatlas.intake import AreaData


AMONG = {"others": "group_gap_among_others", "all": "group_gap_among_all"}
VERDICTS = {
    "undecided": "group_gap_undecided",
    "turned": "group_gap_turned",
    "wider": "group_gap_wider",
    "narrower": "group_gap_narrower",
}
Row: TypeAlias = "dict[str, Any]"


def rows_of(table: pd.DataFrame) -> dict[str, Row]:
    """Return the rows of a table by their name."""
    return cast("dict[str, Row]", table.to_dict("index"))


@dataclass(frozen=True)
class GapLabels:
    """What the indicator and the group are called."""

    indicator_de: str
    indicator_en: str
    group_de: str
    group_en: str

    def indicator(self, lang: Lang) -> str:
        """Return the name of the indicator."""
        return pick(lang, self.indicator_de, self.indicator_en)

    def group(self, lang: Lang) -> str:
        """Return the name of the group."""
        return pick(lang, self.group_de, self.group_en)


def labels_of(data: AreaData, columns: GapColumns) -> GapLabels:
    """Return the labels of the rate of all (or of its cases), and of the persons of the group."""
    rate = next((name for name, pair in data.rates.items() if tuple(pair) == columns.all), columns.all[0])
    indicator, group = data.catalogue.get(rate), data.catalogue.get(columns.group[1])
    return GapLabels(indicator.label("de"), indicator.label("en"), group.label("de"), group.label("en"))


def points(fraction: float, lang: Lang) -> str:
    """Write a difference of fractions in points, with its sign."""
    return points_text(100 * fraction, lang)


def percent(fraction: float, lang: Lang) -> str:
    """Write a fraction as percent with one decimal."""
    return value_text(100 * fraction, 1, "%", lang)


def whole(number: float, lang: Lang) -> str:
    """Write a number of persons."""
    return number_text(number, 0, lang)


def gap_sentences(
    city: pd.DataFrame,
    reference: ReferenceGroup,
    labels: GapLabels,
    lang: Lang,
    *,
    where: pd.DataFrame | None = None,
    where_is_merged: bool = False,
    standardised: pd.DataFrame | None = None,
    change: pd.DataFrame | None = None,
    periods: tuple[str, str] = ("", ""),
) -> list[str]:
    """Return the gap of the whole city in sentences; parts that are not given are not spoken of.

    Parameters
    ----------
    city : DataFrame
        As :attr:`GroupGap.city` has it.
    reference : {"all", "others"}
        The chosen one: it is told first, the other one after it.
    labels : GapLabels
        What group and indicator are called.
    lang : {"de", "en"}
        Language.
    where, standardised, change : DataFrame, optional
        As the result has them.
    where_is_merged : bool
        Whether areas count as a single one in ``where``.
    periods : (str, str)
        The earlier and the later date.
    """
    check_lang(lang)
    whole_city = rows_of(city[city["place"].eq("")].set_index("reference"))
    compared = "all" if reference == "others" else "others"
    row, other = whole_city[reference], whole_city[compared]
    if not isfinite(row["difference"]):
        return [text("group_gap_nobody", lang, group=labels.group(lang), indicator=labels.indicator(lang))]
    found = [_gap(row, reference, labels, lang)]
    if row["difference_lower"] <= 0 <= row["difference_upper"]:
        found.append(text("group_gap_unclear", lang, n_group=whole(row["n_group"], lang), **_ends(row, lang)))
    if isfinite(other["difference"]):
        said = {"reference": text(GAP_TO[compared], lang), "diff": points(other["difference"], lang)}
        name = "group_gap_other_reference" if isfinite(other["difference_lower"]) else "group_gap_other_rates"
        found.append(text(name, lang, **said, **_ends(other, lang)))
    if row["ratio_reason"] == "both_zero":
        found.append(text("group_gap_both_zero", lang))
    if standardised is not None:
        found.append(_standardised(standardised, lang))
    parts = None if where is None else rows_of(where)
    if parts is not None and isfinite(parts["gap"]["value"]):
        found.append(_where(parts, labels, lang))
        if where_is_merged:
            found.append(text("group_gap_where_merged", lang))
    changes = None if change is None else rows_of(change)
    if changes is not None and isfinite(changes[reference]["change"]):
        found += _change(changes, reference, periods, lang)
    if int(row["n_dropped"]):
        found.append(text("group_gap_dropped", lang, n=whole(row["n_dropped"], lang)))
    return [*found, text("group_gap_register", lang)]


def _ends(row: Row, lang: Lang, name: str = "difference_") -> dict[str, str]:
    return {"lo": points(row[f"{name}lower"], lang), "hi": points(row[f"{name}upper"], lang)}


def _gap(row: Row, reference: ReferenceGroup, labels: GapLabels, lang: Lang) -> str:
    """Return the gap with rates, counts and interval; with the rates alone where the counts may not be told."""
    rates = {
        "indicator": labels.indicator(lang),
        "group": labels.group(lang),
        "rate_group": percent(row["rate_group"], lang),
        "rate_ref": percent(row["rate_reference"], lang),
        "reference": text(AMONG[reference], lang),
        "diff": points(row["difference"], lang),
    }
    if not isfinite(row["difference_lower"]):
        return text("group_gap_rates", lang, **rates)
    counts = {"x_group": "x_group", "n_group": "n_group", "x_ref": "x_reference", "n_ref": "n_reference"}
    persons = {name: whole(row[column], lang) for name, column in counts.items()}
    return text("group_gap_clear", lang, **rates, **persons, **_ends(row, lang))


def _standardised(table: pd.DataFrame, lang: Lang) -> str:
    group, other, gap = rows_of(table).values()
    return text(
        "group_gap_standardised",
        lang,
        group=percent(group["standardised"], lang),
        reference=percent(other["standardised"], lang),
        gap=points(gap["standardised"], lang),
        crude=points(gap["crude"], lang),
        **_ends(gap, lang, ""),
    )


def _where(where: dict[str, Row], labels: GapLabels, lang: Lang) -> str:
    return text(
        "group_gap_where",
        lang,
        group=labels.group(lang),
        diff=points(where["gap"]["value"], lang),
        comp=points(where["composition"]["value"], lang),
        within=points(where["within"]["value"], lang),
    )


def _change(change: dict[str, Row], reference: ReferenceGroup, periods: tuple[str, str], lang: Lang) -> list[str]:
    row, against_all = change[reference], change["all"]
    found = [
        text(
            "group_gap_change",
            lang,
            reference=text(GAP_TO[reference], lang),
            earlier=periods[0] or text("group_gap_earlier_date", lang),
            change=points(row["change"], lang),
            verdict=text(VERDICTS[change_verdict(row)], lang),
            **_ends(row, lang, ""),
        )
    ]
    shares = [percent(against_all[name], lang) for name in ("share_earlier", "share_later")]
    found.append(
        text(
            "group_gap_share",
            lang,
            change=points(against_all["change"], lang),
            by_share=points(against_all["by_share"], lang),
            people=points(against_all["between_people"], lang),
            before=shares[0],
            after=shares[1],
        )
    )
    return found


def change_verdict(row: Row) -> str:
    """Return what may be said of a change: ``"undecided"``, ``"turned"``, ``"wider"`` or ``"narrower"``."""
    if row["lower"] <= 0 <= row["upper"]:
        return "undecided"
    if row["earlier"] * row["later"] < 0:
        return "turned"
    return "wider" if abs(row["later"]) > abs(row["earlier"]) else "narrower"
