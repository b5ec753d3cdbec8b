"""What a document says of rules beside each other: what each of them is, whom it reaches, where they agree."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from quartiersatlas.catalogue import number_text, text
from quartiersatlas.catalogue.texts import LANGUAGES
from quartiersatlas.disclosure.release import ReleasedRule
from quartiersatlas.disclosure.selection.rule_words import rule_text
from quartiersatlas.present.paper import Bullets, DocumentTable, Heading, Paragraph, TableRow
from quartiersatlas.present.statements import gap_text

if TYPE_CHECKING:
    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Release
    from quartiersatlas.disclosure.derived.comparison import ReleasedComparison
    from quartiersatlas.present.paper.document import DocumentBlock

PARTS = ("share_of_residents", "group_inside", "share_of_group")  # written in percent
SHOWN = (
    "areas",
    "unknown",
    "municipalities",
    "residents",
    *PARTS[:1],
    "group",
    *PARTS[1:],
    "only_here",
    "jaccard",
    "sure",
)


def comparison_blocks(release: Release, lang: Lang) -> list[DocumentBlock]:
    """Return the section on several rules; nothing where none are compared.

    Parameters
    ----------
    release : Release
        What is reported.
    lang : {"de", "en"}
        Language.
    """
    found = release.comparison
    if found is None:
        return []
    heads, rows = comparison_rows(found, lang)
    group = found.group[LANGUAGES.index(lang)]
    blocks: list[DocumentBlock] = [
        Heading(text("heading_compared_rules", lang)),
        Paragraph(text("compared_rules", lang, first=found.names[0])),
        *([Paragraph(text("compared_rules_group", lang, group=group))] if group else []),
        Bullets(tuple(rule_sentences(release, lang)), leads=tuple(f"{name}:" for name in found.names)),
        DocumentTable(heads, tuple(TableRow.of(*row) for row in rows), frozenset(range(1, len(heads)))),
        Paragraph(_agreement(found, lang)),
    ]
    if len(found.names) > 2:  # noqa: PLR2004 - of two the sentence says it
        head = (text("column_rule", lang), *found.names)
        numbers = [[number_text(n, 0, lang) for n in row] for row in found.shared]
        pairs = tuple(TableRow.of(name, *row) for name, row in zip(found.names, numbers, strict=True))
        blocks += [
            Paragraph(text("compared_rules_shared", lang)),
            DocumentTable(head, pairs, frozenset(range(1, len(head)))),
        ]
    return blocks


def rule_sentences(release: Release, lang: Lang) -> list[str]:
    """Return each rule in words."""
    found = release.comparison
    assert found is not None  # noqa: S101 - asked for where there is one
    rules = zip(found.rules, found.references, strict=True)
    return [
        rule_text(replace(release, rule=ReleasedRule(tree, None, references, found.population)), tree, lang)
        for tree, references in rules
    ]


def comparison_rows(found: ReleasedComparison, lang: Lang) -> tuple[tuple[str, ...], list[list[str]]]:
    """Return the heads and the cells of the table: a row per rule."""
    columns = [name for name in SHOWN if name in found.columns]
    heads = [text("column_rule", lang), *(text(f"column_rules_{name}", lang) for name in columns)]
    table = found.table
    return tuple(heads), [
        [name, *(_cell(table[column][name], column, lang) for column in columns)] for name in found.names
    ]


def _cell(value: float, column: str, lang: Lang) -> str:
    if value != value:  # noqa: PLR0124 - not told
        return gap_text("protected", lang) if column in ("residents", "group", *PARTS) else "–"
    if column in PARTS:
        return f"{number_text(100 * value, 1, lang)} %"
    return number_text(value, 2 if column == "jaccard" else 0, lang)


def _agreement(found: ReleasedComparison, lang: Lang) -> str:
    """Return how many areas all rules select, and how many some."""
    numbers = found.selected_by
    every, some = numbers[-1], sum(numbers[1:-1])
    return text("compared_rules_agree", lang, every=every, some=some, none=numbers[0])
