"""A rule in words: its conditions, how they are combined, and the reasons for which an area is on the list or not."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pandas as pd

from quartiersatlas.catalogue import number_text, text
from quartiersatlas.catalogue.kinds import PERCENT
from quartiersatlas.catalogue.texts import THIN_BLANK, texts
from quartiersatlas.disclosure.selection.screened import RESIDENTS, decimals_of
from quartiersatlas.disclosure.words import indicator_label, label, points_text, unit, value_text
from quartiersatlas.screening.evaluation.exact import EQUAL
from quartiersatlas.screening.evaluation.outcome import Leaf, PartGroup, without_not
from quartiersatlas.screening.language.rules import (
    CITY,
    MEAN,
    MEDIAN,
    QUANTILE,
    REST,
    Compare,
    Condition,
    Hotspot,
    InClass,
    Limit,
    Rule,
    WorseThanCity,
    Worst,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure.release import ReleasedColumn, ReleasedResults, ReleasedRule

OPPOSITE = {"at_least": "below", "at_most": "above", "above": "not_above", "below": "not_below"}
OPPOSITE_OF_NUMBER = {"at_least": "below", "at_most": "above", "above": "at_most", "below": "at_least"}


# --- the rule ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RuleItem:
    """An entry of the list: a condition, or the head of a list of its own ("at least 2 of 3 conditions hold")."""

    words: str
    line: str  # all of it in one line, the inner list in brackets
    items: tuple[RuleItem, ...] = ()


@dataclass(frozen=True)
class RuleWords:
    """A rule as a sentence with a list.

    Parameters
    ----------
    lead : str
        "An area is selected if ... and at least 3 of these 6 conditions hold:", or the whole sentence.
    outline : tuple of RuleItem
        What stands in the list, with lists inside; empty where the sentence says it all.
    note : str
        What holds for missing values; empty where nothing has to be said.
    """

    lead: str
    outline: tuple[RuleItem, ...] = ()
    note: str = ""

    @property
    def items(self) -> tuple[str, ...]:
        """The list without lists inside."""
        return tuple(item.line for item in self.outline)

    @property
    def sentence(self) -> str:
        """All of it as running text."""
        listed = f"{self.lead} {'; '.join(self.items)}." if self.items else self.lead
        return f"{listed} {self.note}".strip()


def rule_text(release: ReleasedResults, rule: Rule, lang: Lang) -> str:
    """Return a rule in words, in one line, with nested parts in brackets."""
    return _line(_Words(release, lang), without_not(rule))


def rule_words(release: ReleasedResults, rule: Rule, lang: Lang) -> RuleWords:
    """Return a rule as a sentence; conditions of which some have to hold stand in a list."""
    words, form = _Words(release, lang), without_not(rule)
    note = _note_on_unknown(words, form)
    if isinstance(form, Leaf) or (all(isinstance(part, Leaf) for part in form.parts) and not form.is_some):
        few = isinstance(form, Leaf) or len(form.parts) <= 2 or len(_merged(words, form)) == 1  # noqa: PLR2004 - a, b
        if few:
            return RuleWords(text("rule_sentence", lang, rule=_line(words, form)), note=note)
    assert isinstance(form, PartGroup)  # noqa: S101 - a single condition is a sentence by itself
    leaves = [part for part in form.parts if isinstance(part, Leaf)]
    groups = [part for part in form.parts if isinstance(part, PartGroup)]
    if form.is_all and leaves and len(groups) == 1:  # a holds, and at least 3 of these 6
        first = _line(words, _all(leaves))
        name = "rule_sentence_one" if len(leaves) == 1 else "rule_sentence_several"
        lead = text(name, lang, first=first, rest=_lead(groups[0], lang))
        return RuleWords(lead, tuple(_items(words, groups[0])), note)
    return RuleWords(text("rule_sentence_list", lang, lead=_lead(form, lang)), tuple(_items(words, form)), note)


def _lead(group: PartGroup, lang: Lang) -> str:
    """Return "all of these conditions hold", or how many of them have to."""
    if group.is_all:
        return text("rule_all", lang)
    return text("rule_any", lang) if group.k == 1 else text("rule_some", lang, k=group.k, n=len(group.parts))


def _items(words: _Words, group: PartGroup) -> list[RuleItem]:
    """Return the parts of a group, one by one; a part of which some conditions have to hold with its own list."""
    found = []
    for part in group.parts:
        line = _line(words, part)
        if isinstance(part, PartGroup) and part.is_some:
            found.append(RuleItem(f"{_lead(part, words.lang)}:", line, tuple(_items(words, part))))
        else:
            found.append(RuleItem(line, line))
    return found


def _line(words: _Words, form: Leaf | PartGroup) -> str:
    if isinstance(form, Leaf):
        return words.condition(form)
    lang = words.lang
    if form.is_some:
        inner = "; ".join(_line(words, part) for part in form.parts)
        return text("rule_some_line", lang, k=form.k, n=len(form.parts), parts=inner)
    parts = _merged(words, form)
    sign = text("rule_and" if form.is_all else "rule_or", lang)
    return f"{', '.join(parts[:-1])} {sign} {parts[-1]}" if len(parts) > 1 else parts[0]


def _merged(words: _Words, group: PartGroup) -> list[str]:
    """Return the parts in words; of neighbours that say the same of several indicators these are named together."""
    found: list[tuple[list[str], str]] = []
    for part in group.parts:
        if isinstance(part, PartGroup):
            line = _line(words, part)
            found.append(([], line if part.is_some else f"({line})"))
            continue
        name, says = words.label(part.condition.looks_at), words.predicate(part)
        if group.is_all and found and found[-1][0] and found[-1][1] == says and says.startswith(" "):
            found[-1][0].append(name)
        else:
            found.append(([name], says))
    return [f"{', '.join(names)}{says}" for names, says in found]


def _all(leaves: Sequence[Leaf]) -> Leaf | PartGroup:
    return leaves[0] if len(leaves) == 1 else PartGroup(len(leaves), tuple(leaves))


def _note_on_unknown(words: _Words, form: Leaf | PartGroup) -> str:
    """Say where a missing value counts as met or as not met."""
    kinds = {kind: [leaf for leaf in form.leaves if leaf.condition.unknown == kind] for kind in ("no", "yes")}
    notes = []
    for kind, leaves in kinds.items():
        if len(leaves) == len(form.leaves):
            return text(f"rule_unknown_{kind}", words.lang)
        if leaves:
            names = ", ".join(dict.fromkeys(words.label(leaf.condition.looks_at) for leaf in leaves))
            notes.append(text(f"rule_unknown_{kind}_of", words.lang, labels=names))
    return " ".join(notes)


# --- conditions -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Words:
    """The words of conditions, of one release in one language."""

    release: ReleasedResults
    lang: Lang

    @property
    def rule(self) -> ReleasedRule | None:
        return self.release.rule

    def label(self, name: str) -> str:
        """Return the label of an indicator, of an axis, or of the residents."""
        if self.is_people(name):
            return text("label_residents", self.lang)
        return indicator_label(self.release, name, self.lang)

    def number(self, value: float | Decimal, decimals: int, name: str) -> str:
        """Return a number in the unit of an indicator."""
        written = number_text(float(value), decimals, self.lang)
        sign = self.unit(name)
        return f"{written}{THIN_BLANK}{sign}" if sign else written

    def is_people(self, name: str) -> bool:
        """Return True for the residents, where the catalogue has no words of its own for their column."""
        population = "" if self.rule is None else self.rule.population
        return name in (RESIDENTS, population) and name not in self.release.catalogue

    def unit(self, name: str) -> str:
        if self.is_people(name):
            return ""
        column = self.column(name)
        return unit(column, self.lang) if column is not None else self.release.catalogue.get(name).unit_text(self.lang)

    def column(self, name: str) -> ReleasedColumn | None:
        return next((column for column in self.release.columns if column.id == name), None)

    def difference(self, value: float | Decimal, decimals: int, name: str) -> str:
        """Return a difference without its sign: of percent in percentage points."""
        is_percent = self.release.catalogue.get(name).unit == PERCENT and not self.is_people(name)
        written = number_text(abs(float(value)), decimals, self.lang)
        sign = points_text(written, self.lang) if is_percent else self.unit(name)
        return f"{written}{THIN_BLANK}{sign}".rstrip(THIN_BLANK)

    def condition(self, leaf: Leaf) -> str:
        return f"{self.label(leaf.condition.looks_at)}{self.predicate(leaf)}"

    def predicate(self, leaf: Leaf) -> str:
        """Return what a condition says of its indicator: " above the city value", ": low"."""
        condition, lang = leaf.condition, self.lang
        match condition:
            case InClass(classes=classes):
                names = " / ".join(self.class_label(condition.axis, name) for name in classes)
                return text("rule_in_class" if leaf.holds else "rule_not_in_class", lang, classes=names)
            case Hotspot():
                side = "low" if self.is_low(condition) else "high"
                found = text(f"rule_hotspot_{side}", lang)
            case Worst():
                found = self.worst(condition)
            case WorseThanCity():
                word = "below" if self.is_low(condition) else "above"
                return f" {self.relation(word, Limit(CITY), condition, holds=leaf.holds)}"
            case Compare():
                return f" {self.relation(condition.word, condition.limit, condition, holds=leaf.holds)}"
        return f" {found}" if leaf.holds else f" {text('rule_not', lang, condition=found)}"

    def class_label(self, axis: str, name: str) -> str:
        column = self.release.axis_column(axis, "class")
        return value_text(name, column, self.lang) if column else name

    def is_low(self, condition: Condition) -> bool:
        """Return True if low values are the worse ones."""
        highest = getattr(condition, "highest", None)
        if highest is not None:
            return not highest
        return self.release.catalogue.get(condition.looks_at).direction == -1

    def worst(self, condition: Worst) -> str:
        side = "low" if self.is_low(condition) else "high"
        inside = text("rule_within", self.lang, unit=self.own_unit(condition.by)) if condition.by else ""
        if condition.share is None:
            return text(f"rule_worst_n_{side}", self.lang, n=condition.n, inside=inside)
        share = _plain(condition.share * 100, self.lang)
        return text(f"rule_worst_share_{side}", self.lang, share=share, inside=inside)

    # --- limits -------------------------------------------------------------------------------------------------------

    def relation(self, word: str, limit: Limit, condition: Condition, *, holds: bool) -> str:
        """Return a comparison: "above the city value", "at most 65 % of the value of ..."."""
        name = condition.looks_at
        if isinstance(limit.than, Decimal) and not limit.names:
            fixed = limit.factor * limit.than + limit.plus
            said = text(
                f"rule_number_{word if holds else OPPOSITE_OF_NUMBER[word]}",
                self.lang,
                limit=self.number(fixed, decimals_of(fixed), name),
            )
        elif limit.factor != 1:
            times = f"{self.times(limit, name)}{self.published(limit, name)}"
            said = text(f"rule_factor_{word if holds else OPPOSITE_OF_NUMBER[word]}", self.lang, limit=times)
        else:
            reference = f"{self.reference(limit, name)}{self.published(limit, name)}"
            said = text(f"rule_{word if holds else OPPOSITE[word]}", self.lang, limit=reference)
        return f"{said}{self.options(condition)}"

    def options(self, condition: Condition) -> str:
        """Return what else a comparison asks for."""
        if not isinstance(condition, Compare):
            return ""
        found = []
        if condition.significant is not None:
            level = _plain(condition.significant * 100, self.lang)
            found.append(text("rule_significant", self.lang, level=level))
        if condition.min_denominator is not None:
            found.append(text("rule_min_denominator", self.lang, n=_plain(condition.min_denominator, self.lang)))
        if condition.limit.digits is not None:
            digits = condition.limit.digits
            found.append(text("rule_rounded_one" if digits == 1 else "rule_rounded", self.lang, digits=digits))
        if condition.source:
            found.append(f"{text('label_source', self.lang)}: {condition.source}")
        return f" ({'; '.join(found)})" if found else ""

    def times(self, limit: Limit, name: str, unit_name: str = "") -> str:
        """Return a multiple of a limit: 1.5 times as much, 65 % of it."""
        of = self.reference(limit, name, unit_name, of=True, plus=False)
        if limit.factor < 1:
            found = text("rule_part", self.lang, percent=_plain(limit.factor * 100, self.lang), of=of)
        else:
            found = text("rule_times", self.lang, factor=_plain(limit.factor, self.lang), of=of)
        return self.with_plus(found, limit, name)

    def reference(self, limit: Limit, name: str, unit_name: str = "", *, of: bool = False, plus: bool = True) -> str:
        """Return what a limit is taken from; in German in the dative, or the genitive (of)."""
        case = "_of" if of else ""
        if isinstance(limit.than, tuple):
            parts = [f"{_plain(weight, self.lang)} × {self.in_mix(part)}" for weight, part in limit.than]
            found = text("ref_mixed", self.lang, parts=" + ".join(parts))
        else:
            found = self.named(str(limit.than), limit, unit_name, case)
        return self.with_plus(found, limit, name) if plus else found

    def in_mix(self, part: str) -> str:
        """Return the short name of a part of a mix."""
        if part in (CITY, REST, MEAN, MEDIAN, QUANTILE):
            return text(f"mix_{part}", self.lang)
        return text("mix_named", self.lang, name=self.of_file(part))

    def of_file(self, name: str) -> str:
        """Return what a reference is called."""
        return self.rule.spec.label(name, self.lang) if self.rule is not None and self.rule.spec is not None else name

    def named(self, than: str, limit: Limit, unit_name: str, case: str) -> str:
        lang = self.lang
        if than in (CITY, REST, MEDIAN):
            return text(f"ref_{than}{case}", lang)
        if than == MEAN:
            mean = text(f"ref_mean{case}", lang)
            return text("ref_sd", lang, mean=mean, sd=_plain(limit.sd, lang)) if limit.sd else mean
        if than == QUANTILE:
            assert limit.q is not None  # noqa: S101 - a quantile has one
            return text(f"ref_quantile{case}", lang, percent=_plain(limit.q * 100, lang))
        reference = None if self.rule is None else self.rule.references.get(than)
        if reference is None:
            unit = self.level(than, unit_name) if unit_name else self.own_unit(than)
            return text(f"ref_level{case}", lang, unit=unit)
        return text(f"ref_published{case}", lang, name=self.of_file(than))

    def published(self, limit: Limit, name: str, number: str = "") -> str:
        """Return the number of a limit and the sources of published values, in brackets; nothing without any."""
        references = [] if self.rule is None else [self.rule.references.get(one) for one in limit.names]
        known = [one for one in references if one is not None]
        value = known[0].number(name) if len(known) == 1 and isinstance(limit.than, str) else None
        if not number and value is not None:
            number = self.number(value, decimals_of(Decimal(repr(value))), name)
        sources = dict.fromkeys(", ".join(filter(None, [one.source, one.as_of])) for one in known)
        found = "; ".join(filter(None, [number, *sources]))
        return f" ({found})" if found else ""

    def with_plus(self, words: str, limit: Limit, name: str) -> str:
        if not limit.plus:
            return words
        number = self.difference(limit.plus, decimals_of(limit.plus), name)
        return text("rule_plus" if limit.plus > 0 else "rule_minus", self.lang, limit=words, number=number)

    def own_unit(self, level: str) -> str:
        """Return "the own municipality" in the genitive."""
        name = f"own_{level.casefold()}"
        return text(name, self.lang) if name in texts() else text("own_level", self.lang, level=level)

    def level(self, level: str, unit_name: str) -> str:
        """Return a unit with its kind in the genitive: of the municipality of Neustadt."""
        name = f"unit_of_{level.casefold()}"
        if name in texts():
            return text(name, self.lang, unit=unit_name)
        return text("unit_of_level", self.lang, level=level, unit=unit_name)


def _plain(number: Decimal, lang: Lang) -> str:
    return number_text(float(number), decimals_of(number), lang)


# --- reasons ----------------------------------------------------------------------------------------------------------

MOST_DIGITS = 6  # more than the column has, until two numbers differ


def reason_text(release: ReleasedResults, row: Any, lang: Lang, gap: str = "") -> str:  # noqa: ANN401 - a named tuple
    """Return a row of the reasons as a sentence.

    Parameters
    ----------
    release : ReleasedResults
        Whose reasons they are.
    row : named tuple
        A row of its ``reasons`` or ``other_reasons``.
    lang : {"de", "en"}
        Language.
    gap : str
        Why the area shows no value, in words, where it shows none.
    """
    words = _Words(release, lang)
    assert words.rule is not None  # noqa: S101 - where there are reasons there is a rule
    condition = words.rule.tree.conditions[row.place]
    name = _label(release, row, words)
    if pd.isna(row.held) or row.unknown_because:
        return _unknown(row, name, gap, lang)
    holds = bool(row.held)
    hidden = text("cell_suppressed", lang)
    column = release.column(row.column) if row.column else None
    if isinstance(condition, InClass):
        classes = " / ".join(words.class_label(condition.axis, one) for one in condition.classes)
        if column is None or pd.isna(row.value):
            return text(f"reason_{_no(holds)}of_class", lang, label=name, classes=classes)
        value = value_text(row.value, column, lang)
        return text(f"reason_{_no(holds)}in_class", lang, label=name, value=value, classes=classes)
    if isinstance(condition, Hotspot):
        value, side = _value(row, words, hidden), "low" if words.is_low(condition) else "high"
        return text("reason", lang, label=name, value=value, says=_cluster(side, holds=holds, lang=lang))
    if isinstance(condition, Worst):
        return text("reason", lang, label=name, value=_value(row, words, hidden), says=_order(condition, row, words))
    return _compared(condition, row, name, words)


def _label(release: ReleasedResults, row: Any, words: _Words) -> str:  # noqa: ANN401 - a named tuple
    if row.column and row.kind != "in_class":
        return label(release.column(row.column), words.lang)
    return words.label(row.indicator)


def _no(holds: bool) -> str:
    return "" if holds else "not_"


def _unknown(row: Any, name: str, gap: str, lang: Lang) -> str:  # noqa: ANN401 - a named tuple
    """Say why a condition cannot be judged, and what follows where its own rule says so."""
    because = row.unknown_because or "missing"
    if because == "missing" and not gap:
        because = "limit" if not pd.isna(row.value) else "value"
    why = text(f"open_{because}", lang, gap=gap)
    if pd.isna(row.held):
        return text("reason_open", lang, label=name, why=why)
    return text("reason_counts_yes" if row.held else "reason_counts_no", lang, label=name, why=why)


def _value(row: Any, words: _Words, hidden: str) -> str:  # noqa: ANN401 - a named tuple
    return hidden if pd.isna(row.value) else words.number(row.value, row.decimals, _unit_name(row))


def _unit_name(row: Any) -> str:  # noqa: ANN401 - a named tuple
    return str(row.column or row.indicator)


def _cluster(side: str, *, holds: bool, lang: Lang) -> str:
    found = text(f"rule_hotspot_{side}", lang)
    return found if holds else text("rule_not", lang, condition=found)


def _order(condition: Worst, row: Any, words: _Words) -> str:  # noqa: ANN401 - a named tuple
    """Return "among the highest values (from 28.3 %)"."""
    side = "low" if words.is_low(condition) else "high"
    unit = words.level(condition.by, row.unit_name) if condition.by else ""
    inside = text("rule_within", words.lang, unit=unit) if unit else ""
    found = text(f"reason_worst_{side}", words.lang, inside=inside)
    found = found if row.held else text("rule_not", words.lang, condition=found)
    if pd.isna(row.limit):
        return found
    at = text(f"reason_to_{side}", words.lang, limit=words.number(row.limit, row.decimals, _unit_name(row)))
    alike = not row.held and not pd.isna(row.value) and round(float(row.value), row.decimals) == row.limit
    return f"{found} ({at}){text('reason_rounded', words.lang) if alike else ''}"


@dataclass(frozen=True)
class _Pair:
    """A value and a limit as they are written: so many decimals that they differ, where they do."""

    value: str
    limit: str
    distance: str = ""
    state: str = "apart"  # or "equal", or "rounded": equal as they are shown


def _compared(condition: Condition, row: Any, name: str, words: _Words) -> str:  # noqa: ANN401 - a named tuple
    """Return "Child poverty: 22.2 %, above the city value (20.0 %), by 2.2 percentage points"."""
    lang, holds = words.lang, bool(row.held)
    word, limit = _word_and_limit(condition, words)
    significant = isinstance(condition, Compare) and condition.significant is not None
    pair = _written(row, words, word, checked=not significant or holds)
    if pair.state == "equal":
        says = text(f"reason_equal_{word}", lang, limit=pair.limit)
        return text("reason", lang, label=name, value=pair.value, says=says)
    beyond = holds or (significant and _is_beyond(row, word))
    if significant and beyond:
        says = f"{_relation(word, limit, row, pair, words, holds=True)}{pair.distance}"
        return text(
            "reason", lang, label=name, value=pair.value, says=text(f"reason_{_no(holds)}significant", lang, says=says)
        )
    says = _relation(word, limit, row, pair, words, holds=holds)
    rest = text("reason_rounded", lang) if pair.state == "rounded" else pair.distance
    return text("reason", lang, label=name, value=pair.value, says=f"{says}{rest}")


def _word_and_limit(condition: Condition, words: _Words) -> tuple[str, Limit]:
    if isinstance(condition, Compare):
        return condition.word, condition.limit
    return "below" if words.is_low(condition) else "above", Limit(CITY)


def _is_beyond(row: Any, word: str) -> bool:  # noqa: ANN401 - a named tuple
    if pd.isna(row.value) or pd.isna(row.limit):
        return False
    apart = float(row.value) - float(row.limit)
    return apart > 0 if word in ("above", "at_least") else apart < 0


def _relation(word: str, limit: Limit, row: Any, pair: _Pair, words: _Words, *, holds: bool) -> str:  # noqa: ANN401
    """Return on which side of which limit a value lies, with the number of the limit in brackets."""
    lang, name = words.lang, _unit_name(row)
    side = {"at_least": "above", "at_most": "below"}.get(word, word) if holds else OPPOSITE[word]
    if limit.factor != 1 and limit.names:
        side = word if holds else OPPOSITE_OF_NUMBER[word]
        base = "" if pd.isna(row.base) else words.number(row.base, row.decimals, name)
        times = f"{words.times(limit, name, row.unit_name)}{words.published(limit, name, base)}"
        return text(f"rule_factor_{side}", lang, limit=times) + text("reason_limit", lang, limit=pair.limit)
    if not limit.names:
        return text(f"rule_{side}", lang, limit=f"{text('ref_number', lang)} ({pair.limit})")
    reference = words.reference(limit, name, row.unit_name)
    return text(f"rule_{side}", lang, limit=f"{reference}{words.published(limit, name, pair.limit)}")


def _written(row: Any, words: _Words, word: str, *, checked: bool) -> _Pair:  # noqa: ANN401 - a named tuple
    """Return value and limit with so many decimals that they differ, if they do and all their digits are shown."""
    name, decimals = _unit_name(row), int(row.decimals)
    hidden = text("cell_suppressed", words.lang)
    least, holds = int(row.limit_decimals), bool(row.held)
    if pd.isna(row.value) or pd.isna(row.limit):
        said = hidden if pd.isna(row.value) else words.number(row.value, decimals, name)
        return _Pair(said, hidden if pd.isna(row.limit) else words.number(row.limit, least, name))
    value, limit = float(row.value), float(row.limit)
    alike = row.value_exact and row.limit_exact and abs(value - limit) <= EQUAL * max(abs(value), abs(limit))
    if alike and holds == (word in ("at_least", "at_most")):
        return _Pair(words.number(value, decimals, name), words.number(limit, least, name), state="equal")
    for more in range(MOST_DIGITS + 1):
        of_value = decimals + more if row.value_exact else decimals
        of_limit = max(least, decimals + more if row.limit_exact and not _is_short(limit, least) else least)
        shown, at = round(value, of_value), round(limit, of_limit)
        side = shown > at if word in ("above", "at_least") else shown < at
        if shown != at and (side == holds or not checked):
            digits = max(of_value, of_limit) if more else of_value
            short = not side and word in ("above", "below")
            return _Pair(
                words.number(shown, of_value, name),
                words.number(at, of_limit, name),
                _distance(shown - at, digits, name, words, short=short),
            )
    return _Pair(words.number(value, decimals, name), words.number(limit, least, name), state="rounded")


def _is_short(limit: float, digits: int) -> bool:
    """Return True if a number has no more digits than are written."""
    return round(limit, digits) == limit


def _distance(apart: float, decimals: int, name: str, words: _Words, *, short: bool) -> str:
    if round(abs(apart), decimals) == 0:
        return ""
    difference = words.difference(apart, decimals, name)
    return text("reason_short" if short else "reason_distance", words.lang, difference=difference)


# --- how many persons are missing -------------------------------------------------------------------------------------


def missing_text(release: ReleasedResults, rows: pd.DataFrame, lang: Lang) -> str:
    """Return how many persons are missing until one area enters or leaves the list: a distance, no advice."""
    changes = [_change(release, row, lang) for row in rows.itertuples()]
    both = (
        f" {text('rule_and', lang)} ".join([", ".join(changes[:-1]), changes[-1]]) if len(changes) > 1 else changes[0]
    )
    return text("missing_enters" if bool(rows["enters"].iloc[0]) else "missing_leaves", lang, changes=both)


def _change(release: ReleasedResults, row: Any, lang: Lang) -> str:  # noqa: ANN401 - a named tuple
    """Return "11 fewer children on benefits (of 240)", or the same with the words of the catalogue."""
    name = f"missing_{'more' if row.persons > 0 else 'fewer'}"
    own = f"{name}_{row.indicator}{'_one' if abs(row.persons) == 1 else ''}"
    indicator = release.catalogue.get(row.indicator)
    counted = indicator.numerator_de if lang == "de" else indicator.numerator_en
    counted = counted or label(release.column(row.indicator), lang)
    values = {"count": number_text(abs(row.persons), 0, lang), "of": number_text(row.of, 0, lang)}
    return text(own, lang, **values) if own in texts() else text(name, lang, counted=counted, **values)
