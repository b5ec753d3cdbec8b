"""Two releases side by side: only where their indicators mean the same, or with a visible remark."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from quartiersatlas.catalogue import text
from quartiersatlas.errors import ReleaseError, SpecError, list_some
from quartiersatlas.present.area_profile.indicators import Record, plain
from quartiersatlas.present.comparable import changed_outlines, meaning
from quartiersatlas.present.wording import cell_text, label, value_text

if TYPE_CHECKING:
    from quartiersatlas.catalogue import Lang
    from quartiersatlas.release import Release, ReleasedColumn


def comparison_record(release: Release, other: Release, key: str, lang: Lang, *, force: bool) -> Record:
    """Return the indicators both releases have, and what is different in their definitions.

    Raises
    ------
    ReleaseError
        The other release has no such area, or no indicator in common.
    SpecError
        Definitions or outlines differ and ``force`` is not given.
    """
    if key not in other.areas.index:
        raise ReleaseError(
            f"The release to compare with, {other.title!r}, has no area {key!r}; it has {len(other.areas)} areas: "
            f"{list_some(other.areas.index)}."
        )
    theirs = {column.id: column for column in other.columns if column.kind in ("rate", "share")}
    pairs = [(c, theirs[c.id]) for c in release.columns if c.kind in ("rate", "share") and c.id in theirs]
    if not pairs:
        raise ReleaseError(
            f"The two releases have no indicator in common: {list_some(c.id for c in release.columns)} here, "
            f"{list_some(theirs)} in {other.title!r}."
        )
    differences = [found for ours, their in pairs for found in _differences(release, other, ours, their)]
    outline = _outline(release, other, key)
    if (differences or outline) and not force:
        what = "; ".join(
            [*(f"{name!r}: {here!r} here, {there!r} there" for name, here, there in differences), *outline]
        )
        raise SpecError(
            f"The two releases do not compare: {what}. A difference would show the change of the definition, not of "
            "the area. Compare releases made by one definition, or pass force=True: the profile then says so."
        )
    return {
        "title": other.title,
        "source": other.source,
        "as_of": other.as_of,
        "draft": other.is_draft,
        "indicators": [_pair(release, other, key, ours, their, lang) for ours, their in pairs],
        "differs": list(dict.fromkeys(label(release.column(name), lang) for name, _, _ in differences)),
        "outline_differs": bool(outline),
    }


def _differences(
    release: Release, other: Release, ours: ReleasedColumn, theirs: ReleasedColumn
) -> list[tuple[str, str, str]]:
    """Return what is different in the meaning of an indicator: definition, unit; the counts where none is declared."""
    here, there = (meaning(part, column) for part, column in ((release, ours), (other, theirs)))
    return [(ours.id, one, two) for one, two in zip(here, there, strict=True) if one != two]


def _outline(release: Release, other: Release, key: str) -> list[str]:
    """Say where the outline of the area is another one."""
    changed = changed_outlines(release, other, pd.Index([key]))
    return [f"the outline of {key!r} differs by {part:.0%} of its area" for part in changed]


def _pair(
    release: Release, other: Release, key: str, ours: ReleasedColumn, theirs: ReleasedColumn, lang: Lang
) -> Record:
    here, there = plain(release.values[ours.id][key]), plain(other.values[theirs.id][key])
    decimals = min(ours.decimals, theirs.decimals)
    return {
        "id": ours.id,
        "label": label(ours, lang),
        "value": here,
        "text": cell_text(release, key, ours, lang),
        "other": there,
        "other_text": cell_text(other, key, theirs, lang),
        "city_text": value_text(ours.city, ours, lang) if plain(ours.city) is not None else "–",
        "other_city_text": value_text(theirs.city, theirs, lang) if plain(theirs.city) is not None else "–",
        "difference": None if here is None or there is None else round(here - there, decimals),
    }


def remark(record: Record, lang: Lang) -> str:
    """Return the remark on a comparison that was forced; empty where nothing differs."""
    names = [*record["differs"], *([text("label_outline", lang)] if record["outline_differs"] else [])]
    return text("comparison_forced", lang, names=", ".join(names)) if names else ""
