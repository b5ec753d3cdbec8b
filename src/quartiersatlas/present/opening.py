"""What every document starts with: notices, the band of a draft, title, source and date; and the comment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quartiersatlas.catalogue import text
from quartiersatlas.present.paper import Heading, Paragraph

if TYPE_CHECKING:
    from quartiersatlas.catalogue import Lang
    from quartiersatlas.present.paper.document import Block
    from quartiersatlas.release import Release


def opening_blocks(release: Release, lang: Lang, title: str, subtitle: str | None = None) -> list[Block]:
    """Return notices, band, title, subtitle, source and date."""
    blocks: list[Block] = [Paragraph(notice, "notice") for notice in release.notices]
    if release.is_draft:
        blocks.append(Paragraph(text("band_draft", lang), "draft"))
    blocks.append(Heading(title, 1))
    subtitle = release.subtitle if subtitle is None else subtitle
    if subtitle:
        blocks.append(Paragraph(subtitle, "muted"))
    return [*blocks, Paragraph(source_text(release, lang), "muted")]


def source_text(release: Release, lang: Lang) -> str:
    """Return source and date in one line."""
    source = [f"{text('label_source', lang)}: {release.source}"] if release.source else []
    return " · ".join([*source, f"{text('label_as_of', lang)}: {release.as_of or '–'}"])


def comment_blocks(release: Release, lang: Lang) -> list[Block]:
    """Return the comment, or that there is none, and the reading aid: numbers do not leave without them."""
    return [
        Heading(text("label_comment", lang)),
        Paragraph(release.comment or text("no_comment", lang), "comment"),
        Paragraph(text("reading_aid", lang), "aid"),
    ]
