"""What map, sheet, report and profile say in the same words: cells, reasons, method, title block, stability."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from pandas.api.types import is_object_dtype, is_string_dtype

from quartiersatlas.base.checks import expects
from quartiersatlas.base.workbook import FORMULA_STARTS
from quartiersatlas.catalogue import MessageWarning, number_text, text
from quartiersatlas.catalogue.indicators import DOMAINS
from quartiersatlas.catalogue.texts import THIN_BLANK, pick, place_words
from quartiersatlas.disclosure import Release
from quartiersatlas.disclosure.release import DOMAIN, NUMBER_FORMS
from quartiersatlas.disclosure.selection.reason_words import missing_text, reason_text
from quartiersatlas.disclosure.selection.rule_words import RuleItem, rule_text, rule_words
from quartiersatlas.disclosure.words import (
    city_text,
    draft_text,
    indicator_label,
    label,
    unit,
    value_text,
    wording_messages,
)
from quartiersatlas.errors import ReleaseError, list_some
from quartiersatlas.present.paper import Bullets, Head, Heading, Paragraph
from quartiersatlas.screening import parse_rule

if TYPE_CHECKING:
    from os import PathLike

    import geopandas as gpd

    from quartiersatlas.catalogue import Lang, Message
    from quartiersatlas.disclosure import ReleasedColumn
    from quartiersatlas.need.spec.records import NeedAxis, NeedGroup, NeedIndicator
    from quartiersatlas.need.spec.steps import Normalise
    from quartiersatlas.present.look import Look
    from quartiersatlas.present.paper.document import DocumentBlock
    from quartiersatlas.space.exclaves import Exclave


NAMED = 2  # areas of an exclave that are named


def city_label(release: Release, lang: Lang) -> str:
    """Return how the whole city is called beside its areas: by its name, where the release has it."""
    return release.city or text("label_city", lang)


def city_words(release: Release) -> dict[str, str]:
    """Return the words of the page that name the city, where the release has its name."""
    plain = release.city.replace("{", "(").replace("}", ")")  # a word is filled in at its braces
    if not release.city:
        return {}
    beside = f"{plain}: {{value}}"
    charts = {"chart_city": f"{plain} {{value}}", "chart_city_sentence": f"{beside}."}
    return {"label_city": release.city, "legend_city": beside, **charts}


def selected_words(release: Release, lang: Lang) -> dict[str, str]:
    """Return how the page calls the city and selected areas: not of need where the rule rests on context alone."""
    chosen = text("legend_selected_context" if release.context_only else "legend_selected", lang)
    return {**city_words(release), "legend_selected": chosen, "legend_open": text("legend_open", lang, label=chosen)}


def city_line(release: Release, column: ReleasedColumn, lang: Lang) -> str:
    """Return the value of the whole city as a line: ``City: 12.5%``, ``Leeds: 12% (rounded for protection)``."""
    value = city_text(column, lang)
    line = f"{release.city}: {value}" if release.city else text("legend_city", lang, value=value)
    return line if column.city_decimals is None else f"{line} ({text('city_rounded', lang)})"


def check_release(value: object, call: str) -> None:
    """Refuse anything else than a release: nothing leaves by another door."""
    expects(value, Release, call, 'rel = qa.release(data, title="...", source="...", as_of="...", comment="...")')


def check_area(release: Release, key: str) -> None:
    """Refuse a key that the release does not have."""
    if not isinstance(key, str) or key not in release.areas.index:
        close = get_close_matches(str(key), [str(k) for k in release.areas.index], n=3, cutoff=0.5)
        hint = f" Did you mean {list_some(close)}?" if close else ""
        raise ReleaseError(f"The release has no area {key!r}.{hint} Keys are text, with their leading zeros.")


def note_lines(notes: str | Iterable[str]) -> tuple[str, ...]:
    """Return the notes on an area as lines; a single text is one."""
    expects(notes, (str, Iterable), "notes", 'notes="..." or a list of lines')
    return (notes,) if isinstance(notes, str) else tuple(map(str, notes))


def refuse_no_page(path: str | PathLike[str]) -> None:
    """Refuse to write a page under the ending of a picture or a document: no program would open it."""
    file = Path(path)
    if file.suffix.lower() not in ("", ".html", ".htm"):
        raise ReleaseError(
            f'{file.name}: a map is a page, save("{file.stem}.html"); its menu saves PNG and SVG. A picture from code: '
            f'qa.figure(release).save("{file.stem}.png"); a report: qa.report(release, "{file.stem}.pdf").'
        )


def check_notes(key: str, notes: Iterable[str], *, stacklevel: int) -> None:
    """Warn of words in the notes on an area that stigmatise those who live there."""
    for message in wording_messages(notes, "warning_note", area=key):
        warnings.warn(MessageWarning(message), stacklevel=stacklevel + 1)


def indicator_columns(release: Release) -> list[ReleasedColumn]:
    """Return the columns of the indicators by domain: those of need first, then context, resources last."""
    beside = {name for column in release.columns for name in (column.numerator, column.denominator) if name}
    found = [c for c in release.columns if c.kind in (*NUMBER_FORMS, "count") and c.id not in beside]
    roles = {"context": 1, "resource": 2}
    return sorted(found, key=lambda c: (roles.get(c.indicator.role, 0), DOMAINS.index(c.indicator.domain)))


def need_direction(column: ReleasedColumn) -> int:
    """Return 1 where high values point to need, -1 where low ones do, 0 where neither does."""
    return (column.indicator.direction or 0) if column.kind in NUMBER_FORMS else 0


def has_all_drivers(release: Release, axis: str) -> bool:
    """Return True if every indicator of an axis leaves with its contribution."""
    return _n_indicators(release, axis) == len(driver_names(release, axis))


def driver_names(release: Release, axis: str) -> list[str]:
    """Return the indicators of an axis that leave with their contribution."""
    if release.drivers is None or axis not in release.drivers.columns.get_level_values(0):
        return []
    return [str(name) for name in release.drivers[axis].columns]


def _n_indicators(release: Release, axis: str) -> int:
    """Return how many indicators an axis has, of which some may not be released."""
    rules = axis_of(release, axis)
    return 0 if rules is None else len({leaf.id for leaf in rules.indicators})


def exclave_name(release: Release, exclave: Exclave) -> str:
    """Return the names of the areas that have a part in an exclave."""
    names = [str(name) for name in release.areas["name"].iloc[list(exclave.areas)]]
    return ", ".join(names[:NAMED]) + (" ..." if len(names) > NAMED else "")


def facility_points(release: Release, facilities: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return facilities as points in the coordinates of the areas."""
    frame = on_areas(facilities, release.areas)
    return frame.set_geometry(frame.geometry.representative_point())


def on_areas(frame: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return a layer in the coordinates of the areas."""
    return frame if frame.crs is None or areas.crs is None or frame.crs == areas.crs else frame.to_crs(areas.crs)


def cell_text(release: Release, key: str, column: ReleasedColumn, lang: Lang) -> str:
    """Return what an area shows in a column: its value, or why there is none."""
    value, status = release.cell(key, column.id)
    if not pd.isna(value):
        words = value_text(value, column, lang)
        return f"({words})" if status == "unreliable" and has_brackets(column) else words
    return gap_text(gap_kind(release, key, column), lang)


def doubtful(release: Release, column: ReleasedColumn) -> pd.Series[bool]:
    """Return the areas whose value stands in brackets: shown, and not reliable enough to its source."""
    values, status = release.values[column.id], release.status
    if column.id not in status or not has_brackets(column):
        return values.isna() & False
    return status[column.id].eq("unreliable") & values.notna()


def has_brackets(column: ReleasedColumn) -> bool:
    """Return False for gaps of groups, which have their own word for what is open."""
    return column.indicator.role != "group_gap"


# why a cell has no value: the reasons of a release; that nobody lives in an area is one by itself
GAPS = (
    "protected",
    "small_area",
    "unknown_residents",
    "source",
    "derived",
    "missing",
    "not_applicable",
    "uninhabited",
    "unreliable",
    "excluded",
)

STATES = {"small": "small_area", "uninhabited": "uninhabited", "unknown": "unknown_residents"}


def gap_kind(release: Release, key: str, column: ReleasedColumn) -> str:
    """Return why a cell has no value."""
    reason = release.reason_not_shown(key, column.id)
    return "uninhabited" if reason == "not_applicable" and release.state[key] == "uninhabited" else reason


def gap_kinds(release: Release, column: ReleasedColumn) -> pd.Series[str]:
    """Return for each area without a value why it has none."""
    reasons = release.gaps(column.id)
    nobody = release.state[reasons.index].eq("uninhabited")
    return reasons.mask(reasons.eq("not_applicable") & nobody, "uninhabited").astype(object)


def total_gap(gaps: Iterable[str]) -> str:
    """Return why a number over several areas is not shown, from the reasons of those that show none."""
    kinds = set(gaps) - {"not_applicable", "uninhabited"}  # they add nobody
    if not kinds:
        return "not_applicable"
    return kinds.pop() if kinds in ({"missing"}, {"unknown_residents"}) else "derived"


def gap_text(gap: str, lang: Lang) -> str:
    """Return a reason in few words, for a cell or a legend."""
    return text(f"gap_{gap}", lang)


def gap_lines(gaps: Iterable[str], lang: Lang) -> list[str]:
    """Return the reasons that occur as sentences, each after the words that stand for it."""
    found = set(gaps)
    return [f"{gap_text(gap, lang)} – {text(f'why_{gap}', lang)}" for gap in GAPS if gap in found]


def gap_blocks(gaps: Iterable[str], lang: Lang) -> list[DocumentBlock]:
    """Return a list of the reasons that occur; nothing where every value is shown."""
    lines = gap_lines(gaps, lang)
    return [Heading(text("heading_gaps", lang), 3), Bullets(tuple(lines), muted=True)] if lines else []


def label_with_unit(column: ReleasedColumn, lang: Lang) -> str:
    """Return the label of a column, and its unit in brackets."""
    sign = unit(column, lang)
    return f"{label(column, lang)} ({sign})" if sign else label(column, lang)


def reason_texts(release: Release, lang: Lang) -> dict[str, list[str]]:
    """Return for each selected area the conditions that speak for it, in words, and how many of "at least k" hold."""
    return single_reason_texts(release, release.reasons, lang)


def single_reason_texts(release: Release, rows: pd.DataFrame, lang: Lang) -> dict[str, list[str]]:
    """Return for each area in some rows of the reasons these in words, and how many of "at least k" hold."""
    return _with_counts(release, _sentences(release, rows, lang), lang)


def other_reason_texts(release: Release, lang: Lang, most: int | None = None) -> dict[str, list[str]]:
    """Return for areas that are not selected the conditions that speak against them, or cannot be judged, in words.

    Those come first that alone would change the outcome, then those that are nearest to their limit; ``most`` of them.
    """
    rows = release.other_reasons
    if rows is None or rows.empty:
        return {}
    size = rows["limit"].astype(float).abs()
    nearness = (rows["distance"].astype(float).abs() / size.where(size > 0)).fillna(float("inf"))
    order = pd.DataFrame({"key": rows["key"], "first": ~rows["decisive"], "near": nearness, "place": rows["place"]})
    rows = rows.loc[order.sort_values(["first", "near", "place"], kind="stable").index]
    if most is not None:
        rows = rows[rows.groupby("key").cumcount() < most]
    return _with_counts(release, _sentences(release, rows, lang), lang)


def _sentences(release: Release, rows: pd.DataFrame, lang: Lang) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    if rows.empty:
        return found
    for row, has_none in zip(rows.itertuples(), rows["value"].isna() & rows["column"].ne(""), strict=True):
        gap = gap_text(gap_kind(release, str(row.key), release.column(str(row.column))), lang) if has_none else ""
        found.setdefault(str(row.key), []).append(reason_text(release, row, lang, gap))
    return found


def _with_counts(release: Release, found: dict[str, list[str]], lang: Lang) -> dict[str, list[str]]:
    """Add how many parts of each "at least k of" hold."""
    if release.rule_counts is not None:
        for row in release.rule_counts[release.rule_counts["key"].isin(list(found))].itertuples():
            found[str(row.key)].append(text("reason_count", lang, yes=row.yes, n=row.n, k=row.k))
    return found


def missing_texts(release: Release, lang: Lang) -> dict[str, str]:
    """Return for each area how many persons are missing until it enters or leaves the list; no advice."""
    if release.missing is None:
        return {}
    return {str(key): missing_text(release, rows, lang) for key, rows in release.missing.groupby("key", sort=False)}


def level_text(release: Release, key: str, lang: Lang) -> str:
    """Return the level of an official rule that an area meets; empty where there are none, or it is not shown."""
    if release.levels is None or release.assessed is None or not release.assessed[key]:
        return ""
    return str(release.levels[key]) if isinstance(release.levels[key], str) else text("level_none", lang)


def rule_blocks(release: Release, lang: Lang) -> list[DocumentBlock]:
    """Return the rule as a sentence, with its conditions as a list."""
    if release.rule is None:
        return []
    words = rule_words(release, release.rule.tree, lang)
    blocks: list[DocumentBlock] = [Paragraph(words.lead)]
    blocks += [_outline(words.outline)] if words.outline else []
    return [*blocks, *([Paragraph(words.note, "muted")] if words.note else [])]


def _outline(items: Sequence[RuleItem]) -> Bullets:
    """Return the conditions of a rule as a list, those of "at least 2 of 3" as a list inside it."""
    inside = tuple(_outline(item.items) if item.items else None for item in items)
    return Bullets(tuple(item.words for item in items), inside=inside if any(inside) else ())


def method_texts(release: Release, lang: Lang) -> list[str]:
    """Return the lines of the method box: one per fact, and one for all indicators of which the same is said."""
    from quartiersatlas.version import __version__

    alike: dict[Any, list[Message]] = {}
    for number, fact in enumerate(release.facts):
        said = {name: value for name, value in fact.values.items() if name != "indicator"}
        alike.setdefault((fact.name, repr(said)) if "indicator" in fact.values else number, []).append(fact)
    lines = [_facts_text(release, facts, lang) for facts in alike.values()]
    from_counts = any(column.kind == "rate" for column in release.columns) or not release.columns
    city = [text("fact_city", lang, **place_words(release.city))] if from_counts else []
    return [*lines, *city, text("fact_version", lang, version=__version__)]


def _facts_text(release: Release, facts: list[Message], lang: Lang) -> str:
    """Return facts that differ in their indicator alone, in one line."""
    if len(facts) == 1:
        return fact_text(release, facts[0], lang)
    values = {name: value for name, value in facts[0].values.items() if name != "indicator"}
    labels = "; ".join(label(fact.values["indicator"], lang) for fact in facts)
    values |= {"label": text("label_each", lang, labels=labels)}
    return text(facts[0].name, lang, **{**place_words(release.city), **values})


def fact_text(release: Release, fact: Message, lang: Lang) -> str:
    """Return one fact in words."""
    values = dict(fact.values)
    if "indicator" in values:
        values["label"] = label(values.pop("indicator"), lang)
    if fact.name == "fact_axis":
        indicators = ", ".join(_weighted(release, indicator, lang) for indicator in values["axis"].indicators)
        axis = values["axis"]
        values |= {"axis": axis.label(lang), "indicators": indicators, "steps": steps_text(axis, lang)}
    if fact.name == "fact_rule":
        values["rule"] = rule_text(release, values["rule"], lang)
    if fact.name in OF_INDICATORS:
        values |= _labelled(release, values, lang)
    if fact.name == "warning_small_town":
        values["condition"] = rule_text(release, parse_rule(values["condition"]), lang)
    return text(fact.name, lang, **{**place_words(release.city), **values})


def _labelled(release: Release, values: Mapping[str, Any], lang: Lang) -> dict[str, str]:
    """Return the names of indicators and axes in a fact as their labels."""
    names = {key: values[key] for key in ("name", "names") if key in values}
    found = {
        key: ", ".join(indicator_label(release, name, lang) for name in str(said).split(", "))
        for key, said in names.items()
    }
    if "axis" in values:
        labels = {column.axis: column.indicator.label(lang) for column in release.columns if column.axis}
        found["axis"] = labels.get(values["axis"], values["axis"])
    return found


def _weighted(release: Release, indicator: NeedIndicator, lang: Lang) -> str:
    """Return an indicator of the need index with its weight and direction, where they are not 1."""
    own = pick(lang, indicator.label_de, indicator.label_en)
    words = own or indicator_label(release, indicator.id, lang)
    if indicator.direction == -1:
        words = text("reversed_note", lang, label=words)
    return words if indicator.weight == 1 else text("weight_note", lang, label=words, weight=f"{indicator.weight:g}")


def definition_text(column: ReleasedColumn, lang: Lang) -> str:
    """Return label, definition and caveat of a column in one line."""
    definition, caveat = column.indicator.definition(lang), column.indicator.caveat(lang)
    words = f"{label(column, lang)}: {definition}" if definition else label(column, lang)
    return f"{words.rstrip('.')}. {text('label_caveat', lang)}: {caveat}" if caveat else words


def footnote(release: Release, column: ReleasedColumn, lang: Lang) -> str:
    """Return definition and caveat of an indicator, and its date where that is another than that of the release."""
    words = definition_text(column, lang)
    date = release.dates.get(column.id, "")
    return f"{words} {text('label_as_of', lang)}: {date}" if date else words


def axis_text(release: Release, column: ReleasedColumn, lang: Lang) -> str:
    """Return how the axis of a class or score column is made; empty where the facts do not say."""
    fact = _axis_fact(release, column.axis)
    return "" if fact is None else fact_text(release, fact, lang)


def axis_of(release: Release, axis: str) -> NeedGroup | None:
    """Return the rules by which scores and classes of an axis or a domain are made; None where the facts do not say."""
    fact = _axis_fact(release, axis)
    if fact is None:
        return None
    found: NeedGroup = fact.values["axis"]
    domain = axis.partition(DOMAIN)[2]
    return next((group for group in found.groups() if group.id == domain), None) if domain else found


def _axis_fact(release: Release, axis: str) -> Message | None:
    facts = (fact for fact in release.facts if fact.name == "fact_axis")
    return next((fact for fact in facts if fact.values["axis"].id == axis.partition(DOMAIN)[0]), None)


def steps_text(axis: NeedAxis, lang: Lang) -> str:
    """Return the steps of an axis in order, from the scale of the indicators to the classes."""
    groups = [group for group in axis.groups() if group is not axis]
    steps = [
        *(
            f"{group.label(lang)}: {_scale_text(group.normalise, lang)}, {_aggregate(group.aggregate, lang)}"
            for group in groups
        ),
        _scale_text(axis.normalise, lang),
        _aggregate(axis.aggregate, lang),
    ]
    if axis.standardise.method != "none":
        steps.append(text("method_again", lang, rule=_scale_text(axis.standardise, lang)))
    if axis.breaks.method == "sd":
        steps.append(text("method_breaks_sd", lang))
    if axis.breaks.method == "quantile":
        steps.append(text("method_breaks_quantile", lang, type=axis.breaks.type))
    if axis.breaks.method == "rank_share":
        steps.append(text("method_breaks_rank_share", lang))
    if len(axis.classes) > 1:
        side = axis.breaks.closed or ("lower" if axis.breaks.in_shares else "middle")
        steps.append(text(f"method_limits_{side}", lang))
    shrunken = [leaf.id for leaf in axis.indicators if leaf.value == "shrunken"]
    if shrunken:
        steps.append(text("method_shrunken", lang, names=", ".join(shrunken)))
    return "; ".join(steps)


def _scale_text(rule: Normalise, lang: Lang) -> str:
    """Return how values are put on one scale."""
    if rule.method == "none":
        return text("method_as_given", lang)
    kinds = [rule.method]
    if rule.reference != "areas":
        kinds.append(rule.reference)
    elif rule.weighting != "none":
        kinds.append(rule.weighting)
    words = text(f"method_{'_'.join(kinds)}", lang, q=number_text(100 * (rule.q or 0), 0, lang))
    words += text("method_closed", lang) if rule.compare == "at_least" else ""
    words += text("method_positive", lang) if rule.among == "positive" else ""
    words += "" if rule.n is None else text("method_ranks_given", lang, n=number_text(rule.n, 0, lang))
    words += text("method_capped", lang) if rule.beyond == "cap" else ""
    words += "" if rule.digits is None else text("method_rounded", lang, digits=rule.digits)
    return words + (text("method_within", lang, level=rule.by) if rule.by else "")


def _aggregate(method: str, lang: Lang) -> str:
    return text(f"method_{method}", lang)


def title_block(
    release: Release, lang: Lang, title: str, subtitle: str | None = None, *, kind: str, level: int = 1
) -> list[DocumentBlock]:
    """Return what it is, the title, what it speaks of and of which day; notices; the band of a draft."""
    subtitle = release.subtitle if subtitle is None else subtitle
    date = f"{text('label_as_of', lang)} {release.as_of}" if release.as_of else ""
    kind, title = (kind, title) if title.strip() else ("", kind)
    blocks: list[DocumentBlock] = [Head(kind, title, " · ".join(filter(None, [subtitle, date])), level)]
    blocks += [Paragraph(notice, "notice") for notice in release.notices]
    if release.is_draft:
        blocks.append(Paragraph(draft_text(release, lang), "draft"))
    return blocks


def foot_text(release: Release, look: Look | None, lang: Lang) -> str:
    """Return what stands below each page: that it is a draft, who publishes, where to ask, the source."""
    office = [] if look is None else [look.office, look.contact, look.footer]
    source = f"{text('label_source', lang)}: {release.source}" if release.source else ""
    return " · ".join(filter(None, [draft_text(release, lang), *office, source]))


def source_text(release: Release, lang: Lang) -> str:
    """Return source and date in one line."""
    source = [f"{text('label_source', lang)}: {release.source}"] if release.source else []
    return " · ".join([*source, f"{text('label_as_of', lang)}: {release.as_of or '–'}"])


def comment_blocks(release: Release, lang: Lang) -> list[DocumentBlock]:
    """Return the comment, or that there is none."""
    return [
        Heading(text("label_comment", lang)),
        Paragraph(release.comment or text("no_comment", lang), "comment"),
    ]


def stability_text(release: Release, key: str, lang: Lang) -> str:
    """Return the label of an area and the share of the runs that select it; empty where it is not known."""
    if release.stability is None or pd.isna(release.stability.table["label"][key]):
        return ""
    name, share = _stability_words(release, key, lang)
    return f"{name} ({text('label_p_selected', lang)}: {share})"


def _stability_words(release: Release, key: str, lang: Lang) -> tuple[str, str]:
    assert release.stability is not None  # noqa: S101 - asked by the callers
    table = release.stability.table
    percent = number_text(100 * float(table["p_selected"][key]), 0, lang)
    return text(f"stability_{table['label'][key]}", lang), f"{percent}{THIN_BLANK}%"


# facts that name indicators, and an axis, by their ids
OF_INDICATORS = (
    "warning_rule_context",
    "warning_rule_counts",
    "warning_context",
    "warning_need_counts",
    "warning_direction",
)

# no XML file may hold control characters, half of a surrogate pair, U+FFFE and U+FFFF
VISIBLE: dict[int, int] = {
    **{code: 0x2400 + code for code in range(0x20) if chr(code) not in "\t\n\r"},  # NUL is shown as ␀, ESC as ␛
    0x7F: 0x2421,
    **dict.fromkeys((*range(0xD800, 0xE000), 0xFFFE, 0xFFFF), 0xFFFD),
}


def visible(text: str) -> str:
    """Put a visible sign in the place of characters that files cannot hold; everything else stays.

    Examples
    --------
    >>> visible("Alt" + chr(0) + "stadt")
    'Alt␀stadt'
    """
    return text.translate(VISIBLE)


def no_formula(text: str) -> str:
    """Put an apostrophe before text that a spreadsheet would take for a formula.

    Examples
    --------
    >>> no_formula("=1+1")
    "'=1+1"
    """
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def with_visible_text(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose text, also that of its head and its index, has visible characters only."""
    result = frame.rename(columns=_shown, index=_shown)
    for position, name in enumerate(result.columns):
        column = result.iloc[:, position]
        if is_object_dtype(column.dtype) or is_string_dtype(column.dtype):
            cleaned = column.map(_shown)
            if not cleaned.equals(column):
                result[name] = cleaned
    return result


def _shown(cell: object) -> object:
    return visible(cell) if isinstance(cell, str) else cell
