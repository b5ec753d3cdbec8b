"""Long tables at the end of a document: who reads on finds the next result, who checks finds every area."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quartiersatlas.catalogue import number_text, text
from quartiersatlas.present.paper import DocumentTable, Heading, Paragraph

if TYPE_CHECKING:
    from collections.abc import Iterable

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.present.paper.document import DocumentBlock

MOST_ROWS = 25  # about half a page


def with_annex(blocks: Iterable[DocumentBlock], lang: Lang) -> tuple[list[DocumentBlock], list[DocumentBlock]]:
    """Return the sections without their long tables, and the annex that holds these.

    Parameters
    ----------
    blocks : iterable of blocks
        Sections, each below its heading.
    lang : {"de", "en"}
        Language.

    Returns
    -------
    (list of blocks, list of blocks)
        Where a table stood is said where it is now; the annex is empty where no table is long.
    """
    kept: list[DocumentBlock] = []
    annex: list[DocumentBlock] = []
    title = below = ""
    for block in blocks:
        if isinstance(block, Heading):
            title = block.text
        if not isinstance(block, DocumentTable) or len(block.rows) <= MOST_ROWS:
            kept.append(block)
            continue
        kept.append(Paragraph(text("annex_see", lang, n=number_text(len(block.rows), 0, lang)), "muted"))
        if title != below:
            annex.append(Heading(title, 3))
        annex.append(block)
        below = title
    return kept, [Heading(text("heading_annex", lang)), *annex] if annex else []
