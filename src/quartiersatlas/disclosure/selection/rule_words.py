"""A rule in words: its conditions, how they are combined, and the reasons for which an area is on the list or not."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from quartiersatlas.catalogue import number_text, text
from quartiersatlas.catalogue.kinds import PERCENT
from quartiersatlas.catalogue.texts import THIN_BLANK, place_words, texts
from quartiersatlas.disclosure.selection.screened import decimals_of
from quartiersatlas.disclosure.selection.telling import RESIDENTS
from quartiersatlas.disclosure.words import indicator_label, points_text, unit, value_text
from quartiersatlas.screening.evaluation.outcome import Leaf, PartGroup, without_not
from quartiersatlas.screening.language.rules import (
    CITY,
    MEAN,
    MEDIAN,
    QUANTILE,
    REST,
    Adjacent,
    Capped,
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
    return _line(ConditionWords(release, lang), without_not(rule))


def rule_words(release: ReleasedResults, rule: Rule, lang: Lang) -> RuleWords:
    """Return a rule as a sentence; conditions of which some have to hold stand in a list."""
    words, form = ConditionWords(release, lang), without_not(rule)
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


def _items(words: ConditionWords, group: PartGroup) -> list[RuleItem]:
    """Return the parts of a group, one by one; a part of which some conditions have to hold with its own list."""
    found = []
    for part in group.parts:
        line = _line(words, part)
        if isinstance(part, PartGroup) and part.is_some:
            found.append(RuleItem(f"{_lead(part, words.lang)}:", line, tuple(_items(words, part))))
        else:
            found.append(RuleItem(line, line))
    return found


def _line(words: ConditionWords, form: Leaf | PartGroup) -> str:
    if isinstance(form, Leaf):
        return words.condition(form)
    lang = words.lang
    if form.is_some:
        inner = "; ".join(_line(words, part) for part in form.parts)
        return text("rule_some_line", lang, k=form.k, n=len(form.parts), parts=inner)
    parts = _merged(words, form)
    sign = text("rule_and" if form.is_all else "rule_or", lang)
    return f"{', '.join(parts[:-1])} {sign} {parts[-1]}" if len(parts) > 1 else parts[0]


def _merged(words: ConditionWords, group: PartGroup) -> list[str]:
    """Return the parts in words; of neighbours that say the same of several indicators these are named together."""
    found: list[tuple[list[str], str]] = []
    for part in group.parts:
        if isinstance(part, PartGroup) or isinstance(part.condition, Adjacent):
            line = _line(words, part)
            found.append(([], f"({line})" if isinstance(part, PartGroup) and not part.is_some else line))
            continue
        name, says = words.label(part.condition.looks_at), words.predicate(part)
        if group.is_all and found and found[-1][0] and found[-1][1] == says and says.startswith(" "):
            found[-1][0].append(name)
        else:
            found.append(([name], says))
    return [f"{', '.join(names)}{says}" for names, says in found]


def _all(leaves: Sequence[Leaf]) -> Leaf | PartGroup:
    return leaves[0] if len(leaves) == 1 else PartGroup(len(leaves), tuple(leaves))


def _note_on_unknown(words: ConditionWords, form: Leaf | PartGroup) -> str:
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
class ConditionWords:
    """The words of conditions, of one release in one language."""

    release: ReleasedResults
    lang: Lang

    @property
    def rule(self) -> ReleasedRule | None:
        """The rule that is put in words."""
        return self.release.rule

    def label(self, name: str) -> str:
        """Return the label of an indicator, of an axis, of the residents; what is none is about neighbours."""
        if not name:
            return text("label_beside", self.lang)
        if self.is_people(name):
            return text("label_residents", self.lang)
        return indicator_label(self.release, name, self.lang)

    def number(self, value: float | Decimal, decimals: int, name: str) -> str:
        """Return a number in the unit of an indicator."""
        written = number_text(float(value), decimals, self.lang)
        sign = self.unit(name)
        blank = "" if self.lang == "en" and sign == "%" else THIN_BLANK
        return f"{written}{blank}{sign}" if sign else written

    def is_people(self, name: str) -> bool:
        """Return True for the residents, where the catalogue has no words of its own for their column."""
        population = "" if self.rule is None else self.rule.population
        return name in (RESIDENTS, population) and name not in self.release.catalogue

    def unit(self, name: str) -> str:
        """Return the sign of the unit of an indicator."""
        if self.is_people(name):
            return ""
        column = self.column(name)
        return unit(column, self.lang) if column is not None else self.release.catalogue.get(name).unit_text(self.lang)

    def column(self, name: str) -> ReleasedColumn | None:
        """Return the released column of a name; None where it does not leave."""
        return next((column for column in self.release.columns if column.id == name), None)

    def difference(self, value: float | Decimal, decimals: int, name: str) -> str:
        """Return a difference without its sign: of percent in percentage points."""
        is_percent = self.release.catalogue.get(name).unit == PERCENT and not self.is_people(name)
        written = number_text(abs(float(value)), decimals, self.lang)
        sign = points_text(written, self.lang) if is_percent else self.unit(name)
        return f"{written}{THIN_BLANK}{sign}".rstrip(THIN_BLANK)

    def condition(self, leaf: Leaf) -> str:
        """Return a condition with its indicator."""
        says = self.predicate(leaf)
        return says if isinstance(leaf.condition, Adjacent) else f"{self.label(leaf.condition.looks_at)}{says}"

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
            case Adjacent():
                return self.beside(condition, holds=leaf.holds)
            case Capped():
                found = self.capped(condition)
        return f" {found}" if leaf.holds else f" {text('rule_not', lang, condition=found)}"

    def class_label(self, axis: str, name: str) -> str:
        """Return what a class is called."""
        column = self.release.axis_column(axis, "class")
        return value_text(name, column, self.lang) if column else name

    def is_low(self, condition: Condition) -> bool:
        """Return True if low values are the worse ones."""
        highest = getattr(condition, "highest", None)
        if highest is not None:
            return not highest
        return self.release.catalogue.get(condition.looks_at).direction == -1

    def worst(self, condition: Worst) -> str:
        """Return "among the highest 20 % of the areas"."""
        side = "low" if self.is_low(condition) else "high"
        inside = text("rule_within", self.lang, unit=self.own_unit(condition.by)) if condition.by else ""
        if condition.among is not None:
            inside += text("rule_among", self.lang, rule=self.of(condition.among))
        if condition.share is None:
            return text(f"rule_worst_n_{side}", self.lang, n=condition.n, inside=inside)
        share = plain_number(condition.share * 100, self.lang)
        return text(f"rule_worst_share_{side}", self.lang, share=share, inside=inside)

    def of(self, rule: Rule) -> str:
        """Return the rule inside a condition, in one line."""
        return _line(self, without_not(rule))

    def most(self, condition: Capped) -> str:
        """Return how many persons a cap lets in: "20 % of the residents within the own region"."""
        label, inside = self.label(condition.of), ""
        if condition.by:
            inside = text("rule_within", self.lang, unit=self.own_unit(condition.by))
        if condition.share is None:
            number = plain_number(condition.number_of or Decimal(0), self.lang)
            return text("rule_cap_number", self.lang, number=number, label=label, inside=inside)
        share = plain_number(condition.share * 100, self.lang)
        return text("rule_cap_share", self.lang, share=share, label=label, inside=inside)

    def capped(self, condition: Capped) -> str:
        """Return "taken in order from the highest value on, up to 20 % of the residents, of the areas where ..."."""
        side, rule = "low" if self.is_low(condition) else "high", self.of(condition.rule)
        end = text(f"rule_cap_{condition.beyond}", self.lang)
        return text(f"rule_capped_{side}", self.lang, most=self.most(condition), end=end, rule=rule)

    def beside(self, condition: Adjacent, *, holds: bool) -> str:
        """Return "beside an area where ..."."""
        name = "one" if condition.n == 1 else "some"
        values = {"n": str(condition.n), "rule": self.of(condition.rule)}
        if condition.share is not None:
            name, values["share"] = "share", plain_number(condition.share * 100, self.lang)
        found = text(f"rule_{'' if holds else 'not_'}beside_{name}", self.lang, **values)
        if not condition.compare:
            return found
        factor = plain_number(condition.factor, self.lang)
        label = self.label(condition.indicator)
        return f"{found}{text(f'rule_beside_{condition.compare}', self.lang, label=label, factor=factor)}"

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
            level = plain_number(condition.significant * 100, self.lang)
            found.append(text("rule_significant", self.lang, level=level))
        if condition.min_denominator is not None:
            found.append(text("rule_min_denominator", self.lang, n=plain_number(condition.min_denominator, self.lang)))
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
            found = text("rule_part", self.lang, percent=plain_number(limit.factor * 100, self.lang), of=of)
        else:
            found = text("rule_times", self.lang, factor=plain_number(limit.factor, self.lang), of=of)
        return self.with_plus(found, limit, name)

    def reference(self, limit: Limit, name: str, unit_name: str = "", *, of: bool = False, plus: bool = True) -> str:
        """Return what a limit is taken from; in German in the dative, or the genitive (of)."""
        case = "_of" if of else ""
        if isinstance(limit.than, tuple):
            parts = [f"{plain_number(weight, self.lang)} × {self.in_mix(part)}" for weight, part in limit.than]
            found = text("ref_mixed", self.lang, parts=" + ".join(parts))
        else:
            found = self.named(str(limit.than), limit, unit_name, case)
        return self.with_plus(found, limit, name) if plus else found

    def in_mix(self, part: str) -> str:
        """Return the short name of a part of a mix."""
        if part in (CITY, REST, MEAN, MEDIAN, QUANTILE):
            return text(f"mix_{part}", self.lang, **place_words(self.release.city))
        return text("mix_named", self.lang, name=self.of_file(part))

    def of_file(self, name: str) -> str:
        """Return what a reference is called."""
        return self.rule.spec.label(name, self.lang) if self.rule is not None and self.rule.spec is not None else name

    def named(self, than: str, limit: Limit, unit_name: str, case: str) -> str:
        """Return what a name stands for, in the case that is asked for."""
        lang = self.lang
        if than in (CITY, REST, MEDIAN):
            return text(f"ref_{than}{case}", lang, **place_words(self.release.city))
        if than == MEAN:
            mean = text(f"ref_mean{case}", lang)
            return text("ref_sd", lang, mean=mean, sd=plain_number(limit.sd, lang)) if limit.sd else mean
        if than == QUANTILE:
            assert limit.q is not None  # noqa: S101 - a quantile has one
            return text(f"ref_quantile{case}", lang, percent=plain_number(limit.q * 100, lang))
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
        """Return a limit with what is added to it."""
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


def plain_number(number: Decimal, lang: Lang) -> str:
    """Return a number with the decimals it has."""
    return number_text(float(number), decimals_of(number), lang)
