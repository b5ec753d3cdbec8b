"""What a document says of gaps: the city in sentences, the areas in a table; group, others and all side by side."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from quartiersatlas.catalogue import number_text, text
from quartiersatlas.present.figures import chart_figures
from quartiersatlas.present.paper import DocumentTable, Heading, Paragraph, TableRow

if TYPE_CHECKING:
    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Release
    from quartiersatlas.present.paper.document import DocumentBlock

WIDE, HIGH = 120.0, 60.0  # mm
EVERYTHING = 10**6  # areas in the table


def group_gap_blocks(release: Release, lang: Lang) -> list[DocumentBlock]:
    """Return the section on gaps; nothing where none is released.

    Parameters
    ----------
    release : Release
        What is reported.
    lang : {"de", "en"}
        Language.
    """
    if not release.group_gaps:
        return []
    blocks: list[DocumentBlock] = [Heading(text("heading_group_gap", lang))]
    for gap in release.group_gaps:
        blocks += [Paragraph(sentence) for sentence in gap.sentences(lang)]
        chart = gap.chart(lang=lang, most=EVERYTHING)
        blocks += [
            replace(figure, table=None) for figure in chart_figures(partial(gap.chart, lang=lang), WIDE)
        ]  # below
        if gap.totals is not None:
            blocks += chart_figures(partial(gap.chart, "lines", lang), WIDE, HIGH)
        rows = tuple(TableRow.of(*row) for row in chart.rows)
        n_hidden = len(release.areas) - len(chart.order)
        if n_hidden:
            blocks.append(Paragraph(text("gap_hidden_areas", lang, n=number_text(n_hidden, 0, lang)), "muted"))
        blocks.append(DocumentTable(chart.head, rows, frozenset(range(1, len(chart.head)))))
    return blocks
