"""How stable a selection is, in words: how many areas are certain, and which are borderline."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from quartiersatlas.catalogue import number_text, text
from quartiersatlas.catalogue.texts import THIN_BLANK
from quartiersatlas.present.paper import Bullets, Heading, Paragraph, Row, Table
from quartiersatlas.present.wording import alphabetical

if TYPE_CHECKING:
    from quartiersatlas.catalogue import Lang
    from quartiersatlas.present.paper.document import Block
    from quartiersatlas.release import Release

LABELS = ("sure", "open", "out")


def stability_blocks(release: Release, lang: Lang) -> list[Block]:
    """Return how many areas have which label, and by name those that are certain, borderline or selected."""
    if release.stability is None:
        return []
    labels = release.stability.table["label"]
    counts = [
        f"{text(f'stability_{name}', lang)}: {number_text(int(labels.eq(name).sum()), 0, lang)}" for name in LABELS
    ]
    named = labels.isin(["sure", "open"]) | (release.selected & labels.notna())
    areas = release.areas.loc[named].sort_values("name", kind="stable", key=alphabetical)
    rows = tuple(
        Row.of((str(areas["name"][key]), str(key)), _on_list(release, str(key), lang), *_words(release, str(key), lang))
        for key in areas.index
    )
    head = tuple(text(f"label_{name}", lang) for name in ("area", "on_list", "stability", "p_selected"))
    blocks: list[Block] = [
        Heading(text("heading_stability", lang)),
        Paragraph("; ".join(counts)),
        Bullets(release.stability.notes[lang], muted=True),
    ]
    return [*blocks, Table(head, rows, frozenset({3}))] if rows else blocks


def stability_text(release: Release, key: str, lang: Lang) -> str:
    """Return the label of an area and the share of the runs that select it; empty where it is not told."""
    if release.stability is None or pd.isna(release.stability.table["label"][key]):
        return ""
    name, share = _words(release, key, lang)
    return f"{name} ({text('label_p_selected', lang)}: {share})"


def _on_list(release: Release, key: str, lang: Lang) -> str:
    """Return whether an area is on the list as published: a borderline one may stand on either side."""
    return text("answer_yes" if release.selected[key] else "answer_no", lang)


def _words(release: Release, key: str, lang: Lang) -> tuple[str, str]:
    assert release.stability is not None  # noqa: S101 - asked by the callers
    table = release.stability.table
    percent = number_text(100 * float(table["p_selected"][key]), 0, lang)
    return text(f"stability_{table['label'][key]}", lang), f"{percent}{THIN_BLANK}%"
